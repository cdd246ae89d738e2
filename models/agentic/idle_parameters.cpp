#include "models/agentic/idle_parameters.hpp"

#include <algorithm>
#include <string_view>

namespace parley::agentic {

namespace {

struct Idle {
    bool when;
    const char* why;
    std::vector<std::string_view> keys;
};

std::vector<Idle> idle_groups(const RunConfig& config, const Parameters& p) {
    const bool along_ratings = p.reputation == ReputationKind::eigentrust || p.reputation == ReputationKind::sybilrank;
    return {
        {p.drift_kind == DriftKind::none,
         "drift.kind is none",
         {"drift.advertise", "drift.mean_nominal", "drift.mean_degraded", "drift.q_degraded", "drift.ou_sd",
          "drift.ou_time", "drift.ou_step", "drift.tolerance"}},
        {p.drift_kind == DriftKind::two_state,
         "drift.kind is two_state",
         {"drift.ou_sd", "drift.ou_time", "drift.ou_step", "drift.tolerance"}},
        {p.drift_kind == DriftKind::ou,
         "drift.kind is ou",
         {"drift.mean_nominal", "drift.mean_degraded", "drift.q_degraded"}},
        {!p.churn, "churn.kind is none", {"churn.shape", "churn.on_scale", "churn.off_mean"}},
        {p.nat_share == 0, "nat.share is 0", {"nat.direct", "nat.relay_penalty", "nat.relay_sigma"}},
        {!p.regions.empty(), "network.regions has medians of its own", {"network.median_latency"}},
        {p.classes_generated, "classes are generated", {"capability.share"}},
        {!p.classes_generated,
         "capability.classes gives the classes by name",
         {"capability.median_execution", "capability.zipf", "peers.capabilities"}},
        {!p.softmax, "policy.select is argmax", {"policy.temperature"}},
        {p.policy != "risk_aware",
         "policy.name is not risk_aware",
         {"policy.low_risk_tier", "policy.medium_risk_tier", "policy.high_risk_tier"}},
        {p.policy != "cost_aware",
         "policy.name is not cost_aware",
         {"policy.byte_weight", "policy.loss_low", "policy.loss_medium", "policy.loss_high", "policy.loss_failed"}},
        {!along_ratings,
         "reputation.kind is neither eigentrust nor sybilrank",
         {"reputation.pretrusted_share", "reputation.pretrusted_min", "reputation.midpoint"}},
        {p.reputation != ReputationKind::eigentrust,
         "reputation.kind is not eigentrust",
         {"reputation.damping", "reputation.tolerance", "reputation.max_iterations"}},
        {p.onoff_share == 0, "adversary.onoff is 0", {"adversary.on", "adversary.off"}},
        {config.real("adversary.forge_rate") == 0, "adversary.forge_rate is 0", {"adversary.forge_sequence"}},
        {!p.whitewash, "adversary.whitewash is false", {"adversary.rejoin_delay"}},
    };
}

bool is_set(const RunConfig& config, std::string_view key) {
    return std::any_of(config.resolved().begin(), config.resolved().end(), [&](const auto& each) {
        return each.first->key == key && each.second != each.first->default_value;
    });
}

}  // namespace

std::vector<std::string> idle_parameters(const RunConfig& config, const Parameters& parameters) {
    std::vector<std::string> notes;
    for (const Idle& group : idle_groups(config, parameters)) {
        if (!group.when) continue;
        std::string keys;
        std::size_t count = 0;
        for (const std::string_view key : group.keys) {
            if (!is_set(config, key)) continue;
            keys += (count++ == 0 ? "" : ", ") + std::string(key);
        }
        if (count > 0) notes.push_back(keys + (count == 1 ? " has" : " have") + " no effect (" + group.why + ")");
    }
    return notes;
}

}  // namespace parley::agentic
