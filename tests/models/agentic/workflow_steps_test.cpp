// Workflow steps as a configuration writes them, lists and graphs, and every way to get them wrong.
#include "models/agentic/execution/workflow_steps.hpp"

#include <gtest/gtest.h>

#include "expect_refusal.hpp"

namespace parley::agentic {
namespace {

const std::vector<ClassSpec> two_classes{{"image", Duration{1}}, {"publish", Duration{1}}};

void expect_refused(const std::string& text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_refusal([&] { parse_steps(text, two_classes); }, parts);
}

TEST(ParseSteps, ReadsClassRiskAndSideEffect) {
    const auto steps = parse_steps("image/low, publish/medium , any/high/side_effect", two_classes);
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].capability_class, 0);
    EXPECT_EQ(steps[0].risk, RiskClass::low);
    EXPECT_FALSE(steps[0].side_effect);
    EXPECT_EQ(steps[1].capability_class, 1);
    EXPECT_EQ(steps[1].risk, RiskClass::medium);
    EXPECT_EQ(steps[2].capability_class, WorkflowStep::any_class);
    EXPECT_EQ(steps[2].risk, RiskClass::high);
    EXPECT_TRUE(steps[2].side_effect);
}

TEST(ParseSteps, RefusesAnItemOfAnotherForm) {
    for (const char* text :
         {"image", "", "image/low,", "image/low/side_effects", "image/low/side_effect/x", "image/low/"}) {
        expect_refusal([&] { parse_steps(text, two_classes); }, {"workflow.steps", "CLASS/RISK"});
    }
}

TEST(ParseSteps, RefusesAnUnknownRisk) {
    expect_refusal([&] { parse_steps("image/low, publish/severe", two_classes); },
                   {"workflow.steps", "severe", "publish/severe", "low, medium or high"});
    expect_refusal([&] { parse_steps("image/", two_classes); }, {"workflow.steps", "risk"});
}

TEST(ParseSteps, RefusesAnUnknownClass) {
    expect_refusal([&] { parse_steps("video/low", two_classes); }, {"workflow.steps", "video", "capability.classes"});
    expect_refusal([&] { parse_steps("/low", two_classes); }, {"workflow.steps"});
}

TEST(ParseSteps, RefusesMoreThanThirtyTwoSteps) {
    std::string text = "image/low";
    for (int i = 1; i < 32; ++i) text += ", image/low";
    EXPECT_EQ(parse_steps(text, two_classes).size(), 32U);
    expect_refusal([&] { parse_steps(text + ", image/low", two_classes); }, {"workflow.steps", "32"});
}

TEST(ParseSteps, LetsEachStepOfAListWaitForTheOneBefore) {
    const auto steps = parse_steps("any/low, any/low, any/low", two_classes);
    EXPECT_EQ(steps[0].after, 0U);
    EXPECT_EQ(steps[1].after, 0b001U);
    EXPECT_EQ(steps[2].after, 0b010U);
}

TEST(ParseGraph, ReadsNamesAndDependencies) {
    const auto steps = parse_steps(
        "fetch: any/low ; draw: image/medium after fetch; caption:any/low after fetch;"
        "publish: publish/high/side_effect\tafter  draw , caption",
        two_classes);
    ASSERT_EQ(steps.size(), 4U);
    EXPECT_EQ(steps[0].capability_class, WorkflowStep::any_class);
    EXPECT_EQ(steps[1].capability_class, 0);
    EXPECT_EQ(steps[3].capability_class, 1);
    EXPECT_EQ(steps[1].risk, RiskClass::medium);
    EXPECT_TRUE(steps[3].side_effect);
    EXPECT_FALSE(steps[2].side_effect);
    EXPECT_EQ(steps[0].after, 0U);
    EXPECT_EQ(steps[1].after, 0b0001U);
    EXPECT_EQ(steps[2].after, 0b0001U);
    EXPECT_EQ(steps[3].after, 0b0110U);
}

TEST(ParseGraph, TakesStepsInAnyOrder) {
    const auto steps = parse_steps("last: any/low after first; first: any/low", two_classes);
    EXPECT_EQ(steps[0].after, 0b10U);
    EXPECT_EQ(steps[1].after, 0U);
}

TEST(ParseGraph, TakesASingleStepAndStepsThatWaitForNothing) {
    EXPECT_EQ(parse_steps("alone: image/low", two_classes).size(), 1U);
    for (const WorkflowStep& step : parse_steps("a: image/low; b: image/low; c: any/low", two_classes)) {
        EXPECT_EQ(step.after, 0U);
    }
}

