#include "models/agentic/adversary/adversary.hpp"

#include <utility>

#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

Adversary::Adversary(const Parameters& parameters, Strategies others) : guess_(parameters.canary_guess) {
    for (const auto make : {make_malicious, make_silent, make_onoff, make_canary_aware, make_whitewash}) {
        if (auto strategy = make(parameters)) chain_.push_back(std::move(strategy));
    }
    for (auto& strategy : others) chain_.push_back(std::move(strategy));
}

Conduct Adversary::conduct(const Sybil& sybil) const {
    Conduct conduct = Conduct::bad;
    for (const auto& strategy : chain_) conduct = strategy->conduct(sybil, conduct);
    return conduct;
}

double Adversary::canary_pass(const Sybil& sybil) const {
    double pass = guess_;
    for (const auto& strategy : chain_) pass = strategy->canary_pass(sybil, pass);
    return pass;
}

bool Adversary::abandons(const Sybil& sybil, const Standing& standing) const {
    bool abandons = false;
    for (const auto& strategy : chain_) abandons = strategy->abandons(sybil, standing, abandons);
    return abandons;
}

}  // namespace parley::agentic
