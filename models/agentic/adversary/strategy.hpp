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

// A timer of a Sybil, on its way to the strategy that set it.
struct SybilTimer {
    std::uint32_t number;
    std::uint16_t strategy;  // its place in the chain
    std::uint16_t unused;
};

// What a strategy may have a Sybil do.
class Actions {
   public:
    Actions() = default;
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    virtual ~Actions() = default;

    // Sends a signed report on the peer `about` to the Sybil's own ratings account. Another Sybil is named as it was
    // called at the last reputation epoch.
    virtual void report(std::uint32_t about, bool good) = 0;
    // The strategy's on_timer is called after `delay`, unless the Sybil has left meanwhile. `number` is handed back: as
    // a count it names draws.
    void set_timer(Duration delay, std::uint32_t number) { schedule(delay, {number, strategy_, 0}); }

   private:
    friend class Adversary;
    virtual void schedule(Duration delay, SybilTimer timer) = 0;
    std::uint16_t strategy_ = 0;  // whose turn it is
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

    // What a Sybil does of its own accord. Called for each Sybil when the run begins, and whenever it is back under a
    // fresh identity. Numbers of timers from `first` on have not been used;
    virtual void on_start(const Sybil&, std::uint32_t /*first*/, Actions&) const {}
    // when a timer that this strategy has set is due;
    virtual void on_timer(const Sybil&, std::uint32_t /*number*/, Actions&) const {}
    // when a delegation arrives, whatever `conduct` then makes of it.
    virtual void on_delegate(const Sybil&, std::uint32_t /*requester*/, Actions&) const {}
};

}  // namespace parley::agentic
