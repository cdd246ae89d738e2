"""Reading results: one run, and a folder as a frame."""
from __future__ import annotations

import json

import pytest
from fake_parley import write_result
from parley_analysis.results import Run, parameter_columns, parse_value, read_runs


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


@pytest.mark.parametrize("text, value", [
    ("15s", 15.0), ("500ms", 0.5), ("2min", 120.0), ("0.3", 0.3), ("7", 7), ("-2", -2), ("1e-3", 0.001),
    ("tier1", "tier1"), ("", ""),
])
def test_parameter_values(text, value):
    assert parse_value(text) == value and type(parse_value(text)) is type(value)
