#include "models/agentic/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/agentic/execution/workflow_steps.hpp"
#include "models/agentic/policy/policies.hpp"
#include "models/agentic/text_lists.hpp"

namespace parley::agentic {

namespace {

constexpr double one_ns = 1e-9;
constexpr std::int64_t most_ou_steps = 1'000'000'000;

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
    table.real("churn.shape", "0.5", "", 0.2, 10, "Shape of the on-times; 1: exponential.");
    table.duration("churn.on_scale", "5000s", 1e-3, 1e9,
                   "Scale of the on-times; their mean is scale * Gamma(1 + 1/shape).");
    table.duration("churn.off_mean", "2500s", 1e-3, 1e9, "Mean of the off-times.");
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
    table.duration("drift.mean_nominal", "60s", 1e-3, 1e9, "Mean time an instance stays nominal.");
    table.duration("drift.mean_degraded", "30s", 1e-3, 1e9, "Mean time an instance stays degraded.");
    table.real("drift.q_degraded", "0.1", "", 0, 1, "Quality of a degraded instance.");
    table.real("drift.ou_sd", "0.1", "", 0, 10, "Stationary standard deviation of quality under ou.");
    table.duration("drift.ou_time", "60s", 1e-3, 1e9, "Correlation time of quality under ou.");
    table.duration("drift.ou_step", "1s", 1e-3, 1e9, "Under ou quality changes in steps of this length.");
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

RegionMatrix read_regions(const RunConfig& config) {
    const std::string& text = config.text("network.regions");
    return text.empty() ? RegionMatrix() : RegionMatrix(text, "network.regions");
}

// Those of the section query, which steps may override.
Constraints read_constraints(const RunConfig& config, const RegionMatrix& regions) {
    Constraints constraints{config.real("query.max_price"), config.duration("query.max_time"),
                            config.real("query.min_quality")};
    const std::string& names = config.text("query.regions");
    if (!names.empty()) constraints.regions = region_mask(parse_region_names(names, regions));
    return constraints;
}

DriftKind read_drift_kind(const std::string& name) {
    const std::vector<std::string> names{"none", "two_state", "ou"};
    return static_cast<DriftKind>(std::find(names.begin(), names.end(), name) - names.begin());
}

void read_planes(const RunConfig& config, Parameters& p) {
    p.peers = static_cast<std::uint32_t>(config.integer("peers.count"));
    p.capabilities = static_cast<std::uint32_t>(config.integer("peers.capabilities"));
    p.workflow_rate = config.real("peers.workflow_rate");
    p.min_latency = config.duration("network.min_latency");
    p.median_latency = config.duration("network.median_latency");
    p.latency_sigma = config.real("network.sigma");
    p.loss = config.real("network.loss");
    p.regions = read_regions(config);
    p.nat_share = config.real("nat.share");
    p.direct_share = config.real("nat.direct");
    p.relay_penalty = config.duration("nat.relay_penalty");
    p.relay_sigma = config.real("nat.relay_sigma");
    p.churn = config.text("churn.kind") != "none";
    p.churn_shape = config.real("churn.shape");
    p.churn_on_scale = config.duration("churn.on_scale");
    p.churn_off_mean = config.duration("churn.off_mean");
    p.ed25519 = config.text("identity.signature") == "ed25519";
    p.verify = config.flag("identity.verify");
    p.sign_time = config.duration("identity.sign_time");
    p.signature_verify_time = config.duration("identity.verify_time");
    p.classes = parse_classes(config.text("capability.classes"), config.duration("capability.median_execution"),
                              p.classes_generated);
    p.zipf = config.real("capability.zipf");
    p.share = config.real("capability.share");
    p.dimension = static_cast<std::uint32_t>(config.integer("capability.dimension"));
    p.spread = config.real("capability.spread");
    p.quality_alpha = config.real("capability.quality_alpha");
    p.quality_beta = config.real("capability.quality_beta");
    p.price_sigma = config.real("capability.price_sigma");
    p.instance_sigma = config.real("capability.instance_sigma");
    p.ttl = config.duration("descriptor.ttl");
    p.refresh_period = duration_from_seconds(config.real("descriptor.refresh_fraction") * p.ttl.seconds());
    p.candidates = static_cast<std::uint32_t>(config.integer("registry.candidates"));
    p.fanout = static_cast<std::uint32_t>(config.integer("registry.fanout"));
    p.entries_per_shard = static_cast<std::uint32_t>(config.integer("registry.entries_per_shard"));
    p.query_base_time = config.duration("registry.query_time");
    p.query_entry_time = config.duration("registry.entry_time");
    p.register_time = config.duration("registry.register_time");
    p.query_spread = config.real("query.spread");
    p.query_timeout = config.duration("query.timeout");
    p.query_retries = static_cast<std::uint32_t>(config.integer("query.retries"));
    p.steps = parse_steps(config.text("workflow.steps"), p.classes, read_constraints(config, p.regions), p.regions);
    p.deadline = config.duration("workflow.deadline");
    p.execution_timeout = config.duration("execution.timeout");
    p.queue_capacity = static_cast<std::uint32_t>(config.integer("execution.queue_capacity"));
    p.outcome_detection = config.real("execution.outcome_detection");
    p.execution_sigma = config.real("execution.sigma");
    p.drift_kind = read_drift_kind(config.text("drift.kind"));
    p.withdraws_degraded = config.text("drift.advertise") == "withdraw";
    p.ou_sd = config.real("drift.ou_sd");
    p.ou_time = config.duration("drift.ou_time");
    p.ou_step = config.duration("drift.ou_step");
    p.drift_tolerance = config.real("drift.tolerance");
    p.mean_nominal = config.duration("drift.mean_nominal");
    p.mean_degraded = config.duration("drift.mean_degraded");
    p.degraded_quality = config.real("drift.q_degraded");
}

void read_policy(const RunConfig& config, Parameters& p) {
    p.policy = config.text("policy.name");
    p.tier_of_risk[0] = static_cast<Tier>(config.integer("policy.low_risk_tier"));
    p.tier_of_risk[1] = static_cast<Tier>(config.integer("policy.medium_risk_tier"));
    p.tier_of_risk[2] = static_cast<Tier>(config.integer("policy.high_risk_tier"));
    p.byte_weight = config.real("policy.byte_weight");
    p.loss_of_risk[0] = config.real("policy.loss_low");
    p.loss_of_risk[1] = config.real("policy.loss_medium");
    p.loss_of_risk[2] = config.real("policy.loss_high");
    p.loss_failed = config.real("policy.loss_failed");
}

ReputationKind read_reputation_kind(const std::string& name) {
    const std::vector<std::string> names{"none", "beta", "eigentrust", "sybilrank"};
    return static_cast<ReputationKind>(std::find(names.begin(), names.end(), name) - names.begin());
}

void read_trust(const RunConfig& config, Parameters& p) {
    read_policy(config, p);
    p.threshold = config.real("policy.threshold");
    p.softmax = config.text("policy.select") == "softmax";
    p.temperature = config.real("policy.temperature");
    p.weight_match = config.real("policy.weight_match");
    p.weight_quality = config.real("policy.weight_quality");
    p.weight_price = config.real("policy.weight_price");
    p.weight_time = config.real("policy.weight_time");
    p.weight_trust = config.real("policy.weight_trust");
    p.max_attempts = static_cast<std::uint32_t>(config.integer("policy.max_attempts"));
    p.reputation = read_reputation_kind(config.text("reputation.kind"));
    p.epoch = config.duration("reputation.epoch");
    p.half_life = config.duration("reputation.half_life");
    p.prior_weight = config.real("reputation.prior_weight");
    p.table_size = static_cast<std::uint32_t>(config.integer("reputation.table_size"));
    p.ratings_per_rater = static_cast<std::uint32_t>(config.integer("reputation.ratings_per_rater"));
    p.rater_cap = config.real("reputation.rater_cap");
    p.pretrusted_share = config.real("reputation.pretrusted_share");
    p.pretrusted_min = static_cast<std::uint32_t>(config.integer("reputation.pretrusted_min"));
    p.damping = config.real("reputation.damping");
    p.tolerance = config.real("reputation.tolerance");
    p.max_iterations = static_cast<int>(config.integer("reputation.max_iterations"));
    p.midpoint = config.real("reputation.midpoint");
    p.canary_count = static_cast<std::uint32_t>(config.integer("canary.count"));
    p.canary_parallel = static_cast<std::uint32_t>(config.integer("canary.parallel"));
    p.canary_timeout = config.duration("canary.timeout");
    p.canary_time = config.duration("canary.exec_time");
    p.canary_pass = config.real("canary.pass_nominal");
    p.canary_guess = config.real("canary.guess");
    p.evidence_time = config.duration("evidence.verify_time");
    p.evidence_detection = config.real("evidence.detection");
    p.evidence_false_reject = config.real("evidence.false_reject");
    p.commit_gate = config.flag("evidence.commit_gate");
    p.sybil_fraction = config.real("adversary.fraction");
    p.sybil_descriptors = static_cast<std::uint32_t>(config.integer("adversary.descriptors"));
    p.embedding_gain = config.real("adversary.embedding_gain");
    p.silent_share = config.real("adversary.silent");
    p.claim_quantile = config.real("adversary.claim_quantile");
}

Targeting read_targeting(const std::string& name) {
    const std::vector<std::string> names{"popularity", "uniform", "cells"};
    return static_cast<Targeting>(std::find(names.begin(), names.end(), name) - names.begin());
}

void read_adversary(const RunConfig& config, Parameters& p) {
    p.adversary_budget = config.real("adversary.budget");
    p.adversary_reserve = config.real("adversary.reserve");
    p.identity_cost = config.real("identity.cost");
    p.onoff_share = config.real("adversary.onoff");
    p.onoff_on = config.duration("adversary.on");
    p.onoff_off = config.duration("adversary.off");
    p.canary_recognition = config.real("adversary.canary_recognition");
    p.forge_rate = config.real("adversary.forge_rate");
    p.forges_newest = config.text("adversary.forge_sequence") == "max";
    p.whitewash = config.flag("adversary.whitewash");
    p.rejoin_delay = config.duration("adversary.rejoin_delay");
    p.praise_rate = config.real("adversary.praise_rate");
    p.badmouth = config.flag("adversary.badmouth");
    p.targeting = read_targeting(config.text("adversary.targeting"));
    p.cells = parse_cells(config.text("adversary.cells"), p.classes);
}

// Whole identities that can be paid; what rounding takes from the quotient of two decimal numbers does not count.
double identities_for(double money, double cost) { return money > 0 ? std::floor(money / cost * (1 + 1e-12)) : 0.0; }

void refuse(bool wrong, const std::string& message) {
    if (wrong) throw InputError(message);
}

void check_budget(const Parameters& p) {
    refuse(p.adversary_budget > 0 && p.identity_cost == 0,
           "adversary.budget is set but identity.cost is 0 (identities for nothing are without number); set both");
    refuse(p.adversary_budget == 0 && p.identity_cost > 0,
           "identity.cost is set but adversary.budget is 0 (there is nothing to pay with); set both, or neither");
    refuse(p.adversary_budget == 0 && p.adversary_reserve > 0,
           "adversary.reserve is set but adversary.budget is 0 (there is nothing to keep back); set both, or neither");
    refuse(p.adversary_budget > 0 && p.sybil_fraction > 0,
           "adversary.budget and adversary.fraction are both set (each says how many Sybils there are); set one");
    const double bought = identities_for(p.adversary_budget * (1 - p.adversary_reserve), p.identity_cost);
    refuse(bought >= p.peers, "adversary.budget buys " + std::to_string(static_cast<std::uint64_t>(bought)) +
                                  " Sybils but there are only " + std::to_string(p.peers) +
                                  " identities, one of them honest at least; lower it, or raise peers.count or "
                                  "identity.cost");
}

void check_adversary(const Parameters& p) {
    refuse(p.targeting == Targeting::cells && p.cells.empty(),
           "adversary.targeting is cells but adversary.cells names none; name the classes to poison");
    refuse(p.targeting != Targeting::cells && !p.cells.empty(),
           "adversary.cells names classes but adversary.targeting is not cells (they would mean nothing); set it to "
           "cells, or leave out adversary.cells");
    refuse(p.silent_share + p.onoff_share > 1,
           "adversary.silent and adversary.onoff add up to more than 1 (they are shares of the Sybils); lower one of "
           "them");
}

// A Sybil comes back at most once an epoch, and once a delay.
void check_identities(const Parameters& p) {
    if (!p.whitewash || p.sybils() == 0) return;
    const std::uint64_t by_time =
        1 + static_cast<std::uint64_t>(p.end.nanoseconds / std::max(p.epoch, p.rejoin_delay).nanoseconds);
    const std::uint64_t all = p.reentries();
    const std::uint64_t most = all == Parameters::no_reentry_limit ? by_time : std::min(by_time, all / p.sybils() + 1);
    constexpr std::uint64_t numbers = std::uint64_t{1} << 32;
    refuse(most > std::numeric_limits<std::uint16_t>::max() || (most + 1) * p.peers > numbers,
           "with adversary.whitewash a Sybil could come back " + std::to_string(most) +
               " times in this run (identities have 32 bits, of which 16 count how often a peer came back); shorten "
               "run.duration, raise adversary.rejoin_delay, or set a budget");
}

void cross_check(const Parameters& p) {
    refuse(p.classes_generated && p.capabilities > p.classes.size(),
           "peers.capabilities is " + std::to_string(p.capabilities) + " but capability.classes gives only " +
               std::to_string(p.classes.size()) + " (an honest peer offers distinct classes); lower it");
    refuse(p.candidates > p.peers - 1, "registry.candidates is " + std::to_string(p.candidates) +
                                           " but a peer has only " + std::to_string(p.peers - 1) +
                                           " others; lower it or raise peers.count");
    refuse(p.refresh_period > p.ttl,
           "descriptor.refresh_fraction is above 1 (descriptors would expire before they are refreshed); lower it");
    refuse(p.refresh_period.nanoseconds < 1,
           "descriptor.refresh_fraction times descriptor.ttl is below 1 ns; raise one of them");
    refuse(p.honest() == 0, "adversary.fraction leaves no honest peer among " + std::to_string(p.peers) + "; lower it");
    const bool needs_pretrust = p.reputation == ReputationKind::eigentrust || p.reputation == ReputationKind::sybilrank;
    refuse(
        needs_pretrust && p.pretrusted() == 0,
        "reputation.kind needs pre-trusted peers, but reputation.pretrusted_share and reputation.pretrusted_min give "
        "none among " +
            std::to_string(p.honest()) + " honest peers; raise one of them");
    refuse(p.histogram_interval.nanoseconds % p.interval.nanoseconds != 0,
           "output.histogram_interval is not a multiple of output.interval; choose a multiple");
    refuse(p.drift_kind == DriftKind::ou && p.ou_step > p.ou_time,
           "drift.ou_step is above drift.ou_time (quality would be constant for longer than it remembers); lower it");
    refuse(p.drift_kind == DriftKind::ou && p.end.nanoseconds / p.ou_step.nanoseconds >= most_ou_steps,
           "run.duration is more than " + std::to_string(most_ou_steps) +
               " times drift.ou_step (steps are numbered in 32 bits, and each costs a draw); raise drift.ou_step");
    refuse(p.canary_parallel > p.candidates, "canary.parallel is above registry.candidates; lower it");
    refuse(static_cast<std::uint64_t>(p.peers) * 2 > std::numeric_limits<std::uint32_t>::max() - (1U << 28),
           "peers.count is too large for 32-bit entity ids; lower it");
}

}  // namespace

std::uint32_t Parameters::sybils() const {
    if (adversary_budget > 0) {
        return static_cast<std::uint32_t>(identities_for(adversary_budget * (1 - adversary_reserve), identity_cost));
    }
    return static_cast<std::uint32_t>(std::floor(sybil_fraction * peers + 0.5));
}

std::uint64_t Parameters::reentries() const {
    if (adversary_budget == 0) return no_reentry_limit;
    // No run comes near 2^60 re-entries.
    const double bought = identities_for(adversary_budget * adversary_reserve, identity_cost);
    return static_cast<std::uint64_t>(std::min(bought, 0x1p60));
}

bool Parameters::steps_are_list() const {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].after != (i == 0 ? 0U : 1U << (i - 1))) return false;
    }
    return true;
}

