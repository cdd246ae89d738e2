// The region matrix: what its text says, every text that is refused, and who lives where.
#include "models/agentic/connectivity/region_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/agentic/connectivity/one_way_delay.hpp"
#include "models/agentic/connectivity/place.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr const char* two_regions = "region,share,NA,EU\nNA,0.25,32,124\nEU,0.75,120.5,11\n";
constexpr const char* two_regions_setting = "network.regions=region,share,NA,EU;NA,0.25,32,124;EU,0.75,120.5,11";
constexpr std::int64_t ms = 1'000'000;

void expect_refusal(const std::string& text, const std::vector<std::string>& parts) {
    try {
        const RegionMatrix refused(text, "r.csv");
        ADD_FAILURE() << "no InputError; wanted one with " << parts.front();
    } catch (const InputError& error) {
        for (const std::string& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << " lacks " << part;
        }
    }
}

TEST(RegionMatrix, ReadsNamesSharesAndMediansFromRowToColumn) {
    const RegionMatrix regions(std::string("# a comment\n\n") + two_regions, "r.csv");
    ASSERT_EQ(regions.size(), 2U);
    EXPECT_EQ(regions.names(), (std::vector<std::string>{"NA", "EU"}));
    EXPECT_EQ(regions.share(0), 0.25);
    EXPECT_EQ(regions.median(0, 0).nanoseconds, 32 * ms);
    EXPECT_EQ(regions.median(0, 1).nanoseconds, 124 * ms);
    EXPECT_EQ(regions.median(1, 0).nanoseconds, 120'500'000);
    EXPECT_EQ(regions.median(1, 1).nanoseconds, 11 * ms);
}

TEST(RegionMatrix, ReadsTheSameFromOneLine) {
    const RegionMatrix regions("region, share, NA, EU; NA, 0.25, 32, 124; EU, 0.75, 120.5, 11", "network.regions");
    EXPECT_EQ(regions.names(), (std::vector<std::string>{"NA", "EU"}));
    EXPECT_EQ(regions.median(1, 0).nanoseconds, 120'500'000);
}

TEST(RegionMatrix, CutsTheUnitIntervalByShares) {
    const RegionMatrix regions(two_regions, "r.csv");
    EXPECT_EQ(regions.at(1e-9), 0);
    EXPECT_EQ(regions.at(0.2499), 0);
    EXPECT_EQ(regions.at(0.25), 1);
    EXPECT_EQ(regions.at(1 - 1e-9), 1);
}

TEST(RegionMatrix, RefusesABadTextAndNamesLineAndColumn) {
    expect_refusal("", {"r.csv", "region,share"});
    expect_refusal("name,share,NA\nNA,1,5\n", {"r.csv:1, column 1", "region,share"});
    expect_refusal("region,NA\nNA,5\n", {"r.csv:1, column 2", "region,share"});
    expect_refusal("region,share,NA,NA\n", {"r.csv:1, column 4", "twice"});
    expect_refusal("region,share,N A\nN A,1,5\n", {"r.csv:1, column 3", "letters"});
    expect_refusal("region,share,NA,EU\nEU,1,5,6\n", {"r.csv:2, column 1", "row of NA"});
    expect_refusal("region,share,NA,EU\nNA,1,5\n", {"r.csv:2, column 4", "columns"});
    expect_refusal("region,share,NA\nNA,1,5,6\n", {"r.csv:2, column 4", "columns"});
    expect_refusal("region,share,NA\n# comment\nNA,one,5\n", {"r.csv:3, column 2", "\"one\"", "share"});
    expect_refusal("region,share,NA\nNA,1,-5\n", {"r.csv:2, column 3", "-5", "median in ms"});
    expect_refusal("region,share,NA\nNA,1,5ms\n", {"r.csv:2, column 3", "5ms"});
    expect_refusal("region,share,NA\nNA,1,nan\n", {"r.csv:2, column 3", "nan"});
    expect_refusal("region,share,NA\nNA,1,\n", {"r.csv:2, column 3", "not a number"});
    expect_refusal("region,share,NA,EU\nNA,1,5,6\n", {"EU has no row"});
    expect_refusal("region,share,NA\nNA,1,5\nEU,0,5\n", {"r.csv:3, column 1", "more rows"});
    expect_refusal("region,share,NA,EU\nNA,0.5,5,6\nEU,0.4,5,6\n", {"add up to 0.9"});
}

