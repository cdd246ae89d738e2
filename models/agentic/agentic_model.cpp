#include "models/agentic/agentic_model.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "engine/distributions.hpp"
#include "engine/population.hpp"
#include "models/agentic/adversary/sybil_actions.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

namespace {

// How much more often than an account an entity of the kind is visited; only speed depends on it.
constexpr std::uint32_t peer_load = 8;
constexpr std::uint32_t shard_load = 2048;

// The next multiple of `step` after `time`.
SimTime next_multiple(SimTime after, Duration step) {
    const std::int64_t k = after.nanoseconds < 0 ? -1 : after.nanoseconds / step.nanoseconds;
    return SimTime{} + step * (k + 1);
}

// The name that a descriptor is for is not its sender's.
bool is_forged(const Parameters& p, const Event& event) {
    return static_cast<EventKind>(event.kind()) == EventKind::register_descriptor &&
           peer_of(p, event.payload<RegisterDescriptor>().peer) != event.sender().value;
}

}  // namespace

AgenticState::AgenticState(const AgenticModel& model, const EntityDirectory& directory, std::uint32_t partition)
    : model_(model),
      p_(model.parameters()),
      checks_signatures_(model.signatures().real() && p_.verify),
      network_{p_, metrics_, model.signatures()},
      peers_(p_, model.catalogue(), model.instances(), model.sybils(), model.signatures(), metrics_,
             directory.range(partition, peer_kind), model.first_shard()),
      requester_(p_, model.catalogue(), model.signatures(), metrics_, model.first_shard(), model.first_account()),
      provider_(p_, model.instances(), model.adversary(), model.signatures(), metrics_),
      forger_(p_, model.catalogue(), model.instances(), model.sybils(), model.signatures(), metrics_,
              model.first_shard()),
      shard_range_(directory.range(partition, shard_kind)),
      registry_{p_, model.catalogue(), model.instances(), model.sybils(), metrics_},
      account_range_(directory.range(partition, account_kind)),
      accounts_(p_, {account_range_.begin - model.first_account(), account_range_.end - model.first_account()}),
      reputation_(p_, directory.range(partition, peer_kind)),
      presence_(model, network_, peers_, requester_, forger_, reputation_) {
    shards_.reserve(shard_range_.size());
    for (std::uint32_t id = shard_range_.begin; id < shard_range_.end; ++id) {
        const std::uint32_t shard = id - model.first_shard();
        shards_.emplace_back(model.catalogue().class_of_shard(shard), p_, model.catalogue().expected_entries(shard),
                             &shard_memory_);
    }
}

std::uint32_t& AgenticState::sequence(EntityId id) {
    if (peers_.range().contains(id.value)) return peers_.at(id.value).sequence;
    if (shard_range_.contains(id.value)) return shard(id.value).sequence;
    return accounts_.at(id.value - account_range_.begin).sequence;
}

void AgenticState::prefetch(const Event& event) const {
    const std::uint32_t id = event.destination().value;
    if (peers_.range().contains(id)) {
        peers_.prefetch(id);
    } else if (shard_range_.contains(id)) {
        shards_[id - shard_range_.begin].prefetch(event.sender().value);
    } else {
        __builtin_prefetch(&accounts_.at(id - account_range_.begin), 1);
    }
}

void AgenticState::prefetch_further(const Event& event) {
    const std::uint32_t id = event.destination().value;
    switch (static_cast<EventKind>(event.kind())) {
        case EventKind::wake:
            return requester_.prefetch(peers_.at(id), false);
        case EventKind::candidates:
        case EventKind::canary_response:
        case EventKind::result:
        case EventKind::committed:
            return requester_.prefetch(peers_.at(id), true);
        case EventKind::register_descriptor:
            return shard(id).prefetch_entry(event.sender().value);
        case EventKind::report:
            return accounts_.prefetch_ratings(id - account_range_.begin);
        default:
            return;
    }
}

