// Stopping, storing and going on, on the benchmark model, whose digest tells whether every event was handled once and
// in order.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "tests/support/memory_checkpoint.hpp"
#include "tests/support/phold_case.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley {
namespace {

struct Shape {
    int ranks;
    std::uint32_t partitions;
};

struct Outcome {
    std::uint64_t digest = 0;
    std::uint64_t events = 0;
    std::uint64_t windows = 0;
    bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(const phold::PholdModel& model) { return {model.digest(), model.events(), model.windows()}; }

// Runs to the end and stores each checkpoint that is wished; `from`: goes on from it.
Outcome run(Shape shape, Duration every, MemoryCheckpoint* to, MemoryCheckpoint* from = nullptr) {
    Outcome outcome;
    run_as_ranks(shape.ranks, [&](Transport& transport) {
        phold::PholdModel model(phold_case());
        Simulation<phold::PholdModel> simulation(model, transport, {shape.partitions, 1});
        Progress progress(phold_case().end, true);
        CheckpointPlan plan(Duration{}, every, transport.is_root());
        if (from != nullptr) simulation.restore(transport.is_root() ? from : nullptr, phold_case().end);
        plan.passed(simulation.done());
        while (simulation.run(phold_case().end, progress, &plan) != CheckpointWish::none) {
            MemoryCheckpoint latest;
            simulation.save(transport.is_root() ? &latest : nullptr);
            if (transport.is_root() && to != nullptr) *to = latest;
            plan.passed(simulation.done());
        }
        if (transport.is_root()) outcome = outcome_of(model);
    });
    return outcome;
}

class Shapes : public testing::TestWithParam<std::tuple<Shape, Shape>> {};

TEST_P(Shapes, ARunGoesOnInAnother) {
    const auto [before, after] = GetParam();
    const Outcome complete = run({1, 1}, Duration{}, nullptr);
    MemoryCheckpoint checkpoint;
    EXPECT_EQ(run(before, Duration{23'000'000'000}, &checkpoint), complete) << "storing changed the run";
    ASSERT_FALSE(checkpoint.sections().empty());
    EXPECT_EQ(run(after, Duration{}, nullptr, &checkpoint), complete);
}

constexpr Shape shapes[] = {{1, 1}, {1, 3}, {2, 1}, {3, 2}};
std::string name_of(const testing::TestParamInfo<Shapes::ParamType>& test) {
    const Shape& before = std::get<0>(test.param);
    const Shape& after = std::get<1>(test.param);
    return std::to_string(before.ranks) + "x" + std::to_string(before.partitions) + "to" + std::to_string(after.ranks) +
           "x" + std::to_string(after.partitions);
}
INSTANTIATE_TEST_SUITE_P(Checkpoint, Shapes, testing::Combine(testing::ValuesIn(shapes), testing::ValuesIn(shapes)),
                         name_of);

TEST(Checkpoint, HoldsTheSameWhereverEntitiesLived) {
    MemoryCheckpoint one;
    MemoryCheckpoint other;
    run({1, 1}, Duration{23'000'000'000}, &one);
    run({3, 2}, Duration{23'000'000'000}, &other);
    EXPECT_EQ(one.sections().at("entities/entities"), other.sections().at("entities/entities"));
}

TEST(Checkpoint, IsWishedAtMultiplesOfSimulatedTime) {
    CheckpointPlan plan(Duration{}, Duration{10}, true);
    EXPECT_EQ(plan.wish(SimTime{9}), CheckpointWish::none);
    EXPECT_EQ(plan.wish(SimTime{10}), CheckpointWish::periodic);
    plan.passed(SimTime{17});
    EXPECT_EQ(plan.wish(SimTime{19}), CheckpointWish::none);
    EXPECT_EQ(plan.wish(SimTime{20}), CheckpointWish::periodic);
}

TEST(Checkpoint, OnlyTheRootKeepsTime) {
    CheckpointPlan plan(Duration{1}, Duration{1}, false);
    EXPECT_EQ(plan.wish(SimTime{1'000'000}), CheckpointWish::none);
}

TEST(Checkpoint, IsWishedAfterWallTime) {
    CheckpointPlan plan(Duration{1}, Duration{}, true);
    CheckpointWish wish = CheckpointWish::none;
    // A look at the clock comes at the 64th window at the latest.
    for (int window = 0; window < 64 && wish == CheckpointWish::none; ++window) wish = plan.wish(SimTime{});
    EXPECT_EQ(wish, CheckpointWish::periodic);
    CheckpointPlan never_due(Duration{}, Duration{}, true);
    for (int window = 0; window < 1000; ++window) EXPECT_EQ(never_due.wish(SimTime{window}), CheckpointWish::none);
}

// Restoring from a checkpoint of which one section was changed; what it says, or "" when it is taken.
template <class Change>
std::string refusal_of(const std::string& section, const Change& change) {
    static const MemoryCheckpoint good = [] {
        MemoryCheckpoint stored;
        run({1, 1}, Duration{23'000'000'000}, &stored);
        return stored;
    }();
    MemoryCheckpoint damaged;
    for (auto [name, bytes] : good.sections()) {
        if (name == section) change(bytes);
        damaged.begin(name);
        damaged.append(bytes);
    }
    const auto transport = make_serial_transport();
    phold::PholdModel model(phold_case());
    Simulation<phold::PholdModel> simulation(model, *transport, {});
    try {
        simulation.restore(&damaged, phold_case().end);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

// Writes a number over the bytes at `place`.
auto put(std::size_t place, std::uint64_t value) {
    return [=](Bytes& bytes) { std::memcpy(bytes.data() + place, &value, sizeof value); };
}

constexpr const char* no_state =
    "the state in the checkpoint is not laid out as this program expects; resume it with the program that wrote it";
constexpr const char* no_event = "an event of a checkpoint is not one of this model";

TEST(DamagedCheckpoint, IsRefusedWhereItsTimesAreNoneOfTheRun) {
    EXPECT_EQ(refusal_of("model", [](Bytes&) {}), "");
    // The section begins with what is simulated, and the next boundary: the end of the run.
    const auto end = static_cast<std::uint64_t>(phold_case().end.nanoseconds);
    for (const std::uint64_t time : {end, end + 1, std::uint64_t{INT64_MAX}, UINT64_MAX}) {
        EXPECT_EQ(refusal_of("model", put(0, time)), no_state) << time;
    }
    EXPECT_EQ(refusal_of("model", put(8, end - 1)), no_state);
    EXPECT_EQ(refusal_of("model", put(8, std::uint64_t{1} << 63)), no_state);
}

TEST(DamagedCheckpoint, IsRefusedWhereItsBlocksAreNotThere) {
    const std::string section = "entities/entities";
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1} << 40, UINT64_MAX}) {
        EXPECT_EQ(refusal_of(section, put(0, size)), no_state) << size;
    }
    EXPECT_EQ(refusal_of(section, [](Bytes& bytes) { bytes.push_back({}); }), no_state);
    EXPECT_EQ(refusal_of("sums", put(0, UINT64_MAX)), no_state);
}

TEST(DamagedCheckpoint, IsRefusedWhereAnEventIsNotOneOfTheFuture) {
    // The first entity with an event: its record has a size (32 bit), sent and handled events, a digest, and the bytes
    // of its events, which begin with a time.
    const auto event_of_the_first = [](const auto& change) {
        return [=](Bytes& bytes) {
            std::size_t at = sizeof(std::uint64_t);
            std::uint32_t size = 0;
            for (std::memcpy(&size, bytes.data() + at, sizeof size); size == 24;
                 std::memcpy(&size, bytes.data() + at, sizeof size)) {
                at += sizeof size + size;
            }
            ASSERT_EQ(size % 24, 0);
            change(bytes, at + sizeof size + 24);
        };
    };
    const auto with_time = [&](std::int64_t time) {
        return event_of_the_first(
            [=](Bytes& bytes, std::size_t event) { std::memcpy(bytes.data() + event, &time, sizeof time); });
    };
    const auto with_bytes = [&](std::uint16_t record) {
        return event_of_the_first([=](Bytes& bytes, std::size_t event) {
            std::memcpy(bytes.data() + event + offsetof(EventHeader, bytes), &record, sizeof record);
        });
    };
    EXPECT_EQ(refusal_of("entities/entities", with_time(phold_case().end.nanoseconds)), "");
    EXPECT_EQ(refusal_of("entities/entities", with_time(0)), no_event);
    EXPECT_EQ(refusal_of("entities/entities", with_time(-1)), no_event);
    for (const std::uint16_t record : std::initializer_list<std::uint16_t>{0, 20, 28, 32}) {
        EXPECT_EQ(refusal_of("entities/entities", with_bytes(record)), no_event) << record;
    }
}

}  // namespace
}  // namespace parley
