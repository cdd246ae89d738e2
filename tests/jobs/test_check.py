"""jobs/sweep lets the program check every value of every axis, and tells what has no effect, before anything starts."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from parley_runs import ROOT, binary
from parley_sweep.check import check_sweep, one_for_each_value
from parley_sweep.errors import SweepError
from parley_sweep.sweep_file import Sweep, points, read_sweep


@pytest.fixture
def sweep(tmp_path):
    """Makes a sweep of the program's own preset."""
    def made(text: str) -> Sweep:
        file = tmp_path / "study.ini"
        file.write_text(f"[sweep]\nbase = {ROOT}/configs/paper-sybil.ini\n{text}\n[seeds]\nrun.seed = 1:3\n")
        return read_sweep(file)
    return made


def notes(sweep: Sweep, *overrides: str) -> list[str]:
    return check_sweep(binary(), sweep, points(sweep, overrides=overrides)).notes


def command(name: str, sweep: Sweep, output: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "jobs" / "sweep"), name, str(sweep.file), "--output", str(output),
                           "--binary", str(binary()), *extra], capture_output=True, text=True, timeout=60, check=False)


def test_each_value_is_checked_once_with_the_other_axes_at_their_first(sweep):
    study = sweep("[axes]\nadversary.fraction = 0, 0.1, 0.2\npolicy.name = tier1, tier2\n")
    chosen = [tuple(dict(point.parameters).values()) for point in one_for_each_value(study, points(study))]
    assert chosen == [("0", "tier1", "1"), ("0", "tier1", "2"), ("0", "tier1", "3"), ("0", "tier2", "1"),
                      ("0.1", "tier1", "1"), ("0.2", "tier1", "1")]


@pytest.mark.parametrize("axes, message", [
    ("policy.name = tier1, teir2\nadversary.fraction = 0:0.6:0.1",
     "refuses point 22: policy.name = teir2: not a known"),
    ("policy.name = tier1, tier2\nadversary.fraction = 0:1.2:0.4", "fraction = 1.2: out of range"),
    ("policy.nmae = tier1, tier2", 'refuses the first point: unknown key "policy.nmae"; did you mean policy.name'),
    ("policy.name = tier1, a, b", "(and 1 other values)"),
])
def test_a_slip_in_any_value_is_told_once_and_nothing_is_created(sweep, tmp_path, axes, message):
    study = sweep(f"[axes]\n{axes}\n")
    for name in ("plan", "run", "submit"):
        answer = command(name, study, tmp_path / "out")
        assert answer.returncode == 2 and answer.stdout == ""
        assert message in answer.stderr and len(answer.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_plan_lists_the_points_also_before_the_program_is_built(sweep, tmp_path):
    study = sweep("[axes]\npolicy.name = tier1, tier2\n")
    answer = command("plan", study, tmp_path / "out", "--binary", "/nowhere/parley")
    assert answer.returncode == 0 and "6 runs" in answer.stdout
    assert "note: no value is checked: cannot start /nowhere/parley" in answer.stderr


def test_an_axis_without_effect_is_told_once_before_the_start(sweep, tmp_path):
    """30s is the default, of which the program says nothing: the axis shows nothing all the same."""
    study = sweep("[axes]\ndrift.mean_degraded = 30s, 10s, 20s\npolicy.name = tier1, tier2\n")
    said = ["drift.mean_degraded has no effect at any point (drift.kind is none): the axis repeats the same runs"]
    assert notes(study) == said
    for name in ("plan", "submit"):
        assert command(name, study, tmp_path / "out", *(["--dry-run"] if name == "submit" else [])).stderr.startswith(
            f"note: {said[0]}\n")
    answer = command("run", study, tmp_path / "out", "--set", "run.duration=61s", "--seeds", "1")
    assert answer.stderr.startswith(f"note: {said[0]}\n") and answer.stderr.count("no effect") == 1


def test_an_axis_that_acts_at_some_points_is_not_worth_a_note(sweep):
    """With one other axis, with two of which both must differ from the first point, and in a linked group."""
    assert notes(sweep("[axes]\npolicy.loss_low = 40000, 80000\npolicy.name = tier1, tier2, cost_aware\n")) == []
    both = sweep("[axes]\nadversary.on = 60s, 30s\nadversary.onoff = 0, 0.5\nadversary.forge_rate = 0, 1\n"
                 "adversary.forge_sequence = now, max\n")
    assert notes(both) == []
    assert notes(sweep("[linked drift]\ndrift.kind = none, two_state\ndrift.mean_degraded = 9s, 9s\n")) == []


def test_what_is_set_for_every_run_and_has_no_effect_is_told(sweep):
    study = sweep("[axes]\npolicy.name = tier1, tier2\n[set]\nchurn.shape = 0.7\n")
    assert notes(study) == ["churn.shape has no effect at any point (churn.kind is none)"]
    assert notes(study, "churn.kind=weibull") == []
    linked = sweep("[linked drift]\ndrift.mean_nominal = 20s, 30s\ndrift.mean_degraded = 2s, 3s\n")
    assert notes(linked) == ["drift.mean_nominal, drift.mean_degraded have no effect at any point "
                             "(drift.kind is none): the axis repeats the same runs"]


def test_values_that_do_not_go_together_are_told_by_their_point(sweep):
    study = sweep("[axes]\nrun.warmup = 60s, 900s\n")
    with pytest.raises(SweepError, match="refuses point 4: run.warmup is 900s"):
        check_sweep(binary(), study, points(study))
