"""Peers that go off and come back: laws of alternating renewal processes."""
from __future__ import annotations

import math

import numpy as np
import pytest

from bounds import check_binomial, check_mean, check_mean_within
from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

QUIET = {**STATIC, "peers.workflow_rate": 0, "registry.candidates": 2, "churn.kind": "weibull"}
EXPONENTIAL = {**QUIET, "churn.shape": 1}
SEEDS = range(1, 21)
DELAY = 0.010  # one-way, always the same
FIXED_DELAY = {"network.min_latency": "10ms", "network.median_latency": "0s", "network.sigma": 0,
               "identity.sign_time": "0s"}


def mean_last_age(on: float, period: float) -> float:
    """Mean time from a peer's last refresh to its departure: what exceeds whole periods of an exponential on-time."""
    return on - period / (math.exp(period / on) - 1)


def dead_time(on: float, off: float, period: float, ttl: float) -> float:
    """Mean time for which an entry is live and its peer gone, E[min(ttl - A, off-time)], A the age of the entry at the
    departure: an exponential on-time modulo the refresh period, density e^(-a/on) / (on (1 - e^(-period/on)))."""
    c = 1 / off - 1 / on
    growth = (math.exp(c * period) - 1) / (c * on * (1 - math.exp(-period / on)))  # E[e^(A/off)]
    return off * (1 - math.exp(-ttl / off) * growth)


def test_the_dead_time_without_returns_is_the_ttl_less_the_age():
    """The share of dead entries of peers that stay away: (tau - E) / (L + tau - E)."""
    gone = dead_time(600, 1e7, 15, 45)
    assert gone == pytest.approx(45 - mean_last_age(600, 15), rel=1e-5)
    assert gone / (600 + gone) == pytest.approx(0.058870, abs=1e-6)


