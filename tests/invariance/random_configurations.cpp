// Random small configurations of the agentic model: each runs on all ranks with two threads, on one rank alone, and so
// that a checkpoint in the middle moves it from all ranks in one shape to all ranks in another. All must have the same
// rows and summary to the last bit, and balanced books.
//
//   mpirun -n 3 random_configurations SEED COUNT
//
// Values are drawn from the parameter table (types, ranges, choices), so a new parameter is covered by being in it. The
// settings of a configuration that fails are printed as the program takes them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint.hpp"
#include "engine/error.hpp"
#include "engine/progress.hpp"
#include "engine/random_stream.hpp"
#include "engine/recorder.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "engine/simulation.hpp"
#include "engine/transport.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/result_writer.hpp"
#include "tests/support/memory_checkpoint.hpp"

namespace parley {

namespace {

// Keeps what a run records, but for how it was executed.
class MemoryRecorder final : public Recorder {
   public:
    explicit MemoryRecorder(std::string& into) : into_(into) {
        const std::vector<Table> tables = agentic::result_schema().tables;
        for (const Table& table : tables) simulated_.push_back(!table.group.starts_with("provenance"));
    }
    void append(std::size_t table, SimTime end, const Row& row) override {
        if (!simulated_[table]) return;
        keep(&table, sizeof table);
        keep(&end, sizeof end);
        keep(row);
    }
    void flush() override {}
    // The rows stay where they are while the run goes on elsewhere.
    void save(CheckpointWriter&) override {}
    void load(CheckpointReader&) override {}
    void finish(const Row& summary, const std::map<std::string, std::string>&,
                const std::map<std::string, double>&) override {
        keep(summary);
    }

   private:
    void keep(const void* data, std::size_t bytes) { into_.append(static_cast<const char*>(data), bytes); }
    void keep(const Row& row) {
        keep(row.counts.data(), row.counts.size() * sizeof row.counts[0]);
        keep(row.reals.data(), row.reals.size() * sizeof row.reals[0]);
    }

