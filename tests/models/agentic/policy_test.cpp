// Which tier each policy gives a step.
#include "models/agentic/policy/policy.hpp"

#include <gtest/gtest.h>

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

TEST(Policies, AreAllChoicesOfThePolicyName) {
    for (const std::string& name : policy_names()) {
        EXPECT_NO_THROW(make_policy(parameters_with({"policy.name=" + name}))) << name;
    }
}

}  // namespace
}  // namespace parley::agentic
