// The lists of classes that a configuration writes as text, and every way to get them wrong.
#include "models/agentic/text_lists.hpp"

#include <gtest/gtest.h>

#include "expect_refusal.hpp"

namespace parley::agentic {
namespace {

constexpr Duration generated_median{3'000'000'000};

std::vector<ClassSpec> classes_of(const std::string& text) {
    bool generated = false;
    return parse_classes(text, generated_median, generated);
}

TEST(ParseClasses, ReadsNamesAndMedians) {
    bool generated = true;
    const auto classes = parse_classes("image_generation:2s, publishing:500ms", generated_median, generated);
    EXPECT_FALSE(generated);
    ASSERT_EQ(classes.size(), 2U);
    EXPECT_EQ(classes[0].name, "image_generation");
    EXPECT_EQ(classes[0].median_execution.nanoseconds, 2'000'000'000);
    EXPECT_EQ(classes[1].name, "publishing");
    EXPECT_EQ(classes[1].median_execution.nanoseconds, 500'000'000);
}

TEST(ParseClasses, TakesBlanksAnywhere) {
    const auto classes = classes_of("  a : 1s ,\tb:2s  ");
    ASSERT_EQ(classes.size(), 2U);
    EXPECT_EQ(classes[0].name, "a");
    EXPECT_EQ(classes[1].name, "b");
    EXPECT_EQ(classes[1].median_execution.nanoseconds, 2'000'000'000);
}

TEST(ParseClasses, GeneratesANumberOfClasses) {
    bool generated = false;
    const auto classes = parse_classes(" 256 ", generated_median, generated);
    EXPECT_TRUE(generated);
    ASSERT_EQ(classes.size(), 256U);
    for (const ClassSpec& spec : classes) EXPECT_EQ(spec.median_execution, generated_median);
    EXPECT_NE(classes[0].name, classes[255].name);
    EXPECT_EQ(classes_of("60000").size(), 60'000U);
}

TEST(ParseClasses, RefusesANumberOutOfRange) {
    for (const char* text : {"0", "60001", "99999999999999999999"}) {
        expect_refusal([&] { classes_of(text); }, {"capability.classes", text, "60000"});
    }
}

TEST(ParseClasses, RefusesAnItemWithoutNameOrMedian) {
    for (const char* text : {"image", "image:1s, publish", ":1s", "a:1s,", "", " ", "a:1s,,b:1s", "1.5", "-3"}) {
        expect_refusal([&] { classes_of(text); }, {"capability.classes", "NAME:MEDIAN_EXECUTION_TIME"});
    }
}

TEST(ParseClasses, RefusesANameTwice) {
    expect_refusal([&] { classes_of("a:1s, b:2s, a:3s"); }, {"capability.classes", "`a`", "twice"});
}

TEST(ParseClasses, RefusesTheReservedName) {
    expect_refusal([&] { classes_of("any:1s"); }, {"capability.classes", "any", "reserved"});
}

TEST(ParseClasses, RefusesAMedianThatIsNoDuration) {
    for (const char* text : {"a:2", "a:", "a:s", "a:2s3", "a:b:2s", "a:1e400s"}) {
        expect_refusal([&] { classes_of(text); }, {"capability.classes", "a"});
    }
}

TEST(ParseClasses, RefusesAMedianOfZero) {
    expect_refusal([&] { classes_of("a:0s"); }, {"capability.classes", "a", "above 0"});
}

}  // namespace
}  // namespace parley::agentic
