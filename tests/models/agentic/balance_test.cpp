// Partitions are cut by expected cost: what each of them has to do, counted, is about the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "models/agentic/agentic_model.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

// Largest over mean of the partitions' work: an event counts 1, an entry that a query goes through 0.012 (measured:
// docs/performance.md).
double imbalance(std::uint32_t partitions, const std::vector<std::string>& overrides) {
    const std::unique_ptr<Transport> transport = make_serial_transport();
    AgenticModel model(parameters_with(overrides), nullptr, 1);
    Simulation<AgenticModel> simulation(model, *transport, {partitions, 1});
    Progress progress(model.parameters().end, true);
    simulation.run(model.parameters().end, progress);
    std::vector<double> work;
    for (std::size_t i = 0; i < partitions; ++i) {
        const auto& partition = simulation.population().partition(i);
        work.push_back(static_cast<double>(partition.counters().events) +
                       0.012 * static_cast<double>(partition.state().swept_entries()));
    }
    const double mean = std::accumulate(work.begin(), work.end(), 0.0) / partitions;
    return *std::max_element(work.begin(), work.end()) / mean;
}

// Zipf 0.9 over 256 classes: the most popular class alone has 3 % of all entries and queries.
const std::vector<std::string> popular_classes{"peers.count=20000",
                                               "peers.capabilities=2",
                                               "capability.classes=256",
                                               "capability.zipf=0.9",
                                               "adversary.fraction=0.3",
                                               "policy.name=risk_aware",
                                               "adversary.embedding_gain=0",
                                               "run.duration=12s",
                                               "run.warmup=4s",
                                               "registry.entries_per_shard=500",
                                               "workflow.steps=any/medium, any/high/side_effect"};

TEST(Balance, HoldsWithPopularClassesOnTwoPartitions) { EXPECT_LT(imbalance(2, popular_classes), 1.15); }

TEST(Balance, HoldsWithPopularClassesOnFourPartitions) { EXPECT_LT(imbalance(4, popular_classes), 1.3); }

}  // namespace
}  // namespace parley::agentic
