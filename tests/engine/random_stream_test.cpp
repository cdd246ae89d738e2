// Random streams are Philox4x32-10 in the documented layout, differ by every part of their name, and are uniform.
#include "engine/random_stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace parley {
namespace {

using Words = std::array<std::uint32_t, 4>;

struct KnownAnswer {
    Words counter;
    std::array<std::uint32_t, 2> key;
    Words output;
};

std::vector<KnownAnswer> known_answers() {
    std::ifstream file(std::string(PARLEY_TEST_DATA) + "/philox_kat.txt");
    std::vector<KnownAnswer> answers;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words(line);
        words >> std::hex;
        KnownAnswer answer{};
        for (auto& word : answer.counter) words >> word;
        for (auto& word : answer.key) words >> word;
        for (auto& word : answer.output) words >> word;
        EXPECT_FALSE(words.fail()) << line;
        answers.push_back(answer);
    }
    return answers;
}

// Philox4x32-10 as the paper writes it (Salmon et al. 2011, section 3.3).
Words philox(Words c, std::array<std::uint32_t, 2> k) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
        const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
        c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
             static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
        k[0] += 0x9E3779B9;
        k[1] += 0xBB67AE85;
    }
    return c;
}

// The next four words of a stream: 64 bits hold the lower word first.
Words next_words(RandomStream& stream) {
    const std::uint64_t first = stream.bits();
    const std::uint64_t second = stream.bits();
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(first >> 32),
            static_cast<std::uint32_t>(second), static_cast<std::uint32_t>(second >> 32)};
}

TEST(Philox, MeetsThePublishedKnownAnswers) {
    const std::vector<KnownAnswer> answers = known_answers();
    ASSERT_EQ(answers.size(), 3U);
    for (const KnownAnswer& answer : answers) EXPECT_EQ(philox(answer.counter, answer.key), answer.output);
}

TEST(RandomStream, BeginsWithThePublishedAnswerOfTheZeroCounter) {
    RandomStream stream(0, EntityId{0}, 0, 0);
    EXPECT_EQ(next_words(stream), known_answers().front().output);
}

// Counter: {number of the block, item, entity, purpose}; key: {low, high half of the seed}.
TEST(RandomStream, LaysItsNameOutInCounterAndKey) {
    const struct {
        std::uint64_t seed;
        std::uint32_t entity, purpose, item;
    } names[] = {{0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF},
                 {0x299f31d0a4093822, 0x13198a2e, 0x03707344, 0x85a308d3},
                 {1, 2, 3, 4},
                 {std::uint64_t{1} << 32, 0, 0, 0}};
    for (const auto& name : names) {
        RandomStream stream(name.seed, EntityId{name.entity}, name.purpose, name.item);
        const auto low = static_cast<std::uint32_t>(name.seed);
        const auto high = static_cast<std::uint32_t>(name.seed >> 32);
        for (std::uint32_t block = 0; block < 5; ++block) {
            EXPECT_EQ(next_words(stream), philox({block, name.item, name.entity, name.purpose}, {low, high}));
        }
    }
}

TEST(RandomStream, ChangesWithEveryPartOfItsName) {
    const auto first = [](std::uint64_t seed, std::uint32_t entity, std::uint32_t purpose, std::uint32_t item) {
        return RandomStream(seed, EntityId{entity}, purpose, item).bits();
    };
    std::set<std::uint64_t> seen{first(1, 1, 1, 1)};
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
        const std::uint32_t flipped = 1U ^ (1U << bit);
        seen.insert(first(flipped, 1, 1, 1));
        seen.insert(first(1 | (std::uint64_t{1} << (32 + bit)), 1, 1, 1));
        seen.insert(first(1, flipped, 1, 1));
        seen.insert(first(1, 1, flipped, 1));
        seen.insert(first(1, 1, 1, flipped));
    }
    EXPECT_EQ(seen.size(), 1U + 5 * 32);
}

TEST(RandomStream, RepeatsWithTheSameName) {
    RandomStream a(7, EntityId{8}, 9, 10);
    RandomStream b(7, EntityId{8}, 9, 10);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(a.bits(), b.bits());
}

