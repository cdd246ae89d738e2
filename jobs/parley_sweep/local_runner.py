"""Runs the points of a sweep on this machine, several processes at a time."""
from __future__ import annotations

import fcntl
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from .claim import claimed, this_process
from .errors import SweepError
from .failures import Failure, Kind, book_failure, format_failure, reason_of
from .manifest import PlannedRun
from .program import Attempt, Program
from .progress import Counts, ProgressLine

TERMINATION_GRACE = 30.0  # seconds a child has to end after SIGTERM, with a checkpoint
POLL = 0.2                # seconds between redraws while nothing ends


@dataclass
class Outcome:
    """What one `run` command achieved."""

    counts: Counts
    failures: list[Failure] = field(default_factory=list)
    kinds: set[Kind] = field(default_factory=set)  # of the failures
    interrupted: bool = False


@contextmanager
def sweep_lock(folder: Path) -> Iterator[None]:
    """Holds the folder for one `run` or `submit` at a time; SweepError when another one has it."""
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SweepError(f"another `jobs/sweep run` or `submit` is at work in {folder}; "
                             "wait for it or end it") from None
        yield


def run_points(binary: Path, base: Path, runs: list[PlannedRun], jobs: int, earlier: int,
               progress: ProgressLine) -> Outcome:
    """Runs `runs`, `jobs` at a time. `earlier` points count as done before.

    A failing point is reported, unless it failed like one before, and the rest goes on. Ctrl-C or SIGTERM ends the
    children and returns with `interrupted`; finished results stay.
    """
    outcome = Outcome(Counts(total=earlier + len(runs), earlier=earlier))
    workers = _Workers(binary, base, runs, jobs)
    with _terminate_as_interrupt():
        try:
            workers.start()
            while outcome.counts.remaining:
                _take_one(workers, outcome, progress)
        except KeyboardInterrupt:
            outcome.interrupted = True
        finally:
            workers.stop()
    outcome.counts.running = 0
    return outcome


def _take_one(workers: _Workers, outcome: Outcome, progress: ProgressLine) -> None:
    """Waits a moment for a point to end and books it."""
    counts = outcome.counts
    try:
        failure = workers.ended.get(timeout=POLL)
        if failure is None:
            counts.finished += 1
        else:
            counts.failed += 1
            outcome.failures.append(failure)
            if failure.kind not in outcome.kinds:
                outcome.kinds.add(failure.kind)
                progress.say(format_failure(failure))
    except queue.Empty:
        pass
    counts.running = workers.running()
    progress.update(counts)


class _Workers:
    """One thread a process slot: each starts the next point and waits for it."""

    def __init__(self, binary: Path, base: Path, runs: list[PlannedRun], jobs: int) -> None:
        self.ended: queue.SimpleQueue[Failure | None] = queue.SimpleQueue()
        self._program = Program((str(binary),), base)
        self._owner = this_process()
        self._waiting = iter(runs)
        self._lock = threading.Lock()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopping = False
        self._environment = _environment(jobs)
        self._threads = [threading.Thread(target=self._work, daemon=True)
                         for _ in range(min(jobs, len(runs)))]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def running(self) -> int:
        with self._lock:
            return len(self._children)

    def stop(self) -> None:
        """Ends every child that still runs, kindly first, and waits for the threads: TERMINATION_GRACE for all."""
        with self._lock:
            self._stopping = True
        self._signal_children(signal.SIGTERM)
        deadline = time.monotonic() + TERMINATION_GRACE
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._signal_children(signal.SIGKILL)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _signal_children(self, number: signal.Signals) -> None:
        with self._lock:
            for child in self._children:
                try:
                    os.killpg(child.pid, number)
                except ProcessLookupError:
                    pass  # it has just ended

    def _work(self) -> None:
        while True:
            with self._lock:
                run = None if self._stopping else next(self._waiting, None)
            if run is None:
                return
            failure = self._run(run)
            if not self._stopping:
                self.ended.put(failure)

    def _run(self, run: PlannedRun) -> Failure | None:
        """Runs one point to its end; None when its result exists or it was stopped."""
        try:
            with claimed(run, self._owner) as mine:
                if not mine:
                    return Failure(run, "a job or another process runs it (jobs/sweep status)", [])
                return None if run.done else self._attempt(run)
        except SweepError as error:
            return Failure(run, str(error), [])
        except Exception as error:  # a thread that dies unseen would leave the sweep waiting for ever
            return Failure(run, f"{type(error).__name__}: {error}", [])

    def _attempt(self, run: PlannedRun) -> Failure | None:
        attempt = Attempt(self._program, run, self._owner.attempt)
        attempt.begin()
        run.log.unlink(missing_ok=True)
        while True:
            with open(run.log, "ab") as log:
                code = self._wait(attempt.command(), log)
            done = attempt.finish()
            if done or self._stopping:
                run.log.unlink()  # interrupted is not failed
                attempt.clear()
                return None
            if not attempt.tries_again(code):
                attempt.clear()
                return book_failure(run, reason_of(code))

    def _wait(self, command: list[str], log: BinaryIO) -> int:
        """Starts a child in a group of its own, so that Ctrl-C reaches it through us alone."""
        with self._lock:
            if self._stopping:
                return -signal.SIGTERM
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=subprocess.STDOUT, env=self._environment,
                                     start_new_session=True)
            self._children.add(child)
        code = child.wait()
        with self._lock:
            self._children.discard(child)
        return code


def _environment(jobs: int) -> dict[str, str]:
    """The children's environment: threads so that all processes together fill the cores, unless set."""
    cores = len(os.sched_getaffinity(0))
    return {"OMP_NUM_THREADS": str(max(1, cores // jobs)), **os.environ}


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM acts like Ctrl-C meanwhile (schedulers send it)."""
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
