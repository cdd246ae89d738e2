// Stores results as HDF5 (C API, one process). The file holds:
//   /config        the parameters          /GROUP    a table: time, its variables and the axes they use
//   /summary       end-of-run values       /provenance   how the run was executed
//
// What survives a kill: rows are buffered here and reach the file in flush() only. Their data is flushed before
// the group's attribute `rows` says so. Chunks that are not compressed are rewritten in place; a deflated chunk
// that grows moves, so such a table commits whole chunks and keeps the rest of its rows in the buffer.
// What makes equal content equal files: no object times, zeroed padding, objects made in order of the schema.
#include <fcntl.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/checkpoint.hpp"
#include "engine/error.hpp"
#include "engine/hdf5_file_driver.hpp"
#include "engine/hdf5_objects.hpp"
#include "engine/recorder.hpp"

namespace parley {
namespace {

using namespace hdf5;  // the names of the objects this file is about

constexpr int schema_version = 3;
constexpr hsize_t value_bytes = 8;              // both kinds of numbers
constexpr hsize_t compressed_from = 32;         // dimensions of at least this size are deflated
constexpr hsize_t compressed_chunk = 32 << 10;  // bytes; a table commits as many rows as fit
constexpr hsize_t plain_chunk = 16 << 10;       // bytes; small: a short run stores one whole chunk a dataset
constexpr hsize_t most_chunk_rows = 256;

OutputError output_error(const std::filesystem::path& file, const Hdf5Failure& failure) {
    const std::string_view why = failure.what();
    const bool full = why.find(std::strerror(ENOSPC)) != why.npos || why.find(std::strerror(EDQUOT)) != why.npos;
    return OutputError("cannot write " + file.string() + " (" + failure.what() + "); " +
                       (full ? "free space on the device or choose another folder with --output"
                             : "check the file system, or choose another folder with --output"));
}

[[noreturn]] void throw_system_error(const char* action, const std::filesystem::path& file) {
    throw OutputError(std::string("cannot ") + action + " " + file.string() + " (" + std::strerror(errno) +
                      "); check the file system, or choose another folder with --output");
}

hsize_t chunk_rows(hsize_t width) {
    const hsize_t bytes = width >= compressed_from ? compressed_chunk : plain_chunk;
    return std::clamp<hsize_t>(bytes / (width * value_bytes), 1, most_chunk_rows);
}

// A dataset over time, and over `width` values a row when rank is 2.
Dataset create_series(const Group& group, const Variable& variable, const std::vector<hsize_t>& row, hsize_t width,
                      hsize_t rows_per_chunk) {
    std::vector<hsize_t> extent{0};
    std::vector<hsize_t> limit{H5S_UNLIMITED};
    std::vector<hsize_t> chunk{rows_per_chunk};
    for (auto* shape : {&extent, &limit, &chunk}) shape->insert(shape->end(), row.begin(), row.end());
    const Space space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), limit.data()),
                      "make a dataspace");
    const Properties properties = without_times(H5P_DATASET_CREATE);
    checked(H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data()), "set the chunk shape");
    if (width >= compressed_from) {
        checked(H5Pset_shuffle(properties.id()), "set the shuffle filter");
        checked(H5Pset_deflate(properties.id(), 1), "set the deflate filter");
    }
    return {H5Dcreate2(group.id(), variable.name.c_str(), file_type(variable.kind), space.id(), H5P_DEFAULT,
                       properties.id(), H5P_DEFAULT),
            "create a dataset"};
}

// Dimension scales.
// The links between datasets and their scales are written once each, as H5DSattach_scale would leave them: that
// function rewrites the scale's whole list of references for every dataset.

hobj_ref_t reference_to(hid_t object) {
    hobj_ref_t reference = 0;
    checked(H5Rcreate(&reference, object, ".", H5R_OBJECT, H5I_INVALID_HID), "refer to a dataset");
    return reference;
}

struct ScaleUse {  // the layout of REFERENCE_LIST in the HDF5 dimension scale specification
    hobj_ref_t dataset;
    int axis;
    int padding;
};

class Scale {
   public:
    Scale() = default;
    Scale(Dataset dataset, const std::string& name) : dataset_(std::move(dataset)) {
        checked(H5DSset_scale(dataset_.id(), name.c_str()), "make a dimension scale");
        reference_ = reference_to(dataset_.id());
    }
    void note_use(hobj_ref_t dataset, int axis) { uses_.push_back({dataset, axis, 0}); }
    hobj_ref_t reference() const { return reference_; }
    Dataset& dataset() { return dataset_; }

