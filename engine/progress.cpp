#include "engine/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace parley {

namespace {

constexpr std::chrono::seconds terminal_interval{1};
constexpr std::chrono::seconds log_interval{30};

std::string clock_text(double seconds) {
    const auto total = static_cast<long>(seconds + 0.5);
    char text[48];
    if (total >= 3600) {
        std::snprintf(text, sizeof text, "%ldh%02ldm", total / 3600, total / 60 % 60);
    } else {
        std::snprintf(text, sizeof text, "%ldm%02lds", total / 60, total % 60);
    }
    return text;
}

}  // namespace

Progress::Progress(SimTime end, bool quiet, std::function<std::string()> remark)
    : end_(end),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) == 1),
      remark_(std::move(remark)),
      start_(Clock::now()) {
    next_ = start_ + (terminal_ ? terminal_interval : log_interval);
}

double Progress::wall_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::reached(SimTime now, std::uint64_t events) {
    if (Clock::now() < next_) return;
    next_ += terminal_ ? terminal_interval : log_interval;
    const double wall = wall_seconds();
    const double share = now.seconds() / end_.seconds();
    const double remaining = share > 0 ? wall * (1 - share) / share : 0;
    const std::string remark = remark_ ? "  " + remark_() : std::string();
    std::fprintf(stderr, "%ssimulated %.2f s of %.0f s (%.0f %%)  %.2f M events/s%s  ETA %s%s", terminal_ ? "\r" : "",
                 now.seconds(), end_.seconds(), 100 * share, static_cast<double>(events) / wall / 1e6, remark.c_str(),
                 clock_text(remaining).c_str(), terminal_ ? "\033[K" : "\n");
    std::fflush(stderr);
    shown_ = true;
}

void Progress::finish() {
    if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
    shown_ = false;
}

}  // namespace parley
