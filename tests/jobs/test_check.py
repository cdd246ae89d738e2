"""jobs/sweep lets the program check every value of every axis, and tells what has no effect, before anything starts."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from parley_runs import ROOT, binary
from parley_sweep import check
from parley_sweep.check import check_sweep, one_for_each_value
from parley_sweep.errors import SweepError
from parley_sweep.sweep_file import Sweep, points, read_sweep


@pytest.fixture
def sweep(tmp_path):
    """Makes a sweep of the program's own preset."""
    def made(text: str, seeds: str = "1:3") -> Sweep:
        file = tmp_path / "study.ini"
        file.write_text(f"[sweep]\nbase = {ROOT}/configs/paper-sybil.ini\n{text}\n[seeds]\nrun.seed = {seeds}\n")
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
    assert chosen == [("0", "tier1", "1"), ("0", "tier1", "3"), ("0", "tier2", "1"), ("0.1", "tier1", "1"),
                      ("0.2", "tier1", "1")]


@pytest.mark.parametrize("seeds, checked", [
    ("1:200", ["1", "200"]), ("7", ["7"]), ("5, 30, 4, 6", ["5", "30", "4"]), ("1, 2, x, 3, -1", ["1", "x", "3", "-1"]),
])
def test_seeds_are_checked_at_their_ends_and_where_they_are_no_whole_numbers(sweep, seeds, checked):
    study = sweep("[axes]\npolicy.name = tier1\n", seeds)
    assert [dict(point.parameters)["run.seed"] for point in one_for_each_value(study, points(study))] == checked


@pytest.mark.parametrize("axes, message", [
    ("policy.name = tier1, teir2\nadversary.fraction = 0:0.6:0.1",
     "refuses point 22: policy.name = teir2: not a known"),
    ("policy.name = tier1, tier2\nadversary.fraction = 0:1.2:0.4", "fraction = 1.2: out of range"),
    ("policy.nmae = tier1, tier2", 'refuses the first point: unknown key "policy.nmae"; did you mean policy.name'),
    ("policy.name = tier1, a, b", "(and 1 other value)\n"),
    ("policy.name = tier1, a, b, c", "(and 2 other values)\n"),
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


@pytest.fixture
def counted(tmp_path):
    """The program behind a script that counts its starts."""
    script, starts = tmp_path / "counted", tmp_path / "starts"
    script.write_text(f'#!/bin/sh\necho >>{starts}\nexec {binary()} "$@"\n')
    script.chmod(0o755)
    return script, lambda: len(starts.read_text())


def test_of_a_large_product_only_the_nearest_points_are_asked(sweep, counted):
    """11 times 9 points, at none of which churn is on."""
    script, starts = counted
    study = sweep("[set]\nchurn.on_scale = 9s\n[axes]\nadversary.fraction = 0:0.5:0.05\n"
                  "adversary.forge_rate = 0.1:0.9:0.1\n")
    told = check_sweep(script, study, points(study)).notes
    assert "churn.on_scale has no effect at the 64 points looked at (churn.kind is none)" in told
    assert starts() == 64 + 1  # and another seed


def test_what_is_not_known_of_an_axis_is_not_said(sweep, monkeypatch):
    """drift.kind is none at all of 12 points; those with one value of the idle axis are 6, of which 4 are looked at."""
    monkeypatch.setattr(check, "LOOKED_AT", 4)
    axes = "[axes]\ndrift.mean_nominal = 20s, 30s\nadversary.fraction = 0, 0.1, 0.2\npolicy.name = {}\n"
    assert notes(sweep(axes.format("tier1, tier2"))) == [
        "drift.mean_nominal has no effect at the 4 points looked at (drift.kind is none): "
        "the axis seems to repeat the same runs"]
    assert notes(sweep(axes.format("tier1"))) == [
        "drift.mean_nominal has no effect at any point (drift.kind is none): the axis repeats the same runs"]


def test_a_value_that_was_checked_tells_also_beyond_the_nearest_points(sweep, monkeypatch):
    """The last of the axis' values switches the parameter on, and it is far down the list."""
    monkeypatch.setattr(check, "LOOKED_AT", 2)
    assert notes(sweep("[set]\nchurn.on_scale = 9s\n[axes]\nadversary.fraction = 0, 0.1, 0.2, 0.3\n"
                       "churn.kind = none, weibull\n")) == []
