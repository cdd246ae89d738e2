// A registry shard keeps soft state, answers with the best candidates, and serves first come, first served.
#include "models/agentic/discovery/registry_shard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

#include "engine/archive.hpp"
#include "models/agentic/connectivity/place.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr std::int64_t second = 1'000'000'000;
// What a query wants: any live entry, or those with trust of at least policy.threshold (0.3).
constexpr bool trusted = true;

using Peers = std::vector<std::uint32_t>;

// One shard of class 0 and all it needs.
struct World {
    explicit World(const std::vector<std::string>& overrides)
        : parameters(parameters_with(overrides)),
          catalogue(parameters),
          instances(parameters, catalogue),
          sybils(parameters.seed, parameters.peers, parameters.sybils()),
          context{parameters, catalogue, instances, sybils, metrics},
          shard(0, parameters, 3.0, std::pmr::get_default_resource()) {}

    void accept(std::uint32_t peer, std::int64_t issued, std::int64_t now, bool degraded = false) {
        shard.accept({peer, degraded, false, 0, issued}, peer, SimTime{now}, context);
    }
    // `forger` registers a descriptor in the name of `peer`.
    void forge(std::uint32_t forger, std::uint32_t peer, std::int64_t issued, std::int64_t now, bool newest = false) {
        shard.accept({peer, false, newest, 0, issued}, forger, SimTime{now}, context);
    }
    // What the registry says of `peer` at `now`: the address, as far as it says one, else the name.
    std::uint32_t address(std::uint32_t peer, std::int64_t now) {
        const Peers peers = ask(UINT32_MAX, now);
        const auto at = std::find(peers.begin(), peers.end(), peer) - peers.begin();
        if (at == static_cast<std::ptrdiff_t>(peers.size())) return UINT32_MAX;
        found = context.answer[static_cast<std::size_t>(at)];
        return context.addresses.empty() ? peer : context.addresses[static_cast<std::size_t>(at)];
    }
    // A level at `now`.
    std::uint64_t level(Counter counter, std::int64_t now) {
        Metrics levels;
        shard.count_levels(SimTime{now}, parameters, levels);
        return levels.get(counter);
    }
    // Peers of the answer to an intent that equals the prototype.
    std::vector<std::uint32_t> ask(std::uint32_t asker, std::int64_t now, bool trusted_only = false) {
        const auto prototype = catalogue.prototype(0);
        return ask_with({prototype.begin(), prototype.end()}, asker, now, trusted_only);
    }
    std::vector<std::uint32_t> ask_with(const std::vector<float>& intent, std::uint32_t asker, std::int64_t now,
                                        bool trusted_only = false) {
        context.intent = intent;
        removed_by_trust = shard.answer(asker, parameters.steps[0].constraints, trusted_only, SimTime{now}, context);
        std::vector<std::uint32_t> peers;
        for (const Candidate& candidate : context.answer) peers.push_back(candidate.peer);
        return peers;
    }
    std::vector<std::uint32_t> sorted_ask(std::int64_t now, bool trusted_only = false) {
        std::vector<std::uint32_t> peers = ask(UINT32_MAX, now, trusted_only);
        std::sort(peers.begin(), peers.end());
        return peers;
    }
    std::uint64_t count(Counter counter) const { return metrics.get(counter); }

    Parameters parameters;
    ClassCatalogue catalogue;
    Instances instances;
    SybilSet sybils;
    Metrics metrics;
    RegistryContext context;
    RegistryShard shard;
    bool removed_by_trust = false;
    Candidate found{};  // by address()
};

// --- soft state

TEST(RegistryShard, KeepsOneEntryAPeer) {
    World world({});
    world.accept(4, 1 * second, 1 * second);
    world.accept(4, 2 * second, 2 * second);
    world.accept(9, 2 * second, 2 * second);
    EXPECT_EQ(world.shard.live_entries(), 2U);
    EXPECT_EQ(world.sorted_ask(3 * second), (Peers{4, 9}));
    EXPECT_EQ(world.count(Counter::registrations), 3U);
}

TEST(RegistryShard, IgnoresOlderSequenceNumbers) {
    World world({});
    world.accept(4, 5 * second, 6 * second, false);
    world.accept(4, 4 * second, 7 * second, true);  // overtaken on its way
    world.ask(0, 8 * second);
    ASSERT_EQ(world.context.answer.size(), 1U);
    EXPECT_EQ(world.context.answer[0].quality, world.instances.quality(4, 0));  // still the nominal claim
    // The entry expires by its own issue time, 5 s + 15 s.
    EXPECT_EQ(world.ask(0, 20 * second - 1).size(), 1U);
    EXPECT_EQ(world.ask(0, 20 * second).size(), 0U);
}

