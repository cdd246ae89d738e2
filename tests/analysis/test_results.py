"""Reading results: one run, and a folder as a frame."""
from __future__ import annotations

import json
import time

import h5py
import numpy as np
import parley_runs
import pytest
from fake_parley import write_result
from parley_analysis._hdf5 import ini_values
from parley_analysis.run import Run
from parley_analysis.seal import SEAL_BYTES
from parley_analysis.sweep import open_sweep, parameter_columns, read_runs
from parley_analysis.units import parse_value, seconds


def test_one_run(tmp_path):
    run = Run(write_result(tmp_path / "a.h5", {"run.seed": "7", "descriptor.ttl": "15s"}, success_rate=0.5))
    assert run.config == {"run.seed": "7", "descriptor.ttl": "15s"}
    assert run.summary == {"success_rate": 0.5, "events": 1000}
    assert run.provenance == {"version": "0.0", "events_per_second": 1e6}
    assert run.units("success_rate") == "1" and run.long_name("success_rate") == "success rate"
    assert run.series("workflows_success").to_dict() == {1.0: 3, 2.0: 4}


def test_folder_shows_parameters_that_differ(tmp_path):
    for seed in (1, 2):
        write_result(tmp_path / f"{seed}.h5",
                     {"descriptor.ttl": f"{seed}s", "peers.count": "9", "run.seed": str(seed)})
    frame = read_runs(tmp_path)
    assert parameter_columns(frame) == ["descriptor.ttl", "run.seed"]
    assert frame["descriptor.ttl"].tolist() == [1.0, 2.0]
    assert frame["events_per_second"].tolist() == [1e6, 1e6]
    assert frame.attrs["units"]["success_rate"] == "1"
    assert "peers.count" in read_runs(tmp_path, keep=["peers.count"]).columns


