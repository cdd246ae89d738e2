#include "models/agentic/execution/requester.hpp"

#include <algorithm>
#include <bit>

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

namespace {

// What lies behind the candidates of an answer.
std::span<const std::uint32_t> addresses_of(const Candidates& answer, std::span<const Candidate> candidates) {
    if (!answer.addressed) return {};
    return {reinterpret_cast<const std::uint32_t*>(candidates.data() + candidates.size()), candidates.size()};
}

}  // namespace

void Requester::schedule_arrival(AgenticContext& context, const Peer& peer, std::uint32_t since) {
    if (p_.workflow_rate <= 0) return;
    RandomStream stream =
        stream_of(p_.seed, context.self().value, Purpose::workflow_arrival, peer.workflows_started, since);
    context.schedule(duration_from_seconds(exponential(stream, 1.0 / p_.workflow_rate)),
                     code(EventKind::workflow_arrival), WorkflowArrival{});
}

void Requester::start_workflow(AgenticContext& context, Peer& peer) {
    const std::uint32_t number = peer.workflows_started++;
    metrics_.add(Counter::workflows_started);
    ++open_workflows_;
    for (std::size_t step = 0; step < p_.steps.size(); ++step) {
        if (p_.steps[step].after != 0) continue;
        Workflow& workflow = open_record(peer);
        workflow.number = number;
        workflow.step = static_cast<std::uint8_t>(step);
        workflow.started = context.now();
        begin_step(context, peer, workflow);
    }
    schedule_arrival(context, peer);
}

Workflow& Requester::open_record(Peer& peer) {
    const std::uint32_t index = pool_.take();
    Workflow& workflow = pool_.at(index);
    workflow = Workflow{};
    workflow.next = peer.open_workflows;
    peer.open_workflows = index;
    return workflow;
}

Workflow* Requester::find(const Peer& peer, std::uint32_t number, std::uint8_t step) {
    for (std::uint32_t index = peer.open_workflows; index != WorkflowPool::end;) {
        Workflow& workflow = pool_.at(index);
        if (workflow.number == number && workflow.step == step) return &workflow;
        index = workflow.next;
    }
    return nullptr;
}

Workflow* Requester::find(const Peer& peer, const TaskName& name, Phase phase) {
    Workflow* workflow = find(peer, name.workflow, name.step);
    return workflow != nullptr && workflow->phase == phase ? workflow : nullptr;
}

// --- discovery

void Requester::begin_step(AgenticContext& context, Peer& peer, Workflow& workflow) {
    const WorkflowStep& step = step_of(workflow);
    if (step.capability_class == WorkflowStep::any_class) {
        RandomStream stream = stream_of(p_.seed, context.self().value, Purpose::step_class, item_of(workflow));
        workflow.capability_class = static_cast<std::uint16_t>(catalogue_.draw(stream));
    } else {
        workflow.capability_class = static_cast<std::uint16_t>(step.capability_class);
    }
    workflow.tier = policy_->tier_of(step.risk);
    workflow.phase = Phase::discovering;
    workflow.retries_left = static_cast<std::uint8_t>(p_.query_retries);
    workflow.shards_answered = 0;
    workflow.removed_by_trust = false;
    workflow.merged = 0;
    if (p_.accepts_forgeries()) pool_.stolen_names(workflow).count = 0;
    workflow.delegations = 0;
    workflow.candidates = 0;
    workflow.last_failure = Failure::no_candidate;
    workflow.phase_began = context.now();
    send_queries(context, workflow);
    workflow.due = context.now() + p_.query_timeout;
    set_wake(context, peer, std::min(workflow.due, workflow.started + p_.deadline));
}

void Requester::shards_to_ask(AgenticContext& context, const Workflow& workflow,
                              std::vector<std::uint32_t>& shards) const {
    const std::uint32_t count = catalogue_.shards_of(workflow.capability_class);
    const std::uint32_t first = first_shard_ + catalogue_.first_shard(workflow.capability_class);
    shards.clear();
    if (count == 1) {
        shards.push_back(first);
        return;
    }
    RandomStream stream = stream_of(p_.seed, context.self().value, Purpose::shard_choice, item_of(workflow));
    while (shards.size() < p_.fanout) {
        const std::uint32_t shard = first + stream.below(count);
        if (std::find(shards.begin(), shards.end(), shard) == shards.end()) shards.push_back(shard);
    }
}

void Requester::send_queries(AgenticContext& context, const Workflow& workflow) {
    shards_to_ask(context, workflow, asked_);
    for (std::size_t slot = 0; slot < asked_.size(); ++slot) {
        const Query query{workflow.number, workflow.step, static_cast<std::uint8_t>(slot),
                          static_cast<std::uint8_t>(workflow.tier >= 1), 0};
        network_.post(context, asked_[slot], EventKind::query, MessageKind::query, message_size::query(p_.dimension),
                      query);
    }
}

