// Capability drift is a two-state Markov chain in its stationary law, whose path does not depend on who looks.
#include "models/agentic/execution/drift.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr std::int64_t second = 1'000'000'000;

const Parameters& high_drift() {
    static const Parameters p =
        parameters_with({"drift.kind=two_state", "drift.mean_nominal=60s", "drift.mean_degraded=30s"});
    return p;
}

TEST(Drift, IsDegradedAThirdOfTheTimeAtAnyTime) {
    constexpr int n = 20'000;
    for (const std::int64_t at : {std::int64_t{0}, 10 * second, 45 * second, 300 * second}) {
        int degraded = 0;
        for (std::uint32_t peer = 0; peer < n; ++peer) {
            degraded += DriftCursor(high_drift(), peer, 0).degraded_at(SimTime{at}, high_drift(), peer, 0);
        }
        EXPECT_NEAR(1.0 * degraded / n, 1.0 / 3, 5 * std::sqrt(2.0 / 9 / n)) << at;
    }
}

// From nominal, P(degraded after s) = 1/3 (1 - e^(-s/20)): rates 1/60 and 1/30 add up to 1/20.
TEST(Drift, ForgetsItsStateAtTheSumOfTheRates) {
    constexpr int n = 30'000;
    for (const double span : {5.0, 20.0, 60.0}) {
        int from_nominal = 0;
        int changed = 0;
        for (std::uint32_t peer = 0; peer < n; ++peer) {
            DriftCursor cursor(high_drift(), peer, 0);
            if (cursor.degraded_at(SimTime{100 * second}, high_drift(), peer, 0)) continue;
            ++from_nominal;
            const SimTime later = SimTime{100 * second} + duration_from_seconds(span);
            changed += cursor.degraded_at(later, high_drift(), peer, 0);
        }
        const double p = (1 - std::exp(-span / 20)) / 3;
        EXPECT_NEAR(1.0 * changed / from_nominal, p, 5 * std::sqrt(p * (1 - p) / from_nominal)) << span;
    }
}

TEST(Drift, StaysInEachStateForItsMeanTime) {
    // One path, looked at every 100 ms: complete stays of each kind.
    DriftCursor cursor(high_drift(), 5, 1);
    constexpr std::int64_t step = second / 10;
    bool state = cursor.degraded_at(SimTime{0}, high_drift(), 5, 1);
    std::int64_t since = -1;
    std::array<double, 2> sum{};
    std::array<int, 2> stays{};
    for (std::int64_t now = 0; now < 200'000 * second; now += step) {
        const bool degraded = cursor.degraded_at(SimTime{now}, high_drift(), 5, 1);
        if (degraded == state) continue;
        if (since >= 0) {
            sum[state] += static_cast<double>(now - since) / second;
            ++stays[state];
        }
        state = degraded;
        since = now;
    }
    ASSERT_GT(stays[0], 1000);
    // Exponential: the standard deviation is the mean. Looking every 100 ms hides stays that are shorter, which
    // makes the others about 0.3 % longer.
    EXPECT_NEAR(sum[0] / stays[0], 60, 5 * 60 / std::sqrt(stays[0]) + 0.3);
    EXPECT_NEAR(sum[1] / stays[1], 30, 5 * 30 / std::sqrt(stays[1]) + 0.3);
}

TEST(Drift, TakesTheSamePathHoweverOftenItIsLookedAt) {
    for (std::uint32_t peer = 0; peer < 50; ++peer) {
        DriftCursor often(high_drift(), peer, 3);
        DriftCursor rarely(high_drift(), peer, 3);
        for (std::int64_t now = 0; now <= 1000 * second; now += second) {
            const bool state = often.degraded_at(SimTime{now}, high_drift(), peer, 3);
            // Looking twice at one time changes nothing.
            ASSERT_EQ(often.degraded_at(SimTime{now}, high_drift(), peer, 3), state);
            if (now % (97 * second) != 0) continue;
            ASSERT_EQ(rarely.degraded_at(SimTime{now}, high_drift(), peer, 3), state);
            DriftCursor fresh(high_drift(), peer, 3);
            ASSERT_EQ(fresh.degraded_at(SimTime{now}, high_drift(), peer, 3), state);
        }
    }
}

TEST(Drift, DiffersBetweenClassesPeersAndSeeds) {
    const Parameters other = parameters_with({"drift.kind=two_state", "run.seed=2"});
    const auto path = [](const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        DriftCursor cursor(p, peer, c);
        std::vector<bool> states;
        for (int i = 0; i < 200; ++i) states.push_back(cursor.degraded_at(SimTime{i * 10 * second}, p, peer, c));
        return states;
    };
    const auto reference = path(high_drift(), 1, 1);
    EXPECT_NE(reference, path(high_drift(), 1, 2));
    EXPECT_NE(reference, path(high_drift(), 2, 1));
    EXPECT_NE(reference, path(other, 1, 1));
}

}  // namespace
}  // namespace parley::agentic
