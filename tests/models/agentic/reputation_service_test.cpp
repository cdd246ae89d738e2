// The reputation service: the beta formula, what changes is announced to the shards, and the area under the curve.
#include "models/agentic/trust/reputation_service.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>

#include "models/agentic/agentic_model.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr auto one = static_cast<FixedCount>(fixed_one);

TEST(PooledReputation, PublishesTheBetaFormula) {
    const Parameters p = parameters_with({});
    PooledReputation reputation(p, {100, 110});
    reputation.apply({100, 0, 3 * one, one});  // (1+3)/(2+4) = 2/3
    reputation.apply({105, 0, 0, 2 * one});    // 1/4
    reputation.apply({109, 0, one / 2, 0});    // 1.5/2.5 = 3/5
    std::map<std::uint32_t, float> changed;
    reputation.publish([&](std::uint32_t peer, float trust) { changed[peer] = trust; });
    ASSERT_EQ(changed.size(), 3U);
    EXPECT_FLOAT_EQ(changed[100], 2.0F / 3);
    EXPECT_FLOAT_EQ(changed[105], 0.25F);
    EXPECT_FLOAT_EQ(changed[109], 0.6F);
    EXPECT_FLOAT_EQ(reputation.published(100), 2.0F / 3);
    EXPECT_EQ(reputation.published(101), 0.5F);
}

TEST(PooledReputation, AnnouncesOnlyWhatChanged) {
    const Parameters p = parameters_with({});
    PooledReputation reputation(p, {0, 10});
    reputation.apply({3, 0, one, 0});
    int announced = 0;
    reputation.publish([&](std::uint32_t, float) { ++announced; });
    EXPECT_EQ(announced, 1);
    reputation.publish([&](std::uint32_t, float) { ++announced; });
    EXPECT_EQ(announced, 1);
    reputation.apply({3, 0, -one, 0});
    reputation.publish([&](std::uint32_t peer, float trust) {
        ++announced;
        EXPECT_EQ(peer, 3U);
        EXPECT_EQ(trust, 0.5F);
    });
    EXPECT_EQ(announced, 2);
}

TEST(PooledReputation, StaysWithinBoundsWhenRoundingLeavesANegativeRest) {
    const Parameters p = parameters_with({});
    PooledReputation reputation(p, {0, 1});
    reputation.apply({0, 0, -3, -5});
    reputation.publish([](std::uint32_t, float) {});
    EXPECT_EQ(reputation.published(0), 0.5F);
}

// --- the distribution of trust

double pairs_won(const std::vector<float>& honest, const std::vector<float>& sybils) {
    double won = 0;
    for (const float h : honest) {
        for (const float s : sybils) won += h > s ? 1 : h == s ? 0.5 : 0;
    }
    return won / static_cast<double>(honest.size() * sybils.size());
}

TEST(TrustDistribution, HasTheAreaUnderTheCurveOfCountedPairs) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        // Multiples of 1/64: values are equal, or in different bins.
        std::vector<float> honest(1 + random() % 30);
        std::vector<float> sybils(1 + random() % 30);
        TrustDistribution distribution;
        for (float& trust : honest) {
            trust = static_cast<float>(random() % 65) / 64;
            distribution.add(false, trust);
        }
        for (float& trust : sybils) {
            trust = static_cast<float>(random() % 65) / 64;
            distribution.add(true, trust);
        }
        // The highest bin holds 1 and what is just below it.
        ASSERT_NEAR(distribution.area_under_curve(), pairs_won(honest, sybils), 1e-12);
    }
}

TEST(TrustDistribution, KnowsPerfectReversedAndEqualScores) {
    TrustDistribution perfect;
    TrustDistribution reversed;
    TrustDistribution equal;
    for (int i = 0; i < 10; ++i) {
        perfect.add(false, 0.9F);
        perfect.add(true, 0.1F);
        reversed.add(false, 0.0F);
        reversed.add(true, 1.0F);
        equal.add(false, 0.5F);
        equal.add(true, 0.5F);
    }
    EXPECT_EQ(perfect.area_under_curve(), 1.0);
    EXPECT_EQ(reversed.area_under_curve(), 0.0);
    EXPECT_EQ(equal.area_under_curve(), 0.5);
}

TEST(TrustDistribution, HasMeansOfBothGroups) {
    TrustDistribution distribution;
    for (const float trust : {0.25F, 0.5F, 0.75F}) distribution.add(false, trust);
    distribution.add(true, 0.125F);
    EXPECT_NEAR(distribution.mean(false), 0.5, 1e-6);
    EXPECT_NEAR(distribution.mean(true), 0.125, 1e-6);
    EXPECT_EQ(distribution.peers[0], 3U);
    EXPECT_EQ(distribution.peers[1], 1U);
}

