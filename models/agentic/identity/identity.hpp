// Identities: (peer, incarnation), in one number.
//
//   identity = peer + N * incarnation
//
// Descriptors, candidates, tables, reports and trust name identities; messages go to peers. Incarnations beyond the
// first exist only where Sybils whitewash (adversary.whitewash); elsewhere an identity is its peer's number, and
// nothing is computed.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "engine/error.hpp"
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

// Throws SimulationError when there are no numbers left.
inline std::uint32_t identity_of(const Parameters& p, std::uint32_t peer, std::uint32_t incarnation) {
    const std::uint64_t identity = peer + std::uint64_t{p.peers} * incarnation;
    if (identity > std::numeric_limits<std::uint32_t>::max() || incarnation > std::numeric_limits<Incarnation>::max()) {
        throw SimulationError(
            "Sybil " + std::to_string(peer) + " came back " + std::to_string(incarnation) +
            " times, and there are no numbers left for its identities (32 bits, of which 16 count); shorten "
            "the run, raise adversary.rejoin_delay, or set a budget");
    }
    return static_cast<std::uint32_t>(identity);
}

}  // namespace parley::agentic
