// What is left of a result file, and what is said, when the writer is killed or a write fails.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/error.hpp"
#include "engine/recorder.hpp"
#include "engine/result_file.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/recorded_example.hpp"

namespace parley {
namespace {

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
        const Hdf5Reader reader(file.string() + ".part");
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

}  // namespace
}  // namespace parley
