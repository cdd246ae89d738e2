"""DIR/index.h5: what h5py and xarray read of a sweep through one file."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from parley_runs import binary

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ROOT / "jobs" / "sweep"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A collected sweep of the program: two times to live, two policies; 100 peers, 10 s."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "study.ini").write_text(
        f"[sweep]\nbase = {ROOT}/configs/paper-ttl.ini\n[set]\nrun.duration = 10s\nrun.warmup = 2s\n"
        "[axes]\ndescriptor.ttl = 5s, 20s\nadversary.fraction = 0, 0.25\n[seeds]\nrun.seed = 1:2\n")
    for command in (["run", folder / "study.ini", "--output", folder / "out", "--binary", binary()],
                    ["collect", folder / "out"]):
        subprocess.run([sys.executable, SWEEP, *command], check=True, capture_output=True)
    return folder / "out"


def test_the_summary_is_a_table_over_points(folder):
    with h5py.File(folder / "index.h5") as index:
        names = index["summary/name"].asstr()[:]
        assert list(index["summary/point"]) == list(range(1, 9))
        assert list(index["summary/adversary.fraction"]) == [0.0, 0.0, 0.25, 0.25] * 2
        assert list(index["summary/descriptor.ttl"].asstr()[:]) == ["5s"] * 4 + ["20s"] * 4
        for name, rate, events in zip(names, index["summary/success_rate"], index["summary/events"]):
            with h5py.File(folder / "runs" / f"{name}.h5") as run:
                assert rate == run["summary/success_rate"][()] and events == run["summary/events"][()]
        assert index["summary/events"].dtype == np.int64
        assert index["summary/success_rate"].attrs["units"] == "1"


def test_every_run_is_behind_its_link(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # links are relative to the index, wherever the reader is
    with h5py.File(folder / "index.h5") as index:
        assert len(index["runs"]) == 8
        for name in index["runs"]:
            with h5py.File(folder / "runs" / f"{name}.h5") as run:
                linked = index[f"runs/{name}/timeseries/workflows_started"][:]
                assert len(linked) == 10 and (linked == run["timeseries/workflows_started"][:]).all()
                assert index[f"runs/{name}/config"].attrs["text"] == run["config"].attrs["text"]


def test_xarray_opens_the_summary_and_the_time_series(folder):
    with xarray.open_dataset(folder / "index.h5", group="summary", engine="h5netcdf") as summary:
        assert summary["success_rate"].dims == ("point",) and summary.sizes["point"] == 8
        chosen = summary.where(summary["adversary.fraction"] == 0.25, drop=True)
        assert list(chosen["point"].values) == [3, 4, 7, 8]
        names = [str(name) for name in summary["name"].values]
    with xarray.open_dataset(folder / "index.h5", group="timeseries", engine="h5netcdf") as series:
        assert series["workflows_started"].dims == ("point", "time") and series.sizes["time"] == 10
        assert series["bytes"].dims == ("point", "time", "kind")
        sent = series["bytes"].sel(kind="register", point=3).values
        started = series["workflows_started"].values
    for row, name in zip(started, names):
        with h5py.File(folder / "runs" / f"{name}.h5") as run:
            assert (row == run["timeseries/workflows_started"][:]).all()
    with h5py.File(folder / "runs" / f"{names[2]}.h5") as run:
        kinds = list(run["timeseries/kind"].asstr()[:])
        assert (sent == run["timeseries/bytes"][:, kinds.index("register")]).all() and sent.sum() > 0


def collect(folder: Path, axes: str) -> subprocess.CompletedProcess[str]:
    """Runs and collects a sweep of the given axes."""
    (folder / "study.ini").write_text(f"[sweep]\nbase = {ROOT}/configs/paper-ttl.ini\n[set]\nrun.warmup = 1s\n{axes}\n")
    subprocess.run([sys.executable, SWEEP, "run", folder / "study.ini", "--output", folder / "out",
                    "--binary", binary()],
                   check=True, capture_output=True)
    return subprocess.run([sys.executable, SWEEP, "collect", folder / "out"], check=True, capture_output=True,
                          text=True)


def test_shorter_runs_end_in_nan(tmp_path):
    collect(tmp_path, "[axes]\nrun.duration = 3s, 5s")
    with h5py.File(tmp_path / "out" / "index.h5") as index:
        assert list(index["timeseries/rows"]) == [3, 5]
        assert np.isnan(index["timeseries/events"][:]).tolist() == [[False] * 3 + [True] * 2, [False] * 5]


def test_rows_at_different_times_are_not_put_side_by_side(tmp_path):
    told = collect(tmp_path, "run.duration = 4s\n[axes]\noutput.interval = 1s, 2s")
    assert "no /timeseries over all runs" in told.stderr
    with h5py.File(tmp_path / "out" / "index.h5") as index:
        assert "timeseries" not in index
        assert [len(index[f"runs/{name}/timeseries/time"]) for name in index["summary/name"].asstr()] == [4, 2]
