#include "engine/result_schema.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace parley {

namespace {

void check_name(std::set<std::string>& taken, const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || !taken.insert(name).second) {
        throw std::logic_error("result schema: the name \"" + name + "\" is empty, has a slash or is there twice");
    }
}

void check_variables(const ResultSchema& schema, const std::vector<Variable>& variables) {
    std::set<std::string> taken{"time"};
    for (const Dimension& dimension : schema.dimensions) check_name(taken, dimension.name);
    for (const Variable& variable : variables) {
        check_name(taken, variable.name);
        if (!variable.dimension.empty() && dimension_of(schema, variable) == nullptr) {
            throw std::logic_error("result schema: " + variable.name + " has the unknown dimension " +
                                   variable.dimension);
        }
    }
}

}  // namespace

const Dimension* dimension_of(const ResultSchema& schema, const Variable& variable) {
    const auto found = std::find_if(schema.dimensions.begin(), schema.dimensions.end(),
                                    [&](const Dimension& d) { return d.name == variable.dimension; });
    return variable.dimension.empty() || found == schema.dimensions.end() ? nullptr : &*found;
}

std::size_t width_of(const ResultSchema& schema, const Variable& variable) {
    const Dimension* dimension = dimension_of(schema, variable);
    return dimension == nullptr ? 1 : dimension->size();
}

void check_schema(const ResultSchema& schema) {
    for (const Dimension& dimension : schema.dimensions) {
        if (dimension.labels.empty() == dimension.coordinates.empty()) {
            throw std::logic_error("result schema: the dimension " + dimension.name +
                                   " needs labels or coordinates, not both");
        }
    }
    std::set<std::string> groups{"config", "summary", "provenance", ""};
    for (const Table& table : schema.tables) {
        if (!groups.insert(table.group).second) {
            throw std::logic_error("result schema: the group \"" + table.group +
                                   "\" cannot be used, or is there twice");
        }
        check_variables(schema, table.variables);
    }
    check_variables(schema, schema.summary);
}

}  // namespace parley
