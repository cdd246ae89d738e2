"""Points that gave no result: why, the end of their logs, and which failed for the same reason."""
from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .manifest import PlannedRun

REASON_MARK = "sweep: "   # begins the line of a log that says why its point failed
LOG_LINES_SHOWN = 5
Kind = tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A point that did not give a result."""

    run: PlannedRun
    reason: str
    last_lines: list[str]

    @property
    def kind(self) -> Kind:
        """Reason and last lines without the point's own name: equal for points that failed alike."""
        return tuple(line.replace(self.run.name, "...") for line in (self.reason, *self.last_lines))


def format_failure(failure: Failure) -> str:
    """Several lines: which point, why, its last words."""
    head = f"failed: point {failure.run.number} ({failure.run.name}): {failure.reason}"
    return "\n".join([head] + [f"    {line}" for line in failure.last_lines])


def grouped(failures: Iterable[Failure]) -> list[str]:
    """A line for each kind of failure: its points, the reason and the last word; the most frequent first."""
    kinds: dict[Kind, list[int]] = {}
    for failure in failures:
        kinds.setdefault(failure.kind, []).append(failure.run.number)
    return [f"  {_points(numbers)}: " + ": ".join(kind[:1] + kind[1:][-1:])
            for kind, numbers in sorted(kinds.items(), key=lambda each: -len(each[1]))]


def _points(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"point {numbers[0]}"
    return f"{len(numbers)} points ({number_ranges(numbers)})"


def number_ranges(numbers: Iterable[int]) -> str:
    """Whole numbers, sorted: 3, 1, 2, 7 -> "1-3, 7"."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> list[str]:
    """The last non-empty lines of a log; none when it cannot be read."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]


def book_failure(run: PlannedRun, reason: str) -> Failure:
    """Books a failed point: the log also gets the reason, for `status`."""
    failure = Failure(run, reason, last_lines(run.log))
    with open(run.log, "a", encoding="utf-8") as log:
        log.write(f"{REASON_MARK}{reason}\n")
    return failure


def reason_of(code: int) -> str:
    """Why there is no result, told by the exit code of subprocess."""
    if code == 0:
        return "the program ended without writing its result"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
