// Ratings accounts: the cap of a rater, forgetting over epochs, and evictions that take contributions back.
#include "models/agentic/trust/ratings.hpp"

#include <gtest/gtest.h>

#include <map>

#include "models/agentic/trust/reputation_service.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

using Counts = std::pair<double, double>;  // good, bad

// Accounts and the pooled counts that their changes add up to, as the reputation service keeps them.
struct World {
    explicit World(const std::vector<std::string>& overrides = {})
        : parameters(parameters_with(overrides)), accounts(parameters, {0, 10}), pooled(parameters, {0, 100}) {}

    // What the closing epoch changes, in outcomes.
    std::map<std::uint32_t, Counts> close() {
        std::vector<PooledChange> changes;
        accounts.close_epoch(changes);
        pooled.age();
        std::map<std::uint32_t, Counts> sums;
        for (const PooledChange& change : changes) {
            sums[change.ratee].first += static_cast<double>(change.good) / fixed_one;
            sums[change.ratee].second += static_cast<double>(change.bad) / fixed_one;
            pooled.apply(change);
        }
        pooled.publish([](std::uint32_t, float) {});
        return sums;
    }

    Parameters parameters;
    RatingsAccounts accounts;
    PooledReputation pooled;
};

TEST(Ratings, CountTheReportsOfAnEpochWhenItCloses) {
    World world({"reputation.rater_cap=100"});
    world.accounts.record(0, 42, true);
    world.accounts.record(0, 42, true);
    world.accounts.record(0, 7, false);
    world.accounts.record(1, 42, false);
    EXPECT_EQ(world.close(), (std::map<std::uint32_t, Counts>{{7, {0, 1}}, {42, {2, 1}}}));
    EXPECT_TRUE(world.close().empty());
}

TEST(Ratings, ScaleGoodAndBadAlikeAtTheCapOfARater) {
    World world({"reputation.rater_cap=1"});
    for (int i = 0; i < 3; ++i) world.accounts.record(0, 42, true);
    world.accounts.record(0, 42, false);
    world.accounts.record(1, 42, false);
    world.accounts.record(2, 7, true);
    const auto changes = world.close();
    EXPECT_NEAR(changes.at(42).first, 0.75, 1e-6);
    EXPECT_NEAR(changes.at(42).second, 0.25 + 1, 1e-6);
    EXPECT_NEAR(changes.at(7).first, 1, 1e-6);
    // The cap is for an epoch: the next one has its own.
    world.accounts.record(0, 42, true);
    EXPECT_NEAR(world.close().at(42).first, 1, 1e-6);
}

TEST(Ratings, ScaleToAnyCap) {
    World world({"reputation.rater_cap=2.5"});
    for (int i = 0; i < 2; ++i) world.accounts.record(0, 1, true);  // below the cap
    for (int i = 0; i < 4; ++i) world.accounts.record(0, 2, false);
    world.accounts.record(0, 2, true);
    const auto changes = world.close();
    EXPECT_NEAR(changes.at(1).first, 2, 1e-6);
    EXPECT_NEAR(changes.at(2).first, 0.5, 1e-6);
    EXPECT_NEAR(changes.at(2).second, 2, 1e-6);
}

TEST(Ratings, CapEachRateeByItself) {
    World world({"reputation.rater_cap=1"});
    for (std::uint32_t ratee = 0; ratee < 20; ++ratee) world.accounts.record(0, ratee, true);
    EXPECT_EQ(world.close().size(), 20U);
    for (std::uint32_t ratee = 0; ratee < 20; ++ratee) EXPECT_NEAR(world.pooled.published(ratee), 2.0 / 3, 1e-6);
}

// Half-life 20 s, epochs of 10 s: pooled counts shrink by sqrt(1/2) an epoch.
TEST(Ratings, LosePooledWeightByHalfEveryHalfLife) {
    World world({"reputation.half_life=20s"});
    world.accounts.record(0, 42, true);
    world.accounts.record(1, 42, true);
    world.close();
    EXPECT_NEAR(world.pooled.published(42), 3.0 / 4, 1e-6);
    world.close();
    world.close();
    EXPECT_NEAR(world.pooled.published(42), 2.0 / 3, 1e-6);  // (1+1)/(2+1)
    world.accounts.record(0, 42, false);
    world.close();
    world.close();
    // Good: 2 * 2^-2 = 1/2; bad: 2^(-1/2).
    EXPECT_NEAR(world.pooled.published(42), 1.5 / (2.5 + 0.70710678), 1e-5);
    for (int epoch = 0; epoch < 100; ++epoch) world.close();
    EXPECT_NEAR(world.pooled.published(42), 0.5, 1e-5);
}

