"""Latencies are sums of independent one-way delays, each min_latency + LogNormal(median, sigma), and constants."""
from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bounds import check_histogram, check_mean, check_poisson
from parley_runs import run_seeds
from static_network import INDIFFERENT, INSTANT_REGISTRY, STATIC


def distribution_of_sum(terms: int, median: float, sigma: float, constant: float, longest: float = 8.0):
    """Distribution function of `terms` log-normal times plus a constant, by convolution on a grid of 1/16 ms."""
    step = 1 / 16000
    cells = int(longest / step)
    mass = np.diff(stats.lognorm.cdf(step * np.arange(cells + 1), sigma, scale=median))
    size = 1 << (cells * terms).bit_length()
    total = np.cumsum(np.fft.irfft(np.fft.rfft(mass, size) ** terms, size)[:cells])
    # Cell k stands for times about (k + terms / 2) * step.
    at = constant + step * (np.arange(cells) + terms / 2 + 0.5)
    return lambda x: np.interp(x, at, total, left=0.0, right=1.0)


@pytest.mark.parametrize("minimum, median, sigma", [(0.005, 0.030, 0.5), (0.020, 0.080, 1.0)])
def test_discovery_takes_two_delays(tmp_path, minimum, median, sigma):
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": 20, "query.min_quality": 1,
                "registry.candidates": 2, "peers.workflow_rate": 5, "network.min_latency": f"{minimum * 1000:g}ms",
                "network.median_latency": f"{median * 1000:g}ms", "network.sigma": sigma,
                "run.duration": "2020s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    law = distribution_of_sum(2, median, sigma, 2 * minimum)
    counts = result.histograms["discovery_latency"]
    check_histogram(counts, result.edges, law, "discovery latency")
    assert counts.sum() > 190_000
    # Percentiles come from the histogram: within a bin of the law's.
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        exact = float(np.interp(share, law(result.edges), result.edges))
        assert result[f"discovery_latency_{name}"] == pytest.approx(exact, rel=10 ** (1 / 50) - 1)


def test_a_query_adds_its_service_time(tmp_path):
    """100 ms of service, so rarely asked for (once in 1,000 s) that nobody waits."""
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": 2, "registry.candidates": 1, "query.min_quality": 1,
                "peers.workflow_rate": 0.0005, "registry.query_time": "100ms", "descriptor.ttl": "10000000s",
                "reputation.epoch": "10000000s", "output.interval": "1000000s", "output.histogram_interval": "1000000s",
                "output.flush_interval": "10000000s", "run.duration": "50000000s", "run.warmup": "0s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_histogram(result.histograms["discovery_latency"], result.edges,
                    distribution_of_sum(2, 0.030, 0.5, 0.010 + 0.100), "discovery latency")


def test_a_canary_takes_two_delays_and_its_execution(tmp_path):
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": 20, "registry.candidates": 8, "policy.name": "tier2",
                "peers.workflow_rate": 5, "canary.pass_nominal": 1, "canary.exec_time": "40ms",
                "run.duration": "1020s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_histogram(result.histograms["canary_latency"], result.edges,
                    distribution_of_sum(2, 0.030, 0.5, 0.010 + 0.040), "canary latency")


def test_canaries_sent_together_take_as_long_as_one(tmp_path):
    """Also where answers come when the step has gone on to another candidate, and that one was busy. Executions of 2 s:
    hardly a step ends before all answers have come."""
    settings = {**STATIC, **INSTANT_REGISTRY, "policy.name": "tier2", "canary.parallel": 4,
                "capability.classes": "work:2s", "execution.queue_capacity": 0, "canary.exec_time": "40ms",
                "peers.workflow_rate": 0.2, "run.duration": "520s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result.messages["busy"] > 500
    check_histogram(result.histograms["canary_latency"], result.edges,
                    distribution_of_sum(2, 0.030, 0.5, 0.010 + 0.040), "canary latency")


def test_a_workflow_of_one_step_takes_four_delays_and_its_execution(tmp_path):
    """Executions of 1 us at 20 providers, drawn uniformly: hardly one in a million waits."""
    settings = {**STATIC, **INDIFFERENT, **INSTANT_REGISTRY, "peers.count": 20, "registry.candidates": 19,
                "peers.workflow_rate": 5, "run.duration": "1020s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_histogram(result.histograms["end_to_end_latency"], result.edges,
                    distribution_of_sum(4, 0.030, 0.5, 0.020 + 1e-6), "end-to-end latency")


@pytest.mark.parametrize("fraction", [0, 0.3])
def test_honest_peers_start_workflows_by_a_poisson_process(tmp_path, fraction):
    peers, rate, seeds = 100, 0.05, range(1, 31)
    settings = {**STATIC, "peers.count": peers, "adversary.fraction": fraction, "peers.workflow_rate": rate,
                "run.duration": "560s", "run.warmup": "60s"}
    results = run_seeds(tmp_path, settings, seeds)
    per_second = peers * (1 - fraction) * rate
    started = np.concatenate([r.series["workflows_started"] for r in results])
    assert len(started) == 500 * len(seeds)
    check_poisson(int(started.sum()), per_second * len(started), "workflows started")
    # Variance of the counts in one second is their mean (index of dispersion, chi-squared).
    statistic = ((started - started.mean()) ** 2).sum() / started.mean()
    tail = stats.chi2.cdf(statistic, len(started) - 1)
    assert 0.5e-5 < tail < 1 - 0.5e-5, "the counts in a second are not Poisson"
    check_mean([np.corrcoef(r.series["workflows_started"][:-1], r.series["workflows_started"][1:])[0, 1]
                for r in results], -1 / 499, "correlation of neighbouring seconds")
