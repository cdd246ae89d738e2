// What a signature covers: the content of a message as a string of bytes that is the same on every machine.
//
// The string is the kind of the message (2 bytes), its receiver (4), then its fields in order, integers with the
// lowest byte first. Ground truth that only metrics use is not part of it. The issuer is not named: its key is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "models/agentic/messages.hpp"

namespace parley::agentic {

class ByteString {
   public:
    template <class Integer>
    ByteString& add(Integer value) {
        static_assert(std::is_integral_v<Integer>);
        const auto bits = static_cast<std::uint64_t>(value);
        for (std::size_t i = 0; i < sizeof value; ++i) bytes_[size_++] = static_cast<std::uint8_t>(bits >> (8 * i));
        return *this;
    }
    ByteString& add(const TaskName& name) {
        return add(name.workflow).add(name.step).add(name.rank).add(name.capability_class);
    }
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }

   private:
    static constexpr std::size_t longest = 32;
    std::array<std::uint8_t, longest> bytes_{};
    std::size_t size_ = 0;
};

inline ByteString head_of(EventKind kind, std::uint32_t receiver) {
    ByteString string;
    return string.add(code(kind)).add(receiver);
}

// The receiver, a shard, says which class the descriptor is for.
inline ByteString canonical(std::uint32_t receiver, const RegisterDescriptor& message) {
    return head_of(EventKind::register_descriptor, receiver)
        .add(message.peer)
        .add(std::uint8_t{message.degraded})
        .add(std::uint8_t{message.newest})
        .add(message.quality)
        .add(message.issued);
}

inline ByteString canonical(std::uint32_t receiver, const CanaryResponse& message) {
    return head_of(EventKind::canary_response, receiver).add(message.name).add(message.passed).add(message.due);
}

// The receipt of an evidence package.
inline ByteString canonical(std::uint32_t receiver, const Result& message) {
    return head_of(EventKind::result, receiver).add(message.name).add(message.good);
}

inline ByteString canonical(std::uint32_t receiver, const Commit& message) {
    return head_of(EventKind::commit, receiver).add(message.name);
}

inline ByteString canonical(std::uint32_t receiver, const Committed& message) {
    return head_of(EventKind::committed, receiver).add(message.name);
}

inline ByteString canonical(std::uint32_t receiver, const Report& message) {
    return head_of(EventKind::report, receiver).add(message.ratee).add(message.good);
}

}  // namespace parley::agentic
