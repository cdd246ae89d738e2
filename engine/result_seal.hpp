// The first 512 bytes of a result file (HDF5's user block): a line of text, which says whether the run has ended and
// then gives the SHA-256 of all bytes that follow. Readers check it before HDF5 opens the file; without any program of
// ours, `head -n 1 FILE` shows it and `tail -c +513 FILE | sha256sum` makes it again.
#pragma once

#include <cstddef>
#include <filesystem>

namespace parley {

inline constexpr std::size_t seal_bytes = 512;  // the smallest user block HDF5 knows

// Of a file that has just been created: says that the run has not ended. OutputError when it cannot be written.
void write_open_seal(const std::filesystem::path& part);
// Of a file that is complete and closed. OutputError when it cannot be read or written.
void seal_result(const std::filesystem::path& part);

}  // namespace parley
