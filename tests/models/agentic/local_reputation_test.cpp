// Local reputation: hand values of the beta formula with forgetting, and who leaves a full table.
#include "models/agentic/trust/local_reputation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/distributions.hpp"
#include "models/agentic/purpose.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

SimTime at(std::int64_t seconds) { return SimTime{seconds * 1'000'000'000}; }

struct World {
    explicit World(const std::vector<std::string>& overrides = {})
        : parameters(parameters_with(overrides)), reputation(parameters) {}
    double trust(std::uint32_t peer, double published, SimTime now) {
        return reputation.trust(table, peer, published, now);
    }
    void record(std::uint32_t peer, bool good, SimTime now) { reputation.record(table, peer, good, now); }

    Parameters parameters;
    LocalReputation reputation;
    TableHandle table;
};

TEST(LocalReputation, IsThePublishedTrustOfAStranger) {
    World world;
    EXPECT_EQ(world.trust(3, 0.7, at(0)), 0.7);
    world.record(4, false, at(0));
    EXPECT_EQ(world.trust(3, 0.7, at(1)), 0.7);
}

// n0 = 4. After one good outcome r_local = 2/3, n_local = 1: (1 * 2/3 + 4 * 0.5) / 5 = 8/15.
TEST(LocalReputation, BlendsOwnExperienceWithPublishedTrust) {
    World world;
    world.record(3, true, at(0));
    EXPECT_NEAR(world.trust(3, 0.5, at(0)), 8.0 / 15, 1e-12);
    EXPECT_NEAR(world.trust(3, 1.0, at(0)), (2.0 / 3 + 4) / 5, 1e-12);
    // Two good, one bad: r = 3/5, n = 3: (9/5 + 4 * 0.25) / 7 = 2/5.
    world.record(3, true, at(0));
    world.record(3, false, at(0));
    EXPECT_NEAR(world.trust(3, 0.25, at(0)), 0.4, 1e-12);
    // Only bad: r = 1/4, n = 2: (0.5 + 4 * 0.5) / 6 = 5/12.
    world.record(8, false, at(0));
    world.record(8, false, at(0));
    EXPECT_NEAR(world.trust(8, 0.5, at(0)), 5.0 / 12, 1e-12);
}

// After one half-life of 600 s a good outcome counts 1/2: r = 1.5 / 2.5 = 0.6, n = 0.5: (0.3 + 2) / 4.5 = 23/45.
TEST(LocalReputation, HalvesOldExperienceEveryHalfLife) {
    World world;
    world.record(3, true, at(0));
    EXPECT_NEAR(world.trust(3, 0.5, at(600)), 23.0 / 45, 1e-12);
    // Two half-lives: g = 1/4: r = 1.25/2.25 = 5/9: (5/36 + 2) / 4.25 = 77/153.
    EXPECT_NEAR(world.trust(3, 0.5, at(1200)), 77.0 / 153, 1e-12);
    // A bad outcome then: g = 1/4, b = 1: r = 1.25 / 3.25 = 5/13, n = 1.25: (25/52 + 2) / 5.25 = 129/273.
    world.record(3, false, at(1200));
    EXPECT_NEAR(world.trust(3, 0.5, at(1200)), 129.0 / 273, 1e-7);
    // Long after, nothing is left.
    EXPECT_NEAR(world.trust(3, 0.5, at(1'000'000'000)), 0.5, 1e-12);
}

TEST(LocalReputation, TakesHalfLifeAndPriorWeightFromTheConfiguration) {
    World world({"reputation.half_life=10s", "reputation.prior_weight=1"});
    world.record(3, true, at(0));
    // g = 1/2: r = 0.6, n = 0.5: (0.3 + 0.5) / 1.5 = 8/15.
    EXPECT_NEAR(world.trust(3, 0.5, at(10)), 8.0 / 15, 1e-12);
    World alone({"reputation.prior_weight=0"});
    alone.record(3, true, at(0));
    EXPECT_NEAR(alone.trust(3, 0.1, at(0)), 2.0 / 3, 1e-12);
}

TEST(LocalReputation, DropsTheLeastRecentlyUpdatedPeerOfAFullTable) {
    World world({"reputation.table_size=3"});
    for (const std::uint32_t peer : {1U, 2U, 3U}) world.record(peer, true, at(peer));
    world.record(1, true, at(10));  // now peer 2 is the oldest
    world.record(4, true, at(11));
    EXPECT_EQ(world.trust(2, 0.5, at(11)), 0.5);
    EXPECT_GT(world.trust(1, 0.5, at(11)), 0.55);
    EXPECT_GT(world.trust(3, 0.5, at(11)), 0.52);
    EXPECT_GT(world.trust(4, 0.5, at(11)), 0.52);
    world.record(2, false, at(12));  // drives out peer 3; peer 2 begins anew
    EXPECT_EQ(world.trust(3, 0.5, at(12)), 0.5);
    EXPECT_NEAR(world.trust(2, 0.5, at(12)), (1.0 / 3 + 2) / 5, 1e-12);
    EXPECT_EQ(world.table.size, 3U);
}

TEST(LocalReputation, RemembersAsManyPeersAsTheTableHolds) {
    World world({"reputation.table_size=64"});
    for (std::uint32_t peer = 0; peer < 64; ++peer) world.record(peer, peer % 2 == 0, at(peer));
    for (std::uint32_t peer = 0; peer < 64; ++peer) {
        if (peer % 2 == 0) {
            EXPECT_GT(world.trust(peer, 0.5, at(64)), 0.5);
        } else {
            EXPECT_LT(world.trust(peer, 0.5, at(64)), 0.5);
        }
    }
    EXPECT_EQ(world.table.size, 64U);
}

TEST(LocalReputation, KeepsTheTablesOfRequestersApart) {
    World world;
    TableHandle other;
    world.record(3, true, at(0));
    EXPECT_EQ(world.reputation.trust(other, 3, 0.5, at(0)), 0.5);
}

// Forgetting by time is forgetting by outcome when outcomes are evenly spaced: at intervals of half-life log2(1/0.95)
// each outcome weighs 0.95 of the next. Good with probability p = 0.9 and factor w = 0.95, n_local tends to 1 / (1 - w)
// = 20, so r_local has the mean (1 + 18) / 22 = 0.863636 and the deviation sqrt(p (1-p) / (1 - w^2)) / 22 = 0.04367.
TEST(LocalReputation, ForgetsEvenlySpacedOutcomesByAConstantFactor) {
    constexpr double weight = 0.95;
    World world({"reputation.half_life=1000s", "reputation.prior_weight=0"});
    const Duration spacing{static_cast<std::int64_t>(1e12 * std::log2(1 / weight))};
    RandomStream outcomes = stream_of(1, 0, Purpose::execution_outcome, 0);
    constexpr int burn_in = 1000;
    constexpr int measured = 200'000;
    SimTime now;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < burn_in + measured; ++i) {
        now = now + spacing;
        world.record(3, bernoulli(outcomes, 0.9), now);
        if (i < burn_in) continue;
        const double trust = world.trust(3, 0.5, now);
        sum += trust;
        squares += trust * trust;
    }
    const double mean = sum / measured;
    const double deviation = std::sqrt(squares / measured - mean * mean);
    // Successive values are correlated by w: measured (1 - w) / (1 + w) independent ones for the mean, and with w^2
    // for the deviation, whose relative error is about 1 / sqrt(2 n).
    EXPECT_NEAR(mean, 0.863636, 5 * 0.04367 / std::sqrt(measured * (1 - weight) / (1 + weight)));
    const double independent = measured * (1 - weight * weight) / (1 + weight * weight);
    EXPECT_NEAR(deviation, 0.04367, 5 * 0.04367 / std::sqrt(2 * independent));
}

TEST(Decay, HalvesEveryHalfLifeAndEndsAtZero) {
    const Duration half_life{600'000'000'000};
    EXPECT_EQ(decay(Duration{0}, half_life), 1.0);
    EXPECT_NEAR(decay(half_life, half_life), 0.5, 1e-15);
    EXPECT_NEAR(decay(half_life * 10, half_life), 1.0 / 1024, 1e-17);
    EXPECT_NEAR(decay(Duration{300'000'000'000}, half_life), 0.70710678118654752, 1e-15);
    EXPECT_EQ(decay(half_life * 2000, half_life), 0.0);
}

}  // namespace
}  // namespace parley::agentic
