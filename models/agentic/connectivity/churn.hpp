// Churn: when a peer is on. On-times Weibull(shape, scale), off-times exponential, in turn.
//
// The path of a peer is a pure function of (seed, peer): the peer, and the registry when it counts entries whose peer
// is gone, each walk along it with a cursor of their own. It starts in its stationary law: on with probability
// mean on / (mean on + mean off), and then for a residual on-time (Cox 1962, Renewal Theory, chapter 5).
#pragma once

#include <cstdint>

#include "engine/distributions.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

// scale * Gamma(1 + 1/shape), in seconds.
inline double mean_on_seconds(const Parameters& p) {
    return p.churn_on_scale.seconds() * portable_gamma(1.0 + 1.0 / p.churn_shape);
}

class ChurnCursor {
   public:
    // Always on.
    ChurnCursor() = default;
    ChurnCursor(const Parameters& p, std::uint32_t peer) {
        RandomStream stream = stream_of(p.seed, peer, Purpose::churn, 0);
        const double on = mean_on_seconds(p);
        const double off = p.churn_off_mean.seconds();
        online_ = bernoulli(stream, on / (on + off));
        // What is left of an exponential off-time is exponential.
        ends_ = SimTime{} +
                (online_ ? duration_from_seconds(weibull_residual(stream, p.churn_shape, p.churn_on_scale.seconds()))
                         : duration_from_seconds(exponential(stream, off)));
    }

    bool online() const { return online_; }
    // When this on- or off-time ends.
    SimTime ends() const { return ends_; }
    // Its number; 0 at the start.
    std::uint32_t period() const { return period_; }

    // Goes on to the next on- or off-time.
    void advance(const Parameters& p, std::uint32_t peer) {
        online_ = !online_;
        RandomStream stream = stream_of(p.seed, peer, Purpose::churn, ++period_);
        const double seconds = online_ ? weibull(stream, p.churn_shape, p.churn_on_scale.seconds())
                                       : exponential(stream, p.churn_off_mean.seconds());
        const Duration length = duration_from_seconds(seconds);
        ends_ = length < never - ends_ ? ends_ + length : never;
    }

    // Whether the peer is on at `now`, which must not go back; at the end of a period the next one has begun.
    bool online_at(SimTime now, const Parameters& p, std::uint32_t peer) {
        while (ends_ <= now) advance(p, peer);
        return online_;
    }

    template <class Archive>
    void transfer(Archive& archive) {
        archive(ends_, period_, online_);
    }

   private:
    SimTime ends_ = never;
    std::uint32_t period_ = 0;
    bool online_ = true;
};

}  // namespace parley::agentic
