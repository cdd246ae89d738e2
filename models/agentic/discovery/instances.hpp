// Capability instances: what each identity offers and claims. Everything static about an instance is a pure
// function of (seed, peer, class), so the registry regenerates it instead of having it shipped.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/agentic/discovery/class_catalogue.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// What a descriptor claims apart from its embedding; quality is that of the nominal state.
struct Claim {
    float quality;
    float price;
    float seconds;  // expected execution time
};

class Instances {
   public:
    Instances(const Parameters& parameters, const ClassCatalogue& catalogue)
        : parameters_(parameters), catalogue_(catalogue) {}

    // Appends the classes that the identity offers (honest) or poisons (Sybil), in the order drawn.
    void append_classes(std::uint32_t peer, bool sybil, std::vector<std::uint16_t>& classes) const;

    // Probability that an execution in the nominal state is good, ~ Beta.
    float quality(std::uint32_t peer, std::uint32_t c) const;
    // The instance's own median execution time in seconds, also that of a Sybil's fake work.
    float median_seconds(std::uint32_t peer, std::uint32_t c) const;
    Claim claim(std::uint32_t peer, bool sybil, std::uint32_t c) const;
    // Writes the claimed embedding, a unit vector.
    void embedding(std::uint32_t peer, bool sybil, std::uint32_t c, std::span<float> out) const;

   private:
    void append_distinct(std::uint32_t peer, std::uint32_t count, std::vector<std::uint16_t>& classes) const;

    const Parameters& parameters_;
    const ClassCatalogue& catalogue_;
};

}  // namespace parley::agentic
