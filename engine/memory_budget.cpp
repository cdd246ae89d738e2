#include "engine/memory_budget.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "engine/error.hpp"

namespace parley {

namespace {

constexpr std::uint64_t unknown = UINT64_MAX;

// The number a file begins with; `unknown` if there is none ("max", no such file).
std::uint64_t number_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::uint64_t value = unknown;
    return file >> value ? value : unknown;
}

// The number behind `word` at the begin of a line.
std::uint64_t number_behind(const std::filesystem::path& path, const std::string& word) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first;
        std::uint64_t value = 0;
        if (words >> first >> value && first == word) return value;
    }
    return unknown;
}

void take_smaller(MemoryLimit& least, std::uint64_t bytes, const char* name) {
    if (bytes < least.bytes) least = {bytes, name};
}

std::uint64_t difference(std::uint64_t limit, std::uint64_t used) { return limit > used ? limit - used : 0; }

struct GroupFiles {
    const char* limit;
    const char* usage;
    const char* file_pages;
};
constexpr GroupFiles version_2{"memory.max", "memory.current", "inactive_file"};
constexpr GroupFiles version_1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};

// A group may take no more than those it is in: `folder` and all above, up to `root`.
void take_groups(MemoryLimit& least, std::filesystem::path folder, const std::filesystem::path& root,
                 const GroupFiles& files) {
    for (;;) {
        const std::uint64_t limit = number_in(folder / files.limit);
        const std::uint64_t used = number_in(folder / files.usage);
        // Version 1 writes "no limit" as a number near 2^63.
        if (limit < (1ULL << 62) && used != unknown) {
            const std::uint64_t pages = number_behind(folder / "memory.stat", files.file_pages);
            take_smaller(least, difference(limit, difference(used, pages == unknown ? 0 : pages)),
                         "the control group's limit");
        }
        if (folder == root || !folder.has_relative_path() || folder == folder.parent_path()) return;
        folder = folder.parent_path();
    }
}

std::string in_gigabytes(std::uint64_t bytes) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f GB", static_cast<double>(bytes) * 1e-9);
    return text.data();
}

void append_number(Bytes& bytes, std::uint64_t value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

}  // namespace

MemoryLimit shared_memory_left(const MemorySources& sources) {
    MemoryLimit least;
    const std::uint64_t available = number_behind(sources.proc / "meminfo", "MemAvailable:");  // KiB
    if (available != unknown) take_smaller(least, available * 1024, "the memory available on the machine");
    // Lines "number:controllers:path"; version 2 has no controllers. A container may see its group as the root.
    std::ifstream groups(sources.proc / "self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(std::min(line.size(), second + 2));
        if (controllers.empty()) take_groups(least, sources.cgroup / path, sources.cgroup, version_2);
        if (controllers == "memory") {
            take_groups(least, sources.cgroup / "memory" / path, sources.cgroup / "memory", version_1);
        }
    }
    return least;
}

MemoryLimit own_memory_left(const MemorySources& sources) {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
    const std::uint64_t pages = number_in(sources.proc / "self/statm");
    const std::uint64_t used = pages == unknown ? 0 : pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return {difference(limit.rlim_cur, used), "the process's address space limit (ulimit -v)"};
}

void check_memory(std::uint64_t bytes, const std::string& host, Transport& transport, const MemorySources& sources) {
    // Ranks of one node are those that name one host; each says how much it can have.
    const MemoryLimit shared = shared_memory_left(sources);
    const MemoryLimit own = own_memory_left(sources);
    Bytes mine;
    append_number(mine, std::hash<std::string>{}(host));
    const std::vector<Bytes> all = transport.gather_all(mine);
    const auto neighbours = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), mine));
    const MemoryLimit share{shared.bytes == unknown ? unknown : shared.bytes / neighbours, shared.name};
    const MemoryLimit& least = own.bytes < share.bytes ? own : share;
    // The lowest rank that lacks memory speaks for all: the same message on every rank.
    std::string problem;
    if (bytes > least.bytes) {
        problem = "the run needs about " + in_gigabytes(bytes) + " of memory a rank, and there are " +
                  in_gigabytes(least.bytes) + " a rank on " + host + " (" + least.name +
                  ", ranks there: " + std::to_string(neighbours) +
                  "); use fewer peers, more nodes or fewer ranks a node, or set parallel.check_memory = " +
                  "false if the estimate is wrong";
    }
    Bytes text;
    for (const char c : problem) text.push_back(static_cast<std::byte>(c));
    for (const Bytes& each : transport.gather_all(text)) {
        if (each.empty()) continue;
        std::string message;
        for (const std::byte b : each) message.push_back(static_cast<char>(b));
        throw InputError(message);
    }
}

}  // namespace parley
