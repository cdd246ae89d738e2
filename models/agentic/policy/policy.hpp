// A verification policy: which tier serves a step. One decision a step.
//
// A policy is one header in this folder: a class derived from Policy with a static `name`, added to the list in
// policies.cpp. What the tiers do is the requester's business (execution/requester.hpp).
#pragma once

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// The candidate that would be tried first.
struct Prospect {
    double trust = 0;    // as used by the requester, 0..1
    double quality = 0;  // claimed, 0..1
};

// What a requester knows of a step's candidates when they have come.
struct Outlook {
    Prospect by_utility;  // best u0: whom tier 0 would try
    Prospect by_trust;    // best u1 among the trusted: whom the other tiers would try
};

class Policy {
   public:
    Policy() = default;
    Policy(const Policy&) = delete;
    Policy& operator=(const Policy&) = delete;
    virtual ~Policy() = default;

    // Before discovery: the tier of a step; from 1 on the query asks for trusted candidates only.
    virtual Tier tier_of(RiskClass risk) const = 0;

    // Whether the tier is decided again when the candidates have come.
    virtual bool looks_at_candidates() const { return false; }
    // The tier decided then. Not called when none of the candidates is trusted.
    virtual Tier tier_after_discovery(RiskClass risk, const Outlook& /*outlook*/) const { return tier_of(risk); }
};

}  // namespace parley::agentic
