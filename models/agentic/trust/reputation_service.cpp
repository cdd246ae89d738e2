#include "models/agentic/trust/reputation_service.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "engine/archive.hpp"
#include "engine/population.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/identity/identity.hpp"
#include "models/agentic/trust/local_reputation.hpp"

namespace parley::agentic {

void PooledReputation::age() {
    const double factor = decay(parameters_.epoch, parameters_.half_life);
    for (Counts& counts : pooled_) {
        counts.good = static_cast<FixedCount>(static_cast<double>(counts.good) * factor);
        counts.bad = static_cast<FixedCount>(static_cast<double>(counts.bad) * factor);
    }
}

void PooledReputation::apply(const PooledChange& change) {
    const std::uint32_t peer = peer_of(parameters_, change.ratee);
    if (identity(peer) != change.ratee) return;
    // The sum may pass through negative values while changes come in; trust_of bounds it.
    Counts& counts = pooled_[peer - peers_.begin];
    counts.good += change.good;
    counts.bad += change.bad;
}

void PooledReputation::begin_identity(std::uint32_t peer, std::uint32_t identity) {
    identities_[peer - peers_.begin] = identity;
    pooled_[peer - peers_.begin] = {};
    published_[peer - peers_.begin] = 0.5F;
}

float PooledReputation::trust_of(const Counts& counts) {
    const double good = std::max(0.0, static_cast<double>(counts.good) / fixed_one);
    const double bad = std::max(0.0, static_cast<double>(counts.bad) / fixed_one);
    return static_cast<float>((1.0 + good) / (2.0 + good + bad));
}

void TrustDistribution::add(bool sybil, float trust) {
    ++peers[sybil];
    sum[sybil] += static_cast<std::uint64_t>(std::floor(static_cast<double>(trust) * fixed_one + 0.5));
    const auto bin = std::min(static_cast<std::size_t>(static_cast<double>(trust) * bins), bins - 1);
    ++histogram[sybil * bins + bin];
}

double TrustDistribution::mean(bool sybil) const {
    if (peers[sybil] == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(sum[sybil]) / fixed_one / static_cast<double>(peers[sybil]);
}

double TrustDistribution::area_under_curve() const {
    if (peers[0] == 0 || peers[1] == 0) return std::numeric_limits<double>::quiet_NaN();
    double pairs = 0;
    double sybils_below = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        if ((histogram[bin] | histogram[bins + bin]) == 0) continue;  // as most are in a small run
        const auto honest = static_cast<double>(histogram[bin]);
        const auto sybils = static_cast<double>(histogram[bins + bin]);
        pairs += honest * (sybils_below + 0.5 * sybils);
        sybils_below += sybils;
    }
    return pairs / (static_cast<double>(peers[0]) * static_cast<double>(peers[1]));
}

namespace {

// Sets trust shard by shard, so that what belongs to a shard stays in the cache.
void set_trust(AgenticState& state, const Parameters& parameters, std::size_t s,
               const RecordDelivery<TrustUpdate>& updates) {
    struct IdentityTrust {
        std::uint32_t identity;
        float trust;
    };
    const IdRange shards = state.shard_range();
    const auto owns = [&](const TrustUpdate& update) { return shards.contains(update.shard); };
    std::vector<std::size_t> places(shards.size() + 1);
    updates.for_each(s, owns, [&](const TrustUpdate& update) { ++places[update.shard - shards.begin + 1]; });
    for (std::uint32_t shard = 0; shard < shards.size(); ++shard) places[shard + 1] += places[shard];
    std::vector<IdentityTrust> sorted(places.back());
    updates.for_each(s, owns, [&](const TrustUpdate& update) {
        sorted[places[update.shard - shards.begin]++] = {update.peer, update.trust};
    });
    constexpr std::size_t ahead = 8;
    std::size_t at = 0;
    for (std::uint32_t id = shards.begin; id < shards.end; ++id) {
        RegistryShard& shard = state.shard(id);
        for (const std::size_t end = places[id - shards.begin]; at < end; ++at) {
            if (at + ahead < end) shard.prefetch(peer_of(parameters, sorted[at + ahead].identity));
            shard.set_trust(sorted[at].identity, sorted[at].trust);
        }
    }
}

}  // namespace

void ReputationService::publish(std::span<AgenticState*> states, Transport& transport, int threads) {
    const ReputationKind kind = model_.parameters().reputation;
    if (kind == ReputationKind::none) return;
    know_owners(states, transport);
    fold_reports(states, transport, threads);
    // For those who follow ratings, and for those who collude.
    if (model_.parameters().whitewash) gather_identities(states, transport);
    if (kind != ReputationKind::beta) follow_ratings(states, transport, threads);
    RecordDelivery<TrustUpdate> updates(states.size(), transport);
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) { publish_peers(*states[s], s, updates); });
    updates.exchange();
    for_each_in_parallel(states.size(), threads,
                         [&](std::size_t s) { set_trust(*states[s], model_.parameters(), s, updates); });
}

