// Hard constraints: what a descriptor must meet to be a candidate of a query.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/sim_time.hpp"

namespace parley::agentic {

struct Constraints {
    static constexpr double no_price_limit = 1e15;
    static constexpr Duration no_time_limit{1'000'000'000'000'000'000};
    static constexpr std::uint32_t all_regions = UINT32_MAX;
    // Range of max_time, in seconds.
    static constexpr double shortest_time = 1e-9;
    static constexpr double longest_time = 1e9;

    double max_price = no_price_limit;
    Duration max_time = no_time_limit;    // expected execution time
    double min_quality = 0;               // claimed
    std::uint32_t regions = all_regions;  // bit r: region r is allowed

    // Whether they rule out anything.
    bool any() const {
        return max_price < no_price_limit || max_time < no_time_limit || min_quality > 0 || regions != all_regions;
    }
    bool allows_region(std::uint8_t region) const { return (regions >> region & 1U) != 0; }
};

// The mask of some regions.
inline std::uint32_t region_mask(const std::vector<std::uint8_t>& regions) {
    std::uint32_t mask = 0;
    for (const std::uint8_t region : regions) mask |= 1U << region;
    return mask;
}

}  // namespace parley::agentic
