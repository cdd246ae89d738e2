"""The command of one point: run it, or resume it from the checkpoint that an earlier attempt has left.

Every attempt writes in a folder of its own, DIR/work/NAME/ATTEMPT, and its complete result is renamed to
DIR/runs/NAME.h5. So a process that was given up but still runs (its node was cut off) cannot damage what a
later attempt writes.
"""
from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import SweepError
from .manifest import PlannedRun, RunHash

CHECKPOINTED = 75   # the program's exit code when a signal ended it and there is a checkpoint
BAD_INPUT = 2       # also of a checkpoint that is damaged
KILLED = 128        # a launcher's exit code is this and the number of the signal
CHECKPOINT_ENDINGS = (".checkpoint", ".checkpoint.previous")
FileIdentity = tuple[int, int]  # tells a file from one that replaces it, without comparing the clocks of two machines


@dataclass(frozen=True)
class Program:
    """`command`: the binary, or what starts it in parallel followed by the binary."""

    command: tuple[str, ...]
    base: Path


class Attempt:
    """One attempt at a point, by the owner of that name (claim.Owner.attempt)."""

    def __init__(self, program: Program, run: PlannedRun, name: str) -> None:
        self._program = program
        self._run = run
        self._folder = run.work / name
        self._unusable: set[Path] = set()
        self._resumed: Path | None = None
        self._before: set[FileIdentity] = set()
        self.output = self._folder / run.file.name

    def begin(self) -> None:
        """Makes the folder; removes those of earlier attempts that left no checkpoint."""
        if self._run.work.exists():
            for folder in self._run.work.iterdir():
                if not _checkpoints_in(folder, self._run):
                    shutil.rmtree(folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._before = self._own_checkpoints()

    def command(self) -> list[str]:
        """What to start next. SweepError when the base configuration is not that of the plan."""
        self._resumed = self._newest_checkpoint()
        ending = ["--output", str(self.output), "--quiet"]
        if self._resumed is not None:
            return [*self._program.command, "resume", str(self._resumed), *ending]
        base = self._program.base
        if not self._run.name.endswith(RunHash(base).of(self._run.parameters)):
            raise SweepError(f"{base}, or a file it names, has changed since the sweep was planned; "
                             "give the command again")
        overrides = [f"--{key}={value}" for key, value in self._run.parameters.items()]
        return [*self._program.command, "run", str(base), *overrides, *ending]

    def tries_again(self, code: int) -> bool:
        """After exit code `code`: whether there is an earlier checkpoint, or the start, to go on from.

        Of a damaged checkpoint srun may tell that it killed the ranks that ended later than others. But what was
        killed may have had too little memory: it is not run from the start, away from checkpoints that are good.
        """
        if self._resumed is None:
            return False
        if code == BAD_INPUT:
            self._unusable.add(self._resumed)
            return True
        if code > KILLED and not self.has_new_checkpoint():
            self._unusable.add(self._resumed)
            return self._newest_checkpoint() is not None
        return False

    def has_new_checkpoint(self) -> bool:
        """Whether one was stored since `begin`."""
        return bool(self._own_checkpoints() - self._before)

    def finish(self) -> bool:
        """Puts a complete result in its place and removes all attempts; False when there is none."""
        if self.output.exists():
            self.output.replace(self._run.file)
        if self._run.done:
            shutil.rmtree(self._run.work, ignore_errors=True)
        return self._run.done

    def clear(self) -> None:
        """Removes the attempt unless it has left a checkpoint to go on from."""
        if not _checkpoints_in(self._folder, self._run):
            shutil.rmtree(self._folder, ignore_errors=True)
            for folder in (self._run.work, self._run.work.parent):
                _remove_empty(folder)

    def _own_checkpoints(self) -> set[FileIdentity]:
        return {_identity(file) for file in _checkpoints_in(self._folder, self._run)}

    def _newest_checkpoint(self) -> Path | None:
        found = [file for folder in self._run.work.iterdir() for file in _checkpoints_in(folder, self._run)]
        usable = [file for file in found if file not in self._unusable]
        return max(usable, key=lambda file: file.stat().st_mtime, default=None)


def _checkpoints_in(folder: Path, run: PlannedRun) -> list[Path]:
    """Complete checkpoints of one attempt."""
    names = [folder / (run.file.name + ending) for ending in CHECKPOINT_ENDINGS]
    return [file for file in names if file.is_file()]


def _identity(file: Path) -> FileIdentity:
    told = file.stat()
    return told.st_ino, told.st_mtime_ns


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass  # another attempt or point is there
