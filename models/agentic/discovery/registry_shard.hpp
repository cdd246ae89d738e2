// Semantic discovery plane: one registry shard, that is the soft-state entries of a part of a cell and the FIFO
// server that answers for them.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "models/agentic/connectivity/churn.hpp"
#include "models/agentic/discovery/instances.hpp"
#include "models/agentic/execution/drift.hpp"
#include "models/agentic/identity/identity.hpp"
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
    std::vector<std::uint32_t> addresses = {};                // of the answer, if one of them is not the name
};

class RegistryShard {
   public:
    // `expected_entries`: so much room is made at once, in `memory`, which must outlive the shard.
    RegistryShard(std::uint32_t capability_class, const Parameters& parameters, double expected_entries,
                  std::pmr::memory_resource* memory);

    // Prefetches where the entry of `peer` is looked up, and then the entry that is found there.
    void prefetch(std::uint32_t peer) const { __builtin_prefetch(&table_[mix64(peer) & (table_.size() - 1)]); }
    void prefetch_entry(std::uint32_t peer) const;

    // Upserts the entry of a descriptor that `sender` registers and that arrives at `now`; a sequence number that is
    // not higher than the stored one is ignored. After an entry has expired sequence numbers of its name start afresh.
    // A sender that is not the descriptor's peer has forged it: the entry is the sender's until a descriptor of its
    // peer replaces it. Only where forged entries are possible; those the registry rejects never come here.
    void accept(const RegisterDescriptor& descriptor, std::uint32_t sender, SimTime now, RegistryContext& context);

    // The K best live entries that meet `constraints`, best first (ties: lower peer id), in context.answer, with
    // their addresses if need be.
    // `trusted_only`: of those whose published trust is at least the policy's threshold. Returns whether the answer is
    // empty because of that.
    bool answer(std::uint32_t asker, const Constraints& constraints, bool trusted_only, SimTime now,
                RegistryContext& context);

    // FIFO single server: takes the next request at `now` for `service`; returns when it is done.
    SimTime serve(SimTime now, Duration service, Metrics& metrics);

    // Trust published at an epoch; kept for peers that have no live entry too.
    void set_trust(std::uint32_t peer, float trust);

    // Drops what has expired by `now`.
    void expire(SimTime now, Metrics& metrics);
    std::uint32_t live_entries() const { return live_; }
    // Requests in service or waiting at `now`, which is no earlier than the last one came.
    std::uint64_t requests_at(SimTime now) const;
    // Adds the levels of this shard at `now` (live, stale, poisoned entries), and its busy time since the last call.
    void count_levels(SimTime now, const Parameters& parameters, Metrics& metrics);

    // Checkpoints: entries in their order; claims and embeddings are made again.
    template <class Archive>
    void transfer(Archive& archive, RegistryContext& context) {
        auto entries = static_cast<std::uint32_t>(entries_.size());
        auto described = static_cast<std::uint32_t>(embeddings_.size());
        std::vector<SimTime> waiting(departures_.begin() + static_cast<std::ptrdiff_t>(first_departure_),
                                     departures_.end());
        archive(entries, described, server_free_, owed_, no_expiry_before_, waiting);
        if constexpr (Archive::reading) {
            departures_ = std::move(waiting);
            expect_state(described <= entries);
            archive.expect(entries, sizeof(std::uint32_t));
            std::vector<std::uint32_t> peers(entries);
            for (std::uint32_t& peer : peers) archive(peer);
            restore_entries(peers, described, context);
        } else {
            for (Entry& entry : entries_) archive(entry.peer);
        }
        for (std::uint32_t index = 0; index < holders_.size(); ++index) {
            Holder holder = holders_[index];
            archive(holder.address, holder.newest);
            if constexpr (Archive::reading) restore_holder(index, holder, context);
        }
        for (Entry& entry : entries_)
            archive(entry.issued, entry.trust, entry.quality, entry.live, entry.claims_degraded);
        if constexpr (Archive::reading) restore_levels();
    }

    std::uint32_t capability_class() const { return class_; }
    std::uint32_t sequence = 0;  // the engine's count of sent messages

   private:
    struct alignas(32) Entry {
        std::uint32_t peer;  // identity
        bool live;
        bool sybil;
        bool claims_degraded;
        float trust;
        float quality;
        float price;
        float seconds;
        SimTime issued;
    };
    // Whose an entry is when anybody may have registered it.
    struct Holder {
        std::uint32_t address;
        bool newest;  // has the largest sequence number
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
    std::uint32_t add_entry(std::uint32_t peer);
    // An expired entry of an earlier identity of the same peer, or absent.
    std::uint32_t find_abandoned(std::uint32_t identity) const;
    // By the peer, so that its identities are found together.
    std::uint64_t hash_of(std::uint32_t identity) const { return mix64(peer_of(parameters_, identity)); }
    void count_busy_time(SimTime now, Metrics& metrics);
    void count_dead(SimTime now, Metrics& metrics);
    // Puts an entry into the table.
    void enter(std::uint32_t index);
    void describe_entries(std::uint32_t last, RegistryContext& context);
    // Gives an entry the claims of `issuer`.
    void describe(std::uint32_t index, std::uint32_t issuer, RegistryContext& context);
    bool is_newer(const RegisterDescriptor& descriptor, std::uint32_t index) const;
    void hand_over(std::uint32_t index, std::uint32_t sender, bool newest, RegistryContext& context);
    std::uint64_t forged_entries() const;
    // Of an empty shard: entries of these peers, of which the first `described` have got their claims.
    void restore_entries(const std::vector<std::uint32_t>& peers, std::uint32_t described, RegistryContext& context);
    void restore_holder(std::uint32_t index, const Holder& holder, RegistryContext& context);
    // Counts the live entries anew, and tells matching of them.
    void restore_levels();
    void count_live(const Entry& entry, std::int32_t change);
    void grow_table();
    bool is_in_allowed_region(const Entry& entry, const Constraints& constraints) const;
    bool meets(const Constraints& constraints, const Entry& entry, const Parameters& parameters) const;
    float claimed_quality(const Entry& entry, const Parameters& parameters) const;
    bool trust_removes_any(std::uint32_t asker, const Constraints& constraints, const Parameters& parameters) const;

    const Parameters& parameters_;
    std::uint32_t class_;
    std::uint32_t live_ = 0;
    std::uint32_t live_poisoned_ = 0;
    std::uint32_t live_nominal_ = 0;  // honest and claiming the nominal state
    SimTime server_free_;
    Duration owed_;  // service of accepted requests that is not counted as busy time yet
    SimTime no_expiry_before_ = never;
    Duration ttl_;
    bool forgeable_;                         // entries may be forged
    float threshold_;                        // of the policy: which trust suffices
    bool has_regions_;                       // some step rules out regions
    std::pmr::vector<std::uint32_t> table_;  // open addressing by hash of the peer: tagged entry indices
    std::pmr::vector<Entry> entries_;
    std::vector<DriftCursor> drift_;     // parallel to entries_, only with drift
    std::vector<ChurnCursor> churn_;     // the same, only with churn
    std::vector<std::uint8_t> regions_;  // the same, only if a step rules out regions
    std::vector<Holder> holders_;        // the same, only where entries may be forged
    kernels::MatchIndex embeddings_;
    std::vector<SimTime> departures_;  // of requests in service or waiting, oldest first from first_departure_
    std::size_t first_departure_ = 0;
};

}  // namespace parley::agentic