TEST(Ratings, TakeBackWhatAnEvictedRateeGot) {
    World world({"reputation.ratings_per_rater=2", "reputation.half_life=10s"});
    world.accounts.record(0, 1, true);
    world.accounts.record(0, 2, false);
    world.close();
    EXPECT_NEAR(world.pooled.published(1), 2.0 / 3, 1e-6);
    EXPECT_NEAR(world.pooled.published(2), 1.0 / 3, 1e-6);
    world.accounts.record(0, 1, true);  // ratee 2 is now the least recently updated
    world.close();                      // ratee 1: 1/2 + 1
    EXPECT_NEAR(world.pooled.published(1), 2.5 / 3.5, 1e-5);
    world.accounts.record(0, 3, true);
    const auto changes = world.close();
    // Ratee 2 had 1/2 in the epoch that closes and loses all of it: 1/4 as of the next one.
    EXPECT_NEAR(changes.at(2).second, -0.25, 1e-5);
    EXPECT_NEAR(world.pooled.published(2), 0.5, 1e-5);
    EXPECT_NEAR(world.pooled.published(3), 2.0 / 3, 1e-5);
    EXPECT_NEAR(world.pooled.published(1), 1.75 / 2.75, 1e-5);
}

TEST(Ratings, LeaveTheReportsOfOtherRatersWhenOneForgets) {
    World world({"reputation.ratings_per_rater=1"});
    world.accounts.record(0, 1, true);
    world.accounts.record(5, 1, true);
    world.close();
    world.accounts.record(0, 2, true);  // rater 0 forgets ratee 1
    world.close();
    // One good count is left, aged by one epoch of 10 s at a half-life of 600 s: 2^(-1/60).
    EXPECT_NEAR(world.pooled.published(1), (1 + 0.98851402) / (2 + 0.98851402), 1e-5);
}

TEST(Ratings, ForgetReportsOfTheOpenEpochWithTheirRatee) {
    World world({"reputation.ratings_per_rater=1"});
    world.accounts.record(0, 1, true);
    world.accounts.record(0, 2, true);
    const auto changes = world.close();
    EXPECT_EQ(changes.contains(1) ? changes.at(1).first : 0.0, 0.0);
    EXPECT_NEAR(changes.at(2).first, 1, 1e-6);
}

TEST(Ratings, KeepHundredsOfRatees) {
    World world({"reputation.ratings_per_rater=50"});
    for (std::uint32_t ratee = 0; ratee < 60; ++ratee) world.accounts.record(3, ratee, true);
    const auto changes = world.close();
    for (std::uint32_t ratee = 10; ratee < 60; ++ratee) EXPECT_NEAR(changes.at(ratee).first, 1, 1e-6);
    for (std::uint32_t ratee = 0; ratee < 10; ++ratee) EXPECT_EQ(world.pooled.published(ratee), 0.5F);
}

// Peer 42 has come back as identity 142: what is said of 42 no longer counts, nor is it taken back.
TEST(Ratings, BelongToTheIdentityThatWasRated) {
    World world({"adversary.whitewash=true", "reputation.ratings_per_rater=1"});
    world.accounts.record(0, 42, false);
    world.accounts.record(1, 42, false);
    world.close();
    EXPECT_NEAR(world.pooled.published(42), 0.25, 1e-6);
    world.accounts.record(2, 42, false);
    world.pooled.begin_identity(42, 142);
    EXPECT_EQ(world.pooled.identity(42), 142U);
    EXPECT_EQ(world.pooled.published(42), 0.5F);
    world.accounts.record(3, 142, false);  // the only one about the fresh identity
    world.accounts.record(0, 7, true);     // drives the rating of 42 out
    world.close();
    EXPECT_NEAR(world.pooled.published(42), 1.0 / 3, 1e-6);
}

