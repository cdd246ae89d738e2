// How a requester values candidates and in which order it tries them.
//
// u0 = w_match match + w_quality quality + w_price (1 - p/(p + class median)) + w_time (1 - t/(t + class mean));
// from tier 1 on u1 = (1 - w_trust) u0 + w_trust trust. Softmax selection orders by u/temperature + Gumbel noise.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "engine/distributions.hpp"
#include "models/agentic/discovery/class_catalogue.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// A candidate with its sorting key.
struct ValuedCandidate {
    double value;
    std::uint32_t peer;
};

inline double base_utility(const Candidate& candidate, const Parameters& p, double class_mean_seconds) {
    constexpr double median_price = 1.0;
    const double price_term = 1.0 - candidate.price / (candidate.price + median_price);
    const double time_term = 1.0 - candidate.seconds / (candidate.seconds + class_mean_seconds);
    return p.weight_match * candidate.match + p.weight_quality * candidate.quality + p.weight_price * price_term +
           p.weight_time * time_term;
}

inline double trusted_utility(double base, double trust, const Parameters& p) {
    return (1.0 - p.weight_trust) * base + p.weight_trust * trust;
}

// Best first; equal values by lower peer id. `noise` gives one draw a candidate, in the given order.
inline void order_candidates(std::vector<ValuedCandidate>& candidates, const Parameters& p, RandomStream& noise) {
    if (p.softmax) {
        std::array<double, 16> gumbels;
        for (std::size_t first = 0; first < candidates.size(); first += gumbels.size()) {
            const std::size_t some = std::min(gumbels.size(), candidates.size() - first);
            fill_gumbel(noise, {gumbels.data(), some});
            for (std::size_t i = 0; i < some; ++i) {
                double& value = candidates[first + i].value;
                value = value / p.temperature + gumbels[i];
            }
        }
    }
    std::sort(candidates.begin(), candidates.end(), [](const ValuedCandidate& a, const ValuedCandidate& b) {
        return a.value != b.value ? a.value > b.value : a.peer < b.peer;
    });
}

}  // namespace parley::agentic
