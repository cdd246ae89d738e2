"""Strategies of the adversary: laws that follow from what each of them says it does.

One honest requester and 32 Sybils, as in test_verification.py: every candidate is a Sybil.
"""
from __future__ import annotations

import pytest

from bounds import check_binomial, check_normal
from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

SYBILS = 32
ALL_SYBIL = {**STATIC, "peers.count": SYBILS + 1, "adversary.fraction": SYBILS / (SYBILS + 1),
             "registry.candidates": SYBILS, "peers.workflow_rate": 2, "run.warmup": "100s", "run.duration": "3100s"}
ALWAYS_GOOD = {"capability.quality_alpha": 1e6, "capability.quality_beta": 0.01, "canary.pass_nominal": 1}


@pytest.mark.parametrize("recognition", [0, 0.3, 0.9, 1])
@pytest.mark.parametrize("guess", [0.05, 0.5])
def test_a_canary_is_passed_when_recognised_or_guessed(tmp_path, recognition, guess):
    settings = {**ALL_SYBIL, "policy.name": "tier2", "canary.guess": guess,
                "adversary.canary_recognition": recognition}
    [result] = run_seeds(tmp_path, settings, [1])
    answers = result["canaries_passed"] + result["canaries_failed"]
    p = recognition + (1 - recognition) * guess
    # Each answer is a pass with probability p, whatever came before: a martingale.
    check_normal(result["canaries_evaded"], p * answers, p * (1 - p) * answers, "canaries passed")
    assert result["canaries_evaded"] == result["canaries_passed"] > 0


@pytest.mark.parametrize("on, off", [(30, 10), (10, 20)])
def test_on_off_sybils_are_bad_for_their_share_of_the_cycle(tmp_path, on, off):
    """Whole cycles are measured, and tasks find a uniformly drawn Sybil at a Poisson time: each is bad with
    probability off / (on + off), independently."""
    settings = {**ALL_SYBIL, **INDIFFERENT, **ALWAYS_GOOD, "adversary.onoff": 1, "adversary.on": f"{on}s",
                "adversary.off": f"{off}s", "run.warmup": "120s", "run.duration": "3120s"}
    [result] = run_seeds(tmp_path, settings, [1])
    bad = result["executions_bad"]
    check_binomial(bad, bad + result["executions_good"], off / (on + off), "bad executions")


def test_on_off_sybils_pass_canaries_like_honest_peers_while_they_are_on(tmp_path):
    """Guessing nothing, they pass exactly while they are on; asked in the same state, they then work well."""
    settings = {**ALL_SYBIL, **INDIFFERENT, **ALWAYS_GOOD, "policy.name": "tier2", "canary.guess": 0,
                "adversary.onoff": 1, "adversary.on": "100s", "adversary.off": "100s", "run.duration": "4100s"}
    [result] = run_seeds(tmp_path, settings, [1])
    # Of 32 candidates nobody is on with probability 2^-32; a Sybil that turns within the 0.2 s from its canary to the
    # end of its work: 0.2 s in 100 s.
    assert result["executions_good"] > 1000
    assert result["executions_bad"] <= 0.005 * result["executions_good"]
    answers = result["canaries_passed"] + result["canaries_failed"]
    assert 0.3 * answers < result["canaries_failed"] < 0.7 * answers


def test_behaviours_are_mixed_by_their_probabilities(tmp_path):
    """Silent ones answer nobody; the others' shares show in good and bad executions. Over seeds the mix is drawn anew,
    over requests it is fixed: so over 60 seeds of 32 Sybils, each drawn once, and asked equally often on average."""
    settings = {**ALL_SYBIL, **INDIFFERENT, **ALWAYS_GOOD, "adversary.silent": 0.25, "adversary.onoff": 0.5,
                "adversary.on": "1000000s", "adversary.off": "1ms", "run.warmup": "20s", "run.duration": "220s"}
    results = run_seeds(tmp_path, settings, range(1, 61), rows=False)
    asked = sum(result.messages["delegate"] for result in results)
    drawn = 60 * SYBILS
    for what, share, hits in (("onoff", 0.5, sum(result["executions_good"] for result in results)),
                              ("malicious", 0.25, sum(result["executions_bad"] for result in results))):
        # The share of tasks that find the behaviour: its share of the drawn Sybils, and which of them tasks find.
        variance = share * (1 - share) * (1 / drawn + 1 / asked)
        check_normal(hits / asked, share, variance, what)


