// Where an entity is: its region, and whether a NAT is before it. Pure functions of (seed, entity), so that senders
// know the places of receivers without asking.
#pragma once

#include <cstdint>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

struct Place {
    std::uint8_t region;
};

Place place_of(const Parameters& p, std::uint32_t entity);

// Whether messages from `sender` reach `receiver` over a relay only: it is a peer behind a NAT, and there is no direct
// path. A fixed property of the ordered pair.
bool needs_relay(const Parameters& p, std::uint32_t sender, std::uint32_t receiver);

}  // namespace parley::agentic
