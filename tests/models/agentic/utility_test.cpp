// The utility of candidates by hand values, and the order of softmax selection by its closed form.
#include "models/agentic/trust/utility.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

TEST(Utility, WeighsMatchQualityPriceAndTime) {
    const Parameters p = parameters_with({});
    // 0.4 * 0.5 + 0.4 * 0.75 + 0.1 * (1 - 1/2) + 0.1 * (1 - 3/4) with price 1, time 3 and class mean 1.
    EXPECT_NEAR(base_utility({0, 0.5F, 0.75F, 1.0F, 3.0F, 0.5F}, p, 1.0), 0.575, 1e-7);
    // Best: match 1, quality 1, free and instantaneous.
    EXPECT_NEAR(base_utility({0, 1.0F, 1.0F, 0.0F, 0.0F, 0.5F}, p, 1.0), 1.0, 1e-7);
    // Price 3: 1 - 3/4; time as long as the class mean of 2: 1/2.
    EXPECT_NEAR(base_utility({0, 0.0F, 0.0F, 3.0F, 2.0F, 0.5F}, p, 2.0), 0.025 + 0.05, 1e-7);
}

TEST(Utility, TakesItsWeightsFromTheConfiguration) {
    const Parameters p = parameters_with(
        {"policy.weight_match=0.1", "policy.weight_quality=0.2", "policy.weight_price=0.3", "policy.weight_time=0.4"});
    EXPECT_NEAR(base_utility({0, 1.0F, 0.5F, 1.0F, 1.0F, 0.5F}, p, 3.0), 0.1 + 0.1 + 0.15 + 0.3, 1e-7);
}

TEST(Utility, BlendsTrustFromTierOneOn) {
    EXPECT_NEAR(trusted_utility(0.6, 0.2, parameters_with({})), 0.4, 1e-15);
    EXPECT_NEAR(trusted_utility(0.6, 0.2, parameters_with({"policy.weight_trust=0.25"})), 0.5, 1e-15);
    EXPECT_NEAR(trusted_utility(0.6, 0.2, parameters_with({"policy.weight_trust=0"})), 0.6, 1e-15);
}

TEST(OrderCandidates, SortsByValueThenPeerWithArgmax) {
    const Parameters p = parameters_with({"policy.select=argmax"});
    RandomStream noise(1, EntityId{0}, 1, 0);
    std::vector<ValuedCandidate> candidates{{0.2, 1}, {0.9, 8}, {0.9, 3}, {0.5, 2}, {0.9, 5}};
    order_candidates(candidates, p, noise);
    const std::vector<std::uint32_t> wanted{3, 5, 8, 2, 1};
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(candidates[i].peer, wanted[i]);
    RandomStream untouched(1, EntityId{0}, 1, 0);
    EXPECT_EQ(noise.bits(), untouched.bits());
}

TEST(OrderCandidates, DrawsOneNumberACandidateWithSoftmax) {
    const Parameters p = parameters_with({});
    RandomStream noise(1, EntityId{0}, 1, 0);
    RandomStream counting(1, EntityId{0}, 1, 0);
    std::vector<ValuedCandidate> candidates{{0.2, 1}, {0.9, 8}, {0.3, 3}};
    order_candidates(candidates, p, noise);
    for (int i = 0; i < 3; ++i) counting.bits();
    EXPECT_EQ(noise.bits(), counting.bits());
}

// Gumbel noise orders like drawing without replacement with weights e^(u/T) (Yellott 1977): the chance of an order
// is the product of w_i / (sum of the weights not yet drawn).
TEST(OrderCandidates, TakesEveryOrderWithTheProbabilityOfSoftmax) {
    const Parameters p = parameters_with({"policy.temperature=0.05"});
    const std::array<double, 3> utilities{0.70, 0.65, 0.60};
    std::array<double, 3> weights{};
    for (std::size_t i = 0; i < 3; ++i) weights[i] = std::exp(utilities[i] / 0.05);
    constexpr int n = 60'000;
    std::map<std::array<std::uint32_t, 3>, int> counts;
    for (std::uint32_t i = 0; i < n; ++i) {
        RandomStream noise(4, EntityId{i}, 2, 0);
        std::vector<ValuedCandidate> candidates;
        for (std::uint32_t peer = 0; peer < 3; ++peer) candidates.push_back({utilities[peer], peer});
        order_candidates(candidates, p, noise);
        ++counts[{candidates[0].peer, candidates[1].peer, candidates[2].peer}];
    }
    ASSERT_EQ(counts.size(), 6U);
    double chi_square = 0;
    for (const auto& [order, count] : counts) {
        const double first = weights[order[0]] / (weights[0] + weights[1] + weights[2]);
        const double second = weights[order[1]] / (weights[order[1]] + weights[order[2]]);
        const double expected = n * first * second;
        chi_square += (count - expected) * (count - expected) / expected;
    }
    EXPECT_LT(chi_square, 5 + 6 * std::sqrt(10));  // 5 degrees of freedom
}

TEST(OrderCandidates, HardlyEverTakesAWorseOneAtLowTemperature) {
    const Parameters p = parameters_with({"policy.temperature=0.001"});
    for (std::uint32_t i = 0; i < 1000; ++i) {
        RandomStream noise(4, EntityId{i}, 2, 0);
        std::vector<ValuedCandidate> candidates{{0.6, 1}, {0.7, 2}};  // odds e^-100
        order_candidates(candidates, p, noise);
        ASSERT_EQ(candidates[0].peer, 2U);
    }
}

}  // namespace
}  // namespace parley::agentic
