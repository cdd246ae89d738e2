"""Choosing runs by the values of their parameters, and showing a study of other parameters than the Sybil fraction."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fake_parley import write_result
from parley_analysis import figures
from parley_analysis.__main__ import main
from parley_analysis.choice import read_chosen
from parley_analysis.named_figures import OF_MANY_RUNS, OF_ONE_RUN
from parley_analysis.report.content import gather
from parley_analysis.sweep import read_runs

ROOT = Path(__file__).resolve().parents[2]
TTLS, GUESSES, POLICIES = ("500ms", "15s"), ("0", "0.5", "1"), ("tier2", "risk_aware")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two TTLs, three probabilities to guess, two policies, two seeds: success is 0.9 less guess / 10 less 0.2 at 15 s."""
    folder = tmp_path_factory.mktemp("study")
    for ttl in TTLS:
        for guess in GUESSES:
            for policy in POLICIES:
                for seed in (1, 2):
                    config = {"descriptor.ttl": ttl, "canary.guess": guess, "policy.name": policy, "run.seed": str(seed),
                              "adversary.fraction": "0.3", "peers.count": "100"}
                    success = 0.9 - float(guess) / 10 - 0.2 * (ttl == "15s") + 0.001 * (-1) ** seed
                    write_result(folder / f"{ttl}-{guess}-{policy}-{seed}.h5", config, success_rate=success)
    return folder


def test_the_chosen_runs_are_read_as_if_they_were_all(study):
    chosen = read_chosen(study, ["descriptor.ttl=500ms"])
    assert len(chosen) == 12 and set(chosen["descriptor.ttl"]) == {0.5}
    alone = read_runs(sorted(study.glob("500ms*.h5")), keep=["descriptor.ttl"])
    assert chosen.sort_values("file", ignore_index=True).equals(alone) and chosen.attrs == alone.attrs
    two = read_chosen(study, ["canary.guess = 0.50", "canary.guess=1", "policy.name=tier2", "descriptor.ttl=15"])
    assert sorted(two["canary.guess"]) == [0.5, 0.5, 1, 1] and set(two["policy.name"]) == {"tier2"}
    assert len(read_chosen(study, ["peers.count=100"])) == 24, "all runs share it"


@pytest.mark.parametrize("where, message", [
    ("canary.guess", "write section.key=value"), ("guess=1", "write section.key=value"),
    ("canary.gess=1", "no parameter canary.gess; they differ in"),
    ("canary.guess=0.3", "no run has canary.guess = 0.3; choose of 0, 0.5, 1"),
    ("policy.name=tier9", "choose of risk_aware, tier2"), ("descriptor.ttl=1s", "choose of 0.5, 15"),
])
def test_what_cannot_be_chosen_is_told(study, where, message, capsys):
    assert main(["table", str(study), "--where", where]) == 2
    assert message in capsys.readouterr().err


def test_a_table_of_any_parameter(study, capsys):
    assert main(["table", str(study)]) == 2
    said = capsys.readouterr().err
    assert "also differ in canary.guess, descriptor.ttl" in said
    assert "--where canary.guess=VALUE" in said and "or show it with --rows canary.guess" in said
    assert main(["table", str(study), "--rows", "canary.guess", "--where", "descriptor.ttl=15s"]) == 0
    said = capsys.readouterr()
    lines = [line.split()[:2] for line in said.out.splitlines()]
    assert lines == [["canary.guess", "tier2"], ["0", "0.700"], ["0.5", "0.650"], ["1", "0.600"]]
    assert "a point has 2 seeds; below 5" in said.err
    assert main(["table", str(study), "--rows", "canary.guess", "--where", "descriptor.ttl=15s", "--where",
                 "run.seed=1"]) == 0
    said = capsys.readouterr()
    assert "0.699" in said.out and "\N{PLUS-MINUS SIGN}" not in said.out and "one seed, and no interval" in said.err
    assert main(["table", str(study), "--rows", "policy.name"]) == 2
    assert "across the table already" in capsys.readouterr().err


