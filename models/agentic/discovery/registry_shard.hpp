// Semantic discovery plane: one registry shard, that is the soft-state entries of a part of a cell and the FIFO
// server that answers for them.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/execution/drift.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/messages.hpp"
#include "models/agentic/metrics.hpp"
#include "models/kernels/matching.hpp"

namespace parley::agentic {

// What shards share within a partition: inputs, and scratch space of one query.
struct RegistryContext {
    const Parameters& parameters;
    const ClassCatalogue& catalogue;
    const Instances& instances;
    const SybilSet& sybils;  // ground truth: regenerates claims, and tells metrics what is poisoned
    Metrics& metrics;
    std::vector<float> intent = {};
    std::vector<Candidate> answer = {};
    std::uint64_t poisoned = 0;  // of the answer
    std::uint64_t swept = 0;     // entries, by all queries so far: what they cost
    kernels::MatchScratch scratch = {};
    std::array<std::vector<kernels::Match>, 1> matches = {};  // a list a query
};

class RegistryShard {
   public:
    // `expected_entries`: so much room is made at once, in `memory`, which must outlive the shard.
    RegistryShard(std::uint32_t capability_class, const Parameters& parameters, double expected_entries,
                  std::pmr::memory_resource* memory);

    // Prefetches where the entry of `peer` is looked up, and then the entry that is found there.
    void prefetch(std::uint32_t peer) const { __builtin_prefetch(&table_[mix64(peer) & (table_.size() - 1)]); }
    void prefetch_entry(std::uint32_t peer) const;

    // Upserts the entry of a descriptor that arrives at `now`; an older issue time than the stored one is ignored.
    void accept(const RegisterDescriptor& descriptor, SimTime now, RegistryContext& context);

    // The K best live entries that meet the constraints, best first (ties: lower peer id), in context.answer.
    // `trusted_only`: of those whose published trust is at least the policy's threshold. Returns whether the answer is
    // empty because of that.
    bool answer(std::uint32_t asker, bool trusted_only, SimTime now, RegistryContext& context);

    // FIFO single server: takes the next request at `now` for `service`; returns when it is done.
    SimTime serve(SimTime now, Duration service, Metrics& metrics);

    // Trust published at an epoch; kept for peers that have no live entry too.
    void set_trust(std::uint32_t peer, float trust);

    // Drops what has expired by `now`.
    void expire(SimTime now, Metrics& metrics);
    std::uint32_t live_entries() const { return live_; }
    // Adds the levels of this shard at `now` (live, stale, poisoned entries).
    void count_levels(SimTime now, const Parameters& parameters, Metrics& metrics);

    // Checkpoints: entries in their order; claims and embeddings are made again.
    template <class Archive>
    void transfer(Archive& archive, RegistryContext& context) {
        auto entries = static_cast<std::uint32_t>(entries_.size());
        auto described = static_cast<std::uint32_t>(embeddings_.size());
        std::vector<SimTime> waiting(departures_.begin() + static_cast<std::ptrdiff_t>(first_departure_),
                                     departures_.end());
        archive(entries, described, server_free_, no_expiry_before_, waiting);
        if constexpr (Archive::reading) {
            departures_ = std::move(waiting);
            std::vector<std::uint32_t> peers(entries);
            for (std::uint32_t& peer : peers) archive(peer);
            restore_entries(peers, described, context);
        } else {
            for (Entry& entry : entries_) archive(entry.peer);
        }
        for (Entry& entry : entries_)
            archive(entry.issued, entry.trust, entry.quality, entry.live, entry.claims_degraded);
        if constexpr (Archive::reading) restore_levels();
    }

    std::uint32_t capability_class() const { return class_; }
    std::uint32_t sequence = 0;  // the engine's count of sent messages

   private:
    struct alignas(32) Entry {
        std::uint32_t peer;
        bool live;
        bool sybil;
        bool claims_degraded;
        float trust;
        float quality;
        float price;
        float seconds;
        SimTime issued;
    };
    struct KnownEntries;
    struct ConstrainedEntries;
    static constexpr std::uint32_t absent = UINT32_MAX;
    static constexpr float unknown_trust = 0.5F;
    // Levels of matching.
    static constexpr std::uint8_t live_level = 1;
    static constexpr std::uint8_t trusted_level = 2;
    std::uint8_t level_of(const Entry& entry) const;

    // A place in the table: the entry's index, and a part of its peer's hash, which tells most other peers apart
    // without a look at the entry.
    static constexpr std::uint32_t index_bits = 24;
    static constexpr std::uint32_t most_entries = (1U << index_bits) - 1;
    static std::uint32_t tagged(std::uint32_t index, std::uint64_t hash) {
        return index | static_cast<std::uint32_t>(hash >> 56) << index_bits;
    }
    // Calls `match(index)` for the entries of the table that may be the peer's, until it returns true; returns
    // whether one did.
    template <class IsMatch>
    bool probe(std::uint32_t peer, IsMatch&& is_match) const;
    std::uint32_t find(std::uint32_t peer) const;
    std::uint32_t insert(std::uint32_t peer);
    // Puts an entry into the table.
    void enter(std::uint32_t index);
    void describe_entries(std::uint32_t last, RegistryContext& context);
    // Of an empty shard: entries of these peers, of which the first `described` have got their claims.
    void restore_entries(const std::vector<std::uint32_t>& peers, std::uint32_t described, RegistryContext& context);
    // Counts the live entries anew, and tells matching of them.
    void restore_levels();
    void count_live(const Entry& entry, std::int32_t change);
    void grow_table();
    bool is_in_allowed_region(const Entry& entry) const;
    bool meets_constraints(const Entry& entry, const Parameters& parameters) const;
    float claimed_quality(const Entry& entry, const Parameters& parameters) const;
    bool trust_removes_any(std::uint32_t asker, const Parameters& parameters) const;

    std::uint32_t class_;
    std::uint32_t live_ = 0;
    std::uint32_t live_poisoned_ = 0;
    std::uint32_t live_nominal_ = 0;  // honest and claiming the nominal state
    SimTime server_free_;
    SimTime no_expiry_before_ = never;
    Duration ttl_;
    float threshold_;                        // of the policy: which trust suffices
    std::pmr::vector<std::uint32_t> table_;  // open addressing by hash of the peer: tagged entry indices
    std::pmr::vector<Entry> entries_;
    std::vector<DriftCursor> drift_;            // parallel to entries_, only with drift
    std::vector<std::uint8_t> region_allowed_;  // the same, only with query.regions
    kernels::MatchIndex embeddings_;
    std::vector<SimTime> departures_;  // of requests in service or waiting, oldest first from first_departure_
    std::size_t first_departure_ = 0;
};

}  // namespace parley::agentic
