// Simulated time: a signed 64-bit count of nanoseconds since the start of the run.
//
// Exact integer arithmetic: no rounding, so equal inputs give equal event orders everywhere.
// Range: about 292 years; arithmetic is plain, `checked_add` refuses to overflow.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

#include "engine/error.hpp"

namespace parley {

// A span of simulated time in nanoseconds.
struct Duration {
    std::int64_t nanoseconds = 0;

    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return {a.nanoseconds + b.nanoseconds}; }
    friend constexpr Duration operator-(Duration a, Duration b) { return {a.nanoseconds - b.nanoseconds}; }
    friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.nanoseconds * n}; }

    constexpr double seconds() const { return static_cast<double>(nanoseconds) * 1e-9; }
};

// A point of simulated time, nanoseconds after the start.
struct SimTime {
    std::int64_t nanoseconds = 0;

    friend constexpr auto operator<=>(SimTime, SimTime) = default;
    friend constexpr SimTime operator+(SimTime t, Duration d) { return {t.nanoseconds + d.nanoseconds}; }
    friend constexpr Duration operator-(SimTime a, SimTime b) { return {a.nanoseconds - b.nanoseconds}; }

    constexpr double seconds() const { return static_cast<double>(nanoseconds) * 1e-9; }
};

inline constexpr SimTime never{std::numeric_limits<std::int64_t>::max()};

// Nearest nanosecond of a non-negative number of seconds; beyond the range: saturates just below `never`.
constexpr Duration duration_from_seconds(double seconds) {
    constexpr double limit = 9.0e9;  // 9e9 s = 285 years
    const double bounded = seconds < limit ? seconds : limit;
    return {static_cast<std::int64_t>(bounded * 1e9 + 0.5)};
}

// t + d; throws SimulationError when the sum leaves the range.
inline SimTime checked_add(SimTime t, Duration d) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(t.nanoseconds, d.nanoseconds, &sum)) {
        throw SimulationError("simulated time overflows 64-bit nanoseconds (" + std::to_string(t.seconds()) + " s + " +
                              std::to_string(d.seconds()) + " s); shorten the duration of the run or of the delay");
    }
    return {sum};
}

}  // namespace parley
