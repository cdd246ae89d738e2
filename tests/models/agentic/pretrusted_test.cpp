// Pre-trusted peers: honest, as many as asked for, nested in their share, and drawn by the seed.
#include "models/agentic/trust/pretrusted.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

std::vector<std::uint32_t> chosen(const std::vector<std::string>& overrides) {
    const Parameters p = parameters_with(overrides);
    const SybilSet sybils(p.seed, p.peers, p.sybils());
    const std::vector<std::uint32_t> peers = pretrusted_peers(p, sybils);
    EXPECT_EQ(peers.size(), p.pretrusted());
    EXPECT_TRUE(std::is_sorted(peers.begin(), peers.end()));
    for (const std::uint32_t peer : peers) EXPECT_FALSE(sybils.contains(peer));
    return peers;
}

TEST(PreTrusted, AreSoManyHonestPeers) {
    EXPECT_EQ(chosen({"peers.count=1000", "adversary.fraction=0.4"}).size(), 60U);
    EXPECT_EQ(chosen({"peers.count=30", "adversary.fraction=0.4"}).size(), 5U);
    EXPECT_EQ(chosen({"peers.count=10", "adversary.fraction=0.7"}).size(), 3U);
    EXPECT_EQ(chosen({"reputation.pretrusted_share=1"}).size(), 100U);
}

TEST(PreTrusted, AreNestedInTheirShare) {
    const auto few = chosen({"peers.count=1000", "reputation.pretrusted_share=0.05"});
    const auto many = chosen({"peers.count=1000", "reputation.pretrusted_share=0.2"});
    EXPECT_TRUE(std::includes(many.begin(), many.end(), few.begin(), few.end()));
}

TEST(PreTrusted, DependOnTheSeed) {
    EXPECT_EQ(chosen({"peers.count=1000"}), chosen({"peers.count=1000"}));
    EXPECT_NE(chosen({"peers.count=1000"}), chosen({"peers.count=1000", "run.seed=2"}));
}

// Half of 10000 peers, drawn without replacement: 2500 of them are in the lower half of the ids, with a standard
// deviation of sqrt(5000 * 1/4 * 1/2) = 25.
TEST(PreTrusted, AreSpreadOverTheIds) {
    const auto peers = chosen({"peers.count=10000", "reputation.pretrusted_share=0.5"});
    const auto low = std::lower_bound(peers.begin(), peers.end(), 5000U) - peers.begin();
    EXPECT_NEAR(static_cast<double>(low), 2500, 5 * 25);
}

}  // namespace
}  // namespace parley::agentic
