// One rank's partitions, advanced by its OpenMP threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "engine/checkpoint.hpp"
#include "engine/partition.hpp"
#include "engine/transport.hpp"

namespace parley {

// Runs `work(i)` for i in [0, n) on up to `threads` threads. Exceptions are collected; the one of the lowest i
// is rethrown, so that the same error is reported for any number of threads.
template <class Work>
void for_each_in_parallel(std::size_t n, int threads, Work&& work) {
    if (threads <= 1 || n <= 1) {
        for (std::size_t i = 0; i < n; ++i) work(i);
        return;
    }
    std::vector<std::exception_ptr> errors(n);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (std::size_t i = 0; i < n; ++i) {
        try {
            work(i);
        } catch (...) {
            errors[i] = std::current_exception();
        }
    }
    for (const std::exception_ptr& error : errors) {
        if (error) std::rethrow_exception(error);
    }
}

// Events that wait, and the memory kept for them.
struct PendingEvents {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
};

template <class Model>
class Population {
   public:
    Population(const Model& model, const EntityDirectory& directory, Transport& transport,
               std::uint32_t partitions_per_rank, int threads)
        : transport_(transport), alone_(transport.size() == 1 && partitions_per_rank == 1), threads_(threads) {
        const auto rank = static_cast<std::uint32_t>(transport.rank());
        const IdRange local{rank * partitions_per_rank, (rank + 1) * partitions_per_rank};
        partitions_.resize(partitions_per_rank);
        busy_.resize(partitions_per_rank);
        for_each_in_parallel(partitions_per_rank, threads_, [&](std::size_t i) {
            partitions_[i] = std::make_unique<Partition<Model>>(
                model, directory, local.begin + static_cast<std::uint32_t>(i), local, partitions_per_rank);
        });
        for (auto& partition : partitions_) states_.push_back(&partition->state());
    }

    // First events of all entities.
    void start() {
        for_each_in_parallel(partitions_.size(), threads_, [&](std::size_t i) { partitions_[i]->start(); });
    }

    // Goes on from a checkpoint made at `time`, with the counts of the run so far.
    void continue_from(SimTime time, const EngineCounters& counters) {
        for (auto& partition : partitions_) partition->continue_from(time);
        windows_ = counters.windows;
        if (transport_.is_root()) earlier_ = counters;
    }

    // Moves events to where they belong and returns the window to advance next (over all ranks). `wish` becomes the
    // most urgent of all ranks.
    std::int64_t exchange(CheckpointWish& wish) {
        if (alone_) return partitions_.front()->next_window();  // nobody to exchange with
        std::int64_t next = WindowGrid::none;
        for (auto& partition : partitions_) {
            next = std::min(next, partition->next_window());
            partition->forget_sent();
        }
        if (transport_.size() > 1) next = exchange_between_ranks(next, wish);
        if (partitions_.size() > 1) {
            for_each_in_parallel(partitions_.size(), parallel_threads_, [&](std::size_t i) {
                for (auto& other : partitions_) {
                    if (other != partitions_[i]) partitions_[i]->collect_from(*other);
                }
            });
        }
        if (!incoming_.empty()) {
            for_each_in_parallel(partitions_.size(), parallel_threads_,
                                 [&](std::size_t i) { partitions_[i]->accept(incoming_); });
            incoming_.clear();
        }
        return next;
    }

    void advance(const Window& window) {
        ++windows_;
        if (alone_) return partitions_.front()->advance(window);
        if (partitions_.size() == 1) return advance_timed(0, window);
        std::uint64_t due = 0;
        for (auto& partition : partitions_) due += partition->due_events(window.index);
        // Waking threads for a handful of events costs more than the events do.
        parallel_threads_ = due >= events_worth_a_thread * partitions_.size() ? threads_ : 1;
        for_each_in_parallel(partitions_.size(), parallel_threads_, [&](std::size_t i) { advance_timed(i, window); });
    }