TEST(Ratings, AreListedForTheIdentitiesThatPeersBear) {
    World world({"adversary.whitewash=true"});
    std::vector<std::uint32_t> identities(100);
    for (std::uint32_t peer = 0; peer < 100; ++peer) identities[peer] = peer;
    identities[42] = 142;
    world.accounts.record(0, 42, true);
    world.accounts.record(0, 7, true);
    world.accounts.record(1, 142, true);
    world.close();
    kernels::RatingList list;
    world.accounts.list_ratings(list, identities);
    std::map<std::uint32_t, std::uint32_t> ratees;
    for (const auto& rating : list.ratings()) ratees[rating.rater] = rating.ratee;
    EXPECT_EQ(list.ratings().size(), 2U);
    EXPECT_EQ(ratees, (std::map<std::uint32_t, std::uint32_t>{{0, 7}, {1, 42}}));
}

// --- attack edges

// Pairs of an honest rater and a Sybil with s > 0, counted one by one.
std::uint64_t edges_of(World& world) {
    const SybilSet sybils(world.parameters.seed, world.parameters.peers, world.parameters.sybils());
    kernels::RatingList list;
    world.accounts.list_ratings(list);
    std::uint64_t edges = 0;
    for (const auto& [rater, ratee, weight] : list.ratings()) {
        edges += !sybils.contains(rater) && sybils.contains(ratee);
    }
    return edges;
}

TEST(AttackEdges, AppearWhenTheEpochClosesAndGoWithBlame) {
    World world({"adversary.fraction=0.5"});
    const SybilSet sybils(world.parameters.seed, 100, 50);
    std::uint32_t honest = 0;
    std::uint32_t sybil = 0;
    while (sybils.contains(honest)) ++honest;
    while (!sybils.contains(sybil)) ++sybil;
    ASSERT_LT(std::max(honest, sybil), 10U);
    world.accounts.record(honest, sybils.at(50), true);
    world.accounts.record(honest, sybils.at(7), true);
    world.accounts.record(honest, sybils.at(8), false);
    world.accounts.record(sybil, sybils.at(7), true);
    EXPECT_EQ(world.accounts.attack_edges(), 0U);
    world.close();
    EXPECT_EQ(world.accounts.attack_edges(), 1U);
    world.accounts.record(honest, sybils.at(7), false);
    EXPECT_EQ(world.accounts.attack_edges(), 1U);
    world.close();  // one good, aged, against one bad
    EXPECT_EQ(world.accounts.attack_edges(), 0U);
    world.accounts.record(honest, sybils.at(7), true);
    world.close();
    EXPECT_EQ(world.accounts.attack_edges(), 1U);
}

TEST(AttackEdges, AreThoseThatListedRatingsGive) {
    World world({"adversary.fraction=0.4", "reputation.ratings_per_rater=6", "reputation.half_life=15s",
                 "reputation.rater_cap=2"});
    std::uint64_t most = 0;
    for (std::uint32_t epoch = 0; epoch < 40; ++epoch) {
        for (std::uint32_t i = 0; i < 60; ++i) {
            const std::uint64_t draw = mix64(epoch * 1000 + i);
            world.accounts.record(static_cast<std::uint32_t>(draw % 10), static_cast<std::uint32_t>(draw / 10 % 20),
                                  draw / 200 % 3 != 0);
        }
        world.close();
        ASSERT_EQ(world.accounts.attack_edges(), edges_of(world)) << "epoch " << epoch;
        most = std::max(most, edges_of(world));
    }
    EXPECT_GT(most, 5U);
}

// An account with one rating, as a checkpoint has it.
Bytes stored_account(std::uint32_t ratee, std::uint32_t epoch) {
    ArchiveWriter archive;
    std::uint32_t updates = 1;
    bool touched = false;
    std::uint16_t size = 1;
    Rating rating{ratee, 0, epoch, 1, 0, 0, 0};
    archive(updates, touched, size, rating);
    return archive.bytes();
}

TEST(Ratings, ADamagedCheckpointNamesNoEpochToComeAndNobodyWhoIsNotThere) {
    const std::uint32_t peers = World().parameters.peers;
    const auto restore = [](const Bytes& bytes) {
        World world;
        world.accounts.open_epoch(3);
        ArchiveReader archive(bytes);
        world.accounts.transfer(archive, 0);
    };
    EXPECT_NO_THROW(restore(stored_account(peers - 1, 3)));
    EXPECT_THROW(restore(stored_account(peers - 1, 4)), std::runtime_error);
    EXPECT_THROW(restore(stored_account(peers, 3)), std::runtime_error);
}

}  // namespace
}  // namespace parley::agentic
