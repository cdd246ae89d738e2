// Capability drift of kind `ou`: quality follows an Ornstein-Uhlenbeck process around the instance's own quality q,
//
//   dX = -(X - q) / tau dt + sd sqrt(2 / tau) dW,   quality = X clipped to [0, 1]
//   tau = drift.ou_time, sd = drift.ou_sd (the stationary standard deviation of X)
//
// by its exact transition on the grid k * drift.ou_step, constant between: X_(k+1) = q + e (X_k - q) +
// sd sqrt(1 - e^2) Z_k, e = exp(-step / tau), Z_k a standard normal draw named by (seed, peer, class, k). So the path
// is a function of these alone, whoever looks and when (Gillespie 1996 has the transition).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/distributions.hpp"
#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

class OuPath {
   public:
    OuPath() = default;
    // Starts in the stationary law. `own`: the instance's quality q.
    OuPath(const Parameters& p, std::uint32_t peer, std::uint32_t c, float own) : own_(own) {
        RandomStream stream = stream_of(p.seed, peer, Purpose::drift_start, c);
        deviation_ = static_cast<float>(normal(stream));
    }

    // Quality at `now`, which must not go back.
    double quality_at(SimTime now, const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        const auto wanted = static_cast<std::uint32_t>(now.nanoseconds / p.ou_step.nanoseconds);
        if (step_ < wanted) advance(wanted, p, peer, c);
        return std::clamp(static_cast<double>(own_) + p.ou_sd * static_cast<double>(deviation_), 0.0, 1.0);
    }
    double own_quality() const { return static_cast<double>(own_); }

   private:
    void advance(std::uint32_t wanted, const Parameters& p, std::uint32_t peer, std::uint32_t c) {
        const double kept = portable_exp(-p.ou_step.seconds() / p.ou_time.seconds());
        const double added = std::sqrt(1.0 - kept * kept);
        for (; step_ < wanted; ++step_) {
            RandomStream stream = stream_of(p.seed, peer, Purpose::drift_ou, step_, c);
            deviation_ = static_cast<float>(kept * static_cast<double>(deviation_) + added * normal(stream));
        }
    }

    float own_ = 0;
    float deviation_ = 0;  // of X from q at the grid point, in standard deviations
    std::uint32_t step_ = 0;
};

}  // namespace parley::agentic
