// The reputation service: the beta formula, what changes is announced to the shards, and the area under the curve.
#include "models/agentic/trust/reputation_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <tuple>

#include "models/agentic/agentic_model.hpp"
#include "models/agentic/trust/pretrusted.hpp"
#include "test_parameters.hpp"
#include "tests/support/thread_transport.hpp"

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
          service(model),
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
    void publish(int threads = 1) { service.publish(states, *transport, threads); }

    AgenticModel model;
    ReputationService service;
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
                                0,
                                {},
                                {}};
        for (std::uint32_t c = 0; c < 2; ++c) {
            const std::uint32_t id = world.model.first_shard() + world.model.catalogue().shard_of(7, c);
            RegistryShard& shard = world.states[world.directory.partition_of(EntityId{id})]->shard(id);
            shard.accept({7, false, false, 0, 0}, 7, SimTime{0}, context);
            const auto prototype = world.model.catalogue().prototype(c);
            context.intent.assign(prototype.begin(), prototype.end());
            EXPECT_FALSE(shard.answer(0, world.model.parameters().steps[0].constraints, false, SimTime{1}, context));
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
    const TrustDistribution trust = trust_distribution(world.states, *world.transport, 1);
    EXPECT_NEAR(trust.mean(false), 0.5, 1e-6);
}

TEST(ReputationService, SumsTheDistributionOverPartitions) {
    for (const std::uint32_t partitions : {1U, 4U}) {
        World world({"adversary.fraction=0.3"}, partitions);
        for (std::uint32_t peer = 0; peer < 100; ++peer) {
            world.report(0, peer, !world.model.sybils().contains(peer));
        }
        world.publish();
        const TrustDistribution trust = trust_distribution(world.states, *world.transport, 2);
        EXPECT_EQ(trust.peers[0], 70U);
        EXPECT_EQ(trust.peers[1], 30U);
        EXPECT_NEAR(trust.mean(false), 2.0 / 3, 1e-6);
        EXPECT_NEAR(trust.mean(true), 1.0 / 3, 1e-6);
        EXPECT_EQ(trust.area_under_curve(), 1.0);
    }
}

// --- trust along ratings

// Peers that are pre-trusted, and one that is not.
struct Roles {
    explicit Roles(const World& world) : pretrusted(pretrusted_peers(world.model.parameters(), world.model.sybils())) {
        for (std::uint32_t peer = 0; others.size() < 6; ++peer) {
            if (!std::binary_search(pretrusted.begin(), pretrusted.end(), peer)) others.push_back(peer);
        }
    }
    std::vector<std::uint32_t> pretrusted;
    std::vector<std::uint32_t> others;
};

// Trust x / (x + 0.1) of 100 peers, 10 of them pre-trusted: 9 rate nobody, the first rates A, A rates B. With a the
// damping and t_0 the trust of the first, A has (1-a) t_0 and B (1-a)^2 t_0; everybody else's goes back to all ten
// alike: t_0 is a tenth of what these ten have, 10 t_0 + (1-a) t_0 + (1-a)^2 t_0 = 1.
TEST(ReputationService, PublishesEigenTrustAlongRatings) {
    for (const std::uint32_t partitions : {1U, 3U}) {
        World world({"reputation.kind=eigentrust", "reputation.tolerance=0"}, partitions);
        const Roles roles(world);
        ASSERT_EQ(roles.pretrusted.size(), 10U);
        const auto [a, b, blamed, praised_by_nobody, praising, unknown] = std::tuple(
            roles.others[0], roles.others[1], roles.others[2], roles.others[3], roles.others[4], roles.others[5]);
        world.report(roles.pretrusted[0], a, true);
        world.report(a, b, true);
        world.report(b, blamed, false);
        world.report(praising, praised_by_nobody, true);
        world.publish(2);
        const double first = 1 / (10 + 0.85 + 0.85 * 0.85);
        const auto trust = [](double t) { return static_cast<float>(100 * t / (100 * t + 0.1)); };
        EXPECT_FLOAT_EQ(world.published(a), trust(0.85 * first));
        EXPECT_FLOAT_EQ(world.published(b), trust(0.85 * 0.85 * first));
        EXPECT_EQ(world.published(blamed), 0);
        // Praise of somebody without trust does not count; a pre-trusted peer that nobody rates is no exception.
        EXPECT_EQ(world.published(praised_by_nobody), 0.5F);
        EXPECT_EQ(world.published(unknown), 0.5F);
        EXPECT_EQ(world.published(roles.pretrusted[0]), 0.5F);
    }
}

TEST(ReputationService, LetsBlameOutweighPraiseOfTheSameRater) {
    World world({"reputation.kind=eigentrust", "reputation.rater_cap=10"}, 1);
    const Roles roles(world);
    const std::uint32_t rater = roles.pretrusted[0];
    world.report(rater, roles.others[0], true);
    world.report(rater, roles.others[0], false);  // s = 0
    world.report(rater, roles.others[1], true);
    world.report(rater, roles.others[1], true);
    world.report(rater, roles.others[1], false);  // s = 1
    world.publish();
    EXPECT_EQ(world.published(roles.others[0]), 0);
    EXPECT_GT(world.published(roles.others[1]), 0.8F);
}