    void write_uses() {
        if (uses_.empty()) return;
        const Type type(H5Tcreate(H5T_COMPOUND, sizeof(ScaleUse)), "make the type of a reference list");
        checked(H5Tinsert(type.id(), "dataset", HOFFSET(ScaleUse, dataset), H5T_STD_REF_OBJ), "make a type");
        checked(H5Tinsert(type.id(), "dimension", HOFFSET(ScaleUse, axis), H5T_NATIVE_INT), "make a type");
        write_attribute(dataset_.id(), "REFERENCE_LIST", type.id(), type.id(), simple_space({uses_.size()}),
                        uses_.data());
    }

   private:
    Dataset dataset_;
    hobj_ref_t reference_ = 0;
    std::vector<ScaleUse> uses_;
};

void attach(const Dataset& dataset, const std::vector<Scale*>& scales) {
    const hobj_ref_t self = reference_to(dataset.id());
    std::vector<hobj_ref_t> references;
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
        references.push_back(scales[axis]->reference());
        scales[axis]->note_use(self, static_cast<int>(axis));
    }
    std::vector<hvl_t> lists;
    lists.reserve(references.size());
    for (hobj_ref_t& reference : references) lists.push_back({1, &reference});
    const Type type(H5Tvlen_create(H5T_STD_REF_OBJ), "make the type of a dimension list");
    write_attribute(dataset.id(), "DIMENSION_LIST", type.id(), type.id(), simple_space({lists.size()}), lists.data());
}

Scale write_dimension(hid_t group, const Dimension& dimension) {
    const Space space = simple_space({dimension.size()});
    Dataset dataset;
    if (dimension.labels.empty()) {
        dataset = create_fixed(group, dimension.name, H5T_IEEE_F64LE, space, false);
        checked(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, dimension.coordinates.data()),
                "write a dimension");
    } else {
        const Type type = text_type();
        std::vector<const char*> labels;
        for (const std::string& label : dimension.labels) labels.push_back(label.c_str());
        dataset = create_fixed(group, dimension.name, type.id(), space, false);
        checked(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, labels.data()), "write a dimension");
    }
    describe(dataset, dimension.unit, dimension.long_name);
    return {std::move(dataset), dimension.name};
}

const Dimension* dimension_of(const ResultSchema& schema, const Variable& variable) {
    const auto found = std::find_if(schema.dimensions.begin(), schema.dimensions.end(),
                                    [&](const Dimension& d) { return d.name == variable.dimension; });
    return variable.dimension.empty() || found == schema.dimensions.end() ? nullptr : &*found;
}

hsize_t width_of(const ResultSchema& schema, const Variable& variable) {
    const Dimension* dimension = dimension_of(schema, variable);
    return dimension == nullptr ? 1 : dimension->size();
}

void check_name(std::set<std::string>& taken, const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || !taken.insert(name).second) {
        throw std::logic_error("result schema: the name \"" + name + "\" is empty, has a slash or is there twice");
    }
}

void check_variables(const ResultSchema& schema, const std::vector<Variable>& variables) {
    std::set<std::string> taken{"time"};
    for (const Dimension& dimension : schema.dimensions) check_name(taken, dimension.name);
    for (const Variable& variable : variables) {
        check_name(taken, variable.name);
        if (!variable.dimension.empty() && dimension_of(schema, variable) == nullptr) {
            throw std::logic_error("result schema: " + variable.name + " has the unknown dimension " +
                                   variable.dimension);
        }
    }
}

void check_schema(const ResultSchema& schema) {
    for (const Dimension& dimension : schema.dimensions) {
        if (dimension.labels.empty() == dimension.coordinates.empty()) {
            throw std::logic_error("result schema: the dimension " + dimension.name +
                                   " needs labels or coordinates, not both");
        }
    }
    std::set<std::string> groups{"config", "summary", "provenance", ""};
    for (const Table& table : schema.tables) {
        if (!groups.insert(table.group).second) {
            throw std::logic_error("result schema: the group \"" + table.group +
                                   "\" cannot be used, or is there twice");
        }
        check_variables(schema, table.variables);
    }
    check_variables(schema, schema.summary);
}

