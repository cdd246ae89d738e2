// SybilRank against a chain of two states solved by hand, a dense walk, and its bits for any ranks and threads.
#include "models/kernels/reputation/sybilrank.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/models/kernels/rating_graphs.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley::kernels {
namespace {

// T / deg of all ids on one rank.
std::vector<double> ranks_of(std::uint32_t ids, const Ratings& ratings, const std::vector<std::uint32_t>& seeds) {
    const auto transport = make_serial_transport();
    RatingMatrix graph(ids, *transport);
    graph.build_undirected(std::vector{list_of(ratings)}, 1);
    SybilRank sybilrank(ids, seeds, *transport);
    sybilrank.update(graph, 1);
    return {sybilrank.ranks().begin(), sybilrank.ranks().end()};
}

TEST(SybilRank, WalksForTheLogarithmOfTheIds) {
    EXPECT_EQ(SybilRank::steps(1), 0);
    EXPECT_EQ(SybilRank::steps(2), 1);
    EXPECT_EQ(SybilRank::steps(1024), 10);
    EXPECT_EQ(SybilRank::steps(1025), 11);
}

// Two regions of n = 256 peers. In each, a peer has an edge to those at distance 1 .. 3 on a ring: 6 edges. Every peer
// i of the first has one edge to peer i of the second: degree 7 everywhere. All peers of the first region are seeds, so
// by symmetry trust is even within each region, and only the sums H_k and S_k of the regions change:
//
//   H_{k+1} = 6/7 H_k + 1/7 S_k,   S_{k+1} = 1/7 H_k + 6/7 S_k,   H_0 = 1, S_0 = 0.
//
// The sum stays 1; the difference shrinks by 6/7 - 1/7 = 5/7 a step. So H_k = (1 + (5/7)^k) / 2, S_k = (1 - (5/7)^k) /
// 2, and after k = log2 512 = 9 steps each peer has the rank H_9 / (7 n) or S_9 / (7 n).
TEST(SybilRank, IsTheChainOfTwoRegions) {
    constexpr std::uint32_t n = 256;
    Ratings ratings;
    std::vector<std::uint32_t> seeds;
    for (std::uint32_t i = 0; i < n; ++i) {
        for (std::uint32_t d = 1; d <= 3; ++d) {
            ratings[{i, (i + d) % n}] = 1;
            ratings[{n + i, n + (i + d) % n}] = 1;
        }
        ratings[{n + i, i}] = 1;  // which way does not matter
        seeds.push_back(i);
    }
    const std::vector<double> ranks = ranks_of(2 * n, ratings, seeds);
    const double left = std::pow(5.0 / 7, 9);
    for (std::uint32_t i = 0; i < n; ++i) {
        ASSERT_NEAR(ranks[i], (1 + left) / 2 / (7 * n), 1e-16);
        ASSERT_NEAR(ranks[n + i], (1 - left) / 2 / (7 * n), 1e-16);
    }
}

// The same with regions of different degree. Honest: n = 384 peers with 8 edges among themselves, every third with one
// more, to a Sybil: not regular. So the second region here is 128 Sybils, each with 3 edges to 3 honest peers of its
// own and 4 among Sybils: an honest peer has degree 8 + 1, a Sybil 4 + 3, and again all peers of a region are alike:
//
//   H_{k+1} = 8/9 H_k + 3/7 S_k,   S_{k+1} = 1/9 H_k + 4/7 S_k.
//
// Eigenvalues 1 and 1 - 1/9 - 3/7 = 29/63; stationary S = (1/9) / (1/9 + 3/7) = 7/34 (degrees: 128*7 of 128*7 + 384*9).
// From S_0 = 0: S_k = 7/34 (1 - (29/63)^k), k = 9.
TEST(SybilRank, IsTheChainOfRegionsOfDifferentDegree) {
    constexpr std::uint32_t honest = 384;
    constexpr std::uint32_t sybils = 128;
    Ratings ratings;
    std::vector<std::uint32_t> seeds;
    for (std::uint32_t i = 0; i < honest; ++i) {
        for (std::uint32_t d = 1; d <= 4; ++d) ratings[{i, (i + d) % honest}] = 1;
        ratings[{i, honest + i / 3}] = 1;
        seeds.push_back(i);
    }
    for (std::uint32_t j = 0; j < sybils; ++j) {
        for (std::uint32_t d = 1; d <= 2; ++d) ratings[{honest + j, honest + (j + d) % sybils}] = 1;
    }
    const std::vector<double> ranks = ranks_of(honest + sybils, ratings, seeds);
    const double reached = 7.0 / 34 * (1 - std::pow(29.0 / 63, 9));
    for (std::uint32_t i = 0; i < honest; ++i) ASSERT_NEAR(ranks[i], (1 - reached) / honest / 9, 1e-16);
    for (std::uint32_t j = honest; j < honest + sybils; ++j) ASSERT_NEAR(ranks[j], reached / sybils / 7, 1e-16);
}

TEST(SybilRank, IsTheDenseWalk) {
    for (std::uint32_t round = 0; round < 10; ++round) {
        const std::uint32_t n = 20 + 3 * round;
        const Ratings ratings = random_ratings(n, 2 * n, 40 + round);
        const auto size = static_cast<Eigen::Index>(n);
        Eigen::MatrixXd edges = Eigen::MatrixXd::Zero(size, size);
        for (const auto& [who, weight] : ratings) edges(who.first, who.second) = edges(who.second, who.first) = 1;
        const Eigen::VectorXd degrees = edges.rowwise().sum();
        Eigen::VectorXd trust = Eigen::VectorXd::Zero(size);
        trust(0) = trust(n / 2) = 0.5;
        const auto per_edge = [&] {
            Eigen::VectorXd shares = trust;
            for (Eigen::Index i = 0; i < size; ++i) shares(i) = degrees(i) > 0 ? trust(i) / degrees(i) : 0;
            return shares;
        };
        for (int step = 0; step < SybilRank::steps(n); ++step) trust = edges * per_edge();
        const Eigen::VectorXd wanted = per_edge();
        const std::vector<double> ranks = ranks_of(n, ratings, {0, n / 2});
        for (std::uint32_t i = 0; i < n; ++i) ASSERT_NEAR(ranks[i], wanted(i), 1e-15);
    }
}

TEST(SybilRank, GivesNothingWithoutEdges) {
    EXPECT_EQ(ranks_of(3, {}, {0}), (std::vector<double>{0, 0, 0}));
    EXPECT_EQ(ranks_of(1, {}, {0}), (std::vector<double>{0}));
}

TEST(SybilRank, ForgetsTheLastEpoch) {
    const auto transport = make_serial_transport();
    RatingMatrix graph(4, *transport);
    SybilRank sybilrank(4, std::vector<std::uint32_t>{0}, *transport);
    graph.build_undirected(std::vector{list_of({{{0, 1}, 1.0F}, {{1, 2}, 1.0F}})}, 1);
    sybilrank.update(graph, 1);
    const std::vector<double> once(sybilrank.ranks().begin(), sybilrank.ranks().end());
    sybilrank.update(graph, 1);
    EXPECT_EQ(std::vector<double>(sybilrank.ranks().begin(), sybilrank.ranks().end()), once);
}

TEST(SybilRank, RefusesBadSeeds) {
    const auto transport = make_serial_transport();
    EXPECT_THROW(SybilRank(5, std::vector<std::uint32_t>{}, *transport), std::invalid_argument);
    EXPECT_THROW(SybilRank(5, std::vector<std::uint32_t>{5}, *transport), std::invalid_argument);
}

std::vector<double> of_all_ranks(int ranks, std::uint32_t lists, int threads) {
    constexpr std::uint32_t ids = 30000;
    const Ratings ratings = random_ratings(ids, 90000, 51);
    std::vector<double> all(ids);
    run_as_ranks(ranks, [&](Transport& transport) {
        RatingMatrix graph(ids, transport);
        graph.build_undirected(lists_of(ratings, transport, lists), threads);
        SybilRank sybilrank(ids, std::vector<std::uint32_t>{3, 4095, 4096, 20000}, transport);
        sybilrank.update(graph, threads);
        std::copy(sybilrank.ranks().begin(), sybilrank.ranks().end(), all.begin() + graph.blocks().first_id());
    });
    return all;
}

TEST(SybilRank, HasTheSameBitsForAnyRanksListsAndThreads) {
    const auto reference = of_all_ranks(1, 1, 1);
    EXPECT_GT(*std::max_element(reference.begin(), reference.end()), 0);
    for (const int threads : {2, 3}) EXPECT_EQ(of_all_ranks(1, 2, threads), reference) << threads << " threads";
    for (const int ranks : {2, 4, 10}) EXPECT_EQ(of_all_ranks(ranks, 3, 2), reference) << ranks << " ranks";
}

}  // namespace
}  // namespace parley::kernels
