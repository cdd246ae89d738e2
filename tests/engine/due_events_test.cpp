// The events of a window come in the order (entity, time, sender, sequence), however they arrive.
#include "engine/due_events.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tuple>

namespace parley {
namespace {

const std::vector<EntityKind> kinds{{"peers", 1000, 8, {}}, {"shards", 10, 2048, {}}, {"accounts", 1000, 1, {}}};
using Draw = std::function<std::uint64_t(std::uint64_t)>;  // uniform in [0, n)

// What one window of one partition may see: how many events, and to whom and when they go.
struct Load {
    std::size_t events;
    std::function<std::uint32_t(const Draw&)> destination;
    std::int64_t window_length;
    std::int64_t tick;  // times are multiples of it: many ties
};

void expect_sorted(const EntityDirectory& directory, std::uint32_t partition, const Load& load, DueEvents& due,
                   const EntityCoordinates& coordinates, std::int64_t window) {
    std::mt19937_64 random(7 + load.events);
    const Draw draw = [&](std::uint64_t n) { return random() % n; };
    const SimTime begin{window * load.window_length};
    std::vector<EventHeader> events;
    std::vector<std::uint32_t> sent(directory.entity_count());
    while (events.size() < load.events) {
        const std::uint32_t to = load.destination(draw);
        if (directory.partition_of(EntityId{to}) != partition) continue;
        const auto sender = static_cast<std::uint32_t>(draw(5));
        const auto steps = static_cast<std::uint64_t>((load.window_length + load.tick - 1) / load.tick);
        const Duration offset{static_cast<std::int64_t>(draw(steps)) * load.tick};
        events.push_back({begin + offset, EntityId{to}, EntityId{sender}, sent[sender]++, 0, 24});
    }
    std::shuffle(events.begin(), events.end(), random);
    due.clear();
    for (const EventHeader& event : events) due.add(event, begin);
    std::vector<const EventHeader*> wanted;
    wanted.reserve(events.size());
    for (const EventHeader& event : events) wanted.push_back(&event);
    std::stable_sort(wanted.begin(), wanted.end(), [](const EventHeader* a, const EventHeader* b) {
        return std::tuple(a->destination, a->time, a->sender, a->sequence) <
               std::tuple(b->destination, b->time, b->sender, b->sequence);
    });
    const auto& got = due.sort(0, coordinates.end());
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i].event, wanted[i]) << i << " of " << got.size();
}

