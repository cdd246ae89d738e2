// Capability drift of an instance: a two-state Markov chain (nominal, degraded), or an Ornstein-Uhlenbeck process
// (ou_path.hpp); both start in their stationary law.
//
// The path of an instance is a pure function of (seed, peer, class): the peer, and the registry when it counts
// stale claims, each walk along it with a cursor of their own. No timers, no messages.
#pragma once

#include <cstdint>

#include "engine/distributions.hpp"
#include "models/agentic/execution/ou_path.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

// What an instance is at some time.
struct InstanceState {
    double quality;  // probability that an execution is good
    bool degraded;   // two_state: in that state; ou: more than drift.tolerance below its own quality
};

class DriftCursor {
   public:
    DriftCursor() = default;
    // `own`: the instance's quality when it is nominal.
    DriftCursor(const Parameters& p, std::uint32_t peer, std::uint32_t c, float own) : ou_(p, peer, c, own) {
        if (p.drift_kind == DriftKind::ou) return;
        RandomStream stream = stream_of(p.seed, peer, Purpose::drift_start, c);
        const double nominal = p.mean_nominal.seconds();
        const double degraded = p.mean_degraded.seconds();
        degraded_ = bernoulli(stream, degraded / (nominal + degraded));
        next_toggle_ = SimTime{} + stay(p, peer, c);
    }

    // The state at `now`; `now` must not go back.
    InstanceState state_at(SimTime now, const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        if (p.drift_kind == DriftKind::ou) {
            const double quality = ou_.quality_at(now, p, peer, c);
            return {quality, ou_.own_quality() - quality > p.drift_tolerance};
        }
        const bool degraded = degraded_at(now, p, peer, c);
        return {degraded ? p.degraded_quality : ou_.own_quality(), degraded};
    }

   private:
    bool degraded_at(SimTime now, const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        while (next_toggle_ <= now) {
            degraded_ = !degraded_;
            ++toggles_;
            next_toggle_ = checked_add(next_toggle_, stay(p, peer, c));
        }
        return degraded_;
    }

    Duration stay(const Parameters& p, std::uint32_t peer, std::uint32_t c) const {
        RandomStream stream = stream_of(p.seed, peer, Purpose::drift_toggle, toggles_, c);
        return duration_from_seconds(exponential(stream, (degraded_ ? p.mean_degraded : p.mean_nominal).seconds()));
    }

    OuPath ou_;  // under two_state: the nominal quality only
    SimTime next_toggle_;
    std::uint32_t toggles_ = 0;
    bool degraded_ = false;
};

}  // namespace parley::agentic
