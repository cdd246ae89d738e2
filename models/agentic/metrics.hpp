// What is measured: integer counters and latency histograms, one set a partition, summed over partitions and
// ranks at the end of each interval. Means and shares are computed from the sums only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/numerics.hpp"
#include "engine/sim_time.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/tier.hpp"

namespace parley::agentic {

enum class Failure : std::uint8_t {
    no_candidate,
    no_trusted_candidate,
    verification_exhausted,
    execution_failed,
    timeout,
    busy,
    deadline,
    discovery_failed,
    requester_left,
};
inline constexpr std::array failure_names{
    "no_candidate", "no_trusted_candidate", "verification_exhausted", "execution_failed", "timeout", "busy",
    "deadline",     "discovery_failed",     "requester_left"};
inline constexpr std::size_t failure_count = failure_names.size();

// Control plane first, then data plane.
enum class MessageKind : std::uint8_t {
    register_descriptor,
    query,
    candidates,
    canary_request,
    canary_response,
    feedback,
    evidence,
    commit,
    committed,
    delegate,
    result,
    busy,
};
inline constexpr std::array message_names{"register",        "query",    "candidates", "canary_request",
                                          "canary_response", "feedback", "evidence",   "commit",
                                          "committed",       "delegate", "result",     "busy"};
inline constexpr std::size_t message_kind_count = message_names.size();
inline constexpr std::size_t control_kind_count = 9;

// Which event carries a message. Evidence has none of its own: it travels with the result.
inline constexpr std::array<std::pair<MessageKind, EventKind>, 11> carriers{
    {{MessageKind::register_descriptor, EventKind::register_descriptor},
     {MessageKind::query, EventKind::query},
     {MessageKind::candidates, EventKind::candidates},
     {MessageKind::canary_request, EventKind::canary_request},
     {MessageKind::canary_response, EventKind::canary_response},
     {MessageKind::feedback, EventKind::report},
     {MessageKind::commit, EventKind::commit},
     {MessageKind::committed, EventKind::committed},
     {MessageKind::delegate, EventKind::delegate},
     {MessageKind::result, EventKind::result},
     {MessageKind::busy, EventKind::busy}}};
static_assert(carriers.size() + 1 == message_kind_count, "every kind of message is in the books");

enum class Counter : std::uint8_t {
    workflows_started,
    workflows_success,
    workflows_compromised,
    workflows_failed,
    workflows_tainted,  // failed with a bad result among the accepted steps
    steps_accepted_good,
    steps_accepted_bad,
    steps_failed,
    steps_dropped,  // running when another step of their workflow failed
    unsafe_actions,
    executions_good,
    executions_bad,
    candidates_handed_out,
    poisoned_candidates_handed_out,
    registrations,
    entries_expired,
    shard_busy_nanoseconds,
    shard_requests,
    canaries_sent,
    canaries_passed,
    canaries_failed,
    canaries_evaded,
    evidence_verified,
    evidence_rejected,
    evidence_false_rejected,
    reports_counted,
    false_praise_sent,
    false_blame_sent,
    signatures_made,
    signatures_verified,
    rejected_forgeries,
    departures,  // by churn
    returns,
    whitewashes,
    // levels at the end of the interval
    live_entries,
    live_honest_entries,
    nominal_claims,        // live honest entries that claim the nominal state
    stale_entries,         // live honest entries whose claim is no longer true
    stale_nominal_claims,  // of these, those that claim nominal
    poisoned_entries,
    forged_entries,  // live entries whose name is not their holder's
    dead_entries,    // live entries whose peer churn has taken off
    peers_online,
    attack_edges,
    open_workflows,
};
inline constexpr std::size_t counter_count = static_cast<std::size_t>(Counter::open_workflows) + 1;

// Counters that are split by the tier a step is served at, too.
enum class TierCounter : std::uint8_t {
    steps_accepted_good,
    steps_accepted_bad,
    steps_failed,
    steps_dropped,
    canaries_sent,
};
// The whole of each.
inline constexpr std::array tier_totals{Counter::steps_accepted_good, Counter::steps_accepted_bad,
                                        Counter::steps_failed, Counter::steps_dropped, Counter::canaries_sent};
inline constexpr std::size_t tier_counter_count = tier_totals.size();
inline constexpr std::array tier_counter_names{"steps_accepted_good", "steps_accepted_bad", "steps_failed",
                                               "steps_dropped", "canaries_sent"};
static_assert(tier_counter_names.size() == tier_counter_count);
inline constexpr std::array tier_names{"optimistic", "reputation", "canary", "evidence"};
static_assert(tier_names.size() == tier_count);

enum class Latency : std::uint8_t { discovery, canary, queue_wait, execution, end_to_end, registry_wait };
inline constexpr std::array latency_names{"discovery", "canary",     "queue_wait",
                                          "execution", "end_to_end", "registry_wait"};
inline constexpr std::size_t latency_count = latency_names.size();

// Log-spaced bins: 50 a decade from 10 us to 10,000 s, one below and one above.
struct LatencyBins {
    static constexpr int per_decade = 50;
    static constexpr int decades = 9;
    static constexpr double lowest = 1e-5;
    static constexpr std::size_t count = per_decade * decades + 2;

