"""What was given to Slurm: DIR/submissions/N.json, N = 1, 2, ...

{"format": 1, "sweep", "base" and "binary" (absolute paths), "jobs": [id of the array and of its retries],
 "tasks": [[{"number", "name", "parameters"} of each point a task runs]]}

The file is written before sbatch is called and holds all a task needs, so a later plan does not change it.
"""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SweepError
from .manifest import PlannedRun, planned_run

FORMAT = 1
FOLDER = "submissions"


@dataclass
class Submission:
    """An array of tasks; each runs its points one after another."""

    file: Path
    sweep: str
    base: Path
    binary: Path
    tasks: list[list[PlannedRun]]
    jobs: list[str] = field(default_factory=list)

    def task_of(self) -> dict[str, int]:
        """Name of a point -> index of its task."""
        return {run.name: index for index, runs in enumerate(self.tasks) for run in runs}


def next_file(folder: Path) -> Path:
    """The first number that no submission of the sweep's folder has."""
    numbers = [int(file.stem) for file in (folder / FOLDER).glob("*.json") if file.stem.isdecimal()]
    return folder / FOLDER / f"{max(numbers, default=0) + 1}.json"


def write_submission(submission: Submission) -> None:
    """Stores it, whole or not at all."""
    tasks = [[{"number": run.number, "name": run.name, "parameters": run.parameters} for run in runs]
             for runs in submission.tasks]
    content = {"format": FORMAT, "sweep": submission.sweep, "base": str(submission.base),
               "binary": str(submission.binary), "jobs": submission.jobs, "tasks": tasks}
    submission.file.parent.mkdir(parents=True, exist_ok=True)
    beside = submission.file.with_suffix(".json.part")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.replace(submission.file)


def read_submission(file: Path) -> Submission:
    """SweepError when the file cannot be read or is not one of ours."""
    folder = file.resolve().parents[1]
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise SweepError(f"{file} has format {content['format']}; this version reads {FORMAT}")
        tasks = [[planned_run(folder, run["number"], run["parameters"], run["name"]) for run in runs]
                 for runs in content["tasks"]]
        return Submission(file, content["sweep"], Path(content["base"]), Path(content["binary"]), tasks,
                          list(content["jobs"]))
    except OSError as error:
        raise SweepError(f"cannot read {file} ({error.strerror}); give a file of DIR/{FOLDER}") from None
    except (ValueError, KeyError, TypeError):
        raise SweepError(f"{file} is damaged; remove it and give the command `jobs/sweep submit` again") from None


def read_submissions(folder: Path) -> list[Submission]:
    """All of a sweep's folder, oldest first."""
    files = [file for file in (folder / FOLDER).glob("*.json") if file.stem.isdecimal()]
    return [read_submission(file) for file in sorted(files, key=lambda file: int(file.stem))]
