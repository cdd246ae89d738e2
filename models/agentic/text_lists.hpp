// The lists a configuration writes as text: capability classes, workflow steps, cells.
#pragma once

#include <string>
#include <vector>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// "image_generation:2s, publishing:1s", or a number of generated classes, each with `generated_median`.
// Throws InputError.
std::vector<ClassSpec> parse_classes(const std::string& text, Duration generated_median, bool& generated);

// "image_generation/medium, publishing/high/side_effect"; names must be among `classes` or `any`. Throws InputError.
std::vector<WorkflowStep> parse_steps(const std::string& text, const std::vector<ClassSpec>& classes);

// "publishing, image_generation": indices of these classes, ascending; "none": empty. Throws InputError.
std::vector<std::uint16_t> parse_cells(const std::string& text, const std::vector<ClassSpec>& classes);

}  // namespace parley::agentic
