// Result files hold what was recorded, and are equal for equal content.
#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/recorder.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/memory_checkpoint.hpp"
#include "tests/support/recorded_example.hpp"

namespace parley {
namespace {

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string first_line(const std::filesystem::path& file) {
    std::string line;
    std::getline(std::ifstream(file), line);
    return line;
}

TEST_F(Hdf5RecorderTest, StoresRootAttributesConfigAndProvenance) {
    write_example(file_, 3, 1);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.number<int>("/", "schema_version"), 4);
    EXPECT_EQ(reader.text("/", "format"), "parley-result");
    EXPECT_EQ(reader.text("/", "model"), "example");
    EXPECT_EQ(reader.text("/", "title"), "Parley result of the model example");
    EXPECT_EQ(reader.text("config", "text"), example_config.text);
    EXPECT_EQ(reader.text("config", "run.model"), "example");
    EXPECT_EQ(reader.text("config", "run.title"), "");
    EXPECT_EQ(reader.text("provenance", "host"), "node1");
    EXPECT_EQ(reader.number<double>("provenance", "events_per_second"), 2.5e6);
}

TEST_F(Hdf5RecorderTest, StoresTheTitleOfTheSchema) {
    ResultSchema schema = example_schema();
    schema.title = "Ein schöner Lauf";
    make_hdf5_recorder(file_, schema, example_config)->finish(example_summary, {}, {});
    EXPECT_EQ(Hdf5Reader(file_).text("/", "title"), "Ein schöner Lauf");
}

TEST_F(Hdf5RecorderTest, StoresRowsOverTimeAndDimensions) {
    write_example(file_, 3, 100);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.values<double>("timeseries/time"), (std::vector<double>{0.1, 0.2, 0.3}));
    EXPECT_EQ(reader.values<double>("timeseries/rate"), (std::vector<double>{0, 0.25, 0.5}));
    EXPECT_EQ(reader.values<std::uint64_t>("timeseries/total"), (std::vector<std::uint64_t>{1000, 1001, 1002}));
    EXPECT_EQ(reader.shape("timeseries/failed"), (std::vector<hsize_t>{3, 2}));
    EXPECT_EQ(reader.values<std::uint64_t>("timeseries/failed"), (std::vector<std::uint64_t>{0, 0, 2, 3, 4, 6}));
    EXPECT_EQ(reader.values<double>("timeseries/share"), (std::vector<double>{0, -0.0, 1, -1, 2, -2}));
    EXPECT_EQ(reader.values<std::uint64_t>("provenance/timeseries/sent"), (std::vector<std::uint64_t>{0, 7, 14}));
    EXPECT_EQ(reader.number<std::uint64_t>("timeseries", "rows"), 3u);
}

TEST_F(Hdf5RecorderTest, StoresManyRowsFlushedAtOddTimes) {
    constexpr std::uint64_t rows = 1000;  // several chunks of every dataset
    write_example(file_, rows, 37);
    EXPECT_EQ(check_committed_rows(file_), std::pair(rows, rows));
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.shape("timeseries/time"), std::vector<hsize_t>{rows});
    EXPECT_EQ(reader.shape("histograms/delay"), (std::vector<hsize_t>{rows, bins}));
}

TEST_F(Hdf5RecorderTest, StoresARunWithoutRows) {
    write_example(file_, 0, 1);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.shape("timeseries/failed"), (std::vector<hsize_t>{0, 2}));
    EXPECT_EQ(reader.number<std::uint64_t>("histograms", "rows"), 0u);
}

TEST_F(Hdf5RecorderTest, DescribesEveryDataset) {
    write_example(file_, 1, 1);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.text("timeseries/rate", "units"), "1/s");
    EXPECT_EQ(reader.text("timeseries/rate", "long_name"), "rate of something");
    EXPECT_EQ(reader.text("timeseries/time", "units"), "s");
    EXPECT_EQ(reader.text("timeseries/time", "long_name"), "end of the interval");
    EXPECT_EQ(reader.text("histograms/latency", "units"), "s");
    EXPECT_EQ(reader.text("latency", "long_name"), "lower edge");
    EXPECT_EQ(reader.text("summary/events", "long_name"), "events handled");
}

