#include "models/kernels/matching.hpp"

#include <algorithm>
#include <cstring>

namespace parley::kernels {

namespace {

float largest_component(std::span<const float> vector) {
    float largest = 0;
    for (const float x : vector) largest = std::max(largest, std::fabs(x));
    return largest;
}

}  // namespace

float MatchIndex::step_of(std::size_t block) {
    float step = 0;
    std::memcpy(&step, levels_of(block) + coarse::levels_bytes, sizeof step);
    return step;
}

void MatchIndex::set_step(std::size_t block, float step) {
    std::memcpy(levels_of(block) + coarse::levels_bytes, &step, sizeof step);
}

void MatchIndex::reserve(std::size_t entries) {
    exact_.reserve(entries * lines_);
    coarse_.reserve((entries + coarse::block_entries - 1) / coarse::block_entries * block_bytes());
}

void MatchIndex::append(std::span<const float> embedding) {
    const std::size_t block = entries_ / coarse::block_entries;
    if (entries_ % coarse::block_entries == 0) {
        coarse_.resize(coarse_.size() + block_bytes(), coarse::bias);
        std::fill_n(levels_of(block), coarse::levels_bytes + coarse::step_bytes, std::uint8_t{0});
    }
    exact_.resize(exact_.size() + lines_);
    store(entries_++, embedding);
}

void MatchIndex::replace(std::size_t entry, std::span<const float> embedding) { store(entry, embedding); }

void MatchIndex::store(std::size_t entry, std::span<const float> embedding) {
    std::copy(embedding.begin(), embedding.end(), exact_[entry * lines_].values);
    const std::size_t block = entry / coarse::block_entries;
    const float step = largest_component(embedding) / static_cast<float>(coarse::code_limit);
    if (step <= step_of(block)) return encode(entry);
    set_step(block, step);
    const std::size_t first = block * coarse::block_entries;
    const std::size_t end = std::min(entries_, first + coarse::block_entries);
    for (std::size_t each = first; each < end; ++each) encode(each);
}

void MatchIndex::encode(std::size_t entry) {
    const std::size_t block = entry / coarse::block_entries;
    const std::size_t lane = entry % coarse::block_entries;
    const float step = step_of(block);
    const float inverse = step > 1e-37F ? 1 / step : 0;  // smaller ones have no finite inverse
    const float* embedding = row(entry);
    std::uint8_t* rows = coarse_.data() + block * block_bytes();
    double residual = 0;
    double squares = 0;
    for (std::size_t k = 0; k < dimension_; ++k) {
        const int code = std::clamp(coarse::nearest(embedding[k] * inverse), -coarse::code_limit, coarse::code_limit);
        rows[k / coarse::group_dimensions * coarse::group_bytes + lane * coarse::group_dimensions +
             k % coarse::group_dimensions] = static_cast<std::uint8_t>(code + coarse::bias);
        const double rounded = static_cast<double>(step) * code;
        residual += (static_cast<double>(embedding[k]) - rounded) * (static_cast<double>(embedding[k]) - rounded);
        squares += rounded * rounded;
    }
    largest_residual_ = std::max(largest_residual_, std::sqrt(residual));
    largest_norm_ = std::max(largest_norm_, std::sqrt(squares));
}

float MatchIndex::exact_score(std::size_t entry, std::span<const float> intent) const {
    const float* embedding = row(entry);
    float sum = 0;
    for (std::uint32_t k = 0; k < dimension_; ++k) sum += intent[k] * embedding[k];
    return sum;
}

void MatchIndex::exact_scores(std::span<const std::uint32_t> entries, std::span<const float> intent,
                              std::span<float> scores) const {
    constexpr std::size_t together = 8;  // sums that do not wait for each other
    std::size_t first = 0;
    for (; first + together <= entries.size(); first += together) {
        const float* rows[together];
        float sums[together] = {};
        for (std::size_t j = 0; j < together; ++j) rows[j] = row(entries[first + j]);
        for (std::uint32_t k = 0; k < dimension_; ++k) {
            for (std::size_t j = 0; j < together; ++j) sums[j] += intent[k] * rows[j][k];
        }
        for (std::size_t j = 0; j < together; ++j) scores[first + j] = sums[j];
    }
    for (; first < entries.size(); ++first) scores[first] = exact_score(entries[first], intent);
}

float MatchIndex::error_bound(const IntentCodes& intent) const {
    // The bound of the header, and a little more for the rounding of both scores themselves.
    const double bound = intent.norm * largest_residual_ + intent.residual * largest_norm_;
    const double rounding = intent.norm * (largest_norm_ + largest_residual_) * (dimension_ + 8) * 1.2e-7;
    return static_cast<float>((bound + rounding) * 1.0001);
}

}  // namespace parley::kernels
