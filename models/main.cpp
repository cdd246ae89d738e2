// The program: command line to results. The only file that knows all models.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <iostream>
#include <map>
#include <optional>

#include "engine/memory_budget.hpp"
#include "engine/progress.hpp"
#include "engine/recorder.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "engine/simulation.hpp"
#include "engine/status_file.hpp"
#include "engine/thread_waiting.hpp"
#include "engine/transport.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/memory_estimate.hpp"
#include "models/agentic/result_writer.hpp"
#include "models/command_line.hpp"
#include "models/phold/phold_model.hpp"

namespace parley {

namespace {

ParameterTable parameter_table() {
    ParameterTable table;
    add_run_parameters(table, {"agentic", "phold"});
    agentic::add_parameters(table);
    phold::add_parameters(table);
    return table;
}

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

// What /provenance tells of a run.
struct Provenance {
    std::map<std::string, std::string> texts;
    std::map<std::string, double> numbers;
};

// How one run is executed: what all models need.
struct RunContext {
    const CommandLine& line;
    const RunConfig& config;
    Transport& transport;
    std::string started = utc_now();
    double wall_seconds = 0;
    // Of this rank, at the end.
    PendingEvents pending = {};
    EngineCounters counters = {};
    std::vector<std::uint64_t> pending_by_kind = {};  // of all ranks
    std::optional<StatusFile> status = {};            // of the root, while it runs

    std::filesystem::path output() const {
        return line.output.empty() ? std::filesystem::path(line.config.stem().string() + ".h5") : line.output;
    }

    // `bytes`: that a rank will need. Collective.
    void check_memory(std::uint64_t bytes) const {
        if (config.flag("parallel.check_memory")) parley::check_memory(bytes, host_name(), transport);
    }

    // On the root, whose file system counts; if that refuses, all ranks end alike. Collective.
    void check_output_file() const {
        std::string problem;
        if (transport.is_root()) {
            try {
                check_output(output(), line.force);
            } catch (const InputError& error) {
                problem = error.what();
            }
        }
        std::uint64_t refused = problem.empty() ? 0 : 1;
        transport.sum({&refused, 1});
        if (refused != 0) throw InputError(problem);
    }

    // To be called when the output file can be written.
    void open_status(SimTime end) {
        if (transport.is_root()) {
            status.emplace(StatusHeader{output(), host_name(), PARLEY_VERSION, transport.size(), end});
        }
    }

    std::unique_ptr<Recorder> make_recorder(const ResultSchema& schema) const {
        if (!transport.is_root()) return nullptr;
        StoredConfig stored{config.resolved_text(), {}};
        for (const auto& [parameter, value] : config.resolved()) {
            if (parameter->changes_results) stored.values.emplace_back(parameter->key, value);
        }
        return make_hdf5_recorder(output(), schema, stored);
    }