def test_manifest_chooses_the_files(tmp_path):
    for name in ("old", "new"):
        write_result(tmp_path / f"{name}.h5", {"run.seed": "1"})
    manifest = {"points": [{"file": "new.h5"}, {"file": "to_come.h5"}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert read_runs(tmp_path)["file"].tolist() == [str(tmp_path / "new.h5")]


@pytest.mark.parametrize("text", ['{"name": "web app"}', "[1]", "7", "{", '{"points": [7]}', '{"format": 9, "points": []}'])
def test_a_manifest_that_is_none_of_a_sweep_chooses_nothing(tmp_path, text):
    (tmp_path / "runs").mkdir()
    write_result(tmp_path / "runs" / "a.h5", {"run.seed": "1"})
    for folder in (tmp_path, tmp_path / "runs"):
        (tmp_path / "manifest.json").write_text(text)
        assert len(read_runs(folder)) == 1


def test_the_manifest_of_a_sweep_chooses_among_its_runs(tmp_path, monkeypatch):
    """DIR/runs may hold results of earlier settings of the sweep, as DIR does."""
    (tmp_path / "runs").mkdir()
    for name, duration in (("long", "600s"), ("short", "100s")):
        write_result(tmp_path / "runs" / f"{name}.h5", {"run.seed": "1", "run.duration": duration})
    (tmp_path / "manifest.json").write_text(json.dumps({"points": [{"file": "runs/short.h5"}]}))
    for folder in (tmp_path, tmp_path / "runs"):
        assert read_runs(folder)["file"].tolist() == [str(tmp_path / "runs" / "short.h5")]
    monkeypatch.chdir(tmp_path / "runs")
    assert read_runs(".")["file"].tolist() == ["short.h5"]
    (tmp_path / "others").mkdir()  # of which the manifest says nothing
    write_result(tmp_path / "others" / "mine.h5", {"run.seed": "1"})
    assert len(read_runs(tmp_path / "others")) == 1


def test_the_index_of_a_sweep_is_not_read_as_a_run(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "index.h5").write_bytes(b"not a result")
    write_result(tmp_path / "runs" / "a.h5", {"run.seed": "1"})
    assert read_runs(tmp_path)["file"].tolist() == [str(tmp_path / "runs" / "a.h5")]


def test_runs_with_different_values_give_gaps(tmp_path):
    write_result(tmp_path / "1.h5", {"run.seed": "1", "run.model": "agentic"}, latency=0.2)
    write_result(tmp_path / "2.h5", {"run.seed": "1", "run.model": "phold"})
    frame = read_runs(tmp_path)
    assert frame["run.model"].tolist() == ["agentic", "phold"]
    assert frame["latency"].isna().tolist() == [False, True]


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no finished run"):
        read_runs(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        read_runs(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no file"):
        Run(tmp_path / "no.h5").config
    with pytest.raises(KeyError, match="model agentic, schema version 1"):
        Run(write_result(tmp_path / "a.h5", {"run.seed": "7"})).series("absent")


def test_parameters_are_read_at_once_and_one_by_one_alike(small_sweep):
    """The fast way through the attribute `text` gives what the attributes say."""
    file = next((small_sweep / "runs").glob("*.h5"))
    with h5py.File(file) as result:
        attributes = {key: value for key, value in result["config"].attrs.items() if "." in key}
        text = ini_values(result["config"].attrs["text"])
        assert len(attributes) > 50 and {key: text.get(key, "") for key in attributes} == attributes
        scalars = {name: item[()] for name, item in result["summary"].items() if item.shape == () }
    run = Run(file)
    assert run.config == attributes
    assert run.summary == scalars and run.complete


def test_a_thousand_runs_in_seconds(small_sweep):
    """The series are not read: the time is that of a few thousand small reads."""
    files = sorted((small_sweep / "runs").glob("*.h5"))
    begin = time.process_time()
    frame = read_runs([files[i % len(files)] for i in range(1000)])
    assert len(frame) == 1000 and "success_rate" in frame
    assert time.process_time() - begin < 20


def test_sweep_as_data_set(small_sweep):
    data = open_sweep(small_sweep)
    assert dict(data.sizes) == {"adversary.fraction": 2, "policy.name": 2, "run.seed": 2}
    assert data.success_rate.dims[-1] == "run.seed"
    assert data.control_bytes_per_peer_second.attrs == {
        "units": "bytes/s", "long_name": "control-plane bytes sent per peer and second"}
    frame = read_runs(small_sweep)
    row = frame[(frame["policy.name"] == "tier1") & (frame["adversary.fraction"] == 0.3) & (frame["run.seed"] == 2)]
    point = data.success_rate.sel({"policy.name": "tier1", "adversary.fraction": 0.3, "run.seed": 2})
    assert point.item() == row["success_rate"].item()
    with pytest.raises(ValueError, match="same parameters"):
        open_sweep([*frame["file"], frame["file"][0]])


def test_parameters_that_move_together_share_a_dimension(tmp_path):
    for peers, duration in (("20", "600s"), ("50", "600s"), ("1000", "60s")):
        for seed in ("1", "2"):
            write_result(tmp_path / f"{peers}-{seed}.h5",
                         {"peers.count": peers, "run.duration": duration, "run.seed": seed})
    data = open_sweep(tmp_path)
    assert dict(data.sizes) == {"peers.count": 3, "run.seed": 2}
    assert data["run.duration"].values.tolist() == [600.0, 600.0, 60.0]


def test_tables_latencies_and_data_sets_of_a_run(small_sweep):
    run = Run(next((small_sweep / "runs").glob("*.h5")))
    failed = run.table("workflows_failed_by_reason")
    assert failed.columns.name == "reason" and "timeout" in failed.columns
    assert (failed.sum(axis=1) == run.series("workflows_failed")).all()
    median = run.latency_percentile("discovery", 0.5)
    assert median.value == pytest.approx(run.summary["discovery_latency_p50"], rel=1e-12)
    assert median.low < median.value < median.high
    with run.dataset("histograms") as data:
        measured = data.discovery_latency.sel(time=data.time > run.warmup).sum("time")
        assert np.array_equal(measured, run.latency("discovery"))
    with pytest.raises(KeyError, match="no group nothing"):
        run.dataset("nothing")


def test_latencies_of_a_row_that_begins_in_the_warm_up_are_left_out(tmp_path):
    """Rows of 10 s, latencies of 1 s until 20 s and of 2 s afterwards; of the row from 10 s on a part is warm-up."""
    file = write_result(tmp_path / "a.h5", {"run.seed": "1", "run.warmup": "15s"})
    with h5py.File(file, "r+") as result:
        result["histograms/time"] = [10.0, 20.0, 30.0, 40.0]
        result["histograms/bin"] = [0.0, 1.0, 2.0]
        result["histograms/discovery_latency"] = [[0, 9, 0], [0, 7, 0], [0, 0, 3], [0, 0, 2]]
        for axis, name in enumerate(("time", "bin")):
            result[f"histograms/{name}"].make_scale(name)
            result["histograms/discovery_latency"].dims[axis].attach_scale(result[f"histograms/{name}"])
    run = Run(file)
    assert run.latency("discovery").tolist() == [0, 0, 5] and run.latency("discovery").attrs == {"since": 20.0}
    assert run.latency_percentile("discovery", 0.1).low == 2.0
    for since, counted in ((0.0, [0, 16, 5]), (10.0, [0, 7, 5]), (10.1, [0, 0, 5]), (20.0, [0, 0, 5]),
                           (30.0, [0, 0, 2])):
        assert run.latency("discovery", since).tolist() == counted
    with pytest.raises(ValueError, match="begins at second 30.5 or later"):
        run.latency("discovery", 30.5)


@pytest.mark.parametrize("rows", ["5s", "10s"])
def test_percentiles_are_those_of_the_summary_where_rows_end_with_the_warm_up(tmp_path, rows):
    settings = {"run.duration": "60s", "run.warmup": "15s", "output.histogram_interval": rows}
    measured = Run(parley_runs.run(parley_runs.CONFIGS / "paper-sybil.ini", tmp_path / "a.h5", settings))
    later = {**settings, "run.warmup": "20s"}
    of_summary = measured if rows == "5s" else Run(
        parley_runs.run(parley_runs.CONFIGS / "paper-sybil.ini", tmp_path / "b.h5", later))
    for name in ("discovery", "end_to_end"):
        assert measured.latency_percentile(name, 0.5).value == pytest.approx(
            of_summary.summary[f"{name}_latency_p50"], rel=1e-12)
        assert measured.latency(name).attrs["since"] == of_summary.warmup


def test_a_percentile_beyond_the_last_edge_is_infinite_as_in_the_summary(tmp_path):
    settings = {"peers.count": 20, "registry.candidates": 4, "run.duration": "30000s", "run.warmup": "100s",
                "output.interval": "100s", "output.histogram_interval": "100s", "adversary.fraction": 0,
                "policy.name": "optimistic", "capability.classes": "slow:9000s", "workflow.steps": "slow/low"}
    run = Run(parley_runs.run(parley_runs.CONFIGS / "paper-sybil.ini", tmp_path / "a.h5", settings))
    assert run.summary["execution_latency_p99"] == np.inf > run.summary["execution_latency_p50"] > 1000
    beyond = run.latency_percentile("execution", 0.99)
    assert (beyond.value, beyond.low, beyond.high) == (np.inf, pytest.approx(1e4, rel=1e-9), np.inf)
    assert run.latency_percentile("execution", 0.5).value == pytest.approx(run.summary["execution_latency_p50"])


def test_of_a_part_file_only_committed_rows_are_read(tmp_path, small_sweep):
    part = tmp_path / "result.h5.part"
    whole = next((small_sweep / "runs").glob("*.h5")).read_bytes()
    line = b"Parley result, not complete: the run has not ended\n"
    part.write_bytes(line.ljust(SEAL_BYTES, b"\0") + whole[SEAL_BYTES:])
    with h5py.File(part, "r+") as result:
        result["timeseries"].attrs["rows"] = np.uint64(7)
    run = Run(part)
    assert len(run.series("events")) == len(run.table("bytes")) == 7
    with run.dataset() as data:
        assert data.sizes["time"] == 7


def test_durations():
    assert seconds("15s") == 15.0 and seconds("2min") == 120.0
    with pytest.raises(ValueError, match="unit"):
        seconds("15")


@pytest.mark.parametrize("text, value", [
    ("15s", 15.0), ("500ms", 0.5), ("2min", 120.0), ("0.3", 0.3), ("7", 7), ("-2", -2), ("1e-3", 0.001),
    ("tier1", "tier1"), ("", ""),
])
def test_parameter_values(text, value):
    assert parse_value(text) == value and type(parse_value(text)) is type(value)
