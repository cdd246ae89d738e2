// Identities: (peer, incarnation), in one number.
//
//   identity = peer + N * incarnation
//
// Descriptors, candidates, tables, reports and trust name identities; messages go to peers. Incarnations beyond the
// first exist only where Sybils whitewash (adversary.whitewash); elsewhere an identity is its peer's number, and
// nothing is computed.
#pragma once

#include <cstdint>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// The peer behind an identity: where messages for it go.
inline std::uint32_t peer_of(const Parameters& p, std::uint32_t identity) {
    if (p.whitewash) [[unlikely]]
        return identity % p.peers;
    return identity;
}

// The part of an identity that messages to its peer carry, by which the peer tells whether it still bears the name.
using Incarnation = std::uint16_t;

inline Incarnation incarnation_of(const Parameters& p, std::uint32_t identity) {
    if (p.whitewash) [[unlikely]]
        return static_cast<Incarnation>(identity / p.peers);
    return 0;
}

// Whoever is at the address is meant, under whatever name: a forged entry leads to its forger.
inline constexpr Incarnation any_incarnation = UINT16_MAX;

// Where a message for an identity goes.
struct Address {
    std::uint32_t peer;
    Incarnation incarnation;
};

// The parameters see to it that it fits.
constexpr std::uint32_t identity_of(const Parameters& p, std::uint32_t peer, Incarnation incarnation) {
    return peer + p.peers * incarnation;
}

}  // namespace parley::agentic