CELLS = {**STATIC, "capability.classes": "40", "workflow.steps": "any/low", "peers.count": 400,
         "adversary.fraction": 0.5, "adversary.descriptors": 3, "peers.workflow_rate": 0.05, "peers.capabilities": 2,
         "run.warmup": "20s", "run.duration": "100s", "policy.name": "optimistic", "capability.zipf": 0}


def test_an_eclipse_poisons_its_cells_and_no_others(tmp_path):
    """All 200 Sybils in 2 of 40 cells: 400 poisoned entries among 400 honest ones; in the cells of the workflows,
    chosen to be others, nothing is poisoned."""
    for steps, poisoned in (("class5/low", True), ("class6/low", False)):
        settings = {**CELLS, "adversary.targeting": "cells", "adversary.cells": "class5, class9",
                    "workflow.steps": steps}
        [result] = run_seeds(tmp_path, settings, [1])
        assert result["poisoned_entry_share"] == pytest.approx(0.5)
        assert (result["poisoned_candidate_share"] > 0.9) == poisoned
        assert poisoned or result["poisoned_candidate_share"] == 0


def test_uniform_targets_do_not_follow_popularity(tmp_path):
    """Steep popularity: workflows want class 0 nearly always, where popularity-driven Sybils are, and of uniformly
    targeting ones the share descriptors / classes = 3 / 40: 15 of 200 on average, drawn hypergeometrically at most."""
    shares = {}
    for targeting in ("popularity", "uniform"):
        settings = {**CELLS, "capability.zipf": 3, "adversary.targeting": targeting, "workflow.steps": "class0/low",
                    "registry.candidates": 64}
        [result] = run_seeds(tmp_path, settings, [1])
        shares[targeting] = result["poisoned_candidate_share"]
    assert shares["popularity"] > 0.4
    assert 0 < shares["uniform"] < 0.2


@pytest.mark.parametrize("budget, reserve, cost, sybils", [(50, 0, 1, 50), (50, 0.5, 1, 25), (10, 0.1, 0.3, 30)])
def test_a_budget_buys_as_many_sybils_as_it_pays(tmp_path, budget, reserve, cost, sybils):
    """Each has one descriptor, and once all have registered no entry expires."""
    settings = {**STATIC, "peers.count": 100, "adversary.budget": budget, "adversary.reserve": reserve,
                "identity.cost": cost, "run.warmup": "20s", "run.duration": "30s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert set(result.series["poisoned_entries"]) == {sybils}
    assert set(result.series["live_entries"]) == {100}


def test_success_falls_as_canaries_are_recognised_more_often(tmp_path):
    """Equal seeds share Sybils, peers, intents and arrivals: paired differences, all of one sign."""
    levels = []
    for recognition in (0, 0.25, 0.5, 0.75, 1):
        settings = {"adversary.fraction": 0.3, "policy.name": "tier2", "adversary.canary_recognition": recognition,
                    "run.warmup": "60s", "run.duration": "360s"}
        levels.append([result["success_rate"] for result in run_seeds(tmp_path, settings, range(1, 9), rows=False)])
    means = [sum(level) / len(level) for level in levels]
    assert means == sorted(means, reverse=True), means
    # Of 8 pairs all fall with probability 2^-8 if nothing changed.
    assert all(none > full + 0.02 for none, full in zip(levels[0], levels[-1])), levels
