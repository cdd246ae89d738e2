// The command line: every command, every option, every error.
#include "models/command_line.hpp"

#include <gtest/gtest.h>

#include "engine/error.hpp"

namespace parley {
namespace {

using Command = CommandLine::Command;
using Strings = std::vector<std::string>;

void expect_refusal(const Strings& arguments, const Strings& parts) {
    try {
        parse_command_line(arguments);
        ADD_FAILURE() << "no InputError; wanted one with " << parts.front();
    } catch (const InputError& error) {
        for (const std::string& part : parts) {
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << " lacks " << part;
        }
    }
}

TEST(CommandLine, ReadsARunWithAllItsOptions) {
    const CommandLine line = parse_command_line({"run", "configs/a.ini", "--peers.count=500", "--output", "x.h5",
                                                 "--force", "--quiet", "--policy.name", "tier2"});
    EXPECT_EQ(line.command, Command::run);
    EXPECT_EQ(line.config, "configs/a.ini");
    EXPECT_EQ(line.output, "x.h5");
    EXPECT_TRUE(line.force);
    EXPECT_TRUE(line.quiet);
    EXPECT_EQ(line.overrides, (Strings{"peers.count=500", "policy.name=tier2"}));
}

TEST(CommandLine, TakesOptionsBeforeTheConfiguration) {
    const CommandLine line = parse_command_line({"run", "--output=y.h5", "--run.seed=7", "a.ini"});
    EXPECT_EQ(line.config, "a.ini");
    EXPECT_EQ(line.output, "y.h5");
    EXPECT_EQ(line.overrides, (Strings{"run.seed=7"}));
    EXPECT_FALSE(line.force);
    EXPECT_FALSE(line.quiet);
}

TEST(CommandLine, LeavesOutputEmptyByDefault) { EXPECT_TRUE(parse_command_line({"run", "a.ini"}).output.empty()); }

TEST(CommandLine, KeepsEqualSignsAndDotsOfValues) {
    const CommandLine line = parse_command_line({"run", "a.ini", "--run.title=a=b.c", "--output=out.2.h5"});
    EXPECT_EQ(line.overrides, (Strings{"run.title=a=b.c"}));
    EXPECT_EQ(line.output, "out.2.h5");
}

TEST(CommandLine, ReadsValidate) {
    const CommandLine line = parse_command_line({"validate", "a.ini", "--peers.count=5"});
    EXPECT_EQ(line.command, Command::validate);
    EXPECT_EQ(line.config, "a.ini");
    EXPECT_EQ(line.overrides, (Strings{"peers.count=5"}));
}

TEST(CommandLine, ReadsDescribe) {
    EXPECT_EQ(parse_command_line({"describe"}).command, Command::describe);
    EXPECT_EQ(parse_command_line({"describe"}).section, "");
    EXPECT_EQ(parse_command_line({"describe", "policy"}).section, "policy");
    const CommandLine markdown = parse_command_line({"describe", "--markdown"});
    EXPECT_TRUE(markdown.markdown);
    EXPECT_EQ(parse_command_line({"describe", "canary", "--markdown"}).section, "canary");
}

TEST(CommandLine, KnowsHelpAndVersion) {
    for (const Strings& words : {Strings{"--help"}, Strings{"-h"}, Strings{"help"}, Strings{"run", "--help"},
                                 Strings{"describe", "--help"}, Strings{"nonsense", "--help"}}) {
        EXPECT_EQ(parse_command_line(words).command, Command::help);
    }
    EXPECT_EQ(parse_command_line({"--version"}).command, Command::version);
    EXPECT_EQ(parse_command_line({"version"}).command, Command::version);
}

TEST(CommandLine, RefusesAMissingOrUnknownCommand) {
    expect_refusal({}, {"command is missing", "--help"});
    expect_refusal({"simulate", "a.ini"}, {"unknown command", "simulate", "validate"});
    expect_refusal({""}, {"unknown command"});
}

TEST(CommandLine, RefusesAMissingConfiguration) {
    expect_refusal({"run"}, {"configuration file is missing", "parley run"});
    expect_refusal({"run", "--quiet"}, {"configuration file is missing"});
    expect_refusal({"validate"}, {"configuration file is missing", "parley validate"});
}

TEST(CommandLine, RefusesASecondConfiguration) {
    expect_refusal({"run", "a.ini", "b.ini"}, {"`b.ini`", "a.ini"});
    expect_refusal({"validate", "a.ini", "peers.count=5"}, {"`peers.count=5`", "--section.key"});
}

TEST(CommandLine, RefusesUnknownOptions) {
    expect_refusal({"run", "a.ini", "--fast"}, {"unknown option", "--fast"});
    expect_refusal({"run", "a.ini", "-q"}, {"unknown option", "-q"});
    expect_refusal({"run", "a.ini", "--force=yes"}, {"unknown option", "--force=yes"});
    expect_refusal({"run", "a.ini", "--seed=1.5"}, {"unknown option", "--seed"});
}

TEST(CommandLine, RefusesOptionsOfAnotherCommand) {
    expect_refusal({"validate", "a.ini", "--output", "x.h5"}, {"unknown option", "--output"});
    expect_refusal({"validate", "a.ini", "--output=x.h5"}, {"unknown option", "--output"});
    expect_refusal({"validate", "a.ini", "--force"}, {"unknown option", "--force"});
    expect_refusal({"validate", "a.ini", "--quiet"}, {"unknown option", "--quiet"});
    expect_refusal({"describe", "--quiet"}, {"--quiet", "parley describe"});
}

TEST(CommandLine, RefusesAnOptionWithoutItsValue) {
    expect_refusal({"run", "a.ini", "--output"}, {"--output", "value"});
    expect_refusal({"run", "a.ini", "--output="}, {"--output", "file name"});
    expect_refusal({"run", "a.ini", "--output", ""}, {"--output", "file name"});
    expect_refusal({"run", "a.ini", "--peers.count"}, {"--peers.count", "value"});
}

TEST(CommandLine, RefusesASecondSectionToDescribe) {
    expect_refusal({"describe", "policy", "canary"}, {"`canary`", "parley describe"});
}

TEST(CommandLine, ExplainsEveryCommandAndExitCode) {
    const std::string help = help_text();
    for (const char* part : {"parley run", "parley validate", "parley describe", "--version", "--output", "--force",
                             "--quiet", "Exit codes"}) {
        EXPECT_NE(help.find(part), std::string::npos) << part;
    }
}

}  // namespace
}  // namespace parley
