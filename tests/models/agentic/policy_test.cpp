// Which tier each policy gives a step.
#include "models/agentic/policy/policy.hpp"

#include <gtest/gtest.h>

#include "models/agentic/policy/cost_aware.hpp"
#include "models/agentic/policy/policies.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

// Of low, medium and high risk.
std::vector<int> tiers(const std::vector<std::string>& overrides) {
    const Parameters p = parameters_with(overrides);
    const auto policy = make_policy(p);
    std::vector<int> found;
    for (const RiskClass risk : {RiskClass::low, RiskClass::medium, RiskClass::high}) {
        found.push_back(policy->tier_of(risk));
    }
    return found;
}

TEST(Policies, GiveAllStepsTheTierOfTheirName) {
    EXPECT_EQ(tiers({"policy.name=optimistic"}), (std::vector<int>{0, 0, 0}));
    EXPECT_EQ(tiers({"policy.name=tier1"}), (std::vector<int>{1, 1, 1}));
    EXPECT_EQ(tiers({"policy.name=tier2"}), (std::vector<int>{2, 2, 2}));
    EXPECT_EQ(tiers({"policy.name=tier3"}), (std::vector<int>{3, 3, 3}));
}

TEST(RiskAware, TakesTheTierFromTheConfiguredMap) {
    EXPECT_EQ(tiers({"policy.name=risk_aware"}), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(tiers({"policy.name=risk_aware", "policy.low_risk_tier=0", "policy.high_risk_tier=2"}),
              (std::vector<int>{0, 2, 2}));
}

constexpr Prospect half_trusted{0.5, 0.8};

// By hand: good = 0.5 * 0.8 = 0.4, so bad = 0.6, half of which is noticed.
TEST(CostAware, ForecastsAnUnverifiedStep) {
    const Parameters p = parameters_with({});
    const Forecast tier0 = CostAware(p).forecast(0, half_trusted);
    EXPECT_EQ(tier0.bytes, 0);
    EXPECT_DOUBLE_EQ(tier0.bad_accepted, 0.3);
    EXPECT_DOUBLE_EQ(tier0.failed, 0.3);
    const Forecast tier1 = CostAware(p).forecast(1, half_trusted);
    EXPECT_EQ(tier1.bytes, 160);
    EXPECT_DOUBLE_EQ(tier1.bad_accepted, 0.3);
}

// By hand, one attempt: passes = 0.5 * 0.1 + 0.5 * 1 = 0.55; good = 0.5 / 0.55 * 0.8 = 8/11.
TEST(CostAware, ForecastsCanariesAndEvidence) {
    const Parameters p = parameters_with({"canary.guess=0.1", "canary.pass_nominal=1", "policy.max_attempts=1",
                                          "evidence.detection=0.9", "evidence.false_reject=0.1"});
    const Forecast tier2 = CostAware(p).forecast(2, half_trusted);
    EXPECT_DOUBLE_EQ(tier2.bad_accepted, 3.0 / 11 / 2);
    EXPECT_DOUBLE_EQ(tier2.failed, 3.0 / 11 / 2);
    EXPECT_DOUBLE_EQ(tier2.bytes, (512 + 640 + 160) / 0.55);
    const Forecast tier3 = CostAware(p).forecast(3, half_trusted);
    EXPECT_NEAR(tier3.bad_accepted, 3.0 / 110, 1e-15);
    EXPECT_NEAR(tier3.failed, 3.0 / 11 * 0.9 + 8.0 / 11 * 0.1, 1e-15);
    EXPECT_DOUBLE_EQ(tier3.bytes, (512 + 640 + 160) / 0.55 + 4096);
}

// Three attempts, each accepted with 1/2 and then bad: bad in 1 - 1/8, by 1 + 1/2 + 1/4 attempts.
TEST(CostAware, ForecastsFurtherAttempts) {
    const Parameters p = parameters_with({"canary.guess=1", "canary.pass_nominal=1"});
    const Forecast expected = CostAware(p).forecast(2, {0, 1});
    EXPECT_DOUBLE_EQ(expected.bad_accepted, 0.875);
    EXPECT_DOUBLE_EQ(expected.failed, 0.125);
    EXPECT_DOUBLE_EQ(expected.bytes, (512 + 640 + 160) * 1.75);
}

TEST(CostAware, VerifiesNothingWithoutLossesAndEverythingWithLargeOnes) {
    const auto tier_with = [](const std::vector<std::string>& overrides) {
        const Parameters p = parameters_with(overrides);
        return int{CostAware(p).tier_after_discovery(RiskClass::high, {half_trusted, half_trusted})};
    };
    EXPECT_EQ(tier_with({"policy.loss_high=0", "policy.loss_failed=0"}), 0);
    EXPECT_EQ(tier_with({"policy.loss_high=1e9"}), 3);
    EXPECT_EQ(tier_with({"policy.loss_high=1e9", "policy.byte_weight=1e9"}), 0);
}

TEST(CostAware, VerifiesLessWhereTrustIsHigher) {
    const Parameters p = parameters_with({});
    const CostAware policy(p);
    int before = 3;
    for (double trust = p.threshold; trust <= 1; trust += 0.05) {
        const Prospect candidate{trust, 0.95};
        const int tier = policy.tier_after_discovery(RiskClass::medium, {candidate, candidate});
        EXPECT_LE(tier, before) << trust;
        before = tier;
    }
    EXPECT_LT(before, 3);
}

TEST(Policies, AreAllChoicesOfThePolicyName) {
    for (const std::string& name : policy_names()) {
        EXPECT_NO_THROW(make_policy(parameters_with({"policy.name=" + name}))) << name;
    }
}

}  // namespace
}  // namespace parley::agentic
