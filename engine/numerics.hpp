// exp, log, gamma and the inverse of the normal distribution function from plain IEEE additions, multiplications
// and divisions: the same bits on every machine and with every C library, which libm does not promise.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace parley {

// e^x for |x| <= 700; relative error below 4e-16.
inline double portable_exp(double x) {
    constexpr double log2_e = 1.4426950408889634074;
    constexpr double ln2_high = 6.93147180369123816490e-01;  // 32 bits: k * ln2_high is exact
    constexpr double ln2_low = 1.90821492927058770002e-10;
    constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
    const double k = (x * log2_e + round_magic) - round_magic;
    const double r = (x - k * ln2_high) - k * ln2_low;  // |r| <= ln(2)/2
    // Taylor to r^13 (remainder below 5e-18), paired so that the chain of dependent operations is short.
    const double r2 = r * r;
    const double r4 = r2 * r2;
    const double p0 = 1.0 + r;
    const double p1 = 1.0 / 2 + r * (1.0 / 6);
    const double p2 = 1.0 / 24 + r * (1.0 / 120);
    const double p3 = 1.0 / 720 + r * (1.0 / 5040);
    const double p4 = 1.0 / 40320 + r * (1.0 / 362880);
    const double p5 = 1.0 / 3628800 + r * (1.0 / 39916800);
    const double p6 = 1.0 / 479001600 + r * (1.0 / 6227020800.0);
    const double low = p0 + r2 * p1;
    const double middle = p2 + r2 * p3;
    const double high = (p4 + r2 * p5) + r4 * p6;
    const double sum = low + r4 * (middle + r4 * high);
    const auto bits =
        std::bit_cast<std::uint64_t>(sum) + (static_cast<std::uint64_t>(static_cast<std::int64_t>(k)) << 52);
    return std::bit_cast<double>(bits);
}

// Natural logarithm of a positive normal number; relative error below 1e-15 (absolute near 1: 3e-16).
inline double portable_log(double x) {
    constexpr double ln2_high = 6.93147180369123816490e-01;
    constexpr double ln2_low = 1.90821492927058770002e-10;
    constexpr std::uint64_t sqrt_half_bits = 0x3FE6A09E667F3BCDULL;
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
    // x = 2^k * m with m in [sqrt(1/2), sqrt(2))
    const std::int64_t k = static_cast<std::int64_t>(bits - sqrt_half_bits) >> 52;
    const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
    // log m = 2 atanh(s), s = (m-1)/(m+1), |s| <= 0.1716
    const double f = m - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double z2 = z * z;
    const double z4 = z2 * z2;
    const double tail = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9)) +
                        z4 * ((2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17)) + z4 * (2.0 / 19));
    const double dk = static_cast<std::int32_t>(k);  // which more machines convert several at once
    return dk * ln2_high + (2.0 * s + (s * (z * tail) + dk * ln2_low));
}

// Gamma(x) for x in [0.01, 50]; relative error below 1e-13. Stirling's series beyond 12, recurrence up to there
// (Abramowitz and Stegun 1964, 6.1.40 and 6.1.15).
inline double portable_gamma(double x) {
    constexpr double log_sqrt_2_pi = 0.91893853320467274178;
    double product = 1.0;
    for (; x < 12.0; x += 1.0) product *= x;
    const double r = 1.0 / x;
    const double r2 = r * r;
    const double series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 / 1188))));
    return portable_exp((x - 0.5) * portable_log(x) - x + log_sqrt_2_pi + series) / product;
}

// Where the middle of the normal distribution ends, for inverse_normal: |p - 1/2|.
inline constexpr double normal_middle = 0.425;

// inverse_normal(q + 1/2) for |q| <= normal_middle.
inline double inverse_normal_middle(double q) {
    const double r = 0.180625 - q * q;
    const double numerator =
        (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r +
             4.5921953931549871457e4) *
                r +
            1.3731693765509461125e4) *
               r +
           1.9715909503065514427e3) *
              r +
          1.3314166789178437745e2) *
             r +
         3.3871328727963666080e0);
    const double denominator =
        (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r +
             2.1213794301586595867e4) *
                r +
            5.3941960214247511077e3) *
               r +
           6.8718700749205790830e2) *
              r +
          4.2313330701600911252e1) *
             r +
         1.0);
    return q * numerator / denominator;
}

// Where the far tail begins: below e^-25.
inline constexpr double normal_far_tail = 1.3887943864964021e-11;

// The quantile of 1 - p for p between normal_far_tail and 1/2 - normal_middle: positive.
inline double inverse_normal_tail(double p) {
    double r = std::sqrt(-portable_log(p));
    r -= 1.6;
    const double numerator =
        (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r +
             1.27045825245236838258e0) *
                r +
            3.64784832476320460504e0) *
               r +
           5.76949722146069140550e0) *
              r +
          4.63033784615654529590e0) *
             r +
         1.42343711074968357734e0);
    const double denominator =
        (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r +
             1.48103976427480074590e-1) *
                r +
            6.89767334985100004550e-1) *
               r +
           1.67638483018380384940e0) *
              r +
          2.05319162663775882187e0) *
             r +
         1.0);
    return numerator / denominator;
}

// z with P(Z <= z) = p for a standard normal Z, 0 < p < 1; relative error about 1e-15.
// Wichura 1988, algorithm AS 241 (PPND16).
inline double inverse_normal(double p) {
    const double q = p - 0.5;
    if (q <= normal_middle && q >= -normal_middle) return inverse_normal_middle(q);
    const double tail = q < 0 ? p : 1.0 - p;
    if (tail >= normal_far_tail) return q < 0 ? -inverse_normal_tail(tail) : inverse_normal_tail(tail);
    double r = std::sqrt(-portable_log(tail));
    r -= 5.0;
    const double numerator =
        (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r +
             2.65321895265761230930e-2) *
                r +
            2.96560571828504891230e-1) *
               r +
           1.78482653991729133580e0) *
              r +
          5.46378491116411436990e0) *
             r +
         6.65790464350110377720e0);
    const double denominator =
        (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r +
             7.86869131145613259100e-4) *
                r +
            1.48753612908506148525e-2) *
               r +
           1.36929880922735805310e-1) *
              r +
          5.99832206555887937690e-1) *
             r +
         1.0);
    const double z = numerator / denominator;
    return q < 0 ? -z : z;
}

}  // namespace parley
