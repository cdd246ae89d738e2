// In a program of its own: a signal that came is not forgotten.
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "tests/support/phold_case.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley {
namespace {

TEST(CheckpointSignal, AnyRankStopsAllAtTheSameTime) {
    listen_for_stop_signals();
    std::raise(SIGUSR1);
    std::vector<SimTime> ends(3);
    run_as_ranks(3, [&](Transport& transport) {
        phold::PholdModel model(phold_case());
        Simulation<phold::PholdModel> simulation(model, transport, {1, 1});
        Progress progress(phold_case().end, true);
        CheckpointPlan plan(Duration{}, Duration{}, transport.is_root());
        // Only the last rank is told.
        const bool told = transport.rank() == 2;
        EXPECT_EQ(simulation.run(phold_case().end, progress, told ? &plan : nullptr), CheckpointWish::stop);
        ends[static_cast<std::size_t>(transport.rank())] = simulation.done();
    });
    EXPECT_EQ(ends[0], ends[1]);
    EXPECT_EQ(ends[0], ends[2]);
}

}  // namespace
}  // namespace parley
