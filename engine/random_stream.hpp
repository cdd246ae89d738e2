// Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11; Random123).
//
// A stream is named by (seed, entity, purpose, item); its numbers are a pure function of that name and
// their position. No state is shared, so no draw depends on how entities are spread over ranks and threads.
#pragma once

#include <Random123/philox.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/entity_id.hpp"

namespace parley {

class RandomStream {
   public:
    // `purpose`: what the numbers are for (the model's own numbering); `item`: which one of a sequence of such
    // uses, for example the number of a message.
    RandomStream(std::uint64_t seed, EntityId entity, std::uint32_t purpose, std::uint32_t item)
        : counter_{{0, item, entity.value, purpose}},
          key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}} {}

    // 64 uniform bits.
    std::uint64_t bits() {
        if (half_ == 0) {
            block_ = r123::Philox4x32()(counter_, key_);
            ++counter_.v[0];
        }
        const std::uint32_t low = block_.v[half_];
        const std::uint32_t high = block_.v[half_ + 1];
        half_ ^= 2;
        return join(low, high);
    }

    // Uniform in the open interval (0, 1): a multiple of 2^-52 plus 2^-53, which a double holds exactly. With one bit
    // more the largest value would round to 1.
    double uniform() { return uniform_of(bits()); }

    // The next numbers of uniform(), faster than one by one.
    void fill_uniform(std::span<double> out) {
        std::size_t i = 0;
        if (half_ != 0 && !out.empty()) out[i++] = uniform();
        for (; i + 2 <= out.size(); i += 2) {
            const auto block = r123::Philox4x32()(counter_, key_);
            ++counter_.v[0];
            out[i] = uniform_of(block.v[0], block.v[1]);
            out[i + 1] = uniform_of(block.v[2], block.v[3]);
        }
        if (i < out.size()) out[i] = uniform();
    }

    // Uniform in [0, n), n > 0; the bias is below n / 2^64.
    std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>((static_cast<unsigned __int128>(bits()) * n) >> 64);
    }

   private:
    static std::uint64_t join(std::uint32_t low, std::uint32_t high) {
        return (static_cast<std::uint64_t>(high) << 32) | low;
    }
    // The conversion is of a signed number, which machines are faster at.
    static double uniform_of(std::uint64_t bits) {
        return (static_cast<double>(static_cast<std::int64_t>(bits >> 12)) + 0.5) * 0x1.0p-52;
    }
    static double uniform_of(std::uint32_t low, std::uint32_t high) { return uniform_of(join(low, high)); }

    r123::Philox4x32::ctr_type counter_;
    r123::Philox4x32::key_type key_;
    r123::Philox4x32::ctr_type block_{};
    unsigned half_ = 0;
};

}  // namespace parley
