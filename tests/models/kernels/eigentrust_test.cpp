// EigenTrust against dense linear algebra, a published example and closed forms; its bits for any ranks and threads.
#include "models/kernels/reputation/eigentrust.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <mutex>
#include <stdexcept>

#include "tests/models/kernels/rating_graphs.hpp"
#include "tests/support/thread_transport.hpp"

namespace parley::kernels {
namespace {

constexpr EigenTrustOptions exact(double damping) { return {damping, 1e-14, 10000}; }

std::vector<PreTrust> equally(const std::vector<std::uint32_t>& ids) {
    std::vector<PreTrust> pretrust;
    pretrust.reserve(ids.size());
    for (const std::uint32_t id : ids) pretrust.push_back({id, 1});
    return pretrust;
}

// One network on one rank.
struct Network {
    Network(std::uint32_t n, const std::vector<PreTrust>& pretrust, const EigenTrustOptions& options)
        : ids(n), matrix(n, *transport), eigentrust(n, pretrust, options, *transport) {}
    Convergence update(const Ratings& ratings, int threads = 1) {
        matrix.build(std::vector{list_of(ratings)}, threads);
        return eigentrust.update(matrix, threads);
    }
    double trust(std::uint32_t id) const { return eigentrust.trust()[id]; }
    bool rated(std::uint32_t id) const { return eigentrust.rated()[id] != 0; }

