// Turns collected metrics into the rows and the summary of a result file.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/archive.hpp"
#include "engine/model.hpp"
#include "engine/recorder.hpp"
#include "models/agentic/metrics.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/trust/reputation_service.hpp"

namespace parley::agentic {

// What the result file of the agentic model holds.
ResultSchema result_schema();

// Every rank has one, so that all agree on what is due; only the root's has a recorder.
class ResultWriter {
   public:
    // `shards`: of the registry.
    ResultWriter(const Parameters& parameters, std::uint32_t shards, std::unique_ptr<Recorder> recorder);

    // Whether the histograms are to be collected at this boundary too.
    bool wants_histograms(SimTime now) const;
    // `sums`: over all partitions and ranks since the previous call; histograms only if `with_histograms`.
    // `counters`: over all ranks since the start.
    void collected(SimTime now, const Metrics& sums, bool with_histograms, const TrustDistribution& trust,
                   const EngineCounters& counters);
    // Checks the books (books.hpp), writes the summary and closes the file; `pending`: events that wait at the end, of
    // all ranks, by kind.
    void finish(std::span<const std::uint64_t> pending, const std::map<std::string, std::string>& texts,
                const std::map<std::string, double>& numbers);

    // Success rate of the workflows that have ended so far, for the progress line; NaN before the first.
    double success_so_far() const;
    // The same of those that ended after the warm-up.
    double measured_success_rate() const;
    std::uint64_t events() const { return last_counters_.events; }
    Recorder* recorder() { return recorder_.get(); }

    // Checkpoints: everything but the rows, which the recorder has.
    template <class Archive>
    void transfer(Archive& archive) {
        double wall_seconds = seconds_since_start();
        const std::size_t levels = level_sums_.size();
        archive(row_, histograms_, measured_, all_, level_sums_, trust_sums_, samples_, last_counters_.events,
                last_counters_.windows, last_counters_.exchanged_bytes, last_open_workflows_, row_begin_, next_flush_,
                wall_seconds);
        if constexpr (Archive::reading) {
            expect_state(level_sums_.size() == levels);
            earlier_seconds_ = wall_seconds;
        }
    }

   private:
    double seconds_since_start() const;
    void add_to_row(const Metrics& sums);
    void write_row(SimTime now, const TrustDistribution& trust, const EngineCounters& counters);
    void write_execution_row(SimTime now, const EngineCounters& counters);
    void write_histograms(SimTime now, const TrustDistribution& trust);
    void sample_levels(const Metrics& sums, const TrustDistribution& trust);
    Row summary() const;

    const Parameters p_;
    std::uint32_t shards_;
    std::unique_ptr<Recorder> recorder_;
    Metrics row_;                     // since the last row
    Metrics histograms_;              // since the last row of histograms
    Metrics measured_;                // since the warm-up
    Metrics all_;                     // since the start
    std::vector<double> level_sums_;  // of the samples since the warm-up
    std::array<double, 3> trust_sums_{};
    std::uint64_t samples_ = 0;
    EngineCounters last_counters_;
    std::uint64_t last_open_workflows_ = 0;
    SimTime row_begin_;
    std::chrono::steady_clock::time_point start_;
    double earlier_seconds_ = 0;  // of the run before it was resumed
    SimTime next_flush_;
};

}  // namespace parley::agentic
