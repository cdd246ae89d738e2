// Connectivity plane: how long a message takes.
//
//   min_latency + LogNormal(median, sigma) + relay
//
// median: one for all pairs, or that from the sender's region to the receiver's.
#pragma once

#include "engine/distributions.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

// `message`: the sender's number of the message, which names its draws.
inline Duration direct_delay(const Parameters& p, std::uint32_t sender, std::uint32_t message, Duration median) {
    if (p.latency_sigma == 0) return p.min_latency + median;
    RandomStream stream = stream_of(p.seed, sender, Purpose::one_way_delay, message);
    return p.min_latency + duration_from_seconds(log_normal(stream, median.seconds(), p.latency_sigma));
}

// The same, with a relay where one is needed, between places that matter: with regions or NATs.
Duration delay_between_places(const Parameters& p, std::uint32_t sender, std::uint32_t receiver, std::uint32_t message);
Duration delay_within_region(const Parameters& p, std::uint32_t sender, std::uint32_t message);

// To a peer or a registry shard.
inline Duration one_way_delay(const Parameters& p, std::uint32_t sender, std::uint32_t receiver,
                              std::uint32_t message) {
    if (p.has_places()) [[unlikely]]
        return delay_between_places(p, sender, receiver, message);
    return direct_delay(p, sender, message, p.median_latency);
}

// To the sender's own ratings account, which is where its rater is.
inline Duration delay_to_account(const Parameters& p, std::uint32_t sender, std::uint32_t message) {
    if (p.has_places()) [[unlikely]]
        return delay_within_region(p, sender, message);
    return direct_delay(p, sender, message, p.median_latency);
}

}  // namespace parley::agentic
