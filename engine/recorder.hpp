// Where results go. The model declares its tables in a ResultSchema; rows are then appended in order of
// simulated time. Only the root rank holds a recorder. hdf5_recorder.cpp stores them as HDF5.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/sim_time.hpp"

namespace parley {

class CheckpointReader;
class CheckpointWriter;

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

// Rows that do not fit the schema, or do not come in order of time, are a std::logic_error; storage that fails
// is an OutputError.
class Recorder {
   public:
    virtual ~Recorder() = default;
    // `table` indexes ResultSchema::tables; `end` is the simulated end of the row's interval, later than that
    // of the table's row before.
    virtual void append(std::size_t table, SimTime end, const Row& row) = 0;
    // Commits the appended rows to the file: from here on they survive a kill. A table with compressed
    // datasets (see make_hdf5_recorder) commits whole chunks only; its remaining rows follow at a later flush or
    // at finish().
    virtual void flush() = 0;
    // All rows so far, as the next section of a checkpoint; and back, as the first that a recorder gets. OutputError
    // where the file they are read from, or written to, fails.
    virtual void save(CheckpointWriter& checkpoint) = 0;
    virtual void load(CheckpointReader& checkpoint) = 0;
    // Writes /summary and /provenance, closes the file and gives it its final name.
    virtual void finish(const Row& summary, const std::map<std::string, std::string>& texts,
                        const std::map<std::string, double>& numbers) = 0;
};

// Whether a recorder begins with no rows, or with those of a checkpoint.
enum class RecorderStart { empty, resumed };

// What /config holds: one attribute a parameter (key -> value as text) and the INI text that gives it again.
struct StoredConfig {
    std::string text;
    std::vector<std::pair<std::string, std::string>> values;
};

// Creates FILE.part (renamed to FILE by finish(), over an existing FILE: see check_output); OutputError when
// it cannot. A resumed one writes beside what the interrupted run left, and takes the place of that FILE.part when
// load() has stored as many rows. A recorder destroyed before finish() leaves FILE.part with the rows of the last
// flush.
//
// Every table group has the attribute `rows`: how many rows of its datasets are committed. Of a FILE.part read no
// others: a kill may have left them incomplete. Datasets with a dimension of 32 or more are compressed; a deflated
// chunk is never written twice, for a kill while it is rewritten would damage rows committed before. Equal content
// gives equal files, byte for byte.
std::unique_ptr<Recorder> make_hdf5_recorder(const std::filesystem::path& file, const ResultSchema& schema,
                                             const StoredConfig& config, RecorderStart start = RecorderStart::empty);

// Before the run starts: InputError when `file` exists and force is false, when it is a directory or a device,
// when its folder does not exist or cannot be written, or when another run is writing FILE.part.
void check_output(const std::filesystem::path& file, bool force);

}  // namespace parley
