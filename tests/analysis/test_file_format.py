"""Result files open in h5py and xarray; the validator accepts them and finds every planted breach; comparisons."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from fake_parley import write_result
from parley_analysis.__main__ import main
from parley_analysis.compare import compare_runs
from parley_analysis.run import Run
from parley_analysis.schema import FormatError, entries
from parley_analysis.seal import SEAL_BYTES
from parley_analysis.validate import axis_names, check_file

GROUPS = ("timeseries", "histograms", "summary", "provenance/timeseries")


@pytest.fixture(scope="module")
def result(small_sweep: Path) -> Path:
    return sorted((small_sweep / "runs").glob("*risk_aware*.h5"))[0]


@pytest.fixture
def changed(result: Path, tmp_path: Path) -> Callable[[Callable[[h5py.File], None]], Path]:
    """A copy of the result with a change, and without the line that would tell."""
    def change(action: Callable[[h5py.File], None]) -> Path:
        copy = tmp_path / "changed.h5"
        copy.write_bytes(result.read_bytes()[SEAL_BYTES:])
        with h5py.File(copy, "r+") as file:
            action(file)
        return copy
    return change


@pytest.mark.parametrize("group", GROUPS)
def test_xarray_names_dimensions_coordinates_and_units(result, group):
    with xr.open_dataset(result, engine="h5netcdf", group=group) as data:
        expected = {entry.name: entry for entry in entries() if (entry.model, entry.group) == ("agentic", group)}
        assert set(data.variables) == set(expected)
        for name, variable in data.variables.items():
            assert variable.dims == expected[name].axes, name
            assert variable.attrs["units"] == expected[name].units and variable.attrs["long_name"]
        assert set(data.dims) <= set(data.coords)
        assert {"time", "kind", "reason", "tier", "bin", "trust_bin"} >= set(data.dims)


def test_xarray_reads_steps_by_tier(result):
    """risk_aware serves the first, medium-risk step at tier 2 and the second, high-risk one at tier 3."""
    with xr.open_dataset(result, engine="h5netcdf", group="timeseries") as data:
        assert data["tier"].dims == ("tier",)
        assert data["tier"].values.tolist() == ["optimistic", "reputation", "canary", "evidence"]
        for whole in ("steps_accepted_good", "steps_accepted_bad", "steps_failed", "steps_dropped", "canaries_sent"):
            parts = data[f"{whole}_by_tier"]
            assert parts.dims == ("time", "tier")
            assert (parts.sum("tier") == data[whole]).all()
            assert (parts.sel(tier=["optimistic", "reputation"]) == 0).all()
        assert (data["steps_accepted_good_by_tier"].sel(tier=["canary", "evidence"]).sum("time") > 100).all()
        assert data["steps_dropped"].sum() == 0, "a list has one step at a time"
        warmup = Run(result).warmup
        with xr.open_dataset(result, engine="h5netcdf", group="summary") as summary:
            for name in ("steps_accepted_good_by_tier", "canaries_sent_by_tier"):
                assert (summary[name] == data[name].sel(time=data["time"] > warmup).sum("time")).all()
                assert summary[name].sum() > 0


def test_a_workflow_of_one_risk_counts_at_its_tier(small_sweep):
    frame = Run(next((small_sweep / "runs").glob("*tier1*.h5"))).table("steps_accepted_good_by_tier")
    assert list(frame.columns) == ["optimistic", "reputation", "canary", "evidence"] and frame.columns.name == "tier"
    assert frame["reputation"].sum() > 100 and frame.drop(columns="reputation").to_numpy().sum() == 0


def test_h5py_names_dimensions(result):
    with h5py.File(result) as file:
        assert axis_names(file["timeseries/bytes"]) == ("time", "kind")
        assert axis_names(file["histograms/trust_honest"]) == ("time", "trust_bin")
        assert axis_names(file["summary/success_rate"]) == ()


def test_trust_histograms_hold_every_peer_once(result):
    run = Run(result)
    honest, sybil = (run.table(f"trust_{kind}", "histograms") for kind in ("honest", "sybil"))
    sybils = round(float(run.config["adversary.fraction"]) * 100)
    assert (honest.sum(axis=1) == 100 - sybils).all() and (sybil.sum(axis=1) == sybils).all()
    centres = honest.columns.to_numpy() + 1 / 32
    means = (honest * centres).sum(axis=1) / honest.sum(axis=1)
    assert np.abs(means - run.series("mean_trust_honest").loc[means.index]).max() <= 1 / 32


def test_a_result_is_valid(result, capsys):
    findings = check_file(result)
    assert findings.problems == [] and findings.notes == []
    assert main(["validate", str(result)]) == 0 and "valid" in capsys.readouterr().out


def test_of_a_folder_its_runs_are_validated(small_sweep, tmp_path, capsys):
    for folder in (small_sweep, small_sweep / "runs"):
        assert main(["validate", str(folder)]) == 0
        assert sum(line.endswith(".h5: valid") for line in capsys.readouterr().out.splitlines()) == 8
    assert main(["validate", str(tmp_path)]) == 2 and "holds no finished run" in capsys.readouterr().err
    assert main(["compare", str(small_sweep), str(small_sweep)]) == 2
    assert "is a folder; name a result file in it" in capsys.readouterr().err


def set_units(file: h5py.File) -> None:
    file["timeseries/events"].attrs["units"] = "s"


def replace_by_signed(file: h5py.File) -> None:
    del file["summary/events"]
    file["summary/events"] = np.int64(3)
    file["summary/events"].attrs.update({"units": "events", "long_name": "events"})


def add_without_scale(file: h5py.File) -> None:
    file["timeseries/mine"] = np.zeros(80)
    file["timeseries/mine"].attrs.update({"units": "1", "long_name": "mine"})


def turn_time_back(file: h5py.File) -> None:
    file["timeseries/time"][5] = 1.0


def move_steps(file: h5py.File) -> None:
    file["timeseries/steps_failed_by_tier"][3, 0] += np.uint64(1)


def lose_workflows(file: h5py.File) -> None:
    file["timeseries/workflows_started"][:] += np.uint64(1)


@pytest.mark.parametrize("action, problem", [
    (lambda file: file.__delitem__("timeseries/events"), "/timeseries/events: missing"),
    (lambda file: file["config"].attrs.__delitem__("text"), "/config: the attribute text is missing"),
    (lambda file: file["timeseries"].attrs.modify("rows", np.uint64(500)), "80 rows of 500"),
    (set_units, "/timeseries/events: units are 's', not 'events'"),
    (replace_by_signed, "/summary/events: the type is int64, not uint64"),
    (add_without_scale, "/timeseries/mine: an axis has no dimension scale"),
    (turn_time_back, "/timeseries/time: the times do not rise"),
    (lose_workflows, "workflows_started is not success"),
    (move_steps, "steps_failed_by_tier does not add up to steps_failed"),
])
def test_breaches_are_found(changed, capsys, action, problem):
    file = changed(action)
    assert any(problem in found for found in check_file(file).problems)
    assert main(["validate", str(file)]) == 1 and problem in capsys.readouterr().out


def test_other_versions_are_read_or_refused(changed, tmp_path, capsys):
    def older(file: h5py.File) -> None:
        file.attrs["schema_version"] = 1
        for name in ("histograms/trust_honest", "histograms/trust_sybil", "histograms/trust_bin", "trust_bin"):
            del file[name]

    file = changed(older)
    assert check_file(file).problems == [] and Run(file).summary["events"] > 0
    with pytest.raises(KeyError, match="schema version 1"):
        Run(file).table("trust_honest", "histograms")
    assert main(["figure", "trust", str(file)]) == 2 and "schema version 1" in capsys.readouterr().err
    with pytest.raises(FormatError, match="newer than this package reads"):
        check_file(changed(lambda file: file.attrs.modify("schema_version", 99)))
    with pytest.raises(FormatError, match="older than this package reads"):
        Run(changed(lambda file: file.attrs.modify("schema_version", 0))).config
    with pytest.raises(FormatError, match="not a Parley result"):
        Run(changed(lambda file: file.attrs.__delitem__("format"))).config
    (tmp_path / "text.h5").write_text("not HDF5")
    assert main(["validate", str(tmp_path / "text.h5")]) == 2
    assert "not an HDF5 file" in capsys.readouterr().err


def test_an_unknown_dataset_is_a_note(changed):
    def add(file: h5py.File) -> None:
        file["summary/mine"] = 1.0
        file["summary/mine"].attrs.update({"units": "1", "long_name": "mine"})

    findings = check_file(changed(add))
    assert findings.problems == []
    assert findings.notes[-1] == "/summary/mine: not in the format of this version"


def test_a_file_without_its_line_is_a_note_and_a_changed_file_an_error(result, changed, tmp_path, capsys):
    assert check_file(result).notes == []
    findings = check_file(changed(lambda file: None))
    assert findings.problems == [] and len(findings.notes) == 1 and "no SHA-256" in findings.notes[0]
    annotated = tmp_path / "annotated.h5"
    annotated.write_bytes(result.read_bytes())
    with h5py.File(annotated, "r+") as file:
        file.attrs["title"] = "mine"
    assert main(["validate", str(annotated)]) == 2
    told = capsys.readouterr().err
    assert "was changed" in told and f"tail -c +513 {annotated} > COPY" in told and told.count("\n") == 1
    # What the message says, done.
    copy = tmp_path / "copy.h5"
    subprocess.run(f"tail -c +513 {annotated} > {copy}", shell=True, check=True)
    assert main(["validate", str(copy)]) == 0 and Run(copy).attributes["title"] == "mine"


def test_comparison_says_what_and_where_first(result, changed, capsys):
    assert compare_runs(result, result) == []

    def change(file: h5py.File) -> None:
        file["timeseries/events"][40] += np.uint64(1)
        file["timeseries/bytes"][7, 2] += np.uint64(1)
        file["timeseries/success_rate"][60] += 1e-9
        file["config"].attrs["run.seed"] = "17"
        file["provenance"].attrs["host"] = "another"  # how a run was made is no difference
        del file["summary/trust_auc"]

    file = changed(change)
    found = compare_runs(result, file)
    # The text of the configuration is what is read, and was not changed.
    assert [difference.path for difference in found] == [
        "timeseries/bytes", "timeseries/events", "timeseries/success_rate", "summary/trust_auc"]
    assert found[0].first == "time 8, kind candidates" and found[1].first == "time 41"
    with h5py.File(result) as untouched:
        total = untouched["timeseries/bytes"].size
    assert found[0].count == 1 and found[0].total == total and found[3].values == ("there", "absent")
    close = compare_runs(result, file, relative=1e-3)
    assert "timeseries/success_rate" not in [difference.path for difference in close]
    assert main(["compare", str(result), str(file)]) == 1 and "first at time 8" in capsys.readouterr().out
    assert main(["compare", str(result), str(result)]) == 0


def test_closeness_does_not_depend_on_the_order(tmp_path):
    """1.0 and 1.1 differ by 0.0909 of the larger one: equal at 0.095, whichever comes first, and not at 0.09."""
    one, other = (write_result(tmp_path / f"{rate}.h5", {"run.seed": "1"}, success_rate=rate) for rate in (1.0, 1.1))
    for relative, found in ((0.095, []), (0.09, ["summary/success_rate"])):
        for files in ((one, other), (other, one)):
            assert [difference.path for difference in compare_runs(*files, relative=relative)] == found


def test_what_is_not_finite_is_equal_to_itself_only(tmp_path):
    values = (np.nan, np.inf, -np.inf, 1.0)
    files = [write_result(tmp_path / f"{value}.h5", {"run.seed": "1"}, success_rate=value) for value in values]
    for i, one in enumerate(files):
        for j, other in enumerate(files):
            assert (compare_runs(one, other, relative=0.5) == []) == (i == j), (values[i], values[j])


def test_comparison_of_configurations(small_sweep):
    one, other = sorted((small_sweep / "runs").glob("*0.1-tier1*"))
    found = compare_runs(one, other)
    assert str(found[0]) in ("config: run.seed: 1 | 2", "config: run.seed: 2 | 1")
    times = [difference for difference in found if difference.path.startswith("timeseries/")]
    assert times and times[0].first.startswith("time 1")
