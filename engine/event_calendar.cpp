#include "engine/event_calendar.hpp"

#include <algorithm>

namespace parley {

EventCalendar::EventCalendar(WindowGrid grid, std::size_t page_bytes)
    : grid_(grid), pool_(page_bytes), near_(slot_count), occupied_(slot_count / 64), far_(far_count) {}

EventChain EventCalendar::detach(EventChain& bucket) {
    EventChain taken = bucket;
    taken.close();
    bucket = EventChain{};
    pending_ -= taken.events();
    return taken;
}

std::byte* EventCalendar::reserve_far(std::int64_t window, std::uint32_t bytes) {
    // Beyond the last far bucket: wait in it, and be sorted in again when its turn comes.
    const std::int64_t last = near_end_ / far_span + far_count - 1;
    FarBucket& far = far_[static_cast<std::size_t>(std::min(window / far_span, last) % far_count)];
    far.earliest = std::min(far.earliest, window);
    ++pending_;
    return far.events.append(bytes, pool_);
}

std::int64_t EventCalendar::next_window() const {
    if (pending_ == 0) return WindowGrid::none;
    const std::size_t start = static_cast<std::size_t>(current_) & slot_mask;
    std::size_t word = start / 64;
    std::uint64_t bits = occupied_[word] & (~std::uint64_t{0} << (start % 64));
    for (std::size_t scanned = 0; scanned <= occupied_.size(); ++scanned) {
        if (bits != 0) {
            const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            return current_ + static_cast<std::int64_t>((slot - start) & slot_mask);
        }
        word = (word + 1) % occupied_.size();
        bits = occupied_[word];
    }
    std::int64_t earliest = WindowGrid::none;
    for (const FarBucket& far : far_) earliest = std::min(earliest, far.earliest);
    return earliest;
}

void EventCalendar::advance_to(std::int64_t window) {
    current_ = window;
    while (near_end_ + far_span <= current_ + static_cast<std::int64_t>(slot_count)) spread_next_far_bucket();
}

void EventCalendar::spread_next_far_bucket() {
    FarBucket& far = far_[static_cast<std::size_t>(near_end_ / far_span % far_count)];
    near_end_ += far_span;
    far.earliest = WindowGrid::none;
    EventChain waiting = detach(far.events);
    waiting.consume(pool_, [this](const EventHeader& event) { insert(event); });
}

EventChain EventCalendar::take_due() {
    const std::size_t slot = static_cast<std::size_t>(current_) & slot_mask;
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    return detach(near_[slot]);
}

}  // namespace parley