TEST(ReputationService, ForgetsPraiseOfEvictedRatees) {
    World world({"reputation.kind=eigentrust", "reputation.ratings_per_rater=1"}, 1);
    const Roles roles(world);
    world.report(roles.pretrusted[0], roles.others[0], true);
    world.report(roles.pretrusted[1], roles.others[1], false);
    world.publish();
    EXPECT_GT(world.published(roles.others[0]), 0.8F);
    EXPECT_EQ(world.published(roles.others[1]), 0);
    world.report(roles.pretrusted[0], roles.others[2], true);
    world.report(roles.pretrusted[1], roles.others[2], true);
    world.publish();
    EXPECT_EQ(world.published(roles.others[0]), 0.5F);
    EXPECT_EQ(world.published(roles.others[1]), 0.5F);
    EXPECT_GT(world.published(roles.others[2]), 0.8F);
}

// A star: a pre-trusted peer praised three others. Of its tenth of the trust, an odd number of steps (log2 100 = 7)
// leaves a thirtieth at each of them, whose degree is 1; the centre has nothing then, with an edge.
TEST(ReputationService, PublishesSybilRankOnEdges) {
    for (const std::uint32_t partitions : {1U, 3U}) {
        World world({"reputation.kind=sybilrank"}, partitions);
        const Roles roles(world);
        for (std::size_t i = 0; i < 3; ++i) world.report(roles.pretrusted[0], roles.others[i], true);
        world.report(roles.others[3], roles.others[4], false);  // no edge
        world.publish(2);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_FLOAT_EQ(world.published(roles.others[i]), (100.0F / 30) / (100.0F / 30 + 0.1F));
        }
        EXPECT_EQ(world.published(roles.pretrusted[0]), 0);
        EXPECT_EQ(world.published(roles.others[4]), 0.5F);
        EXPECT_EQ(world.published(roles.pretrusted[1]), 0.5F);
    }
}

// A pre-trusted peer praised a Sybil, which has come back since: neither that praise nor more of it counts for the
// fresh identity, what is said of this one does.
TEST(ReputationService, KnowsNothingOfAFreshIdentity) {
    for (const std::string kind : {"beta", "eigentrust", "sybilrank"}) {
        for (const std::uint32_t partitions : {1U, 3U}) {
            World world({"reputation.kind=" + kind, "adversary.fraction=0.3", "adversary.whitewash=true"}, partitions);
            const Roles roles(world);
            std::uint32_t sybil = 99;
            while (!world.model.sybils().contains(sybil)) --sybil;
            world.report(roles.pretrusted[0], sybil, true);
            world.publish();
            EXPECT_GT(world.published(sybil), 0.6F) << kind;
            world.states[world.directory.partition_of(EntityId{sybil})]->reputation().begin_identity(sybil,
                                                                                                     sybil + 100);
            EXPECT_EQ(world.published(sybil), 0.5F) << kind;
            world.report(roles.pretrusted[1], sybil, true);
            world.publish();
            EXPECT_EQ(world.published(sybil), 0.5F) << kind;
            world.report(roles.pretrusted[1], sybil + 100, true);
            world.publish();
            EXPECT_GT(world.published(sybil), 0.6F) << kind;
        }
    }
}

// --- several ranks

// Published trust of all peers after two epochs, on ranks of so many partitions.
std::vector<float> published_by(const std::string& kind, int ranks, std::uint32_t partitions) {
    const std::vector<std::string> overrides{"peers.count=9000", "adversary.fraction=0.2", "reputation.kind=" + kind};
    std::vector<float> published(9000);
    run_as_ranks(ranks, [&](Transport& transport) {
        const auto rank = static_cast<std::uint32_t>(transport.rank());
        AgenticModel model(parameters_with(overrides), nullptr, 1);
        ReputationService service(model);
        const EntityDirectory directory =
            EntityDirectory::balanced(model.entity_kinds(), partitions * static_cast<std::uint32_t>(ranks));
        std::vector<std::unique_ptr<AgenticState>> owned;
        std::vector<AgenticState*> states;
        for (std::uint32_t p = rank * partitions; p < (rank + 1) * partitions; ++p) {
            owned.push_back(std::make_unique<AgenticState>(model, directory, p));
            states.push_back(owned.back().get());
        }
        for (std::uint32_t epoch = 0; epoch < 2; ++epoch) {
            for (AgenticState* state : states) {
                const IdRange accounts = state->account_range();
                for (std::uint32_t i = 0; i < 3 * accounts.size(); ++i) {
                    const std::uint64_t draw = mix64(3 * (accounts.begin - model.first_account()) + i + 99999 * epoch);
                    state->accounts().record(i / 3, static_cast<std::uint32_t>(draw % 9000), draw % 7 != 0);
                }
            }
            service.publish(states, transport, 2);
        }
        for (AgenticState* state : states) {
            const IdRange peers = state->reputation().peers();
            for (std::uint32_t p = peers.begin; p < peers.end; ++p) published[p] = state->reputation().published(p);
        }
    });
    return published;
}

TEST(ReputationService, PublishesTheSameOnAnyRanksAndPartitions) {
    for (const std::string kind : {"beta", "eigentrust", "sybilrank"}) {
        const std::vector<float> reference = published_by(kind, 1, 1);
        EXPECT_GT(std::set<float>(reference.begin(), reference.end()).size(), kind == "beta" ? 10U : 1000U);
        for (const int ranks : {1, 2, 4}) {
            EXPECT_EQ(published_by(kind, ranks, 3), reference) << kind << ", " << ranks << " ranks";
        }
    }
}

}  // namespace
}  // namespace parley::agentic
