"""Slurm's commands, and what their output means. Needs no accounting: sacct is asked only where it is."""
from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from .errors import SweepError

TIMEOUT = 60            # s for a command of Slurm
DEFAULT_ARRAY_SIZE = 1001
TaskKey = tuple[str, int]  # job id of an array, index of the task


@dataclass(frozen=True)
class TaskState:
    """A task in the queue: PENDING, RUNNING, ..., and why it waits."""

    state: str
    reason: str


def is_there() -> bool:
    return shutil.which("squeue") is not None


def live_tasks() -> dict[TaskKey, TaskState] | None:
    """The user's array tasks that wait or run; None when squeue is not there or does not answer."""
    answer = _ask(["squeue", "--me", "--noheader", "--array", "--format=%F|%K|%T|%r"])
    if answer is None:
        return None
    tasks: dict[TaskKey, TaskState] = {}
    for line in answer.splitlines():
        job, task, state, reason = line.strip().split("|", 3)
        if task.isdecimal():
            tasks[job, int(task)] = TaskState(state, reason)
    return tasks


def ended_as(job: str) -> str:
    """How a job (ID or ARRAY_TASK) ended, for example TIMEOUT; empty when Slurm does not know it any more."""
    answer = _ask(["scontrol", "--oneliner", "show", "job", job]) or ""
    found = re.search(r"\bJobState=(\S+)", answer)
    if found:
        return found[1]
    answer = _ask(["sacct", "--noheader", "--allocations", "--parsable2", "--jobs", job, "--format=State"]) or ""
    return answer.split("\n")[0].strip()


def array_size() -> int:
    """The most tasks an array may have."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _ask(["scontrol", "show", "config"]) or "", re.MULTILINE)
    return max(1, int(found[1]) - 1) if found else DEFAULT_ARRAY_SIZE - 1


def submit(command: list[str]) -> str:
    """Runs an sbatch command that has --parsable; returns the job's id. SweepError with its message."""
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SweepError(f"cannot start {command[0]} ({error.strerror}); give the command on a machine with "
                         "Slurm, or use `jobs/sweep run`") from None
    if answer.returncode != 0:
        lines = (answer.stderr.strip() or "no message").splitlines()
        raise SweepError(f"sbatch refuses: {lines[-1].removeprefix('sbatch: error: ')}")
    return answer.stdout.strip().split(";")[0]


def requeue(job: str) -> str:
    """Asks Slurm to run a job once more from its start; returns why it will not, or nothing."""
    answer = subprocess.run(["scontrol", "requeue", job], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False)
    return "" if answer.returncode == 0 else (answer.stderr.strip() or f"exit code {answer.returncode}")


def _ask(command: list[str]) -> str | None:
    """The output of a command; None when it is not there or fails."""
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                                check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
