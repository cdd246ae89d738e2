#include "models/agentic/peer_population.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/adversary/behaviour_mix.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

PeerPopulation::PeerPopulation(const Parameters& parameters, const ClassCatalogue& catalogue,
                               const Instances& instances, const SybilSet& sybils, const Signatures& signatures,
                               Metrics& metrics, IdRange range, std::uint32_t first_shard)
    : p_(parameters),
      catalogue_(catalogue),
      catalogue_instances_(instances),
      sybils_(sybils),
      network_{parameters, metrics, signatures},
      range_(range),
      first_shard_(first_shard),
      stride_((sizeof(Peer) + most_instances(parameters) * sizeof(Instance) + 31) / 32 * 32) {
    records_.resize(range.size() * stride_);
    std::vector<std::uint16_t> classes;
    for (std::uint32_t id = range.begin; id < range.end; ++id) add_peer(id, classes);
    if (!p_.churn && !p_.whitewash) return;
    presence_.resize(range.size());
    for (std::uint32_t id = range.begin; p_.churn && id < range.end; ++id) {
        if (at(id).behaviour != Behaviour::honest) continue;
        presence(id).churn = ChurnCursor(p_, id);
        presence(id).online = presence(id).churn.online();
    }
}

std::size_t PeerPopulation::most_instances(const Parameters& parameters) {
    const std::size_t honest = parameters.classes_generated ? parameters.capabilities : parameters.classes.size();
    return std::max<std::size_t>(honest, parameters.sybil_descriptors);
}

void PeerPopulation::add_peer(std::uint32_t id, std::vector<std::uint16_t>& classes) {
    const bool sybil = sybils_.contains(id);
    Peer& peer = *new (record(id)) Peer;
    if (sybil) peer.behaviour = draw_behaviour(p_, id);
    classes.clear();
    catalogue_instances_.append_classes(id, sybil, classes);
    peer.first_instance = static_cast<std::uint32_t>(drift_.size());
    peer.instances = static_cast<std::uint8_t>(classes.size());
    auto* next = reinterpret_cast<Instance*>(&peer + 1);
    for (const std::uint16_t c : classes) {
        const float quality = sybil ? 0.0F : catalogue_instances_.quality(id, c);
        new (next++)
            Instance{first_shard_ + catalogue_.shard_of(id, c), c, quality, catalogue_instances_.median_seconds(id, c)};
        if (p_.drift()) drift_.emplace_back(p_, id, c, quality);
    }
}

PeerView PeerPopulation::view(std::uint32_t id) {
    Peer& peer = at(id);
    const std::span<Instance> instances{reinterpret_cast<Instance*>(&peer + 1), peer.instances};
    if (drift_.empty() || peer.behaviour != Behaviour::honest) return {id, peer, instances, {}};
    return {id, peer, instances, {drift_.data() + peer.first_instance, peer.instances}};
}

void PeerPopulation::schedule_refreshes(AgenticContext& context) {
    const PeerView self = view(context.self().value);
    for (std::uint32_t i = 0; i < self.instances.size(); ++i) {
        RandomStream stream =
            stream_of(p_.seed, context.self().value, Purpose::refresh_phase, self.instances[i].capability_class);
        const double phase = stream.uniform() * p_.refresh_period.seconds();
        context.schedule(duration_from_seconds(phase), code(EventKind::refresh), Refresh{i});
    }
}

void PeerPopulation::refresh(AgenticContext& context, const Refresh& refresh) {
    const PeerView self = view(context.self().value);
    const InstanceState state = self.state(refresh.instance, context.now(), p_);
    if (!state.degraded || !p_.withdraws_degraded) register_instance(context, self, refresh.instance, state);
    context.schedule(p_.refresh_period, code(EventKind::refresh), refresh);
}

void PeerPopulation::register_all(AgenticContext& context) {
    const std::uint32_t instances = at(context.self().value).instances;
    for (std::uint32_t i = 0; i < instances; ++i) refresh(context, Refresh{i});
}

void PeerPopulation::register_instance(AgenticContext& context, const PeerView& self, std::uint32_t instance,
                                       const InstanceState& state) {
    network_.post_signed(context, self.instances[instance].shard, EventKind::register_descriptor,
                         MessageKind::register_descriptor, message_size::register_descriptor(p_.dimension),
                         RegisterDescriptor{name_of(self.id), p_.drift_kind == DriftKind::two_state && state.degraded,
                                            false, quality_claim(state.quality), context.now().nanoseconds},
                         p_.sign_time);
}

}  // namespace parley::agentic
