"""What differs between two results, and where first."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from ._hdf5 import open_result, read_config

EXECUTION = "provenance"  # how a run was made: may differ between equal results


@dataclass(frozen=True)
class Difference:
    """One thing that differs."""

    path: str         # dataset, or "config: KEY"
    first: str        # where: "time 3, kind query"; for others what kind of difference
    values: tuple[str, str]
    count: int = 1    # of values that differ
    total: int = 1    # of values compared

    def __str__(self) -> str:
        share = f" ({self.count} of {self.total} values)" if self.total > 1 else ""
        where = f" first at {self.first}" if self.first else ""
        return f"{self.path}{where}: {self.values[0]} | {self.values[1]}{share}"


def compare_runs(one: str | Path, other: str | Path, relative: float = 0.0) -> list[Difference]:
    """Every parameter and dataset outside /provenance that differs; the earliest in simulated time first.

    `relative`: numbers closer than this share of the one of larger magnitude count as equal (default: bit for bit;
    two NaN are equal). Datasets that only one file has are listed too.
    """
    with open_result(one) as a, open_result(other) as b:
        found = _config_differences(a, b)
        names = {**_datasets(a), **_datasets(b)}
        timed: list[tuple[float, int, Difference]] = []
        for name in names:
            difference, time = _dataset_difference(name, a.get(name), b.get(name), relative)
            if difference is not None:
                timed.append((time, len(timed), difference))
        return found + [difference for _, _, difference in sorted(timed)]


def _config_differences(a: h5py.File, b: h5py.File) -> list[Difference]:
    first, second = read_config(a), read_config(b)
    return [Difference(f"config: {key}", "", (first.get(key, "absent"), second.get(key, "absent")))
            for key in {**first, **second} if first.get(key) != second.get(key)]


def _datasets(result: h5py.File) -> dict[str, None]:
    """Names of the datasets outside /provenance, in the order of the file."""
    names: dict[str, None] = {}

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and name.split("/")[0] != EXECUTION:
            names[name] = None

    result.visititems(note)
    return names


def _dataset_difference(name: str, a: h5py.Dataset | None, b: h5py.Dataset | None,
                        relative: float) -> tuple[Difference | None, float]:
    """The difference, if any, and the simulated time (s) it begins at; infinite for what has no time."""
    if a is None or b is None:
        return Difference(name, "", ("absent" if a is None else "there", "absent" if b is None else "there")), np.inf
    if a.shape[1:] != b.shape[1:] or a.ndim != b.ndim or a.dtype.kind != b.dtype.kind:
        return Difference(name, "", (f"{a.dtype} {a.shape}", f"{b.dtype} {b.shape}")), np.inf
    if a.ndim == 0:
        same = bool(np.all(_equal(a[()], b[()], relative)))
        return (None if same else Difference(name, "", (f"{a[()]}", f"{b[()]}"))), np.inf
    rows = min(a.shape[0], b.shape[0])
    first, second = a[:rows], b[:rows]
    differs = np.argwhere(~_equal(first, second, relative))
    if not len(differs):
        if a.shape == b.shape:
            return None, np.inf
        return Difference(name, f"row {rows}, where the shorter one ends", (f"{a.shape}", f"{b.shape}")), _time(a, rows)
    where = tuple(int(i) for i in differs[0])
    return Difference(name, _position(a, where), (f"{first[where]}", f"{second[where]}"), len(differs),
                      first.size), _time(a, where[0])


def _equal(first: np.ndarray, second: np.ndarray, relative: float) -> np.ndarray:
    """Element by element; numbers with the tolerance, a share of the one of larger magnitude; NaN equal to NaN."""
    one, other = np.asarray(first), np.asarray(second)
    if one.dtype.kind == "O" or (relative == 0 and one.dtype.kind != "f"):
        return np.asarray(one == other)
    if relative == 0:
        return (one == other) | (np.isnan(one) & np.isnan(other))
    a, b = one.astype(float), other.astype(float)
    with np.errstate(invalid="ignore"):  # of infinities, which are equal or not
        close = np.abs(a - b) <= relative * np.maximum(np.abs(a), np.abs(b))
    finite = np.isfinite(a) & np.isfinite(b)
    return (one == other) | (np.isnan(a) & np.isnan(b)) | (finite & close)


def _scale(data: h5py.Dataset, axis: int) -> h5py.Dataset | None:
    scales = data.dims[axis]
    return scales[0] if len(scales) else None


def _position(data: h5py.Dataset, where: tuple[int, ...]) -> str:
    """An index in words: the name of each axis and its coordinate."""
    words = []
    for axis, index in enumerate(where):
        scale = _scale(data, axis)
        if scale is None:
            words.append(f"index {index}")
        else:
            value = scale.asstr()[index] if scale.dtype.kind == "O" else f"{scale[index]:g}"
            words.append(f"{scale.name.rpartition('/')[2]} {value}")
    return ", ".join(words)


def _time(data: h5py.Dataset, row: int) -> float:
    scale = _scale(data, 0)
    if scale is None or not scale.name.endswith("/time") or row >= scale.shape[0]:
        return np.inf
    return float(scale[row])
