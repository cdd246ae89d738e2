// Who owns which ids: ranks own whole blocks of 4096 ids, contiguous and in order of ranks.
//
// What is summed over ids is summed block by block (block_sums.hpp), so the cuts between ranks must not fall within
// a block. The distribution knows nothing of how a caller cuts its own entities.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::kernels {

inline constexpr std::uint32_t block_ids = 4096;

class BlockDistribution {
   public:
    // `ids`: at least 1. A rank may own nothing.
    BlockDistribution(std::uint32_t ids, int ranks, int rank)
        : ids_(ids),
          ranks_(static_cast<std::uint32_t>(ranks)),
          blocks_((ids - 1) / block_ids + 1),
          first_block_(first_block_of(static_cast<std::uint32_t>(rank))),
          end_block_(first_block_of(static_cast<std::uint32_t>(rank) + 1)) {}

    std::uint32_t ids() const { return ids_; }
    std::uint32_t blocks() const { return blocks_; }
    static std::uint32_t block_of(std::uint32_t id) { return id / block_ids; }
    // Rank that owns a block.
    std::uint32_t owner(std::uint32_t block) const {
        return static_cast<std::uint32_t>(((std::uint64_t{block} + 1) * ranks_ - 1) / blocks_);
    }

    // Of this rank.
    std::uint32_t first_block() const { return first_block_; }
    std::uint32_t own_blocks() const { return end_block_ - first_block_; }
    std::uint32_t first_id() const { return begin_of(first_block_); }
    std::uint32_t own_ids() const { return begin_of(end_block_) - first_id(); }
    bool owns(std::uint32_t id) const { return id - first_id() < own_ids(); }
    // Ids of the `block`-th of its own blocks.
    std::uint32_t ids_in(std::uint32_t block) const {
        return begin_of(first_block_ + block + 1) - begin_of(first_block_ + block);
    }

    // Where the part of each rank begins, and the end, in an array over all ids or blocks with so many bytes each: what
    // Transport::gather_parts wants.
    std::vector<std::size_t> parts_of_ids(std::size_t bytes) const {
        std::vector<std::size_t> begins;
        for (std::uint32_t r = 0; r <= ranks_; ++r) begins.push_back(begin_of(first_block_of(r)) * bytes);
        return begins;
    }
    std::vector<std::size_t> parts_of_blocks(std::size_t bytes) const {
        std::vector<std::size_t> begins;
        for (std::uint32_t r = 0; r <= ranks_; ++r) begins.push_back(first_block_of(r) * bytes);
        return begins;
    }

   private:
    std::uint32_t first_block_of(std::uint32_t rank) const {
        return static_cast<std::uint32_t>(std::uint64_t{blocks_} * rank / ranks_);
    }
    std::uint32_t begin_of(std::uint32_t block) const {
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(ids_, std::uint64_t{block} * block_ids));
    }

    std::uint32_t ids_;
    std::uint32_t ranks_;
    std::uint32_t blocks_;
    std::uint32_t first_block_;
    std::uint32_t end_block_;
};

}  // namespace parley::kernels