def test_the_study_of_the_readme_can_be_shown(tmp_path, capsys):
    """Its sweep file, with short runs, as a table and as a figure."""
    text = (ROOT / "README.md").read_text("utf-8").split("cat > my-study.ini <<'END'\n")[1].split("END\n")[0]
    (tmp_path / "my-study.ini").write_text(text.replace("configs/", f"{ROOT}/configs/"))
    binary = os.environ.get("PARLEY_BINARY", str(ROOT / "build" / "release" / "parley"))
    subprocess.run(["/usr/bin/python3", str(ROOT / "jobs" / "sweep"), "run", str(tmp_path / "my-study.ini"), "--seeds", "5",
                    "--set", "run.duration=65s", "--set", "run.warmup=5s", "--binary", binary, "--output",
                    str(tmp_path / "study")], check=True, capture_output=True)
    assert main(["table", str(tmp_path / "study"), "--rows", "canary.guess"]) == 0
    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines()] == ["canary.guess", "0", "0.25", "0.5", "0.75", "1"]
    assert shown.err == "", "five seeds are enough"
    assert main(["figure", "success-vs-parameter", str(tmp_path / "study"), "--parameter", "canary.guess"]) == 0
    assert (tmp_path / "study" / "success-vs-parameter.png").stat().st_size > 10_000


def test_a_figure_and_a_report_of_chosen_runs(study, tmp_path, capsys):
    command = ["figure", "success-vs-parameter", str(study), "--parameter", "canary.guess"]
    assert main(command) == 2 and "also differ in descriptor.ttl; choose one value" in capsys.readouterr().err
    assert main([*command, "--where", "descriptor.ttl=15s", "--output", str(tmp_path / "f")]) == 0
    assert "a point has 2 seeds" in capsys.readouterr().err and (tmp_path / "f.pdf").exists()
    page = tmp_path / "page.html"
    assert main(["report", str(study), "--where", "descriptor.ttl=15s", "--output", str(page)]) == 0
    assert "<dt>Chosen</dt><dd>descriptor.ttl=15s</dd>" in page.read_text("utf-8")
    assert [drawing.caption for drawing in gather(study, ["descriptor.ttl=15s"]).drawings] == [
        "Success against canary.guess"]


def test_options_that_a_figure_does_not_take_are_told(study, capsys):
    run = str(next(study.glob("*.h5")))
    for arguments, message in (
            (["time-series", run, "--where", "canary.guess=1"], "takes no --where"),
            (["time-series", run, "--parameter", "canary.guess"], "takes no --parameter"),
            (["success-vs-parameter", str(study)], "needs --parameter section.key: what goes along the x axis"),
            (["phase-map", str(study), "--parameter", "canary.gess"],
             "phase-map cannot be drawn: the runs have no parameter canary.gess; they differ in"),
            (["phase-map", str(study), "--parameter", "canary.guess"],
             "phase-map cannot be drawn: all runs have adversary.fraction = 0.3; name runs that differ in it"),
            (["success-vs-parameter", str(study), "--parameter", "canary.gess"],
             "success-vs-parameter cannot be drawn: the runs have no parameter canary.gess; they differ in"),
            (["success-vs-parameter", str(study), "--parameter", "policy.name", "--where", "canary.guess=1", "--where",
              "descriptor.ttl=15s"], "success-vs-parameter cannot be drawn: policy.name is no number (risk_aware, tier2)"),
            (["latency-vs-peers", str(study)], "latency-vs-peers cannot be drawn: all runs have peers.count = 100")):
        assert main(["figure", *arguments]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", OF_MANY_RUNS)
def test_one_run_is_no_figure_of_many(study, name, capsys):
    parameter = ["--parameter", "canary.guess"] if OF_MANY_RUNS[name].needs_parameter else []
    assert main(["figure", name, str(next(study.glob("*.h5"))), *parameter]) == 2
    assert "shows many runs" in capsys.readouterr().err


def test_every_name_is_of_a_figure_and_in_the_documents():
    text = (ROOT / "analysis" / "README.md").read_text("utf-8")
    for name, function in [*OF_ONE_RUN.items(), *((name, named.function) for name, named in OF_MANY_RUNS.items())]:
        assert callable(getattr(figures, function))
        assert f"`{name}`" in text and f"`{function}`" in text
