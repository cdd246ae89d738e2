// The adversary: how strategies compose, and which classes Sybils choose.
#include "models/agentic/adversary/adversary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "models/agentic/adversary/behaviour_mix.hpp"
#include "models/agentic/adversary/targeting.hpp"
#include "models/agentic/discovery/class_catalogue.hpp"
#include "models/agentic/identity/sybil_set.hpp"
#include "test_parameters.hpp"

namespace parley::agentic {
namespace {

constexpr std::int64_t second = 1'000'000'000;

Sybil sybil_with(Behaviour behaviour, std::int64_t now = 0, std::uint32_t peer = 7) {
    return {peer, behaviour, SimTime{now}};
}

TEST(Adversary, LetsEachSybilAnswerByTheBehaviourItDrew) {
    const Parameters p = parameters_with({"adversary.silent=0.3", "adversary.onoff=0.3", "adversary.on=1000000s"});
    const Adversary adversary(p);
    EXPECT_EQ(adversary.conduct(sybil_with(Behaviour::malicious)), Conduct::bad);
    EXPECT_EQ(adversary.conduct(sybil_with(Behaviour::silent)), Conduct::silent);
    EXPECT_EQ(adversary.conduct(sybil_with(Behaviour::onoff)), Conduct::honest);
    EXPECT_EQ(adversary.canary_pass(sybil_with(Behaviour::malicious)), 0.05);
    EXPECT_EQ(adversary.canary_pass(sybil_with(Behaviour::silent)), 0.05);
    EXPECT_EQ(adversary.canary_pass(sybil_with(Behaviour::onoff)), 0.99);
}

TEST(Adversary, RecognisesCanariesOnTopOfEveryBehaviour) {
    const Parameters p = parameters_with({"adversary.canary_recognition=0.5", "canary.guess=0.25",
                                          "adversary.onoff=0.5", "adversary.on=1000000s", "canary.pass_nominal=0.5"});
    const Adversary adversary(p);
    EXPECT_DOUBLE_EQ(adversary.canary_pass(sybil_with(Behaviour::malicious)), 0.625);
    EXPECT_DOUBLE_EQ(adversary.canary_pass(sybil_with(Behaviour::onoff)), 0.75);
}

TEST(Adversary, AsksStrategiesFromOutsideLast) {
    class Contrary : public Strategy {
       public:
        Conduct conduct(const Sybil&, Conduct before) const override {
            return before == Conduct::silent ? Conduct::honest : Conduct::silent;
        }
    };
    const Parameters p = parameters_with({"adversary.silent=0.5"});
    Strategies others;
    others.push_back(std::make_unique<Contrary>());
    const Adversary adversary(p, std::move(others));
    EXPECT_EQ(adversary.conduct(sybil_with(Behaviour::silent)), Conduct::honest);
    EXPECT_EQ(adversary.conduct(sybil_with(Behaviour::malicious)), Conduct::silent);
}

TEST(Adversary, OnOffSybilsKeepTheirCycle) {
    const Parameters p = parameters_with({"adversary.onoff=1", "adversary.on=3s", "adversary.off=2s"});
    const Adversary adversary(p);
    int phases_on = 0;
    for (std::uint32_t peer = 0; peer < 1000; ++peer) {
        int on = 0;
        int turns = 0;
        for (std::int64_t ds = 0; ds < 50; ++ds) {
            const auto at = [&](std::int64_t tenths) {
                return adversary.conduct(sybil_with(Behaviour::onoff, tenths * second / 10, peer));
            };
            on += at(ds) == Conduct::honest;
            turns += at(ds) != at(ds + 1);
            ASSERT_EQ(at(ds), at(ds + 50)) << "the cycle is 5 s";
        }
        ASSERT_EQ(on, 30);
        ASSERT_EQ(turns, 2);
        phases_on += adversary.conduct(sybil_with(Behaviour::onoff, 0, peer)) == Conduct::honest;
    }
    EXPECT_NEAR(phases_on, 600, 5 * std::sqrt(1000 * 0.6 * 0.4));
}

// --- what Sybils do of their own accord

// Keeps what strategies ask for.
class Recorded : public Actions {
   public:
    void report(std::uint32_t about, bool good) override { reports.emplace_back(about, good); }
    std::vector<std::pair<std::uint32_t, bool>> reports;
    std::vector<std::pair<Duration, SybilTimer>> timers;

