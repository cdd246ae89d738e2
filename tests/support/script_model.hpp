// A model whose handlers a test writes down, to try the rules of the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "engine/transport.hpp"

namespace parley {

class ScriptModel;
using ScriptContext = Context<ScriptModel>;

struct Number {
    std::uint64_t value;
};

struct Script {
    std::uint32_t entities = 2;
    Duration lookahead{100};
    std::size_t largest_event = max_event_bytes;
    std::vector<SimTime> boundaries;
    std::function<void(ScriptContext&)> start = [](ScriptContext&) {};
    std::function<void(ScriptContext&, const Event&)> handle = [](ScriptContext&, const Event&) {};
    std::function<void(SimTime)> boundary = [](SimTime) {};
    std::uint32_t first_sequence = 0;
};

class ScriptState {
   public:
    ScriptState(const ScriptModel& model, const EntityDirectory& directory, std::uint32_t partition);
    void start(ScriptContext& context);
    void handle(ScriptContext& context, const Event& event);
    void prefetch(const Event&) const {}
    std::uint32_t& sequence(EntityId id) { return sequences_[id.value]; }

   private:
    const Script& script_;
    std::vector<std::uint32_t> sequences_;
};

class ScriptModel {
   public:
    using State = ScriptState;
    explicit ScriptModel(const Script& script) : script_(script) {}
    std::vector<EntityKind> entity_kinds() const { return {{"entities", script_.entities, 1, {}}}; }
    Duration lookahead() const { return script_.lookahead; }
    std::size_t largest_event() const { return script_.largest_event; }
    SimTime next_boundary(SimTime after) const {
        for (const SimTime boundary : script_.boundaries) {
            if (boundary > after) return boundary;
        }
        return never;
    }
    void at_boundary(SimTime now, std::span<ScriptState*>, Transport&, const EngineCounters& counters) {
        last_counters = counters;
        script_.boundary(now);
    }
    const Script& script() const { return script_; }
    EngineCounters last_counters;

   private:
    const Script& script_;
};

inline ScriptState::ScriptState(const ScriptModel& model, const EntityDirectory& directory, std::uint32_t)
    : script_(model.script()), sequences_(directory.entity_count(), script_.first_sequence) {}
inline void ScriptState::start(ScriptContext& context) { script_.start(context); }
inline void ScriptState::handle(ScriptContext& context, const Event& event) { script_.handle(context, event); }

struct ScriptOutcome {
    EngineCounters counters;
    std::uint64_t pending;
};

// Runs on one rank.
inline ScriptOutcome run(const Script& script, SimTime end, ExecutionOptions options = {}) {
    ScriptModel model(script);
    const auto transport = make_serial_transport();
    Simulation<ScriptModel> simulation(model, *transport, options);
    Progress progress(end, true);
    simulation.run(end, progress);
    return {simulation.population().counters(), simulation.population().pending().events};
}

// What the SimulationError says that the action ends with.
inline std::string error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const SimulationError& error) {
        return error.what();
    }
    return "no SimulationError";
}

}  // namespace parley