void Requester::on_candidates(AgenticContext& context, Peer& peer, const Event& event) {
    const auto& answer = event.payload<Candidates>();
    Workflow* workflow = find(peer, answer.workflow, answer.step);
    const auto bit = static_cast<std::uint8_t>(1U << answer.reply_slot);
    if (workflow == nullptr || workflow->phase != Phase::discovering || (workflow->shards_answered & bit) != 0) {
        return;
    }
    workflow->shards_answered |= bit;
    workflow->removed_by_trust |= answer.removed_by_trust;
    const auto candidates = event.list<Candidates, Candidate>(answer.count);
    const std::uint32_t asked = std::min(p_.fanout, catalogue_.shards_of(workflow->capability_class));
    const bool one = asked == 1;
    if (!one) merge(*workflow, candidates);
    if (p_.accepts_forgeries()) [[unlikely]] {
        const std::span<const Candidate> merged(pool_.merge_area(*workflow), workflow->merged);
        keep_addresses(*workflow, one ? candidates : merged, candidates, addresses_of(answer, candidates));
    }
    if (one) return rank_candidates(context, peer, *workflow, candidates);
    if (static_cast<std::uint32_t>(std::popcount(workflow->shards_answered)) == asked) {
        rank_candidates(context, peer, *workflow, {pool_.merge_area(*workflow), workflow->merged});
    }
}

// Keeps the K best of all answers so far. A peer has its entry in one shard of a cell only, so none comes twice.
void Requester::merge(Workflow& workflow, std::span<const Candidate> candidates) {
    const auto better = [](const Candidate& a, const Candidate& b) {
        return a.match != b.match ? a.match > b.match : a.peer < b.peer;
    };
    Candidate* area = pool_.merge_area(workflow);
    std::vector<Candidate> all(area, area + workflow.merged);
    all.insert(all.end(), candidates.begin(), candidates.end());
    std::sort(all.begin(), all.end(), better);
    all.resize(std::min<std::size_t>(all.size(), p_.candidates));
    std::copy(all.begin(), all.end(), area);
    workflow.merged = static_cast<std::uint8_t>(all.size());
}

void Requester::keep_addresses(Workflow& workflow, std::span<const Candidate> kept,
                               std::span<const Candidate> candidates, std::span<const std::uint32_t> addresses) {
    const auto is_kept = [&](std::uint32_t name) {
        return std::any_of(kept.begin(), kept.end(), [&](const Candidate& each) { return each.peer == name; });
    };
    StolenNames& stolen = pool_.stolen_names(workflow);
    StolenName* end = std::remove_if(stolen.names(), stolen.names() + stolen.count,
                                     [&](const StolenName& each) { return !is_kept(each.name); });
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const std::uint32_t name = candidates[i].peer;
        if (addresses[i] != peer_of(p_, name) && is_kept(name)) *end++ = {name, addresses[i]};
    }
    stolen.count = static_cast<std::uint32_t>(end - stolen.names());
}

Address Requester::address_of(Workflow& workflow, std::uint32_t name) {
    const Address own{peer_of(p_, name), incarnation_of(p_, name)};
    if (!p_.accepts_forgeries()) [[likely]]
        return own;
    StolenNames& stolen = pool_.stolen_names(workflow);
    const StolenName* end = stolen.names() + stolen.count;
    const StolenName* found = std::find_if(stolen.names(), stolen.names() + stolen.count,
                                           [&](const StolenName& s) { return s.name == name; });
    return found == end ? own : Address{found->address, any_incarnation};
}

void Requester::rank_candidates(AgenticContext& context, Peer& peer, Workflow& workflow,
                                std::span<const Candidate> candidates) {
    metrics_.add_latency(Latency::discovery, context.now() - workflow.phase_began);
    if (candidates.empty()) {
        return fail(peer, workflow, workflow.removed_by_trust ? Failure::no_trusted_candidate : Failure::no_candidate);
    }
    const double class_mean = catalogue_.mean_execution_seconds(workflow.capability_class);
    if (policy_->looks_at_candidates()) decide_tier(context, peer, workflow, candidates);
    valued_.clear();
    for (const Candidate& candidate : candidates) {
        double value = base_utility(candidate, p_, class_mean);
        if (workflow.tier >= 1) {
            const double trust = reputation_.trust(peer.reputation, candidate.peer, candidate.trust, context.now());
            if (trust < p_.threshold) continue;
            value = trusted_utility(value, trust, p_);
        }
        valued_.push_back({value, candidate.peer});
    }
    if (valued_.empty()) return fail(peer, workflow, Failure::no_trusted_candidate);
    RandomStream noise = stream_of(p_.seed, context.self().value, Purpose::choice_noise, item_of(workflow));
    order_candidates(valued_, p_, noise);
    workflow.candidates = static_cast<std::uint8_t>(valued_.size());
    const auto ranked = pool_.ranked(workflow);
    for (std::size_t i = 0; i < valued_.size(); ++i) ranked[i] = {valued_[i].peer, CandidateState::untried, 0};
    try_next(context, peer, workflow);
}

