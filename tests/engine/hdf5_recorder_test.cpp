// Result files hold what was recorded, survive a kill up to the last flush, and are equal for equal content.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "engine/error.hpp"
#include "engine/recorder.hpp"
#include "engine/result_file.hpp"
#include "tests/support/memory_checkpoint.hpp"

namespace parley {
namespace {

constexpr std::size_t bins = 64;  // compressed: 32 KiB / (64 * 8 bytes) = 64 rows a chunk
constexpr std::uint64_t compressed_rows = 64;
constexpr std::size_t series = 0;
constexpr std::size_t histogram = 1;
constexpr std::size_t nested = 2;

ResultSchema example_schema() {
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

const StoredConfig example_config{"[run]\nmodel = example\n", {{"run.model", "example"}, {"run.title", ""}}};

SimTime end_of(std::uint64_t row) { return {static_cast<std::int64_t>(row + 1) * 100'000'000}; }

void append_row(Recorder& recorder, std::uint64_t row) {
    const auto value = static_cast<double>(row);
    Row delays;
    delays.counts.assign(bins, 0);
    delays.counts[row % bins] = row + 1;
    recorder.append(series, end_of(row), {{2 * row, 3 * row, 1000 + row}, {value / 4, value, -value}});
    recorder.append(histogram, end_of(row), delays);
    recorder.append(nested, end_of(row), {{7 * row}, {}});
}

const Row example_summary{{11, 22, 33}, {0.75}};

void write_example(const std::filesystem::path& file, std::uint64_t rows, std::uint64_t flush_every) {
    const auto recorder = make_hdf5_recorder(file, example_schema(), example_config);
    for (std::uint64_t row = 0; row < rows; ++row) {
        append_row(*recorder, row);
        if ((row + 1) % flush_every == 0) recorder->flush();
    }
    recorder->finish(example_summary, {{"host", "node1"}}, {{"events_per_second", 2.5e6}});
}

// A file read back with the C API. Identifiers left open are closed with the file.
class Reader {
   public:
    explicit Reader(const std::filesystem::path& file) {
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
        file_ = H5Fopen(file.c_str(), H5F_ACC_RDONLY, access);
        H5Pclose(access);
        EXPECT_GE(file_, 0) << file;
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { H5Fclose(file_); }

    hid_t open(const std::string& path) const { return H5Oopen(file_, path.c_str(), H5P_DEFAULT); }
    bool has(const std::string& path) const { return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0; }

    std::vector<hsize_t> shape(const std::string& path) const {
        const hid_t space = H5Dget_space(open(path));
        std::vector<hsize_t> extent(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
        H5Sget_simple_extent_dims(space, extent.data(), nullptr);
        return extent;
    }
    template <typename Number>
    std::vector<Number> values(const std::string& path) const {
        const std::vector<hsize_t> extent = shape(path);
        return first_rows<Number>(path, extent.empty() ? 1 : extent[0]);
    }
    // The values of the first `rows` rows, or the value of a scalar.
    template <typename Number>
    std::vector<Number> first_rows(const std::string& path, hsize_t rows) const {
        std::vector<hsize_t> count = shape(path);
        if (!count.empty()) {
            EXPECT_LE(rows, count[0]) << path;
            count[0] = rows;
        }
        if (rows == 0) return {};
        const std::vector<hsize_t> start(count.size(), 0);
        const hid_t dataset = open(path);
        const hid_t source = H5Dget_space(dataset);
        if (!count.empty()) H5Sselect_hyperslab(source, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
        const hid_t target = H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr);
        std::vector<Number> numbers(static_cast<std::size_t>(H5Sget_select_npoints(source)));
        const hid_t type = std::is_same_v<Number, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT64;
        EXPECT_GE(H5Dread(dataset, type, target, source, H5P_DEFAULT, numbers.data()), 0) << path;
        return numbers;
    }
    std::vector<std::string> labels(const std::string& path) const {
        const hid_t dataset = open(path);
        std::vector<char*> texts(shape(path).at(0));
        EXPECT_GE(H5Dread(dataset, H5Dget_type(dataset), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), 0);
        std::vector<std::string> result(texts.begin(), texts.end());
        for (char* characters : texts) H5free_memory(characters);
        return result;
    }
    std::string text(const std::string& path, const std::string& name) const {
        const hid_t attribute = H5Aopen(open(path), name.c_str(), H5P_DEFAULT);
        char* characters = nullptr;
        EXPECT_GE(H5Aread(attribute, H5Aget_type(attribute), &characters), 0) << path << " " << name;
        const std::string result = characters == nullptr ? "" : characters;
        H5free_memory(characters);
        return result;
    }
    template <typename Number>
    Number number(const std::string& path, const std::string& name) const {
        const hid_t attribute = H5Aopen(open(path), name.c_str(), H5P_DEFAULT);
        Number result = 0;
        const hid_t type = std::is_same_v<Number, double>          ? H5T_NATIVE_DOUBLE
                           : std::is_same_v<Number, std::uint64_t> ? H5T_NATIVE_UINT64
                                                                   : H5T_NATIVE_INT;
        EXPECT_GE(H5Aread(attribute, type, &result), 0) << path << " " << name;
        return result;
    }
    bool attached(const std::string& dataset, const std::string& scale, unsigned axis) const {
        return H5DSis_attached(open(dataset), open(scale), axis) > 0;
    }

   private:
    hid_t file_ = H5I_INVALID_HID;
};

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// Checks that the committed rows of every table are those of append_row, reading no others; returns how many rows of
// the (series, histogram) tables are committed.
std::pair<std::uint64_t, std::uint64_t> check_committed_rows(const std::filesystem::path& file) {
    const Reader reader(file);
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

std::string first_line(const std::filesystem::path& file) {
    std::string line;
    std::getline(std::ifstream(file), line);
    return line;
}

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

TEST_F(Hdf5RecorderTest, StoresRootAttributesConfigAndProvenance) {
    write_example(file_, 3, 1);
    const Reader reader(file_);
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
    EXPECT_EQ(Reader(file_).text("/", "title"), "Ein schöner Lauf");
}

TEST_F(Hdf5RecorderTest, StoresRowsOverTimeAndDimensions) {
    write_example(file_, 3, 100);
    const Reader reader(file_);
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
    const Reader reader(file_);
    EXPECT_EQ(reader.shape("timeseries/time"), std::vector<hsize_t>{rows});
    EXPECT_EQ(reader.shape("histograms/delay"), (std::vector<hsize_t>{rows, bins}));
}

TEST_F(Hdf5RecorderTest, StoresARunWithoutRows) {
    write_example(file_, 0, 1);
    const Reader reader(file_);
    EXPECT_EQ(reader.shape("timeseries/failed"), (std::vector<hsize_t>{0, 2}));
    EXPECT_EQ(reader.number<std::uint64_t>("histograms", "rows"), 0u);
}

TEST_F(Hdf5RecorderTest, DescribesEveryDataset) {
    write_example(file_, 1, 1);
    const Reader reader(file_);
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
    const Reader reader(file_);
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
    const Reader reader(file_);
    EXPECT_EQ(reader.shape("summary/success_rate"), std::vector<hsize_t>{});
    EXPECT_EQ(reader.values<double>("summary/success_rate"), std::vector<double>{0.75});
    EXPECT_EQ(reader.values<std::uint64_t>("summary/failed_by_reason"), (std::vector<std::uint64_t>{11, 22}));
    EXPECT_EQ(reader.values<std::uint64_t>("summary/events"), std::vector<std::uint64_t>{33});
}

TEST_F(Hdf5RecorderTest, CompressesWideDatasetsOnly) {
    write_example(file_, 1, 1);
    const Reader reader(file_);
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
    EXPECT_EQ(Reader(copy).text("config", "text"), example_config.text);
}

TEST_F(Hdf5RecorderTest, KeepsFlushedRowsWhenDestroyedUnfinished) {
    {
        const auto recorder = make_hdf5_recorder(file_, example_schema(), example_config);
        for (std::uint64_t row = 0; row < 10; ++row) append_row(*recorder, row);
        recorder->flush();
        append_row(*recorder, 10);
    }
    EXPECT_FALSE(std::filesystem::exists(file_));
    EXPECT_EQ(check_committed_rows(part_), std::pair(std::uint64_t{10}, std::uint64_t{0}));
}

// Starts a process that appends and flushes for ever, and kills it once it has flushed `flushes` times (and a bit).
void kill_a_writer(const std::filesystem::path& file, int flushes, std::chrono::microseconds later) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto recorder = make_hdf5_recorder(file, example_schema(), example_config);
        for (std::uint64_t row = 0;; ++row) {
            append_row(*recorder, row);
            if (row % 9 != 8) continue;
            recorder->flush();
            if (::write(pipe[1], "f", 1) != 1) ::_exit(1);
        }
    }
    char flushed = 0;
    for (int i = 0; i < flushes; ++i) ASSERT_EQ(::read(pipe[0], &flushed, 1), 1);
    std::this_thread::sleep_for(later);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(Hdf5RecorderTest, KeepsFlushedRowsWhenKilled) {
    for (int i = 0; i < 25; ++i) {
        const int flushes = 1 + 5 * i;
        kill_a_writer(file_, flushes, std::chrono::microseconds(137 * i));
        const auto [rows, delay_rows] = check_committed_rows(part_);
        const auto least = static_cast<std::uint64_t>(9 * flushes);
        EXPECT_GE(rows, least);
        EXPECT_GE(delay_rows, least / compressed_rows * compressed_rows);
        EXPECT_EQ(delay_rows % compressed_rows, 0u);
    }
}

TEST_F(Hdf5RecorderTest, ReplacesThePartOfAKilledRun) {
    kill_a_writer(file_, 1, {});
    EXPECT_NO_THROW(check_output(file_, false));
    write_example(file_, 5, 2);
    EXPECT_EQ(check_committed_rows(file_).first, 5u);
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

std::string output_error_of(const std::filesystem::path& file) {
    try {
        write_example(file, 5000, 100);
    } catch (const OutputError& error) {
        return error.what();
    }
    return "no error";
}

constexpr int not_permitted = 77;

// Runs `limit` (an exit code, or 0 to go on) and output_error_of(file) in a process of its own, which ends in the
// ordinary way. Returns its exit code, the message and how many rows it left committed.
struct Outcome {
    int exit_code;
    std::string message;
    std::uint64_t rows;
};

Outcome write_with_limit(const std::filesystem::path& file, int (*limit)(const std::filesystem::path& folder)) {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe[0]);
        const int refused = limit(file.parent_path());
        if (refused != 0) std::exit(refused);
        const std::string message = output_error_of(file);
        const Reader reader(file.string() + ".part");
        const auto rows = reader.number<std::uint64_t>("timeseries", "rows");
        reader.first_rows<std::uint64_t>("timeseries/failed", rows);
        const std::string report = std::to_string(rows) + ":" + message;
        const bool sent = ::write(pipe[1], report.data(), report.size()) == static_cast<ssize_t>(report.size());
        std::exit(sent && !testing::Test::HasFailure() ? static_cast<int>(ExitCode::output_error) : 1);
    }
    ::close(pipe[1]);
    std::string report(2000, '\0');
    const ssize_t length = ::read(pipe[0], report.data(), report.size());
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    report.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    const auto colon = report.find(':');
    const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    if (colon == std::string::npos) return {exit_code, report, 0};
    return {exit_code, report.substr(colon + 1), std::stoull(report)};
}

// HDF5 by itself would crash at the end of such a process.
TEST_F(Hdf5RecorderTest, KeepsCommittedRowsAndEndsCleanlyWhenAWriteFails) {
    const Outcome outcome = write_with_limit(file_, [](const std::filesystem::path&) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit most{150'000, 150'000};
        return ::setrlimit(RLIMIT_FSIZE, &most);
    });
    EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::output_error));
    EXPECT_EQ(outcome.message, "cannot write " + part_.string() +
                                   " (File too large); check the file system, or choose another folder with --output");
    EXPECT_GE(outcome.rows, 100u);
    EXPECT_EQ(outcome.rows % 100, 0u);
}

TEST_F(Hdf5RecorderTest, SaysThatTheDeviceIsFull) {
    const Outcome outcome = write_with_limit(file_, [](const std::filesystem::path& folder) {
        const int spaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
        const bool small = ::unshare(spaces) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           ::mount("none", folder.c_str(), "tmpfs", 0, "size=160k") == 0;
        return small ? 0 : not_permitted;
    });
    if (outcome.exit_code == not_permitted) GTEST_SKIP() << "a small file system cannot be mounted here";
    EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::output_error));
    EXPECT_EQ(outcome.message, "cannot write " + part_.string() +
                                   " (No space left on device); free space on the device or choose another folder "
                                   "with --output");
}