// The axes a group's variables use, each a dimension scale in the group: h5netcdf and xarray show only the
// coordinates of the group they open.
class GroupScales {
   public:
    GroupScales(const Group& group, const ResultSchema& schema, const std::vector<Variable>& variables) {
        for (const Dimension& dimension : schema.dimensions) {
            const bool used = std::any_of(variables.begin(), variables.end(),
                                          [&](const Variable& v) { return v.dimension == dimension.name; });
            if (used) scales_.emplace(dimension.name, write_dimension(group.id(), dimension));
        }
    }
    // The scales of a variable's axes; `time` first when there is one.
    std::vector<Scale*> of(const Variable& variable, Scale* time) {
        std::vector<Scale*> axes;
        if (time != nullptr) axes.push_back(time);
        if (!variable.dimension.empty()) axes.push_back(&scales_.at(variable.dimension));
        return axes;
    }
    void write_uses() {
        for (auto& [name, scale] : scales_) scale.write_uses();
    }

   private:
    std::map<std::string, Scale> scales_;
};

// One dataset over time and its rows that are not in the file yet. Counts and reals both have 64 bits, and are
// kept as such.
struct Series {
    Dataset dataset;
    NumberKind kind;
    hsize_t width;
    int rank;
    std::vector<std::uint64_t> buffer;

    void write(hsize_t first, hsize_t rows) {
        const hsize_t extent[] = {first + rows, width};
        const hsize_t start[] = {first, 0};
        const hsize_t count[] = {rows, width};
        checked(H5Dset_extent(dataset.id(), extent), "extend a dataset");
        const Space target(H5Dget_space(dataset.id()), "read the shape of a dataset");
        checked(H5Sselect_hyperslab(target.id(), H5S_SELECT_SET, start, nullptr, count, nullptr), "select rows");
        const Space source(H5Screate_simple(rank, count, nullptr), "make a dataspace");
        checked(H5Dwrite(dataset.id(), memory_type(kind), source.id(), target.id(), H5P_DEFAULT, buffer.data()),
                "write rows");
        buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(rows * width));
    }

    void read(hsize_t first, hsize_t rows, std::vector<std::uint64_t>& values) const {
        const hsize_t start[] = {first, 0};
        const hsize_t count[] = {rows, width};
        values.resize(rows * width);
        const Space source(H5Dget_space(dataset.id()), "read the shape of a dataset");
        checked(H5Sselect_hyperslab(source.id(), H5S_SELECT_SET, start, nullptr, count, nullptr), "select rows");
        const Space target(H5Screate_simple(rank, count, nullptr), "make a dataspace");
        checked(H5Dread(dataset.id(), memory_type(kind), target.id(), source.id(), H5P_DEFAULT, values.data()),
                "read rows");
    }
};

class StoredTable {
   public:
    StoredTable(hid_t root, const ResultSchema& schema, const Table& table)
        : group_(open_group(root, table.group)), name_(table.group) {
        const Variable time{"time", NumberKind::real, "s", "end of the interval", ""};
        Scale time_scale(create_series(group_, time, {}, 1, chunk_rows(1)), time.name);
        describe(time_scale.dataset(), time.unit, time.long_name);
        GroupScales scales(group_, schema, table.variables);
        for (const Variable& variable : table.variables) {
            const hsize_t width = width_of(schema, variable);
            const bool wide = !variable.dimension.empty();
            const std::vector<hsize_t> row(wide ? 1 : 0, width);
            Dataset dataset = create_series(group_, variable, row, width, chunk_rows(width));
            describe(dataset, variable.unit, variable.long_name);
            attach(dataset, scales.of(variable, &time_scale));
            series_.push_back({std::move(dataset), variable.kind, width, wide ? 2 : 1, {}});
            if (width >= compressed_from) widest_compressed_ = std::max(widest_compressed_, width);
            (variable.kind == NumberKind::count ? counts_ : reals_) += width;
        }
        time_scale.write_uses();
        scales.write_uses();
        series_.push_back({std::move(time_scale.dataset()), NumberKind::real, 1, 1, {}});
        rows_ = write_attribute(group_.id(), "rows", H5T_STD_U64LE, H5T_NATIVE_UINT64, scalar_space(), &committed_);
    }

    void append(SimTime end, const Row& row) {
        check_row(end, row);
        auto count = row.counts.begin();
        auto real = row.reals.begin();
        for (std::size_t i = 0; i + 1 < series_.size(); ++i) {
            Series& series = series_[i];
            for (hsize_t k = 0; k < series.width; ++k) {
                series.buffer.push_back(series.kind == NumberKind::count ? *count++
                                                                         : std::bit_cast<std::uint64_t>(*real++));
            }
        }
        // Divided, not multiplied by 1e-9, so that 300 ms is stored as the double written 0.3.
        series_.back().buffer.push_back(std::bit_cast<std::uint64_t>(static_cast<double>(end.nanoseconds) / 1e9));
        last_end_ = end;
        ++buffered_;
    }

