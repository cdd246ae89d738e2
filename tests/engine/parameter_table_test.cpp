// The table of parameters refuses bad definitions and describes itself.
#include "engine/run_config.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "engine/error.hpp"
#include "tests/support/example_table.hpp"

namespace parley {
namespace {

TEST(ParameterTable, RefusesBadDefinitions) {
    ParameterTable table = example_table();
    const Parameter good{.key = "a.b", .kind = ValueKind::integer, .default_value = "1", .maximum = 2, .meaning = ""};
    const auto with = [&](auto change) {
        Parameter parameter = good;
        change(parameter);
        return parameter;
    };
    EXPECT_NO_THROW(ParameterTable().add(good));
    EXPECT_THROW(table.add(with([](Parameter& p) { p.key = "run.seed"; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.key = "seed"; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.key = "a.B c"; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.default_value = "3"; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.default_value = ""; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.minimum = 5; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) { p.kind = ValueKind::choice; })), std::logic_error);
    EXPECT_THROW(table.add(with([](Parameter& p) {
        p.kind = ValueKind::duration;
        p.default_value = "1s";
        p.unit = "s";
    })),
                 std::logic_error);
}

TEST(ParameterTable, FindsByKey) {
    const ParameterTable table = example_table();
    ASSERT_NE(table.find("adversary.fraction"), nullptr);
    EXPECT_EQ(table.find("adversary.fraction")->default_value, "0.2");
    EXPECT_EQ(table.find("adversary"), nullptr);
}

TEST(ParameterTable, DescribesASection) {
    std::ostringstream out;
    example_table().describe(out, "adversary");
    EXPECT_EQ(out.str(),
              "[adversary]   only with run.model = agentic\n"
              "  key                    type      unit   default     range\n"
              "  adversary.fraction     real             0.2         0 to 1\n"
              "      Share of Sybil identities.\n"
              "  adversary.offset       real      1/s    0           any 1/s\n"
              "      Any number.\n");
}

TEST(ParameterTable, DescribesEverySectionWithin100Columns) {
    ParameterTable table = example_table();
    std::string words;
    for (int i = 0; i < 40; ++i) words += "word ";
    table.add({.key = "capability.image_generation.classes_and_weights",
               .kind = ValueKind::choice,
               .default_value = "a_choice_with_a_long_name",
               .choices = {"a_choice_with_a_long_name", "another_choice_with_a_long_name", "third", "fourth"},
               .meaning = words});
    std::ostringstream out;
    table.describe(out);
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100u) << line;
        EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
    }
    for (const Parameter& parameter : table.all()) EXPECT_NE(out.str().find(parameter.key), std::string::npos);
    EXPECT_NE(out.str().find("another_choice_with_a_long_name"), std::string::npos);
    std::ostringstream parent;
    table.describe(parent, "capability");
    EXPECT_NE(parent.str().find("[capability.image_generation]"), std::string::npos);
}

TEST(ParameterTable, NamesTheSectionsWhenAskedForAnUnknownOne) {
    std::ostringstream out;
    try {
        example_table().describe(out, "peer");
        FAIL() << "no error";
    } catch (const InputError& error) {
        EXPECT_STREQ(error.what(),
                     "there is no section \"peer\"; the sections are run, peers, descriptor, adversary, policy, "
                     "identity, phold, output");
    }
    EXPECT_EQ(out.str(), "");
}

TEST(ParameterTable, DescribesItselfAsMarkdown) {
    ParameterTable table;
    table.add({.key = "policy.name",
               .kind = ValueKind::choice,
               .default_value = "tier1",
               .choices = {"tier1", "tier2"},
               .meaning = "Either a | b."});
    table.add({.key = "output.flush_interval",
               .kind = ValueKind::duration,
               .default_value = "90s",
               .minimum = 1e-9,
               .maximum = std::numeric_limits<double>::infinity(),
               .meaning = "How often rows are committed.",
               .changes_results = false});
    std::ostringstream out;
    table.describe_markdown(out);
    EXPECT_EQ(out.str(),
              "## [policy]\n\n| key | type | unit | default | range | meaning |\n|---|---|---|---|---|---|\n"
              "| `policy.name` | choice |  | `tier1` | tier1, tier2 | Either a \\| b. |\n\n"
              "## [output]\n\n| key | type | unit | default | range | meaning |\n|---|---|---|---|---|---|\n"
              "| `output.flush_interval` | duration |  | `90s` | at least 1ns | How often rows are committed. "
              "Does not change results. |\n\n");
}

}  // namespace
}  // namespace parley
