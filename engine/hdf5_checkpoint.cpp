// Checkpoints as HDF5 files behind the header of checkpoint_file.hpp (a user block, which HDF5 leaves alone). /config
// has the texts as attributes, /state a dataset of bytes a section.
#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "engine/checkpoint.hpp"
#include "engine/checkpoint_file.hpp"
#include "engine/error.hpp"
#include "engine/hdf5_file_driver.hpp"
#include "engine/hdf5_objects.hpp"
#include "engine/transport.hpp"

namespace parley {
namespace {

using namespace hdf5;  // the names of the objects this file is about

constexpr std::size_t piece_bytes = std::size_t{256} << 10;  // of a section: a chunk of its dataset

class Hdf5CheckpointWriter final : public CheckpointWriter {
   public:
    Hdf5CheckpointWriter(const std::filesystem::path& file, const std::map<std::string, std::string>& texts)
        : final_name_(file), part_(file.string() + ".part") {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        trying([&] { create(texts); });
    }
    Hdf5CheckpointWriter(const Hdf5CheckpointWriter&) = delete;
    Hdf5CheckpointWriter& operator=(const Hdf5CheckpointWriter&) = delete;
    ~Hdf5CheckpointWriter() override {
        close_all();
        std::error_code ignored;
        if (!finished_) std::filesystem::remove(part_, ignored);
    }

    void begin(const std::string& section) override {
        trying([&] { end_section(); });
        section_ = section;
    }

    void append(std::span<const std::byte> bytes) override {
        while (!bytes.empty() && failure_.empty()) {
            const std::size_t some = std::min(bytes.size(), piece_bytes - buffer_.size());
            buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(some));
            bytes = bytes.subspan(some);
            if (buffer_.size() == piece_bytes) trying([&] { write_piece(); });
        }
    }

    void finish() override {
        trying([&] {
            end_section();
            checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
        });
        close_all();
        if (failure_.empty()) failure_ = seal_checkpoint(part_);
        if (failure_.empty()) failure_ = put_checkpoint_in_place(part_, final_name_);
        if (!failure_.empty())
            throw OutputError("cannot write the checkpoint " + part_.string() + " (" + failure_ + ")");
        finished_ = true;
    }

