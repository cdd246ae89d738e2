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
      start_(Clock::now()) {
    next_line_ = start_ + (terminal_ ? terminal_interval : log_interval);
    next_status_ = start_ + status_interval;
}

double Progress::session_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::resumed(SimTime from, double wall_seconds, std::uint64_t events) {
    first_ = from;
    earlier_seconds_ = wall_seconds;
    earlier_events_ = events;
    start_ = Clock::now();
}

void Progress::reached(SimTime now, std::uint64_t events) {
    const Clock::time_point look = looks_.look();
    const bool line_due = !quiet_ && look >= next_line_;
    const bool status_due = status_ != nullptr && look >= next_status_;
    if (!line_due && !status_due) return;
    const ModelState model = model_ ? model_() : ModelState{};
    StatusUpdate update{now, wall_seconds(), {}, std::max(events, model.events), model.success_rate};
    const double done = (now - first_).seconds();
    update.eta_seconds = done > 0 ? session_seconds() * (end_ - now).seconds() / done : 0;
    if (line_due) {
        next_line_ += terminal_ ? terminal_interval : log_interval;
        show_line(update);
    }
    if (status_due) {
        next_status_ = look + status_interval;
        status_->update(update);
    }
}

void Progress::show_line(const StatusUpdate& update) {
    char success[32] = "";
    if (!std::isnan(update.success_rate)) {
        std::snprintf(success, sizeof success, "  success %.3f", update.success_rate);
    }
    std::fprintf(stderr, "%ssimulated %.2f s of %.0f s (%.0f %%)  %.2f M events/s%s  ETA %s%s", terminal_ ? "\r" : "",
                 update.simulated.seconds(), end_.seconds(), 100 * update.simulated.seconds() / end_.seconds(),
                 static_cast<double>(update.events - earlier_events_) / session_seconds() / 1e6, success,
                 clock_text(update.eta_seconds).c_str(), terminal_ ? "\033[K" : "\n");
    std::fflush(stderr);
    shown_ = true;
}

void Progress::finish() {
    if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
    shown_ = false;
}

}  // namespace parley
