// Writes a small result file with known values; test_result_opens_in_python.py reads it back.
// Usage: write_sample_result FILE
#include <cstdint>
#include <iostream>

#include "engine/error.hpp"
#include "engine/recorder.hpp"

namespace {

using namespace parley;

constexpr std::int64_t interval = 100'000'000;  // 0.1 s
constexpr std::uint64_t rows = 70;              // more than two chunks of the compressed histogram
constexpr std::size_t bins = 200;

ResultSchema sample_schema() {
    ResultSchema schema;
    schema.model = "sample";
    schema.title = "A sample";
    Dimension reason{"reason", "1", "why a workflow failed", {"timeout", "rejected", "naïve"}, {}};
    Dimension latency{"latency", "s", "lower edge of the bin", {}, {}};
    for (std::size_t i = 0; i < bins; ++i) latency.coordinates.push_back(0.5 * static_cast<double>(i));
    schema.dimensions = {reason, latency};
    schema.tables = {
        {"timeseries",
         {{"message_rate", NumberKind::real, "1/s", "messages per second", ""},
          {"workflows", NumberKind::count, "1", "workflows ended", ""},
          {"failed", NumberKind::count, "1", "workflows failed", "reason"}}},
        {"histograms", {{"discovery", NumberKind::count, "1", "discoveries by latency", "latency"}}},
        {"provenance/timeseries", {{"sent", NumberKind::count, "bytes", "bytes sent between ranks", ""}}},
    };
    schema.summary = {{"success_rate", NumberKind::real, "1", "share of workflows that succeed", ""},
                      {"failed_by_reason", NumberKind::count, "1", "workflows failed", "reason"}};
    return schema;
}

void append_rows(Recorder& recorder) {
    for (std::uint64_t i = 0; i < rows; ++i) {
        const SimTime end{static_cast<std::int64_t>(i + 1) * interval};
        Row histogram;
        histogram.counts.assign(bins, 0);
        histogram.counts[i] = i + 1;
        recorder.append(0, end, {{i, i, 10 * i, 100 * i}, {0.5 * static_cast<double>(i)}});
        recorder.append(1, end, histogram);
        recorder.append(2, end, {{1000 + i}, {}});
        if (i % 7 == 6) recorder.flush();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_sample_result FILE\n";
        return static_cast<int>(ExitCode::bad_input);
    }
    const StoredConfig config{"[run]\nmodel = sample\n", {{"run.model", "sample"}, {"run.seed", "42"}}};
    const auto recorder = make_hdf5_recorder(argv[1], sample_schema(), config);
    append_rows(*recorder);
    recorder->finish({{1, 2, 3}, {0.75}}, {{"host", "localhost"}}, {{"events_per_second", 1e6}});
    return 0;
}
