// PHOLD on this engine and on the textbook one, in turn, in one process: prints millions of events a second
// (medians) and their ratio, pair by pair, and refuses to continue when the digests differ.
//
//   phold_compare [ROUNDS=5] [CASE...]     cases: 2^20 2^16 8 dense sparse threads (default: all)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "engine/progress.hpp"
#include "engine/simulation.hpp"
#include "engine/thread_waiting.hpp"
#include "tests/bench/textbook_engine.hpp"

namespace parley::bench {

namespace {

struct Timed {
    double events_per_second;
    std::uint64_t digest;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

phold::Parameters parameters(std::uint32_t entities, double lookahead, double duration) {
    phold::Parameters p;
    p.end = SimTime{} + duration_from_seconds(duration);
    p.entities = entities;
    p.remote = 0.25;
    p.mean = duration_from_seconds(1.0);
    p.lookahead = duration_from_seconds(lookahead);
    p.tick = Duration{1};
    return p;
}

// Setting up the entities is left out on both sides.
Timed run_textbook(const phold::Parameters& p) {
    TextbookPhold engine(p);
    const auto begin = std::chrono::steady_clock::now();
    const TextbookResult result = engine.run();
    return {static_cast<double>(result.events) / seconds_since(begin), result.digest};
}

Timed run_engine(const phold::Parameters& p, int threads) {
    const std::unique_ptr<Transport> transport = make_serial_transport();
    phold::PholdModel model(p);
    Simulation<phold::PholdModel> simulation(model, *transport, {static_cast<std::uint32_t>(threads), threads});
    Progress progress(p.end, true);
    const auto begin = std::chrono::steady_clock::now();
    simulation.run(p.end, progress);
    return {static_cast<double>(model.events()) / seconds_since(begin), model.digest()};
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

using Runner = std::function<Timed()>;

void compare(const std::string& name, int rounds, const Runner& ours, const Runner& theirs) {
    std::vector<double> a;
    std::vector<double> b;
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
        const Timed x = ours();
        const Timed y = theirs();
        if (x.digest != y.digest) {
            std::fprintf(stderr, "phold_compare: the digests of case %s differ; one of the engines is wrong\n",
                         name.c_str());
            std::exit(1);
        }
        a.push_back(x.events_per_second / 1e6);
        b.push_back(y.events_per_second / 1e6);
        ratios.push_back(x.events_per_second / y.events_per_second);
    }
    std::printf("%-34s %8.2f %8.2f %8.2f\n", name.c_str(), median(a), median(b), median(ratios));
    std::fflush(stdout);
}

int main_with(const std::vector<std::string>& arguments) {
    const int rounds = arguments.empty() ? 5 : std::max(1, std::atoi(arguments[0].c_str()));
    const auto wanted = [&](const char* name) {
        return arguments.size() < 2 || std::find(arguments.begin() + 1, arguments.end(), name) != arguments.end();
    };
    std::printf("%-34s %8s %8s %8s\n", "million events/s", "A", "B", "A/B");
    const auto against_textbook = [&](const char* name, const char* text, const phold::Parameters& p) {
        if (wanted(name))
            compare(
                text, rounds, [&] { return run_engine(p, 1); }, [&] { return run_textbook(p); });
    };
    against_textbook("2^20", "2^20, against the textbook", parameters(1 << 20, 1.0, 12));
    against_textbook("2^16", "2^16, against the textbook", parameters(1 << 16, 1.0, 80));
    against_textbook("8", "8, against the textbook", parameters(8, 1.0, 300000));
    against_textbook("dense", "2^20, lookahead 0.1, textbook", parameters(1 << 20, 0.1, 6));
    against_textbook("sparse", "2^20, lookahead 0.005, textbook", parameters(1 << 20, 0.005, 5));
    if (wanted("threads")) {
        for (const std::uint32_t log : {20U, 16U}) {
            const phold::Parameters p = parameters(1U << log, 1.0, log == 20 ? 24 : 200);
            compare(
                "2^" + std::to_string(log) + ", 2 threads against 1", rounds, [&] { return run_engine(p, 2); },
                [&] { return run_engine(p, 1); });
        }
    }
    return 0;
}

}  // namespace

}  // namespace parley::bench

int main(int argc, char** argv) {
    parley::limit_spinning(argv);
    return parley::bench::main_with({argv + 1, argv + argc});
}
