// Events with a list behind their payload: delivered whole up to the largest event, refused above it. A list that
// leaves its page damages what comes after.
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "tests/support/script_model.hpp"

namespace parley {
namespace {

TEST(Lists, AreDeliveredUpToTheLargestEvent) {
    struct Item {
        std::uint64_t words[3];
    };
    // 83 items of 24 bytes, the payload and the header make 2024 of max_event_bytes = 2048 bytes.
    for (const std::size_t count : {0U, 1U, 8U, 40U, 41U, 64U, 83U}) {
        Script script;
        script.entities = 4;
        script.start = [&](ScriptContext& context) {
            std::vector<Item> items(count);
            for (std::size_t i = 0; i < count; ++i) items[i] = {{context.self().value, i, ~i}};
            // Three windows, filled in turn: a record that leaves its page would run into those of another window.
            for (std::uint32_t i = 0; i < 12; ++i) {
                context.send_list(EntityId{i % 4}, Duration{150 + 100 * (i % 3)}, 9, Number{count},
                                  std::span<const Item>(items));
            }
        };
        std::size_t intact = 0;
        script.handle = [&](ScriptContext&, const Event& event) {
            const auto items = event.list<Number, Item>(event.payload<Number>().value);
            bool good = event.kind() == 9 && items.size() == count;
            for (std::size_t i = 0; good && i < count; ++i) {
                good = items[i].words[0] == event.sender().value && items[i].words[1] == i && items[i].words[2] == ~i;
            }
            intact += good ? 1 : 0;
        };
        for (const std::uint32_t partitions : {1U, 2U}) {
            intact = 0;
            run(script, SimTime{1000}, {partitions, 1});
            EXPECT_EQ(intact, 48U) << count << " items, " << partitions << " partitions";
        }
    }
}

// 8192 items of 8 bytes make 2^16 bytes, which an event's 16-bit size cannot tell from none.
TEST(Lists, AreRefusedAboveTheLargestEvent) {
    for (const std::size_t count : {300U, 10'000U, 8192U}) {
        Script script;
        script.start = [&](ScriptContext& context) {
            const std::vector<std::uint64_t> items(count);
            context.send_list(EntityId{0}, Duration{150}, 0, Number{count}, std::span<const std::uint64_t>(items));
        };
        ASSERT_ANY_THROW(run(script, SimTime{1000})) << count << " items of 8 bytes";
    }
}

}  // namespace
}  // namespace parley
