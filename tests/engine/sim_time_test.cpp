// Simulated time is exact, and refuses to overflow.
#include "engine/sim_time.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(SimTime, AddsUpToTheLastNanosecond) {
    EXPECT_EQ(checked_add(SimTime{9223372036854775800}, Duration{7}).nanoseconds, 9223372036854775807);
    EXPECT_EQ(checked_add(SimTime{5}, Duration{-7}).nanoseconds, -2);
}

TEST(SimTime, RefusesASumBeyondItsRange) {
    EXPECT_THROW(checked_add(SimTime{9223372036854775800}, Duration{8}), SimulationError);
    EXPECT_THROW(checked_add(SimTime{-9223372036854775807}, Duration{-2}), SimulationError);
    EXPECT_THROW(checked_add(never, Duration{1}), SimulationError);
}

TEST(SimTime, SaysWhichSumOverflows) {
    try {
        checked_add(SimTime{9'000'000'000'000'000'000}, Duration{1'000'000'000'000'000'000});
        FAIL() << "an overflow passed";
    } catch (const SimulationError& error) {
        const std::string message = error.what();
        EXPECT_NE(message.find("9000000000"), std::string::npos) << message;
        EXPECT_NE(message.find("1000000000"), std::string::npos) << message;
    }
}

TEST(SimTime, RoundsSecondsToTheNearestNanosecond) {
    EXPECT_EQ(duration_from_seconds(0).nanoseconds, 0);
    EXPECT_EQ(duration_from_seconds(1.5).nanoseconds, 1'500'000'000);
    EXPECT_EQ(duration_from_seconds(1.4e-9).nanoseconds, 1);
    EXPECT_EQ(duration_from_seconds(1.6e-9).nanoseconds, 2);
    EXPECT_EQ(duration_from_seconds(0.005).nanoseconds, 5'000'000);
}

TEST(SimTime, CutsSecondsBeyondTheRange) {
    EXPECT_EQ(duration_from_seconds(1e300).nanoseconds, 9'000'000'000'000'000'000);
    EXPECT_LT(duration_from_seconds(1e300).nanoseconds, never.nanoseconds);
}

TEST(SimTime, ComputesWithPointsAndSpans) {
    const SimTime t{1000};
    EXPECT_EQ((t + Duration{500}).nanoseconds, 1500);
    EXPECT_EQ((SimTime{1500} - t).nanoseconds, 500);
    EXPECT_EQ((Duration{7} * 6).nanoseconds, 42);
    EXPECT_EQ((Duration{7} - Duration{9}).nanoseconds, -2);
    EXPECT_LT(t, never);
    EXPECT_DOUBLE_EQ(SimTime{2'500'000'000}.seconds(), 2.5);
}

}  // namespace
}  // namespace parley
