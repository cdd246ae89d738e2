"""Which result files a folder has: those its sweep lists, else those that are there. Needs no package."""
from __future__ import annotations

import json
from pathlib import Path

MANIFEST, FORMAT = "manifest.json", 1  # as jobs/sweep writes it
RUNS, INDEX = "runs", "index.h5"  # of a sweep: the folder of its runs; the file that shows all of them at once


def planned_files(folder: str | Path) -> list[Path] | None:
    """The results that the sweep of a folder lists, there or still to come; None where no manifest.json says.

    A folder within that of a sweep, such as DIR/runs, has those of the list that lie in it: other results in there may
    be of earlier settings.
    """
    folder = Path(folder)
    own = _listed(folder / MANIFEST)
    if own is not None:
        return [folder / file for file in own]
    place = folder.resolve()
    inside = [file for file in _listed(place.parent / MANIFEST) or [] if file.parts[:1] == (place.name,)]
    return [folder.joinpath(*file.parts[1:]) for file in inside] or None


def found_files(folder: str | Path) -> list[Path]:
    """Every .h5 file of a folder and those below it, sorted, but for a sweep's index.h5, which is no run."""
    return [file for file in sorted(Path(folder).rglob("*.h5")) if not _is_index(file)]


def _is_index(file: Path) -> bool:
    return file.name == INDEX and (file.parent / RUNS).is_dir()


def _listed(manifest: Path) -> list[Path] | None:
    """The files of a sweep's manifest; None where there is none, or a file of that name that is something else."""
    try:
        content = json.loads(manifest.read_text("utf-8"))
        files = [Path(point["file"]) for point in content["points"]]
        return files if content.get("format", FORMAT) == FORMAT else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
