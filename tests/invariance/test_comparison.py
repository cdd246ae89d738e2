"""The comparison that the invariance tests rely on sees every kind of difference."""
from __future__ import annotations

import h5py
import numpy as np
import pytest

from comparison import first_difference, raw_datasets


def write(path, change=None):
    with h5py.File(path, "w") as file:
        file.create_group("config").attrs["text"] = "[run]\nseed = 1\n[parallel]\nthreads = 1\n"
        file["summary/success_rate"] = 0.5
        file["summary/success_rate"].attrs["units"] = "1"
        file.create_dataset("timeseries/events", data=np.arange(100, dtype="u8"), chunks=(10,), compression="gzip")
        file["reason"] = np.array([b"busy", b"deadline"], dtype=h5py.string_dtype())
        file["bin"] = np.linspace(0, 1, 5)
        file["provenance/wall_seconds"] = 1.0
        if change is not None:
            change(file)
    return path


def last_bit(file):
    file["summary/success_rate"][()] = np.nextafter(0.5, 1)


def one_count(file):
    file["timeseries/events"][57] = 0


def negative_zero(file):
    file["bin"][0] = -0.0


def label(file):
    file["reason"][1] = b"timeout"


def unit(file):
    file["summary/success_rate"].attrs["units"] = "s"


def more_attributes(file):
    file["timeseries/events"].attrs["rows"] = 3


def more_datasets(file):
    file["summary/more"] = 1


def another_type(file):
    del file["bin"]
    file["bin"] = np.linspace(0, 1, 5).astype("f4")


def another_shape(file):
    del file["bin"]
    file["bin"] = np.linspace(0, 1, 6)


def another_seed(file):
    file["config"].attrs["text"] = "[run]\nseed = 2\n[parallel]\nthreads = 1\n"


CHANGES = {
    last_bit: "summary/success_rate: 0.5",
    one_count: "timeseries/events: 1 of 100 values, the first at (57,): 57 and 0",
    negative_zero: "bin: 1 of 5 values, the first at (0,)", label: "reason:", unit: "attribute units",
    more_attributes: "['rows']", more_datasets: "summary/more", another_type: "float32", another_shape: "(6,)",
    another_seed: "attribute text"}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_difference_is_found_and_named(tmp_path, change):
    found = first_difference(write(tmp_path / "a.h5"), write(tmp_path / "b.h5", change))
    assert found is not None and CHANGES[change] in found


def test_provenance_and_the_way_of_execution_do_not_count(tmp_path):
    def changed(file):
        file["provenance/wall_seconds"][()] = 2.0
        file["config"].attrs["text"] = "[run]\nseed = 1\n[parallel]\nthreads = 8\n"

    assert first_difference(write(tmp_path / "a.h5"), write(tmp_path / "b.h5", changed)) is None


def test_raw_bytes_show_a_changed_count(tmp_path):
    a, b, c = (raw_datasets(write(tmp_path / name, change))
               for name, change in (("a.h5", None), ("b.h5", None), ("c.h5", one_count)))
    assert a == b
    assert [name for name in a if a[name] != c[name]] == ["timeseries/events"]
