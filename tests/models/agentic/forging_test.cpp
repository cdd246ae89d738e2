// Whom Sybils forge descriptors of.
#include "models/agentic/adversary/forging.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

struct World {
    explicit World(const std::vector<std::string>& settings)
        : parameters(parameters_with(settings)),
          catalogue(parameters),
          instances(parameters, catalogue),
          sybils(parameters.seed, parameters.peers, parameters.sybils()) {}
    std::optional<Forgery> draw(std::uint32_t sybil, std::uint32_t number) {
        return draw_forgery(parameters, instances, sybils, sybil, number, classes);
    }

    Parameters parameters;
    ClassCatalogue catalogue;
    Instances instances;
    SybilSet sybils;
    std::vector<std::uint16_t> classes;
};

TEST(Forging, DrawsVictimsUniformlyAmongHonestPeers) {
    World world({"peers.count=20", "adversary.fraction=0.5"});
    std::map<std::uint32_t, int> victims;
    std::map<std::uint16_t, int> classes;
    constexpr int draws = 10'000;
    for (std::uint32_t number = 0; number < draws; ++number) {
        const auto forgery = world.draw(3, number);
        ASSERT_TRUE(forgery);
        ++victims[forgery->victim];
        ++classes[forgery->capability_class];
    }
    // 10 honest peers, all with the same two classes: five standard deviations of a binomial.
    ASSERT_EQ(victims.size(), 10U);
    for (const auto& [victim, count] : victims) {
        EXPECT_FALSE(world.sybils.contains(victim));
        EXPECT_NEAR(count, draws / 10.0, 5 * std::sqrt(draws * 0.1 * 0.9));
    }
    ASSERT_EQ(classes.size(), 2U);
    for (const auto& [c, count] : classes) EXPECT_NEAR(count, draws / 2.0, 5 * std::sqrt(draws * 0.25));
}

TEST(Forging, DrawsAClassThatTheVictimOffers) {
    World world({"peers.count=50", "adversary.fraction=0.2", "capability.classes=40", "peers.capabilities=3",
                 "workflow.steps=any/low"});
    for (std::uint32_t number = 0; number < 1000; ++number) {
        const auto forgery = world.draw(number % 50, number);
        ASSERT_TRUE(forgery);
        std::vector<std::uint16_t> offered;
        world.instances.append_classes(forgery->victim, false, offered);
        EXPECT_NE(std::find(offered.begin(), offered.end(), forgery->capability_class), offered.end());
    }
}

TEST(Forging, PassesOverAVictimThatOffersNothing) {
    World world({"capability.share=0.5", "adversary.fraction=0.5"});
    int forged = 0;
    constexpr int draws = 2000;
    for (std::uint32_t number = 0; number < draws; ++number) forged += world.draw(1, number).has_value();
    // Each of 50 victims offers none of two classes with probability 1/4: five standard deviations over victims.
    EXPECT_NEAR(forged / double{draws}, 0.75, 5 * std::sqrt(0.75 * 0.25 * (1.0 / 50 + 1.0 / draws)));
    EXPECT_LT(forged, draws);
}

TEST(Forging, DrawsByTheSybilAndTheNumberOfItsForgery) {
    World world({"peers.count=1000", "adversary.fraction=0.3"});
    int same = 0;
    for (std::uint32_t number = 0; number < 100; ++number) {
        EXPECT_EQ(world.draw(4, number)->victim, world.draw(4, number)->victim);
        same += world.draw(4, number)->victim == world.draw(5, number)->victim;
        same += world.draw(4, number)->victim == world.draw(4, number + 1)->victim;
    }
    EXPECT_LT(same, 5);  // of 200, each with probability 1/700
}

}  // namespace
}  // namespace parley::agentic
