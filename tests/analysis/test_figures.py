"""The figure and the table of the paper's study, from made-up results."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_parley import SLOPES, write_result
from parley_analysis.figures import new_figure, save_figure, success_vs_fraction
from parley_analysis.policies import policy_order, policy_style
from parley_analysis.statistics import mean_interval
from parley_analysis.sweep import read_runs
from parley_analysis.tables import success_table

ROOT = Path(__file__).resolve().parents[2]
FRACTIONS = (0.0, 0.3, 0.6)
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def sweep_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    for policy in SLOPES:
        for fraction in FRACTIONS:
            for seed in SEEDS:
                config = {"adversary.fraction": str(fraction), "policy.name": policy, "run.seed": str(seed)}
                write_result(folder / f"{policy}{fraction}{seed}.h5", config)
    return folder


def lines_of(ax) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Legend label -> the points of the line drawn."""
    return {line.get_label(): line.get_data(orig=False) for line in ax.get_lines()}


def test_lines_are_the_means(sweep_folder):
    frame = read_runs(sweep_folder)
    _, ax = new_figure()
    success_vs_fraction(frame, ax)
    lines = lines_of(ax)
    assert len(lines) == len(SLOPES)
    for policy in SLOPES:
        x, y = lines[policy_style(policy).label]
        means = frame[frame["policy.name"] == policy].groupby("adversary.fraction")["success_rate"].mean()
        assert np.array_equal(x, means.index) and np.allclose(y, means.to_numpy(), atol=1e-12)


def test_bands_are_the_intervals(sweep_folder):
    frame = read_runs(sweep_folder)
    _, ax = new_figure()
    success_vs_fraction(frame, ax)
    assert len(ax.collections) == len(SLOPES)
    point = frame[(frame["policy.name"] == "optimistic") & (frame["adversary.fraction"] == 0.6)]
    interval = mean_interval(point["success_rate"])
    band = ax.collections[0].get_paths()[0].vertices
    heights = band[band[:, 0] == 0.6][:, 1]
    assert (heights.min(), heights.max()) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_labels_legend_and_looks(sweep_folder):
    _, ax = new_figure()
    success_vs_fraction(read_runs(sweep_folder), ax)
    assert ax.get_xlabel() == "Sybil fraction $f$" and ax.get_ylabel() == "Workflow success rate"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Evidence (tier 3)", "Risk-aware tiering", "Canary (tier 2)", "Reputation (tier 1)",
        "Optimistic (tier 0)"]  # from the highest line down
    drawn = ax.get_lines()
    assert len({line.get_color() for line in drawn}) == len(drawn)
    assert len({line.get_marker() for line in drawn}) == len(drawn)


def test_saved_files_are_the_same_bytes_each_time(sweep_folder, tmp_path):
    contents = []
    for name in ("one", "two"):
        figure, ax = new_figure()
        success_vs_fraction(read_runs(sweep_folder), ax)
        files = save_figure(figure, tmp_path / name / "success")
        assert [file.name for file in files] == ["success.png", "success.pdf"]
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]


def test_one_seed_and_an_unknown_policy_can_be_drawn(tmp_path):
    for policy in ("tier1", "my_policy"):
        write_result(tmp_path / f"{policy}.h5",
                     {"adversary.fraction": "0.1", "policy.name": policy, "run.seed": "2"})
    frame = read_runs(tmp_path, keep=("adversary.fraction",))
    _, ax = new_figure()
    success_vs_fraction(frame, ax)
    assert list(lines_of(ax)) == ["Reputation (tier 1)", "my policy"]
    assert policy_order(["zzz", "risk_aware", "aaa", "tier1"]) == ["tier1", "risk_aware", "aaa", "zzz"]
    assert "0.837" in success_table(frame)


def test_table(sweep_folder):
    lines = success_table(read_runs(sweep_folder)).splitlines()
    assert lines[0].split() == ["fraction", *SLOPES]
    assert [line.split()[0] for line in lines[1:]] == ["0", "0.3", "0.6"]
    # Seeds 1 to 4 move 0.92 by -0.004, 0, 0.004, 0.008: mean 0.922, t(0.975, 3) * 0.005164 / 2 = 0.008
    assert lines[1].split()[1:4] == ["0.922", "±", "0.008"]
    assert max(len(line) for line in lines) <= 100


def test_table_columns_never_touch(sweep_folder):
    """Values as wide as 1234.567 +- 89.012."""
    frame = read_runs(sweep_folder)
    frame["control_bytes_per_peer_second"] = 1000 * (1 + frame["success_rate"])
    lines = success_table(frame, "control_bytes_per_peer_second").splitlines()
    assert len({len(line) for line in lines}) == 1
    for line in lines[1:]:
        assert len(re.split(r" {3,}", line.strip())) == 1 + len(SLOPES)


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analysis")}
    return subprocess.run([sys.executable, "-m", "parley_analysis", *arguments], capture_output=True,
                          text=True, env=environment, check=False)


def test_command_line(sweep_folder, tmp_path):
    table = run_module("table", str(sweep_folder), "--csv", str(tmp_path / "summary.csv"))
    assert table.returncode == 0 and "risk_aware" in table.stdout, table.stderr
    rows = (tmp_path / "summary.csv").read_text().splitlines()
    assert len(rows) == 1 + len(SLOPES) * len(FRACTIONS) and "success_rate,success_rate_low" in rows[0]
    figure = run_module("figure", "success-vs-fraction", str(sweep_folder), "--output", str(tmp_path / "f"))
    assert figure.returncode == 0 and (tmp_path / "f.png").stat().st_size > 10_000, figure.stderr
    nothing = run_module("table", str(tmp_path))
    assert nothing.returncode == 2 and len(nothing.stderr.splitlines()) == 1


def test_another_interpreter_is_told_in_one_line(tmp_path):
    # -S hides the packages of the system, as another interpreter would lack them.
    result = subprocess.run([sys.executable, "-S", "-m", "parley_analysis", "table", str(tmp_path)],
                            capture_output=True, text=True, cwd=ROOT / "analysis", check=False)
    assert result.returncode == 2 and "/usr/bin/python3" in result.stderr
    assert len(result.stderr.splitlines()) == 1
