"""DIR/index.h5: every finished run of a sweep behind one file.

/runs/NAME          external link to the result of a point, whole
/summary/METRIC     (point): the scalars of every run's /summary, with their units and long names
/summary/KEY        (point): what varies, for example adversary.fraction; numbers where all values are, else text
/summary/point      (point): the point's number; /summary/name: its name in /runs
/timeseries/METRIC  (point, time, ...): the time series of all runs, virtual, as float64; NaN after a run's end
/timeseries/rows    (point): how many rows are a run's own

The summary is a copy. A time series is virtual for xarray, which cannot follow external links. HDF5 keeps every run
that a virtual dataset has read open and gives NaN, without an error, for one that it cannot open. So there is none for
more runs than a process may have files open (usually 1024), nor for runs whose rows are at different times.
"""
from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .collect import Table
from .manifest import Manifest

INDEX_NAME = "index.h5"
MOST_VIRTUAL = 900  # runs
SERIES = "timeseries"


@dataclass
class _Series:
    """The time series of one run: shapes by name, and its times."""

    shapes: dict[str, tuple[int, ...]]
    time: Any


def write_index(manifest: Manifest, table: Table, file: Path) -> bool:
    """Stores the index of the table's runs, whole or not at all. Returns whether it has /timeseries."""
    import h5py

    beside = file.with_name(file.name + ".part")
    with h5py.File(beside, "w") as index:
        index.attrs.update({"format": "parley-sweep-index", "sweep": manifest.sweep})
        for row in table.rows:
            index[f"runs/{_name(row)}"] = h5py.ExternalLink(str(row["file"]), "/")
        _write_summary(index.create_group("summary"), table)
        with_series = len(table.rows) <= MOST_VIRTUAL and _write_series(index, table, manifest.folder)
    with open(beside, "rb") as stream:
        os.fsync(stream.fileno())
    beside.replace(file)
    return with_series


def _name(row: dict[str, Any]) -> str:
    return Path(str(row["file"])).stem


def _write_summary(summary: Any, table: Table) -> None:
    number = _write_points(summary, table)
    for column in table.columns:
        if column in ("point", "file"):
            continue
        data = _add(summary, column, [row.get(column, "") for row in table.rows])
        data.dims[0].attach_scale(number)
        for key, value in table.descriptions.get(column, {}).items():
            data.attrs[key] = value


def _write_points(group: Any, table: Table) -> Any:
    """The axis of points with their names."""
    number = _add(group, "point", [row["point"] for row in table.rows])
    number.attrs["long_name"] = "number of the point in the plan"
    number.make_scale("point")
    _add(group, "name", [_name(row) for row in table.rows]).dims[0].attach_scale(number)
    return number


def _write_series(index: Any, table: Table, folder: Path) -> bool:
    """Virtual datasets over the runs; False when their rows are not at the same times."""
    import h5py
    import numpy as np

    found = [_read_series(folder / str(row["file"])) for row in table.rows]
    longest = max(found, key=lambda each: len(each.time))
    if any(not np.array_equal(each.time, longest.time[:len(each.time)]) for each in found):
        return False
    group = index.create_group(SERIES)
    scales = {"point": _write_points(group, table), "time": group.create_dataset("time", data=longest.time)}
    scales["time"].make_scale("time")
    rows = _add(group, "rows", [len(each.time) for each in found])
    rows.dims[0].attach_scale(scales["point"])
    with h5py.File(folder / str(table.rows[found.index(longest)]["file"]), "r") as model:
        for name, shape in longest.shapes.items():
            if all(name in each.shapes and each.shapes[name][1:] == shape[1:] for each in found):
                _add_virtual(group, name, [(str(row["file"]), each.shapes[name])
                                           for row, each in zip(table.rows, found)], model[SERIES][name], scales)
    return True


def _read_series(file: Path) -> _Series:
    """Datasets with a row for each time."""
    import h5py
    import numpy as np

    with h5py.File(file, "r") as run:
        if SERIES not in run:
            return _Series({}, np.empty(0))
        time = run[SERIES]["time"][:]
        shapes = {name: item.shape for name, item in run[SERIES].items()
                  if name != "time" and item.shape[:1] == time.shape and item.dtype.kind in "iuf"
                  and not h5py.h5ds.is_scale(item.id)}
        return _Series(shapes, time)


def _add_virtual(group: Any, name: str, sources: list[tuple[str, tuple[int, ...]]], model: Any,
                 scales: dict[str, Any]) -> None:
    """One dataset (point, time, ...) with units and axes of `model`, a run's dataset."""
    import h5py

    layout = h5py.VirtualLayout((len(sources), *model.shape), dtype="f8")
    for position, (file, shape) in enumerate(sources):
        layout[(position, slice(0, shape[0]))] = h5py.VirtualSource(file, f"{SERIES}/{name}", shape=shape)
    data = group.create_virtual_dataset(name, layout, fillvalue=math.nan)
    for key in ("units", "long_name"):
        if key in model.attrs:
            data.attrs[key] = model.attrs[key]
    data.dims[0].attach_scale(scales["point"])
    data.dims[1].attach_scale(scales["time"])
    for axis in range(1, model.ndim):
        if len(model.dims[axis]):
            scale = model.dims[axis][0]
            short = scale.name.rpartition("/")[2]
            if short not in scales:
                scales[short] = group.create_dataset(short, data=scale[:], dtype=scale.dtype)
                scales[short].make_scale(short)
            data.dims[axis + 1].attach_scale(scales[short])


def _add(group: Any, name: str, values: list[Any]) -> Any:
    """Whole numbers, numbers (a missing one is NaN), or text."""
    import h5py
    import numpy as np

    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        return group.create_dataset(name, data=[str(value) for value in values], dtype=h5py.string_dtype())
    kind = np.int64 if all(isinstance(number, int) for number in numbers) else np.float64
    return group.create_dataset(name, data=np.array(numbers, dtype=kind))


def _number(value: object) -> int | float | None:
    if value == "":
        return math.nan
    if isinstance(value, (int, float)):
        return value
    for kind in (int, float):
        try:
            return kind(str(value))
        except ValueError:
            continue
    return None
