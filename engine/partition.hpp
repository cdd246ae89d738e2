// The entities one thread advances: their state, their pending events, and what they send to others.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/due_events.hpp"
#include "engine/event_calendar.hpp"
#include "engine/invariants.hpp"
#include "engine/model.hpp"
#include "engine/window.hpp"

namespace parley {

template <class Model>
class Partition;

// The engine's side of a handler call. A handler may read and change the state of self() only.
template <class Model>
class Context {
   public:
    SimTime now() const { return now_; }
    EntityId self() const { return self_; }
    // How many events this entity has sent so far: a number that names its next message.
    std::uint32_t sent() const { return *sequence_; }

    // A message to another entity (or this one), `delay` from now; at least the lookahead.
    template <class Payload>
    void send(EntityId destination, Duration delay, std::uint16_t kind, const Payload& payload) {
        if (delay < partition_->lookahead_) [[unlikely]] {
            partition_->refuse_short_delay(self_, destination, delay);
        }
        partition_->post(make_header<Payload>(destination, delay, kind), payload);
    }

    // The same with a list behind the payload; the receiver finds it with Event::list.
    template <class Payload, class Item>
    void send_list(EntityId destination, Duration delay, std::uint16_t kind, const Payload& payload,
                   std::span<const Item> items) {
        static_assert(std::is_trivially_copyable_v<Item> && sizeof(Payload) % 8 == 0 && alignof(Item) <= 8);
        if (delay < partition_->lookahead_) [[unlikely]] {
            partition_->refuse_short_delay(self_, destination, delay);
        }
        const std::size_t bytes = event_bytes<Payload>() + (items.size_bytes() + 7) / 8 * 8;
        if (bytes > partition_->largest_event_) [[unlikely]] {
            throw std::logic_error("an event is larger than the model's largest_event()");
        }
        EventHeader header = make_header<Payload>(destination, delay, kind);
        header.bytes = static_cast<std::uint16_t>(bytes);
        std::byte* at = partition_->place(header);
        partition_->write(at, header, payload);
        if (!items.empty()) std::memcpy(at + event_bytes<Payload>(), items.data(), items.size_bytes());
    }

    // Uses up the number of a message that is never sent, so that the next one has another name.
    void skip_message() { take_number(); }

    // A timer: an event to this entity itself; any delay >= 0.
    template <class Payload>
    void schedule(Duration delay, std::uint16_t kind, const Payload& payload) {
        partition_->post_to_self(make_header<Payload>(self_, delay, kind), payload);
    }

    // The event being handled turned out to be a timer that changes nothing: do not count it.
    void discount_event() { --partition_->counters_.events; }

   private:
    friend class Partition<Model>;
    explicit Context(Partition<Model>& partition) : partition_(&partition) {}

    template <class Payload>
    EventHeader make_header(EntityId destination, Duration delay, std::uint16_t kind) {
        return {checked_add(now_, delay), destination, self_, take_number(), kind, event_bytes<Payload>()};
    }

    std::uint32_t take_number() {
        const std::uint32_t sequence = (*sequence_)++;
        if (sequence == UINT32_MAX) [[unlikely]] {
            throw SimulationError("entity " + std::to_string(self_.value) +
                                  " has sent 2^32 events, the most an entity can send");
        }
        return sequence;
    }

    Partition<Model>* partition_;
    SimTime now_;
    EntityId self_;
    std::uint32_t* sequence_ = nullptr;
};

template <class Model>
class Partition {
   public:
    using State = typename Model::State;

    // `local_partitions`: [first, first + count) are the partitions of this rank.
    Partition(const Model& model, const EntityDirectory& directory, std::uint32_t index, IdRange local_partitions,
              std::uint32_t partitions_per_rank)
        : directory_(directory),
          index_(index),
          local_partitions_(local_partitions),
          partitions_per_rank_(partitions_per_rank),
          lookahead_(model.lookahead()),
          largest_event_(model.largest_event()),
          grid_(model.lookahead()),
          calendar_(grid_, page_bytes(model, directory)),
          coordinates_(directory, index),
          due_(coordinates_, model.lookahead()),
          state_(std::make_unique<State>(model, directory, index)),
          to_local_(local_partitions.size()),
          to_ranks_(static_cast<int>(directory.partition_count() / partitions_per_rank)) {}

