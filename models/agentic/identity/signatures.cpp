#include "models/agentic/identity/signatures.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "engine/population.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

Signatures::Signatures(const Parameters& parameters, int threads)
    : seed_(parameters.seed), real_(parameters.ed25519), keys_(parameters.ed25519 ? parameters.peers : 0) {
    if (!real_) return;
    ed25519::initialise();
    const auto parts = static_cast<std::size_t>(std::max(threads, 1));
    for_each_in_parallel(parts, threads, [&](std::size_t part) {
        for (std::size_t i = part; i < keys_.size(); i += parts) {
            keys_[i] = ed25519::public_key(seed_of(static_cast<std::uint32_t>(i)));
        }
    });
}

ed25519::Seed Signatures::seed_of(std::uint32_t peer) const {
    RandomStream stream = stream_of(seed_, peer, Purpose::signing_key, 0);
    ed25519::Seed seed;
    for (std::size_t i = 0; i < seed.size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t bits = stream.bits();
        for (std::size_t k = 0; k < sizeof bits; ++k) seed[i + k] = static_cast<std::uint8_t>(bits >> (8 * k));
    }
    return seed;
}

ed25519::Signature Signatures::signature(std::uint32_t issuer, const ByteString& content) const {
    return ed25519::sign(seed_of(issuer), key_of(issuer), content.bytes());
}

template <class Payload>
void Signatures::require(const Event& event) const {
    if (event.header().bytes != event_bytes<Signed<Payload>>() ||
        !verify(event.sender().value, event.destination().value, event.payload<Signed<Payload>>())) {
        throw std::logic_error("entity " + std::to_string(event.destination().value) + " got a message of kind " +
                               std::to_string(event.kind()) + " from " + std::to_string(event.sender().value) +
                               " whose signature is not the sender's; this is an error of the program, please "
                               "report it");
    }
}

bool Signatures::check(const Event& event) const {
    switch (static_cast<EventKind>(event.kind())) {
        case EventKind::register_descriptor: {
            const auto& message = event.payload<Signed<RegisterDescriptor>>();
            return verify(message.payload.peer, event.destination().value, message);
        }
        case EventKind::canary_response:
            require<CanaryResponse>(event);
            return true;
        case EventKind::result:
            // Without evidence a result carries no receipt.
            if (event.header().bytes != event_bytes<Result>()) require<Result>(event);
            return true;
        case EventKind::commit:
            require<Commit>(event);
            return true;
        case EventKind::committed:
            require<Committed>(event);
            return true;
        case EventKind::report:
            require<Report>(event);
            return true;
        default:
            return true;
    }
}

std::size_t Signatures::largest_event() const {
    if (!real_) return 0;
    return std::max({event_bytes<Signed<RegisterDescriptor>>(), event_bytes<Signed<CanaryResponse>>(),
                     event_bytes<Signed<Result>>(), event_bytes<Signed<Commit>>(), event_bytes<Signed<Committed>>(),
                     event_bytes<Signed<Report>>()});
}

}  // namespace parley::agentic
