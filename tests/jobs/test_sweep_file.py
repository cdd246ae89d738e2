"""Sweep files: the points they give, the names of their files, the errors they can have."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from parley_sweep.axis_values import parse_values
from parley_sweep.errors import SweepError
from parley_sweep.manifest import plan_manifest, read_manifest, write_manifest
from parley_sweep.sweep_file import points, read_sweep

ROOT = Path(__file__).resolve().parents[2]

PLAIN = """
[sweep]
base = base.ini
[axes]
adversary.fraction = 0:0.2:0.1   # a comment
policy.name = tier1, tier2
[seeds]
run.seed = 1:3
"""


@pytest.fixture
def write(tmp_path):
    """Writes a sweep file beside a base configuration."""
    (tmp_path / "base.ini").write_text("[run]\nseed = 1\n")

    def write_text(text: str) -> Path:
        file = tmp_path / "study.ini"
        file.write_text(text)
        return file
    return write_text


@pytest.mark.parametrize("text, values", [
    ("0:0.6:0.1", ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]),
    ("1:4", ["1", "2", "3", "4"]),
    ("5", ["5"]),
    ("0.10, .5, 1e6", ["0.1", "0.5", "1000000"]),
    ("2s, 500ms", ["2s", "500ms"]),
    ("1, 3:5, risk_aware", ["1", "3", "4", "5", "risk_aware"]),
    ('"a:1s, b:2s" ,"c:3s", d', ["a:1s, b:2s", "c:3s", "d"]),
    ('"0.10", 2:3', ["0.1", "2", "3"]),
])
def test_lists_and_ranges(text, values):
    assert list(parse_values(text, "axis")) == values


@pytest.mark.parametrize("text", ["", "1,,2", "0:1:0.3", "1:0", "0:1:0", "0:1:-0.5", "a:b", "1:2:3:4", "0:5s",
                                  "0:1e9", "1, 2\n3, 4", '"a', '"a" b', 'a "b"', '"a""b"', '"", b', '"a",'])
def test_bad_values_name_the_axis(text):
    with pytest.raises(SweepError, match="my.axis"):
        parse_values(text, "my.axis")


def test_values_with_commas_and_colons_stand_in_quotes(write, tmp_path):
    """The path of a value is no path of a result, and what is no number between colons is told how to write it."""
    text = PLAIN.replace("tier1, tier2", '"x:1s, y:2s", "../../x:1s"')
    planned = points(read_sweep(write(text + '[set]\nworkflow.steps = "x/low, y/high"\n')))
    assert planned[0].overrides()[:1] == ["--workflow.steps=x/low, y/high"]
    assert {dict(point.parameters)["policy.name"] for point in planned} == {"x:1s, y:2s", "../../x:1s"}
    runs = plan_manifest(read_sweep(write(text)), planned, tmp_path).runs
    assert len({run.file for run in runs}) == 18
    assert all(run.file.parent == tmp_path / "runs" and re.fullmatch(r"[\w.-]+", run.file.name) for run in runs)
    with pytest.raises(SweepError, match="stands in quotes"):
        read_sweep(write(text.replace('"', "")))


def test_linked_values_that_only_look_alike_when_joined_are_two_steps(write):
    text = '[linked a]\na.b = "1, 2", 1\na.c = 3, "2, 3"\n[seeds]'
    assert len(read_sweep(write(PLAIN.replace("[seeds]", text))).axes[1].steps) == 2


def test_points_are_every_combination_with_the_seed_fastest(write):
    planned = points(read_sweep(write(PLAIN)))
    assert len(planned) == 3 * 2 * 3
    assert [point.number for point in planned] == list(range(1, 19))
    assert planned[1].overrides() == ["--adversary.fraction=0", "--policy.name=tier1", "--run.seed=2"]
    assert planned[17].overrides() == ["--adversary.fraction=0.2", "--policy.name=tier2", "--run.seed=3"]


def test_seed_limit_takes_the_first(write):
    planned = points(read_sweep(write(PLAIN)), seed_limit=2)
    assert {dict(point.parameters)["run.seed"] for point in planned} == {"1", "2"}
    with pytest.raises(SweepError, match="has 3 seeds"):
        points(read_sweep(write(PLAIN)), seed_limit=4)


def test_linked_keys_move_together_with_their_seed_counts(write):
    sweep = read_sweep(write("""
