#include "engine/result_seal.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.hpp"

namespace parley {

namespace {

using Digest = std::array<unsigned char, crypto_hash_sha256_BYTES>;

class OpenFile {
   public:
    explicit OpenFile(const std::filesystem::path& file)
        : file_(file), descriptor_(::open(file.c_str(), O_RDWR | O_CLOEXEC)) {
        if (descriptor_ < 0) fail("open");
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    // Of what lies behind the seal.
    Digest digest() const {
        crypto_hash_sha256_state state;
        crypto_hash_sha256_init(&state);
        std::vector<unsigned char> buffer(std::size_t{1} << 20);
        for (off_t from = seal_bytes;;) {
            const ssize_t got = ::pread(descriptor_, buffer.data(), buffer.size(), from);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) fail("read");
            if (got == 0) break;
            crypto_hash_sha256_update(&state, buffer.data(), static_cast<std::size_t>(got));
            from += got;
        }
        Digest digest;
        crypto_hash_sha256_final(&state, digest.data());
        return digest;
    }

    // The line, and zeros up to the end of the seal.
    void write_seal(std::string_view line) const {
        std::array<char, seal_bytes> block{};
        line.copy(block.data(), block.size());
        for (std::span<const char> rest = block; !rest.empty();) {
            const ssize_t put =
                ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(block.size() - rest.size()));
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) fail("write");
            rest = rest.subspan(static_cast<std::size_t>(put));
        }
    }

   private:
    [[noreturn]] void fail(const char* action) const {
        const bool full = errno == ENOSPC || errno == EDQUOT;
        throw OutputError(std::string("cannot ") + action + " " + file_.string() + " (" + std::strerror(errno) + "); " +
                          (full ? "free space on the device" : "check the file system") +
                          ", or choose another folder with --output");
    }

    std::filesystem::path file_;
    int descriptor_;
};

std::string hexadecimal(const Digest& digest) {
    std::string text;
    for (const unsigned char byte : digest) {
        for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
    }
    return text;
}

}  // namespace

void write_open_seal(const std::filesystem::path& part) {
    OpenFile(part).write_seal("Parley result, not complete: the run has not ended\n");
}

void seal_result(const std::filesystem::path& part) {
    const OpenFile file(part);
    file.write_seal("Parley result, complete; SHA-256 from byte 513 on: " + hexadecimal(file.digest()) + "\n");
}

}  // namespace parley
