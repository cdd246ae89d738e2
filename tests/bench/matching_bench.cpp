// Top-k matching against a plain Eigen product of the same shape: 32 dimensions, the 8 best of each query. The product
// computes all scores and selects nothing.
//
//   matching_bench [--benchmark_filter=...]     Google Benchmark
//   matching_bench --ratios [ROUNDS=15]         both in turn; medians of the ratios round by round
//
// "cold": one query at a time, each of another of 1,000 shards of 2,000 entries, as in a large run: 256 MB of floats.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>

#include "engine/huge_pages.hpp"
#include "models/kernels/matching.hpp"
#include "tests/bench/eigen_product.hpp"

namespace parley::bench {

namespace {

using namespace kernels;

constexpr std::uint32_t dimension = 32;
constexpr std::size_t best_wanted = 8;

// Normalised e + spread g / sqrt(d), as descriptors (spread 0.5) and intents (1.0) of one class are.
void draw_around(const std::vector<float>& centre, float spread, std::mt19937& random, float* out) {
    std::normal_distribution<float> normal;
    float squares = 0;
    for (std::uint32_t k = 0; k < dimension; ++k) {
        out[k] = centre[k] + spread * normal(random) / std::sqrt(static_cast<float>(dimension));
        squares += out[k] * out[k];
    }
    for (std::uint32_t k = 0; k < dimension; ++k) out[k] /= std::sqrt(squares);
}

// Shards of one class each, as floats for Eigen and as indexes.
struct Shards {
    Shards(std::size_t shard_count, std::size_t entries) : entries_each(entries) {
        std::mt19937 random(11);
        floats.resize(shard_count * entries * dimension);
        for (std::size_t s = 0; s < shard_count; ++s) {
            std::vector<float> centre(dimension, 0.0F);
            draw_around(std::vector<float>(dimension, 0.0F), 1.0F, random, centre.data());
            indexes.push_back(std::make_unique<MatchIndex>(dimension, &memory));
            indexes.back()->reserve(entries);
            for (std::size_t i = 0; i < entries; ++i) {
                float* embedding = floats.data() + (s * entries + i) * dimension;
                draw_around(centre, 0.5F, random, embedding);
                indexes.back()->append({embedding, dimension});
                indexes.back()->set_level(i, 1);
            }
            intents.resize((s + 1) * queries_each * dimension);
            for (std::size_t q = 0; q < queries_each; ++q) {
                draw_around(centre, 1.0F, random, intents.data() + (s * queries_each + q) * dimension);
            }
        }
        for (std::size_t q = 0; q < shard_count * queries_each; ++q) {
            queries.push_back({{intents.data() + q * dimension, dimension}, 1});
        }
        best.resize(queries_each);
    }

    void match(std::size_t shard, std::size_t batch) {
        const auto some = std::span(queries).subspan(shard * queries_each, batch);
        top_matches(*indexes[shard], some, best_wanted, AllEntries{}, scratch, std::span(best).first(batch));
        benchmark::DoNotOptimize(best.front().data());
    }
    void multiply(std::size_t shard, std::size_t batch) {
        eigen_product(floats.data() + shard * entries_each * dimension, entries_each, dimension,
                      intents.data() + shard * queries_each * dimension, batch, scores);
        benchmark::DoNotOptimize(scores.data());
    }

