// Capability classes: popularity, prototypes, execution times, what Sybils claim, and shards by the formulas of
// the model.
#include "models/agentic/discovery/class_catalogue.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

ClassCatalogue catalogue_with(const std::vector<std::string>& overrides) {
    return ClassCatalogue(parameters_with(overrides));
}

TEST(ClassCatalogue, MakesNamedClassesEquallyPopular) {
    const ClassCatalogue catalogue = catalogue_with({});
    ASSERT_EQ(catalogue.size(), 2U);
    EXPECT_DOUBLE_EQ(catalogue.popularity(0), 0.5);
    EXPECT_DOUBLE_EQ(catalogue.popularity(1), 0.5);
}

TEST(ClassCatalogue, GivesGeneratedClassesZipfPopularity) {
    // s = 1 and three classes: 1, 1/2, 1/3 over 11/6.
    const ClassCatalogue harmonic =
        catalogue_with({"capability.classes=3", "capability.zipf=1", "workflow.steps=any/medium"});
    EXPECT_NEAR(harmonic.popularity(0), 6.0 / 11, 1e-15);
    EXPECT_NEAR(harmonic.popularity(1), 3.0 / 11, 1e-15);
    EXPECT_NEAR(harmonic.popularity(2), 2.0 / 11, 1e-15);
    // s = 2: 1, 1/4, 1/9, 1/16 over 205/144.
    const ClassCatalogue square =
        catalogue_with({"capability.classes=4", "capability.zipf=2", "workflow.steps=any/medium"});
    EXPECT_NEAR(square.popularity(0), 144.0 / 205, 1e-15);
    EXPECT_NEAR(square.popularity(3), 9.0 / 205, 1e-15);
    // s = 0: all alike.
    const ClassCatalogue flat =
        catalogue_with({"capability.classes=5", "capability.zipf=0", "workflow.steps=any/medium"});
    EXPECT_NEAR(flat.popularity(4), 0.2, 1e-15);
}

TEST(ClassCatalogue, DrawsClassesByPopularity) {
    const ClassCatalogue catalogue =
        catalogue_with({"capability.classes=8", "capability.zipf=0.9", "workflow.steps=any/medium"});
    constexpr int n = 80'000;
    std::vector<int> counts(8);
    RandomStream stream(1, EntityId{0}, 1, 0);
    for (int i = 0; i < n; ++i) ++counts[catalogue.draw(stream)];
    double norm = 0;
    for (int c = 1; c <= 8; ++c) norm += std::pow(c, -0.9);
    double chi_square = 0;
    for (int c = 1; c <= 8; ++c) {
        const double expected = n * std::pow(c, -0.9) / norm;
        const double difference = counts[static_cast<std::size_t>(c - 1)] - expected;
        chi_square += difference * difference / expected;
    }
    EXPECT_LT(chi_square, 7 + 6 * std::sqrt(14));  // 7 degrees of freedom: mean 7, variance 14
}

TEST(ClassCatalogue, HasUnitPrototypesThatDifferAndFollowTheSeed) {
    const ClassCatalogue catalogue = catalogue_with({"capability.classes=16", "workflow.steps=any/medium"});
    const ClassCatalogue other = catalogue_with({"capability.classes=16", "workflow.steps=any/medium", "run.seed=2"});
    for (std::uint32_t c = 0; c < 16; ++c) {
        ASSERT_EQ(catalogue.prototype(c).size(), 32U);
        double length = 0;
        double with_next = 0;
        double with_other = 0;
        for (std::size_t k = 0; k < 32; ++k) {
            const double x = catalogue.prototype(c)[k];
            length += x * x;
            with_next += x * catalogue.prototype((c + 1) % 16)[k];
            with_other += x * other.prototype(c)[k];
        }
        EXPECT_NEAR(length, 1, 1e-6);  // 32 floats
        // Cosines of random directions in 32 dimensions have standard deviation 0.18.
        EXPECT_LT(std::abs(with_next), 5 * 0.18);
        EXPECT_LT(std::abs(with_other), 5 * 0.18);
    }
}

TEST(ClassCatalogue, KnowsMedianAndMeanExecutionTimes) {
    const ClassCatalogue catalogue = catalogue_with({"capability.classes=a:2s, b:500ms", "workflow.steps=a/medium"});
    EXPECT_DOUBLE_EQ(catalogue.median_execution_seconds(0), 2);
    EXPECT_DOUBLE_EQ(catalogue.median_execution_seconds(1), 0.5);
    // Medians of instances LogNormal(2, 0.25), executions LogNormal(median, 0.5): 2 e^((0.0625 + 0.25) / 2).
    EXPECT_NEAR(catalogue.mean_execution_seconds(0), 2 * 1.1691184461695043, 1e-12);
    EXPECT_NEAR(catalogue.mean_execution_seconds(1), 0.5 * 1.1691184461695043, 1e-12);
}

TEST(ClassCatalogue, LetsSybilsClaimTheTenPercentQuantile) {
    const ClassCatalogue catalogue = catalogue_with({});
    constexpr double z = -1.2815515655446004;
    EXPECT_NEAR(catalogue.sybil_price(), std::exp(0.5 * z), 1e-6);                            // 0.52688
    EXPECT_NEAR(catalogue.sybil_seconds(0), 2 * std::exp(0.125) * std::exp(0.25 * z), 2e-6);  // 1.6450
    EXPECT_NEAR(catalogue.sybil_seconds(1), std::exp(0.125) * std::exp(0.25 * z), 1e-6);
    const ClassCatalogue median = catalogue_with({"adversary.claim_quantile=0.5"});
    EXPECT_FLOAT_EQ(median.sybil_price(), 1.0F);
}

