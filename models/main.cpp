// The program: command line to results. The only file that knows all models.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "engine/archive.hpp"
#include "engine/checkpoint.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "engine/thread_waiting.hpp"
#include "engine/transport.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/idle_parameters.hpp"
#include "models/agentic/memory_estimate.hpp"
#include "models/agentic/result_writer.hpp"
#include "models/agreement.hpp"
#include "models/command_line.hpp"
#include "models/phold/phold_model.hpp"
#include "models/run_context.hpp"

namespace parley {

namespace {

ParameterTable parameter_table() {
    ParameterTable table;
    add_run_parameters(table, {"agentic", "phold"});
    agentic::add_parameters(table);
    phold::add_parameters(table);
    return table;
}

void report(const RunContext& run, const Provenance& provenance, const std::string& headline) {
    if (!run.transport().is_root() || run.line().quiet) return;
    std::printf("%s\n", headline.c_str());
    const auto number = [&](const char* name) { return provenance.numbers.at(name); };
    std::printf("%.2f s wall, %.2f M events/s, imbalance %.2f (busiest partition over the mean)\n", run.wall_seconds(),
                number("events_per_second") / 1e6, number("imbalance"));
    std::printf("%.0f MB peak memory", number("peak_memory_bytes") / 1e6);
    constexpr double most = 10'000;  // more is the program itself, not its entities
    if (number("bytes_per_entity") < most) std::printf(", %.0f bytes per entity", number("bytes_per_entity"));
    std::printf("\n");
    std::printf("results: %s\n", run.output().c_str());
}

RunEnd run_agentic(RunContext& run) {
    const agentic::Parameters parameters = agentic::read_parameters(run.config());
    const std::uint32_t shards = agentic::ClassCatalogue(parameters).shard_count();
    const ExecutionOptions options = execution_options(run.config(), parameters.peers, run.transport().size());
    run.check_memory(agentic::estimated_bytes(parameters, run.transport().size(), options.partitions_per_rank));
    run.check(options);
    agentic::ResultWriter writer(parameters, shards, run.make_recorder(agentic::result_schema()));
    run.open_status(parameters.end);
    agentic::AgenticModel model(parameters, &writer, options.threads);
    const auto state = [&writer] { return ModelState{writer.success_so_far(), writer.events()}; };
    const RunEnd end =
        run.simulate(model, parameters.end, options, writer.recorder(), state, agentic::event_kind_count);
    if (end == RunEnd::stopped) return end;
    const Provenance provenance = run.provenance(options, writer.events(), parameters.peers);
    writer.finish(run.pending_by_kind(), provenance.texts, provenance.numbers);
    char headline[160];
    std::snprintf(headline, sizeof headline, "%u peers, %.0f %% Sybil, %s: success rate %.4f over the measured time",
                  parameters.peers, 100.0 * parameters.sybils() / parameters.peers,
                  run.config().text("policy.name").c_str(), writer.measured_success_rate());
    report(run, provenance, headline);
    return end;
}

RunEnd run_phold(RunContext& run) {
    const phold::Parameters parameters = phold::read_parameters(run.config());
    const ExecutionOptions options = execution_options(run.config(), parameters.entities, run.transport().size());
    run.check(options);
    const ResultSchema schema{"phold",
                              {},
                              {},
                              {{"events", NumberKind::count, "events", "events handled", ""},
                               {"windows", NumberKind::count, "windows", "windows that held events", ""},
                               {"digest", NumberKind::count, "1", "order-sensitive digest of all events", ""}}};
    const std::unique_ptr<Recorder> recorder = run.make_recorder(schema);
    run.open_status(parameters.end);
    phold::PholdModel model(parameters);
    const RunEnd end = run.simulate(model, parameters.end, options, recorder.get(), {}, phold::event_kind_count);
    if (end == RunEnd::stopped) return end;
    const std::uint64_t waiting = run.pending_by_kind().front();
    if (waiting != parameters.entities) {
        throw std::logic_error("the books do not balance: " + std::to_string(waiting) +
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
    return end;
}

const ParameterTable& parameters_of_all() {
    static const ParameterTable table = parameter_table();
    return table;
}

// Everything that can be checked without running; throws InputError.
void check_config(RunConfig& config, const std::filesystem::path& folder) {
    check_run_parameters(config);
    if (config.text("run.model") == "agentic") {
        agentic::embed_regions(config, folder);
        const agentic::Parameters parameters = agentic::read_parameters(config);
        agentic::ClassCatalogue catalogue(parameters);
    } else {
        phold::read_parameters(config);
    }
}

// Says which parameters were set in vain. Not of a resumed run, which has said so.
void note_idle_parameters(const RunConfig& config, const CommandLine& line) {
    if (line.quiet || line.command == CommandLine::Command::resume || config.text("run.model") != "agentic") return;
    for (const std::string& note : agentic::idle_parameters(config, agentic::read_parameters(config))) {
        std::fprintf(stderr, "parley: note: %s\n", note.c_str());
    }
}

// What a command works on, the same on every rank.
struct Input {
    CommandLine line;
    std::map<std::string, std::string> stored;     // of the checkpoint that is resumed
    std::unique_ptr<CheckpointReader> checkpoint;  // of the root
    std::optional<RunConfig> config;               // of run, resume and validate
};

// Calls `read` on every rank; what it returns has to be the same, and what it throws ends all of them alike.
template <class Read>
void read_alike(Transport& transport, const Read& read) {
    std::string problem;
    std::string input;
    try {
        input = read();
    } catch (const InputError& error) {
        problem = error.what();
    }
    agree_on(transport, problem, input, "configuration", "give all of them the same command line and the same files");
}

// The root alone reads a checkpoint; the others learn from it what it says about the run.
void open_checkpoint(Input& input, Transport& transport) {
    ArchiveWriter texts;
    read_alike(transport, [&] {
        if (!transport.is_root()) return "";
        input.checkpoint = open_hdf5_checkpoint(input.line.config);
        const std::string& version = input.checkpoint->texts().at("version");
        if (version != PARLEY_VERSION) {
            throw InputError(input.line.config.string() + " was written by parley " + version +
                             ", and this is parley " + PARLEY_VERSION +
                             " (whose results may differ); resume it with that version");
        }
        for (const auto& [name, text] : input.checkpoint->texts()) {
            for (const std::string& each : {name, text}) {
                std::vector<char> characters(each.begin(), each.end());
                texts(characters);
            }
        }
        return "";
    });
    const Bytes bytes = std::move(transport.gather_all(texts.bytes()).front());
    ArchiveReader archive(bytes);
    while (!archive.at_end()) {
        std::vector<char> name;
        std::vector<char> text;
        archive(name, text);
        input.stored.emplace(std::string(name.begin(), name.end()), std::string(text.begin(), text.end()));
    }
    input.stored["resumed"] = std::to_string(std::stoi(input.stored["resumed"]) + 1);
}

Input read_input(const std::vector<std::string>& arguments, Transport& transport) {
    using Command = CommandLine::Command;
    Input input;
    read_alike(transport, [&] {
        input.line = parse_command_line(arguments);
        std::string words;
        for (const std::string& argument : arguments) words += argument + '\n';
        return words;
    });
    const CommandLine& line = input.line;
    if (line.command == Command::resume) open_checkpoint(input, transport);
    if (line.command != Command::run && line.command != Command::resume && line.command != Command::validate) {
        return input;
    }
    read_alike(transport, [&] {
        input.config = line.command == Command::resume
                           ? RunConfig::resumed(parameters_of_all(), input.stored.at("config"), line.config.string(),
                                                line.overrides)
                           : RunConfig::read(parameters_of_all(), line.config, line.overrides);
        check_config(*input.config, line.config.parent_path());
        return input.config->complete_text();
    });
    if (transport.is_root()) note_idle_parameters(*input.config, line);
    return input;
}

int run_or_resume(Input& input, Transport& transport) {
    listen_for_stop_signals();
    transport.use(exchange_strategy(*input.config));
    RunContext run(input.line, *input.config, transport, std::move(input.stored), std::move(input.checkpoint));
    try {
        const RunEnd end = input.config->text("run.model") == "agentic" ? run_agentic(run) : run_phold(run);
        if (end == RunEnd::stopped) return static_cast<int>(ExitCode::checkpointed);
    } catch (const std::exception& error) {
        run.failed(error.what());
        throw;
    }
    run.complete();
    return 0;
}

int execute(const std::vector<std::string>& arguments, Transport& transport) {
    using Command = CommandLine::Command;
    Input input = read_input(arguments, transport);
    const CommandLine& line = input.line;
    if (line.command == Command::run || line.command == Command::resume) return run_or_resume(input, transport);
    if (!transport.is_root()) return 0;
    if (line.command == Command::help) std::cout << help_text();
    if (line.command == Command::version) std::cout << "parley " PARLEY_VERSION << '\n';
    if (line.command == Command::validate) std::cout << input.config->resolved_text() << "# valid\n";
    if (line.command == Command::describe) {
        const ParameterTable& table = parameters_of_all();
        line.markdown ? table.describe_markdown(std::cout) : table.describe(std::cout, line.section);
    }
    return 0;
}

// Bad input is found alike on every rank: all end by themselves, the root speaks. Any other error may concern
// one rank only, which then has to end the others.
int guarded_execute(const std::vector<std::string>& arguments, Transport& transport) {
    ExitCode code = ExitCode::internal_error;
    try {
        return execute(arguments, transport);
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
    std::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error like a full disk, and reported as such
    parley::limit_spinning(argv);
    const auto transport =
        parley::started_by_mpi_launcher() ? parley::make_mpi_transport(&argc, &argv) : parley::make_serial_transport();
    return parley::guarded_execute({argv + 1, argv + argc}, *transport);
}
