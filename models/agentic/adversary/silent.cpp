// Behaviour silent: delegations are never answered, canaries guessed.
#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

namespace {

class Silent : public Strategy {
   public:
    explicit Silent(const Parameters& parameters) : p_(parameters) {}
    Conduct conduct(const Sybil& sybil, Conduct before) const override {
        return sybil.behaviour == Behaviour::silent ? Conduct::silent : before;
    }
    double canary_pass(const Sybil& sybil, double before) const override {
        return sybil.behaviour == Behaviour::silent ? p_.canary_guess : before;
    }

   private:
    const Parameters& p_;
};

}  // namespace

std::unique_ptr<Strategy> make_silent(const Parameters& parameters) {
    if (parameters.silent_share == 0) return nullptr;
    return std::make_unique<Silent>(parameters);
}

}  // namespace parley::agentic
