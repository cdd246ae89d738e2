"""Descriptors in the registry: how many messages they cost, how long they live, how stale they get."""
from __future__ import annotations

import math

import numpy as np
import pytest

from bounds import check_binomial, check_mean
from parley_runs import run_seeds
from static_network import STATIC

QUIET = {**STATIC, "peers.workflow_rate": 0, "registry.candidates": 2}
DELAY = 0.010  # one-way, always the same
FIXED_DELAY = {"network.min_latency": "10ms", "network.median_latency": "0s", "network.sigma": 0,
               "identity.sign_time": "0s"}


def flipped(rate: float, back: float, age: float) -> float:
    """Integral over [0, age] of the probability that a two-state chain is in the other state."""
    total = rate + back
    return rate / total * (age - (1 - math.exp(-total * age)) / total)


def stale_share(mean_here: float, mean_there: float, period: float) -> float:
    """The mean over the ages of an entry, which run from one delay to a refresh period later."""
    rate, back = 1 / mean_here, 1 / mean_there
    return (flipped(rate, back, period + DELAY) - flipped(rate, back, DELAY)) / period


@pytest.mark.parametrize("ttl, nominal, degraded", [(15, 60, 30), (60, 60, 30), (5, 20, 5), (30, 10, 10)])
def test_staleness_is_the_chance_of_a_flip_since_the_last_refresh(tmp_path, ttl, nominal, degraded):
    settings = {**QUIET, **FIXED_DELAY, "peers.count": 400, "descriptor.ttl": f"{ttl}s", "drift.kind": "two_state",
                "drift.mean_nominal": f"{nominal}s", "drift.mean_degraded": f"{degraded}s",
                "run.duration": "300s", "run.warmup": "60s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    expected = stale_share(nominal, degraded, ttl / 2)
    # Numerator minus expected share of the denominator: of mean 0 without the bias of a ratio.
    sums = [{name: float(r.series[name].sum()) for name in
             ("nominal_claims", "stale_nominal_claims", "stale_entries", "live_honest_entries")} for r in results]
    claims = np.mean([s["nominal_claims"] for s in sums])
    check_mean([(s["stale_nominal_claims"] - expected * s["nominal_claims"]) / claims for s in sums], 0,
               f"stale among those that claim nominal, less {expected:.4f}")
    expected_back = stale_share(degraded, nominal, ttl / 2)
    check_mean([(s["stale_entries"] - s["stale_nominal_claims"]
                 - expected_back * (s["live_honest_entries"] - s["nominal_claims"])) / claims for s in sums], 0,
               f"stale among those that claim degraded, less {expected_back:.4f}")
    check_mean([s["nominal_claims"] / s["live_honest_entries"] for s in sums], nominal / (nominal + degraded),
               "claims of the nominal state")
    # The summary says the same.
    assert results[0]["stale_nominal_share"] == pytest.approx(
        sums[0]["stale_nominal_claims"] / sums[0]["nominal_claims"], rel=1e-12)
    assert results[0]["stale_entry_share"] == pytest.approx(
        sums[0]["stale_entries"] / sums[0]["live_honest_entries"], rel=1e-12)


@pytest.mark.parametrize("ttl, fraction", [(15, 0.5), (40, 0.25), (10, 1)])
def test_every_instance_is_registered_once_a_refresh_period(tmp_path, ttl, fraction):
    """3 classes an honest peer, 5 a Sybil; over a whole number of periods the count is exact."""
    period, peers, sybils = ttl * fraction, 200, 60
    settings = {**STATIC, "capability.classes": 20, "peers.capabilities": 3, "adversary.descriptors": 5,
                "workflow.steps": "any/low", "peers.workflow_rate": 0, "peers.count": peers,
                "adversary.fraction": sybils / peers, "descriptor.ttl": f"{ttl}s",
                "descriptor.refresh_fraction": fraction, "run.warmup": f"{ttl}s",
                "run.duration": f"{ttl + 10 * period}s"}
    [result] = run_seeds(tmp_path, settings, [1])
    instances = 3 * (peers - sybils) + 5 * sybils
    assert result.messages["register"] == 10 * instances
    assert result["register_messages_per_peer_second"] == pytest.approx(instances / (peers * period), rel=1e-12)
    assert result["control_bytes_per_peer_second"] == pytest.approx((576 + 4 * 32) * instances / (peers * period))
    if fraction < 1:
        assert (result.series["live_entries"] == instances).all()


def test_named_classes_are_offered_with_their_share(tmp_path):
    settings = {**QUIET, "capability.classes": "a:1s, b:1s, c:1s, d:1s", "workflow.steps": "a/low",
                "capability.share": 0.3, "peers.count": 2000, "run.duration": "20s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_binomial(int(result["live_entries"]), 4 * 2000, 0.3, "classes offered")


@pytest.mark.parametrize("classes, zipf, capabilities", [(8, 0.9, 1), (4, 2.0, 2)])
def test_generated_classes_are_drawn_by_popularity(tmp_path, classes, zipf, capabilities):
    """A cell has one shard and a query costs it 1 us a live entry, so the mean service time of queries for `any`
    counts the entries of the class asked for: both sides of it are drawn by popularity."""
    weights = np.arange(1, classes + 1) ** -zipf
    p = weights / weights.sum()
    offered = p if capabilities == 1 else np.array(
        [p[i] + sum(p[j] * p[i] / (1 - p[j]) for j in range(classes) if j != i) for i in range(classes)])
    settings = {**STATIC, "capability.classes": classes, "capability.zipf": zipf, "peers.capabilities": capabilities,
                "workflow.steps": "any/low", "peers.count": 500, "peers.workflow_rate": 0.1, "query.min_quality": 1,
                "registry.entry_time": "1us", "registry.query_time": "0s", "registry.register_time": "0s",
                "identity.verify_time": "0s", "run.duration": "110s", "run.warmup": "10s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    busy = [float(r.series["shard_busy_nanoseconds"].sum()) * 1e-3 / r.messages["query"] for r in results]
    check_mean(busy, 500 * float(p @ offered), "live entries of the class that is asked for")


# Refreshed exactly at the TTL, an entry is dead from its expiry until the next descriptor arrives.
TTL, DEAD = 2.0, 0.3
DYING = {**QUIET, "peers.count": 500, "descriptor.ttl": f"{TTL}s", "descriptor.refresh_fraction": 1,
         "network.min_latency": f"{DEAD}s", "network.median_latency": "0s", "network.sigma": 0,
         "identity.sign_time": "0s", "run.duration": "110s", "run.warmup": "10s"}


def test_an_entry_dies_at_issue_plus_ttl(tmp_path):
    results = run_seeds(tmp_path, DYING, range(1, 31))
    check_mean([r["live_entries"] / 500 for r in results], 1 - DEAD / TTL, "share of the entries alive")


@pytest.mark.parametrize("interval", ["1s", "50ms"])
def test_every_death_of_an_entry_is_counted(tmp_path, interval):
    """One a period and entry, whether or not anybody looks while it is dead; 500 may be dead at either end."""
    [result] = run_seeds(tmp_path, {**DYING, "output.interval": interval}, [1])
    assert result["entries_expired"] == pytest.approx(500 * 100 / TTL, abs=500)
