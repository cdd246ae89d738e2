#include "models/agentic/memory_estimate.hpp"

#include <gtest/gtest.h>

#include "tests/models/agentic/test_parameters.hpp"

namespace parley::agentic {

namespace {

double estimate(const std::vector<std::string>& settings, int ranks = 1, std::uint32_t partitions = 1) {
    return static_cast<double>(estimated_bytes(parameters_with(settings), ranks, partitions));
}

double estimate_of_1m(const char* peers, const char* duration, std::uint32_t partitions) {
    return estimate(
        {std::string("peers.count=") + peers, std::string("run.duration=") + duration, "run.warmup=1s",
         "capability.classes=256", "workflow.steps=any/medium, any/high/side_effect", "adversary.fraction=0.3"},
        1, partitions);
}

// Peak memory of runs of sybil-1m.ini (docs/exits.md).
TEST(MemoryEstimate, IsThatOfRunsThatWereMeasured) {
    EXPECT_NEAR(estimate_of_1m("100000", "40s", 1), 191e6, 0.1 * 191e6);
    EXPECT_NEAR(estimate_of_1m("1000000", "40s", 1), 1174e6, 0.1 * 1174e6);
}

TEST(MemoryEstimate, CountsPartitionsAsTheyWereMeasured) {
    EXPECT_NEAR(estimate_of_1m("10000", "20s", 16), 264e6, 0.25 * 264e6);
    EXPECT_NEAR(estimate_of_1m("100000", "20s", 2), 214e6, 0.25 * 214e6);
    EXPECT_NEAR(estimate_of_1m("100000", "20s", 16), 551e6, 0.25 * 551e6);
    EXPECT_NEAR(estimate_of_1m("1000000", "40s", 16), 1909e6, 0.25 * 1909e6);
    // A thousand partitions of next to nothing took 628 MB, and must not be refused on any machine.
    EXPECT_LT(estimate({"peers.count=30"}, 1, 1000), 4e9);
}

// A peer offers a generated class or two, but each named class with probability capability.share.
TEST(MemoryEstimate, CountsTheDescriptorsThatPeersHave) {
    const std::vector<std::string> peers{"peers.count=1000000", "adversary.fraction=0", "run.duration=1s",
                                         "run.warmup=0s", "workflow.steps=any/low"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), peers.begin(), peers.end());
        return estimate(more);
    };
    const double a_descriptor = with({"capability.classes=64", "peers.capabilities=3"}) -
                                with({"capability.classes=64", "peers.capabilities=2"});
    EXPECT_GT(a_descriptor, 100e6);
    const double named = with({"capability.classes=a:1s, b:1s, c:1s, d:1s, e:1s"});
    const double few = with({"capability.classes=a:1s"});
    EXPECT_NEAR(named - few, 4 * a_descriptor, 1e3);
    const double seldom = with({"capability.classes=a:1s, b:1s, c:1s, d:1s, e:1s", "capability.share=0.2"});
    EXPECT_NEAR(seldom, few, 1e3);
}

TEST(MemoryEstimate, SharesPeersAmongRanksButNotWhatEachHas) {
    const std::vector<std::string> modelled{"peers.count=1000000"};
    const std::vector<std::string> real{"peers.count=1000000", "identity.signature=ed25519"};
    EXPECT_NEAR(estimate(real, 4) - estimate(modelled, 4), 32e6, 1e3);
    EXPECT_LT(estimate(modelled, 4), 0.5 * estimate(modelled));
}

}  // namespace

}  // namespace parley::agentic
