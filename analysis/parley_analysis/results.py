"""Results of Parley: one run, or a folder of runs as one tidy frame."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

SEED = "run.seed"
FILE = "file"
SECONDS_PER_UNIT = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9.]+(?:e[-+]?[0-9]+)?)(ns|us|ms|s|min|h)")

Value = str | int | float


class Run:
    """One result file. Nothing is read before it is asked for, and no file stays open."""

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)

    def __repr__(self) -> str:
        return f"Run({str(self.file)!r})"

    @cached_property
    def config(self) -> dict[str, str]:
        """Every parameter "section.key" and its value as text, such as "15s"."""
        return {key: str(value) for key, value in self._attributes("config").items() if "." in key}

    @cached_property
    def provenance(self) -> dict[str, Value]:
        """How the run was made: version, ranks, host, events_per_second (1/s, wall clock), ..."""
        return {key: _plain(value) for key, value in self._attributes("provenance").items()}

    @cached_property
    def summary(self) -> dict[str, int | float]:
        """The scalar numbers of /summary: sums and statistics over the time after the warm-up."""
        with h5py.File(self.file, "r") as result:
            return {name: item[()].item() for name, item in result["summary"].items()
                    if isinstance(item, h5py.Dataset) and item.size == 1 and item.dtype.kind in "iuf"}

    def units(self, name: str) -> str:
        """The unit of a summary value ("s", "1/s", "1" for shares). KeyError when there is no such value."""
        return self._text_attribute(name, "units")

    def long_name(self, name: str) -> str:
        """What a summary value is, in words. KeyError when there is no such value."""
        return self._text_attribute(name, "long_name")

    def series(self, name: str) -> pd.Series:
        """A time series without other dimensions, indexed by simulated seconds. KeyError, ValueError."""
        with h5py.File(self.file, "r") as result:
            group = result["timeseries"]
            if group[name].ndim != 1:
                raise ValueError(f"timeseries/{name} of {self.file} has {group[name].ndim} dimensions; "
                                 "read it with xarray (engine h5netcdf, group timeseries)")
            return pd.Series(group[name][()], index=pd.Index(group["time"][()], name="time"), name=name)

    def _attributes(self, group: str) -> dict[str, object]:
        with h5py.File(self.file, "r") as result:
            return dict(result[group].attrs) if group in result else {}

    def _text_attribute(self, name: str, attribute: str) -> str:
        with h5py.File(self.file, "r") as result:
            return str(result["summary"][name].attrs[attribute])


def result_files(folder: str | Path) -> list[Path]:
    """The finished runs of a folder: those its manifest.json lists, else every .h5 file in it, sorted.

    FileNotFoundError when the folder does not exist or holds no run.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    manifest = folder / "manifest.json"
    if manifest.is_file():
        listed = [folder / point["file"] for point in json.loads(manifest.read_text("utf-8"))["points"]]
        files = [file for file in listed if file.exists()]
    else:
        files = sorted(folder.rglob("*.h5"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no finished run")
    return files


def read_runs(source: str | Path | Iterable[str | Path], keep: Iterable[str] = ()) -> pd.DataFrame:
    """One row a run: parameters, scalars of /summary, events_per_second (1/s) and file.

    `source` is a folder (see result_files) or the files themselves. Parameters are those that differ
    between the runs, run.seed and those named in `keep`; they alone have a dot in their name. Numbers are
    numbers, durations are seconds ("15s" -> 15.0). A value that a run lacks is NaN. The unit of each
    summary value is in frame.attrs["units"].
    """
    files = result_files(source) if isinstance(source, (str, Path)) else [Path(file) for file in source]
    runs = [Run(file) for file in files]
    if not runs:
        raise FileNotFoundError("no run to read")
    parameters = _parameters_to_show([run.config for run in runs], {SEED, *keep})
    rows = [{**{key: parse_value(run.config[key]) for key in parameters if key in run.config},
             **run.summary, **_rate(run), FILE: str(run.file)} for run in runs]
    frame = pd.DataFrame(rows)
    frame.attrs["units"] = _summary_units(runs[0])
    return frame


def parameter_columns(frame: pd.DataFrame) -> list[str]:
    """The columns of a frame of runs that are parameters."""
    return [column for column in frame.columns if "." in column]


def parse_value(text: str) -> Value:
    """A parameter's text as a number (durations in seconds) where it is one."""
    duration = _DURATION.fullmatch(text)
    try:
        if duration:
            return float(duration[1]) * SECONDS_PER_UNIT[duration[2]]
        return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)
    except ValueError:
        return text


def _parameters_to_show(configs: list[dict[str, str]], always: set[str]) -> list[str]:
    """Parameters that differ between the runs or are in `always`, in the order of the files."""
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if key in always or len({config.get(key) for config in configs}) > 1]


def _rate(run: Run) -> dict[str, Value]:
    rate = run.provenance.get("events_per_second")
    return {} if rate is None else {"events_per_second": rate}


def _summary_units(run: Run) -> dict[str, str]:
    with h5py.File(run.file, "r") as result:
        return {name: str(item.attrs.get("units", "")) for name, item in result["summary"].items()}


def _plain(value: object) -> Value:
    """A Python number or text instead of NumPy's."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, (int, float)) else str(plain)
