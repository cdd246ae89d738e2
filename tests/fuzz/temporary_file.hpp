// Files of a fuzz target: in memory, where run.sh has made a folder for them (TMPDIR), which it removes.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace parley {

inline std::string temporary_file(const std::string& suffix) {
    return std::filesystem::temp_directory_path() / ("parley-fuzz-" + std::to_string(getpid()) + suffix);
}

}  // namespace parley
