#include "models/agentic/result_writer.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "models/agentic/books.hpp"

namespace parley::agentic {

namespace {

struct CounterText {
    const char* name;
    const char* unit;
    const char* long_name;
};

// In the order of Counter.
constexpr std::array counter_texts{
    CounterText{"workflows_started", "workflows", "workflows started"},
    CounterText{"workflows_success", "workflows", "workflows ended with every step accepted and good"},
    CounterText{"workflows_compromised", "workflows", "workflows ended with every step accepted, some of them bad"},
    CounterText{"workflows_failed", "workflows", "workflows failed"},
    CounterText{"workflows_tainted", "workflows", "workflows failed after a bad step had been accepted"},
    CounterText{"steps_accepted_good", "steps", "steps accepted with a good result"},
    CounterText{"steps_accepted_bad", "steps", "steps accepted with a bad result"},
    CounterText{"steps_failed", "steps", "steps failed"},
    CounterText{"steps_dropped", "steps", "running steps dropped because another step of their workflow failed"},
    CounterText{"unsafe_actions", "executions", "bad executions of steps with a side effect"},
    CounterText{"executions_good", "executions", "executions with a good result"},
    CounterText{"executions_bad", "executions", "executions with a bad result"},
    CounterText{"candidates_handed_out", "candidates", "candidates handed out by the registry"},
    CounterText{"poisoned_candidates_handed_out", "candidates", "candidates handed out that are Sybil"},
    CounterText{"registrations", "messages", "descriptors received by the registry"},
    CounterText{"entries_expired", "entries", "registry entries dropped at the end of their time to live"},
    CounterText{"shard_busy_nanoseconds", "ns", "busy time of the registry shards, summed over them"},
    CounterText{"shard_requests", "messages", "requests served by registry shards"},
    CounterText{"canaries_sent", "canaries", "canaries sent"},
    CounterText{"canaries_passed", "canaries", "canaries passed"},
    CounterText{"canaries_failed", "canaries", "canaries failed, or answered too late"},
    CounterText{"canaries_evaded", "canaries", "canaries passed by Sybils"},
    CounterText{"evidence_verified", "packages", "evidence packages verified"},
    CounterText{"evidence_rejected", "packages", "evidence packages rejected"},
    CounterText{"evidence_false_rejected", "packages", "evidence packages of good results rejected"},
    CounterText{"reports_counted", "reports", "reports received by the reputation service"},
    CounterText{"false_praise_sent", "reports", "positive reports that colluding Sybils sent on each other"},
    CounterText{"false_blame_sent", "reports", "negative reports that colluding Sybils sent on requesters"},
    CounterText{"signatures_made", "signatures", "signatures made"},
    CounterText{"signatures_verified", "signatures", "signatures verified"},
    CounterText{"rejected_forgeries", "messages", "forged descriptors that the registry rejected"},
    CounterText{"departures", "peers", "peers that churn took off"},
    CounterText{"returns", "peers", "peers that came back on"},
    CounterText{"whitewashes", "identities", "fresh identities that Sybils came back as"},
    CounterText{"live_entries", "entries", "live registry entries at the end of the interval"},
    CounterText{"live_honest_entries", "entries", "live registry entries of honest peers at the end of the interval"},
    CounterText{"nominal_claims", "entries", "live honest entries that claim the nominal state"},
    CounterText{"stale_entries", "entries", "live honest entries whose claim is no longer true"},
    CounterText{"stale_nominal_claims", "entries", "live honest entries that claim the nominal state and are degraded"},
    CounterText{"poisoned_entries", "entries", "live registry entries of Sybils at the end of the interval"},
    CounterText{"forged_entries", "entries", "live registry entries whose name is stolen"},
    CounterText{"dead_entries", "entries", "live registry entries whose peer churn has taken off"},
    CounterText{"peers_online", "peers", "peers that are on at the end of the interval"},
    CounterText{"attack_edges", "edges", "pairs of an honest rater and a Sybil with more good than bad reports"},
    CounterText{"open_workflows", "workflows", "workflows open at the end of the interval"},
};
static_assert(counter_texts.size() == counter_count);

constexpr const char* dropped_text = "messages that reached a peer that was off or had given up the name, by kind";

constexpr auto first_level = static_cast<std::size_t>(Counter::live_entries);

// Published trust is stored in bins coarser than those it is counted in. Few enough for plain storage: a table may
// have one width of compressed datasets only (engine/recorder.hpp), and here the latencies are compressed.
constexpr std::size_t stored_trust_bins = 16;
static_assert(TrustDistribution::bins % stored_trust_bins == 0);

enum TableIndex : std::size_t { series_table, histogram_table, execution_table };

constexpr std::array summary_counters{Counter::workflows_started,
                                      Counter::workflows_success,
                                      Counter::workflows_compromised,
                                      Counter::workflows_failed,
                                      Counter::workflows_tainted,
                                      Counter::unsafe_actions,
                                      Counter::executions_good,
                                      Counter::executions_bad,
                                      Counter::registrations,
                                      Counter::entries_expired,
                                      Counter::canaries_sent,
                                      Counter::canaries_passed,
                                      Counter::canaries_failed,
                                      Counter::canaries_evaded,
                                      Counter::evidence_verified,
                                      Counter::evidence_rejected,
                                      Counter::evidence_false_rejected,
                                      Counter::reports_counted,
                                      Counter::false_praise_sent,
                                      Counter::false_blame_sent,
                                      Counter::signatures_made,
                                      Counter::signatures_verified,
                                      Counter::rejected_forgeries,
                                      Counter::departures,
                                      Counter::returns,
                                      Counter::whitewashes};

constexpr std::array<std::pair<const char*, double>, 3> percentiles{{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}};

std::vector<std::string> to_strings(const auto& names) { return {names.begin(), names.end()}; }

double ratio(double numerator, double denominator) {
    return denominator > 0 ? numerator / denominator : std::numeric_limits<double>::quiet_NaN();
}

// Peers by trust, honest then Sybil, each in the stored bins.
void append_trust(std::vector<std::uint64_t>& counts, const TrustDistribution& trust) {
    constexpr std::size_t merged = TrustDistribution::bins / stored_trust_bins;
    for (auto bin = trust.histogram.begin(); bin != trust.histogram.end(); bin += merged) {
        counts.push_back(std::accumulate(bin, bin + merged, std::uint64_t{0}));
    }
}

double as_double(std::uint64_t count) { return static_cast<double>(count); }

double success_rate(const Metrics& metrics) {
    const std::uint64_t success = metrics.get(Counter::workflows_success);
    return ratio(as_double(success), as_double(success + metrics.get(Counter::workflows_compromised) +
                                               metrics.get(Counter::workflows_failed)));
}

std::vector<Dimension> dimensions() {
    Dimension bins{"bin", "s", "lower edge of the latency bin", {}, {}};
    for (std::size_t bin = 0; bin < LatencyBins::count; ++bin) bins.coordinates.push_back(LatencyBins::lower_edge(bin));
    Dimension trust_bins{"trust_bin", "1", "lower edge of the trust bin", {}, {}};
    for (std::size_t bin = 0; bin < stored_trust_bins; ++bin) {
        trust_bins.coordinates.push_back(static_cast<double>(bin) / stored_trust_bins);
    }
    return {{"reason", "1", "why a workflow failed", to_strings(failure_names), {}},
            {"kind", "1", "kind of message; control plane first", to_strings(message_names), {}},
            {"tier", "1", "tier a step was served at", to_strings(tier_names), {}},
            std::move(bins),
            std::move(trust_bins)};
}

// What is counted by tier, behind what is counted by kind.
void add_tier_variables(std::vector<Variable>& variables) {
    for (const Counter counter : tier_totals) {
        const CounterText& text = counter_texts[static_cast<std::size_t>(counter)];
        variables.push_back({std::string(text.name) + "_by_tier", NumberKind::count, text.unit,
                             std::string(text.long_name) + ", by tier of the step", "tier"});
    }
}

Table series_variables() {
    Table table{"timeseries", {}};
    for (const CounterText& text : counter_texts) {
        table.variables.push_back({text.name, NumberKind::count, text.unit, text.long_name, ""});
    }
    table.variables.push_back(
        {"workflows_failed_by_reason", NumberKind::count, "workflows", "workflows failed, by reason", "reason"});
    table.variables.push_back({"messages", NumberKind::count, "messages", "messages sent, by kind", "kind"});
    table.variables.push_back({"bytes", NumberKind::count, "bytes", "bytes sent, by kind", "kind"});
    table.variables.push_back(
        {"messages_lost", NumberKind::count, "messages", "messages lost on their way, by kind", "kind"});
    table.variables.push_back({"messages_dropped", NumberKind::count, "messages", dropped_text, "kind"});
    add_tier_variables(table.variables);
    table.variables.push_back(
        {"longest_queue", NumberKind::count, "messages", "most requests at one registry shard at once", ""});
    table.variables.push_back(
        {"events", NumberKind::count, "events", "delivered messages and timers that changed state", ""});
    table.variables.push_back({"windows", NumberKind::count, "windows", "windows of the engine that held events", ""});
    table.variables.push_back(
        {"success_rate", NumberKind::real, "1", "share of the workflows ended in the interval that succeeded", ""});
    table.variables.push_back({"control_bytes_per_peer_second", NumberKind::real, "bytes/s",
                               "control-plane bytes sent per peer and second", ""});
    table.variables.push_back(
        {"data_bytes_per_peer_second", NumberKind::real, "bytes/s", "data-plane bytes sent per peer and second", ""});
    table.variables.push_back({"mean_trust_honest", NumberKind::real, "1", "mean published trust of honest peers", ""});
    table.variables.push_back({"mean_trust_sybil", NumberKind::real, "1", "mean published trust of Sybils", ""});
    table.variables.push_back({"trust_auc", NumberKind::real, "1",
                               "probability that an honest peer has more published trust than a Sybil", ""});
    return table;
}

Table histogram_variables() {
    Table table{"histograms", {}};
    for (const char* name : latency_names) {
        table.variables.push_back({std::string(name) + "_latency", NumberKind::count, "1",
                                   std::string("number of ") + name + " latencies in the interval, by bin", "bin"});
    }
    table.variables.push_back({"trust_honest", NumberKind::count, "peers",
                               "honest peers by published trust at the end of the interval", "trust_bin"});
    table.variables.push_back({"trust_sybil", NumberKind::count, "peers",
                               "Sybils by published trust at the end of the interval", "trust_bin"});
    return table;
}

Table execution_variables() {
    return {"provenance/timeseries",
            {{"exchanged_bytes", NumberKind::count, "bytes", "bytes sent between ranks in the interval", ""},
             {"wall_time", NumberKind::real, "s", "wall-clock time since the start of the run", ""},
             {"imbalance", NumberKind::real, "1", "busy time of the busiest partition over the mean, since the start",
              ""}}};
}

std::vector<Variable> summary_variables() {
    std::vector<Variable> variables;
    for (const Counter counter : summary_counters) {
        const CounterText& text = counter_texts[static_cast<std::size_t>(counter)];
        variables.push_back({text.name, NumberKind::count, text.unit, text.long_name, ""});
    }
    variables.push_back({"events", NumberKind::count, "events",
                         "delivered messages and timers that changed state, since the start", ""});
    variables.push_back(
        {"longest_queue", NumberKind::count, "messages", "most requests at one registry shard at once", ""});
    variables.push_back(
        {"workflows_failed_by_reason", NumberKind::count, "workflows", "workflows failed, by reason", "reason"});
    variables.push_back({"messages", NumberKind::count, "messages", "messages sent, by kind", "kind"});
    variables.push_back({"bytes", NumberKind::count, "bytes", "bytes sent, by kind", "kind"});
    variables.push_back(
        {"messages_lost", NumberKind::count, "messages", "messages lost on their way, by kind", "kind"});
    variables.push_back({"messages_dropped", NumberKind::count, "messages", dropped_text, "kind"});
    add_tier_variables(variables);
    const auto real = [&](std::string name, const char* unit, std::string long_name) {
        variables.push_back({std::move(name), NumberKind::real, unit, std::move(long_name), ""});
    };
    real("success_rate", "1", "share of the ended workflows that succeeded");
    real("compromised_rate", "1", "share of the ended workflows that were compromised");
    real("failed_rate", "1", "share of the ended workflows that failed");
    real("control_bytes_per_peer_second", "bytes/s", "control-plane bytes sent per peer and second");
    real("data_bytes_per_peer_second", "bytes/s", "data-plane bytes sent per peer and second");
    real("register_messages_per_peer_second", "1/s", "registrations sent per peer and second");
    real("poisoned_candidate_share", "1", "share of the candidates handed out that are Sybil");
    real("stale_entry_share", "1", "share of the live entries whose claim is no longer true, of all samples together");
    real("stale_nominal_share", "1",
         "share of the live honest entries claiming nominal that are degraded, of all samples together");
    real("poisoned_entry_share", "1", "share of the live entries that are Sybil, of all samples together");
    real("forged_entry_share", "1", "share of the live entries whose name is stolen, of all samples together");
    real("dead_entry_share", "1", "share of the live entries whose peer churn has taken off, of all samples together");
    real("live_entries", "entries", "live registry entries, mean over samples");
    real("peers_online", "peers", "peers that are on, mean over samples");
    real("attack_edges", "edges",
         "pairs of an honest rater and a Sybil with more good than bad reports, mean over samples");
    real("shard_utilisation", "1", "busy share of the registry shards");
    real("mean_trust_honest", "1", "mean published trust of honest peers, mean over samples");
    real("mean_trust_sybil", "1", "mean published trust of Sybils, mean over samples");
    real("trust_auc", "1", "probability that an honest peer has more published trust than a Sybil, mean over samples");
    real("signature_cpu_seconds", "s", "CPU time of signing and verifying, all peers and shards");
    for (const char* name : latency_names) {
        for (const auto& [suffix, p] : percentiles) {
            real(std::string(name) + "_latency_" + suffix, "s",
                 std::string(name) + " latency, percentile " + std::to_string(static_cast<int>(p * 100)));
        }
    }
    return variables;
}

}  // namespace

ResultSchema result_schema() {
    return {"agentic",
            dimensions(),
            {series_variables(), histogram_variables(), execution_variables()},
            summary_variables()};
}

ResultWriter::ResultWriter(const Parameters& parameters, std::uint32_t shards, std::unique_ptr<Recorder> recorder)
    : p_(parameters),
      shards_(shards),
      recorder_(std::move(recorder)),
      level_sums_(counter_count - first_level),
      start_(std::chrono::steady_clock::now()),
      next_flush_(SimTime{} + parameters.flush_interval) {}

bool ResultWriter::wants_histograms(SimTime now) const {
    return now.nanoseconds % p_.histogram_interval.nanoseconds == 0 || now == p_.warmup || now == p_.end;
}

void ResultWriter::collected(SimTime now, const Metrics& sums, bool with_histograms, const TrustDistribution& trust,
                             const EngineCounters& counters) {
    const bool row_ends = now.nanoseconds % p_.interval.nanoseconds == 0 || now == p_.end;
    add_to_row(sums);
    all_.add_counts_of(sums);
    last_open_workflows_ = sums.get(Counter::open_workflows);
    if (now == p_.end) all_.add_events_of(sums);
    if (with_histograms) {
        histograms_.add_histograms_of(sums);
        all_.add_histograms_of(sums);
    }
    if (now > p_.warmup) {
        measured_.add_counts_of(sums);
        if (with_histograms) measured_.add_histograms_of(sums);
        if (row_ends) sample_levels(sums, trust);
    }
    if (row_ends) write_row(now, trust, counters);
    if (with_histograms && (now.nanoseconds % p_.histogram_interval.nanoseconds == 0 || now == p_.end))
        write_histograms(now, trust);
    if (recorder_ && now >= next_flush_) {
        recorder_->flush();
        next_flush_ = now + p_.flush_interval;
    }
}

void ResultWriter::add_to_row(const Metrics& sums) {
    row_.add_counts_of(sums);
    for (std::size_t level = first_level; level < counter_count; ++level) row_.counts[level] = sums.counts[level];
}

void ResultWriter::sample_levels(const Metrics& sums, const TrustDistribution& trust) {
    ++samples_;
    for (std::size_t level = first_level; level < counter_count; ++level) {
        level_sums_[level - first_level] += as_double(sums.counts[level]);
    }
    trust_sums_[0] += trust.mean(false);
    trust_sums_[1] += trust.mean(true);
    trust_sums_[2] += trust.area_under_curve();
}

void ResultWriter::write_row(SimTime now, const TrustDistribution& trust, const EngineCounters& counters) {
    const double seconds = (now - row_begin_).seconds();
    if (recorder_) {
        Row row;
        row.counts.assign(row_.counts.begin(), row_.counts.end());
        row.counts.push_back(row_.longest_queue);
        row.counts.push_back(counters.events - last_counters_.events);
        row.counts.push_back(counters.windows - last_counters_.windows);
        row.reals = {success_rate(row_),
                     ratio(as_double(row_.control_bytes()), p_.peers * seconds),
                     ratio(as_double(row_.data_bytes()), p_.peers * seconds),
                     trust.mean(false),
                     trust.mean(true),
                     trust.area_under_curve()};
        recorder_->append(series_table, now, row);
        write_execution_row(now, counters);
    }
    row_begin_ = now;
    last_counters_ = counters;
    row_ = Metrics{};
}

double ResultWriter::seconds_since_start() const {
    return earlier_seconds_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void ResultWriter::write_execution_row(SimTime now, const EngineCounters& counters) {
    const double mean_busy = as_double(counters.busy_nanoseconds) / counters.partitions;
    const double imbalance = mean_busy > 0 ? as_double(counters.busiest_nanoseconds) / mean_busy : 1.0;
    recorder_->append(
        execution_table, now,
        {{counters.exchanged_bytes - last_counters_.exchanged_bytes}, {seconds_since_start(), imbalance}});
}

void ResultWriter::write_histograms(SimTime now, const TrustDistribution& trust) {
    if (recorder_) {
        Row row;
        for (const auto& histogram : histograms_.histograms) {
            row.counts.insert(row.counts.end(), histogram.begin(), histogram.end());
        }
        append_trust(row.counts, trust);
        recorder_->append(histogram_table, now, row);
    }
    for (auto& histogram : histograms_.histograms) histogram.fill(0);
}

double ResultWriter::success_so_far() const { return success_rate(all_); }

double ResultWriter::measured_success_rate() const { return success_rate(measured_); }

Row ResultWriter::summary() const {
    Row row;
    const Metrics& m = measured_;
    for (const Counter counter : summary_counters) row.counts.push_back(m.get(counter));
    row.counts.push_back(last_counters_.events);
    row.counts.push_back(m.longest_queue);
    row.counts.insert(row.counts.end(), m.counts.begin() + Metrics::failures_at, m.counts.end());
    const double success = as_double(m.get(Counter::workflows_success));
    const double compromised = as_double(m.get(Counter::workflows_compromised));
    const double failed = as_double(m.get(Counter::workflows_failed));
    const double ended = success + compromised + failed;
    const double seconds = (p_.end - p_.warmup).seconds();
    const double peer_seconds = p_.peers * seconds;
    const auto level = [&](Counter counter) { return level_sums_[static_cast<std::size_t>(counter) - first_level]; };
    const double samples = as_double(samples_);
    row.reals = {ratio(success, ended),
                 ratio(compromised, ended),
                 ratio(failed, ended),
                 ratio(as_double(m.control_bytes()), peer_seconds),
                 ratio(as_double(m.data_bytes()), peer_seconds),
                 ratio(as_double(m.messages(static_cast<std::size_t>(MessageKind::register_descriptor))), peer_seconds),
                 ratio(as_double(m.get(Counter::poisoned_candidates_handed_out)),
                       as_double(m.get(Counter::candidates_handed_out))),
                 ratio(level(Counter::stale_entries), level(Counter::live_entries)),
                 ratio(level(Counter::stale_nominal_claims), level(Counter::nominal_claims)),
                 ratio(level(Counter::poisoned_entries), level(Counter::live_entries)),
                 ratio(level(Counter::forged_entries), level(Counter::live_entries)),
                 ratio(level(Counter::dead_entries), level(Counter::live_entries)),
                 ratio(level(Counter::live_entries), samples),
                 ratio(level(Counter::peers_online), samples),
                 ratio(level(Counter::attack_edges), samples),
                 ratio(as_double(m.get(Counter::shard_busy_nanoseconds)) * 1e-9, shards_ * seconds),
                 ratio(trust_sums_[0], samples),
                 ratio(trust_sums_[1], samples),
                 ratio(trust_sums_[2], samples),
                 as_double(m.get(Counter::signatures_made)) * p_.sign_time.seconds() +
                     as_double(m.get(Counter::signatures_verified)) * p_.signature_verify_time.seconds()};
    for (const auto& histogram : m.histograms) {
        for (const auto& [suffix, p] : percentiles) row.reals.push_back(percentile(histogram, p));
    }
    return row;
}

void ResultWriter::finish(std::span<const std::uint64_t> pending, const std::map<std::string, std::string>& texts,
                          const std::map<std::string, double>& numbers) {
    if (!recorder_) return;
    check_books(all_, last_open_workflows_, pending, p_.candidates);
    recorder_->finish(summary(), texts, numbers);
}

}  // namespace parley::agentic
