// The parameters every run has, whatever its model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/run_config.hpp"
#include "engine/simulation.hpp"

namespace parley {

// Adds run.* and parallel.*; `models`: the values of run.model, the default first.
void add_run_parameters(ParameterTable& table, const std::vector<std::string>& models);

// Checks what concerns several of them; throws InputError.
void check_run_parameters(const RunConfig& config);

ExchangeStrategy exchange_strategy(const RunConfig& config);

// Threads and partitions a rank, from parallel.* and OMP_NUM_THREADS. Small runs are not cut up.
ExecutionOptions execution_options(const RunConfig& config, std::uint64_t entities, int ranks);

}  // namespace parley
