#include "models/agentic/metrics.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace parley::agentic {

std::uint64_t Metrics::control_bytes() const {
    const auto first = counts.begin() + bytes_at;
    return std::accumulate(first, first + control_kind_count, std::uint64_t{0});
}

std::uint64_t Metrics::data_bytes() const {
    const auto first = counts.begin() + bytes_at;
    return std::accumulate(first + control_kind_count, first + message_kind_count, std::uint64_t{0});
}

void Metrics::add_counts_of(const Metrics& other) {
    for (std::size_t i = 0; i < size; ++i) counts[i] += other.counts[i];
    longest_queue = std::max(longest_queue, other.longest_queue);
}

void Metrics::add_events_of(const Metrics& other) {
    for (std::size_t kind = 0; kind < event_kind_count; ++kind) {
        delivered[kind] += other.delivered[kind];
        ignored[kind] += other.ignored[kind];
    }
}

void Metrics::add_histograms_of(const Metrics& other) {
    for (std::size_t kind = 0; kind < latency_count; ++kind) {
        for (std::size_t bin = 0; bin < LatencyBins::count; ++bin) histograms[kind][bin] += other.histograms[kind][bin];
    }
}

double percentile(const std::array<std::uint64_t, LatencyBins::count>& histogram, double p) {
    const std::uint64_t total = std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
    if (total == 0) return std::numeric_limits<double>::quiet_NaN();
    const double wanted = p * static_cast<double>(total);
    double below = 0;
    for (std::size_t bin = 0; bin < LatencyBins::count; ++bin) {
        const auto here = static_cast<double>(histogram[bin]);
        if (here > 0 && below + here >= wanted) {
            if (bin + 1 == LatencyBins::count) return std::numeric_limits<double>::infinity();
            if (bin == 0) return LatencyBins::lower_edge(1) * (wanted - below) / here;
            const double position = static_cast<double>(bin - 1) + (wanted - below) / here;
            return LatencyBins::lowest * portable_exp(position * (2.302585092994045684 / LatencyBins::per_decade));
        }
        below += here;
    }
    return std::numeric_limits<double>::infinity();
}

}  // namespace parley::agentic
