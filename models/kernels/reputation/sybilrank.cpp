#include "models/kernels/reputation/sybilrank.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "models/kernels/reputation/for_each_block.hpp"

namespace parley::kernels {

SybilRank::SybilRank(std::uint32_t ids, std::span<const std::uint32_t> seeds, Transport& transport,
                     std::pmr::memory_resource* memory)
    : blocks_(ids, transport.size(), transport.rank()),
      transport_(transport),
      seed_trust_(1.0 / static_cast<double>(seeds.size())),
      parts_(blocks_.parts_of_ids(sizeof(double))),
      ranks_(blocks_.own_ids(), 0, memory),
      shares_(ids, 0, memory) {
    if (seeds.empty()) throw std::invalid_argument("SybilRank needs seeds; name at least one");
    for (const std::uint32_t seed : seeds) {
        if (seed >= ids) throw std::invalid_argument("a seed of SybilRank is not among the ids");
        if (blocks_.owns(seed)) seeds_.push_back(seed);
    }
}

void SybilRank::update(const RatingMatrix& graph, int threads) {
    const auto rank_of = [&](std::uint32_t row, double trust) {
        const double degree = graph.given(row);
        return degree > 0 ? trust / degree : 0;
    };
    std::fill_n(ranks_.data(), ranks_.size(), 0.0);
    for (const std::uint32_t seed : seeds_) {
        const std::uint32_t row = seed - blocks_.first_id();
        ranks_[row] = rank_of(row, seed_trust_);
    }
    for (int step = 0; step < steps(blocks_.ids()); ++step) {
        std::copy_n(ranks_.data(), ranks_.size(), shares_.data() + blocks_.first_id());
        transport_.gather_parts(std::as_writable_bytes(shares_.span()), parts_);
        for_each_block(blocks_.own_blocks(), threads, [&](std::size_t b) {
            const auto block = static_cast<std::uint32_t>(b);
            std::array<double, block_ids> received;
            graph.multiply(block, shares_.data(), received.data());
            for (std::uint32_t i = 0; i < blocks_.ids_in(block); ++i) {
                ranks_[block * block_ids + i] = rank_of(block * block_ids + i, received[i]);
            }
        });
    }
}

}  // namespace parley::kernels
