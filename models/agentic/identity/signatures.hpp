// Identity plane: who signs what, and who checks it.
//
// identity.signature = modelled: sizes and CPU times of signatures are accounted, their validity is known. Nothing is
// made or carried. ed25519: every peer has a key pair that follows from (seed, peer), for all its identities; a signed
// message carries 64 bytes more, and its receiver checks them. Both give the same results.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/event.hpp"
#include "models/agentic/identity/canonical.hpp"
#include "models/agentic/identity/ed25519.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// A message as it travels under ed25519. Receivers that do not check see the payload.
template <class Payload>
struct Signed {
    Payload payload;
    ed25519::Signature signature;
};

class Signatures {
   public:
    // Under ed25519 derives the public keys of all peers, 32 bytes each, on so many threads.
    Signatures(const Parameters& parameters, int threads);

    bool real() const { return real_; }

    // Under ed25519. `issuer` makes the signature, with its own key.
    template <class Payload>
    Signed<Payload> sign(std::uint32_t issuer, std::uint32_t receiver, const Payload& payload) const {
        return {payload, signature(issuer, canonical(receiver, payload))};
    }
    // Whether a message carries the signature of `issuer`.
    template <class Payload>
    bool verify(std::uint32_t issuer, std::uint32_t receiver, const Signed<Payload>& message) const {
        return ed25519::verify(key_of(issuer), canonical(receiver, message.payload).bytes(), message.signature);
    }

    // What the receiver of a message does under ed25519 when signatures are verified. A descriptor has to be signed by
    // its peer: returns whether it is. Anything else comes from its issuer: throws std::logic_error if its signature
    // is not that of the sender. True for messages that carry none.
    bool check(const Event& event) const;

    // Bytes of the largest event that carries a signature; 0 if none does.
    std::size_t largest_event() const;

   private:
    ed25519::Seed seed_of(std::uint32_t peer) const;
    // All identities of a peer have its key.
    const ed25519::PublicKey& key_of(std::uint32_t identity) const { return keys_[identity % keys_.size()]; }
    ed25519::Signature signature(std::uint32_t issuer, const ByteString& content) const;
    template <class Payload>
    void require(const Event& event) const;

    std::uint64_t seed_;
    bool real_;
    std::vector<ed25519::PublicKey> keys_;  // empty unless real
};

}  // namespace parley::agentic