    std::span<typename Model::State*> states() { return states_; }

    // Of this rank; windows are the same on all.
    EngineCounters counters() const {
        EngineCounters total;
        total.events = earlier_.events;
        for (const auto& partition : partitions_) total.events += partition->counters().events;
        total.windows = windows_;
        total.exchanged_bytes = earlier_.exchanged_bytes + exchanged_bytes_;
        for (const BusyTime& busy : busy_) {
            total.busy_nanoseconds += busy.nanoseconds;
            total.busiest_nanoseconds = std::max(total.busiest_nanoseconds, busy.nanoseconds);
        }
        total.partitions =
            static_cast<std::uint32_t>(partitions_.size()) * static_cast<std::uint32_t>(transport_.size());
        return total;
    }

    // Of this rank.
    PendingEvents pending() const {
        PendingEvents total;
        for (const auto& partition : partitions_) {
            total.events += partition->pending_events();
            total.bytes += partition->calendar_bytes();
        }
        return total;
    }
    // Pending events of this rank by kind, after exchange() and before anything else is sent.
    std::vector<std::uint64_t> pending_by_kind(std::size_t kinds) {
        std::vector<std::uint64_t> counts(kinds);
        for (auto& partition : partitions_) partition->count_pending(counts);
        return counts;
    }
    const Partition<Model>& partition(std::size_t i) const { return *partitions_[i]; }
    Partition<Model>& partition(std::size_t i) { return *partitions_[i]; }

   private:
    static constexpr std::uint64_t events_worth_a_thread = 32;
    struct alignas(64) BusyTime {
        std::uint64_t nanoseconds = 0;
    };

    void advance_timed(std::size_t i, const Window& window) {
        const auto begin = std::chrono::steady_clock::now();
#ifdef PARLEY_PLANT_A_RACE
        ++exchanged_bytes_;  // deliberately wrong: threads share it. tests/races/run.sh must find it.
#endif
        partitions_[i]->advance(window);
        busy_[i].nanoseconds += static_cast<std::uint64_t>((std::chrono::steady_clock::now() - begin).count());
    }

    // A wish takes the place of the window, below all windows, in the minimum over ranks: agreeing on it costs nothing
    // where there is none, and a second exchange, of the window alone, where there is one.
    static std::int64_t window_of(CheckpointWish wish) { return -static_cast<std::int64_t>(wish); }

    std::int64_t exchange_between_ranks(std::int64_t local_minimum, CheckpointWish& wish) {
        Outgoing& outgoing = partitions_.front()->outgoing();
        for (std::size_t p = 1; p < partitions_.size(); ++p) append_all(partitions_[p]->outgoing(), outgoing);
        for (const int rank : outgoing.receivers()) exchanged_bytes_ += outgoing.to(rank).size();
        const std::int64_t mine = wish == CheckpointWish::none ? local_minimum : window_of(wish);
        const std::int64_t minimum = transport_.exchange(outgoing, incoming_, mine);
        if (minimum >= 0) [[likely]]
            return minimum;
        wish = static_cast<CheckpointWish>(-minimum);
        return transport_.exchange(outgoing, incoming_, local_minimum);
    }

    static void append_all(Outgoing& from, Outgoing& into) {
        for (const int rank : from.receivers()) {
            const Bytes& events = from.to(rank);
            std::memcpy(into.append(static_cast<std::size_t>(rank), events.size()), events.data(), events.size());
        }
        from.clear();
    }

    Transport& transport_;
    bool alone_;
    int threads_;
    int parallel_threads_ = 1;
    std::vector<std::unique_ptr<Partition<Model>>> partitions_;
    std::vector<BusyTime> busy_;
    std::vector<typename Model::State*> states_;
    Bytes incoming_;
    EngineCounters earlier_;  // of the run before the checkpoint it went on from; of the root
    std::uint64_t windows_ = 0;
    std::uint64_t exchanged_bytes_ = 0;
};

}  // namespace parley
