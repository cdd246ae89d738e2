"""A result file opens in h5py and in xarray, with units, names, axes and values."""

import os
import subprocess

import h5py
import numpy as np
import pytest
import xarray

ROWS = 70
TIME = (np.arange(ROWS) + 1) / 10


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    writer = os.environ.get("PARLEY_SAMPLE_WRITER")
    assert writer, "set PARLEY_SAMPLE_WRITER to the write_sample_result executable"
    file = tmp_path_factory.mktemp("result") / "sample.h5"
    subprocess.run([writer, str(file)], check=True, timeout=60)
    return file


def open_group(file, group):
    return xarray.open_dataset(file, engine="h5netcdf", group=group)


def test_h5py_reads_root_config_and_provenance(result):
    with h5py.File(result) as file:
        assert file.attrs["schema_version"] == 4
        assert file.attrs["format"] == "parley-result"
        assert file.attrs["model"] == "sample"
        assert file.attrs["title"] == "A sample"
        assert file["config"].attrs["text"] == "[run]\nmodel = sample\n"
        assert file["config"].attrs["run.seed"] == "42"
        assert file["provenance"].attrs["host"] == "localhost"
        assert file["provenance"].attrs["events_per_second"] == 1e6


def test_the_first_line_gives_the_sha256_of_the_rest(result):
    line = subprocess.run(["head", "-n", "1", result], check=True, capture_output=True, text=True).stdout
    digest = subprocess.run(f"tail -c +513 '{result}' | sha256sum", shell=True, check=True, capture_output=True,
                            text=True).stdout.split()[0]
    assert line == f"Parley result, complete; SHA-256 from byte 513 on: {digest}\n"


def test_h5py_finds_the_scales_of_every_axis(result):
    with h5py.File(result) as file:
        failed = file["timeseries/failed"]
        assert failed.dims[0].keys() == ["time"]
        assert failed.dims[1].keys() == ["reason"]
        assert list(failed.dims[1]["reason"].asstr()) == ["timeout", "rejected", "naïve"]
        assert file["summary/failed_by_reason"].dims[0].keys() == ["reason"]
        assert h5py.h5ds.is_scale(file["timeseries/time"].id)
        assert file["timeseries"].attrs["rows"] == ROWS
        np.testing.assert_array_equal(file["latency"], 0.5 * np.arange(200))


def test_every_dataset_has_units_and_a_long_name(result):
    lacking = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not ({"units", "long_name"} <= set(item.attrs)):
            lacking.append(name)

    with h5py.File(result) as file:
        file.visititems(visit)
    assert lacking == []


def test_xarray_opens_the_time_series(result):
    with open_group(result, "timeseries") as data:
        assert dict(data.sizes) == {"time": ROWS, "reason": 3}
        assert data.failed.dims == ("time", "reason")
        assert list(data.reason.values) == ["timeout", "rejected", "naïve"]
        np.testing.assert_array_equal(data.time, TIME)
        np.testing.assert_array_equal(data.message_rate, 0.5 * np.arange(ROWS))
        np.testing.assert_array_equal(data.workflows, np.arange(ROWS))
        np.testing.assert_array_equal(data.failed.sel(reason="rejected"), 10 * np.arange(ROWS))
        assert data.message_rate.dtype == np.float64 and data.workflows.dtype == np.uint64
        assert data.message_rate.attrs == {"units": "1/s", "long_name": "messages per second"}
        assert data.time.attrs == {"units": "s", "long_name": "end of the interval"}
        assert data.reason.attrs["long_name"] == "why a workflow failed"


def test_xarray_opens_the_histograms(result):
    with open_group(result, "histograms") as data:
        assert data.discovery.dims == ("time", "latency")
        np.testing.assert_array_equal(data.latency, 0.5 * np.arange(200))
        expected = np.zeros((ROWS, 200), dtype=np.uint64)
        expected[np.arange(ROWS), np.arange(ROWS)] = np.arange(ROWS) + 1
        np.testing.assert_array_equal(data.discovery, expected)
        np.testing.assert_array_equal(data.time, TIME)


def test_xarray_opens_nested_groups_and_the_summary(result):
    with open_group(result, "provenance/timeseries") as data:
        np.testing.assert_array_equal(data.sent, 1000 + np.arange(ROWS))
        assert data.sent.attrs["units"] == "bytes"
    with open_group(result, "summary") as data:
        assert data.success_rate.item() == 0.75
        assert data.failed_by_reason.sel(reason="naïve").item() == 3
        assert data.failed_by_reason.dims == ("reason",)


def test_xarray_opens_the_root(result):
    with xarray.open_dataset(result, engine="h5netcdf") as data:
        assert data.attrs["model"] == "sample"
        assert list(data.reason.values) == ["timeout", "rejected", "naïve"]
