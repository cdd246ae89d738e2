// The rating matrix: rows hold what was rated, in ascending order of raters, for any cut into lists, ranks and threads.
#include "models/kernels/reputation/rating_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>

#include "models/kernels/reputation/for_each_block.hpp"
#include "tests/models/kernels/rating_graphs.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley::kernels {
namespace {

// All own rows of a matrix, as ratings; checks that raters ascend.
Ratings ratings_in(const RatingMatrix& matrix) {
    Ratings found;
    std::size_t count = 0;
    for (std::uint32_t row = 0; row < matrix.blocks().own_ids(); ++row) {
        const auto raters = matrix.raters(row);
        for (std::size_t i = 0; i < raters.size(); ++i) {
            EXPECT_TRUE(i == 0 || raters[i - 1] < raters[i]);
            found[{raters[i], matrix.blocks().first_id() + row}] = matrix.weights(row)[i];
        }
        count += raters.size();
    }
    EXPECT_EQ(matrix.ratings(), count);
    return found;
}

TEST(BlockDistribution, GivesEveryBlockToOneRank) {
    for (const std::uint32_t ids : {1U, 4096U, 4097U, 50000U}) {
        for (const int ranks : {1, 2, 3, 7, 20}) {
            std::uint32_t next = 0;
            for (int rank = 0; rank < ranks; ++rank) {
                const BlockDistribution blocks(ids, ranks, rank);
                EXPECT_EQ(blocks.first_id(), next);
                std::uint32_t counted = 0;
                for (std::uint32_t b = 0; b < blocks.own_blocks(); ++b) {
                    EXPECT_EQ(blocks.owner(blocks.first_block() + b), static_cast<std::uint32_t>(rank));
                    counted += blocks.ids_in(b);
                }
                EXPECT_EQ(counted, blocks.own_ids());
                next += blocks.own_ids();
                if (counted > 0) {
                    EXPECT_TRUE(blocks.owns(blocks.first_id()));
                    EXPECT_TRUE(blocks.owns(next - 1));
                }
                EXPECT_FALSE(blocks.owns(next));
            }
            EXPECT_EQ(next, ids);
        }
    }
}

TEST(RatingMatrix, HoldsWhatWasRated) {
    const auto transport = make_serial_transport();
    const Ratings ratings = random_ratings(10000, 60000, 1);
    RatingMatrix matrix(10000, *transport);
    EXPECT_TRUE(ratings_in(matrix).empty());
    for (const std::uint32_t lists : {1U, 3U}) {
        for (const int threads : {1, 2, 3}) {
            matrix.build(lists_of(ratings, *transport, lists), threads);
            EXPECT_EQ(ratings_in(matrix), ratings);
        }
    }
    matrix.build({}, 1);
    EXPECT_TRUE(ratings_in(matrix).empty());
    EXPECT_EQ(matrix.given(0), 0);
}

TEST(RatingMatrix, KnowsWhatEachRaterGives) {
    const auto transport = make_serial_transport();
    const Ratings ratings = random_ratings(5000, 8000, 2);
    RatingMatrix matrix(5000, *transport);
    matrix.build(lists_of(ratings, *transport, 2), 1);
    std::vector<double> given(5000);
    for (const auto& [who, weight] : ratings) given[who.first] += static_cast<double>(weight);
    for (std::uint32_t id = 0; id < given.size(); ++id) EXPECT_EQ(matrix.given(id), given[id]);
}

TEST(RatingMatrix, IsTheSameOnSeveralRanks) {
    const Ratings ratings = random_ratings(20000, 50000, 3);
    std::vector<double> given(20000);
    for (const auto& [who, weight] : ratings) given[who.first] += static_cast<double>(weight);
    for (const int ranks : {2, 3, 8}) {
        std::mutex mutex;
        Ratings found;
        run_as_ranks(ranks, [&](Transport& transport) {
            RatingMatrix matrix(20000, transport);
            matrix.build(lists_of(ratings, transport, 2), 2);
            const std::lock_guard lock(mutex);
            found.merge(ratings_in(matrix));
            for (std::uint32_t row = 0; row < matrix.blocks().own_ids(); ++row) {
                EXPECT_EQ(matrix.given(row), given[matrix.blocks().first_id() + row]);
            }
        });
        EXPECT_EQ(found, ratings) << ranks << " ranks";
    }
}

TEST(RatingMatrix, DropsSelfRatingsAndWhatIsNotAboveZero) {
    const auto transport = make_serial_transport();
    RatingList list;
    list.add(1, 1, 5);
    list.add(1, 2, 0);
    list.add(2, 0, -3);
    list.add(3, 0, std::nanf(""));
    list.add(3, 1, 0.25F);
    EXPECT_EQ(list.ratings().size(), 1U);
    RatingMatrix matrix(4, *transport);
    matrix.build(std::vector{list}, 1);
    EXPECT_EQ(ratings_in(matrix), (Ratings{{{3, 1}, 0.25F}}));
    EXPECT_EQ(matrix.given(1), 0);
    EXPECT_EQ(matrix.given(2), 0);
    EXPECT_EQ(matrix.given(3), 0.25);
}

TEST(RatingMatrix, RefusesARatingGivenTwice) {
    const auto transport = make_serial_transport();
    RatingList list;
    list.add(1, 2, 1);
    list.add(1, 0, 1);
    list.add(1, 2, 1);
    RatingMatrix matrix(3, *transport);
    EXPECT_THROW(matrix.build(std::vector{list}, 1), std::invalid_argument);
}

TEST(RatingMatrix, BuildsTheUndirectedGraph) {
    const Ratings ratings = random_ratings(9000, 20000, 4);
    Ratings wanted;
    for (const auto& [who, weight] : ratings) wanted[who] = wanted[{who.second, who.first}] = 1;
    for (const int ranks : {1, 3}) {
        std::mutex mutex;
        Ratings found;
        run_as_ranks(ranks, [&](Transport& transport) {
            RatingMatrix matrix(9000, transport);
            matrix.build_undirected(lists_of(ratings, transport, 1), 2);
            for (std::uint32_t row = 0; row < matrix.blocks().own_ids(); ++row) {
                EXPECT_EQ(matrix.given(row), static_cast<double>(matrix.raters(row).size()));
            }
            const std::lock_guard lock(mutex);
            found.merge(ratings_in(matrix));
        });
        EXPECT_EQ(found, wanted) << ranks << " ranks";
    }
}

TEST(RatingMatrix, MergesMutualRatingsIntoOneEdge) {
    const auto transport = make_serial_transport();
    RatingMatrix matrix(3, *transport);
    matrix.build_undirected(std::vector{list_of({{{0, 1}, 2.0F}, {{1, 0}, 5.0F}, {{2, 1}, 1.0F}})}, 1);
    EXPECT_EQ(ratings_in(matrix), (Ratings{{{0, 1}, 1.0F}, {{1, 0}, 1.0F}, {{1, 2}, 1.0F}, {{2, 1}, 1.0F}}));
}

// Near raters are gathered without prefetching, far ones with it.
TEST(RatingMatrix, MultipliesInTheOrderOfRaters) {
    const auto transport = make_serial_transport();
    for (const std::uint32_t ids : {3000U, 100000U}) {
        const Ratings ratings = random_ratings(ids, 6 * ids, 5);
        RatingMatrix matrix(ids, *transport);
        matrix.build(std::vector{list_of(ratings)}, 1);
        std::vector<double> u(ids);
        for (std::uint32_t i = 0; i < ids; ++i) u[i] = 1.0 / (3 + i);
        std::vector<double> wanted(ids);
        for (const auto& [who, weight] : ratings) wanted[who.second] += static_cast<double>(weight) * u[who.first];
        std::vector<double> y(ids);
        for (std::uint32_t b = 0; b < matrix.blocks().own_blocks(); ++b) {
            matrix.multiply(b, u.data(), y.data() + std::size_t{b} * block_ids);
        }
        EXPECT_EQ(y, wanted);  // the map is in ascending order of raters
    }
}

TEST(KernelThreads, AreThoseGivenButNoMoreThanItems) {
    EXPECT_EQ(kernel_threads(3, 100), 3);
    EXPECT_EQ(kernel_threads(3, 2), 2);
    EXPECT_EQ(kernel_threads(3, 0), 1);
    EXPECT_EQ(kernel_threads(0, 5), 1);
}

std::set<int> teams_of(int threads) {
    std::set<int> teams;
    std::mutex mutex;
    for_each_block(64, threads, [&](std::size_t) {
        const std::lock_guard lock(mutex);
        teams.insert(omp_get_num_threads());
    });
    return teams;
}

TEST(KernelThreads, AreUsedInTheSerialPartOnly) {
    EXPECT_EQ(teams_of(3), std::set<int>{3});
    omp_set_max_active_levels(2);  // a nested team would be made
    std::vector<std::set<int>> teams(2);
#pragma omp parallel for num_threads(2) schedule(static, 1)
    for (std::size_t i = 0; i < 2; ++i) teams[i] = teams_of(3);
    omp_set_max_active_levels(1);
    // Within a team of two the kernel runs on the thread that calls it.
    EXPECT_EQ(teams[0], std::set<int>{2});
    EXPECT_EQ(teams[1], std::set<int>{2});
}

}  // namespace
}  // namespace parley::kernels
