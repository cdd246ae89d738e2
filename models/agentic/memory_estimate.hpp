// How much memory a run will take, before it starts.
#pragma once

#include <cstdint>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// Bytes a rank of `partitions` partitions, when `ranks` share the peers. Fitted to peak memory on one rank
// (docs/exits.md has the measurements): a fixed part, one a partition beyond the first, and a part a peer that grows
// with descriptors, their dimension, the workflow rate, and the peers it remembers by the end. Not in it: queues that
// grow because providers or shards are overloaded.
std::uint64_t estimated_bytes(const Parameters& parameters, int ranks, std::uint32_t partitions);

}  // namespace parley::agentic
