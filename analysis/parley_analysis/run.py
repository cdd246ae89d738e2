"""One result file. Nothing is read before it is asked for."""
from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd

from ._hdf5 import Scalars, Value, open_result, read_scalars
from .histograms import Percentile, percentile
from .units import seconds

if TYPE_CHECKING:
    import xarray as xr


CLOCK_TICK = 1e-9  # s of simulated time


class Run:
    """One result file; no file stays open, except behind what `dataset` returns.

    Errors: FileNotFoundError, FormatError (no result, or another version), OSError (being written).
    """

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)

    def __repr__(self) -> str:
        return f"Run({str(self.file)!r})"

    @cached_property
    def _scalars(self) -> Scalars:
        return read_scalars(self.file)

    @property
    def config(self) -> dict[str, str]:
        """Every parameter "section.key" and its value as text, such as "15s"."""
        return self._scalars.config

    @property
    def provenance(self) -> dict[str, Value]:
        """How the run was made: version, ranks, host, events_per_second (1/s, wall clock), ..."""
        return self._scalars.provenance

    @property
    def summary(self) -> dict[str, int | float]:
        """The scalar numbers of /summary: sums and statistics over the time after the warm-up."""
        return self._scalars.summary

    @cached_property
    def attributes(self) -> dict[str, object]:
        """Of the file: format, schema_version, model, title."""
        with open_result(self.file) as result:
            return dict(result.attrs)

    @property
    def warmup(self) -> float:
        """Simulated seconds that the summary leaves out; 0 when the configuration does not say."""
        return seconds(self.config.get("run.warmup", "0s"))

    @property
    def complete(self) -> bool:
        """False for the FILE.part of a run that has not ended, or was killed."""
        return "finished" in self.provenance

    def units(self, name: str) -> str:
        """The unit of a value ("s", "1/s", "1" for shares); `name` is of /summary, or has its group before it.

        KeyError when there is no such value.
        """
        return self._text_attribute(name, "units")

    def long_name(self, name: str) -> str:
        """What a value is, in words; `name` as for units()."""
        return self._text_attribute(name, "long_name")

    def rows(self, group: str = "timeseries") -> int | None:
        """How many rows of a group over time are there: all of a complete run, those committed of a FILE.part.

        None when the file does not have the group.
        """
        with open_result(self.file) as result:
            if f"{group}/time" not in result:
                return None
            return len(result[f"{group}/time"][:_rows(result[group])])

    def series(self, name: str) -> pd.Series:
        """A time series without other dimensions, indexed by simulated seconds. KeyError, ValueError."""
        with open_result(self.file) as result:
            data = self._item(result, f"timeseries/{name}")
            if data.ndim != 1:
                raise ValueError(f"timeseries/{name} of {self.file} has {data.ndim} dimensions; read it with table()")
            rows = _rows(data.parent)
            return pd.Series(data[:rows], index=_times(data.parent, rows), name=name)

    def table(self, name: str, group: str = "timeseries") -> pd.DataFrame:
        """A dataset over time and a second axis: a row a time (s), a column a label. KeyError, ValueError."""
        with open_result(self.file) as result:
            data = self._item(result, f"{group}/{name}")
            if data.ndim != 2:
                raise ValueError(f"{group}/{name} of {self.file} has {data.ndim} dimensions; read it with series()")
            axis = data.dims[1][0]
            labels = axis.asstr()[()] if axis.dtype.kind == "O" else axis[()]
            rows = _rows(data.parent)
            return pd.DataFrame(data[:rows], index=_times(data.parent, rows),
                                columns=pd.Index(labels, name=axis.name.rpartition("/")[2]))

    def dataset(self, group: str = "timeseries") -> xr.Dataset:
        """A group as xarray data set, read when used; close it, or use it in a `with` statement.

        Of a FILE.part only the rows that are committed.
        """
        import xarray as xr

        with open_result(self.file) as result:
            if group not in result:
                raise KeyError(f"{self.file} has no group {group}; it has {', '.join(result)}")
            rows = _rows(result[group])
        data = xr.open_dataset(self.file, engine="h5netcdf", group=group)
        return data.isel(time=slice(rows)) if "time" in data.dims else data

    def latency(self, name: str, since: float | None = None) -> pd.Series:
        """Number of latencies by bin (index: lower edge, s), summed over time.

        `name`: "discovery" for histograms/discovery_latency. `since`: simulated seconds from which latencies count;
        default: the end of the warm-up. Rows that begin before are left out whole: where the warm-up ends within a row
        (15 s, and rows of 10 s), what is left begins with the next one, later than /summary does. attrs["since"] of
        what is returned says when it begins. ValueError when no row is left.
        """
        rows = self.table(f"{name}_latency", "histograms")
        begin = self.warmup if since is None else since
        begins = np.concatenate([[0.0], rows.index.to_numpy(float)[:-1]])
        kept = begins >= begin - CLOCK_TICK / 2
        if not kept.any():
            raise ValueError(f"no row of histograms/{name}_latency of {self.file} begins at second {begin:g} or later; "
                             "name an earlier `since`, or make output.histogram_interval shorter")
        counts = rows[kept].sum()
        counts.attrs["since"] = float(begins[kept][0])
        return counts

    def latency_percentile(self, name: str, share: float, since: float | None = None) -> Percentile:
        """The latency (s) below which a share lies, with the edges of its bin.

        `since`: as for latency(). Equal to /summary's percentile where the warm-up ends with a row of the histograms.
        """
        counts = self.latency(name, since)
        return percentile(counts.index.to_numpy(float), counts.to_numpy(), share)

    def _text_attribute(self, name: str, attribute: str) -> str:
        with open_result(self.file) as result:
            return str(self._item(result, name if "/" in name else f"summary/{name}").attrs[attribute])

    def _item(self, result: h5py.File, path: str) -> h5py.Dataset:
        """A dataset; KeyError that says what the file is when it has no such one."""
        if path not in result:
            raise KeyError(f"{self.file} has no {path} (model {result.attrs.get('model')}, schema version "
                           f"{result.attrs['schema_version']}); docs/file-format.md says what there is")
        return result[path]


def _rows(group: h5py.Group) -> int | None:
    """How many rows are committed; None where the group does not say (all)."""
    rows = group.attrs.get("rows")
    return None if rows is None else int(rows)


def _times(group: h5py.Group, rows: int | None) -> pd.Index:
    return pd.Index(np.asarray(group["time"][:rows]), name="time")
