// Puts events into the order in which they are handled: entity by entity in the order of their ids, each entity's
// events by EventHeader's total order.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "engine/entity_id.hpp"
#include "engine/event.hpp"

namespace parley {

// Maps the entities of one partition to coordinates that grow with the id and are spaced by expected load, so
// that equal slices of coordinates hold about equally many events.
class EntityCoordinates {
   public:
    EntityCoordinates(const EntityDirectory& directory, std::uint32_t partition) {
        if (directory.kind_count() > most_kinds)
            throw std::logic_error("a model has more kinds of entities than the engine holds");
        std::uint32_t next = 0;
        for (std::size_t k = 0; k < directory.kind_count(); ++k) {
            const IdRange range = directory.range(partition, k);
            auto shift = static_cast<std::uint32_t>(std::bit_width(directory.kind(k).relative_load) - 1);
            while (shift > 0 && (static_cast<std::uint64_t>(range.size()) << shift) > (1U << 28)) --shift;
            kinds_[count_++] = {range, next, shift};
            next += range.size() << shift;
        }
        end_ = next;
    }

    bool owns(EntityId id) const {
        for (std::size_t k = 0; k < count_; ++k) {
            if (kinds_[k].range.contains(id.value)) return true;
        }
        return false;
    }

    // `id` must be owned.
    std::uint32_t of(EntityId id) const {
        std::size_t k = 0;
        while (!kinds_[k].range.contains(id.value)) ++k;
        return kinds_[k].first + ((id.value - kinds_[k].range.begin) << kinds_[k].shift);
    }

    std::uint32_t end() const { return end_; }

   private:
    struct Kind {
        IdRange range;
        std::uint32_t first;
        std::uint32_t shift;
    };
    static constexpr std::size_t most_kinds = 4;
    std::array<Kind, most_kinds> kinds_{};
    std::size_t count_ = 0;
    std::uint32_t end_ = 0;
};

class DueEvents {
   public:
    struct Reference {
        std::uint64_t key;  // coordinate of the destination, then time within the window
        const EventHeader* event;
    };

    DueEvents(const EntityCoordinates& coordinates, Duration window_length) : coordinates_(&coordinates) {
        const auto bits =
            static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint64_t>(window_length.nanoseconds)));
        time_shift_ = bits > 32 ? bits - 32 : 0;
    }

    void clear() { unsorted_.clear(); }

    void add(const EventHeader& event, SimTime grid_begin) {
        const auto offset = static_cast<std::uint64_t>((event.time - grid_begin).nanoseconds) >> time_shift_;
        unsorted_.push_back({(static_cast<std::uint64_t>(coordinates_->of(event.destination)) << 32) | offset, &event});
    }

    std::size_t size() const { return unsorted_.size(); }

    // All added events in order; valid until the next clear(). The coordinates of their destinations lie in
    // [first, end).
    const std::vector<Reference>& sort(std::uint32_t first, std::uint32_t end) {
        if (unsorted_.size() <= small_sort) {
            if (unsorted_.size() > 1) insertion_sort(unsorted_.data(), unsorted_.data() + unsorted_.size());
            return unsorted_;
        }
        distribute(first, end);
        return sorted_;
    }

   private:
    static constexpr std::size_t small_sort = 24;

    static bool less(const Reference& a, const Reference& b) {
        if (a.key != b.key) return a.key < b.key;
        return precedes(*a.event, *b.event);
    }

    static void insertion_sort(Reference* begin, Reference* end) {
        for (Reference* next = begin == end ? end : begin + 1; next < end; ++next) {
            const Reference moving = *next;
            Reference* at = next;
            for (; at != begin && less(moving, at[-1]); --at) *at = at[-1];
            *at = moving;
        }
    }

    // One counting pass over slices of coordinates with a few events each, then a sort of each slice.
    void distribute(std::uint32_t first, std::uint32_t end) {
        const std::size_t wanted = std::bit_ceil(unsorted_.size() / 2);
        const auto span_bits = static_cast<std::uint32_t>(std::bit_width(end - first));
        const auto slice_bits = static_cast<std::uint32_t>(std::bit_width(wanted) - 1);
        const std::uint32_t shift = span_bits > slice_bits ? span_bits - slice_bits : 0;
        const auto slice_of = [=](const Reference& r) {
            return (static_cast<std::uint32_t>(r.key >> 32) - first) >> shift;
        };
        const std::size_t slices = ((end - first) >> shift) + 1;
        slice_end_.assign(slices + 1, 0);
        for (const Reference& reference : unsorted_) ++slice_end_[slice_of(reference) + 1];
        for (std::size_t s = 1; s <= slices; ++s) slice_end_[s] += slice_end_[s - 1];
        sorted_.resize(unsorted_.size());
        for (const Reference& reference : unsorted_) sorted_[slice_end_[slice_of(reference)]++] = reference;
        std::uint32_t begin = 0;
        for (std::size_t s = 0; s < slices; ++s) {
            if (slice_end_[s] - begin > 1) sort_slice(sorted_.data() + begin, sorted_.data() + slice_end_[s]);
            begin = slice_end_[s];
        }
    }

    static void sort_slice(Reference* begin, Reference* end) {
        if (static_cast<std::size_t>(end - begin) <= small_sort) {
            insertion_sort(begin, end);
        } else {
            std::sort(begin, end, less);
        }
    }

    const EntityCoordinates* coordinates_;
    std::uint32_t time_shift_ = 0;
    std::vector<Reference> unsorted_;
    std::vector<Reference> sorted_;
    std::vector<std::uint32_t> slice_end_;  // during the pass: where the next event of a slice goes
};

}  // namespace parley
