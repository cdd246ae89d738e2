// Which classes the Sybils poison (adversary.targeting):
//   popularity  adversary.descriptors distinct classes drawn by popularity, as honest peers draw generated ones
//   uniform     so many distinct classes, all equally likely
//   cells       so many of those that adversary.cells names, all equally likely; all of them if there are no more:
//               the eclipse of a few cells
#pragma once

#include <cstdint>
#include <vector>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// Expected share of the Sybils that have an entry in class c, whose popularity is given; exact for uniform and cells.
double sybil_share(const Parameters& p, std::uint32_t c, double popularity);

// Appends the classes of a Sybil; for targeting uniform and cells.
void append_targets(const Parameters& p, std::uint32_t peer, std::vector<std::uint16_t>& classes);

}  // namespace parley::agentic
