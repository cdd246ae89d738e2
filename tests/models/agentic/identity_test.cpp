// Identities are numbers that tell their peer and its incarnation.
#include "models/agentic/identity/identity.hpp"

#include <gtest/gtest.h>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

TEST(Identity, TellsThePeerAndItsIncarnation) {
    const Parameters p = parameters_with({"peers.count=100", "adversary.whitewash=true"});
    EXPECT_EQ(identity_of(p, 7, 0), 7U);
    EXPECT_EQ(identity_of(p, 7, 3), 307U);
    EXPECT_EQ(peer_of(p, 307), 7U);
    EXPECT_EQ(incarnation_of(p, 307), 3U);
    EXPECT_EQ(peer_of(p, 99), 99U);
    EXPECT_EQ(incarnation_of(p, 99), 0U);
}

TEST(Identity, IsThePeerWhereNobodyComesBack) {
    const Parameters p = parameters_with({"peers.count=100"});
    EXPECT_EQ(peer_of(p, 307), 307U);
    EXPECT_EQ(incarnation_of(p, 307), 0U);
}

TEST(Identity, EndsWithItsNumbers) {
    const Parameters few = parameters_with({"peers.count=100", "adversary.whitewash=true"});
    EXPECT_EQ(identity_of(few, 7, 65'535), 6'553'507U);
    EXPECT_THROW(identity_of(few, 7, 65'536), SimulationError);
    // 4 * 10^9 + 294,967,295 is the last number of 32 bits.
    const Parameters many = parameters_with({"peers.count=1000000000", "adversary.whitewash=true"});
    EXPECT_EQ(identity_of(many, 294'967'295, 4), UINT32_MAX);
    EXPECT_THROW(identity_of(many, 294'967'296, 4), SimulationError);
}

}  // namespace
}  // namespace parley::agentic
