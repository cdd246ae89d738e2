"""The file format in machine-readable form: which versions there are, and which datasets a result has.

The list is format.csv; docs/file-format.md shows it to people.
"""
from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FORMAT = "parley-result"
SUPPORTED_VERSIONS = (1, 2, 3, 4)
FORMAT_FILE = Path(__file__).with_name("format.csv")


class FormatError(ValueError):
    """A file that is no Parley result, or of a version this package does not read."""


@dataclass(frozen=True)
class Entry:
    """What the format says of one dataset."""

    model: str               # "agentic", "phold"
    group: str               # "timeseries", "provenance/timeseries", "" for the root
    name: str
    axes: tuple[str, ...]    # in order; () is a scalar
    type: str                # "uint64", "float64", "text"
    units: str
    row: str                 # of a dataset over time: "sum", "level", "maximum" or "mean" of an interval; else ""
    since: int               # the first schema version that has it
    meaning: str             # the attribute long_name

    @property
    def path(self) -> str:
        return f"{self.group}/{self.name}" if self.group else self.name


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """Every dataset of every model, in the order of format.csv."""
    with open(FORMAT_FILE, encoding="utf-8", newline="") as stream:
        return tuple(Entry(row["model"], row["group"], row["name"], tuple(row["axes"].split()), row["type"],
                           row["units"], row["row"], int(row["since"]), row["meaning"])
                     for row in csv.DictReader(stream))


def row_kind(model: str, path: str) -> str:
    """What a row of a dataset over time is of its interval: sum (what happened in it), level (the state at its end),
    maximum or mean. KeyError where the format does not say."""
    for entry in entries():
        if (entry.model, entry.path) == (model, path) and entry.row:
            return entry.row
    raise KeyError(f"the format does not say whether rows of {path} (model {model}) are sums or levels; draw them by "
                   "Run.series, or describe the dataset in format.csv")


def check_version(attributes: Mapping[str, object], file: str | Path) -> int:
    """The schema version in the attributes of a file's root; FormatError when this package cannot read it."""
    found = attributes.get("format")
    if found != FORMAT:
        raise FormatError(f"{file} is not a Parley result (its attribute format is {found!r}, not {FORMAT!r}); "
                          "name a file that `parley run` wrote")
    version = int(attributes.get("schema_version", 0))  # type: ignore[call-overload]
    if version > SUPPORTED_VERSIONS[-1]:
        raise FormatError(f"{file} has schema version {version}, newer than this package reads (up to "
                          f"{SUPPORTED_VERSIONS[-1]}); use the parley_analysis that came with the program")
    if version < SUPPORTED_VERSIONS[0]:
        raise FormatError(f"{file} has schema version {version}, older than this package reads (from "
                          f"{SUPPORTED_VERSIONS[0]}); run its configuration again")
    return version
