// Exactly S of N identities are Sybil, chosen by a seeded permutation.
#include "models/agentic/identity/sybil_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

TEST(Permutation, IsBijectiveForAnySize) {
    for (const std::uint32_t size : {1U, 2U, 3U, 4U, 5U, 7U, 16U, 17U, 100U, 1000U, 1024U, 1025U, 65'537U}) {
        for (const std::uint64_t key : {0ULL, 1ULL, 0xDEADBEEFCAFEF00DULL}) {
            const Permutation permutation(key, size);
            std::vector<bool> hit(size);
            for (std::uint32_t i = 0; i < size; ++i) {
                const std::uint32_t image = permutation(i);
                ASSERT_LT(image, size);
                ASSERT_FALSE(hit[image]) << size << ": " << image << " twice";
                hit[image] = true;
            }
        }
    }
}

TEST(Permutation, IsUndoneByItsInverse) {
    for (const std::uint32_t size : {1U, 2U, 3U, 5U, 16U, 17U, 100U, 1025U, 10'000'019U}) {
        const Permutation permutation(0xC0FFEE, size);
        for (std::uint32_t i = 0; i < std::min(size, 3000U); ++i) {
            ASSERT_EQ(permutation.inverse(permutation(i)), i) << size;
            ASSERT_EQ(permutation(permutation.inverse(i)), i) << size;
        }
    }
}

TEST(Permutation, ChangesWithTheKey) {
    const Permutation a(1, 1000);
    const Permutation b(2, 1000);
    int equal = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) equal += a(i) == b(i);
    EXPECT_LT(equal, 10);  // two random permutations agree in 1 place on average; 10 or more: 1e-7
}

TEST(SybilSet, HasExactlyItsNumberOfSybils) {
    for (const std::uint32_t peers : {2U, 3U, 100U, 1000U}) {
        for (const std::uint32_t sybils : {0U, 1U, peers / 2, peers - 1, peers}) {
            for (const std::uint64_t seed : {1ULL, 2ULL, 77ULL}) {
                const SybilSet set(seed, peers, sybils);
                std::uint32_t count = 0;
                for (std::uint32_t peer = 0; peer < peers; ++peer) count += set.contains(peer);
                ASSERT_EQ(count, sybils) << peers << " peers, seed " << seed;
            }
        }
    }
}

TEST(SybilSet, NumbersItsSybils) {
    const SybilSet set(3, 1000, 300);
    ASSERT_EQ(set.size(), 300U);
    for (std::uint32_t number = 0; number < 300; ++number) {
        ASSERT_TRUE(set.contains(set.at(number)));
        ASSERT_EQ(set.number_of(set.at(number)), number);
    }
}

TEST(SybilSet, ChangesWithTheSeed) {
    const SybilSet a(1, 1000, 300);
    const SybilSet b(2, 1000, 300);
    int both = 0;
    for (std::uint32_t peer = 0; peer < 1000; ++peer) both += a.contains(peer) && b.contains(peer);
    // Hypergeometric: mean 90, standard deviation sqrt(300 * 0.3 * 0.7 * 700/999) = 6.64; five of them.
    EXPECT_NEAR(both, 90, 5 * 6.64);
}

// Whatever the seed, an identity is Sybil as often as any other one.
TEST(SybilSet, FavoursNoIdentity) {
    constexpr int seeds = 3000;
    std::vector<int> counts(20);
    for (int seed = 0; seed < seeds; ++seed) {
        const SybilSet set(static_cast<std::uint64_t>(seed), 20, 6);
        for (std::uint32_t peer = 0; peer < 20; ++peer) counts[peer] += set.contains(peer);
    }
    for (const int count : counts) EXPECT_NEAR(count, 0.3 * seeds, 5 * std::sqrt(seeds * 0.3 * 0.7));
}

TEST(Parameters, RoundTheNumberOfSybilsHalfUp) {
    EXPECT_EQ(parameters_with({"adversary.fraction=0"}).sybils(), 0U);
    EXPECT_EQ(parameters_with({"adversary.fraction=0.3"}).sybils(), 30U);
    EXPECT_EQ(parameters_with({"adversary.fraction=0.125"}).sybils(), 13U);  // 12.5
    EXPECT_EQ(parameters_with({"adversary.fraction=0.124"}).sybils(), 12U);
    EXPECT_EQ(parameters_with({"adversary.fraction=0.2", "peers.count=1001"}).sybils(), 200U);
    EXPECT_EQ(parameters_with({"adversary.fraction=0.2", "peers.count=1001"}).honest(), 801U);
}

}  // namespace
}  // namespace parley::agentic
