"""Finished results of a sweep as one tidy table: one row a run. index_file.py makes an HDF5 index of it."""
from __future__ import annotations

import csv
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SweepError
from .manifest import Manifest, PlannedRun
from .seal import damage

Cell = str | int | float
TABLE_NAME = "results.csv"
RATE_COLUMN = "events_per_second"


@dataclass
class Table:
    """Rows of finished runs; columns are the parameters that vary, the scalars of /summary, and the file."""

    columns: list[str]
    rows: list[dict[str, Cell]]
    unreadable: list[str] = field(default_factory=list)  # file: reason
    versions: set[str] = field(default_factory=set)      # of the programs that wrote the results
    descriptions: dict[str, dict[str, str]] = field(default_factory=dict)  # column -> its units and long_name


def collect(manifest: Manifest) -> Table:
    """Reads every finished run of the manifest; no number comes from a result that is not what its run wrote.

    SweepError when this Python has no h5py.
    """
    _require_h5py()
    table = Table([], [])
    metrics: dict[str, None] = {}  # a set that keeps its order
    for run in manifest.runs:
        if not run.done:
            continue
        try:
            found = _damage(run)
            if found:
                table.unreadable.append(f"{run.file}: {found}; `jobs/sweep run` or `submit` makes it again")
                continue
            values, version = read_scalars(run.file, table.descriptions)
        except (OSError, KeyError, RuntimeError, ValueError) as error:  # of h5py, for what is damaged
            table.unreadable.append(f"{run.file}: {error}")
            continue
        metrics.update(dict.fromkeys(values))
        table.versions.add(version)
        table.rows.append({**_parameter_cells(manifest, run), **values, "file": f"runs/{run.file.name}"})
    metrics.pop(RATE_COLUMN, None)
    table.columns = ["point", *_parameter_keys(manifest), *metrics, RATE_COLUMN, "file"]
    return table


def _damage(run: PlannedRun) -> str:
    """Why no number is taken from a run that is done: what `status` sees as well, or its SHA-256. OSError."""
    changed = damage(run.file)
    return run.damage or (f"it is {changed}" if changed else "")


def write_table(table: Table, file: Path) -> None:
    """Stores the table as CSV, whole or not at all; a value that a run lacks is an empty cell."""
    beside = file.with_name(file.name + ".part")
    with open(beside, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, table.columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(table.rows)
    beside.replace(file)


def read_scalars(file: Path, descriptions: dict[str, dict[str, str]]) -> tuple[dict[str, Cell], str]:
    """The scalar numbers of /summary with events_per_second (1/s, wall clock), and the program's version.

    Adds what the file says of them to `descriptions`.
    """
    import h5py

    values: dict[str, Cell] = {}
    with h5py.File(file, "r") as result:
        for name, item in result["summary"].items():
            if isinstance(item, h5py.Dataset) and item.size == 1 and item.dtype.kind in "iuf":
                values[name] = item[()].item()
                if name not in descriptions:
                    told = {key: item.attrs[key] for key in ("units", "long_name") if key in item.attrs}
                    descriptions[name] = {key: str(value) for key, value in told.items()}
        provenance = result["provenance"].attrs if "provenance" in result else {}
        if RATE_COLUMN in provenance:
            values[RATE_COLUMN] = float(provenance[RATE_COLUMN])
            descriptions[RATE_COLUMN] = {"units": "1/s", "long_name": "events a second of wall-clock time"}
        return values, str(provenance.get("version", "unknown"))


def _parameter_keys(manifest: Manifest) -> list[str]:
    return [*manifest.axes, *([manifest.seed] if manifest.seed else [])]


def _parameter_cells(manifest: Manifest, run: PlannedRun) -> dict[str, Cell]:
    return {"point": run.number, **{key: run.parameters[key] for key in _parameter_keys(manifest)}}


def _require_h5py() -> None:
    if importlib.util.find_spec("h5py") is None:
        raise SweepError("collecting needs h5py, which this Python lacks; start it as /usr/bin/python3 "
                         "jobs/sweep with Debian's python3-h5py (tools/setup.sh analysis)")
