// EigenTrust: global trust as the stationary distribution of a walk along ratings that keeps returning to peers
// trusted beforehand (Kamvar, Schlosser, Garcia-Molina: The EigenTrust algorithm for reputation management in P2P
// networks, WWW 2003).
//
//   c_ij = s_ij / sum_j s_ij,  s_ij >= 0 what i says of j;  c_ij = p_j where i says nothing           (their eq. 1, 5)
//   t^(k+1) = (1 - a) C^T t^(k) + a p                                                                  (algorithm 2)
//
// p: pre-trust, sum 1; a: damping. t has the sum 1; t_i > 0 for exactly those that ratings lead to from the
// pre-trusted. The iteration stops when the L1 change of t is below a tolerance.
//
// All ranks call the collective functions together; results are the same bits for any number of ranks and threads.
// Memory: 13 bytes for each own id, 16 for each id of all ranks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <stdexcept>
#include <vector>

#include "models/kernels/reputation/block_sums.hpp"
#include "models/kernels/reputation/large_array.hpp"
#include "models/kernels/reputation/rating_matrix.hpp"

namespace parley::kernels {

struct EigenTrustOptions {
    double damping = 0.15;    // a, in (0, 1]
    double tolerance = 1e-6;  // of the L1 change of t
    int max_iterations = 200;
};

struct PreTrust {
    std::uint32_t id;
    double weight;  // > 0, relative to the others'
};

struct Convergence {
    int iterations = 0;
    double change = 0;  // L1, of the last iteration
};

class EigenTrust {
   public:
    // `pretrust`: the same on all ranks, in ascending order of distinct ids. Trust starts as p. `transport` and
    // `memory` must outlive it. Throws std::invalid_argument when nobody is pre-trusted, when the order is another,
    // when an id or a weight is out of range, and for a damping outside (0, 1].
    EigenTrust(std::uint32_t ids, std::span<const PreTrust> pretrust, const EigenTrustOptions& options,
               Transport& transport, std::pmr::memory_resource* memory = std::pmr::get_default_resource());

    // Iterates on these ratings, from the trust of the last call. Collective.
    Convergence update(const RatingMatrix& ratings, int threads);

    // t of the own ids, in their order.
    std::span<const double> trust() const { return trust_.span(); }
    // Whether somebody with trust has rated an own id: s_ij > 0 and t_i > 0.
    std::span<const std::uint8_t> rated() const { return rated_.span(); }

    // All that the next update depends on besides the ratings: t of all ids. Collective. `Archive`: called with a
    // vector of doubles, it writes or, where Archive::reading, replaces them.
    template <class Archive>
    void transfer(Archive& archive) {
        std::vector<double> all(blocks_.ids());
        if constexpr (!Archive::reading) {
            std::copy_n(trust_.data(), blocks_.own_ids(), all.data() + blocks_.first_id());
            transport_.gather_parts(std::as_writable_bytes(std::span(all)), double_parts_);
        }
        archive(all);
        if constexpr (Archive::reading) {
            if (all.size() != blocks_.ids()) throw std::runtime_error("the trust in the checkpoint is of other peers");
            std::copy_n(all.data() + blocks_.first_id(), blocks_.own_ids(), trust_.data());
        }
    }

   private:
    static constexpr std::size_t dangling = 0;  // trust of those who rate nobody
    static constexpr std::size_t change = 1;

    void set_pretrust(std::span<const PreTrust> pretrust);
    std::span<const PreTrust> pretrust_of(std::uint32_t block) const;
    bool reached(std::uint32_t id) const { return (reached_[id / 64] >> id % 64 & 1) != 0; }
    void find_reached(const RatingMatrix& ratings, int threads);
    void list_open_rows(const RatingMatrix& ratings, std::uint32_t block);
    void find_rated(const RatingMatrix& ratings, std::uint32_t block);
    std::uint64_t reach_found_rows(std::uint32_t block);
    void restart(const RatingMatrix& ratings, int threads);
    static double share_of(double trust, double given);
    double share_out(const RatingMatrix& ratings, std::uint32_t block);
    void iterate(const RatingMatrix& ratings, std::uint32_t block, double returning);

    BlockDistribution blocks_;
    Transport& transport_;
    EigenTrustOptions options_;
    std::vector<PreTrust> pretrust_;            // of own ids; weights add up to 1 over all ranks
    std::vector<std::size_t> pretrust_begins_;  // of each own block
    std::vector<std::size_t> double_parts_;
    std::vector<std::size_t> bit_parts_;
    BlockSums<2> sums_;
    LargeArray<double> trust_;   // t, own ids
    LargeArray<double> shares_;  // u_i = t_i / s_i of all ids, 0 where i rates nobody
    LargeArray<double> next_shares_;
    LargeArray<std::uint64_t> reached_;  // t_i > 0, all ids, a bit each; no two blocks share a word
    LargeArray<std::uint8_t> rated_;     // own ids
    // Rows of each own block whose raters are not known to have trust, then those found by the last pass.
    LargeArray<std::uint32_t> open_rows_;
    std::vector<std::size_t> open_ends_;
    std::vector<std::size_t> found_ends_;
};

}  // namespace parley::kernels
