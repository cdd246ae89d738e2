// The agentic peer-to-peer network as a model of the engine.
//
// Entities: peers 0..N-1, then registry shards, then one ratings account a peer. docs/model.md has the equations.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "engine/huge_pages.hpp"
#include "engine/model.hpp"
#include "engine/partition.hpp"
#include "models/agentic/adversary/adversary.hpp"
#include "models/agentic/adversary/forging.hpp"
#include "models/agentic/connectivity/peer_presence.hpp"
#include "models/agentic/discovery/class_catalogue.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/discovery/registry_shard.hpp"
#include "models/agentic/execution/provider.hpp"
#include "models/agentic/execution/requester.hpp"
#include "models/agentic/identity/signatures.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/metrics.hpp"
#include "models/agentic/peer_population.hpp"
#include "models/agentic/result_writer.hpp"
#include "models/agentic/trust/ratings.hpp"
#include "models/agentic/trust/reputation_service.hpp"

namespace parley::agentic {

class AgenticModel;
enum EntityKindIndex : std::size_t { peer_kind = 0, shard_kind = 1, account_kind = 2 };

// The entities of one partition.
class AgenticState {
   public:
    AgenticState(const AgenticModel& model, const EntityDirectory& directory, std::uint32_t partition);

    void start(AgenticContext& context);
    void handle(AgenticContext& context, const Event& event);
    void prefetch(const Event& event) const;
    void prefetch_further(const Event& event);
    std::uint32_t& sequence(EntityId id);

    Metrics& metrics() { return metrics_; }
    PeerPopulation& peers() { return peers_; }
    RatingsAccounts& accounts() { return accounts_; }
    PooledReputation& reputation() { return reputation_; }
    std::uint64_t open_workflows() const { return requester_.open_workflows(); }
    IdRange shard_range() const { return shard_range_; }
    IdRange account_range() const { return account_range_; }
    // `id`: entity id.
    RegistryShard& shard(std::uint32_t id) { return shards_[id - shard_range_.begin]; }
    // Entries that queries have gone through so far.
    std::uint64_t swept_entries() const { return registry_.swept; }
    // Adds the levels at `now` to the metrics.
    void count_levels(SimTime now);
    // Most requests at one of the shards, with which the next interval begins.
    std::uint64_t longest_queue(SimTime now) const;

    // Checkpoints (engine/model.hpp).
    template <class Archive>
    void transfer(Archive& archive, EntityId id) {
        if (peers_.range().contains(id.value)) {
            peers_.transfer(archive, id.value);
            requester_.transfer(archive, peers_.at(id.value));
            reputation_.transfer(archive, id.value);
            presence_.transfer(archive, id.value);
        } else if (shard_range_.contains(id.value)) {
            shard(id.value).transfer(archive, registry_);
        } else {
            accounts_.transfer(archive, id.value - account_range_.begin);
        }
    }
    template <class Archive>
    void transfer_sums(Archive& archive) {
        Metrics metrics = metrics_;
        archive(metrics);
        if (Archive::reading) {
            metrics_.add_counts_of(metrics);
            metrics_.add_histograms_of(metrics);
            metrics_.add_events_of(metrics);
        }
        accounts_.transfer_sums(archive);
    }

   private:
    void check_signature(const Event& event) const;
    void handle_peer(AgenticContext& context, const Event& event);
    void on_register(AgenticContext& context, const Event& event);
    void on_query(AgenticContext& context, const Event& event);
    // An answer with candidates whose names are not their addresses.
    void send_addressed(AgenticContext& context, std::uint32_t asker, const Candidates& head, Duration after);

    const AgenticModel& model_;
    const Parameters& p_;
    bool checks_signatures_;  // real ones
    Metrics metrics_;
    Network network_;
    PeerPopulation peers_;
    Requester requester_;
    Provider provider_;
    Forger forger_;
    IdRange shard_range_;
    std::pmr::monotonic_buffer_resource shard_memory_{huge_page_bytes, &huge_pages()};
    std::vector<RegistryShard> shards_;
    RegistryContext registry_;
    IdRange account_range_;
    RatingsAccounts accounts_;
    PooledReputation reputation_;
    PeerPresence presence_;
};

class AgenticModel {
   public:
    using State = AgenticState;

    // `writer` receives rows on the root rank; may be nullptr. `threads`: for the work at boundaries. `strategies`:
    // what Sybils do besides what is configured.
    AgenticModel(Parameters parameters, ResultWriter* writer, int threads, Strategies strategies = {});

    std::vector<EntityKind> entity_kinds() const;
    Duration lookahead() const { return parameters_.min_latency; }
    std::size_t largest_event() const;
    SimTime next_boundary(SimTime after) const;
    void at_boundary(SimTime now, std::span<AgenticState*> states, Transport& transport,
                     const EngineCounters& counters);

    // Checkpoints (engine/model.hpp).
    template <class Archive>
    void transfer(Archive& archive, std::span<AgenticState*> states, Transport& transport) {
        std::uint32_t epoch = states.front()->accounts().epoch();
        archive(epoch, trust_);
        if constexpr (Archive::reading) {
            expect_state(epoch <= parameters_.end.nanoseconds / parameters_.epoch.nanoseconds);
            for (AgenticState* state : states) state->accounts().open_epoch(epoch);
        }
        reputation_.transfer(archive, transport);
        if (writer_ != nullptr) archive(*writer_);
    }

    const Parameters& parameters() const { return parameters_; }
    const ClassCatalogue& catalogue() const { return catalogue_; }
    const Instances& instances() const { return instances_; }
    const SybilSet& sybils() const { return sybils_; }
    const Adversary& adversary() const { return adversary_; }
    const Signatures& signatures() const { return signatures_; }
    // The name a peer bore at the last reputation epoch, as all colluders know it.
    std::uint32_t identity_at_last_epoch(std::uint32_t peer) const { return reputation_.identity_of(peer); }
    std::uint32_t first_shard() const { return parameters_.peers; }
    std::uint32_t first_account() const { return parameters_.peers + catalogue_.shard_count(); }

   private:
    void collect(SimTime now, std::span<AgenticState*> states, Transport& transport, const EngineCounters& counters);

    Parameters parameters_;
    ClassCatalogue catalogue_;
    Instances instances_;
    SybilSet sybils_;
    Adversary adversary_;
    Signatures signatures_;
    ReputationService reputation_;
    ResultWriter* writer_;
    int threads_;
    TrustDistribution trust_;  // as of the last publication
};

}  // namespace parley::agentic
