// The sizes of messages are those of the model's table: register 576+4d, query 96+4d, candidates 64+96k,
// canary 512/640, feedback 160, evidence 4096, commit and committed 160, delegate 4096, result 16384, busy 96 bytes.
#include "models/agentic/message_sizes.hpp"

#include <gtest/gtest.h>

namespace parley::agentic {
namespace {

TEST(MessageSizes, AreThoseOfTheModel) {
    EXPECT_EQ(message_size::register_descriptor(32), 704U);
    EXPECT_EQ(message_size::register_descriptor(1024), 4672U);
    EXPECT_EQ(message_size::query(32), 224U);
    EXPECT_EQ(message_size::query(2), 104U);
    EXPECT_EQ(message_size::candidates(0), 64U);
    EXPECT_EQ(message_size::candidates(8), 832U);
    EXPECT_EQ(message_size::canary_request, 512U);
    EXPECT_EQ(message_size::canary_response, 640U);
    EXPECT_EQ(message_size::feedback, 160U);
    EXPECT_EQ(message_size::evidence, 4096U);
    EXPECT_EQ(message_size::commit, 160U);
    EXPECT_EQ(message_size::committed, 160U);
    EXPECT_EQ(message_size::delegate, 4096U);
    EXPECT_EQ(message_size::result, 16'384U);
    EXPECT_EQ(message_size::busy, 96U);
}

}  // namespace
}  // namespace parley::agentic
