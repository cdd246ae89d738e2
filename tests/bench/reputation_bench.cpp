// The product of the EigenTrust iteration against the memory's bandwidth: 10^6 peers with 20 ratings each, on a random
// graph and on a banded one.
//
//   reputation_bench [--benchmark_filter=...]      Google Benchmark: triad, product, iteration, building
//   reputation_bench --ratios [ROUNDS=15]          products and triad in turn; medians of the ratios round by round
//
// Bandwidths count the arrays of a loop once: the triad a = b + s c 24 bytes an element, the product 16 bytes a rating
// (index 4, weight 4, gathered value 8).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string_view>

#include "engine/huge_pages.hpp"
#include "engine/thread_waiting.hpp"
#include "models/kernels/reputation/eigentrust.hpp"
#include "models/kernels/reputation/for_each_block.hpp"
#include "models/kernels/reputation/sybilrank.hpp"

namespace parley::bench {

namespace {

using namespace kernels;

constexpr std::uint32_t peers = 1'000'000;
constexpr std::uint32_t ratings_each = 20;
constexpr std::size_t triad_elements = std::size_t{1} << 24;
constexpr std::size_t triad_piece = std::size_t{1} << 16;

enum Graph : std::int64_t { random_graph, banded };
constexpr std::uint32_t half_band = 1000;

// Ratees are drawn from all peers, or from those nearer than half_band.
std::vector<RatingList> ratings_of(std::int64_t graph) {
    std::mt19937 random(7);
    std::vector<RatingList> lists(1);
    lists[0].reserve(peers, std::size_t{peers} * ratings_each);
    std::vector<std::uint32_t> ratees;
    for (std::uint32_t rater = 0; rater < peers; ++rater) {
        ratees.clear();
        while (ratees.size() < ratings_each) {
            const auto drawn = static_cast<std::uint32_t>(random());
            const std::uint32_t ratee =
                graph == random_graph ? drawn % peers : (rater + peers - half_band + drawn % (2 * half_band)) % peers;
            if (ratee != rater && std::find(ratees.begin(), ratees.end(), ratee) == ratees.end())
                ratees.push_back(ratee);
        }
        for (const std::uint32_t ratee : ratees) {
            lists[0].add(rater, ratee, 1.0F + static_cast<float>(random() % 1000) / 1000);
        }
    }
    return lists;
}

Transport& transport() {
    static const std::unique_ptr<Transport> serial = make_serial_transport();
    return *serial;
}

const RatingMatrix& matrix_of(std::int64_t graph) {
    static std::array<std::unique_ptr<RatingMatrix>, 2> matrices;
    auto& matrix = matrices[static_cast<std::size_t>(graph)];
    if (!matrix) {
        matrix = std::make_unique<RatingMatrix>(peers, transport(), &huge_pages());
        matrix->build(ratings_of(graph), 1);
    }
    return *matrix;
}

struct Triad {
    LargeArray<double> a{triad_elements, 0, &huge_pages()};
    LargeArray<double> b{triad_elements, 1, &huge_pages()};
    LargeArray<double> c{triad_elements, 2, &huge_pages()};

    void run(int threads) {
        for_each_block(triad_elements / triad_piece, threads, [&](std::size_t piece) {
            const std::size_t begin = piece * triad_piece;
            for (std::size_t i = begin; i < begin + triad_piece; ++i) a[i] = b[i] + 3.0 * c[i];
        });
        benchmark::DoNotOptimize(a.data());
    }
    static double bytes() { return 24.0 * triad_elements; }
};

Triad& triad() {
    static Triad instance;
    return instance;
}

struct Product {
    LargeArray<double> u{peers, 1.0 / peers, &huge_pages()};
    LargeArray<double> y{peers, 0, &huge_pages()};

