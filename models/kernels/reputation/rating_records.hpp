// Ratings on their way from the ranks that know them into the rows of a matrix: sorted by the block of the row, on the
// rank that owns the block. 12 bytes a rating on the rank it comes from, and where that is another rank, 12 on the one
// that owns the row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/transport.hpp"
#include "models/kernels/reputation/block_distribution.hpp"
#include "models/kernels/reputation/large_array.hpp"
#include "models/kernels/reputation/rating_list.hpp"

namespace parley::kernels {

struct RatingRecord {
    std::uint32_t row;
    std::uint32_t column;
    float weight;
};

enum class RatingDirection {
    to_ratee,   // row: ratee, column: rater
    both_ways,  // and the same with row and column exchanged
};

class RatingRecords {
   public:
    explicit RatingRecords(std::pmr::memory_resource* memory) : sorted_(memory) {}

    // Forgets the last ratings and takes these, the lists of this rank; the memory is kept. Collective.
    void collect(const BlockDistribution& blocks, Transport& transport, std::span<const RatingList> lists,
                 RatingDirection direction, int threads);

    // Records of the `block`-th own block.
    std::size_t size(std::uint32_t block) const {
        std::size_t total = 0;
        for (const Segment& segment : segments_) total += segment.begins[block + 1] - segment.begins[block];
        return total;
    }
    // In the order of the ranks they come from, of their lists, and of the ratings in a list.
    template <class Visit>
    void for_each(std::uint32_t block, Visit&& visit) const {
        for (const Segment& segment : segments_) {
            for (std::size_t i = segment.begins[block]; i < segment.begins[block + 1]; ++i) {
                RatingRecord record;
                std::memcpy(&record, segment.bytes + i * sizeof record, sizeof record);
                visit(record);
            }
        }
    }

   private:
    // What one rank has sent.
    struct Segment {
        std::uint64_t rank;
        const std::byte* bytes;
        std::vector<std::size_t> begins;  // of each own block, in records; and the end
    };

    std::vector<std::size_t> sort_by_block(const BlockDistribution& blocks, std::span<const RatingList> lists,
                                           RatingDirection direction, int threads);
    void send(const BlockDistribution& blocks, const std::vector<std::size_t>& begins, Transport& transport);
    void receive(const BlockDistribution& blocks);

    LargeArray<RatingRecord> sorted_;
    Bytes incoming_;
    std::vector<Segment> segments_;
};

}  // namespace parley::kernels
