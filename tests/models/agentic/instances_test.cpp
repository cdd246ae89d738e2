// What identities offer and claim: the laws of honest instances, and the claims of Sybils.
#include "models/agentic/discovery/instances.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

struct World {
    explicit World(const std::vector<std::string>& overrides)
        : parameters(parameters_with(overrides)), catalogue(parameters), instances(parameters, catalogue) {}
    Parameters parameters;
    ClassCatalogue catalogue;
    Instances instances;

    std::vector<std::uint16_t> classes_of(std::uint32_t peer, bool sybil) const {
        std::vector<std::uint16_t> classes;
        instances.append_classes(peer, sybil, classes);
        return classes;
    }
};

constexpr std::uint32_t n = 20'000;

// Share of n honest instances whose `value` is at most `bound`, next to the probability p that it should be.
template <class Value>
void expect_share(double bound, double p, Value&& value) {
    int below = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) below += value(peer) <= bound;
    EXPECT_NEAR(1.0 * below / n, p, 5 * std::sqrt(p * (1 - p) / n)) << "at " << bound;
}

TEST(Instances, DrawQualityFromBeta18And2) {
    const World world({});
    double sum = 0;
    double squares = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        const double q = world.instances.quality(peer, 0);
        ASSERT_GT(q, 0);
        ASSERT_LT(q, 1);
        sum += q;
        squares += (q - 0.9) * (q - 0.9);
    }
    constexpr double variance = 36.0 / 8400.0;
    constexpr double fourth = (3 + 6 * (256.0 * 21 - 36 * 22) / (36.0 * 22 * 23)) * variance * variance;
    EXPECT_NEAR(sum / n, 0.9, 5 * std::sqrt(variance / n));
    EXPECT_NEAR(squares / n, variance, 5 * std::sqrt((fourth - variance * variance) / n));
}

TEST(Instances, DrawPricesAboutOneAndTimesAboutTheirClass) {
    const World world({});
    constexpr double phi_of_1 = 0.8413447460685429;
    const auto price = [&](std::uint32_t peer) { return world.instances.claim(peer, false, 0).price; };
    expect_share(1.0, 0.5, price);
    expect_share(std::exp(0.5), phi_of_1, price);
    expect_share(0.5268835, 0.1, price);  // e^(0.5 z), z the 10 % quantile
    const auto median = [&](std::uint32_t peer) { return world.instances.median_seconds(peer, 0); };
    expect_share(2.0, 0.5, median);
    expect_share(2 * std::exp(0.25), phi_of_1, median);
    const auto seconds = [&](std::uint32_t peer) { return world.instances.claim(peer, false, 0).seconds; };
    expect_share(1.6450311, 0.1, seconds);  // what Sybils claim: 2 e^0.125 e^(0.25 z)
}

TEST(Instances, ClaimTheTruthWhenHonest) {
    const World world({});
    for (std::uint32_t peer = 0; peer < 100; ++peer) {
        for (std::uint32_t c = 0; c < 2; ++c) {
            const Claim claim = world.instances.claim(peer, false, c);
            EXPECT_EQ(claim.quality, world.instances.quality(peer, c));
            // The mean of LogNormal(own median, 0.5) is e^0.125 = 1.1331485 medians.
            EXPECT_NEAR(claim.seconds, world.instances.median_seconds(peer, c) * 1.1331484530668263, 1e-5);
        }
    }
}

TEST(Instances, DrawPriceQualityAndTimeIndependently) {
    const World world({});
    double price_quality = 0;
    double quality_time = 0;
    double neighbours = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        const Claim claim = world.instances.claim(peer, false, 0);
        const bool cheap = claim.price < 1;
        const bool fast = world.instances.median_seconds(peer, 0) < 2;
        const bool good = claim.quality < 0.9091;  // about the median; only independence matters
        price_quality += (cheap ? 1 : -1) * (good ? 1 : -1);
        quality_time += (fast ? 1 : -1) * (cheap ? 1 : -1);
        neighbours += (cheap ? 1 : -1) * (world.instances.claim(peer, false, 1).price < 1 ? 1 : -1);
    }
    // The product of two independent signs, one of them fair, has mean 0 and variance 1.
    for (const double sum : {price_quality, quality_time, neighbours}) EXPECT_LT(std::abs(sum / n), 5 / std::sqrt(n));
}

TEST(Instances, LetSybilsClaimHighQualityAtTheTenPercentQuantile) {
    const World world({"adversary.fraction=0.3"});
    double lowest = 1;
    double highest = 0;
    double sum = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        const Claim claim = world.instances.claim(peer, true, 0);
        EXPECT_NEAR(claim.price, 0.5268835, 2e-6);
        EXPECT_NEAR(claim.seconds, 1.6450311, 4e-6);
        lowest = std::min<double>(lowest, claim.quality);
        highest = std::max<double>(highest, claim.quality);
        sum += claim.quality;
    }
    EXPECT_GE(lowest, 0.97F);
    EXPECT_LE(highest, 1);
    EXPECT_NEAR(sum / n, 0.985, 5 * 0.03 / std::sqrt(12.0 * n));
    EXPECT_LT(lowest, 0.9701);  // 20,000 draws of U(0.97, 1) come this near to the ends
    EXPECT_GT(highest, 0.9999);
}

