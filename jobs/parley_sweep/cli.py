"""The command line of jobs/sweep.

Exit codes: 0 all is well; 1 a point failed or a result cannot be read; 2 bad input; 130 interrupted.
"""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .check import CannotStart, Checked, check_sweep
from .claim import holder
from .collect import TABLE_NAME, collect, write_table
from .damaged import damage_notes, damaged_runs, put_aside
from .errors import SweepError
from .estimate import Estimate, estimates
from .failures import grouped
from .folder import check_folder
from .index_file import INDEX_NAME, write_index
from .local_runner import Outcome, run_points, sweep_lock
from .manifest import Manifest, plan_manifest, read_manifest, write_manifest
from .plan import plan_lines, plan_sums
from .progress import ProgressLine, format_seconds
from .status import status_lines
from .submit import GENERIC_SITE, SCRIPT, SlurmOptions, make_submission, points_to_submit, shown, submit
from .sweep_file import Sweep, points, read_sweep
from .task import run_task, task_index

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_BINARY = ROOT / "build" / "release" / "parley"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except SweepError as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"sweep: {error.filename or 'input or output'}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def plan_command(options: argparse.Namespace) -> int:
    """Prints the numbered points with their estimates, and the sums."""
    sweep = read_sweep(options.file)
    planned = points(sweep, options.seeds, tuple(options.set))
    manifest = plan_manifest(sweep, planned, options.output or Path("results") / sweep.name)
    try:
        checked = check_sweep(options.binary, sweep, planned)
    except CannotStart as error:  # what a sweep consists of can be read before the program is built
        checked = Checked({}, [f"no value is checked: {error}"])
    estimated = estimates(manifest, checked.parameters)
    _tell(checked.notes)
    print("\n".join(plan_lines(sweep, planned, estimated, options.all)))
    print(f"{len(planned)} runs of {sweep.base}{plan_sums(estimated)}")
    return 0


