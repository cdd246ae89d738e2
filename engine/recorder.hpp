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

#include "engine/result_schema.hpp"
#include "engine/sim_time.hpp"

namespace parley {

class CheckpointReader;
class CheckpointWriter;

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

// Creates FILE.part (renamed to FILE by finish(), over an existing FILE: see result_file.hpp); OutputError when
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

}  // namespace parley
