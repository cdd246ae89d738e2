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
            degraded += DriftCursor(high_drift(), peer, 0, 0.9F).state_at(SimTime{at}, high_drift(), peer, 0).degraded;
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
            DriftCursor cursor(high_drift(), peer, 0, 0.9F);
            if (cursor.state_at(SimTime{100 * second}, high_drift(), peer, 0).degraded) continue;
            ++from_nominal;
            const SimTime later = SimTime{100 * second} + duration_from_seconds(span);
            changed += cursor.state_at(later, high_drift(), peer, 0).degraded;
        }
        const double p = (1 - std::exp(-span / 20)) / 3;
        EXPECT_NEAR(1.0 * changed / from_nominal, p, 5 * std::sqrt(p * (1 - p) / from_nominal)) << span;
    }
}

TEST(Drift, StaysInEachStateForItsMeanTime) {
    // One path, looked at every 100 ms: complete stays of each kind.
    DriftCursor cursor(high_drift(), 5, 1, 0.9F);
    constexpr std::int64_t step = second / 10;
    bool state = cursor.state_at(SimTime{0}, high_drift(), 5, 1).degraded;
    std::int64_t since = -1;
    std::array<double, 2> sum{};
    std::array<int, 2> stays{};
    for (std::int64_t now = 0; now < 200'000 * second; now += step) {
        const bool degraded = cursor.state_at(SimTime{now}, high_drift(), 5, 1).degraded;
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
        DriftCursor often(high_drift(), peer, 3, 0.9F);
        DriftCursor rarely(high_drift(), peer, 3, 0.9F);
        for (std::int64_t now = 0; now <= 1000 * second; now += second) {
            const bool state = often.state_at(SimTime{now}, high_drift(), peer, 3).degraded;
            // Looking twice at one time changes nothing.
            ASSERT_EQ(often.state_at(SimTime{now}, high_drift(), peer, 3).degraded, state);
            if (now % (97 * second) != 0) continue;
            ASSERT_EQ(rarely.state_at(SimTime{now}, high_drift(), peer, 3).degraded, state);
            DriftCursor fresh(high_drift(), peer, 3, 0.9F);
            ASSERT_EQ(fresh.state_at(SimTime{now}, high_drift(), peer, 3).degraded, state);
        }
    }
}

TEST(Drift, DiffersBetweenClassesPeersAndSeeds) {
    const Parameters other = parameters_with({"drift.kind=two_state", "run.seed=2"});
    const auto path = [](const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        DriftCursor cursor(p, peer, c, 0.9F);
        std::vector<bool> states;
        for (int i = 0; i < 200; ++i) states.push_back(cursor.state_at(SimTime{i * 10 * second}, p, peer, c).degraded);
        return states;
    };
    const auto reference = path(high_drift(), 1, 1);
    EXPECT_NE(reference, path(high_drift(), 1, 2));
    EXPECT_NE(reference, path(high_drift(), 2, 1));
    EXPECT_NE(reference, path(other, 1, 1));
}

// --- Ornstein-Uhlenbeck. A narrow law far from 0 and 1, so that clipping does not matter.

const Parameters& narrow_ou() {
    static const Parameters p =
        parameters_with({"drift.kind=ou", "drift.ou_sd=0.05", "drift.ou_time=20s", "drift.ou_step=2s"});
    return p;
}

TEST(OuDrift, HasItsStationaryMeanAndDeviationAtAnyTime) {
    constexpr int n = 20'000;
    for (const std::int64_t at : {std::int64_t{0}, 10 * second, 300 * second}) {
        double sum = 0;
        double squares = 0;
        for (std::uint32_t peer = 0; peer < n; ++peer) {
            DriftCursor cursor(narrow_ou(), peer, 0, 0.5F);
            const double deviation = cursor.state_at(SimTime{at}, narrow_ou(), peer, 0).quality - 0.5;
            sum += deviation;
            squares += deviation * deviation;
        }
        EXPECT_NEAR(sum / n, 0, 5 * 0.05 / std::sqrt(n)) << at;
        EXPECT_NEAR(squares / n / 0.0025, 1, 5 * std::sqrt(2.0 / n)) << at;
    }
}

// Correlation e^(-t/20 s); of two standard normals of correlation r the product has variance 1 + r^2.
TEST(OuDrift, ForgetsWithItsCorrelationTime) {
    constexpr int n = 30'000;
    for (const int lag : {2, 10, 20, 60}) {
        double products = 0;
        for (std::uint32_t peer = 0; peer < n; ++peer) {
            DriftCursor cursor(narrow_ou(), peer, 0, 0.5F);
            const double before = cursor.state_at(SimTime{50 * second}, narrow_ou(), peer, 0).quality - 0.5;
            const double after = cursor.state_at(SimTime{(50 + lag) * second}, narrow_ou(), peer, 0).quality - 0.5;
            products += before * after / 0.0025;
        }
        const double r = std::exp(-lag / 20.0);
        EXPECT_NEAR(products / n, r, 5 * std::sqrt((1 + r * r) / n)) << lag;
    }
}

TEST(OuDrift, DoesNotDependOnWhenItIsLookedAt) {
    DriftCursor often(narrow_ou(), 7, 1, 0.5F);
    DriftCursor rarely(narrow_ou(), 7, 1, 0.5F);
    for (std::int64_t now = 0; now < 500 * second; now += second / 3) {
        const double quality = often.state_at(SimTime{now}, narrow_ou(), 7, 1).quality;
        if (now % (97 * (second / 3)) != 0) continue;
        ASSERT_EQ(rarely.state_at(SimTime{now}, narrow_ou(), 7, 1).quality, quality);
    }
}

TEST(OuDrift, StaysWithinZeroAndOne) {
    const Parameters wide = parameters_with({"drift.kind=ou", "drift.ou_sd=3"});
    std::array<int, 2> at_an_end{};
    for (std::uint32_t peer = 0; peer < 1000; ++peer) {
        DriftCursor cursor(wide, peer, 0, 0.9F);
        const double quality = cursor.state_at(SimTime{}, wide, peer, 0).quality;
        ASSERT_GE(quality, 0);
        ASSERT_LE(quality, 1);
        at_an_end[0] += quality == 0;
        at_an_end[1] += quality == 1;
    }
    EXPECT_GT(at_an_end[0], 300);
    EXPECT_GT(at_an_end[1], 400);
}

// By less than drift.tolerance below its own quality an instance is not degraded.
TEST(OuDrift, CallsAnInstanceDegradedBeyondTheTolerance) {
    int degraded = 0;
    for (std::uint32_t peer = 0; peer < 2000; ++peer) {
        DriftCursor cursor(narrow_ou(), peer, 0, 0.5F);
        const InstanceState state = cursor.state_at(SimTime{}, narrow_ou(), peer, 0);
        ASSERT_EQ(state.degraded, 0.5 - state.quality > 0.05);
        degraded += state.degraded;
    }
    EXPECT_NEAR(degraded / 2000.0, 0.158655, 5 * std::sqrt(0.158655 * 0.841345 / 2000));  // one deviation
}

}  // namespace
}  // namespace parley::agentic
