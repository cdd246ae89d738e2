// Top-k matching: the entries whose embeddings are nearest to an intent.
//
// The exact score of an entry is the sum over k = 0..d-1, in that order, of intent_k * embedding_k in float,
// without fused multiply-add. Exact scores alone decide; they are costly only in memory traffic (4 d bytes an entry),
// so an index of 8-bit embeddings (d bytes an entry, read in one sequential sweep) first rules out what cannot
// be among the best:
//
//   an embedding e is stored as e^ = s c, c = round(e / s) with s = max|e_k| / 127, an intent q is rounded to q^ of
//   15 bits; by Cauchy and Schwarz
//     |<q, e> - <q^, e^>|  <=  |q| max|e - e^| + |q - q^| max|e^|  =:  error,
//   and an entry of the exact top k has an approximate score within 2 * error of the k-th best approximate one.
//
// So the result does not depend on the width of vectors, nor on how well the bound happens to prune.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

namespace parley::kernels {

class MatchIndex {
   public:
    // Entries are found by their place, 0, 1, 2 ... in order of append(). `memory` must outlive the index.
    explicit MatchIndex(std::uint32_t dimension, std::pmr::memory_resource* memory = std::pmr::get_default_resource())
        : dimension_(dimension),
          groups_((dimension + group_dimensions - 1) / group_dimensions),
          exact_(memory),
          coarse_(memory) {}

    // Makes room for this many entries at once.
    void reserve(std::size_t entries);

    std::size_t size() const { return entries_; }
    std::uint32_t dimension() const { return dimension_; }
    // Appends an entry, not live yet.
    void append(std::span<const float> embedding);
    // Entries that are not live, or have less trust than a query asks for, are never found.
    void set(std::size_t entry, bool live, float trust);

    float exact_score(std::size_t entry, std::span<const float> intent) const;

    // Exact scores of several entries.
    void exact_scores(std::span<const std::uint32_t> entries, std::span<const float> intent,
                      std::span<float> scores) const;

    // Approximate scores of all entries, minus infinity for those that are not live or below `min_trust`, and the best
    // of each block of 16; `scores` has room for 16 block_count(). Returns the error bound.
    float approximate_scores(std::span<const float> intent, float min_trust, std::span<float> scores,
                             std::span<float> block_best) const;
    std::size_t block_count() const { return (entries_ + block_entries - 1) / block_entries; }

    void prefetch_exact(std::size_t entry) const {
        const float* row = exact_.data() + entry * dimension_;
        for (std::uint32_t k = 0; k < dimension_; k += 16) __builtin_prefetch(row + k);
    }

    static constexpr std::size_t block_entries = 16;

   private:
    static constexpr std::size_t group_dimensions = 4;

    // A block of 16 entries: `groups` rows of 16 x 4 biased components, 16 steps, 16 trust values (NaN: not live).
    std::size_t block_bytes() const {
        return groups_ * block_entries * group_dimensions + 2 * block_entries * sizeof(float);
    }
    float* steps_of(std::size_t block);
    float* trust_of(std::size_t block);

    std::uint32_t dimension_;
    std::size_t groups_;
    std::size_t entries_ = 0;
    double largest_residual_ = 0;    // |e - e^| over all entries
    double largest_norm_ = 0;        // |e^| over all entries
    std::pmr::vector<float> exact_;  // entry by entry
    std::pmr::vector<std::uint8_t> coarse_;
};

struct Match {
    std::uint32_t entry;
    float score;  // max(0, exact)
};

// Reused between calls.
struct MatchScratch {
    std::vector<float> scores;
    std::vector<float> block_best;
    std::vector<float> heap;
    std::vector<std::uint32_t> chosen;
};

// What top_matches is told about the entries it finds, when there is nothing to tell: derive and replace.
struct AllEntries {
    static constexpr bool all_eligible = true;
    bool eligible(std::uint32_t) const { return true; }
    std::uint32_t tie(std::uint32_t entry) const { return entry; }  // of equal matches the lower comes first
    void touch(std::uint32_t) const {}  // the entry is likely to be wanted: time to prefetch what belongs to it
};

// The k best matches among the live entries with at least `min_trust` that are eligible, best first: those with the
// highest max(0, exact score), ties by the lower tie().
template <class Entries>
void top_matches(const MatchIndex& index, std::span<const float> intent, float min_trust, std::size_t k,
                 const Entries& entries, MatchScratch& scratch, std::vector<Match>& best);

}  // namespace parley::kernels

#include "models/kernels/top_matches.ipp"
