// Whether a run fits into memory, asked before it starts: what this process may still take, and the refusal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/transport.hpp"

namespace parley {

// Where the system says what memory there is; tests have files of their own.
struct MemorySources {
    std::filesystem::path proc = "/proc";
    std::filesystem::path cgroup = "/sys/fs/cgroup";
};

// What is left before a limit.
struct MemoryLimit {
    std::uint64_t bytes = UINT64_MAX;
    std::string name = "no limit";  // for messages
};

// Shared by the processes of this machine (or container): the smaller of MemAvailable (/proc/meminfo) and what the
// control groups of this process, version 2 or 1, still allow. The pages of files in a group's account count as free:
// the kernel gives them up first. What cannot be read is no limit.
MemoryLimit shared_memory_left(const MemorySources& sources = {});

// Of this process alone: RLIMIT_AS less the address space in use.
MemoryLimit own_memory_left(const MemorySources& sources = {});

// Throws InputError, the same on every rank, with the figures when some node cannot hold its ranks: `bytes` for each of
// them. `host`: the name of this rank's node. Collective.
void check_memory(std::uint64_t bytes, const std::string& host, Transport& transport,
                  const MemorySources& sources = {});

}  // namespace parley
