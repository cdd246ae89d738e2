// In a program of its own: a signal that came is not forgotten.
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "models/phold/phold_model.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley {
namespace {

phold::Parameters parameters() {
    phold::Parameters p;
    p.seed = 3;
    p.end = SimTime{40'000'000'000};
    p.entities = 10000;  // three blocks of ids
    p.remote = 0.5;
    p.mean = Duration{1'000'000'000};
    p.lookahead = Duration{500'000'000};
    p.tick = Duration{250'000'000};  // many simultaneous events
    return p;
}

TEST(CheckpointSignal, AnyRankStopsAllAtTheSameTime) {
    listen_for_stop_signals();
    std::raise(SIGUSR1);
    std::vector<SimTime> ends(3);
    run_as_ranks(3, [&](Transport& transport) {
        phold::PholdModel model(parameters());
        Simulation<phold::PholdModel> simulation(model, transport, {1, 1});
        Progress progress(parameters().end, true);
        CheckpointPlan plan(Duration{}, Duration{}, transport.is_root());
        // Only the last rank is told.
        const bool told = transport.rank() == 2;
        EXPECT_EQ(simulation.run(parameters().end, progress, told ? &plan : nullptr), CheckpointWish::stop);
        ends[static_cast<std::size_t>(transport.rank())] = simulation.done();
    });
    EXPECT_EQ(ends[0], ends[1]);
    EXPECT_EQ(ends[0], ends[2]);
}

}  // namespace
}  // namespace parley
