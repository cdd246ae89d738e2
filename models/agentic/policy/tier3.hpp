// Policy `tier3`: probes with canaries, and verifies an evidence package with every result.
#pragma once

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

class Tier3 : public Policy {
   public:
    static constexpr const char* name = "tier3";
    explicit Tier3(const Parameters& /*parameters*/) {}
    Tier tier_of(RiskClass /*risk*/) const override { return 3; }
};

}  // namespace parley::agentic
