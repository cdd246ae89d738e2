#include "models/agentic/memory_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace parley::agentic {

namespace {
constexpr double fixed_bytes = 65e6;
// A partition beyond the first, times the cube root of the peers of a rank: the pages that its calendar and its
// messages have begun.
constexpr double bytes_a_partition = 0.6e6;
constexpr double bytes_a_peer = 250;
constexpr double bytes_a_descriptor = 135;
constexpr double bytes_a_dimension = 6;       // of a descriptor
constexpr double bytes_a_workflow = 5000;     // a second and peer: open workflows and their messages
constexpr double bytes_a_rating = 24;         // a peer remembered, here and by the service
constexpr double bytes_of_drift = 64;         // a descriptor: cursors of peer and shard
constexpr double bytes_of_churn = 16;         // a descriptor, at the shard
constexpr double bytes_of_presence = 40;      // a peer, under churn and whitewashing
constexpr double bytes_of_key = 32;           // a peer, under ed25519
constexpr double bytes_of_trust_graph = 190;  // a peer, eigentrust and sybilrank
}  // namespace

std::uint64_t estimated_bytes(const Parameters& p, int ranks, std::uint32_t partitions) {
    const double honest = p.honest();
    const double sybils = p.sybils();
    const double capabilities = p.classes_generated ? p.capabilities : p.share * static_cast<double>(p.classes.size());
    const double descriptors = honest * capabilities + sybils * p.sybil_descriptors;
    const double met = p.workflow_rate * p.end.seconds() * static_cast<double>(p.steps.size());
    const double remembered = std::min(met, static_cast<double>(std::max(p.table_size, p.ratings_per_rater)));
    double bytes = p.peers * bytes_a_peer + descriptors * (bytes_a_descriptor + bytes_a_dimension * p.dimension) +
                   honest * (p.workflow_rate * bytes_a_workflow + remembered * bytes_a_rating);
    if (p.drift()) bytes += descriptors * bytes_of_drift;
    if (p.churn) bytes += descriptors * bytes_of_churn;
    if (p.reputation == ReputationKind::eigentrust || p.reputation == ReputationKind::sybilrank) {
        bytes += p.peers * bytes_of_trust_graph;
    }
    if (p.churn || p.whitewash) bytes += p.peers * bytes_of_presence;
    const double keys = p.ed25519 ? p.peers * bytes_of_key : 0;  // every rank has all
    return static_cast<std::uint64_t>(
        fixed_bytes + bytes_a_partition * (partitions - 1) * std::cbrt(static_cast<double>(p.peers) / ranks) + keys +
        bytes / ranks);
}

}  // namespace parley::agentic
