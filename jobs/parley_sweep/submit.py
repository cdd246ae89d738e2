"""Gives the points of a sweep that are not done to Slurm, as one array."""
from __future__ import annotations

import math
import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import slurm
from .claim import holder
from .errors import SweepError
from .estimate import Estimate
from .manifest import Manifest, PlannedRun
from .submission import Submission, next_file, read_submissions, write_submission

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "jobs" / "sweep.sbatch"
GENERIC_SITE = ROOT / "jobs" / "sites" / "generic.sh"
UNKNOWN_SECONDS = 600.0       # of a point without an estimate
TIME_FACTOR, TIME_MORE = 3.0, 300.0        # asked for: the estimate times this, and so many seconds more
MEMORY_FACTOR, MEMORY_MORE = 1.5, 200e6    # asked for: the estimate times this, and so many bytes more


@dataclass(frozen=True)
class SlurmOptions:
    """What the user asks of Slurm; empty or 0: not given."""

    site: Path = GENERIC_SITE
    max_running: int = 0
    chunk_seconds: float = 600.0
    retries: int = 0
    time: str = ""
    memory: str = ""
    nodes: int = 1
    tasks_per_node: int = 1
    cpus_per_task: int = 1
    account: str = ""
    partition: str = ""
    dependency: str = ""
    extra: list[str] = field(default_factory=list)

    @property
    def cores(self) -> int:
        return self.nodes * self.tasks_per_node * self.cpus_per_task


def points_to_submit(manifest: Manifest) -> tuple[list[int], int]:
    """Indices of the runs to submit, and how many others are with Slurm or another process already.

    SweepError when a submission is known but squeue does not answer: its tasks may be alive.
    """
    submissions = read_submissions(manifest.folder)
    live = slurm.live_tasks()
    if live is None and submissions:
        raise SweepError("squeue is not there or does not answer, so it is not known what is queued; try again later")
    queued = {run.name for submission in submissions for index, runs in enumerate(submission.tasks)
              if any((job, index) in (live or {}) for job in submission.jobs) for run in runs}
    missing = [index for index, run in enumerate(manifest.runs) if not run.complete]
    wanted = [index for index in missing
              if manifest.runs[index].name not in queued and not holder(manifest.runs[index])[1]]
    return wanted, len(missing) - len(wanted)


def chunks(runs: list[PlannedRun], estimated: list[Estimate | None], cores: int, seconds: float,
           most: int) -> list[list[int]]:
    """Positions of `runs` by task, in order: as many a task as fit into `seconds`, at most `most` tasks."""
    times = [UNKNOWN_SECONDS if each is None else each.wall_seconds(cores) for each in estimated]
    while True:
        tasks: list[list[int]] = []
        filled = math.inf
        for position in range(len(runs)):
            if filled + times[position] > seconds:
                tasks.append([])
                filled = 0.0
            tasks[-1].append(position)
            filled += times[position]
        if len(tasks) <= most:
            return tasks
        seconds *= 1.5


def make_submission(manifest: Manifest, wanted: list[int], estimated: list[Estimate | None], base: Path,
                    binary: Path, options: SlurmOptions) -> tuple[Submission, list[str]]:
    """The submission, and its sbatch command; nothing is written."""
    runs = [manifest.runs[index] for index in wanted]
    of_runs = [estimated[index] for index in wanted]
    tasks = chunks(runs, of_runs, options.cores, options.chunk_seconds, slurm.array_size())
    submission = Submission(next_file(manifest.folder).resolve(), manifest.sweep, base.resolve(), binary,
                            [[runs[position] for position in task] for task in tasks])
    return submission, _command(submission, tasks, of_runs, options)


def submit(submission: Submission, command: list[str], options: SlurmOptions) -> list[str]:
    """Calls sbatch, for the array and its retries; returns the jobs' ids."""
    environment_site = str(options.site.resolve())
    os.environ["PARLEY_SITE"] = environment_site  # sbatch hands the environment to the job
    write_submission(submission)
    (submission.file.parents[1] / "logs" / "slurm").mkdir(parents=True, exist_ok=True)
    try:
        submission.jobs.append(slurm.submit(command))
    except SweepError:
        submission.file.unlink()
        raise
    write_submission(submission)
    for _ in range(options.retries):
        after = ["--dependency=afternotok:" + submission.jobs[-1], "--kill-on-invalid-dep=yes"]
        submission.jobs.append(slurm.submit([*command[:1], *after, *_without_dependency(command[1:])]))
        write_submission(submission)
    return submission.jobs


def site_options(site: Path) -> list[str]:
    """PARLEY_SBATCH of a site file. SweepError when the file cannot be read."""
    if not site.is_file():
        raise SweepError(f"there is no site file {site}; copy jobs/sites/generic.sh and name the copy with --site")
    script = 'set -eu; . "$1" >&2; printf "%s\\0" "${PARLEY_SBATCH[@]-}"'
    answer = subprocess.run(["bash", "-c", script, "site", str(site.resolve())], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        lines = (answer.stderr.strip() or "no message").splitlines()
        raise SweepError(f"the site file {site} fails: {lines[-1]}")
    return [option for option in answer.stdout.split("\0") if option]


def _command(submission: Submission, tasks: list[list[int]], estimated: list[Estimate | None],
             options: SlurmOptions) -> list[str]:
    """sbatch with the site's options first, so that those of the user win."""
    limit = f"%{options.max_running}" if options.max_running else ""
    logs = submission.file.parents[1] / "logs" / "slurm"
    command = ["sbatch", "--parsable", *site_options(options.site), f"--job-name=parley-{submission.sweep}",
               f"--array=0-{len(tasks) - 1}{limit}", f"--output={logs}/%A_%a.log",
               f"--time={options.time or _time_of(tasks, estimated, options.cores)}",
               f"--mem={options.memory or _memory_of(estimated, options.nodes)}", f"--nodes={options.nodes}",
               f"--ntasks-per-node={options.tasks_per_node}", f"--cpus-per-task={options.cpus_per_task}"]
    for name in ("account", "partition", "dependency"):
        if getattr(options, name):
            command.append(f"--{name}={getattr(options, name)}")
    return [*command, *options.extra, str(SCRIPT), str(ROOT), str(submission.file)]


def _time_of(tasks: list[list[int]], estimated: list[Estimate | None], cores: int) -> str:
    """Whole minutes for the longest task."""
    longest = max(sum(UNKNOWN_SECONDS if each is None else each.wall_seconds(cores)
                      for each in (estimated[position] for position in task)) for task in tasks)
    return str(math.ceil((TIME_FACTOR * longest + TIME_MORE) / 60.0))


def _memory_of(estimated: list[Estimate | None], nodes: int) -> str:
    """MB of a node for the largest point."""
    known = [each.memory for each in estimated if each is not None]
    if len(known) < len(estimated):
        raise SweepError("the memory of a point cannot be estimated; give --memory (for example --memory 4G)")
    return f"{math.ceil((MEMORY_FACTOR * max(known) / nodes + MEMORY_MORE) / 1e6)}M"


def _without_dependency(command: list[str]) -> list[str]:
    return [word for word in command if not word.startswith("--dependency=")]


def shown(command: list[str]) -> str:
    """As a shell would take it."""
    return shlex.join(command)
