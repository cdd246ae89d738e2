"""The program says which parameters were set in vain, and it is true: they change nothing."""
from __future__ import annotations

import re

import pytest

from comparison import raw_datasets
from parley_runs import CONFIGS, ROOT, execute

SOURCE = (ROOT / "models/agentic/idle_parameters.cpp").read_text()
# Another value than the default for each, and the settings under which it is idle besides the defaults of
# paper-sybil.ini.
GENERATED = {"capability.classes": "4", "workflow.steps": "any/low"}
REGIONS = {"network.regions": "region,share,a,b;a,0.5,10,80;b,0.5,80,10"}
IDLE = {
    "drift.advertise": ("withdraw", {}), "drift.mean_nominal": ("5s", {"drift.kind": "ou"}),
    "drift.mean_degraded": ("5s", {}), "drift.q_degraded": ("0.7", {"drift.kind": "ou"}), "drift.ou_sd": ("0.3", {}),
    "drift.ou_time": ("5s", {"drift.kind": "two_state"}), "drift.ou_step": ("2s", {}), "drift.tolerance": ("0.3", {}),
    "churn.shape": ("1", {}), "churn.on_scale": ("50s", {}), "churn.off_mean": ("50s", {}),
    "nat.direct": ("0", {}), "nat.relay_penalty": ("2s", {}), "nat.relay_sigma": ("2", {}),
    "network.median_latency": ("300ms", REGIONS), "capability.share": ("0.3", GENERATED),
    "capability.median_execution": ("9s", {}), "capability.zipf": ("2", {}), "peers.capabilities": ("1", {}),
    "policy.temperature": ("3", {"policy.select": "argmax"}), "policy.low_risk_tier": ("3", {"policy.name": "tier2"}),
    "policy.medium_risk_tier": ("3", {"policy.name": "tier2"}), "policy.high_risk_tier": ("0", {"policy.name": "tier2"}),
    "policy.byte_weight": ("7", {}), "policy.loss_low": ("7", {}), "policy.loss_medium": ("7", {}),
    "policy.loss_high": ("7", {}), "policy.loss_failed": ("7", {}), "reputation.pretrusted_share": ("0.5", {}),
    "reputation.pretrusted_min": ("9", {}), "reputation.midpoint": ("3", {}), "reputation.damping": ("0.5", {}),
    "reputation.tolerance": ("0.1", {"reputation.kind": "sybilrank"}), "reputation.max_iterations": ("1", {}),
    "adversary.on": ("5s", {}), "adversary.off": ("5s", {}), "adversary.forge_sequence": ("max", {}),
    "adversary.rejoin_delay": ("5s", {}),
}


def run(output, settings: dict[str, str]):
    words = [f"--{key}={value}" for key, value in settings.items()]
    return execute(["run", CONFIGS / "paper-sybil.ini", "--run.duration=20s", "--run.warmup=2s",
                    "--adversary.fraction=0.3", *words, "--output", output])


def test_every_parameter_that_may_be_idle_is_tried_here():
    assert set(re.findall(r'"([a-z]+\.[a-z_]+)"[,}]', SOURCE)) == set(IDLE)


@pytest.mark.parametrize("key", sorted(IDLE))
def test_what_is_said_to_have_no_effect_has_none(tmp_path, key):
    value, settings = IDLE[key]
    told = []
    for name, extra in (("without", {}), ("with", {key: value})):
        done = run(tmp_path / f"{name}.h5", {**settings, **extra})
        assert done.returncode == 0, done.stderr
        told.append(re.findall(r"^parley: note: (.*) \(", done.stderr, re.M))
    assert told == [[], [f"{key} has no effect"]]
    assert raw_datasets(tmp_path / "without.h5") == raw_datasets(tmp_path / "with.h5")


def test_parameters_with_an_effect_or_at_their_default_are_not_noted(tmp_path):
    for settings in ({"drift.kind": "two_state", "drift.mean_degraded": "5s"}, {"drift.mean_degraded": "30s"},
                     {"policy.name": "cost_aware", "policy.loss_low": "3"}):
        assert run(tmp_path / "a.h5", settings).stderr.count("note:") == 0
        (tmp_path / "a.h5").unlink()
