// What a result holds besides its parameters: tables over simulated time, and a summary. A model declares them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {

// A labelled axis besides time: names (failure reasons, message kinds) or numbers (lower bin edges).
struct Dimension {
    std::string name;
    std::string unit;  // "1" for labels
    std::string long_name;
    std::vector<std::string> labels = {};  // either labels ...
    std::vector<double> coordinates = {};  // ... or coordinates is empty
    std::size_t size() const { return labels.empty() ? coordinates.size() : labels.size(); }
};

enum class NumberKind { count, real };  // uint64 | float64

struct Variable {
    std::string name;
    NumberKind kind;
    std::string unit;
    std::string long_name;
    std::string dimension = {};  // "" or the name of a Dimension
};

// One table of an HDF5 group. Its time axis has `interval` between rows (row i ends at (i+1)*interval, the last
// row possibly earlier, at the end of the run).
struct Table {
    std::string group;  // "timeseries", "histograms", "provenance/timeseries"
    std::vector<Variable> variables;
};

struct ResultSchema {
    std::string model;
    std::vector<Dimension> dimensions = {};
    std::vector<Table> tables = {};
    std::vector<Variable> summary = {};
    std::string title = {};  // of the file, for readers; "" = "Parley result of the model MODEL"
};

// Values of one row: the counts of all `count` variables in schema order (a variable with a dimension has
// that many), and likewise the reals.
struct Row {
    std::vector<std::uint64_t> counts = {};
    std::vector<double> reals = {};
};

// Throws std::logic_error unless every name can be used, and every dimension has either labels or coordinates.
void check_schema(const ResultSchema& schema);

// nullptr when the variable has none, or one that the schema does not know.
const Dimension* dimension_of(const ResultSchema& schema, const Variable& variable);
// How many numbers the variable has in a row.
std::size_t width_of(const ResultSchema& schema, const Variable& variable);

}  // namespace parley