    std::unique_ptr<Transport> transport = make_serial_transport();
    std::uint32_t ids;
    RatingMatrix matrix;
    EigenTrust eigentrust;
};

// The left eigenvector of (1-a) C + a 1 p^T for the eigenvalue 1, as the solution of a dense linear system.
Eigen::VectorXd dense_trust(std::uint32_t n, const Ratings& ratings, const std::vector<PreTrust>& pretrust,
                            double damping) {
    const auto size = static_cast<Eigen::Index>(n);
    Eigen::VectorXd p = Eigen::VectorXd::Zero(size);
    for (const PreTrust& each : pretrust) p(each.id) = each.weight;
    p /= p.sum();
    Eigen::MatrixXd c = Eigen::MatrixXd::Zero(size, size);
    for (const auto& [who, weight] : ratings) c(who.first, who.second) = static_cast<double>(weight);
    for (Eigen::Index i = 0; i < size; ++i) {
        const double given = c.row(i).sum();
        c.row(i) = given > 0 ? Eigen::RowVectorXd(c.row(i) / given) : Eigen::RowVectorXd(p.transpose());
    }
    const Eigen::MatrixXd system = Eigen::MatrixXd::Identity(size, size) - (1 - damping) * c.transpose();
    return system.fullPivLu().solve(damping * p);
}

TEST(EigenTrust, IsTheDenseLeftEigenvector) {
    std::mt19937 random(11);
    for (std::uint32_t round = 0; round < 30; ++round) {
        const std::uint32_t n = 2 + static_cast<std::uint32_t>(random()) % 60;
        const Ratings ratings = random_ratings(n, static_cast<std::uint32_t>(random()) % (n * (n - 1) / 2 + 1), round);
        std::vector<PreTrust> pretrust;
        for (std::uint32_t id = 0; id < n; ++id) {
            if (id == n / 2 || random() % 4 == 0) pretrust.push_back({id, 1.0 + static_cast<double>(random() % 3)});
        }
        const double damping = round % 2 == 0 ? 0.15 : 0.5;
        Network network(n, pretrust, exact(damping));
        network.update(ratings);
        const Eigen::VectorXd wanted = dense_trust(n, ratings, pretrust, damping);
        for (std::uint32_t id = 0; id < n; ++id) {
            ASSERT_NEAR(network.trust(id), wanted(id), 1e-10 * std::abs(wanted(id)) + 1e-18) << "round " << round;
        }
    }
}

// The golden example of the README of go-eigentrust (OpenRank): ek rates sd 100 and vm 75, vm rates sd 100, pre-trust
// ek 1/3 and vm 2/3, damping 1/2.
TEST(EigenTrust, GivesThePublishedExample) {
    constexpr std::uint32_t ek = 0;
    constexpr std::uint32_t sd = 1;
    constexpr std::uint32_t vm = 2;
    Network network(3, {{ek, 1}, {vm, 2}}, exact(0.5));
    network.update({{{ek, sd}, 100.0F}, {{ek, vm}, 75.0F}, {{vm, sd}, 100.0F}});
    EXPECT_NEAR(network.trust(ek), 28.0 / 129, 1e-12);
    EXPECT_NEAR(network.trust(sd), 39.0 / 129, 1e-12);
    EXPECT_NEAR(network.trust(vm), 62.0 / 129, 1e-12);
}

// Honest peers give the share eps of their ratings to Sybils, Sybils give delta back. With h + s = 1 the trust of both
// regions, s = (1-a) (eps h + (1-delta) s), so s = (1-a) eps / (a + (1-a)(delta + eps)), however many Sybils there are.
double sybil_share(std::uint32_t sybils, double eps, double delta) {
    constexpr std::uint32_t honest = 40;
    Ratings ratings;
    for (std::uint32_t i = 0; i < honest; ++i) {
        for (std::uint32_t d = 1; d <= 4; ++d) ratings[{i, (i + d) % honest}] = static_cast<float>((1 - eps) / 4);
        ratings[{i, honest + i % sybils}] = static_cast<float>(eps);
    }
    for (std::uint32_t j = 0; j < sybils; ++j) {
        ratings[{honest + j, honest + (j + 1) % sybils}] = static_cast<float>(1 - delta);
        if (delta > 0) ratings[{honest + j, j % honest}] = static_cast<float>(delta);
    }
    std::vector<std::uint32_t> all_honest(honest);
    for (std::uint32_t i = 0; i < honest; ++i) all_honest[i] = i;
    Network network(honest + sybils, equally(all_honest), exact(0.1));
    network.update(ratings);
    double share = 0;
    for (std::uint32_t j = 0; j < sybils; ++j) share += network.trust(honest + j);
    return share;
}

TEST(EigenTrust, GivesASybilRegionTheSameShareHoweverManySybilsThereAre) {
    const auto formula = [](double eps, double delta) { return 0.9 * eps / (0.1 + 0.9 * (delta + eps)); };
    EXPECT_NEAR(formula(0.05, 0), 0.310345, 1e-6);
    for (const std::uint32_t sybils : {10U, 100U, 1000U}) {
        EXPECT_NEAR(sybil_share(sybils, 0.05, 0), formula(0.05, 0), 1e-7);  // weights are 32-bit
        EXPECT_NEAR(sybil_share(sybils, 0.05, 0.25), formula(0.05, 0.25), 1e-7);
    }
}

TEST(EigenTrust, IsPreTrustWithoutRatings) {
    Network network(6000, {{1, 1}, {5000, 3}}, {});
    const Convergence convergence = network.update({});
    EXPECT_EQ(convergence.iterations, 1);
    EXPECT_NEAR(network.trust(1), 0.25, 1e-15);
    EXPECT_NEAR(network.trust(5000), 0.75, 1e-15);
    EXPECT_EQ(network.trust(0), 0);
    EXPECT_FALSE(network.rated(1));
}

TEST(EigenTrust, KnowsASinglePeer) {
    Network network(1, {{0, 1}}, {});
    network.update({});
    EXPECT_EQ(network.trust(0), 1);
    network.update({{{0, 0}, 1.0F}});  // a rating of oneself says nothing
    EXPECT_EQ(network.trust(0), 1);
    EXPECT_FALSE(network.rated(0));
}

TEST(EigenTrust, RefusesBadInput) {
    const auto transport = make_serial_transport();
    const auto make = [&](const std::vector<PreTrust>& pretrust, double damping) {
        EigenTrust eigentrust(10, pretrust, {damping, 1e-6, 200}, *transport);
    };
    EXPECT_NO_THROW(make({{9, 1}}, 1));
    EXPECT_THROW(make({}, 0.15), std::invalid_argument);
    EXPECT_THROW(make({{10, 1}}, 0.15), std::invalid_argument);
    EXPECT_THROW(make({{1, 1}, {1, 1}}, 0.15), std::invalid_argument);
    EXPECT_THROW(make({{2, 1}, {1, 1}}, 0.15), std::invalid_argument);
    EXPECT_THROW(make({{1, 0}}, 0.15), std::invalid_argument);
    EXPECT_THROW(make({{1, 1}}, 0), std::invalid_argument);
    EXPECT_THROW(make({{1, 1}}, 1.1), std::invalid_argument);
}

// 0 is pre-trusted and praises 1, who praises 2; 3 praises 4, but nobody with trust knows 3.
TEST(EigenTrust, TellsWhoIsRatedBySomebodyWithTrust) {
    Network network(5, {{0, 1}}, {});
    network.update({{{0, 1}, 1.0F}, {{1, 2}, 1.0F}, {{3, 4}, 1.0F}});
    EXPECT_EQ(
        (std::vector<bool>{network.rated(0), network.rated(1), network.rated(2), network.rated(3), network.rated(4)}),
        (std::vector<bool>{false, true, true, false, false}));
    EXPECT_GT(network.trust(2), 0);
    EXPECT_EQ(network.trust(4), 0);
}

// A chain longer than the iterations: trust has not got to its end, but it is known that it will.
TEST(EigenTrust, FindsWhoIsRatedBeyondItsIterations) {
    Ratings chain;
    for (std::uint32_t i = 0; i < 9000; ++i) chain[{i, i + 1}] = 1;
    Network network(9002, {{0, 1}}, {0.15, 0, 3});
    EXPECT_EQ(network.update(chain).iterations, 3);
    EXPECT_TRUE(network.rated(9000));
    EXPECT_FALSE(network.rated(9001));
}

// When the only praise is gone, nothing of the trust it gave must stay behind, not even in a circle of mutual praise.
TEST(EigenTrust, ForgetsTrustThatNoRatingsLeadTo) {
    Network network(4, {{0, 1}}, {});
    network.update({{{0, 1}, 1.0F}, {{1, 2}, 1.0F}, {{2, 3}, 1.0F}, {{3, 2}, 1.0F}});
    EXPECT_GT(network.trust(3), 0.1);
    network.update({{{0, 1}, 1.0F}, {{2, 3}, 1.0F}, {{3, 2}, 1.0F}});
    EXPECT_EQ(network.trust(2), 0);
    EXPECT_EQ(network.trust(3), 0);
    EXPECT_FALSE(network.rated(3));
    EXPECT_NEAR(network.trust(0) + network.trust(1), 1, 1e-6);
}

TEST(EigenTrust, StartsFromTheLastTrust) {
    const Ratings before = random_ratings(3000, 20000, 21);
    Ratings after = before;
    after.begin()->second *= 2;
    Network warm(3000, equally({1, 5, 2500}), {0.15, 1e-9, 200});
    const int cold_iterations = warm.update(before).iterations;
    const int warm_iterations = warm.update(after).iterations;
    EXPECT_LT(warm_iterations, cold_iterations);
    Network cold(3000, equally({1, 5, 2500}), {0.15, 1e-9, 200});
    cold.update(after);
    for (std::uint32_t id = 0; id < 3000; ++id) ASSERT_NEAR(warm.trust(id), cold.trust(id), 1e-8);
}

TEST(EigenTrust, StopsAtItsToleranceOrItsMostIterations) {
    const Ratings ratings = random_ratings(500, 3000, 22);
    for (const double tolerance : {1e-3, 1e-6, 1e-9}) {
        Network network(500, equally({7}), {0.15, tolerance, 200});
        const Convergence convergence = network.update(ratings);
        EXPECT_LT(convergence.change, tolerance);
        Network shorter(500, equally({7}), {0.15, tolerance, convergence.iterations - 1});
        const Convergence cut = shorter.update(ratings);
        EXPECT_EQ(cut.iterations, convergence.iterations - 1);
        EXPECT_GE(cut.change, tolerance);
    }
}

// Trust and who is rated, of all ids, on so many ranks with so many lists and threads, after two epochs.
std::pair<std::vector<double>, std::vector<std::uint8_t>> of_all_ranks(int ranks, std::uint32_t lists, int threads) {
    constexpr std::uint32_t ids = 30000;
    const Ratings first = random_ratings(ids, 90000, 31);
    const Ratings second = random_ratings(ids, 100000, 32);
    std::vector<double> trust(ids);
    std::vector<std::uint8_t> rated(ids);
    run_as_ranks(ranks, [&](Transport& transport) {
        RatingMatrix matrix(ids, transport);
        EigenTrust eigentrust(ids, equally({3, 4095, 4096, 20000}), {}, transport);
        for (const Ratings* ratings : {&first, &second}) {
            matrix.build(lists_of(*ratings, transport, lists), threads);
            eigentrust.update(matrix, threads);
        }
        // Ranks write different parts.
        std::copy(eigentrust.trust().begin(), eigentrust.trust().end(), trust.begin() + matrix.blocks().first_id());
        std::copy(eigentrust.rated().begin(), eigentrust.rated().end(), rated.begin() + matrix.blocks().first_id());
    });
    return {trust, rated};
}

TEST(EigenTrust, HasTheSameBitsForAnyRanksListsAndThreads) {
    const auto reference = of_all_ranks(1, 1, 1);
    EXPECT_GT(*std::max_element(reference.first.begin(), reference.first.end()), 0);
    for (const int threads : {2, 3}) EXPECT_EQ(of_all_ranks(1, 2, threads), reference) << threads << " threads";
    for (const int ranks : {2, 3, 4, 10}) {
        EXPECT_EQ(of_all_ranks(ranks, 1, 1), reference) << ranks << " ranks";
        EXPECT_EQ(of_all_ranks(ranks, 3, 2), reference) << ranks << " ranks, 2 threads";
    }
}

// Hands over trust values as an archive of this many.
struct TrustOf {
    static constexpr bool reading = true;
    std::size_t ids;
    void operator()(std::vector<double>& values) const { values.assign(ids, 1.0 / static_cast<double>(ids)); }
};

TEST(EigenTrust, TakesTheTrustOfAsManyAsThereAreOnly) {
    Network network(5, equally({0}), exact(0.1));
    for (const std::size_t ids : {std::size_t{0}, std::size_t{4}, std::size_t{6}, std::size_t{100'000}}) {
        TrustOf archive{ids};
        EXPECT_THROW(network.eigentrust.transfer(archive), std::runtime_error) << ids;
    }
    TrustOf archive{5};
    network.eigentrust.transfer(archive);
    EXPECT_EQ(network.trust(4), 0.2);
}

}  // namespace
}  // namespace parley::kernels
