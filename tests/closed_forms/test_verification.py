"""Canaries, evidence and the outcome check.

One honest requester and 32 Sybils: every candidate is a Sybil, all 32 are candidates of every step, and the
workflows are independent of each other.
"""
from __future__ import annotations

import numpy as np
import pytest

from bounds import check_binomial, check_normal
from parley_runs import run_seeds
from static_network import STATIC

CANDIDATES, RATE, SECONDS = 32, 2.0, 3000.0
ALL_SYBIL = {**STATIC, "peers.count": CANDIDATES + 1, "adversary.fraction": CANDIDATES / (CANDIDATES + 1),
             "registry.candidates": CANDIDATES, "peers.workflow_rate": RATE, "run.warmup": "100s",
             "run.duration": f"{SECONDS + 100}s"}
ALL_HONEST = {**STATIC, "peers.count": CANDIDATES + 1, "registry.candidates": CANDIDATES, "peers.workflow_rate": 0.2,
              "capability.quality_alpha": 1e6, "capability.quality_beta": 0.01, "run.warmup": "100s",
              "run.duration": "1100s"}


def ended(result) -> int:
    return int(result["workflows_success"] + result["workflows_compromised"] + result["workflows_failed"])


@pytest.mark.parametrize("guess, count", [(0.3, 1), (0.3, 2), (0.3, 3), (0.05, 1)])
@pytest.mark.parametrize("parallel", [1, 4])
def test_a_guessing_sybil_passes_all_canaries_with_guess_to_the_count(tmp_path, guess, count, parallel):
    settings = {**ALL_SYBIL, "policy.name": "tier2", "canary.guess": guess, "canary.count": count,
                "canary.parallel": parallel}
    [result] = run_seeds(tmp_path, settings, [1])
    p = guess**count
    exhausted = (1 - p) ** CANDIDATES
    check_binomial(result.reasons["verification_exhausted"], ended(result), exhausted, "workflows without a provider")
    assert result["workflows_compromised"] + result.reasons["verification_exhausted"] == ended(result)
    # Candidates tried before a pass: geometric, truncated at 32, and rounded up to groups of `parallel`.
    tried = np.minimum(np.ceil(np.arange(1, CANDIDATES + 1) / parallel) * parallel, CANDIDATES)
    chances = p * (1 - p) ** np.arange(CANDIDATES)
    chances[-1] += exhausted
    # A compound Poisson sum: workflows start by a Poisson process.
    check_normal(result["canaries_sent"] / count, RATE * SECONDS * chances @ tried,
                 RATE * SECONDS * chances @ tried**2, "candidates tried")
    if parallel == 1 and count == 1:
        # Each answer is a pass with probability `guess`, whatever came before: a martingale.
        answers = result["canaries_passed"] + result["canaries_failed"]
        check_normal(result["canaries_evaded"], guess * answers, guess * (1 - guess) * answers, "canaries passed")
        assert result["canaries_evaded"] == result["canaries_passed"]


@pytest.mark.parametrize("count, parallel", [(1, 1), (2, 1), (1, 4), (2, 4)])
def test_every_canary_sent_is_counted_as_passed_or_failed(tmp_path, count, parallel):
    settings = {**ALL_SYBIL, "policy.name": "tier2", "canary.guess": 0.5, "canary.count": count,
                "canary.parallel": parallel, "run.warmup": "0s"}
    [result] = run_seeds(tmp_path, settings, [1])
    under_way = int(result.series["canaries_sent"][-3:].sum())  # an answer takes far less than 3 s
    assert 0 <= result["canaries_sent"] - result["canaries_passed"] - result["canaries_failed"] <= under_way


@pytest.mark.parametrize("nominal", [0.99, 0.7])
def test_honest_nominal_instances_pass_with_their_probability(tmp_path, nominal):
    settings = {**ALL_HONEST, "policy.name": "tier2", "canary.pass_nominal": nominal}
    [result] = run_seeds(tmp_path, settings, [1])
    answers = result["canaries_passed"] + result["canaries_failed"]
    check_normal(result["canaries_passed"], nominal * answers, nominal * (1 - nominal) * answers, "canaries passed")
    assert result["canaries_evaded"] == 0


@pytest.mark.parametrize("detection", [0.98, 0.6])
def test_evidence_exposes_bad_results_with_its_probability(tmp_path, detection):
    """Up to 3 delegations, each accepted with 1 - detection."""
    settings = {**ALL_SYBIL, "policy.name": "tier3", "canary.guess": 1, "evidence.detection": detection,
                "workflow.steps": "work/high/side_effect"}
    [result] = run_seeds(tmp_path, settings, [1])
    check_normal(result["evidence_rejected"], detection * result["evidence_verified"],
                 detection * (1 - detection) * result["evidence_verified"], "packages rejected")
    check_binomial(result["workflows_compromised"], ended(result), 1 - detection**3, "workflows compromised")
    assert result["workflows_compromised"] + result.reasons["verification_exhausted"] == ended(result)
    assert result["unsafe_actions"] == result["executions_bad"] > 0


