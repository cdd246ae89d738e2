#include "models/agentic/discovery/instances.hpp"

#include <algorithm>

#include "engine/distributions.hpp"
#include "models/agentic/adversary/targeting.hpp"

namespace parley::agentic {

namespace {
constexpr double sybil_claim_low = 0.97;
// Draws of classes already taken before those are left out of the draw: rejection is fast while a few classes do not
// hold nearly all popularity, and both give the same law.
constexpr std::uint32_t patience = 32;
}  // namespace

void Instances::append_classes(std::uint32_t peer, bool sybil, std::vector<std::uint16_t>& classes) const {
    if (sybil && parameters_.targeting != Targeting::popularity) return append_targets(parameters_, peer, classes);
    if (sybil) return append_distinct(peer, parameters_.sybil_descriptors, classes);
    if (parameters_.classes_generated) return append_distinct(peer, parameters_.capabilities, classes);
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::offered_classes, 0);
    for (std::uint32_t c = 0; c < catalogue_.size(); ++c) {
        if (bernoulli(stream, parameters_.share)) classes.push_back(static_cast<std::uint16_t>(c));
    }
}

void Instances::append_distinct(std::uint32_t peer, std::uint32_t count, std::vector<std::uint16_t>& classes) const {
    const std::size_t first = classes.size();
    const std::size_t wanted = std::min(count, catalogue_.size());
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::offered_classes, 0);
    std::uint32_t rejected = 0;
    while (classes.size() - first < wanted) {
        const std::span<const std::uint16_t> taken(classes.data() + first, classes.size() - first);
        const auto c = static_cast<std::uint16_t>(rejected < patience ? catalogue_.draw(stream)
                                                                      : catalogue_.draw_except(stream, taken));
        if (std::find(taken.begin(), taken.end(), c) == taken.end()) {
            classes.push_back(c);
            rejected = 0;
        } else {
            ++rejected;
        }
    }
}

float Instances::quality(std::uint32_t peer, std::uint32_t c) const {
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::quality, c);
    return static_cast<float>(beta_variate(stream, parameters_.quality_alpha, parameters_.quality_beta));
}

float Instances::median_seconds(std::uint32_t peer, std::uint32_t c) const {
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::instance_median, c);
    return static_cast<float>(log_normal(stream, catalogue_.median_execution_seconds(c), parameters_.instance_sigma));
}

Claim Instances::claim(std::uint32_t peer, bool sybil, std::uint32_t c) const {
    if (sybil) {
        RandomStream stream = stream_of(parameters_.seed, peer, Purpose::sybil_claim, c);
        const double quality = sybil_claim_low + (1.0 - sybil_claim_low) * stream.uniform();
        return {static_cast<float>(quality), catalogue_.sybil_price(), catalogue_.sybil_seconds(c)};
    }
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::price, c);
    const double execution_mean = portable_exp(0.5 * parameters_.execution_sigma * parameters_.execution_sigma);
    return {quality(peer, c), static_cast<float>(log_normal(stream, 1.0, parameters_.price_sigma)),
            static_cast<float>(median_seconds(peer, c) * execution_mean)};
}

void Instances::embedding(std::uint32_t peer, bool sybil, std::uint32_t c, std::span<float> out) const {
    RandomStream stream = stream_of(parameters_.seed, peer, Purpose::embedding, c);
    const std::span<const float> prototype = catalogue_.prototype(c);
    draw_direction(stream, prototype, parameters_.spread, out);
    if (!sybil || parameters_.embedding_gain == 0) return;
    const auto gain = static_cast<float>(parameters_.embedding_gain);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = (1.0F - gain) * out[k] + gain * prototype[k];
    normalise(out);
}

}  // namespace parley::agentic