TEST(Instances, OfferEveryNamedClassWithTheGivenShare) {
    const World all({});
    EXPECT_EQ(all.classes_of(7, false), (std::vector<std::uint16_t>{0, 1}));
    const World some({"capability.share=0.25"});
    std::array<int, 2> offered{};
    int both = 0;
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        const auto classes = some.classes_of(peer, false);
        for (const std::uint16_t c : classes) ++offered[c];
        both += classes.size() == 2;
    }
    for (const int count : offered) EXPECT_NEAR(1.0 * count / n, 0.25, 5 * std::sqrt(0.25 * 0.75 / n));
    EXPECT_NEAR(1.0 * both / n, 0.0625, 5 * std::sqrt(0.0625 * 0.9375 / n));
}

TEST(Instances, OfferDistinctGeneratedClassesByPopularity) {
    const World world({"capability.classes=3", "capability.zipf=1", "workflow.steps=any/medium", "peers.capabilities=2",
                       "adversary.descriptors=3"});
    std::array<int, 3> first{};
    std::array<int, 3> second_after_0{};
    for (std::uint32_t peer = 0; peer < n; ++peer) {
        const auto classes = world.classes_of(peer, false);
        ASSERT_EQ(classes.size(), 2U);
        ASSERT_NE(classes[0], classes[1]);
        ++first[classes[0]];
        if (classes[0] == 0) ++second_after_0[classes[1]];
    }
    constexpr double p0 = 6.0 / 11;
    EXPECT_NEAR(1.0 * first[0] / n, p0, 5 * std::sqrt(p0 * (1 - p0) / n));
    // After class 0: 3 to 2 between the others.
    EXPECT_NEAR(1.0 * second_after_0[1] / first[0], 0.6, 5 * std::sqrt(0.24 / first[0]));
    auto poisoned = world.classes_of(5, true);
    std::sort(poisoned.begin(), poisoned.end());
    EXPECT_EQ(poisoned, (std::vector<std::uint16_t>{0, 1, 2}));
}

TEST(Instances, LetSybilsPoisonNoMoreClassesThanThereAre) {
    const World world({"adversary.descriptors=5"});
    auto classes = world.classes_of(3, true);
    std::sort(classes.begin(), classes.end());
    EXPECT_EQ(classes, (std::vector<std::uint16_t>{0, 1}));
}

double cosine_with_prototype(const World& world, std::uint32_t peer, bool sybil) {
    std::vector<float> embedding(world.parameters.dimension);
    world.instances.embedding(peer, sybil, 0, embedding);
    double length = 0;
    double cosine = 0;
    for (std::size_t k = 0; k < embedding.size(); ++k) {
        length += static_cast<double>(embedding[k]) * embedding[k];
        cosine += static_cast<double>(embedding[k]) * world.catalogue.prototype(0)[k];
    }
    EXPECT_NEAR(length, 1, 1e-6);
    return cosine;
}

TEST(Instances, MoveSybilEmbeddingsToThePrototypeByTheGain) {
    const World none({"adversary.fraction=0.3", "adversary.embedding_gain=0"});
    const World half({"adversary.fraction=0.3", "adversary.embedding_gain=0.5"});
    const World full({"adversary.fraction=0.3", "adversary.embedding_gain=1"});
    for (std::uint32_t peer = 0; peer < 200; ++peer) {
        const double honest = cosine_with_prototype(half, peer, false);
        EXPECT_DOUBLE_EQ(cosine_with_prototype(none, peer, true), honest);
        // normalise((x + e) / 2) for unit x and e: its cosine with e is sqrt((1 + x.e) / 2).
        EXPECT_NEAR(cosine_with_prototype(half, peer, true), std::sqrt((1 + honest) / 2), 1e-6);
        EXPECT_NEAR(cosine_with_prototype(full, peer, true), 1, 1e-6);
        EXPECT_LT(honest, 0.999);
    }
}

TEST(Instances, KeepHonestEmbeddingsWhateverTheGain) {
    const World none({"adversary.embedding_gain=0"});
    const World full({"adversary.embedding_gain=1"});
    for (std::uint32_t peer = 0; peer < 20; ++peer) {
        EXPECT_EQ(cosine_with_prototype(none, peer, false), cosine_with_prototype(full, peer, false));
    }
}

}  // namespace
}  // namespace parley::agentic
