// Scores of many embeddings against one intent.
//
// Embeddings are stored in blocks of 16 entries, dimension by dimension: block b holds
// values[(b * d + k) * 16 + j] = component k of entry 16 b + j. A score is the sum over k = 0..d-1 in that
// order, in float, without fused multiply-add: vectorised over entries, so its bits do not depend on the
// width of the vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::kernels {

inline constexpr std::size_t block_entries = 16;

class EmbeddingBlocks {
   public:
    explicit EmbeddingBlocks(std::uint32_t dimension) : dimension_(dimension) {}

    std::size_t size() const { return entries_; }
    std::uint32_t dimension() const { return dimension_; }
    // Appends one entry of `dimension` components.
    void append(std::span<const float> embedding);
    float component(std::size_t entry, std::uint32_t k) const {
        return values_[(entry / block_entries * dimension_ + k) * block_entries + entry % block_entries];
    }
    const float* data() const { return values_.data(); }
    std::size_t bytes() const { return values_.capacity() * sizeof(float); }

   private:
    std::uint32_t dimension_;
    std::size_t entries_ = 0;
    std::vector<float> values_;
};

// scores[i] = <intent, entry i> for all entries; `scores` has room for size() rounded up to whole blocks.
void score_entries(const EmbeddingBlocks& entries, std::span<const float> intent, std::span<float> scores);

}  // namespace parley::kernels
