// Every entity lives in exactly one partition, and partitions own contiguous ranges of each kind.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/entity_id.hpp"

namespace parley {
namespace {

const std::vector<EntityKind> kinds{{"peers", 100, 8, {}}, {"shards", 7, 2048, {}}, {"accounts", 100, 1, {}}};

TEST(EntityDirectory, NumbersEntitiesKindAfterKind) {
    const EntityDirectory directory = EntityDirectory::balanced(kinds, 3);
    EXPECT_EQ(directory.kind_count(), 3U);
    EXPECT_EQ(directory.entity_count(), 207U);
    EXPECT_EQ(directory.partition_count(), 3U);
    EXPECT_EQ(directory.first_of_kind(0), 0U);
    EXPECT_EQ(directory.first_of_kind(1), 100U);
    EXPECT_EQ(directory.first_of_kind(2), 107U);
    EXPECT_EQ(directory.kind(1).name, "shards");
    EXPECT_EQ(directory.kind_of(EntityId{0}), 0U);
    EXPECT_EQ(directory.kind_of(EntityId{99}), 0U);
    EXPECT_EQ(directory.kind_of(EntityId{100}), 1U);
    EXPECT_EQ(directory.kind_of(EntityId{106}), 1U);
    EXPECT_EQ(directory.kind_of(EntityId{107}), 2U);
    EXPECT_EQ(directory.kind_of(EntityId{206}), 2U);
}

TEST(EntityDirectory, CutsKindsWithoutWeightsIntoAdjacentRangesOfEqualSize) {
    for (const std::uint32_t partitions : {1U, 2U, 3U, 7U, 16U, 150U}) {
        const EntityDirectory directory = EntityDirectory::balanced(kinds, partitions);
        for (std::size_t k = 0; k < kinds.size(); ++k) {
            std::uint32_t next = directory.first_of_kind(k);
            for (std::uint32_t p = 0; p < partitions; ++p) {
                const IdRange range = directory.range(p, k);
                EXPECT_EQ(range.begin, next);
                EXPECT_GE(range.size(), kinds[k].count / partitions);
                EXPECT_LE(range.size(), kinds[k].count / partitions + 1);
                next = range.end;
            }
            EXPECT_EQ(next, directory.first_of_kind(k) + kinds[k].count);
        }
    }
}

TEST(EntityDirectory, FindsThePartitionWhoseRangeHoldsTheEntity) {
    for (const std::uint32_t partitions : {1U, 2U, 3U, 7U, 16U, 150U}) {
        const EntityDirectory directory = EntityDirectory::balanced(kinds, partitions);
        for (std::uint32_t id = 0; id < directory.entity_count(); ++id) {
            const std::uint32_t partition = directory.partition_of(EntityId{id});
            ASSERT_LT(partition, partitions);
            ASSERT_TRUE(directory.range(partition, directory.kind_of(EntityId{id})).contains(id)) << id;
        }
    }
}

// Offsets at which a kind of entities with these weights is cut.
std::vector<std::uint32_t> cuts_of(const std::vector<float>& weights, std::uint32_t partitions) {
    const auto count = static_cast<std::uint32_t>(weights.size());
    const EntityDirectory directory = EntityDirectory::balanced({{"shards", count, 1, weights}}, partitions);
    std::vector<std::uint32_t> cuts;
    for (std::uint32_t p = 0; p < partitions; ++p) cuts.push_back(directory.range(p, 0).begin);
    cuts.push_back(directory.range(partitions - 1, 0).end);
    return cuts;
}

TEST(EntityDirectory, CutsByWeight) {
    EXPECT_EQ(cuts_of({4, 1, 1, 1, 1}, 2), (std::vector<std::uint32_t>{0, 1, 5}));
    EXPECT_EQ(cuts_of({1, 1, 1, 1, 4}, 2), (std::vector<std::uint32_t>{0, 4, 5}));
    EXPECT_EQ(cuts_of({1, 1, 1, 1}, 2), (std::vector<std::uint32_t>{0, 2, 4}));
    EXPECT_EQ(cuts_of({1, 2, 3, 6}, 1), (std::vector<std::uint32_t>{0, 4}));
    EXPECT_EQ(cuts_of({1, 2, 3, 6}, 2), (std::vector<std::uint32_t>{0, 3, 4}));
}

TEST(EntityDirectory, BalancesWeightsToWithinTheHeaviestEntity) {
    std::mt19937 random(9);
    for (const std::uint32_t partitions : {1U, 2U, 5U, 16U, 300U}) {
        std::vector<float> weights(200);
        double total = 0;
        float heaviest = 0;
        for (float& weight : weights) {
            weight = static_cast<float>(1 + random() % 100);
            total += weight;
            heaviest = std::max(heaviest, weight);
        }
        const std::vector<std::uint32_t> cuts = cuts_of(weights, partitions);
        EXPECT_EQ(cuts.front(), 0U);
        EXPECT_EQ(cuts.back(), 200U);
        for (std::uint32_t p = 0; p < partitions; ++p) {
            ASSERT_LE(cuts[p], cuts[p + 1]);
            double sum = 0;
            for (std::uint32_t i = cuts[p]; i < cuts[p + 1]; ++i) sum += weights[i];
            EXPECT_NEAR(sum, total / partitions, heaviest);
        }
    }
}

TEST(EntityDirectory, CoversAllEntitiesWhateverTheirWeights) {
    for (const std::vector<float>& weights :
         {std::vector<float>{0, 0, 0}, {0, 0, 5}, {5, 0, 0}, {1e-30F, 1e30F, 1e-30F}, {7}}) {
        const std::vector<std::uint32_t> cuts = cuts_of(weights, 4);
        EXPECT_EQ(cuts.front(), 0U);
        EXPECT_EQ(cuts.back(), weights.size());
        EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    }
}

TEST(EntityDirectory, TakesUnevenCuts) {
    const EntityDirectory directory({{"peers", 10, 1, {}}, {"shards", 4, 1, {}}}, {{0, 1, 10}, {0, 4, 4}});
    EXPECT_EQ(directory.partition_of(EntityId{0}), 0U);
    EXPECT_EQ(directory.partition_of(EntityId{1}), 1U);
    EXPECT_EQ(directory.partition_of(EntityId{9}), 1U);
    EXPECT_EQ(directory.partition_of(EntityId{10}), 0U);
    EXPECT_EQ(directory.partition_of(EntityId{13}), 0U);
    EXPECT_EQ(directory.range(1, 1).size(), 0U);
}

TEST(EntityDirectory, CutsBillionsOfEntitiesWithoutOverflow) {
    const EntityDirectory directory = EntityDirectory::balanced({{"peers", 4'000'000'000, 1, {}}}, 4096);
    EXPECT_EQ(directory.range(4095, 0).end, 4'000'000'000U);
    EXPECT_EQ(directory.range(2048, 0).begin, 2'000'000'000U);
    EXPECT_EQ(directory.partition_of(EntityId{3'999'999'999}), 4095U);
}

TEST(IdRange, ContainsItsBeginButNotItsEnd) {
    const IdRange range{5, 8};
    EXPECT_FALSE(range.contains(4));
    EXPECT_TRUE(range.contains(5));
    EXPECT_TRUE(range.contains(7));
    EXPECT_FALSE(range.contains(8));
    EXPECT_FALSE((IdRange{5, 5}).contains(5));
}

}  // namespace
}  // namespace parley
