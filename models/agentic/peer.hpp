// The state of one peer: its own workflows as a requester, its queue as a provider, its descriptors.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/sim_time.hpp"
#include "models/agentic/connectivity/churn.hpp"
#include "models/agentic/execution/drift.hpp"
#include "models/agentic/growing_tables.hpp"

namespace parley::agentic {

enum class Behaviour : std::uint8_t { honest, malicious, silent, onoff };

struct Peer {
    std::uint32_t sequence = 0;  // the engine's count of sent events
    std::uint32_t workflows_started = 0;
    std::uint32_t open_workflows = UINT32_MAX;  // first of a list in the WorkflowPool
    std::uint32_t first_instance = 0;           // its place among the drift cursors of the partition
    SimTime wake_at = never;                    // the earliest Wake timer that is set
    SimTime provider_free;                      // when the last accepted task will be done
    TableHandle reputation;
    std::uint32_t tasks = 0;       // accepted, ever
    std::uint32_t canaries = 0;    // worked on, ever
    std::uint16_t tasks_here = 0;  // in service or waiting
    std::uint8_t instances = 0;
    Behaviour behaviour = Behaviour::honest;
};
static_assert(sizeof(Peer) <= 56, "a peer's hot state fits one cache line");

struct Instance {
    std::uint32_t shard;  // entity id
    std::uint16_t capability_class;
    float quality;  // honest only
    float median_seconds;
};
static_assert(alignof(Instance) <= alignof(Peer) && sizeof(Peer) % alignof(Instance) == 0,
              "instances lie behind their peer");

// Whether a peer is on, and under which name; only kept where that changes (connectivity/peer_presence.hpp). 32 bytes.
struct Presence {
    ChurnCursor churn;                    // of honest peers
    std::uint32_t first_valid_timer = 0;  // timers with lower numbers are from before the last return
    std::uint32_t canaries = 0;           // answered under this identity, by a Sybil
    std::uint32_t canaries_failed = 0;
    std::uint16_t incarnation = 0;
    bool online = true;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(churn, first_valid_timer, canaries, canaries_failed, incarnation, online);
    }
};

// A peer with what it offers; `drift` is empty when there is no drift.
struct PeerView {
    std::uint32_t id;
    Peer& peer;
    std::span<Instance> instances;
    std::span<DriftCursor> drift;

    // Whether one of the instances is of this class.
    bool offers(std::uint16_t capability_class) const {
        return std::any_of(instances.begin(), instances.end(),
                           [&](const Instance& each) { return each.capability_class == capability_class; });
    }
    // Which of the instances is of this class; every message to an honest peer names a class that it offers.
    std::uint32_t instance_of(std::uint16_t capability_class) const {
        std::uint32_t i = 0;
        while (instances[i].capability_class != capability_class) ++i;
        return i;
    }
    InstanceState state(std::uint32_t instance, SimTime now, const Parameters& parameters) const {
        const Instance& self = instances[instance];
        if (drift.empty()) return {self.quality, false};
        return drift[instance].state_at(now, parameters, id, self.capability_class);
    }
};

}  // namespace parley::agentic
