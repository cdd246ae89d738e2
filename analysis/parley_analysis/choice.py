"""Chooses runs by the values of their parameters, as --where does."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from .comparable import require_parameters
from .sweep import FILE, read_runs
from .units import parse_value, value_order, value_text


def read_chosen(source: str | Path | Iterable[str | Path], where: Sequence[str] = (),
                keep: Iterable[str] = ()) -> pd.DataFrame:
    """The frame of read_runs, as if only the runs with the values of `where` were there.

    where: texts "section.key=value", values as in a configuration ("15s", 0.3). Two of the same parameter: either
    value will do. What is chosen by stays a column. ValueError when a text has another form, when there is no such
    parameter, or when no run has the value.
    """
    wanted = _values_by_parameter(where)
    frame = read_runs(source, keep=[*keep, *wanted])
    if not wanted:
        return frame
    require_parameters(frame, wanted)
    for key, texts in wanted.items():
        frame = frame[_having(frame[key], key, texts)]
    return read_runs(frame[FILE], keep=[*keep, *wanted])


def _having(values: pd.Series, key: str, texts: Sequence[str]) -> pd.Series:
    """Which runs have one of the values."""
    chosen = pd.Series(False, index=values.index)
    for text in texts:
        matching = values.map(lambda value, wanted=parse_value(text): _equal(value, wanted))
        if not matching.any():
            there = sorted(values.dropna().unique(), key=value_order)
            raise ValueError(f"no run has {key} = {text}; choose of {', '.join(map(value_text, there))}")
        chosen |= matching
    return chosen


def _values_by_parameter(where: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in where:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not (key and equals and "." in key):
            raise ValueError(f"--where {text}: write section.key=value, such as canary.guess=0.5")
        found.setdefault(key, []).append(value)
    return found


def _equal(value: object, wanted: object) -> bool:
    """Texts as they are, numbers but for rounding (300ms is 0.3 s)."""
    if isinstance(value, str) or isinstance(wanted, str):
        return value == wanted
    return math.isclose(float(value), float(wanted), rel_tol=1e-12)  # type: ignore[arg-type]
