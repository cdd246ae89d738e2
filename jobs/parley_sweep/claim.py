"""Who runs a point: one process at a time, on whatever machine.

DIR/claims/NAME names the owner and is locked (flock) while the owner lives, so a claim ends with its process,
however that ends, and no claim is ever left to be cleared by hand. The folder's file system must have locks
that all machines see: NFS, Lustre mounted with `flock`, GPFS, BeeGFS have them.
"""
from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import SweepError
from .manifest import PlannedRun

ATTEMPTS = 10
PAUSE = 0.1  # s between attempts: `status` holds a lock for a moment to see whether another does


@dataclass(frozen=True)
class Owner:
    """A process that runs points. `job` is ARRAY_TASK of Slurm, or empty; `restart` its number of requeues."""

    host: str
    pid: int
    job: str = ""
    restart: int = 0

    @property
    def attempt(self) -> str:
        """A name that no other owner has: what it writes goes under this name."""
        return f"{self.job}.{self.restart}" if self.job else f"{self.host}.{self.pid}"

    def text(self) -> str:
        return f"job {self.job} on {self.host}" if self.job else f"process {self.pid} on {self.host}"

    def replaces(self, other: Owner) -> bool:
        """A requeued job replaces its own earlier life: Slurm has given that up, whatever its locks say."""
        return bool(self.job) and self.job == other.job and self.restart > other.restart


def this_process() -> Owner:
    """The owner that the environment tells: a task of a Slurm array, a Slurm job, or a plain process."""
    environment = os.environ
    job = environment.get("SLURM_ARRAY_JOB_ID", "")
    if job:
        job += f"_{environment['SLURM_ARRAY_TASK_ID']}"
    else:
        job = environment.get("SLURM_JOB_ID", "")
    return Owner(socket.gethostname(), os.getpid(), job, int(environment.get("SLURM_RESTART_COUNT", "0")))


@contextmanager
def claimed(run: PlannedRun, owner: Owner) -> Iterator[bool]:
    """Yields whether the point is now the owner's. The claim's file stays when the point has no result."""
    run.claim.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _take(run.claim, owner)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        if run.done:
            run.claim.unlink(missing_ok=True)
        os.close(descriptor)


def holder(run: PlannedRun) -> tuple[Owner | None, bool]:
    """The last owner of a point without a result, and whether it lives."""
    try:
        descriptor = os.open(run.claim, os.O_RDWR)
    except OSError:
        return None, False
    try:
        alive = not _lock(descriptor, run.claim)
        return _read(descriptor), alive
    finally:
        os.close(descriptor)


def _take(file: Path, owner: Owner) -> int | None:
    """An open, locked claim, or None when another owner lives."""
    for _ in range(ATTEMPTS):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(descriptor, file):
            other = _read(descriptor)
            if other is not None and owner.replaces(other):
                file.unlink(missing_ok=True)  # the old file keeps its lock; ours is a new one
            else:
                time.sleep(PAUSE)
            os.close(descriptor)
            continue
        if _is_still(file, descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)
            return descriptor
        os.close(descriptor)  # the owner before us has just removed it
    return None


def _lock(descriptor: int, file: Path) -> bool:
    """Takes the lock; False when another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise SweepError(f"cannot lock {file} ({error.strerror}); the folder must lie on a file system with "
                         "locks (for Lustre: mounted with the option flock)") from None
    return True


def _is_still(file: Path, descriptor: int) -> bool:
    try:
        return os.stat(file).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None  # an owner is about to write its name
