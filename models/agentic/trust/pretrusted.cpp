#include "models/agentic/trust/pretrusted.hpp"

#include <algorithm>
#include <utility>

namespace parley::agentic {

std::vector<std::uint32_t> pretrusted_peers(const Parameters& parameters, const SybilSet& sybils) {
    const Permutation order(mix64(parameters.seed ^ 0x5052455452555354ULL), parameters.peers);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> honest;  // perm2(i), i
    honest.reserve(parameters.honest());
    for (std::uint32_t peer = 0; peer < parameters.peers; ++peer) {
        if (!sybils.contains(peer)) honest.emplace_back(order(peer), peer);
    }
    const std::uint32_t count = parameters.pretrusted();
    std::nth_element(honest.begin(), honest.begin() + count, honest.end());
    std::vector<std::uint32_t> peers;
    peers.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) peers.push_back(honest[i].second);
    std::sort(peers.begin(), peers.end());
    return peers;
}

}  // namespace parley::agentic
