"""Collusion: how many false reports there are, and what the reputation service makes of them, by closed forms."""
from __future__ import annotations

import math

import numpy as np
import pytest

from bounds import check_normal, check_poisson
from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

EPOCH = 10
ALWAYS_GOOD = {"capability.quality_alpha": 1e6, "capability.quality_beta": 0.01}
# Nobody starts a workflow: all that is reported is praise among Sybils.
ONLY_PRAISE = {**STATIC, "reputation.kind": "beta", "reputation.epoch": f"{EPOCH}s", "peers.workflow_rate": 0,
               "run.warmup": "0s"}
# Published trust is kept as a 32-bit number, counts in units of 2^-20 of which each epoch rounds off one.
PRECISION = 1e-4


def test_praise_comes_at_its_rate(tmp_path):
    """Independent Poisson processes: 30 Sybils at 0.2/s for 1000 s."""
    settings = {**ONLY_PRAISE, "peers.count": 60, "adversary.fraction": 0.5, "adversary.praise_rate": 0.2,
                "run.duration": "1000s"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_poisson(result["false_praise_sent"], 30 * 0.2 * 1000, "praises")
    assert result.messages["feedback"] == result["false_praise_sent"]
    assert result["false_blame_sent"] == result["attack_edges"] == 0


@pytest.mark.parametrize("rate, cap, half_life", [(1, 1, 60), (1, 2.5, 600), (0.5, 1, 20)])
def test_praise_of_two_sybils_weighs_the_cap_in_every_epoch(tmp_path, rate, cap, half_life):
    """Each praises the other so often that no epoch of 60 s is without enough reports to reach the cap (but with
    probability 4e-12): stationary G = cap / (1 - d), d the decay of an epoch."""
    settings = {**ONLY_PRAISE, "peers.count": 5, "adversary.fraction": 0.4, "registry.candidates": 1,
                "adversary.praise_rate": rate, "reputation.rater_cap": cap, "reputation.half_life": f"{half_life}s",
                "reputation.epoch": "60s", "run.duration": f"{60 * (2 + 20 * math.ceil(half_life / 60))}s"}
    [result] = run_seeds(tmp_path, settings, [1])
    good = cap / (1 - 0.5 ** (60 / half_life))
    assert result.series["mean_trust_sybil"][-1] == pytest.approx((1 + good) / (2 + good), abs=PRECISION)
    assert (result.series["mean_trust_honest"] == 0.5).all()


def test_praise_of_many_sybils_adds_up_over_raters(tmp_path):
    """A rater praises a given one of the S - 1 others at rate r / (S - 1), and weighs 1 in an epoch if it does at all:
    probability p = 1 - exp(-r E / (S - 1)), independently over raters, ratees and epochs. With decay d an epoch,
    the cumulants of G are those of S - 1 such trials over 1 - d, 1 - d^2, ...; (1+G)/(2+G) is expanded to the fourth
    order, where G counts as normal."""
    sybils, rate, half_life = 40, 0.3, 60
    settings = {**ONLY_PRAISE, "peers.count": 100, "adversary.fraction": 0.4, "adversary.praise_rate": rate,
                "reputation.half_life": f"{half_life}s", "run.warmup": f"{10 * half_life}s",
                "run.duration": f"{40 * half_life}s", "output.interval": f"{EPOCH}s"}
    [result] = run_seeds(tmp_path, settings, [1])
    p = 1 - math.exp(-rate * EPOCH / (sybils - 1))
    decay = 0.5 ** (EPOCH / half_life)
    centre = 2 + (sybils - 1) * p / (1 - decay)
    variance = (sybils - 1) * p * (1 - p) / (1 - decay**2)
    third = (sybils - 1) * p * (1 - p) * (1 - 2 * p) / (1 - decay**3)
    expected = 1 - 1 / centre - variance / centre**3 + third / centre**4 - 3 * variance**2 / centre**5
    # A Sybil's G is an autoregression with the factor d: so many independent values over the epochs measured.
    independent = sybils * (30 * half_life / EPOCH) * (1 - decay) / (1 + decay)
    check_normal(result["mean_trust_sybil"], expected, variance / centre**4 / independent, "mean trust of Sybils")


BUSY = {**STATIC, **INDIFFERENT, "policy.name": "tier1", "peers.count": 30, "adversary.fraction": 0.5,
        "peers.workflow_rate": 1, "run.duration": "300s", "run.warmup": "0s"}


@pytest.mark.parametrize("silent", [0, 1])
def test_badmouthing_answers_each_delegation_with_blame(tmp_path, silent):
    """Malicious Sybils: theirs are the bad executions, which take 1 us. Silent ones: theirs are the delegations that
    time out, but for those of the last second, at most as many as 15 requesters start workflows in it."""
    settings = {**BUSY, **ALWAYS_GOOD, "adversary.badmouth": "true", "adversary.silent": silent,
                "execution.timeout": "1s"}
    [result] = run_seeds(tmp_path, settings, [1])
    to_sybils = result.reasons["timeout"] if silent else result["executions_bad"]
    still_open = 15 + 5 * math.sqrt(15) if silent else 0
    assert result["false_blame_sent"] > 500
    assert to_sybils <= result["false_blame_sent"] <= to_sybils + still_open
    assert result["false_praise_sent"] == 0


def test_sybils_praise_while_they_are_on_under_whatever_name(tmp_path):
    """Less its rate times the time that Sybils are on, the number of praises is a martingale: of mean 0, and a variance
    of the same size as what is taken off. Blamed for every task, Sybils leave again and again."""
    settings = {**BUSY, **ALWAYS_GOOD, "execution.outcome_detection": 1, "reputation.kind": "beta",
                "reputation.epoch": f"{EPOCH}s", "adversary.whitewash": "true", "adversary.rejoin_delay": "15s",
                "adversary.praise_rate": 0.1, "output.interval": "100ms"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result["whitewashes"] > 50
    on = 0.1 * 0.1 * float((result.series["peers_online"] - 15.0).sum())
    assert on < 0.7 * 0.1 * 15 * 300
    check_normal(result["false_praise_sent"], on, on, "praises")


def test_badmouthed_requesters_lose_trust_as_the_beta_law_says(tmp_path):
    """Two honest peers and a Sybil, all tasks good or unnoticed: each honest peer is praised by the other and blamed by
    the Sybil, both with the weight of the cap; the Sybil is praised by both."""
    settings = {**BUSY, **ALWAYS_GOOD, "peers.count": 3, "adversary.fraction": 1 / 3, "registry.candidates": 2,
                "adversary.badmouth": "true", "peers.workflow_rate": 20, "descriptor.ttl": "2s",
                "reputation.kind": "beta",
                "reputation.epoch": f"{EPOCH}s", "reputation.half_life": "60s", "run.duration": "100s"}
    [result] = run_seeds(tmp_path, settings, [1])
    decay = 0.5 ** (EPOCH / 60)
    one = (1 - decay ** np.floor(result.series["time"] / EPOCH)) / (1 - decay)
    np.testing.assert_allclose(result.series["mean_trust_honest"], (1 + one) / (2 + 2 * one), atol=PRECISION)
    np.testing.assert_allclose(result.series["mean_trust_sybil"], (1 + 2 * one) / (2 + 2 * one), atol=PRECISION)
    # Both honest peers rate the Sybil well from the first epoch on.
    np.testing.assert_array_equal(result.series["attack_edges"], np.where(result.series["time"] < EPOCH, 0, 2))


ALONG_RATINGS = {"reputation.kind": "eigentrust", "reputation.epoch": f"{EPOCH}s", "adversary.praise_rate": 1}


def test_praise_among_sybils_gives_no_eigentrust(tmp_path):
    """Nobody with trust praises a Sybil, so nothing is known of them: exactly 0.5."""
    settings = {**ONLY_PRAISE, **ALONG_RATINGS, "adversary.fraction": 0.3, "run.duration": "100s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result["false_praise_sent"] > 1000
    assert (result.series["mean_trust_sybil"] == 0.5).all()


def test_praise_does_not_help_sybils_that_honest_peers_blame(tmp_path):
    """Every bad result is noticed: no edge leads from a trusted peer to a Sybil, and a blamed Sybil has exactly 0."""
    settings = {**BUSY, **ALWAYS_GOOD, **ALONG_RATINGS, "execution.outcome_detection": 1, "peers.count": 10,
                "adversary.fraction": 0.2, "registry.candidates": 9, "peers.workflow_rate": 20,
                "descriptor.ttl": "2s", "run.duration": "60s"}
    [result] = run_seeds(tmp_path, settings, [1])
    after = result.series["time"] >= EPOCH
    assert (result.series["mean_trust_sybil"][after] == 0).all()
    assert (result.series["mean_trust_honest"][after] > 0.85).all()
    assert (result.series["attack_edges"] == 0).all()
