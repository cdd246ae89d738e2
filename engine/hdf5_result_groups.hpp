// What is written into a result once: the attributes of the file, /config, /summary and /provenance.
#pragma once

#include <hdf5.h>

#include <map>
#include <string>

#include "engine/recorder.hpp"

namespace parley::hdf5 {

void write_root(hid_t root, const ResultSchema& schema, const StoredConfig& config);
// `row` has as many numbers as the schema's summary.
void write_summary(hid_t root, const ResultSchema& schema, const Row& row);
void write_provenance(hid_t root, const std::map<std::string, std::string>& texts,
                      const std::map<std::string, double>& numbers);

}  // namespace parley::hdf5
