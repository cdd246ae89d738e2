// How a run is going, for other programs: a small JSON file RESULT.status.json beside the result, replaced by rename
// so that a reader never sees half of it. The result file itself is not touched. docs/file-format.md has the fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "engine/sim_time.hpp"

namespace parley {

// What does not change during a run.
struct StatusHeader {
    std::filesystem::path result;
    std::string host;
    std::string version;
    int ranks = 1;
    SimTime end;
};

struct StatusUpdate {
    SimTime simulated;
    double wall_seconds = 0;  // since the start of the simulation
    double eta_seconds = std::numeric_limits<double>::quiet_NaN();
    std::uint64_t events = 0;  // all ranks
    double success_rate = std::numeric_limits<double>::quiet_NaN();
};

// A status that cannot be written (a full disk, say) is left out: the run matters more. The older one stays as it was,
// and the first time standard error says so.
class StatusFile {
   public:
    // Writes the state "running" at simulated time 0, over what an earlier run left.
    explicit StatusFile(StatusHeader header);

    void update(const StatusUpdate& update);
    // The result is complete: removes the status file.
    void done();
    // The run ends with a checkpoint, without a result. `message`: for people, one line.
    void stopped(const std::string& message);
    // The run ends without a result. `reason`: for people, one line. Where there is no room for this status, none is
    // left.
    void failed(const std::string& reason);

    static std::filesystem::path path_of(const std::filesystem::path& result) {
        return result.string() + ".status.json";
    }

   private:
    void write_or_warn();
    // Returns why it could not; "" when it could.
    std::string write(const char* state, const std::string& reason) const;
    std::string text(const char* state, const std::string& reason) const;

    StatusHeader header_;
    StatusUpdate last_;
    bool warned_ = false;
};

}  // namespace parley