// Without a trusted candidate the tier stays that of the query.
void Requester::decide_tier(AgenticContext& context, const Peer& peer, Workflow& workflow,
                            std::span<const Candidate> candidates) {
    const double class_mean = catalogue_.mean_execution_seconds(workflow.capability_class);
    constexpr double none = -1.0;  // utilities are not negative
    double best_base = none;
    double best_trusted = none;
    Outlook outlook;
    for (const Candidate& candidate : candidates) {
        const double base = base_utility(candidate, p_, class_mean);
        const double trust = reputation_.trust(peer.reputation, candidate.peer, candidate.trust, context.now());
        const Prospect prospect{trust, candidate.quality};
        if (base > best_base) outlook.by_utility = prospect;
        best_base = std::max(best_base, base);
        const double trusted = trust < p_.threshold ? none : trusted_utility(base, trust, p_);
        if (trusted > best_trusted) outlook.by_trust = prospect;
        best_trusted = std::max(best_trusted, trusted);
    }
    if (best_trusted == none) return;
    workflow.tier = policy_->tier_after_discovery(step_of(workflow).risk, outlook);
}

// --- verification and delegation

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
    const bool passed = response.passed != 0 && context.now() <= SimTime{response.due};
    metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
    metrics_.add(passed ? Counter::canaries_passed : Counter::canaries_failed);
    if (passed && response.sybil != 0) metrics_.add(Counter::canaries_evaded);
    Workflow* workflow = find(peer, response.name.workflow, response.name.step);
    if (workflow == nullptr) return;
    RankedCandidate& candidate = pool_.ranked(*workflow)[response.name.rank];
    if (candidate.state != CandidateState::canary_sent) return;
    if (workflow->phase == Phase::canary) {
        metrics_.add_latency(Latency::canary, context.now() - workflow->phase_began);
    }
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

// --- failures and feedback

void Requester::after_failure(AgenticContext& context, Peer& peer, Workflow& workflow, Failure failure) {
    workflow.last_failure = failure;
    const std::uint32_t allowed = workflow.tier >= 2 ? p_.max_attempts : 1;
    if (workflow.delegations >= allowed) return fail(peer, workflow, failure);
    try_next(context, peer, workflow);
}

void Requester::feedback(AgenticContext& context, Peer& peer, const Workflow& workflow, std::uint32_t about,
                         bool good) {
    if (workflow.tier == 0) return;
    reputation_.record(peer.reputation, about, good, context.now());
    network_.post_signed(context, first_account_ + context.self().value, EventKind::report, MessageKind::feedback,
                         message_size::feedback, Report{about, static_cast<std::uint8_t>(good), {}});
}

// --- the end of steps and workflows

void Requester::accept(AgenticContext& context, Peer& peer, Workflow& workflow, bool good) {
    feedback(context, peer, workflow, pool_.ranked(workflow)[workflow.rank].peer, true);
    metrics_.add_at_tier(good ? TierCounter::steps_accepted_good : TierCounter::steps_accepted_bad, workflow.tier);
    note_acceptance(peer, workflow, good);
    const Workflow done = workflow;
    Workflow* record = &workflow;  // for the first of the steps that begin now; further ones get their own
    for (std::size_t step = 0; step < p_.steps.size(); ++step) {
        if (!begins_after(done.step, done.accepted, p_.steps[step])) continue;
        if (record == nullptr) {
            record = &open_record(peer);
            record->number = done.number;
            record->started = done.started;
            record->accepted = done.accepted;
            record->tainted = done.tainted;
        }
        record->step = static_cast<std::uint8_t>(step);
        begin_step(context, peer, *record);
        record = nullptr;
    }
    if (record == nullptr) return;
    close(peer, workflow);
    if (done.accepted != all_steps_) return;  // others are running
    metrics_.add(done.tainted ? Counter::workflows_compromised : Counter::workflows_success);
    metrics_.add_latency(Latency::end_to_end, context.now() - done.started);
    --open_workflows_;
}

