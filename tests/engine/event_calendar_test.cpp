// The calendar against a std::multimap, over windows near, far and beyond the far buckets.
#include "engine/event_calendar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

namespace parley {
namespace {

constexpr Duration window_length{1000};

// A record whose payload repeats its number, so that a misplaced byte is seen.
struct Record {
    static constexpr std::array<std::uint16_t, 4> sizes{24, 32, 64, 1000};
    alignas(8) std::array<std::byte, 1000> bytes{};

    Record(SimTime time, std::uint32_t number, std::uint16_t size) {
        const EventHeader header{time, EntityId{number % 7}, EntityId{number % 5}, number, 3, size};
        std::memcpy(bytes.data(), &header, sizeof header);
        std::fill(bytes.begin() + sizeof header, bytes.begin() + size, std::byte(number));
    }
    const EventHeader& header() const { return *reinterpret_cast<const EventHeader*>(bytes.data()); }
};

bool payload_is_intact(const EventHeader& event) {
    const auto* payload = reinterpret_cast<const std::byte*>(&event + 1);
    return std::all_of(payload, payload + event.bytes - sizeof event,
                       [&](std::byte b) { return b == std::byte(event.sequence); });
}

// The calendar and the reference, driven together.
class Pair {
   public:
    explicit Pair(std::size_t page_bytes) : calendar_(WindowGrid(window_length), page_bytes) {}

    void insert(std::int64_t window, std::int64_t offset) {
        const SimTime time{window * window_length.nanoseconds + offset};
        const Record record(time, next_number_, Record::sizes[next_number_ % Record::sizes.size()]);
        calendar_.insert(record.header());
        reference_.emplace(window, std::pair(time.nanoseconds, next_number_));
        ++next_number_;
    }

    // Advances both to the next window and compares what is due there.
    void drain_next() {
        ASSERT_EQ(calendar_.pending_events(), reference_.size());
        const std::int64_t expected = reference_.empty() ? WindowGrid::none : reference_.begin()->first;
        ASSERT_EQ(calendar_.next_window(), expected);
        if (reference_.empty()) return;
        current_ = expected;
        calendar_.advance_to(current_);
        const auto [first, last] = reference_.equal_range(current_);
        std::vector<std::pair<std::int64_t, std::uint32_t>> wanted;
        for (auto at = first; at != last; ++at) wanted.push_back(at->second);
        reference_.erase(first, last);
        ASSERT_EQ(calendar_.due_events(), wanted.size());
        EventChain due = calendar_.take_due();
        EXPECT_EQ(due.events(), wanted.size());
        std::vector<std::pair<std::int64_t, std::uint32_t>> got;
        due.for_each([&](const EventHeader& event) {
            EXPECT_TRUE(payload_is_intact(event));
            got.emplace_back(event.time.nanoseconds, event.sequence);
        });
        due.release(calendar_.pages());
        std::sort(wanted.begin(), wanted.end());
        std::sort(got.begin(), got.end());
        ASSERT_EQ(got, wanted);
        EXPECT_EQ(calendar_.pending_events(), reference_.size());
    }

    std::int64_t current() const { return current_; }
    bool empty() const { return reference_.empty(); }
    EventCalendar& calendar() { return calendar_; }

