#include "models/agentic/execution/provider.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

namespace {

Sybil as_sybil(const PeerView& view, SimTime now) { return {view.id, view.peer.behaviour, now}; }

}  // namespace

bool Provider::on_canary(AgenticContext& context, const PeerView& view, const CanaryRequest& request,
                         std::uint32_t requester) {
    const bool sybil = view.peer.behaviour != Behaviour::honest;
    RandomStream stream = stream_of(p_.seed, view.id, Purpose::canary_outcome, view.peer.canaries++);
    double pass = p_.canary_pass;
    if (sybil) {
        pass = adversary_.canary_pass(as_sybil(view, context.now()));
    } else if (p_.drift()) {
        pass = passes_canary(view, view.instance_of(request.name.capability_class), context.now());
    }
    const bool passed = bernoulli(stream, pass);
    const CanaryResponse response{request.name, static_cast<std::uint8_t>(passed), static_cast<std::uint8_t>(sybil), 0,
                                  request.due};
    network_.post_signed(context, requester, EventKind::canary_response, MessageKind::canary_response,
                         message_size::canary_response, response, p_.canary_time + p_.sign_time);
    return passed;
}

// Of an honest instance under drift.
double Provider::passes_canary(const PeerView& view, std::uint32_t instance, SimTime now) const {
    const InstanceState state = view.state(instance, now, p_);
    if (p_.drift_kind == DriftKind::two_state) return state.degraded ? p_.degraded_quality : p_.canary_pass;
    const double own = view.instances[instance].quality;
    return state.quality >= own ? p_.canary_pass : p_.canary_pass * state.quality / own;
}

Duration Provider::execution_time(std::uint32_t peer, std::uint32_t task, float median_seconds) const {
    RandomStream stream = stream_of(p_.seed, peer, Purpose::execution_time, task);
    return duration_from_seconds(log_normal(stream, median_seconds, p_.execution_sigma));
}

void Provider::on_delegate(AgenticContext& context, const PeerView& view, const Delegate& request,
                           std::uint32_t requester) {
    Peer& peer = view.peer;
    const bool honest = peer.behaviour == Behaviour::honest;
    if (!honest && adversary_.conduct(as_sybil(view, context.now())) == Conduct::silent) return;
    // One task is in service, queue_capacity may wait.
    if (honest && peer.tasks_here > p_.queue_capacity) {
        network_.post(context, requester, EventKind::busy, MessageKind::busy, message_size::busy, Busy{request.name});
        return;
    }
    const std::uint16_t c = request.name.capability_class;
    const bool offered = honest || view.offers(c);
    const std::uint32_t instance = offered ? view.instance_of(c) : 0;
    const std::uint32_t task = peer.tasks++;
    const Duration work = execution_time(
        view.id, task, offered ? view.instances[instance].median_seconds : instances_.median_seconds(view.id, c));
    SimTime start = context.now();
    if (honest) {
        start = std::max(start, peer.provider_free);
        peer.provider_free = checked_add(start, work);
        ++peer.tasks_here;
        metrics_.add_latency(Latency::queue_wait, start - context.now());
    }
    metrics_.add_latency(Latency::execution, work);
    context.schedule(checked_add(start, work) - context.now(), code(EventKind::task_done),
                     TaskDone{request.name, requester, task, request.evidence_wanted, request.side_effect,
                              static_cast<std::uint16_t>(instance)});
}

double Provider::quality(const PeerView& view, const TaskDone& task, SimTime now) const {
    if (view.peer.behaviour == Behaviour::honest) return view.state(task.instance, now, p_).quality;
    const bool like_honest = adversary_.conduct(as_sybil(view, now)) == Conduct::honest;
    return like_honest ? instances_.quality(view.id, task.name.capability_class) : 0.0;
}

void Provider::on_task_done(AgenticContext& context, const PeerView& view, const TaskDone& task) {
    if (view.peer.behaviour == Behaviour::honest) --view.peer.tasks_here;
    RandomStream stream = stream_of(p_.seed, view.id, Purpose::execution_outcome, task.task);
    const bool good = bernoulli(stream, quality(view, task, context.now()));
    metrics_.add(good ? Counter::executions_good : Counter::executions_bad);
    if (!good && task.side_effect == SideEffect::at_completion) metrics_.add(Counter::unsafe_actions);
    const Result result{task.name, static_cast<std::uint8_t>(good), task.evidence_wanted, {}};
    if (task.evidence_wanted == 0) {
        network_.post(context, task.requester, EventKind::result, MessageKind::result, message_size::result, result);
        return;
    }
    // The package, with its signed receipt, travels with the result.
    metrics_.add_message(MessageKind::evidence, message_size::evidence);
    const bool sent = network_.post_signed(context, task.requester, EventKind::result, MessageKind::result,
                                           message_size::result, result, p_.sign_time);
    if (!sent) metrics_.add_lost(MessageKind::evidence);
}

void Provider::on_commit(AgenticContext& context, const Commit& commit, std::uint32_t requester) {
    metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
    if (commit.good == 0) metrics_.add(Counter::unsafe_actions);
    network_.post_signed(context, requester, EventKind::committed, MessageKind::committed, message_size::committed,
                         Committed{commit.name}, p_.sign_time);
}

}  // namespace parley::agentic
