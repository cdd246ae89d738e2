// Simulations that are restored from a checkpoint whose sections are damaged, though its checksum is right: a
// std::runtime_error, or a state that can be stored and restored once more.
//
// The input is a byte that chooses the simulation, then edits of 14 bytes: section, action, place (32 bit), value
// (64 bit). Whether a state that fits its layout is one that a run can reach is not known to those who read it: what a
// run does after it is nothing to find here. That such states do not come is the checksum's affair.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/progress.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "engine/simulation.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/result_writer.hpp"
#include "models/phold/phold_model.hpp"
#include "tests/support/memory_checkpoint.hpp"

namespace parley {

namespace {

struct Phold {
    using Parameters = phold::Parameters;
    phold::PholdModel model;
    explicit Phold(const Parameters& parameters) : model(parameters) {}
};

struct Agentic {
    using Parameters = agentic::Parameters;
    agentic::ResultWriter writer;
    agentic::AgenticModel model;
    explicit Agentic(const Parameters& parameters)
        : writer(parameters, agentic::ClassCatalogue(parameters).shard_count(), nullptr),
          model(parameters, &writer, 1) {}
};

// A simulation that is stored in the middle of its run.
template <class Kind>
class Case {
   public:
    explicit Case(const typename Kind::Parameters& parameters) : parameters_(parameters) {
        Kind kind(parameters_);
        Simulation simulation(kind.model, *transport_, {});
        Progress progress(parameters_.end, true);
        CheckpointPlan plan(Duration{}, Duration{parameters_.end.nanoseconds / 2}, true);
        if (simulation.run(parameters_.end, progress, &plan) == CheckpointWish::none) std::abort();
        simulation.save(&stored_);
    }

    const MemoryCheckpoint& stored() const { return stored_; }

    // Restores `from`, and stores that again.
    MemoryCheckpoint restore(MemoryCheckpoint& from) const {
        Kind kind(parameters_);
        Simulation simulation(kind.model, *transport_, {});
        simulation.restore(&from, parameters_.end);
        MemoryCheckpoint to;
        simulation.save(&to);
        return to;
    }

   private:
    std::unique_ptr<Transport> transport_ = make_serial_transport();
    typename Kind::Parameters parameters_;
    MemoryCheckpoint stored_;
};

class Edits {
   public:
    explicit Edits(std::span<const unsigned char> bytes) : rest_(bytes) {}

    MemoryCheckpoint apply(const MemoryCheckpoint& to) {
        std::map<std::string, Bytes> sections = to.sections();
        while (!rest_.empty()) {
            const auto section = std::next(sections.begin(), take<std::uint8_t>() % sections.size());
            edit(section->second);
        }
        MemoryCheckpoint edited;
        for (const auto& [name, bytes] : sections) {
            edited.begin(name);
            edited.append(bytes);
        }
        return edited;
    }

   private:
    template <class T>
    T take() {
        T value = 0;
        const std::size_t bytes = std::min(rest_.size(), sizeof value);
        if (bytes > 0) std::memcpy(&value, rest_.data(), bytes);
        rest_ = rest_.subspan(bytes);
        return value;
    }

    void edit(Bytes& section) {
        const unsigned action = take<std::uint8_t>() % 6;
        const std::size_t at = take<std::uint32_t>() % (section.size() + 1);
        const auto value = take<std::uint64_t>();
        const auto place = section.begin() + static_cast<std::ptrdiff_t>(at);
        if (action < 4) {  // 1, 2, 4 or 8 bytes are others
            const std::size_t bytes = std::min(section.size() - at, std::size_t{1} << action);
            std::memcpy(section.data() + at, &value, bytes);
        } else if (action == 4) {
            section.erase(place,
                          place + static_cast<std::ptrdiff_t>(std::min<std::size_t>(value, section.size() - at)));
        } else {
            section.insert(place, value % 64, std::byte{0});
        }
    }

    std::span<const unsigned char> rest_;
};

agentic::Parameters agentic_parameters(const std::vector<std::string>& settings) {
    ParameterTable table;
    add_run_parameters(table, {"agentic", "phold"});
    agentic::add_parameters(table);
    std::vector<std::string> all{"run.duration=20s",       "run.warmup=2s",           "peers.count=24",
                                 "adversary.fraction=0.3", "peers.workflow_rate=0.5", "reputation.epoch=3s",
                                 "descriptor.ttl=8s"};
    all.insert(all.end(), settings.begin(), settings.end());
    return agentic::read_parameters(RunConfig::read(table, {}, all));
}

phold::Parameters phold_parameters() {
    phold::Parameters p;
    p.end = SimTime{10'000'000'000};
    p.entities = 50;
    p.remote = 0.5;
    p.mean = p.lookahead = Duration{500'000'000};
    p.tick = Duration{1};
    return p;
}

template <class Kind>
void check(const Case<Kind>& simulation, std::span<const unsigned char> edits) {
    MemoryCheckpoint damaged = Edits(edits).apply(simulation.stored());
    MemoryCheckpoint again;
    try {
        again = simulation.restore(damaged);
    } catch (const std::runtime_error&) {
        return;
    }
    const MemoryCheckpoint once_more = simulation.restore(again);
    for (const auto& [name, bytes] : again.sections()) {
        if (once_more.sections().at(name).size() != bytes.size()) std::abort();
    }
}

}  // namespace

}  // namespace parley

// NOLINTNEXTLINE(readability-identifier-naming): it is libFuzzer that names it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace parley;
    if (size == 0) return 0;
    static const Case<Phold> benchmark(phold_parameters());
    static const Case<Agentic> plain(agentic_parameters({}));
    static const Case<Agentic> rich(agentic_parameters(
        {"reputation.kind=eigentrust", "registry.fanout=2", "registry.entries_per_shard=4", "churn.kind=weibull",
         "churn.on_scale=20s", "churn.off_mean=5s", "adversary.whitewash=true", "adversary.forge_rate=0.5",
         "identity.verify=false", "drift.kind=two_state", "capability.classes=search:500ms, drawing:2s, publishing:1s",
         "workflow.steps=a: any/low; b: any/medium after a; c: any/high/side_effect after a"}));
    const std::span<const unsigned char> edits(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            check(benchmark, edits);
            break;
        case 1:
            check(plain, edits);
            break;
        default:
            check(rich, edits);
    }
    return 0;
}
