// Parameters for tests: the defaults of the table, with overrides as a user would write them.
#pragma once

#include <string>
#include <vector>

#include "engine/run_options.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

inline Parameters parameters_with(const std::vector<std::string>& overrides) {
    static const ParameterTable table = [] {
        ParameterTable t;
        add_run_parameters(t, {"agentic"});
        add_parameters(t);
        return t;
    }();
    return read_parameters(RunConfig::read(table, "", overrides));
}

}  // namespace parley::agentic
