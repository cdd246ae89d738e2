// Parameters that were set although they cannot act: a study that sweeps one would measure nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/run_config.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// One sentence a reason, such as "drift.mean_degraded has no effect (drift.kind is none)". Of parameters that have
// another value than the default; whatever the reason, if it is not sure that a parameter is idle it is not named.
std::vector<std::string> idle_parameters(const RunConfig& config, const Parameters& parameters);

}  // namespace parley::agentic
