#include "models/agentic/connectivity/place.hpp"

#include "models/agentic/connectivity/one_way_delay.hpp"

namespace parley::agentic {

Place place_of(const Parameters& p, std::uint32_t entity) {
    RandomStream stream = stream_of(p.seed, entity, Purpose::place, 0);
    return {p.regions.at(stream.uniform())};
}

bool needs_relay(const Parameters& p, std::uint32_t sender, std::uint32_t receiver) {
    if (p.nat_share == 0 || receiver >= p.peers) return false;
    RandomStream nat = stream_of(p.seed, receiver, Purpose::behind_nat, 0);
    if (!bernoulli(nat, p.nat_share)) return false;
    RandomStream path = stream_of(p.seed, receiver, Purpose::direct_path, sender);
    return !bernoulli(path, p.direct_share);
}

namespace {

Duration relay_delay(const Parameters& p, std::uint32_t sender, std::uint32_t message) {
    RandomStream stream = stream_of(p.seed, sender, Purpose::relay, message);
    return duration_from_seconds(log_normal(stream, p.relay_penalty.seconds(), p.relay_sigma));
}

Duration median_between(const Parameters& p, Place from, Place to) {
    return p.regions.empty() ? p.median_latency : p.regions.median(from.region, to.region);
}

}  // namespace

Duration delay_between_places(const Parameters& p, std::uint32_t sender, std::uint32_t receiver,
                              std::uint32_t message) {
    const Duration direct =
        direct_delay(p, sender, message, median_between(p, place_of(p, sender), place_of(p, receiver)));
    return needs_relay(p, sender, receiver) ? direct + relay_delay(p, sender, message) : direct;
}

Duration delay_within_region(const Parameters& p, std::uint32_t sender, std::uint32_t message) {
    const Place here = place_of(p, sender);
    return direct_delay(p, sender, message, median_between(p, here, here));
}

}  // namespace parley::agentic
