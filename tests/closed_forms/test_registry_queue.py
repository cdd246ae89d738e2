"""Waiting at a registry shard: M/D/1 with queries only, M/G/1 with queries and registrations.

Workflows start by Poisson processes, and a query arrives after a delay of its own, so queries arrive by a Poisson
process too. Waits within a run depend on each other: runs are the independent units.
"""
from __future__ import annotations

import numpy as np
import pytest

from bounds import check_mean, check_mean_between, check_mean_within, histogram_means, share_below
from parley_runs import run_seeds
from queueing import mean_wait, md1_wait, residual_of_constants, wait_bounds
from static_network import INSTANT_REGISTRY, NO_REGISTRATIONS, STATIC

SEEDS = range(1, 31)
# With ten queries to a registration: x of 11 (10 + x^2) = 2 (10 + x)^2.
REGISTER_OVER_QUERY = (40 + 4840**0.5) / 18


def check_waits(results, kind: str, rho: float, mean: float, residual, points) -> None:
    means = [histogram_means(r.histograms[kind], r.edges) for r in results]
    check_mean_between([low for low, _ in means], [high for _, high in means], mean, "mean wait")
    check_mean([r.histograms[kind][0] / r.histograms[kind].sum() for r in results], 1 - rho, "share that never waits")
    for at in points:
        edge, _ = share_below(results[0].histograms[kind], results[0].edges, at)
        shares = [share_below(r.histograms[kind], r.edges, at)[1] for r in results]
        low, high = wait_bounds(rho, residual, edge)
        check_mean_within(shares, low, high, f"share that waits less than {edge:.4g} s")


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_queries_alone_wait_as_in_md1(tmp_path, rho):
    service, peers = 0.05, 100
    rate = rho / service
    settings = {**STATIC, **INSTANT_REGISTRY, **NO_REGISTRATIONS, "registry.query_time": "50ms", "peers.count": peers,
                "peers.workflow_rate": rate / peers, "run.duration": "2200s", "run.warmup": "200s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    check_mean([r["shard_utilisation"] for r in results], rho, "utilisation")
    check_waits(results, "registry_wait_latency", rho, mean_wait(rate, service, service**2),
                residual_of_constants([service], [rate]), [0.02, 0.06, 0.15, 0.4])
    edge, _ = share_below(results[0].histograms["registry_wait_latency"], results[0].edges, 0.1)
    check_mean([share_below(r.histograms["registry_wait_latency"], r.edges, 0.1)[1] for r in results],
               md1_wait(rho, service, edge), "share that waits less, by Erlang's formula")


def test_queries_and_registrations_wait_as_in_mg1(tmp_path):
    """4000 peers register once in 1000 s each, at phases of their own: on the scale of a busy period (about a
    second) that is a Poisson process, to a thousandth. No entry has the quality asked for: workflows end at once."""
    peers, period = 4000, 1000.0
    queries, registrations = 10.0, peers / period
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": peers, "peers.workflow_rate": queries / peers,
                "capability.dimension": 2, "query.min_quality": 1, "registry.query_time": "30ms",
                "registry.register_time": "70ms", "identity.verify_time": "30ms", "descriptor.ttl": f"{2 * period}s",
                "registry.entries_per_shard": 100000, "run.duration": "1000s", "run.warmup": "50s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    rho = queries * 0.03 + registrations * 0.1
    mean = mean_wait(1.0, rho, queries * 0.03**2 + registrations * 0.1**2)
    check_mean([r["shard_utilisation"] for r in results], rho, "utilisation")
    check_waits(results, "registry_wait_latency", rho, mean,
                residual_of_constants([0.03, 0.1], [queries, registrations]), [0.03, 0.1, 0.3])


def test_requests_as_variable_as_exponential_ones_wait_as_long_as_in_mm1(tmp_path):
    """Ten times as many queries of 20 ms as registrations of 121.7 ms: the second moment of the service time is twice
    its squared mean, as of an exponential one, so that the mean wait is that of M/M/1, rho E[S] / (1 - rho)."""
    peers, period = 4000, 2000.0
    registrations = peers / period
    queries, query, register = 10 * registrations, 0.020, 0.020 * REGISTER_OVER_QUERY
    mean = (10 * query + register) / 11
    assert (10 * query**2 + register**2) / 11 == pytest.approx(2 * mean**2, rel=1e-9)
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": peers, "peers.workflow_rate": queries / peers,
                "capability.dimension": 2, "query.min_quality": 1, "registry.query_time": f"{query}s",
                "registry.register_time": f"{register:.9f}s", "descriptor.ttl": f"{2 * period}s",
                "registry.entries_per_shard": 100000, "run.duration": "650s", "run.warmup": "50s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    rho = (queries + registrations) * mean
    means = [histogram_means(r.histograms["registry_wait_latency"], r.edges) for r in results]
    check_mean_between([low for low, _ in means], [high for _, high in means], rho * mean / (1 - rho), "mean wait")


def test_a_shard_with_more_work_than_time_is_busy_all_the_time(tmp_path):
    """80 queries a second of 50 ms each: four times what one shard can serve."""
    settings = {**STATIC, **INSTANT_REGISTRY, **NO_REGISTRATIONS, "registry.query_time": "50ms", "peers.count": 100,
                "peers.workflow_rate": 0.8, "run.duration": "40s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert set(result.series["shard_busy_nanoseconds"][10:]) == {10**9}
    assert result["shard_utilisation"] == 1


def test_the_longest_queue_of_an_interval_has_what_stood_there_before(tmp_path):
    """Requests take 10 s and are rare: in most intervals with a request in service none arrives."""
    settings = {**STATIC, **INSTANT_REGISTRY, **NO_REGISTRATIONS, "registry.query_time": "10s", "peers.count": 100,
                "peers.workflow_rate": 0.0005, "run.duration": "2000s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    longest, arrived, busy = (result.series[name].astype(int)
                              for name in ("longest_queue", "shard_requests", "shard_busy_nanoseconds"))
    assert np.array_equal(longest > 0, busy > 0)
    standing = (longest > 0) & (arrived == 0)
    assert standing.sum() > 300
    # Without arrivals a queue does not grow, and over ten seconds it shrinks by one.
    for row in np.flatnonzero(standing):
        assert longest[row] <= longest[row - 1]
    for row in np.flatnonzero(standing)[:-10]:
        if not arrived[row:row + 11].any():
            assert longest[row + 10] == longest[row] - 1


def test_a_query_costs_time_for_every_live_entry(tmp_path):
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": 500, "registry.query_time": "50us",
                "registry.entry_time": "20ns", "query.min_quality": 1, "run.duration": "110s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    busy = int(result.series["shard_busy_nanoseconds"].sum())
    arrived = int(result.series["shard_requests"].sum() - result.series["registrations"].sum())
    assert busy == arrived * (50_000 + 20 * 500)


@pytest.mark.parametrize("fanout", [1, 3])
def test_a_cell_is_split_and_a_query_asks_fanout_shards(tmp_path, fanout):
    """ceil(1000 / 60) = 17 shards; each query message finds 1000 / 17 entries on average, whatever the split."""
    settings = {**STATIC, **INSTANT_REGISTRY, "peers.count": 1000, "registry.entries_per_shard": 60,
                "registry.fanout": fanout, "registry.entry_time": "1us", "query.min_quality": 1,
                "peers.workflow_rate": 0.1, "run.duration": "60s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert abs(result.messages["query"] - fanout * result["workflows_started"]) == 0
    entries = result.series["shard_busy_nanoseconds"].sum() * 1e-3 / result.messages["query"]
    # Shards are drawn uniformly: sd of entries per shard about sqrt(1000 / 17) by hashing.
    queries = result.messages["query"]
    assert entries == pytest.approx(1000 / 17, abs=5 * np.sqrt(1000 / 17 / queries) + 0.02 * 1000 / 17)