TEST_F(Hdf5RecorderTest, AttachesDimensionScales) {
    write_example(file_, 2, 1);
    const Hdf5Reader reader(file_);
    for (const std::string name : {"rate", "failed", "total", "share"}) {
        EXPECT_TRUE(reader.attached("timeseries/" + name, "timeseries/time", 0)) << name;
    }
    EXPECT_TRUE(reader.attached("timeseries/failed", "timeseries/reason", 1));
    EXPECT_TRUE(reader.attached("histograms/delay", "histograms/latency", 1));
    EXPECT_TRUE(reader.attached("summary/failed_by_reason", "summary/reason", 0));
    EXPECT_FALSE(reader.attached("timeseries/failed", "timeseries/reason", 0));
    EXPECT_FALSE(reader.attached("timeseries/failed", "histograms/time", 0));
    for (const std::string name : {"reason", "latency", "timeseries/reason", "timeseries/time"}) {
        EXPECT_GT(H5DSis_scale(reader.open(name)), 0) << name;
    }
    EXPECT_EQ(reader.labels("reason"), (std::vector<std::string>{"timeout", "rejected"}));
    EXPECT_EQ(reader.labels("timeseries/reason"), (std::vector<std::string>{"timeout", "rejected"}));
    EXPECT_EQ(reader.values<double>("histograms/latency").at(9), 1.125);
    EXPECT_FALSE(reader.has("timeseries/latency"));
}

TEST_F(Hdf5RecorderTest, StoresTheSummary) {
    write_example(file_, 1, 1);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(reader.shape("summary/success_rate"), std::vector<hsize_t>{});
    EXPECT_EQ(reader.values<double>("summary/success_rate"), std::vector<double>{0.75});
    EXPECT_EQ(reader.values<std::uint64_t>("summary/failed_by_reason"), (std::vector<std::uint64_t>{11, 22}));
    EXPECT_EQ(reader.values<std::uint64_t>("summary/events"), std::vector<std::uint64_t>{33});
}

TEST_F(Hdf5RecorderTest, CompressesWideDatasetsOnly) {
    write_example(file_, 1, 1);
    const Hdf5Reader reader(file_);
    EXPECT_EQ(H5Pget_nfilters(H5Dget_create_plist(reader.open("histograms/delay"))), 2);
    EXPECT_EQ(H5Pget_nfilters(H5Dget_create_plist(reader.open("timeseries/failed"))), 0);
    EXPECT_EQ(H5Pget_nfilters(H5Dget_create_plist(reader.open("timeseries/rate"))), 0);
}

