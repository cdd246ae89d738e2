// The peers trusted beforehand: what global reputation that follows ratings starts from.
//
// They are the honest peers i of lowest perm2(i), perm2 a second seeded permutation of [0, N) (identity/sybil_set.hpp
// has the first): as many as reputation.pretrusted_share of the honest peers, at least reputation.pretrusted_min, at
// most all. A larger share keeps those of a smaller one.
#pragma once

#include <cstdint>
#include <vector>

#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// In ascending order. O(N) time and 8 bytes an honest peer while it runs.
std::vector<std::uint32_t> pretrusted_peers(const Parameters& parameters, const SybilSet& sybils);

}  // namespace parley::agentic
