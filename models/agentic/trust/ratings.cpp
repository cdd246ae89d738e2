#include "models/agentic/trust/ratings.hpp"

#include <cmath>
#include <limits>

#include "models/agentic/identity/identity.hpp"
#include "models/agentic/trust/local_reputation.hpp"

namespace parley::agentic {

namespace {

FixedCount to_fixed(double count) { return static_cast<FixedCount>(std::floor(count * fixed_one + 0.5)); }

void increment(std::uint16_t& count) {
    if (count < std::numeric_limits<std::uint16_t>::max()) ++count;
}

int is_positive(const Rating& rating) { return rating.good > rating.bad ? 1 : 0; }

}  // namespace

void RatingsAccounts::record(std::uint32_t index, std::uint32_t ratee, bool good) {
    RatingsAccount& account = accounts_[index];
    if (!account.touched) {
        account.touched = true;
        touched_.push_back(index);
    }
    Rating& rating = find_or_add(account, ratee);
    rating.update = account.updates++;
    increment(good ? rating.new_good : rating.new_bad);
}

Rating& RatingsAccounts::find_or_add(RatingsAccount& account, std::uint32_t ratee) {
    const auto ratings = tables_.view(account.table);
    Rating* oldest = nullptr;
    for (Rating& rating : ratings) {
        if (rating.ratee == ratee) return rating;
        if (oldest == nullptr || rating.update < oldest->update) oldest = &rating;
    }
    const Rating fresh{ratee, 0, epoch_, 0, 0, 0, 0};
    if (ratings.size() < parameters_.ratings_per_rater) return tables_.append(account.table, fresh);
    evict(account, *oldest);
    *oldest = fresh;
    return *oldest;
}

void RatingsAccounts::age(Rating& rating) const {
    if (rating.epoch == epoch_) return;
    const double factor = decay_since(rating.epoch);
    rating.good = static_cast<float>(rating.good * factor);
    rating.bad = static_cast<float>(rating.bad * factor);
    rating.epoch = epoch_;
}

// Ageing is the same for good and bad: edges change only where reports come in or a rating leaves.
void RatingsAccounts::count_edge(const RatingsAccount& account, const Rating& rating, int change) {
    if (change == 0 || !sybils_.contains(peer_of(parameters_, rating.ratee))) return;
    const auto rater = raters_.begin + static_cast<std::uint32_t>(&account - accounts_.data());
    if (!sybils_.contains(rater)) attack_edges_ += static_cast<std::uint64_t>(change);
}

void RatingsAccounts::evict(const RatingsAccount& account, Rating& rating) {
    count_edge(account, rating, -is_positive(rating));
    age(rating);
    evictions_.push_back({rating.ratee, 0, -to_fixed(rating.good), -to_fixed(rating.bad)});
}

void RatingsAccounts::close_epoch(std::vector<PooledChange>& changes) {
    // Changes are in counts as of the new epoch: older counts, and evicted ones, age by one epoch.
    const double epoch_decay = decay(parameters_.epoch, parameters_.half_life);
    for (const PooledChange& eviction : evictions_) {
        changes.push_back({eviction.ratee, 0, static_cast<FixedCount>(static_cast<double>(eviction.good) * epoch_decay),
                           static_cast<FixedCount>(static_cast<double>(eviction.bad) * epoch_decay)});
    }
    evictions_.clear();
    open_epoch(epoch_ + 1);
    for (const std::uint32_t index : touched_) {
        RatingsAccount& account = accounts_[index];
        account.touched = false;
        for (Rating& rating : tables_.view(account.table)) {
            const double reports = static_cast<double>(rating.new_good) + rating.new_bad;
            if (reports == 0) continue;
            const int was_positive = is_positive(rating);
            age(rating);
            const double scale = reports > parameters_.rater_cap ? parameters_.rater_cap / reports : 1.0;
            const double good = rating.new_good * scale;
            const double bad = rating.new_bad * scale;
            changes.push_back({rating.ratee, 0, to_fixed(good), to_fixed(bad)});
            rating.good = static_cast<float>(rating.good + good);
            rating.bad = static_cast<float>(rating.bad + bad);
            rating.new_good = rating.new_bad = 0;
            count_edge(account, rating, is_positive(rating) - was_positive);
        }
    }
    touched_.clear();
}

void RatingsAccounts::open_epoch(std::uint32_t epoch) {
    for (; epoch_ < epoch;) {
        ++epoch_;
        decays_.push_back(decay(parameters_.epoch * static_cast<std::int64_t>(epoch_), parameters_.half_life));
    }
}

void RatingsAccounts::list_ratings(kernels::RatingList& list, std::span<const std::uint32_t> identities) {
    constexpr std::size_t ahead = 16;
    std::size_t raters = 0;
    std::size_t ratings = 0;
    for (const RatingsAccount& account : accounts_) {
        raters += account.table.size > 0 ? 1 : 0;
        ratings += account.table.size;
    }
    list.clear();
    list.reserve(raters, ratings);
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
        if (i + ahead < accounts_.size()) tables_.prefetch(accounts_[i + ahead].table);
        for (const Rating& rating : tables_.view(accounts_[i].table)) {
            const double net = static_cast<double>(rating.good) - static_cast<double>(rating.bad);
            if (net <= 0) continue;
            const std::uint32_t ratee = peer_of(parameters_, rating.ratee);
            if (!identities.empty() && identities[ratee] != rating.ratee) continue;
            list.add(raters_.begin + static_cast<std::uint32_t>(i), ratee,
                     static_cast<float>(net * decay_since(rating.epoch)));
        }
    }
}

}  // namespace parley::agentic