TEST(RegistryShard, TakesTheClaimOfANewerDescriptor) {
    World world({"drift.kind=two_state", "drift.q_degraded=0.125"});
    world.accept(4, 1 * second, 1 * second, false);
    world.accept(4, 2 * second, 2 * second, true);
    world.ask(0, 3 * second);
    ASSERT_EQ(world.context.answer.size(), 1U);
    EXPECT_EQ(world.context.answer[0].quality, 0.125F);
    world.accept(4, 4 * second, 4 * second, false);
    world.ask(0, 5 * second);
    EXPECT_EQ(world.context.answer[0].quality, world.instances.quality(4, 0));
}

TEST(RegistryShard, DropsAnEntryExactlyAtItsIssueTimePlusTtl) {
    World world({"descriptor.ttl=15s"});
    world.accept(4, 1 * second + 7, 3 * second);  // issued before it arrives
    EXPECT_EQ(world.ask(0, 16 * second + 6), Peers{4});
    EXPECT_EQ(world.shard.live_entries(), 1U);
    EXPECT_EQ(world.ask(0, 16 * second + 7), Peers{});
    EXPECT_EQ(world.shard.live_entries(), 0U);
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
}

TEST(RegistryShard, IgnoresADescriptorThatArrivesExpired) {
    World world({});
    world.accept(4, 0, 15 * second);
    EXPECT_EQ(world.shard.live_entries(), 0U);
    world.accept(5, 1, 15 * second);
    EXPECT_EQ(world.shard.live_entries(), 1U);
}

TEST(RegistryShard, TakesAPeerBackThatHadExpired) {
    World world({});
    world.accept(4, 0, 0);
    world.ask(0, 20 * second);
    world.accept(4, 21 * second, 21 * second);
    EXPECT_EQ(world.ask(0, 22 * second), Peers{4});
    EXPECT_EQ(world.shard.live_entries(), 1U);
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
}

// An entry that nobody looked at between its expiry and the next registration has expired all the same: the count
// must not depend on when metrics are collected.
TEST(RegistryShard, CountsAnExpiryThatNobodySaw) {
    World world({});
    world.accept(4, 0, 0);
    world.accept(4, 21 * second, 21 * second);
    EXPECT_EQ(world.ask(0, 22 * second), Peers{4});
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
}

