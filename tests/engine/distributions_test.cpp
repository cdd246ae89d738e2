// Random variates have the laws and take the numbers of draws that their comments promise.
#include "engine/distributions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace parley {
namespace {

using Variate = std::function<double(RandomStream&)>;

RandomStream stream_for(std::uint32_t item) { return RandomStream(2024, EntityId{17}, 3, item); }

std::vector<double> sample(std::uint32_t item, int n, const Variate& variate) {
    RandomStream stream = stream_for(item);
    std::vector<double> values(static_cast<std::size_t>(n));
    for (double& value : values) value = variate(stream);
    return values;
}

// Kolmogorov-Smirnov: sqrt(n) times the largest distance between the sample's distribution function and `cdf`.
// Values above 2.5 have a chance of 2 exp(-2 * 2.5^2) = 7e-6.
double kolmogorov_smirnov(std::vector<double> values, const std::function<double(double)>& cdf) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double distance = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double p = cdf(values[i]);
        distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
    }
    return distance * std::sqrt(n);
}
constexpr double ks_bound = 2.5;
constexpr int sample_size = 50'000;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// Gamma of whole shape k: 1 - e^-x sum_{i<k} x^i / i!.
double erlang_cdf(int shape, double x) {
    double term = std::exp(-x);
    double above = 0;
    for (int i = 0; i < shape; ++i) {
        above += term;
        term *= x / (i + 1);
    }
    return 1 - above;
}

// Five standard errors about the closed forms of mean and variance; `fourth`: fourth central moment.
void expect_moments(const std::vector<double>& values, double mean, double variance, double fourth) {
    const auto n = static_cast<double>(values.size());
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
        sum += value;
        squares += (value - mean) * (value - mean);
    }
    EXPECT_NEAR(sum / n, mean, 5 * std::sqrt(variance / n));
    EXPECT_NEAR(squares / n, variance, 5 * std::sqrt((fourth - variance * variance) / n));
}

// How many numbers a call takes from its stream.
int draws_of(RandomStream stream, const Variate& variate) {
    RandomStream after = stream;
    variate(after);
    const std::uint64_t next = after.bits();
    for (int draws = 0; draws < 1000; ++draws) {
        if (stream.bits() == next) return draws;
    }
    return -1;
}

TEST(Distributions, TakeOneDraw) {
    const Variate variates[] = {
        [](RandomStream& s) { return bernoulli(s, 0.5) ? 1.0 : 0.0; },
        [](RandomStream& s) { return exponential(s, 2); }, [](RandomStream& s) { return normal(s); },
        [](RandomStream& s) { return log_normal(s, 2, 0.5); }, [](RandomStream& s) { return gumbel(s); }};
    for (const Variate& variate : variates) {
        for (std::uint32_t item = 0; item < 100; ++item) ASSERT_EQ(draws_of(stream_for(item), variate), 1);
    }
}

TEST(Bernoulli, IsTrueWithItsProbability) {
    for (const double p : {0.01, 0.3, 0.98}) {
        double hits = 0;
        RandomStream stream = stream_for(1);
        for (int i = 0; i < sample_size; ++i) hits += bernoulli(stream, p) ? 1 : 0;
        EXPECT_NEAR(hits / sample_size, p, 5 * std::sqrt(p * (1 - p) / sample_size));
    }
}

TEST(Bernoulli, IsCertainAtZeroAndOne) {
    RandomStream stream = stream_for(2);
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_FALSE(bernoulli(stream, 0));
        ASSERT_TRUE(bernoulli(stream, 1));
    }
}

TEST(Exponential, HasItsMeanAndLaw) {
    const auto values = sample(3, sample_size, [](RandomStream& s) { return exponential(s, 2.5); });
    expect_moments(values, 2.5, 6.25, 9 * 6.25 * 6.25);
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return 1 - std::exp(-x / 2.5); }), ks_bound);
}

TEST(Normal, HasItsMomentsAndLaw) {
    const auto values = sample(4, sample_size, [](RandomStream& s) { return normal(s); });
    expect_moments(values, 0, 1, 3);
    EXPECT_LT(kolmogorov_smirnov(values, normal_cdf), ks_bound);
}

TEST(LogNormal, HasItsMedianMomentsAndLaw) {
    constexpr double median = 30;
    constexpr double sigma = 0.5;
    const auto values = sample(5, sample_size, [](RandomStream& s) { return log_normal(s, median, sigma); });
    // With w = e^(sigma^2): variance = median^2 w (w - 1), kurtosis w^4 + 2 w^3 + 3 w^2 - 3.
    const double w = std::exp(sigma * sigma);
    const double variance = median * median * w * (w - 1);
    expect_moments(values, median * std::sqrt(w), variance,
                   variance * variance * (std::pow(w, 4) + 2 * std::pow(w, 3) + 3 * w * w - 3));
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return normal_cdf(std::log(x / median) / sigma); }), ks_bound);
}

