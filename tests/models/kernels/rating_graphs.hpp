// Ratings for tests of the reputation kernels.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "engine/transport.hpp"
#include "models/kernels/reputation/rating_list.hpp"

namespace parley::kernels {

// Weights by rater and ratee.
using Ratings = std::map<std::pair<std::uint32_t, std::uint32_t>, float>;

inline Ratings random_ratings(std::uint32_t ids, std::uint32_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    const auto draw = [&](std::uint32_t below) { return static_cast<std::uint32_t>(random()) % below; };
    Ratings ratings;
    while (ratings.size() < count) {
        const std::uint32_t rater = draw(ids);
        const std::uint32_t ratee = draw(ids);
        if (rater != ratee) ratings[{rater, ratee}] = static_cast<float>(1 + draw(1000)) / 64;
    }
    return ratings;
}

// The part of the ratings that list `part` of `parts` has: raters are dealt out in turn.
inline RatingList list_of(const Ratings& ratings, std::uint32_t part = 0, std::uint32_t parts = 1) {
    RatingList list;
    for (const auto& [who, weight] : ratings) {
        if (who.first % parts == part) list.add(who.first, who.second, weight);
    }
    return list;
}

// The lists of one of several ranks, `each` of them.
inline std::vector<RatingList> lists_of(const Ratings& ratings, const Transport& transport, std::uint32_t each) {
    std::vector<RatingList> lists;
    const auto ranks = static_cast<std::uint32_t>(transport.size());
    for (std::uint32_t i = 0; i < each; ++i) {
        lists.push_back(list_of(ratings, static_cast<std::uint32_t>(transport.rank()) * each + i, ranks * each));
    }
    return lists;
}

}  // namespace parley::kernels
