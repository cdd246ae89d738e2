// Behaviour onoff: as an honest peer, canaries too, for adversary.on, then as a malicious Sybil for adversary.off.
//
// The cycle of a Sybil begins at a phase drawn uniformly once: at time t it is good when
// (t + phase) mod (on + off) < on. So in the long run, and at any time over the Sybils, the share of bad executions
// is off / (on + off), apart from what an honest peer does badly.
#include "engine/distributions.hpp"
#include "models/agentic/adversary/strategies.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

namespace {

class OnOff : public Strategy {
   public:
    explicit OnOff(const Parameters& parameters) : p_(parameters) {}
    Conduct conduct(const Sybil& sybil, Conduct before) const override {
        if (sybil.behaviour != Behaviour::onoff) return before;
        return is_on(sybil) ? Conduct::honest : Conduct::bad;
    }
    double canary_pass(const Sybil& sybil, double before) const override {
        if (sybil.behaviour != Behaviour::onoff) return before;
        return is_on(sybil) ? p_.canary_pass : p_.canary_guess;
    }

   private:
    bool is_on(const Sybil& sybil) const {
        RandomStream stream = stream_of(p_.seed, sybil.peer, Purpose::onoff_phase, 0);
        const std::int64_t cycle = (p_.onoff_on + p_.onoff_off).nanoseconds;
        const auto phase = static_cast<std::int64_t>(stream.uniform() * static_cast<double>(cycle));
        return (sybil.now.nanoseconds % cycle + phase) % cycle < p_.onoff_on.nanoseconds;
    }

    const Parameters& p_;
};

}  // namespace

std::unique_ptr<Strategy> make_onoff(const Parameters& parameters) {
    if (parameters.onoff_share == 0) return nullptr;
    return std::make_unique<OnOff>(parameters);
}

}  // namespace parley::agentic
