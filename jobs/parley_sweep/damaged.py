"""Finished results that are not what their runs wrote: damaged by a disk or in a transfer, or changed."""
from __future__ import annotations

from .manifest import Manifest, PlannedRun
from .seal import damage

ENDING = ".damaged"


def damaged_runs(manifest: Manifest) -> list[PlannedRun]:
    """The runs that are done, and whose result does not have the SHA-256 of its first line. Reads every result, at
    about 1 ms a run; OSError."""
    return [run for run in manifest.runs if run.done and damage(run.file)]


def put_aside(runs: list[PlannedRun]) -> None:
    """Renames results to NAME.h5.damaged: so their points are not done, and are run again. OSError."""
    for run in runs:
        run.file.replace(run.file.with_name(run.file.name + ENDING))
