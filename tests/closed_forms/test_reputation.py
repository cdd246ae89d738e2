"""Global reputation in networks so small, and so busy, that trust can be computed by hand.

Every requester rates every provider many times an epoch, and what one rater says in an epoch is scaled to weigh
rater_cap: so each rater adds exactly that, and the pooled counts are geometric sums of the decay of an epoch.
"""
from __future__ import annotations

import numpy as np
import pytest

from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

EPOCH = 10
BUSY = {**STATIC, **INDIFFERENT, "policy.name": "tier1", "reputation.kind": "beta", "reputation.epoch": f"{EPOCH}s",
        "peers.workflow_rate": 20, "descriptor.ttl": "2s", "run.duration": "100s", "run.warmup": "0s"}
GOOD = {"capability.quality_alpha": 1e6, "capability.quality_beta": 0.01}
BAD = {"capability.quality_alpha": 0.01, "capability.quality_beta": 1e6, "execution.outcome_detection": 1}
# Published trust is kept as a 32-bit number, counts in units of 2^-20.
PRECISION = 1e-5


def weight(time: np.ndarray, half_life: float, cap: float = 1) -> np.ndarray:
    """What one rater's reports weigh as published at or before each time: the latest epoch undecayed."""
    decay = 0.5 ** (EPOCH / half_life)
    epochs = np.floor(time / EPOCH)
    return cap * (1 - decay**epochs) / (1 - decay)


@pytest.mark.parametrize("half_life", [20, 600])
@pytest.mark.parametrize("cap", [1, 2.5])
def test_good_service_raises_trust_as_the_beta_law_says(tmp_path, half_life, cap):
    settings = {**BUSY, **GOOD, "peers.count": 2, "registry.candidates": 1, "reputation.half_life": f"{half_life}s",
                "reputation.rater_cap": cap}
    [result] = run_seeds(tmp_path, settings, [1])
    good = weight(result.series["time"], half_life, cap)
    np.testing.assert_allclose(result.series["mean_trust_honest"], (1 + good) / (2 + good), atol=PRECISION)