TEST(ParseGraph, ReadsConstraintsOverThoseOfTheQuery) {
    const RegionMatrix regions("region,share,NA,EU,JP;NA,0.5,1,1,1;EU,0.3,1,1,1;JP,0.2,1,1,1", "test");
    const Constraints query{3.0, Duration{7'000'000'000}, 0.25, 0b001};
    const auto steps = parse_steps(
        "a: any/low; b: any/low after a with max_price 1.5, regions EU + JP; c: any/low with max_time 1500ms,"
        "min_quality 0.5",
        two_classes, query, regions);
    EXPECT_EQ(steps[0].constraints.max_price, 3.0);
    EXPECT_EQ(steps[0].constraints.max_time.nanoseconds, 7'000'000'000);
    EXPECT_EQ(steps[0].constraints.min_quality, 0.25);
    EXPECT_EQ(steps[0].constraints.regions, 0b001U);
    EXPECT_EQ(steps[1].constraints.max_price, 1.5);
    EXPECT_EQ(steps[1].constraints.min_quality, 0.25);
    EXPECT_EQ(steps[1].constraints.regions, 0b110U);
    EXPECT_EQ(steps[2].constraints.max_price, 3.0);
    EXPECT_EQ(steps[2].constraints.max_time.nanoseconds, 1'500'000'000);
    EXPECT_EQ(steps[2].constraints.min_quality, 0.5);
    EXPECT_EQ(steps[2].constraints.regions, 0b001U);
    for (const WorkflowStep& step : parse_steps("image/low, any/low", two_classes, query, regions)) {
        EXPECT_EQ(step.constraints.max_price, 3.0);
    }
}

TEST(ParseGraph, RefusesAnUnknownStep) {
    expect_refused("a: any/low; b: any/low after c", {"workflow.steps", "`b`", "`c`", "no step"});
    expect_refused("a: any/low; b: any/low after a b", {"`b`", "`a b`", "no step"});
    expect_refused("a: any/low; b: any/low after a,", {"`b`", "``", "no step"});
    expect_refused("a: any/low; b: any/low after", {"`b`", "``", "no step"});
    expect_refused("a: any/low; b: any/low after A", {"`b`", "`A`", "no step"});
}

TEST(ParseGraph, RefusesAStepThatComesAfterItself) {
    expect_refused("a: any/low; b: any/low after a, b", {"workflow.steps", "`b`", "itself"});
}

TEST(ParseGraph, RefusesADependencyTwice) {
    expect_refused("a: any/low; b: any/low after a, a", {"workflow.steps", "`b`", "`a`", "twice"});
}

TEST(ParseGraph, RefusesCyclesAndShowsOne) {
    expect_refused("a: any/low after b; b: any/low after a", {"workflow.steps", "`a` after `b` after `a`", "cycle"});
    // x and z are not part of it.
    expect_refused("x: any/low after z, c; z: any/low; a: any/low after z, b; b: any/low after c; c: any/low after a",
                   {"`c` after `a` after `b` after `c`"});
}

TEST(ParseGraph, RefusesANameTwice) {
    expect_refused("a: any/low; b: any/low after a; a: any/high", {"workflow.steps", "`a`", "two steps"});
}

TEST(ParseGraph, RefusesAStepWithoutANameOrWithABadOne) {
    expect_refused("any/low; any/low", {"workflow.steps", "`any/low`", "no name", "NAME: CLASS/RISK"});
    expect_refused("a: any/low; any/low after a", {"`any/low after a`", "no name"});
    for (const char* text : {": any/low", "two words: any/low", "a,b: any/low", "a/low: any/low", "after: any/low",
                             "with: any/low", "a.b: any/low"}) {
        expect_refused(text, {"workflow.steps", "name", "letters"});
    }
}

TEST(ParseGraph, RefusesEmptySteps) {
    for (const char* text : {"a: any/low;", ";a: any/low", "a: any/low;; b: any/low", ";"}) {
        expect_refused(text, {"workflow.steps", "empty step"});
    }
}

TEST(ParseGraph, RefusesWorkOfAnotherForm) {
    for (const char* text : {"a:", "a: image", "a: image/low/side_effects", "a: any/low/", "a: after b",
                             "a: b: any/low", "a: any/low, any/low", "a: any/low then b", "a: any/low/side_effect b"}) {
        expect_refused(text, {"workflow.steps"});
    }
    expect_refused("a: video/low", {"workflow.steps", "`video`", "capability.classes"});
    expect_refused("a: image/severe", {"`severe`", "low, medium or high"});
}

TEST(ParseGraph, RefusesBadConstraints) {
    expect_refused("a: any/low with price 2", {"workflow.steps", "`price` of step `a`", "max_price"});
    expect_refused("a: any/low with", {"`` of step `a`", "no constraint"});
    expect_refused("a: any/low with max_price 2,", {"`` of step `a`", "no constraint"});
    expect_refused("a: any/low with max_price 2, max_price 3", {"`max_price` of step `a`", "twice"});
    for (const char* text :
         {"max_price", "max_price x", "max_price -1", "max_price 2 3", "max_price 2s", "max_price nan",
          "min_quality 1.5", "min_quality 50%", "max_time 2", "max_time 0s", "max_time -1s", "max_time 1e300s"}) {
        expect_refused("a: any/low with " + std::string(text), {"workflow.steps", "of step `a`"});
    }
    expect_refused("a: any/low; b: any/low with max_price 2 after a", {"`b`", "after behind with"});
    expect_refused("a: any/low with regions EU", {"`regions` of step `a`", "network.regions"});
    const RegionMatrix regions("region,share,NA,EU;NA,0.5,1,1;EU,0.5,1,1", "test");
    for (const char* names : {"MARS", "EU+", "EU NA", "EU+MARS"}) {
        expect_refusal([&] { parse_steps("a: any/low with regions " + std::string(names), two_classes, {}, regions); },
                       {"`regions` of step `a`", "network.regions does not have"});
    }
}

TEST(ParseGraph, RefusesMoreThanThirtyTwoSteps) {
    std::string text = "s0: any/low";
    for (int i = 1; i < 32; ++i) text += "; s" + std::to_string(i) + ": any/low after s" + std::to_string(i - 1);
    const auto steps = parse_steps(text, two_classes);
    ASSERT_EQ(steps.size(), 32U);
    EXPECT_EQ(steps[31].after, 1U << 30);
    EXPECT_EQ(mask_of(steps), UINT32_MAX);
    expect_refused(text + "; s32: any/low", {"workflow.steps", "33 steps", "32"});
}

}  // namespace
}  // namespace parley::agentic
