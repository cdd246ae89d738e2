// Capability drift: a two-state Markov chain an instance, started in its stationary law.
//
// The path of an instance is a pure function of (seed, peer, class): the peer, and the registry when it counts
// stale claims, each walk along it with a cursor of their own. No timers, no messages.
#pragma once

#include <cstdint>

#include "engine/distributions.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

class DriftCursor {
   public:
    DriftCursor() = default;
    DriftCursor(const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        RandomStream stream = stream_of(p.seed, peer, Purpose::drift_start, c);
        const double nominal = p.mean_nominal.seconds();
        const double degraded = p.mean_degraded.seconds();
        degraded_ = bernoulli(stream, degraded / (nominal + degraded));
        next_toggle_ = SimTime{} + stay(p, peer, c);
    }

    // The state at `now`; `now` must not go back.
    bool degraded_at(SimTime now, const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        while (next_toggle_ <= now) {
            degraded_ = !degraded_;
            ++toggles_;
            next_toggle_ = checked_add(next_toggle_, stay(p, peer, c));
        }
        return degraded_;
    }

   private:
    Duration stay(const Parameters& p, std::uint32_t peer, std::uint32_t c) const {
        RandomStream stream = stream_of(p.seed, peer, Purpose::drift_toggle, toggles_, c);
        return duration_from_seconds(exponential(stream, (degraded_ ? p.mean_degraded : p.mean_nominal).seconds()));
    }

    SimTime next_toggle_;
    std::uint32_t toggles_ = 0;
    bool degraded_ = false;
};

}  // namespace parley::agentic
