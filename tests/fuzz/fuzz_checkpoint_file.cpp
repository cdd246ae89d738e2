// The header of checkpoints: whatever the bytes, an InputError or a file whose header is right in every field; and a
// file that was sealed is accepted, and refused with any byte of it changed or missing. What HDF5 makes of a file comes
// behind the checksum, and is not ours to fuzz.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "engine/checkpoint_file.hpp"
#include "engine/error.hpp"
#include "tests/fuzz/temporary_file.hpp"

namespace parley {

namespace {

bool is_accepted(const std::string& bytes) {
    static const std::string file = temporary_file(".checkpoint");
    std::ofstream(file, std::ios::binary) << bytes;
    try {
        verify_checkpoint(file);
        return true;
    } catch (const InputError&) {
        return false;
    }
}

std::string sealed(const std::string& content) {
    static const std::string file = temporary_file(".checkpoint.part");
    std::ofstream(file, std::ios::binary) << std::string(checkpoint_header_bytes, '\0') << content;
    if (!seal_checkpoint(file).empty()) std::abort();
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::uint64_t number_at(const std::string& bytes, std::size_t place) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + place, sizeof number);
    return number;
}

}  // namespace

}  // namespace parley

// NOLINTNEXTLINE(readability-identifier-naming): it is libFuzzer that names it.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace parley;
    const std::string bytes(data, data + size);
    if (is_accepted(bytes)) {
        if (size < checkpoint_header_bytes || number_at(bytes, 32) != size) std::abort();
    }
    if (size < 4) return 0;
    std::uint32_t chosen = 0;
    std::memcpy(&chosen, data, sizeof chosen);
    const std::string good = sealed(bytes.substr(4));
    if (!is_accepted(good)) std::abort();
    std::string bad = good;
    const std::size_t place = chosen / 8 % bad.size();
    bad[place] = static_cast<char>(bad[place] ^ (1 << chosen % 8));
    if (is_accepted(bad) || is_accepted(good.substr(0, place))) std::abort();
    return 0;
}
