"""Descriptors in the registry: how many messages they cost, how long they live, how stale they get."""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

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


@pytest.mark.parametrize("nominal, degraded", [(60, 30), (20, 20)])
def test_a_withdrawn_instance_is_live_if_one_of_its_last_two_refreshes_found_it_nominal(tmp_path, nominal, degraded):
    """TTL = 2 refresh periods; within one delay after a refresh only the older of the two is in the registry."""
    ttl, period = 15.0, 7.5
    settings = {**QUIET, **FIXED_DELAY, "peers.count": 400, "descriptor.ttl": f"{ttl}s", "drift.kind": "two_state",
                "drift.advertise": "withdraw", "drift.mean_nominal": f"{nominal}s",
                "drift.mean_degraded": f"{degraded}s", "run.duration": "200s", "run.warmup": "50s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    share = degraded / (nominal + degraded)
    both = share * (share + (1 - share) * math.exp(-(1 / nominal + 1 / degraded) * period))
    expected = (period - DELAY) / period * (1 - both) + DELAY / period * (1 - share)
    check_mean([r["live_entries"] / 400 for r in results], expected, "live share")
    check_mean([r["register_messages_per_peer_second"] for r in results], (1 - share) / period, "registrations")
    assert all((r.series["nominal_claims"] == r.series["live_honest_entries"]).all() for r in results)


@pytest.mark.parametrize("tolerance, time", [(0.05, 30), (0.02, 120)])
def test_under_ou_a_claim_is_stale_beyond_the_tolerance(tmp_path, tolerance, time):
    """Of quality 0.5 and standard deviation 0.05, far from 0 and 1: after an age a the quality has moved by a normal
    variate of variance 2 * 0.05^2 (1 - exp(-a / time)), a uniform up to the refresh period of 10 s."""
    settings = {**QUIET, **FIXED_DELAY, "peers.count": 400, "descriptor.ttl": "20s", "drift.kind": "ou",
                "drift.ou_sd": 0.05, "drift.ou_time": f"{time}s", "drift.ou_step": "100ms",
                "drift.tolerance": tolerance, "capability.quality_alpha": 1e6, "capability.quality_beta": 1e6,
                "run.duration": "80s", "run.warmup": "30s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    # Quality moves in steps of 0.1 s: the age seen is a multiple of it, and on average the age itself.
    ages = DELAY + 10 * (np.arange(20000) + 0.5) / 20000
    steps = np.floor(ages / 0.1)
    part = ages / 0.1 - steps
    beyond = [stats.norm.sf(tolerance / np.sqrt(2 * 0.05**2 * -np.expm1(-np.maximum(n, 1e-9) * 0.1 / time)))
              for n in (steps, steps + 1)]
    one_side = float(np.mean((1 - part) * beyond[0] + part * beyond[1]))
    check_mean([r["stale_entry_share"] for r in results], 2 * one_side, "stale either way")
    check_mean([r["stale_nominal_share"] for r in results], one_side, "worse than claimed")


def test_under_ou_executions_are_good_with_the_mean_of_the_clipped_process(tmp_path):
    """Quality 0.9, standard deviation 0.3: E[min(X, 1)] - E[X below 0] of a normal variate."""
    settings = {**STATIC, "peers.count": 200, "peers.workflow_rate": 0.5, "registry.candidates": 8,
                **{f"policy.weight_{term}": 0 for term in ("match", "quality", "price", "time", "trust")},
                "drift.kind": "ou", "drift.ou_sd": 0.3, "drift.ou_time": "5s", "capability.quality_alpha": 9e5,
                "capability.quality_beta": 1e5, "run.duration": "70s", "run.warmup": "10s"}
    results = run_seeds(tmp_path, settings, range(1, 31), rows=False)
    q = stats.norm(0.9, 0.3)
    expected = q.expect(lambda x: x, lb=0, ub=1) + q.sf(1)
    check_mean([r["executions_good"] / (r["executions_good"] + r["executions_bad"]) for r in results], expected, "good")
