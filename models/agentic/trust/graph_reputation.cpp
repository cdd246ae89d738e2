#include "models/agentic/trust/graph_reputation.hpp"

#include <span>

#include "engine/huge_pages.hpp"
#include "models/agentic/trust/pretrusted.hpp"

namespace parley::agentic {

GraphReputation::GraphReputation(const Parameters& parameters, const SybilSet& sybils, Transport& transport)
    : parameters_(parameters),
      transport_(transport),
      ratings_(parameters.peers, transport, &huge_pages()),
      trust_(parameters.peers),
      rated_(parameters.peers) {
    const std::vector<std::uint32_t> pretrusted = pretrusted_peers(parameters, sybils);
    if (parameters.reputation == ReputationKind::sybilrank) {
        sybilrank_.emplace(parameters.peers, pretrusted, transport, &huge_pages());
        return;
    }
    std::vector<kernels::PreTrust> pretrust;
    pretrust.reserve(pretrusted.size());
    for (const std::uint32_t peer : pretrusted) pretrust.push_back({peer, 1});
    const kernels::EigenTrustOptions options{parameters.damping, parameters.tolerance, parameters.max_iterations};
    eigentrust_.emplace(parameters.peers, pretrust, options, transport, &huge_pages());
}

void GraphReputation::update(std::span<const kernels::RatingList> ratings, int threads) {
    if (eigentrust_) {
        update_eigentrust(ratings, threads);
    } else {
        update_sybilrank(ratings, threads);
    }
    const kernels::BlockDistribution& blocks = ratings_.blocks();
    transport_.gather_parts(std::as_writable_bytes(std::span(trust_)), blocks.parts_of_ids(sizeof(float)));
    transport_.gather_parts(std::as_writable_bytes(std::span(rated_)), blocks.parts_of_ids(1));
}

float GraphReputation::trust_of(double mean_multiple) const {
    return static_cast<float>(mean_multiple / (mean_multiple + parameters_.midpoint));
}

void GraphReputation::update_eigentrust(std::span<const kernels::RatingList> ratings, int threads) {
    ratings_.build(ratings, threads);
    eigentrust_->update(ratings_, threads);
    const std::uint32_t first = ratings_.blocks().first_id();
    for (std::uint32_t i = 0; i < ratings_.blocks().own_ids(); ++i) {
        trust_[first + i] = trust_of(parameters_.peers * eigentrust_->trust()[i]);
        rated_[first + i] = eigentrust_->rated()[i];
    }
}

void GraphReputation::update_sybilrank(std::span<const kernels::RatingList> ratings, int threads) {
    ratings_.build_undirected(ratings, threads);
    sybilrank_->update(ratings_, threads);
    const std::uint32_t first = ratings_.blocks().first_id();
    for (std::uint32_t i = 0; i < ratings_.blocks().own_ids(); ++i) {
        trust_[first + i] = trust_of(parameters_.peers * sybilrank_->ranks()[i]);
        rated_[first + i] = ratings_.given(i) > 0 ? 1 : 0;
    }
}

}  // namespace parley::agentic
