"""The program says which parameters were set in vain, and it is true: they change nothing. Where they act it says nothing,
and they change something."""
from __future__ import annotations

import re

import pytest

from comparison import raw_datasets
from parley_runs import CONFIGS, ROOT, execute

SOURCE = (ROOT / "models/agentic/idle_parameters.cpp").read_text()
# Another value than the default for each parameter.
VALUES = {
    "drift.advertise": "withdraw", "drift.mean_nominal": "5s", "drift.mean_degraded": "5s", "drift.q_degraded": "0.7",
    "drift.ou_sd": "0.3", "drift.ou_time": "5s", "drift.ou_step": "2s", "drift.tolerance": "0.3", "churn.shape": "1",
    "churn.on_scale": "50s", "churn.off_mean": "50s", "nat.direct": "0", "nat.relay_penalty": "2s",
    "nat.relay_sigma": "2", "network.median_latency": "300ms", "capability.share": "0.3",
    "capability.median_execution": "9s", "capability.zipf": "2", "peers.capabilities": "1", "policy.temperature": "3",
    "policy.low_risk_tier": "3", "policy.medium_risk_tier": "3", "policy.high_risk_tier": "0",
    "policy.byte_weight": "700", "policy.loss_low": "7e6", "policy.loss_medium": "7e6", "policy.loss_high": "7",
    "policy.loss_failed": "7e6", "reputation.pretrusted_share": "0.5", "reputation.pretrusted_min": "30",
    "reputation.midpoint": "3", "reputation.damping": "0.5", "reputation.tolerance": "0.9",
    "reputation.max_iterations": "1", "adversary.on": "5s", "adversary.off": "5s", "adversary.forge_sequence": "max",
    "adversary.rejoin_delay": "5s",
}
GENERATED = {"capability.classes": "4", "workflow.steps": "any/low"}
REGIONS = {"network.regions": "region,share,a,b;a,0.5,10,80;b,0.5,80,10"}
# The reason that is given -> settings under which it holds (besides the defaults of paper-sybil.ini).
REASONS = {
    "drift.kind is none": {}, "drift.kind is two_state": {"drift.kind": "two_state"},
    "drift.kind is ou": {"drift.kind": "ou"}, "churn.kind is none": {}, "nat.share is 0": {},
    "network.regions has medians of its own": REGIONS, "classes are generated": GENERATED,
    "capability.classes gives the classes by name": {}, "policy.select is argmax": {"policy.select": "argmax"},
    "policy.name is not risk_aware": {"policy.name": "tier2"}, "policy.name is not cost_aware": {},
    "reputation.kind is neither eigentrust nor sybilrank": {},
    "reputation.kind is not eigentrust": {"reputation.kind": "sybilrank"}, "adversary.onoff is 0": {},
    "adversary.forge_rate is 0": {}, "adversary.whitewash is false": {},
}
# Settings under which they act; keys by the beginning of their name, the longest that fits counts.
ACTIVE = {
    "drift.": {"drift.kind": "two_state"}, "drift.ou_": {"drift.kind": "ou"}, "drift.tolerance": {"drift.kind": "ou"},
    "churn.": {"churn.kind": "weibull"}, "nat.": {"nat.share": "0.5"}, "network.": {}, "capability.": GENERATED,
    "capability.share": {}, "peers.": GENERATED, "policy.temperature": {}, "policy.": {"policy.name": "cost_aware"},
    "policy.low": {"workflow.steps": "image_generation/low", "policy.name": "risk_aware"},
    "policy.medium": {"policy.name": "risk_aware"}, "policy.high": {"policy.name": "risk_aware"},
    "policy.loss_low": {"workflow.steps": "image_generation/low", "policy.name": "cost_aware"},
    "policy.loss_high": {"policy.name": "cost_aware"},
    "reputation.": {"reputation.kind": "eigentrust"}, "adversary.": {"adversary.onoff": "1"},
    "adversary.forge": {"adversary.forge_rate": "0.5", "identity.verify": "false"},
    "adversary.rejoin": {"adversary.whitewash": "true", "reputation.epoch": "2s"},
}


def groups() -> list[tuple[str, str]]:
    """(reason, key) as the program has them."""
    found = re.findall(r'"([^"]+)",\s*\{((?:"[a-z_.]+",?\s*)+)\}\}', SOURCE)
    return [(why, key) for why, keys in found for key in re.findall(r"[a-z_.]+", keys)]


def run(output, settings: dict[str, str]):
    words = [f"--{key}={value}" for key, value in settings.items()]
    done = execute(["run", CONFIGS / "paper-sybil.ini", "--run.duration=40s", "--run.warmup=2s",
                    "--adversary.fraction=0.3", *words, "--output", output])
    assert done.returncode == 0, done.stderr
    return re.findall(r"^parley: note: (.*)$", done.stderr, re.M)


def test_the_tables_here_have_every_reason_and_every_parameter():
    assert {why for why, _ in groups()} == set(REASONS) and {key for _, key in groups()} == set(VALUES)
    assert len(groups()) > len(VALUES)


@pytest.mark.parametrize("why, key", groups())
def test_what_is_said_to_have_no_effect_has_none(tmp_path, why, key):
    settings = REASONS[why]
    assert run(tmp_path / "without.h5", settings) == []
    assert f"{key} has no effect ({why})" in run(tmp_path / "with.h5", {**settings, key: VALUES[key]})
    assert raw_datasets(tmp_path / "without.h5") == raw_datasets(tmp_path / "with.h5")


@pytest.mark.parametrize("key", sorted(VALUES))
def test_what_has_an_effect_is_not_noted(tmp_path, key):
    settings = ACTIVE[max((each for each in ACTIVE if key.startswith(each)), key=len)]
    assert run(tmp_path / "without.h5", settings) == []
    assert run(tmp_path / "with.h5", {**settings, key: VALUES[key]}) == []
    assert raw_datasets(tmp_path / "without.h5") != raw_datasets(tmp_path / "with.h5")


def test_a_parameter_at_its_default_is_not_noted(tmp_path):
    assert run(tmp_path / "a.h5", {"drift.mean_degraded": "30s"}) == []