@pytest.mark.parametrize("on, off, ttl, fraction", [(600, 20000, 45, 1 / 3), (60, 200, 30, 0.5)])
def test_dead_entries_are_those_of_peers_that_left_since_their_last_refresh(tmp_path, on, off, ttl, fraction):
    settings = {**EXPONENTIAL, **FIXED_DELAY, "peers.count": 6000, "churn.on_scale": f"{on}s",
                "churn.off_mean": f"{off}s", "descriptor.ttl": f"{ttl}s", "descriptor.refresh_fraction": fraction,
                "run.warmup": f"{2 * on}s", "run.duration": f"{2 * on + 1000}s", "output.interval": "2s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    gone = dead_time(on, off, fraction * ttl, ttl)
    # A peer back on has its entry one delay later, unless the old one still lives.
    share = gone / (on - DELAY + gone)
    sums = [{name: float(r.series[name].sum()) for name in ("dead_entries", "live_entries")} for r in results]
    live = np.mean([s["live_entries"] for s in sums])
    check_mean([(s["dead_entries"] - share * s["live_entries"]) / live for s in sums], 0,
               f"dead among live entries, less {share:.5f}")
    assert results[0]["dead_entry_share"] == pytest.approx(sums[0]["dead_entries"] / sums[0]["live_entries"], rel=1e-9)


def test_peers_are_on_for_their_share_of_the_time_and_leave_at_one_rate(tmp_path):
    """KAD: on-times Weibull(0.5, 5000 s) of mean 10,000 s, off-times of mean 2500 s, stationary from the start."""
    peers, seeds = 4000, SEEDS
    settings = {**QUIET, "peers.count": peers, "run.warmup": "0s", "run.duration": "400s", "descriptor.ttl": "1000s"}
    results = run_seeds(tmp_path, settings, seeds)
    for row in (0, -1):
        check_binomial(sum(int(r.series["peers_online"][row]) for r in results), peers * len(results), 0.8,
                       "peers that are on")
    rate = peers / 12500
    check_mean([r["departures"] for r in results], 400 * rate, "departures")
    check_mean([r["returns"] for r in results], 400 * rate, "returns")
    for result in results:  # nobody is lost
        online = result.series["peers_online"].astype(int)
        change = result.series["returns"].astype(int) - result.series["departures"].astype(int)
        assert (np.diff(online) == change[1:]).all()


def test_workflows_start_at_their_rate_while_their_peer_is_on(tmp_path):
    """The arrival clock stops while a peer is off: workflows come at rate * time on, though no on-time is as long as
    the mean time between them."""
    settings = {**EXPONENTIAL, "peers.count": 400, "peers.workflow_rate": 0.02, "churn.on_scale": "20s",
                "churn.off_mean": "20s", "descriptor.ttl": "10000s", "run.warmup": "100s", "run.duration": "2100s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    # Poisson given the time on, which is measured once an interval: both means are exact.
    check_mean([r["workflows_started"] - 0.02 * r.series["peers_online"].sum() for r in results], 0,
               "workflows less rate * time on")


def test_workflows_end_when_their_peer_leaves(tmp_path):
    """Each query is lost, so a workflow lasts for query.timeout, unless its peer leaves before: an exponential
    on-time of mean 30 s ends within 10 s with probability 1 - e^(-1/3)."""
    settings = {**EXPONENTIAL, "peers.count": 500, "peers.workflow_rate": 0.05, "network.loss": 1,
                "query.timeout": "10s", "query.retries": 0, "churn.on_scale": "30s", "churn.off_mean": "30s",
                "run.warmup": "0s", "run.duration": "400s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    left = 1 - math.exp(-1 / 3)
    ends = []
    for result in results:
        reasons = result.reasons
        assert reasons["requester_left"] + reasons["discovery_failed"] == result["workflows_failed"]
        assert result["workflows_failed"] + result.series["open_workflows"][-1] == result["workflows_started"]
        ends.append(reasons)
    # Those of the last 10 s cannot have lived through them.
    started = [r["workflows_started"] - r.series["workflows_started"][-10:].sum() for r in results]
    check_mean([reasons["discovery_failed"] - (1 - left) * n for reasons, n in zip(ends, started)], 0,
               "workflows whose peer stays")


def test_what_reaches_a_peer_that_is_off_is_dropped(tmp_path):
    """Delegations go to a uniformly drawn live entry: so many are dropped as entries are dead, and those whose peer
    leaves while they are on their way. Everything sent is answered, dropped, or stays on its way."""
    on, off, ttl, period = 100.0, 400.0, 30.0, 15.0
    settings = {**EXPONENTIAL, **INDIFFERENT, **FIXED_DELAY, "peers.count": 1000, "peers.workflow_rate": 0.1,
                "registry.candidates": 8, "execution.timeout": "1s", "churn.on_scale": f"{on}s",
                "churn.off_mean": f"{off}s", "descriptor.ttl": f"{ttl}s", "run.warmup": "200s", "run.duration": "700s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    gone = dead_time(on, off, period, ttl)
    dead = gone / (on - DELAY + gone)
    # From the answer to the delegation: two delays in which the provider may leave.
    dead += (1 - dead) * (1 - math.exp(-2 * DELAY / on))
    kinds = list(results[0].messages)
    dropped = [r.series["messages_dropped"].sum(axis=0)[kinds.index("delegate")] for r in results]
    check_mean([d - dead * r.messages["delegate"] for d, r in zip(dropped, results)], 0, "dropped delegations")
    dropped_results = 0
    for result in results:
        drops = dict(zip(kinds, result.series["messages_dropped"].sum(axis=0).tolist()))
        done = result["executions_good"] + result["executions_bad"]
        # Executions take a microsecond: what is sent in one window is done in it, up to a delay at either end.
        assert abs(result.messages["delegate"] - drops["delegate"] - done) <= 10
        dropped_results += drops["result"]
        assert drops["register"] == drops["query"] == drops["feedback"] == 0
    assert dropped_results > 0


# 2000 peers, on and off for 40 s in turn, with little to do.
LOST_WORK = {**EXPONENTIAL, **INDIFFERENT, **FIXED_DELAY, "peers.count": 2000, "peers.workflow_rate": 0.005,
             "capability.classes": "work:4s", "registry.candidates": 8, "churn.on_scale": "40s",
             "churn.off_mean": "40s", "descriptor.ttl": "15s", "run.warmup": "200s", "run.duration": "800s"}


def reached(result, kind: str) -> int:
    """Messages of a kind that were not dropped."""
    return result.messages[kind] - result.series["messages_dropped"].sum(axis=0)[list(result.messages).index(kind)]


def test_canaries_of_a_peer_that_leaves_meanwhile_are_not_answered(tmp_path):
    """A canary takes 2 s; the exponential on-time does not end in it with probability e^(-2/40)."""
    results = run_seeds(tmp_path, {**LOST_WORK, "policy.name": "tier2", "canary.exec_time": "2s"}, SEEDS)
    check_mean([r.messages["canary_response"] - math.exp(-2 / 40) * reached(r, "canary_request") for r in results], 0,
               "canaries answered")


def test_tasks_of_a_peer_that_leaves_meanwhile_are_lost(tmp_path):
    """An execution takes 4 s, and waits for another one with a probability of at most 2 %, its load, for at most 4 s on
    average."""
    results = run_seeds(tmp_path, LOST_WORK, SEEDS)
    executed = [(r["executions_good"] + r["executions_bad"]) / reached(r, "delegate") for r in results]
    check_mean_within(executed, math.exp(-4 / 40) * (1 - 0.02 * 4 / 40), math.exp(-4 / 40), "executions completed")


def test_a_peer_registers_when_it_comes_back_and_then_once_a_period(tmp_path):
    """An exponential on-time lasts until the k-th registration with probability e^(-kT/L): a geometric sum."""
    on, period = 30.0, 10.0
    settings = {**EXPONENTIAL, "peers.count": 2000, "churn.on_scale": f"{on}s", "churn.off_mean": "30s",
                "descriptor.ttl": "20s", "run.warmup": "300s", "run.duration": "900s"}
    results = run_seeds(tmp_path, settings, SEEDS)
    a_session = 1 / (1 - math.exp(-period / on))
    check_mean([r.messages["register"] - a_session * r["returns"] for r in results], 0, "registrations less expected")
