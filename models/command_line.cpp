#include "models/command_line.hpp"

#include <algorithm>

#include "engine/error.hpp"

namespace parley {

namespace {

// Walks over the words behind the command.
class Words {
   public:
    explicit Words(const std::vector<std::string>& words) : words_(words) {}
    bool more() const { return next_ < words_.size(); }
    const std::string& take() { return words_[next_++]; }
    std::string value_of(const std::string& option, const std::string& word) {
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos) return word.substr(equals + 1);
        if (!more()) throw InputError(option + " needs a value; write " + option + " VALUE");
        return take();
    }

   private:
    const std::vector<std::string>& words_;
    std::size_t next_ = 1;
};

bool is_option(const std::string& word, const std::string& option) {
    return word == option || word.starts_with(option + "=");
}

void parse_run_option(const std::string& word, Words& words, CommandLine& line) {
    const bool run = line.command == CommandLine::Command::run || line.command == CommandLine::Command::resume;
    if (run && is_option(word, "--output")) {
        line.output = words.value_of("--output", word);
        if (line.output.empty()) throw InputError("--output needs a file name; write --output FILE");
    } else if (run && word == "--force") {
        line.force = true;
    } else if (run && word == "--quiet") {
        line.quiet = true;
    } else if (word.starts_with("--") && word.find('.') < word.find('=')) {
        const std::string key = word.substr(2, word.find('=') - 2);
        line.overrides.push_back(key + "=" + words.value_of("--" + key, word));
    } else if (word.starts_with("-")) {
        throw InputError("unknown option `" + word +
                         "`; see parley --help, or parley describe for --section.key=value");
    } else if (line.config.empty()) {
        line.config = word;
    } else {
        const bool resume = line.command == CommandLine::Command::resume;
        throw InputError("`" + word + "` comes after the " + (resume ? "checkpoint " : "configuration file ") +
                         line.config.string() + "; give one file, and parameters as --section.key=value");
    }
}

void parse_describe_option(const std::string& word, CommandLine& line) {
    if (word == "--markdown") {
        line.markdown = true;
    } else if (word.starts_with("-") || !line.section.empty()) {
        throw InputError("`" + word + "` is not understood; write parley describe [SECTION] [--markdown]");
    } else {
        line.section = word;
    }
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
    CommandLine line;
    if (arguments.empty()) throw InputError("a command is missing; see parley --help");
    const std::string& command = arguments.front();
    const bool asks_help = std::find(arguments.begin(), arguments.end(), "--help") != arguments.end();
    if (asks_help || command == "-h" || command == "help") return line;
    if (command == "--version" || command == "version") {
        line.command = CommandLine::Command::version;
        return line;
    }
    Words words(arguments);
    if (command == "run" || command == "resume" || command == "validate") {
        line.command = command == "run"      ? CommandLine::Command::run
                       : command == "resume" ? CommandLine::Command::resume
                                             : CommandLine::Command::validate;
        while (words.more()) parse_run_option(words.take(), words, line);
        if (line.config.empty()) {
            throw InputError(command == "resume"
                                 ? "a checkpoint is missing; write parley resume FILE"
                                 : "a configuration file is missing; write parley " + command + " CONFIG");
        }
        return line;
    }
    if (command == "describe") {
        line.command = CommandLine::Command::describe;
        while (words.more()) parse_describe_option(words.take(), line);
        return line;
    }
    throw InputError("unknown command `" + command +
                     "`; the commands are run, resume, validate, describe, --version and --help");
}

std::string help_text() {
    return "Parley " PARLEY_VERSION
           ": simulates agentic peer-to-peer networks under Sybil attack\n"
           "\n"
           "  parley run CONFIG [--section.key=value ...] [--output FILE] [--force] [--quiet]\n"
           "      runs a simulation and writes its results as HDF5 (default: the name of CONFIG with .h5,\n"
           "      in this folder; an existing file is kept unless --force is given)\n"
           "  parley resume CHECKPOINT [--section.key=value ...] [--output FILE] [--force] [--quiet]\n"
           "      goes on with a run that was interrupted, on any number of ranks and threads, to the same results;\n"
           "      parameters of execution, output and checkpoints may have other values\n"
           "  parley validate CONFIG [--section.key=value ...]\n"
           "      checks a configuration and prints it with all its values\n"
           "  parley describe [SECTION] [--markdown]\n"
           "      every parameter: type, unit, default, range, meaning\n"
           "  parley --version\n"
           "\n"
           "In parallel:  OMP_NUM_THREADS=4 mpirun -n 8 parley run CONFIG ...\n"
           "Results do not depend on the number of ranks, threads or partitions.\n"
           "Durations have a unit: ns, us, ms, s, min, h.   Example:\n"
           "  parley run configs/paper-sybil.ini --adversary.fraction=0.3 --policy.name=tier2 --output tier2.h5\n"
           "\n"
           "Exit codes: 0 done, 1 internal error, 2 bad input (nothing was written), 3 the model broke a rule of\n"
           "the engine, 4 results could not be written, 75 stopped by SIGUSR1 or SIGTERM with a checkpoint.\n";
}

}  // namespace parley
