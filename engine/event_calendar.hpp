// Pending events of one partition, one bucket per window.
//
// A bucket is a chain of pages filled in order of arrival; nothing is sorted here. Pages come from a
// last-in-first-out free list, so the next page written is the one read last. Windows within the near
// horizon have a bucket each (a ring and a bitmap of the non-empty ones); later ones share far buckets
// that are spread over the ring as it comes near.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/event_pages.hpp"
#include "engine/window.hpp"

namespace parley {

class EventCalendar {
   public:
    EventCalendar(WindowGrid grid, std::size_t page_bytes);

    // Room for a record of `bytes` that is due at `time`; the caller writes the record there at once.
    // `time` must not lie in a window before the current one.
    std::byte* reserve(SimTime time, std::uint32_t bytes) {
        const std::int64_t window = grid_.index_of(time);
        if (window < near_end_) [[likely]] {
            const std::size_t slot = static_cast<std::size_t>(window) & slot_mask;
            EventChain& bucket = near_[slot];
            if (bucket.events() == 0) occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
            ++pending_;
            return bucket.append(bytes, pool_);
        }
        return reserve_far(window, bytes);
    }

    void insert(const EventHeader& event) { std::memcpy(reserve(event.time, event.bytes), &event, event.bytes); }

    // Index of the earliest window that holds an event, WindowGrid::none if nothing is pending.
    std::int64_t next_window() const;

    // Makes `window` the current one: nothing may be pending before it, and nothing earlier may come.
    void advance_to(std::int64_t window);
    // Events waiting in the current window.
    std::uint32_t due_events() const { return near_[static_cast<std::size_t>(current_) & slot_mask].events(); }
    // Detaches the events of the current window; hand the chain back to pages() when done with it.
    EventChain take_due();
    // Where the pages of all chains come from; other chains of the same partition may share it.
    PagePool& pages() { return pool_; }

    std::uint64_t pending_events() const { return pending_; }
    // Calls `visit(const EventHeader&)` for every pending event, in no order that means anything.
    template <class Visitor>
    void visit_pending(Visitor&& visit) {
        for (EventChain& bucket : near_) {
            bucket.close();
            bucket.for_each(visit);
        }
        for (FarBucket& far : far_) {
            far.events.close();
            far.events.for_each(visit);
        }
    }
    std::size_t reserved_bytes() const { return pool_.reserved_bytes() + slot_count * sizeof(EventChain); }

   private:
    static constexpr std::size_t slot_count = 16384;
    static constexpr std::size_t slot_mask = slot_count - 1;
    static constexpr std::int64_t far_span = slot_count / 4;  // windows in a far bucket
    static constexpr std::int64_t far_count = 512;

    struct FarBucket {
        EventChain events;
        std::int64_t earliest = WindowGrid::none;
    };

    EventChain detach(EventChain& bucket);
    std::byte* reserve_far(std::int64_t window, std::uint32_t bytes);
    void spread_next_far_bucket();

    WindowGrid grid_;
    PagePool pool_;
    std::vector<EventChain> near_;
    std::vector<std::uint64_t> occupied_;
    std::vector<FarBucket> far_;
    std::int64_t current_ = 0;
    std::int64_t near_end_ = slot_count;  // first window that has no slot yet; a multiple of far_span
    std::uint64_t pending_ = 0;
};

}  // namespace parley
