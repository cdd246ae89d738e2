// Top-k matching: the entries whose embeddings are nearest to an intent.
//
// The exact score of an entry is the sum over k = 0..d-1, in that order, of intent_k * embedding_k in float,
// without fused multiply-add. Exact scores alone decide; they are costly only in memory traffic (4 d bytes an entry),
// so an index of 8-bit embeddings (d bytes an entry, read in one sequential sweep) first rules out what cannot
// be among the best:
//
//   an embedding e is stored as e^ = s c, c = round(e / s), s = max|e_k| / 127 over its block of 16, an intent q is
//   rounded to q^ of 15 bits; by Cauchy and Schwarz
//     |<q, e> - <q^, e^>|  <=  |q| max|e - e^| + |q - q^| max|e^|  =:  error,
//   and an entry of the exact top k has an approximate score within 2 * error of the k-th best approximate one.
//
// So the result does not depend on the width of vectors, on how many queries are answered together, nor on how well the
// bound happens to prune.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "models/kernels/match_sweep.hpp"

namespace parley::kernels {

class MatchIndex {
   public:
    // Entries are found by their place, 0, 1, 2 ... in order of append(). `dimension`: 1 to 1024. `memory` must outlive
    // the index.
    explicit MatchIndex(std::uint32_t dimension, std::pmr::memory_resource* memory = std::pmr::get_default_resource())
        : dimension_(dimension),
          groups_((dimension + coarse::group_dimensions - 1) / coarse::group_dimensions),
          lines_((dimension + line_floats - 1) / line_floats),
          exact_(memory),
          coarse_(memory) {}

    // Makes room for this many entries at once.
    void reserve(std::size_t entries);

    std::size_t size() const { return entries_; }
    std::uint32_t dimension() const { return dimension_; }
    // Appends an entry, of level 0.
    void append(std::span<const float> embedding);
    // Gives an entry another embedding; its level stays.
    void replace(std::size_t entry, std::span<const float> embedding);
    // Queries say from which level on they want entries; those of level 0 are never found. For example 0: not live,
    // 1: live, 2: live and trusted.
    void set_level(std::size_t entry, std::uint8_t level) {
        levels_of(entry / coarse::block_entries)[entry % coarse::block_entries] = level;
    }

    float exact_score(std::size_t entry, std::span<const float> intent) const;

    // Exact scores of several entries.
    void exact_scores(std::span<const std::uint32_t> entries, std::span<const float> intent,
                      std::span<float> scores) const;

    // What approximate scores of an intent may be off, for any entry.
    float error_bound(const IntentCodes& intent) const;
    std::size_t block_count() const { return (entries_ + coarse::block_entries - 1) / coarse::block_entries; }
    // Blocks [first, first + count).
    Sweep blocks(std::size_t first, std::size_t count) const {
        return {coarse_.data() + first * block_bytes(), count, groups_};
    }

    void prefetch_exact(std::size_t entry) const {
        for (std::size_t line = 0; line < lines_; ++line) __builtin_prefetch(&exact_[entry * lines_ + line]);
    }

   private:
    // Exact embeddings begin at cache lines.
    static constexpr std::size_t line_floats = 16;
    struct alignas(64) Line {
        float values[line_floats];
    };
    const float* row(std::size_t entry) const { return exact_[entry * lines_].values; }

    // A block: `groups` rows of 16 x 4 biased components, 16 levels, the step that all components are multiples of.
    std::size_t block_bytes() const {
        return groups_ * coarse::group_bytes + coarse::levels_bytes + coarse::step_bytes;
    }
    std::uint8_t* levels_of(std::size_t block) {
        return coarse_.data() + block * block_bytes() + groups_ * coarse::group_bytes;
    }
    float step_of(std::size_t block);
    void set_step(std::size_t block, float step);
    // Writes an entry's embedding, and its codes; those of its whole block if that needs a larger step.
    void store(std::size_t entry, std::span<const float> embedding);
    // Writes the codes of an entry in its block's step.
    void encode(std::size_t entry);

    std::uint32_t dimension_;
    std::size_t groups_;
    std::size_t lines_;
    std::size_t entries_ = 0;
    double largest_residual_ = 0;   // |e - e^| over all entries, replaced ones too
    double largest_norm_ = 0;       // |e^| over the same
    std::pmr::vector<Line> exact_;  // entry by entry
    std::pmr::vector<std::uint8_t> coarse_;
};

struct MatchQuery {
    std::span<const float> intent;
    std::uint8_t min_level;  // at least 1
};

struct Match {
    std::uint32_t entry;
    float score;  // max(0, exact)
};

// Reused between calls.
struct MatchScratch {
    // What is known of one query's matches while the index is swept part by part.
    struct Selection {
        float error;
        float kth;                          // at least k entries have this approximate score
        std::vector<std::uint32_t> chosen;  // entries that may be among the k best
        std::vector<float> approximate;     // their scores
        std::vector<float> highest;         // a heap of the k best of eligible entries, the least on top
    };
    std::vector<IntentCodes> codes;
    std::vector<float> scores;
    std::vector<float> lane_best;
    std::vector<SweepQuery> swept;
    std::vector<Selection> selections;
    std::vector<float> exact;
};

// What top_matches is told about the entries it finds, when there is nothing to tell: derive and replace.
struct AllEntries {
    static constexpr bool all_eligible = true;
    bool eligible(std::uint32_t) const { return true; }
    std::uint32_t tie(std::uint32_t entry) const { return entry; }  // of equal matches the lower comes first
    void touch(std::uint32_t) const {}  // the entry is likely to be wanted: time to prefetch what belongs to it
};

// For each query its k best matches among the entries of at least `min_level` that are eligible, best first: those with
// the highest max(0, exact score), ties by the lower tie(). `best` has a list a query.
template <class Entries>
void top_matches(const MatchIndex& index, std::span<const MatchQuery> queries, std::size_t k, const Entries& entries,
                 MatchScratch& scratch, std::span<std::vector<Match>> best);

}  // namespace parley::kernels

#include "models/kernels/top_matches.ipp"
