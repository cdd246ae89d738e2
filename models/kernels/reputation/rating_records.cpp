#include "models/kernels/reputation/rating_records.hpp"

#include <algorithm>

#include "models/kernels/reputation/for_each_block.hpp"

namespace parley::kernels {

namespace {

// Precedes what a rank sends.
struct SegmentHeader {
    std::uint64_t rank;
    std::uint64_t records;
};

// Calls `visit(row, column, weight)` for every record that a list gives.
template <class Visit>
void for_each_record(const RatingList& list, RatingDirection direction, Visit&& visit) {
    if (direction == RatingDirection::to_ratee) {
        for (const RatingList::Rating& r : list.ratings()) visit(r.ratee, r.rater, r.weight);
    } else {
        for (const RatingList::Rating& r : list.ratings()) {
            visit(r.ratee, r.rater, r.weight);
            visit(r.rater, r.ratee, r.weight);
        }
    }
}

}  // namespace

void RatingRecords::collect(const BlockDistribution& blocks, Transport& transport, std::span<const RatingList> lists,
                            RatingDirection direction, int threads) {
    segments_.clear();
    incoming_.clear();
    const std::vector<std::size_t> begins = sort_by_block(blocks, lists, direction, threads);
    const auto first = begins.begin() + blocks.first_block();
    segments_.push_back({static_cast<std::uint64_t>(transport.rank()),
                         reinterpret_cast<const std::byte*>(sorted_.data()),
                         {first, first + blocks.own_blocks() + 1}});
    if (transport.size() == 1) return;
    send(blocks, begins, transport);
    receive(blocks);
    std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) { return a.rank < b.rank; });
}

// Counting sort. Returns where each block begins in sorted_, and the end.
std::vector<std::size_t> RatingRecords::sort_by_block(const BlockDistribution& blocks,
                                                      std::span<const RatingList> lists, RatingDirection direction,
                                                      int threads) {
    std::vector<std::vector<std::size_t>> places(lists.size());
    for_each_block(lists.size(), threads, [&](std::size_t l) {
        places[l].assign(blocks.blocks(), 0);
        for_each_record(lists[l], direction, [&](std::uint32_t row, std::uint32_t, float) {
            ++places[l][BlockDistribution::block_of(row)];
        });
    });
    std::vector<std::size_t> begins{0};
    std::size_t total = 0;
    for (std::uint32_t block = 0; block < blocks.blocks(); ++block) {
        for (std::vector<std::size_t>& place : places) total += std::exchange(place[block], total);
        begins.push_back(total);
    }
    sorted_.renew(total);
    for_each_block(lists.size(), threads, [&](std::size_t l) {
        for_each_record(lists[l], direction, [&](std::uint32_t row, std::uint32_t column, float weight) {
            sorted_[places[l][BlockDistribution::block_of(row)]++] = {row, column, weight};
        });
    });
    return begins;
}

void RatingRecords::send(const BlockDistribution& blocks, const std::vector<std::size_t>& begins,
                         Transport& transport) {
    Outgoing outgoing(transport.size());
    const std::vector<std::size_t> cuts = blocks.parts_of_blocks(1);
    for (std::size_t rank = 0; rank + 1 < cuts.size(); ++rank) {
        const std::size_t begin = begins[cuts[rank]];
        const std::size_t count = begins[cuts[rank + 1]] - begin;
        if (rank == static_cast<std::size_t>(transport.rank()) || count == 0) continue;
        const SegmentHeader header{static_cast<std::uint64_t>(transport.rank()), count};
        std::memcpy(outgoing.append(rank, sizeof header), &header, sizeof header);
        std::memcpy(outgoing.append(rank, count * sizeof(RatingRecord)), sorted_.data() + begin,
                    count * sizeof(RatingRecord));
    }
    transport.exchange(outgoing, incoming_, 0);
}

void RatingRecords::receive(const BlockDistribution& blocks) {
    for (std::size_t at = 0; at < incoming_.size();) {
        SegmentHeader header;
        std::memcpy(&header, incoming_.data() + at, sizeof header);
        at += sizeof header;
        Segment segment{header.rank, incoming_.data() + at, std::vector<std::size_t>(blocks.own_blocks() + 1)};
        for (std::uint64_t i = 0; i < header.records; ++i, at += sizeof(RatingRecord)) {
            std::uint32_t row = 0;  // comes first in a record
            std::memcpy(&row, incoming_.data() + at, sizeof row);
            ++segment.begins[BlockDistribution::block_of(row) - blocks.first_block() + 1];
        }
        for (std::uint32_t b = 0; b < blocks.own_blocks(); ++b) segment.begins[b + 1] += segment.begins[b];
        segments_.push_back(std::move(segment));
    }
}

}  // namespace parley::kernels
