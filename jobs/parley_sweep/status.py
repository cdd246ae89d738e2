"""Where every point of a sweep stands: done, damaged, unreadable, running, pending, failed and why, or not finished."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from . import slurm
from .claim import Owner, holder
from .failures import REASON_MARK, last_lines
from .manifest import Manifest, PlannedRun
from .submission import read_submissions

SHOWN = 20  # points of a kind
LOG_LINES = 3
STATES = ("done", "damaged", "unreadable", "running", "pending", "failed", "not finished")


@dataclass(frozen=True)
class Standing:
    """One of STATES, and details: who runs it, what it waits for, why it failed; `ended` cut it short."""

    state: str
    details: tuple[str, ...] = ()
    ended: Owner | None = None


def standings(manifest: Manifest) -> list[Standing]:
    """One for each run of the manifest. Slurm is asked only if something was submitted; it need not be there."""
    submissions = read_submissions(manifest.folder)
    queue = (slurm.live_tasks() if submissions else None) or {}
    waiting: dict[str, str] = {}
    for submission in submissions:
        for name, index in submission.task_of().items():
            for job in submission.jobs:
                task = queue.get((job, index))
                if task is not None:
                    reason = "" if task.reason in ("None", "") else f" ({task.reason})"
                    waiting[name] = f"job {job}_{index} {task.state.lower()}{reason}"
    return [_standing(run, waiting.get(run.name)) for run in manifest.runs]


def status_lines(manifest: Manifest) -> list[str]:
    """The counts, then who runs what, what failed with the end of its log, and what was cut short."""
    found = standings(manifest)
    counts = Counter(standing.state for standing in found)
    always = ("done", "failed", "not finished")
    lines = [f"{manifest.sweep}: {len(found)} runs, "
             + ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state] or state in always)]
    for state in ("damaged", "unreadable", "running", "pending", "failed", "not finished"):
        told = [(run, each) for run, each in zip(manifest.runs, found)
                if each.state == state and (each.details or each.ended)]
        for run, each in told[:SHOWN if state != "pending" else 1]:
            details = (*((_cut_short(each.ended),) if each.ended else ()), *each.details)  # asks Slurm: the shown only
            lines.append(f"  {state}: point {run.number} ({run.name}): {' | '.join(details)}")
        if len(told) > SHOWN or (state == "pending" and len(told) > 1):
            lines.append(f"  {state}: and {len(told) - (1 if state == 'pending' else SHOWN)} more")
    if counts["failed"]:
        lines.append(f"  logs: {manifest.folder / 'logs'}")
    return lines


def _standing(run: PlannedRun, waiting: str | None) -> Standing:
    if run.done:
        return _standing_of_result(run)
    owner, alive = holder(run)
    if alive:
        return Standing("running", (owner.text() if owner else "just begun",))
    said = last_lines(run.log, LOG_LINES)
    if said and said[-1].startswith(REASON_MARK):
        return Standing("failed", (*((waiting,) if waiting else ()), *said))
    if waiting:
        return Standing("pending", (waiting,))
    if owner is None:
        return Standing("not finished")
    return Standing("not finished", tuple(said), owner)


def _standing_of_result(run: PlannedRun) -> Standing:
    try:
        why = run.damage
    except OSError as error:
        return Standing("unreadable", (f"{error.strerror}; it may be good",))
    return Standing("damaged", (f"{why}; `jobs/sweep run` makes it again",)) if why else Standing("done")


def _cut_short(owner: Owner) -> str:
    """What became of a process that ended without saying so."""
    ended = slurm.ended_as(owner.job) if owner.job else ""
    return f"cut short: {owner.text()}" + (f" ended as {ended}" if ended else " ended")