    void run(const RatingMatrix& matrix, int threads) {
        for_each_block(matrix.blocks().own_blocks(), threads, [&](std::size_t block) {
            matrix.multiply(static_cast<std::uint32_t>(block), u.data(), y.data() + block * block_ids);
        });
        benchmark::DoNotOptimize(y.data());
    }
    static double bytes() { return 16.0 * peers * ratings_each; }
};

Product& product() {
    static Product instance;
    return instance;
}

std::vector<PreTrust> tenth_pretrusted() {
    std::vector<PreTrust> pretrust;
    for (std::uint32_t id = 0; id < peers; id += 10) pretrust.push_back({id, 1});
    return pretrust;
}

void count_bytes(benchmark::State& state, double bytes) {
    state.counters["bandwidth"] = benchmark::Counter(bytes * static_cast<double>(state.iterations()),
                                                     benchmark::Counter::kIsRate, benchmark::Counter::kIs1000);
}

void measure_triad(benchmark::State& state) {
    for (auto _ : state) triad().run(static_cast<int>(state.range(0)));
    count_bytes(state, Triad::bytes());
}

void measure_product(benchmark::State& state) {
    const RatingMatrix& matrix = matrix_of(state.range(1));
    for (auto _ : state) product().run(matrix, static_cast<int>(state.range(0)));
    count_bytes(state, Product::bytes());
}

// 20 iterations and the search for who has trust.
void measure_eigentrust(benchmark::State& state) {
    constexpr int iterations = 20;
    EigenTrust eigentrust(peers, tenth_pretrusted(), {0.15, 0, iterations}, transport(), &huge_pages());
    const RatingMatrix& matrix = matrix_of(state.range(1));
    for (auto _ : state) eigentrust.update(matrix, static_cast<int>(state.range(0)));
    count_bytes(state, iterations * Product::bytes());
}

void measure_building(benchmark::State& state) {
    RatingMatrix matrix(peers, transport(), &huge_pages());
    const std::vector<RatingList> lists = ratings_of(state.range(1));
    for (auto _ : state) matrix.build(lists, static_cast<int>(state.range(0)));
    state.counters["ratings"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * peers * ratings_each, benchmark::Counter::kIsRate);
}

void threads_and_graphs(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"threads", "banded"})->ArgsProduct({{1, 2}, {random_graph, banded}})->UseRealTime();
    benchmark->Unit(benchmark::kMillisecond);
}

BENCHMARK(measure_triad)
    ->Name("triad")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(measure_product)->Name("product")->Apply(threads_and_graphs);
BENCHMARK(measure_eigentrust)->Name("eigentrust")->Apply(threads_and_graphs);
BENCHMARK(measure_building)->Name("building")->Apply(threads_and_graphs);

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Bandwidths of one round, GB/s.
struct Round {
    double triad;
    double product[2];  // by graph
};

Round measure_round(int threads) {
    Round round{};
    round.triad = Triad::bytes() / seconds_of([&] { triad().run(threads); }) / 1e9;
    for (const Graph graph : {random_graph, banded}) {
        const RatingMatrix& matrix = matrix_of(graph);
        round.product[graph] = Product::bytes() / seconds_of([&] { product().run(matrix, threads); }) / 1e9;
    }
    return round;
}

void print_ratios(int rounds) {
    std::vector<std::pair<Round, Round>> measured;
    for (int i = -1; i < rounds; ++i) {
        const Round one = measure_round(1);
        const Round two = measure_round(2);
        if (i >= 0) measured.emplace_back(one, two);  // the first round warms up
    }
    const auto median_of = [&](const std::function<double(const Round&, const Round&)>& value) {
        std::vector<double> values;
        for (const auto& [one, two] : measured) values.push_back(value(one, two));
        return median(values);
    };
    std::printf("triad, one thread             %6.2f GB/s\n", median_of([](auto& one, auto&) { return one.triad; }));
    std::printf("triad, two threads / one      %6.2f\n",
                median_of([](auto& one, auto& two) { return two.triad / one.triad; }));
    for (const Graph graph : {random_graph, banded}) {
        const char* name = graph == banded ? "banded" : "random";
        std::printf("%s, one thread            %6.2f GB/s\n", name,
                    median_of([&](auto& one, auto&) { return one.product[graph]; }));
        std::printf("%s, of the triad          %6.2f\n", name,
                    median_of([&](auto& one, auto&) { return one.product[graph] / one.triad; }));
        std::printf("%s, two threads of triad  %6.2f\n", name,
                    median_of([&](auto&, auto& two) { return two.product[graph] / two.triad; }));
        std::printf("%s, two threads / one     %6.2f\n", name,
                    median_of([&](auto& one, auto& two) { return two.product[graph] / one.product[graph]; }));
    }
}

}  // namespace

}  // namespace parley::bench

int main(int argc, char** argv) {
    parley::limit_spinning(argv);
    if (argc > 1 && std::string_view(argv[1]) == "--ratios") {
        parley::bench::print_ratios(argc > 2 ? std::max(1, std::atoi(argv[2])) : 15);
        return 0;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
