#include "engine/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

namespace parley {

namespace {

constexpr std::chrono::seconds terminal_interval{1};
constexpr std::chrono::seconds log_interval{30};
constexpr std::chrono::seconds status_interval{1};
// A look at the clock every window would cost small runs dearly; looks this far apart cost nothing.
constexpr std::chrono::milliseconds shortest_look{20};
constexpr std::chrono::milliseconds longest_look{100};
constexpr int longest_stride = 64;

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

Progress::Progress(SimTime end, bool quiet, std::function<ModelState()> model, StatusFile* status)
    : end_(end),
      quiet_(quiet),
      silent_(quiet && status == nullptr),
      terminal_(isatty(STDERR_FILENO) == 1),
      model_(std::move(model)),
      status_(status),
      start_(Clock::now()),
      last_look_(start_) {
    next_line_ = start_ + (terminal_ ? terminal_interval : log_interval);
    next_status_ = start_ + status_interval;
}

double Progress::wall_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::reached(SimTime now, std::uint64_t events) {
    const Clock::time_point look = Clock::now();
    adapt_to(look - last_look_);
    last_look_ = look;
    const bool line_due = !quiet_ && look >= next_line_;
    const bool status_due = status_ != nullptr && look >= next_status_;
    if (!line_due && !status_due) return;
    const ModelState model = model_ ? model_() : ModelState{};
    StatusUpdate update{now, wall_seconds(), {}, std::max(events, model.events), model.success_rate};
    const double share = now.seconds() / end_.seconds();
    update.eta_seconds = share > 0 ? update.wall_seconds * (1 - share) / share : 0;
    if (line_due) {
        next_line_ += terminal_ ? terminal_interval : log_interval;
        show_line(update);
    }
    if (status_due) {
        next_status_ = look + status_interval;
        status_->update(update);
    }
}

void Progress::adapt_to(Clock::duration between_looks) {
    if (between_looks < shortest_look) stride_ = std::min(2 * stride_, longest_stride);
    if (between_looks > longest_look) stride_ = std::max(stride_ / 2, 1);
    windows_to_look_ = stride_;
}

void Progress::show_line(const StatusUpdate& update) {
    char success[32] = "";
    if (!std::isnan(update.success_rate)) {
        std::snprintf(success, sizeof success, "  success %.3f", update.success_rate);
    }
    std::fprintf(stderr, "%ssimulated %.2f s of %.0f s (%.0f %%)  %.2f M events/s%s  ETA %s%s", terminal_ ? "\r" : "",
                 update.simulated.seconds(), end_.seconds(), 100 * update.simulated.seconds() / end_.seconds(),
                 static_cast<double>(update.events) / update.wall_seconds / 1e6, success,
                 clock_text(update.eta_seconds).c_str(), terminal_ ? "\033[K" : "\n");
    std::fflush(stderr);
    shown_ = true;
}

void Progress::finish() {
    if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
    shown_ = false;
}

}  // namespace parley
