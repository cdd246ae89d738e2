// SybilRank: trust spread from known honest peers by a short random walk (Cao, Sirivianos, Yang, Pregueiro: Aiding the
// detection of fake accounts in large scale social online services, NSDI 2012, section 4.2).
//
//   T^(0)(v) = 1 / seeds for a seed v, else 0
//   T^(i)(v) = sum over the neighbours u of v of T^(i-1)(u) / deg(u),   i = 1 .. ceil(log2 ids)
//   rank of v = T(v) / deg(v)
//
// The walk ends long before it is stationary: by then trust is even within the region of the seeds, and little of it
// has passed the few edges between honest peers and Sybils. The graph is undirected: RatingMatrix::build_undirected.
// What a seed without an edge has is lost in the first step.
//
// All ranks call together; results are the same bits for any number of ranks and threads.
#pragma once

#include <bit>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "models/kernels/reputation/large_array.hpp"
#include "models/kernels/reputation/rating_matrix.hpp"

namespace parley::kernels {

class SybilRank {
   public:
    // `seeds`: distinct ids, the same on all ranks; must not be empty (std::invalid_argument).
    SybilRank(std::uint32_t ids, std::span<const std::uint32_t> seeds, Transport& transport,
              std::pmr::memory_resource* memory = std::pmr::get_default_resource());

    // ceil(log2 ids)
    static int steps(std::uint32_t ids) { return static_cast<int>(std::bit_width(ids - 1)); }

    // Walks on this graph. Collective.
    void update(const RatingMatrix& graph, int threads);

    // T / deg of the own ids, in their order; 0 for those without an edge.
    std::span<const double> ranks() const { return ranks_.span(); }

   private:
    BlockDistribution blocks_;
    Transport& transport_;
    std::vector<std::uint32_t> seeds_;  // own ids
    double seed_trust_;
    std::vector<std::size_t> parts_;
    LargeArray<double> ranks_;   // T / deg, own ids
    LargeArray<double> shares_;  // the same of all ids
};

}  // namespace parley::kernels
