#include "models/agentic/trust/reputation_service.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/population.hpp"
#include "models/agentic/agentic_model.hpp"
#include "models/agentic/trust/local_reputation.hpp"

namespace parley::agentic {

void PooledReputation::age() {
    const double factor = decay(parameters_.epoch, parameters_.half_life);
    for (Counts& counts : pooled_) {
        counts.good = static_cast<FixedCount>(static_cast<double>(counts.good) * factor);
        counts.bad = static_cast<FixedCount>(static_cast<double>(counts.bad) * factor);
    }
}

void PooledReputation::apply(const PooledChange& change) {
    // The sum may pass through negative values while changes come in; trust_of bounds it.
    Counts& counts = pooled_[change.ratee - peers_.begin];
    counts.good += change.good;
    counts.bad += change.bad;
}

float PooledReputation::trust_of(const Counts& counts) {
    const double good = std::max(0.0, static_cast<double>(counts.good) / fixed_one);
    const double bad = std::max(0.0, static_cast<double>(counts.bad) / fixed_one);
    return static_cast<float>((1.0 + good) / (2.0 + good + bad));
}

void TrustDistribution::add(bool sybil, float trust) {
    ++peers[sybil];
    sum[sybil] += static_cast<std::uint64_t>(std::floor(static_cast<double>(trust) * fixed_one + 0.5));
    const auto bin = std::min(static_cast<std::size_t>(static_cast<double>(trust) * bins), bins - 1);
    ++histogram[sybil * bins + bin];
}

double TrustDistribution::mean(bool sybil) const {
    if (peers[sybil] == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(sum[sybil]) / fixed_one / static_cast<double>(peers[sybil]);
}

double TrustDistribution::area_under_curve() const {
    if (peers[0] == 0 || peers[1] == 0) return std::numeric_limits<double>::quiet_NaN();
    double pairs = 0;
    double sybils_below = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const auto honest = static_cast<double>(histogram[bin]);
        const auto sybils = static_cast<double>(histogram[bins + bin]);
        pairs += honest * (sybils_below + 0.5 * sybils);
        sybils_below += sybils;
    }
    return pairs / (static_cast<double>(peers[0]) * static_cast<double>(peers[1]));
}

namespace {

// One list of records for each state of this rank, and what goes to all other ranks: they pick out what is theirs.
template <class Record>
using RecordLists = std::vector<std::vector<Record>>;

// Calls `deliver(state, record)` for every record that a partition of this rank owns, from all ranks.
template <class Record, class Deliver>
void share_records(const RecordLists<Record>& lists, std::span<AgenticState*> states, Transport& transport, int threads,
                   Deliver&& deliver) {
    Bytes mine;
    if (transport.size() > 1) {
        for (const auto& list : lists) {
            const auto* bytes = reinterpret_cast<const std::byte*>(list.data());
            mine.insert(mine.end(), bytes, bytes + list.size() * sizeof(Record));
        }
    }
    std::vector<Bytes> all;
    if (transport.size() > 1) all = transport.gather_all(mine);
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        if (all.empty()) {
            for (const auto& list : lists) {
                for (const Record& record : list) deliver(*states[s], record);
            }
        }
        for (const Bytes& bytes : all) {
            for (std::size_t at = 0; at < bytes.size(); at += sizeof(Record)) {
                Record record;
                std::memcpy(&record, bytes.data() + at, sizeof record);
                deliver(*states[s], record);
            }
        }
    });
}

}  // namespace

void publish_trust(const AgenticModel& model, std::span<AgenticState*> states, Transport& transport, int threads) {
    if (!model.parameters().beta_reputation) return;
    RecordLists<PooledChange> changes(states.size());
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        states[s]->accounts().close_epoch(changes[s]);
        states[s]->reputation().age();
    });
    share_records(changes, states, transport, threads, [](AgenticState& state, const PooledChange& change) {
        if (state.reputation().peers().contains(change.ratee)) state.reputation().apply(change);
    });
    RecordLists<TrustUpdate> updates(states.size());
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        states[s]->reputation().publish([&](std::uint32_t peer, float trust) {
            for (const Instance& instance : states[s]->peers().view(peer).instances) {
                updates[s].push_back({instance.shard, peer, trust});
            }
        });
    });
    share_records(updates, states, transport, threads, [](AgenticState& state, const TrustUpdate& update) {
        if (state.shard_range().contains(update.shard)) state.shard(update.shard).set_trust(update.peer, update.trust);
    });
}

TrustDistribution trust_distribution(const AgenticModel& model, std::span<AgenticState*> states, Transport& transport,
                                     int threads) {
    std::vector<TrustDistribution> parts(states.size());
    for_each_in_parallel(states.size(), threads, [&](std::size_t s) {
        const PooledReputation& reputation = states[s]->reputation();
        for (std::uint32_t peer = reputation.peers().begin; peer < reputation.peers().end; ++peer) {
            const bool sybil = states[s]->peers().at(peer).behaviour != Behaviour::honest;
            parts[s].add(sybil, model.parameters().beta_reputation ? reputation.published(peer) : 0.5F);
        }
    });
    TrustDistribution total;
    for (const TrustDistribution& part : parts) {
        for (std::size_t i = 0; i < 2; ++i) {
            total.peers[i] += part.peers[i];
            total.sum[i] += part.sum[i];
        }
        for (std::size_t i = 0; i < total.histogram.size(); ++i) total.histogram[i] += part.histogram[i];
    }
    transport.sum(total.peers);
    transport.sum(total.sum);
    transport.sum(total.histogram);
    return total;
}

}  // namespace parley::agentic
