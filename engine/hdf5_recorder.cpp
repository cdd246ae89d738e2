// Stores results as HDF5 (C API, one process). The file holds:
//   /config        the parameters          /GROUP    a table: time, its variables and the axes they use
//   /summary       end-of-run values       /provenance   how the run was executed
//
// What makes equal content equal files: no object times, zeroed padding, objects made in order of the schema.
#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "engine/checkpoint.hpp"
#include "engine/error.hpp"
#include "engine/hdf5_file_driver.hpp"
#include "engine/hdf5_objects.hpp"
#include "engine/hdf5_result_groups.hpp"
#include "engine/hdf5_scales.hpp"
#include "engine/hdf5_table.hpp"
#include "engine/recorder.hpp"
#include "engine/result_file.hpp"
#include "engine/result_seal.hpp"

namespace parley {
namespace {

using namespace hdf5;  // the names of the objects this file is about

OutputError output_error(const std::filesystem::path& file, const Hdf5Failure& failure) {
    const std::string_view why = failure.what();
    const bool full = why.find(std::strerror(ENOSPC)) != why.npos || why.find(std::strerror(EDQUOT)) != why.npos;
    return OutputError("cannot write " + file.string() + " (" + failure.what() + "); " +
                       (full ? "free space on the device or choose another folder with --output"
                             : "check the file system, or choose another folder with --output"));
}

File create_file(const std::filesystem::path& part) {
    const Properties creation = without_times(H5P_FILE_CREATE);
    checked(H5Pset_userblock(creation.id(), seal_bytes), "reserve the seal");
    const Properties access(H5Pcreate(H5P_FILE_ACCESS), "make access properties");
    // Metadata is written in few large pieces.
    checked(H5Pset_meta_block_size(access.id(), hsize_t{64} << 10), "set the metadata block size");
    checked(H5Pset_driver(access.id(), tolerant_driver(), nullptr), "choose the file driver");
    return {H5Fcreate(part.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "create the file"};
}

class Hdf5Recorder final : public Recorder {
   public:
    Hdf5Recorder(const std::filesystem::path& file, const ResultSchema& schema, const StoredConfig& config,
                 RecorderStart start)
        : final_name_(file),
          part_(start == RecorderStart::resumed ? resumed_part_of(file) : part_of(file)),
          schema_(schema) {
        check_schema(schema_);
        // Failures are reported by exceptions, not printed by HDF5 as well.
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        try {
            writing([&] { create(config); });
        } catch (const OutputError&) {
            if (failure_ != nullptr) std::filesystem::remove(part_);  // it was this process that created it
            throw;
        }
    }

    void append(std::size_t table, SimTime end, const Row& row) override {
        check_open();
        tables_.at(table).append(end, row);
    }

    void flush() override {
        check_open();
        writing([&] { commit(false); });
    }

    void save(CheckpointWriter& checkpoint) override {
        check_open();
        checkpoint.begin("results");
        writing([&] {
            for (const StoredTable& table : tables_) table.save(checkpoint);
        });
    }

    void load(CheckpointReader& checkpoint) override {
        check_open();
        checkpoint.open("results");
        writing([&] {
            for (StoredTable& table : tables_) table.load(checkpoint);
            commit(false);
        });
        const std::filesystem::path usual = part_of(final_name_);
        store_as(part_, usual);
        part_ = usual;
    }

    void finish(const Row& summary, const std::map<std::string, std::string>& texts,
                const std::map<std::string, double>& numbers) override {
        check_open();
        check_summary(summary);
        writing([&] {
            commit(true);
            write_summary(file_.id(), schema_, summary);
            write_provenance(file_.id(), texts, numbers);
            tables_.clear();
            checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
        });
        writing([&] { file_.close("close the file"); });
        seal_result(part_);
        store_as(part_, final_name_);
        store_name(final_name_);
    }

   private:
    void check_open() const {
        if (file_.id() < 0) {
            throw std::logic_error("the result file " + final_name_.string() + " is finished, or has failed, already");
        }
    }

    // Runs `work`; if HDF5 or a write fails in it, the file is given up.
    template <typename Work>
    void writing(const Work& work) {
        try {
            work();
            if (failure_ != nullptr && !failure_->empty()) throw Hdf5Failure(*failure_);
        } catch (const Hdf5Failure& failure) {
            tables_.clear();
            file_ = File();
            throw output_error(part_, failure);
        }
    }

    void create(const StoredConfig& config) {
        file_ = create_file(part_);
        void* handle = nullptr;
        checked(H5Fget_vfd_handle(file_.id(), H5P_DEFAULT, &handle), "ask the file driver");
        failure_ = *static_cast<const std::shared_ptr<std::string>*>(handle);
        write_open_seal(part_);
        write_root(file_.id(), schema_, config);
        for (const Dimension& dimension : schema_.dimensions) write_dimension(file_.id(), dimension);
        open_group(file_.id(), "provenance");
        for (const Table& table : schema_.tables) tables_.emplace_back(file_.id(), schema_, table);
        checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
    }

    void check_summary(const Row& row) const {
        std::size_t counts = 0;
        std::size_t reals = 0;
        for (const Variable& variable : schema_.summary) {
            (variable.kind == NumberKind::count ? counts : reals) += width_of(schema_, variable);
        }
        if (row.counts.size() != counts || row.reals.size() != reals) {
            throw std::logic_error("the summary has " + std::to_string(row.counts.size()) + " counts and " +
                                   std::to_string(row.reals.size()) + " reals; its variables need " +
                                   std::to_string(counts) + " and " + std::to_string(reals));
        }
    }

    // First the rows, then the attributes that say they are there: two flushes keep that order on a kill.
    void commit(bool all) {
        for (StoredTable& table : tables_) table.write_rows(all);
        if (std::none_of(tables_.begin(), tables_.end(), [](const auto& t) { return t.has_uncommitted(); })) return;
        checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
        for (StoredTable& table : tables_) table.commit();
        checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
    }

    std::filesystem::path final_name_;
    std::filesystem::path part_;
    ResultSchema schema_;
    File file_;
    std::shared_ptr<const std::string> failure_;  // of a write to file_; empty: none
    std::vector<StoredTable> tables_;             // declared after, so closed before, the file
};

}  // namespace

std::unique_ptr<Recorder> make_hdf5_recorder(const std::filesystem::path& file, const ResultSchema& schema,
                                             const StoredConfig& config, RecorderStart start) {
    return std::make_unique<Hdf5Recorder>(file, schema, config, start);
}

}  // namespace parley
