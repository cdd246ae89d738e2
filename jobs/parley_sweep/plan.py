"""What `plan` prints: a line for each point, its seeds counted, or one for each run; then the sums."""
from __future__ import annotations

from .estimate import Estimate
from .failures import number_ranges
from .progress import format_seconds
from .sweep_file import Point, Sweep


def plan_lines(sweep: Sweep, planned: list[Point], estimated: list[Estimate | None], every: bool) -> list[str]:
    """A header and a line for each combination of the axes, or for `every` run; columns aligned."""
    by_seed = every or sweep.seed_key is None
    keys = planned[0].varied if by_seed else sweep.axis_keys
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, point in enumerate(planned):
        parameters = dict(point.parameters)
        values = tuple(parameters[key] for key in keys)
        groups.setdefault((*values, str(index)) if by_seed else values, []).append(index)
    head = ["point", *keys, "time"] if by_seed else ["points", *keys, "seeds", "time a run"]
    rows = [[*head, "memory"]]
    for values, indices in groups.items():
        numbers = number_ranges(planned[index].number for index in indices)
        counts = [] if by_seed else [str(len(indices))]
        rows.append([numbers, *values[:len(keys)], *counts, *_estimate_cells(estimated[indices[0]])])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]


def plan_sums(estimated: list[Estimate | None]) -> str:
    """Time of all on one core, and the largest memory."""
    known = [estimate for estimate in estimated if estimate is not None]
    if not known:
        return "; no estimate of time and memory"
    source = "from runs that are done" if any(estimate.measured for estimate in known) else "within a factor of two"
    missing = len(estimated) - len(known)
    return (f"; about {format_seconds(sum(estimate.seconds for estimate in known))} on one core, "
            f"at most {max(estimate.memory for estimate in known) / 1e6:.0f} MB a run ({source})"
            + (f"; {missing} without an estimate" if missing else ""))


def _estimate_cells(estimate: Estimate | None) -> tuple[str, str]:
    if estimate is None:
        return "-", "-"
    seconds = f"{estimate.seconds:.2f} s" if estimate.seconds < 10 else format_seconds(estimate.seconds)
    return seconds, f"{estimate.memory / 1e6:.0f} MB"