void AgenticState::start(AgenticContext& context) {
    if (peers_.range().contains(context.self().value)) presence_.start(context);
}

void AgenticState::handle(AgenticContext& context, const Event& event) {
    if (checks_signatures_) [[unlikely]]
        check_signature(event);
    ++metrics_.delivered[event.kind()];
    switch (static_cast<EventKind>(event.kind())) {
        case EventKind::register_descriptor:
            return on_register(context, event);
        case EventKind::query:
            return on_query(context, event);
        case EventKind::report: {
            const auto& report = event.payload<Report>();
            metrics_.add(Counter::reports_counted);
            metrics_.add(Counter::signatures_verified, p_.verify ? 1 : 0);
            return accounts_.record(context.self().value - account_range_.begin, report.ratee, report.good != 0);
        }
        default:
            return handle_peer(context, event);
    }
}

// Decisions are those of modelled signatures: a descriptor is forged when its name is not its sender's. Here real ones
// have to say the same.
void AgenticState::check_signature(const Event& event) const {
    if (model_.signatures().check(event) == is_forged(p_, event)) {
        throw std::logic_error(
            "the signature of a descriptor does not tell whether it is forged; this is an error of the "
            "program, please report it");
    }
}

void AgenticState::handle_peer(AgenticContext& context, const Event& event) {
    const std::uint32_t self = context.self().value;
    Peer& peer = peers_.at(self);
    if (peers_.presence_varies() && !presence_.receives(context, event)) [[unlikely]] {
        --metrics_.delivered[event.kind()];
        ++metrics_.ignored[event.kind()];
        return;
    }
    switch (static_cast<EventKind>(event.kind())) {
        case EventKind::workflow_arrival:
            return requester_.start_workflow(context, peer);
        case EventKind::refresh:
            return peers_.refresh(context, event.payload<Refresh>());
        case EventKind::wake:
            return requester_.on_wake(context, peer);
        case EventKind::task_done:
            return provider_.on_task_done(context, peers_.view(self), event.payload<TaskDone>());
        case EventKind::candidates:
            return requester_.on_candidates(context, peer, event);
        case EventKind::canary_request: {
            const bool passed =
                provider_.on_canary(context, peers_.view(self), event.payload<CanaryRequest>(), event.sender().value);
            if (p_.whitewash && peer.behaviour != Behaviour::honest) presence_.count_canary(self, passed);
            return;
        }
        case EventKind::canary_response:
            return requester_.on_canary_response(context, peer, event.payload<CanaryResponse>());
        case EventKind::delegate:
            if (peer.behaviour != Behaviour::honest) {
                SybilActions actions(context, network_, model_);
                model_.adversary().on_delegate({self, peer.behaviour, context.now()}, event.sender().value, actions);
            }
            return provider_.on_delegate(context, peers_.view(self), event.payload<Delegate>(), event.sender().value);
        case EventKind::result:
            return requester_.on_result(context, peer, event.payload<Result>());
        case EventKind::commit:
            return provider_.on_commit(context, event.payload<Commit>(), event.sender().value);
        case EventKind::committed:
            return requester_.on_committed(context, peer, event.payload<Committed>());
        case EventKind::busy:
            return requester_.on_busy(context, peer, event.payload<Busy>());
        case EventKind::forge:
            return forger_.forge(context, event.payload<Forge>());
        case EventKind::presence:
            return presence_.on_presence(context);
        case EventKind::standing:
            return presence_.on_standing(context);
        case EventKind::sybil_timer: {
            SybilActions actions(context, network_, model_);
            return model_.adversary().on_timer({self, peer.behaviour, context.now()}, event.payload<SybilTimer>(),
                                               actions);
        }
        default:
            throw std::logic_error("a peer got an event of kind " + std::to_string(event.kind()));
    }
}

