// Policy `tier2`: probes every candidate with canaries before it delegates.
#pragma once

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

class Tier2 : public Policy {
   public:
    static constexpr const char* name = "tier2";
    explicit Tier2(const Parameters& /*parameters*/) {}
    Tier tier_of(RiskClass /*risk*/) const override { return 2; }
};

}  // namespace parley::agentic
