// The window grid agrees with integer division at the edges of windows, over all magnitudes.
#include "engine/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace parley {
namespace {

const std::vector<std::int64_t> lengths{1,
                                        2,
                                        3,
                                        7,
                                        10,
                                        999,
                                        1000,
                                        4096,
                                        5'000'000,
                                        1'000'000'000,
                                        1'000'000'007,
                                        2'147'483'648,
                                        1'099'511'627'777,
                                        1'000'000'000'000'000};

TEST(WindowGrid, FindsTheWindowOfTimesAroundEveryEdge) {
    constexpr std::int64_t most_windows = std::int64_t{1} << 52;  // the documented limit
    for (const std::int64_t length : lengths) {
        const WindowGrid grid{Duration{length}};
        const std::int64_t last = std::min(most_windows, std::numeric_limits<std::int64_t>::max() / length - 2);
        // Dense near zero, then powers of two and their neighbours, then the end of the range.
        std::vector<std::int64_t> indices;
        for (std::int64_t k = 0; k < 1000; ++k) indices.push_back(k);
        for (std::int64_t k = 1024; k > 0 && k <= last / 2; k *= 2)
            indices.insert(indices.end(), {k - 1, k, k + 1, k / 3 * 5});
        indices.insert(indices.end(), {last - 2, last - 1});
        for (const std::int64_t k : indices) {
            if (k < 0 || k >= last) continue;
            for (const std::int64_t offset :
                 {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, length / 2, length - 1}) {
                const std::int64_t time = k * length + offset;
                if (time < 0) continue;
                ASSERT_EQ(grid.index_of(SimTime{time}), time / length) << "length " << length << ", time " << time;
            }
        }
    }
}

TEST(WindowGrid, BeginsWindowsAtMultiplesOfTheLength) {
    for (const std::int64_t length : lengths) {
        const WindowGrid grid{Duration{length}};
        EXPECT_EQ(grid.length().nanoseconds, length);
        for (const std::int64_t k : {0, 1, 2, 17, 4095}) EXPECT_EQ(grid.begin_of(k).nanoseconds, k * length);
    }
}

}  // namespace
}  // namespace parley
