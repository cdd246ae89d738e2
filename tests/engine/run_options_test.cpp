// The parameters of every run: their checks, and how many partitions and threads a run gets.
#include "engine/run_options.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include "engine/error.hpp"

namespace parley {
namespace {

RunConfig config_with(const std::vector<std::string>& overrides) {
    static const ParameterTable table = [] {
        ParameterTable t;
        add_run_parameters(t, {"agentic", "phold"});
        return t;
    }();
    return RunConfig::read(table, "", overrides);
}

TEST(RunOptions, HaveTheDocumentedDefaults) {
    const RunConfig config = config_with({});
    EXPECT_EQ(config.text("run.model"), "agentic");
    EXPECT_EQ(config.integer("run.seed"), 1);
    EXPECT_EQ(config.duration("run.duration").nanoseconds, 600'000'000'000);
    EXPECT_EQ(config.duration("run.warmup").nanoseconds, 60'000'000'000);
    EXPECT_EQ(config.integer("parallel.threads"), 0);
    EXPECT_EQ(config.integer("parallel.partitions"), 0);
}

TEST(RunOptions, RefuseAWarmUpThatLeavesNothingToMeasure) {
    EXPECT_NO_THROW(check_run_parameters(config_with({"run.duration=10s", "run.warmup=9999ms"})));
    for (const char* warmup : {"run.warmup=10s", "run.warmup=11s"}) {
        try {
            check_run_parameters(config_with({"run.duration=10s", warmup}));
            FAIL() << warmup << " passed";
        } catch (const InputError& error) {
            EXPECT_NE(std::string(error.what()).find("run.warmup"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("10s"), std::string::npos) << error.what();
        }
    }
}

TEST(RunOptions, RefuseAnUnknownModel) { EXPECT_THROW(config_with({"run.model=chord"}), InputError); }

TEST(RunOptions, DoNotCutUpSmallRuns) {
    const ExecutionOptions options = execution_options(config_with({"parallel.threads=8"}), 100, 1);
    EXPECT_EQ(options.partitions_per_rank, 1U);
    EXPECT_EQ(options.threads, 1);
}

TEST(RunOptions, GiveEveryThreadAPartitionInLargeRuns) {
    const ExecutionOptions options = execution_options(config_with({"parallel.threads=8"}), 1'000'000, 4);
    EXPECT_EQ(options.partitions_per_rank, 8U);
    EXPECT_EQ(options.threads, 8);
}

TEST(RunOptions, CountTheEntitiesOfARankNotOfTheRun) {
    // 4096 entities are worth a partition: 40960 over 5 ranks make 2 a rank.
    const ExecutionOptions options = execution_options(config_with({"parallel.threads=8"}), 40'960, 5);
    EXPECT_EQ(options.partitions_per_rank, 2U);
    EXPECT_EQ(options.threads, 2);
}

TEST(RunOptions, TakeTheNumberOfPartitionsThatIsGiven) {
    const ExecutionOptions many =
        execution_options(config_with({"parallel.threads=2", "parallel.partitions=5"}), 100, 1);
    EXPECT_EQ(many.partitions_per_rank, 5U);
    EXPECT_EQ(many.threads, 2);
    const ExecutionOptions few =
        execution_options(config_with({"parallel.threads=4", "parallel.partitions=3"}), 1'000'000, 1);
    EXPECT_EQ(few.partitions_per_rank, 3U);
    EXPECT_EQ(few.threads, 3);
}

TEST(RunOptions, AskOpenMpForTheNumberOfThreads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(3);
    EXPECT_EQ(execution_options(config_with({}), 1'000'000, 1).threads, 3);
    omp_set_num_threads(before);
}

TEST(RunOptions, NameTheWayRanksExchangeEvents) {
    EXPECT_EQ(exchange_strategy(config_with({})), ExchangeStrategy::automatic);
    EXPECT_EQ(exchange_strategy(config_with({"parallel.exchange=auto"})), ExchangeStrategy::automatic);
    EXPECT_EQ(exchange_strategy(config_with({"parallel.exchange=alltoallv"})), ExchangeStrategy::alltoallv);
    EXPECT_EQ(exchange_strategy(config_with({"parallel.exchange=sparse"})), ExchangeStrategy::sparse);
    EXPECT_THROW(config_with({"parallel.exchange=gossip"}), InputError);
}

TEST(RunOptions, AreNoPartOfTheResults) {
    const RunConfig config = config_with({"parallel.threads=2", "parallel.partitions=5"});
    EXPECT_EQ(config.resolved_text().find("parallel"), std::string::npos);
}

}  // namespace
}  // namespace parley
