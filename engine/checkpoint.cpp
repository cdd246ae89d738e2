#include "engine/checkpoint.hpp"

#include <atomic>
#include <csignal>
#include <system_error>

namespace parley {

namespace {

std::atomic<bool> stop_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void note_stop(int /*signal*/) { stop_wanted.store(true, std::memory_order_relaxed); }

}  // namespace

void listen_for_stop_signals() {
    struct sigaction action {};
    action.sa_handler = note_stop;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

bool stop_signal_came() { return stop_wanted.load(std::memory_order_relaxed); }

CheckpointPlan::CheckpointPlan(Duration every_wall, Duration every_simulated, bool keeps_time)
    : every_wall_(keeps_time ? every_wall.nanoseconds : 0),
      every_simulated_(keeps_time ? every_simulated : Duration{}) {
    passed(SimTime{});
}

CheckpointWish CheckpointPlan::look(SimTime now) {
    const auto wall = looks_.look();
    if (stop_signal_came()) return CheckpointWish::stop;
    return now >= next_simulated_ || wall >= next_wall_ ? CheckpointWish::periodic : CheckpointWish::none;
}

void CheckpointPlan::passed(SimTime now) {
    if (every_wall_.count() > 0) next_wall_ = WallLooks::Clock::now() + every_wall_;
    if (every_simulated_.nanoseconds == 0) return;
    const SimTime latest{now.nanoseconds / every_simulated_.nanoseconds * every_simulated_.nanoseconds};
    next_simulated_ = every_simulated_ < never - latest ? latest + every_simulated_ : never;
}

std::filesystem::path previous_checkpoint(const std::filesystem::path& file) { return file.string() + ".previous"; }

bool set_aside_checkpoints(const std::filesystem::path& file) {
    bool any = false;
    for (const std::filesystem::path& each : {file, previous_checkpoint(file)}) {
        std::error_code none;
        std::filesystem::rename(each, each.string() + ".old", none);
        any |= !none;
    }
    return any;
}

void remove_checkpoints(const std::filesystem::path& file) {
    std::error_code ignored;
    for (const char* ending : {"", ".previous", ".part"}) std::filesystem::remove(file.string() + ending, ignored);
}

}  // namespace parley
