#include "models/kernels/matching.hpp"

#include <algorithm>
#include <cstring>
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

constexpr int code_limit = 127;
constexpr int bias = 128;
constexpr std::size_t group_bytes = 64;  // 16 entries x 4 components
constexpr float low_range = 128;

// What a sweep over the coarse index needs.
struct Sweep {
    const std::uint8_t* blocks;
    std::size_t block_count;
    std::size_t groups;
    const std::int8_t* high;  // the intent: step * (128 high + low); 4 components a group
    const std::int8_t* low;
    std::int32_t high_correction;  // bias * sum of the codes
    std::int32_t low_correction;
    float step;
    float min_trust;
    float* scores;
    float* block_best;
};

// Any machine.
__attribute__((target_clones("avx2", "default"))) void sweep_portable(const Sweep& s) {
    constexpr std::size_t entries = MatchIndex::block_entries;
    const std::uint8_t* at = s.blocks;
    for (std::size_t block = 0; block < s.block_count; ++block) {
        std::int32_t high[entries] = {};
        std::int32_t low[entries] = {};
        for (std::size_t group = 0; group < s.groups; ++group) {
            for (std::size_t j = 0; j < entries; ++j) {
                for (std::size_t c = 0; c < 4; ++c) {
                    high[j] += at[4 * j + c] * s.high[4 * group + c];
                    low[j] += at[4 * j + c] * s.low[4 * group + c];
                }
            }
            at += group_bytes;
        }
        float steps[entries];
        float trust[entries];
        std::memcpy(steps, at, sizeof steps);
        std::memcpy(trust, at + sizeof steps, sizeof trust);
        at += sizeof steps + sizeof trust;
        float* out = s.scores + block * entries;
        float best = -std::numeric_limits<float>::infinity();
        for (std::size_t j = 0; j < entries; ++j) {
            const float sum = static_cast<float>(high[j] - s.high_correction) * low_range +
                              static_cast<float>(low[j] - s.low_correction);
            const float score = sum * (steps[j] * s.step);
            out[j] = trust[j] >= s.min_trust ? score : -std::numeric_limits<float>::infinity();
            best = std::max(best, out[j]);
        }
        s.block_best[block] = best;
    }
}

#if defined(__x86_64__)
// Four multiply-adds of bytes a lane and instruction.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) void sweep_vnni(const Sweep& s) {
    const std::uint8_t* at = s.blocks;
    const __m512i high_correction = _mm512_set1_epi32(s.high_correction);
    const __m512i low_correction = _mm512_set1_epi32(s.low_correction);
    const __m512 step = _mm512_set1_ps(s.step);
    const __m512 min_trust = _mm512_set1_ps(s.min_trust);
    const __m512 excluded = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    for (std::size_t block = 0; block < s.block_count; ++block) {
        __m512i high = _mm512_setzero_si512();
        __m512i low = _mm512_setzero_si512();
        for (std::size_t group = 0; group < s.groups; ++group) {
            std::int32_t high_codes = 0;
            std::int32_t low_codes = 0;
            std::memcpy(&high_codes, s.high + 4 * group, sizeof high_codes);
            std::memcpy(&low_codes, s.low + 4 * group, sizeof low_codes);
            const __m512i row = _mm512_loadu_si512(at + group * group_bytes);
            high = _mm512_dpbusd_epi32(high, row, _mm512_set1_epi32(high_codes));
            low = _mm512_dpbusd_epi32(low, row, _mm512_set1_epi32(low_codes));
        }
        at += s.groups * group_bytes;
        const __m512 steps = _mm512_loadu_ps(at);
        const __m512 trust = _mm512_loadu_ps(at + group_bytes);
        at += 2 * group_bytes;
        const __m512 high_sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(high, high_correction));
        const __m512 low_sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(low, low_correction));
        const __m512 sum = _mm512_add_ps(_mm512_mul_ps(high_sum, _mm512_set1_ps(low_range)), low_sum);
        const __m512 score = _mm512_mul_ps(sum, _mm512_mul_ps(steps, step));
        const __mmask16 wanted = _mm512_cmp_ps_mask(trust, min_trust, _CMP_GE_OQ);
        const __m512 kept = _mm512_mask_blend_ps(wanted, excluded, score);
        _mm512_storeu_ps(s.scores + block * MatchIndex::block_entries, kept);
        s.block_best[block] = _mm512_reduce_max_ps(kept);
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

double norm(std::span<const float> vector) {
    double sum = 0;
    for (const double x : vector) sum += x * x;
    return std::sqrt(sum);
}

constexpr std::size_t most_dimensions = 1024;

// An intent in 15 bits a component.
struct IntentCodes {
    alignas(64) std::int8_t high[most_dimensions] = {};
    alignas(64) std::int8_t low[most_dimensions] = {};
    std::int32_t high_sum = 0;
    std::int32_t low_sum = 0;
    float step = 0;
    double residual = 0;  // |q - q^|

