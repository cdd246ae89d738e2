// The books of a run: what was started, sent and handed out must be accounted for when it ends.
#pragma once

#include <cstdint>
#include <span>

#include "models/agentic/metrics.hpp"

namespace parley::agentic {

// Over the whole run, summed over all partitions and ranks:
//
//   workflows started = ended + open;  failed = sum over reasons
//   messages of each kind: sent = delivered + ignored by a peer that was off + lost + pending
//   steps and canaries: sums over tiers = wholes
//   histogram totals: end to end = workflows that ended with every step accepted; registry wait = requests served;
//     execution = executions done + given up by a peer that left + in progress; queue wait <= execution
//   answers to canaries, reports, registrations: counted = delivered
//   poisoned candidates <= candidates handed out <= K x queries delivered;  rejected evidence <= verified
//
// `sums`: counters, histograms and deliveries since the start. `pending`: events that wait, by EventKind. `k`: the most
// candidates of an answer. Throws std::logic_error with the first equation that does not hold, and its numbers.
void check_books(const Metrics& sums, std::uint64_t open_workflows, std::span<const std::uint64_t> pending,
                 std::uint64_t k);

}  // namespace parley::agentic
