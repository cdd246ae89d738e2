"""Forged descriptors: how many there are, what becomes of them, and what real signatures change (nothing)."""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bounds import ALARM, check_normal, check_poisson
from comparison import raw_datasets
from parley_runs import run, run_seeds
from static_network import INDIFFERENT, INSTANT_REGISTRY, STATIC

REFRESH_PERIOD = 7.5  # seconds: half of the TTL
CONSTANT_DELAYS = {"network.sigma": 0}
ALWAYS_GOOD = {"capability.quality_alpha": 1e6, "capability.quality_beta": 0.01}


def forged_share(rate: float) -> float:
    """The share of its time that an honest entry is forged, when the victim registers every R and forgeries of it are
    Poisson of this rate: x s after a registration it is forged with probability 1 - exp(-rate x); the mean over
    [0, R]."""
    x = rate * REFRESH_PERIOD
    return 1 - (1 - math.exp(-x)) / x


def share_variance(rate: float, entries: int, seconds: float, sampling: float = 0.0) -> float:
    """Of the mean forged share over entries and refresh periods, all independent; within a period at most that of one
    draw. `sampling`: seconds between the offsets at which an entry's period is looked at, on a grid whose place is
    uniform: so far may the mean over a rising curve be off, uniformly, for each entry."""
    p = forged_share(rate)
    rise = 1 - math.exp(-rate * REFRESH_PERIOD)
    return p * (1 - p) * REFRESH_PERIOD / (entries * seconds) + (rise * sampling / REFRESH_PERIOD) ** 2 / 12 / entries


# --- verified: rejected and counted