// shards = ceil((honest * min(1, m p_c) + Sybils * min(1, descriptors * p_c)) / entries_per_shard), at least 1.
TEST(ClassCatalogue, CutsCellsOfGeneratedClassesByTheirExpectedEntries) {
    // p = 6/11, 3/11, 2/11; m = 1; 6600 honest, 4400 Sybils with 2 descriptors:
    // cell 0: 3600 + 4400 min(1, 12/11) = 8000; cell 1: 1800 + 2400 = 4200; cell 2: 1200 + 1600 = 2800.
    const ClassCatalogue catalogue =
        catalogue_with({"capability.classes=3", "capability.zipf=1", "workflow.steps=any/medium", "peers.count=11000",
                        "peers.capabilities=1", "adversary.fraction=0.4", "registry.entries_per_shard=1000"});
    EXPECT_EQ(catalogue.shards_of(0), 8U);
    EXPECT_EQ(catalogue.shards_of(1), 5U);
    EXPECT_EQ(catalogue.shards_of(2), 3U);
    EXPECT_EQ(catalogue.shard_count(), 16U);
    EXPECT_EQ(catalogue.first_shard(0), 0U);
    EXPECT_EQ(catalogue.first_shard(1), 8U);
    EXPECT_EQ(catalogue.first_shard(2), 13U);
    EXPECT_EQ(catalogue.class_of_shard(0), 0U);
    EXPECT_EQ(catalogue.class_of_shard(7), 0U);
    EXPECT_EQ(catalogue.class_of_shard(8), 1U);
    EXPECT_EQ(catalogue.class_of_shard(15), 2U);
}

TEST(ClassCatalogue, CutsCellsOfNamedClassesByTheShareThatOffersThem) {
    // 7000 honest * 0.5 + 3000 Sybils * min(1, 2/2) = 6500: 4 shards for 2000 entries each.
    const ClassCatalogue catalogue =
        catalogue_with({"peers.count=10000", "capability.share=0.5", "adversary.fraction=0.3"});
    EXPECT_EQ(catalogue.shards_of(0), 4U);
    EXPECT_EQ(catalogue.shards_of(1), 4U);
}

TEST(ClassCatalogue, LeavesSmallCellsWhole) {
    EXPECT_EQ(catalogue_with({}).shard_count(), 2U);
    EXPECT_EQ(catalogue_with({"peers.count=2000"}).shard_count(), 2U);  // exactly the 2000 of a shard
    EXPECT_EQ(catalogue_with({"peers.count=2001"}).shard_count(), 4U);
}

TEST(ClassCatalogue, SpreadsTheEntriesOfACellOverItsShards) {
    const ClassCatalogue catalogue = catalogue_with({"peers.count=10000"});
    ASSERT_EQ(catalogue.shards_of(1), 5U);
    std::vector<int> counts(catalogue.shard_count());
    for (std::uint32_t peer = 0; peer < 10'000; ++peer) {
        const std::uint32_t shard = catalogue.shard_of(peer, 1);
        ASSERT_EQ(catalogue.class_of_shard(shard), 1U);
        ++counts[shard];
    }
    for (std::uint32_t shard = catalogue.first_shard(1); shard < catalogue.shard_count(); ++shard) {
        EXPECT_NEAR(counts[shard], 2000, 5 * std::sqrt(10'000 * 0.2 * 0.8));
    }
}

TEST(ClassCatalogue, RefusesAFanoutAboveTheShardsOfACell) {
    EXPECT_NO_THROW(catalogue_with({"peers.count=10000", "registry.fanout=5"}));
    EXPECT_THROW(catalogue_with({"peers.count=10000", "registry.fanout=6"}), InputError);
    EXPECT_THROW(catalogue_with({"registry.fanout=2"}), InputError);
}

TEST(DrawDirection, PutsUnitVectorsAboutTheCentre) {
    std::vector<float> centre(32, 0.0F);
    centre[3] = 1.0F;
    std::vector<float> out(32);
    RandomStream stream(1, EntityId{0}, 1, 0);
    double cosines = 0;
    constexpr int n = 20'000;
    for (int i = 0; i < n; ++i) {
        draw_direction(stream, centre, 0.5, out);
        double length = 0;
        for (const float x : out) length += static_cast<double>(x) * x;
        ASSERT_NEAR(length, 1, 1e-6);
        cosines += out[3];
    }
    // To first order 1/sqrt(1 + spread^2) = 0.8944; the corrections are of order 1/d.
    EXPECT_NEAR(cosines / n, 0.8944, 0.01);
    draw_direction(stream, centre, 0, out);
    EXPECT_EQ(out, centre);
}

TEST(Normalise, ScalesToUnitLength) {
    std::vector<float> vector{3.0F, 0.0F, -4.0F};
    normalise(vector);
    EXPECT_FLOAT_EQ(vector[0], 0.6F);
    EXPECT_FLOAT_EQ(vector[1], 0.0F);
    EXPECT_FLOAT_EQ(vector[2], -0.8F);
}

}  // namespace
}  // namespace parley::agentic