// Correlation of n independent pairs has standard deviation 1/sqrt(n); 5 of them is a chance of 6e-7.
TEST(RandomStream, IsUncorrelatedWithItsNeighbours) {
    constexpr int n = 65536;
    const struct {
        std::uint64_t seed;
        std::uint32_t entity, purpose, item;
    } neighbours[] = {{2, 1, 1, 1}, {1, 2, 1, 1}, {1, 1, 2, 1}, {1, 1, 1, 2}};
    for (const auto& other : neighbours) {
        RandomStream a(1, EntityId{1}, 1, 1);
        RandomStream b(other.seed, EntityId{other.entity}, other.purpose, other.item);
        double sum = 0;
        for (int i = 0; i < n; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5) * 12;
        EXPECT_LT(std::abs(sum / n), 5 / std::sqrt(n));
    }
}

// First numbers of many streams are as good as many numbers of one: handlers draw a few numbers a stream.
TEST(RandomStream, IsUniformAcrossStreamsOfConsecutiveItems) {
    constexpr int n = 100'000;
    constexpr int cells = 100;
    std::vector<int> counts(cells);
    for (std::uint32_t item = 0; item < n; ++item) {
        ++counts[RandomStream(1, EntityId{5}, 6, item).below(cells)];
    }
    double chi_square = 0;
    constexpr double expected = static_cast<double>(n) / cells;
    for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
    // 99 degrees of freedom: mean 99, standard deviation sqrt(198); five of them to either side.
    EXPECT_NEAR(chi_square, 99, 5 * std::sqrt(198));
}

TEST(RandomStream, GivesUniformNumbersOfMeanOneHalfAndVarianceOneTwelfth) {
    constexpr int n = 400'000;
    RandomStream stream(3, EntityId{1}, 4, 1);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < n; ++i) {
        const double u = stream.uniform();
        ASSERT_GT(u, 0.0);
        ASSERT_LT(u, 1.0);
        sum += u - 0.5;
        squares += (u - 0.5) * (u - 0.5);
    }
    // Variance 1/12; the fourth central moment is 1/80.
    EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(1.0 / 12 / n));
    EXPECT_NEAR(squares / n, 1.0 / 12, 5 * std::sqrt((1.0 / 80 - 1.0 / 144) / n));
}

// This stream was found by running Philox backwards from an output whose first words are all ones: the largest
// number there is.
TEST(RandomStream, StaysBelowOneWhenAllBitsAreSet) {
    RandomStream stream(1, EntityId{493'466'507}, 1'172'618'790, 2'580'372'747);
    for (int i = 0; i < 36; ++i) stream.bits();
    RandomStream same = stream;
    ASSERT_EQ(stream.bits(), 0xFFFFFFFFFFFFFFFF);
    EXPECT_LT(same.uniform(), 1.0);
}

TEST(RandomStream, DrawsBelowItsBoundOnly) {
    RandomStream stream(5, EntityId{1}, 4, 2);
    for (const std::uint32_t n : {1U, 2U, 3U, 10U, 4'294'967'295U}) {
        for (int i = 0; i < 1000; ++i) ASSERT_LT(stream.below(n), n);
    }
    for (int i = 0; i < 100; ++i) EXPECT_EQ(stream.below(1), 0U);
}

TEST(RandomStream, DrawsBelowWithEqualFrequencies) {
    for (const std::uint32_t cells : {2U, 3U, 7U, 64U, 1000U}) {
        RandomStream stream(6, EntityId{1}, 4, cells);
        const std::uint32_t n = 500 * cells;
        std::vector<std::uint32_t> counts(cells);
        for (std::uint32_t i = 0; i < n; ++i) ++counts[stream.below(cells)];
        double chi_square = 0;
        for (const std::uint32_t count : counts) chi_square += (count - 500.0) * (count - 500.0) / 500.0;
        const double freedom = cells - 1;
        // Six standard deviations: the law of chi-square has a longer upper tail than the normal one.
        EXPECT_LT(chi_square, freedom + 6 * std::sqrt(2 * freedom)) << cells;
    }
}

}  // namespace
}  // namespace parley