   private:
    EventCalendar calendar_;
    std::multimap<std::int64_t, std::pair<std::int64_t, std::uint32_t>> reference_;
    std::uint32_t next_number_ = 0;
    std::int64_t current_ = 0;
};

TEST(EventCalendar, HoldsNothingAtFirst) {
    const EventCalendar calendar(WindowGrid(window_length), 4096);
    EXPECT_EQ(calendar.pending_events(), 0U);
    EXPECT_EQ(calendar.next_window(), WindowGrid::none);
}

TEST(EventCalendar, GivesBackEventsOfANearWindowInOrderOfArrival) {
    EventCalendar calendar(WindowGrid(window_length), 1024);
    for (std::uint32_t i = 0; i < 500; ++i) calendar.insert(Record(SimTime{7999 - i}, i, 64).header());
    EXPECT_EQ(calendar.next_window(), 7);
    calendar.advance_to(7);
    EventChain due = calendar.take_due();
    std::uint32_t next = 0;
    due.for_each([&](const EventHeader& event) { EXPECT_EQ(event.sequence, next++); });
    EXPECT_EQ(next, 500U);
    due.release(calendar.pages());
}

TEST(EventCalendar, GivesBackEventsOfAFarWindowInTheirTurn) {
    // The ring has 16384 windows; far buckets of 4096 reach to about two millions; then beyond.
    Pair pair(4096);
    const std::array<std::int64_t, 14> windows{5'000'000'000, 2'113'536, 16'384,    16'383,       0,
                                               20'479,        20'480,    2'097'152, 2'113'535,    4'096,
                                               12'288,        9'999'999, 16'385,    3'000'000'000};
    for (const std::int64_t window : windows) pair.insert(window, 999);
    for (const std::int64_t window : windows) pair.insert(window, 0);
    while (!pair.empty() && !HasFatalFailure()) pair.drain_next();
    pair.drain_next();
    EXPECT_EQ(pair.current(), 5'000'000'000);
}

TEST(EventCalendar, AgreesWithAMultimapUnderRandomOperations) {
    for (const std::size_t page_bytes : {1024U, 4096U}) {
        std::mt19937_64 random(42);
        Pair pair(page_bytes);
        for (int round = 0; round < 3000; ++round) {
            const int inserts = static_cast<int>(random() % 8);
            for (int i = 0; i < inserts; ++i) {
                // Equal shares of each distance: this window, near, the ring's edge, far, the far edge, beyond.
                constexpr std::array<std::int64_t, 7> spans{1, 10, 16'384, 20'480, 500'000, 2'113'536, 50'000'000};
                const auto span = spans[random() % spans.size()];
                const auto distance = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span));
                pair.insert(pair.current() + distance, static_cast<std::int64_t>(random() % 1000));
            }
            pair.drain_next();
            if (HasFatalFailure()) return;
        }
        while (!pair.empty() && !HasFatalFailure()) pair.drain_next();
    }
}

TEST(EventCalendar, TakesEventsBackIntoTheWindowBeingDrained) {
    Pair pair(1024);
    pair.insert(3, 10);
    pair.drain_next();
    pair.insert(3, 20);
    pair.insert(3, 30);
    pair.insert(4, 0);
    pair.drain_next();
    EXPECT_EQ(pair.current(), 3);
    pair.drain_next();
    EXPECT_EQ(pair.current(), 4);
    EXPECT_TRUE(pair.empty());
}

TEST(EventCalendar, ReusesItsPages) {
    EventCalendar calendar(WindowGrid(window_length), 4096);
    std::size_t reserved = 0;
    std::uint32_t number = 0;
    for (std::int64_t window = 0; window < 400; ++window) {
        for (int i = 0; i < 1000; ++i)
            calendar.insert(Record(SimTime{(window + 1 + i % 3) * 1000}, number++, 64).header());
        calendar.advance_to(window);
        EventChain due = calendar.take_due();
        due.release(calendar.pages());
        if (window == 10) reserved = calendar.reserved_bytes();
    }
    // The load is steady from the third window on: four windows of about 70 KB.
    EXPECT_EQ(calendar.reserved_bytes(), reserved);
    EXPECT_LT(reserved, std::size_t{8} << 20);
}

// --- chains of pages

TEST(EventChain, GivesPagesBackWhileItIsRead) {
    PagePool pool(1024);
    EventChain chain;
    for (std::uint32_t i = 0; i < 1000; ++i) chain.insert(Record(SimTime{i}, i, 64).header(), pool);
    chain.close();
    const std::size_t reserved = pool.reserved_bytes();
    // What is read moves to another chain, in the same pages.
    EventChain other;
    std::uint32_t next = 0;
    chain.consume(pool, [&](const EventHeader& event) {
        EXPECT_EQ(event.sequence, next++);
        EXPECT_TRUE(payload_is_intact(event));
        const Record copy(event.time, event.sequence, event.bytes);
        other.insert(copy.header(), pool);
    });
    EXPECT_EQ(next, 1000U);
    EXPECT_EQ(chain.events(), 0U);
    EXPECT_EQ(other.events(), 1000U);
    EXPECT_LE(pool.reserved_bytes(), reserved + 65'536);
    other.close();
    next = 0;
    other.for_each([&](const EventHeader& event) { EXPECT_EQ(event.sequence, next++); });
    EXPECT_EQ(next, 1000U);
    other.release(pool);
}

}  // namespace
}  // namespace parley
