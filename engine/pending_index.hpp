// The pending events of a partition, found by the entity they are for: what a checkpoint needs. 8 bytes an event and
// an entity.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/entity_id.hpp"
#include "engine/event_calendar.hpp"

namespace parley {

class PendingIndex {
   public:
    // Valid while the calendar does not change.
    PendingIndex(const EntityDirectory& directory, std::uint32_t partition, EventCalendar& calendar) {
        std::uint32_t entities = 0;
        for (std::size_t k = 0; k < directory.kind_count(); ++k) {
            kinds_.push_back({directory.range(partition, k), entities});
            entities += kinds_.back().ids.size();
        }
        ends_.resize(entities + std::size_t{1});
        calendar.for_each([&](const EventHeader& event) { ++ends_[place_of(event.destination) + 1]; });
        for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
        events_.resize(ends_.back());
        // Filling moves the begin of each entity's events to their end, where those of the next begin.
        calendar.for_each([&](const EventHeader& event) { events_[ends_[place_of(event.destination)]++] = &event; });
        std::uint64_t begin = 0;
        for (std::size_t i = 0; i < entities; ++i) {
            std::sort(events_.begin() + static_cast<std::ptrdiff_t>(begin),
                      events_.begin() + static_cast<std::ptrdiff_t>(ends_[i]),
                      [](const EventHeader* a, const EventHeader* b) { return precedes(*a, *b); });
            begin = ends_[i];
        }
    }

    // Of an entity of the partition, in the order of handling.
    std::span<const EventHeader* const> of(EntityId id) const {
        const std::size_t place = place_of(id);
        const std::uint64_t begin = place == 0 ? 0 : ends_[place - 1];
        return {events_.data() + begin, ends_[place] - begin};
    }

   private:
    struct Kind {
        IdRange ids;
        std::uint32_t first;  // place of its first entity
    };

    std::size_t place_of(EntityId id) const {
        std::size_t k = 0;
        while (!kinds_[k].ids.contains(id.value)) ++k;
        return kinds_[k].first + (id.value - kinds_[k].ids.begin);
    }

    std::vector<Kind> kinds_;
    std::vector<std::uint64_t> ends_;  // by place
    std::vector<const EventHeader*> events_;
};

}  // namespace parley
