"""The command line of jobs/sweep.

Exit codes: 0 all is well; 1 a point failed or a result cannot be read; 2 bad input; 130 interrupted.
"""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .collect import TABLE_NAME, collect, write_table
from .errors import SweepError
from .local_runner import Outcome, check_binary, last_lines, run_points, sweep_lock
from .manifest import Manifest, plan_manifest, read_manifest, write_manifest
from .progress import ProgressLine, format_seconds
from .sweep_file import Point, points, read_sweep

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_BINARY = ROOT / "build" / "release" / "parley"
FAILURES_SHOWN = 20


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
    """Prints the numbered points."""
    sweep = read_sweep(options.file)
    planned = points(sweep, options.seeds, tuple(options.set))
    print("\n".join(plan_lines(planned)))
    print(f"{len(planned)} runs of {sweep.base}")
    return 0


def plan_lines(planned: list[Point]) -> list[str]:
    """A header and a line a point, columns aligned."""
    varied = planned[0].varied
    rows = [["point", *varied]]
    rows += [[str(point.number), *(dict(point.parameters)[key] for key in varied)] for point in planned]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]


def run_command(options: argparse.Namespace) -> int:
    """Runs the points that have no result yet."""
    sweep = read_sweep(options.file)
    planned = points(sweep, options.seeds, tuple(options.set))
    manifest = plan_manifest(sweep, planned, options.output)
    for folder in (options.output / "runs", options.output / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    with sweep_lock(options.output):
        missing = [run for run in manifest.runs if not run.done]
        if missing:
            check_binary(options.binary, sweep.base, planned[0].overrides())
        write_manifest(manifest)
        _tell_older_results(manifest, options.binary)
        if not missing:
            print(f"{sweep.name}: all {len(planned)} runs are done ({options.output / 'runs'})")
            return 0
        total = len(planned)
        print(f"{sweep.name}: {len(missing)} of {total} runs to do, {options.jobs} at a time", flush=True)
        progress = ProgressLine()
        outcome = run_points(options.binary, sweep.base, missing, options.jobs, total - len(missing),
                             progress)
        elapsed = progress.finish(outcome.counts)
    return _closing(outcome, elapsed, options.output)


def _tell_older_results(manifest: Manifest, binary: Path) -> None:
    """A note when finished runs were made before the binary was built: they are kept, not repeated."""
    if not binary.exists():
        return
    built = binary.stat().st_mtime
    older = sum(run.done and run.file.stat().st_mtime < built for run in manifest.runs)
    if older:
        print(f"note: {older} finished runs are older than {binary.name}; to repeat them with it, delete "
              f"{manifest.folder / 'runs'}", file=sys.stderr)


def _closing(outcome: Outcome, elapsed: float, output: Path) -> int:
    """The last words of `run` and its exit code."""
    if outcome.interrupted:
        print(f"interrupted after {format_seconds(elapsed)}: {outcome.counts.finished} runs finished "
              "and kept; the same command continues", file=sys.stderr)
        return 130
    if outcome.failures:
        print(f"{len(outcome.failures)} runs failed; their output is in {output / 'logs'}; "
              "the same command tries them again", file=sys.stderr)
        return 1
    return 0


def status_command(options: argparse.Namespace) -> int:
    """Prints how many runs are done, failed and missing, and why the failed ones failed."""
    manifest = read_manifest(options.folder)
    done = sum(run.done for run in manifest.runs)
    failed = [run for run in manifest.runs if not run.done and last_lines(run.log)]
    missing = len(manifest.runs) - done - len(failed)
    print(f"{manifest.sweep}: {len(manifest.runs)} runs, {done} done, {len(failed)} failed, "
          f"{missing} not finished")
    for run in failed[:FAILURES_SHOWN]:
        print(f"  point {run.number} ({run.name}): {' | '.join(last_lines(run.log, 2))}")
    if len(failed) > FAILURES_SHOWN:
        print(f"  and {len(failed) - FAILURES_SHOWN} more (logs: {manifest.folder / 'logs'})")
    return 0


def collect_command(options: argparse.Namespace) -> int:
    """Writes results.csv."""
    manifest = read_manifest(options.folder)
    table = collect(manifest)
    if not table.rows and not table.unreadable:
        raise SweepError(f"no run of {options.folder} is finished yet")
    file = options.folder / TABLE_NAME
    write_table(table, file)
    print(f"{file}: {len(table.rows)} runs{_missing_note(manifest)}")
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
    parser = argparse.ArgumentParser(prog="jobs/sweep",
                                     description="Plan, run and collect a parameter sweep.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    plan = commands.add_parser("plan", help="list the runs of a sweep file")
    _add_sweep_options(plan)
    plan.set_defaults(command=plan_command)

    run = commands.add_parser("run", help="run what is not done yet, on this machine")
    _add_sweep_options(run)
    run.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the results")
    run.add_argument("-j", "--jobs", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N",
                     help="processes at a time (default: the cores, %(default)s)")
    run.add_argument("--binary", type=_binary, default=os.environ.get("PARLEY_BINARY", str(DEFAULT_BINARY)),
                     metavar="PATH",
                     help="the program (default: $PARLEY_BINARY, else build/release/parley)")
    run.set_defaults(command=run_command)

    status = commands.add_parser("status", help="what is done, failed and missing")
    status.add_argument("folder", type=Path, metavar="DIR")
    status.set_defaults(command=status_command)

    collecting = commands.add_parser("collect", help=f"write DIR/{TABLE_NAME}: one row a finished run")
    collecting.add_argument("folder", type=Path, metavar="DIR")
    collecting.set_defaults(command=collect_command)
    return parser


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


def _binary(text: str) -> Path:
    """An absolute path: a name without a slash would otherwise be looked up in PATH."""
    return Path(text).resolve()