def test_bad_service_lowers_trust_as_the_beta_law_says(tmp_path):
    settings = {**BUSY, **BAD, "peers.count": 2, "registry.candidates": 1, "reputation.half_life": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    bad = weight(result.series["time"], 20)
    np.testing.assert_allclose(result.series["mean_trust_honest"], 1 / (2 + bad), atol=PRECISION)


def test_raters_are_pooled_and_separate_honest_from_sybil(tmp_path):
    """Two honest peers and a Sybil: each honest one is praised by one rater, the Sybil blamed by two."""
    settings = {**BUSY, **GOOD, "execution.outcome_detection": 1, "peers.count": 3, "adversary.fraction": 1 / 3,
                "registry.candidates": 2, "reputation.half_life": "60s"}
    [result] = run_seeds(tmp_path, settings, [1])
    one = weight(result.series["time"], 60)
    np.testing.assert_allclose(result.series["mean_trust_honest"], (1 + one) / (2 + one), atol=PRECISION)
    np.testing.assert_allclose(result.series["mean_trust_sybil"], 1 / (2 + 2 * one), atol=PRECISION)
    np.testing.assert_array_equal(result.series["trust_auc"], np.where(result.series["time"] < EPOCH, 0.5, 1.0))


def test_a_report_says_nothing_in_tier_0(tmp_path):
    settings = {**BUSY, **GOOD, "policy.name": "optimistic", "peers.count": 2, "registry.candidates": 1}
    [result] = run_seeds(tmp_path, settings, [1])
    assert (result.series["mean_trust_honest"] == 0.5).all()
    assert result.messages["feedback"] == 0


def along_ratings(tmp_path, settings):
    """Trust of honest peers and Sybils by rows, and the rows before the first epoch, where all have 0.5."""
    [result] = run_seeds(tmp_path, {**BUSY, **GOOD, "reputation.tolerance": 1e-13, **settings}, [1])
    before = result.series["time"] < EPOCH
    for name in ("mean_trust_honest", "mean_trust_sybil"):
        assert (result.series[name][before] == 0.5).all() or np.isnan(result.series[name]).all()
    return result.series["mean_trust_honest"][~before], result.series["mean_trust_sybil"][~before]


def of_mean_multiple(x: float) -> float:
    """Published trust of a peer with x times the mean."""
    return x / (x + 0.1)


@pytest.mark.parametrize("damping", [0.05, 0.15, 0.6])
def test_eigentrust_of_two_peers_that_praise_each_other(tmp_path, damping):
    """One of them is pre-trusted: t_1 = a + (1-a) t_2, t_2 = (1-a) t_1, so t_1 = 1 / (2-a)."""
    settings = {"peers.count": 2, "registry.candidates": 1, "reputation.kind": "eigentrust",
                "reputation.pretrusted_share": 0, "reputation.pretrusted_min": 1, "reputation.damping": damping}
    honest, _ = along_ratings(tmp_path, settings)
    first, second = 1 / (2 - damping), (1 - damping) / (2 - damping)
    expected = (of_mean_multiple(2 * first) + of_mean_multiple(2 * second)) / 2
    np.testing.assert_allclose(honest, expected, atol=PRECISION)


THREE = {"peers.count": 3, "adversary.fraction": 1 / 3, "registry.candidates": 2}


def test_eigentrust_of_a_sybil_that_nobody_sees_through(tmp_path):
    """Two honest, pre-trusted peers praise each other and a Sybil, all with the weight of the cap: each gives the Sybil
    half of (1-a) of its trust h, and what the Sybil has goes back to the two: S = (1-a) h, 2 h + S = 1."""
    settings = {**THREE, "execution.outcome_detection": 0, "reputation.kind": "eigentrust"}
    honest, sybil = along_ratings(tmp_path, settings)
    h = 1 / (3 - 0.15)
    np.testing.assert_allclose(honest, of_mean_multiple(3 * h), atol=PRECISION)
    np.testing.assert_allclose(sybil, of_mean_multiple(3 * 0.85 * h), atol=PRECISION)


def test_eigentrust_of_a_sybil_that_everybody_blames(tmp_path):
    settings = {**THREE, "execution.outcome_detection": 1, "reputation.kind": "eigentrust"}
    honest, sybil = along_ratings(tmp_path, settings)
    np.testing.assert_allclose(honest, of_mean_multiple(1.5), atol=PRECISION)
    assert (sybil == 0).all()


def test_sybilrank_of_a_sybil_that_nobody_sees_through(tmp_path):
    """A triangle, ceil(log2 3) = 2 steps from (1/2, 1/2, 0): (1/4, 1/4, 1/2), then (3/8, 3/8, 1/4); degrees are 2."""
    settings = {**THREE, "execution.outcome_detection": 0, "reputation.kind": "sybilrank"}
    honest, sybil = along_ratings(tmp_path, settings)
    np.testing.assert_allclose(honest, of_mean_multiple(3 * 3 / 8 / 2), atol=PRECISION)
    np.testing.assert_allclose(sybil, of_mean_multiple(3 * 1 / 4 / 2), atol=PRECISION)


def test_sybilrank_of_a_sybil_that_everybody_blames(tmp_path):
    """It has no edge; the honest ones have one, to each other."""
    settings = {**THREE, "execution.outcome_detection": 1, "reputation.kind": "sybilrank"}
    honest, sybil = along_ratings(tmp_path, settings)
    np.testing.assert_allclose(honest, of_mean_multiple(3 / 2), atol=PRECISION)
    assert (sybil == 0.5).all()


def least_blames(threshold: float, prior: float, published: float = 0.5) -> int:
    """After how many bad outcomes the trust used is below the threshold (no decay, one rater)."""
    for bad in range(1000):
        local = 1 / (2 + bad)
        if (bad * local + prior * published) / (bad + prior) < threshold:
            return bad
    raise ValueError("never")


@pytest.mark.parametrize("threshold, prior, blames", [(0.3, 4, 6), (0.45, 4, 2), (0.3, 20, 17), (0.1, 1, 13)])
def test_own_experience_ends_a_requesters_patience(tmp_path, threshold, prior, blames):
    """One requester, one provider, always bad, always noticed, nothing published: the trust used is
    (b / (2 + b) + n0 / 2) / (b + n0) after b blames, and delegation ends when it falls below the threshold."""
    assert least_blames(threshold, prior) == blames
    settings = {**STATIC, "policy.name": "tier1", "policy.threshold": threshold, "reputation.kind": "beta",
                "reputation.epoch": "1000000s", "reputation.half_life": "1000000000s",
                "reputation.prior_weight": prior, "peers.count": 2, "adversary.fraction": 0.5,
                "registry.candidates": 1, "execution.outcome_detection": 1, "peers.workflow_rate": 0.005,
                "descriptor.ttl": "15s", "run.duration": "20000s", "run.warmup": "0s", "run.seed": 1}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result.messages["delegate"] == blames
    assert result.reasons["execution_failed"] == blames
    untrusted = result["workflows_failed"] - blames - result.reasons["no_candidate"]
    assert result.reasons["no_trusted_candidate"] == untrusted
    assert result.reasons["no_trusted_candidate"] > 50
