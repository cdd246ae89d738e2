"""--help, --version, describe, validate, and what a good run prints."""
from __future__ import annotations

import re

import h5py
import pytest

from comparison import first_difference
from parley_runs import CONFIGS, execute, run

CONFIGURATIONS = sorted(CONFIGS.glob("*.ini"))
SHORT = {"run.duration": "20s", "run.warmup": "5s"}


def printed(*arguments, **options) -> str:
    done = execute(arguments, **options)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run", "--help"]])
def test_help_shows_the_commands(arguments):
    text = printed(*arguments)
    for word in ("run", "validate", "describe", "--version", "--output", "--force", "mpirun"):
        assert word in text


def test_version_is_one_line():
    assert re.fullmatch(r"parley \d+\.\d+\.\d+\n", printed("--version"))


def test_three_ranks_print_once():
    assert printed("--version", ranks=3, seconds=30).count("parley") == 1


def described(text: str) -> dict[str, str]:
    """key -> default, from the lines `key type ... default range`."""
    return {line.split()[0]: line for line in text.splitlines() if re.match(r"  [a-z]+\.[a-z_]+ ", line)}


def test_describe_names_every_parameter_of_a_result(tmp_path):
    with h5py.File(run(CONFIGS / "paper-sybil.ini", tmp_path / "a.h5", SHORT)) as file:
        stored = {key for key in file["config"].attrs if key != "text"}
    assert stored and stored <= set(described(printed("describe")))


@pytest.mark.parametrize("section", ["run", "adversary", "registry", "phold"])
def test_describe_can_show_one_section(section):
    shown = described(printed("describe", section))
    assert shown and all(key.startswith(section + ".") for key in shown)
    assert shown == {key: line for key, line in described(printed("describe")).items()
                     if key.startswith(section + ".")}


def test_describe_has_type_unit_default_range_and_meaning():
    text = printed("describe", "adversary")
    assert "adversary.fraction" in text and "real" in text and "0 to 0.99" in text
    assert "Share f of the identities that are Sybil." in text
    assert "duration" in printed("describe", "descriptor") and "15s" in printed("describe", "descriptor")


@pytest.mark.parametrize("config", CONFIGURATIONS, ids=lambda path: path.stem)
def test_every_preset_is_valid(config):
    assert printed("validate", config).endswith("# valid\n")


@pytest.mark.parametrize("config", ["paper-sybil.ini", "paper-ttl.ini", "sybil-1m.ini", "phold.ini"])
def test_what_validate_prints_is_the_same_configuration(tmp_path, config):
    """It validates to itself, and a run of it gives the same results."""
    small = {"peers.count": 500} if config != "phold.ini" else {"phold.entities": 1000}
    settings = {**SHORT, **small, "run.seed": 7}
    text = printed("validate", CONFIGS / config, *[f"--{key}={value}" for key, value in settings.items()])
    (tmp_path / "resolved.ini").write_text(text)
    assert printed("validate", tmp_path / "resolved.ini") == text
    a = run(CONFIGS / config, tmp_path / "a.h5", settings)
    b = run(tmp_path / "resolved.ini", tmp_path / "b.h5")
    assert first_difference(a, b) is None


def test_the_text_stored_in_a_result_runs_it_again(tmp_path):
    a = run(CONFIGS / "paper-sybil.ini", tmp_path / "a.h5", {**SHORT, "policy.name": "tier2", "run.seed": 3})
    with h5py.File(a) as file:
        (tmp_path / "again.ini").write_text(file["config"].attrs["text"])
    assert first_difference(a, run(tmp_path / "again.ini", tmp_path / "b.h5")) is None


def test_the_default_output_is_named_after_the_configuration(tmp_path):
    printed("run", CONFIGS / "paper-sybil.ini", "--run.duration=20s", "--run.warmup=5s", "--quiet", cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["paper-sybil.h5"]


def test_a_quiet_run_prints_nothing(tmp_path):
    assert printed("run", CONFIGS / "paper-sybil.ini", "--run.duration=20s", "--run.warmup=5s", "--output",
                   tmp_path / "a.h5", "--quiet") == ""


def test_every_dataset_has_units_and_a_long_name(tmp_path):
    with h5py.File(run(CONFIGS / "paper-sybil.ini", tmp_path / "a.h5", SHORT)) as file:
        missing = []
        file.visititems(lambda name, item: missing.append(name) if isinstance(item, h5py.Dataset) and not (
            item.attrs.get("units") and item.attrs.get("long_name")) else None)
        assert missing == []
        assert file["provenance"].attrs["events_per_second"] > 0
        asked = ["workflows_started", "workflows_success", "workflows_compromised", "workflows_failed",
                 "workflows_failed_by_reason", "success_rate", "compromised_rate", "unsafe_actions",
                 "control_bytes_per_peer_second", "data_bytes_per_peer_second", "canaries_sent", "canaries_failed",
                 "canaries_evaded", "evidence_verified", "evidence_rejected", "events", "mean_trust_honest",
                 "mean_trust_sybil", "trust_auc", "poisoned_candidate_share", "stale_entry_share"]
        asked += [f"{kind}_latency_{p}" for kind in ("discovery", "end_to_end") for p in ("p50", "p90", "p99")]
        assert [name for name in asked if name not in file["summary"]] == []
