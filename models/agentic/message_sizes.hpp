// Sizes on the wire that are accounted, in bytes (model: 64-byte signatures and 32-byte keys included).
#pragma once

#include <cstdint>

namespace parley::agentic::message_size {

constexpr std::uint64_t register_descriptor(std::uint32_t dimension) { return 576 + 4ULL * dimension; }
constexpr std::uint64_t query(std::uint32_t dimension) { return 96 + 4ULL * dimension; }
constexpr std::uint64_t candidates(std::size_t count) { return 64 + 96ULL * count; }
inline constexpr std::uint64_t canary_request = 512;
inline constexpr std::uint64_t canary_response = 640;
inline constexpr std::uint64_t feedback = 160;
inline constexpr std::uint64_t evidence = 4096;
inline constexpr std::uint64_t commit = 160;
inline constexpr std::uint64_t committed = 160;
inline constexpr std::uint64_t delegate = 4096;
inline constexpr std::uint64_t result = 16384;
inline constexpr std::uint64_t busy = 96;

}  // namespace parley::agentic::message_size
