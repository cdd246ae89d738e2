// The files that checkpoints lie in. A header of 512 bytes makes sure that a file is whole before anything of it is
// believed:
//
//   0    magic, 24 bytes        24   version of the format, 32 bit      28   zero
//   32   bytes of the file      40   XXH3 of all bytes behind the header
//   48   zeros                  504  XXH3 of the 504 bytes before
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "engine/error.hpp"

namespace parley {

inline constexpr std::size_t checkpoint_header_bytes = 512;

// Writes the header over the first bytes of a file that has room for it there, and brings all to the device. Returns
// what failed; empty: nothing.
std::string seal_checkpoint(const std::filesystem::path& part);

// FILE becomes FILE.previous, `part` becomes FILE. At every moment one of the two names is a complete file, or none
// yet. Returns what failed; empty: nothing.
std::string put_checkpoint_in_place(const std::filesystem::path& part, const std::filesystem::path& file);

// Throws InputError unless the file is a checkpoint of this format, whole and undamaged.
void verify_checkpoint(const std::filesystem::path& file);

// Why a file is no checkpoint to resume from, and which other there may be.
InputError refused_checkpoint(const std::filesystem::path& file, const std::string& why);

}  // namespace parley
