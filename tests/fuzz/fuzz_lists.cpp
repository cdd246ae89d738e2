// Lists of classes, steps and cells, one a line: an InputError, or names and times within their bounds.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "engine/error.hpp"
#include "models/agentic/execution/workflow_steps.hpp"
#include "models/agentic/text_lists.hpp"

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
        if (parsed.empty()) std::abort();
        std::uint32_t ready = 0;
        for (std::size_t round = 0; round < parsed.size(); ++round) {
            for (std::size_t i = 0; i < parsed.size(); ++i) {
                if ((parsed[i].after & ~ready) == 0) ready |= std::uint32_t{1} << i;
            }
        }
        if (ready != UINT32_MAX >> (32 - parsed.size())) std::abort();  // a step waits for ever
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
