// A registry shard keeps soft state, answers with the best candidates, and serves first come, first served.
#include "models/agentic/discovery/registry_shard.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/archive.hpp"
#include "tests/support/registry_world.hpp"

namespace parley::agentic {
namespace {

// What a query wants: any live entry, or those with trust of at least policy.threshold (0.3).
constexpr bool trusted = true;

// --- soft state

TEST(RegistryShard, KeepsOneEntryAPeer) {
    RegistryWorld world({});
    world.accept(4, 1 * second, 1 * second);
    world.accept(4, 2 * second, 2 * second);
    world.accept(9, 2 * second, 2 * second);
    EXPECT_EQ(world.shard.live_entries(), 2U);
    EXPECT_EQ(world.sorted_ask(3 * second), (Peers{4, 9}));
    EXPECT_EQ(world.count(Counter::registrations), 3U);
}

TEST(RegistryShard, IgnoresOlderSequenceNumbers) {
    RegistryWorld world({});
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
    RegistryWorld world({"drift.kind=two_state", "drift.q_degraded=0.125"});
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
    RegistryWorld world({"descriptor.ttl=15s"});
    world.accept(4, 1 * second + 7, 3 * second);  // issued before it arrives
    EXPECT_EQ(world.ask(0, 16 * second + 6), Peers{4});
    EXPECT_EQ(world.shard.live_entries(), 1U);
    EXPECT_EQ(world.ask(0, 16 * second + 7), Peers{});
    EXPECT_EQ(world.shard.live_entries(), 0U);
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
}

TEST(RegistryShard, IgnoresADescriptorThatArrivesExpired) {
    RegistryWorld world({});
    world.accept(4, 0, 15 * second);
    EXPECT_EQ(world.shard.live_entries(), 0U);
    world.accept(5, 1, 15 * second);
    EXPECT_EQ(world.shard.live_entries(), 1U);
}

TEST(RegistryShard, TakesAPeerBackThatHadExpired) {
    RegistryWorld world({});
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
    RegistryWorld world({});
    world.accept(4, 0, 0);
    world.accept(4, 21 * second, 21 * second);
    EXPECT_EQ(world.ask(0, 22 * second), Peers{4});
    EXPECT_EQ(world.count(Counter::entries_expired), 1U);
}

TEST(RegistryShard, ExpiresManyEntriesEachInItsTime) {
    RegistryWorld world({"peers.count=1000", "registry.candidates=64"});
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
Peers brute_force(const RegistryWorld& world, const Peers& registered, const std::vector<float>& intent,
                  std::uint32_t asker, const std::vector<float>& trust, float min_trust) {
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
    RegistryWorld world(overrides);
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
    RegistryWorld world({"peers.count=100", "capability.spread=0", "registry.candidates=5"});
    for (const std::uint32_t peer : {80U, 3U, 50U, 99U, 20U, 7U, 41U}) world.accept(peer, 0, 0);
    EXPECT_EQ(world.ask(UINT32_MAX, 1), (Peers{3, 7, 20, 41, 50}));
    EXPECT_EQ(world.ask(7, 1), (Peers{3, 20, 41, 50, 80}));
}

TEST(RegistryShard, LeavesTheAskerOut) {
    RegistryWorld world({});
    world.accept(4, 0, 0);
    EXPECT_EQ(world.ask(4, 1), Peers{});
    EXPECT_FALSE(world.removed_by_trust);
    EXPECT_EQ(world.ask(5, 1), Peers{4});
}

TEST(RegistryShard, HandsOutClaimsMatchAndTrust) {
    RegistryWorld world({"adversary.fraction=0.5"});
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

// --- trust

TEST(RegistryShard, TrustsUnknownPeersByOneHalf) {
    RegistryWorld tolerant({"policy.threshold=0.5"});
    tolerant.accept(4, 0, 0);
    EXPECT_EQ(tolerant.ask(0, 1, trusted), Peers{4});
    RegistryWorld strict({"policy.threshold=0.51"});
    strict.accept(4, 0, 0);
    EXPECT_EQ(strict.ask(0, 1, trusted), Peers{});
    EXPECT_EQ(strict.ask(0, 1), Peers{4});
}

TEST(RegistryShard, SaysWhenTrustRemovedTheOnlyCandidates) {
    RegistryWorld world({});
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
    RegistryWorld world({});
    world.accept(4, 0, 0);
    world.shard.set_trust(4, 0.3F);
    EXPECT_EQ(world.ask(0, 1, trusted), Peers{4});
}

TEST(RegistryShard, KeepsTrustForPeersWithoutALiveEntry) {
    RegistryWorld world({});
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
    RegistryWorld world({});
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
}

TEST(RegistryShard, IsBusyWhileARequestIsInServiceAndKnowsWhoIsThere) {
    RegistryWorld world({});
    const auto busy_until = [&](std::int64_t now) {
        Metrics interval;
        world.shard.count_levels(SimTime{now}, world.parameters, interval);
        return interval.counts[static_cast<std::size_t>(Counter::shard_busy_nanoseconds)];
    };
    for (const std::int64_t service : {50, 30, 20}) {
        world.shard.serve(SimTime{100}, Duration{service}, world.metrics);
    }
    EXPECT_EQ(world.shard.requests_at(SimTime{100}), 3U);
    EXPECT_EQ(busy_until(160), 60U);
    EXPECT_EQ(world.shard.requests_at(SimTime{160}), 2U);
    EXPECT_EQ(busy_until(170), 10U);
    EXPECT_EQ(world.shard.requests_at(SimTime{180}), 1U);  // the second leaves at 180
    EXPECT_EQ(busy_until(300), 30U);                       // the last one left at 200
    EXPECT_EQ(world.shard.requests_at(SimTime{300}), 0U);
    world.shard.serve(SimTime{400}, Duration{7}, world.metrics);
    EXPECT_EQ(busy_until(1000), 7U);
}

TEST(RegistryShard, RecordsHowLongRequestsWait) {
    RegistryWorld world({});
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
    RegistryWorld world({"adversary.fraction=0.3"});
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
    RegistryWorld world({"adversary.fraction=0.3", "drift.kind=two_state", "descriptor.ttl=1000s"});
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
    RegistryWorld world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
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
    RegistryWorld world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
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
    RegistryWorld world({"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=100"});
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
    RegistryWorld world({"churn.kind=weibull", "churn.on_scale=50s", "churn.off_mean=50s", "adversary.fraction=0.3"});
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
    constexpr std::size_t nothing_waiting = 2 * sizeof(SimTime) + sizeof(Duration) + sizeof(std::uint64_t);
    ArchiveWriter archive;
    archive(entries, described);
    archive.bytes().resize(archive.bytes().size() + nothing_waiting + bytes_behind);
    return archive.bytes();
}

bool is_restored(const Bytes& bytes) {
    RegistryWorld world({});
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
    for (const std::uint32_t nobody : {RegistryWorld({}).parameters.peers, UINT32_MAX}) {
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
