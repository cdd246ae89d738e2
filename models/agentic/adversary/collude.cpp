// Collusion: false reports to the reputation service.
//
// Praise: each Sybil sends positive reports by a Poisson process of rate adversary.praise_rate, each on another Sybil
// drawn uniformly; a single Sybil has nobody to praise. Badmouthing (adversary.badmouth): one negative report on the
// requester for each delegation that arrives.
#include "engine/distributions.hpp"
#include "models/agentic/adversary/strategies.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

namespace {

class Collude : public Strategy {
   public:
    explicit Collude(const Parameters& parameters)
        : p_(parameters), sybils_(parameters.seed, parameters.peers, parameters.sybils()) {}

    void on_start(const Sybil& sybil, std::uint32_t first, Actions& actions) const override {
        if (p_.praise_rate > 0 && sybils_.size() > 1) wait_for_praise(sybil, first, actions);
    }
    void on_timer(const Sybil& sybil, std::uint32_t number, Actions& actions) const override {
        RandomStream stream = stream_of(p_.seed, sybil.peer, Purpose::praised, number);
        const std::uint32_t self = sybils_.number_of(sybil.peer);
        const std::uint32_t other = stream.below(sybils_.size() - 1);
        actions.report(sybils_.at(other < self ? other : other + 1), true);
        wait_for_praise(sybil, number + 1, actions);
    }
    void on_delegate(const Sybil&, std::uint32_t requester, Actions& actions) const override {
        if (p_.badmouth) actions.report(requester, false);
    }

   private:
    void wait_for_praise(const Sybil& sybil, std::uint32_t number, Actions& actions) const {
        RandomStream stream = stream_of(p_.seed, sybil.peer, Purpose::praise_time, number);
        actions.set_timer(duration_from_seconds(exponential(stream, 1 / p_.praise_rate)), number);
    }

    const Parameters& p_;
    SybilSet sybils_;
};

}  // namespace

std::unique_ptr<Strategy> make_collude(const Parameters& parameters) {
    if (parameters.praise_rate == 0 && !parameters.badmouth) return nullptr;
    return std::make_unique<Collude>(parameters);
}

}  // namespace parley::agentic
