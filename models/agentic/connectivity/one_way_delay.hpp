// Connectivity plane: how long a message takes from peer to peer (model: min_latency + LogNormal).
#pragma once

#include "engine/distributions.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

// `message`: the sender's number of the message, which names its draw.
inline Duration one_way_delay(const Parameters& p, std::uint32_t sender, std::uint32_t message) {
    if (p.latency_sigma == 0) return p.min_latency + p.median_latency;
    RandomStream stream = stream_of(p.seed, sender, Purpose::one_way_delay, message);
    return p.min_latency + duration_from_seconds(log_normal(stream, p.median_latency.seconds(), p.latency_sigma));
}

}  // namespace parley::agentic
