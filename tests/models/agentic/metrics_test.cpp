// Latency bins and percentiles, and counters that add up.
#include "models/agentic/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace parley::agentic {
namespace {

TEST(LatencyBins, AreFiftyADecadeFromTenMicrosecondsToTenThousandSeconds) {
    EXPECT_EQ(LatencyBins::count, 452U);
    EXPECT_EQ(LatencyBins::lower_edge(0), 0.0);
    for (std::size_t bin = 1; bin < LatencyBins::count; ++bin) {
        const double edge = 1e-5 * std::pow(10.0, static_cast<double>(bin - 1) / 50);
        EXPECT_NEAR(LatencyBins::lower_edge(bin) / edge, 1, 1e-13);
    }
    EXPECT_NEAR(LatencyBins::lower_edge(51), 1e-4, 1e-17);
    EXPECT_NEAR(LatencyBins::lower_edge(451), 1e4, 1e-9);
}

TEST(LatencyBins, TakeValuesBetweenTheirEdges) {
    for (std::size_t bin = 1; bin + 1 < LatencyBins::count; ++bin) {
        for (const double position : {0.02, 0.5, 0.98}) {
            const double seconds = 1e-5 * std::pow(10.0, (static_cast<double>(bin - 1) + position) / 50);
            ASSERT_EQ(LatencyBins::of(duration_from_seconds(seconds)), bin) << seconds << " s";
        }
    }
}

TEST(LatencyBins, TakeEverythingBelowAndAbove) {
    EXPECT_EQ(LatencyBins::of(Duration{0}), 0U);
    EXPECT_EQ(LatencyBins::of(Duration{9999}), 0U);
    EXPECT_EQ(LatencyBins::of(Duration{10'000}), 1U);
    EXPECT_EQ(LatencyBins::of(Duration{9'999'000'000'000}), 450U);
    EXPECT_EQ(LatencyBins::of(Duration{10'001'000'000'000}), 451U);
    EXPECT_EQ(LatencyBins::of(Duration{9'000'000'000'000'000'000}), 451U);
}

using Histogram = std::array<std::uint64_t, LatencyBins::count>;

TEST(Percentile, LiesWithinABinOfTheSortedValues) {
    std::mt19937 random(8);
    std::lognormal_distribution<double> latencies(std::log(0.03), 1.0);
    for (const std::size_t n : {1U, 2U, 10U, 1000U}) {
        Histogram histogram{};
        std::vector<double> values(n);
        for (double& value : values) {
            const Duration latency = duration_from_seconds(latencies(random));
            value = latency.seconds();
            ++histogram[LatencyBins::of(latency)];
        }
        std::sort(values.begin(), values.end());
        for (const double p : {0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 1.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(n) - 1e-9));
            const double wanted = values[std::max<std::size_t>(rank, 1) - 1];
            // A bin is 10^(1/50), that is 4.7 %, wide.
            EXPECT_NEAR(std::log10(percentile(histogram, p) / wanted), 0, 1.0 / 50 + 1e-9) << n << " values, p = " << p;
        }
    }
}

TEST(Percentile, InterpolatesWithinABinOnTheLogarithmicScale) {
    Histogram histogram{};
    histogram[51] = 4;  // from 100 us
    for (const double p : {0.25, 0.5, 0.75, 1.0}) {
        EXPECT_NEAR(percentile(histogram, p), 1e-4 * std::pow(10.0, p / 50), 1e-15);
    }
}

TEST(Percentile, InterpolatesLinearlyBelowTheLowestEdge) {
    Histogram histogram{};
    histogram[0] = 10;
    EXPECT_NEAR(percentile(histogram, 0.5), 5e-6, 1e-18);
}

TEST(Percentile, IsTheUpperEdgeBeyondTheScale) {
    Histogram histogram{};
    histogram[451] = 3;
    EXPECT_GE(percentile(histogram, 0.5), 1e4 * (1 - 1e-12));
}

TEST(Percentile, IsNotANumberWithoutValues) { EXPECT_TRUE(std::isnan(percentile(Histogram{}, 0.5))); }

TEST(Metrics, SeparatesControlFromDataPlane) {
    Metrics metrics;
    std::uint64_t bytes = 1;
    for (std::size_t kind = 0; kind < message_kind_count; ++kind, bytes *= 10) {
        metrics.add_message(static_cast<MessageKind>(kind), bytes);
    }
    EXPECT_EQ(metrics.control_bytes(), 111'111'111U);   // register .. committed
    EXPECT_EQ(metrics.data_bytes(), 111'000'000'000U);  // delegate, result, busy
    EXPECT_STREQ(message_names[control_kind_count - 1], "committed");
    EXPECT_STREQ(message_names[control_kind_count], "delegate");
    for (std::size_t kind = 0; kind < message_kind_count; ++kind) EXPECT_EQ(metrics.messages(kind), 1U);
}

TEST(Metrics, AddUpOverPartitions) {
    Metrics total;
    Metrics a;
    Metrics b;
    a.add(Counter::workflows_started, 5);
    b.add(Counter::workflows_started, 7);
    a.add(Counter::open_workflows);
    b.add_failure(Failure::deadline);
    a.add_message(MessageKind::query, 224);
    b.add_message(MessageKind::query, 224);
    a.longest_queue = 3;
    b.longest_queue = 9;
    a.add_latency(Latency::execution, Duration{1'000'000'000});
    b.add_latency(Latency::execution, Duration{1'000'000'000});
    for (const Metrics* part : {&b, &a}) {
        total.add_counts_of(*part);
        total.add_histograms_of(*part);
    }
    EXPECT_EQ(total.get(Counter::workflows_started), 12U);
    EXPECT_EQ(total.get(Counter::open_workflows), 1U);
    EXPECT_EQ(total.failures(static_cast<std::size_t>(Failure::deadline)), 1U);
    EXPECT_EQ(total.messages(static_cast<std::size_t>(MessageKind::query)), 2U);
    EXPECT_EQ(total.bytes(static_cast<std::size_t>(MessageKind::query)), 448U);
    EXPECT_EQ(total.longest_queue, 9U);
    EXPECT_EQ(total.histograms[static_cast<std::size_t>(Latency::execution)][251], 2U);  // 1 s: 5 decades of 50
    EXPECT_EQ(total.get(Counter::workflows_success), 0U);
}

TEST(Metrics, NameEveryFailureAndLatency) {
    EXPECT_STREQ(failure_names[static_cast<std::size_t>(Failure::no_candidate)], "no_candidate");
    EXPECT_STREQ(failure_names[static_cast<std::size_t>(Failure::timeout)], "timeout");
    EXPECT_STREQ(failure_names[static_cast<std::size_t>(Failure::discovery_failed)], "discovery_failed");
    EXPECT_STREQ(latency_names[static_cast<std::size_t>(Latency::queue_wait)], "queue_wait");
    EXPECT_STREQ(latency_names[static_cast<std::size_t>(Latency::registry_wait)], "registry_wait");
    EXPECT_STREQ(message_names[static_cast<std::size_t>(MessageKind::busy)], "busy");
}

}  // namespace
}  // namespace parley::agentic
