// Sums of floating-point numbers over all ids that do not depend on ranks and threads: each block of 4096 ids is summed
// in the order of ids by one thread, and the sums of the blocks are added in the order of blocks on every rank.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/transport.hpp"
#include "models/kernels/reputation/block_distribution.hpp"

namespace parley::kernels {

// `Width` sums at once: they travel together.
template <std::size_t Width>
class BlockSums {
   public:
    using Values = std::array<double, Width>;

    explicit BlockSums(const BlockDistribution& blocks)
        : first_(blocks.first_block()), sums_(blocks.blocks()), parts_(blocks.parts_of_blocks(sizeof(Values))) {}

    // The sums of the `block`-th own block: to be set by the thread that has it.
    Values& of(std::uint32_t block) { return sums_[first_ + block]; }

    // Over all ids. Collective.
    Values total(Transport& transport) {
        transport.gather_parts(std::as_writable_bytes(std::span(sums_)), parts_);
        Values all{};
        for (const Values& sums : sums_) {
            for (std::size_t i = 0; i < Width; ++i) all[i] += sums[i];
        }
        return all;
    }

   private:
    std::uint32_t first_;
    std::vector<Values> sums_;
    std::vector<std::size_t> parts_;
};

}  // namespace parley::kernels
