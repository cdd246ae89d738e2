// What raters say of others, rater by rater: the input of a rating matrix. 12 bytes a rating and 16 a rater.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::kernels {

class RatingList {
   public:
    // Forgets all ratings; the memory is kept.
    void clear() {
        raters_.clear();
        ratings_.clear();
    }
    void reserve(std::size_t raters, std::size_t ratings) {
        raters_.reserve(raters);
        ratings_.reserve(ratings);
    }

    // All ratings of a rater come one after the other, in an order that is part of the input: their sum is taken in
    // that order. Ratings of oneself, and those that are not above 0, are dropped.
    void add(std::uint32_t rater, std::uint32_t ratee, float weight) {
        if (rater == ratee || !(weight > 0)) return;
        if (raters_.empty() || raters_.back().id != rater) raters_.push_back({rater, 0});
        ratings_.push_back({rater, ratee, weight});
        raters_.back().sum += static_cast<double>(weight);
    }

    struct Rater {
        std::uint32_t id;
        double sum;  // of their weights
    };
    const std::vector<Rater>& raters() const { return raters_; }

    struct Rating {
        std::uint32_t rater;
        std::uint32_t ratee;
        float weight;
    };
    const std::vector<Rating>& ratings() const { return ratings_; }

   private:
    std::vector<Rater> raters_;
    std::vector<Rating> ratings_;
};

}  // namespace parley::kernels
