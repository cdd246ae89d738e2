// Implementation of top_matches (matching.hpp).
#pragma once

#include <algorithm>
#include <bit>
#include <functional>

#include "models/kernels/lane_mask.hpp"

namespace parley::kernels {

namespace detail {

inline constexpr float nothing = -std::numeric_limits<float>::infinity();
inline constexpr std::size_t bands_at_once = 24;    // 3,072 entries: 120 KB of an index of 32 dimensions
inline constexpr std::size_t queries_at_once = 16;  // share what has been read of the index

// A score that at least k of the lanes reach, close to the k-th best; minus infinity if fewer are above that.
inline float kth_lane(std::size_t k, std::span<const float> lanes) {
    float low = std::numeric_limits<float>::max();
    float high = nothing;
    for (const float lane : lanes) {
        high = std::max(high, lane);
        low = lane > nothing ? std::min(low, lane) : low;
    }
    if (lanes.size() < k || count_at_least(lanes, low) < k) return nothing;
    constexpr int halvings = 9;
    for (int i = 0; i < halvings; ++i) {
        const float middle = low + (high - low) / 2;
        const std::size_t count = count_at_least(lanes, middle);
        (count >= k ? low : high) = middle;
        if (count == k) break;
    }
    return low;
}

// What an entry of the exact k best reaches at least: see matching.hpp. Matches are clamped at 0: where the k-th
// may be clamped, everything may tie with it.
inline float bar_of(const MatchScratch::Selection& selection) {
    const bool clamped = !(selection.kth - selection.error > 0);
    return clamped ? std::numeric_limits<float>::lowest() : selection.kth - 2 * selection.error;
}

// Calls `visit(entry, score)` for each entry of a part of the index whose approximate score is at least `bar()`, which
// may rise meanwhile, and not minus infinity.
template <class Bar, class Visit>
void for_each_above(const SweepQuery& part, std::size_t first_block, std::size_t blocks, Bar&& bar, Visit&& visit) {
    for (std::size_t begin = 0; begin < blocks; begin += coarse::band_blocks) {
        const float* best = part.lane_best + begin / coarse::band_blocks * coarse::block_entries;
        const std::uint32_t lanes = lanes_at_least(best, bar());
        if (lanes == 0) continue;
        for (std::size_t block = begin; block < std::min(begin + coarse::band_blocks, blocks); ++block) {
            const float* scores = part.scores + block * coarse::block_entries;
            for (std::uint32_t left = lanes_at_least(scores, bar()) & lanes; left != 0; left &= left - 1) {
                const auto lane = static_cast<std::size_t>(std::countr_zero(left));
                visit(static_cast<std::uint32_t>((first_block + block) * coarse::block_entries + lane), scores[lane]);
            }
        }
    }
}

// Raises the selection's k-th score to that of the eligible entries seen so far.
template <class Entries>
void raise_kth(const SweepQuery& part, std::size_t first_block, std::size_t blocks, std::size_t k,
               const Entries& entries, MatchScratch::Selection& selection) {
    if constexpr (Entries::all_eligible) {
        const std::size_t bands = (blocks + coarse::band_blocks - 1) / coarse::band_blocks;
        const float kth = kth_lane(k, {part.lane_best, bands * coarse::block_entries});
        selection.kth = std::max(selection.kth, kth);
        return;
    }
    std::vector<float>& heap = selection.highest;
    const auto bar = [&] { return heap.size() < k ? std::numeric_limits<float>::lowest() : heap.front(); };
    for_each_above(part, first_block, blocks, bar, [&](std::uint32_t entry, float score) {
        if (score < bar() || !entries.eligible(entry)) return;
        if (heap.size() == k) {
            std::pop_heap(heap.begin(), heap.end(), std::greater<>());
            heap.pop_back();
        }
        heap.push_back(score);
        std::push_heap(heap.begin(), heap.end(), std::greater<>());
    });
    if (heap.size() == k) selection.kth = heap.front();
}

// Adds the entries of a part that may be among the best.
template <class Entries>
void choose(const MatchIndex& index, const SweepQuery& part, std::size_t first_block, std::size_t blocks, std::size_t k,
            const Entries& entries, MatchScratch::Selection& selection) {
    raise_kth(part, first_block, blocks, k, entries, selection);
    const float bar = bar_of(selection);
    const bool all = blocks == index.block_count();
    for_each_above(
        part, first_block, blocks, [bar] { return bar; },
        [&](std::uint32_t entry, float score) {
            if (!entries.eligible(entry)) return;
            if (all) {
                index.prefetch_exact(entry);
                entries.touch(entry);
            }
            selection.chosen.push_back(entry);
            selection.approximate.push_back(score);
        });
}

// After several parts: drops what the later ones have ruled out.
template <class Entries>
void narrow(const MatchIndex& index, std::size_t k, const Entries& entries, MatchScratch::Selection& selection) {
    if (selection.chosen.size() > k) {
        selection.highest = selection.approximate;
        const auto kth = selection.highest.begin() + static_cast<std::ptrdiff_t>(k - 1);
        std::nth_element(selection.highest.begin(), kth, selection.highest.end(), std::greater<>());
        selection.kth = std::max(selection.kth, *kth);
    }
    const float bar = bar_of(selection);
    std::size_t kept = 0;
    for (std::size_t c = 0; c < selection.chosen.size(); ++c) {
        if (selection.approximate[c] < bar) continue;
        selection.chosen[kept++] = selection.chosen[c];
        index.prefetch_exact(selection.chosen[c]);
        entries.touch(selection.chosen[c]);
    }
    selection.chosen.resize(kept);
}

// The k best of the chosen entries by their exact scores.
template <class Entries>
void rank_exactly(const MatchIndex& index, std::span<const float> intent, std::size_t k, const Entries& entries,
                  std::span<const std::uint32_t> chosen, std::vector<float>& exact, std::vector<Match>& best) {
    exact.resize(chosen.size());
    index.exact_scores(chosen, intent, exact);
    const auto better = [&](const Match& a, const Match& b) {
        return a.score != b.score ? a.score > b.score : entries.tie(a.entry) < entries.tie(b.entry);
    };
    best.clear();
    for (std::size_t c = 0; c < chosen.size(); ++c) {
        const Match match{chosen[c], std::max(0.0F, exact[c])};
        if (best.size() == k) {
            if (!better(match, best.back())) continue;
            best.pop_back();
        }
        best.insert(std::upper_bound(best.begin(), best.end(), match, better), match);
    }
}

// Prepares scratch space for some queries at once.
inline void begin(const MatchIndex& index, std::span<const MatchQuery> queries, std::size_t most_blocks,
                  MatchScratch& scratch) {
    const std::size_t bands = (most_blocks + coarse::band_blocks - 1) / coarse::band_blocks;
    scratch.codes.resize(std::max(scratch.codes.size(), queries.size()));
    scratch.selections.resize(std::max(scratch.selections.size(), queries.size()));
    scratch.swept.resize(queries.size());
    const std::size_t scores = most_blocks * coarse::block_entries;
    const std::size_t lanes = bands * coarse::block_entries;
    if (scratch.scores.size() < queries.size() * scores) scratch.scores.resize(queries.size() * scores);
    if (scratch.lane_best.size() < queries.size() * lanes) scratch.lane_best.resize(queries.size() * lanes);
    for (std::size_t q = 0; q < queries.size(); ++q) {
        scratch.codes[q].set(queries[q].intent);
        scratch.swept[q] = {&scratch.codes[q], queries[q].min_level, scratch.scores.data() + q * scores,
                            scratch.lane_best.data() + q * lanes};
        MatchScratch::Selection& selection = scratch.selections[q];
        selection.error = index.error_bound(scratch.codes[q]);
        selection.kth = nothing;
        selection.chosen.clear();
        selection.approximate.clear();
        selection.highest.clear();
    }
}

}  // namespace detail

template <class Entries>
void top_matches(const MatchIndex& index, std::span<const MatchQuery> queries, std::size_t k, const Entries& entries,
                 MatchScratch& scratch, std::span<std::vector<Match>> best) {
    constexpr std::size_t blocks_at_once = detail::bands_at_once * coarse::band_blocks;
    const std::size_t all_blocks = index.block_count();
    for (std::size_t from = 0; from < queries.size(); from += detail::queries_at_once) {
        const auto some = queries.subspan(from, std::min(detail::queries_at_once, queries.size() - from));
        detail::begin(index, some, std::min(all_blocks, blocks_at_once), scratch);
        for (std::size_t first = 0; first < all_blocks; first += blocks_at_once) {
            const std::size_t blocks = std::min(blocks_at_once, all_blocks - first);
            sweep(index.blocks(first, blocks), scratch.swept);
            for (std::size_t q = 0; q < some.size(); ++q) {
                detail::choose(index, scratch.swept[q], first, blocks, k, entries, scratch.selections[q]);
            }
        }
        for (std::size_t q = 0; q < some.size(); ++q) {
            if (all_blocks > blocks_at_once) detail::narrow(index, k, entries, scratch.selections[q]);
            detail::rank_exactly(index, some[q].intent, k, entries, scratch.selections[q].chosen, scratch.exact,
                                 best[from + q]);
        }
    }
}

}  // namespace parley::kernels