def test_every_forgery_is_rejected_when_signatures_are_verified(tmp_path):
    """30 Sybils at 0.2 a second for 300 s: Poisson, as delays displace a Poisson process into one of the same rate.
    Each costs its shard the time of any registration: 20 us and 100 us of verification, on two shards."""
    settings = {"adversary.fraction": 0.3, "adversary.forge_rate": 0.2, "peers.workflow_rate": 0,
                "run.warmup": "60s", "run.duration": "360s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_poisson(int(result["rejected_forgeries"]), 30 * 0.2 * 300, "rejected forgeries")
    assert result["forged_entry_share"] == 0
    assert result["poisoned_entry_share"] == pytest.approx(0.3)
    # 200 descriptors, 40 registrations of each.
    assert result["registrations"] - result["rejected_forgeries"] == 200 * 40
    assert result["shard_utilisation"] == pytest.approx(result["registrations"] * 120e-6 / (2 * 300), rel=1e-9)


def test_rejected_forgeries_change_nothing_but_what_counts_them(tmp_path):
    """Where verification takes no time, and a Sybil's later messages do not take others' delays."""
    settings = {**CONSTANT_DELAYS, "adversary.fraction": 0.3, "registry.register_time": "0s",
                "identity.verify_time": "0s", "run.warmup": "20s", "run.duration": "120s"}
    [without] = run_seeds(tmp_path, settings, [1])
    [forged] = run_seeds(tmp_path, {**settings, "adversary.forge_rate": 0.5}, [1])
    assert forged["rejected_forgeries"] > 1000 > without["rejected_forgeries"] == 0
    counting = {"registrations", "rejected_forgeries", "signatures_made", "signatures_verified", "shard_requests",
                "messages", "bytes", "control_bytes_per_peer_second", "events", "windows", "longest_queue"}
    differing = {name for name in without.series
                 if not np.array_equal(without.series[name], forged.series[name], equal_nan=True)}
    assert differing == counting
    differing = {name for name in without.histograms
                 if not np.array_equal(without.histograms[name], forged.histograms[name])}
    assert differing == {"registry_wait_latency"}
    assert without["success_rate"] == forged["success_rate"] > 0.5


# --- unverified: the ablation

@pytest.mark.parametrize("rate", [0.05, 0.2, 0.8])
def test_an_entry_is_forged_between_a_forgery_and_the_next_refresh(tmp_path, rate):
    """100 Sybils, 100 victims with one descriptor each: each is forged as often as a Sybil forges. Delays are constant,
    so that all shift alike."""
    settings = {**STATIC, **CONSTANT_DELAYS, "peers.count": 200, "adversary.fraction": 0.5, "peers.workflow_rate": 0,
                "adversary.forge_rate": rate, "identity.verify": "false", "run.warmup": "20s", "run.duration": "320s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result["rejected_forgeries"] == result["signatures_verified"] == 0
    assert set(result.series["live_entries"]) == {200}  # none expires: a forged one is as new
    share = result.series["forged_entries"].mean() / 100
    # One sample a second meets a period of 7.5 s at offsets half a second apart.
    check_normal(share, forged_share(rate), share_variance(rate, 100, 300, sampling=0.5), "forged share")
    assert np.array_equal(result.series["poisoned_entries"], 100 + result.series["forged_entries"])


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_with_the_largest_sequence_number_a_stolen_name_lasts_for_its_time_to_live(tmp_path, rate):
    """As above, but a name is stolen for T = 15 s whatever the victim does, and before that for an exponential time
    not: p = rate T / (1 + rate T). Its variance is that of (1 - p) T - p X a cycle of 1 / rate + T. All begin honest, so
    that the first cycles are left out. Every stolen time has 15 samples, wherever it begins."""
    settings = {**STATIC, **CONSTANT_DELAYS, "peers.count": 200, "adversary.fraction": 0.5, "peers.workflow_rate": 0,
                "adversary.forge_rate": rate, "adversary.forge_sequence": "max", "identity.verify": "false",
                "run.warmup": "500s", "run.duration": "2500s"}
    [result] = run_seeds(tmp_path, settings, [1])
    ttl = 2 * REFRESH_PERIOD
    p = rate * ttl / (1 + rate * ttl)
    share = result.series["forged_entries"][500:].mean() / 100
    check_normal(share, p, (p / rate) ** 2 / (1 / rate + ttl) / (100 * 2000), "forged share")
    # Names that have expired are nobody's until their peers refresh.
    assert result.series["live_entries"][500:].min() < 200


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("policy", ["optimistic", "tier2"])
def test_work_goes_to_the_forger_of_an_entry(tmp_path, policy, shards):
    """60 Sybils register in another cell only, so what they are asked here came by stolen names. Candidates are drawn
    uniformly from all 60 entries: of tier 0's executions, and of tier 2's canaries, as many as entries are forged. The same from
    one shard or two."""
    settings = {**STATIC, **CONSTANT_DELAYS, **INSTANT_REGISTRY, **INDIFFERENT, **ALWAYS_GOOD,
                "capability.classes": "work:1us, other:1us", "workflow.steps": "work/low", "peers.count": 120,
                "registry.candidates": 60, "adversary.fraction": 0.5, "adversary.targeting": "cells",
                "adversary.cells": "other", "policy.name": policy, "policy.max_attempts": 64, "canary.guess": 0,
                "canary.pass_nominal": 1, "adversary.forge_rate": 0.2, "identity.verify": "false",
                "registry.entries_per_shard": 60 // shards, "registry.fanout": shards,
                "peers.workflow_rate": 0.2, "run.warmup": "20s", "run.duration": "620s"}
    [result] = run_seeds(tmp_path, settings, [1])
    bad, good = ("executions_bad", "executions_good") if policy == "optimistic" else (
        "canaries_failed", "canaries_passed")
    asked = result[bad] + result[good]
    if policy == "tier2":
        # A failed canary leads on to another entry of the same answer, drawn without replacement: forgers fail and are
        # left out, so the share of failures is that of first canaries, one a step, ...
        assert result["executions_bad"] == 0
        steps = result["executions_good"]
        # ... before the first of H honest among 59 entries come F / (H + 1) forged ones: E[F / (60 - F)], F binomial.
        p = forged_share(0.1)
        expected = sum(stats.binom.pmf(f, 59, p) * f / (60 - f) for f in range(60))
        # The derivative of F / (60 - F) at its mean carries the spread of the share; a step's own count is geometric.
        slope = 60 / (60 - 59 * p) ** 2 * 59
        variance = slope**2 * share_variance(0.1, 60, 600) + p / (1 - p) ** 2 / steps
        check_normal(result[bad] / steps, expected, variance, "canaries failed a step")
    else:
        p = forged_share(0.1)  # half of the 0.2 a victim's other class gets
        check_normal(result[bad] / asked, p, share_variance(0.1, 60, 600) + p * (1 - p) / asked, "bad executions")
    assert asked > 5000


@pytest.mark.parametrize("policy", ["tier1", "tier2", "tier3"])
def test_the_stolen_name_is_blamed(tmp_path, policy):
    """Sybils register in another cell only: nobody deals with them under their own names, so their trust stays the 0.5 of
    a peer that was never rated, whatever they do under stolen ones: bad results, silence, failed canaries."""
    settings = {"capability.classes": "work:1s, other:1s", "workflow.steps": "work/high/side_effect",
                "adversary.fraction": 0.5, "adversary.targeting": "cells", "adversary.cells": "other",
                "adversary.silent": 0.3, "policy.name": policy, "canary.guess": 0.5, "evidence.commit_gate": "true",
                "execution.timeout": "5s", "adversary.forge_rate": 0.2, "run.warmup": "60s", "run.duration": "260s"}
    [signed] = run_seeds(tmp_path, settings, [1])
    [unsigned] = run_seeds(tmp_path, {**settings, "identity.verify": "false"}, [1])
    assert set(unsigned.series["mean_trust_sybil"]) == {0.5}
    assert unsigned["executions_bad"] > 100
    assert unsigned["mean_trust_honest"] < signed["mean_trust_honest"] - 0.1


def test_success_falls_when_forgeries_are_not_verified(tmp_path):
    """Equal seeds share peers, Sybils, arrivals and forgeries: the paired fall is positive beyond the t interval, and
    honest peers lose the trust that forgers waste."""
    def results(**settings):
        return run_seeds(tmp_path, {"adversary.fraction": 0.3, "policy.name": "tier1", "adversary.forge_rate": 0.3,
                                    "run.warmup": "60s", "run.duration": "360s", **settings}, range(1, 11), rows=False)

    signed, unsigned = results(), results(**{"identity.verify": "false"})
    longest = results(**{"identity.verify": "false", "adversary.forge_sequence": "max"})
    for name, better, worse in (("success_rate", signed, unsigned), ("success_rate", unsigned, longest),
                                ("mean_trust_honest", signed, unsigned)):
        falls = np.array([a[name] - b[name] for a, b in zip(better, worse)])
        bound = stats.t.ppf(1 - ALARM, len(falls) - 1) * falls.std(ddof=1) / math.sqrt(len(falls))
        assert falls.mean() > bound, f"{name} falls by {falls.mean():.3g}, bound {bound:.3g}"


# --- real signatures

EVERYTHING = {"adversary.fraction": 0.3, "policy.name": "tier3", "evidence.commit_gate": "true", "peers.count": 120,
              "registry.fanout": 2, "registry.entries_per_shard": 40, "run.warmup": "10s", "run.duration": "60s"}


@pytest.mark.parametrize("verify", ["true", "false"])
@pytest.mark.parametrize("rate, sequence", [(0, "now"), (0.5, "now"), (0.5, "max")])
def test_real_signatures_give_the_results_of_modelled_ones(tmp_path, verify, rate, sequence):
    (tmp_path / "defaults.ini").write_text("# the program's defaults\n")
    settings = {**EVERYTHING, "identity.verify": verify, "adversary.forge_rate": rate,
                "adversary.forge_sequence": sequence}
    modelled, real = (raw_datasets(run(tmp_path / "defaults.ini", tmp_path / f"{signature}.h5",
                                       {**settings, "identity.signature": signature}))
                      for signature in ("modelled", "ed25519"))
    assert len(modelled) > 100
    assert modelled == real
