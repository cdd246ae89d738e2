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

}  // namespace
}  // namespace parley::agentic
