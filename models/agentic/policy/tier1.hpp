// Policy `tier1`: trusts reputation: candidates below the threshold are left out, and trust is half of the utility.
#pragma once

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

class Tier1 : public Policy {
   public:
    static constexpr const char* name = "tier1";
    explicit Tier1(const Parameters& /*parameters*/) {}
    Tier tier_of(RiskClass /*risk*/) const override { return 1; }
};

}  // namespace parley::agentic