void AgenticState::on_register(AgenticContext& context, const Event& event) {
    RegistryShard& self = shard(context.self().value);
    Duration service = p_.register_time;
    if (p_.verify) {
        metrics_.add(Counter::signatures_verified);
        service = service + p_.signature_verify_time;
    }
    if (p_.verify && is_forged(p_, event)) [[unlikely]] {
        metrics_.add(Counter::registrations);
        metrics_.add(Counter::rejected_forgeries);
    } else {
        self.accept(event.payload<RegisterDescriptor>(), event.sender().value, context.now(), registry_);
    }
    self.serve(context.now(), service, metrics_);
}

void AgenticState::on_query(AgenticContext& context, const Event& event) {
    RegistryShard& self = shard(context.self().value);
    const auto& query = event.payload<Query>();
    const std::uint32_t asker = event.sender().value;
    const std::uint32_t item = query.workflow * static_cast<std::uint32_t>(p_.steps.size()) + query.step;
    RandomStream stream = stream_of(p_.seed, asker, Purpose::intent, item);
    registry_.intent.resize(p_.dimension);
    draw_direction(stream, model_.catalogue().prototype(self.capability_class()), p_.query_spread, registry_.intent);
    const bool removed_by_trust =
        self.answer(asker, p_.steps[query.step].constraints, query.trusted_only != 0, context.now(), registry_);
    const std::vector<Candidate>& candidates = registry_.answer;
    if (candidates.size() > p_.candidates) [[unlikely]] {
        throw std::logic_error("a shard answers with " + std::to_string(candidates.size()) + " candidates, more than " +
                               std::to_string(p_.candidates) + "; this is an error of the program, please report it");
    }
    metrics_.add(Counter::candidates_handed_out, candidates.size());
    metrics_.add(Counter::poisoned_candidates_handed_out, registry_.poisoned);
    const Duration service = p_.query_base_time + p_.query_entry_time * self.live_entries();
    const SimTime done = self.serve(context.now(), service, metrics_);
    const bool addressed = !registry_.addresses.empty();
    const Candidates head{query.workflow,   query.step, query.reply_slot, static_cast<std::uint8_t>(candidates.size()),
                          removed_by_trust, addressed};
    if (addressed) [[unlikely]]
        return send_addressed(context, asker, head, done - context.now());
    network_.post_list(context, asker, EventKind::candidates, MessageKind::candidates,
                       message_size::candidates(candidates.size()), head, std::span<const Candidate>(candidates),
                       done - context.now());
}

void AgenticState::send_addressed(AgenticContext& context, std::uint32_t asker, const Candidates& head,
                                  Duration after) {
    constexpr std::size_t words_of_candidate = sizeof(Candidate) / sizeof(std::uint32_t);
    std::vector<std::uint32_t> list(head.count * (words_of_candidate + 1));
    std::memcpy(list.data(), registry_.answer.data(), head.count * sizeof(Candidate));
    std::copy(registry_.addresses.begin(), registry_.addresses.end(), list.begin() + head.count * words_of_candidate);
    network_.post_list(context, asker, EventKind::candidates, MessageKind::candidates,
                       message_size::candidates(head.count), head, std::span<const std::uint32_t>(list), after);
}

void AgenticState::count_levels(SimTime now) {
    for (RegistryShard& each : shards_) each.count_levels(now, p_, metrics_);
    metrics_.add(Counter::attack_edges, accounts_.attack_edges());
    metrics_.add(Counter::peers_online, presence_.online());
    metrics_.add(Counter::open_workflows, requester_.open_workflows());
}

std::uint64_t AgenticState::longest_queue(SimTime now) const {
    std::uint64_t longest = 0;
    for (const RegistryShard& each : shards_) longest = std::max(longest, each.requests_at(now));
    return longest;
}

