// Tells how a run is going: people by one changing line on a terminal, or a plain line now and then in a log; other
// programs by a status file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>

#include "engine/sim_time.hpp"
#include "engine/status_file.hpp"
#include "engine/wall_looks.hpp"

namespace parley {

// What the model adds.
struct ModelState {
    double success_rate = std::numeric_limits<double>::quiet_NaN();  // so far
    std::uint64_t events = 0;  // of all ranks, as far as the model has summed them
};

class Progress {
   public:
    // `quiet`: no lines. `model` may be empty. `status` may be null, and outlives this object.
    Progress(SimTime end, bool quiet, std::function<ModelState()> model = {}, StatusFile* status = nullptr);

    // Whether to call reached(), which looks at the clock: every window, or more rarely where windows are short.
    bool looks_now() { return !silent_ && looks_.due(); }
    // Shows the state of the run if it is time to. `events`: of this rank.
    void reached(SimTime now, std::uint64_t events);

    // The run goes on at `from`, after so much wall time and so many events.
    void resumed(SimTime from, double wall_seconds, std::uint64_t events);

    // Ends the terminal line.
    void finish();

    // Since the start of the run, earlier parts included.
    double wall_seconds() const { return earlier_seconds_ + session_seconds(); }
    // Since this process began with it, or went on.
    double session_seconds() const;

   private:
    using Clock = WallLooks::Clock;

    void show_line(const StatusUpdate& update);

    SimTime end_;
    bool quiet_;
    bool silent_;  // nobody wants to know
    bool terminal_;
    bool shown_ = false;
    std::function<ModelState()> model_;
    StatusFile* status_;
    WallLooks looks_;
    Clock::time_point start_;
    // Where a resumed run began: of the simulation, wall time and events.
    SimTime first_;
    double earlier_seconds_ = 0;
    std::uint64_t earlier_events_ = 0;
    Clock::time_point next_line_;
    Clock::time_point next_status_;
};

}  // namespace parley
