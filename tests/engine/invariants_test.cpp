// The event-by-event checks, whether or not this build has them elsewhere.
#ifndef PARLEY_CHECK_INVARIANTS
#define PARLEY_CHECK_INVARIANTS
#endif
#include "engine/invariants.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace parley::invariants {

namespace {

const Window window{3, SimTime{300}, SimTime{400}};

EventHeader event(std::int64_t time, std::uint32_t to, std::uint32_t from, std::uint32_t sequence) {
    return {SimTime{time}, EntityId{to}, EntityId{from}, sequence, 0, sizeof(EventHeader)};
}

// What is said of these events, handled one after the other.
std::string said_of(const std::vector<EventHeader>& events) {
    OrderOfEvents order;
    try {
        for (const EventHeader& each : events) order.check(each, window);
    } catch (const std::logic_error& error) {
        return error.what();
    }
    return "nothing";
}

TEST(OrderOfEvents, TakesEventsOfTheWindowInTheTotalOrder) {
    EXPECT_EQ(said_of({event(300, 1, 2, 5), event(300, 1, 2, 6), event(300, 1, 3, 0), event(399, 1, 0, 0)}), "nothing");
}

TEST(OrderOfEvents, LooksAtEachEntityAlone) {
    EXPECT_EQ(said_of({event(350, 1, 2, 5), event(300, 4, 2, 4)}), "nothing");
}

TEST(OrderOfEvents, TakesATimerForThePresentTimeAfterAnySender) {
    EXPECT_EQ(said_of({event(350, 1, 2, 5), event(350, 1, 1, 0)}), "nothing");
}

TEST(OrderOfEvents, RefusesAnEventOutsideItsWindow) {
    EXPECT_NE(said_of({event(299, 1, 2, 0)}).find("entity 1 handles an event of 299 ns"), std::string::npos);
    EXPECT_NE(said_of({event(400, 1, 2, 0)}).find("from 300 to 400 ns"), std::string::npos);
}

TEST(OrderOfEvents, RefusesTimeThatGoesBack) {
    EXPECT_NE(said_of({event(350, 1, 2, 0), event(349, 1, 3, 0)}).find("entity 1 goes back from 350 ns to 349 ns"),
              std::string::npos);
}

TEST(OrderOfEvents, RefusesSimultaneousEventsInAnotherOrder) {
    EXPECT_NE(said_of({event(350, 1, 3, 0), event(350, 1, 2, 0)}).find("out of order"), std::string::npos);
    EXPECT_NE(said_of({event(350, 1, 2, 6), event(350, 1, 2, 5)}).find("out of order"), std::string::npos);
    EXPECT_NE(said_of({event(350, 1, 2, 6), event(350, 1, 2, 6)}).find("out of order"), std::string::npos);
}

}  // namespace

}  // namespace parley::invariants
