#include "models/agentic/discovery/class_catalogue.hpp"

#include <algorithm>
#include <cmath>

#include "engine/distributions.hpp"
#include "models/agentic/adversary/targeting.hpp"
#include "models/agentic/identity/sybil_set.hpp"

namespace parley::agentic {

ClassCatalogue::ClassCatalogue(const Parameters& parameters)
    : classes_(parameters.classes.size()), dimension_(parameters.dimension) {
    set_popularity(parameters);
    set_times(parameters);
    set_shards(parameters);
    set_prototypes(parameters);
}

void ClassCatalogue::set_popularity(const Parameters& parameters) {
    // Named classes are equally popular.
    const double exponent = parameters.classes_generated ? parameters.zipf : 0.0;
    double sum = 0;
    for (std::size_t c = 0; c < classes_.size(); ++c) {
        classes_[c].popularity = portable_exp(-exponent * portable_log(static_cast<double>(c + 1)));
        sum += classes_[c].popularity;
    }
    double cumulative = 0;
    for (Class& entry : classes_) {
        entry.popularity /= sum;
        cumulative += entry.popularity;
        entry.cumulative = cumulative;
    }
    classes_.back().cumulative = 1.0;
}

void ClassCatalogue::set_times(const Parameters& parameters) {
    const double z = inverse_normal(parameters.claim_quantile);
    const double execution_mean = portable_exp(0.5 * parameters.execution_sigma * parameters.execution_sigma);
    const double instance_mean = portable_exp(0.5 * parameters.instance_sigma * parameters.instance_sigma);
    sybil_price_ = static_cast<float>(portable_exp(parameters.price_sigma * z));
    for (std::size_t c = 0; c < classes_.size(); ++c) {
        const double median = parameters.classes[c].median_execution.seconds();
        classes_[c].median_seconds = median;
        classes_[c].mean_seconds = median * instance_mean * execution_mean;
        classes_[c].sybil_seconds =
            static_cast<float>(median * execution_mean * portable_exp(parameters.instance_sigma * z));
    }
}

void ClassCatalogue::set_shards(const Parameters& parameters) {
    for (std::uint32_t c = 0; c < size(); ++c) {
        Class& entry = classes_[c];
        const double offered =
            parameters.classes_generated ? std::min(1.0, parameters.capabilities * entry.popularity) : parameters.share;
        const double expected =
            parameters.honest() * offered + parameters.sybils() * sybil_share(parameters, c, entry.popularity);
        entry.expected_entries = expected;
        for (const WorkflowStep& step : parameters.steps) {
            if (step.capability_class == WorkflowStep::any_class) entry.queries += entry.popularity;
            if (step.capability_class == static_cast<std::int32_t>(c)) entry.queries += 1;
        }
        entry.shards = static_cast<std::uint32_t>(std::max(1.0, std::ceil(expected / parameters.entries_per_shard)));
        entry.first_shard = shard_count();
        class_of_shard_.insert(class_of_shard_.end(), entry.shards, c);
    }
    steps_per_refresh_ = parameters.honest() * parameters.workflow_rate * parameters.refresh_period.seconds();
    const std::uint32_t fewest = std::min_element(classes_.begin(), classes_.end(), [](const Class& a, const Class& b) {
                                     return a.shards < b.shards;
                                 })->shards;
    if (parameters.fanout > fewest) {
        throw InputError("registry.fanout is " + std::to_string(parameters.fanout) + " but a cell has only " +
                         std::to_string(fewest) + " shards; lower it, or lower registry.entries_per_shard");
    }
}

void ClassCatalogue::set_prototypes(const Parameters& parameters) {
    prototypes_.resize(classes_.size() * dimension_);
    for (std::uint32_t c = 0; c < size(); ++c) {
        RandomStream stream = stream_of(parameters.seed, 0, Purpose::prototype, c);
        const std::span<float> out{prototypes_.data() + static_cast<std::size_t>(c) * dimension_, dimension_};
        for (float& component : out) component = static_cast<float>(normal(stream));
        normalise(out);
    }
}

std::uint32_t ClassCatalogue::draw(RandomStream& stream) const {
    const double u = stream.uniform();
    const auto found =
        std::partition_point(classes_.begin(), classes_.end(), [u](const Class& c) { return c.cumulative <= u; });
    return std::min(static_cast<std::uint32_t>(found - classes_.begin()), size() - 1);
}

std::uint32_t ClassCatalogue::draw_except(RandomStream& stream, std::span<const std::uint16_t> taken) const {
    const auto is_taken = [&](std::uint32_t c) { return std::find(taken.begin(), taken.end(), c) != taken.end(); };
    double left = 0;
    for (std::uint32_t c = 0; c < size(); ++c) left += is_taken(c) ? 0.0 : classes_[c].popularity;
    double rest = stream.uniform() * left;
    std::uint32_t last = 0;
    for (std::uint32_t c = 0; c < size(); ++c) {
        if (is_taken(c)) continue;
        last = c;
        rest -= classes_[c].popularity;
        if (rest < 0) break;
    }
    return last;
}

std::vector<float> ClassCatalogue::shard_weights() const {
    // Measured, in units of one registration: what a query costs by itself, and for each entry it sweeps over.
    constexpr double query_cost = 12.0;
    constexpr double entry_cost = 0.012;
    std::vector<float> weights;
    for (const std::uint32_t c : class_of_shard_) {
        const Class& cell = classes_[c];
        const double entries = cell.expected_entries / cell.shards;
        const double queries = steps_per_refresh_ * cell.queries / cell.shards;
        weights.push_back(static_cast<float>(entries + queries * (query_cost + entry_cost * entries)));
    }
    return weights;
}

std::uint32_t ClassCatalogue::shard_of(std::uint32_t peer, std::uint32_t c) const {
    const Class& entry = classes_[c];
    if (entry.shards == 1) return entry.first_shard;
    return entry.first_shard + static_cast<std::uint32_t>(mix64(peer) % entry.shards);
}

// As the parameter table allows.
constexpr std::size_t most_dimensions = 1024;

void draw_direction(RandomStream& stream, std::span<const float> centre, double spread, std::span<float> out) {
    const double scale = spread / std::sqrt(static_cast<double>(centre.size()));
    double noise[most_dimensions];
    fill_normal(stream, {noise, centre.size()});
    for (std::size_t k = 0; k < centre.size(); ++k) out[k] = static_cast<float>(centre[k] + scale * noise[k]);
    normalise(out);
}

void normalise(std::span<float> vector) {
    double sum = 0;
    for (float component : vector) sum += static_cast<double>(component) * component;
    const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
    for (float& component : vector) component *= scale;
}

}  // namespace parley::agentic
