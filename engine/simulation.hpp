// The loop: window after window until the end of the run.
//
// Rules that make it right (docs/engine.md has the reasons):
//  - a message takes at least the lookahead L, and windows are at most L long, so what is sent in a window is
//    due in a later one;
//  - windows lie on the grid [k L, (k+1) L) and are cut at the model's boundaries; empty ones are skipped;
//  - a boundary at time T comes after all events before T and before all others.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/population.hpp"
#include "engine/progress.hpp"

namespace parley {

struct ExecutionOptions {
    std::uint32_t partitions_per_rank = 1;
    int threads = 1;
};

template <SimulationModel Model>
class Simulation {
   public:
    Simulation(Model& model, Transport& transport, ExecutionOptions options)
        : model_(model),
          transport_(transport),
          directory_(EntityDirectory::balanced(
              model.entity_kinds(), options.partitions_per_rank * static_cast<std::uint32_t>(transport.size()))),
          population_(model, directory_, transport, options.partitions_per_rank, options.threads),
          grid_(model.lookahead()) {}

    // Handles every event with time < end, and every boundary up to and including `end`.
    void run(SimTime end, Progress& progress) {
        SimTime done{0};
        SimTime boundary = model_.next_boundary(SimTime{-1});
        for (;;) {
            const std::int64_t next = population_.exchange();
            const SimTime begin = next == WindowGrid::none ? end : std::clamp(grid_.begin_of(next), done, end);
            while (boundary <= begin) {
                model_.at_boundary(boundary, population_.states(), transport_, population_.counters());
                boundary = model_.next_boundary(boundary);
            }
            if (begin >= end) return;
            const Window window{next, begin, std::min({grid_.begin_of(next + 1), boundary, end})};
            population_.advance(window);
            done = window.end;
            if (progress.looks_now()) progress.reached(done, population_.counters().events);
        }
    }

    const Population<Model>& population() const { return population_; }
    // Of this rank, after run(): what is still on its way, for the balance of the books.
    std::vector<std::uint64_t> pending_by_kind(std::size_t kinds) { return population_.pending_by_kind(kinds); }

   private:
    Model& model_;
    Transport& transport_;
    EntityDirectory directory_;
    Population<Model> population_;
    WindowGrid grid_;
};

}  // namespace parley
