// Ratings accounts: what each rater has reported to the reputation service, and how a closing epoch turns the
// reports into changes of the ratees' pooled counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/archive.hpp"
#include "engine/entity_id.hpp"
#include "engine/huge_pages.hpp"
#include "models/agentic/growing_tables.hpp"
#include "models/agentic/identity/identity.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "models/agentic/parameters.hpp"
#include "models/kernels/reputation/rating_list.hpp"

namespace parley::agentic {

// Counts in units of 2^-20 outcomes: integers, so that their sums do not depend on an order.
using FixedCount = std::int64_t;
inline constexpr double fixed_one = 1048576.0;

// What a closing epoch changes of one ratee's pooled counts.
struct PooledChange {
    std::uint32_t ratee;  // identity
    std::uint32_t unused;
    FixedCount good;
    FixedCount bad;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(ratee, good, bad);
    }
};

struct RatingsAccount {
    TableHandle table;
    std::uint32_t sequence = 0;  // the engine's count of sent messages
    std::uint32_t updates = 0;
    bool touched = false;  // got a report in this epoch
};

struct Rating {
    std::uint32_t ratee;   // identity
    std::uint32_t update;  // the account's number of the last report, for least-recently-updated
    std::uint32_t epoch;   // good and bad are as of this epoch
    float good;
    float bad;
    std::uint16_t new_good;  // reports of the open epoch
    std::uint16_t new_bad;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(ratee, update, epoch, good, bad, new_good, new_bad);
    }
};

// All accounts of a partition; 24 bytes a rating, in tables of 4, 8, 16 ... of them.
class RatingsAccounts {
   public:
    // Of the peers `raters`.
    RatingsAccounts(const Parameters& parameters, IdRange raters)
        : parameters_(parameters),
          sybils_(parameters.seed, parameters.peers, parameters.sybils()),
          raters_(raters),
          accounts_(raters.size(), &huge_pages()),
          decays_{1} {}

    RatingsAccount& at(std::uint32_t index) { return accounts_[index]; }
    const RatingsAccount& at(std::uint32_t index) const { return accounts_[index]; }
    void prefetch_ratings(std::uint32_t index) { tables_.prefetch(accounts_[index].table); }
    // A report arrives at account `index`.
    void record(std::uint32_t index, std::uint32_t ratee, bool good);
    // Ends the epoch; appends what it changes.
    void close_epoch(std::vector<PooledChange>& changes);
    // Replaces `list` by what all raters say: s = good - bad as of the open epoch, where it is above 0. `identities`:
    // the names that all peers bear, of which others are left out; empty: every ratee is a peer.
    void list_ratings(kernels::RatingList& list, std::span<const std::uint32_t> identities = {});
    // Pairs of an honest rater and an identity of a Sybil with good > bad. Reports count from the end of their epoch
    // on.
    std::uint64_t attack_edges() const { return attack_edges_; }

    // Checkpoints: one account, and what belongs to none.
    template <class Archive>
    void transfer(Archive& archive, std::uint32_t index) {
        RatingsAccount& account = accounts_[index];
        archive(account.updates, account.touched);
        if (Archive::reading && account.touched) touched_.push_back(index);
        tables_.transfer(archive, account.table);
        if constexpr (Archive::reading) {
            for (const Rating& rating : tables_.view(account.table)) {
                expect_state(rating.epoch <= epoch_ && peer_of(parameters_, rating.ratee) < parameters_.peers);
            }
        }
    }
    template <class Archive>
    void transfer_sums(Archive& archive) {
        std::vector<PooledChange> evictions = evictions_;
        std::uint64_t edges = attack_edges_;
        archive(evictions, edges);
        if (!Archive::reading) return;
        for (const PooledChange& each : evictions) {
            expect_state(peer_of(parameters_, each.ratee) < parameters_.peers);
        }
        evictions_.insert(evictions_.end(), evictions.begin(), evictions.end());
        attack_edges_ += edges;
    }
    // The number of the open epoch, from 0. All partitions have the same.
    std::uint32_t epoch() const { return epoch_; }
    void open_epoch(std::uint32_t epoch);

   private:
    Rating& find_or_add(RatingsAccount& account, std::uint32_t ratee);
    void evict(const RatingsAccount& account, Rating& rating);
    // A rating begins (1) or ceases (-1) to be positive.
    void count_edge(const RatingsAccount& account, const Rating& rating, int change);
    // Brings the counts of a rating to the open epoch.
    void age(Rating& rating) const;
    // What a count of `epoch` is worth in the open epoch.
    double decay_since(std::uint32_t epoch) const { return decays_[epoch_ - epoch]; }

    const Parameters& parameters_;
    SybilSet sybils_;
    IdRange raters_;
    std::pmr::vector<RatingsAccount> accounts_;
    TablePool<Rating> tables_;
    std::vector<std::uint32_t> touched_;
    std::vector<PooledChange> evictions_;
    std::vector<double> decays_;  // by epochs gone
    std::uint32_t epoch_ = 0;
    std::uint64_t attack_edges_ = 0;
};

}  // namespace parley::agentic
