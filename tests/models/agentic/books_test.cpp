#include "models/agentic/books.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley::agentic {

namespace {

// The books of a small run, written by hand: 10 workflows, of which 6 succeed, 1 is compromised, 2 fail, 1 is open.
struct Account {
    Metrics sums;
    std::uint64_t open = 1;
    std::vector<std::uint64_t> pending = std::vector<std::uint64_t>(event_kind_count);
    std::uint64_t k = 8;

    Account() {
        set(Counter::workflows_started, 10);
        set(Counter::workflows_success, 6);
        set(Counter::workflows_compromised, 1);
        set(Counter::workflows_failed, 2);
        sums.counts[Metrics::failures_at] = 2;
        message(MessageKind::query, EventKind::query, 12, 9, 1, 2);
        message(MessageKind::candidates, EventKind::candidates, 9, 9, 0, 0);
        message(MessageKind::canary_request, EventKind::canary_request, 5, 5, 0, 0);
        message(MessageKind::canary_response, EventKind::canary_response, 5, 4, 0, 1);
        message(MessageKind::feedback, EventKind::report, 3, 3, 0, 0);
        message(MessageKind::register_descriptor, EventKind::register_descriptor, 20, 20, 0, 0);
        // One request and one task reached, or belonged to, a peer that was off.
        message(MessageKind::delegate, EventKind::delegate, 4, 3, 0, 0);
        sums.ignored[code(EventKind::delegate)] = 1;
        sums.ignored[code(EventKind::task_done)] = 1;
        set(Counter::canaries_passed, 3);
        set(Counter::canaries_failed, 1);
        set(Counter::reports_counted, 3);
        set(Counter::registrations, 20);
        set(Counter::shard_requests, 29);
        set(Counter::executions_good, 7);
        set(Counter::executions_bad, 1);
        pending[code(EventKind::task_done)] = 2;
        set(Counter::evidence_verified, 4);
        set(Counter::evidence_rejected, 4);
        set(Counter::candidates_handed_out, 72);
        set(Counter::poisoned_candidates_handed_out, 20);
        latencies(Latency::end_to_end, 7);
        latencies(Latency::registry_wait, 29);
        latencies(Latency::execution, 11);
        latencies(Latency::queue_wait, 8);
    }
    void set(Counter counter, std::uint64_t n) { sums.counts[static_cast<std::size_t>(counter)] = n; }
    void message(MessageKind kind, EventKind event, std::uint64_t sent, std::uint64_t delivered, std::uint64_t lost,
                 std::uint64_t waiting) {
        sums.counts[Metrics::messages_at + static_cast<std::size_t>(kind)] = sent;
        sums.counts[Metrics::lost_at + static_cast<std::size_t>(kind)] = lost;
        sums.delivered[code(event)] = delivered;
        pending[code(event)] = waiting;
    }
    void latencies(Latency kind, std::uint64_t n) {
        auto& histogram = sums.histograms[static_cast<std::size_t>(kind)];
        histogram[100] = n / 2;
        histogram[200] = n - n / 2;
    }
    void check() const { check_books(sums, open, pending, k); }
};

struct Fault {
    std::function<void(Account&)> commit;
    std::string words;  // of the message
};

TEST(Books, OfARunThatAccountsForEverythingBalance) { EXPECT_NO_THROW(Account().check()); }

TEST(Books, NameTheEquationThatDoesNotHold) {
    const std::vector<Fault> faults{
        {[](Account& a) { a.open = 2; }, "workflows started, and ended or open (10 and 11)"},
        {[](Account& a) { a.set(Counter::workflows_started, 9); }, "workflows started"},
        {[](Account& a) { ++a.sums.counts[Metrics::failures_at + 3]; }, "failed by reason (2 and 3)"},
        {[](Account& a) { a.latencies(Latency::end_to_end, 8); }, "end-to-end latencies (7 and 8)"},
        {[](Account& a) { --a.sums.delivered[code(EventKind::query)]; }, "messages of kind query sent"},
        {[](Account& a) { a.message(MessageKind::query, EventKind::query, 12, 9, 0, 2); }, "(12 and 11)"},
        {[](Account& a) { a.pending[code(EventKind::committed)] = 1; }, "messages of kind committed sent"},
        {[](Account& a) { a.set(Counter::canaries_failed, 2); }, "canaries passed or failed"},
        {[](Account& a) { a.set(Counter::reports_counted, 2); }, "reports counted"},
        {[](Account& a) { a.set(Counter::registrations, 21); }, "registrations counted"},
        {[](Account& a) { a.set(Counter::shard_requests, 28); }, "requests served by shards"},
        {[](Account& a) { a.pending[code(EventKind::task_done)] = 1; }, "executions begun"},
        {[](Account& a) { a.latencies(Latency::queue_wait, 12); }, "waits in queues"},
        {[](Account& a) { a.set(Counter::evidence_rejected, 5); }, "evidence rejected"},
        {[](Account& a) { a.set(Counter::poisoned_candidates_handed_out, 73); }, "poisoned candidates"},
        {[](Account& a) { ++a.sums.counts[Metrics::tiers_at]; },
         "steps_accepted_good, and their sum over tiers (0 and 1)"},
        {[](Account& a) { --a.sums.ignored[code(EventKind::delegate)]; }, "messages of kind delegate sent"},
        {[](Account& a) { --a.sums.ignored[code(EventKind::task_done)]; }, "executions begun"},
        {[](Account& a) { a.k = 7; }, "K for each query (72 above 63)"}};
    for (const Fault& fault : faults) {
        Account account;
        fault.commit(account);
        try {
            account.check();
            ADD_FAILURE() << "not noticed: " << fault.words;
        } catch (const std::logic_error& error) {
            EXPECT_NE(std::string(error.what()).find(fault.words), std::string::npos) << error.what();
        }
    }
}

}  // namespace

}  // namespace parley::agentic
