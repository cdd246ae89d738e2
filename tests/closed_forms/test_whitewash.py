"""Sybils that come back under fresh identities: small cases by hand, and what a budget pays for."""
from __future__ import annotations

import numpy as np
import pytest

from parley_runs import run_seeds
from static_network import INDIFFERENT, STATIC

# One honest requester and one Sybil that fails every canary; canaries at 2 a second, epochs of 10 s.
PAIR = {**STATIC, **INDIFFERENT, "peers.count": 2, "adversary.fraction": 0.5, "registry.candidates": 1,
        "peers.workflow_rate": 2, "canary.guess": 0, "policy.name": "tier2", "adversary.whitewash": "true",
        "reputation.kind": "beta", "run.warmup": "0s", "run.duration": "602s"}


def times_of(series: np.ndarray) -> list[int]:
    """Seconds in which it is not 0, counted from 0, one for each."""
    return np.repeat(np.arange(len(series)), series.astype(int)).tolist()


def test_a_failing_sybil_leaves_at_the_next_epoch_and_comes_back_after_the_delay(tmp_path):
    """At each epoch at least 4 canaries have failed: it leaves at 10 s, is back at 45 s, leaves at 50 s ... The epoch
    at 50 s publishes (1 + 0) / (2 + 1) from the one capped report on the fresh identity, as the one at 10 s did."""
    settings = {**PAIR, "adversary.rejoin_delay": "35s", "policy.threshold": 0}
    [result] = run_seeds(tmp_path, settings, [1])
    assert times_of(result.series["whitewashes"]) == list(range(45, 602, 40))
    trust = result.series["mean_trust_sybil"]  # row i: after the epoch at i + 1 s, if there is one
    assert trust[:9] == pytest.approx(0.5)
    for epoch in range(10, 600, 40):
        assert trust[epoch - 1] == pytest.approx(1 / 3, abs=1e-6), epoch
    online = result.series["peers_online"]
    assert set(online.tolist()) == {1, 2}
    assert online.tolist() == [1 if 10 <= t % 40 or t % 40 < 5 and t > 10 else 2 for t in range(602)]


def test_messages_to_the_old_name_are_dropped(tmp_path):
    """The Sybil is away for 2 s, but its old entry lives for up to 40 s, and is the one candidate handed out: both match
    alike, and ties go to the lower number. All that time canaries are dropped, though the Sybil is back."""
    settings = {**PAIR, "adversary.rejoin_delay": "2s", "descriptor.ttl": "40s", "registry.candidates": 1,
                "policy.threshold": 0, "canary.timeout": "1s"}
    [result] = run_seeds(tmp_path, settings, [1])
    kinds = list(result.messages)
    dropped = result.series["messages_dropped"].sum(axis=0)[kinds.index("canary_request")]
    answered = result.messages["canary_response"]
    assert answered > 0
    assert dropped > 0.5 * result.messages["canary_request"]  # away: 2 s of at least 10 s
    assert 0 <= result.messages["canary_request"] - dropped - answered <= 1
    assert result["entries_expired"] >= 5


def test_unbearable_trust_alone_makes_a_sybil_leave(tmp_path):
    """tier1, no canaries; every bad result is noticed. Published trust 1/3 at the first epoch with a report, below 0.3
    at the second: 1 / (2 + 1 + decay)."""
    settings = {**PAIR, "policy.name": "tier1", "execution.outcome_detection": 1, "policy.threshold": 0,
                "adversary.rejoin_delay": "25s"}
    [result] = run_seeds(tmp_path, settings, [1])
    # 1/3 at 10 s, 1/4 at 20 s; back at 45 s, 1/3 at 50 s, 1/4 at 60 s; back at 85 s ...
    assert times_of(result.series["whitewashes"]) == list(range(45, 602, 40))
    decay = 2 ** (-10 / 600)
    assert result.series["mean_trust_sybil"][19] == pytest.approx(1 / (3 + decay), abs=1e-6)


@pytest.mark.parametrize("kind", ["beta", "eigentrust", "sybilrank", "none"])
def test_the_budget_bounds_and_the_attack_uses_up_the_reentries(tmp_path, kind):
    """Budget 47.5 at cost 1, reserve 0.6: floor(19.0) Sybils now, floor(28.5) = 28 re-entries: 1 each, and 9 Sybils
    have a second one."""
    settings = {**STATIC, **INDIFFERENT, "peers.count": 40, "adversary.budget": 47.5, "adversary.reserve": 0.6,
                "identity.cost": 1, "registry.candidates": 39, "peers.workflow_rate": 0.5, "canary.guess": 0,
                "policy.name": "tier2", "adversary.whitewash": "true", "reputation.kind": kind,
                "reputation.epoch": "10s", "policy.threshold": 0, "run.warmup": "0s", "run.duration": "900s",
                "adversary.rejoin_delay": "5s"}
    [result] = run_seeds(tmp_path, settings, [1])
    assert result["whitewashes"] == 28
    [free] = run_seeds(tmp_path, {**settings, "adversary.budget": 0, "identity.cost": 0, "adversary.reserve": 0,
                                  "adversary.fraction": 19 / 40}, [1])
    assert free["whitewashes"] > 100


def test_without_the_flag_nobody_comes_back(tmp_path):
    [result] = run_seeds(tmp_path, {**PAIR, "adversary.whitewash": "false"}, [1])
    assert result["whitewashes"] == 0
    assert result["canaries_failed"] > 1000