    explicit IntentCodes(std::span<const float> intent) {
        const float largest = largest_magnitude(intent);
        if (largest == 0) return;
        step = largest / (static_cast<float>(code_limit) * low_range);
        double squares = 0;
        for (std::size_t k = 0; k < intent.size(); ++k) {
            // 127 * 128 at most: the low part stays within [-64, 64).
            const auto code = static_cast<int>(std::floor(intent[k] / step + 0.5F));
            const int upper = std::min((code + 64) >> 7, code_limit);
            high[k] = static_cast<std::int8_t>(upper);
            low[k] = static_cast<std::int8_t>(code - 128 * upper);
            high_sum += upper;
            low_sum += low[k];
            const double rest = static_cast<double>(intent[k]) - static_cast<double>(step) * code;
            squares += rest * rest;
        }
        residual = std::sqrt(squares);
    }
};

}  // namespace

float* MatchIndex::steps_of(std::size_t block) {
    return reinterpret_cast<float*>(coarse_.data() + block * block_bytes() + groups_ * group_bytes);
}

float* MatchIndex::trust_of(std::size_t block) { return steps_of(block) + block_entries; }

void MatchIndex::reserve(std::size_t entries) {
    exact_.reserve(entries * dimension_);
    coarse_.reserve((entries + block_entries - 1) / block_entries * block_bytes());
}

void MatchIndex::append(std::span<const float> embedding) {
    const std::size_t lane = entries_ % block_entries;
    const std::size_t block = entries_ / block_entries;
    if (lane == 0) {
        coarse_.resize(coarse_.size() + block_bytes(), bias);
        std::fill_n(steps_of(block), block_entries, 0.0F);
        std::fill_n(trust_of(block), block_entries, std::numeric_limits<float>::quiet_NaN());
    }
    exact_.insert(exact_.end(), embedding.begin(), embedding.end());
    const float step = largest_magnitude(embedding) / static_cast<float>(code_limit);
    std::uint8_t* rows = coarse_.data() + block * block_bytes();
    double residual = 0;
    double squares = 0;
    for (std::size_t k = 0; k < dimension_; ++k) {
        const float code = step > 0 ? std::floor(embedding[k] / step + 0.5F) : 0.0F;
        const double rounded = static_cast<double>(step) * static_cast<double>(code);
        rows[k / group_dimensions * group_bytes + lane * group_dimensions + k % group_dimensions] =
            static_cast<std::uint8_t>(static_cast<int>(code) + bias);
        residual += (static_cast<double>(embedding[k]) - rounded) * (static_cast<double>(embedding[k]) - rounded);
        squares += rounded * rounded;
    }
    steps_of(block)[lane] = step;
    largest_residual_ = std::max(largest_residual_, std::sqrt(residual));
    largest_norm_ = std::max(largest_norm_, std::sqrt(squares));
    ++entries_;
}

void MatchIndex::set(std::size_t entry, bool live, float trust) {
    trust_of(entry / block_entries)[entry % block_entries] = live ? trust : std::numeric_limits<float>::quiet_NaN();
}

float MatchIndex::exact_score(std::size_t entry, std::span<const float> intent) const {
    const float* row = exact_.data() + entry * dimension_;
    float sum = 0;
    for (std::uint32_t k = 0; k < dimension_; ++k) sum += intent[k] * row[k];
    return sum;
}

void MatchIndex::exact_scores(std::span<const std::uint32_t> entries, std::span<const float> intent,
                              std::span<float> scores) const {
    constexpr std::size_t together = 8;  // sums that do not wait for each other
    std::size_t first = 0;
    for (; first + together <= entries.size(); first += together) {
        const float* rows[together];
        float sums[together] = {};
        for (std::size_t j = 0; j < together; ++j)
            rows[j] = exact_.data() + static_cast<std::size_t>(entries[first + j]) * dimension_;
        for (std::uint32_t k = 0; k < dimension_; ++k) {
            for (std::size_t j = 0; j < together; ++j) sums[j] += intent[k] * rows[j][k];
        }
        for (std::size_t j = 0; j < together; ++j) scores[first + j] = sums[j];
    }
    for (; first < entries.size(); ++first) scores[first] = exact_score(entries[first], intent);
}

float MatchIndex::approximate_scores(std::span<const float> intent, float min_trust, std::span<float> scores,
                                     std::span<float> block_best) const {
    const IntentCodes codes(intent);
    const Sweep sweep{coarse_.data(),        block_count(),        groups_,    codes.high, codes.low,
                      bias * codes.high_sum, bias * codes.low_sum, codes.step, min_trust,  scores.data(),
                      block_best.data()};
#if defined(__x86_64__)
    has_vnni() ? sweep_vnni(sweep) : sweep_portable(sweep);
#else
    sweep_portable(sweep);
#endif
    // The bound of the header, and a little more for the rounding of both scores themselves.
    const double intent_norm = norm(intent);
    const double bound = intent_norm * largest_residual_ + codes.residual * largest_norm_;
    const double rounding = intent_norm * (largest_norm_ + largest_residual_) * (dimension_ + 8) * 1.2e-7;
    return static_cast<float>((bound + rounding) * 1.0001);
}

}  // namespace parley::kernels
