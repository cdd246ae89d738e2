// Tells how a run is going: people by one changing line on a terminal, or a plain line now and then in a log; other
// programs by a status file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>

#include "engine/sim_time.hpp"
#include "engine/status_file.hpp"

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
    bool looks_now() { return !silent_ && --windows_to_look_ <= 0; }
    // Shows the state of the run if it is time to. `events`: of this rank.
    void reached(SimTime now, std::uint64_t events);

    // Ends the terminal line.
    void finish();

    double wall_seconds() const;

   private:
    using Clock = std::chrono::steady_clock;

    void adapt_to(Clock::duration between_looks);
    void show_line(const StatusUpdate& update);

    SimTime end_;
    bool quiet_;
    bool silent_;  // nobody wants to know
    bool terminal_;
    bool shown_ = false;
    std::function<ModelState()> model_;
    StatusFile* status_;
    Clock::time_point start_;
    Clock::time_point last_look_;
    Clock::time_point next_line_;
    Clock::time_point next_status_;
    int stride_ = 1;
    int windows_to_look_ = 1;
};

}  // namespace parley
