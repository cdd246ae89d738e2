// A result file of a small example: its schema, its rows by number, and whether a file has them.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/recorder.hpp"
#include "tests/support/hdf5_reader.hpp"

namespace parley {

inline constexpr std::size_t bins = 64;  // compressed: 32 KiB / (64 * 8 bytes) = 64 rows a chunk
inline constexpr std::uint64_t compressed_rows = 64;
// Tables of the schema.
inline constexpr std::size_t series = 0;
inline constexpr std::size_t histogram = 1;
inline constexpr std::size_t nested = 2;

inline ResultSchema example_schema() {
    ResultSchema schema;
    schema.model = "example";
    Dimension reason{"reason", "1", "why it failed", {"timeout", "rejected"}, {}};
    Dimension latency{"latency", "s", "lower edge", {}, {}};
    for (std::size_t i = 0; i < bins; ++i) latency.coordinates.push_back(static_cast<double>(i) / 8);
    schema.dimensions = {reason, latency};
    schema.tables = {{"timeseries",
                      {{"rate", NumberKind::real, "1/s", "rate of something", ""},
                       {"failed", NumberKind::count, "1", "failures by reason", "reason"},
                       {"total", NumberKind::count, "bytes", "bytes in all", ""},
                       {"share", NumberKind::real, "1", "share by reason", "reason"}}},
                     {"histograms", {{"delay", NumberKind::count, "1", "delays", "latency"}}},
                     {"provenance/timeseries", {{"sent", NumberKind::count, "bytes", "bytes sent", ""}}}};
    schema.summary = {{"success_rate", NumberKind::real, "1", "share of successes", ""},
                      {"failed_by_reason", NumberKind::count, "1", "failures by reason", "reason"},
                      {"events", NumberKind::count, "1", "events handled", ""}};
    return schema;
}

inline const StoredConfig example_config{"[run]\nmodel = example\n", {{"run.model", "example"}, {"run.title", ""}}};

inline SimTime end_of(std::uint64_t row) { return {static_cast<std::int64_t>(row + 1) * 100'000'000}; }

inline void append_row(Recorder& recorder, std::uint64_t row) {
    const auto value = static_cast<double>(row);
    Row delays;
    delays.counts.assign(bins, 0);
    delays.counts[row % bins] = row + 1;
    recorder.append(series, end_of(row), {{2 * row, 3 * row, 1000 + row}, {value / 4, value, -value}});
    recorder.append(histogram, end_of(row), delays);
    recorder.append(nested, end_of(row), {{7 * row}, {}});
}

inline const Row example_summary{{11, 22, 33}, {0.75}};

inline void write_example(const std::filesystem::path& file, std::uint64_t rows, std::uint64_t flush_every) {
    const auto recorder = make_hdf5_recorder(file, example_schema(), example_config);
    for (std::uint64_t row = 0; row < rows; ++row) {
        append_row(*recorder, row);
        if ((row + 1) % flush_every == 0) recorder->flush();
    }
    recorder->finish(example_summary, {{"host", "node1"}}, {{"events_per_second", 2.5e6}});
}

// Checks that the committed rows of every table are those of append_row, reading no others; returns how many rows of
// the (series, histogram) tables are committed.
inline std::pair<std::uint64_t, std::uint64_t> check_committed_rows(const std::filesystem::path& file) {
    const Hdf5Reader reader(file);
    const auto rows = reader.number<std::uint64_t>("timeseries", "rows");
    const auto failed = reader.first_rows<std::uint64_t>("timeseries/failed", rows);
    const auto rate = reader.first_rows<double>("timeseries/rate", rows);
    const auto time = reader.first_rows<double>("timeseries/time", rows);
    for (std::uint64_t row = 0; row < rows; ++row) {
        EXPECT_EQ(time[row], static_cast<double>(row + 1) / 10);
        EXPECT_EQ(rate[row], static_cast<double>(row) / 4);
        EXPECT_EQ(failed[2 * row + 1], 3 * row);
    }
    const auto delay_rows = reader.number<std::uint64_t>("histograms", "rows");
    const auto delays = reader.first_rows<std::uint64_t>("histograms/delay", delay_rows);
    for (std::uint64_t row = 0; row < delay_rows; ++row) {
        for (std::uint64_t bin = 0; bin < bins; ++bin) {
            EXPECT_EQ(delays[row * bins + bin], bin == row % bins ? row + 1 : 0) << "row " << row;
        }
    }
    return {rows, delay_rows};
}

// A folder of this test's own, removed at its end; HDF5 says nothing of its errors.
class Hdf5RecorderTest : public testing::Test {
   protected:
    void SetUp() override {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        std::string name = (std::filesystem::temp_directory_path() / "parley_recorder_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        file_ = folder_ / "result.h5";
        part_ = folder_ / "result.h5.part";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_, file_, part_;
};

}  // namespace parley
