#include "models/agentic/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/agentic/execution/workflow_steps.hpp"
#include "models/agentic/parameter_checks.hpp"
#include "models/agentic/text_lists.hpp"

namespace parley::agentic {

namespace {

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

void read_connectivity(const RunConfig& config, Parameters& p) {
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
}

void read_discovery(const RunConfig& config, Parameters& p) {
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
}

// After the classes and the regions, which steps name.
void read_execution(const RunConfig& config, Parameters& p) {
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

Parameters read_parameters(const RunConfig& config) {
    Parameters p;
    p.seed = static_cast<std::uint64_t>(config.integer("run.seed"));
    p.end = SimTime{} + config.duration("run.duration");
    p.warmup = SimTime{} + config.duration("run.warmup");
    p.interval = config.duration("output.interval");
    p.histogram_interval = config.duration("output.histogram_interval");
    p.flush_interval = config.duration("output.flush_interval");
    read_connectivity(config, p);
    read_discovery(config, p);
    read_execution(config, p);
    read_trust(config, p);
    read_adversary(config, p);
    if (p.flush_interval == Duration{}) {
        p.flush_interval = duration_from_seconds(std::max(60.0, std::floor(1e7 / p.peers)));
    }
    check_parameters(p);
    return p;
}

}  // namespace parley::agentic
