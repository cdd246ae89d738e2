// HDF5 objects as values that close themselves; every failed call becomes an Hdf5Failure with HDF5's own reason.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/result_schema.hpp"

namespace parley::hdf5 {

// An HDF5 call failed. Caught by the recorder, which knows the file.
class Hdf5Failure : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// What HDF5 says about its latest failure, in one line; of a failed system call only the system's reason.
std::string hdf5_reason();

template <typename Result>
Result checked(Result result, const char* action) {
    if (result < 0) throw Hdf5Failure(std::string(action) + ": " + hdf5_reason());
    return result;
}

// Owns one HDF5 object of the kind that `Close` closes.
template <herr_t (*Close)(hid_t)>
class Handle {
   public:
    Handle() = default;
    Handle(hid_t id, const char* action) : id_(checked(id, action)) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (id_ >= 0) Close(id_);
        id_ = std::exchange(other.id_, H5I_INVALID_HID);
        return *this;
    }
    ~Handle() {
        if (id_ >= 0) Close(id_);
    }
    hid_t id() const { return id_; }
    // Closes now, so that a failure is seen.
    void close(const char* action) {
        if (id_ >= 0) checked(Close(std::exchange(id_, H5I_INVALID_HID)), action);
    }

   private:
    hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;
using Space = Handle<H5Sclose>;
using Type = Handle<H5Tclose>;
using Properties = Handle<H5Pclose>;

// Of variable length: h5py reads these as str, and they may be longer than an object header.
Type text_type();
Space scalar_space();
Space simple_space(const std::vector<hsize_t>& extent);

Attribute write_attribute(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type, const Space& space,
                          const void* value);
void write_text(hid_t object, const std::string& name, const std::string& value);
void write_number(hid_t object, const std::string& name, double value);
// Attributes units and long_name.
void describe(const Dataset& dataset, const std::string& unit, const std::string& long_name);

// Creation properties of `kind` without object times, so that equal content gives equal files.
Properties without_times(hid_t kind);
// Opens the group of a path such as "provenance/timeseries", creating what is missing of it.
Group open_group(hid_t root, const std::string& path);
// A dataset written once: at most 64 KiB are kept inside the object header.
Dataset create_fixed(hid_t group, const std::string& name, hid_t type, const Space& space, bool compact);

hid_t file_type(NumberKind kind);
hid_t memory_type(NumberKind kind);

}  // namespace parley::hdf5
