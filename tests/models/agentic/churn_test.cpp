// Churn is an alternating renewal process in its stationary law, whose path does not depend on who looks.
#include "models/agentic/connectivity/churn.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr std::int64_t second = 1'000'000'000;

// KAD: on-times of mean 5000 s * Gamma(3) = 10,000 s.
const Parameters& kad() {
    static const Parameters p = parameters_with({"churn.kind=weibull"});
    return p;
}

TEST(Churn, KnowsTheMeanOnTime) {
    EXPECT_NEAR(mean_on_seconds(kad()), 10'000, 1e-6);
    const Parameters exponential = parameters_with({"churn.kind=weibull", "churn.shape=1", "churn.on_scale=600s"});
    EXPECT_NEAR(mean_on_seconds(exponential), 600, 1e-9);
    const Parameters bittorrent = parameters_with({"churn.kind=weibull", "churn.shape=0.38", "churn.on_scale=2544s"});
    EXPECT_NEAR(mean_on_seconds(bittorrent), 2544 * std::tgamma(1 + 1 / 0.38), 1e-6);
}

TEST(Churn, IsOnForItsShareOfTheTimeAtAnyTime) {
    constexpr int n = 20'000;
    for (const std::int64_t at : {std::int64_t{0}, 10 * second, 3000 * second, 50'000 * second}) {
        int online = 0;
        for (std::uint32_t peer = 0; peer < n; ++peer) {
            online += ChurnCursor(kad(), peer).online_at(SimTime{at}, kad(), peer);
        }
        EXPECT_NEAR(1.0 * online / n, 0.8, 5 * std::sqrt(0.8 * 0.2 / n)) << at;
    }
}

// Departures come at the rate 1 / (10,000 s + 2500 s) from the start. Were the first on-times like all others, whose
// hazard is largest at their beginning, there would be several times as many.
TEST(Churn, TakesPeersOffAtTheStationaryRateFromTheStart) {
    constexpr int n = 100'000;
    int departures = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        for (ChurnCursor cursor(kad(), peer); cursor.ends() < SimTime{100 * second}; cursor.advance(kad(), peer)) {
            departures += cursor.online();
        }
    }
    const double expected = n * 100.0 / 12'500;
    EXPECT_NEAR(departures, expected, 5 * std::sqrt(expected) * 1.5);  // a peer that left may leave again soon
}

TEST(Churn, HasWeibullOnTimesAndExponentialOffTimes) {
    constexpr int n = 100'000;
    double sums[2] = {};
    int below_median = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        ChurnCursor path(kad(), peer);
        SimTime last = path.ends();
        for (int i = 0; i < 2; ++i) {
            path.advance(kad(), peer);
            const double seconds = (path.ends() - last).seconds();
            last = path.ends();
            sums[path.online()] += seconds;
            if (path.online()) below_median += seconds < 2402.265;
        }
    }
    // Variance of the on-times: s^2 (Gamma(5) - Gamma(3)^2) = 20 s^2.
    EXPECT_NEAR(sums[1] / n, 10'000, 5 * 5000 * std::sqrt(20.0 / n));
    EXPECT_NEAR(sums[0] / n, 2500, 5 * 2500 / std::sqrt(n));
    EXPECT_NEAR(1.0 * below_median / n, 0.5, 5 * 0.5 / std::sqrt(n));
}

TEST(Churn, TakesTheSamePathHoweverOftenItIsLookedAt) {
    const Parameters p = parameters_with({"churn.kind=weibull", "churn.on_scale=20s", "churn.off_mean=15s"});
    int changes = 0;
    for (std::uint32_t peer = 0; peer < 50; ++peer) {
        ChurnCursor often(p, peer);
        ChurnCursor rarely(p, peer);
        bool before = often.online();
        for (std::int64_t now = 0; now <= 1000 * second; now += second) {
            const bool online = often.online_at(SimTime{now}, p, peer);
            changes += online != before;
            before = online;
            ASSERT_EQ(often.online_at(SimTime{now}, p, peer), online);
            if (now % (97 * second) != 0) continue;
            ASSERT_EQ(rarely.online_at(SimTime{now}, p, peer), online);
            ASSERT_EQ(ChurnCursor(p, peer).online_at(SimTime{now}, p, peer), online);
        }
    }
    EXPECT_GT(changes, 500);
}

TEST(Churn, BeginsTheNextPeriodWhenOneEnds) {
    ChurnCursor cursor(kad(), 1);
    const SimTime end = cursor.ends();
    const bool online = cursor.online();
    EXPECT_EQ(cursor.online_at(end + Duration{-1}, kad(), 1), online);
    EXPECT_EQ(cursor.online_at(end, kad(), 1), !online);
    EXPECT_EQ(cursor.period(), 1U);
}

TEST(Churn, IsOnForEverWhereThereIsNone) {
    ChurnCursor cursor;
    EXPECT_TRUE(cursor.online_at(SimTime{1'000'000'000 * second}, kad(), 1));
    EXPECT_EQ(cursor.ends(), never);
}

}  // namespace
}  // namespace parley::agentic