[sweep]
base = base.ini
[linked scale]
peers.count = 20, 1000
run.duration = 600s, 60s
seeds = 3, 1
[seeds]
run.seed = 1:3
"""))
    settings = [point.overrides() for point in points(sweep)]
    assert len(settings) == 4
    assert settings[2] == ["--peers.count=20", "--run.duration=600s", "--run.seed=3"]
    assert settings[3] == ["--peers.count=1000", "--run.duration=60s", "--run.seed=1"]


def test_fixed_values_and_overrides_reach_every_point(write):
    sweep = read_sweep(write(PLAIN + "[set]\nrun.duration = 300s\n"))
    assert all("--run.duration=300s" in point.overrides() for point in points(sweep))
    changed = points(sweep, overrides=("run.duration=10s", "peers.count=50"))
    assert all("--run.duration=10s" in point.overrides() for point in changed)
    assert all("--peers.count=50" in point.overrides() for point in changed)
    for bad in ("adversary.fraction=0.2", "run.seed=3", "nonsense", "run.duration="):
        with pytest.raises(SweepError, match="--set"):
            points(sweep, overrides=(bad,))


@pytest.mark.parametrize("change, message", [
    (("[axes]", "[axis]"), "unknown section"),
    (("[seeds]", "[axes]"), "section .axes. comes twice"),
    (("policy.name = tier1, tier2", "policy.name ="), "no value"),
    (("policy.name = tier1, tier2", "adversary.fraction = 1"), "adversary.fraction comes twice"),
    (("policy.name = tier1, tier2", "run.seed = 1"), "run.seed is set in two places"),
    (("policy.name = tier1, tier2", "policy.name = tier1, tier1"), "comes twice"),
    (("policy.name = tier1, tier2", "policy = tier1"), "section.key"),
    (("policy.name = tier1, tier2", "policy.name"), "line 6"),
    (("0:0.2:0.1", "0:0.2:0.15"), "bad range"),
    (("base = base.ini", "base = other.ini"), "does not exist"),
    (("base = base.ini", ""), "no base configuration"),
    (("base = base.ini", "base = base.ini\nbasis = x"), "unknown key basis"),
    (("[sweep]\nbase = base.ini", ""), r"no section \[sweep\]"),
    (("[sweep]", "stray = 1\n[sweep]"), "before the first"),
    (("run.seed = 1:3", "run.seed = 1:3\nother.seed = 1"), "takes one"),
    (("[seeds]", "[linked a]\na.b = 1, 2\na.c = 1\n[seeds]"), "differ in length"),
    (("[seeds]", "[linked a]\na.b = 1, 2\nseeds = 1, 9\n[seeds]"), "9 seeds wanted"),
    (("[seeds]", "[linked a]\na.b = 1, 2\nseeds = 1, x\n[seeds]"), "not a number of seeds"),
])
def test_bad_files_give_one_clear_line(write, change, message):
    file = write(PLAIN.replace(*change))
    with pytest.raises(SweepError, match=message) as caught:
        read_sweep(file)
    assert "\n" not in str(caught.value) and str(file) in str(caught.value)


def test_missing_sweep_file():
    with pytest.raises(SweepError, match="cannot read"):
        read_sweep(Path("nowhere.ini"))


def test_file_names_are_readable_unique_and_depend_on_the_base(write, tmp_path):
    sweep = read_sweep(write(PLAIN))
    planned = points(sweep)
    names = [run.file.name for run in plan_manifest(sweep, planned, tmp_path).runs]
    assert len(set(names)) == len(planned)
    assert names[0].startswith("fraction0-tier1-seed1-")
    (tmp_path / "base.ini").write_text("# the same\n[run]\n  seed=1\n".replace("=", " = "))
    assert [run.file.name for run in plan_manifest(sweep, planned, tmp_path).runs] == names
    (tmp_path / "base.ini").write_text("[run]\nseed = 2\n")
    assert not set(names) & {run.file.name for run in plan_manifest(sweep, planned, tmp_path).runs}


@pytest.mark.parametrize("where", ["base", "set"])
def test_file_names_depend_on_the_files_that_are_named(write, tmp_path, where):
    sweep_file = write(PLAIN + ("[set]\nnetwork.regions = regions.csv\n" if where == "set" else ""))
    if where == "base":
        (tmp_path / "base.ini").write_text("[network]\nregions = regions.csv\n")

    def names() -> set[str]:
        sweep = read_sweep(sweep_file)
        return {run.name for run in plan_manifest(sweep, points(sweep), tmp_path).runs}

    without = names()
    (tmp_path / "regions.csv").write_text("region,share,EU\nEU,1,20\n")
    first = names()
    (tmp_path / "regions.csv").write_text("region,share,EU\nEU,1,30\n")
    second = names()
    assert not without & first and not first & second and len(first) == len(without) == 18


def test_manifest_reads_back(write, tmp_path):
    sweep = read_sweep(write(PLAIN))
    manifest = plan_manifest(sweep, points(sweep), tmp_path)
    write_manifest(manifest)
    assert read_manifest(tmp_path) == manifest
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(SweepError, match="damaged"):
        read_manifest(tmp_path)
    with pytest.raises(SweepError, match="not the output of a sweep"):
        read_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("name, runs", [("paper-sybil", 700), ("paper-scale", 62), ("paper-ttl", 300)])
def test_sweeps_of_the_repository(name, runs):
    assert len(points(read_sweep(ROOT / "configs" / "sweeps" / f"{name}.ini"))) == runs


def test_long_values_are_no_file_names(write, tmp_path):
    sweep = read_sweep(write(PLAIN + f"[set]\nworkflow.steps = {'any/low, ' * 400}any/low\n"))
    assert len(plan_manifest(sweep, points(sweep), tmp_path).runs) == 18
