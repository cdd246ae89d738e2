// The peers of one partition: their state, what they offer, and the refreshing of their descriptors.
#pragma once

#include <vector>

#include "engine/entity_id.hpp"
#include "engine/huge_pages.hpp"
#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/peer.hpp"

namespace parley::agentic {

class PeerPopulation {
   public:
    // `first_shard`: entity id of shard 0.
    PeerPopulation(const Parameters& parameters, const ClassCatalogue& catalogue, const Instances& instances,
                   const SybilSet& sybils, Metrics& metrics, IdRange range, std::uint32_t first_shard);

    const IdRange& range() const { return range_; }
    Peer& at(std::uint32_t id) { return peers_[id - range_.begin]; }
    const Peer& at(std::uint32_t id) const { return peers_[id - range_.begin]; }
    PeerView view(std::uint32_t id);
    void prefetch_instances(const Peer& peer) const { __builtin_prefetch(&instances_[peer.first_instance]); }

    // Starts the refresh timers of a peer, each at a random phase.
    void schedule_refreshes(AgenticContext& context);
    // The refresh timer of a descriptor fired: registers it again.
    void refresh(AgenticContext& context, const Refresh& refresh);

   private:
    // The most an identity offers: room is made for so many.
    std::size_t most_instances() const;
    void add_peer(std::uint32_t id, std::vector<std::uint16_t>& classes);

    const Parameters& p_;
    const ClassCatalogue& catalogue_;
    const Instances& catalogue_instances_;
    const SybilSet& sybils_;
    Metrics& metrics_;
    Network network_;
    IdRange range_;
    std::uint32_t first_shard_;
    std::pmr::vector<Peer> peers_{&huge_pages()};
    std::pmr::vector<Instance> instances_{&huge_pages()};
    std::vector<DriftCursor> drift_;  // parallel to instances_, only with drift
};

}  // namespace parley::agentic