// Every call after a failed one is an error of the caller; exit code of the process that tries.
int use_after_failure(const std::filesystem::path& file) {
    try {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit most{150'000, 150'000};
        ::setrlimit(RLIMIT_FSIZE, &most);
        const auto recorder = make_hdf5_recorder(file, example_schema(), example_config);
        for (std::uint64_t row = 0; row < 5000; ++row) append_row(*recorder, row);
        EXPECT_THROW(recorder->flush(), OutputError);
        EXPECT_THROW(recorder->flush(), std::logic_error);
        EXPECT_THROW(append_row(*recorder, 5000), std::logic_error);
        EXPECT_THROW(recorder->finish(example_summary, {}, {}), std::logic_error);
        return testing::Test::HasFailure() ? 1 : 0;
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
        return 1;
    }
}

TEST_F(Hdf5RecorderTest, RefusesEverythingAfterAFailure) {
    const pid_t child = ::fork();
    if (child == 0) std::exit(use_after_failure(file_));
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(Hdf5RecorderTest, SaysThatTheFileCannotBeCreated) {
    const auto file = folder_ / "missing" / "result.h5";
    const std::string message = output_error_of(file);
    EXPECT_EQ(message, "cannot write " + file.string() +
                           ".part (create the file: No such file or directory); check the file system, or choose "
                           "another folder with --output");
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
