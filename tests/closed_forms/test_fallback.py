"""Canaries with fall-back: the candidates of a step are probed in random order until one passes.

The K candidates are a random subset of the N - 1 others of the asker, who is honest, so the number of Sybils among
them is hypergeometric; with N = 1001 nearly binomial.
"""
from __future__ import annotations

import pytest
from scipy import stats

from bounds import check_mean
from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

SEEDS = range(1, 31)
RANDOM_SUBSET = {**STATIC, **INDIFFERENT, "policy.name": "tier2", "capability.spread": 100, "query.spread": 100,
                 "capability.quality_alpha": 1e6, "capability.quality_beta": 0.01, "run.warmup": "10s"}


def shares(results, name: str) -> list[float]:
    return [r[name] / (r["workflows_success"] + r["workflows_compromised"] + r["workflows_failed"]) for r in results]


def over_subsets(others: int, sybils: int, candidates: int, value) -> float:
    """The mean of value(Sybils among the candidates)."""
    return sum(stats.hypergeom.pmf(s, others, sybils, candidates) * value(s) for s in range(candidates + 1))


@pytest.mark.parametrize("sybils, independent", [(300, (0.9362, 0.0409, 0.0229, 1.3647)),
                                                 (500, (0.8191, 0.0836, 0.0973, 1.6716))])
def test_canaries_with_fall_back_over_three_candidates(tmp_path, sybils, independent):
    """A canary exposes a Sybil with 0.9 and rejects an honest peer with 0.02. `independent`: P(good), P(bad), P(none
    passes) and probes for three candidates that are independently Sybil with sybils/1000."""
    others, exposed, rejected = 1000, 0.9, 0.02
    settings = {**RANDOM_SUBSET, "peers.count": others + 1, "adversary.fraction": sybils / (others + 1),
                "registry.candidates": 3, "canary.guess": 1 - exposed, "canary.pass_nominal": 1 - rejected,
                "peers.workflow_rate": 0.2, "run.duration": "40s"}
    none = over_subsets(others, sybils, 3, lambda s: exposed**s * rejected ** (3 - s))
    # A candidate is probed if all before it have failed: these are a random subset, too.
    probes = 1 + sum(over_subsets(others, sybils, n, lambda s, n=n: exposed**s * rejected ** (n - s)) for n in (1, 2))
    # Of each probe, given what came before: by symmetry the candidate at place n is any of the subset of n.
    bad = sum(over_subsets(others, sybils, n, lambda s, n=n: s / n * (1 - exposed) * exposed ** (s - 1)
                           * rejected ** (n - s) if s else 0.0) for n in (1, 2, 3))
    good = 1 - none - bad
    for value, limit in zip((good, bad, none, probes), independent):
        assert value == pytest.approx(limit, abs=1e-3)
    results = run_seeds(tmp_path, settings, SEEDS, rows=False)
    check_mean(shares(results, "workflows_success"), good, "good")
    check_mean(shares(results, "workflows_compromised"), bad, "bad")
    check_mean(shares(results, "workflows_failed"), none, "none passes")
    check_mean(shares(results, "canaries_sent"), probes, "probes")


def test_all_of_five_random_candidates_are_sybil_as_often_as_drawn(tmp_path):
    """5 of 100 others, 50 of them Sybil; canaries that tell them apart for certain fail only then."""
    settings = {**RANDOM_SUBSET, "peers.count": 101, "adversary.fraction": 50 / 101, "registry.candidates": 5,
                "canary.guess": 0, "canary.pass_nominal": 1, "peers.workflow_rate": 2, "run.duration": "60s"}
    results = run_seeds(tmp_path, settings, SEEDS, rows=False)
    assert stats.hypergeom.pmf(5, 100, 50, 5) == pytest.approx(0.0281422, abs=5e-8)
    check_mean(shares(results, "workflows_failed"), 0.0281422, "no honest candidate")
    check_mean(shares(results, "workflows_compromised"), 0, "compromised")
