// The ways a run ends early. Messages read: problem (why); what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace parley {

// Exit codes of the program, listed for users in docs/user-guide.md.
enum class ExitCode : int {
    success = 0,
    internal_error = 1,    // an invariant does not hold, or a library failed
    bad_input = 2,         // command line, configuration, input file: nothing was written
    simulation_error = 3,  // the model broke a rule of the engine: lookahead, time range
    output_error = 4,      // results could not be written
    checkpointed = 75,     // ended by a signal, with a checkpoint to resume from
};

// Wrong input of a user, found before any file is touched.
class InputError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// A rule of the simulation was broken while running.
class SimulationError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// Results cannot be stored.
class OutputError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

}  // namespace parley
