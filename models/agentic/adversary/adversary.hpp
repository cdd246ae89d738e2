// The adversary of a run: its strategies, composed.
//
// The chain is: malicious, silent, onoff (a Sybil answers to the one it drew), then what all Sybils do besides
// (canary_aware, collude), then strategies from outside (docs/adding-an-adversary.md). Before the chain a Sybil's
// conduct is bad and its probability to pass a canary is canary.guess. Calls are virtual, which only messages to Sybils
// pay for.
#pragma once

#include <memory>
#include <vector>

#include "models/agentic/adversary/strategy.hpp"

namespace parley::agentic {

using Strategies = std::vector<std::unique_ptr<Strategy>>;

class Adversary {
   public:
    // `others`: further strategies, asked last. The parameters must outlive it.
    explicit Adversary(const Parameters& parameters, Strategies others = {});

    Conduct conduct(const Sybil& sybil) const;
    double canary_pass(const Sybil& sybil) const;
    bool abandons(const Sybil& sybil, const Standing& standing) const;

    // Each strategy acts in turn; a timer concerns the one that set it.
    void on_start(const Sybil& sybil, std::uint32_t first, Actions& actions) const;
    void on_timer(const Sybil& sybil, const SybilTimer& timer, Actions& actions) const;
    void on_delegate(const Sybil& sybil, std::uint32_t requester, Actions& actions) const;

   private:
    double guess_;
    Strategies chain_;
};

}  // namespace parley::agentic
