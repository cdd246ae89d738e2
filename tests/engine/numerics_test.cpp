// Portable exp, log and normal quantile against the C library's long double functions and published values.
#include "engine/numerics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace parley {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64, "the reference needs more digits than double has");

// |got - wanted| / |wanted|
long double relative_error(double got, long double wanted) { return std::fabs((got - wanted) / wanted); }

TEST(PortableExp, IsWithinFourUnitsOf1e16OverItsRange) {
    long double worst = 0;
    constexpr int steps = 200'000;
    for (int i = 0; i <= steps; ++i) {
        const double x = -700.0 + 1400.0 * i / steps;
        worst = std::max(worst, relative_error(portable_exp(x), std::exp(static_cast<long double>(x))));
    }
    EXPECT_LT(worst, 4e-16L);
}

TEST(PortableExp, IsAsExactNearZeroAndAtHalvesOfLn2) {
    long double worst = 0;
    for (int i = -100'000; i <= 100'000; ++i) {
        const double near_zero = i * 1e-6;
        worst = std::max(worst, relative_error(portable_exp(near_zero), std::exp(static_cast<long double>(near_zero))));
    }
    // Where the rounded multiple of ln 2 changes, the reduced argument is largest.
    for (int k = -1000; k <= 1000; ++k) {
        for (const double nudge : {-1e-9, 0.0, 1e-9}) {
            const double x = (k + 0.5) * 0.69314718055994530942 + nudge;
            worst = std::max(worst, relative_error(portable_exp(x), std::exp(static_cast<long double>(x))));
        }
    }
    EXPECT_LT(worst, 4e-16L);
    EXPECT_EQ(portable_exp(0.0), 1.0);
}

TEST(PortableExp, GivesPublishedValues) {
    EXPECT_LT(relative_error(portable_exp(1.0), 2.718281828459045235360287L), 4e-16L);
    EXPECT_LT(relative_error(portable_exp(-1.0), 0.367879441171442321595524L), 4e-16L);
    EXPECT_LT(relative_error(portable_exp(10.0), 22026.46579480671651695790L), 4e-16L);
}

// Documented: relative error below 1e-15, absolute error near 1 (where log x is near 0) 3e-16.
void expect_log_is_exact(double x) {
    const long double wanted = std::log(static_cast<long double>(x));
    const long double bound = std::max(1e-15L * std::fabs(wanted), 3e-16L);
    ASSERT_LE(std::fabs(portable_log(x) - wanted), bound) << "x = " << x;
}

TEST(PortableLog, IsExactFromTheLeastToTheLargestNormalNumber) {
    for (int exponent = -1022; exponent <= 1023; ++exponent) {
        for (int i = 0; i < 100; ++i) expect_log_is_exact(std::ldexp(1.0 + i / 100.0, exponent));
    }
    expect_log_is_exact(std::numeric_limits<double>::min());
    expect_log_is_exact(std::numeric_limits<double>::max());
}

TEST(PortableLog, IsExactAroundOneAndInTheUnitInterval) {
    for (int i = 1; i <= 200'000; ++i) expect_log_is_exact(i * 1e-5);  // (0, 2]
    for (int i = -100'000; i <= 100'000; ++i) expect_log_is_exact(1.0 + i * 1e-9);
    // The smallest and the largest number that a random stream gives.
    expect_log_is_exact(0x1.0p-54);
    expect_log_is_exact(std::nextafter(1.0, 0.0));
    EXPECT_EQ(portable_log(1.0), 0.0);
}

TEST(PortableLog, GivesPublishedValues) {
    EXPECT_LT(relative_error(portable_log(2.0), 0.693147180559945309417232L), 1e-15L);
    EXPECT_LT(relative_error(portable_log(10.0), 2.302585092994045684017991L), 1e-15L);
    EXPECT_LT(relative_error(portable_log(0.5), -0.693147180559945309417232L), 1e-15L);
}

TEST(InverseNormal, GivesPublishedQuantiles) {
    const struct {
        double p;
        long double z;
    } published[] = {
        // Wichura 1988 checks AS 241 by the first three.
        {0.25, -0.6744897501960817432022L}, {0.001, -3.0902323061678135415404L}, {1e-20, -9.2623400897984062165892L},
        {0.975, 1.9599639845400542355246L}, {0.95, 1.6448536269514727148639L},   {0.99, 2.3263478740408411008857L},
        {0.9, 1.2815515655446004353312L},   {0.1, -1.2815515655446004353312L},   {0.75, 0.6744897501960817432022L},
        {0.8413447460685429485852, 1.0L},
    };
    // The quantile of the double nearest to p differs from that of p itself by up to 1.2e-15 at these p.
    for (const auto& row : published) EXPECT_LT(relative_error(inverse_normal(row.p), row.z), 3e-15L) << row.p;
    EXPECT_EQ(inverse_normal(0.5), 0.0);
}

// The error of z as the distance of its own probability from p, over the density: no quantile function is needed.
long double quantile_error(double p) {
    const long double z = inverse_normal(p);
    const long double sqrt_half = std::sqrt(0.5L);
    const long double density = std::exp(-0.5L * z * z) / std::sqrt(8 * std::atan(1.0L));
    const long double distance = p < 0.25   ? 0.5L * std::erfc(-z * sqrt_half) - p
                                 : p > 0.75 ? (1.0L - p) - 0.5L * std::erfc(z * sqrt_half)
                                            : 0.5L * std::erf(z * sqrt_half) - (p - 0.5L);
    return std::fabs(distance / density / z);
}

TEST(InverseNormal, IsWithin2e15OfTheTrueQuantile) {
    long double worst = 0;
    for (int i = 1; i < 200'000; ++i) {
        if (i != 100'000) worst = std::max(worst, quantile_error(i / 200'000.0));
    }
    EXPECT_LT(worst, 2e-15L);
}

TEST(InverseNormal, IsWithin2e15InTheTails) {
    long double worst = 0;
    for (int i = 1; i <= 16 * 100; ++i) {  // 10^-0.01 .. 10^-16: the least number of a random stream is 5.6e-17
        const double p = std::pow(10.0, -i / 100.0);
        if (p == 0.5) continue;
        worst = std::max(worst, quantile_error(p));
    }
    worst = std::max(worst, quantile_error(0x1.0p-54));
    worst = std::max(worst, quantile_error(std::nextafter(1.0, 0.0)));
    EXPECT_LT(worst, 2e-15L);
}

TEST(InverseNormal, IsAntisymmetricAndGrows) {
    double before = inverse_normal(0x1.0p-54);
    for (int i = 1; i < 4096; ++i) {
        const double p = i / 4096.0;  // 1 - p is exact
        EXPECT_EQ(inverse_normal(1.0 - p), -inverse_normal(p));
        EXPECT_GT(inverse_normal(p), before);
        before = inverse_normal(p);
    }
}

TEST(PortableGamma, IsWithin1e13OverItsRange) {
    long double worst = 0;
    for (double x = 0.01; x <= 50; x += 0.003) {
        worst = std::max(worst, relative_error(portable_gamma(x), std::tgamma(static_cast<long double>(x))));
    }
    EXPECT_LT(worst, 1e-13L);
    EXPECT_NEAR(portable_gamma(3), 2, 1e-13);
    EXPECT_NEAR(portable_gamma(0.5), 1.7724538509055160273, 1e-13);  // sqrt(pi)
}

}  // namespace
}  // namespace parley
