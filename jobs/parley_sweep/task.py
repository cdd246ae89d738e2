"""What a task of a Slurm array does: runs its points one after another, and gives way before its time limit.

SIGUSR1 (sbatch --signal) is passed on to the program, which stores a checkpoint and ends; the task then asks Slurm
to queue it again. SIGTERM (scancel, preemption) is passed on, too, but the task is not queued again.
Exit codes: 0 all points are done, or the task was queued again; 1 a point failed.
"""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import slurm
from .claim import Owner, claimed, this_process
from .errors import SweepError
from .failures import book_failure, reason_of
from .manifest import PlannedRun
from .program import Attempt, Program
from .submission import Submission, read_submission

DONE, FAILED, STOPPED, ELSEWHERE = range(4)


@dataclass
class Signals:
    """The signals that have come, and the program they are passed on to."""

    stop: bool = False
    time_limit: bool = False
    child: subprocess.Popen[bytes] | None = None

    def listen(self) -> None:
        for number in (signal.SIGUSR1, signal.SIGTERM):
            signal.signal(number, self._came)

    def _came(self, number: int, _frame: object) -> None:
        self.stop = True
        self.time_limit = self.time_limit or number == signal.SIGUSR1
        self.pass_on()

    def pass_on(self) -> None:
        """USR1 in any case: srun kills its tasks at a TERM, before they could store a checkpoint."""
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(signal.SIGUSR1)


def run_task(file: Path, index: int, launcher: list[str]) -> int:
    """Runs the points of one task; `launcher` starts a command in parallel. Returns the exit code."""
    submission = read_submission(file.resolve())
    if not 0 <= index < len(submission.tasks):
        raise SweepError(f"{file} has {len(submission.tasks)} tasks; there is no task {index}")
    signals = Signals()
    signals.listen()
    owner = this_process()
    progress = False
    outcomes: list[int] = []
    for run in submission.tasks[index]:
        if run.done:
            continue
        if signals.stop:
            outcomes.append(STOPPED)
            break
        attempt = Attempt(_program(submission, launcher), run, owner.attempt)
        outcomes.append(_run_claimed(attempt, run, owner, signals))
        progress = progress or outcomes[-1] == DONE or attempt.has_new_checkpoint()
    if STOPPED in outcomes and signals.time_limit:
        return _queue_again(submission.tasks[index], owner, progress)
    return 1 if FAILED in outcomes or STOPPED in outcomes else 0


def _program(submission: Submission, launcher: list[str]) -> Program:
    return Program((*launcher, str(submission.binary)), submission.base)


def _run_claimed(attempt: Attempt, run: PlannedRun, owner: Owner, signals: Signals) -> int:
    with claimed(run, owner) as mine:
        if not mine:
            _say(f"point {run.number} ({run.name}) is being run elsewhere")
            return ELSEWHERE
        if run.done:
            return DONE
        try:
            outcome = _run(attempt, run, signals)
        except (SweepError, OSError) as error:
            book_failure(run, str(error))
            outcome = FAILED
    _say(f"point {run.number} ({run.name}): {('done', 'failed', 'stopped')[outcome]}")
    return outcome


def _run(attempt: Attempt, run: PlannedRun, signals: Signals) -> int:
    """One point to its end, or to a checkpoint."""
    attempt.begin()
    run.log.parent.mkdir(parents=True, exist_ok=True)
    run.log.unlink(missing_ok=True)
    while True:
        with open(run.log, "ab") as log:
            code = _wait(attempt.command(), log.fileno(), signals)
        if attempt.finish():
            run.log.unlink(missing_ok=True)
            return DONE
        if signals.stop:
            attempt.clear()
            return STOPPED
        if not attempt.tries_again(code):
            attempt.clear()
            book_failure(run, reason_of(code))
            return FAILED


def _wait(command: list[str], log: int, signals: Signals) -> int:
    """Starts the program; a signal that came meanwhile is passed on as well."""
    signals.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if signals.stop:
        signals.pass_on()
    code = signals.child.wait()
    signals.child = None
    return code


def _queue_again(runs: list[PlannedRun], owner: Owner, progress: bool) -> int:
    """Once more from the start, unless that would go on for ever."""
    if not progress:
        run = next(run for run in runs if not run.done)
        book_failure(run, "the time limit is too short to finish it or to store a checkpoint; give a longer --time")
        return 1
    refused = slurm.requeue(owner.job) if owner.job else "this is no job of Slurm"
    if refused:
        _say(f"not queued again: {refused}; the command `jobs/sweep submit` continues")
        return 1
    _say("the time limit is near: queued again")
    return 0


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def task_index(text: str | None) -> int:
    """The index given, else that of the environment. SweepError when there is none."""
    text = text or os.environ.get("SLURM_ARRAY_TASK_ID", "")
    if not text.isdecimal():
        raise SweepError("no task; this command is for jobs/sweep.sbatch, use `jobs/sweep submit`")
    return int(text)