    // First events of all entities.
    void start() {
        Context<Model> context(*this);
        for (std::size_t k = 0; k < directory_.kind_count(); ++k) {
            const IdRange range = directory_.range(index_, k);
            for (std::uint32_t id = range.begin; id < range.end; ++id) {
                context.self_ = EntityId{id};
                context.sequence_ = &state_->sequence(context.self_);
                state_->start(context);
            }
        }
    }

    // Handles every pending event of the window, entity by entity.
    void advance(const Window& window) {
        calendar_.advance_to(window.index);
        if (calendar_.due_events() == 0) return;
        window_ = window;
        inside_window_ = true;
        EventChain due = calendar_.take_due();
        if (due.events() <= events_at_once) {
            handle_chain(due, 0, coordinates_.end());
        } else {
            handle_in_blocks(due);
        }
        inside_window_ = false;
    }

    // Takes the events that `other` (of the same rank) holds for this partition.
    void collect_from(Partition& other) {
        Bytes& events = other.to_local_[index_ - local_partitions_.begin];
        accept(events);
        events.clear();
    }

    // Takes those events of a received buffer that are for this partition.
    void accept(const Bytes& events) {
        const std::byte* at = events.data();
        const std::byte* end = at + events.size();
        while (at != end) {
            const auto* header = reinterpret_cast<const EventHeader*>(at);
            at += header->bytes;
            if (!coordinates_.owns(header->destination)) continue;
            if (header->time < window_.end) [[unlikely]] {
                invariants::refuse("entity " + std::to_string(header->destination.value) + " got an event due at " +
                                   std::to_string(header->time.nanoseconds) + " ns after the window up to " +
                                   std::to_string(window_.end.nanoseconds) + " ns was done");
            }
            calendar_.insert(*header);
        }
    }

    // Takes events as accept() does; all of them are for this partition, in records that may lie anywhere.
    void insert_pending(std::span<const std::byte> events) {
        while (!events.empty()) {
            EventHeader header;
            if (events.size() < sizeof header) throw std::runtime_error("an event of a checkpoint is incomplete");
            std::memcpy(&header, events.data(), sizeof header);
            if (header.bytes < sizeof header || header.bytes > std::min(events.size(), largest_event_) ||
                header.bytes % alignof(EventHeader) != 0 || header.time < window_.end ||
                !coordinates_.owns(header.destination)) {
                throw std::runtime_error("an event of a checkpoint is not one of this model");
            }
            std::memcpy(calendar_.reserve(header.time, header.bytes), events.data(), header.bytes);
            events = events.subspan(header.bytes);
        }
    }

    // Makes the window that holds `time` the current one: nothing is pending before it.
    void continue_from(SimTime time) {
        window_.end = time;
        calendar_.advance_to(grid_.index_of(time));
    }

    // Earliest window of any event that is pending here, or waiting here for another partition.
    std::int64_t next_window() const { return std::min(calendar_.next_window(), earliest_sent_); }
    void forget_sent() { earliest_sent_ = WindowGrid::none; }

    std::uint32_t due_events(std::int64_t window) {
        calendar_.advance_to(window);
        return calendar_.due_events();
    }

    // Events for entities of other ranks.
    Outgoing& outgoing() { return to_ranks_; }
    State& state() { return *state_; }
    const EngineCounters& counters() const { return counters_; }
    EventCalendar& calendar() { return calendar_; }
    std::uint64_t pending_events() const { return calendar_.pending_events(); }
    // Adds the pending events to `counts`, by kind; kinds must be below its size.
    void count_pending(std::span<std::uint64_t> counts) {
        calendar_.for_each([&](const EventHeader& event) { ++counts[event.kind]; });
    }
    std::size_t calendar_bytes() const { return calendar_.reserved_bytes(); }
    const State& state() const { return *state_; }