// Uses one sorter for all sizes, as a partition does.
void expect_sorted_at_all_sizes(Load load, std::uint32_t partitions, std::uint32_t partition) {
    const EntityDirectory directory = EntityDirectory::balanced(kinds, partitions);
    const EntityCoordinates coordinates(directory, partition);
    DueEvents due(coordinates, Duration{load.window_length});
    for (const std::size_t events : {0U, 1U, 2U, 23U, 24U, 25U, 26U, 100U, 1000U, 20'000U, 3U}) {
        load.events = events;
        expect_sorted(directory, partition, load, due, coordinates, 12);
    }
}

std::uint32_t anybody(const Draw& draw) { return static_cast<std::uint32_t>(draw(2010)); }
// Nine of ten events go to one shard, most others to one peer.
std::uint32_t mostly_one_shard(const Draw& draw) {
    const std::uint64_t chance = draw(100);
    return chance < 90 ? 1003 : chance < 99 ? 3 : anybody(draw);
}
std::uint32_t one_entity(const Draw&) { return 1001; }
std::uint32_t first_or_last(const Draw& draw) { return draw(2) == 0 ? 0 : 2009; }

TEST(DueEvents, AreOrderedByEntityTimeSenderAndSequence) {
    expect_sorted_at_all_sizes({0, anybody, 5'000'000, 1}, 1, 0);
    expect_sorted_at_all_sizes({0, anybody, 5'000'000, 1}, 3, 1);
}

TEST(DueEvents, AreOrderedWhenMostTimesAreEqual) {
    expect_sorted_at_all_sizes({0, anybody, 5'000'000, 1'250'000}, 1, 0);
    expect_sorted_at_all_sizes({0, anybody, 5'000'000, 5'000'000}, 1, 0);
}

TEST(DueEvents, AreOrderedUnderSkewedLoads) {
    expect_sorted_at_all_sizes({0, mostly_one_shard, 5'000'000, 1000}, 1, 0);
    expect_sorted_at_all_sizes({0, one_entity, 5'000'000, 1000}, 1, 0);
    expect_sorted_at_all_sizes({0, first_or_last, 5'000'000, 1000}, 1, 0);
}

// The sorting key has 32 bits for the time in the window: longer windows need the full comparison.
TEST(DueEvents, AreOrderedInWindowsOfMinutes) {
    expect_sorted_at_all_sizes({0, anybody, 600'000'000'000, 1}, 1, 0);
    expect_sorted_at_all_sizes({0, one_entity, 600'000'000'000, 1}, 1, 0);
    // Distances below the key's resolution, which is 256 ns here.
    expect_sorted_at_all_sizes({0, one_entity, 600'000'000'000, 60'000'000'007}, 1, 0);
}

TEST(DueEvents, AreOrderedInWindowsOfOneNanosecond) { expect_sorted_at_all_sizes({0, anybody, 1, 1}, 1, 0); }

TEST(DueEvents, TellTimesApartThatDifferByANanosecondInALongWindow) {
    const EntityDirectory directory = EntityDirectory::balanced(kinds, 1);
    const EntityCoordinates coordinates(directory, 0);
    DueEvents due(coordinates, Duration{600'000'000'000});
    const EventHeader late{SimTime{1001}, EntityId{4}, EntityId{0}, 0, 0, 24};
    const EventHeader early{SimTime{1000}, EntityId{4}, EntityId{1}, 0, 0, 24};
    due.add(late, SimTime{0});
    due.add(early, SimTime{0});
    const auto& order = due.sort(0, coordinates.end());
    EXPECT_EQ(order[0].event, &early);
    EXPECT_EQ(order[1].event, &late);
}

// A partition sorts block by block of entities: the range of coordinates is that of the block.
TEST(DueEvents, AreOrderedWithinABlockOfEntities) {
    const EntityDirectory directory = EntityDirectory::balanced(kinds, 1);
    const EntityCoordinates coordinates(directory, 0);
    DueEvents due(coordinates, Duration{1000});
    std::mt19937_64 random(4);
    std::vector<EventHeader> events;
    for (std::uint32_t i = 0; i < 3000; ++i) {
        const auto entity = static_cast<std::uint32_t>(600 + random() % 100);
        events.push_back(
            {SimTime{static_cast<std::int64_t>(random() % 20)}, EntityId{entity}, EntityId{i % 7}, i, 0, 24});
    }
    for (const EventHeader& event : events) due.add(event, SimTime{0});
    ASSERT_EQ(due.size(), events.size());
    const auto& got = due.sort(coordinates.of(EntityId{600}), coordinates.of(EntityId{700}));
    for (std::size_t i = 1; i < got.size(); ++i) {
        const EventHeader& a = *got[i - 1].event;
        const EventHeader& b = *got[i].event;
        ASSERT_LT(std::tuple(a.destination, a.time, a.sender, a.sequence),
                  std::tuple(b.destination, b.time, b.sender, b.sequence));
    }
    EXPECT_EQ(got.size(), events.size());
}

TEST(EntityCoordinates, GrowWithTheIdAndKnowTheirOwn) {
    const EntityDirectory directory = EntityDirectory::balanced(kinds, 3);
    for (std::uint32_t partition = 0; partition < 3; ++partition) {
        const EntityCoordinates coordinates(directory, partition);
        std::uint32_t owned = 0;
        std::int64_t before = -1;
        for (std::uint32_t id = 0; id < directory.entity_count(); ++id) {
            const bool mine = directory.partition_of(EntityId{id}) == partition;
            ASSERT_EQ(coordinates.owns(EntityId{id}), mine);
            if (!mine) continue;
            ++owned;
            const std::uint32_t at = coordinates.of(EntityId{id});
            ASSERT_GT(std::int64_t{at}, before);
            ASSERT_LT(at, coordinates.end());
            before = at;
        }
        EXPECT_EQ(owned, directory.range(partition, 0).size() + directory.range(partition, 1).size() +
                             directory.range(partition, 2).size());
    }
}

}  // namespace
}  // namespace parley
