#include "models/agentic/execution/provider.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

void Provider::on_canary(AgenticContext& context, const PeerView& view, const CanaryRequest& request,
                         std::uint32_t requester) {
    const bool sybil = view.peer.behaviour != Behaviour::honest;
    RandomStream stream = stream_of(p_.seed, view.id, Purpose::canary_outcome, view.peer.canaries++);
    double pass = p_.canary_pass;
    if (sybil) {
        pass = p_.canary_guess;
    } else if (p_.drift()) {
        pass = passes_canary(view, view.instance_of(request.name.capability_class), context.now());
    }
    metrics_.add(Counter::signatures_made);
    const CanaryResponse response{request.name, static_cast<std::uint8_t>(bernoulli(stream, pass)),
                                  static_cast<std::uint8_t>(sybil), 0, request.due};
    network_.post(context, requester, EventKind::canary_response, MessageKind::canary_response,
                  message_size::canary_response, response, p_.canary_time + p_.sign_time);
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
    if (peer.behaviour == Behaviour::silent) return;
    const bool honest = peer.behaviour == Behaviour::honest;
    // One task is in service, queue_capacity may wait.
    if (honest && peer.tasks_here > p_.queue_capacity) {
        return network_.post(context, requester, EventKind::busy, MessageKind::busy, message_size::busy,
                             Busy{request.name});
    }
    const std::uint32_t instance = view.instance_of(request.name.capability_class);
    const std::uint32_t task = peer.tasks++;
    const Duration work = execution_time(view.id, task, view.instances[instance].median_seconds);
    SimTime start = context.now();
    if (honest) {
        start = std::max(start, peer.provider_free);
        peer.provider_free = start + work;
        ++peer.tasks_here;
        metrics_.add_latency(Latency::queue_wait, start - context.now());
    }
    metrics_.add_latency(Latency::execution, work);
    context.schedule(start + work - context.now(), code(EventKind::task_done),
                     TaskDone{request.name, requester, task, request.evidence_wanted, request.side_effect,
                              static_cast<std::uint16_t>(instance)});
}

bool Provider::is_good(const PeerView& view, const TaskDone& task, SimTime now) const {
    if (view.peer.behaviour != Behaviour::honest) return false;
    RandomStream stream = stream_of(p_.seed, view.id, Purpose::execution_outcome, task.task);
    return bernoulli(stream, view.state(task.instance, now, p_).quality);
}

void Provider::on_task_done(AgenticContext& context, const PeerView& view, const TaskDone& task) {
    if (view.peer.behaviour == Behaviour::honest) --view.peer.tasks_here;
    const bool good = is_good(view, task, context.now());
    metrics_.add(good ? Counter::executions_good : Counter::executions_bad);
    if (!good && task.side_effect == SideEffect::at_completion) metrics_.add(Counter::unsafe_actions);
    Duration after{};
    if (task.evidence_wanted != 0) {
        metrics_.add_message(MessageKind::evidence, message_size::evidence);
        metrics_.add(Counter::signatures_made);
        after = p_.sign_time;
    }
    network_.post(context, task.requester, EventKind::result, MessageKind::result, message_size::result,
                  Result{task.name, static_cast<std::uint8_t>(good), {}}, after);
}

void Provider::on_commit(AgenticContext& context, const Commit& commit, std::uint32_t requester) {
    metrics_.add(Counter::signatures_verified);
    metrics_.add(Counter::signatures_made);
    if (commit.good == 0) metrics_.add(Counter::unsafe_actions);
    network_.post(context, requester, EventKind::committed, MessageKind::committed, message_size::committed,
                  Committed{commit.name}, p_.sign_time);
}

}  // namespace parley::agentic
