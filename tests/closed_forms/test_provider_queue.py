"""Waiting at a provider: M/G/1 with log-normal service.

Every requester has all the others as candidates and draws one uniformly, so each provider gets its own Poisson
stream of tasks, all at the same rate.
"""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bounds import (check_histogram, check_mean, check_mean_between, check_mean_within, histogram_means,
                    share_below)
from parley_runs import run_seeds
from queueing import md1_wait, mean_wait, residual_of_lognormal, wait_bounds
from static_network import INDIFFERENT, STATIC


@pytest.mark.parametrize("rho, sigma", [(0.6, 0.5), (0.5, 1.0)])
def test_tasks_wait_as_in_mg1(tmp_path, rho, sigma):
    peers, median = 33, 1.0
    mean, second = median * math.exp(sigma**2 / 2), median**2 * math.exp(2 * sigma**2)
    settings = {**STATIC, **INDIFFERENT, "capability.classes": "work:1s", "execution.sigma": sigma,
                "peers.count": peers, "registry.candidates": peers - 1, "peers.workflow_rate": rho / mean,
                "run.duration": "2300s", "run.warmup": "300s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    assert all(r.messages["busy"] == 0 for r in results)
    waits = [r.histograms["queue_wait_latency"] for r in results]
    edges = results[0].edges
    means = [histogram_means(w, edges) for w in waits]
    check_mean_between([low for low, _ in means], [high for _, high in means], mean_wait(rho / mean, mean, second),
                       "mean wait")
    check_mean([w[0] / w.sum() for w in waits], 1 - rho, "share that never waits")
    for at in (0.3, 1.0, 3.0, 6.0):
        edge, _ = share_below(waits[0], edges, at)
        low, high = wait_bounds(rho, residual_of_lognormal(median, sigma), edge)
        check_mean_within([share_below(w, edges, at)[1] for w in waits], low, high,
                          f"share that waits less than {edge:.4g} s")
    # The service times themselves; tasks of all runs are independent.
    check_histogram(sum(r.histograms["execution_latency"] for r in results), edges,
                    lambda x: stats.lognorm.cdf(x, sigma, scale=median), "execution times")


def mean_waits(tmp_path, rho, sigma):
    """The least and the greatest mean wait that the histograms allow, a pair a seed; service of mean 1 s."""
    peers = 33
    settings = {**STATIC, **INDIFFERENT, "capability.classes": f"work:{math.exp(-sigma**2 / 2):.9f}s",
                "execution.sigma": sigma, "peers.count": peers, "registry.candidates": peers - 1,
                "peers.workflow_rate": rho, "run.duration": "900s", "run.warmup": "200s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    return results, [histogram_means(r.histograms["queue_wait_latency"], r.edges) for r in results]


def test_constant_tasks_wait_as_in_md1(tmp_path):
    """rho / (2 (1 - rho)) service times on average, and Erlang's distribution."""
    rho = 0.6
    results, means = mean_waits(tmp_path, rho, 0)
    check_mean_between([low for low, _ in means], [high for _, high in means], rho / (2 * (1 - rho)), "mean wait")
    waits = [r.histograms["queue_wait_latency"] for r in results]
    for at in (0.3, 0.8, 2.0):
        edge, _ = share_below(waits[0], results[0].edges, at)
        check_mean([share_below(w, results[0].edges, at)[1] for w in waits], md1_wait(rho, 1.0, edge),
                   f"share that waits less than {edge:.4g} s")


def test_tasks_as_variable_as_exponential_ones_wait_as_long_as_in_mm1(tmp_path):
    """The mean wait depends on the first two moments of the service time only: a log-normal time whose standard
    deviation is its mean (sigma^2 = ln 2) waits rho / (1 - rho) service times, as an exponential one."""
    rho = 0.5
    _, means = mean_waits(tmp_path, rho, math.sqrt(math.log(2)))
    check_mean_between([low for low, _ in means], [high for _, high in means], rho / (1 - rho), "mean wait")


@pytest.mark.parametrize("capacity", [0, 2])
def test_a_full_provider_turns_tasks_away(tmp_path, capacity):
    """Two peers, each the other's only provider: M/G/1 with `capacity` places and one in service loses, for
    capacity 0 (Erlang's loss system, whatever the service law), rho / (1 + rho) of the tasks; for constant service
    and capacity 2 the embedded chain gives the share."""
    rate, service = 0.8, 1.0
    settings = {**STATIC, **INDIFFERENT, "capability.classes": "work:1s", "execution.queue_capacity": capacity,
                "peers.count": 2, "registry.candidates": 1, "peers.workflow_rate": rate, "run.duration": "2100s",
                "run.warmup": "100s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    shares = [r.reasons["busy"] / (r["workflows_success"] + r["workflows_compromised"] + r["workflows_failed"])
              for r in results]
    check_mean(shares, loss_of_md1(rate * service, capacity + 1), "tasks turned away")
    assert all(abs(r.messages["busy"] - r.reasons["busy"]) <= 5 for r in results)


def loss_of_md1(rho: float, places: int) -> float:
    """Share of the arrivals lost by M/D/1 with room for `places`, the one in service included: from the chain of
    numbers left behind at departures, pi; the loss is 1 - 1 / (pi_0 + rho)."""
    arrivals = stats.poisson.pmf(np.arange(places), rho)
    chain = np.zeros((places, places))
    for left in range(places):
        waiting = max(left - 1, 0)  # behind the one that starts service
        for more in range(places - waiting - 1):
            chain[left, waiting + more] = arrivals[more]
        chain[left, places - 1] = 1 - chain[left].sum()
    pi = np.full(places, 1 / places)
    for _ in range(2000):
        pi = pi @ chain
    return float(1 - 1 / (pi[0] + rho))