TEST(LogNormal, IsItsMedianWithoutSpread) {
    RandomStream stream = stream_for(6);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(log_normal(stream, 3.25, 0), 3.25);
}

TEST(Gumbel, HasItsMomentsAndLaw) {
    const auto values = sample(7, sample_size, [](RandomStream& s) { return gumbel(s); });
    const double variance = std::pow(std::acos(-1.0), 2) / 6;
    expect_moments(values, 0.57721566490153286, variance, 5.4 * variance * variance);
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return std::exp(-std::exp(-x)); }), ks_bound);
}

TEST(Gamma, HasItsMomentsAndLawForWholeShapes) {
    for (const int shape : {1, 2, 3, 18}) {
        const auto values = sample(10 + static_cast<std::uint32_t>(shape), sample_size,
                                   [&](RandomStream& s) { return gamma_variate(s, shape); });
        expect_moments(values, shape, shape, 3.0 * shape * shape + 6.0 * shape);
        EXPECT_LT(kolmogorov_smirnov(values, [&](double x) { return erlang_cdf(shape, x); }), ks_bound) << shape;
    }
}

TEST(Gamma, HasItsMomentsAndLawForShapeOneHalf) {
    const auto values = sample(8, sample_size, [](RandomStream& s) { return gamma_variate(s, 0.5); });
    expect_moments(values, 0.5, 0.5, 3 * 0.25 + 3);
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return std::erf(std::sqrt(x)); }), ks_bound);
}

TEST(Gamma, TakesTwoDrawsATryAndOneMoreBelowShapeOne) {
    for (const double shape : {0.5, 1.0, 3.0, 18.0}) {
        constexpr int n = 5000;
        double tries = 0;
        for (std::uint32_t item = 0; item < n; ++item) {
            int draws = draws_of(stream_for(item), [&](RandomStream& s) { return gamma_variate(s, shape); });
            if (shape < 1) --draws;
            ASSERT_GE(draws, 2);
            ASSERT_EQ(draws % 2, 0);
            tries += 0.5 * draws;
        }
        // Marsaglia and Tsang 2000: more than 95 % of the tries are accepted for shapes from 1 on, hence tries are
        // geometric with variance below 0.06.
        EXPECT_LT(tries / n, 1 / 0.95 + 5 * std::sqrt(0.06 / n)) << shape;
    }
}

TEST(Beta, HasItsMomentsAndLaw) {
    const auto values = sample(9, sample_size, [](RandomStream& s) { return beta_variate(s, 18, 2); });
    // Mean 0.9, variance 36 / (400 * 21); fourth central moment from the excess kurtosis
    // 6 ((a-b)^2 (a+b+1) - a b (a+b+2)) / (a b (a+b+2) (a+b+3)).
    const double variance = 36.0 / 8400.0;
    const double excess = 6 * (256.0 * 21 - 36 * 22) / (36.0 * 22 * 23);
    expect_moments(values, 0.9, variance, (3 + excess) * variance * variance);
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return 19 * std::pow(x, 18) * (1 - x) + std::pow(x, 19); }),
              ks_bound);
}

TEST(Beta, HasTheArcsineLawForHalves) {
    const auto values = sample(10, sample_size, [](RandomStream& s) { return beta_variate(s, 0.5, 0.5); });
    EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return 2 / std::acos(-1.0) * std::asin(std::sqrt(x)); }),
              ks_bound);
}

// Gammas of so small a shape are mostly below the smallest double. Shares from the incomplete beta function (SciPy).
TEST(Beta, HasItsLawForSmallShapes) {
    const auto share = [](const std::vector<double>& values, auto&& holds) {
        return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) /
               static_cast<double>(values.size());
    };
    const auto both = sample(11, sample_size, [](RandomStream& s) { return beta_variate(s, 0.01, 0.01); });
    const auto one = sample(12, sample_size, [](RandomStream& s) { return beta_variate(s, 0.01, 2); });
    for (const auto* values : {&both, &one}) {
        EXPECT_EQ(share(*values, [](double x) { return x >= 0 && x <= 1; }), 1.0);
    }
    const double n = sample_size;
    const auto bound = [&](double p) { return 5 * std::sqrt(p * (1 - p) / n); };
    EXPECT_NEAR(share(both, [](double x) { return x < 0.5; }), 0.5, bound(0.5));
    EXPECT_NEAR(share(both, [](double x) { return x < 1e-9; }), 0.40648, bound(0.40648));
    EXPECT_NEAR(share(one, [](double x) { return x < 1e-3; }), 0.94258, bound(0.94258));
    EXPECT_NEAR(share(one, [](double x) { return x > 0.9; }), 5.41e-5, bound(5.41e-5));
}