   private:
    // Runs `work` unless something has failed, and keeps the first failure.
    template <class Work>
    void trying(const Work& work) {
        if (!failure_.empty()) return;
        try {
            work();
            if (write_failure_ != nullptr && !write_failure_->empty()) failure_ = *write_failure_;
        } catch (const Hdf5Failure& failure) {
            failure_ = failure.what();
        }
    }
    void create(const std::map<std::string, std::string>& texts) {
        const Properties creation = without_times(H5P_FILE_CREATE);
        checked(H5Pset_userblock(creation.id(), checkpoint_header_bytes), "reserve the header");
        const Properties access(H5Pcreate(H5P_FILE_ACCESS), "make access properties");
        checked(H5Pset_driver(access.id(), tolerant_driver(), nullptr), "choose the file driver");
        file_ = File(H5Fcreate(part_.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "create the file");
        void* handle = nullptr;
        checked(H5Fget_vfd_handle(file_.id(), H5P_DEFAULT, &handle), "ask the file driver");
        write_failure_ = *static_cast<const std::shared_ptr<std::string>*>(handle);
        write_text(file_.id(), "format", "parley-checkpoint");
        const Group config = open_group(file_.id(), "config");
        for (const auto& [name, text] : texts) write_text(config.id(), name, text);
        state_ = open_group(file_.id(), "state");
    }

    void write_piece() {
        if (dataset_.id() < 0) {
            const hsize_t none = 0;
            const hsize_t unlimited = H5S_UNLIMITED;
            const hsize_t chunk = piece_bytes;
            const Properties properties = dataset_properties();
            checked(H5Pset_chunk(properties.id(), 1, &chunk), "set the chunk shape");
            dataset_ = create_dataset(properties, Space(H5Screate_simple(1, &none, &unlimited), "make a dataspace"));
        }
        const hsize_t extent = written_ + buffer_.size();
        checked(H5Dset_extent(dataset_.id(), &extent), "extend a dataset");
        const Space target(H5Dget_space(dataset_.id()), "read the shape of a dataset");
        const hsize_t start = written_;
        const hsize_t count = buffer_.size();
        checked(H5Sselect_hyperslab(target.id(), H5S_SELECT_SET, &start, nullptr, &count, nullptr), "select bytes");
        checked(H5Dwrite(dataset_.id(), H5T_NATIVE_UINT8, simple_space({count}).id(), target.id(), H5P_DEFAULT,
                         buffer_.data()),
                "write state");
        written_ = extent;
        buffer_.clear();
    }

    // A section that is smaller than a chunk gets no chunk.
    void end_section() {
        if (section_.empty()) return;
        if (dataset_.id() >= 0) {
            if (!buffer_.empty()) write_piece();
        } else {
            dataset_ = create_dataset(dataset_properties(), simple_space({buffer_.size()}));
            checked(H5Dwrite(dataset_.id(), H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer_.data()),
                    "write state");
        }
        dataset_ = Dataset();
        buffer_.clear();
        written_ = 0;
        section_.clear();
    }

    static Properties dataset_properties() {
        Properties properties = without_times(H5P_DATASET_CREATE);
        checked(H5Pset_fill_time(properties.id(), H5D_FILL_TIME_NEVER), "set the fill time");
        return properties;
    }
    Dataset create_dataset(const Properties& properties, const Space& space) {
        const Properties links(H5Pcreate(H5P_LINK_CREATE), "make link properties");
        checked(H5Pset_create_intermediate_group(links.id(), 1), "make groups");
        return {H5Dcreate2(state_.id(), section_.c_str(), H5T_STD_U8LE, space.id(), links.id(), properties.id(),
                           H5P_DEFAULT),
                "create a dataset"};
    }

    void close_all() {
        dataset_ = Dataset();
        state_ = Group();
        trying([&] { file_.close("close the file"); });
        file_ = File();
    }

    std::filesystem::path final_name_;
    std::filesystem::path part_;
    std::string failure_;  // the first; empty: none
    std::shared_ptr<const std::string> write_failure_;
    File file_;
    Group state_;
    Dataset dataset_;  // of the section, when it has got a chunk
    std::string section_;
    hsize_t written_ = 0;
    Bytes buffer_;
    bool finished_ = false;
};

std::string read_text(hid_t object, const char* name) {
    const Attribute attribute(H5Aopen(object, name, H5P_DEFAULT), "open an attribute");
    const Type type = text_type();
    char* text = nullptr;
    checked(H5Aread(attribute.id(), type.id(), static_cast<void*>(&text)), "read an attribute");
    std::string copy(text == nullptr ? "" : text);
    checked(H5free_memory(text), "free a text");
    return copy;
}

herr_t note_name(hid_t, const char* name, const H5A_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

template <class Work>
auto reading(const Work& work) {
    try {
        return work();
    } catch (const Hdf5Failure& failure) {
        throw std::runtime_error(std::string("cannot read the checkpoint (") + failure.what() + ")");
    }
}

class Hdf5CheckpointReader final : public CheckpointReader {
   public:
    explicit Hdf5CheckpointReader(const std::filesystem::path& file) {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        const Properties access(H5Pcreate(H5P_FILE_ACCESS), "make access properties");
        checked(H5Pset_driver(access.id(), tolerant_driver(), nullptr), "choose the file driver");
        file_ = File(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.id()), "open the file");
        const Group config(H5Gopen2(file_.id(), "config", H5P_DEFAULT), "open a group");
        std::vector<std::string> names;
        checked(H5Aiterate2(config.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, note_name, &names), "list the texts");
        for (const std::string& name : names) texts_[name] = read_text(config.id(), name.c_str());
    }

    const std::map<std::string, std::string>& texts() const override { return texts_; }

    std::uint64_t open(const std::string& section) override {
        return reading([&] {
            dataset_ = Dataset(H5Dopen2(file_.id(), ("state/" + section).c_str(), H5P_DEFAULT), "open a dataset");
            const Space space(H5Dget_space(dataset_.id()), "read the shape of a dataset");
            size_ = static_cast<std::uint64_t>(checked(H5Sget_simple_extent_npoints(space.id()), "read a shape"));
            fetched_ = 0;
            buffer_.clear();
            at_ = 0;
            return size_;
        });
    }

    void read(std::span<std::byte> bytes) override {
        while (!bytes.empty()) {
            if (at_ == buffer_.size()) fetch();
            const std::size_t some = std::min(bytes.size(), buffer_.size() - at_);
            std::memcpy(bytes.data(), buffer_.data() + at_, some);
            at_ += some;
            bytes = bytes.subspan(some);
        }
    }

    std::uint64_t rest() const override { return size_ - fetched_ + buffer_.size() - at_; }

   private:
    void fetch() {
        if (fetched_ == size_)
            throw std::runtime_error(
                "the state in the checkpoint is shorter than expected; resume it with the program that wrote it");
        buffer_.resize(std::min<std::uint64_t>(piece_bytes, size_ - fetched_));
        at_ = 0;
        reading([&] {
            const Space source(H5Dget_space(dataset_.id()), "read the shape of a dataset");
            const hsize_t start = fetched_;
            const hsize_t count = buffer_.size();
            checked(H5Sselect_hyperslab(source.id(), H5S_SELECT_SET, &start, nullptr, &count, nullptr), "select bytes");
            checked(H5Dread(dataset_.id(), H5T_NATIVE_UINT8, simple_space({count}).id(), source.id(), H5P_DEFAULT,
                            buffer_.data()),
                    "read state");
        });
        fetched_ += buffer_.size();
    }

    File file_;
    Dataset dataset_;
    std::map<std::string, std::string> texts_;
    std::uint64_t size_ = 0;
    std::uint64_t fetched_ = 0;
    Bytes buffer_;
    std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<CheckpointWriter> make_hdf5_checkpoint_writer(const std::filesystem::path& file,
                                                              const std::map<std::string, std::string>& texts) {
    return std::make_unique<Hdf5CheckpointWriter>(file, texts);
}

std::unique_ptr<CheckpointReader> open_hdf5_checkpoint(const std::filesystem::path& file) {
    verify_checkpoint(file);
    try {
        return std::make_unique<Hdf5CheckpointReader>(file);
    } catch (const Hdf5Failure& failure) {
        throw refused_checkpoint(file, failure.what());
    }
}

}  // namespace parley