// In all records of the workflow.
void Requester::note_acceptance(const Peer& peer, Workflow& workflow, bool good) {
    const std::uint32_t accepted = workflow.accepted | 1U << workflow.step;
    const bool tainted = workflow.tainted || !good;
    const std::uint32_t number = workflow.number;
    workflow.accepted = accepted;
    workflow.tainted = tainted;
    if (one_at_a_time_) return;
    for (std::uint32_t index = peer.open_workflows; index != WorkflowPool::end; index = pool_.at(index).next) {
        Workflow& other = pool_.at(index);
        if (other.number != number) continue;
        other.accepted = accepted;
        other.tainted = tainted;
    }
}

void Requester::fail(Peer& peer, const Workflow& workflow, Failure reason) {
    metrics_.add_at_tier(TierCounter::steps_failed, workflow.tier);
    metrics_.add(Counter::workflows_failed);
    metrics_.add_failure(reason);
    if (workflow.tainted) metrics_.add(Counter::workflows_tainted);
    const std::uint32_t number = workflow.number;
    close(peer, workflow);
    --open_workflows_;
    if (!one_at_a_time_) drop_steps(peer, number);
}

void Requester::drop_steps(Peer& peer, std::uint32_t number) {
    for (std::uint32_t* link = &peer.open_workflows; *link != WorkflowPool::end;) {
        const std::uint32_t index = *link;
        Workflow& workflow = pool_.at(index);
        if (workflow.number != number) {
            link = &workflow.next;
            continue;
        }
        metrics_.add_at_tier(TierCounter::steps_dropped, workflow.tier);
        *link = workflow.next;
        pool_.give_back(index);
    }
}

void Requester::leave(Peer& peer) {
    while (peer.open_workflows != WorkflowPool::end) {
        fail(peer, pool_.at(peer.open_workflows), Failure::requester_left);
    }
    peer.wake_at = never;
}

void Requester::close(Peer& peer, const Workflow& workflow) {
    std::uint32_t* link = &peer.open_workflows;
    while (&pool_.at(*link) != &workflow) link = &pool_.at(*link).next;
    const std::uint32_t index = *link;
    *link = workflow.next;
    pool_.give_back(index);
}

// --- time-outs

void Requester::set_wake(AgenticContext& context, Peer& peer, SimTime at) {
    if (at >= peer.wake_at) return;  // an earlier timer will look at this one too
    peer.wake_at = at;
    context.schedule(at - context.now(), code(EventKind::wake), Wake{});
}

void Requester::on_wake(AgenticContext& context, Peer& peer) {
    if (context.now() != peer.wake_at) return context.discount_event();  // superseded by an earlier timer
    peer.wake_at = never;
    due_.clear();
    for (std::uint32_t index = peer.open_workflows; index != WorkflowPool::end; index = pool_.at(index).next) {
        const Workflow& workflow = pool_.at(index);
        if (std::min(workflow.due, workflow.started + p_.deadline) <= context.now()) {
            due_.push_back({workflow.number, workflow.step});
        }
    }
    if (due_.empty()) context.discount_event();
    for (const StepName& name : due_) {
        Workflow* workflow = find(peer, name.workflow, name.step);
        if (workflow != nullptr) on_due(context, peer, *workflow);  // else dropped with another of them
    }
    SimTime earliest = never;
    for (std::uint32_t index = peer.open_workflows; index != WorkflowPool::end; index = pool_.at(index).next) {
        const Workflow& workflow = pool_.at(index);
        earliest = std::min({earliest, workflow.due, workflow.started + p_.deadline});
    }
    if (earliest != never) set_wake(context, peer, earliest);
}

void Requester::on_due(AgenticContext& context, Peer& peer, Workflow& workflow) {
    if (workflow.started + p_.deadline <= context.now()) return fail(peer, workflow, Failure::deadline);
    switch (workflow.phase) {
        case Phase::discovering:
            if (workflow.shards_answered != 0) {  // what came by the time-out has to do
                return rank_candidates(context, peer, workflow, {pool_.merge_area(workflow), workflow.merged});
            }
            if (workflow.retries_left == 0) return fail(peer, workflow, Failure::discovery_failed);
            --workflow.retries_left;
            workflow.due = context.now() + p_.query_timeout;
            return send_queries(context, workflow);
        case Phase::canary:
            return on_canary_timeout(context, peer, workflow);
        case Phase::delegated:
            feedback(context, peer, workflow, pool_.ranked(workflow)[workflow.rank].peer, false);
            return after_failure(context, peer, workflow, Failure::timeout);
        case Phase::committing:  // it may have happened: nobody else is asked to do it again
            feedback(context, peer, workflow, pool_.ranked(workflow)[workflow.rank].peer, false);
            return fail(peer, workflow, Failure::timeout);
        case Phase::checking_evidence:
            return check_evidence(context, peer, workflow);
    }
}

}  // namespace parley::agentic
