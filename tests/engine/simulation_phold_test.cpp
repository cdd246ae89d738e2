// The loop against a textbook engine, on the benchmark model: the same events in the same order for any number of
// partitions, threads and ranks.
#include <gtest/gtest.h>

#include <functional>
#include <queue>
#include <thread>
#include <tuple>

#include "engine/simulation.hpp"
#include "models/phold/phold_model.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley {
namespace {

phold::Parameters phold_parameters(std::uint32_t entities, Duration tick, double remote) {
    phold::Parameters p;
    p.seed = 11;
    p.end = SimTime{30'000'000'000};
    p.entities = entities;
    p.remote = remote;
    p.mean = Duration{1'000'000'000};
    p.lookahead = Duration{500'000'000};
    p.tick = tick;
    return p;
}

struct PholdResult {
    std::uint64_t digest = 0;
    std::uint64_t events = 0;
    friend bool operator==(const PholdResult&, const PholdResult&) = default;
};

// One priority queue in the full order of events.
PholdResult textbook(const phold::Parameters& p) {
    using Key = std::tuple<std::int64_t, std::uint32_t, std::uint32_t, std::uint32_t>;  // time, to, sender, sequence
    std::priority_queue<Key, std::vector<Key>, std::greater<>> pending;
    std::vector<phold::Entity> entities(p.entities);
    for (std::uint32_t i = 0; i < p.entities; ++i) {
        pending.emplace(phold::first_delay(p, i).nanoseconds, i, i, entities[i].sequence++);
    }
    PholdResult result;
    while (!pending.empty() && std::get<0>(pending.top()) < p.end.nanoseconds) {
        const auto [time, self, sender, sequence] = pending.top();
        pending.pop();
        phold::Entity& entity = entities[self];
        const EventHeader event{SimTime{time}, EntityId{self}, EntityId{sender}, sequence, 0, 24};
        phold::fold(entity, event, p.work);
        const phold::Decision next = phold::decide(p, self, entity.handled++);
        pending.emplace(time + next.delay.nanoseconds, next.destination, self, entity.sequence++);
        ++result.events;
    }
    result.digest = phold::digest_of(entities, 0);
    return result;
}

PholdResult run_phold(const phold::Parameters& p, Transport& transport, ExecutionOptions options) {
    phold::PholdModel model(p);
    Simulation<phold::PholdModel> simulation(model, transport, options);
    Progress progress(p.end, true);
    simulation.run(p.end, progress);
    return {model.digest(), model.events()};
}

const std::vector<phold::Parameters> phold_cases{
    phold_parameters(1, Duration{1}, 1),                  // alone
    phold_parameters(1000, Duration{1}, 0.25),            // hardly any ties
    phold_parameters(1000, Duration{250'000'000}, 0.25),  // about 120 times for all events: many ties
    phold_parameters(1000, Duration{1'000'000'000}, 1),   // everything is remote and simultaneous
    phold_parameters(3, Duration{500'000'000}, 0.9),
};

// So many events in a window that they are handled in blocks.
phold::Parameters crowded_phold() {
    phold::Parameters p = phold_parameters(100'000, Duration{100'000'000}, 0.5);
    p.end = SimTime{2'000'000'000};
    return p;
}

TEST(Phold, DoesWhatATextbookEngineDoesForAnyNumberOfPartitionsAndThreads) {
    for (const phold::Parameters& p : phold_cases) {
        const PholdResult wanted = textbook(p);
        ASSERT_GT(wanted.events, p.entities);
        for (const std::uint32_t partitions : {1U, 2U, 3U, 5U}) {
            for (const int threads : {1, 2}) {
                const auto transport = make_serial_transport();
                EXPECT_EQ(run_phold(p, *transport, {partitions, threads}), wanted)
                    << p.entities << " entities, " << partitions << " partitions, " << threads << " threads";
            }
        }
    }
}

TEST(Phold, DoesWhatATextbookEngineDoesInCrowdedWindows) {
    const phold::Parameters p = crowded_phold();
    const PholdResult wanted = textbook(p);
    for (const std::uint32_t partitions : {1U, 2U}) {
        const auto transport = make_serial_transport();
        EXPECT_EQ(run_phold(p, *transport, {partitions, 2}), wanted) << partitions << " partitions";
    }
}

TEST(Phold, DigestTellsTheOrderOfSimultaneousEvents) {
    const EventHeader a{SimTime{5}, EntityId{0}, EntityId{1}, 0, 0, 24};
    const EventHeader b{SimTime{5}, EntityId{0}, EntityId{2}, 0, 0, 24};
    std::vector<phold::Entity> ab(1);
    std::vector<phold::Entity> ba(1);
    phold::fold(ab[0], a, 0);
    phold::fold(ab[0], b, 0);
    phold::fold(ba[0], b, 0);
    phold::fold(ba[0], a, 0);
    EXPECT_NE(phold::digest_of(ab, 0), phold::digest_of(ba, 0));
}

TEST(Phold, CutsOfTheDigestAddUp) {
    std::vector<phold::Entity> entities(10);
    for (std::uint32_t i = 0; i < 10; ++i) entities[i] = {i, i * i, 977ULL * i};
    const std::span<const phold::Entity> all(entities);
    EXPECT_EQ(phold::digest_of(all, 0), phold::digest_of(all.first(4), 0) + phold::digest_of(all.subspan(4), 4));
}

// --- several ranks in one process

TEST(Phold, DoesWhatATextbookEngineDoesForAnyNumberOfRanks) {
    const phold::Parameters p = phold_parameters(300, Duration{250'000'000}, 0.5);
    const PholdResult wanted = textbook(p);
    for (const int ranks : {2, 3}) {
        for (const std::uint32_t partitions : {1U, 2U}) {
            Meeting meeting(ranks);
            std::vector<PholdResult> results(static_cast<std::size_t>(ranks));
            std::vector<std::thread> threads;
            threads.reserve(results.size());
            for (int rank = 0; rank < ranks; ++rank) {
                threads.emplace_back([&, rank] {
                    ThreadTransport transport(meeting, rank, ranks);
                    results[static_cast<std::size_t>(rank)] = run_phold(p, transport, {partitions, 1});
                });
            }
            for (std::thread& thread : threads) thread.join();
            for (const PholdResult& result : results) EXPECT_EQ(result, wanted) << ranks << " ranks";
        }
    }
}

}  // namespace
}  // namespace parley
