// Global reputation that follows who rated whom: EigenTrust and SybilRank on the reports of all raters.
//
//   s_ij = max(0, good_ij - bad_ij), decayed counts of rater i on ratee j; m = reputation.midpoint
//   eigentrust:  x_i = N t_i,       trust_i = x_i / (x_i + m)     (models/kernels/reputation/eigentrust.hpp)
//   sybilrank:   y_i = N T_i / deg_i, trust_i = y_i / (y_i + m)   (models/kernels/reputation/sybilrank.hpp), on the
//                undirected graph with an edge where s_ij > 0 or s_ji > 0
//
// t has the mean 1/N, so x = 1 is an average peer. Memory for eigentrust: 25 bytes a peer over all ranks
// plus 21 a peer on each rank; 32 bytes a positive rating.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/transport.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/parameters.hpp"
#include "models/kernels/reputation/eigentrust.hpp"
#include "models/kernels/reputation/rating_matrix.hpp"
#include "models/kernels/reputation/sybilrank.hpp"

namespace parley::agentic {

class GraphReputation {
   public:
    // For reputation.kind eigentrust or sybilrank. `transport` must outlive it.
    GraphReputation(const Parameters& parameters, const SybilSet& sybils, Transport& transport);

    // Trust of all peers from what is reported up to now, s_ij, all of a rater's in one list. Collective.
    void update(std::span<const kernels::RatingList> ratings, int threads);

    // Of any peer, as of the last update.
    float trust(std::uint32_t peer) const { return trust_[peer]; }
    // eigentrust: whether somebody with trust praises it; sybilrank: whether it has an edge.
    bool rated(std::uint32_t peer) const { return rated_[peer] != 0; }

    // Checkpoints: what the next update starts from. Collective.
    template <class Archive>
    void transfer(Archive& archive) {
        if (eigentrust_) eigentrust_->transfer(archive);
    }

   private:
    float trust_of(double mean_multiple) const;
    void update_eigentrust(std::span<const kernels::RatingList> ratings, int threads);
    void update_sybilrank(std::span<const kernels::RatingList> ratings, int threads);

    const Parameters& parameters_;
    Transport& transport_;
    kernels::RatingMatrix ratings_;
    std::optional<kernels::EigenTrust> eigentrust_;
    std::optional<kernels::SybilRank> sybilrank_;
    std::vector<float> trust_;
    std::vector<std::uint8_t> rated_;
};

}  // namespace parley::agentic
