// A table of a result: one dataset a variable, and time; rows that come in order of time.
//
// What survives a kill: rows are buffered here and reach the datasets in write_rows() only. The group's attribute
// `rows` says in commit() that they are there, after the file has been flushed. Chunks that are not compressed are
// rewritten in place; a deflated chunk that grows moves, so such a table writes whole chunks and keeps the rest of its
// rows in the buffer.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/hdf5_objects.hpp"
#include "engine/recorder.hpp"

namespace parley::hdf5 {

// One dataset over time and its rows that are not in the file yet. Counts and reals both have 64 bits, and are
// kept as such.
struct Series {
    Dataset dataset;
    NumberKind kind;
    hsize_t width;
    int rank;
    std::vector<std::uint64_t> buffer;

    // Moves the first `rows` of the buffer to the dataset, behind `first` rows that are there.
    void write(hsize_t first, hsize_t rows);
    void read(hsize_t first, hsize_t rows, std::vector<std::uint64_t>& values) const;
};

class StoredTable {
   public:
    // Makes the group and its datasets, all of them empty.
    StoredTable(hid_t root, const ResultSchema& schema, const Table& table);

    // std::logic_error when the row has not the schema's shape, or is no later than the one before.
    void append(SimTime end, const Row& row);

    // Moves rows from the buffers to the datasets: whole chunks, or with `all` the incomplete last one, too.
    void write_rows(bool all);
    bool has_uncommitted() const { return committed_ < written_; }
    // Says in the file that the rows written are there.
    void commit();

    // All rows in blocks: those in the datasets, then those in the buffers.
    void save(CheckpointWriter& checkpoint) const;
    // Of a table without rows.
    void load(CheckpointReader& checkpoint);

   private:
    void load_rows(hsize_t rows, CheckpointReader& checkpoint);
    void check_row(SimTime end, const Row& row) const;

    Group group_;
    std::string name_;
    std::vector<Series> series_;  // those of the schema, then time
    Attribute rows_;
    hsize_t widest_compressed_ = 0;
    std::size_t counts_ = 0;
    std::size_t reals_ = 0;
    hsize_t buffered_ = 0;
    hsize_t written_ = 0;
    std::uint64_t committed_ = 0;
    SimTime last_end_{-1};
};

}  // namespace parley::hdf5
