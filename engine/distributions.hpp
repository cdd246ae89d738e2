// Random variates on a RandomStream, made only of portable arithmetic. Each says how many 64-bit draws it takes.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/numerics.hpp"
#include "engine/random_stream.hpp"

namespace parley {

// One draw.
inline bool bernoulli(RandomStream& stream, double probability) { return stream.uniform() < probability; }

// Exponential with the given mean; one draw.
inline double exponential(RandomStream& stream, double mean) { return -mean * portable_log(stream.uniform()); }

// Standard normal; one draw.
inline double normal(RandomStream& stream) { return inverse_normal(stream.uniform()); }

// Many standard normals, faster than one by one and the same; one draw each.
void fill_normal(RandomStream& stream, std::span<double> out);

// median * e^(sigma Z); one draw.
inline double log_normal(RandomStream& stream, double median, double sigma) {
    return median * portable_exp(sigma * normal(stream));
}

// Standard Gumbel (maximum): -log(-log U); one draw.
inline double gumbel(RandomStream& stream) { return -portable_log(-portable_log(stream.uniform())); }

// Gamma with shape 1 at least and scale 1. Marsaglia and Tsang 2000; two draws a try, about 1.05 tries.
inline double gamma_variate_above_1(RandomStream& stream, double shape) {
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        const double x = normal(stream);
        const double u = stream.uniform();
        const double t = 1.0 + c * x;
        if (t <= 0) continue;
        const double v = t * t * t;
        if (portable_log(u) < 0.5 * x * x + d - d * v + d * portable_log(v)) return d * v;
    }
}

// A gamma variate as value * e^log_factor: with a small shape it may be too small for a double.
struct ScaledGamma {
    double value;
    double log_factor;
    // 0 when too small.
    double number(double log_scale = 0) const { return value * exp_or_zero(log_factor - log_scale); }

   private:
    static double exp_or_zero(double x) { return x < -700 ? 0.0 : portable_exp(x); }
};

// Gamma with the given shape (> 0) and scale 1; one draw more when shape < 1.
inline ScaledGamma scaled_gamma_variate(RandomStream& stream, double shape) {
    if (shape >= 1.0) return {gamma_variate_above_1(stream, shape), 0.0};
    const double log_factor = portable_log(stream.uniform()) / shape;
    return {gamma_variate_above_1(stream, shape + 1.0), log_factor};
}
inline double gamma_variate(RandomStream& stream, double shape) { return scaled_gamma_variate(stream, shape).number(); }

// Weibull with the given shape (0.1 to 10) and scale: P(X > x) = e^-(x/scale)^shape; one draw.
inline double weibull(RandomStream& stream, double shape, double scale) {
    return scale * portable_exp(portable_log(-portable_log(stream.uniform())) / shape);
}

// What is left of a Weibull time that one looks into at a random moment (the equilibrium law of a renewal process):
// density e^-(x/scale)^shape / mean, so (x/scale)^shape ~ Gamma(1/shape). Draws of gamma_variate.
inline double weibull_residual(RandomStream& stream, double shape, double scale) {
    return scale * portable_exp(portable_log(gamma_variate(stream, 1.0 / shape)) / shape);
}

// Many standard Gumbels, faster than one by one and the same; one draw each.
void fill_gumbel(RandomStream& stream, std::span<double> out);

// Beta(a, b), a and b > 0, as a ratio of gammas.
inline double beta_variate(RandomStream& stream, double a, double b) {
    const ScaledGamma x = scaled_gamma_variate(stream, a);
    const ScaledGamma y = scaled_gamma_variate(stream, b);
    // Where both are too small it is their ratio that counts.
    const double larger = std::max(x.log_factor, y.log_factor);
    const double scale = larger < -600 ? larger : 0.0;
    const double share = x.number(scale);
    return share / (share + y.number(scale));
}

}  // namespace parley
