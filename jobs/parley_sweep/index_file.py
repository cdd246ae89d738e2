"""DIR/index.h5: every finished run of a sweep behind one file.

/runs/NAME          external link to the result of a point: its time series, summary, configuration, as they are
/summary/METRIC     (point): the scalars of every run's /summary, with their units and long names
/summary/KEY        (point): what varies, for example adversary.fraction; numbers where all values are, else text
/summary/point      (point): the point's number; /summary/name: its name in /runs

Time series are links and not virtual datasets: HDF5 fills in a virtual dataset silently where a file is missing, or
when more files are open than the system allows (1024 on most), and a sweep has more points than that.
The summary is a copy, so it can be read without opening any run.
"""
from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from .collect import Table
from .manifest import Manifest

INDEX_NAME = "index.h5"


def write_index(manifest: Manifest, table: Table, file: Path) -> None:
    """Stores the index of the table's runs, whole or not at all."""
    import h5py

    beside = file.with_name(file.name + ".part")
    with h5py.File(beside, "w") as index:
        index.attrs.update({"format": "parley-sweep-index", "sweep": manifest.sweep})
        names = [Path(str(row["file"])).stem for row in table.rows]
        for name, row in zip(names, table.rows):
            index[f"runs/{name}"] = h5py.ExternalLink(str(row["file"]), "/")
        summary = index.create_group("summary")
        number = _add(summary, "point", [row["point"] for row in table.rows])
        number.attrs["long_name"] = "number of the point in the plan"
        number.make_scale("point")
        _add(summary, "name", names).dims[0].attach_scale(number)
        for column in table.columns:
            if column in ("point", "file"):
                continue
            data = _add(summary, column, [row.get(column, "") for row in table.rows])
            data.dims[0].attach_scale(number)
            for key, value in table.descriptions.get(column, {}).items():
                data.attrs[key] = value
        index.flush()
    with open(beside, "rb") as stream:
        os.fsync(stream.fileno())
    beside.replace(file)


def _add(group: Any, name: str, values: list[Any]) -> Any:
    """Whole numbers, numbers (a missing one is NaN), or text."""
    import h5py
    import numpy as np

    numbers = [_number(value) for value in values]
    if any(number is None for number in numbers):
        return group.create_dataset(name, data=[str(value) for value in values], dtype=h5py.string_dtype())
    if all(isinstance(number, int) for number in numbers):
        return group.create_dataset(name, data=np.array(numbers, dtype=np.int64))
    return group.create_dataset(name, data=np.array(numbers, dtype=np.float64))


def _number(value: object) -> int | float | None:
    if value == "":
        return math.nan
    if isinstance(value, (int, float)):
        return value
    try:
        return int(str(value))
    except ValueError:
        pass
    try:
        return float(str(value))
    except ValueError:
        return None
