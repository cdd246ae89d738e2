// The strategies there are, one file each. Each function returns nullptr where the configuration does not ask for the
// strategy; the parameters must outlive it.
#pragma once

#include <memory>

#include "models/agentic/adversary/strategy.hpp"

namespace parley::agentic {

// Behaviours: what a Sybil does that drew them.
std::unique_ptr<Strategy> make_malicious(const Parameters& parameters);
std::unique_ptr<Strategy> make_silent(const Parameters& parameters);
std::unique_ptr<Strategy> make_onoff(const Parameters& parameters);

// What all Sybils do besides.
std::unique_ptr<Strategy> make_canary_aware(const Parameters& parameters);
std::unique_ptr<Strategy> make_whitewash(const Parameters& parameters);
std::unique_ptr<Strategy> make_collude(const Parameters& parameters);

}  // namespace parley::agentic
