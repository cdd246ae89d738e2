#include "engine/event_calendar.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace parley {

namespace {
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
}

PagePool::PagePool(std::size_t page_bytes) : page_bytes_(page_bytes) {}

void PagePool::SlabDeleter::operator()(std::byte* slab) const { std::free(slab); }

void PagePool::add_slab() {
    // Small at first, for runs of a hundred peers; later slabs are whole huge pages.
    const std::size_t bytes =
        reserved_bytes_ < huge_page_bytes ? std::max<std::size_t>(page_bytes_ * 16, 65536) : 2 * huge_page_bytes;
    const std::size_t alignment = bytes >= huge_page_bytes ? huge_page_bytes : 4096;
    auto* slab = static_cast<std::byte*>(std::aligned_alloc(alignment, bytes));
    if (slab == nullptr) throw std::bad_alloc();
    slabs_.emplace_back(slab);
    if (bytes >= huge_page_bytes) madvise(slab, bytes, MADV_HUGEPAGE);
    reserved_bytes_ += bytes;
    for (std::size_t offset = bytes; offset >= page_bytes_; offset -= page_bytes_) {
        give_back(reinterpret_cast<Page*>(slab + (offset - page_bytes_)));
    }
}

EventCalendar::EventCalendar(WindowGrid grid, std::size_t page_bytes)
    : grid_(grid), pool_(page_bytes), near_(slot_count), occupied_(slot_count / 64), far_(far_count) {}

void EventCalendar::grow(Bucket& bucket) {
    PagePool::Page* page = pool_.take();
    if (bucket.tail == nullptr) {
        bucket.head = page;
    } else {
        bucket.tail->used = static_cast<std::uint32_t>(bucket.write - bucket.tail->records());
        bucket.tail->next = page;
    }
    bucket.tail = page;
    bucket.write = page->records();
    bucket.room = static_cast<std::uint32_t>(pool_.room());
}

EventCalendar::Bucket EventCalendar::detach(Bucket& bucket) {
    Bucket taken = bucket;
    bucket = Bucket{};
    if (taken.tail != nullptr) taken.tail->used = static_cast<std::uint32_t>(taken.write - taken.tail->records());
    pending_ -= taken.events;
    return taken;
}

std::byte* EventCalendar::reserve_far(std::int64_t window, std::uint32_t bytes) {
    // Beyond the last far bucket: wait in it, and be sorted in again when its turn comes.
    const std::int64_t last = near_end_ / far_span + far_count - 1;
    FarBucket& far = far_[static_cast<std::size_t>(std::min(window / far_span, last) % far_count)];
    far.earliest = std::min(far.earliest, window);
    return append(far.bucket, bytes);
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
    const Bucket bucket = detach(far.bucket);
    for_each_event(bucket, [this](const EventHeader& event) { insert(event); });
    release(bucket);
}

EventCalendar::Bucket EventCalendar::take_due() {
    const std::size_t slot = static_cast<std::size_t>(current_) & slot_mask;
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    return detach(near_[slot]);
}

void EventCalendar::release(const Bucket& bucket) {
    for (PagePool::Page* page = bucket.head; page != nullptr;) {
        PagePool::Page* next = page->next;
        pool_.give_back(page);
        page = next;
    }
}

}  // namespace parley
