// A strategy of the adversary in one file: sleepers behave like honest peers until a given time, canaries too, and then
// as the configuration says. Prints how success depends on when they wake.
#include <cstdio>
#include <memory>

#include "engine/progress.hpp"
#include "engine/run_config.hpp"
#include "engine/run_options.hpp"
#include "engine/simulation.hpp"
#include "engine/transport.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/result_writer.hpp"

using namespace parley;
using namespace parley::agentic;

class Sleepers : public Strategy {
   public:
    Sleepers(const Parameters& parameters, SimTime wake) : pass_(parameters.canary_pass), wake_(wake) {}
    Conduct conduct(const Sybil& sybil, Conduct before) const override {
        return sybil.now < wake_ ? Conduct::honest : before;
    }
    double canary_pass(const Sybil& sybil, double before) const override { return sybil.now < wake_ ? pass_ : before; }

   private:
    double pass_;
    SimTime wake_;
};

// Success rate when all Sybils wake after `seconds`.
double success_rate(const Parameters& parameters, int seconds) {
    Strategies strategies;
    const SimTime wake = SimTime{} + Duration{1'000'000'000} * seconds;
    strategies.push_back(std::make_unique<Sleepers>(parameters, wake));
    ResultWriter writer(parameters, ClassCatalogue(parameters).shard_count(), nullptr);
    AgenticModel model(parameters, &writer, 1, std::move(strategies));
    const auto transport = make_serial_transport();
    Progress progress(parameters.end, true, {}, nullptr);
    Simulation<AgenticModel> simulation(model, *transport, {});
    simulation.run(parameters.end, progress);
    return writer.measured_success_rate();
}

int main() {
    ParameterTable table;
    add_run_parameters(table, {"agentic"});
    add_parameters(table);
    const RunConfig config = RunConfig::read(
        table, "", {"adversary.fraction=0.3", "policy.name=tier1", "run.warmup=60s", "run.duration=360s"});
    const Parameters parameters = read_parameters(config);
    for (const int seconds : {0, 60, 180, 360}) {
        std::printf("awake after %3d s: success %.3f\n", seconds, success_rate(parameters, seconds));
    }
}