    static constexpr std::size_t queries_each = 256;
    std::size_t entries_each;
    std::pmr::monotonic_buffer_resource memory{huge_page_bytes, &huge_pages()};
    std::pmr::vector<float> floats{&huge_pages()};
    std::vector<std::unique_ptr<MatchIndex>> indexes;
    std::vector<float> intents;
    std::vector<MatchQuery> queries;
    MatchScratch scratch;
    std::vector<std::vector<Match>> best;
    std::vector<float> scores;
};

constexpr std::size_t cold_shards = 1000;
constexpr std::size_t cold_entries = 2000;

Shards& hot(std::size_t entries) {
    static Shards small(1, 1000);
    static Shards middle(1, cold_entries);
    static Shards large(1, 100'000);
    return entries == 1000 ? small : entries == cold_entries ? middle : large;
}

Shards& cold() {
    static Shards shards(cold_shards, cold_entries);
    return shards;
}

// A shard far from those asked before.
std::size_t next_cold(std::size_t i) { return i * 379 % cold_shards; }

void report(benchmark::State& state, std::size_t entries, std::size_t batch) {
    state.counters["scores/s"] =
        benchmark::Counter(static_cast<double>(entries * batch), benchmark::Counter::kIsIterationInvariantRate);
    state.counters["us/query"] = benchmark::Counter(
        static_cast<double>(batch) * 1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void matching(benchmark::State& state) {
    const auto entries = static_cast<std::size_t>(state.range(0));
    const auto batch = static_cast<std::size_t>(state.range(1));
    Shards& shards = hot(entries);
    for (auto _ : state) shards.match(0, batch);
    report(state, entries, batch);
}
void product(benchmark::State& state) {
    const auto entries = static_cast<std::size_t>(state.range(0));
    const auto batch = static_cast<std::size_t>(state.range(1));
    Shards& shards = hot(entries);
    for (auto _ : state) shards.multiply(0, batch);
    report(state, entries, batch);
}
void cold_matching(benchmark::State& state) {
    std::size_t i = 0;
    for (auto _ : state) cold().match(next_cold(i++), 1);
    report(state, cold_entries, 1);
}
void cold_product(benchmark::State& state) {
    std::size_t i = 0;
    for (auto _ : state) cold().multiply(next_cold(i++), 1);
    report(state, cold_entries, 1);
}

const std::vector<std::vector<std::int64_t>> shapes{{1000, 2000, 100'000}, {1, 16, 256}};
BENCHMARK(matching)->ArgsProduct(shapes)->ArgNames({"entries", "batch"});
BENCHMARK(product)->ArgsProduct(shapes)->ArgNames({"entries", "batch"});
BENCHMARK(cold_matching);
BENCHMARK(cold_product);

template <class Work>
double seconds_of(std::size_t repetitions, Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < repetitions; ++i) work(i);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() /
           static_cast<double>(repetitions);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Seconds of matching and of the product, in turn.
template <class Ours, class Theirs>
void compare(const char* name, int rounds, std::size_t repetitions, std::size_t batch, Ours&& ours, Theirs&& theirs) {
    std::vector<double> a;
    std::vector<double> b;
    std::vector<double> ratios;
    for (int round = -1; round < rounds; ++round) {
        const double x = seconds_of(repetitions, ours);
        const double y = seconds_of(repetitions, theirs);
        if (round < 0) continue;  // warms up
        a.push_back(x * 1e6 / static_cast<double>(batch));
        b.push_back(y * 1e6 / static_cast<double>(batch));
        ratios.push_back(y / x);
    }
    std::printf("%-32s %10.2f %10.2f %8.2f\n", name, median(a), median(b), median(ratios));
    std::fflush(stdout);
}

void print_ratios(int rounds) {
    std::printf("%-32s %10s %10s %8s\n", "us a query", "matching", "product", "rate");
    for (const std::size_t entries : {std::size_t{1000}, cold_entries, std::size_t{100'000}}) {
        for (const std::size_t batch : {std::size_t{1}, std::size_t{16}, std::size_t{256}}) {
            char name[64];
            std::snprintf(name, sizeof name, "%zu entries, %zu together", entries, batch);
            Shards& shards = hot(entries);
            const std::size_t repetitions = std::max<std::size_t>(1, 20'000'000 / (entries * batch));
            compare(
                name, rounds, repetitions, batch, [&](std::size_t) { shards.match(0, batch); },
                [&](std::size_t) { shards.multiply(0, batch); });
        }
    }
    compare(
        "2000 entries, cold", rounds, cold_shards, 1, [](std::size_t i) { cold().match(next_cold(i), 1); },
        [](std::size_t i) { cold().multiply(next_cold(i), 1); });
}

}  // namespace

}  // namespace parley::bench

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--ratios") {
        parley::bench::print_ratios(argc > 2 ? std::max(1, std::atoi(argv[2])) : 15);
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
