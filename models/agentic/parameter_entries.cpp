// The table of the agentic model's parameters: key, default, unit, range and meaning of each.
#include <string>
#include <utility>
#include <vector>

#include "models/agentic/parameters.hpp"
#include "models/agentic/policy/policies.hpp"

namespace parley::agentic {

namespace {

constexpr double one_ns = 1e-9;

class TableWriter {
   public:
    explicit TableWriter(ParameterTable& table) : table_(table) {}
    void integer(const char* key, const char* value, const char* unit, double low, double high, const char* meaning) {
        table_.add({key, ValueKind::integer, value, unit, low, high, {}, meaning, "agentic"});
    }
    void real(const char* key, const char* value, const char* unit, double low, double high, const char* meaning) {
        table_.add({key, ValueKind::real, value, unit, low, high, {}, meaning, "agentic"});
    }
    void duration(const char* key, const char* value, double low, double high, const char* meaning) {
        table_.add({key, ValueKind::duration, value, "", low, high, {}, meaning, "agentic"});
    }
    void choice(const char* key, const char* value, std::vector<std::string> choices, const char* meaning) {
        table_.add({key, ValueKind::choice, value, "", 0, 0, std::move(choices), meaning, "agentic"});
    }
    void flag(const char* key, const char* value, const char* meaning) {
        table_.add({key, ValueKind::flag, value, "", 0, 0, {}, meaning, "agentic"});
    }
    void text(const char* key, const char* value, const char* meaning) {
        table_.add({key, ValueKind::text, value, "", 0, 0, {}, meaning, "agentic"});
    }

