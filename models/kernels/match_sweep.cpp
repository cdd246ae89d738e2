#include "models/kernels/match_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#if defined(__x86_64__)
// GCC 12 warns about its own AVX-512 intrinsics (GCC bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#endif

namespace parley::kernels {

namespace {

using namespace coarse;

constexpr float nothing = -std::numeric_limits<float>::infinity();

#if defined(__x86_64__)
#define PARLEY_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// Four multiply-adds of bytes a lane and instruction. `Groups`: known beforehand, or 0; then a block's codes stay in
// registers for all queries.
template <std::size_t Groups>
PARLEY_VNNI void sweep_vnni(const Sweep& part, std::span<const SweepQuery> queries) {
    const std::size_t groups = Groups > 0 ? Groups : part.groups;
    const std::uint8_t* at = part.blocks;
    const __m512 excluded = _mm512_set1_ps(nothing);
    for (std::size_t block = 0; block < part.block_count; ++block) {
        const std::uint8_t* rows = at;
        at += groups * group_bytes;
        const __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        float step = 0;
        std::memcpy(&step, at + levels_bytes, sizeof step);
        at += levels_bytes + step_bytes;
        for (const SweepQuery& query : queries) {
            const IntentCodes& codes = *query.codes;
            __m512i high = _mm512_set1_epi32(-bias * codes.high_sum);
            __m512i low = _mm512_set1_epi32(-bias * codes.low_sum);
            for (std::size_t group = 0; group < groups; ++group) {
                const __m512i row = _mm512_loadu_si512(rows + group * group_bytes);
                high = _mm512_dpbusd_epi32(high, row, _mm512_set1_epi32(codes.high[group]));
                low = _mm512_dpbusd_epi32(low, row, _mm512_set1_epi32(codes.low[group]));
            }
            const __m512 sum = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(high), _mm512_set1_ps(low_range)),
                                             _mm512_cvtepi32_ps(low));
            const __m512 score = _mm512_mul_ps(sum, _mm512_set1_ps(step * codes.step));
            const __mmask16 wanted = _mm_cmpge_epu8_mask(levels, _mm_set1_epi8(static_cast<char>(query.min_level)));
            const __m512 kept = _mm512_mask_blend_ps(wanted, excluded, score);
            _mm512_storeu_ps(query.scores + block * block_entries, kept);
            float* best = query.lane_best + block / band_blocks * block_entries;
            const __m512 before = block % band_blocks == 0 ? excluded : _mm512_loadu_ps(best);
            _mm512_storeu_ps(best, _mm512_max_ps(before, kept));
        }
    }
}

bool has_vnni() {
    static const bool has = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512vl");
    return has;
}
#endif

float largest_magnitude(std::span<const float> vector) {
    float largest = 0;
    for (const float x : vector) largest = std::max(largest, std::fabs(x));
    return largest;
}

}  // namespace

void IntentCodes::set(std::span<const float> intent) {
    const std::size_t groups = (intent.size() + group_dimensions - 1) / group_dimensions;
    alignas(4) std::array<std::int8_t, most_dimensions> upper;
    alignas(4) std::array<std::int8_t, most_dimensions> lower;
    const float largest = largest_magnitude(intent);
    step = largest / (static_cast<float>(code_limit) * low_range);
    const float inverse = step > 1e-37F ? 1 / step : 0;  // smaller ones have no finite inverse
    high_sum = low_sum = 0;
    double rest_squares = 0;
    double squares = 0;
    for (std::size_t k = 0; k < groups * group_dimensions; ++k) {
        const float x = k < intent.size() ? intent[k] : 0.0F;
        // Within 127 * 128 but for the rounding of `inverse`; the low part stays within [-64, 64).
        const int code = nearest(std::clamp(x * inverse, -code_limit * low_range, code_limit * low_range));
        const int above = std::min((code + 64) >> 7, code_limit);
        upper[k] = static_cast<std::int8_t>(above);
        lower[k] = static_cast<std::int8_t>(code - 128 * above);
        high_sum += above;
        low_sum += code - 128 * above;
        const double rest = static_cast<double>(x) - static_cast<double>(step) * code;
        rest_squares += rest * rest;
        squares += static_cast<double>(x) * x;
    }
    std::memcpy(high.data(), upper.data(), groups * group_dimensions);
    std::memcpy(low.data(), lower.data(), groups * group_dimensions);
    residual = std::sqrt(rest_squares);
    norm = std::sqrt(squares);
}

__attribute__((target_clones("avx2", "default"))) void sweep_portable(const Sweep& part, const SweepQuery& query) {
    const std::uint8_t* at = part.blocks;
    const IntentCodes& codes = *query.codes;
    for (std::size_t block = 0; block < part.block_count; ++block) {
        std::int32_t high[block_entries] = {};
        std::int32_t low[block_entries] = {};
        for (std::size_t group = 0; group < part.groups; ++group) {
            std::int8_t high_codes[group_dimensions];
            std::int8_t low_codes[group_dimensions];
            std::memcpy(high_codes, &codes.high[group], sizeof high_codes);
            std::memcpy(low_codes, &codes.low[group], sizeof low_codes);
            for (std::size_t j = 0; j < block_entries; ++j) {
                for (std::size_t c = 0; c < group_dimensions; ++c) {
                    high[j] += at[group_dimensions * j + c] * high_codes[c];
                    low[j] += at[group_dimensions * j + c] * low_codes[c];
                }
            }
            at += group_bytes;
        }
        const std::uint8_t* levels = at;
        float step = 0;
        std::memcpy(&step, at + levels_bytes, sizeof step);
        step *= codes.step;
        at += levels_bytes + step_bytes;
        float* out = query.scores + block * block_entries;
        float* best = query.lane_best + block / band_blocks * block_entries;
        if (block % band_blocks == 0) std::fill_n(best, block_entries, nothing);
        for (std::size_t j = 0; j < block_entries; ++j) {
            const float sum = static_cast<float>(high[j] - bias * codes.high_sum) * low_range +
                              static_cast<float>(low[j] - bias * codes.low_sum);
            out[j] = levels[j] >= query.min_level ? sum * step : nothing;
            best[j] = std::max(best[j], out[j]);
        }
    }
}

void sweep(const Sweep& part, std::span<const SweepQuery> queries) {
#if defined(__x86_64__)
    if (has_vnni()) return part.groups == 8 ? sweep_vnni<8>(part, queries) : sweep_vnni<0>(part, queries);
#endif
    for (const SweepQuery& query : queries) sweep_portable(part, query);
}

}  // namespace parley::kernels
