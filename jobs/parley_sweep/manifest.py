"""A sweep's folder: names of result files, and manifest.json, the list of the points planned last.

DIR/manifest.json   {"format": 1, "sweep", "base", "axes": [key], "seed": key or null,
                     "points": [{"number", "file" (relative to DIR), "parameters": {key: text}}]}
DIR/runs/*.h5       one result a finished point: the binary renames FILE.part to FILE when it is complete,
                    so a file that exists is a run that is done, unless it was damaged later (damaged.py)
DIR/runs/*.damaged  such files, set aside so that their points are run again; a point's second is *.damaged.2
DIR/logs/*.log      what the binary said, kept for points that failed
DIR/claims/*        who runs a point (claim.py)
DIR/work/*          what runs that are not done have written: the result's part, checkpoints (program.py)
DIR/submissions/*   what was given to Slurm (submission.py)

A file's name ends in a hash of everything that sets the run: its parameters, the base configuration without
comments, and the files that either names (a table of regions). So a changed base gives new runs beside the old ones,
and never reuses wrong ones.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import SweepError
from .result_file import damage
from .sweep_file import Point, Sweep

FORMAT = 1
FILE_NAME = "manifest.json"
READABLE_LENGTH = 80


class NoManifest(SweepError):
    """The folder has none, or is not there."""


@dataclass(frozen=True)
class PlannedRun:
    """A point and where its result belongs."""

    number: int
    parameters: dict[str, str]
    file: Path
    log: Path

    @property
    def done(self) -> bool:
        return self.file.exists()

    @property
    def damage(self) -> str:
        """Why the result of a run that is done cannot be used; empty when it can, or when there is none. OSError."""
        return damage(self.file) if self.done else ""

    @property
    def complete(self) -> bool:
        return self.done and not self.damage

    @property
    def claim(self) -> Path:
        return self.file.parents[1] / "claims" / self.name

    @property
    def work(self) -> Path:
        """The folder of the folders of this point's attempts."""
        return self.file.parents[1] / "work" / self.name

    @property
    def name(self) -> str:
        return self.file.stem


@dataclass(frozen=True)
class Manifest:
    """What a sweep's folder is to hold."""

    folder: Path
    sweep: str
    base: str
    axes: tuple[str, ...]
    seed: str | None
    runs: tuple[PlannedRun, ...]


def plan_manifest(sweep: Sweep, planned: list[Point], folder: Path) -> Manifest:
    """Gives every point its file under `folder`; nothing is written."""
    hashes = RunHash(sweep.base)
    runs = tuple(planned_run(folder, point.number, dict(point.parameters), file_stem(point, hashes))
                 for point in planned)
    base = os.path.relpath(sweep.base, folder)
    return Manifest(folder, sweep.name, base, sweep.axis_keys, sweep.seed_key, runs)


def write_manifest(manifest: Manifest) -> None:
    """Stores the manifest in its folder, whole or not at all."""
    content = {
        "format": FORMAT,
        "sweep": manifest.sweep,
        "base": manifest.base,
        "axes": list(manifest.axes),
        "seed": manifest.seed,
        "points": [{"number": run.number, "file": f"runs/{run.file.name}", "parameters": run.parameters}
                   for run in manifest.runs],
    }
    target = manifest.folder / FILE_NAME
    beside = target.with_suffix(".json.part")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(target)


def read_manifest(folder: Path) -> Manifest:
    """Reads DIR/manifest.json; NoManifest when there is none, SweepError when it cannot be read or is not ours."""
    file = folder / FILE_NAME
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise SweepError(f"{file} has format {content['format']}; this version reads {FORMAT}; "
                             "use the jobs/sweep that wrote it")
        runs = tuple(planned_run(folder, point["number"], point["parameters"], Path(point["file"]).stem)
                     for point in content["points"])
        return Manifest(folder, content["sweep"], content["base"], tuple(content["axes"]), content["seed"],
                        runs)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoManifest(f"{folder} is not the output of a sweep ({FILE_NAME}: {error.strerror}); "
                         "give the --output folder of `jobs/sweep run`") from None
    except OSError as error:
        raise SweepError(f"{file} cannot be read ({error.strerror}); make it readable") from None
    except (ValueError, KeyError, TypeError):
        raise SweepError(f"{file} is damaged; delete it and repeat the command that made {folder}, which writes it "
                         "anew and keeps finished runs") from None


def file_stem(point: Point, hashes: RunHash) -> str:
    """<readable values>-<hash>, for example fraction0.1-tier3-seed1-0a1b2c3d4e."""
    parameters = dict(point.parameters)
    readable = "-".join(_short(key, parameters[key]) for key in point.varied) or "run"
    return f"{readable[:READABLE_LENGTH]}-{hashes.of(parameters)}"


class RunHash:
    """The hash at the end of a file's name, for runs of one base configuration."""

    def __init__(self, base: Path) -> None:
        self._folder = base.parent
        text = normalised_text(base)
        self._base = text + "".join(self._content(line.partition("=")[2]) for line in text.splitlines())

    def of(self, parameters: dict[str, str]) -> str:
        settings = sorted(parameters.items())
        described = self._base + "".join(f"{key}={value}\n" for key, value in settings)
        described += "".join(self._content(value) for _, value in settings)
        return hashlib.sha256(described.encode()).hexdigest()[:10]

    def _content(self, value: str) -> str:
        """The text of the file that a value names, relative to the configuration; nothing if it names none."""
        file = self._folder / value
        try:
            return file.read_text("utf-8", "replace") if value and file.is_file() else ""
        except (OSError, ValueError):
            return ""  # no name of a file: too long, for example


def normalised_text(config: Path) -> str:
    """A configuration without comments, blank lines and spacing: what decides a run."""
    without_comments = (line.split("#", 1)[0] for line in config.read_text("utf-8").splitlines())
    lines = (re.sub(r"\s*=\s*", "=", line).strip() for line in without_comments)
    return "".join(f"{line}\n" for line in lines if line)


def _short(key: str, value: str) -> str:
    """A number with its key's last word, text alone; characters fit for a file name."""
    word = key.rpartition(".")[2] if re.match(r"[-0-9.]", value) else ""
    return re.sub(r"[^A-Za-z0-9._]+", "_", word + value)


def planned_run(folder: Path, number: int, parameters: dict[str, str], stem: str) -> PlannedRun:
    """The point whose files in `folder` are named `stem`."""
    return PlannedRun(number, parameters, folder / "runs" / f"{stem}.h5", folder / "logs" / f"{stem}.log")
