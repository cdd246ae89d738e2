#include "models/agentic/adversary/adversary.hpp"

#include <utility>

#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

Adversary::Adversary(const Parameters& parameters, Strategies others) : guess_(parameters.canary_guess) {
    for (const auto make : {make_malicious, make_silent, make_onoff, make_canary_aware, make_whitewash, make_collude}) {
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

void Adversary::on_start(const Sybil& sybil, std::uint32_t first, Actions& actions) const {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
        actions.strategy_ = static_cast<std::uint16_t>(i);
        chain_[i]->on_start(sybil, first, actions);
    }
}

void Adversary::on_timer(const Sybil& sybil, const SybilTimer& timer, Actions& actions) const {
    actions.strategy_ = timer.strategy;
    chain_[timer.strategy]->on_timer(sybil, timer.number, actions);
}

void Adversary::on_delegate(const Sybil& sybil, std::uint32_t requester, Actions& actions) const {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
        actions.strategy_ = static_cast<std::uint16_t>(i);
        chain_[i]->on_delegate(sybil, requester, actions);
    }
}

}  // namespace parley::agentic
