// From the ranked candidates to an accepted result: canaries, delegation, evidence, the commit gate.
#include "models/agentic/execution/requester.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

void Requester::try_next(AgenticContext& context, Peer& peer, Workflow& workflow) {
    const auto ranked = pool_.ranked(workflow);
    const auto next = std::find_if(ranked.begin(), ranked.end(),
                                   [](const RankedCandidate& c) { return c.state != CandidateState::used; });
    if (next == ranked.end()) return fail(peer, workflow, workflow.last_failure);
    const auto rank = static_cast<std::size_t>(next - ranked.begin());
    if (workflow.tier < 2 || next->state == CandidateState::passed) {
        delegate(context, workflow, rank);
    } else if (next->state == CandidateState::untried) {
        send_canaries(context, workflow, rank);
    } else {  // its canaries are on their way, sent together with those of a better-ranked candidate
        workflow.phase = Phase::canary;
        workflow.due = std::max(workflow.canaries_due, context.now());
    }
    set_wake(context, peer, std::min(workflow.due, workflow.started + p_.deadline));
}

void Requester::send_canaries(AgenticContext& context, Workflow& workflow, std::size_t first) {
    const auto ranked = pool_.ranked(workflow);
    std::size_t asked = 0;
    for (std::size_t rank = first; rank < ranked.size() && asked < p_.canary_parallel; ++rank) {
        if (ranked[rank].state != CandidateState::untried) continue;
        ranked[rank].state = CandidateState::canary_sent;
        ++asked;
        const Address to = address_of(workflow, ranked[rank].peer);
        const CanaryRequest request{
            {workflow.number, workflow.step, static_cast<std::uint8_t>(rank), workflow.capability_class},
            to.incarnation,
            0,
            (context.now() + p_.canary_timeout).nanoseconds};
        for (std::uint32_t i = 0; i < p_.canary_count; ++i) {
            network_.post(context, to.peer, EventKind::canary_request, MessageKind::canary_request,
                          message_size::canary_request, request);
        }
        metrics_.add_at_tier(TierCounter::canaries_sent, workflow.tier, p_.canary_count);
    }
    workflow.phase = Phase::canary;
    workflow.phase_began = context.now();
    workflow.due = workflow.canaries_due = context.now() + p_.canary_timeout;
}

void Requester::on_canary_response(AgenticContext& context, Peer& peer, const CanaryResponse& response) {
    // Every canary is counted once, when it is answered, whether or not its step still waits for it.
    const Duration left = SimTime{response.due} - context.now();
    const bool in_time = left >= Duration{};
    const bool passed = response.passed != 0 && in_time;
    metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
    metrics_.add(passed ? Counter::canaries_passed : Counter::canaries_failed);
    if (passed && response.sybil != 0) metrics_.add(Counter::canaries_evaded);
    Workflow* workflow = find(peer, response.name.workflow, response.name.step);
    if (workflow == nullptr) return;
    RankedCandidate& candidate = pool_.ranked(*workflow)[response.name.rank];
    if (candidate.state != CandidateState::canary_sent) return;
    if (in_time) metrics_.add_latency(Latency::canary, p_.canary_timeout - left);
    if (!passed) {
        candidate.state = CandidateState::used;
        workflow->last_failure = Failure::verification_exhausted;
        feedback(context, peer, *workflow, candidate.peer, false);
        if (workflow->phase == Phase::canary) try_next(context, peer, *workflow);
    } else if (++candidate.canaries_passed == p_.canary_count) {
        candidate.state = CandidateState::passed;
        if (workflow->phase == Phase::canary) try_next(context, peer, *workflow);
    }
}

void Requester::on_canary_timeout(AgenticContext& context, Peer& peer, Workflow& workflow) {
    for (RankedCandidate& candidate : pool_.ranked(workflow)) {
        if (candidate.state != CandidateState::canary_sent) continue;
        candidate.state = CandidateState::used;
        workflow.last_failure = Failure::verification_exhausted;
        feedback(context, peer, workflow, candidate.peer, false);
    }
    try_next(context, peer, workflow);
}

