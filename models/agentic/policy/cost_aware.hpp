// Policy `cost_aware`: when the candidates of a step are known, the tier with the least expected cost, in bytes:
//
//   cost(tier) = byte_weight * E[verification bytes] + loss(risk) * P(bad accepted) + loss_failed * P(step fails)
//
// The requester's belief about the candidate that a tier would try first, of trust r and claimed quality c: with
// probability s = 1 - r it is not what it claims (it works badly, and passes a canary with canary.guess); else it is
// good with probability c and passes with canary.pass_nominal. Each further attempt is believed to be like the first.
// The equations are in docs/model.md.
#pragma once

#include <algorithm>
#include <array>

#include "models/agentic/message_sizes.hpp"
#include "models/agentic/policy/policy.hpp"

namespace parley::agentic {

// What a requester expects of a step served at some tier.
struct Forecast {
    double bytes = 0;         // of canaries, evidence and feedback
    double bad_accepted = 0;  // probabilities
    double failed = 0;
};

class CostAware : public Policy {
   public:
    static constexpr const char* name = "cost_aware";
    explicit CostAware(const Parameters& parameters) : p_(parameters) {}

    // Discovery is that of tier 1: candidates known to be bad do not even come.
    Tier tier_of(RiskClass /*risk*/) const override { return 1; }
    bool looks_at_candidates() const override { return true; }

    Tier tier_after_discovery(RiskClass risk, const Outlook& outlook) const override {
        const double loss = p_.loss_of_risk[static_cast<std::size_t>(risk)];
        Tier best = 0;
        double least = 0;
        for (Tier tier = 0; tier < tier_count; ++tier) {
            const Forecast expected = forecast(tier, tier == 0 ? outlook.by_utility : outlook.by_trust);
            const double cost =
                p_.byte_weight * expected.bytes + loss * expected.bad_accepted + p_.loss_failed * expected.failed;
            if (tier == 0 || cost < least) {
                best = tier;
                least = cost;
            }
        }
        return best;
    }

    Forecast forecast(Tier tier, const Prospect& candidate) const {
        const double posing = std::clamp(1.0 - candidate.trust, 0.0, 1.0);
        if (tier < 2) {
            const double bad = 1.0 - (1.0 - posing) * candidate.quality;
            return {tier == 0 ? 0.0 : static_cast<double>(message_size::feedback), bad * (1.0 - p_.outcome_detection),
                    bad * p_.outcome_detection};
        }
        return verified(tier, posing, candidate.quality);
    }

   private:
    // Up to max_attempts delegations, each to a candidate that has passed its canaries.
    Forecast verified(Tier tier, double posing, double quality) const {
        const double poser_passes = posing * power(p_.canary_guess, p_.canary_count);
        const double honest_passes = (1.0 - posing) * power(p_.canary_pass, p_.canary_count);
        const double passes = std::max(poser_passes + honest_passes, least_chance);
        const double good = honest_passes / passes * quality;
        const double accepted_bad = (1.0 - good) * (1.0 - (tier == 3 ? p_.evidence_detection : p_.outcome_detection));
        const double accepted =
            std::max(accepted_bad + good * (tier == 3 ? 1.0 - p_.evidence_false_reject : 1.0), least_chance);
        const double failed = power(1.0 - std::min(accepted, 1.0), p_.max_attempts);
        const double attempts = (1.0 - failed) / accepted;
        // An attempt takes 1 / passes candidates, all but one of which have failed and are reported; so is its result.
        const double canaries = static_cast<double>(message_size::canary_request + message_size::canary_response) *
                                p_.canary_count / passes;
        const double reports = static_cast<double>(message_size::feedback) / passes;
        const double evidence = tier == 3 ? static_cast<double>(message_size::evidence) : 0.0;
        return {attempts * (canaries + reports + evidence), accepted_bad / accepted * (1.0 - failed), failed};
    }

    static double power(double base, std::uint32_t exponent) {
        double product = 1.0;
        for (std::uint32_t i = 0; i < exponent; ++i) product *= base;
        return product;
    }

    static constexpr double least_chance = 1e-9;  // keeps quotients finite
    const Parameters& p_;
};

}  // namespace parley::agentic
