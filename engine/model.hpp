// What the engine asks of a model, and what it gives to a model's handlers.
//
// A model describes its entities and owns their state; the engine decides which partition holds whom, when
// each event is handled, and carries messages. The engine is compiled together with the model (no virtual call
// an event).
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "engine/entity_id.hpp"
#include "engine/event.hpp"
#include "engine/sim_time.hpp"
#include "engine/transport.hpp"

namespace parley {

// Counts that every partition keeps.
struct EngineCounters {
    std::uint64_t events = 0;   // delivered messages, and timers that changed state
    std::uint64_t windows = 0;  // windows advanced, the same number on every rank
    // These depend on how the run is executed:
    std::uint64_t exchanged_bytes = 0;      // sent to other ranks
    std::uint64_t busy_nanoseconds = 0;     // wall time in handlers, of all partitions of this rank
    std::uint64_t busiest_nanoseconds = 0;  // of the busiest of them
    std::uint32_t partitions = 1;           // on all ranks
};

// Context is the engine's side of a handler call (see partition.hpp): now(), self(), send(), schedule(),
// discount_event().
//
// Model:
//   using State = ...               the entities of one partition
//   std::vector<EntityKind> entity_kinds() const
//   Duration lookahead() const      the least delay of any message between two entities
//   std::size_t largest_event() const   bytes of its largest event, header included (see event_bytes)
//   SimTime next_boundary(SimTime after) const     first time > after at which at_boundary wants to be called
//   void at_boundary(SimTime, std::span<State*>, Transport&, const EngineCounters&)
//                                   called on every rank when all events before that time are done
// Model::State:
//   State(const Model&, const EntityDirectory&, std::uint32_t partition)
//   void start(Context&)            first events of one entity, context.self()
//   void handle(Context&, const Event&)
//   void prefetch(const Event&) const   touch the state that handling the event will need
//   void prefetch_further(const Event&)   if there is one: the same a little later, when what prefetch() touched
//                                   has come: touch what that points to
//   std::uint32_t& sequence(EntityId)   where the entity's count of sent events is kept
template <class Model>
concept SimulationModel = requires(Model model, const Model constant, SimTime time, Transport& transport,
                                   std::span<typename Model::State*> states, typename Model::State state, EntityId id,
                                   const Event& event, const EngineCounters& counters) {
    { constant.entity_kinds() } -> std::same_as<std::vector<EntityKind>>;
    { constant.lookahead() } -> std::same_as<Duration>;
    { constant.largest_event() } -> std::same_as<std::size_t>;
    { constant.next_boundary(time) } -> std::same_as<SimTime>;
    model.at_boundary(time, states, transport, counters);
    { state.sequence(id) } -> std::same_as<std::uint32_t&>;
    state.prefetch(event);
};

// A model that can go on from a checkpoint. `Archive`: see archive.hpp; one list of fields both writes and reads. What
// follows from the configuration (what the constructor of State makes) need not be listed; counts of sent events and
// pending events are the engine's affair.
//
// Model::State:
//   void transfer(Archive&, EntityId)   all state of one entity. Reading: it is as the constructor of State made it
//   void transfer_sums(Archive&)        what the partition has gathered that belongs to no entity. Reading adds it to
//                                       what is there, for another partition may hold it afterwards
// Model:
//   void transfer(Archive&, std::span<State*>, Transport&)   what is the same on all ranks. Called on every rank;
//                                       what the root writes is what every rank reads. May be collective
template <class Model>
concept CheckpointableModel = SimulationModel<Model> &&
    requires(Model model, std::span<typename Model::State*> states, Transport& transport, typename Model::State state,
             EntityId id, ArchiveWriter& writer, ArchiveReader& reader) {
    state.transfer(writer, id);
    state.transfer(reader, id);
    state.transfer_sums(writer);
    state.transfer_sums(reader);
    model.transfer(writer, states, transport);
    model.transfer(reader, states, transport);
};

}  // namespace parley
