// Where a result lies while it is written and afterwards, and whether it can be written there.
#pragma once

#include <filesystem>

namespace parley {

// What is written until the result is complete: FILE.part.
std::filesystem::path part_of(const std::filesystem::path& file);
// Of a resumed run, while it has fewer rows than the run that was interrupted had.
std::filesystem::path resumed_part_of(const std::filesystem::path& file);

// Before the run starts: InputError when `file` exists and force is false, when it is a directory or a device,
// when its folder does not exist or cannot be written, or when another run is writing FILE.part.
void check_output(const std::filesystem::path& file, bool force);

// Brings a file to the device and renames it; OutputError when that fails. The new name outlasts a loss of power once
// store_name() has returned.
void store_as(const std::filesystem::path& file, const std::filesystem::path& name);
void store_name(const std::filesystem::path& name);

}  // namespace parley
