"""Finished results that are not what their runs wrote: cut short, damaged by a disk or in a transfer, or changed."""
from __future__ import annotations

import os
from pathlib import Path

from . import seal
from .errors import SweepError
from .manifest import Manifest, PlannedRun

ENDING = ".damaged"
SHOWN = 5  # in notes
CHANGED = "its SHA-256 is another than the one in its first line"


def damaged_runs(manifest: Manifest) -> list[tuple[PlannedRun, str]]:
    """The runs that are done but whose result cannot be used, and why.

    Reads every result, at about 1 ms a run; a second time only what has changed. SweepError for a result that cannot
    be read: it may be good, and the fault may pass (a file server, a permission), so it is not taken for damaged.
    """
    found = [(run, _damage(run)) for run in manifest.runs if run.done]
    return [(run, why) for run, why in found if why]


def _damage(run: PlannedRun) -> str:
    try:
        return run.damage or (CHANGED if seal.damage(run.file) else "")
    except OSError as error:
        raise SweepError(f"{run.file} cannot be read ({error.strerror}), so it is not known whether it is good; make "
                         "it readable, or remove it to have its point run again") from None


def damage_notes(found: list[tuple[PlannedRun, str]], dry_run: bool) -> list[str]:
    """What the user is told of them; before put_aside, which gives the names that are told here."""
    aside = "would be set aside" if dry_run else "is set aside"
    notes = [f"{run.file} is damaged ({why}); it {aside} as {_name_aside(run.file).name}, and its point is run again"
             for run, why in found[:SHOWN]]
    if len(found) > SHOWN:
        notes.append(f"{len(found) - SHOWN} more results are damaged and treated alike")
    return notes


def put_aside(found: list[tuple[PlannedRun, str]]) -> None:
    """Renames results, so that their points are not done, and are run again. OSError.

    Only under the folder's lock, in which they were found: what another process has made again since is good.
    """
    for run, _ in found:
        run.file.rename(_name_aside(run.file))


def _name_aside(file: Path) -> Path:
    """NAME.h5.damaged; NAME.h5.damaged.2 and so on when earlier ones are kept there."""
    aside = file.with_name(file.name + ENDING)
    number = 2
    while os.path.lexists(aside):
        aside = file.with_name(f"{file.name}{ENDING}.{number}")
        number += 1
    return aside
