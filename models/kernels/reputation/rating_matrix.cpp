#include "models/kernels/reputation/rating_matrix.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "models/kernels/reputation/for_each_block.hpp"

namespace parley::kernels {

namespace {

// How many ratings ahead a gathered value is prefetched, into the second-level cache: measured in tests/bench.
constexpr std::size_t prefetch_distance = 128;
// Raters of a block nearer to each other than this need no prefetching: 256 KiB of gathered values stay in the cache.
constexpr std::uint32_t near_raters = 32768;

// The products of `rows` rows that end at ratings `ends`.
template <bool Prefetch>
void multiply_rows(std::uint32_t rows, const std::uint32_t* ends, const std::uint32_t* columns, const float* weights,
                   const double* u, double* y) {
    std::uint32_t at = 0;
    for (std::uint32_t row = 0; row < rows; ++row) {
        double sum = 0;
        for (const std::uint32_t end = ends[row]; at < end; ++at) {
            if constexpr (Prefetch) __builtin_prefetch(&u[columns[at + prefetch_distance]], 0, 2);
            sum += static_cast<double>(weights[at]) * u[columns[at]];
        }
        y[row] = sum;
    }
}

// What an id gives in all, on its way to the rank that owns its row.
struct Given {
    std::uint32_t id;
    std::uint32_t unused;
    double sum;
};

}  // namespace

RatingMatrix::RatingMatrix(std::uint32_t ids, Transport& transport, std::pmr::memory_resource* memory)
    : blocks_(ids, transport.size(), transport.rank()),
      transport_(transport),
      records_(memory),
      block_begins_(blocks_.own_blocks() + 1),
      far_raters_(blocks_.own_blocks()),
      row_ends_(blocks_.own_ids(), 0, memory),
      columns_(prefetch_distance, 0, memory),
      weights_(memory),
      given_(blocks_.own_ids(), 0, memory) {}

void RatingMatrix::build(std::span<const RatingList> lists, int threads) {
    exchange_given(lists);
    records_.collect(blocks_, transport_, lists, RatingDirection::to_ratee, threads);
    place_rows(threads);
    std::atomic<bool> repeated = false;
    for_each_block(blocks_.own_blocks(), threads, [&](std::size_t b) {
        const auto block = static_cast<std::uint32_t>(b);
        for (std::uint32_t row = block * block_ids; row < block * block_ids + blocks_.ids_in(block); ++row) {
            if (!sort_row(row)) repeated = true;
        }
        note_distance(block);
    });
    std::uint64_t anywhere = repeated ? 1 : 0;
    transport_.sum({&anywhere, 1});
    if (anywhere != 0) throw std::invalid_argument("a rater rates the same ratee twice; add up its ratings first");
}

void RatingMatrix::build_undirected(std::span<const RatingList> lists, int threads) {
    records_.collect(blocks_, transport_, lists, RatingDirection::both_ways, threads);
    place_rows(threads);
    for_each_block(blocks_.own_blocks(), threads, [&](std::size_t block) {
        merge_repeated(static_cast<std::uint32_t>(block));
        note_distance(static_cast<std::uint32_t>(block));
    });
    ratings_ = 0;
    for (std::uint32_t row = 0; row < blocks_.own_ids(); ++row) ratings_ += raters(row).size();
}

// Rows with their columns in the order of the records.
void RatingMatrix::place_rows(int threads) {
    for (std::uint32_t block = 0; block < blocks_.own_blocks(); ++block) {
        block_begins_[block + 1] = block_begins_[block] + records_.size(block);
    }
    ratings_ = block_begins_.back();
    columns_.renew(ratings_ + prefetch_distance);
    std::fill_n(columns_.data() + ratings_, prefetch_distance, 0U);
    weights_.renew(ratings_);
    for_each_block(blocks_.own_blocks(), threads,
                   [&](std::size_t block) { place_rows_of(static_cast<std::uint32_t>(block)); });
}

void RatingMatrix::place_rows_of(std::uint32_t block) {
    const std::uint32_t first_id = blocks_.first_id() + block * block_ids;
    std::array<std::uint32_t, block_ids> places{};
    records_.for_each(block, [&](const RatingRecord& record) { ++places[record.row - first_id]; });
    std::uint32_t total = 0;
    for (std::uint32_t i = 0; i < blocks_.ids_in(block); ++i) {
        total += std::exchange(places[i], total);
        row_ends_[block * block_ids + i] = total;
    }
    std::uint32_t* columns = columns_.data() + block_begins_[block];
    float* weights = weights_.data() + block_begins_[block];
    records_.for_each(block, [&](const RatingRecord& record) {
        const std::uint32_t at = places[record.row - first_id]++;
        columns[at] = record.column;
        weights[at] = record.weight;
    });
}

// Puts the raters of a row into ascending order, in which they mostly are. Whether they are distinct.
bool RatingMatrix::sort_row(std::uint32_t row) {
    std::uint32_t* columns = columns_.data() + begin_of(row);
    float* weights = weights_.data() + begin_of(row);
    const std::size_t size = end_of(row) - begin_of(row);
    if (!std::is_sorted(columns, columns + size)) {
        std::vector<std::pair<std::uint32_t, float>> pairs;
        pairs.reserve(size);
        for (std::size_t i = 0; i < size; ++i) pairs.emplace_back(columns[i], weights[i]);
        std::sort(pairs.begin(), pairs.end());
        for (std::size_t i = 0; i < size; ++i) std::tie(columns[i], weights[i]) = pairs[i];
    }
    return std::adjacent_find(columns, columns + size) == columns + size;
}

// Sorts the raters of every row of a block, keeps one of each with weight 1, and moves the rows together.
void RatingMatrix::merge_repeated(std::uint32_t block) {
    const std::uint32_t first = block * block_ids;
    std::uint32_t* columns = columns_.data() + block_begins_[block];
    std::uint32_t begin = 0;
    std::uint32_t* kept = columns;
    for (std::uint32_t row = first; row < first + blocks_.ids_in(block); ++row) {
        const std::uint32_t end = row_ends_[row];
        std::sort(columns + begin, columns + end);
        const auto degree = std::unique(columns + begin, columns + end) - (columns + begin);
        std::memmove(kept, columns + begin, static_cast<std::size_t>(degree) * sizeof *kept);
        given_[row] = static_cast<double>(degree);
        kept += degree;
        row_ends_[row] = static_cast<std::uint32_t>(kept - columns);
        begin = end;
    }
    std::fill_n(weights_.data() + block_begins_[block], kept - columns, 1.0F);
}

void RatingMatrix::exchange_given(std::span<const RatingList> lists) {
    std::fill_n(given_.data(), given_.size(), 0.0);
    Outgoing outgoing(transport_.size());
    for (const RatingList& list : lists) {
        for (const RatingList::Rater& rater : list.raters()) {
            if (blocks_.owns(rater.id)) {
                given_[rater.id - blocks_.first_id()] = rater.sum;
                continue;
            }
            const Given given{rater.id, 0, rater.sum};
            const std::uint32_t owner = blocks_.owner(BlockDistribution::block_of(rater.id));
            std::memcpy(outgoing.append(owner, sizeof given), &given, sizeof given);
        }
    }
    if (transport_.size() == 1) return;
    Bytes incoming;
    transport_.exchange(outgoing, incoming, 0);
    for (std::size_t at = 0; at < incoming.size(); at += sizeof(Given)) {
        Given given;
        std::memcpy(&given, incoming.data() + at, sizeof given);
        given_[given.id - blocks_.first_id()] = given.sum;
    }
}

void RatingMatrix::multiply(std::uint32_t block, const double* u, double* y) const {
    const auto product = far_raters_[block] != 0 ? multiply_rows<true> : multiply_rows<false>;
    const std::size_t begin = block_begins_[block];
    product(blocks_.ids_in(block), row_ends_.data() + std::size_t{block} * block_ids, columns_.data() + begin,
            weights_.data() + begin, u, y);
}

void RatingMatrix::note_distance(std::uint32_t block) {
    std::uint32_t lowest = blocks_.ids();
    std::uint32_t highest = 0;
    for (std::uint32_t row = block * block_ids; row < block * block_ids + blocks_.ids_in(block); ++row) {
        const auto columns = raters(row);
        if (columns.empty()) continue;
        lowest = std::min(lowest, columns.front());
        highest = std::max(highest, columns.back());
    }
    far_raters_[block] = highest > lowest && highest - lowest > near_raters ? 1 : 0;
}

}  // namespace parley::kernels
