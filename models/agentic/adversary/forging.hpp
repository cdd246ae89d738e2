// Forging: each Sybil registers descriptors in the name of honest peers, a Poisson process of adversary.forge_rate.
//
// The victim is drawn uniformly among the honest peers, the class uniformly among those it offers (a victim that offers
// nothing is passed over). The descriptor names the victim; the forger's claims and its address come with it, and its
// own signature, which is not the victim's: a registry that verifies rejects it. One that does not replaces the
// victim's entry, if the sequence number is higher: the issue time, or the largest value (adversary.forge_sequence).
#pragma once

#include <optional>
#include <vector>

#include "models/agentic/connectivity/post.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/identity/sybil_set.hpp"

namespace parley::agentic {

struct Forgery {
    std::uint32_t victim;
    std::uint16_t capability_class;
};

// What a Sybil's forgery of this number is of; none if its victim offers nothing. `classes`: scratch space.
std::optional<Forgery> draw_forgery(const Parameters& parameters, const Instances& instances, const SybilSet& sybils,
                                    std::uint32_t sybil, std::uint32_t number, std::vector<std::uint16_t>& classes);

class Forger {
   public:
    // `first_shard`: entity id of shard 0.
    Forger(const Parameters& parameters, const ClassCatalogue& catalogue, const Instances& instances,
           const SybilSet& sybils, const Signatures& signatures, Metrics& metrics, std::uint32_t first_shard)
        : p_(parameters),
          catalogue_(catalogue),
          instances_(instances),
          sybils_(sybils),
          network_{parameters, metrics, signatures},
          first_shard_(first_shard) {}

    // Sets the timer of a Sybil's forgery of this number; nothing to do when nobody forges.
    void schedule(AgenticContext& context, std::uint32_t number) const;
    // The timer fired.
    void forge(AgenticContext& context, const Forge& forge);

   private:
    const Parameters& p_;
    const ClassCatalogue& catalogue_;
    const Instances& instances_;
    const SybilSet& sybils_;
    Network network_;
    std::uint32_t first_shard_;
    std::vector<std::uint16_t> classes_;  // scratch space
};

}  // namespace parley::agentic
