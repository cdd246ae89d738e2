"""Finished results that are not what their runs wrote: cut short, damaged by a disk or in a transfer, or changed."""
from __future__ import annotations

from . import seal
from .manifest import Manifest, PlannedRun

ENDING = ".damaged"
SHOWN = 5  # in notes
CHANGED = "its SHA-256 is another than the one in its first line"


def damaged_runs(manifest: Manifest) -> list[tuple[PlannedRun, str]]:
    """The runs that are done but whose result cannot be used, and why. Reads every result, at about 1 ms a run;
    OSError."""
    found = [(run, run.damage or (CHANGED if seal.damage(run.file) else "")) for run in manifest.runs if run.done]
    return [(run, why) for run, why in found if why]


def damage_notes(found: list[tuple[PlannedRun, str]], dry_run: bool) -> list[str]:
    """What the user is told of them."""
    aside = "would be set aside" if dry_run else "is set aside"
    notes = [f"{run.file} is damaged ({why}); it {aside} as {run.file.name}{ENDING}, and its point is run again"
             for run, why in found[:SHOWN]]
    if len(found) > SHOWN:
        notes.append(f"{len(found) - SHOWN} more results are damaged and treated alike")
    return notes


def put_aside(found: list[tuple[PlannedRun, str]]) -> None:
    """Renames results to NAME.h5.damaged: so their points are not done, and are run again. OSError."""
    for run, _ in found:
        if run.done:
            run.file.replace(run.file.with_name(run.file.name + ENDING))
