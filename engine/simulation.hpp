// The loop: window after window until the end of the run.
//
// Rules that make it right (docs/engine.md has the reasons):
//  - a message takes at least the lookahead L, and windows are at most L long, so what is sent in a window is
//    due in a later one;
//  - windows lie on the grid [k L, (k+1) L) and are cut at the model's boundaries; empty ones are skipped;
//  - a boundary at time T comes after all events before T and before all others;
//  - a checkpoint is made between an exchange and the boundaries: nothing is on its way then. It cuts no window.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/checkpoint.hpp"
#include "engine/population.hpp"
#include "engine/population_transfer.hpp"
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

    // Handles every event with time < end, and every boundary up to and including `end`. With `checkpoints` it returns
    // where one is wished, and goes on when called again; CheckpointWish::none: the end is reached.
    CheckpointWish run(SimTime end, Progress& progress, CheckpointPlan* checkpoints = nullptr) {
        if (!started_) start();
        bool advanced = false;  // a wish is heard after a window only, so that a run gets on whatever is wished
        for (;;) {
            CheckpointWish wish = checkpoints == nullptr || !advanced ? CheckpointWish::none : checkpoints->wish(done_);
            const std::int64_t next = population_.exchange(wish);
            const SimTime begin = next == WindowGrid::none ? end : std::clamp(grid_.begin_of(next), done_, end);
            if (wish != CheckpointWish::none && begin < end) [[unlikely]]
                return wish;
            while (boundary_ <= begin) {
                model_.at_boundary(boundary_, population_.states(), transport_, population_.counters());
                boundary_ = model_.next_boundary(boundary_);
            }
            if (begin >= end) return CheckpointWish::none;
            const Window window{next, begin, std::min({grid_.begin_of(next + 1), boundary_, end})};
            population_.advance(window);
            done_ = window.end;
            advanced = true;
            if (progress.looks_now()) progress.reached(done_, population_.counters().events);
        }
    }

    // What is simulated up to here, boundaries at this time excepted.
    SimTime done() const { return done_; }

    // Hands all state to `out`, on the root; nullptr elsewhere. To be called when run() has returned. Collective.
    void save(CheckpointWriter* out) requires CheckpointableModel<Model> {
        EngineCounters counters = population_.counters();
        std::array<std::uint64_t, 2> sums{counters.events, counters.exchanged_bytes};
        transport_.sum(sums);
        ArchiveWriter archive;
        archive(done_, boundary_, sums, counters.windows);
        model_.transfer(archive, population_.states(), transport_);
        if (out != nullptr) {
            out->begin("model");
            out->append(archive.bytes());
        }
        PopulationTransfer<Model>(directory_, population_, transport_).save(out);
    }

    // Takes the state of a checkpoint instead of starting. `in`: of the root; nullptr elsewhere. `end`: of the run.
    // std::runtime_error when the state is none of this simulation. Collective.
    void restore(CheckpointReader* in, SimTime end) requires CheckpointableModel<Model> {
        Bytes mine;
        if (in != nullptr) {
            mine.resize(in->open("model"));
            in->read(mine);
        }
        const Bytes bytes = std::move(transport_.gather_all(mine).front());
        ArchiveReader archive(bytes);
        std::array<std::uint64_t, 2> sums{};
        EngineCounters counters;
        archive(done_, boundary_, sums, counters.windows);
        expect_state(SimTime{} <= done_ && done_ < end);
        expect_state(boundary_ == model_.next_boundary(SimTime{done_.nanoseconds - 1}));
        counters.events = sums[0];
        counters.exchanged_bytes = sums[1];
        model_.transfer(archive, population_.states(), transport_);
        archive.expect_end();
        population_.continue_from(done_, counters);
        PopulationTransfer<Model>(directory_, population_, transport_).restore(in);
        started_ = true;
    }

    const Population<Model>& population() const { return population_; }
    // Of this rank, after run(): what is still on its way, for the balance of the books.
    std::vector<std::uint64_t> pending_by_kind(std::size_t kinds) { return population_.pending_by_kind(kinds); }

   private:
    void start() {
        population_.start();
        boundary_ = model_.next_boundary(SimTime{-1});
        started_ = true;
    }

    Model& model_;
    Transport& transport_;
    EntityDirectory directory_;
    Population<Model> population_;
    WindowGrid grid_;
    bool started_ = false;
    SimTime done_;
    SimTime boundary_;
};

}  // namespace parley
