#include "engine/result_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>

#include "engine/error.hpp"

namespace parley {

namespace {

[[noreturn]] void throw_system_error(const char* action, const std::filesystem::path& file) {
    throw OutputError(std::string("cannot ") + action + " " + file.string() + " (" + std::strerror(errno) +
                      "); check the file system, or choose another folder with --output");
}

void synchronise(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw_system_error("open", file);
    const int result = ::fsync(descriptor);
    const int reason = errno;
    ::close(descriptor);
    errno = reason;
    // EINVAL: a file system that has no need of it, or cannot do it for folders.
    if (result != 0 && reason != EINVAL) throw_system_error("store", file);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// True when another process holds HDF5's lock on a file it is writing.
bool is_locked(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return false;
    const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return locked;
}

void check_folder(const std::filesystem::path& file) {
    const std::filesystem::path folder = folder_of(file);
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        const bool exists = std::filesystem::exists(folder, error);
        throw InputError("cannot write " + file.string() + " (" + folder.string() +
                         (exists ? " is not a folder" : " does not exist") +
                         "); create the folder or choose another with --output");
    }
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        throw InputError("cannot write " + file.string() + " (" + folder.string() + ": " + std::strerror(errno) +
                         "); choose another folder with --output");
    }
}

}  // namespace

std::filesystem::path part_of(const std::filesystem::path& file) { return file.string() + ".part"; }
std::filesystem::path resumed_part_of(const std::filesystem::path& file) { return file.string() + ".part.resumed"; }

void check_output(const std::filesystem::path& file, bool force) {
    if (!file.has_filename()) {
        throw InputError("the output \"" + file.string() + "\" names no file; choose one with --output FILE");
    }
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (std::filesystem::is_directory(status)) {
        throw InputError("cannot write " + file.string() + " (it is a folder); name a file in it with --output");
    }
    check_folder(file);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        throw InputError("cannot write " + file.string() + " (it is not a regular file); choose another with --output");
    }
    if (std::filesystem::exists(status) && !force) {
        throw InputError(file.string() + " exists (a result is never overwritten unasked); choose another file with " +
                         "--output, or pass --force to replace it");
    }
    for (const std::filesystem::path& part : {part_of(file), resumed_part_of(file)}) {
        if (is_locked(part)) {
            throw InputError("another run is writing " + part.string() +
                             "; wait for it, or choose another file with --output");
        }
    }
}

void store_as(const std::filesystem::path& file, const std::filesystem::path& name) {
    synchronise(file);
    if (::rename(file.c_str(), name.c_str()) != 0) throw_system_error("rename to", name);
}

void store_name(const std::filesystem::path& name) { synchronise(folder_of(name)); }

}  // namespace parley
