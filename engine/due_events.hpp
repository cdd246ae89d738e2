// The events of one window of one partition, put in the order in which they are handled: entity by entity in
// the order of their ids, each entity's events by EventHeader's total order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "engine/entity_id.hpp"
#include "engine/event.hpp"

namespace parley {

// Maps the entities of one partition to coordinates that grow with the id and are spaced by expected load, so
// that equal slices of coordinates hold about equally many events.
class EntityCoordinates {
   public:
    EntityCoordinates(const EntityDirectory& directory, std::uint32_t partition) {
        std::uint32_t next = 0;
        for (std::size_t k = 0; k < directory.kind_count(); ++k) {
            const IdRange range = directory.range(partition, k);
            auto shift = static_cast<std::uint32_t>(std::bit_width(directory.kind(k).relative_load) - 1);
            while (shift > 0 && (static_cast<std::uint64_t>(range.size()) << shift) > (1U << 28)) --shift;
            kinds_.push_back({range, next, shift});
            next += range.size() << shift;
        }
        end_ = next;
    }

    bool owns(EntityId id) const {
        for (const Kind& kind : kinds_) {
            if (kind.range.contains(id.value)) return true;
        }
        return false;
    }

    std::uint32_t of(EntityId id) const {
        for (const Kind& kind : kinds_) {
            if (kind.range.contains(id.value)) return kind.first + ((id.value - kind.range.begin) << kind.shift);
        }
        return end_;
    }

    std::uint32_t end() const { return end_; }

   private:
    struct Kind {
        IdRange range;
        std::uint32_t first;
        std::uint32_t shift;
    };
    std::vector<Kind> kinds_;
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

    // All added events in order; valid until the next clear().
    const std::vector<Reference>& sort() {
        if (unsorted_.size() <= small_sort) {
            insertion_sort(unsorted_.data(), unsorted_.data() + unsorted_.size());
            return unsorted_;
        }
        distribute();
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

    // One counting pass over slices of coordinates with a few events each, then a sort of each slice in cache.
    void distribute() {
        const std::size_t slices_wanted =
            std::min<std::size_t>(std::bit_ceil(unsorted_.size() / 4), std::size_t{1} << 15);
        const auto coordinate_bits = static_cast<std::uint32_t>(std::bit_width(coordinates_->end()));
        const auto slice_bits = static_cast<std::uint32_t>(std::bit_width(slices_wanted) - 1);
        const std::uint32_t shift = 32 + (coordinate_bits > slice_bits ? coordinate_bits - slice_bits : 0);
        const std::size_t slices = (coordinates_->end() >> (shift - 32)) + 1;
        slice_end_.assign(slices + 1, 0);
        for (const Reference& reference : unsorted_) ++slice_end_[(reference.key >> shift) + 1];
        for (std::size_t s = 1; s <= slices; ++s) slice_end_[s] += slice_end_[s - 1];
        sorted_.resize(unsorted_.size());
        for (const Reference& reference : unsorted_) sorted_[slice_end_[reference.key >> shift]++] = reference;
        std::uint32_t begin = 0;
        for (std::size_t s = 0; s < slices; ++s) {
            sort_slice(sorted_.data() + begin, sorted_.data() + slice_end_[s]);
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
