// How much a step is verified.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::agentic {

// 0 optimistic, 1 reputation, 2 canary, 3 evidence.
using Tier = std::uint8_t;
inline constexpr std::size_t tier_count = 4;

}  // namespace parley::agentic