bool Parameters::constrains_regions() const {
    return std::any_of(steps.begin(), steps.end(),
                       [](const WorkflowStep& step) { return step.constraints.regions != Constraints::all_regions; });
}

std::uint32_t Parameters::pretrusted() const {
    const auto wanted = static_cast<std::uint32_t>(std::floor(pretrusted_share * honest() + 0.5));
    return std::min(honest(), std::max(pretrusted_min, wanted));
}

void add_parameters(ParameterTable& table) {
    TableWriter writer(table);
    add_population_parameters(writer);
    add_discovery_parameters(writer);
    add_execution_parameters(writer);
    add_policy_parameters(writer);
    add_adversary_parameters(writer);
    add_output_parameters(table);
}

Parameters read_parameters(const RunConfig& config) {
    Parameters p;
    p.seed = static_cast<std::uint64_t>(config.integer("run.seed"));
    p.end = SimTime{} + config.duration("run.duration");
    p.warmup = SimTime{} + config.duration("run.warmup");
    p.interval = config.duration("output.interval");
    p.histogram_interval = config.duration("output.histogram_interval");
    p.flush_interval = config.duration("output.flush_interval");
    read_planes(config, p);
    read_trust(config, p);
    read_adversary(config, p);
    check_budget(p);
    if (p.flush_interval == Duration{}) {
        p.flush_interval = duration_from_seconds(std::max(60.0, std::floor(1e7 / p.peers)));
    }
    cross_check(p);
    check_adversary(p);
    check_identities(p);
    return p;
}

}  // namespace parley::agentic
