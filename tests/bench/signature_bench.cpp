// What real signatures cost: CPU time of one signature, one verification and one key, as the model makes them.
#include <benchmark/benchmark.h>

#include "engine/run_options.hpp"
#include "models/agentic/identity/signatures.hpp"

namespace {

using namespace parley;
using namespace parley::agentic;

constexpr std::uint32_t receiver = 1000;
constexpr RegisterDescriptor descriptor{7, false, false, 0, 1'000'000'000};

Parameters parameters_of(const std::string& peers) {
    ParameterTable table;
    add_run_parameters(table, {"agentic"});
    add_parameters(table);
    return read_parameters(
        RunConfig::read(table, "", {"identity.signature=ed25519", "peers.count=" + peers, "registry.candidates=1"}));
}

void sign(benchmark::State& state) {
    const Signatures signatures(parameters_of("10"), 1);
    for (auto _ : state) benchmark::DoNotOptimize(signatures.sign(7, receiver, descriptor));
}
BENCHMARK(sign);

void verify(benchmark::State& state) {
    const Signatures signatures(parameters_of("10"), 1);
    const auto message = signatures.sign(7, receiver, descriptor);
    for (auto _ : state) benchmark::DoNotOptimize(signatures.verify(7, receiver, message));
}
BENCHMARK(verify);

void derive_1000_keys(benchmark::State& state) {
    const Parameters parameters = parameters_of("1000");
    for (auto _ : state) benchmark::DoNotOptimize(Signatures(parameters, 1));
}
BENCHMARK(derive_1000_keys);

}  // namespace

BENCHMARK_MAIN();
