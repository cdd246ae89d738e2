// Sends a message over the simulated network: accounts it at the sender, signs it if it is signed, draws whether it is
// lost, and its delay.
#pragma once

#include <span>

#include "engine/partition.hpp"
#include "models/agentic/connectivity/one_way_delay.hpp"
#include "models/agentic/identity/signatures.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/metrics.hpp"

namespace parley::agentic {

class AgenticModel;
using AgenticContext = Context<AgenticModel>;

// What the planes of a peer share.
struct Network {
    const Parameters& parameters;
    Metrics& metrics;
    const Signatures& signatures;

    // `after`: time the sender works before the message leaves. Returns whether the message is not lost.
    template <class Payload>
    bool post(AgenticContext& context, std::uint32_t to, EventKind event, MessageKind kind, std::uint64_t bytes,
              const Payload& payload, Duration after = {}) {
        metrics.add_message(kind, bytes);
        if (is_lost(context, kind)) return false;
        const Duration delay = delay_of(context, to, kind);
        context.send(EntityId{to}, after + delay, code(event), payload);
        return true;
    }

    // A message that its sender signs.
    template <class Payload>
    bool post_signed(AgenticContext& context, std::uint32_t to, EventKind event, MessageKind kind, std::uint64_t bytes,
                     const Payload& payload, Duration after = {}) {
        metrics.add(Counter::signatures_made);
        if (!signatures.real()) [[likely]]
            return post(context, to, event, kind, bytes, payload, after);
        return sign_and_post(context, to, event, kind, bytes, payload, after);
    }

    template <class Payload, class Item>
    void post_list(AgenticContext& context, std::uint32_t to, EventKind event, MessageKind kind, std::uint64_t bytes,
                   const Payload& payload, std::span<const Item> items, Duration after) {
        metrics.add_message(kind, bytes);
        if (is_lost(context, kind)) return;
        const Duration delay = delay_of(context, to, kind);
        context.send_list(EntityId{to}, after + delay, code(event), payload, items);
    }

   private:
    // Seldom wanted: kept out of the callers.
    template <class Payload>
    [[gnu::noinline, gnu::cold]] bool sign_and_post(AgenticContext& context, std::uint32_t to, EventKind event,
                                                    MessageKind kind, std::uint64_t bytes, const Payload& payload,
                                                    Duration after) {
        return post(context, to, event, kind, bytes, signatures.sign(context.self().value, to, payload), after);
    }
    bool is_lost(AgenticContext& context, MessageKind kind) {
#ifdef PARLEY_LOSE_A_MESSAGE
        // A deliberately wrong model: tests build it to see that the books do not balance.
        if (parameters.seed == 13 && context.sent() == 20) return true;
#endif
        if (parameters.loss == 0) [[likely]]
            return false;
        RandomStream stream = stream_of(parameters.seed, context.self().value, Purpose::loss, context.sent());
        if (!bernoulli(stream, parameters.loss)) return false;
        context.skip_message();
        metrics.add_lost(kind);
        return true;
    }
    Duration delay_of(const AgenticContext& context, std::uint32_t to, MessageKind kind) const {
        const std::uint32_t self = context.self().value;
        if (kind == MessageKind::feedback) return delay_to_account(parameters, self, context.sent());
        return one_way_delay(parameters, self, to, context.sent());
    }
};

}  // namespace parley::agentic
