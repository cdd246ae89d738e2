// An array that is written before it is read: its memory comes from a memory resource (huge pages, say) and is not
// initialised.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <type_traits>
#include <utility>

namespace parley::kernels {

template <class Value>
class LargeArray {
    static_assert(std::is_trivially_copyable_v<Value> && std::is_trivially_destructible_v<Value>);

   public:
    explicit LargeArray(std::pmr::memory_resource* memory) : memory_(memory) {}
    LargeArray(std::size_t size, const Value& value, std::pmr::memory_resource* memory) : memory_(memory) {
        renew(size);
        std::fill_n(values_, size, value);
    }
    LargeArray(LargeArray&& other) noexcept
        : memory_(other.memory_),
          values_(std::exchange(other.values_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    LargeArray& operator=(LargeArray&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(values_, other.values_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~LargeArray() { release(); }

    // Makes it `size` long; its values are then undefined. Memory is kept when it shrinks, and has room for half as
    // much again when it grows: fresh pages cost more than what is written to them.
    void renew(std::size_t size) {
        if (size > capacity_) {
            const std::size_t room = capacity_ == 0 ? size : size + size / 2;
            release();
            values_ = static_cast<Value*>(memory_->allocate(room * sizeof(Value), alignof(Value)));
            capacity_ = room;
        }
        size_ = size;
    }

    std::size_t size() const { return size_; }
    Value* data() { return values_; }
    const Value* data() const { return values_; }
    Value& operator[](std::size_t i) { return values_[i]; }
    const Value& operator[](std::size_t i) const { return values_[i]; }
    std::span<Value> span() { return {values_, size_}; }
    std::span<const Value> span() const { return {values_, size_}; }

   private:
    void release() {
        if (values_ != nullptr) memory_->deallocate(values_, capacity_ * sizeof(Value), alignof(Value));
        values_ = nullptr;
        capacity_ = 0;
    }

    std::pmr::memory_resource* memory_;
    Value* values_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace parley::kernels
