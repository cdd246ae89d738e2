#include "models/agentic/connectivity/place.hpp"

#include "models/agentic/connectivity/one_way_delay.hpp"

namespace parley::agentic {

Place place_of(const Parameters& p, std::uint32_t entity) {
    RandomStream stream = stream_of(p.seed, entity, Purpose::place, 0);
    return {p.regions.at(stream.uniform())};
}

namespace {

Duration median_between(const Parameters& p, Place from, Place to) {
    return p.regions.empty() ? p.median_latency : p.regions.median(from.region, to.region);
}

}  // namespace

Duration delay_between_places(const Parameters& p, std::uint32_t sender, std::uint32_t receiver,
                              std::uint32_t message) {
    return direct_delay(p, sender, message, median_between(p, place_of(p, sender), place_of(p, receiver)));
}

Duration delay_within_region(const Parameters& p, std::uint32_t sender, std::uint32_t message) {
    const Place here = place_of(p, sender);
    return direct_delay(p, sender, message, median_between(p, here, here));
}

}  // namespace parley::agentic
