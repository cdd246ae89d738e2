// The policies there are, by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

// The choices of policy.name.
std::vector<std::string> policy_names();

// The policy that parameters.policy names; it refers to `parameters`.
std::unique_ptr<const Policy> make_policy(const Parameters& parameters);

}  // namespace parley::agentic
