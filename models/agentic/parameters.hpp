// The agentic model's parameters, as values, and the table that documents and checks them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/run_config.hpp"
#include "engine/sim_time.hpp"
#include "models/agentic/connectivity/region_matrix.hpp"
#include "models/agentic/discovery/constraints.hpp"
#include "models/agentic/tier.hpp"

namespace parley::agentic {

enum class RiskClass : std::uint8_t { low, medium, high };

// How the quality of honest instances changes.
enum class DriftKind : std::uint8_t { none, two_state, ou };

// How the reputation service computes global trust.
enum class ReputationKind : std::uint8_t { none, beta, eigentrust, sybilrank };

// Which classes Sybils register descriptors in.
enum class Targeting : std::uint8_t { popularity, uniform, cells };

// One step of the workflow every requester runs. A workflow has at most `most_steps`, numbered from 0.
struct WorkflowStep {
    static constexpr std::int32_t any_class = -1;
    std::int32_t capability_class = any_class;  // or drawn by popularity for each workflow
    RiskClass risk = RiskClass::low;
    bool side_effect = false;
    std::uint32_t after = 0;  // bit i: starts when step i, among others, has been accepted
    Constraints constraints = {};
};
inline constexpr std::size_t most_steps = 32;

// The mask of all steps.
inline std::uint32_t mask_of(const std::vector<WorkflowStep>& steps) {
    return static_cast<std::uint32_t>((std::uint64_t{1} << steps.size()) - 1);
}

// A capability class given by name, or one of a generated number of classes.
struct ClassSpec {
    std::string name;
    Duration median_execution;
};

struct Parameters {
    std::uint64_t seed = 1;
    SimTime end;
    SimTime warmup;

    std::uint32_t peers = 0;
    std::uint32_t capabilities = 0;  // classes an honest peer offers, when classes are generated
    double workflow_rate = 0;        // per second and honest peer

    Duration min_latency;
    Duration median_latency;
    double latency_sigma = 0;
    double loss = 0;  // of each message
    RegionMatrix regions;
    // Whether delays depend on where sender and receiver are.
    bool has_places() const { return !regions.empty() || nat_share > 0; }
    double nat_share = 0;     // of the peers: behind a NAT
    double direct_share = 1;  // of the ways to a peer behind a NAT: without a relay
    Duration relay_penalty;   // median
    double relay_sigma = 0;

    bool churn = false;  // honest peers go off and come back
    double churn_shape = 0;
    Duration churn_on_scale;
    Duration churn_off_mean;

    bool ed25519 = false;  // signatures are really made and checked
    bool verify = true;    // receivers check signatures, and spend the time
    Duration sign_time;
    Duration signature_verify_time;

    std::vector<ClassSpec> classes;
    bool classes_generated = false;
    double zipf = 0;
    double share = 1;
    std::uint32_t dimension = 0;
    double spread = 0;
    double quality_alpha = 0;
    double quality_beta = 0;
    double price_sigma = 0;
    double instance_sigma = 0;

    Duration ttl;
    Duration refresh_period;

    std::uint32_t candidates = 0;  // K
    std::uint32_t fanout = 0;
    std::uint32_t entries_per_shard = 0;
    Duration query_base_time;
    Duration query_entry_time;
    Duration register_time;

    double query_spread = 0;
    Duration query_timeout;
    std::uint32_t query_retries = 0;

    std::vector<WorkflowStep> steps;
    // Whether each step comes after the one before it, so that no two are ever served at the same time.
    bool steps_are_list() const;
    // Whether any step rules out regions.
    bool constrains_regions() const;
    Duration deadline;

    Duration execution_timeout;
    std::uint32_t queue_capacity = 0;
    double outcome_detection = 0;
    double execution_sigma = 0;

    DriftKind drift_kind = DriftKind::none;
    bool drift() const { return drift_kind != DriftKind::none; }
    bool withdraws_degraded = false;  // a degraded instance is not refreshed
    Duration mean_nominal;
    Duration mean_degraded;
    double degraded_quality = 0;
    double ou_sd = 0;
    Duration ou_time;
    Duration ou_step;
    double drift_tolerance = 0;  // how far quality may be from a claim that counts as true, under ou

    std::string policy;
    Tier tier_of_risk[3] = {1, 2, 3};  // under risk_aware
    double byte_weight = 0;            // under cost_aware, as are the losses, in bytes
    double loss_of_risk[3] = {0, 0, 0};
    double loss_failed = 0;
    double threshold = 0;
    bool softmax = true;
    double temperature = 0;
    double weight_match = 0;
    double weight_quality = 0;
    double weight_price = 0;
    double weight_time = 0;
    double weight_trust = 0;
    std::uint32_t max_attempts = 0;

    ReputationKind reputation = ReputationKind::beta;
    Duration epoch;
    Duration half_life;
    double prior_weight = 0;
    std::uint32_t table_size = 0;
    std::uint32_t ratings_per_rater = 0;
    double rater_cap = 0;
    double pretrusted_share = 0;  // of the honest peers
    std::uint32_t pretrusted_min = 0;
    double damping = 0;
    double tolerance = 0;
    int max_iterations = 0;
    double midpoint = 0;
    // How many peers are pre-trusted.
    std::uint32_t pretrusted() const;

    std::uint32_t canary_count = 0;
    std::uint32_t canary_parallel = 0;
    Duration canary_timeout;
    Duration canary_time;
    double canary_pass = 0;
    double canary_guess = 0;

    Duration evidence_time;
    double evidence_detection = 0;
    double evidence_false_reject = 0;
    bool commit_gate = false;

    double sybil_fraction = 0;
    std::uint32_t sybil_descriptors = 0;
    double embedding_gain = 0;
    double silent_share = 0;  // of the Sybils; who is neither silent nor onoff is malicious
    double onoff_share = 0;
    Duration onoff_on;
    Duration onoff_off;
    double canary_recognition = 0;
    double forge_rate = 0;       // per second and Sybil
    bool forges_newest = false;  // sequence number of forged descriptors: the largest value, not the issue time
    // Whether an entry may be forged: only then has a name an address of its own.
    bool accepts_forgeries() const { return forge_rate > 0 && !verify; }
    bool whitewash = false;  // Sybils come back under fresh identities
    Duration rejoin_delay;
    double praise_rate = 0;  // per second and Sybil
    bool badmouth = false;
    double adversary_budget = 0;  // 0: none, sybil_fraction counts
    double adversary_reserve = 0;
    double identity_cost = 0;
    Targeting targeting = Targeting::popularity;
    std::vector<std::uint16_t> cells;  // targets, ascending
    double claim_quantile = 0;

    Duration interval;
    Duration histogram_interval;
    Duration flush_interval;

    // floor(f N + 0.5), or what the adversary can pay: floor(budget * (1 - reserve) / cost).
    std::uint32_t sybils() const;
    std::uint32_t honest() const { return peers - sybils(); }
    // Identities that all Sybils together may buy later: floor(budget * reserve / cost); without a budget no limit.
    std::uint64_t reentries() const;
    static constexpr std::uint64_t no_reentry_limit = UINT64_MAX;
};

void add_parameters(ParameterTable& table);

// Reads and cross-checks; throws InputError.
Parameters read_parameters(const RunConfig& config);

}  // namespace parley::agentic