    // `entities`: simulated entities to share the memory among. Collective.
    Provenance provenance(const ExecutionOptions& options, std::uint64_t events, double entities) const {
        std::array<std::uint64_t, 4> sums{pending.events, pending.bytes, static_cast<std::uint64_t>(peak_bytes()),
                                          counters.busy_nanoseconds};
        transport.sum(sums);
        std::uint64_t busiest = counters.busiest_nanoseconds;
        transport.maximum({&busiest, 1});
        const double mean_busy = static_cast<double>(sums[3]) / counters.partitions;
        Provenance p;
        p.texts = {{"version", PARLEY_VERSION},
                   {"compiler", __VERSION__},
                   {"host", host_name()},
                   {"started", started},
                   {"finished", utc_now()}};
        for (const auto& [parameter, value] : config.resolved()) {
            if (!parameter->changes_results) p.texts.emplace(parameter->key, value);
        }
        p.numbers = {{"ranks", transport.size()},
                     {"threads_per_rank", options.threads},
                     {"partitions_per_rank", options.partitions_per_rank},
                     {"wall_seconds", wall_seconds},
                     {"events_per_second", static_cast<double>(events) / wall_seconds},
                     {"peak_memory_bytes", static_cast<double>(sums[2])},
                     {"bytes_per_entity", static_cast<double>(sums[2]) / entities},
                     {"bytes_per_pending_event", static_cast<double>(sums[1]) / static_cast<double>(sums[0])},
                     {"pending_events_at_end", static_cast<double>(sums[0])},
                     // One partition is not timed: it is in balance.
                     {"imbalance", counters.partitions > 1 ? static_cast<double>(busiest) / mean_busy : 1.0}};
        return p;
    }
};

template <class Model>
void simulate(Model& model, SimTime end, const ExecutionOptions& options, RunContext& run,
              const std::function<ModelState()>& state, std::size_t event_kinds) {
    Progress progress(end, run.line.quiet || !run.transport.is_root(), state, run.status ? &*run.status : nullptr);
    Simulation<Model> simulation(model, run.transport, options);
    simulation.run(end, progress);
    progress.finish();
    run.wall_seconds = progress.wall_seconds();
    run.pending = simulation.population().pending();
    run.counters = simulation.population().counters();
    run.pending_by_kind = simulation.pending_by_kind(event_kinds);
    run.transport.sum(run.pending_by_kind);
}

void report(const RunContext& run, const Provenance& provenance, const std::string& headline) {
    if (!run.transport.is_root() || run.line.quiet) return;
    std::printf("%s\n", headline.c_str());
    const auto number = [&](const char* name) { return provenance.numbers.at(name); };
    std::printf("%.2f s wall, %.2f M events/s, imbalance %.2f (busiest partition over the mean)\n", run.wall_seconds,
                number("events_per_second") / 1e6, number("imbalance"));
    std::printf("%.0f MB peak memory: %.0f bytes per peer or entity; %.0f bytes per pending event\n",
                number("peak_memory_bytes") / 1e6, number("bytes_per_entity"), number("bytes_per_pending_event"));
    std::printf("results: %s\n", run.output().c_str());
}

void run_agentic(RunContext& run) {
    const agentic::Parameters parameters = agentic::read_parameters(run.config);
    const std::uint32_t shards = agentic::ClassCatalogue(parameters).shard_count();
    const ExecutionOptions options = execution_options(run.config, parameters.peers, run.transport.size());
    run.check_memory(agentic::estimated_bytes(parameters, run.transport.size()));
    run.check_output_file();
    agentic::ResultWriter writer(parameters, shards, run.make_recorder(agentic::result_schema()));
    run.open_status(parameters.end);
    agentic::AgenticModel model(parameters, &writer, options.threads);
    const auto state = [&writer] { return ModelState{writer.success_so_far(), writer.events()}; };
    simulate(model, parameters.end, options, run, state, agentic::event_kind_count);
    const Provenance provenance = run.provenance(options, writer.events(), parameters.peers);
    writer.finish(run.pending_by_kind, provenance.texts, provenance.numbers);
    char headline[160];
    std::snprintf(headline, sizeof headline, "%u peers, %.0f %% Sybil, %s: success rate %.4f over the measured time",
                  parameters.peers, 100.0 * parameters.sybils() / parameters.peers,
                  run.config.text("policy.name").c_str(), writer.measured_success_rate());
    report(run, provenance, headline);
}

void run_phold(RunContext& run) {
    const phold::Parameters parameters = phold::read_parameters(run.config);
    const ExecutionOptions options = execution_options(run.config, parameters.entities, run.transport.size());
    run.check_output_file();
    const ResultSchema schema{"phold",
                              {},
                              {},
                              {{"events", NumberKind::count, "events", "events handled", ""},
                               {"windows", NumberKind::count, "windows", "windows that held events", ""},
                               {"digest", NumberKind::count, "1", "order-sensitive digest of all events", ""}}};
    const std::unique_ptr<Recorder> recorder = run.make_recorder(schema);
    run.open_status(parameters.end);
    phold::PholdModel model(parameters);
    simulate(model, parameters.end, options, run, {}, phold::event_kind_count);
    if (run.pending_by_kind.front() != parameters.entities) {
        throw std::logic_error("the books do not balance: " + std::to_string(run.pending_by_kind.front()) +
                               " events wait, and every one of " + std::to_string(parameters.entities) +
                               " entities has one on its way; this is an error of the program, please report it");
    }
    const Provenance provenance = run.provenance(options, model.events(), parameters.entities);
    if (recorder)
        recorder->finish({{model.events(), model.windows(), model.digest()}, {}}, provenance.texts, provenance.numbers);
    char headline[160];
    std::snprintf(headline, sizeof headline, "%u entities, %llu events in %llu windows, digest %016llx",
                  parameters.entities, static_cast<unsigned long long>(model.events()),
                  static_cast<unsigned long long>(model.windows()), static_cast<unsigned long long>(model.digest()));
    report(run, provenance, headline);
}

// Everything that can be checked without running; throws InputError.
RunConfig checked_config(const CommandLine& line) {
    static const ParameterTable table = parameter_table();
    RunConfig config = RunConfig::read(table, line.config, line.overrides);
    check_run_parameters(config);
    if (config.text("run.model") == "agentic") {
        agentic::embed_regions(config, line.config.parent_path());
        const agentic::Parameters parameters = agentic::read_parameters(config);
        agentic::ClassCatalogue catalogue(parameters);
    } else {
        phold::read_parameters(config);
    }
    return config;
}

void execute(const CommandLine& line, Transport& transport) {
    using Command = CommandLine::Command;
    if (line.command == Command::run) {
        const RunConfig config = checked_config(line);
        transport.use(exchange_strategy(config));
        RunContext run{line, config, transport};
        try {
            config.text("run.model") == "agentic" ? run_agentic(run) : run_phold(run);
        } catch (const std::exception& error) {
            if (run.status) run.status->failed(error.what());
            throw;
        }
        if (run.status) run.status->done();
        return;
    }
    if (!transport.is_root()) return;
    if (line.command == Command::help) std::cout << help_text();
    if (line.command == Command::version) std::cout << "parley " PARLEY_VERSION << '\n';
    if (line.command == Command::validate) {
        const RunConfig config = checked_config(line);
        std::cout << config.resolved_text() << "# valid\n";
    }
    if (line.command == Command::describe) {
        const ParameterTable table = parameter_table();
        line.markdown ? table.describe_markdown(std::cout) : table.describe(std::cout, line.section);
    }
}

// Bad input is found alike on every rank: all end by themselves, the root speaks. Any other error may concern
// one rank only, which then has to end the others.
int guarded_execute(const std::vector<std::string>& arguments, Transport& transport) {
    ExitCode code = ExitCode::internal_error;
    try {
        execute(parse_command_line(arguments), transport);
        return 0;
    } catch (const InputError& error) {
        if (transport.is_root()) std::fprintf(stderr, "parley: %s\n", error.what());
        return static_cast<int>(ExitCode::bad_input);
    } catch (const SimulationError& error) {
        std::fprintf(stderr, "parley: %s\n", error.what());
        code = ExitCode::simulation_error;
    } catch (const OutputError& error) {
        std::fprintf(stderr, "parley: %s\n", error.what());
        code = ExitCode::output_error;
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "parley: out of memory; use fewer peers, or more ranks on more nodes\n");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "parley: internal error: %s\n", error.what());
    }
    if (transport.size() > 1) transport.abort(static_cast<int>(code));
    return static_cast<int>(code);
}

}  // namespace

}  // namespace parley

int main(int argc, char** argv) {
    parley::limit_spinning(argv);
    const auto transport =
        parley::started_by_mpi_launcher() ? parley::make_mpi_transport(&argc, &argv) : parley::make_serial_transport();
    return parley::guarded_execute({argv + 1, argv + argc}, *transport);
}
