// Implementation of top_matches (matching.hpp).
#pragma once

#include <algorithm>
#include <functional>

namespace parley::kernels {

namespace detail {

inline constexpr float nothing = -std::numeric_limits<float>::infinity();

// Calls `visit(entry)` for each entry that a query may find and whose approximate score is at least `bar()`, which may
// rise meanwhile.
template <class Bar, class Visit>
void for_each_above(const MatchScratch& scratch, Bar&& bar, Visit&& visit) {
    constexpr std::size_t block = MatchIndex::block_entries;
    for (std::size_t b = 0; b < scratch.block_best.size(); ++b) {
        if (scratch.block_best[b] < bar() || scratch.block_best[b] == nothing) continue;
        for (std::size_t i = b * block; i < (b + 1) * block; ++i) {
            if (scratch.scores[i] >= bar() && scratch.scores[i] > nothing) visit(static_cast<std::uint32_t>(i));
        }
    }
}

// A score that at least k entries reach, when all are eligible: the k-th best of the blocks' best.
inline float kth_block_score(std::size_t k, MatchScratch& scratch) {
    if (scratch.block_best.size() < k) return nothing;
    scratch.heap = scratch.block_best;
    const auto kth = scratch.heap.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(scratch.heap.begin(), kth, scratch.heap.end(), std::greater<>());
    return *kth;
}

// The k-th best approximate score of eligible entries; minus infinity if there are fewer.
template <class Entries>
float kth_eligible_score(std::size_t k, const Entries& entries, MatchScratch& scratch) {
    std::vector<float>& heap = scratch.heap;  // smallest on top
    heap.clear();
    const auto bar = [&] { return heap.size() < k ? nothing : heap.front(); };
    for_each_above(scratch, bar, [&](std::uint32_t i) {
        if (!entries.eligible(i)) return;
        if (heap.size() == k) {
            std::pop_heap(heap.begin(), heap.end(), std::greater<>());
            heap.pop_back();
        }
        heap.push_back(scratch.scores[i]);
        std::push_heap(heap.begin(), heap.end(), std::greater<>());
    });
    return bar();
}

}  // namespace detail

template <class Entries>
void top_matches(const MatchIndex& index, std::span<const float> intent, float min_trust, std::size_t k,
                 const Entries& entries, MatchScratch& scratch, std::vector<Match>& best) {
    best.clear();
    scratch.scores.resize(index.block_count() * MatchIndex::block_entries);
    scratch.block_best.resize(index.block_count());
    const float error = index.approximate_scores(intent, min_trust, scratch.scores, scratch.block_best);
    float kth = 0;
    if constexpr (Entries::all_eligible) {
        kth = detail::kth_block_score(k, scratch);
    } else {
        kth = detail::kth_eligible_score(k, entries, scratch);
    }
    // Matches are clamped at 0: where the k-th may be clamped, everything may tie with it.
    const float bar = kth - error > 0 ? kth - 2 * error : detail::nothing;
    scratch.chosen.clear();
    detail::for_each_above(
        scratch, [bar] { return bar; },
        [&](std::uint32_t i) {
            if (!entries.eligible(i)) return;
            index.prefetch_exact(i);
            entries.touch(i);
            scratch.chosen.push_back(i);
        });
    scratch.scores.resize(std::max(scratch.scores.size(), scratch.chosen.size()));
    index.exact_scores(scratch.chosen, intent, scratch.scores);
    const auto better = [&](const Match& a, const Match& b) {
        return a.score != b.score ? a.score > b.score : entries.tie(a.entry) < entries.tie(b.entry);
    };
    for (std::size_t c = 0; c < scratch.chosen.size(); ++c) {
        const Match match{scratch.chosen[c], std::max(0.0F, scratch.scores[c])};
        if (best.size() == k) {
            if (!better(match, best.back())) continue;
            best.pop_back();
        }
        best.insert(std::upper_bound(best.begin(), best.end(), match, better), match);
    }
}

}  // namespace parley::kernels
