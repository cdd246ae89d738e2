// Which behaviour a Sybil has: drawn once, silent with probability adversary.silent, onoff with adversary.onoff,
// else malicious.
#pragma once

#include "models/agentic/parameters.hpp"
#include "models/agentic/peer.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

// One draw: with more of one behaviour, the Sybils that had it before keep it.
inline Behaviour draw_behaviour(const Parameters& p, std::uint32_t peer) {
    RandomStream stream = stream_of(p.seed, peer, Purpose::sybil_behaviour, 0);
    const double u = stream.uniform();
    if (u < p.silent_share) return Behaviour::silent;
    return u < p.silent_share + p.onoff_share ? Behaviour::onoff : Behaviour::malicious;
}

}  // namespace parley::agentic
