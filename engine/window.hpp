// Windows of simulated time: half-open [begin, end), one lookahead long, on a fixed grid.
//
// Inside a window no entity can affect another one, because every message takes at least the lookahead.
#pragma once

#include <cstdint>
#include <limits>

#include "engine/sim_time.hpp"

namespace parley {

// What is advanced at once: [begin, end) within grid window `index`. Shorter than a grid window only where
// a boundary (metric interval, reputation epoch, end of the run) cuts it.
struct Window {
    std::int64_t index = 0;
    SimTime begin;
    SimTime end;
};

// The grid [k L, (k+1) L).
class WindowGrid {
   public:
    static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();

    explicit WindowGrid(Duration length)
        : length_(length.nanoseconds), inverse_(1.0 / static_cast<double>(length.nanoseconds)) {}

    Duration length() const { return {length_}; }
    SimTime begin_of(std::int64_t index) const { return {index * length_}; }

    // Index of the window that holds `time`. A rounded product, corrected by at most one: a third of the cost
    // of a 64-bit division. Exact below 2^52 windows.
    std::int64_t index_of(SimTime time) const {
        auto index = static_cast<std::int64_t>(static_cast<double>(time.nanoseconds) * inverse_);
        const std::int64_t rest = time.nanoseconds - index * length_;
        index += (rest >= length_) - (rest < 0);
        return index;
    }

   private:
    std::int64_t length_;
    double inverse_;
};

}  // namespace parley
