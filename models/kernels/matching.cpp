#include "models/kernels/matching.hpp"

namespace parley::kernels {

void EmbeddingBlocks::append(std::span<const float> embedding) {
    const std::size_t lane = entries_ % block_entries;
    if (lane == 0) values_.resize(values_.size() + dimension_ * block_entries, 0.0F);
    float* block = values_.data() + entries_ / block_entries * dimension_ * block_entries;
    for (std::uint32_t k = 0; k < dimension_; ++k) block[k * block_entries + lane] = embedding[k];
    ++entries_;
}

namespace {

// One row of a block, as the compiler's vector type: it stays in registers, whatever their width.
using Row = float __attribute__((vector_size(block_entries * sizeof(float))));
using UnalignedRow = float __attribute__((vector_size(block_entries * sizeof(float)), aligned(alignof(float))));

inline __attribute__((always_inline)) Row row_at(const float* values) {
    return *reinterpret_cast<const UnalignedRow*>(values);
}

// Scores of `Blocks` blocks side by side: their sums do not wait for each other.
template <std::size_t Blocks>
inline __attribute__((always_inline)) void score_blocks(const float* values, const float* wanted,
                                                        std::uint32_t dimension, float* out) {
    Row sum[Blocks] = {};
    for (std::uint32_t k = 0; k < dimension; ++k) {
        for (std::size_t b = 0; b < Blocks; ++b)
            sum[b] += wanted[k] * row_at(values + (b * dimension + k) * block_entries);
    }
    for (std::size_t b = 0; b < Blocks; ++b) *reinterpret_cast<UnalignedRow*>(out + b * block_entries) = sum[b];
}

constexpr std::size_t side_by_side = 4;

}  // namespace

// The widest vectors of the machine it runs on; the results are the same.
__attribute__((target_clones("avx512f", "avx2", "default"))) void score_entries(const EmbeddingBlocks& entries,
                                                                                std::span<const float> intent,
                                                                                std::span<float> scores) {
    std::size_t blocks = (entries.size() + block_entries - 1) / block_entries;
    const std::uint32_t dimension = entries.dimension();
    const float* values = entries.data();
    float* out = scores.data();
    for (; blocks >= side_by_side; blocks -= side_by_side) {
        score_blocks<side_by_side>(values, intent.data(), dimension, out);
        values += side_by_side * dimension * block_entries;
        out += side_by_side * block_entries;
    }
    for (; blocks > 0; --blocks) {
        score_blocks<1>(values, intent.data(), dimension, out);
        values += dimension * block_entries;
        out += block_entries;
    }
}

}  // namespace parley::kernels