TEST_F(Hdf5RecorderTest, WritesEqualFilesForEqualContent) {
    write_example(file_, 200, 30);
    // Object times have a resolution of one second.
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    write_example(folder_ / "again.h5", 200, 30);
    const std::string content = content_of(file_);
    EXPECT_GT(content.size(), 10'000u);
    EXPECT_TRUE(content == content_of(folder_ / "again.h5"));
}

TEST_F(Hdf5RecorderTest, TakesTheFinalNameOnlyWhenFinished) {
    const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
    EXPECT_TRUE(std::filesystem::exists(part_));
    EXPECT_FALSE(std::filesystem::exists(file_));
    recorder->finish(example_summary, {}, {});
    EXPECT_FALSE(std::filesystem::exists(part_));
    EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(Hdf5RecorderTest, BeginsWithALineThatSaysWhetherTheRunHasEnded) {
    const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
    append_row(*recorder, 0);
    recorder->flush();
    EXPECT_EQ(first_line(part_), "Parley result, not complete: the run has not ended");
    recorder->finish(example_summary, {}, {});
    EXPECT_EQ(first_line(file_).substr(0, 51), "Parley result, complete; SHA-256 from byte 513 on: ");
}

TEST_F(Hdf5RecorderTest, ShowsFlushedRowsInACopyOfTheUnfinishedFile) {
    const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
    for (std::uint64_t row = 0; row < 100; ++row) append_row(*recorder, row);
    recorder->flush();
    for (std::uint64_t row = 100; row < 150; ++row) append_row(*recorder, row);
    const auto copy = folder_ / "copy.h5";
    std::filesystem::copy_file(part_, copy);
    EXPECT_EQ(check_committed_rows(copy), std::pair(std::uint64_t{100}, compressed_rows));
    EXPECT_EQ(Hdf5Reader(copy).text("config", "text"), example_config.text);
}

TEST_F(Hdf5RecorderTest, RefusesRowsThatDoNotFitTheSchema) {
    const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
    EXPECT_THROW(recorder->append(series, {1}, {{1, 2}, {1, 2, 3}}), std::logic_error);
    EXPECT_THROW(recorder->append(series, {1}, {{1, 2, 3}, {1, 2}}), std::logic_error);
    EXPECT_THROW(recorder->append(9, {1}, {}), std::logic_error);
    EXPECT_THROW(recorder->finish({{1}, {1}}, {}, {}), std::logic_error);
    recorder->append(nested, {5}, {{1}, {}});
    EXPECT_THROW(recorder->append(nested, {5}, {{1}, {}}), std::logic_error);
    recorder->finish(example_summary, {}, {});
    EXPECT_THROW(recorder->append(nested, {6}, {{1}, {}}), std::logic_error);
    EXPECT_THROW(recorder->flush(), std::logic_error);
    EXPECT_THROW(recorder->finish(example_summary, {}, {}), std::logic_error);
}

TEST_F(Hdf5RecorderTest, RefusesAWrongSchema) {
    const auto refused = [&](auto change) {
        ResultSchema schema = example_schema();
        change(schema);
        EXPECT_THROW(make_hdf5_recorder(file_, schema, example_config), std::logic_error);
        EXPECT_FALSE(std::filesystem::exists(part_));
    };
    refused([](ResultSchema& s) { s.summary[1].dimension = "unknown"; });
    refused([](ResultSchema& s) { s.tables[0].variables[1].name = "rate"; });
    refused([](ResultSchema& s) { s.tables[0].variables[1].name = "time"; });
    refused([](ResultSchema& s) { s.tables[0].variables[1].name = "reason"; });
    refused([](ResultSchema& s) { s.tables[0].variables[1].name = "a/b"; });
    refused([](ResultSchema& s) { s.tables[1].group = "timeseries"; });
    refused([](ResultSchema& s) { s.tables[1].group = "config"; });
    refused([](ResultSchema& s) { s.dimensions[0].labels.clear(); });
    refused([](ResultSchema& s) { s.dimensions[0].coordinates = {1, 2}; });
}

TEST_F(Hdf5RecorderTest, TakesTheRowsOfACheckpointAndNoMoreThanThereAre) {
    MemoryCheckpoint stored;
    {
        const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
        for (std::uint64_t row = 0; row < 5; ++row) append_row(*recorder, row);
        recorder->save(stored);
    }
    // The section begins with the first table's rows in the file, and in the buffer.
    const Bytes good = stored.sections().at("results");
    for (const std::uint64_t buffered : {std::uint64_t{5}, std::uint64_t{6000}, std::uint64_t{1} << 61, UINT64_MAX}) {
        Bytes bytes = good;
        std::memcpy(bytes.data() + 8, &buffered, sizeof buffered);
        MemoryCheckpoint checkpoint;
        checkpoint.begin("results");
        checkpoint.append(bytes);
        const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config, RecorderStart::resumed);
        if (buffered == 5) {
            EXPECT_NO_THROW(recorder->load(checkpoint));
        } else {
            EXPECT_THROW(recorder->load(checkpoint), std::runtime_error) << buffered;
        }
    }
}

}  // namespace
}  // namespace parley
