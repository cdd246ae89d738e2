"""Whether runs may be put together: what a mean, an interval or an axis needs of them, and the refusals."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from .sweep import FILE, SEED, parameter_columns, varied_parameters
from .units import value_text


def require_only(frame: pd.DataFrame, used: Sequence[str], or_else: str = "") -> None:
    """ValueError when the runs lack a parameter of `used`, or differ in more than these and the seed.

    `or_else`: what else can be done than to choose one value.
    """
    require_parameters(frame, used)
    others = [key for key in varied_parameters(frame) if key not in {SEED, *used}]
    if others:
        raise ValueError(f"the runs also differ in {', '.join(others)}; {choose_one(others)}{or_else}")


def require_one_point(runs: pd.DataFrame) -> None:
    """ValueError when the runs differ in more than the seed: a mean over them would mix points."""
    others = [key for key in varied_parameters(runs) if key != SEED]
    if others:
        raise ValueError(f"the runs of a point also differ in {', '.join(others)}; {choose_one(others)}, or give "
                         "`by` all of them (summarise averages over them with pool=True)")


def choose_one(keys: Sequence[str]) -> str:
    return (f"choose one value of {'it' if len(keys) == 1 else 'each'} first: --where {keys[0]}=VALUE, in Python "
            f"frame[frame[\"{keys[0]}\"] == VALUE]")


def require_decided_by(frame: pd.DataFrame, key: str, others: Iterable[str]) -> None:
    """ValueError when the runs lack the parameter `key`, or one of `others` has two values at one value of it."""
    require_parameters(frame, (key,))
    varying = not_decided_by(frame, key, others)
    if varying:
        raise ValueError(f"the runs also differ in {', '.join(varying)}, which {key} does not decide; "
                         f"{choose_one(varying)}")


def not_decided_by(frame: pd.DataFrame, key: str, others: Iterable[str]) -> list[str]:
    """Which of `others` have several values at one value of the parameter `key`."""
    values = frame.groupby(key, dropna=False)
    return [other for other in others if (values[other].nunique(dropna=False) > 1).any()]


def require_parameters(frame: pd.DataFrame, used: Iterable[str]) -> None:
    """ValueError when a parameter is no column of the runs: there is none of this name, or all have the same value."""
    missing = [key for key in used if key not in frame.columns]
    if not missing:
        return
    shared = frame.attrs.get("config", {})
    if missing[0] in shared:
        raise ValueError(f"all runs have {missing[0]} = {shared[missing[0]]}, and then it is no column; name runs that "
                         f"differ in it, or read these with keep=[\"{missing[0]}\"]")
    differing = [key for key in varied_parameters(frame) if key != SEED]
    remedy = f"; they differ in {', '.join(differing)}" if differing else "; `parley describe` lists every parameter"
    raise ValueError(f"the runs have no parameter {', '.join(missing)}{remedy}")


def require_varied(frame: pd.DataFrame, key: str) -> None:
    """ValueError when the runs do not differ in a parameter: a figure along it would be a dot."""
    shared = frame.attrs.get("config", {})
    if key not in shared:
        require_parameters(frame, (key,))
    if key not in varied_parameters(frame):
        value = shared[key] if key in shared else value_text(frame[key].iloc[0])
        raise ValueError(f"all runs have {key} = {value}; name runs that differ in it")


def require_numbers(frame: pd.DataFrame, key: str) -> None:
    """ValueError when a parameter, a column of the runs, has texts: they have no place along an axis."""
    if not pd.api.types.is_numeric_dtype(frame[key]):
        raise ValueError(f"{key} is no number ({', '.join(map(str, frame[key].unique()))}), and has no place along an "
                         "axis; see it in `table --rows`, or choose one value of it")


def require_metrics(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """KeyError when the runs lack a summary value: of another model, or an older version."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise KeyError(f"the runs have no summary value {', '.join(missing)}")


def least_seeds(frame: pd.DataFrame) -> int:
    """How many runs the point has that has fewest."""
    return min(map(len, groups_of(frame, [key for key in varied_parameters(frame) if key != SEED])), default=0)


def require_no_copies(runs: pd.DataFrame) -> None:
    """ValueError when two runs have the same parameters and seed: as copies they would count as independent.

    Runs without the column run.seed cannot be told apart, and are taken as they are.
    """
    if SEED not in runs.columns:
        return
    keys = parameter_columns(runs)
    copies = runs[runs.duplicated(keys, keep=False)]
    if copies.empty:
        return
    pair = copies[(copies[keys].astype(str) == copies[keys].iloc[0].astype(str)).all(axis=1)]
    named = f" ({', '.join(map(str, pair[FILE].iloc[:2]))})" if FILE in pair.columns else ""
    raise ValueError(f"two runs have the same parameters and {SEED} = {pair[SEED].iloc[0]}{named}; keep one of them: "
                     "as copies they would count as independent seeds")


def groups_of(frame: pd.DataFrame, points: list[str]) -> list[pd.DataFrame]:
    """The runs of each point, sorted by the point's parameters."""
    if frame.empty:
        return []
    if not points:
        return [frame]
    keys = points if len(points) > 1 else points[0]  # pandas warns of a list of one
    return [group for _, group in frame.groupby(keys, sort=True, dropna=False)]
