#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <numeric>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/checkpoint.hpp"
#include "engine/error.hpp"
#include "engine/transport.hpp"

namespace parley {
namespace {

class Hdf5Checkpoint : public testing::Test {
   protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "checkpoint-XXXXXX";
        folder_ = mkdtemp(pattern.data());
        file_ = folder_ / "run.checkpoint";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    // Bytes that differ from one another, `seed` after `seed`.
    static Bytes some_bytes(std::size_t count, std::uint64_t seed) {
        Bytes bytes(count);
        for (std::size_t i = 0; i < count; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            bytes[i] = static_cast<std::byte>(seed >> 56);
        }
        return bytes;
    }
    void write(std::uint64_t seed) const {
        const auto writer = make_hdf5_checkpoint_writer(file_, {{"name", "value " + std::to_string(seed)}});
        writer->begin("model");
        writer->append(some_bytes(100, seed));
        writer->finish();
    }
    static std::string name_in(const std::filesystem::path& file) {
        return open_hdf5_checkpoint(file)->texts().at("name");
    }

    std::string content() const {
        std::ifstream stream(file_, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void replace(const std::string& bytes) const {
        std::ofstream(file_, std::ios::binary | std::ios::trunc)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    std::string refusal() const {
        try {
            open_hdf5_checkpoint(file_);
        } catch (const InputError& error) {
            return error.what();
        }
        return "";
    }

    std::filesystem::path folder_;
    std::filesystem::path file_;
};

TEST_F(Hdf5Checkpoint, GivesBackSectionsOfAnySize) {
    const std::vector<std::size_t> sizes{0, 1, 262143, 262144, 262145, 1000000};
    const auto writer = make_hdf5_checkpoint_writer(file_, {});
    for (const std::size_t size : sizes) {
        writer->begin("part/" + std::to_string(size));
        const Bytes bytes = some_bytes(size, size + 1);
        // In pieces of another size than anything within.
        for (std::size_t at = 0; at < size; at += 777) {
            writer->append(std::span(bytes).subspan(at, std::min<std::size_t>(777, size - at)));
        }
    }
    writer->finish();
    const auto reader = open_hdf5_checkpoint(file_);
    for (const std::size_t size : {sizes[5], sizes[0], sizes[2], sizes[1], sizes[4], sizes[3]}) {
        EXPECT_EQ(reader->open("part/" + std::to_string(size)), size);
        Bytes bytes(size);
        reader->read(bytes);
        EXPECT_EQ(bytes, some_bytes(size, size + 1));
        Bytes beyond(1);
        EXPECT_THROW(reader->read(beyond), std::runtime_error);
    }
    EXPECT_THROW(reader->open("missing"), std::runtime_error);
}

TEST_F(Hdf5Checkpoint, KeepsTheLastTwo) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) write(seed);
    EXPECT_EQ(name_in(file_), "value 3");
    EXPECT_EQ(name_in(previous_checkpoint(file_)), "value 2");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
    remove_checkpoints(file_);
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(Hdf5Checkpoint, LeavesTheLastTwoWhenItIsNotFinished) {
    for (const std::uint64_t seed : {1U, 2U}) write(seed);
    {
        const auto writer = make_hdf5_checkpoint_writer(file_, {});
        writer->begin("model");
        writer->append(some_bytes(1000, 5));
    }
    EXPECT_EQ(name_in(file_), "value 2");
    EXPECT_EQ(name_in(previous_checkpoint(file_)), "value 1");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
}

TEST_F(Hdf5Checkpoint, SaysAtTheEndWhatFailed) {
    const auto writer = make_hdf5_checkpoint_writer(folder_ / "missing" / "run.checkpoint", {});
    writer->begin("model");
    writer->append(some_bytes(1000000, 5));
    EXPECT_THROW(writer->finish(), OutputError);
}

TEST_F(Hdf5Checkpoint, EqualStateGivesEqualFiles) {
    write(1);
    const std::string first = content();
    write(1);
    EXPECT_EQ(content(), first);
}

TEST_F(Hdf5Checkpoint, EveryDamagedByteIsNoticed) {
    write(1);
    const std::string good = content();
    for (std::size_t at = 0; at < good.size(); at += at < 600 ? 1 : 97) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
        replace(bad);
        EXPECT_NE(refusal().find(at < 24 ? "no checkpoint of parley" : "damaged"), std::string::npos) << at;
    }
    replace(good);
    EXPECT_EQ(refusal(), "");
}

TEST_F(Hdf5Checkpoint, EveryCutIsNoticed) {
    write(1);
    const std::string good = content();
    for (std::size_t size = 0; size < good.size(); size += 101) {
        replace(good.substr(0, size));
        EXPECT_NE(refusal(), "") << size;
    }
    replace(good + '\0');
    EXPECT_NE(refusal(), "");
}

// As a program of the future would write it: everything right but the number of the format.
TEST_F(Hdf5Checkpoint, AnotherFormatIsRefusedByItsNumber) {
    write(1);
    std::string future = content();
    const std::uint32_t version = 3;
    std::memcpy(future.data() + 24, &version, sizeof version);
    const std::uint64_t hash = XXH3_64bits(future.data(), 504);
    std::memcpy(future.data() + 504, &hash, sizeof hash);
    replace(future);
    EXPECT_NE(refusal().find("it has format 3, and this program reads format 2"), std::string::npos) << refusal();
}

TEST_F(Hdf5Checkpoint, ForeignFilesAreRefused) {
    replace("");
    EXPECT_NE(refusal().find("no checkpoint"), std::string::npos);
    replace("\x89HDF\r\n\x1a\n" + std::string(1000, 'x'));
    EXPECT_NE(refusal().find("no checkpoint"), std::string::npos);
    std::filesystem::remove(file_);
    EXPECT_NE(refusal().find("No such file"), std::string::npos);
    std::filesystem::create_directory(file_);
    EXPECT_NE(refusal().find("it is a folder"), std::string::npos);
}

}  // namespace
}  // namespace parley
