// The lists a configuration writes as text: capability classes, cells.
#pragma once

#include <string>
#include <vector>

#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// "image_generation:2s, publishing:1s", or a number of generated classes, each with `generated_median`.
// Throws InputError.
std::vector<ClassSpec> parse_classes(const std::string& text, Duration generated_median, bool& generated);

// "publishing, image_generation": indices of these classes, ascending; "none": empty. Throws InputError.
std::vector<std::uint16_t> parse_cells(const std::string& text, const std::vector<ClassSpec>& classes);

}  // namespace parley::agentic
