#include "models/agentic/connectivity/peer_presence.hpp"

#include <stdexcept>

#include "models/agentic/adversary/sybil_actions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/identity/identity.hpp"

namespace parley::agentic {

namespace {

MessageKind message_kind_of(EventKind kind) {
    for (const auto& [message, event] : carriers) {
        if (event == kind) return message;
    }
    throw std::logic_error("a peer got an event of kind " + std::to_string(code(kind)));
}

bool bears(const Presence& presence, Incarnation incarnation) {
    return incarnation == presence.incarnation || incarnation == any_incarnation;
}

// Whether the message is for a name that the peer still bears.
bool is_addressed(const Presence& presence, const Event& event) {
    switch (static_cast<EventKind>(event.kind())) {
        case EventKind::canary_request:
            return bears(presence, event.payload<CanaryRequest>().incarnation);
        case EventKind::delegate:
            return bears(presence, event.payload<Delegate>().incarnation);
        case EventKind::commit:
            return bears(presence, event.payload<Commit>().incarnation);
        default:
            return true;
    }
}

}  // namespace

PeerPresence::PeerPresence(const AgenticModel& model, Network& network, PeerPopulation& peers, Requester& requester,
                           Forger& forger, PooledReputation& reputation)
    : model_(model),
      p_(model.parameters()),
      network_(network),
      metrics_(network.metrics),
      peers_(peers),
      requester_(requester),
      forger_(forger),
      reputation_(reputation),
      online_(peers.range().size()) {
    if (!peers_.presence_varies()) return;
    for (std::uint32_t id = peers.range().begin; id < peers.range().end; ++id) {
        if (!peers_.presence(id).online) --online_;
    }
}

void PeerPresence::start(AgenticContext& context) {
    const std::uint32_t self = context.self().value;
    const Peer& peer = peers_.at(self);
    const bool honest = peer.behaviour == Behaviour::honest;
    if (peers_.presence_varies()) {
        schedule_next_churn(context, peers_.presence(self));
        if (!honest && p_.whitewash) schedule_standing(context);
        if (!peers_.presence(self).online) return;
    }
    peers_.schedule_refreshes(context);
    honest ? requester_.schedule_arrival(context, peer) : start_sybil(context, 0);
}

void PeerPresence::start_sybil(AgenticContext& context, std::uint32_t first) {
    const std::uint32_t self = context.self().value;
    forger_.schedule(context, first);
    SybilActions actions(context, network_, model_);
    model_.adversary().on_start({self, peers_.at(self).behaviour, context.now()}, first, actions);
}

bool PeerPresence::receives(AgenticContext& context, const Event& event) {
    const Presence& presence = peers_.presence(context.self().value);
    const auto kind = static_cast<EventKind>(event.kind());
    if (event.sender() == context.self()) {
        if (kind == EventKind::presence) return true;
        if (presence.online && event.header().sequence >= presence.first_valid_timer) return true;
        context.discount_event();
        return false;
    }
    if (!presence.online || !is_addressed(presence, event)) {
        drop(context, event);
        return false;
    }
    // The answer leaves when the work is done: none, if the peer leaves before.
    return kind != EventKind::canary_request || presence.churn.ends() > context.now() + p_.canary_time + p_.sign_time;
}

void PeerPresence::drop(AgenticContext& context, const Event& event) {
    const auto kind = static_cast<EventKind>(event.kind());
    context.discount_event();
    metrics_.add_dropped(message_kind_of(kind));
    // The package travels with the result.
    if (kind == EventKind::result && event.payload<Result>().with_evidence != 0) {
        metrics_.add_dropped(MessageKind::evidence);
    }
}

void PeerPresence::on_presence(AgenticContext& context) {
    const std::uint32_t self = context.self().value;
    Presence& presence = peers_.presence(self);
    if (peers_.at(self).behaviour != Behaviour::honest) return take_fresh_identity(context, presence);
    presence.churn.advance(p_, self);
    if (presence.churn.online()) {
        metrics_.add(Counter::returns);
        come_back(context, presence);
        requester_.schedule_arrival(context, peers_.at(self), presence.churn.period());
    } else {
        metrics_.add(Counter::departures);
        leave(context, presence);
    }
    schedule_next_churn(context, presence);
}

void PeerPresence::leave(AgenticContext& context, Presence& presence) {
    Peer& peer = peers_.at(context.self().value);
    presence.online = false;
    --online_;
    requester_.leave(peer);
    peer.tasks_here = 0;
    peer.provider_free = SimTime{};
}

void PeerPresence::come_back(AgenticContext& context, Presence& presence) {
    presence.online = true;
    ++online_;
    presence.first_valid_timer = context.sent();
    peers_.register_all(context);
}

void PeerPresence::schedule_next_churn(AgenticContext& context, const Presence& presence) {
    if (presence.churn.ends() >= p_.end) return;
    context.schedule(presence.churn.ends() - context.now(), code(EventKind::presence), PresenceTimer{});
}

// --- whitewashing

void PeerPresence::schedule_standing(AgenticContext& context) {
    const std::int64_t epoch = p_.epoch.nanoseconds;
    context.schedule(Duration{epoch - context.now().nanoseconds % epoch}, code(EventKind::standing), StandingTimer{});
}

void PeerPresence::on_standing(AgenticContext& context) {
    const std::uint32_t self = context.self().value;
    Presence& presence = peers_.presence(self);
    const Sybil sybil{self, peers_.at(self).behaviour, context.now()};
    const Standing standing{reputation_.published(self), presence.canaries, presence.canaries_failed};
    if (!model_.adversary().abandons(sybil, standing)) {
        context.discount_event();
        return schedule_standing(context);
    }
    if (presence.incarnation >= reentries_of(self)) return context.discount_event();  // for good
    leave(context, presence);
    context.schedule(p_.rejoin_delay, code(EventKind::presence), PresenceTimer{});
}

void PeerPresence::take_fresh_identity(AgenticContext& context, Presence& presence) {
    const std::uint32_t self = context.self().value;
    ++presence.incarnation;
    presence.canaries = presence.canaries_failed = 0;
    reputation_.begin_identity(self, identity_of(p_, self, presence.incarnation));
    metrics_.add(Counter::whitewashes);
    come_back(context, presence);
    // The number of the next message is higher than that of any timer so far.
    start_sybil(context, context.sent());
    schedule_standing(context);
}

// Shared out beforehand, so that it does not matter who comes first: equally, the rest to those of lowest place.
std::uint64_t PeerPresence::reentries_of(std::uint32_t sybil) const {
    const std::uint64_t all = p_.reentries();
    if (all == Parameters::no_reentry_limit) return all;
    const SybilSet& sybils = model_.sybils();
    return all / sybils.size() + (sybils.number_of(sybil) < all % sybils.size() ? 1 : 0);
}

void PeerPresence::count_canary(std::uint32_t sybil, bool passed) {
    Presence& presence = peers_.presence(sybil);
    ++presence.canaries;
    presence.canaries_failed += passed ? 0 : 1;
}

}  // namespace parley::agentic
