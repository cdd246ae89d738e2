#include "engine/distributions.hpp"

#include <algorithm>

namespace parley {

namespace {

// All without branches, so that the compiler can take several values at once.
#define PARLEY_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

// z[i] = the quantile of p[i], right where p is in the middle.
PARLEY_WIDE void fill_middle(double* z, const double* p, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) z[i] = inverse_normal_middle(p[i] - 0.5);
}

// The quantiles of 1 - p in the tail.
PARLEY_WIDE void fill_tail(double* z, const double* p, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) z[i] = inverse_normal_tail(p[i]);
}

PARLEY_WIDE void fill_gumbel_of(double* g, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) g[i] = -portable_log(-portable_log(g[i]));
}

}  // namespace

void fill_gumbel(RandomStream& stream, std::span<double> out) {
    stream.fill_uniform(out);
    fill_gumbel_of(out.data(), out.size());
}

void fill_normal(RandomStream& stream, std::span<double> out) {
    constexpr std::size_t at_once = 64;
    double p[at_once];
    double tails[at_once];
    double z[at_once];
    std::uint32_t places[at_once];
    for (std::size_t first = 0; first < out.size(); first += at_once) {
        const auto part = out.subspan(first, std::min(at_once, out.size() - first));
        stream.fill_uniform({p, part.size()});
        fill_middle(part.data(), p, part.size());
        std::size_t count = 0;
        for (std::uint32_t i = 0; i < part.size(); ++i) {
            const double tail = std::min(p[i], 1.0 - p[i]);
            tails[count] = tail;
            places[count] = i;
            count += tail < 0.5 - normal_middle ? 1 : 0;
        }
        fill_tail(z, tails, count);
        for (std::size_t t = 0; t < count; ++t) {
            const double value = p[places[t]];
            const bool far = tails[t] < normal_far_tail;
            part[places[t]] = far ? inverse_normal(value) : value < 0.5 ? -z[t] : z[t];
        }
    }
}

}  // namespace parley