void ReputationService::know_owners(std::span<AgenticState*> states, Transport& transport) {
    if (owners_known_) return;
    std::vector<IdRange> peers;
    std::vector<IdRange> shards;
    for (AgenticState* state : states) {
        peers.push_back(state->reputation().peers());
        shards.push_back(state->shard_range());
    }
    owner_of_peer_ = OwnerTable(peers, transport);
    owner_of_shard_ = OwnerTable(shards, transport);
    owners_known_ = true;
}

// Brings the changes of the closing epoch into the pooled counts of their ratees.
void ReputationService::fold_reports(std::span<AgenticState*> states, Transport& transport, int threads) {
    RecordDelivery<PooledChange> changes(states.size(), transport);
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        std::vector<PooledChange> mine;
        states[s]->accounts().close_epoch(mine);
        for (const PooledChange& change : mine) {
            changes.add(s, owner_of_peer_.partition_of(peer_of(model_.parameters(), change.ratee)), change);
        }
    });
    changes.exchange();
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        PooledReputation& reputation = states[s]->reputation();
        reputation.age();
        changes.for_each(
            s,
            [&](const PooledChange& change) {
                return reputation.peers().contains(peer_of(model_.parameters(), change.ratee));
            },
            [&](const PooledChange& change) { reputation.apply(change); });
    });
}

void ReputationService::expect_possible(bool has_graph) const {
    const Parameters& p = model_.parameters();
    const bool follows_ratings =
        p.reputation == ReputationKind::eigentrust || p.reputation == ReputationKind::sybilrank;
    expect_state(!has_graph || follows_ratings);
    expect_state(identities_.empty() || (p.whitewash && identities_.size() == p.peers));
}

GraphReputation& ReputationService::graph(Transport& transport) {
    if (!graph_) graph_.emplace(model_.parameters(), model_.sybils(), transport);
    return *graph_;
}

void ReputationService::follow_ratings(std::span<AgenticState*> states, Transport& transport, int threads) {
    graph(transport);
    ratings_.resize(states.size());
    for_each_in_parallel(states.size(), threads,
                         [&](std::size_t s) { states[s]->accounts().list_ratings(ratings_[s], identities_); });
    graph_->update(ratings_, threads);
}

// Most peers bear their first name: only others are told.
void ReputationService::gather_identities(std::span<AgenticState*> states, Transport& transport) {
    const std::uint32_t peers = model_.parameters().peers;
    std::vector<std::uint32_t> fresh;
    for (AgenticState* state : states) {
        const PooledReputation& reputation = state->reputation();
        for (std::uint32_t peer = reputation.peers().begin; peer < reputation.peers().end; ++peer) {
            if (reputation.identity(peer) != peer) fresh.push_back(reputation.identity(peer));
        }
    }
    identities_.resize(peers);
    std::iota(identities_.begin(), identities_.end(), 0U);
    const auto bytes = std::as_bytes(std::span(fresh));
    for (const Bytes& theirs : transport.gather_all({bytes.begin(), bytes.end()})) {
        for (std::size_t at = 0; at < theirs.size(); at += sizeof(std::uint32_t)) {
            std::uint32_t identity = 0;
            std::memcpy(&identity, theirs.data() + at, sizeof identity);
            identities_[identity % peers] = identity;
        }
    }
}

// Publishes the trust of a partition's peers, and addresses what changed to the shards of their descriptors.
void ReputationService::publish_peers(AgenticState& state, std::size_t s, RecordDelivery<TrustUpdate>& updates) const {
    const auto announce = [&](std::uint32_t peer, float trust) {
        for (const Instance& instance : state.peers().view(peer).instances) {
            updates.add(s, owner_of_shard_.partition_of(instance.shard),
                        {instance.shard, state.reputation().identity(peer), trust});
        }
    };
    PooledReputation& reputation = state.reputation();
    if (!graph_) return reputation.publish(announce);
    const bool blame_counts = model_.parameters().reputation == ReputationKind::eigentrust;
    const auto trust_of = [&](std::uint32_t peer) {
        const bool known = graph_->rated(peer) || (blame_counts && reputation.blamed(peer));
        return known ? graph_->trust(peer) : 0.5F;
    };
    reputation.publish(trust_of, announce);
}

TrustDistribution trust_distribution(std::span<AgenticState*> states, Transport& transport, int threads) {
    std::vector<TrustDistribution> parts(states.size());
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        const PooledReputation& reputation = states[s]->reputation();
        for (std::uint32_t peer = reputation.peers().begin; peer < reputation.peers().end; ++peer) {
            const bool sybil = states[s]->peers().at(peer).behaviour != Behaviour::honest;
            parts[s].add(sybil, reputation.published(peer));
        }
    });
    TrustDistribution total;
    for (const TrustDistribution& part : parts) {
        for (std::size_t i = 0; i < 2; ++i) {
            total.peers[i] += part.peers[i];
            total.sum[i] += part.sum[i];
        }
        for (std::size_t i = 0; i < total.histogram.size(); ++i) total.histogram[i] += part.histogram[i];
    }
    transport.sum(total.peers);
    transport.sum(total.sum);
    transport.sum(total.histogram);
    return total;
}

}  // namespace parley::agentic
