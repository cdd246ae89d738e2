// PHOLD, the standard benchmark of parallel discrete-event engines (Fujimoto 1990).
//
// Every entity starts with one event. Handling an event draws a delay of lookahead + Exp(mean) and sends one
// event on: with probability `remote` to an entity drawn uniformly, else to itself. So there are always as many
// pending events as entities.
//
// Each entity folds what it handles, in order, into a digest; the digest of a run shows whether two engines, or
// two ways of running one, did exactly the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/huge_pages.hpp"
#include "engine/model.hpp"
#include "engine/partition.hpp"
#include "engine/run_config.hpp"

namespace parley::phold {

struct Parameters {
    std::uint64_t seed = 1;
    SimTime end;
    std::uint32_t entities = 0;
    double remote = 0;
    Duration mean;
    Duration lookahead;
    Duration tick;           // delays are rounded up to multiples of it
    std::uint32_t work = 0;  // rounds of integer mixing per event
};

void add_parameters(ParameterTable& table);
Parameters read_parameters(const RunConfig& config);

// The entity's whole state, and what the benchmark's comparator shares: 16 bytes.
struct Entity {
    std::uint32_t sequence = 0;
    std::uint32_t handled = 0;
    std::uint64_t digest = 0;
};

// What handling one event decides.
struct Decision {
    std::uint32_t destination;
    Duration delay;
};

// Draws of the first event of `entity` (its delay) and of its n-th handled event.
Duration first_delay(const Parameters& p, std::uint32_t entity);
Decision decide(const Parameters& p, std::uint32_t entity, std::uint32_t handled);
// Folds an event into the digest of the entity that handles it.
void fold(Entity& entity, const EventHeader& event, std::uint32_t work);
// One number for all entities [begin, end); sums over disjoint ranges add up.
std::uint64_t digest_of(std::span<const Entity> entities, std::uint32_t begin);

inline constexpr std::size_t event_kind_count = 1;

class PholdModel;

class PholdState {
   public:
    PholdState(const PholdModel& model, const EntityDirectory& directory, std::uint32_t partition);
    void start(Context<PholdModel>& context);
    void handle(Context<PholdModel>& context, const Event& event);
    void prefetch(const Event& event) const {
        __builtin_prefetch(&entities_[event.destination().value - range_.begin], 1);
    }
    std::uint32_t& sequence(EntityId id) { return entities_[id.value - range_.begin].sequence; }
    std::uint64_t digest() const { return digest_of(entities_, range_.begin); }
    template <class Archive>
    void transfer(Archive& archive, EntityId id) {
        Entity& entity = entities_[id.value - range_.begin];
        archive(entity.handled, entity.digest);
    }
    template <class Archive>
    void transfer_sums(Archive&) {}  // none

   private:
    const Parameters& p_;
    IdRange range_;
    std::pmr::vector<Entity> entities_;
};

class PholdModel {
   public:
    using State = PholdState;
    explicit PholdModel(const Parameters& parameters) : parameters_(parameters) {}

    std::vector<EntityKind> entity_kinds() const { return {{"entities", parameters_.entities, 1}}; }
    Duration lookahead() const { return parameters_.lookahead; }
    std::size_t largest_event() const { return sizeof(EventHeader); }
    // One boundary, at the end.
    SimTime next_boundary(SimTime after) const { return after < parameters_.end ? parameters_.end : never; }
    void at_boundary(SimTime now, std::span<PholdState*> states, Transport& transport, const EngineCounters& counters);

    const Parameters& parameters() const { return parameters_; }
    template <class Archive>
    void transfer(Archive&, std::span<PholdState*>, Transport&) {}  // nothing before the end of the run

    // After the run, over all ranks.
    std::uint64_t digest() const { return digest_; }
    std::uint64_t events() const { return events_; }
    std::uint64_t windows() const { return windows_; }

   private:
    Parameters parameters_;
    std::uint64_t digest_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t windows_ = 0;
};

}  // namespace parley::phold