   private:
    void schedule(Duration delay, SybilTimer timer) override { timers.emplace_back(delay, timer); }
};

TEST(Adversary, HandsATimerToTheStrategyThatSetIt) {
    class Clock : public Strategy {
       public:
        explicit Clock(std::uint32_t first) : first_(first) {}
        void on_start(const Sybil&, std::uint32_t first, Actions& actions) const override {
            actions.set_timer(Duration{1}, first_ + first);
        }
        void on_timer(const Sybil&, std::uint32_t number, Actions& actions) const override {
            actions.report(number, false);
            actions.set_timer(Duration{2}, number + 1);
        }

       private:
        std::uint32_t first_;
    };
    const Parameters p = parameters_with({});
    Strategies others;
    others.push_back(std::make_unique<Clock>(10));
    others.push_back(std::make_unique<Clock>(20));
    const Adversary adversary(p, std::move(others));
    Recorded actions;
    const Sybil sybil = sybil_with(Behaviour::malicious);
    adversary.on_start(sybil, 0, actions);
    ASSERT_EQ(actions.timers.size(), 2U);
    for (std::size_t i = 0; i < 4; ++i) adversary.on_timer(sybil, actions.timers[i].second, actions);
    const std::vector<std::pair<std::uint32_t, bool>> expected{{10, false}, {20, false}, {11, false}, {21, false}};
    EXPECT_EQ(actions.reports, expected);
    EXPECT_NE(actions.timers[4].second.strategy, actions.timers[5].second.strategy);
}

TEST(Collude, PraisesAllOtherSybilsEquallyOftenAtItsRate) {
    const Parameters p = parameters_with({"adversary.fraction=0.1", "adversary.praise_rate=0.25"});
    const Adversary adversary(p);
    const SybilSet sybils(p.seed, p.peers, p.sybils());
    constexpr int praises = 9000;
    Recorded actions;
    const Sybil self = sybil_with(Behaviour::malicious, 0, sybils.at(4));
    adversary.on_start(self, 0, actions);
    double waited = 0;
    for (int i = 0; i < praises; ++i) {
        ASSERT_EQ(actions.timers.size(), static_cast<std::size_t>(i + 1));
        waited += actions.timers.back().first.seconds();
        adversary.on_timer(self, actions.timers.back().second, actions);
    }
    // Exponential gaps of mean 4 s; each of the 9 others a ninth of the reports.
    EXPECT_NEAR(waited, praises * 4.0, 5 * 4.0 * std::sqrt(praises));
    std::map<std::uint32_t, int> counts;
    for (const auto& [about, good] : actions.reports) {
        EXPECT_TRUE(good);
        ++counts[about];
    }
    ASSERT_EQ(counts.size(), 9U);
    for (const auto& [about, count] : counts) {
        EXPECT_TRUE(sybils.contains(about) && about != self.peer);
        EXPECT_NEAR(count, praises / 9.0, 5 * std::sqrt(praises / 9.0 * 8 / 9));
    }
}

TEST(Collude, BlamesEveryRequesterWhenItBadmouths) {
    const Parameters p = parameters_with({"adversary.fraction=0.1", "adversary.badmouth=true"});
    const Adversary adversary(p);
    Recorded actions;
    adversary.on_start(sybil_with(Behaviour::silent), 0, actions);
    EXPECT_TRUE(actions.timers.empty());
    adversary.on_delegate(sybil_with(Behaviour::silent), 99, actions);
    EXPECT_EQ(actions.reports, (std::vector<std::pair<std::uint32_t, bool>>{{99, false}}));
}

TEST(Collude, ASingleSybilHasNobodyToPraise) {
    const Parameters p = parameters_with({"adversary.fraction=0.01", "adversary.praise_rate=1"});
    Recorded actions;
    Adversary(p).on_start(sybil_with(Behaviour::malicious), 0, actions);
    EXPECT_TRUE(actions.timers.empty());
}

TEST(Adversary, DoesNothingOfItsOwnAccordUnlessAsked) {
    const Parameters p = parameters_with({"adversary.fraction=0.5", "adversary.silent=0.2", "adversary.onoff=0.2"});
    const Adversary adversary(p);
    Recorded actions;
    adversary.on_start(sybil_with(Behaviour::malicious), 0, actions);
    adversary.on_delegate(sybil_with(Behaviour::malicious), 3, actions);
    EXPECT_TRUE(actions.timers.empty() && actions.reports.empty());
}

TEST(BehaviourMix, DrawsEachBehaviourWithItsProbability) {
    const Parameters p = parameters_with({"adversary.silent=0.2", "adversary.onoff=0.3"});
    int counts[4] = {};
    for (std::uint32_t peer = 0; peer < 10'000; ++peer) ++counts[static_cast<int>(draw_behaviour(p, peer))];
    EXPECT_EQ(counts[static_cast<int>(Behaviour::honest)], 0);
    EXPECT_NEAR(counts[static_cast<int>(Behaviour::silent)], 2000, 5 * 40);
    EXPECT_NEAR(counts[static_cast<int>(Behaviour::onoff)], 3000, 5 * 46);
}

// --- targeting

const std::vector<std::string> twenty{"capability.classes=20", "workflow.steps=any/low", "adversary.fraction=0.5"};

std::vector<std::uint16_t> targets(const Parameters& p, std::uint32_t peer) {
    std::vector<std::uint16_t> classes;
    append_targets(p, peer, classes);
    return classes;
}

Parameters targeting(const std::vector<std::string>& settings) {
    std::vector<std::string> all = twenty;
    all.insert(all.end(), settings.begin(), settings.end());
    return parameters_with(all);
}

TEST(Targeting, UniformDrawsDistinctClassesEquallyOften) {
    const Parameters p = targeting({"adversary.targeting=uniform", "adversary.descriptors=5"});
    int counts[20] = {};
    for (std::uint32_t peer = 0; peer < 4000; ++peer) {
        const auto classes = targets(p, peer);
        ASSERT_EQ(std::set<std::uint16_t>(classes.begin(), classes.end()).size(), 5U);
        for (const std::uint16_t c : classes) ++counts[c];
    }
    for (const int count : counts) EXPECT_NEAR(count, 1000, 5 * std::sqrt(4000 * 0.25 * 0.75));
}

TEST(Targeting, CellsAreAllTakenWhenDescriptorsSuffice) {
    const Parameters p = targeting({"adversary.targeting=cells", "adversary.cells=class7, class3"});
    EXPECT_EQ(targets(p, 1), (std::vector<std::uint16_t>{3, 7}));
    const Parameters one =
        targeting({"adversary.targeting=cells", "adversary.cells=class7, class3, class9", "adversary.descriptors=1"});
    int counts[20] = {};
    for (std::uint32_t peer = 0; peer < 3000; ++peer) {
        ASSERT_EQ(targets(one, peer).size(), 1U);
        ++counts[targets(one, peer)[0]];
    }
    for (const int c : {3, 7, 9}) EXPECT_NEAR(counts[c], 1000, 5 * std::sqrt(3000 * 2.0 / 9));
}

TEST(Targeting, TheRegistryMakesRoomForTheEntriesThatWillCome) {
    const Parameters p =
        targeting({"adversary.targeting=cells", "adversary.cells=class3, class7, class9, class11", "peers.count=1000",
                   "registry.entries_per_shard=50", "capability.zipf=0", "peers.capabilities=2"});
    const ClassCatalogue catalogue(p);
    // 500 honest peers in 2 of 20 classes: 50 a cell. 500 Sybils in 2 of 4 cells: 250 each.
    EXPECT_EQ(catalogue.shards_of(3), 6U);
    EXPECT_EQ(catalogue.shards_of(4), 1U);
    const ClassCatalogue uniform(targeting(
        {"adversary.targeting=uniform", "peers.count=1000", "registry.entries_per_shard=50", "capability.zipf=0"}));
    for (std::uint32_t c = 0; c < 20; ++c) EXPECT_EQ(uniform.shards_of(c), 2U);
}

// Published trust below 0.3, or more than half of at least 4 canaries failed.
TEST(Whitewash, GivesUpIdentitiesThatAreWorthLittle) {
    const Parameters p = parameters_with({"adversary.whitewash=true"});
    const Adversary adversary(p);
    const auto abandons = [&](float trust, std::uint32_t canaries, std::uint32_t failed) {
        return adversary.abandons(sybil_with(Behaviour::malicious), {trust, canaries, failed});
    };
    EXPECT_FALSE(abandons(0.5F, 0, 0));
    EXPECT_FALSE(abandons(0.3F, 0, 0));
    EXPECT_TRUE(abandons(0.2999F, 0, 0));
    EXPECT_FALSE(abandons(0.5F, 3, 3));
    EXPECT_FALSE(abandons(0.5F, 4, 2));
    EXPECT_TRUE(abandons(0.5F, 4, 3));
    EXPECT_FALSE(abandons(0.5F, 100, 50));
    EXPECT_TRUE(abandons(0.5F, 101, 51));
}

TEST(Whitewash, IsForThoseWhoAreConfiguredTo) {
    const Parameters p = parameters_with({});
    EXPECT_FALSE(Adversary(p).abandons(sybil_with(Behaviour::malicious), {0.0F, 10, 10}));
}

}  // namespace
}  // namespace parley::agentic