    static std::size_t of(Duration latency) {
        const double seconds = latency.seconds();
        if (seconds < lowest) return 0;
        constexpr double log_to_bin = per_decade / 2.302585092994045684;
        const auto bin = static_cast<std::size_t>(portable_log(seconds / lowest) * log_to_bin) + 1;
        return bin < count ? bin : count - 1;
    }
    // Lower edge of a bin in seconds; 0 for the first.
    static double lower_edge(std::size_t bin) {
        return bin == 0 ? 0.0
                        : lowest * portable_exp(static_cast<double>(bin - 1) * (2.302585092994045684 / per_decade));
    }
};

struct Metrics {
    // All additive numbers in one array, so that one reduction sums them.
    static constexpr std::size_t failures_at = counter_count;
    static constexpr std::size_t messages_at = failures_at + failure_count;
    static constexpr std::size_t bytes_at = messages_at + message_kind_count;
    static constexpr std::size_t lost_at = bytes_at + message_kind_count;
    static constexpr std::size_t dropped_at = lost_at + message_kind_count;
    static constexpr std::size_t tiers_at = dropped_at + message_kind_count;
    static constexpr std::size_t size = tiers_at + tier_counter_count * tier_count;

    std::array<std::uint64_t, size> counts{};
    std::array<std::array<std::uint64_t, LatencyBins::count>, latency_count> histograms{};
    // Since the start, by kind of event: those handled, and those that reached a peer that took no note of them.
    std::array<std::uint64_t, event_kind_count> delivered{};
    std::array<std::uint64_t, event_kind_count> ignored{};
    std::uint64_t longest_queue = 0;  // requests at a shard, in service or waiting

    void add(Counter counter, std::uint64_t n = 1) { counts[static_cast<std::size_t>(counter)] += n; }
    // Adds to the whole and to the part of the tier.
    void add_at_tier(TierCounter counter, Tier tier, std::uint64_t n = 1) {
        const auto c = static_cast<std::size_t>(counter);
        add(tier_totals[c], n);
        counts[tiers_at + c * tier_count + tier] += n;
    }
    std::uint64_t at_tier(std::size_t counter, std::size_t tier) const {
        return counts[tiers_at + counter * tier_count + tier];
    }
    std::uint64_t get(Counter counter) const { return counts[static_cast<std::size_t>(counter)]; }
    void add_failure(Failure reason) { ++counts[failures_at + static_cast<std::size_t>(reason)]; }
    std::uint64_t failures(std::size_t reason) const { return counts[failures_at + reason]; }
    void add_message(MessageKind kind, std::uint64_t bytes) {
        ++counts[messages_at + static_cast<std::size_t>(kind)];
        counts[bytes_at + static_cast<std::size_t>(kind)] += bytes;
    }
    std::uint64_t messages(std::size_t kind) const { return counts[messages_at + kind]; }
    void add_lost(MessageKind kind) { ++counts[lost_at + static_cast<std::size_t>(kind)]; }
    std::uint64_t lost(std::size_t kind) const { return counts[lost_at + kind]; }
    // A message that reached a peer that is off, or has given up the name.
    void add_dropped(MessageKind kind) { ++counts[dropped_at + static_cast<std::size_t>(kind)]; }
    std::uint64_t dropped(std::size_t kind) const { return counts[dropped_at + kind]; }
    std::uint64_t bytes(std::size_t kind) const { return counts[bytes_at + kind]; }
    std::uint64_t control_bytes() const;
    std::uint64_t data_bytes() const;
    void add_latency(Latency kind, Duration latency) {
        ++histograms[static_cast<std::size_t>(kind)][LatencyBins::of(latency)];
    }

    template <class Archive>
    void transfer(Archive& archive) {
        archive(counts, histograms, delivered, ignored, longest_queue);
    }

    void add_counts_of(const Metrics& other);
    void add_histograms_of(const Metrics& other);
    void add_events_of(const Metrics& other);
};

// The value below which a share p of a histogram lies, interpolated within its bin on the logarithmic scale; NaN if the
// histogram is empty, infinity if it lies in the last bin, which has no upper edge.
double percentile(const std::array<std::uint64_t, LatencyBins::count>& histogram, double p);

}  // namespace parley::agentic