   private:
    friend class Context<Model>;

    static constexpr std::uint32_t events_at_once = 16384;
    static constexpr std::uint32_t events_a_block = 2048;
    static constexpr std::uint32_t most_blocks = 1024;
    // How many events ahead what is needed is fetched: what lies behind the entity's state comes last.
    static constexpr std::size_t event_prefetch_distance = 20;
    static constexpr std::size_t state_prefetch_distance = 12;
    static constexpr std::size_t further_prefetch_distance = 6;

    // Handles the events of a closed chain, whose destinations have coordinates in [first, end).
    void handle_chain(EventChain& chain, std::uint32_t first, std::uint32_t end) {
        const SimTime grid_begin = grid_.begin_of(window_.index);
        due_.clear();
        chain.for_each([&](const EventHeader& event) {
            if (event.time < window_.end) {
                due_.add(event, grid_begin);
            } else {
                calendar_.insert(event);  // beyond the boundary that cuts this window
            }
        });
        handle_all(due_.sort(first, end));
        chain.release(calendar_.pages());
    }

    // More events than a cache holds: first copies them into blocks of neighbouring entities, in one pass over their
    // pages, then handles block after block within the cache.
    void handle_in_blocks(EventChain& due) {
        const std::size_t wanted = std::min(std::bit_ceil(due.events() / events_a_block), most_blocks);
        const auto coordinate_bits = static_cast<std::uint32_t>(std::bit_width(coordinates_.end()));
        const auto block_bits = static_cast<std::uint32_t>(std::bit_width(wanted) - 1);
        const std::uint32_t shift = coordinate_bits > block_bits ? coordinate_bits - block_bits : 0;
        blocks_.resize((coordinates_.end() >> shift) + 1);
        due.consume(calendar_.pages(), [&](const EventHeader& event) {
            blocks_[coordinates_.of(event.destination) >> shift].insert(event, calendar_.pages());
        });
        for (std::size_t block = 0; block < blocks_.size(); ++block) {
            if (blocks_[block].events() == 0) continue;
            blocks_[block].close();
            const auto first = static_cast<std::uint32_t>(block << shift);
            const std::uint32_t end = std::min(coordinates_.end(), first + (1U << shift));
            handle_chain(blocks_[block], first, end);
        }
    }

    void handle_all(const std::vector<DueEvents::Reference>& events) {
        Context<Model> context(*this);
        const std::size_t count = events.size();
        std::size_t next = 0;
        while (next < count) {
            const EntityId self = events[next].event->destination;
            context.self_ = self;
            context.sequence_ = &state_->sequence(self);
            do {
                prefetch_ahead(events, next);
                const EventHeader& event = *events[next].event;
                if (!timers_.empty()) handle_timers_before(context, &event);
                handle_one(context, event);
                ++next;
            } while (next < count && events[next].event->destination == self);
            if (!timers_.empty()) handle_timers_before(context, nullptr);
        }
    }

    void prefetch_ahead(const std::vector<DueEvents::Reference>& events, std::size_t next) {
        if (next + event_prefetch_distance < events.size()) {
            __builtin_prefetch(events[next + event_prefetch_distance].event);
        }
        if (next + state_prefetch_distance < events.size()) {
            state_->prefetch(Event(events[next + state_prefetch_distance].event));
        }
        if constexpr (requires(State & state, const Event& event) { state.prefetch_further(event); }) {
            if (next + further_prefetch_distance < events.size()) {
                state_->prefetch_further(Event(events[next + further_prefetch_distance].event));
            }
        }
    }

    void handle_one(Context<Model>& context, const EventHeader& event) {
        order_.check(event, window_);
        context.now_ = event.time;
        ++counters_.events;
        state_->handle(context, Event(&event));
    }

