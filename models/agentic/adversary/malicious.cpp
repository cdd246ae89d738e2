// Behaviour malicious: bad results, canaries guessed.
#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

namespace {

class Malicious : public Strategy {
   public:
    explicit Malicious(const Parameters& parameters) : p_(parameters) {}
    Conduct conduct(const Sybil& sybil, Conduct before) const override {
        return sybil.behaviour == Behaviour::malicious ? Conduct::bad : before;
    }
    double canary_pass(const Sybil& sybil, double before) const override {
        return sybil.behaviour == Behaviour::malicious ? p_.canary_guess : before;
    }

   private:
    const Parameters& p_;
};

}  // namespace

std::unique_ptr<Strategy> make_malicious(const Parameters& parameters) {
    if (parameters.silent_share + parameters.onoff_share >= 1) return nullptr;
    return std::make_unique<Malicious>(parameters);
}

}  // namespace parley::agentic