TEST(RegistryShard, ExpiresManyEntriesEachInItsTime) {
    World world({"peers.count=1000", "registry.candidates=64"});
    std::mt19937 random(3);
    std::vector<std::int64_t> issued(60);
    for (std::uint32_t peer = 0; peer < issued.size(); ++peer) {
        issued[peer] = static_cast<std::int64_t>(random() % 10'000) * 1'000'000;
        world.accept(peer, issued[peer], 10 * second);
    }
    for (std::int64_t now = 10 * second; now <= 26 * second; now += second / 4) {
        Peers live;
        for (std::uint32_t peer = 0; peer < issued.size(); ++peer) {
            if (issued[peer] + 15 * second > now) live.push_back(peer);
        }
        ASSERT_EQ(world.sorted_ask(now), live);
        ASSERT_EQ(world.shard.live_entries(), live.size());
    }
    EXPECT_EQ(world.count(Counter::entries_expired), 60U);
}

// --- answers

// The answer by definition: all eligible entries, sorted by match, then id, cut to K.
Peers brute_force(const World& world, const Peers& registered, const std::vector<float>& intent, std::uint32_t asker,
                  const std::vector<float>& trust, float min_trust) {
    std::vector<std::pair<float, std::uint32_t>> matches;
    for (const std::uint32_t peer : registered) {
        const bool sybil = world.sybils.contains(peer);
        const Claim claim = world.instances.claim(peer, sybil, 0);
        const Parameters& p = world.parameters;
        const Constraints& constraints = p.steps[0].constraints;
        if (peer == asker || trust[peer] < min_trust || claim.price > constraints.max_price ||
            claim.seconds > constraints.max_time.seconds() || claim.quality < constraints.min_quality) {
            continue;
        }
        std::vector<float> embedding(p.dimension);
        world.instances.embedding(peer, sybil, 0, embedding);
        float score = 0;
        for (std::size_t k = 0; k < embedding.size(); ++k) score += intent[k] * embedding[k];
        matches.emplace_back(-std::max(0.0F, score), peer);
    }
    std::sort(matches.begin(), matches.end());
    Peers best;
    for (std::size_t i = 0; i < std::min<std::size_t>(matches.size(), world.parameters.candidates); ++i) {
        best.push_back(matches[i].second);
    }
    return best;
}

void expect_best_candidates(const std::vector<std::string>& overrides, std::uint32_t peers, double query_spread) {
    World world(overrides);
    std::mt19937 random(peers);
    Peers order(world.parameters.peers);
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    order.resize(peers);
    std::vector<float> trust(world.parameters.peers, 0.5F);
    for (const std::uint32_t peer : order) world.accept(peer, second, second);
    for (std::uint32_t peer = 0; peer < trust.size(); peer += 3) {
        trust[peer] = static_cast<float>(random() % 8) / 8;
        world.shard.set_trust(peer, trust[peer]);
    }
    for (std::uint32_t query = 0; query < 50; ++query) {
        std::vector<float> intent(world.parameters.dimension);
        RandomStream stream(99, EntityId{query}, 1, 0);
        draw_direction(stream, world.catalogue.prototype(0), query_spread, intent);
        const std::uint32_t asker = order[query % order.size()];
        for (const bool trusted_only : {false, true}) {
            const float min_trust = trusted_only ? 0.3F : -1.0F;
            const Peers wanted = brute_force(world, order, intent, asker, trust, min_trust);
            ASSERT_EQ(world.ask_with(intent, asker, 2 * second, trusted_only), wanted) << "query " << query;
        }
    }
}

TEST(RegistryShard, AnswersWithTheKBestMatches) {
    for (const std::uint32_t peers : {1U, 7U, 8U, 9U, 16U, 17U, 500U}) {
        expect_best_candidates({"peers.count=500", "adversary.fraction=0.3"}, peers, 1.0);
    }
}

TEST(RegistryShard, AnswersWithTheKBestAmongThoseThatMeetTheConstraints) {
    expect_best_candidates({"peers.count=500", "adversary.fraction=0.3", "query.max_price=0.9", "query.max_time=2500ms",
                            "query.min_quality=0.85"},
                           500, 1.0);
}

TEST(RegistryShard, TakesTheConstraintsOfTheStepOverThoseOfQueries) {
    expect_best_candidates({"peers.count=500", "adversary.fraction=0.3", "query.max_price=0.1", "query.min_quality=0.5",
                            "workflow.steps=a: any/low with max_price 1.2, min_quality 0.9"},
                           500, 1.0);
}

// With an intent far from the prototype most matches are cut off at 0 and only ids order them.
TEST(RegistryShard, OrdersMatchesOfZeroByPeer) {
    expect_best_candidates({"peers.count=500", "capability.dimension=2", "capability.spread=20"}, 500, 50.0);
    expect_best_candidates(
        {"peers.count=500", "capability.dimension=2", "capability.spread=20", "registry.candidates=64"}, 60, 50.0);
}

TEST(RegistryShard, BreaksTiesByLowerPeer) {
    // With gain 1 all Sybils sit on the prototype, up to the last bits: with spread 0 exactly.
    World world({"peers.count=100", "capability.spread=0", "registry.candidates=5"});
    for (const std::uint32_t peer : {80U, 3U, 50U, 99U, 20U, 7U, 41U}) world.accept(peer, 0, 0);
    EXPECT_EQ(world.ask(UINT32_MAX, 1), (Peers{3, 7, 20, 41, 50}));
    EXPECT_EQ(world.ask(7, 1), (Peers{3, 20, 41, 50, 80}));
}

TEST(RegistryShard, LeavesTheAskerOut) {
    World world({});
    world.accept(4, 0, 0);
    EXPECT_EQ(world.ask(4, 1), Peers{});
    EXPECT_FALSE(world.removed_by_trust);
    EXPECT_EQ(world.ask(5, 1), Peers{4});
}

TEST(RegistryShard, HandsOutClaimsMatchAndTrust) {
    World world({"adversary.fraction=0.5"});
    std::uint32_t sybil = 0;
    while (!world.sybils.contains(sybil)) ++sybil;
    world.accept(sybil, 0, 0);
    world.shard.set_trust(sybil, 0.25F);
    world.ask(UINT32_MAX, 1);
    ASSERT_EQ(world.context.answer.size(), 1U);
    const Candidate& candidate = world.context.answer[0];
    const Claim claim = world.instances.claim(sybil, true, 0);
    EXPECT_EQ(candidate.quality, claim.quality);
    EXPECT_EQ(candidate.price, claim.price);
    EXPECT_EQ(candidate.seconds, claim.seconds);
    EXPECT_EQ(candidate.trust, 0.25F);
    EXPECT_GT(candidate.match, 0.5F);
    EXPECT_LE(candidate.match, 1.0001F);
}

// --- forged descriptors

const std::vector<std::string> unverified{"adversary.forge_rate=1", "identity.verify=false", "adversary.fraction=0.3"};

// A world with an honest victim and two Sybils, by a SybilSet of their own.
struct ForgingWorld : World {
    explicit ForgingWorld(const std::vector<std::string>& more = {}) : World(settings(more)) {
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

// --- trust

TEST(RegistryShard, TrustsUnknownPeersByOneHalf) {
    World tolerant({"policy.threshold=0.5"});
    tolerant.accept(4, 0, 0);
    EXPECT_EQ(tolerant.ask(0, 1, trusted), Peers{4});
    World strict({"policy.threshold=0.51"});
    strict.accept(4, 0, 0);
    EXPECT_EQ(strict.ask(0, 1, trusted), Peers{});
    EXPECT_EQ(strict.ask(0, 1), Peers{4});
}

TEST(RegistryShard, SaysWhenTrustRemovedTheOnlyCandidates) {
    World world({});
    world.accept(4, 0, 0);
    world.shard.set_trust(4, 0.29F);
    EXPECT_EQ(world.ask(0, 1, trusted), Peers{});
    EXPECT_TRUE(world.removed_by_trust);
    // Nobody is there at all.
    EXPECT_EQ(world.ask(0, 15 * second, trusted), Peers{});
    EXPECT_FALSE(world.removed_by_trust);
    // The asker's own entry is not removed by trust.
    world.accept(4, 20 * second, 20 * second);
    EXPECT_EQ(world.ask(4, 21 * second, trusted), Peers{});
    EXPECT_FALSE(world.removed_by_trust);
}

TEST(RegistryShard, AdmitsTrustEqualToTheThreshold) {
    World world({});
    world.accept(4, 0, 0);
    world.shard.set_trust(4, 0.3F);
    EXPECT_EQ(world.ask(0, 1, trusted), Peers{4});
}

TEST(RegistryShard, KeepsTrustForPeersWithoutALiveEntry) {
    World world({});
    world.shard.set_trust(7, 0.1F);  // never registered
    world.shard.set_trust(8, 0.9F);
    EXPECT_EQ(world.shard.live_entries(), 0U);
    EXPECT_EQ(world.ask(0, 0), Peers{});
    world.accept(9, 0, 0);
    world.accept(7, 0, 0);
    EXPECT_EQ(world.sorted_ask(1), (Peers{7, 9}));
    EXPECT_EQ(world.sorted_ask(1, trusted), Peers{9});
    world.shard.set_trust(9, 0.2F);  // expired meanwhile
    world.ask(0, 16 * second);
    world.shard.set_trust(7, 0.8F);
    world.accept(7, 17 * second, 17 * second);
    world.accept(8, 17 * second, 17 * second);
    world.accept(9, 17 * second, 17 * second);
    EXPECT_EQ(world.sorted_ask(18 * second, trusted), (Peers{7, 8}));
}

// --- the server

TEST(RegistryShard, ServesFirstComeFirstServed) {
    World world({});
    const auto serve = [&](std::int64_t now, std::int64_t service) {
        return world.shard.serve(SimTime{now}, Duration{service}, world.metrics).nanoseconds;
    };
    EXPECT_EQ(serve(100, 50), 150);  // idle
    EXPECT_EQ(serve(120, 30), 180);  // waits 30
    EXPECT_EQ(serve(120, 20), 200);  // waits 60
    EXPECT_EQ(world.metrics.longest_queue, 3U);
    EXPECT_EQ(serve(150, 10), 210);  // the first has left at 150
    EXPECT_EQ(world.metrics.longest_queue, 3U);
    EXPECT_EQ(serve(1000, 5), 1005);  // idle again
    EXPECT_EQ(serve(1001, 0), 1005);
    EXPECT_EQ(world.count(Counter::shard_requests), 6U);
    EXPECT_EQ(world.count(Counter::shard_busy_nanoseconds), 115U);
}

TEST(RegistryShard, RecordsHowLongRequestsWait) {
    World world({});
    world.shard.serve(SimTime{0}, Duration{second}, world.metrics);
    world.shard.serve(SimTime{0}, Duration{second}, world.metrics);
    world.shard.serve(SimTime{second / 2}, Duration{second}, world.metrics);
    const auto& waits = world.metrics.histograms[static_cast<std::size_t>(Latency::registry_wait)];
    EXPECT_EQ(waits[0], 1U);
    EXPECT_EQ(waits[LatencyBins::of(Duration{second})], 1U);
    EXPECT_EQ(waits[LatencyBins::of(Duration{3 * second / 2})], 1U);
}

// --- levels

TEST(RegistryShard, CountsLiveAndPoisonedEntries) {
    World world({"adversary.fraction=0.3"});
    for (std::uint32_t peer = 0; peer < 100; ++peer) world.accept(peer, 0, 0);
    world.shard.count_levels(SimTime{second}, world.parameters, world.metrics);
    EXPECT_EQ(world.count(Counter::live_entries), 100U);
    EXPECT_EQ(world.count(Counter::poisoned_entries), 30U);
    EXPECT_EQ(world.count(Counter::live_honest_entries), 70U);
    EXPECT_EQ(world.count(Counter::nominal_claims), 70U);
    EXPECT_EQ(world.count(Counter::stale_entries), 0U);
    Metrics later;
    world.shard.count_levels(SimTime{15 * second}, world.parameters, later);
    EXPECT_EQ(later.get(Counter::live_entries), 0U);
    EXPECT_EQ(later.get(Counter::poisoned_entries), 0U);
    EXPECT_EQ(later.get(Counter::nominal_claims), 0U);
}

TEST(RegistryShard, CountsClaimsThatAreNoLongerTrue) {
    World world({"adversary.fraction=0.3", "drift.kind=two_state", "descriptor.ttl=1000s"});
    for (std::uint32_t peer = 0; peer < 100; ++peer) world.accept(peer, 0, 0, peer % 2 == 0);
    for (const std::int64_t at : {1 * second, 40 * second, 200 * second}) {
        std::uint64_t stale = 0;
        std::uint64_t stale_nominal = 0;
        for (std::uint32_t peer = 0; peer < 100; ++peer) {
            if (world.sybils.contains(peer)) continue;
            DriftCursor truth(world.parameters, peer, 0, 0.9F);
            const bool degraded = truth.state_at(SimTime{at}, world.parameters, peer, 0).degraded;
            stale += degraded != (peer % 2 == 0);
            stale_nominal += degraded && peer % 2 != 0;
        }
        Metrics levels;
        world.shard.count_levels(SimTime{at}, world.parameters, levels);
        EXPECT_EQ(levels.get(Counter::stale_entries), stale);
        EXPECT_EQ(levels.get(Counter::stale_nominal_claims), stale_nominal);
        EXPECT_GT(stale, 0U);
    }
}

// --- identities

TEST(RegistryShard, KeepsTheIdentitiesOfAPeerApart) {
    World world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
    std::uint32_t sybil = 0;
    while (!world.sybils.contains(sybil)) ++sybil;
    world.accept(sybil, 1 * second, 1 * second);
    world.shard.set_trust(sybil, 0.1F);
    world.accept(sybil + 100, 2 * second, 2 * second);
    EXPECT_EQ(world.sorted_ask(2 * second), (Peers{sybil, sybil + 100}));
    EXPECT_EQ(world.sorted_ask(2 * second, trusted), (Peers{sybil + 100}));
    // The old one expires (TTL 15 s); a third takes its place.
    EXPECT_EQ(world.sorted_ask(16 * second), (Peers{sybil + 100}));
    world.accept(sybil + 200, 16 * second, 16 * second);
    EXPECT_EQ(world.sorted_ask(16 * second, trusted), (Peers{sybil + 100, sybil + 200}));
    const std::uint64_t before = world.context.swept;
    world.ask(UINT32_MAX, 16 * second);
    EXPECT_EQ(world.context.swept - before, 2U);
}

// A straggler of an old name does not take the place, and the trust, of a newer one that has expired.
TEST(RegistryShard, KeepsTheTrustInANewerIdentity) {
    World world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
    std::uint32_t sybil = 0;
    while (!world.sybils.contains(sybil)) ++sybil;
    world.accept(sybil + 100, 1 * second, 1 * second);
    world.shard.set_trust(sybil + 100, 0.1F);
    EXPECT_EQ(world.sorted_ask(17 * second), Peers{});
    world.accept(sybil, 17 * second, 17 * second);
    world.accept(sybil + 100, 17 * second, 17 * second);
    EXPECT_EQ(world.sorted_ask(17 * second), (Peers{sybil, sybil + 100}));
    EXPECT_EQ(world.sorted_ask(17 * second, trusted), Peers{sybil});
}

// All that is static is the peer's.
TEST(RegistryShard, DescribesAnIdentityByItsPeer) {
    World world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
    std::uint32_t sybil = 0;
    while (!world.sybils.contains(sybil)) ++sybil;
    world.accept(sybil, 1 * second, 1 * second);
    world.accept(sybil + 300, 1 * second, 1 * second);
    world.ask(UINT32_MAX, 1 * second);
    ASSERT_EQ(world.context.answer.size(), 2U);
    EXPECT_EQ(world.context.answer[0].peer, sybil);
    EXPECT_EQ(world.context.answer[1].peer, sybil + 300);
    EXPECT_EQ(world.context.answer[0].match, world.context.answer[1].match);
    EXPECT_EQ(world.context.answer[0].quality, world.context.answer[1].quality);
    EXPECT_EQ(world.context.poisoned, 2U);
}

TEST(RegistryShard, CountsEntriesWhosePeerIsOff) {
    World world({"churn.kind=weibull", "churn.on_scale=50s", "churn.off_mean=50s", "adversary.fraction=0.3"});
    std::uint64_t off = 0;
    for (std::uint32_t peer = 0; peer < 100; ++peer) {
        world.accept(peer, 20 * second, 20 * second);
        if (world.sybils.contains(peer)) continue;
        off += ChurnCursor(world.parameters, peer).online_at(SimTime{21 * second}, world.parameters, peer) ? 0 : 1;
    }
    world.shard.count_levels(SimTime{21 * second}, world.parameters, world.metrics);
    EXPECT_GT(off, 0U);
    EXPECT_EQ(world.count(Counter::dead_entries), off);
}

// What a shard's checkpoint begins with, and some bytes behind it.
Bytes stored_shard(std::uint32_t entries, std::uint32_t described, std::size_t bytes_behind) {
    constexpr std::size_t nothing_waiting = 2 * sizeof(SimTime) + sizeof(std::uint64_t);
    ArchiveWriter archive;
    archive(entries, described);
    archive.bytes().resize(archive.bytes().size() + nothing_waiting + bytes_behind);
    return archive.bytes();
}

bool is_restored(const Bytes& bytes) {
    World world({});
    ArchiveReader archive(bytes);
    try {
        world.shard.transfer(archive, world.context);
    } catch (const std::runtime_error&) {
        return false;
    }
    return true;
}

TEST(RegistryShard, ADamagedCheckpointTakesNoMemoryForEntriesThatAreNotThere) {
    constexpr std::size_t entry = 4 + 18;  // its peer; time, trust, quality and two truth values
    EXPECT_TRUE(is_restored(stored_shard(2, 2, 2 * entry)));
    EXPECT_FALSE(is_restored(stored_shard(3, 2, 2 * entry)));
    EXPECT_FALSE(is_restored(stored_shard(UINT32_MAX, 2, 2 * entry)));
    EXPECT_FALSE(is_restored(stored_shard(2, 3, 2 * entry))) << "more described than there are";
}

TEST(RegistryShard, ADamagedCheckpointNamesNobodyWhoIsNotThere) {
    Bytes bytes = stored_shard(1, 1, 22);
    const std::size_t peer = bytes.size() - 22;
    for (const std::uint32_t nobody : {World({}).parameters.peers, UINT32_MAX}) {
        std::memcpy(bytes.data() + peer, &nobody, sizeof nobody);
        EXPECT_FALSE(is_restored(bytes)) << nobody;
    }
}

TEST(RegistryShard, ADamagedCheckpointHasNoLiveEntryWithoutClaims) {
    Bytes bytes = stored_shard(1, 0, 22);
    EXPECT_TRUE(is_restored(bytes));
    bytes[bytes.size() - 2] = std::byte{1};  // live
    EXPECT_FALSE(is_restored(bytes));
}

}  // namespace
}  // namespace parley::agentic
