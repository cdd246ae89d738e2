// Lists of classes, steps and cells, one a line: an InputError, or names and times within their bounds, and steps that
// all come to begin.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "engine/error.hpp"
#include "models/agentic/execution/workflow_steps.hpp"
#include "models/agentic/text_lists.hpp"

namespace parley {

namespace {

// Whether each step is to begin after others that do.
bool all_begin(const std::vector<agentic::WorkflowStep>& steps) {
    std::uint32_t done = 0;
    for (std::size_t round = 0; round < steps.size(); ++round) {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if ((steps[i].after & ~done) == 0) done |= 1U << i;
        }
    }
    return done == agentic::mask_of(steps);
}

}  // namespace

}  // namespace parley

// NOLINTNEXTLINE(readability-identifier-naming): it is libFuzzer that names it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace parley;
    std::istringstream text(std::string(data, data + size));
    std::string classes, steps, cells;
    std::getline(text, classes);
    std::getline(text, steps);
    std::getline(text, cells);
    try {
        bool generated = false;
        const auto specs = agentic::parse_classes(classes, Duration{1'000'000'000}, generated);
        if (specs.empty()) std::abort();
        for (const agentic::ClassSpec& spec : specs) {
            if (spec.name.empty() || spec.median_execution.nanoseconds <= 0) std::abort();
        }
        const auto parsed = agentic::parse_steps(steps, specs);
        if (parsed.empty() || parsed.size() > agentic::most_steps || !all_begin(parsed)) std::abort();
        for (const agentic::WorkflowStep& step : parsed) {
            if (step.capability_class >= static_cast<std::int64_t>(specs.size())) std::abort();
        }
        for (const std::uint16_t cell : agentic::parse_cells(cells, specs)) {
            if (cell >= specs.size()) std::abort();
        }
    } catch (const InputError&) {
        return 0;
    }
    return 0;
}
