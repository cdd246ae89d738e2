#include "models/agentic/parameter_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "engine/error.hpp"

namespace parley::agentic {

namespace {

constexpr std::int64_t most_ou_steps = 1'000'000'000;

void refuse(bool wrong, const std::string& message) {
    if (wrong) throw InputError(message);
}

void check_budget(const Parameters& p) {
    refuse(p.adversary_budget > 0 && p.identity_cost == 0,
           "adversary.budget is set but identity.cost is 0 (identities for nothing are without number); set both");
    refuse(p.adversary_budget == 0 && p.identity_cost > 0,
           "identity.cost is set but adversary.budget is 0 (there is nothing to pay with); set both, or neither");
    refuse(p.adversary_budget == 0 && p.adversary_reserve > 0,
           "adversary.reserve is set but adversary.budget is 0 (there is nothing to keep back); set both, or neither");
    refuse(p.adversary_budget > 0 && p.sybil_fraction > 0,
           "adversary.budget and adversary.fraction are both set (each says how many Sybils there are); set one");
    const double bought = identities_for(p.adversary_budget * (1 - p.adversary_reserve), p.identity_cost);
    refuse(bought >= p.peers, "adversary.budget buys " + std::to_string(static_cast<std::uint64_t>(bought)) +
                                  " Sybils but there are only " + std::to_string(p.peers) +
                                  " identities, one of them honest at least; lower it, or raise peers.count or "
                                  "identity.cost");
}

void check_adversary(const Parameters& p) {
    refuse(p.targeting == Targeting::cells && p.cells.empty(),
           "adversary.targeting is cells but adversary.cells names none; name the classes to poison");
    refuse(p.targeting != Targeting::cells && !p.cells.empty(),
           "adversary.cells names classes but adversary.targeting is not cells (they would mean nothing); set it to "
           "cells, or leave out adversary.cells");
    refuse(p.silent_share + p.onoff_share > 1,
           "adversary.silent and adversary.onoff add up to more than 1 (they are shares of the Sybils); lower one of "
           "them");
}

// A Sybil comes back at most once an epoch, and once a delay.
void check_identities(const Parameters& p) {
    if (!p.whitewash || p.sybils() == 0) return;
    const std::uint64_t by_time =
        1 + static_cast<std::uint64_t>(p.end.nanoseconds / std::max(p.epoch, p.rejoin_delay).nanoseconds);
    const std::uint64_t all = p.reentries();
    const std::uint64_t most = all == Parameters::no_reentry_limit ? by_time : std::min(by_time, all / p.sybils() + 1);
    constexpr std::uint64_t numbers = std::uint64_t{1} << 32;
    refuse(most > std::numeric_limits<std::uint16_t>::max() || (most + 1) * p.peers > numbers,
           "with adversary.whitewash a Sybil could come back " + std::to_string(most) +
               " times in this run (identities have 32 bits, of which 16 count how often a peer came back); shorten "
               "run.duration, raise adversary.rejoin_delay, or set a budget");
}

void cross_check(const Parameters& p) {
    refuse(p.classes_generated && p.capabilities > p.classes.size(),
           "peers.capabilities is " + std::to_string(p.capabilities) + " but capability.classes gives only " +
               std::to_string(p.classes.size()) + " (an honest peer offers distinct classes); lower it");
    refuse(p.candidates > p.peers - 1, "registry.candidates is " + std::to_string(p.candidates) +
                                           " but a peer has only " + std::to_string(p.peers - 1) +
                                           " others; lower it or raise peers.count");
    refuse(p.refresh_period > p.ttl,
           "descriptor.refresh_fraction is above 1 (descriptors would expire before they are refreshed); lower it");
    refuse(p.refresh_period.nanoseconds < 1,
           "descriptor.refresh_fraction times descriptor.ttl is below 1 ns; raise one of them");
    refuse(p.honest() == 0, "adversary.fraction leaves no honest peer among " + std::to_string(p.peers) + "; lower it");
    const bool needs_pretrust = p.reputation == ReputationKind::eigentrust || p.reputation == ReputationKind::sybilrank;
    refuse(
        needs_pretrust && p.pretrusted() == 0,
        "reputation.kind needs pre-trusted peers, but reputation.pretrusted_share and reputation.pretrusted_min give "
        "none among " +
            std::to_string(p.honest()) + " honest peers; raise one of them");
    refuse(p.histogram_interval.nanoseconds % p.interval.nanoseconds != 0,
           "output.histogram_interval is not a multiple of output.interval; choose a multiple");
    refuse(p.drift_kind == DriftKind::ou && p.ou_step > p.ou_time,
           "drift.ou_step is above drift.ou_time (quality would be constant for longer than it remembers); lower it");
    refuse(p.drift_kind == DriftKind::ou && p.end.nanoseconds / p.ou_step.nanoseconds >= most_ou_steps,
           "run.duration is more than " + std::to_string(most_ou_steps) +
               " times drift.ou_step (steps are numbered in 32 bits, and each costs a draw); raise drift.ou_step");
    refuse(p.canary_parallel > p.candidates, "canary.parallel is above registry.candidates; lower it");
    refuse(static_cast<std::uint64_t>(p.peers) * 2 > std::numeric_limits<std::uint32_t>::max() - (1U << 28),
           "peers.count is too large for 32-bit entity ids; lower it");
}

}  // namespace

double identities_for(double money, double cost) { return money > 0 ? std::floor(money / cost * (1 + 1e-12)) : 0.0; }

void check_parameters(const Parameters& parameters) {
    check_budget(parameters);
    cross_check(parameters);
    check_adversary(parameters);
    check_identities(parameters);
}

}  // namespace parley::agentic
