// An HDF5 file read back with the C API, for tests.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

namespace parley {

// Identifiers left open are closed with the file.
class Hdf5Reader {
   public:
    explicit Hdf5Reader(const std::filesystem::path& file) {
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
        file_ = H5Fopen(file.c_str(), H5F_ACC_RDONLY, access);
        H5Pclose(access);
        EXPECT_GE(file_, 0) << file;
    }
    Hdf5Reader(const Hdf5Reader&) = delete;
    Hdf5Reader& operator=(const Hdf5Reader&) = delete;
    ~Hdf5Reader() { H5Fclose(file_); }

    hid_t open(const std::string& path) const { return H5Oopen(file_, path.c_str(), H5P_DEFAULT); }
    bool has(const std::string& path) const { return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0; }

    std::vector<hsize_t> shape(const std::string& path) const {
        const hid_t space = H5Dget_space(open(path));
        std::vector<hsize_t> extent(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
        H5Sget_simple_extent_dims(space, extent.data(), nullptr);
        return extent;
    }
    template <typename Number>
    std::vector<Number> values(const std::string& path) const {
        const std::vector<hsize_t> extent = shape(path);
        return first_rows<Number>(path, extent.empty() ? 1 : extent[0]);
    }
    // The values of the first `rows` rows, or the value of a scalar.
    template <typename Number>
    std::vector<Number> first_rows(const std::string& path, hsize_t rows) const {
        std::vector<hsize_t> count = shape(path);
        if (!count.empty()) {
            EXPECT_LE(rows, count[0]) << path;
            count[0] = rows;
        }
        if (rows == 0) return {};
        const std::vector<hsize_t> start(count.size(), 0);
        const hid_t dataset = open(path);
        const hid_t source = H5Dget_space(dataset);
        if (!count.empty()) H5Sselect_hyperslab(source, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
        const hid_t target = H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr);
        std::vector<Number> numbers(static_cast<std::size_t>(H5Sget_select_npoints(source)));
        const hid_t type = std::is_same_v<Number, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT64;
        EXPECT_GE(H5Dread(dataset, type, target, source, H5P_DEFAULT, numbers.data()), 0) << path;
        return numbers;
    }
    std::vector<std::string> labels(const std::string& path) const {
        const hid_t dataset = open(path);
        std::vector<char*> texts(shape(path).at(0));
        EXPECT_GE(H5Dread(dataset, H5Dget_type(dataset), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), 0);
        std::vector<std::string> result(texts.begin(), texts.end());
        for (char* characters : texts) H5free_memory(characters);
        return result;
    }
    std::string text(const std::string& path, const std::string& name) const {
        const hid_t attribute = H5Aopen(open(path), name.c_str(), H5P_DEFAULT);
        char* characters = nullptr;
        EXPECT_GE(H5Aread(attribute, H5Aget_type(attribute), &characters), 0) << path << " " << name;
        const std::string result = characters == nullptr ? "" : characters;
        H5free_memory(characters);
        return result;
    }
    template <typename Number>
    Number number(const std::string& path, const std::string& name) const {
        const hid_t attribute = H5Aopen(open(path), name.c_str(), H5P_DEFAULT);
        Number result = 0;
        const hid_t type = std::is_same_v<Number, double>          ? H5T_NATIVE_DOUBLE
                           : std::is_same_v<Number, std::uint64_t> ? H5T_NATIVE_UINT64
                                                                   : H5T_NATIVE_INT;
        EXPECT_GE(H5Aread(attribute, type, &result), 0) << path << " " << name;
        return result;
    }
    bool attached(const std::string& dataset, const std::string& scale, unsigned axis) const {
        return H5DSis_attached(open(dataset), open(scale), axis) > 0;
    }

   private:
    hid_t file_ = H5I_INVALID_HID;
};

}  // namespace parley
