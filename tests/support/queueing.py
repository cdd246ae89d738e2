"""Waiting times of the single-server queue with Poisson arrivals (M/G/1), from the Pollaczek-Khinchine formula.

The waiting time is a geometric sum: W = R_1 + ... + R_n with P(n) = (1 - rho) rho^n, and R the residual service
time, of density (1 - F(x)) / E[S]. So E[W] = rate E[S^2] / (2 (1 - rho)), and P(W = 0) = 1 - rho.
"""
from __future__ import annotations

import math
from typing import Callable

import numpy as np
from scipy import stats


def mean_wait(rate: float, mean: float, second_moment: float) -> float:
    return rate * second_moment / (2 * (1 - rate * mean))


def wait_bounds(rho: float, residual: Callable[[np.ndarray], np.ndarray], at: float, cells: int = 1 << 14
                ) -> tuple[float, float]:
    """Bounds on P(W <= at): residual times rounded up and down to a grid, and the geometric sum solved exactly
    on it (w_k = (1 - rho) [k = 0] + rho sum_j r_j w_{k-j}, by the power series of 1 / (1 - rho r))."""
    step = at / cells
    below = residual(step * np.arange(cells + 2))
    mass = np.diff(below)
    answers = []
    for masses in (np.concatenate(([0.0], mass)), mass):  # rounded up: later; rounded down: earlier
        answers.append((1 - rho) * reciprocal(1.0 - rho * masses[0], -rho * masses[1:cells + 1], cells + 1).sum())
    return answers[0], answers[1]


def reciprocal(head: float, tail: np.ndarray, n: int) -> np.ndarray:
    """The first n coefficients of 1 / (head + tail_1 z + tail_2 z^2 ...), by Newton's iteration."""
    series = np.concatenate(([head], tail))
    inverse = np.array([1.0 / head])
    while len(inverse) < n:
        size = min(2 * len(inverse), n)
        product = np.convolve(series[:size], inverse)[:size] if size < 64 else fast(series[:size], inverse)[:size]
        correction = -product
        correction[0] += 2.0
        inverse = fast(inverse, correction)[:size]
    return inverse


def fast(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    size = 1 << (len(a) + len(b) - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size), size)[:len(a) + len(b) - 1]


def residual_of_constants(services: list[float], rates: list[float]) -> Callable[[np.ndarray], np.ndarray]:
    """Residual service time when requests of constant service times come at these rates."""
    load = sum(s * r for s, r in zip(services, rates))
    return lambda x: sum(r * np.minimum(x, s) for s, r in zip(services, rates)) / load


def residual_of_lognormal(median: float, sigma: float) -> Callable[[np.ndarray], np.ndarray]:
    mean = median * math.exp(sigma**2 / 2)

    def distribution(x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            z = np.log(x / median) / sigma
        return x * stats.norm.sf(z) / mean + stats.norm.cdf(z - sigma)

    return distribution


def md1_wait(rho: float, service: float, at: float) -> float:
    """P(W <= at) of M/D/1 (Erlang 1909)."""
    rate, total = rho / service, 0.0
    for k in range(int(at / service) + 1):
        y = rate * (at - k * service)
        total += (-y) ** k / math.factorial(k) * math.exp(y)
    return (1 - rho) * total
