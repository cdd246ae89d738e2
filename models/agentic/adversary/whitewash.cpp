// Gives up an identity whose published trust is below 0.3, or that has failed more than half of at least 4 canaries.
//
// What follows, the absence and the fresh identity, is in connectivity/peer_presence.hpp.
#include "models/agentic/adversary/strategies.hpp"

namespace parley::agentic {

namespace {

class Whitewash : public Strategy {
   public:
    bool abandons(const Sybil&, const Standing& standing, bool before) const override {
        constexpr float least_trust = 0.3F;
        constexpr std::uint32_t enough_canaries = 4;
        return before || standing.trust < least_trust ||
               (standing.canaries >= enough_canaries && 2 * standing.failed > standing.canaries);
    }
};

}  // namespace

std::unique_ptr<Strategy> make_whitewash(const Parameters& parameters) {
    if (!parameters.whitewash) return nullptr;
    return std::make_unique<Whitewash>();
}

}  // namespace parley::agentic
