// Configurations are read strictly: every wrong input is an InputError that says what to do.
#include "engine/run_config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.hpp"
#include "tests/support/example_table.hpp"

namespace parley {
namespace {

// A folder of this test's own, removed at its end.
class RunConfigTest : public testing::Test {
   protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "parley_config_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& text) {
        const std::filesystem::path file = folder_ / "run.ini";
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }
    RunConfig read(const std::string& text, const std::vector<std::string>& overrides = {}) {
        return RunConfig::read(table_, write(text), overrides);
    }
    // The message of the InputError that reading throws, without the folder's name.
    std::string error_of(const std::filesystem::path& file, const std::vector<std::string>& overrides = {}) {
        try {
            RunConfig::read(table_, file, overrides);
        } catch (const InputError& error) {
            std::string message = error.what();
            const std::string prefix = folder_.string() + "/";
            for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
                message.erase(at, prefix.size());
            }
            EXPECT_EQ(message.find('\n'), std::string::npos) << message;
            return message;
        }
        return "no error";
    }
    std::string file_error(const std::string& text) { return error_of(write(text)); }
    std::string override_error(const std::vector<std::string>& overrides) { return error_of("", overrides); }

    std::filesystem::path folder_;
    ParameterTable table_ = example_table();
};

TEST_F(RunConfigTest, GivesDefaultsWithoutAFile) {
    const RunConfig config = RunConfig::read(table_, "", {});
    EXPECT_EQ(config.text("run.model"), "agentic");
    EXPECT_EQ(config.integer("peers.count"), 100);
    EXPECT_EQ(config.duration("descriptor.ttl").nanoseconds, 15'000'000'000);
    EXPECT_EQ(config.real("adversary.fraction"), 0.2);
    EXPECT_TRUE(config.flag("identity.verify"));
    EXPECT_EQ(config.text("run.title"), "");
    EXPECT_FALSE(config.given("peers.count"));
}

TEST_F(RunConfigTest, ReadsSectionsCommentsAndBlankLines) {
    const RunConfig config = read(
        "\xEF\xBB\xBF# a comment\r\n\r\n[peers]\r\ncount = 200  # trailing comment\r\n"
        "[adversary]\nfraction=.35\n[identity]\nverify = false\n[run]\ntitle = two words = one\n");
    EXPECT_EQ(config.integer("peers.count"), 200);
    EXPECT_EQ(config.real("adversary.fraction"), 0.35);
    EXPECT_FALSE(config.flag("identity.verify"));
    EXPECT_EQ(config.text("run.title"), "two words = one");
    EXPECT_TRUE(config.given("peers.count"));
    EXPECT_FALSE(config.given("run.seed"));
}

TEST_F(RunConfigTest, LetsOverridesWinOverTheFile) {
    const RunConfig config = read("[peers]\ncount = 200\n", {"peers.count=300", "descriptor.ttl=0.5min"});
    EXPECT_EQ(config.integer("peers.count"), 300);
    EXPECT_EQ(config.duration("descriptor.ttl").nanoseconds, 30'000'000'000);
    EXPECT_TRUE(config.given("descriptor.ttl"));
}

TEST_F(RunConfigTest, AcceptsNegativeNumbersInOverrides) {
    EXPECT_EQ(RunConfig::read(table_, "", {"adversary.offset=-1.5"}).real("adversary.offset"), -1.5);
}

TEST_F(RunConfigTest, NamesAnUnknownKeyWithFileLineAndSuggestion) {
    EXPECT_EQ(file_error("# one\n[descriptor]\n\ntll = 15s\n"),
              "run.ini:4: unknown key \"descriptor.tll\"; did you mean descriptor.ttl? \"parley describe\" lists every "
              "key");
    EXPECT_EQ(file_error("seed = 3\n"),
              "run.ini:1: unknown key \"seed\"; did you mean run.seed? \"parley describe\" lists every key");
    EXPECT_EQ(override_error({"zebra.crossing=1"}),
              "command line: unknown key \"zebra.crossing\"; \"parley describe\" lists every key");
    EXPECT_EQ(override_error({"run.see=1"}),
              "command line: unknown key \"run.see\"; did you mean run.seed? \"parley describe\" lists every key");
}

TEST_F(RunConfigTest, RefusesAKeyGivenTwice) {
    EXPECT_EQ(file_error("[run]\nseed = 3\n[peers]\ncount = 5\n[run]\nseed = 4\n"),
              "run.ini:6: run.seed is given twice (3 and 4); keep one of them");
    EXPECT_EQ(override_error({"run.seed=3", "run.seed=3"}),
              "command line: run.seed is given twice (3 and 3); keep one of them");
}

TEST_F(RunConfigTest, RefusesAKeyWithoutValue) {
    const std::string rest = "run.seed has no value; write run.seed = VALUE, or leave the key out for its default";
    EXPECT_EQ(file_error("[run]\nseed =\n"), "run.ini:2: " + rest);
    EXPECT_EQ(file_error("[run]\nseed = # 5\n"), "run.ini:2: " + rest);
    EXPECT_EQ(override_error({"run.seed="}), "command line: " + rest);
    EXPECT_EQ(override_error({"run.seed"}), "command line: \"run.seed\" has no value; write --section.key=value");
    EXPECT_EQ(override_error({"=5"}), "command line: unknown key \"\"; \"parley describe\" lists every key");
}

TEST_F(RunConfigTest, RefusesALineThatIsNoEntry) {
    EXPECT_EQ(file_error("[run]\nseed = 1\njust words\n"),
              "run.ini:3: \"just words\" is not part of a configuration; write [section], key = value, or # comment");
    EXPECT_EQ(file_error("[run\n"),
              "run.ini:1: \"[run\" is not part of a configuration; write [section], key = value, or # comment");
    EXPECT_EQ(file_error(std::string("\x7f"
                                     "ELF\x02\x01",
                                     6)),
              "run.ini:1: \"?ELF??\" is not part of a configuration; write [section], key = value, or # comment");
}

TEST_F(RunConfigTest, RefusesMalformedIntegers) {
    for (const std::string value : {"1e6", "100_000", "12.0", "0x10", "ten", "1 2", "--5", "+-5", "5+"}) {
        EXPECT_EQ(override_error({"peers.count=" + value}),
                  "command line: peers.count = " + value +
                      ": not an integer (only decimal digits are); write for example 100");
    }
    EXPECT_EQ(RunConfig::read(table_, "", {"peers.count=+7"}).integer("peers.count"), 7);
}

TEST_F(RunConfigTest, RefusesMalformedReals) {
    for (const std::string value : {"0,3", "1.2.3", "half", "0x1p3", "30 %", "."}) {
        EXPECT_EQ(override_error({"adversary.fraction=" + value}),
                  "command line: adversary.fraction = " + value + ": not a number; write for example 0.2");
    }
    EXPECT_EQ(override_error({"adversary.fraction=30%"}),
              "command line: adversary.fraction = 30%: not a number (shares are fractions); write 0.3");
    EXPECT_EQ(override_error({"adversary.fraction=200%"}),
              "command line: adversary.fraction = 200%: not a number; write for example 0.2");
    for (const std::string value : {"nan", "inf", "-inf", "infinity"}) {
        EXPECT_EQ(override_error({"adversary.offset=" + value}),
                  "command line: adversary.offset = " + value + ": not a finite number; write for example 0");
    }
    for (const std::string value : {"1e999", "1e-999"}) {
        EXPECT_EQ(override_error({"adversary.fraction=" + value}),
                  "command line: adversary.fraction = " + value +
                      ": too large or too small for a double; choose a value in the range 0 to 1");
    }
}

TEST_F(RunConfigTest, RefusesValuesOutOfRangeAndGivesTheRange) {
    EXPECT_EQ(file_error("[adversary]\nfraction = 1.5\n"),
              "run.ini:2: adversary.fraction = 1.5: out of range (0 to 1); choose a value in this range");
    EXPECT_EQ(override_error({"adversary.fraction=-0.001"}),
              "command line: adversary.fraction = -0.001: out of range (0 to 1); choose a value in this range");
    EXPECT_EQ(override_error({"peers.count=1"}),
              "command line: peers.count = 1: out of range (2 to 1000000000 peers); choose a value in this range");
    EXPECT_EQ(override_error({"run.seed=-1"}),
              "command line: run.seed = -1: out of range (at least 0); choose a value in this range");
    EXPECT_EQ(override_error({"descriptor.ttl=2h"}),
              "command line: descriptor.ttl = 2h: out of range (1s to 1h); choose a value in this range");
    EXPECT_EQ(override_error({"descriptor.ttl=-15s"}),
              "command line: descriptor.ttl = -15s: out of range (1s to 1h); choose a value in this range");
}

TEST_F(RunConfigTest, AcceptsTheEndsOfTheRange) {
    const RunConfig config = RunConfig::read(table_, "",
                                             {"adversary.fraction=1", "peers.count=2", "descriptor.ttl=1h",
                                              "run.seed=9223372036854775807", "run.warmup=0s"});
    EXPECT_EQ(config.real("adversary.fraction"), 1);
    EXPECT_EQ(config.integer("run.seed"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(config.duration("run.warmup").nanoseconds, 0);
}

TEST_F(RunConfigTest, RefusesIntegersBeyond64Bit) {
    EXPECT_EQ(override_error({"run.seed=9223372036854775808"}),
              "command line: run.seed = 9223372036854775808: out of range (at least 0); choose a value in this range");
}

TEST_F(RunConfigTest, RefusesADurationWithoutUnit) {
    EXPECT_EQ(file_error("[descriptor]\nttl = 15\n"),
              "run.ini:2: descriptor.ttl = 15: a duration needs a unit; write 15s (units ns, us, ms, s, min, h)");
}

TEST_F(RunConfigTest, RefusesWrongUnits) {
    for (const std::string unit : {"sec", "m", "S", "days", "s s", "e3s"}) {
        EXPECT_EQ(override_error({"descriptor.ttl=15" + unit}), "command line: descriptor.ttl = 15" + unit +
                                                                    ": unknown unit \"" + unit +
                                                                    "\"; use one of ns, us, ms, s, min, h");
    }
}

TEST_F(RunConfigTest, RefusesFlagsThatAreNotTrueOrFalse) {
    for (const std::string value : {"yes", "1", "True"}) {
        EXPECT_EQ(override_error({"identity.verify=" + value}),
                  "command line: identity.verify = " + value + ": neither true nor false; write one of the two");
    }
}

TEST_F(RunConfigTest, ListsTheChoices) {
    EXPECT_EQ(file_error("[policy]\nname = Tier1\n"),
              "run.ini:2: policy.name = Tier1: not a known choice; choose one of optimistic, tier1, risk_aware");
}

TEST_F(RunConfigTest, RefusesTextsThatAFileCannotHold) {
    EXPECT_EQ(override_error({"run.title=a # b"}),
              "command line: run.title = a # b: # begins a comment in a configuration file; write the text without it");
    EXPECT_EQ(override_error({"run.title=a\nb"}),
              "command line: run.title = a?b: control characters cannot be stored in a configuration; remove them");
}

TEST_F(RunConfigTest, ChecksFileValuesThatAnOverrideReplaces) {
    EXPECT_EQ(error_of(write("[peers]\ncount = few\n"), {"peers.count=10"}),
              "run.ini:2: peers.count = few: not an integer (only decimal digits are); write for example 100");
}

TEST_F(RunConfigTest, RefusesFilesThatCannotBeRead) {
    EXPECT_EQ(error_of(folder_ / "none.ini"),
              "cannot read the configuration none.ini (No such file or directory); check the path and its permissions");
    EXPECT_EQ(error_of(folder_), folder_.string() + " is a directory, not a configuration; name an INI file in it");
    const auto loop = folder_ / "loop.ini";
    std::filesystem::create_symlink(loop, loop);
    EXPECT_EQ(error_of(loop),
              "cannot read the configuration loop.ini (Too many levels of symbolic links); check the path and its "
              "permissions");
}

TEST_F(RunConfigTest, RefusesAFileWithoutReadPermission) {
    const auto file = write("[run]\nseed = 1\n");
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(file.c_str(), 0), 0);
    // Root may read everything: be somebody else meanwhile.
    constexpr uid_t nobody = 65534;
    const uid_t user = ::geteuid();
    if (user == 0) {
        ASSERT_EQ(::seteuid(nobody), 0);
    }
    const std::string message = error_of(file);
    ASSERT_EQ(::seteuid(user), 0);
    EXPECT_EQ(message, "cannot read the configuration run.ini (Permission denied); check the path and its permissions");
}

TEST_F(RunConfigTest, ReadsAnEmptyFileAsDefaults) { EXPECT_EQ(read("").integer("peers.count"), 100); }

TEST_F(RunConfigTest, RefusesKeysOfAnotherModel) {
    EXPECT_EQ(file_error("[phold]\nentities = 5\n"),
              "run.ini:2: phold.entities belongs to the model phold, and run.model is agentic; remove the key, or set "
              "run.model = phold");
    EXPECT_EQ(error_of(write("[policy]\nname = tier1\n"), {"run.model=phold"}),
              "run.ini:2: policy.name belongs to the model agentic, and run.model is phold; remove the key, or set "
              "run.model = agentic");
    EXPECT_EQ(read("[run]\nmodel = phold\n[phold]\nentities = 5\n").integer("phold.entities"), 5);
}

TEST_F(RunConfigTest, RefusesAnUnknownModel) {
    EXPECT_EQ(override_error({"run.model=foo"}),
              "command line: run.model = foo: not a known choice; choose one of agentic, phold");
}

TEST_F(RunConfigTest, ResolvesEveryParameterOfTheModelInTableOrder) {
    const RunConfig config = RunConfig::read(
        table_, "", {"descriptor.ttl=7.50s", "adversary.fraction=3e-1", "peers.count=+007", "adversary.offset=-0"});
    std::string resolved;
    for (const auto& [parameter, value] : config.resolved()) resolved += parameter->key + "=" + value + "\n";
    EXPECT_EQ(resolved,
              "run.model=agentic\nrun.seed=1\nrun.title=\npeers.count=7\ndescriptor.ttl=7500ms\nrun.warmup=60s\n"
              "adversary.fraction=0.3\nadversary.offset=0\npolicy.name=risk_aware\nidentity.verify=true\n"
              "output.flush_interval=60s\n");
}

TEST_F(RunConfigTest, WritesTheParametersThatChangeResultsAsIni) {
    const RunConfig config = RunConfig::read(table_, "", {"descriptor.ttl=7.5s", "output.flush_interval=5s"});
    EXPECT_EQ(config.resolved_text(),
              "[run]\nmodel = agentic\nseed = 1\nwarmup = 60s\n\n[peers]\ncount = 100\n\n[descriptor]\nttl = 7500ms\n\n"
              "[adversary]\nfraction = 0.2\noffset = 0\n\n[policy]\nname = risk_aware\n\n[identity]\nverify = true\n");
}

TEST_F(RunConfigTest, ReadsItsOwnTextBackToTheSameConfiguration) {
    const RunConfig config = RunConfig::read(
        table_, "",
        {"descriptor.ttl=1.000000001s", "adversary.fraction=0.30000000000000004", "adversary.offset=-1.7e308",
         "run.title=naïve [study] = 3", "run.seed=9223372036854775807", "identity.verify=false"});
    const RunConfig again = read(config.resolved_text());
    ASSERT_EQ(again.resolved().size(), config.resolved().size());
    for (std::size_t i = 0; i < config.resolved().size(); ++i) EXPECT_EQ(again.resolved()[i], config.resolved()[i]);
    EXPECT_EQ(again.resolved_text(), config.resolved_text());
    EXPECT_EQ(again.real("adversary.fraction"), 0.30000000000000004);
    EXPECT_EQ(again.real("adversary.offset"), -1.7e308);
    EXPECT_EQ(again.duration("descriptor.ttl").nanoseconds, 1'000'000'001);
}

TEST_F(RunConfigTest, RefusesReadingAKeyAsAnotherKindOrOfAnotherModel) {
    const RunConfig config = RunConfig::read(table_, "", {});
    EXPECT_THROW(config.integer("descriptor.ttl"), std::logic_error);
    EXPECT_THROW(config.real("peers.count"), std::logic_error);
    EXPECT_THROW(config.text("identity.verify"), std::logic_error);
    EXPECT_THROW(config.integer("phold.entities"), std::logic_error);
    EXPECT_THROW(config.integer("no.such"), std::logic_error);
    EXPECT_FALSE(config.given("no.such"));
}

TEST(RunConfig, NeedsATableWithTheModelChoice) {
    EXPECT_THROW(RunConfig::read(ParameterTable{}, "", {}), std::logic_error);
}

std::int64_t nanoseconds(std::string_view text) { return parse_duration(text, "x").nanoseconds; }

std::string duration_error(std::string_view text) {
    try {
        parse_duration(text, "some.key");
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(ParseDuration, IsExact) {
    EXPECT_EQ(nanoseconds("15s"), 15'000'000'000);
    EXPECT_EQ(nanoseconds("0.1s"), 100'000'000);
    EXPECT_EQ(nanoseconds("0.3s"), 300'000'000);
    EXPECT_EQ(nanoseconds("0.000000001s"), 1);
    EXPECT_EQ(nanoseconds("1.5 ms"), 1'500'000);
    EXPECT_EQ(nanoseconds("2.25us"), 2'250);
    EXPECT_EQ(nanoseconds("7ns"), 7);
    EXPECT_EQ(nanoseconds("0.5min"), 30'000'000'000);
    EXPECT_EQ(nanoseconds("1h"), 3'600'000'000'000);
    EXPECT_EQ(nanoseconds("0.0001220703125h"), 439'453'125);
    EXPECT_EQ(nanoseconds(".5s"), 500'000'000);
    EXPECT_EQ(nanoseconds("5.s"), 5'000'000'000);
    EXPECT_EQ(nanoseconds("1.50000000000000000000000s"), 1'500'000'000);
    EXPECT_EQ(nanoseconds("-2s"), -2'000'000'000);
    EXPECT_EQ(nanoseconds("+2s"), 2'000'000'000);
    EXPECT_EQ(nanoseconds("0s"), 0);
    EXPECT_EQ(nanoseconds("9223372036.854775807s"), std::numeric_limits<std::int64_t>::max());
}

TEST(ParseDuration, RefusesWhatNanosecondsCannotHold) {
    const std::string fine = ": finer than a nanosecond (simulated time counts whole ones); round it";
    EXPECT_EQ(duration_error("0.0000000001s"), "some.key = 0.0000000001s" + fine);
    EXPECT_EQ(duration_error("1.5ns"), "some.key = 1.5ns" + fine);
    EXPECT_EQ(duration_error("0.00000000000001h"), "some.key = 0.00000000000001h" + fine);
    const std::string range = ": too long (64-bit nanoseconds end after 292 years); choose a shorter duration";
    EXPECT_EQ(duration_error("9223372036.854775808s"), "some.key = 9223372036.854775808s" + range);
    EXPECT_EQ(duration_error("2562048h"), "some.key = 2562048h" + range);
    EXPECT_EQ(duration_error("99999999999999999999ns"), "some.key = 99999999999999999999ns" + range);
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
    for (const std::string text : {"", "s", ".s", "fast", "-", "ns5"}) {
        EXPECT_EQ(duration_error(text), "some.key = " + text +
                                            ": not a duration; write a number with a unit, for example 15s (units ns, "
                                            "us, ms, s, min, h)");
    }
    EXPECT_EQ(duration_error("15"), "some.key = 15: a duration needs a unit; write 15s (units ns, us, ms, s, min, h)");
    EXPECT_EQ(duration_error("1.2.3s"), "some.key = 1.2.3s: unknown unit \".3s\"; use one of ns, us, ms, s, min, h");
}

TEST(FormatDuration, UsesTheLargestUnitThatGivesAWholeNumber) {
    EXPECT_EQ(format_duration({15'000'000'000}), "15s");
    EXPECT_EQ(format_duration({7'500'000'000}), "7500ms");
    EXPECT_EQ(format_duration({1'000}), "1us");
    EXPECT_EQ(format_duration({1'001}), "1001ns");
    EXPECT_EQ(format_duration({600'000'000'000}), "600s");
    EXPECT_EQ(format_duration({7'200'000'000'000}), "2h");
    EXPECT_EQ(format_duration({0}), "0s");
    EXPECT_EQ(format_duration({-1'000'000}), "-1ms");
}

TEST(FormatDuration, ReadsBackToTheSameDuration) {
    for (std::int64_t ns : {1LL, 999LL, 1'000'000'007LL, 3'600'000'000'000LL, 9'223'372'036'854'775'807LL}) {
        EXPECT_EQ(nanoseconds(format_duration({ns})), ns);
    }
}

}  // namespace
}  // namespace parley
