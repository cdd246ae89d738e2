// The loop and its rules: lookahead, order of events and boundaries, errors.
#include "engine/simulation.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/support/script_model.hpp"

namespace parley {
namespace {

// --- the lookahead

TEST(Simulation, RefusesAMessageFasterThanTheLookaheadNamingEverythingInvolved) {
    for (const std::uint32_t partitions : {1U, 3U}) {
        Script script;
        script.entities = 300;
        script.lookahead = Duration{5000};
        script.start = [](ScriptContext& context) {
            if (context.self().value == 17) context.schedule(Duration{10}, 0, Number{});
        };
        script.handle = [](ScriptContext& context, const Event&) {
            context.send(EntityId{242}, Duration{4999}, 0, Number{});
        };
        const std::string message = error_of([&] { run(script, SimTime{100'000}, {partitions, 1}); });
        for (const char* part : {"17", "242", "4999", "5000"}) {
            EXPECT_NE(message.find(part), std::string::npos) << message << " lacks " << part;
        }
    }
}

TEST(Simulation, RefusesAListFasterThanTheLookahead) {
    Script script;
    script.start = [](ScriptContext& context) {
        const std::vector<std::uint64_t> items{1, 2};
        context.send_list(EntityId{1}, Duration{99}, 0, Number{2}, std::span<const std::uint64_t>(items));
    };
    EXPECT_NE(error_of([&] { run(script, SimTime{1000}); }).find("lookahead"), std::string::npos);
}

TEST(Simulation, RefusesAShortMessageOfAnEntityToItself) {
    Script script;
    script.start = [](ScriptContext& context) { context.send(context.self(), Duration{99}, 0, Number{}); };
    EXPECT_NE(error_of([&] { run(script, SimTime{1000}); }).find("lookahead"), std::string::npos);
}

TEST(Simulation, TakesAMessageOfExactlyTheLookahead) {
    Script script;
    std::vector<std::int64_t> times;
    script.start = [](ScriptContext& context) {
        if (context.self().value == 0) context.send(EntityId{1}, Duration{100}, 0, Number{});
    };
    script.handle = [&](ScriptContext& context, const Event&) { times.push_back(context.now().nanoseconds); };
    run(script, SimTime{1000});
    EXPECT_EQ(times, std::vector<std::int64_t>{100});
}

// --- order

TEST(Simulation, FiresTimersOfTheSameWindowInOrder) {
    Script script;
    script.entities = 1;
    std::vector<std::pair<std::int64_t, std::uint64_t>> log;
    script.start = [](ScriptContext& context) { context.schedule(Duration{1010}, 0, Number{0}); };
    script.handle = [&](ScriptContext& context, const Event& event) {
        const std::uint64_t number = event.payload<Number>().value;
        log.emplace_back(context.now().nanoseconds, number);
        if (number != 0) return;
        context.schedule(Duration{50}, 0, Number{1});
        context.schedule(Duration{20}, 0, Number{2});
        context.schedule(Duration{0}, 0, Number{3});
        context.schedule(Duration{20}, 0, Number{4});
        context.schedule(Duration{300}, 0, Number{5});
    };
    const ScriptOutcome outcome = run(script, SimTime{5000});
    const std::vector<std::pair<std::int64_t, std::uint64_t>> wanted{{1010, 0}, {1010, 3}, {1030, 2},
                                                                     {1030, 4}, {1060, 1}, {1310, 5}};
    EXPECT_EQ(log, wanted);
    EXPECT_EQ(outcome.counters.events, 6U);
    EXPECT_EQ(outcome.counters.windows, 2U);
}

TEST(Simulation, FiresATimerBetweenTwoMessagesOfItsWindow) {
    Script script;
    script.entities = 3;
    std::vector<std::uint64_t> log;
    script.start = [](ScriptContext& context) {
        if (context.self().value == 0) context.send(EntityId{2}, Duration{210}, 0, Number{0});
        if (context.self().value == 1) context.send(EntityId{2}, Duration{250}, 0, Number{1});
    };
    script.handle = [&](ScriptContext& context, const Event& event) {
        const std::uint64_t number = event.payload<Number>().value;
        log.push_back(number);
        if (number != 0) return;
        context.schedule(Duration{60}, 0, Number{4});  // 270, after message 1
        context.schedule(Duration{39}, 0, Number{2});  // 249, before it
        context.schedule(Duration{40}, 0, Number{3});  // 250: sender 2 comes after sender 1
    };
    run(script, SimTime{1000});
    EXPECT_EQ(log, (std::vector<std::uint64_t>{0, 2, 1, 3, 4}));
}

TEST(Simulation, OrdersSimultaneousEventsBySenderThenSequence) {
    Script script;
    script.entities = 5;
    std::vector<std::uint64_t> log;
    script.start = [](ScriptContext& context) {
        const std::uint32_t self = context.self().value;
        if (self == 2) return;
        for (std::uint64_t i = 0; i < 3; ++i) context.send(EntityId{2}, Duration{500}, 0, Number{self * 10ULL + i});
    };
    script.handle = [&](ScriptContext&, const Event& event) { log.push_back(event.payload<Number>().value); };
    for (const std::uint32_t partitions : {1U, 2U, 5U}) {
        log.clear();
        run(script, SimTime{1000}, {partitions, 1});
        EXPECT_EQ(log, (std::vector<std::uint64_t>{0, 1, 2, 10, 11, 12, 30, 31, 32, 40, 41, 42}));
    }
}

TEST(Simulation, PutsABoundaryAfterAllEventsBeforeItAndBeforeAllOthers) {
    Script script;
    script.lookahead = Duration{100};
    // 250 and 255 cut the window [200, 300); 300 and 400 lie on its grid; 777 has no events around it.
    script.boundaries = {SimTime{250}, SimTime{255}, SimTime{300}, SimTime{400}, SimTime{777}, SimTime{1000}};
    std::vector<std::int64_t> log;  // times of events; boundaries as negative numbers
    script.start = [](ScriptContext& context) {
        for (const std::int64_t time : {249, 250, 251, 254, 255, 299, 300, 399, 400, 999}) {
            context.schedule(Duration{time}, 0, Number{});
        }
    };
    script.handle = [&](ScriptContext& context, const Event&) { log.push_back(context.now().nanoseconds); };
    script.boundary = [&](SimTime now) { log.push_back(-now.nanoseconds); };
    // The larger run has more events in a window than are handled at once.
    for (const auto& [entities, partitions] : {std::pair(4U, 1U), std::pair(4U, 4U), std::pair(6000U, 1U)}) {
        script.entities = entities;
        log.clear();
        run(script, SimTime{1000}, {partitions, 1});
        std::vector<std::int64_t> calls;
        std::set<std::int64_t> events_seen;
        std::size_t events = 0;
        for (const std::int64_t entry : log) {
            if (entry >= 0) {
                ++events;
                events_seen.insert(entry);
                EXPECT_GE(entry, calls.empty() ? 0 : -calls.back());
                continue;
            }
            calls.push_back(entry);
            // All events before the boundary are done, no other one is.
            std::size_t expected = 0;
            for (const std::int64_t time : {249, 250, 251, 254, 255, 299, 300, 399, 400, 999})
                expected += time < -entry;
            EXPECT_EQ(events, entities * expected) << "at boundary " << -entry;
        }
        EXPECT_EQ(calls, (std::vector<std::int64_t>{-250, -255, -300, -400, -777, -1000}));
        EXPECT_EQ(events, 10 * entities);
        EXPECT_EQ(events_seen.size(), 10U);
    }
}

TEST(Simulation, FiresATimerSetAcrossABoundaryAfterIt) {
    Script script;
    script.entities = 1;
    script.boundaries = {SimTime{250}, SimTime{1000}};
    std::vector<std::int64_t> log;
    script.start = [](ScriptContext& context) { context.schedule(Duration{210}, 0, Number{0}); };
    script.handle = [&](ScriptContext& context, const Event& event) {
        log.push_back(context.now().nanoseconds);
        if (event.payload<Number>().value == 0) {
            context.schedule(Duration{40}, 0, Number{1});
            context.schedule(Duration{39}, 0, Number{1});
        }
    };
    script.boundary = [&](SimTime now) { log.push_back(-now.nanoseconds); };
    run(script, SimTime{1000});
    EXPECT_EQ(log, (std::vector<std::int64_t>{210, 249, -250, 250, -1000}));
}

// --- the end

TEST(Simulation, HandlesEventsBeforeTheEndOnly) {
    Script script;
    script.entities = 1;
    std::vector<std::int64_t> log;
    script.start = [](ScriptContext& context) {
        for (const std::int64_t time : {999, 1000, 1001}) context.schedule(Duration{time}, 0, Number{});
    };
    script.handle = [&](ScriptContext& context, const Event&) { log.push_back(context.now().nanoseconds); };
    const ScriptOutcome outcome = run(script, SimTime{1000});
    EXPECT_EQ(log, std::vector<std::int64_t>{999});
    EXPECT_EQ(outcome.pending, 2U);
}

TEST(Simulation, EndsAtOnceWithoutEvents) {
    Script script;
    script.boundaries = {SimTime{500'000'000'000}, SimTime{1'000'000'000'000}};
    std::vector<std::int64_t> boundaries;
    script.boundary = [&](SimTime now) { boundaries.push_back(now.nanoseconds); };
    for (const std::uint32_t partitions : {1U, 2U}) {
        boundaries.clear();
        const ScriptOutcome outcome = run(script, SimTime{1'000'000'000'000}, {partitions, 1});
        EXPECT_EQ(outcome.counters.windows, 0U);
        EXPECT_EQ(outcome.counters.events, 0U);
        EXPECT_EQ(boundaries, (std::vector<std::int64_t>{500'000'000'000, 1'000'000'000'000}));
    }
}

TEST(Simulation, SkipsEmptyWindows) {
    Script script;
    script.entities = 1;
    script.start = [](ScriptContext& context) {
        for (const std::int64_t time : {0LL, 50LL, 1'000'000'000LL, 900'000'000'000LL}) {
            context.schedule(Duration{time}, 0, Number{});
        }
    };
    EXPECT_EQ(run(script, SimTime{1'000'000'000'000}).counters.windows, 3U);
}

// --- senders and counts

TEST(Simulation, NumbersTheEventsOfASender) {
    Script script;
    script.entities = 1;
    std::vector<std::uint32_t> counts;
    script.start = [&](ScriptContext& context) {
        for (int i = 0; i < 3; ++i) {
            counts.push_back(context.sent());
            context.schedule(Duration{i}, 0, Number{});
        }
    };
    script.handle = [&](ScriptContext&, const Event& event) { counts.push_back(event.header().sequence); };
    run(script, SimTime{1000});
    EXPECT_EQ(counts, (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2}));
}

TEST(Simulation, RefusesMoreEventsThanASenderCanNumber) {
    Script script;
    script.entities = 1;
    script.first_sequence = UINT32_MAX - 1;
    script.start = [](ScriptContext& context) { context.schedule(Duration{1}, 0, Number{}); };
    script.handle = [](ScriptContext& context, const Event&) { context.schedule(Duration{1}, 0, Number{}); };
    EXPECT_NE(error_of([&] { run(script, SimTime{1000}); }).find("2^32"), std::string::npos);
}

TEST(Simulation, RefusesATimerBeyondTheRangeOfTime) {
    Script script;
    script.start = [](ScriptContext& context) { context.schedule(Duration{50}, 0, Number{}); };
    script.handle = [](ScriptContext& context, const Event&) {
        context.schedule(Duration{std::numeric_limits<std::int64_t>::max() - 10}, 0, Number{});
    };
    EXPECT_NE(error_of([&] { run(script, SimTime{1000}); }).find("overflow"), std::string::npos);
}

TEST(Simulation, LeavesDiscountedEventsOutOfTheCount) {
    Script script;
    script.entities = 1;
    script.start = [](ScriptContext& context) {
        for (std::uint64_t i = 0; i < 10; ++i) context.schedule(Duration{1}, 0, Number{i});
    };
    script.handle = [](ScriptContext& context, const Event& event) {
        if (event.payload<Number>().value % 2 == 0) context.discount_event();
    };
    EXPECT_EQ(run(script, SimTime{1000}).counters.events, 5U);
}

// --- errors of several partitions

TEST(Simulation, RethrowsTheErrorOfTheLowestPartition) {
    Script script;
    script.entities = 400;
    script.start = [](ScriptContext& context) { context.schedule(Duration{10}, 0, Number{}); };
    // Partitions of 100 entities: all but the first fail.
    script.handle = [](ScriptContext& context, const Event&) {
        if (context.self().value % 100 == 50 && context.self().value > 100) {
            throw SimulationError("entity " + std::to_string(context.self().value));
        }
    };
    for (const int threads : {1, 2, 4}) {
        EXPECT_EQ(error_of([&] { run(script, SimTime{1000}, {4, threads}); }), "entity 150");
    }
}

TEST(Simulation, RethrowsTheErrorOfTheLowestPartitionAtTheStart) {
    Script script;
    script.entities = 400;
    script.start = [](ScriptContext& context) {
        if (context.self().value >= 200) throw SimulationError("entity " + std::to_string(context.self().value));
    };
    for (const int threads : {1, 2, 4}) {
        EXPECT_EQ(error_of([&] { run(script, SimTime{1000}, {4, threads}); }), "entity 200");
    }
}

TEST(ForEachInParallel, DoesAllWorkOnceAndRethrowsTheLowestError) {
    for (const int threads : {1, 2, 3}) {
        std::vector<int> done(100);
        for_each_in_parallel(done.size(), threads, [&](std::size_t i) { ++done[i]; });
        EXPECT_EQ(done, std::vector<int>(100, 1));
        const auto failing = [](std::size_t i) {
            if (i % 7 == 6) throw SimulationError(std::to_string(i));
        };
        EXPECT_EQ(error_of([&] { for_each_in_parallel(100, threads, failing); }), "6");
    }
}

// --- messages from other ranks

// A transport that brings this rank, as if from another one, an event for a time that is done.
class LateTransport final : public Transport {
   public:
    explicit LateTransport(const EventHeader& late) : late_(late) {}
    int rank() const override { return 0; }
    int size() const override { return 2; }
    std::int64_t exchange(Outgoing& outgoing, Bytes& incoming, std::int64_t local_minimum) override {
        outgoing.clear();
        if (++exchanges_ == 3) {
            const auto bytes = std::as_bytes(std::span(&late_, 1));
            incoming.insert(incoming.end(), bytes.begin(), bytes.end());
        }
        return local_minimum;
    }
    void use(ExchangeStrategy) override {}
    void sum(std::span<std::uint64_t>) override {}
    void maximum(std::span<std::uint64_t>) override {}
    std::vector<Bytes> gather_all(const Bytes& mine) override { return {mine, mine}; }
    void gather_parts(std::span<std::byte>, std::span<const std::size_t>) override {}
    void send(int, const Bytes&) override {}
    Bytes receive(int) override { return {}; }
    [[noreturn]] void abort(int exit_code) override { std::exit(exit_code); }

   private:
    EventHeader late_;
    int exchanges_ = 0;
};

// What a run on two ranks says when an event for entity 0 at `due` comes after two windows of 100 ns.
std::string error_of_late_event(SimTime due) {
    Script script;
    script.start = [](ScriptContext& context) {
        if (context.self() != EntityId{0}) return;
        for (const std::int64_t at : std::initializer_list<std::int64_t>{50, 150, 250, 350})
            context.schedule(Duration{at}, 0, Number{0});
    };
    ScriptModel model(script);
    LateTransport transport({due, EntityId{0}, EntityId{1}, 0, 0, sizeof(EventHeader)});
    Simulation<ScriptModel> simulation(model, transport, {});
    Progress progress(SimTime{1000}, true);
    try {
        simulation.run(SimTime{1000}, progress);
    } catch (const std::logic_error& error) {
        return error.what();
    }
    return "no error";
}

TEST(Simulation, RefusesAnEventForATimeThatIsDone) {
    const std::string said = error_of_late_event(SimTime{199});
    for (const char* word : {"entity 0", "199 ns", "200 ns", "report it"}) {
        EXPECT_NE(said.find(word), std::string::npos) << said;
    }
    EXPECT_EQ(error_of_late_event(SimTime{200}), "no error");
}

TEST(Simulation, TellsWhatIsPendingByKind) {
    Script script;
    script.start = [](ScriptContext& context) {
        for (const std::int64_t at : std::initializer_list<std::int64_t>{50, 1500, 5'000'000'000}) {
            context.schedule(Duration{at}, static_cast<std::uint16_t>(at == 50 ? 0 : 2), Number{0});
        }
        context.send(EntityId{1 - context.self().value}, Duration{2000}, 1, Number{0});
    };
    for (const std::uint32_t partitions : {1U, 2U}) {
        ScriptModel model(script);
        const auto transport = make_serial_transport();
        Simulation<ScriptModel> simulation(model, *transport, {partitions, 1});
        Progress progress(SimTime{1000}, true);
        simulation.run(SimTime{1000}, progress);
        EXPECT_EQ(simulation.pending_by_kind(3), (std::vector<std::uint64_t>{0, 2, 4}));
    }
}

}  // namespace
}  // namespace parley
