// Comparing 16 floats at once, and counting: what selections from scores are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace parley::kernels {

// Bit i: values[i] >= bar; 16 values.
inline std::uint32_t lanes_at_least(const float* values, float bar) {
    std::uint32_t mask = 0;
#if defined(__SSE2__)
    const __m128 bars = _mm_set1_ps(bar);
    for (std::size_t first = 0; first < 16; first += 4) {
        const int bits = _mm_movemask_ps(_mm_cmpge_ps(_mm_loadu_ps(values + first), bars));
        mask |= static_cast<std::uint32_t>(bits) << first;
    }
#else
    for (int i = 0; i < 16; ++i) mask |= static_cast<std::uint32_t>(values[i] >= bar) << i;
#endif
    return mask;
}

// How many values are at least `bar`.
inline std::size_t count_at_least(std::span<const float> values, float bar) {
    std::uint32_t count = 0;
    for (const float value : values) count += value >= bar ? 1 : 0;
    return count;
}

}  // namespace parley::kernels
