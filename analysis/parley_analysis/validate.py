"""Checks that a file is what docs/file-format.md says."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from ._hdf5 import whole_result
from .schema import Entry, check_version, entries
from .seal import FIRST_SEALED, is_sealed

TABLES = ("timeseries", "histograms", "provenance/timeseries")


@dataclass
class Findings:
    """What a check found. A file with problems breaks the format; notes are for the reader's information."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_file(file: str | Path) -> Findings:
    """Checks groups, datasets, axes, types, units, scales, the order of time and the sums that must hold.

    FormatError when the file is no result, or of a version this package does not read. Of a FILE.part, which a
    killed run leaves, what comes at the end of a run may be missing.
    """
    findings = Findings()
    with whole_result(file) as result:
        version = check_version(result.attrs, file)
        model = str(result.attrs.get("model", ""))
        known = [entry for entry in entries() if entry.model == model and entry.since <= version]
        if not known:
            findings.notes.append(f"the format does not describe the model {model}: only the general rules are checked")
        complete = "provenance" in result and "finished" in result["provenance"].attrs
        if not complete:
            findings.notes.append("the run did not end: /summary and the attributes of /provenance are not expected")
        elif version >= FIRST_SEALED and not is_sealed(file):
            findings.notes.append("the file has no SHA-256 of its own: whether it is what the run wrote is not known")
        _check_root(result, findings)
        for entry in known:
            if complete or entry.group != "summary":
                _check_entry(result, entry, findings)
        _check_unknown(result, {entry.path for entry in known}, findings)
        for group in TABLES:
            if group in result:
                _check_table(result[group], group, findings)
        if complete and model == "agentic" and not findings.problems:
            _check_sums(result, findings)
    return findings


def _check_root(result: h5py.File, findings: Findings) -> None:
    for name in ("format", "schema_version", "model", "title"):
        if name not in result.attrs:
            findings.problems.append(f"/: the attribute {name} is missing")
    for group in ("config", "provenance"):
        if group not in result:
            findings.problems.append(f"/{group}: the group is missing")
    if "config" in result and "text" not in result["config"].attrs:
        findings.problems.append("/config: the attribute text is missing")


def _check_entry(result: h5py.File, entry: Entry, findings: Findings) -> None:
    """One dataset against its description."""
    if entry.path not in result:
        findings.problems.append(f"/{entry.path}: missing")
        return
    data = result[entry.path]
    kind = "text" if data.dtype.kind == "O" else str(data.dtype)
    if kind != entry.type:
        findings.problems.append(f"/{entry.path}: the type is {kind}, not {entry.type}")
    if data.attrs.get("units") != entry.units:
        findings.problems.append(f"/{entry.path}: units are {data.attrs.get('units')!r}, not {entry.units!r}")
    axes = axis_names(data)
    if axes != entry.axes:
        findings.problems.append(f"/{entry.path}: the axes are {axes}, not {entry.axes}")


def axis_names(data: h5py.Dataset) -> tuple[str, ...]:
    """The names of a dataset's axes: of its dimension scales; a scale is its own axis; "?" where there is none."""
    if data.ndim == 1 and h5py.h5ds.is_scale(data.id):
        return (data.name.rpartition("/")[2],)
    return tuple(scales[0].name.rpartition("/")[2] if len(scales) else "?" for scales in data.dims)


def _check_unknown(result: h5py.File, known: set[str], findings: Findings) -> None:
    """Datasets the format does not name: notes; without unit, long name or named axes: problems."""

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if known and name not in known:
            findings.notes.append(f"/{name}: not in the format of this version")
        for attribute in ("units", "long_name"):
            if attribute not in item.attrs:
                findings.problems.append(f"/{name}: the attribute {attribute} is missing")
        if "?" in axis_names(item):
            findings.problems.append(f"/{name}: an axis has no dimension scale")

    result.visititems(visit)


def _check_table(group: h5py.Group, name: str, findings: Findings) -> None:
    """Rows: as many as `rows` says in every dataset over time, at rising times."""
    if "rows" not in group.attrs:
        findings.problems.append(f"/{name}: the attribute rows is missing")
        return
    rows = int(group.attrs["rows"])
    for key, data in group.items():
        if isinstance(data, h5py.Dataset) and data.maxshape[:1] == (None,) and data.shape[0] < rows:
            findings.problems.append(f"/{name}/{key}: {data.shape[0]} rows of {rows}")
    if "time" in group and np.any(np.diff(group["time"][:rows]) <= 0):
        findings.problems.append(f"/{name}/time: the times do not rise")


def _check_sums(result: h5py.File, findings: Findings) -> None:
    """What must add up, whatever the run."""
    series = result["timeseries"]
    count = {name: int(series[f"workflows_{name}"][()].sum())
             for name in ("started", "success", "compromised", "failed")}
    still_open = int(series["open_workflows"][-1]) if series["time"].size else 0
    if count["started"] != count["success"] + count["compromised"] + count["failed"] + still_open:
        findings.problems.append("/timeseries: workflows_started is not success + compromised + failed + open")
    if not np.array_equal(series["workflows_failed_by_reason"][()].sum(axis=1), series["workflows_failed"][()]):
        findings.problems.append("/timeseries: workflows_failed_by_reason does not add up to workflows_failed")
    summary = result["summary"]
    if int(summary["workflows_failed_by_reason"][()].sum()) != int(summary["workflows_failed"][()]):
        findings.problems.append("/summary: workflows_failed_by_reason does not add up to workflows_failed")
    for name in series:
        whole = name.removesuffix("_by_tier")
        if whole != name and not np.array_equal(series[name][()].sum(axis=1), series[whole][()]):
            findings.problems.append(f"/timeseries: {name} does not add up to {whole}")
    for name in ("workflows_started", "workflows_success", "workflows_failed"):
        if int(summary[name][()]) > int(series[name][()].sum()):
            findings.problems.append(f"/summary/{name} is more than the whole time series has")