AgenticModel::AgenticModel(Parameters parameters, ResultWriter* writer, int threads, Strategies strategies)
    : parameters_(std::move(parameters)),
      catalogue_(parameters_),
      instances_(parameters_, catalogue_),
      sybils_(parameters_.seed, parameters_.peers, parameters_.sybils()),
      adversary_(parameters_, std::move(strategies)),
      signatures_(parameters_, threads),
      reputation_(*this),
      writer_(writer),
      threads_(threads) {
    trust_.peers = {parameters_.honest(), parameters_.sybils()};
    for (const bool sybil : {false, true}) {
        trust_.sum[sybil] = static_cast<std::uint64_t>(0.5 * fixed_one) * trust_.peers[sybil];
        trust_.histogram[sybil * TrustDistribution::bins + TrustDistribution::bins / 2] = trust_.peers[sybil];
    }
}

std::vector<EntityKind> AgenticModel::entity_kinds() const {
    return {{"peers", parameters_.peers, peer_load, {}},
            {"registry shards", catalogue_.shard_count(), shard_load, catalogue_.shard_weights()},
            {"ratings accounts", parameters_.peers, 1, {}}};
}

std::size_t AgenticModel::largest_event() const {
    const std::size_t address = parameters_.accepts_forgeries() ? sizeof(std::uint32_t) : 0;
    const std::size_t list = parameters_.candidates * (sizeof(Candidate) + address);
    return std::max(event_bytes<Candidates>() + (list + 7) / 8 * 8, signatures_.largest_event());
}

SimTime AgenticModel::next_boundary(SimTime after) const {
    SimTime next = std::min(next_multiple(after, parameters_.interval), next_multiple(after, parameters_.epoch));
    if (after < parameters_.warmup) next = std::min(next, parameters_.warmup);
    if (after < parameters_.end) next = std::min(next, parameters_.end);
    // Nothing to publish or to count at the start.
    return next == SimTime{} ? next_boundary(next) : next;
}

void AgenticModel::at_boundary(SimTime now, std::span<AgenticState*> states, Transport& transport,
                               const EngineCounters& counters) {
    if (now.nanoseconds % parameters_.epoch.nanoseconds == 0 && parameters_.reputation != ReputationKind::none) {
        reputation_.publish(states, transport, threads_);
        trust_ = trust_distribution(states, transport, threads_);
    }
    if (now.nanoseconds % parameters_.interval.nanoseconds == 0 || now == parameters_.warmup ||
        now == parameters_.end) {
        collect(now, states, transport, counters);
    }
}

void AgenticModel::collect(SimTime now, std::span<AgenticState*> states, Transport& transport,
                           const EngineCounters& counters) {
    for_each_in_parallel(states.size(), threads_, [&](std::size_t s) { states[s]->count_levels(now); });
    auto total = std::make_unique<Metrics>();
    for (AgenticState* state : states) {
        total->add_counts_of(state->metrics());
        total->add_events_of(state->metrics());
        state->metrics().counts.fill(0);
        state->metrics().longest_queue = state->longest_queue(now);
    }
    transport.sum(total->counts);
    if (now == parameters_.end) {  // for the books
        transport.sum(total->delivered);
        transport.sum(total->ignored);
    }
    transport.maximum({&total->longest_queue, 1});
    EngineCounters all = counters;
    std::array<std::uint64_t, 3> sums{counters.events, counters.exchanged_bytes, counters.busy_nanoseconds};
    transport.sum(sums);
    all.events = sums[0];
    all.exchanged_bytes = sums[1];
    all.busy_nanoseconds = sums[2];
    transport.maximum({&all.busiest_nanoseconds, 1});
    const bool histograms_due = writer_ != nullptr && writer_->wants_histograms(now);
    if (histograms_due) {
        for (AgenticState* state : states) {
            total->add_histograms_of(state->metrics());
            for (auto& histogram : state->metrics().histograms) histogram.fill(0);
        }
        for (auto& histogram : total->histograms) transport.sum(histogram);
    }
    if (writer_ != nullptr) writer_->collected(now, *total, histograms_due, trust_, all);
}

}  // namespace parley::agentic
