// A pending event as it lies in memory and on the wire: a 24-byte header, then the payload of its kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/entity_id.hpp"
#include "engine/sim_time.hpp"

namespace parley {

struct EventHeader {
    SimTime time;  // when it reaches `destination`
    EntityId destination;
    EntityId sender;
    std::uint32_t sequence;  // the sender's serial number of this event
    std::uint16_t kind;      // the model's own numbering
    std::uint16_t bytes;     // header and payload, a multiple of 8
};
static_assert(sizeof(EventHeader) == 24 && std::is_trivially_copyable_v<EventHeader>);

inline constexpr std::size_t max_event_bytes = 2048;

template <class Payload>
constexpr std::uint16_t event_bytes() {
    static_assert(std::is_trivially_copyable_v<Payload> && alignof(Payload) <= 8);
    constexpr std::size_t payload = std::is_empty_v<Payload> ? 0 : sizeof(Payload);
    constexpr std::size_t total = (sizeof(EventHeader) + payload + 7) / 8 * 8;
    static_assert(total <= max_event_bytes);
    return static_cast<std::uint16_t>(total);
}

// The order in which an entity handles its events: (time, sender, sender's sequence). Total, because a
// sender never repeats a sequence number.
inline bool precedes(const EventHeader& a, const EventHeader& b) {
    if (a.time != b.time) return a.time < b.time;
#ifdef PARLEY_ORDER_BY_TIME_ONLY
    // A deliberately wrong engine: tests build it to see that the invariance tests notice.
    return false;
#else
    if (a.sender != b.sender) return a.sender < b.sender;
    return a.sequence < b.sequence;
#endif
}

// A delivered event as a handler sees it.
class Event {
   public:
    explicit Event(const EventHeader* header) : header_(header) {}
    const EventHeader& header() const { return *header_; }
    std::uint16_t kind() const { return header_->kind; }
    EntityId sender() const { return header_->sender; }
    EntityId destination() const { return header_->destination; }
    template <class Payload>
    const Payload& payload() const {
        return *reinterpret_cast<const Payload*>(header_ + 1);
    }
    // The items of a Context::send_list; their number is the payload's affair.
    template <class Payload, class Item>
    std::span<const Item> list(std::size_t count) const {
        return {reinterpret_cast<const Item*>(reinterpret_cast<const std::byte*>(header_) + event_bytes<Payload>()),
                count};
    }

   private:
    const EventHeader* header_;
};

}  // namespace parley
