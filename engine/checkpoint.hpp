// Checkpoints: when they are due, and the files they go to. A file holds named sections of bytes;
// population_transfer.hpp fills them with the state of a simulation, hdf5_checkpoint.cpp stores them. Only the root
// rank has a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "engine/sim_time.hpp"
#include "engine/wall_looks.hpp"

namespace parley {

// Why a run pauses at a window boundary: the larger, the more urgent.
enum class CheckpointWish : std::uint8_t {
    none,
    periodic,  // store a checkpoint and go on
    stop,      // store one and end: SIGUSR1 or SIGTERM has come
};

// From now on SIGUSR1 and SIGTERM ask for CheckpointWish::stop instead of ending the process.
void listen_for_stop_signals();
bool stop_signal_came();

// When a rank wants a checkpoint. The root's clock counts; a signal may reach any rank.
class CheckpointPlan {
   public:
    // 0: never. `keeps_time`: of the root.
    CheckpointPlan(Duration every_wall, Duration every_simulated, bool keeps_time);

    // To be asked once a window; `now`: what is simulated. Costs a comparison or two: signals and the clock are looked
    // at now and then.
    CheckpointWish wish(SimTime now) {
        if (now < next_simulated_ && !looks_.due()) [[likely]]
            return CheckpointWish::none;
        return look(now);
    }
    // A checkpoint was stored, or tried, at `now`; also to be called when a run goes on from one.
    void passed(SimTime now);

   private:
    CheckpointWish look(SimTime now);

    std::chrono::nanoseconds every_wall_;  // 0: never, as below
    Duration every_simulated_;
    SimTime next_simulated_ = never;
    WallLooks looks_;
    WallLooks::Clock::time_point next_wall_ = WallLooks::Clock::time_point::max();
};

// A checkpoint file being written: FILE.part until finish().
class CheckpointWriter {
   public:
    virtual ~CheckpointWriter() = default;
    // Ends the section before, and begins the next. Failures of the device are kept for finish(), so that the ranks
    // that send their state need not know of them.
    virtual void begin(const std::string& section) = 0;
    virtual void append(std::span<const std::byte> bytes) = 0;
    // Stores the file for good: checksums, fsync, FILE becomes FILE.previous, FILE.part becomes FILE. OutputError when
    // it cannot: the last complete checkpoint is then FILE or FILE.previous.
    virtual void finish() = 0;
};

class CheckpointReader {
   public:
    virtual ~CheckpointReader() = default;
    // What was given to the writer.
    virtual const std::map<std::string, std::string>& texts() const = 0;
    // Goes to the begin of a section; returns its bytes.
    virtual std::uint64_t open(const std::string& section) = 0;
    // The next bytes of the section; std::runtime_error when there are fewer.
    virtual void read(std::span<std::byte> bytes) = 0;
    // Bytes of the section that have not been read.
    virtual std::uint64_t rest() const = 0;
};

// `texts`: small things to find without reading the state.
std::unique_ptr<CheckpointWriter> make_hdf5_checkpoint_writer(const std::filesystem::path& file,
                                                              const std::map<std::string, std::string>& texts);

// Checks the whole file against its checksum before anything of it is believed. InputError when it cannot be read, is
// no checkpoint, is damaged, or is of another format.
std::unique_ptr<CheckpointReader> open_hdf5_checkpoint(const std::filesystem::path& file);

// Where the checkpoint before `file` is kept.
std::filesystem::path previous_checkpoint(const std::filesystem::path& file);

// Before a new run stores checkpoints under a name that an interrupted run has used: gives those of that run the
// ending .old. Returns whether there were any.
bool set_aside_checkpoints(const std::filesystem::path& file);

// Removes `file`, the one before, and what an interrupted writer left.
void remove_checkpoints(const std::filesystem::path& file);

}  // namespace parley
