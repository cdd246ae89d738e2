// Where results may go is checked before a run; a complete result begins with a line that has its SHA-256.
#include "engine/result_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/error.hpp"
#include "engine/result_seal.hpp"

namespace parley {
namespace {

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class ResultFileTest : public testing::Test {
   protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "parley_result_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        file_ = folder_ / "result.h5";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    // What check_output says; "DIR" stands for the folder.
    std::string error_of(const std::filesystem::path& file, bool force = false) const {
        try {
            check_output(file, force);
        } catch (const InputError& error) {
            std::string message = error.what();
            for (auto at = message.find(folder_.string()); at != std::string::npos;
                 at = message.find(folder_.string())) {
                message.replace(at, folder_.string().size(), "DIR");
            }
            return message;
        }
        return "no error";
    }

    std::filesystem::path folder_, file_;
};

TEST_F(ResultFileTest, AcceptsANewFileAndWritesNothing) {
    EXPECT_EQ(error_of(file_), "no error");
    EXPECT_EQ(error_of("relative_name.h5"), "no error");
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(ResultFileTest, RefusesAnExistingFileWithoutForce) {
    std::ofstream(file_) << "precious";
    EXPECT_EQ(error_of(file_),
              "DIR/result.h5 exists (a result is never overwritten unasked); choose another file with --output, or "
              "pass --force to replace it");
    EXPECT_EQ(error_of(file_, true), "no error");
    EXPECT_EQ(content_of(file_), "precious");
}

TEST_F(ResultFileTest, RefusesAMissingFolder) {
    EXPECT_EQ(
        error_of(folder_ / "none" / "x.h5", true),
        "cannot write DIR/none/x.h5 (DIR/none does not exist); create the folder or choose another with --output");
    std::ofstream(file_) << "a file";
    EXPECT_EQ(error_of(file_ / "x.h5"),
              "cannot write DIR/result.h5/x.h5 (DIR/result.h5 is not a folder); create the folder or choose another "
              "with --output");
}

TEST_F(ResultFileTest, RefusesAFolderThatCannotBeWritten) {
    ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
    // Root may write everywhere: be somebody else meanwhile.
    constexpr uid_t nobody = 65534;
    const uid_t user = ::geteuid();
    if (user == 0) {
        ASSERT_EQ(::seteuid(nobody), 0);
    }
    const std::string message = error_of(file_);
    ASSERT_EQ(::seteuid(user), 0);
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    EXPECT_EQ(message, "cannot write DIR/result.h5 (DIR: Permission denied); choose another folder with --output");
}

TEST_F(ResultFileTest, RefusesFoldersDevicesAndEmptyNames) {
    EXPECT_EQ(error_of(folder_, true), "cannot write DIR (it is a folder); name a file in it with --output");
    EXPECT_EQ(error_of("", true), "the output \"\" names no file; choose one with --output FILE");
    EXPECT_EQ(error_of("/dev/null", true),
              "cannot write /dev/null (it is not a regular file); choose another with --output");
}

TEST_F(ResultFileTest, RefusesAFileThatAnotherRunIsWriting) {
    // As HDF5 locks what it writes; a lock is of the open file, not of the process.
    const int writer = ::open(part_of(file_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::flock(writer, LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(error_of(file_, true),
              "another run is writing DIR/result.h5.part; wait for it, or choose another file with --output");
    ::close(writer);
    EXPECT_EQ(error_of(file_, true), "no error");
}

TEST_F(ResultFileTest, IsSealedWithTheDigestOfWhatLiesBehindTheSeal) {
    std::ofstream(file_) << std::string(seal_bytes, 'x') << "abc";
    write_open_seal(file_);
    const std::string open = content_of(file_);
    EXPECT_EQ(open.substr(seal_bytes), "abc");
    EXPECT_EQ(open.substr(0, open.find('\0')), "Parley result, not complete: the run has not ended\n");
    seal_result(file_);
    const std::string sealed = content_of(file_);
    EXPECT_EQ(sealed.size(), seal_bytes + 3);
    EXPECT_EQ(sealed.substr(seal_bytes), "abc");
    // The example of FIPS 180-2, appendix B.1.
    EXPECT_EQ(sealed.substr(0, sealed.find('\0')),
              "Parley result, complete; SHA-256 from byte 513 on: "
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
    EXPECT_EQ(sealed.find_first_not_of('\0', sealed.find('\n') + 1), seal_bytes);
}

TEST_F(ResultFileTest, SaysWhichFileCannotBeSealed) {
    try {
        seal_result(file_);
        ADD_FAILURE() << "sealed a file that does not exist";
    } catch (const OutputError& error) {
        EXPECT_EQ(std::string(error.what()),
                  "cannot open " + file_.string() +
                      " (No such file or directory); check the file system, or choose another folder with --output");
    }
}

}  // namespace
}  // namespace parley
