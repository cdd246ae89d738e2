// Local reputation: what a requester remembers of the peers it dealt with.
//
// Beta reputation (Josang and Ismail 2002) with forgetting: good and bad outcomes g, b decay with a half-life;
// r_local = (1 + g) / (2 + g + b), n_local = g + b. The trust used blends it with the published trust:
// (n_local r_local + n0 r_global) / (n_local + n0).
#pragma once

#include <cstdint>

#include "engine/numerics.hpp"
#include "engine/sim_time.hpp"
#include "models/agentic/growing_tables.hpp"
#include "models/agentic/parameters.hpp"

namespace parley::agentic {

// e^(-ln 2 elapsed / half-life)
inline double decay(Duration elapsed, Duration half_life) {
    constexpr double ln2 = 0.69314718055994530942;
    const double halvings = elapsed.seconds() / half_life.seconds();
    return halvings > 1000 ? 0.0 : portable_exp(-ln2 * halvings);
}

struct LocalRating {
    SimTime updated;
    std::uint32_t peer;  // identity
    float good;          // as of `updated`
    float bad;

    template <class Archive>
    void transfer(Archive& archive) {
        archive(updated, peer, good, bad);
    }
};

class LocalReputation {
   public:
    explicit LocalReputation(const Parameters& parameters) : parameters_(parameters) {}

    void prefetch(const TableHandle& table) { tables_.prefetch(table); }

    template <class Archive>
    void transfer(Archive& archive, TableHandle& table) {
        tables_.transfer(archive, table);
    }

    void record(TableHandle& table, std::uint32_t peer, bool good, SimTime now) {
        LocalRating& rating = find_or_add(table, peer, now);
        const double factor = decay(now - rating.updated, parameters_.half_life);
        rating.good = static_cast<float>(rating.good * factor + (good ? 1.0 : 0.0));
        rating.bad = static_cast<float>(rating.bad * factor + (good ? 0.0 : 1.0));
        rating.updated = now;
    }

    // Trust used by the owner of `table` for `peer`, given the published trust.
    double trust(const TableHandle& table, std::uint32_t peer, double published, SimTime now) {
        for (const LocalRating& rating : tables_.view(table)) {
            if (rating.peer != peer) continue;
            const double factor = decay(now - rating.updated, parameters_.half_life);
            const double good = rating.good * factor;
            const double known = good + rating.bad * factor;
            const double local = (1.0 + good) / (2.0 + known);
            return (known * local + parameters_.prior_weight * published) / (known + parameters_.prior_weight);
        }
        return published;
    }

   private:
    LocalRating& find_or_add(TableHandle& table, std::uint32_t peer, SimTime now) {
        const auto ratings = tables_.view(table);
        LocalRating* oldest = nullptr;
        for (LocalRating& rating : ratings) {
            if (rating.peer == peer) return rating;
            if (oldest == nullptr || rating.updated < oldest->updated) oldest = &rating;
        }
        const LocalRating fresh{now, peer, 0, 0};
        if (ratings.size() < parameters_.table_size) return tables_.append(table, fresh);
        *oldest = fresh;
        return *oldest;
    }

    const Parameters& parameters_;
    TablePool<LocalRating> tables_;
};

}  // namespace parley::agentic
