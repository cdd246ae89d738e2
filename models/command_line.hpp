// The command line of parley, parsed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace parley {

struct CommandLine {
    enum class Command { help, version, run, resume, validate, describe };
    Command command = Command::help;
    std::filesystem::path config;        // of run and validate; of resume: the checkpoint
    std::vector<std::string> overrides;  // "section.key=value"
    std::filesystem::path output;        // of run and resume; empty: the configuration's name with .h5, or as before
    bool force = false;
    bool quiet = false;
    std::string section;    // of describe
    bool markdown = false;  // of describe
};

// Throws InputError.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

// What `parley --help` prints.
std::string help_text();

}  // namespace parley