TEST(RegionMatrix, GivesTheNamesOfAQueryTheirPlaces) {
    const RegionMatrix regions(two_regions, "r.csv");
    EXPECT_EQ(parse_region_names("EU, NA", regions), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(parse_region_names("NA + EU", regions, "test", '+'), (std::vector<std::uint8_t>{0, 1}));
    EXPECT_THROW(parse_region_names("", regions), InputError);
    EXPECT_THROW(parse_region_names("EU, MARS", regions), InputError);
    EXPECT_THROW(parse_region_names("EU", RegionMatrix()), InputError);
}

TEST(Place, FollowsTheSharesAndDependsOnTheSeed) {
    const Parameters one = parameters_with({two_regions_setting});
    const Parameters other = parameters_with({two_regions_setting, "run.seed=2"});
    constexpr int entities = 40000;
    int north_america = 0;
    int same = 0;
    for (std::uint32_t id = 0; id < entities; ++id) {
        north_america += place_of(one, id).region == 0;
        same += place_of(one, id).region == place_of(other, id).region;
    }
    // Five standard deviations of a binomial count; independent places agree with probability 0.25^2 + 0.75^2.
    EXPECT_NEAR(north_america, 0.25 * entities, 5 * std::sqrt(entities * 0.25 * 0.75));
    EXPECT_NEAR(same, 0.625 * entities, 5 * std::sqrt(entities * 0.625 * 0.375));
}

TEST(OneWayDelay, TakesTheMedianFromTheSendersRegionToTheReceivers) {
    const Parameters p = parameters_with({two_regions_setting, "network.sigma=0", "network.min_latency=5ms"});
    const double medians[2][2] = {{32, 124}, {120.5, 11}};
    for (std::uint32_t from = 0; from < 20; ++from) {
        const std::uint8_t here = place_of(p, from).region;
        EXPECT_NEAR(delay_to_account(p, from, 7).seconds(), 0.005 + medians[here][here] * 1e-3, 1e-12);
        for (std::uint32_t to = 0; to < 20; ++to) {
            const double median = medians[here][place_of(p, to).region];
            EXPECT_NEAR(one_way_delay(p, from, to, 7).seconds(), 0.005 + median * 1e-3, 1e-12);
        }
    }
}

TEST(Relay, IsNeededByTheShareBehindNatsWithoutADirectPath) {
    const Parameters p = parameters_with({"peers.count=2000", "nat.share=0.5", "nat.direct=0.7"});
    int relayed_peers = 0;
    for (std::uint32_t to = 0; to < p.peers; ++to) relayed_peers += needs_relay(p, (to + 1) % p.peers, to);
    // One pair a receiver: independent. Five standard deviations.
    EXPECT_NEAR(relayed_peers, 0.15 * 2000, 5 * std::sqrt(2000 * 0.15 * 0.85));
    int both = 0;
    for (std::uint32_t to = 0; to < p.peers; ++to) both += needs_relay(p, 1, to) && needs_relay(p, 2, to);
    EXPECT_NEAR(both, 0.5 * 0.09 * 2000, 5 * std::sqrt(2000 * 0.045 * 0.955));  // the NAT is one, the paths are two
    EXPECT_FALSE(needs_relay(parameters_with({"nat.share=1", "nat.direct=1"}), 1, 2));
    EXPECT_FALSE(needs_relay(parameters_with({}), 1, 2));
}

TEST(Relay, IsNeverNeededToARegistryShard) {
    const Parameters p = parameters_with({"nat.share=1", "nat.direct=0", "network.sigma=0", "nat.relay_sigma=0"});
    EXPECT_TRUE(needs_relay(p, 1, 99));
    EXPECT_FALSE(needs_relay(p, 1, 100));
    EXPECT_NEAR(one_way_delay(p, 1, 99, 3).seconds(), 0.075, 1e-12);  // 5 + 30 + 40 ms
    EXPECT_NEAR(one_way_delay(p, 1, 100, 3).seconds(), 0.035, 1e-12);
    EXPECT_NEAR(delay_to_account(p, 1, 3).seconds(), 0.035, 1e-12);
}

}  // namespace
}  // namespace parley::agentic
