#include "models/agreement.hpp"

#include <cstring>

#include "engine/error.hpp"

namespace parley {

namespace {

// FNV-1a: enough to tell texts apart that nobody forged.
std::uint64_t digest_of(const std::string& text) {
    std::uint64_t digest = 0xCBF29CE484222325ULL;
    for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return digest;
}

}  // namespace

void agree_on(Transport& transport, const std::string& problem, const std::string& input, const std::string& subject,
              const std::string& advice) {
    const std::uint64_t mine = digest_of(input);
    Bytes message(sizeof mine + problem.size());
    std::memcpy(message.data(), &mine, sizeof mine);
    if (!problem.empty()) std::memcpy(message.data() + sizeof mine, problem.data(), problem.size());
    const std::vector<Bytes> all = transport.gather_all(message);
    for (const Bytes& theirs : all) {
        if (theirs.size() == sizeof mine) continue;
        throw InputError(
            std::string(reinterpret_cast<const char*>(theirs.data()) + sizeof mine, theirs.size() - sizeof mine));
    }
    for (std::size_t rank = 1; rank < all.size(); ++rank) {
        if (all[rank] == all[0]) continue;
        throw InputError("rank " + std::to_string(rank) + " has another " + subject + " than rank 0; " + advice);
    }
}

}  // namespace parley