    // Moves rows from the buffers to the datasets: whole chunks, or with `all` the incomplete last one, too.
    void write_rows(bool all) {
        const hsize_t step = widest_compressed_ == 0 ? 1 : chunk_rows(widest_compressed_);
        const hsize_t rows = all ? buffered_ : buffered_ / step * step;
        if (rows == 0) return;
        for (Series& series : series_) series.write(written_, rows);
        written_ += rows;
        buffered_ -= rows;
    }

    // All rows in blocks: those in the datasets, then those in the buffers.
    void save(CheckpointWriter& checkpoint) const {
        const std::array<std::uint64_t, 3> head{written_, buffered_, static_cast<std::uint64_t>(last_end_.nanoseconds)};
        checkpoint.append(std::as_bytes(std::span(head)));
        std::vector<std::uint64_t> values;
        for (hsize_t first = 0; first < written_; first += rows_at_once) {
            for (const Series& series : series_) {
                series.read(first, std::min(rows_at_once, written_ - first), values);
                checkpoint.append(std::as_bytes(std::span(values)));
            }
        }
        for (const Series& series : series_) checkpoint.append(std::as_bytes(std::span(series.buffer)));
    }

    // Of a table without rows.
    void load(CheckpointReader& checkpoint) {
        std::array<std::uint64_t, 3> head{};
        checkpoint.read(std::as_writable_bytes(std::span(head)));
        for (hsize_t rest = head[0]; rest > 0;) {
            const hsize_t rows = std::min(rows_at_once, rest);
            load_rows(rows, checkpoint);
            write_rows(false);
            rest -= rows;
        }
        load_rows(head[1], checkpoint);
        last_end_ = {static_cast<std::int64_t>(head[2])};
    }

    bool has_uncommitted() const { return committed_ < written_; }

    void commit() {
        committed_ = written_;
        checked(H5Awrite(rows_.id(), H5T_NATIVE_UINT64, &committed_), "write the number of rows");
    }

   private:
    static constexpr hsize_t rows_at_once = 256;

    void load_rows(hsize_t rows, CheckpointReader& checkpoint) {
        for (Series& series : series_) {
            const std::size_t before = series.buffer.size();
            series.buffer.resize(before + rows * series.width);
            checkpoint.read(std::as_writable_bytes(std::span(series.buffer).subspan(before)));
        }
        buffered_ += rows;
    }

    void check_row(SimTime end, const Row& row) const {
        if (row.counts.size() != counts_ || row.reals.size() != reals_) {
            throw std::logic_error("a row of " + name_ + " has " + std::to_string(row.counts.size()) + " counts and " +
                                   std::to_string(row.reals.size()) + " reals; its variables need " +
                                   std::to_string(counts_) + " and " + std::to_string(reals_));
        }
        if (end <= last_end_) {
            throw std::logic_error("a row of " + name_ + " ends at " + std::to_string(end.nanoseconds) +
                                   " ns, no later than the row before");
        }
    }

    Group group_;
    std::string name_;
    std::vector<Series> series_;  // those of the schema, then time
    Attribute rows_;
    hsize_t widest_compressed_ = 0;
    std::size_t counts_ = 0;
    std::size_t reals_ = 0;
    hsize_t buffered_ = 0;
    hsize_t written_ = 0;
    std::uint64_t committed_ = 0;
    SimTime last_end_{-1};
};

std::filesystem::path part_of(const std::filesystem::path& file) { return file.string() + ".part"; }
// Of a resumed run, while it has fewer rows than the run that was interrupted had.
std::filesystem::path resumed_part_of(const std::filesystem::path& file) { return file.string() + ".part.resumed"; }

