// Where an entity is: its region. A pure function of (seed, entity), so that senders
// know the places of receivers without asking.
#pragma once

#include <cstdint>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

struct Place {
    std::uint8_t region;
};

Place place_of(const Parameters& p, std::uint32_t entity);

}  // namespace parley::agentic
