#include "engine/memory_budget.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/error.hpp"

namespace parley {

namespace {

namespace fs = std::filesystem;

// Files as the kernel has them, in a folder of their own.
class MemoryBudget : public testing::Test {
   protected:
    void SetUp() override {
        const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
        root_ = fs::path(testing::TempDir()) / ("memory_budget_" + test);
        fs::remove_all(root_);
        sources_ = {root_ / "proc", root_ / "cgroup"};
        write("proc/meminfo", "MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:   2000000 kB\n");
    }
    void TearDown() override { fs::remove_all(root_); }
    void write(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    std::uint64_t left() const { return shared_memory_left(sources_).bytes; }

    fs::path root_;
    MemorySources sources_;
};

TEST_F(MemoryBudget, IsWhatTheMachineHasAvailable) {
    EXPECT_EQ(left(), 2'048'000'000U);
    EXPECT_EQ(shared_memory_left(sources_).name, "the memory available on the machine");
}

TEST_F(MemoryBudget, IsUnlimitedWhereNothingCanBeRead) {
    fs::remove_all(root_);
    EXPECT_EQ(left(), UINT64_MAX);
}

TEST_F(MemoryBudget, EndsAtTheLimitOfTheControlGroup) {
    write("proc/self/cgroup", "0::/slurm/job\n");
    write("cgroup/slurm/job/memory.max", "1000000000\n");
    write("cgroup/slurm/job/memory.current", "600000000\n");
    EXPECT_EQ(left(), 400'000'000U);
    EXPECT_EQ(shared_memory_left(sources_).name, "the control group's limit");
}

TEST_F(MemoryBudget, CountsThePagesOfFilesAsFree) {
    write("proc/self/cgroup", "0::/job\n");
    write("cgroup/job/memory.max", "1000000000\n");
    write("cgroup/job/memory.current", "600000000\n");
    write("cgroup/job/memory.stat", "anon 350000000\ninactive_file 250000000\n");
    EXPECT_EQ(left(), 650'000'000U);
}

TEST_F(MemoryBudget, ObeysTheGroupsAbove) {
    write("proc/self/cgroup", "0::/slurm/job\n");
    write("cgroup/slurm/job/memory.max", "max\n");
    write("cgroup/slurm/job/memory.current", "1\n");
    write("cgroup/slurm/memory.max", "700000000\n");
    write("cgroup/slurm/memory.current", "100000000\n");
    EXPECT_EQ(left(), 600'000'000U);
}

TEST_F(MemoryBudget, ReadsVersion1) {
    write("proc/self/cgroup", "3:cpu:/other\n4:memory:/job\n");
    write("cgroup/memory/job/memory.limit_in_bytes", "900000000\n");
    write("cgroup/memory/job/memory.usage_in_bytes", "100000000\n");
    EXPECT_EQ(left(), 800'000'000U);
    write("cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(left(), 2'048'000'000U);
}

TEST_F(MemoryBudget, IsNothingWhenMoreIsUsedThanAllowed) {
    write("proc/self/cgroup", "0::/job\n");
    write("cgroup/job/memory.max", "500\n");
    write("cgroup/job/memory.current", "600\n");
    EXPECT_EQ(left(), 0U);
}

TEST_F(MemoryBudget, RefusesWhatDoesNotFitWithBothFigures) {
    const auto transport = make_serial_transport();
    EXPECT_NO_THROW(check_memory(2'047'000'000, "node1", *transport, sources_));
    try {
        check_memory(3'500'000'000, "node1", *transport, sources_);
        FAIL() << "not refused";
    } catch (const InputError& error) {
        const std::string message = error.what();
        for (const char* word : {"3.50 GB", "2.05 GB", "node1", "parallel.check_memory"}) {
            EXPECT_NE(message.find(word), std::string::npos) << message;
        }
    }
}

}  // namespace

}  // namespace parley