TEST(FillGumbel, GivesTheSameAsOneByOne) {
    for (const std::size_t count : {0U, 1U, 8U, 33U}) {
        RandomStream together = stream_for(98);
        RandomStream one_by_one = stream_for(98);
        std::vector<double> values(count);
        fill_gumbel(together, values);
        for (const double value : values) ASSERT_EQ(value, gumbel(one_by_one));
        EXPECT_EQ(together.bits(), one_by_one.bits());
    }
}

TEST(FillNormal, GivesTheSameAsOneByOne) {
    for (const std::size_t count : {0U, 1U, 7U, 32U, 255U, 256U, 257U, 1000U}) {
        RandomStream together = stream_for(99);
        RandomStream one_by_one = stream_for(99);
        std::vector<double> values(count);
        fill_normal(together, values);
        for (const double value : values) ASSERT_EQ(value, normal(one_by_one));
        EXPECT_EQ(together.bits(), one_by_one.bits());  // as many draws
    }
}

TEST(Weibull, HasItsDistributionFunction) {
    for (const double shape : {0.38, 0.5, 1.0, 3.0}) {
        const auto values = sample(91, sample_size, [&](RandomStream& s) { return weibull(s, shape, 5000); });
        const auto cdf = [&](double x) { return 1 - std::exp(-std::pow(x / 5000, shape)); };
        EXPECT_LT(kolmogorov_smirnov(values, cdf), ks_bound) << shape;
    }
}

// Shape 1/2, scale 5000 s: mean 5000 Gamma(3) = 10,000 s, median 5000 (ln 2)^2 = 2402.3 s.
TEST(Weibull, HasTheMeanAndTheMedianOfKadSessions) {
    auto values = sample(92, 400'000, [](RandomStream& s) { return weibull(s, 0.5, 5000); });
    const auto n = static_cast<double>(values.size());
    double sum = 0;
    for (const double value : values) sum += value;
    EXPECT_NEAR(sum / n, 10'000, 5 * 5000 * std::sqrt(20 / n));  // variance: scale^2 (Gamma(5) - Gamma(3)^2)
    std::sort(values.begin(), values.end());
    // Density at the median: 1/2 * (1/2) (median/scale)^(-1/2) / scale.
    const double density = 0.25 / 0.69314718 / 5000;
    EXPECT_NEAR(values[values.size() / 2], 2402.265, 5 * 0.5 / density / std::sqrt(n));
}

// A residual time has the density e^-(x/scale)^shape / mean. Shape 1/2: P(R <= x) = 1 - (1 + y) e^-y, y =
// sqrt(x/scale).
TEST(WeibullResidual, HasTheEquilibriumLaw) {
    const auto kad = sample(93, sample_size, [](RandomStream& s) { return weibull_residual(s, 0.5, 5000); });
    EXPECT_LT(kolmogorov_smirnov(kad, [](double x) { return erlang_cdf(2, std::sqrt(x / 5000)); }), ks_bound);
    const auto memoryless = sample(94, sample_size, [](RandomStream& s) { return weibull_residual(s, 1, 600); });
    EXPECT_LT(kolmogorov_smirnov(memoryless, [](double x) { return 1 - std::exp(-x / 600); }), ks_bound);
    // Shape 2: the positive half of a normal law, since the density is e^-x^2.
    const auto half = sample(95, sample_size, [](RandomStream& s) { return weibull_residual(s, 2, 1); });
    EXPECT_LT(kolmogorov_smirnov(half, [](double x) { return std::erf(x); }), ks_bound);
}

// E[X^2] / (2 E[X]) = 24 scale^2 / (4 scale) = 30,000 s, three times the mean on-time.
TEST(WeibullResidual, IsLongerThanAWholeTimeOfTheSameLaw) {
    const auto values = sample(96, 400'000, [](RandomStream& s) { return weibull_residual(s, 0.5, 5000); });
    const auto n = static_cast<double>(values.size());
    double sum = 0;
    for (const double value : values) sum += value;
    EXPECT_NEAR(sum / n, 30'000, 5 * 5000 * std::sqrt(84 / n));  // E[y^4] - E[y^2]^2 = 120 - 36, y ~ Gamma(2)
}

}  // namespace
}  // namespace parley
