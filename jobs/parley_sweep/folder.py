"""Whether a folder may take the results of a sweep: it is a folder, and has no other study's results."""
from __future__ import annotations

import os
from pathlib import Path

from .errors import SweepError
from .manifest import Manifest, NoManifest, read_manifest


def check_folder(manifest: Manifest) -> None:
    """SweepError unless the sweep's results may go into its folder. Nothing is written.

    The same study with other values of its axes, or other seeds, may: a study grows. What it is about must be the
    same: the base configuration, the keys that vary in their order, and what is set for every run.
    """
    folder = manifest.folder
    _check_path(folder)
    try:
        earlier = read_manifest(folder)
    except NoManifest:
        return
    except SweepError as error:
        if _holds_something(folder):  # of which study is not known
            raise SweepError(f"{error}; or give --output another name") from None
        return  # it is written anew
    differing = _difference(earlier, manifest)
    if differing and _holds_something(folder):
        raise SweepError(f"{folder} has the results of another study, {earlier.sweep} ({differing}); choose another "
                         "folder, or delete this one")


def _check_path(folder: Path) -> None:
    """SweepError unless the folder is there or can be made."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not nearest.exists():
        raise SweepError(f"{nearest} is a broken link (to {os.readlink(nearest)}, which is not there); make that "
                         "folder, or give --output another name")
    if not nearest.is_dir():
        raise SweepError(f"{nearest} is a file (results go into a folder); give --output another name")


def _difference(earlier: Manifest, manifest: Manifest) -> str:
    """What makes it another study; empty when nothing does."""
    if earlier.runs and manifest.runs:
        shared = {run.name for run in earlier.runs} & {run.name for run in manifest.runs}
        if _base(earlier) != _base(manifest) and not shared:  # shared: the folder or the base was moved
            return f"base {_base(earlier)} there, {_base(manifest)} here"
    for what, there, here in (("axes", earlier.axes, manifest.axes),
                              ("seeds", (earlier.seed,), (manifest.seed,))):
        if there != here:  # in another order the axes give the files other names
            return f"{what} {_listed(there)} there, {_listed(here)} here"
    set_there, set_here = _set_for_all(earlier), _set_for_all(manifest)
    for key in [*set_there, *set_here]:
        if set_there.get(key) != set_here.get(key):
            return f"{key} {_value(set_there, key)} there, {_value(set_here, key)} here"
    return ""


def _base(manifest: Manifest) -> str:
    return os.path.normpath(os.path.abspath(manifest.folder / manifest.base))


def _set_for_all(manifest: Manifest) -> dict[str, str]:
    """The parameters that every run sets alike: [set] and --set."""
    varied = {*manifest.axes, manifest.seed}
    return {key: value for run in manifest.runs[:1] for key, value in run.parameters.items() if key not in varied}


def _listed(keys: tuple[str | None, ...]) -> str:
    return ", ".join(key for key in keys if key) or "none"


def _value(parameters: dict[str, str], key: str) -> str:
    return f"= {parameters[key]}" if key in parameters else "not set"


def _holds_something(folder: Path) -> bool:
    """Results, what unfinished runs have left, or what was given to Slurm."""
    return any(any(part.iterdir()) for part in (folder / "runs", folder / "work", folder / "submissions")
               if part.is_dir())
