"""The queueing formulas themselves, against other known results."""
import numpy as np
import pytest

from queueing import mean_wait, md1_wait, residual_of_constants, residual_of_lognormal, wait_bounds


@pytest.mark.parametrize("rho", [0.3, 0.8])
@pytest.mark.parametrize("at", [0.4, 1.0, 2.7, 6.0])
def test_geometric_sum_agrees_with_erlangs_formula_for_constant_service(rho, at):
    low, high = wait_bounds(rho, residual_of_constants([1.0], [rho]), at)
    assert low <= md1_wait(rho, 1.0, at) + 1e-9 and md1_wait(rho, 1.0, at) <= high + 1e-9
    assert high - low < 2e-3


def test_exponential_service_gives_the_known_exponential_tail():
    low, high = wait_bounds(0.7, lambda x: 1 - np.exp(-x), 2.0)
    assert low <= 1 - 0.7 * np.exp(-0.3 * 2.0) <= high


def test_residual_of_lognormal_agrees_with_numerical_integration():
    from scipy import integrate, stats
    median, sigma, at = 2.0, 0.8, 3.0
    law = stats.lognorm(sigma, scale=median)
    expected = integrate.quad(law.sf, 0, at)[0] / law.mean()
    assert residual_of_lognormal(median, sigma)(np.array([at]))[0] == pytest.approx(expected, abs=1e-9)


def test_mean_wait_of_exponential_service():
    assert mean_wait(0.5, 1.0, 2.0) == pytest.approx(1.0)
