// State to bytes and back, from one list of fields: a class that is part of a checkpoint has
//
//   template <class Archive>
//   void transfer(Archive& archive) { archive(first, second, third); }
//
// and the same list writes and reads. What is listed: numbers, enumerations, times, arrays and vectors of these, and
// classes with a transfer() of their own. `Archive::reading` tells which way it goes where that matters.
//
// What is read may be damaged: a transfer() checks with expect_state() every number that decides how much memory is
// taken, how often something is repeated, or which element of something is meant.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "engine/transport.hpp"

namespace parley {

// The bytes of a value are the value: no padding, no pointers.
template <class T>
concept PlainValue = std::is_floating_point_v<T> ||
    (std::is_trivially_copyable_v<T>&& std::has_unique_object_representations_v<T> && !std::is_pointer_v<T>);

// For state that has been read: std::runtime_error unless `possible`.
inline void expect_state(bool possible) {
    if (possible) return;
    throw std::runtime_error(
        "the state in the checkpoint is not laid out as this program expects; resume it "
        "with the program that wrote it");
}

class ArchiveWriter {
   public:
    static constexpr bool reading = false;

    template <class... Values>
    void operator()(Values&... values) {
        (put(values), ...);
    }
    void append(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    Bytes& bytes() { return bytes_; }

   private:
    template <class T>
    void put(T& value) {
        if constexpr (requires { value.transfer(*this); }) {
            value.transfer(*this);
        } else {
            static_assert(PlainValue<T>, "give it a transfer() that lists its fields");
            append(std::as_bytes(std::span(&value, 1)));
        }
    }
    template <class T, std::size_t Size>
    void put(std::array<T, Size>& values) {
        put_all(std::span<T>(values));
    }
    template <class T, class Allocator>
    void put(std::vector<T, Allocator>& values) {
        std::uint64_t size = values.size();
        put(size);
        put_all(std::span<T>(values));
    }
    template <class T>
    void put_all(std::span<T> values) {
        if constexpr (PlainValue<T>) {
            append(std::as_bytes(values));
        } else {
            for (T& value : values) put(value);
        }
    }

    Bytes bytes_;
};

// Reads what an ArchiveWriter wrote; std::runtime_error when there is less than is asked for.
class ArchiveReader {
   public:
    static constexpr bool reading = true;

    explicit ArchiveReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <class... Values>
    void operator()(Values&... values) {
        (get(values), ...);
    }
    std::span<const std::byte> take(std::uint64_t bytes) {
        expect_state(bytes <= rest_.size());
        const auto taken = rest_.first(bytes);
        rest_ = rest_.subspan(bytes);
        return taken;
    }
    bool at_end() const { return rest_.empty(); }
    // To be called before room is made for `count` elements of `bytes_each` that are to be read.
    void expect(std::uint64_t count, std::size_t bytes_each) const { expect_state(count <= rest_.size() / bytes_each); }
    // To be called when everything has been read.
    void expect_end() const { expect_state(rest_.empty()); }

   private:
    template <class T>
    void get(T& value) {
        if constexpr (requires { value.transfer(*this); }) {
            value.transfer(*this);
        } else if constexpr (std::is_same_v<T, bool>) {
            const auto byte = std::to_integer<unsigned>(take(1).front());
            expect_state(byte <= 1);
            value = byte == 1;
        } else {
            static_assert(PlainValue<T>, "give it a transfer() that lists its fields");
            std::memcpy(&value, take(sizeof value).data(), sizeof value);
        }
    }
    template <class T, std::size_t Size>
    void get(std::array<T, Size>& values) {
        get_all(std::span<T>(values));
    }
    template <class T, class Allocator>
    void get(std::vector<T, Allocator>& values) {
        std::uint64_t size = 0;
        get(size);
        expect(size, PlainValue<T> ? sizeof(T) : 1);  // an element has a byte at least
        values.resize(size);
        get_all(std::span<T>(values));
    }
    template <class T>
    void get_all(std::span<T> values) {
        if constexpr (PlainValue<T> && !std::is_same_v<T, bool>) {
            const auto bytes = take(values.size_bytes());
            if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
        } else {
            for (T& value : values) get(value);
        }
    }

    std::span<const std::byte> rest_;
};

}  // namespace parley
