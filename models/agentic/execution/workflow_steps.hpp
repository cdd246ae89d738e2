// The steps of a workflow as a configuration writes them: a list, each step after the one before,
//
//   image_generation/medium, publishing/high/side_effect
//
// or a directed acyclic graph of named steps,
//
//   fetch: any/low; draw: image_generation/medium after fetch with max_price 2, min_quality 0.9;
//   caption: any/low after fetch; publish: publishing/high/side_effect after draw, caption
#pragma once

#include <string>
#include <vector>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// Class names must be among `classes` or `any`; a step has the hard constraints `defaults` where it names no others.
// Throws InputError.
std::vector<WorkflowStep> parse_steps(const std::string& text, const std::vector<ClassSpec>& classes,
                                      const Constraints& defaults = {}, const RegionMatrix& regions = {});

}  // namespace parley::agentic
