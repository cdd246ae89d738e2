// Beginnings, ends and time-outs; the rest is in requester_discovery.cpp and requester_verification.cpp.
#include "models/agentic/execution/requester.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

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