    // Timers an entity has set for itself within the window being advanced; `limit` nullptr: all of them.
    void handle_timers_before(Context<Model>& context, const EventHeader* limit) {
        while (!timers_.empty()) {
            std::size_t first = 0;
            for (std::size_t i = 1; i < timers_.size(); ++i) {
                if (precedes(timer(i), timer(first))) first = i;
            }
            if (limit != nullptr && !precedes(timer(first), *limit)) return;
            alignas(8) const TimerRecord record = timers_[first];
            timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(first));
            handle_one(context, *reinterpret_cast<const EventHeader*>(record.data()));
        }
    }

    template <class Payload>
    static void write(std::byte* at, const EventHeader& header, const Payload& payload) {
        std::memcpy(at, &header, sizeof header);
        if constexpr (!std::is_empty_v<Payload>) std::memcpy(at + sizeof header, &payload, sizeof payload);
    }

    template <class Payload>
    void post(const EventHeader& header, const Payload& payload) {
        write(place(header), header, payload);
    }

    // Where the record of a message goes: the calendar, or the buffer for another partition or rank.
    std::byte* place(const EventHeader& header) {
        if (coordinates_.owns(header.destination)) return calendar_.reserve(header.time, header.bytes);
        const std::uint32_t to = directory_.partition_of(header.destination);
        earliest_sent_ = std::min(earliest_sent_, grid_.index_of(header.time));
        if (!local_partitions_.contains(to)) return to_ranks_.append(to / partitions_per_rank_, header.bytes);
        Bytes& buffer = to_local_[to - local_partitions_.begin];
        buffer.resize(buffer.size() + header.bytes);
        return buffer.data() + (buffer.size() - header.bytes);
    }

    template <class Payload>
    void post_to_self(const EventHeader& header, const Payload& payload) {
        static_assert(event_bytes<Payload>() <= sizeof(TimerRecord), "a timer's payload is too large");
        if (inside_window_ && header.time < window_.end) {
            TimerRecord record;
            write(record.data(), header, payload);
            timers_.push_back(record);
        } else {
            write(calendar_.reserve(header.time, header.bytes), header, payload);
        }
    }

    [[noreturn]] void refuse_short_delay(EntityId from, EntityId to, Duration delay) const {
        throw SimulationError(
            "entity " + std::to_string(from.value) + " sent a message to entity " + std::to_string(to.value) +
            " with a delay of " + std::to_string(delay.nanoseconds) + " ns, less than the lookahead of " +
            std::to_string(lookahead_.nanoseconds) +
            " ns (an entity could change another one's past); raise the delay or lower the lookahead");
    }

    // Small runs have few events in a window, and touch few cache lines of each page: small pages keep those lines in
    // different sets of the cache.
    static std::size_t page_bytes(const Model& model, const EntityDirectory& directory) {
        if (model.largest_event() > max_event_bytes) {
            throw std::logic_error("the model's largest event exceeds " + std::to_string(max_event_bytes) + " bytes");
        }
        const std::size_t wanted = directory.entity_count() < 8192 ? 1024 : 4096;
        return std::max(wanted, std::bit_ceil(model.largest_event() + sizeof(PagePool::Page)));
    }

    using TimerRecord = std::array<std::byte, 64>;
    const EventHeader& timer(std::size_t i) const { return *reinterpret_cast<const EventHeader*>(timers_[i].data()); }

    const EntityDirectory& directory_;
    std::uint32_t index_;
    IdRange local_partitions_;
    std::uint32_t partitions_per_rank_;
    Duration lookahead_;
    std::size_t largest_event_;
    WindowGrid grid_;
    EventCalendar calendar_;
    EntityCoordinates coordinates_;
    DueEvents due_;
    std::vector<EventChain> blocks_;
    std::unique_ptr<State> state_;
    std::vector<Bytes> to_local_;
    Outgoing to_ranks_;
    std::int64_t earliest_sent_ = WindowGrid::none;
    Window window_;
    bool inside_window_ = false;
    std::vector<TimerRecord> timers_;
    EngineCounters counters_;
    [[no_unique_address]] invariants::OrderOfEvents order_;
};

}  // namespace parley
