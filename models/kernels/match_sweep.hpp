// The first pass of matching: approximate scores of many entries from 8-bit codes, for a few queries at once.
//
// Entries lie in blocks of 16, blocks in bands of 8. Per band and lane (an entry's place in its block) the best of the
// 8 scores is noted, so that whatever looks for high scores reads an eighth of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::kernels {

namespace coarse {

inline constexpr std::size_t block_entries = 16;
inline constexpr std::size_t group_dimensions = 4;
inline constexpr std::size_t group_bytes = block_entries * group_dimensions;
inline constexpr std::size_t band_blocks = 8;
inline constexpr std::size_t band_entries = band_blocks * block_entries;
inline constexpr std::size_t most_dimensions = 1024;
inline constexpr int code_limit = 127;
inline constexpr int bias = 128;  // codes of entries are stored as unsigned bytes
inline constexpr std::size_t levels_bytes = block_entries;
inline constexpr std::size_t step_bytes = 16;  // one float, and what keeps blocks aligned
inline constexpr float low_range = 128;        // an intent's code is 128 high + low

// The code of x, |x| <= 127.5 steps: the nearest integer.
inline int nearest(float x) { return static_cast<int>(x + 16384.5F) - 16384; }

}  // namespace coarse

// An intent in 15 bits a component.
struct IntentCodes {
    std::array<std::int32_t, coarse::most_dimensions / coarse::group_dimensions> high;  // 4 components each
    std::array<std::int32_t, coarse::most_dimensions / coarse::group_dimensions> low;
    std::int32_t high_sum;
    std::int32_t low_sum;
    float step;
    double residual;  // |q - q^|
    double norm;      // |q|

    void set(std::span<const float> intent);
};

// A part of an index, and where its scores go.
struct Sweep {
    const std::uint8_t* blocks;  // each: `groups` rows of 16 x 4 codes, 16 levels, the step of all codes
    std::size_t block_count;
    std::size_t groups;  // of 4 dimensions
};

// What one query asks, and gets: 16 scores a block (minus infinity for entries of a lower level), 16 lane bests a
// band.
struct SweepQuery {
    const IntentCodes* codes;
    std::uint8_t min_level;
    float* scores;
    float* lane_best;
};

// With the widest instructions of this machine.
void sweep(const Sweep& part, std::span<const SweepQuery> queries);
// The same, bit for bit, without them.
void sweep_portable(const Sweep& part, const SweepQuery& query);

}  // namespace parley::kernels