@pytest.mark.parametrize("false_reject", [0.01, 0.3])
def test_evidence_rejects_good_results_with_its_probability(tmp_path, false_reject):
    settings = {**ALL_HONEST, "policy.name": "tier3", "canary.pass_nominal": 1, "evidence.false_reject": false_reject}
    [result] = run_seeds(tmp_path, settings, [1])
    verified = result["evidence_verified"]
    check_normal(result["evidence_false_rejected"], false_reject * verified,
                 false_reject * (1 - false_reject) * verified, "good packages rejected")
    assert result["evidence_false_rejected"] == result["evidence_rejected"]
    check_binomial(result["workflows_success"], ended(result), 1 - false_reject**3, "success")


@pytest.mark.parametrize("detection", [0.5, 0.2])
def test_bad_results_are_noticed_with_outcome_detection(tmp_path, detection):
    """Two steps, both bad: compromised if both pass unnoticed, failed and tainted if only the first does."""
    settings = {**ALL_SYBIL, "workflow.steps": "work/low, work/high/side_effect",
                "execution.outcome_detection": detection}
    [result] = run_seeds(tmp_path, settings, [1])
    check_binomial(result["workflows_compromised"], ended(result), (1 - detection) ** 2, "compromised")
    check_binomial(result["workflows_tainted"], ended(result), (1 - detection) * detection, "tainted")
    assert result.reasons["execution_failed"] == result["workflows_failed"]


def test_a_bad_result_is_tried_again_elsewhere_up_to_max_attempts_in_tier_2(tmp_path):
    settings = {**ALL_SYBIL, "policy.name": "tier2", "canary.guess": 1, "execution.outcome_detection": 0.7,
                "policy.max_attempts": 4}
    [result] = run_seeds(tmp_path, settings, [1])
    check_binomial(result["workflows_failed"], ended(result), 0.7**4, "failed")
    check_normal(result.messages["delegate"], RATE * SECONDS * sum(0.7**k for k in range(4)),
                 RATE * SECONDS * sum((2 * k + 1) * 0.7**k for k in range(4)), "delegations")


GATED = {"policy.name": "tier3", "workflow.steps": "work/high/side_effect", "evidence.commit_gate": "true"}


def test_the_commit_gate_lets_only_undetected_bad_executions_become_unsafe_actions(tmp_path):
    settings = {**ALL_SYBIL, **GATED, "canary.guess": 1}
    [gated] = run_seeds(tmp_path / "gated", settings, [1])
    [open_] = run_seeds(tmp_path / "open", {**settings, "evidence.commit_gate": "false"}, [1])
    assert open_["unsafe_actions"] == open_["executions_bad"] > 0
    check_binomial(gated["unsafe_actions"], gated["executions_bad"], 1 - 0.98, "unsafe among the bad executions")
    # The gate changes neither what is delegated nor what is accepted.
    for name in ("executions_bad", "evidence_rejected", "workflows_compromised"):
        assert abs(gated[name] - open_[name]) <= 3, name  # a round trip moves a few beyond the end of the run
    assert gated.messages["commit"] == gated["unsafe_actions"]
    assert open_.messages["commit"] == open_.messages["committed"] == 0


def test_the_commit_gate_costs_one_round_trip_and_two_messages_a_side_effect(tmp_path):
    """Constant delays of 1 s: query, canary and delegation are 6 s and 0.15 s of work, the commit 2 s more."""
    settings = {**ALL_HONEST, **GATED, "network.min_latency": "1s", "network.median_latency": "0s",
                "network.sigma": 0, "evidence.false_reject": 0, "canary.pass_nominal": 1}
    results = {gate: run_seeds(tmp_path / gate, {**settings, "evidence.commit_gate": gate}, [1])[0]
               for gate in ("false", "true")}
    bin_width = 10 ** (1 / 50)
    for gate, seconds in (("false", 6.15), ("true", 8.15)):
        assert seconds / bin_width < results[gate]["end_to_end_latency_p50"] < seconds * bin_width, gate
    gated = results["true"]
    assert abs(gated.messages["commit"] - gated.messages["delegate"]) <= 40  # those under way at either end
    assert abs(gated.messages["committed"] - gated.messages["commit"]) <= 40
    assert gated["unsafe_actions"] == 0


@pytest.mark.parametrize("tier", ["optimistic", "tier1", "tier2"])
def test_without_evidence_there_is_no_commit_gate(tmp_path, tier):
    [result] = run_seeds(tmp_path, {**ALL_SYBIL, **GATED, "policy.name": tier, "canary.guess": 1}, [1])
    assert result["unsafe_actions"] == result["executions_bad"] > 0
    assert result.messages["commit"] == 0