    std::string& into_;
    std::vector<bool> simulated_;
};

// --- the generator

constexpr double longest_pause = 19;  // seconds; runs take 20

// What every configuration has, so that it is small and its times fit together.
using Range = std::array<double, 2>;
const std::map<std::string, Range, std::less<>> narrower{{"peers.count", {20, 300}},
                                                         {"peers.workflow_rate", {0.02, 0.5}},
                                                         {"run.seed", {1, 1e6}},
                                                         {"network.min_latency", {0.005, 0.05}},
                                                         {"capability.dimension", {2, 64}},
                                                         {"reputation.epoch", {0.5, 3}},
                                                         {"descriptor.ttl", {1, 8}},
                                                         {"drift.ou_step", {0.1, 2}},
                                                         {"churn.on_scale", {1, 30}},
                                                         {"churn.off_mean", {1, 20}},
                                                         {"adversary.rejoin_delay", {0.5, 8}}};
// Texts are lists with names in them: some that fit together.
const std::map<std::string, std::vector<std::string>, std::less<>> texts{
    {"capability.classes", {"image_generation:2s, publishing:1s", "12", "3"}},
    {"workflow.steps",
     {"any/low", "any/medium, any/high/side_effect", "any/low, any/low, any/high",
      "a: any/low; b: any/medium after a; c: any/high after a; d: any/high/side_effect after b, c with max_price 2"}},
    {"network.regions", {"region,share,NA,EU;NA,0.4,32,124;EU,0.6,124,11"}},
    {"query.regions", {"NA", "EU, NA"}},
    {"adversary.cells", {"publishing", "image_generation, publishing"}}};
// How long a run is and what it stores are not drawn.
bool is_drawn(const Parameter& p) {
    return p.key == "run.seed" || (p.model == "agentic" && !p.key.starts_with("output."));
}

double uniform(RandomStream& stream, double low, double high) { return low + (high - low) * stream.uniform(); }

std::string number(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.6g", value);
    return text.data();
}

// Around the default, over two decades; around nothing, up to 1 or the range's end.
double draw_number(RandomStream& stream, const Parameter& p, double standard) {
    const auto range = narrower.find(p.key);
    if (range != narrower.end()) return uniform(stream, range->second[0], range->second[1]);
    const double value = standard > 0 ? standard * std::pow(10.0, uniform(stream, -1, 1)) : uniform(stream, 0, 1);
    return std::clamp(value, p.minimum, std::min(p.maximum, 1e9));
}

std::string draw_value(RandomStream& stream, const Parameter& p) {
    const auto one_of = [&](const std::vector<std::string>& choices) {
        return choices[static_cast<std::size_t>(stream.uniform() * static_cast<double>(choices.size()))];
    };
    switch (p.kind) {
        case ValueKind::integer:
            return std::to_string(std::llround(draw_number(stream, p, std::atof(p.default_value.c_str()))));
        case ValueKind::real:
            return number(draw_number(stream, p, std::atof(p.default_value.c_str())));
        case ValueKind::duration: {
            const double seconds = parse_duration(p.default_value, p.key).seconds();
            return std::to_string(std::llround(draw_number(stream, p, seconds) * 1e6)) + "us";
        }
        case ValueKind::flag:
            return one_of({"true", "false"});
        case ValueKind::choice:
            return one_of(p.choices);
        case ValueKind::text:
            break;
    }
    const auto known = texts.find(p.key);
    return known == texts.end() ? p.default_value : one_of(known->second);
}

std::vector<std::string> draw_settings(const ParameterTable& table, RandomStream& stream) {
    std::vector<std::string> settings{"run.duration=20s", "run.warmup=4s"};
    const double share = uniform(stream, 0.02, 0.25);  // of the parameters that are not at their default
    for (const Parameter& p : table.all()) {
        const bool always = narrower.contains(p.key);
        if (!is_drawn(p) || !(always || stream.uniform() < share)) continue;
        const std::string value = draw_value(stream, p);
        if (!value.empty()) settings.push_back(p.key + "=" + value);
    }
    return settings;
}

// --- one run

struct Outcome {
    std::string results;  // of the root
    std::string error;
    bool operator==(const Outcome&) const = default;
};

struct Run {
    const agentic::Parameters& parameters;
    Transport& transport;
    std::string& results;

