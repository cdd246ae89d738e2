// Reading an archive: what is damaged is refused before memory is taken for it.
#include "engine/archive.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace parley {
namespace {

struct Pair {
    std::uint8_t first = 0;
    std::uint32_t second = 0;
    template <class Archive>
    void transfer(Archive& archive) {
        archive(first, second);
    }
};

// An archive of a size alone.
Bytes claim(std::uint64_t size, std::size_t bytes_behind) {
    ArchiveWriter archive;
    archive(size);
    archive.bytes().resize(sizeof size + bytes_behind);
    return archive.bytes();
}

template <class T>
bool is_read(const Bytes& bytes) {
    std::vector<T> values;
    try {
        ArchiveReader archive(bytes);
        archive(values);
    } catch (const std::runtime_error&) {
        return false;
    }
    return true;
}

TEST(Archive, AVectorIsNotMadeLargerThanWhatIsLeftCouldFill) {
    EXPECT_TRUE(is_read<std::uint64_t>(claim(4, 32)));
    EXPECT_FALSE(is_read<std::uint64_t>(claim(5, 32)));
    EXPECT_FALSE(is_read<std::uint64_t>(claim(UINT64_MAX, 32)));
    EXPECT_FALSE(is_read<std::uint64_t>(claim(std::uint64_t{1} << 61, 32)));  // in bytes: 0
    EXPECT_TRUE(is_read<Pair>(claim(4, 20)));
    EXPECT_FALSE(is_read<Pair>(claim(5, 20)));
    EXPECT_FALSE(is_read<Pair>(claim(21, 20)));
}

TEST(Archive, ATruthValueIsZeroOrOne) {
    for (const int byte : {0, 1, 2, 255}) {
        const Bytes bytes{static_cast<std::byte>(byte)};
        ArchiveReader archive(bytes);
        bool value = false;
        if (byte > 1) {
            EXPECT_THROW(archive(value), std::runtime_error) << byte;
        } else {
            archive(value);
            EXPECT_EQ(value, byte == 1);
        }
    }
}

TEST(Archive, RoomIsMadeForNoMoreThanIsLeft) {
    const Bytes bytes(10);
    const ArchiveReader archive(bytes);
    EXPECT_NO_THROW(archive.expect(2, 4));
    EXPECT_THROW(archive.expect(3, 4), std::runtime_error);
    EXPECT_THROW(archive.expect(std::uint64_t{1} << 62, 4), std::runtime_error);  // in bytes: 0
}

}  // namespace
}  // namespace parley
