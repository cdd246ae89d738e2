// What a strategy of the adversary may decide. docs/adding-an-adversary.md has a worked example.
//
// A strategy is one object for all Sybils of a run and keeps no state of theirs, so that its answers do not depend on
// ranks and threads: what it decides follows from the Sybil it is asked about, the time, and draws from streams named
// by that Sybil. The strategies of a run form a chain (adversary.hpp). Where one answer is wanted, each gets that of
// those before it, and returns it or another one.
#pragma once

#include <cstdint>

#include "engine/sim_time.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/peer.hpp"

namespace parley::agentic {

// How a Sybil treats a delegation.
enum class Conduct : std::uint8_t {
    silent,  // no answer
    bad,     // a bad result, after a time like an honest one's
    honest,  // good with the quality that an honest peer of its number would have
};

// A Sybil that is asked about.
struct Sybil {
    std::uint32_t peer;
    Behaviour behaviour;  // drawn once (behaviour_mix.hpp)
    SimTime now;
};

// How an identity of a Sybil stands, as far as the Sybil knows.
struct Standing {
    float trust;             // published
    std::uint32_t canaries;  // answered under this identity
    std::uint32_t failed;    // of them
};

class Strategy {
   public:
    Strategy() = default;
    Strategy(const Strategy&) = delete;
    Strategy& operator=(const Strategy&) = delete;
    virtual ~Strategy() = default;

    // How it treats delegations now. Asked when a delegation arrives (silent: the Sybil does nothing about it) and
    // when its execution is complete (bad or honest).
    virtual Conduct conduct(const Sybil&, Conduct before) const { return before; }
    // Probability in [0, 1] that it passes a canary that arrives now.
    virtual double canary_pass(const Sybil&, double before) const { return before; }
    // Whether it gives its identity up now, to come back under a fresh one after adversary.rejoin_delay. Asked at every
    // reputation epoch, under adversary.whitewash only.
    virtual bool abandons(const Sybil&, const Standing&, bool before) const { return before; }
};

}  // namespace parley::agentic
