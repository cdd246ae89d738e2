"""A folder of runs as one tidy frame, or as one data set; the time series are not loaded."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ._hdf5 import Scalars, Value, open_result, read_scalars
from .manifest import found_files, planned_files
from .units import is_duration, parse_value

if TYPE_CHECKING:
    import xarray as xr

SEED = "run.seed"
FILE = "file"
RATE = "events_per_second"


def result_files(folder: str | Path) -> list[Path]:
    """The finished runs of a folder: those its sweep's manifest.json lists, else every .h5 file in it, sorted.

    DIR/runs of a sweep in DIR has the runs that DIR/manifest.json lists.

    FileNotFoundError when the folder does not exist or holds no run.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    planned = planned_files(folder)
    files = found_files(folder) if planned is None else [file for file in planned if file.exists()]
    if not files:
        raise FileNotFoundError(f"{folder} holds no finished run")
    return files


def read_runs(source: str | Path | Iterable[str | Path], keep: Iterable[str] = ()) -> pd.DataFrame:
    """One row a run: parameters, scalars of /summary, events_per_second (1/s) and file.

    `source` is a folder (see result_files), one file, or several. Parameters are those that differ between the
    runs, run.seed and those named in `keep`; they alone have a dot in their name. Numbers are numbers, durations
    are seconds ("15s" -> 15.0). A value that a run lacks is NaN. In frame.attrs: "units" and "long_names" of the
    summary values (of parameters "s" for durations), and "config", the parameters that all runs share (text). About
    4 ms a run.
    """
    files = _files(source)
    runs = [read_scalars(file, provenance=(RATE,)) for file in files]
    parameters = _parameters_to_show([run.config for run in runs], {SEED, *keep})
    rows: list[dict[str, Value]] = []
    for file, run in zip(files, runs):
        values = {key: parse_value(run.config[key]) for key in parameters if key in run.config}
        rows.append({**values, **run.summary, **_rate(run), FILE: str(file)})
    frame = pd.DataFrame(rows)
    frame.attrs["units"], frame.attrs["long_names"] = _descriptions(files[0])
    frame.attrs["units"].update({key: "s" for key in parameters if _is_duration(key, runs)})
    frame.attrs["config"] = {key: value for key, value in runs[0].config.items() if key not in parameters}
    return frame


def open_sweep(source: str | Path | Iterable[str | Path] | pd.DataFrame,
               metrics: Iterable[str] | None = None) -> xr.Dataset:
    """The summary values over the parameters that vary: a dimension a parameter, run.seed last.

    `source`: what read_runs takes, or its frame. A parameter that moves together with another one (a [linked]
    group of the sweep) is a coordinate along that one. Points without a run are NaN; units and long_name are set.
    ValueError when two runs have the same parameters.
    """
    frame = source if isinstance(source, pd.DataFrame) else read_runs(source)
    keys = sorted(parameter_columns(frame), key=lambda key: key == SEED)
    dimensions, linked = _split_linked(frame, keys)
    repeated = frame[frame.duplicated(dimensions)]
    if len(repeated):
        raise ValueError(f"two runs have the same parameters, one of them {repeated[FILE].iloc[0]}; "
                         "choose one of them first")
    names = list(metrics) if metrics is not None else metric_columns(frame)
    data = frame.set_index(dimensions)[names].to_xarray()
    for key, along in linked.items():
        data = data.assign_coords({key: (along, [_value_at(frame, key, along, value) for value in data[along].values])})
    for name in names:
        data[name].attrs = {"units": frame.attrs.get("units", {}).get(name, ""),
                            "long_name": frame.attrs.get("long_names", {}).get(name, name)}
    return data


def parameter_columns(frame: pd.DataFrame) -> list[str]:
    """The columns of a frame of runs that are parameters."""
    return [column for column in frame.columns if "." in column]


def varied_parameters(frame: pd.DataFrame) -> list[str]:
    """The parameters in which the runs differ, run.seed among them."""
    return [key for key in parameter_columns(frame) if frame[key].nunique(dropna=False) > 1]


def metric_columns(frame: pd.DataFrame) -> list[str]:
    """The columns of a frame of runs that are measured numbers."""
    return [name for name in frame.select_dtypes("number").columns if "." not in name]


def _files(source: str | Path | Iterable[str | Path]) -> list[Path]:
    if isinstance(source, (str, Path)):
        return [Path(source)] if Path(source).is_file() else result_files(source)
    files = [Path(file) for file in source]
    if not files:
        raise FileNotFoundError("no run to read")
    return files


def _parameters_to_show(configs: list[dict[str, str]], always: set[str]) -> list[str]:
    """Parameters that differ between the runs or are in `always`, in the order of the files."""
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if key in always or len({config.get(key) for config in configs}) > 1]


def _is_duration(key: str, runs: list[Scalars]) -> bool:
    return all(is_duration(run.config[key]) for run in runs if key in run.config)


def _rate(run: Scalars) -> dict[str, Value]:
    rate = run.provenance.get(RATE)
    return {} if rate is None else {RATE: rate}


def _descriptions(file: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Units and long names of the summary values."""
    with open_result(file) as result:
        items = {name: item.attrs for name, item in result.get("summary", {}).items()}
        units = {name: str(attributes.get("units", "")) for name, attributes in items.items()}
        names = {name: str(attributes.get("long_name", name)) for name, attributes in items.items()}
    return {**units, RATE: "1/s"}, {**names, RATE: "events a second of wall-clock time"}


def _split_linked(frame: pd.DataFrame, keys: list[str]) -> tuple[list[str], dict[str, str]]:
    """Parameters that span the sweep, and those whose value another one of them decides."""
    dimensions: list[str] = []
    linked: dict[str, str] = {}
    for key in sorted(keys, key=lambda key: -frame[key].nunique(dropna=False)):
        along = next((other for other in dimensions if other != SEED and key != SEED
                      and (frame.groupby(other, dropna=False)[key].nunique(dropna=False) == 1).all()), None)
        if along is None:
            dimensions.append(key)
        else:
            linked[key] = along
    return [key for key in keys if key in dimensions], linked


def _value_at(frame: pd.DataFrame, key: str, along: str, value: object) -> object:
    return frame.loc[frame[along] == value, key].iloc[0]
