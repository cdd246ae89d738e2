// Which identities are Sybil: peer i is Sybil iff perm(i) < S, perm a seeded pseudo-random permutation of [0, N).
//
// perm is a four-round Feistel network on the next even number of bits, walked until it falls into [0, N)
// (cycle walking; Black and Rogaway 2002): O(1), no table, exactly S Sybils.
#pragma once

#include <bit>
#include <cstdint>

namespace parley::agentic {

// Bijective mixing of 64 bits (the finaliser of SplitMix64).
constexpr std::uint64_t mix64(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

class Permutation {
   public:
    Permutation(std::uint64_t key, std::uint32_t size) : size_(size) {
        const auto bits = static_cast<std::uint32_t>(std::bit_width(size > 1 ? size - 1 : 1U));
        half_bits_ = (bits + 1) / 2;
        half_mask_ = (1U << half_bits_) - 1;
        for (std::uint64_t round = 0; round < rounds; ++round)
            keys_[round] = mix64(key + round * 0xD1B54A32D192ED03ULL);
    }

    std::uint32_t operator()(std::uint32_t i) const {
        do {
            i = shuffle(i);
        } while (i >= size_);
        return i;
    }

    // The i that the permutation takes to `image`: the walk backwards.
    std::uint32_t inverse(std::uint32_t image) const {
        do {
            image = unshuffle(image);
        } while (image >= size_);
        return image;
    }

   private:
    static constexpr std::uint64_t rounds = 4;

    std::uint32_t shuffle(std::uint32_t value) const {
        std::uint32_t left = value >> half_bits_;
        std::uint32_t right = value & half_mask_;
        for (std::uint64_t key : keys_) {
            const std::uint32_t next = left ^ (static_cast<std::uint32_t>(mix64(key ^ right)) & half_mask_);
            left = right;
            right = next;
        }
        return (left << half_bits_) | right;
    }

    std::uint32_t unshuffle(std::uint32_t value) const {
        std::uint32_t left = value >> half_bits_;
        std::uint32_t right = value & half_mask_;
        for (std::uint64_t round = rounds; round-- > 0;) {
            const std::uint64_t key = keys_[round];
            const std::uint32_t previous = right ^ (static_cast<std::uint32_t>(mix64(key ^ left)) & half_mask_);
            right = left;
            left = previous;
        }
        return (left << half_bits_) | right;
    }

    std::uint32_t size_;
    std::uint32_t half_bits_ = 0;
    std::uint32_t half_mask_ = 0;
    std::uint64_t keys_[rounds] = {};
};

class SybilSet {
   public:
    SybilSet(std::uint64_t seed, std::uint32_t peers, std::uint32_t sybils)
        : permutation_(mix64(seed ^ 0x5359424C5345544EULL), peers), sybils_(sybils) {}
    bool contains(std::uint32_t peer) const { return permutation_(peer) < sybils_; }
    std::uint32_t size() const { return sybils_; }
    // Sybils are numbered 0 .. size() - 1, in the order of the permutation.
    std::uint32_t number_of(std::uint32_t sybil) const { return permutation_(sybil); }
    std::uint32_t at(std::uint32_t number) const { return permutation_.inverse(number); }

   private:
    Permutation permutation_;
    std::uint32_t sybils_;
};

}  // namespace parley::agentic