   private:
    ParameterTable& table_;
};

void add_population_parameters(TableWriter& table) {
    table.integer("peers.count", "100", "peers", 2, 1e9, "Number of identities N, honest and Sybil together.");
    table.integer("peers.capabilities", "2", "classes", 1, 64,
                  "Distinct capability classes an honest peer offers when classes are generated (m).");
    table.real("peers.workflow_rate", "0.05", "1/s", 0, 1e6,
               "Rate at which an honest peer starts workflows (Poisson).");
    table.duration("network.min_latency", "5ms", 1e-6, 10, "Least one-way delay; the lookahead of the engine.");
    table.duration("network.median_latency", "30ms", 0, 100, "Median of the log-normal part of the one-way delay.");
    table.real("network.sigma", "0.5", "", 0, 5, "Sigma of the log-normal part of the one-way delay.");
    table.text("network.regions", "",
               "Regions: a CSV file with shares and medians in ms (relative to the configuration), or its lines with ; "
               "between them; not set: one region, network.median_latency.");
    table.real("network.loss", "0", "", 0, 1, "Probability that a message is lost.");
    table.real("nat.share", "0", "", 0, 1, "Share of the peers that are behind a NAT.");
    table.real("nat.direct", "0.7", "", 0, 1,
               "Probability that a sender has a direct path to a peer behind a NAT; else messages go over a relay.");
    table.duration("nat.relay_penalty", "40ms", 0, 100,
                   "Median of what a relay adds to the one-way delay (log-normal).");
    table.real("nat.relay_sigma", "0.5", "", 0, 5, "Sigma of what a relay adds to the one-way delay.");
    table.choice("churn.kind", "none", {"none", "weibull"},
                 "Whether honest peers go off and come back: weibull has Weibull on-times and exponential off-times.");
    table.real("churn.shape", "0.5", "", 0.2, 10, "Under weibull: shape of the on-times; 1: exponential.");
    table.duration("churn.on_scale", "5000s", 1e-3, 1e9,
                   "Under weibull: scale of the on-times; their mean is scale * Gamma(1 + 1/shape).");
    table.duration("churn.off_mean", "2500s", 1e-3, 1e9, "Under weibull: mean of the off-times.");
    table.choice(
        "identity.signature", "modelled", {"modelled", "ed25519"},
        "How signatures are made: modelled accounts their sizes and CPU times, ed25519 makes and checks real ones "
        "besides; results are equal.");
    table.flag(
        "identity.verify", "true",
        "Whether signatures are verified; without, forged descriptors replace honest ones and no time is spent.");
    table.duration("identity.sign_time", "25us", 0, 1, "CPU time to sign a descriptor, canary response or receipt.");
    table.duration("identity.verify_time", "100us", 0, 1, "CPU time to verify a signature.");
    table.real("identity.cost", "0", "", 0, 1e15,
               "Price of an identity for an adversary with a budget, in the unit of adversary.budget.");
}

void add_discovery_parameters(TableWriter& table) {
    table.text("capability.classes", "image_generation:2s, publishing:1s",
               "Capability classes: a list of NAME:MEDIAN_EXECUTION_TIME, or a number of generated classes.");
    table.duration("capability.median_execution", "2s", one_ns, 1e6, "Median execution time of generated classes.");
    table.real("capability.zipf", "0.9", "", 0, 10, "Exponent of the popularity of generated classes, p_c ~ 1/c^s.");
    table.real("capability.share", "1", "", 0, 1, "Probability that an honest peer offers a named class.");
    table.integer("capability.dimension", "32", "", 2, 1024, "Dimension d of embeddings and intents.");
    table.real("capability.spread", "0.5", "", 0, 100, "Spread of embeddings about their class prototype.");
    table.real("capability.quality_alpha", "18", "", 0.01, 1e6, "First parameter of the Beta law of quality.");
    table.real("capability.quality_beta", "2", "", 0.01, 1e6, "Second parameter of the Beta law of quality.");
    table.real("capability.price_sigma", "0.5", "", 0, 5, "Sigma of log-normal prices (median 1).");
    table.real("capability.instance_sigma", "0.25", "", 0, 5,
               "Sigma of an instance's own median execution time about its class median (log-normal).");
    table.duration("descriptor.ttl", "15s", 1e-3, 1e7, "Time to live of a capability descriptor after its issue.");
    table.real("descriptor.refresh_fraction", "0.5", "", 0.01, 10, "Refresh period as a fraction of the TTL.");
    table.integer("registry.candidates", "8", "peers", 1, 64, "Candidates a query asks for (K).");
    table.integer("registry.fanout", "1", "shards", 1, 8, "Distinct shards of a cell that a query asks.");
    table.integer("registry.entries_per_shard", "2000", "entries", 1, 1e7,
                  "Expected entries a shard is made for; a cell has ceil(expected entries / this) shards.");
    table.duration("registry.query_time", "50us", 0, 10, "Service time of a query, besides the time per entry.");
    table.duration("registry.entry_time", "20ns", 0, 1, "Service time of a query per live entry of the shard.");
    table.duration("registry.register_time", "20us", 0, 10,
                   "Service time of a registration, besides the verification of its signature.");
    table.real("query.spread", "1", "", 0, 100, "Spread of intents about the prototype of the wanted class.");
    table.duration("query.timeout", "2s", 1e-3, 1e6, "Time after which an unanswered query is sent again.");
    table.integer("query.retries", "2", "", 0, 100, "How many times a query is sent again.");
    table.real("query.max_price", "1e15", "", 0, Constraints::no_price_limit,
               "Hard constraint: highest price of a candidate.");
    table.duration("query.max_time", "1000000000s", Constraints::shortest_time, Constraints::longest_time,
                   "Hard constraint: longest expected execution time.");
    table.real("query.min_quality", "0", "", 0, 1, "Hard constraint: least claimed quality.");
    table.text("query.regions", "", "Hard constraint: regions a candidate may be in, a list of names; not set: all.");
}

void add_execution_parameters(TableWriter& table) {
    table.text(
        "workflow.steps", "image_generation/medium, publishing/high/side_effect",
        "Steps: a list of CLASS/RISK or CLASS/RISK/side_effect, each after the one before, or, with ; between "
        "them, NAME: CLASS/RISK[/side_effect] [after NAME, ...] [with max_price, max_time, min_quality or "
        "regions VALUE, ...]; CLASS `any` is drawn by popularity for each workflow; RISK is low, medium or high.");
    table.duration("workflow.deadline", "60s", 1e-3, 1e7, "A workflow that has not ended by then fails.");
    table.duration("execution.timeout", "20s", 1e-3, 1e7, "A delegation unanswered for this long has failed.");
    table.integer("execution.queue_capacity", "16", "tasks", 0, 200, "Tasks that may wait at an honest provider.");
    table.real("execution.outcome_detection", "0.5", "", 0, 1,
               "Probability that a requester notices a bad result without evidence.");
    table.real("execution.sigma", "0.5", "", 0, 5,
               "Sigma of execution times about the instance's median (log-normal).");
    table.choice("drift.kind", "none", {"none", "two_state", "ou"},
                 "Capability drift: none, two_state (nominal and degraded, a Markov chain), or ou (quality is an "
                 "Ornstein-Uhlenbeck process).");
    table.choice("drift.advertise", "lower", {"lower", "withdraw"},
                 "What a degraded instance does: lower advertises its present quality, withdraw does not refresh.");
    table.duration("drift.mean_nominal", "60s", 1e-3, 1e9, "Under two_state: mean time an instance stays nominal.");
    table.duration("drift.mean_degraded", "30s", 1e-3, 1e9, "Under two_state: mean time an instance stays degraded.");
    table.real("drift.q_degraded", "0.1", "", 0, 1, "Under two_state: quality of a degraded instance.");
    table.real("drift.ou_sd", "0.1", "", 0, 10, "Under ou: stationary standard deviation of quality.");
    table.duration("drift.ou_time", "60s", 1e-3, 1e9, "Under ou: correlation time of quality.");
    table.duration("drift.ou_step", "1s", 1e-3, 1e9, "Under ou: quality changes in steps of this length.");
    table.real("drift.tolerance", "0.05", "", 0, 1,
               "Under ou: a claim farther from the quality is stale; an instance farther below its mean is degraded.");
}

void add_policy_parameters(TableWriter& table) {
    table.choice(
        "policy.name", "risk_aware", policy_names(),
        "Verification policy of all requesters; risk_aware takes the tier from the step's risk class, cost_aware "
        "the one with the least expected cost.");
    table.integer("policy.low_risk_tier", "1", "", 0, 3, "Tier of low-risk steps under risk_aware.");
    table.integer("policy.medium_risk_tier", "2", "", 0, 3, "Tier of medium-risk steps under risk_aware.");
    table.integer("policy.high_risk_tier", "3", "", 0, 3, "Tier of high-risk steps under risk_aware.");
    table.real("policy.byte_weight", "1", "", 0, 1e9, "Weight of a byte of verification under cost_aware.");
    table.real("policy.loss_low", "40000", "bytes", 0, 1e15, "Loss by an accepted bad low-risk step under cost_aware.");
    table.real("policy.loss_medium", "80000", "bytes", 0, 1e15,
               "Loss by an accepted bad medium-risk step under cost_aware.");
    table.real("policy.loss_high", "160000", "bytes", 0, 1e15,
               "Loss by an accepted bad high-risk step under cost_aware.");
    table.real("policy.loss_failed", "40000", "bytes", 0, 1e15, "Loss by a failed step under cost_aware.");
    table.real("policy.threshold", "0.3", "", 0, 1, "Least trust of a candidate from tier 1 on.");
    table.choice("policy.select", "softmax", {"softmax", "argmax"}, "How candidates are ordered by utility.");
    table.real("policy.temperature", "0.05", "", 1e-6, 1e6, "Temperature of softmax selection.");
    table.real("policy.weight_match", "0.4", "", 0, 1, "Weight of the match in the utility u0.");
    table.real("policy.weight_quality", "0.4", "", 0, 1, "Weight of the claimed quality in u0.");
    table.real("policy.weight_price", "0.1", "", 0, 1, "Weight of the price term in u0.");
    table.real("policy.weight_time", "0.1", "", 0, 1, "Weight of the time term in u0.");
    table.real("policy.weight_trust", "0.5", "", 0, 1, "Weight w of trust from tier 1 on: u1 = (1-w) u0 + w trust.");
    table.integer("policy.max_attempts", "3", "", 1, 64, "Delegations a step may use in tiers 2 and 3.");
    table.choice(
        "reputation.kind", "beta", {"none", "beta", "eigentrust", "sybilrank"},
        "Global reputation: none (all 0.5), beta (pooled counts), eigentrust or sybilrank (along ratings, from "
        "pre-trusted peers).");
    table.duration("reputation.epoch", "10s", 1e-3, 1e7, "Time between publications of global trust.");
    table.duration("reputation.half_life", "600s", 1e-3, 1e9, "Half-life of good and bad counts, local and global.");
    table.real("reputation.prior_weight", "4", "", 0, 1e6, "Weight n0 of global trust against local experience.");
    table.integer("reputation.table_size", "64", "peers", 1, 4096, "Peers a local reputation table remembers.");
    table.integer("reputation.ratings_per_rater", "256", "peers", 1, 65535, "Ratees the service keeps for each rater.");
    table.real("reputation.rater_cap", "1", "", 1e-3, 1e6,
               "Most weight of one rater's reports on one ratee in one epoch.");
    table.real("reputation.pretrusted_share", "0.1", "", 0, 1,
               "Share of the honest peers that eigentrust and sybilrank trust beforehand.");
    table.integer("reputation.pretrusted_min", "5", "peers", 0, 1e9,
                  "Least number of pre-trusted peers, where there are so many honest ones.");
    table.real("reputation.damping", "0.15", "", 1e-3, 1,
               "Part of its trust that every peer gives to the pre-trusted in an iteration of eigentrust (a).");
    table.real("reputation.tolerance", "1e-6", "", 0, 1,
               "eigentrust iterates until the L1 change of trust, which has the sum 1, is below this.");
    table.integer("reputation.max_iterations", "200", "", 1, 1e6, "Most iterations of eigentrust in an epoch.");
    table.real("reputation.midpoint", "0.1", "", 1e-6, 1e6,
               "Trust, as a multiple of the mean, at which eigentrust and sybilrank publish 0.5.");
    table.integer("canary.count", "1", "", 1, 16, "Canaries sent to a candidate; all must be passed.");
    table.integer("canary.parallel", "1", "peers", 1, 64, "Candidates that are asked at once.");
    table.duration("canary.timeout", "1s", 1e-3, 1e6, "A canary unanswered for this long has failed.");
    table.duration("canary.exec_time", "100ms", 0, 1e6, "Time a provider works on a canary, outside its queue.");
    table.real("canary.pass_nominal", "0.99", "", 0, 1, "Probability that an honest nominal instance passes.");
    table.real("canary.guess", "0.05", "", 0, 1, "Probability that a Sybil passes by guessing.");
    table.duration("evidence.verify_time", "50ms", 0, 1e6, "Time to verify an evidence package.");
    table.real("evidence.detection", "0.98", "", 0, 1, "Probability that evidence exposes a bad result.");
    table.real("evidence.false_reject", "0.01", "", 0, 1, "Probability that a good result is rejected.");
    table.flag("evidence.commit_gate", "false",
               "A side effect of a tier-3 step is only prepared, and committed when its evidence is accepted.");
}

void add_adversary_parameters(TableWriter& table) {
    table.real("adversary.fraction", "0", "", 0, 0.99, "Share f of the identities that are Sybil.");
    table.real(
        "adversary.budget", "0", "", 0, 1e15,
        "What the adversary can spend on identities, in the unit of identity.cost; 0: adversary.fraction counts.");
    table.real("adversary.reserve", "0", "", 0, 1,
               "Share of the budget that is kept back to pay for re-entries (adversary.whitewash); the rest buys "
               "Sybils at the start.");
    table.integer("adversary.descriptors", "2", "descriptors", 1, 64, "Descriptors a Sybil registers.");
    table.real("adversary.embedding_gain", "0.5", "", 0, 1,
               "How far a Sybil moves its embeddings from an honest draw (0) to the prototype (1).");
    table.choice("adversary.targeting", "popularity", {"popularity", "uniform", "cells"},
                 "Classes that Sybils register in: drawn by popularity, drawn uniformly, or those of adversary.cells.");
    table.text("adversary.cells", "none",
               "With targeting = cells: the classes that Sybils register in, by name, or none.");
    table.real("adversary.silent", "0", "", 0, 1, "Share of the Sybils that never answer delegations.");
    table.real("adversary.onoff", "0", "", 0, 1,
               "Share of the Sybils that are honest and bad in turn; who is neither silent nor that is malicious.");
    table.duration("adversary.on", "60s", 1e-3, 1e9, "How long an on-off Sybil behaves like an honest peer.");
    table.duration("adversary.off", "60s", 1e-3, 1e9, "How long it then is malicious.");
    table.real("adversary.canary_recognition", "0", "", 0, 1,
               "Probability that a Sybil recognises a canary, which it then passes.");
    table.real("adversary.forge_rate", "0", "1/s", 0, 1e6,
               "Rate at which a Sybil forges descriptors in the name of random honest peers (Poisson).");
    table.choice("adversary.forge_sequence", "now", {"now", "max"},
                 "Sequence number of a forged descriptor: its issue time, as honest ones have, or the largest value.");
    table.flag("adversary.whitewash", "false",
               "Sybils that are distrusted, or fail canaries, leave and come back under a fresh identity.");
    table.duration("adversary.rejoin_delay", "30s", 1e-3, 1e9, "How long a Sybil stays away between two identities.");
    table.real("adversary.praise_rate", "0", "1/s", 0, 1,
               "Rate at which a Sybil sends positive reports, each on another Sybil (Poisson); 0: none.");
    table.flag("adversary.badmouth", "false",
               "A Sybil sends a negative report on every requester that delegates to it.");
    table.real("adversary.claim_quantile", "0.1", "", 1e-6, 0.999999,
               "Quantile of honest prices and times that Sybils claim.");
}

void add_output_parameters(ParameterTable& table) {
    TableWriter writer(table);
    // The means of levels in the summary are over samples: one an interval.
    writer.duration("output.interval", "1s", 1e-3, 1e9, "Time between rows of the time series, and samples of levels.");
    writer.duration("output.histogram_interval", "10s", 1e-3, 1e9,
                    "Time between rows of the latency histograms; a multiple of output.interval.");
    table.add({"output.flush_interval",
               ValueKind::duration,
               "0s",
               "",
               0,
               1e9,
               {},
               "Simulated time between commits of the results to the file; 0s: 10^7 peer-seconds (some 10 s of wall "
               "time), at least 60s.",
               "agentic",
               false});
}

}  // namespace

void add_parameters(ParameterTable& table) {
    TableWriter writer(table);
    add_population_parameters(writer);
    add_discovery_parameters(writer);
    add_execution_parameters(writer);
    add_policy_parameters(writer);
    add_adversary_parameters(writer);
    add_output_parameters(table);
}

}  // namespace parley::agentic
