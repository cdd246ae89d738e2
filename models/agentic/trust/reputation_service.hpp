// The reputation service: pooled counts of every ratee, and the trust it publishes at each epoch.
//
// kind = beta: trust_i = (1 + G_i) / (2 + G_i + B_i), G and B the decayed, capped reports of all raters
// (Josang and Ismail 2002); a peer never rated has 0.5.
// kind = eigentrust: graph_reputation.hpp; a peer has 0.5 while nobody with trust praises it and nobody blames it.
// kind = sybilrank: graph_reputation.hpp; a peer without an edge has 0.5.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/entity_id.hpp"
#include "engine/transport.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/trust/graph_reputation.hpp"
#include "models/agentic/trust/ratings.hpp"
#include "models/agentic/trust/record_delivery.hpp"

namespace parley::agentic {

class AgenticState;
class AgenticModel;

// Published trust of one peer, on its way to a shard that may hold its descriptors.
struct TrustUpdate {
    std::uint32_t shard;  // entity id
    std::uint32_t peer;   // identity
    float trust;
};

// Pooled counts and published trust of the peers of one partition; 20 bytes a peer, 24 under adversary.whitewash.
class PooledReputation {
   public:
    PooledReputation(const Parameters& parameters, IdRange peers)
        : parameters_(parameters), peers_(peers), pooled_(peers.size()), published_(peers.size(), 0.5F) {
        if (!parameters.whitewash) return;
        for (std::uint32_t peer = peers.begin; peer < peers.end; ++peer) identities_.push_back(peer);
    }

    // Lets all counts of the past age by one epoch.
    void age();
    // A change for an identity that its peer no longer bears is ignored.
    void apply(const PooledChange& change);
    // A peer bears another name from now on: one that was never rated. Only under adversary.whitewash.
    void begin_identity(std::uint32_t peer, std::uint32_t identity);
    // The name that a peer bears.
    std::uint32_t identity(std::uint32_t peer) const {
        return identities_.empty() ? peer : identities_[peer - peers_.begin];
    }
    // Publishes trust anew; calls `changed(peer, trust)` where it differs from before.
    template <class Changed>
    void publish(Changed&& changed) {
        publish([this](std::uint32_t peer) { return trust_of(pooled_[peer - peers_.begin]); }, changed);
    }
    // The same for trust that `trust_of_peer(peer)` gives.
    template <class Trust, class Changed>
    void publish(Trust&& trust_of_peer, Changed&& changed) {
        for (std::uint32_t peer = peers_.begin; peer < peers_.end; ++peer) {
            const float trust = trust_of_peer(peer);
            float& published = published_[peer - peers_.begin];
            if (trust == published) continue;
            published = trust;
            changed(peer, trust);
        }
    }
    // Whether the reports on a peer that still count have anything bad.
    bool blamed(std::uint32_t peer) const { return pooled_[peer - peers_.begin].bad >= least_blame; }
    const IdRange& peers() const { return peers_; }
    float published(std::uint32_t peer) const { return published_[peer - peers_.begin]; }

    // Checkpoints: one peer.
    template <class Archive>
    void transfer(Archive& archive, std::uint32_t peer) {
        Counts& counts = pooled_[peer - peers_.begin];
        archive(counts.good, counts.bad, published_[peer - peers_.begin]);
        if (!identities_.empty()) archive(identities_[peer - peers_.begin]);
    }

   private:
    struct Counts {
        FixedCount good = 0;
        FixedCount bad = 0;
    };
    // Less is what rounding leaves of reports that were evicted.
    static constexpr FixedCount least_blame = 256;
    static float trust_of(const Counts& counts);

    const Parameters& parameters_;
    IdRange peers_;
    std::vector<Counts> pooled_;
    std::vector<float> published_;
    std::vector<std::uint32_t> identities_;  // only under adversary.whitewash
};

// Published trust over all peers, honest and Sybil, as integer sums and histograms.
struct TrustDistribution {
    static constexpr std::size_t bins = 1024;
    // [0]: honest, [1]: Sybil; sums in units of 2^-20
    std::array<std::uint64_t, 2> peers{};
    std::array<std::uint64_t, 2> sum{};
    std::array<std::uint64_t, 2 * bins> histogram{};

    void add(bool sybil, float trust);
    // NaN where there are no such peers.
    double mean(bool sybil) const;
    template <class Archive>
    void transfer(Archive& archive) {
        archive(peers, sum, histogram);
    }
    // Probability that a random honest peer has more trust than a random Sybil, ties counting half (within a bin
    // of 1/1024 too). NaN without both.
    double area_under_curve() const;
};

// What one rank keeps from epoch to epoch.
class ReputationService {
   public:
    explicit ReputationService(const AgenticModel& model) : model_(model) {}

    // Closes an epoch on all ranks: folds the reports, publishes, and brings what changed to the shards. The states and
    // the transport are those of every call. Nothing to do with kind = none. Collective.
    void publish(std::span<AgenticState*> states, Transport& transport, int threads);

    // The name that any peer bore when this was last called.
    std::uint32_t identity_of(std::uint32_t peer) const { return identities_.empty() ? peer : identities_[peer]; }

    // Checkpoints. Collective.
    template <class Archive>
    void transfer(Archive& archive, Transport& transport) {
        bool has_graph = graph_.has_value();
        archive(has_graph, identities_);
        if constexpr (Archive::reading) expect_possible(has_graph);
        if (has_graph) graph(transport).transfer(archive);
    }

   private:
    // What a checkpoint said: whether there is a graph, and identities_.
    void expect_possible(bool has_graph) const;
    GraphReputation& graph(Transport& transport);
    void know_owners(std::span<AgenticState*> states, Transport& transport);
    void fold_reports(std::span<AgenticState*> states, Transport& transport, int threads);
    void follow_ratings(std::span<AgenticState*> states, Transport& transport, int threads);
    void gather_identities(std::span<AgenticState*> states, Transport& transport);
    void publish_peers(AgenticState& state, std::size_t s, RecordDelivery<TrustUpdate>& updates) const;

    const AgenticModel& model_;
    bool owners_known_ = false;
    OwnerTable owner_of_peer_;
    OwnerTable owner_of_shard_;
    std::optional<GraphReputation> graph_;
    std::vector<kernels::RatingList> ratings_;  // by partition; kept for their memory
    std::vector<std::uint32_t> identities_;     // that all peers bear, only under adversary.whitewash
};

// The distribution over all ranks.
TrustDistribution trust_distribution(std::span<AgenticState*> states, Transport& transport, int threads);

}  // namespace parley::agentic
