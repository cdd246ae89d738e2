#include "models/run_context.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

#include "engine/error.hpp"
#include "engine/memory_budget.hpp"
#include "engine/result_file.hpp"
#include "models/agreement.hpp"

namespace parley {

namespace {

// Peak memory of this process.
double peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024.0;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

std::string text_or(const std::map<std::string, std::string>& texts, const char* name, const std::string& otherwise) {
    const auto found = texts.find(name);
    return found == texts.end() ? otherwise : found->second;
}

}  // namespace

RunContext::RunContext(const CommandLine& line, const RunConfig& config, Transport& transport,
                       std::map<std::string, std::string> stored, std::unique_ptr<CheckpointReader> checkpoint)
    : line_(line),
      config_(config),
      transport_(transport),
      stored_(std::move(stored)),
      checkpoint_(std::move(checkpoint)),
      started_(text_or(stored_, "started", utc_now())) {}

std::filesystem::path RunContext::output() const {
    if (!line_.output.empty()) return line_.output;
    return text_or(stored_, "output", line_.config.stem().string() + ".h5");
}

std::filesystem::path RunContext::checkpoint_file() const {
    const std::string name = output().filename().string() + ".checkpoint";
    const std::string& folder = config_.text("checkpoint.folder");
    return (folder.empty() ? output().parent_path() : std::filesystem::path(folder)) / name;
}

std::string RunContext::problem_of_files() const {
    try {
        check_output(output(), line_.force);
    } catch (const InputError& error) {
        return error.what();
    }
    const std::string& folder = config_.text("checkpoint.folder");
    if (folder.empty()) return "";
    std::error_code error;
    const char* why = nullptr;
    if (!std::filesystem::is_directory(folder, error)) {
        why = std::filesystem::exists(folder, error) ? "it is not a folder" : "it does not exist";
    } else if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        why = std::strerror(errno);
    }
    if (why == nullptr) return "";
    return "checkpoint.folder = " + printable(folder) + ": cannot be written (" + why +
           "); create the folder, choose another, or leave the key out";
}

void RunContext::check_memory(std::uint64_t bytes) const {
    if (config_.flag("parallel.check_memory")) parley::check_memory(bytes, host_name(), transport_);
}

void RunContext::check(const ExecutionOptions& options) const {
    agree_on(transport_, transport_.is_root() ? problem_of_files() : "", std::to_string(options.partitions_per_rank),
             "number of partitions", "set OMP_NUM_THREADS, or parallel.threads, to the same number everywhere");
}

void RunContext::open_status(SimTime end) {
    if (transport_.is_root()) {
        status_.emplace(StatusHeader{output(), host_name(), PARLEY_VERSION, transport_.size(), end});
    }
}

void RunContext::keep_earlier_checkpoints() const {
    if (!transport_.is_root() || !stored_.empty() || !set_aside_checkpoints(checkpoint_file())) return;
    std::fprintf(stderr, "parley: note: an interrupted run had left checkpoints; they are kept as %s.old\n",
                 checkpoint_file().c_str());
}

void RunContext::failed(const std::string& reason) {
    if (status_) status_->failed(reason);
}

void RunContext::complete() {
    if (status_) status_->done();
    if (transport_.is_root() && !config_.flag("checkpoint.keep")) remove_checkpoints(checkpoint_file());
}

std::unique_ptr<Recorder> RunContext::make_recorder(const ResultSchema& schema) const {
    if (!transport_.is_root()) return nullptr;
    StoredConfig stored{config_.resolved_text(), {}};
    for (const auto& [parameter, value] : config_.resolved()) {
        if (parameter->changes_results) stored.values.emplace_back(parameter->key, value);
    }
    return make_hdf5_recorder(output(), schema, stored,
                              stored_.empty() ? RecorderStart::empty : RecorderStart::resumed);
}

std::map<std::string, std::string> RunContext::texts_at(SimTime now, double wall_seconds) const {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(output(), error);
    return {{"version", PARLEY_VERSION},
            {"config", config_.complete_text()},
            {"output", error ? output().string() : absolute.string()},
            {"started", started_},
            {"wall_seconds", std::to_string(wall_seconds)},
            {"simulated_seconds", std::to_string(now.seconds())},
            {"resumed", text_or(stored_, "resumed", "0")}};
}

bool RunContext::finish_checkpoint(CheckpointWriter& checkpoint, bool is_last) {
    try {
        checkpoint.finish();
        checkpoint_problem_.clear();
        return true;
    } catch (const OutputError& error) {
        // Once, until one succeeds. Of a run that is to stop it is an error, told by simulate().
        if (checkpoint_problem_.empty() && !is_last) {
            std::fprintf(stderr,
                         "parley: warning: %s; the run goes on with the earlier checkpoints only; make room there\n",
                         error.what());
        }
        checkpoint_problem_ = error.what();
        return false;
    }
}

void RunContext::stopped(SimTime now, SimTime end) {
    if (!transport_.is_root()) return;
    char where[80];
    std::snprintf(where, sizeof where, "stopped by a signal at %.9g s of %.9g s", now.seconds(), end.seconds());
    const std::string message = std::string(where) + "; go on with parley resume " + checkpoint_file().string();
    std::fprintf(stderr, "parley: %s\n", message.c_str());
    if (status_) status_->stopped(message);
}

Provenance RunContext::provenance(const ExecutionOptions& options, std::uint64_t events, double entities) const {
    std::array<std::uint64_t, 4> sums{pending_.events, pending_.bytes, static_cast<std::uint64_t>(peak_bytes()),
                                      counters_.busy_nanoseconds};
    transport_.sum(sums);
    std::uint64_t busiest = counters_.busiest_nanoseconds;
    transport_.maximum({&busiest, 1});
    const double mean_busy = static_cast<double>(sums[3]) / counters_.partitions;
    Provenance p;
    p.texts = {{"version", PARLEY_VERSION},
               {"compiler", __VERSION__},
               {"host", host_name()},
               {"started", started_},
               {"finished", utc_now()}};
    for (const auto& [parameter, value] : config_.resolved()) {
        if (!parameter->changes_results) p.texts.emplace(parameter->key, value);
    }
    p.numbers = {{"ranks", transport_.size()},
                 {"threads_per_rank", options.threads},
                 {"partitions_per_rank", options.partitions_per_rank},
                 {"wall_seconds", wall_seconds_},
                 {"resumed", std::stod(text_or(stored_, "resumed", "0"))},
                 {"events_per_second", static_cast<double>(events) / wall_seconds_},
                 {"peak_memory_bytes", static_cast<double>(sums[2])},
                 {"bytes_per_entity", static_cast<double>(sums[2]) / entities},
                 {"bytes_per_pending_event", static_cast<double>(sums[1]) / static_cast<double>(sums[0])},
                 {"pending_events_at_end", static_cast<double>(sums[0])},
                 // One partition is not timed: it is in balance.
                 {"imbalance", counters_.partitions > 1 ? static_cast<double>(busiest) / mean_busy : 1.0}};
    return p;
}

}  // namespace parley