    // From `from`, or the start, to the first checkpoint after `pause`, which goes to `to`, or the end.
    void go(const ExecutionOptions& options, MemoryCheckpoint* from, Duration pause, MemoryCheckpoint* to) const {
        const std::uint32_t shards = agentic::ClassCatalogue(parameters).shard_count();
        auto recorder = transport.is_root() ? std::make_unique<MemoryRecorder>(results) : nullptr;
        agentic::ResultWriter writer(parameters, shards, std::move(recorder));
        agentic::AgenticModel model(parameters, &writer, options.threads);
        Simulation<agentic::AgenticModel> simulation(model, transport, options);
        Progress progress(parameters.end, true);
        if (from != nullptr) simulation.restore(transport.is_root() ? from : nullptr, parameters.end);
        CheckpointPlan plan(Duration{}, pause, transport.is_root());
        if (simulation.run(parameters.end, progress, to == nullptr ? nullptr : &plan) != CheckpointWish::none) {
            return simulation.save(transport.is_root() ? to : nullptr);
        }
        std::vector<std::uint64_t> pending = simulation.pending_by_kind(agentic::event_kind_count);
        transport.sum(pending);
        writer.finish(pending, {}, {});
    }
};

// Without a pause, or with one after which it goes on with the other options.
Outcome run(const ParameterTable& table, const std::vector<std::string>& settings, Transport& transport,
            const ExecutionOptions& options, Duration pause = {}, const ExecutionOptions& afterwards = {}) {
    Outcome outcome;
    const RunConfig config = RunConfig::read(table, {}, settings);
    const agentic::Parameters parameters = agentic::read_parameters(config);
    const Run run{parameters, transport, outcome.results};
    try {
        if (pause == Duration{}) {
            run.go(options, nullptr, pause, nullptr);
        } else {
            MemoryCheckpoint checkpoint;
            run.go(options, nullptr, pause, &checkpoint);
            run.go(afterwards, &checkpoint, {}, nullptr);
        }
    } catch (const std::exception& error) {
        outcome.error = error.what();
    }
    return outcome;
}

// Takes out what the program refuses, setting by setting, until it takes the rest; returns how many.
std::uint32_t make_valid(const ParameterTable& table, std::vector<std::string>& settings) {
    for (std::uint32_t removed = 0;;) {
        try {
            const RunConfig config = RunConfig::read(table, {}, settings);
            check_run_parameters(config);
            const agentic::Parameters parameters = agentic::read_parameters(config);
            const agentic::ClassCatalogue catalogue(parameters);
            return removed;
        } catch (const InputError& error) {
            const std::string why = error.what();
            const auto is_named = [&](const std::string& setting) {
                return why.find(setting.substr(0, setting.find('='))) != std::string::npos;
            };
            // The last drawn of those that the message names, else the last of all.
            const auto named = std::find_if(settings.rbegin(), settings.rend(), is_named);
            settings.erase(named == settings.rend() ? settings.end() - 1 : named.base() - 1);
            ++removed;
        }
    }
}

void tell(const std::string& what, std::uint32_t which, const std::vector<std::string>& settings) {
    std::printf("configuration %u: %s\n ", which, what.c_str());
    for (const std::string& setting : settings) std::printf(" '--%s'", setting.c_str());
    std::printf("\n");
}

int test(std::uint64_t seed, std::uint32_t count, Transport& transport) {
    ParameterTable table;
    add_run_parameters(table, {"agentic"});
    agentic::add_parameters(table);
    std::uint64_t failed = 0;
    std::size_t drawn = 0;
    std::size_t removed = 0;
    for (std::uint32_t which = 0; which < count; ++which) {
        RandomStream stream(seed, EntityId{which}, 0, 0);
        std::vector<std::string> settings = draw_settings(table, stream);
        drawn += settings.size();
        removed += make_valid(table, settings);
        const Outcome together = run(table, settings, transport, {2, 2});
        const auto pause = duration_from_seconds(uniform(stream, 0.1, longest_pause));
        const Outcome interrupted =
            together.error.empty() ? run(table, settings, transport, {1, 1}, pause, {3, 2}) : together;
        if (!interrupted.error.empty() && transport.size() > 1) {
            // Perhaps on this rank alone: the others would wait for it.
            tell(interrupted.error, which, settings);
            std::fflush(stdout);
            transport.abort(1);
        }
        if (!transport.is_root()) continue;
        const auto alone = make_serial_transport();
        const Outcome reference = run(table, settings, *alone, {1, 1});
        const std::string problem = !reference.error.empty()     ? reference.error
                                    : !interrupted.error.empty() ? interrupted.error
                                    : reference.results.empty()  ? "no results"
                                    : together != reference      ? "results differ on several ranks"
                                    : interrupted != reference   ? "results differ after a checkpoint"
                                                                 : "";
        if (problem.empty()) continue;
        ++failed;
        tell(problem, which, settings);
    }
    transport.sum({&failed, 1});
    if (transport.is_root()) {
        std::printf("%u configurations, %zu settings drawn, %zu of them refused, %llu failed\n", count, drawn, removed,
                    static_cast<unsigned long long>(failed));
    }
    return failed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace parley

int main(int argc, char** argv) {
    const auto transport =
        parley::started_by_mpi_launcher() ? parley::make_mpi_transport(&argc, &argv) : parley::make_serial_transport();
    if (argc != 3) {
        std::fprintf(stderr, "usage: random_configurations SEED COUNT\n");
        return 2;
    }
    const auto seed = std::strtoull(argv[1], nullptr, 10);
    return parley::test(seed, static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)), *transport);
}
