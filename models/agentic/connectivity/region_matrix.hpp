// Regions: the share of the entities that live in each, and the median latency from each to each.
//
// Written as a CSV file:
//
//   region,share,NA,EU
//   NA,0.4,32,124
//   EU,0.6,124,11
//
// share: of the entities, 0 to 1, sum 1. Then medians of the log-normal part of the one-way delay in ms, from the
// region of the row to that of the column. Lines that are empty or begin with # are left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run_config.hpp"
#include "engine/sim_time.hpp"

namespace parley::agentic {

class RegionMatrix {
   public:
    static constexpr std::size_t most_regions = 32;

    // No regions.
    RegionMatrix() = default;
    // Of the text of a CSV file, or of the same lines with `;` between them. `source`: the name of the text in
    // messages. Throws InputError with line and column.
    RegionMatrix(std::string_view text, const std::string& source);

    bool empty() const { return names_.empty(); }
    std::size_t size() const { return names_.size(); }
    const std::vector<std::string>& names() const { return names_; }
    double share(std::size_t region) const { return shares_[region]; }
    // The region in which a uniform number in (0, 1) falls, each as wide as its share.
    std::uint8_t at(double uniform) const {
        std::uint8_t region = 0;
        while (region + 1U < cumulative_.size() && uniform >= cumulative_[region]) ++region;
        return region;
    }
    Duration median(std::size_t from, std::size_t to) const { return medians_[from * size() + to]; }

   private:
    std::vector<std::string> names_;
    std::vector<double> shares_;
    std::vector<double> cumulative_;
    std::vector<Duration> medians_;  // row after row
};

// If network.regions names a file, replaces the name by the lines of the file with `;` between them: so the resolved
// configuration, which the result stores, needs no other file. A relative name is looked up in `folder`, that of the
// configuration. Throws InputError.
void embed_regions(RunConfig& config, const std::filesystem::path& folder);

// Region names with `separator` between them, as places in `regions`. `what`: the name of the text in messages. Throws
// InputError.
std::vector<std::uint8_t> parse_region_names(std::string_view text, const RegionMatrix& regions,
                                             const std::string& what = "query.regions", char separator = ',');

}  // namespace parley::agentic
