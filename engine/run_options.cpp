#include "engine/run_options.hpp"

#include <omp.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace parley {

namespace {
constexpr std::uint64_t entities_worth_a_partition = 4096;
// s: a time-out or an interval, at most 1e9 s, set at the end of the run is still within 2^63 ns, 9.2e9 s.
constexpr double longest_run = 8e9;
}  // namespace

void add_run_parameters(ParameterTable& table, const std::vector<std::string>& models) {
    const auto add = [&](const char* key, ValueKind kind, const char* value, const char* unit, double low, double high,
                         std::vector<std::string> choices, const char* meaning) {
        const bool changes_results = std::string_view(key).starts_with("run.");
        table.add({key, kind, value, unit, low, high, std::move(choices), meaning, "", changes_results});
    };
    add("run.model", ValueKind::choice, models.front().c_str(), "", 0, 0, models, "The model to simulate.");
    add("run.seed", ValueKind::integer, "1", "", 0, 9e18, {}, "Seed of all random streams.");
    add("run.duration", ValueKind::duration, "600s", "", 1e-9, longest_run, {},
        "Simulated time at which the run ends.");
    add("run.warmup", ValueKind::duration, "60s", "", 0, longest_run, {},
        "Simulated time that the summary leaves out; below run.duration.");
    add("parallel.threads", ValueKind::integer, "0", "threads", 0, 1024, {},
        "Threads a rank; 0: OMP_NUM_THREADS, or all cores. Results do not depend on it.");
    add("parallel.partitions", ValueKind::integer, "0", "partitions", 0, 4096, {},
        "Partitions a rank; 0: as many as threads, fewer for small runs. Results do not depend on it.");
    add("parallel.exchange", ValueKind::choice, "auto", "", 0, 0, {"auto", "alltoallv", "sparse"},
        "How ranks exchange events: alltoallv sends to all others, sparse only where there is something to send; auto: "
        "alltoallv up to 512 ranks. Results do not depend on it.");
    add("parallel.check_memory", ValueKind::flag, "true", "", 0, 0, {},
        "Whether a run that seems to need more memory than there is ends before it starts.");
    add("checkpoint.every_wall", ValueKind::duration, "600s", "", 0, 9e9, {},
        "Wall time between checkpoints; 0s: none but those on a signal. Shorter runs write none.");
    add("checkpoint.every_simulated", ValueKind::duration, "0s", "", 0, longest_run, {},
        "Simulated time between checkpoints; 0s: only checkpoint.every_wall counts.");
    add("checkpoint.folder", ValueKind::text, "", "", 0, 0, {},
        "Existing folder for checkpoints; not set: that of the result. They are named RESULT.checkpoint and "
        "RESULT.checkpoint.previous: results that share it need different names.");
    add("checkpoint.keep", ValueKind::flag, "false", "", 0, 0, {},
        "Whether the checkpoints stay when the result is complete.");
}

void check_run_parameters(const RunConfig& config) {
    if (config.duration("run.warmup") >= config.duration("run.duration")) {
        throw InputError("run.warmup is " + format_duration(config.duration("run.warmup")) + " but the run ends at " +
                         format_duration(config.duration("run.duration")) +
                         " (nothing would be measured); set run.warmup below run.duration");
    }
}

ExchangeStrategy exchange_strategy(const RunConfig& config) {
    const std::string& name = config.text("parallel.exchange");
    if (name == "alltoallv") return ExchangeStrategy::alltoallv;
    return name == "sparse" ? ExchangeStrategy::sparse : ExchangeStrategy::automatic;
}

ExecutionOptions execution_options(const RunConfig& config, std::uint64_t entities, int ranks) {
    ExecutionOptions options;
    const auto threads = static_cast<int>(config.integer("parallel.threads"));
    options.threads = threads > 0 ? threads : omp_get_max_threads();
    const auto partitions = static_cast<std::uint64_t>(config.integer("parallel.partitions"));
    const std::uint64_t worthwhile =
        std::max<std::uint64_t>(1, entities / entities_worth_a_partition / static_cast<std::uint64_t>(ranks));
    options.partitions_per_rank = static_cast<std::uint32_t>(
        partitions > 0 ? partitions : std::min<std::uint64_t>(static_cast<std::uint64_t>(options.threads), worthwhile));
    options.threads = std::min(options.threads, static_cast<int>(options.partitions_per_rank));
    return options;
}

}  // namespace parley
