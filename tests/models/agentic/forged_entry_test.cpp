// An entry that a Sybil registered under another peer's name keeps the name and carries the forger's claims and
// address.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "models/agentic/connectivity/place.hpp"
#include "models/agentic/discovery/registry_shard.hpp"
#include "tests/support/registry_world.hpp"

namespace parley::agentic {
namespace {

const std::vector<std::string> unverified{"adversary.forge_rate=1", "identity.verify=false", "adversary.fraction=0.3"};

// A world with an honest victim and two Sybils, by a SybilSet of their own.
struct ForgingWorld : RegistryWorld {
    explicit ForgingWorld(const std::vector<std::string>& more = {}) : RegistryWorld(settings(more)) {
        for (std::uint32_t peer = 0; forger.size() < 2; ++peer) {
            if (sybils.contains(peer)) forger.push_back(peer);
        }
        while (sybils.contains(victim)) ++victim;
    }
    static std::vector<std::string> settings(const std::vector<std::string>& more) {
        std::vector<std::string> all = unverified;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void expect_claims_of(std::uint32_t issuer, bool sybil) {
        const Claim claim = instances.claim(issuer, sybil, 0);
        EXPECT_EQ(found.quality, claim.quality);
        EXPECT_EQ(found.price, claim.price);
        EXPECT_EQ(found.seconds, claim.seconds);
        std::vector<float> embedding(parameters.dimension);
        instances.embedding(issuer, sybil, 0, embedding);
        const auto prototype = catalogue.prototype(0);
        float match = 0;
        for (std::size_t k = 0; k < embedding.size(); ++k) match += prototype[k] * embedding[k];
        EXPECT_EQ(found.match, match);
    }
    std::vector<std::uint32_t> forger;
    std::uint32_t victim = 0;
};

TEST(ForgedEntry, KeepsTheNameAndCarriesTheForgersClaimsAndAddress) {
    ForgingWorld world;
    const std::uint32_t victim = world.victim;
    world.accept(victim, 1 * second, 1 * second);
    world.shard.set_trust(victim, 0.75F);
    EXPECT_EQ(world.address(victim, 2 * second), victim);
    EXPECT_TRUE(world.context.addresses.empty());
    world.expect_claims_of(victim, false);
    EXPECT_EQ(world.level(Counter::poisoned_entries, 2 * second), 0U);
    EXPECT_EQ(world.level(Counter::forged_entries, 2 * second), 0U);

    world.forge(world.forger[0], victim, 3 * second, 3 * second);
    EXPECT_EQ(world.address(victim, 4 * second), world.forger[0]);
    world.expect_claims_of(world.forger[0], true);
    EXPECT_EQ(world.found.trust, 0.75F);  // of the name
    EXPECT_EQ(world.context.poisoned, 1U);
    EXPECT_EQ(world.shard.live_entries(), 1U);
    EXPECT_EQ(world.level(Counter::poisoned_entries, 4 * second), 1U);
    EXPECT_EQ(world.level(Counter::live_honest_entries, 4 * second), 0U);
    EXPECT_EQ(world.level(Counter::nominal_claims, 4 * second), 0U);
    EXPECT_EQ(world.level(Counter::forged_entries, 4 * second), 1U);

    // Another forger, then the victim's next refresh.
    world.forge(world.forger[1], victim, 5 * second, 5 * second);
    EXPECT_EQ(world.address(victim, 5 * second), world.forger[1]);
    world.expect_claims_of(world.forger[1], true);
    world.accept(victim, 6 * second, 6 * second);
    EXPECT_EQ(world.address(victim, 6 * second), victim);
    EXPECT_TRUE(world.context.addresses.empty());
    world.expect_claims_of(victim, false);
    EXPECT_EQ(world.level(Counter::poisoned_entries, 6 * second), 0U);
    EXPECT_EQ(world.level(Counter::nominal_claims, 6 * second), 1U);
    EXPECT_EQ(world.level(Counter::forged_entries, 6 * second), 0U);
    EXPECT_EQ(world.count(Counter::registrations), 4U);
}

TEST(ForgedEntry, HasItsIssueTimeAsSequenceNumber) {
    ForgingWorld world;
    const std::uint32_t victim = world.victim;
    world.accept(victim, 5 * second, 6 * second);
    world.forge(world.forger[0], victim, 4 * second, 7 * second);  // overtaken on its way
    EXPECT_EQ(world.address(victim, 7 * second), victim);
    world.forge(world.forger[0], victim, 8 * second, 8 * second);
    world.accept(victim, 7 * second, 9 * second);
    EXPECT_EQ(world.address(victim, 9 * second), world.forger[0]);
    // It expires by its own issue time, 8 s + 15 s.
    EXPECT_EQ(world.address(victim, 23 * second - 1), world.forger[0]);
    EXPECT_EQ(world.address(victim, 23 * second), UINT32_MAX);
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
    EXPECT_EQ(world.level(Counter::forged_entries, 23 * second), 0U);
    EXPECT_EQ(world.level(Counter::poisoned_entries, 23 * second), 0U);
}

TEST(ForgedEntry, WithTheLargestSequenceNumberStaysUntilItExpires) {
    ForgingWorld world;
    const std::uint32_t victim = world.victim;
    world.accept(victim, 1 * second, 1 * second);
    world.forge(world.forger[0], victim, 2 * second, 2 * second, true);
    world.accept(victim, 8 * second, 8 * second);
    world.forge(world.forger[1], victim, 9 * second, 9 * second, true);  // as large, not larger
    world.accept(victim, 16 * second, 16 * second);
    EXPECT_EQ(world.address(victim, 17 * second - 1), world.forger[0]);
    world.expect_claims_of(world.forger[0], true);
    EXPECT_EQ(world.address(victim, 17 * second), UINT32_MAX);
    // Sequence numbers start afresh: a refresh that was issued before the expiry counts.
    world.accept(victim, 16 * second + 5, 17 * second + 1);
    EXPECT_EQ(world.address(victim, 18 * second), victim);
    world.expect_claims_of(victim, false);
    world.accept(victim, 24 * second, 24 * second);
    EXPECT_EQ(world.shard.live_entries(), 1U);
    EXPECT_EQ(world.address(victim, 32 * second), victim);
}

TEST(ForgedEntry, MayBeTheFirstUnderItsName) {
    ForgingWorld world;
    world.shard.set_trust(world.victim, 0.5F);
    world.forge(world.forger[0], world.victim, 0, 0);
    EXPECT_EQ(world.address(world.victim, 1), world.forger[0]);
    world.expect_claims_of(world.forger[0], true);
    EXPECT_EQ(world.ask(world.victim, 1), Peers{});  // it is the asker's own by name
    EXPECT_EQ(world.ask(world.forger[0], 1), Peers{world.victim});
}

TEST(ForgedEntry, MeetsConstraintsByTheForgersClaims) {
    const std::vector<std::string> constraint{"query.max_price=0.6", "capability.price_sigma=0.5"};
    ForgingWorld world(constraint);
    while (world.sybils.contains(world.victim) || world.instances.claim(world.victim, false, 0).price <= 0.6F) {
        ++world.victim;
    }
    ASSERT_LE(world.instances.claim(world.forger[0], true, 0).price, 0.6F);
    world.accept(world.victim, 0, 0);
    EXPECT_EQ(world.ask(UINT32_MAX, 1), Peers{});
    world.forge(world.forger[0], world.victim, 1, 1);
    EXPECT_EQ(world.ask(UINT32_MAX, 2), Peers{world.victim});
    world.accept(world.victim, 2, 2);
    EXPECT_EQ(world.ask(UINT32_MAX, 3), Peers{});
}

TEST(ForgedEntry, IsInTheForgersRegion) {
    ForgingWorld world({"network.regions=region,share,NA,EU;NA,0.5,32,124;EU,0.5,120,11", "query.regions=EU"});
    const auto in_europe = [&](std::uint32_t peer) { return place_of(world.parameters, peer).region == 1; };
    while (world.sybils.contains(world.victim) || in_europe(world.victim)) ++world.victim;
    std::uint32_t forger = 0;
    while (!world.sybils.contains(forger) || !in_europe(forger)) ++forger;
    world.accept(world.victim, 0, 0);
    EXPECT_EQ(world.ask(UINT32_MAX, 1), Peers{});
    world.forge(forger, world.victim, 1, 1);
    EXPECT_EQ(world.ask(UINT32_MAX, 2), Peers{world.victim});
    world.accept(world.victim, 2, 2);
    EXPECT_EQ(world.ask(UINT32_MAX, 3), Peers{});
}

// Among others, at random times, against a list of (name, holder) kept beside it.
TEST(ForgedEntry, IsFoundByItsNameAmongMany) {
    ForgingWorld world({"peers.count=1000", "registry.candidates=64", "descriptor.ttl=10000s"});
    std::mt19937 random(5);
    std::vector<std::uint32_t> holder(64);
    std::vector<std::uint32_t> honest;
    for (std::uint32_t peer = 0; honest.size() < holder.size(); ++peer) {
        if (!world.sybils.contains(peer)) honest.push_back(peer);
    }
    std::int64_t now = second;
    for (std::size_t i = 0; i < honest.size(); ++i) {
        world.accept(honest[i], now, now);
        holder[i] = honest[i];
    }
    for (int step = 0; step < 2000; ++step) {
        const std::size_t i = random() % honest.size();
        ++now;
        if (random() % 2 == 0) {
            holder[i] = world.forger[random() % 2];
            world.forge(holder[i], honest[i], now, now);
        } else {
            holder[i] = honest[i];
            world.accept(honest[i], now, now);
        }
        if (step % 100 != 99) continue;
        for (std::size_t k = 0; k < honest.size(); ++k) {
            ASSERT_EQ(world.address(honest[k], now), holder[k]);
            world.expect_claims_of(holder[k], holder[k] != honest[k]);
        }
    }
}

}  // namespace
}  // namespace parley::agentic
