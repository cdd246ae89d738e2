#include "models/agentic/memory_estimate.hpp"

#include <gtest/gtest.h>

#include "tests/models/agentic/test_parameters.hpp"

namespace parley::agentic {

namespace {

double estimate(const std::vector<std::string>& settings, int ranks = 1, int partitions = 1) {
    return static_cast<double>(estimated_bytes(parameters_with(settings), ranks, partitions));
}

// Peak memory of runs of sybil-1m.ini (docs/exits.md): 10^5 peers on one thread and on two, 10^6 peers on one.
TEST(MemoryEstimate, IsThatOfRunsThatWereMeasured) {
    const auto bytes = [](const char* peers, int partitions) {
        return estimate(
            {std::string("peers.count=") + peers, "run.duration=40s", "run.warmup=15s", "capability.classes=256",
             "workflow.steps=any/medium, any/high/side_effect", "adversary.fraction=0.3"},
            1, partitions);
    };
    EXPECT_NEAR(bytes("100000", 1), 191e6, 0.1 * 191e6);
    EXPECT_NEAR(bytes("100000", 2), 242e6, 0.1 * 242e6);
    EXPECT_NEAR(bytes("1000000", 1), 1174e6, 0.1 * 1174e6);
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
