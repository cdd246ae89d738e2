// Policy `risk_aware`: the tier follows from the step's risk class (policy.low_risk_tier, medium_risk_tier,
// high_risk_tier; 1, 2, 3 unless configured otherwise).
#pragma once

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

class RiskAware : public Policy {
   public:
    static constexpr const char* name = "risk_aware";
    explicit RiskAware(const Parameters& parameters) : p_(parameters) {}
    Tier tier_of(RiskClass risk) const override { return p_.tier_of_risk[static_cast<std::size_t>(risk)]; }

   private:
    const Parameters& p_;
};

}  // namespace parley::agentic
