// The model's parameters: the defaults of the specification, and every combination that is refused.
#include "models/agentic/parameters.hpp"

#include <gtest/gtest.h>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

void expect_refusal(const std::vector<std::string>& overrides, const std::vector<std::string>& parts) {
    try {
        parameters_with(overrides);
        ADD_FAILURE() << "no InputError; wanted one with " << parts.front();
    } catch (const InputError& error) {
        for (const std::string& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << " lacks " << part;
        }
    }
}

TEST(Parameters, HaveTheDefaultsOfTheModel) {
    const Parameters p = parameters_with({});
    constexpr std::int64_t ms = 1'000'000;
    EXPECT_EQ(p.seed, 1U);
    EXPECT_EQ(p.end.nanoseconds, 600'000 * ms);
    EXPECT_EQ(p.warmup.nanoseconds, 60'000 * ms);
    EXPECT_EQ(p.peers, 100U);
    EXPECT_EQ(p.workflow_rate, 0.05);
    EXPECT_EQ(p.min_latency.nanoseconds, 5 * ms);
    EXPECT_EQ(p.median_latency.nanoseconds, 30 * ms);
    EXPECT_EQ(p.latency_sigma, 0.5);
    EXPECT_EQ(p.sign_time.nanoseconds, 25'000);
    EXPECT_EQ(p.signature_verify_time.nanoseconds, 100'000);
    EXPECT_EQ(p.dimension, 32U);
    EXPECT_EQ(p.spread, 0.5);
    EXPECT_EQ(p.quality_alpha, 18);
    EXPECT_EQ(p.quality_beta, 2);
    EXPECT_EQ(p.price_sigma, 0.5);
    EXPECT_EQ(p.instance_sigma, 0.25);
    EXPECT_EQ(p.execution_sigma, 0.5);
    EXPECT_EQ(p.ttl.nanoseconds, 15'000 * ms);
    EXPECT_EQ(p.refresh_period.nanoseconds, 7500 * ms);
    EXPECT_EQ(p.candidates, 8U);
    EXPECT_EQ(p.fanout, 1U);
    EXPECT_EQ(p.entries_per_shard, 2000U);
    EXPECT_EQ(p.query_base_time.nanoseconds, 50'000);
    EXPECT_EQ(p.query_entry_time.nanoseconds, 20);
    EXPECT_EQ(p.register_time.nanoseconds, 20'000);
    EXPECT_EQ(p.query_spread, 1.0);
    EXPECT_EQ(p.query_timeout.nanoseconds, 2000 * ms);
    EXPECT_EQ(p.query_retries, 2U);
    EXPECT_EQ(p.deadline.nanoseconds, 60'000 * ms);
    EXPECT_EQ(p.execution_timeout.nanoseconds, 20'000 * ms);
    EXPECT_EQ(p.queue_capacity, 16U);
    EXPECT_EQ(p.outcome_detection, 0.5);
    EXPECT_FALSE(p.drift());
    EXPECT_FALSE(p.withdraws_degraded);
    EXPECT_EQ(p.mean_nominal.nanoseconds, 60'000 * ms);
    EXPECT_EQ(p.mean_degraded.nanoseconds, 30'000 * ms);
    EXPECT_EQ(p.degraded_quality, 0.1);
    EXPECT_EQ(p.threshold, 0.3);
    EXPECT_TRUE(p.softmax);
    EXPECT_EQ(p.temperature, 0.05);
    EXPECT_EQ(p.weight_match, 0.4);
    EXPECT_EQ(p.weight_quality, 0.4);
    EXPECT_EQ(p.weight_price, 0.1);
    EXPECT_EQ(p.weight_time, 0.1);
    EXPECT_EQ(p.weight_trust, 0.5);
    EXPECT_EQ(p.max_attempts, 3U);
    EXPECT_EQ(p.epoch.nanoseconds, 10'000 * ms);
    EXPECT_EQ(p.half_life.nanoseconds, 600'000 * ms);
    EXPECT_EQ(p.prior_weight, 4);
    EXPECT_EQ(p.table_size, 64U);
    EXPECT_EQ(p.ratings_per_rater, 256U);
    EXPECT_EQ(p.rater_cap, 1);
    EXPECT_EQ(p.canary_count, 1U);
    EXPECT_EQ(p.canary_parallel, 1U);
    EXPECT_EQ(p.canary_timeout.nanoseconds, 1000 * ms);
    EXPECT_EQ(p.canary_time.nanoseconds, 100 * ms);
    EXPECT_EQ(p.canary_pass, 0.99);
    EXPECT_EQ(p.canary_guess, 0.05);
    EXPECT_EQ(p.evidence_time.nanoseconds, 50 * ms);
    EXPECT_EQ(p.evidence_detection, 0.98);
    EXPECT_EQ(p.evidence_false_reject, 0.01);
    EXPECT_EQ(p.sybil_descriptors, 2U);
    EXPECT_EQ(p.embedding_gain, 0.5);
    EXPECT_EQ(p.claim_quantile, 0.1);
    EXPECT_EQ(p.interval.nanoseconds, 1000 * ms);
}

TEST(Parameters, HaveTheWorkflowOfThePaper) {
    const Parameters p = parameters_with({});
    ASSERT_EQ(p.classes.size(), 2U);
    EXPECT_FALSE(p.classes_generated);
    EXPECT_EQ(p.classes[0].name, "image_generation");
    EXPECT_EQ(p.classes[0].median_execution.nanoseconds, 2'000'000'000);
    EXPECT_EQ(p.classes[1].median_execution.nanoseconds, 1'000'000'000);
    ASSERT_EQ(p.steps.size(), 2U);
    EXPECT_EQ(p.steps[0].risk, RiskClass::medium);
    EXPECT_FALSE(p.steps[0].side_effect);
    EXPECT_EQ(p.steps[1].risk, RiskClass::high);
    EXPECT_TRUE(p.steps[1].side_effect);
}

TEST(Parameters, ReadChoices) {
    EXPECT_TRUE(parameters_with({"drift.kind=two_state"}).drift());
    EXPECT_EQ(parameters_with({"drift.kind=ou"}).drift_kind, DriftKind::ou);
    EXPECT_TRUE(parameters_with({"drift.advertise=withdraw"}).withdraws_degraded);
    EXPECT_FALSE(parameters_with({"policy.select=argmax"}).softmax);
    EXPECT_EQ(parameters_with({}).reputation, ReputationKind::beta);
    EXPECT_EQ(parameters_with({"reputation.kind=none"}).reputation, ReputationKind::none);
    EXPECT_EQ(parameters_with({"reputation.kind=eigentrust"}).reputation, ReputationKind::eigentrust);
    EXPECT_EQ(parameters_with({"reputation.kind=sybilrank"}).reputation, ReputationKind::sybilrank);
    EXPECT_EQ(parameters_with({"descriptor.ttl=20s", "descriptor.refresh_fraction=0.25"}).refresh_period.nanoseconds,
              5'000'000'000);
}

TEST(Parameters, RefuseMoreCapabilitiesThanClasses) {
    expect_refusal({"capability.classes=3", "workflow.steps=any/low", "peers.capabilities=4"},
                   {"peers.capabilities", "4", "3"});
    EXPECT_NO_THROW(parameters_with({"capability.classes=3", "workflow.steps=any/low", "peers.capabilities=3"}));
}

TEST(Parameters, CountThePreTrusted) {
    const auto count = [](const std::vector<std::string>& overrides) {
        return parameters_with(overrides).pretrusted();
    };
    EXPECT_EQ(count({"peers.count=1000", "adversary.fraction=0.3"}), 70U);
    EXPECT_EQ(count({"peers.count=20"}), 5U);
    EXPECT_EQ(count({"peers.count=12", "adversary.fraction=0.75"}), 3U);  // all honest ones
    EXPECT_EQ(count({"reputation.pretrusted_share=1"}), 100U);
}

TEST(Parameters, RefuseGraphReputationWithoutPreTrustedPeers) {
    const std::vector<std::string> none{"reputation.pretrusted_share=0", "reputation.pretrusted_min=0"};
    EXPECT_NO_THROW(parameters_with(none));
    for (const std::string kind : {"eigentrust", "sybilrank"}) {
        expect_refusal({none[0], none[1], "reputation.kind=" + kind},
                       {"reputation.kind", "reputation.pretrusted_share", "reputation.pretrusted_min"});
        EXPECT_NO_THROW(parameters_with({none[0], "reputation.kind=" + kind}));
    }
}

TEST(Parameters, RefuseMoreCandidatesThanOtherPeers) {
    expect_refusal({"peers.count=8"}, {"registry.candidates", "8", "7"});
    EXPECT_NO_THROW(parameters_with({"peers.count=9"}));
}

TEST(Parameters, RefuseDescriptorsThatExpireBeforeTheirRefresh) {
    expect_refusal({"descriptor.refresh_fraction=1.01"}, {"descriptor.refresh_fraction", "expire"});
    EXPECT_NO_THROW(parameters_with({"descriptor.refresh_fraction=1"}));
}

TEST(Parameters, RefuseARunWithoutHonestPeers) {
    expect_refusal({"adversary.fraction=0.99", "peers.count=9"}, {"adversary.fraction", "9"});
    EXPECT_NO_THROW(parameters_with({"adversary.fraction=0.9", "peers.count=9"}));
}

TEST(Parameters, RefuseContradictoryTargets) {
    expect_refusal({"adversary.targeting=cells"}, {"adversary.targeting", "adversary.cells"});
    expect_refusal({"adversary.cells=publishing"}, {"adversary.cells", "adversary.targeting"});
    expect_refusal({"adversary.targeting=cells", "adversary.cells=publishing, publishing"}, {"publishing", "twice"});
    const Parameters p = parameters_with({"adversary.targeting=cells", "adversary.cells=publishing, image_generation"});
    EXPECT_EQ(p.cells, (std::vector<std::uint16_t>{0, 1}));
}

TEST(Parameters, RefuseAMixOfBehavioursAboveOne) {
    expect_refusal({"adversary.silent=0.6", "adversary.onoff=0.5"}, {"adversary.silent", "adversary.onoff"});
    EXPECT_NO_THROW(parameters_with({"adversary.silent=0.5", "adversary.onoff=0.5"}));
}

TEST(Parameters, BuySybilsFromABudget) {
    const auto bought = [](const std::string& budget, const std::string& reserve, const std::string& cost) {
        return parameters_with({"adversary.budget=" + budget, "adversary.reserve=" + reserve, "identity.cost=" + cost});
    };
    EXPECT_EQ(bought("30", "0", "1").sybils(), 30U);
    EXPECT_EQ(bought("100", "0.5", "3").sybils(), 16U);  // 50 / 3
    EXPECT_EQ(bought("100", "1", "3").sybils(), 0U);
    EXPECT_EQ(bought("0.3", "0", "0.1").sybils(), 3U);  // 0.3 / 0.1 is below 3 in binary numbers
    EXPECT_EQ(bought("99", "0", "1").honest(), 1U);
}

TEST(Parameters, RefuseContradictoryBudgets) {
    expect_refusal({"adversary.budget=10"}, {"adversary.budget", "identity.cost"});
    expect_refusal({"identity.cost=10"}, {"identity.cost", "adversary.budget"});
    expect_refusal({"adversary.reserve=0.5"}, {"adversary.reserve", "adversary.budget"});
    expect_refusal({"adversary.budget=10", "identity.cost=1", "adversary.fraction=0.1"},
                   {"adversary.budget", "adversary.fraction"});
    expect_refusal({"adversary.budget=100", "identity.cost=1"}, {"adversary.budget", "100"});
}

// 10^9 peers have 32-bit numbers for 4 identities each; 16 bits count how often one comes back, here each 10 s.
TEST(Parameters, RefuseMoreIdentitiesThanNumbers) {
    const std::vector<std::string> all{"adversary.whitewash=true", "adversary.fraction=0.5", "peers.count=1000000000"};
    expect_refusal({all[0], all[1], all[2], "run.duration=90s"}, {"adversary.whitewash", "adversary.rejoin_delay"});
    EXPECT_NO_THROW(parameters_with({all[0], all[1], all[2], "run.duration=70s"}));
    expect_refusal({all[0], all[1], "run.duration=655350s", "adversary.rejoin_delay=1s"}, {"adversary.whitewash"});
    EXPECT_NO_THROW(parameters_with({all[0], all[1], "run.duration=655339s", "adversary.rejoin_delay=1s"}));
    // The bound does not depend on how many Sybils there are.
    expect_refusal({all[0], "adversary.fraction=0.01", "run.duration=655350s", "adversary.rejoin_delay=1s"},
                   {"adversary.whitewash"});
    // A budget bounds it, too: 5 Sybils, 5 re-entries.
    EXPECT_NO_THROW(parameters_with(
        {all[0], "adversary.budget=10", "adversary.reserve=0.5", "identity.cost=1", "run.duration=900000000s"}));
}

TEST(Parameters, RefuseHistogramsBetweenIntervals) {
    expect_refusal({"output.interval=3s"}, {"output.histogram_interval", "output.interval", "multiple"});
    EXPECT_NO_THROW(parameters_with({"output.interval=2s"}));
}

TEST(Parameters, RefuseDriftInStepsThatCannotFollowIt) {
    expect_refusal({"drift.kind=ou", "drift.ou_step=61s"}, {"drift.ou_step", "drift.ou_time"});
    expect_refusal({"drift.kind=ou", "drift.ou_step=1ms", "run.duration=2000000s"}, {"run.duration", "drift.ou_step"});
    EXPECT_NO_THROW(parameters_with({"drift.ou_step=61s"}));
}

TEST(Parameters, RefuseMoreParallelCanariesThanCandidates) {
    expect_refusal({"canary.parallel=9"}, {"canary.parallel", "registry.candidates"});
    EXPECT_NO_THROW(parameters_with({"canary.parallel=8"}));
}

TEST(Parameters, RefuseValuesOutsideTheirRange) {
    for (const char* override :
         {"peers.count=1", "adversary.fraction=1", "adversary.fraction=-0.1", "policy.threshold=1.1",
          "network.min_latency=0s", "registry.candidates=0", "policy.high_risk_tier=4", "reputation.rater_cap=0",
          "capability.dimension=1", "descriptor.ttl=0s", "policy.temperature=0", "churn.shape=0", "churn.on_scale=0s",
          "adversary.rejoin_delay=0s"}) {
        EXPECT_THROW(parameters_with({override}), InputError) << override;
    }
}

TEST(Parameters, RefuseWordsThatAreNoChoice) {
    for (const char* override : {"policy.name=tier4", "churn.kind=pareto", "drift.kind=ou2", "reputation.kind=pagerank",
                                 "policy.select=random", "identity.signature=rsa"}) {
        EXPECT_THROW(parameters_with({override}), InputError) << override;
    }
}

TEST(Parameters, RefuseWrongTextsOfClassesAndSteps) {
    expect_refusal({"capability.classes=0"}, {"capability.classes"});
    expect_refusal({"workflow.steps=video/low"}, {"workflow.steps", "video"});
    expect_refusal({"capability.classes=5"}, {"workflow.steps", "image_generation"});
}

// An honest peer offers every named class, and a peer's instances are counted in 8 bits.
TEST(Parameters, RefuseMoreNamedClassesThanAPeerCanOffer) {
    std::string classes = "c0:1s";
    for (int c = 1; c < 300; ++c) classes += ", c" + std::to_string(c) + ":1s";
    expect_refusal({"capability.classes=" + classes, "workflow.steps=c0/low"}, {"capability.classes"});
}

}  // namespace
}  // namespace parley::agentic
