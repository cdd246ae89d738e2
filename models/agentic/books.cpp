#include "models/agentic/books.hpp"

#include <numeric>
#include <stdexcept>
#include <string>

namespace parley::agentic {

namespace {

[[noreturn]] void refuse_books(const std::string& what) {
    throw std::logic_error("the books do not balance: " + what + "; this is an error of the program, please report it");
}

void check_equal(std::uint64_t left, std::uint64_t right, const std::string& what) {
    if (left != right) refuse_books(what + " (" + std::to_string(left) + " and " + std::to_string(right) + ")");
}

void check_at_most(std::uint64_t left, std::uint64_t right, const std::string& what) {
    if (left > right) refuse_books(what + " (" + std::to_string(left) + " above " + std::to_string(right) + ")");
}

std::uint64_t total(const Metrics& sums, Latency latency) {
    const auto& histogram = sums.histograms[static_cast<std::size_t>(latency)];
    return std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
}

void check_workflows(const Metrics& sums, std::uint64_t open) {
    const std::uint64_t accepted = sums.get(Counter::workflows_success) + sums.get(Counter::workflows_compromised);
    const std::uint64_t failed = sums.get(Counter::workflows_failed);
    check_equal(sums.get(Counter::workflows_started), accepted + failed + open, "workflows started, and ended or open");
    std::uint64_t reasons = 0;
    for (std::size_t reason = 0; reason < failure_count; ++reason) reasons += sums.failures(reason);
    check_equal(failed, reasons, "workflows failed, and failed by reason");
    check_equal(accepted, total(sums, Latency::end_to_end), "workflows accepted, and their end-to-end latencies");
}

void check_messages(const Metrics& sums, std::span<const std::uint64_t> pending) {
    for (const auto& [message, event] : carriers) {
        const auto kind = static_cast<std::size_t>(message);
        const std::uint64_t accounted =
            sums.delivered[code(event)] + sums.ignored[code(event)] + sums.lost(kind) + pending[code(event)];
        check_equal(sums.messages(kind), accounted,
                    std::string("messages of kind ") + message_names[kind] +
                        " sent, and those delivered, ignored, lost or pending");
    }
}

void check_tiers(const Metrics& sums) {
    for (std::size_t c = 0; c < tier_counter_count; ++c) {
        std::uint64_t parts = 0;
        for (std::size_t tier = 0; tier < tier_count; ++tier) parts += sums.at_tier(c, tier);
        check_equal(sums.get(tier_totals[c]), parts, std::string(tier_counter_names[c]) + ", and their sum over tiers");
    }
}

void check_work(const Metrics& sums, std::span<const std::uint64_t> pending, std::uint64_t k) {
    const auto delivered = [&](EventKind event) { return sums.delivered[code(event)]; };
    check_equal(sums.get(Counter::canaries_passed) + sums.get(Counter::canaries_failed),
                delivered(EventKind::canary_response), "canaries passed or failed, and answers to canaries");
    check_equal(sums.get(Counter::reports_counted), delivered(EventKind::report), "reports counted, and delivered");
    check_equal(sums.get(Counter::registrations), delivered(EventKind::register_descriptor),
                "registrations counted, and delivered");
    check_equal(sums.get(Counter::shard_requests), total(sums, Latency::registry_wait),
                "requests served by shards, and their waits");
    const std::uint64_t executions = sums.get(Counter::executions_good) + sums.get(Counter::executions_bad);
    check_equal(total(sums, Latency::execution),
                executions + pending[code(EventKind::task_done)] + sums.ignored[code(EventKind::task_done)],
                "executions begun, and those done, given up or in progress");
    check_at_most(total(sums, Latency::queue_wait), total(sums, Latency::execution), "waits in queues, and executions");
    check_at_most(sums.get(Counter::evidence_rejected), sums.get(Counter::evidence_verified),
                  "evidence rejected, and verified");
    check_at_most(sums.get(Counter::poisoned_candidates_handed_out), sums.get(Counter::candidates_handed_out),
                  "poisoned candidates handed out, and candidates");
    check_at_most(sums.get(Counter::candidates_handed_out), k * delivered(EventKind::query),
                  "candidates handed out, and K for each query");
}

}  // namespace

void check_books(const Metrics& sums, std::uint64_t open_workflows, std::span<const std::uint64_t> pending,
                 std::uint64_t k) {
    check_workflows(sums, open_workflows);
    check_messages(sums, pending);
    check_tiers(sums);
    check_work(sums, pending, k);
}

}  // namespace parley::agentic