void Requester::delegate(AgenticContext& context, Workflow& workflow, std::size_t rank) {
    RankedCandidate& candidate = pool_.ranked(workflow)[rank];
    candidate.state = CandidateState::used;
    workflow.rank = static_cast<std::uint8_t>(rank);
    ++workflow.delegations;
    workflow.phase = Phase::delegated;
    workflow.phase_began = context.now();
    workflow.due = context.now() + p_.execution_timeout;
    const Address to = address_of(workflow, candidate.peer);
    const Delegate request{{workflow.number, workflow.step, workflow.rank, workflow.capability_class},
                           static_cast<std::uint8_t>(workflow.tier >= 3),
                           side_effect_of(workflow),
                           to.incarnation};
    network_.post(context, to.peer, EventKind::delegate, MessageKind::delegate, message_size::delegate, request);
}

void Requester::on_busy(AgenticContext& context, Peer& peer, const Busy& busy) {
    Workflow* workflow = find(peer, busy.name, Phase::delegated);
    if (workflow == nullptr || workflow->rank != busy.name.rank) return;
    --workflow->delegations;
    workflow->last_failure = Failure::busy;
    try_next(context, peer, *workflow);
}

void Requester::on_result(AgenticContext& context, Peer& peer, const Result& result) {
    Workflow* workflow = find(peer, result.name, Phase::delegated);
    if (workflow == nullptr || workflow->rank != result.name.rank) return;
    if (workflow->tier < 3) return check_outcome(context, peer, *workflow, result.good != 0);
    workflow->phase = Phase::checking_evidence;
    workflow->result_good = result.good != 0;
    workflow->due = context.now() + p_.evidence_time;
    set_wake(context, peer, std::min(workflow->due, workflow->started + p_.deadline));
}

void Requester::check_outcome(AgenticContext& context, Peer& peer, Workflow& workflow, bool good) {
    if (!good) {
        RandomStream stream =
            stream_of(p_.seed, context.self().value, Purpose::outcome_check, item_of(workflow), workflow.rank);
        if (bernoulli(stream, p_.outcome_detection)) {
            feedback(context, peer, workflow, pool_.ranked(workflow)[workflow.rank].peer, false);
            return after_failure(context, peer, workflow, Failure::execution_failed);
        }
    }
    accept(context, peer, workflow, good);
}

void Requester::check_evidence(AgenticContext& context, Peer& peer, Workflow& workflow) {
    RandomStream stream =
        stream_of(p_.seed, context.self().value, Purpose::evidence_check, item_of(workflow), workflow.rank);
    const bool good = workflow.result_good;
    const bool rejected = bernoulli(stream, good ? p_.evidence_false_reject : p_.evidence_detection);
    metrics_.add(Counter::evidence_verified);
    metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
    if (!rejected) {
        return is_gated(workflow) ? send_commit(context, peer, workflow) : accept(context, peer, workflow, good);
    }
    metrics_.add(Counter::evidence_rejected);
    if (good) metrics_.add(Counter::evidence_false_rejected);
    feedback(context, peer, workflow, pool_.ranked(workflow)[workflow.rank].peer, false);
    after_failure(context, peer, workflow, Failure::verification_exhausted);
}

// --- the commit gate

SideEffect Requester::side_effect_of(const Workflow& workflow) const {
    if (!step_of(workflow).side_effect) return SideEffect::none;
    return is_gated(workflow) ? SideEffect::at_commit : SideEffect::at_completion;
}

void Requester::send_commit(AgenticContext& context, Peer& peer, Workflow& workflow) {
    workflow.phase = Phase::committing;
    workflow.due = context.now() + p_.execution_timeout;
    const Address to = address_of(workflow, pool_.ranked(workflow)[workflow.rank].peer);
    const Commit commit{{workflow.number, workflow.step, workflow.rank, workflow.capability_class},
                        static_cast<std::uint8_t>(workflow.result_good),
                        0,
                        to.incarnation};
    network_.post_signed(context, to.peer, EventKind::commit, MessageKind::commit, message_size::commit, commit,
                         p_.sign_time);
    set_wake(context, peer, std::min(workflow.due, workflow.started + p_.deadline));
}

void Requester::on_committed(AgenticContext& context, Peer& peer, const Committed& committed) {
    metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
    Workflow* workflow = find(peer, committed.name, Phase::committing);
    if (workflow == nullptr || workflow->rank != committed.name.rank) return;
    accept(context, peer, *workflow, workflow->result_good);
}

}  // namespace parley::agentic
