// The capability classes of a run: popularity, prototypes, what honest claims look like, and the registry shards.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/agentic/parameters.hpp"
#include "models/agentic/purpose.hpp"

namespace parley::agentic {

class ClassCatalogue {
   public:
    explicit ClassCatalogue(const Parameters& parameters);

    std::uint32_t size() const { return static_cast<std::uint32_t>(classes_.size()); }
    double popularity(std::uint32_t c) const { return classes_[c].popularity; }
    // A class drawn by popularity; one draw.
    std::uint32_t draw(RandomStream& stream) const;
    // The same given that it is none of `taken`, which are not all; one draw, time linear in the number of classes.
    std::uint32_t draw_except(RandomStream& stream, std::span<const std::uint16_t> taken) const;

    // Unit vector e_c.
    std::span<const float> prototype(std::uint32_t c) const {
        return {prototypes_.data() + static_cast<std::size_t>(c) * dimension_, dimension_};
    }
    double median_execution_seconds(std::uint32_t c) const { return classes_[c].median_seconds; }
    // Mean over instances and executions of the class.
    double mean_execution_seconds(std::uint32_t c) const { return classes_[c].mean_seconds; }
    // What a Sybil claims: the configured quantile of honest prices and of honest expected execution times.
    float sybil_price() const { return sybil_price_; }
    float sybil_seconds(std::uint32_t c) const { return classes_[c].sybil_seconds; }

    // Shards of all cells, cell after cell.
    std::uint32_t shard_count() const { return static_cast<std::uint32_t>(class_of_shard_.size()); }
    std::uint32_t shards_of(std::uint32_t c) const { return classes_[c].shards; }
    std::uint32_t first_shard(std::uint32_t c) const { return classes_[c].first_shard; }
    std::uint32_t class_of_shard(std::uint32_t shard) const { return class_of_shard_[shard]; }
    double expected_entries(std::uint32_t shard) const {
        const Class& cell = classes_[class_of_shard_[shard]];
        return cell.expected_entries / cell.shards;
    }
    // Expected work of each shard: queries, each costing a fixed part and one a live entry, and registrations.
    std::vector<float> shard_weights() const;
    // The shard that holds the entry of `peer`: hash(peer) mod shards of the cell.
    std::uint32_t shard_of(std::uint32_t peer, std::uint32_t c) const;

   private:
    struct Class {
        double popularity = 0;
        double cumulative = 0;
        double median_seconds = 0;
        double mean_seconds = 0;
        float sybil_seconds = 0;
        double expected_entries = 0;  // of the whole cell
        double queries = 0;           // expected share of the steps that ask this cell
        std::uint32_t shards = 1;
        std::uint32_t first_shard = 0;
    };

    void set_popularity(const Parameters& parameters);
    void set_times(const Parameters& parameters);
    void set_shards(const Parameters& parameters);
    void set_prototypes(const Parameters& parameters);

    std::vector<Class> classes_;
    std::vector<std::uint32_t> class_of_shard_;
    std::vector<float> prototypes_;
    std::uint32_t dimension_;
    float sybil_price_ = 0;
    double steps_per_refresh_ = 0;  // expected steps of all requesters in one refresh period
};

// normalise(centre + spread * g / sqrt(d)), g standard Gaussian from `stream` (d draws).
void draw_direction(RandomStream& stream, std::span<const float> centre, double spread, std::span<float> out);

// Scales to unit length; sums in ascending order.
void normalise(std::span<float> vector);

}  // namespace parley::agentic