def _tell(notes: list[str]) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def submit_command(options: argparse.Namespace) -> int:
    """Gives the points that have no result and are not at work to Slurm."""
    sweep = read_sweep(options.file)
    planned = points(sweep, options.seeds, tuple(options.set))
    manifest = plan_manifest(sweep, planned, options.output)
    asked = _slurm_options(options)
    check_folder(manifest)
    checked = check_sweep(options.binary, sweep, planned)
    _tell(checked.notes)
    estimated = estimates(manifest, checked.parameters)
    if options.dry_run:
        _tell(damage_notes(damaged_runs(manifest), dry_run=True))
        return _submit(manifest, sweep, estimated, asked, options)
    for folder in (options.output / "runs", options.output / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    with sweep_lock(options.output):
        _take_folder(manifest)
        return _submit(manifest, sweep, estimated, asked, options)


def _take_folder(manifest: Manifest) -> None:
    """Makes the folder, whose lock is held, that of this sweep, and sets damaged results aside.

    Looks at the folder again: until the lock was taken, another `run` or `submit` may have begun another study in it,
    or have made a damaged result again.
    """
    check_folder(manifest)
    damaged = damaged_runs(manifest)
    _tell(damage_notes(damaged, dry_run=False))
    put_aside(damaged)
    write_manifest(manifest)


def _submit(manifest: Manifest, sweep: Sweep, estimated: list[Estimate | None], asked: SlurmOptions,
            options: argparse.Namespace) -> int:
    """Finds out what is to do; submits it, or shows how."""
    wanted, busy = points_to_submit(manifest)
    done = sum(run.complete for run in manifest.runs)
    known = f"{len(manifest.runs)} runs, {done} done" + (f", {busy} running or queued" if busy else "")
    if not wanted:
        print(f"{sweep.name}: {known}; nothing to submit")
        return 0
    submission, command = make_submission(manifest, wanted, estimated, sweep.base, options.binary, asked)
    print(f"{sweep.name}: {known}; {len(wanted)} to submit in {len(submission.tasks)} tasks", flush=True)
    if options.dry_run:
        print(f"PARLEY_SITE={asked.site.resolve()} {shown(command)}")
        print(SCRIPT.read_text(encoding="utf-8"), end="")
        return 0
    print(f"job {', '.join(submit(submission, command, asked))}; see jobs/sweep status {options.output}")
    return 0


def _slurm_options(options: argparse.Namespace) -> SlurmOptions:
    return SlurmOptions(options.site, options.max_running, options.chunk * 60.0, options.retries, options.time,
                        options.memory, options.nodes, options.tasks_per_node, options.cpus_per_task,
                        options.account, options.partition, options.dependency, options.sbatch)


def task_command(options: argparse.Namespace) -> int:
    """Runs the points of one task of an array; for jobs/sweep.sbatch."""
    return run_task(options.submission, task_index(options.index), [str(options.launcher)])


def run_command(options: argparse.Namespace) -> int:
    """Runs the points that have no result yet."""
    sweep = read_sweep(options.file)
    planned = points(sweep, options.seeds, tuple(options.set))
    manifest = plan_manifest(sweep, planned, options.output)
    check_folder(manifest)
    if damaged_runs(manifest) or not all(run.done for run in manifest.runs):
        _tell(check_sweep(options.binary, sweep, planned).notes)
    for folder in (options.output / "runs", options.output / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    with sweep_lock(options.output):
        _take_folder(manifest)
        _tell_older_results(manifest, options.binary)
        return _run_missing(manifest, sweep, options)


def _run_missing(manifest: Manifest, sweep: Sweep, options: argparse.Namespace) -> int:
    missing = [run for run in manifest.runs if not run.done]
    total = len(manifest.runs)
    if not missing:
        print(f"{sweep.name}: all {total} runs are done ({options.output / 'runs'})")
        return 0
    elsewhere = [run for run in missing if holder(run)[1]]
    if elsewhere:
        _tell([f"{len(elsewhere)} runs are at work in jobs or other processes; they are left to them"])
        missing = [run for run in missing if run not in elsewhere]
    print(f"{sweep.name}: {len(missing)} of {total} runs to do, {options.jobs} at a time", flush=True)
    progress = ProgressLine()
    outcome = run_points(options.binary, sweep.base, missing, options.jobs, total - len(missing), progress)
    return _closing(outcome, progress.finish(outcome.counts), options.output)


def _tell_older_results(manifest: Manifest, binary: Path) -> None:
    """A note when finished runs were made before the binary was built: they are kept, not repeated."""
    if not binary.exists():
        return
    built = binary.stat().st_mtime
    older = sum(run.done and run.file.stat().st_mtime < built for run in manifest.runs)
    if older:
        _tell([f"{older} finished runs are older than {binary.name}; to repeat them with it, delete "
               f"{manifest.folder / 'runs'}"])


def _closing(outcome: Outcome, elapsed: float, output: Path) -> int:
    """The last words of `run` and its exit code."""
    if outcome.interrupted:
        print(f"interrupted after {format_seconds(elapsed)}: {outcome.counts.finished} runs finished "
              "and kept; the same command continues", file=sys.stderr)
        return 130
    if outcome.failures:
        print(f"{len(outcome.failures)} runs failed; their output is in {output / 'logs'}; "
              "the same command tries them again", file=sys.stderr)
        if len(outcome.failures) > 1:
            print("\n".join(grouped(outcome.failures)), file=sys.stderr)
        return 1
    return 0


def status_command(options: argparse.Namespace) -> int:
    """Prints how many runs are done, running, waiting, failed and missing, and why the failed ones failed."""
    print("\n".join(status_lines(read_manifest(options.folder))))
    return 0


def collect_command(options: argparse.Namespace) -> int:
    """Writes results.csv and index.h5."""
    manifest = read_manifest(options.folder)
    table = collect(manifest)
    if not table.rows and not table.unreadable:
        raise SweepError(f"no run of {options.folder} is finished yet")
    file = options.folder / TABLE_NAME
    write_table(table, file)
    with_series = not table.rows or write_index(manifest, table, options.folder / INDEX_NAME)
    print(f"{file}, {INDEX_NAME}: {len(table.rows)} runs{_missing_note(manifest)}")
    if not with_series:
        print(f"note: {INDEX_NAME} has no /timeseries over all runs (too many, or rows at different times); "
              "the runs are in /runs", file=sys.stderr)
    if len(table.versions) > 1:
        versions = ", ".join(sorted(table.versions))
        print(f"note: the runs come from several versions of the program ({versions}); "
              f"delete {options.folder / 'runs'} to repeat them with one", file=sys.stderr)
    for problem in table.unreadable:
        print(f"cannot read {problem}", file=sys.stderr)
    return 1 if table.unreadable else 0


def _missing_note(manifest: Manifest) -> str:
    missing = sum(not run.done for run in manifest.runs)
    return f", {missing} not finished" if missing else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jobs/sweep", description="Plan, run and collect a parameter sweep, on this machine or with Slurm.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    plan = commands.add_parser("plan", help="list the runs of a sweep file with their time and memory")
    _add_sweep_options(plan)
    plan.add_argument("--output", type=Path, metavar="DIR",
                      help="folder whose finished runs correct the estimates (default: results/NAME)")
    plan.add_argument("--all", action="store_true", help="a line for every run, not one for all seeds of a point")
    _add_binary(plan)
    plan.set_defaults(command=plan_command)

    run = commands.add_parser("run", help="run what is not done yet, on this machine")
    _add_sweep_options(run)
    run.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the results")
    run.add_argument("-j", "--jobs", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N",
                     help="processes at a time (default: the cores, %(default)s)")
    _add_binary(run)
    run.set_defaults(command=run_command)

    _add_submit(commands.add_parser("submit", help="give what is not done yet to Slurm"))

    task = commands.add_parser("task", help="run one task of an array (for jobs/sweep.sbatch)")
    task.add_argument("submission", type=Path, metavar="SUBMISSION", help="DIR/submissions/N.json")
    task.add_argument("index", nargs="?", metavar="INDEX", help="default: $SLURM_ARRAY_TASK_ID")
    task.add_argument("--launcher", type=_binary, default=ROOT / "jobs" / "launch.sh", metavar="PATH")
    task.set_defaults(command=task_command)

    status = commands.add_parser("status", help="what is done, running, pending, failed and missing")
    status.add_argument("folder", type=Path, metavar="DIR")
    status.set_defaults(command=status_command)

    collecting = commands.add_parser("collect",
                                     help=f"write DIR/{TABLE_NAME}, one row a finished run, and DIR/{INDEX_NAME}")
    collecting.add_argument("folder", type=Path, metavar="DIR")
    collecting.set_defaults(command=collect_command)
    return parser


def _add_submit(parser: argparse.ArgumentParser) -> None:
    _add_sweep_options(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the results")
    _add_binary(parser)
    parser.add_argument("--site", type=Path, default=os.environ.get("PARLEY_SITE") or str(GENERIC_SITE), metavar="FILE",
                        help="site file (default: $PARLEY_SITE, else jobs/sites/generic.sh)")
    parser.add_argument("--max-running", type=_positive, default=0, metavar="N", help="tasks at a time")
    parser.add_argument("--chunk", type=_minutes, default=10.0, metavar="MINUTES",
                        help="points go into one task up to this estimated time (default: %(default)s)")
    parser.add_argument("--retries", type=int, choices=range(10), default=0, metavar="N",
                        help="arrays that wait for the first to fail, and run what is missing then")
    parser.add_argument("--time", default="", help="time limit of a task (default: 3 times the estimate + 5 min)")
    parser.add_argument("--memory", default="", metavar="SIZE",
                        help="memory of a node (default: 1.5 times the estimate + 200 MB)")
    parser.add_argument("--nodes", type=_positive, default=1, metavar="N", help="nodes of a task")
    parser.add_argument("--tasks-per-node", type=_positive, default=1, metavar="N", help="ranks of a node")
    parser.add_argument("--cpus-per-task", type=_positive, default=1, metavar="N", help="threads of a rank")
    parser.add_argument("--account", default="")
    parser.add_argument("--partition", default="")
    parser.add_argument("--dependency", default="", help="as of sbatch")
    parser.add_argument("--sbatch", action="append", default=[], metavar="OPTION",
                        help="any other option of sbatch (repeatable): --sbatch=--qos=long")
    parser.add_argument("--dry-run", action="store_true", help="show the sbatch command and the script only")
    parser.set_defaults(command=submit_command)


def _add_binary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--binary", type=_binary, default=os.environ.get("PARLEY_BINARY", str(DEFAULT_BINARY)),
                        metavar="PATH", help="the program (default: $PARLEY_BINARY, else build/release/parley)")


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE",
                        help="sweep file, for example configs/sweeps/paper-sybil.ini")
    parser.add_argument("--seeds", type=_positive, metavar="N", help="the first N seeds only")
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value",
                        help="set a parameter in every run (repeatable)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0.0 <= minutes < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes from 0")
    return minutes


def _binary(text: str) -> Path:
    """An absolute path: a name without a slash would otherwise be looked up in PATH."""
    return Path(text).resolve()
