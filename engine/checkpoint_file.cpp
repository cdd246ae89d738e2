#include "engine/checkpoint_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/checkpoint.hpp"

namespace parley {

namespace {

// Raised with every change of what some transfer() lists.
constexpr std::uint32_t format_version = 2;

struct Header {
    std::array<char, 24> magic{};
    std::uint32_t version = format_version;
    std::uint32_t zero = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t content_hash = 0;
    std::array<std::byte, 456> reserved{};
    std::uint64_t header_hash = 0;
};
static_assert(sizeof(Header) == checkpoint_header_bytes && offsetof(Header, header_hash) == 504);

constexpr std::array<char, 24> magic{"parley checkpoint\r\n\x1a\n"};

std::uint64_t hash_of_header(const Header& header) { return XXH3_64bits(&header, offsetof(Header, header_hash)); }

// A file descriptor that closes itself.
class Descriptor {
   public:
    Descriptor(const std::filesystem::path& file, int flags) : id_(::open(file.c_str(), flags | O_CLOEXEC)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (id_ >= 0) ::close(id_);
    }
    int id() const { return id_; }

   private:
    int id_;
};

// XXH3 of what lies behind the header, and how many bytes the file has; nothing when reading fails (errno).
struct Content {
    std::uint64_t hash = 0;
    std::uint64_t file_bytes = sizeof(Header);
};
std::optional<Content> content_of(int descriptor) {
    const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
    if (!state) throw std::bad_alloc();
    XXH3_64bits_reset(state.get());
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    Content content;
    for (;;) {
        const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(content.file_bytes));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        XXH3_64bits_update(state.get(), buffer.data(), static_cast<std::size_t>(got));
        content.file_bytes += static_cast<std::uint64_t>(got);
    }
    content.hash = XXH3_64bits_digest(state.get());
    return content;
}

std::string failed(const char* action) { return std::string(action) + ": " + std::strerror(errno); }

}  // namespace

std::string seal_checkpoint(const std::filesystem::path& part) {
    const Descriptor file(part, O_RDWR);
    if (file.id() < 0) return failed("open");
    const auto content = content_of(file.id());
    if (!content) return failed("read");
    Header header;
    header.magic = magic;
    header.file_bytes = content->file_bytes;
    header.content_hash = content->hash;
    header.header_hash = hash_of_header(header);
    if (::pwrite(file.id(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) return failed("write");
    if (::fsync(file.id()) != 0) return failed("store");
    return "";
}

std::string put_checkpoint_in_place(const std::filesystem::path& part, const std::filesystem::path& file) {
    const std::filesystem::path previous = previous_checkpoint(file);
    if (::access(file.c_str(), F_OK) == 0) {
        ::unlink(previous.c_str());
        const bool kept = ::link(file.c_str(), previous.c_str()) == 0 ||
                          ::rename(file.c_str(), previous.c_str()) == 0;  // no hard links here
        if (!kept) return failed("keep the one before");
    }
    if (::rename(part.c_str(), file.c_str()) != 0) return failed("rename");
    const Descriptor folder(file.has_parent_path() ? file.parent_path() : ".", O_RDONLY);
    // EINVAL: a file system that has no need of it, or cannot do it for folders.
    if (folder.id() < 0 || (::fsync(folder.id()) != 0 && errno != EINVAL)) return failed("store the folder");
    return "";
}

InputError refused_checkpoint(const std::filesystem::path& file, const std::string& why) {
    std::error_code error;
    const std::filesystem::path previous = previous_checkpoint(file);
    const bool has_previous = std::filesystem::exists(previous, error);
    return InputError("cannot resume from " + file.string() + " (" + why + "); " +
                      (has_previous ? "resume from " + previous.string() + ", the checkpoint before"
                                    : "name another checkpoint, or start the run anew"));
}

void verify_checkpoint(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) throw refused_checkpoint(file, "it is a folder");
    const Descriptor descriptor(file, O_RDONLY | O_NONBLOCK);
    if (descriptor.id() < 0) throw refused_checkpoint(file, std::strerror(errno));
    Header header;
    const ssize_t got = ::pread(descriptor.id(), &header, sizeof header, 0);
    if (got < 0) throw refused_checkpoint(file, std::strerror(errno));
    const bool marked = got >= static_cast<ssize_t>(magic.size()) && header.magic == magic;
    if (!marked) throw refused_checkpoint(file, "it is no checkpoint of parley");
    if (got < static_cast<ssize_t>(sizeof header)) throw refused_checkpoint(file, "it is cut off");
    if (header.header_hash != hash_of_header(header)) throw refused_checkpoint(file, "its header is damaged");
    if (header.version != format_version) {
        throw refused_checkpoint(file, "it has format " + std::to_string(header.version) +
                                           ", and this program reads format " + std::to_string(format_version));
    }
    const auto content = content_of(descriptor.id());
    if (!content) throw refused_checkpoint(file, std::strerror(errno));
    if (content->file_bytes != header.file_bytes) {
        throw refused_checkpoint(file, "it has " + std::to_string(content->file_bytes) + " of " +
                                           std::to_string(header.file_bytes) + " bytes");
    }
    if (content->hash != header.content_hash) throw refused_checkpoint(file, "it is damaged: its checksum is another");
}

}  // namespace parley
