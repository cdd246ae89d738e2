// The peers of one partition: their state, what they offer, and the refreshing of their descriptors.
#pragma once

#include <vector>

#include "engine/entity_id.hpp"
#include "engine/huge_pages.hpp"
#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/identity/identity.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/peer.hpp"

namespace parley::agentic {

class PeerPopulation {
   public:
    // `first_shard`: entity id of shard 0.
    PeerPopulation(const Parameters& parameters, const ClassCatalogue& catalogue, const Instances& instances,
                   const SybilSet& sybils, const Signatures& signatures, Metrics& metrics, IdRange range,
                   std::uint32_t first_shard);

    const IdRange& range() const { return range_; }
    Peer& at(std::uint32_t id) { return *reinterpret_cast<Peer*>(record(id)); }
    const Peer& at(std::uint32_t id) const { return *reinterpret_cast<const Peer*>(record(id)); }
    PeerView view(std::uint32_t id);
    void prefetch(std::uint32_t id) const {
        __builtin_prefetch(record(id), 1);
        __builtin_prefetch(record(id) + 64, 1);
    }

    // Starts the refresh timers of a peer, each at a random phase.
    void schedule_refreshes(AgenticContext& context);
    // The refresh timer of a descriptor fired: registers it again.
    void refresh(AgenticContext& context, const Refresh& refresh);
    // Registers all descriptors now, and starts their refresh timers again.
    void register_all(AgenticContext& context);

    // Whether peers go off and come back; if not, nobody has a Presence.
    bool presence_varies() const { return !presence_.empty(); }
    Presence& presence(std::uint32_t id) { return presence_[id - range_.begin]; }

    // Checkpoints: one peer, apart from its workflows and its reputation table.
    template <class Archive>
    void transfer(Archive& archive, std::uint32_t id) {
        Peer& peer = at(id);
        archive(peer.workflows_started, peer.wake_at, peer.provider_free, peer.tasks, peer.canaries, peer.tasks_here);
    }

   private:
    void register_instance(AgenticContext& context, const PeerView& self, std::uint32_t instance,
                           const InstanceState& state);
    // The most an identity offers: room is made for so many.
    static std::size_t most_instances(const Parameters& parameters);
    void add_peer(std::uint32_t id, std::vector<std::uint16_t>& classes);
    std::uint32_t name_of(std::uint32_t id) const {
        return p_.whitewash ? identity_of(p_, id, presence_[id - range_.begin].incarnation) : id;
    }
    std::byte* record(std::uint32_t id) { return records_.data() + std::size_t{id - range_.begin} * stride_; }
    const std::byte* record(std::uint32_t id) const {
        return records_.data() + std::size_t{id - range_.begin} * stride_;
    }

    const Parameters& p_;
    const ClassCatalogue& catalogue_;
    const Instances& catalogue_instances_;
    const SybilSet& sybils_;
    Network network_;
    IdRange range_;
    std::uint32_t first_shard_;
    // A record a peer: the Peer, then its Instances, so that one look into memory finds both.
    std::size_t stride_;
    std::pmr::vector<std::byte> records_{&huge_pages()};
    std::vector<DriftCursor> drift_;  // of all instances in order, only with drift
    std::vector<Presence> presence_;  // of all peers, only with churn or whitewashing
};

}  // namespace parley::agentic
