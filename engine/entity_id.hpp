// Who lives where: entity ids, kinds of entities, and the ranges of ids each partition owns.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {

// Global id of an entity; ids are dense, kind after kind.
struct EntityId {
    std::uint32_t value = 0;
    friend constexpr auto operator<=>(EntityId, EntityId) = default;
};

// A kind of entity a model has, for example peers.
struct EntityKind {
    std::string name;
    std::uint32_t count = 0;
    // Expected events an entity of this kind handles, relative to the other kinds (>= 1); only speed depends on it.
    std::uint32_t relative_load = 1;
    // Expected cost of each entity where they differ, else empty; partitions are cut to equal sums of it.
    std::vector<float> weights = {};
};

// Half-open range [begin, end) of global ids.
struct IdRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    constexpr std::uint32_t size() const { return end - begin; }
    constexpr bool contains(std::uint32_t id) const { return id - begin < end - begin; }
};

// All entities of a run and how they are cut into partitions: every partition owns one contiguous range
// of each kind. Results do not depend on the cuts.
class EntityDirectory {
   public:
    // `cuts[k]` has partitions + 1 ascending offsets within kind k, from 0 to its count.
    EntityDirectory(std::vector<EntityKind> kinds, std::vector<std::vector<std::uint32_t>> cuts)
        : kinds_(std::move(kinds)), cuts_(std::move(cuts)) {
        std::uint32_t first = 0;
        for (std::size_t k = 0; k < kinds_.size(); ++k) {
            first_.push_back(first);
            for (std::uint32_t& cut : cuts_[k]) cut += first;
            first += kinds_[k].count;
        }
        first_.push_back(first);
    }

    // Cuts every kind into ranges of equal weight, to within one entity.
    static EntityDirectory balanced(std::vector<EntityKind> kinds, std::uint32_t partitions) {
        std::vector<std::vector<std::uint32_t>> cuts;
        cuts.reserve(kinds.size());
        for (const EntityKind& kind : kinds) {
            cuts.push_back(kind.weights.empty() ? even_cuts(kind.count, partitions)
                                                : weighted_cuts(kind.weights, partitions));
        }
        return {std::move(kinds), std::move(cuts)};
    }

    std::size_t kind_count() const { return kinds_.size(); }
    const EntityKind& kind(std::size_t k) const { return kinds_[k]; }
    std::uint32_t first_of_kind(std::size_t k) const { return first_[k]; }
    std::uint32_t entity_count() const { return first_.back(); }
    std::uint32_t partition_count() const { return static_cast<std::uint32_t>(cuts_.front().size() - 1); }

    std::size_t kind_of(EntityId id) const {
        std::size_t k = 0;
        while (id.value >= first_[k + 1]) ++k;
        return k;
    }

    IdRange range(std::uint32_t partition, std::size_t k) const {
        return {cuts_[k][partition], cuts_[k][partition + 1]};
    }

    std::uint32_t partition_of(EntityId id) const {
        const std::vector<std::uint32_t>& cut = cuts_[kind_of(id)];
        return static_cast<std::uint32_t>(std::upper_bound(cut.begin(), cut.end(), id.value) - cut.begin() - 1);
    }

   private:
    static std::vector<std::uint32_t> even_cuts(std::uint32_t count, std::uint32_t partitions) {
        std::vector<std::uint32_t> cuts;
        cuts.reserve(partitions + 1);
        for (std::uint64_t p = 0; p <= partitions; ++p)
            cuts.push_back(static_cast<std::uint32_t>(count * p / partitions));
        return cuts;
    }

    static std::vector<std::uint32_t> weighted_cuts(const std::vector<float>& weights, std::uint32_t partitions) {
        double total = 0;
        for (const double weight : weights) total += weight;
        std::vector<std::uint32_t> cuts{0};
        double sum = 0;
        for (std::uint32_t i = 0; i < weights.size(); ++i) {
            // An entity goes to the partition that holds its middle.
            const double middle = sum + 0.5 * static_cast<double>(weights[i]);
            while (cuts.size() < partitions && middle >= total * static_cast<double>(cuts.size()) / partitions)
                cuts.push_back(i);
            sum += static_cast<double>(weights[i]);
        }
        cuts.resize(partitions + 1, static_cast<std::uint32_t>(weights.size()));
        return cuts;
    }

    std::vector<EntityKind> kinds_;
    std::vector<std::vector<std::uint32_t>> cuts_;  // global ids
    std::vector<std::uint32_t> first_;
};

}  // namespace parley
