#include "models/kernels/reputation/eigentrust.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "models/kernels/reputation/for_each_block.hpp"

namespace parley::kernels {

namespace {

void check(std::uint32_t ids, std::span<const PreTrust> pretrust, const EigenTrustOptions& options) {
    if (!(options.damping > 0 && options.damping <= 1)) {
        throw std::invalid_argument("the damping of EigenTrust lies in (0, 1]");
    }
    if (pretrust.empty()) throw std::invalid_argument("EigenTrust needs pre-trusted peers; name at least one");
    for (std::size_t i = 0; i < pretrust.size(); ++i) {
        const bool ascending = i == 0 || pretrust[i - 1].id < pretrust[i].id;
        if (!ascending || pretrust[i].id >= ids || !(pretrust[i].weight > 0) || !std::isfinite(pretrust[i].weight)) {
            throw std::invalid_argument("pre-trusted ids are to be distinct and ascending, their weights above 0");
        }
    }
}

}  // namespace

EigenTrust::EigenTrust(std::uint32_t ids, std::span<const PreTrust> pretrust, const EigenTrustOptions& options,
                       Transport& transport, std::pmr::memory_resource* memory)
    : blocks_(ids, transport.size(), transport.rank()),
      transport_(transport),
      options_(options),
      double_parts_(blocks_.parts_of_ids(sizeof(double))),
      bit_parts_(blocks_.parts_of_blocks(block_ids / 8)),
      sums_(blocks_),
      trust_(blocks_.own_ids(), 0, memory),
      shares_(ids, 0, memory),
      next_shares_(ids, 0, memory),
      reached_(std::size_t{blocks_.blocks()} * (block_ids / 64), 0, memory),
      rated_(blocks_.own_ids(), 0, memory),
      open_rows_(blocks_.own_ids(), 0, memory),
      open_ends_(blocks_.own_blocks()),
      found_ends_(blocks_.own_blocks()) {
    check(ids, pretrust, options);
    set_pretrust(pretrust);
    for (const PreTrust& each : pretrust_) trust_[each.id - blocks_.first_id()] = each.weight;
}

void EigenTrust::set_pretrust(std::span<const PreTrust> pretrust) {
    double total = 0;
    for (const PreTrust& each : pretrust) total += each.weight;
    pretrust_begins_.assign(blocks_.own_blocks() + 1, 0);
    for (const PreTrust& each : pretrust) {
        if (!blocks_.owns(each.id)) continue;
        pretrust_.push_back({each.id, each.weight / total});
        ++pretrust_begins_[BlockDistribution::block_of(each.id) - blocks_.first_block() + 1];
    }
    for (std::uint32_t b = 0; b < blocks_.own_blocks(); ++b) pretrust_begins_[b + 1] += pretrust_begins_[b];
}

std::span<const PreTrust> EigenTrust::pretrust_of(std::uint32_t block) const {
    return std::span(pretrust_).subspan(pretrust_begins_[block], pretrust_begins_[block + 1] - pretrust_begins_[block]);
}

Convergence EigenTrust::update(const RatingMatrix& ratings, int threads) {
    find_reached(ratings, threads);
    restart(ratings, threads);
    Convergence convergence;
    double without_ratings = sums_.total(transport_)[dangling];
    do {
        std::swap(shares_, next_shares_);
        transport_.gather_parts(std::as_writable_bytes(shares_.span()), double_parts_);
        const double returning = (1 - options_.damping) * without_ratings + options_.damping;
        for_each_block(blocks_.own_blocks(), threads,
                       [&](std::size_t block) { iterate(ratings, static_cast<std::uint32_t>(block), returning); });
        const auto sums = sums_.total(transport_);
        without_ratings = sums[dangling];
        convergence.change = sums[change];
        ++convergence.iterations;
    } while (convergence.change >= options_.tolerance && convergence.iterations < options_.max_iterations);
    return convergence;
}

// Trust is above 0 for the pre-trusted and for those rated by somebody whose trust is: a search in breadth. Iterating
// alone would get to the same set late, and would not leave what is no longer in it.
void EigenTrust::find_reached(const RatingMatrix& ratings, int threads) {
    std::fill_n(reached_.data(), reached_.size(), std::uint64_t{0});
    std::fill_n(rated_.data(), rated_.size(), std::uint8_t{0});
    for (const PreTrust& each : pretrust_) reached_[each.id / 64] |= std::uint64_t{1} << each.id % 64;
    for_each_block(blocks_.own_blocks(), threads,
                   [&](std::size_t block) { list_open_rows(ratings, static_cast<std::uint32_t>(block)); });
    for (std::uint64_t more = 1; more != 0;) {
        transport_.gather_parts(std::as_writable_bytes(reached_.span()), bit_parts_);
        for_each_block(blocks_.own_blocks(), threads,
                       [&](std::size_t block) { find_rated(ratings, static_cast<std::uint32_t>(block)); });
        more = 0;
        for (std::uint32_t block = 0; block < blocks_.own_blocks(); ++block) more += reach_found_rows(block);
        transport_.maximum({&more, 1});
    }
}

// Rows with ratings, none of which is known to come from somebody with trust: all of them, to begin with.
void EigenTrust::list_open_rows(const RatingMatrix& ratings, std::uint32_t block) {
    std::uint32_t* open = open_rows_.data() + std::size_t{block} * block_ids;
    for (std::uint32_t row = block * block_ids; row < block * block_ids + blocks_.ids_in(block); ++row) {
        if (!ratings.raters(row).empty()) *open++ = row;
    }
    open_ends_[block] = static_cast<std::size_t>(open - open_rows_.data());
    found_ends_[block] = open_ends_[block];
}

// Takes the open rows of a block that somebody reached has rated from the list, and notes them behind it.
void EigenTrust::find_rated(const RatingMatrix& ratings, std::uint32_t block) {
    const auto first = open_rows_.data() + std::size_t{block} * block_ids;
    const auto last = open_rows_.data() + open_ends_[block];
    const auto found = std::partition(first, last, [&](std::uint32_t row) {
        const auto raters = ratings.raters(row);
        return std::none_of(raters.begin(), raters.end(), [&](std::uint32_t i) { return reached(i); });
    });
    found_ends_[block] = open_ends_[block];
    open_ends_[block] = static_cast<std::size_t>(found - open_rows_.data());
}

// Those are now reached. Returns how many were not before.
std::uint64_t EigenTrust::reach_found_rows(std::uint32_t block) {
    std::uint64_t fresh = 0;
    for (std::size_t i = open_ends_[block]; i < found_ends_[block]; ++i) {
        const std::uint32_t row = open_rows_[i];
        rated_[row] = 1;
        const std::uint32_t id = blocks_.first_id() + row;
        fresh += reached(id) ? 0 : 1;
        reached_[id / 64] |= std::uint64_t{1} << id % 64;
    }
    return fresh;
}

// The last trust without that of ids that are no longer reached, which goes back to the pre-trusted.
void EigenTrust::restart(const RatingMatrix& ratings, int threads) {
    for_each_block(blocks_.own_blocks(), threads, [&](std::size_t b) {
        const auto block = static_cast<std::uint32_t>(b);
        double sum = 0;
        for (std::uint32_t row = block * block_ids; row < block * block_ids + blocks_.ids_in(block); ++row) {
            if (!reached(blocks_.first_id() + row)) trust_[row] = 0;
            sum += trust_[row];
        }
        sums_.of(block)[0] = sum;
    });
    const double lost = std::max(0.0, 1 - sums_.total(transport_)[0]);
    for_each_block(blocks_.own_blocks(), threads, [&](std::size_t b) {
        const auto block = static_cast<std::uint32_t>(b);
        for (const PreTrust& each : pretrust_of(block)) trust_[each.id - blocks_.first_id()] += lost * each.weight;
        sums_.of(block) = {share_out(ratings, block), 0};
    });
}

// What an id of this trust gives a unit of its ratings; without a branch, as nothing predicts who rates nobody.
double EigenTrust::share_of(double trust, double given) {
    const double share = trust / (given > 0 ? given : 1);
    return given > 0 ? share : 0;
}

// The shares of the own ids of a block. Returns the trust of those who rate nobody.
double EigenTrust::share_out(const RatingMatrix& ratings, std::uint32_t block) {
    double without_ratings = 0;
    double* shares = next_shares_.data() + blocks_.first_id();
    for (std::uint32_t row = block * block_ids; row < block * block_ids + blocks_.ids_in(block); ++row) {
        const double given = ratings.given(row);
        shares[row] = share_of(trust_[row], given);
        without_ratings += given > 0 ? 0 : trust_[row];
    }
    return without_ratings;
}

// `returning`: what all give to the pre-trusted.
void EigenTrust::iterate(const RatingMatrix& ratings, std::uint32_t block, double returning) {
    std::array<double, block_ids> received;
    ratings.multiply(block, shares_.data(), received.data());
    const std::uint32_t first = block * block_ids;
    const std::uint32_t size = blocks_.ids_in(block);
    for (std::uint32_t i = 0; i < size; ++i) received[i] *= 1 - options_.damping;
    for (const PreTrust& each : pretrust_of(block)) {
        received[each.id - blocks_.first_id() - first] += returning * each.weight;
    }
    double moved = 0;
    double without_ratings = 0;
    double* shares = next_shares_.data() + blocks_.first_id() + first;
    for (std::uint32_t i = 0; i < size; ++i) {
        const double trust = received[i];
        const double given = ratings.given(first + i);
        moved += std::abs(trust - trust_[first + i]);
        without_ratings += given > 0 ? 0 : trust;
        trust_[first + i] = trust;
        shares[i] = share_of(trust, given);
    }
    sums_.of(block) = {without_ratings, moved};
}

}  // namespace parley::kernels
