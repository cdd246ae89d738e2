// Who rated whom: a sparse matrix over ids, its rows distributed over ranks in blocks of 4096 ids.
//
// Stored by columns of the rating graph, for pulling: row j lists the raters i of ratee j in ascending order, with
// their weights w_ij > 0. A product y_j = sum_i w_ij u_i is then summed by one thread in the order of raters: the same
// bits for any number of ranks and threads. The sum of all a rater gives, s_i = sum_j w_ij, is kept beside it as a
// double, so that weights stay as they were given: with u_i = t_i / s_i the product is that of the normalised matrix.
//
// Memory: 20 bytes a rating (index, weight, record), 12 a row (end, sum of weights).
// record).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/transport.hpp"
#include "models/kernels/reputation/block_distribution.hpp"
#include "models/kernels/reputation/large_array.hpp"
#include "models/kernels/reputation/rating_list.hpp"
#include "models/kernels/reputation/rating_records.hpp"

namespace parley::kernels {

class RatingMatrix {
   public:
    // Of `ids` >= 1 ids, empty. `transport` and `memory` must outlive the matrix.
    RatingMatrix(std::uint32_t ids, Transport& transport,
                 std::pmr::memory_resource* memory = std::pmr::get_default_resource());

    // Makes it that of these ratings, of which every rank brings some; all of a rater's in one list. Collective.
    // Throws std::invalid_argument when somebody rates the same ratee twice.
    void build(std::span<const RatingList> lists, int threads);
    // The undirected graph of the same ratings: both ways a weight of 1 where either has rated the other. The sum of
    // weights of a row is then its degree.
    void build_undirected(std::span<const RatingList> lists, int threads);

    const BlockDistribution& blocks() const { return blocks_; }
    Transport& transport() const { return transport_; }
    // Those in rows of this rank.
    std::size_t ratings() const { return ratings_; }

    // `row`: id - blocks().first_id(), an own one.
    std::span<const std::uint32_t> raters(std::uint32_t row) const {
        return {columns_.data() + begin_of(row), end_of(row) - begin_of(row)};
    }
    std::span<const float> weights(std::uint32_t row) const {
        return {weights_.data() + begin_of(row), end_of(row) - begin_of(row)};
    }
    // What the id of an own row gives in all: s.
    double given(std::uint32_t row) const { return given_[row]; }

    // y_j = sum_i w_ij u_i for the rows of the `block`-th own block, in ascending order of i. `u`: all ids.
    void multiply(std::uint32_t block, const double* u, double* y) const;

   private:
    void place_rows(int threads);
    void place_rows_of(std::uint32_t block);
    bool sort_row(std::uint32_t row);
    void merge_repeated(std::uint32_t block);
    void note_distance(std::uint32_t block);
    void exchange_given(std::span<const RatingList> lists);
    std::size_t begin_of(std::uint32_t row) const {
        const std::size_t block = block_begins_[row / block_ids];
        return row % block_ids == 0 ? block : block + row_ends_[row - 1];
    }
    std::size_t end_of(std::uint32_t row) const { return block_begins_[row / block_ids] + row_ends_[row]; }

    BlockDistribution blocks_;
    Transport& transport_;
    RatingRecords records_;  // those it was last built of: kept for their memory
    std::size_t ratings_ = 0;
    std::vector<std::size_t> block_begins_;
    std::vector<std::uint8_t> far_raters_;  // of each own block: gathered values are worth prefetching
    LargeArray<std::uint32_t> row_ends_;    // from the begin of the block
    LargeArray<std::uint32_t> columns_;     // and a few zeros, for prefetching beyond the end
    LargeArray<float> weights_;
    LargeArray<double> given_;
};

}  // namespace parley::kernels
