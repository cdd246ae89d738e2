// How one run is executed: what all models need besides the simulation, namely output, checkpoints, status, provenance.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint.hpp"
#include "engine/progress.hpp"
#include "engine/recorder.hpp"
#include "engine/run_config.hpp"
#include "engine/simulation.hpp"
#include "engine/status_file.hpp"
#include "engine/transport.hpp"
#include "models/command_line.hpp"

namespace parley {

// What /provenance tells of a run.
struct Provenance {
    std::map<std::string, std::string> texts;
    std::map<std::string, double> numbers;
};

enum class RunEnd {
    complete,
    stopped,  // by a signal, with a checkpoint
};

class RunContext {
   public:
    // `stored`: what the checkpoint that is resumed tells (see texts_at), the same on every rank; empty: a new run.
    // `checkpoint`: that, on the root.
    RunContext(const CommandLine& line, const RunConfig& config, Transport& transport,
               std::map<std::string, std::string> stored, std::unique_ptr<CheckpointReader> checkpoint);

    const CommandLine& line() const { return line_; }
    const RunConfig& config() const { return config_; }
    Transport& transport() const { return transport_; }
    std::filesystem::path output() const;
    std::filesystem::path checkpoint_file() const;
    double wall_seconds() const { return wall_seconds_; }

    // That there is memory enough for the `bytes` that a rank will need. Collective.
    void check_memory(std::uint64_t bytes) const;
    // That results and checkpoints can be written where they are to go, and that all ranks have as many partitions. On
    // the root, whose file system counts; if that refuses, all ranks end alike. Collective.
    void check(const ExecutionOptions& options) const;
    // To be called when the output file can be written.
    void open_status(SimTime end);
    void failed(const std::string& reason);
    // The results are complete: removes what only an interrupted run needs.
    void complete();

    // Null on all ranks but the root.
    std::unique_ptr<Recorder> make_recorder(const ResultSchema& schema) const;

    // Runs a simulation of `model` to `end`, from the start or the checkpoint. `recorder`: of the root, may be null.
    // `event_kinds`: how many the model has.
    template <class Model>
    RunEnd simulate(Model& model, SimTime end, const ExecutionOptions& options, Recorder* recorder,
                    const std::function<ModelState()>& state, std::size_t event_kinds);
    // Events that wait at the end, of all ranks.
    const std::vector<std::uint64_t>& pending_by_kind() const { return pending_by_kind_; }

    // `entities`: simulated entities to share the memory among. Collective.
    Provenance provenance(const ExecutionOptions& options, std::uint64_t events, double entities) const;

   private:
    std::string problem_of_files() const;
    // A new run does not destroy what another one may go on from.
    void keep_earlier_checkpoints() const;
    std::map<std::string, std::string> texts_at(SimTime now, double wall_seconds) const;
    template <class Model>
    void resume(Simulation<Model>& simulation, SimTime end, Recorder* recorder, Progress& progress);
    // Returns whether it is stored. Collective.
    template <class Model>
    bool store(Simulation<Model>& simulation, Recorder* recorder, double wall_seconds, bool is_last);
    void stopped(SimTime now, SimTime end);
    // The root's affair: says why a checkpoint could not be stored.
    bool finish_checkpoint(CheckpointWriter& checkpoint, bool is_last);

    const CommandLine& line_;
    const RunConfig& config_;
    Transport& transport_;
    std::map<std::string, std::string> stored_;
    std::unique_ptr<CheckpointReader> checkpoint_;
    std::string started_;
    std::optional<StatusFile> status_;  // of the root, while it runs
    std::string checkpoint_problem_;    // of the last that failed
    double wall_seconds_ = 0;
    // Of this rank, at the end.
    PendingEvents pending_;
    EngineCounters counters_;
    std::vector<std::uint64_t> pending_by_kind_;  // of all ranks
};

template <class Model>
RunEnd RunContext::simulate(Model& model, SimTime end, const ExecutionOptions& options, Recorder* recorder,
                            const std::function<ModelState()>& state, std::size_t event_kinds) {
    keep_earlier_checkpoints();
    CheckpointPlan plan(config_.duration("checkpoint.every_wall"), config_.duration("checkpoint.every_simulated"),
                        transport_.is_root());
    Progress progress(end, line_.quiet || !transport_.is_root(), state, status_ ? &*status_ : nullptr);
    Simulation<Model> simulation(model, transport_, options);
    if (!stored_.empty()) resume(simulation, end, recorder, progress);
    plan.passed(simulation.done());
    for (;;) {
        const CheckpointWish wish = simulation.run(end, progress, &plan);
        if (wish == CheckpointWish::none) break;
        const bool is_stored = store(simulation, recorder, progress.wall_seconds(), wish == CheckpointWish::stop);
        plan.passed(simulation.done());
        if (wish != CheckpointWish::stop) continue;
        progress.finish();
        if (!is_stored && transport_.is_root()) {
            throw OutputError(checkpoint_problem_ +
                              "; the run was told to stop and cannot be resumed from here, only "
                              "from an earlier checkpoint");
        }
        stopped(simulation.done(), end);
        return RunEnd::stopped;
    }
    progress.finish();
    wall_seconds_ = progress.wall_seconds();
    pending_ = simulation.population().pending();
    counters_ = simulation.population().counters();
    pending_by_kind_ = simulation.pending_by_kind(event_kinds);
    transport_.sum(pending_by_kind_);
    return RunEnd::complete;
}

template <class Model>
void RunContext::resume(Simulation<Model>& simulation, SimTime end, Recorder* recorder, Progress& progress) {
    simulation.restore(checkpoint_.get(), end);
    if (recorder != nullptr) recorder->load(*checkpoint_);
    checkpoint_.reset();
    progress.resumed(simulation.done(), std::stod(stored_.at("wall_seconds")),
                     simulation.population().counters().events);
}

template <class Model>
bool RunContext::store(Simulation<Model>& simulation, Recorder* recorder, double wall_seconds, bool is_last) {
    std::unique_ptr<CheckpointWriter> checkpoint;
    if (transport_.is_root()) {
        checkpoint = make_hdf5_checkpoint_writer(checkpoint_file(), texts_at(simulation.done(), wall_seconds));
    }
    simulation.save(checkpoint.get());
    if (recorder != nullptr) recorder->save(*checkpoint);
    std::uint64_t failed = checkpoint == nullptr || finish_checkpoint(*checkpoint, is_last) ? 0 : 1;
    transport_.maximum({&failed, 1});
    return failed == 0;
}

}  // namespace parley
