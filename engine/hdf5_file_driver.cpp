#include "engine/hdf5_file_driver.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

#include "engine/hdf5_objects.hpp"

namespace parley::hdf5 {

namespace {

struct TolerantFile {
    H5FD_t header{};  // HDF5's part; has to come first
    H5FD_t* file = nullptr;
    std::shared_ptr<std::string> failure = std::make_shared<std::string>();
};

TolerantFile& tolerant(H5FD_t* header) { return *reinterpret_cast<TolerantFile*>(header); }
const TolerantFile& tolerant(const H5FD_t* header) { return *reinterpret_cast<const TolerantFile*>(header); }

// Properties of the driver below. Never closed: closing would clear the error of an open that failed.
hid_t system_driver() {
    static const hid_t access = [] {
        const hid_t properties = checked(H5Pcreate(H5P_FILE_ACCESS), "make access properties");
        // File systems without locks (Lustre without flock) are written all the same.
        checked(H5Pset_file_locking(properties, true, true), "set file locking");
        return properties;
    }();
    return access;
}

H5FD_t* open_tolerant(const char* name, unsigned flags, hid_t /*access*/, haddr_t limit) {
    H5FD_t* file = H5FDopen(name, flags, system_driver(), limit);
    if (file == nullptr) return nullptr;
    auto* opened = new TolerantFile;
    opened->file = file;
    return &opened->header;
}

herr_t close_tolerant(H5FD_t* header) {
    const std::unique_ptr<TolerantFile> owner(&tolerant(header));
    return H5FDclose(owner->file);
}

// Keeps the reason of the first failure of `call`, which is not tried again after one.
template <typename Call>
herr_t tolerate(H5FD_t* header, const Call& call) {
    TolerantFile& self = tolerant(header);
    if (self.failure->empty() && call(self.file) < 0) *self.failure = hdf5_reason();
    return 0;
}

herr_t write_tolerant(H5FD_t* header, H5FD_mem_t kind, hid_t, haddr_t address, std::size_t size, const void* bytes) {
    return tolerate(header, [&](H5FD_t* file) { return H5FDwrite(file, kind, H5P_DEFAULT, address, size, bytes); });
}

herr_t truncate_tolerant(H5FD_t* header, hid_t, hbool_t closing) {
    return tolerate(header, [&](H5FD_t* file) { return H5FDtruncate(file, H5P_DEFAULT, closing); });
}

// Everything else is handed on to the driver below.
H5FD_class_t tolerant_driver_functions() {
    H5FD_class_t driver{};
    driver.name = "parley";
    driver.maxaddr = std::numeric_limits<std::int64_t>::max();
    driver.fc_degree = H5F_CLOSE_WEAK;
    driver.open = open_tolerant;
    driver.close = close_tolerant;
    driver.cmp = [](const H5FD_t* a, const H5FD_t* b) { return H5FDcmp(tolerant(a).file, tolerant(b).file); };
    driver.query = [](const H5FD_t* header, unsigned long* features) {
        // HDF5 asks once without a file.
        return header == nullptr ? H5FDdriver_query(H5FD_SEC2, features) : H5FDquery(tolerant(header).file, features);
    };
    driver.get_eoa = [](const H5FD_t* header, H5FD_mem_t kind) { return H5FDget_eoa(tolerant(header).file, kind); };
    driver.set_eoa = [](H5FD_t* header, H5FD_mem_t kind, haddr_t end) {
        return H5FDset_eoa(tolerant(header).file, kind, end);
    };
    driver.get_eof = [](const H5FD_t* header, H5FD_mem_t kind) { return H5FDget_eof(tolerant(header).file, kind); };
    driver.get_handle = [](H5FD_t* header, hid_t, void** handle) -> herr_t {
        *handle = &tolerant(header).failure;
        return 0;
    };
    driver.read = [](H5FD_t* header, H5FD_mem_t kind, hid_t, haddr_t address, std::size_t size, void* bytes) {
        return H5FDread(tolerant(header).file, kind, H5P_DEFAULT, address, size, bytes);
    };
    driver.write = write_tolerant;
    driver.truncate = truncate_tolerant;
    driver.lock = [](H5FD_t* header, hbool_t exclusive) { return H5FDlock(tolerant(header).file, exclusive); };
    driver.unlock = [](H5FD_t* header) { return H5FDunlock(tolerant(header).file); };
    std::fill(std::begin(driver.fl_map), std::end(driver.fl_map), H5FD_MEM_SUPER);
    return driver;
}

}  // namespace

hid_t tolerant_driver() {
    static const H5FD_class_t functions = tolerant_driver_functions();
    static const hid_t driver = checked(H5FDregister(&functions), "register the file driver");
    return driver;
}

}  // namespace parley::hdf5
