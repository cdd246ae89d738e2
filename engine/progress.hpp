// Tells a person how a run is going: one changing line on a terminal, a plain line now and then in a log.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/sim_time.hpp"

namespace parley {

class Progress {
   public:
    // `quiet`: says nothing. `remark`: what the model adds to the line ("success 0.93"); may be empty.
    Progress(SimTime end, bool quiet, std::function<std::string()> remark = {});

    // Once in 64 calls: a look at the clock every window would cost small runs dearly.
    bool looks_now() { return (++calls_ & 63) == 0 && !quiet_; }
    // Shows the state of the run if it is time to.
    void reached(SimTime now, std::uint64_t events);

    // Ends the terminal line.
    void finish();

    double wall_seconds() const;

   private:
    using Clock = std::chrono::steady_clock;

    SimTime end_;
    bool quiet_;
    bool terminal_;
    bool shown_ = false;
    std::function<std::string()> remark_;
    Clock::time_point start_;
    Clock::time_point next_;
    std::uint64_t calls_ = 0;
};

}  // namespace parley
