// How often to look at the clock: every window where windows are long, every 64th where they are short. A look every
// window would cost small runs dearly; looks 20 to 100 ms apart cost nothing.
#pragma once

#include <algorithm>
#include <chrono>

namespace parley {

class WallLooks {
   public:
    using Clock = std::chrono::steady_clock;

    // To be asked once a window.
    bool due() { return --windows_left_ <= 0; }

    // The time, when a look is due.
    Clock::time_point look() {
        const Clock::time_point now = Clock::now();
        const Clock::duration since_last = now - last_;
        last_ = now;
        if (since_last < shortest) stride_ = std::min(2 * stride_, longest_stride);
        if (since_last > longest) stride_ = std::max(stride_ / 2, 1);
        windows_left_ = stride_;
        return now;
    }

   private:
    static constexpr std::chrono::milliseconds shortest{20};
    static constexpr std::chrono::milliseconds longest{100};
    static constexpr int longest_stride = 64;

    Clock::time_point last_ = Clock::now();
    int stride_ = 1;
    int windows_left_ = 1;
};

}  // namespace parley