File create_file(const std::filesystem::path& part) {
    const Properties creation = without_times(H5P_FILE_CREATE);
    const Properties access(H5Pcreate(H5P_FILE_ACCESS), "make access properties");
    // Metadata is written in few large pieces.
    checked(H5Pset_meta_block_size(access.id(), hsize_t{64} << 10), "set the metadata block size");
    checked(H5Pset_driver(access.id(), tolerant_driver(), nullptr), "choose the file driver");
    return {H5Fcreate(part.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "create the file"};
}

void write_root(hid_t root, const ResultSchema& schema, const StoredConfig& config) {
    write_attribute(root, "schema_version", H5T_STD_I32LE, H5T_NATIVE_INT, scalar_space(), &schema_version);
    write_text(root, "format", "parley-result");
    write_text(root, "model", schema.model);
    write_text(root, "title", schema.title.empty() ? "Parley result of the model " + schema.model : schema.title);
    const Group group = open_group(root, "config");
    write_text(group.id(), "text", config.text);
    for (const auto& [key, value] : config.values) write_text(group.id(), key, value);
}

void write_summary(hid_t root, const ResultSchema& schema, const Row& row) {
    const Group group = open_group(root, "summary");
    GroupScales scales(group, schema, schema.summary);
    auto count = row.counts.begin();
    auto real = row.reals.begin();
    for (const Variable& variable : schema.summary) {
        const auto width = static_cast<std::ptrdiff_t>(width_of(schema, variable));
        const bool wide = !variable.dimension.empty();
        const Space space = wide ? simple_space({static_cast<hsize_t>(width)}) : scalar_space();
        const Dataset dataset = create_fixed(group.id(), variable.name, file_type(variable.kind), space, !wide);
        const bool is_count = variable.kind == NumberKind::count;
        const void* values = is_count ? static_cast<const void*>(&*count) : &*real;
        checked(H5Dwrite(dataset.id(), memory_type(variable.kind), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                "write the summary");
        count += is_count ? width : 0;
        real += is_count ? 0 : width;
        describe(dataset, variable.unit, variable.long_name);
        if (wide) attach(dataset, scales.of(variable, nullptr));
    }
    scales.write_uses();
}

void synchronise(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw_system_error("open", file);
    const int result = ::fsync(descriptor);
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    // EINVAL: a file system that has no need of it, or cannot do it for folders.
    if (result != 0 && reason != EINVAL) throw_system_error("store", file);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
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
        synchronise(part_);
        const std::filesystem::path usual = part_of(final_name_);
        if (::rename(part_.c_str(), usual.c_str()) != 0) throw_system_error("rename to", usual);
        part_ = usual;
    }

    void finish(const Row& summary, const std::map<std::string, std::string>& texts,
                const std::map<std::string, double>& numbers) override {
        check_open();
        check_summary(summary);
        writing([&] {
            commit(true);
            write_summary(file_.id(), schema_, summary);
            write_provenance(texts, numbers);
            tables_.clear();
            checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
        });
        writing([&] { file_.close("close the file"); });
        synchronise(part_);
        if (::rename(part_.c_str(), final_name_.c_str()) != 0) throw_system_error("rename to", final_name_);
        synchronise(folder_of(final_name_));
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
        write_root(file_.id(), schema_, config);
        for (const Dimension& dimension : schema_.dimensions) write_dimension(file_.id(), dimension);
        open_group(file_.id(), "provenance");
        for (const Table& table : schema_.tables) tables_.emplace_back(file_.id(), schema_, table);
        checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush the file");
    }

    void write_provenance(const std::map<std::string, std::string>& texts,
                          const std::map<std::string, double>& numbers) {
        const Group group = open_group(file_.id(), "provenance");
        for (const auto& [name, value] : texts) write_text(group.id(), name, value);
        for (const auto& [name, value] : numbers) write_number(group.id(), name, value);
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

// True when another process holds HDF5's lock on a file it is writing.
bool is_locked(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return false;
    const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return locked;
}

void check_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder = folder_of(file);
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        const bool exists = std::filesystem::exists(folder, error);
        throw InputError("cannot write " + file.string() + " (" + folder.string() +
                         (exists ? " is not a folder" : " does not exist") +
                         "); create the folder or choose another with --output");
    }
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        throw InputError("cannot write " + file.string() + " (" + folder.string() + ": " + std::strerror(errno) +
                         "); choose another folder with --output");
    }
}

}  // namespace

std::unique_ptr<Recorder> make_hdf5_recorder(const std::filesystem::path& file, const ResultSchema& schema,
                                             const StoredConfig& config, RecorderStart start) {
    return std::make_unique<Hdf5Recorder>(file, schema, config, start);
}

void check_output(const std::filesystem::path& file, bool force) {
    if (!file.has_filename()) {
        throw InputError("the output \"" + file.string() + "\" names no file; choose one with --output FILE");
    }
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (std::filesystem::is_directory(status)) {
        throw InputError("cannot write " + file.string() + " (it is a folder); name a file in it with --output");
    }
    check_folder(file);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        throw InputError("cannot write " + file.string() + " (it is not a regular file); choose another with --output");
    }
    if (std::filesystem::exists(status) && !force) {
        throw InputError(file.string() + " exists (a result is never overwritten unasked); choose another file with " +
                         "--output, or pass --force to replace it");
    }
    for (const std::filesystem::path& part : {part_of(file), resumed_part_of(file)}) {
        if (is_locked(part)) {
            throw InputError("another run is writing " + part.string() +
                             "; wait for it, or choose another file with --output");
        }
    }
}

}  // namespace parley
