#include "engine/hdf5_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <stdexcept>
#include <utility>

#include "engine/checkpoint.hpp"
#include "engine/hdf5_scales.hpp"

namespace parley::hdf5 {

namespace {

constexpr hsize_t value_bytes = 8;              // both kinds of numbers
constexpr hsize_t compressed_from = 32;         // dimensions of at least this size are deflated
constexpr hsize_t compressed_chunk = 32 << 10;  // bytes; a table commits as many rows as fit
constexpr hsize_t plain_chunk = 16 << 10;       // bytes; small: a short run stores one whole chunk a dataset
constexpr hsize_t most_chunk_rows = 256;
constexpr hsize_t rows_at_once = 256;  // to a checkpoint and back

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

}  // namespace

void Series::write(hsize_t first, hsize_t rows) {
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

void Series::read(hsize_t first, hsize_t rows, std::vector<std::uint64_t>& values) const {
    const hsize_t start[] = {first, 0};
    const hsize_t count[] = {rows, width};
    values.resize(rows * width);
    const Space source(H5Dget_space(dataset.id()), "read the shape of a dataset");
    checked(H5Sselect_hyperslab(source.id(), H5S_SELECT_SET, start, nullptr, count, nullptr), "select rows");
    const Space target(H5Screate_simple(rank, count, nullptr), "make a dataspace");
    checked(H5Dread(dataset.id(), memory_type(kind), target.id(), source.id(), H5P_DEFAULT, values.data()),
            "read rows");
}

StoredTable::StoredTable(hid_t root, const ResultSchema& schema, const Table& table)
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

void StoredTable::append(SimTime end, const Row& row) {
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

void StoredTable::write_rows(bool all) {
    const hsize_t step = widest_compressed_ == 0 ? 1 : chunk_rows(widest_compressed_);
    const hsize_t rows = all ? buffered_ : buffered_ / step * step;
    if (rows == 0) return;
    for (Series& series : series_) series.write(written_, rows);
    written_ += rows;
    buffered_ -= rows;
}

void StoredTable::save(CheckpointWriter& checkpoint) const {
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

void StoredTable::load(CheckpointReader& checkpoint) {
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

void StoredTable::commit() {
    committed_ = written_;
    checked(H5Awrite(rows_.id(), H5T_NATIVE_UINT64, &committed_), "write the number of rows");
}

void StoredTable::load_rows(hsize_t rows, CheckpointReader& checkpoint) {
    for (Series& series : series_) {
        if (rows > checkpoint.rest() / (series.width * value_bytes)) {
            throw std::runtime_error("the results in the checkpoint are fewer than it says");
        }
        const std::size_t before = series.buffer.size();
        series.buffer.resize(before + rows * series.width);
        checkpoint.read(std::as_writable_bytes(std::span(series.buffer).subspan(before)));
    }
    buffered_ += rows;
}

void StoredTable::check_row(SimTime end, const Row& row) const {
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

}  // namespace parley::hdf5
