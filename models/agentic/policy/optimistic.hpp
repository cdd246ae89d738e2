// Policy `optimistic`: relies on claims alone, and notices bad results with its own outcome check.
#pragma once

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

class Optimistic : public Policy {
   public:
    static constexpr const char* name = "optimistic";
    explicit Optimistic(const Parameters& /*parameters*/) {}
    Tier tier_of(RiskClass /*risk*/) const override { return 0; }
};

}  // namespace parley::agentic
