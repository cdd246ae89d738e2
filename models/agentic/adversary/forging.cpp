#include "models/agentic/adversary/forging.hpp"

#include "engine/distributions.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/message_sizes.hpp"

namespace parley::agentic {

std::optional<Forgery> draw_forgery(const Parameters& parameters, const Instances& instances, const SybilSet& sybils,
                                    std::uint32_t sybil, std::uint32_t number, std::vector<std::uint16_t>& classes) {
    RandomStream stream = stream_of(parameters.seed, sybil, Purpose::forgery, number);
    std::uint32_t victim = stream.below(parameters.peers);
    while (sybils.contains(victim)) victim = stream.below(parameters.peers);
    classes.clear();
    instances.append_classes(victim, false, classes);
    if (classes.empty()) return std::nullopt;
    return Forgery{victim, classes[stream.below(static_cast<std::uint32_t>(classes.size()))]};
}

void Forger::schedule(AgenticContext& context, std::uint32_t number) const {
    if (p_.forge_rate <= 0) return;
    RandomStream stream = stream_of(p_.seed, context.self().value, Purpose::forgery_interval, number);
    context.schedule(duration_from_seconds(exponential(stream, 1.0 / p_.forge_rate)), code(EventKind::forge),
                     Forge{number});
}

void Forger::forge(AgenticContext& context, const Forge& forge) {
    const std::uint32_t self = context.self().value;
    if (const auto forgery = draw_forgery(p_, instances_, sybils_, self, forge.number, classes_)) {
        const auto [victim, c] = *forgery;
        network_.post_signed(
            context, first_shard_ + catalogue_.shard_of(victim, c), EventKind::register_descriptor,
            MessageKind::register_descriptor, message_size::register_descriptor(p_.dimension),
            RegisterDescriptor{victim, false, p_.forges_newest, quality_claim(instances_.claim(self, true, c).quality),
                               context.now().nanoseconds},
            p_.sign_time);
    }
    schedule(context, forge.number + 1);
}

}  // namespace parley::agentic
