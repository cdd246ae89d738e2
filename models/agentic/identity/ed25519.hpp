// Signatures of RFC 8032 (Ed25519), made and checked by libsodium. The one place that knows the library.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace parley::agentic::ed25519 {

using Seed = std::array<std::uint8_t, 32>;  // the private key of RFC 8032
using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// Before anything else; may be called again. Throws SimulationError if the library cannot be used.
void initialise();

PublicKey public_key(const Seed& seed);
// `key`: that of the seed, which the signature covers too.
Signature sign(const Seed& seed, const PublicKey& key, std::span<const std::uint8_t> message);
bool verify(const PublicKey& key, std::span<const std::uint8_t> message, const Signature& signature);

}  // namespace parley::agentic::ed25519