TEST(TrustDistribution, IsNotANumberWithoutBothGroups) {
    TrustDistribution distribution;
    distribution.add(false, 0.5F);
    EXPECT_TRUE(std::isnan(distribution.area_under_curve()));
    EXPECT_TRUE(std::isnan(distribution.mean(true)));
    EXPECT_TRUE(std::isnan(TrustDistribution{}.mean(false)));
}

// --- a closing epoch, without a run

struct World {
    World(const std::vector<std::string>& overrides, std::uint32_t partitions)
        : model(parameters_with(overrides), nullptr, 1),
          directory(EntityDirectory::balanced(model.entity_kinds(), partitions)),
          transport(make_serial_transport()) {
        for (std::uint32_t partition = 0; partition < partitions; ++partition) {
            owned.push_back(std::make_unique<AgenticState>(model, directory, partition));
            states.push_back(owned.back().get());
        }
    }
    void report(std::uint32_t rater, std::uint32_t ratee, bool good) {
        const std::uint32_t id = model.first_account() + rater;
        const std::uint32_t partition = directory.partition_of(EntityId{id});
        states[partition]->accounts().record(id - directory.range(partition, account_kind).begin, ratee, good);
    }
    float published(std::uint32_t peer) {
        return states[directory.partition_of(EntityId{peer})]->reputation().published(peer);
    }
    void publish(int threads = 1) { publish_trust(model, states, *transport, threads); }

    AgenticModel model;
    EntityDirectory directory;
    std::unique_ptr<Transport> transport;
    std::vector<std::unique_ptr<AgenticState>> owned;
    std::vector<AgenticState*> states;
};

TEST(ReputationService, PublishesTheReportsOfAllPartitions) {
    for (const std::uint32_t partitions : {1U, 3U}) {
        World world({}, partitions);
        world.report(0, 99, true);
        world.report(50, 99, true);
        world.report(99, 99, false);
        world.report(10, 0, false);
        EXPECT_EQ(world.published(99), 0.5F);
        world.publish(2);
        EXPECT_FLOAT_EQ(world.published(99), 3.0F / 5);
        EXPECT_FLOAT_EQ(world.published(0), 1.0F / 3);
        EXPECT_EQ(world.published(42), 0.5F);
    }
}

TEST(ReputationService, TellsTheShardsThatHoldAPeersDescriptors) {
    for (const std::uint32_t partitions : {1U, 2U}) {
        World world({}, partitions);
        world.report(0, 7, false);
        world.publish();
        Metrics metrics;
        RegistryContext context{world.model.parameters(),
                                world.model.catalogue(),
                                world.model.instances(),
                                world.model.sybils(),
                                metrics,
                                {},
                                {},
                                {},
                                {}};
        for (std::uint32_t c = 0; c < 2; ++c) {
            const std::uint32_t id = world.model.first_shard() + world.model.catalogue().shard_of(7, c);
            RegistryShard& shard = world.states[world.directory.partition_of(EntityId{id})]->shard(id);
            shard.accept({7, 0, {}, 0}, SimTime{0}, context);
            const auto prototype = world.model.catalogue().prototype(c);
            context.intent.assign(prototype.begin(), prototype.end());
            EXPECT_FALSE(shard.answer(0, -1.0F, SimTime{1}, context));
            ASSERT_EQ(context.answer.size(), 1U);
            EXPECT_FLOAT_EQ(context.answer[0].trust, 1.0F / 3);
        }
    }
}

TEST(ReputationService, PublishesNothingWhenItIsOff) {
    World world({"reputation.kind=none"}, 1);
    world.report(0, 7, false);
    world.publish();
    EXPECT_EQ(world.published(7), 0.5F);
    const TrustDistribution trust = trust_distribution(world.model, world.states, *world.transport, 1);
    EXPECT_NEAR(trust.mean(false), 0.5, 1e-6);
}

TEST(ReputationService, SumsTheDistributionOverPartitions) {
    for (const std::uint32_t partitions : {1U, 4U}) {
        World world({"adversary.fraction=0.3"}, partitions);
        for (std::uint32_t peer = 0; peer < 100; ++peer) {
            world.report(0, peer, !world.model.sybils().contains(peer));
        }
        world.publish();
        const TrustDistribution trust = trust_distribution(world.model, world.states, *world.transport, 2);
        EXPECT_EQ(trust.peers[0], 70U);
        EXPECT_EQ(trust.peers[1], 30U);
        EXPECT_NEAR(trust.mean(false), 2.0 / 3, 1e-6);
        EXPECT_NEAR(trust.mean(true), 1.0 / 3, 1e-6);
        EXPECT_EQ(trust.area_under_curve(), 1.0);
    }
}

}  // namespace
}  // namespace parley::agentic
