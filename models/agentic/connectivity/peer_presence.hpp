// Peers that go off and come back: honest ones by churn (churn.hpp), Sybils that whitewash under fresh identities.
//
// While a peer is off it starts nothing, what reaches it is dropped and counted, and what it was executing is lost. On
// leaving, its own workflows end and its queue is forgotten; its local reputation table stays. Back on, it registers
// at once, and then every refresh period. Its descriptors stay in the registry until they expire.
//
// Timers are not taken out of the calendar: those with a lower number than the one noted at the last return are stale,
// and fire in vain. Messages to an identity that a Sybil has given up are dropped: they name its incarnation.
#pragma once

#include "models/agentic/adversary/forging.hpp"
#include "models/agentic/execution/requester.hpp"
#include "models/agentic/peer_population.hpp"
#include "models/agentic/trust/reputation_service.hpp"

namespace parley::agentic {

class PeerPresence {
   public:
    // All of one partition; they must outlive it.
    PeerPresence(const AgenticModel& model, Network& network, PeerPopulation& peers, Requester& requester,
                 Forger& forger, PooledReputation& reputation);

    // The first events of a peer.
    void start(AgenticContext& context);
    // Whether a peer takes note of an event; if not, everything is accounted. Only where presence varies.
    bool receives(AgenticContext& context, const Event& event);
    // The peer's timers of this plane.
    void on_presence(AgenticContext& context);
    void on_standing(AgenticContext& context);
    // A Sybil has answered a canary.
    void count_canary(std::uint32_t sybil, bool passed);
    // Peers of the partition that are on.
    std::uint64_t online() const { return online_; }

    // Checkpoints: one peer.
    template <class Archive>
    void transfer(Archive& archive, std::uint32_t id) {
        if (!peers_.presence_varies()) return;
        Presence& presence = peers_.presence(id);
        const bool before = presence.online;
        archive(presence);
        if (presence.online != before) presence.online ? ++online_ : --online_;
    }

   private:
    void leave(AgenticContext& context, Presence& presence);
    void come_back(AgenticContext& context, Presence& presence);
    void take_fresh_identity(AgenticContext& context, Presence& presence);
    // What a Sybil does of its own accord begins; numbers of its timers from `first` on have not been used.
    void start_sybil(AgenticContext& context, std::uint32_t first);
    void schedule_next_churn(AgenticContext& context, const Presence& presence);
    void schedule_standing(AgenticContext& context);
    // How many times a Sybil may come back.
    std::uint64_t reentries_of(std::uint32_t sybil) const;
    void drop(AgenticContext& context, const Event& event);

    const AgenticModel& model_;
    const Parameters& p_;
    Network& network_;
    Metrics& metrics_;
    PeerPopulation& peers_;
    Requester& requester_;
    Forger& forger_;
    PooledReputation& reputation_;
    std::uint64_t online_;
};

}  // namespace parley::agentic
