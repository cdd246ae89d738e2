"""The command line: python3 -m parley_analysis COMMAND ...

    report FILE|DIR [--output FILE]              one HTML page: figures, tables, warnings
    table DIR [--metric NAME] [--rows KEY]       mean and 95 % interval
    figure NAME FILE|DIR [--output STEM]         one figure as PNG and PDF
    compare FILE FILE [--relative R]             what differs, and where first
    validate FILE|DIR...                         checks files against docs/file-format.md
    watch FILE|DIR [--once]                      shows running simulations
    study [NAME ...] [--output DIR]              runs studies: the tables and figures of docs/results.md

report, table and figure take --where section.key=value: of the runs, those with this value.
Exit codes: 0 all is well; 1 validate found a problem, compare a difference; 2 bad input (one line on stderr says
what); 130 interrupted.
"""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ._interpreter import require_packages
from .named_figures import OF_MANY_RUNS, OF_ONE_RUN, check_options, draw_run, draw_runs

if TYPE_CHECKING:
    import pandas as pd

MOST_DIFFERENCES = 20


def report_command(options: argparse.Namespace) -> int:
    """Writes the page."""
    from .report import write_report

    print(write_report(options.source, options.output, options.where))
    return 0


def table_command(options: argparse.Namespace) -> int:
    """Prints the table of a sweep; writes the summary when asked."""
    from .choice import read_chosen
    from .policies import FRACTION, POLICY
    from .statistics import summarise
    from .tables import success_table

    frame = read_chosen(options.folder, options.where, keep=(FRACTION, POLICY, options.rows))
    print(success_table(frame, options.metric, options.rows))
    _note_few_seeds(frame)
    if options.csv:
        summarise(frame).to_csv(options.csv, index=False, lineterminator="\n")
        print(f"{options.csv}: mean and 95 % interval of every summary value")
    return 0


def figure_command(options: argparse.Namespace) -> int:
    """Draws one figure into PNG and PDF."""
    from . import figures

    check_options(options.name, options.parameter, options.where)
    figure, ax = figures.new_figure()
    frame = None
    if options.name in OF_ONE_RUN:
        draw_run(options.name, options.source, ax)
    else:
        frame = draw_runs(options.name, options.source, ax, options.parameter, options.where)
    folder = options.source.is_dir()
    default = options.source / options.name if folder else options.source.with_suffix(f".{options.name}")
    for file in figures.save_figure(figure, options.output or default):
        print(file)
    if frame is not None:
        _note_few_seeds(frame)
    return 0


def _note_few_seeds(frame: pd.DataFrame) -> None:
    """Says on stderr that the intervals shown are of few seeds."""
    from .comparable import least_seeds
    from .statistics import FEW_SEEDS

    least = least_seeds(frame)
    if least == 1:
        print("parley_analysis: note: a point has one seed, and no interval", file=sys.stderr)
    elif least < FEW_SEEDS:
        print(f"parley_analysis: note: a point has {least} seeds; below {FEW_SEEDS} an interval is wide, leans on the "
              "assumption of normal means, and may reach beyond what a share can be", file=sys.stderr)


def compare_command(options: argparse.Namespace) -> int:
    """Prints the differences of two results; 1 when there are some."""
    from .compare import compare_runs

    differences = compare_runs(options.one, options.other, options.relative)
    for difference in differences[:MOST_DIFFERENCES]:
        print(difference)
    if len(differences) > MOST_DIFFERENCES:
        print(f"and {len(differences) - MOST_DIFFERENCES} more")
    if not differences:
        print("equal outside /provenance")
    return 1 if differences else 0


def validate_command(options: argparse.Namespace) -> int:
    """Checks files; 1 when one has a problem."""
    from .validate import check_file

    bad = False
    for file in _expanded(options.files):
        findings = check_file(file)
        for note in findings.notes:
            print(f"{file}: note: {note}")
        for problem in findings.problems:
            print(f"{file}: {problem}")
        if not findings.problems:
            print(f"{file}: valid")
        bad = bad or bool(findings.problems)
    return 1 if bad else 0


def _expanded(sources: list[Path]) -> Iterator[Path]:
    """The files, and of a folder its runs."""
    for source in sources:
        if source.is_dir():
            from .sweep import result_files

            yield from result_files(source)
        else:
            yield source


def watch_command(options: argparse.Namespace) -> int:
    """Shows running simulations until none runs."""
    from .watch import watch

    watch(options.source, sys.stdout, options.interval, options.once)
    return 0


def study_command(options: argparse.Namespace) -> int:
    """Runs studies and writes their tables and figures; 1 when a run failed."""
    from .studies import STUDIES, run_studies
    from .studies.run import Options

    known = {study.name: study for study in STUDIES}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise ValueError(f"there is no study {unknown[0]}; choose of {', '.join(known)}")
    chosen = [known[name] for name in options.names] or list(STUDIES)
    try:
        run_studies(chosen, options.output, Options(options.large, options.quick, options.jobs), options.page)
    except RuntimeError as error:
        print(f"parley_analysis: {error}", file=sys.stderr)
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command is not watch_command:  # it needs no package
            require_packages()
        return int(options.command(options))
    except BrokenPipeError:  # | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ImportError, OSError, ValueError) as error:
        print(f"parley_analysis: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m parley_analysis", description="Results of Parley.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--where", action="append", default=[], metavar="section.key=value",
                        help="of the runs, those with this value; may be given several times, of the same parameter "
                        "for either value")
    _add_products(commands, chosen)

    compare = commands.add_parser("compare", help="what differs between two results, and where first")
    compare.add_argument("one", type=Path, metavar="FILE")
    compare.add_argument("other", type=Path, metavar="FILE")
    compare.add_argument("--relative", type=float, default=0.0, metavar="R",
                         help="numbers closer than this share of the larger one count as equal (default: bit for "
                         "bit)")
    compare.set_defaults(command=compare_command)

    validate = commands.add_parser("validate", help="check files against docs/file-format.md")
    validate.add_argument("files", type=Path, nargs="+", metavar="FILE|DIR", help="a result file, or a folder of runs")
    validate.set_defaults(command=validate_command)

    watch = commands.add_parser("watch", help="show running simulations until none runs")
    watch.add_argument("source", type=Path, metavar="FILE|DIR", help="the result to come, or the folder of a sweep")
    watch.add_argument("--once", action="store_true", help="show the state now and end")
    watch.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between looks")
    watch.set_defaults(command=watch_command)

    study = commands.add_parser("study", help="run the studies of docs/results.md: tables and figures",
                                description="Runs what is not done yet, and writes DIR/tables and DIR/figures.")
    study.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    study.add_argument("--output", type=Path, default=Path("results") / "studies", metavar="DIR",
                       help="default: %(default)s")
    study.add_argument("--large", action="store_true", help="with the runs of 10^6 peers: minutes and 1.5 GB each")
    study.add_argument("--quick", action="store_true", help="one seed and short runs, for a first look; into a DIR "
                       "of its own")
    study.add_argument("--page", type=Path, metavar="FILE", help="renew the tables and figures of this page")
    study.add_argument("-j", "--jobs", type=int, metavar="N", help="runs at a time (default: the cores)")
    study.set_defaults(command=study_command)
    return parser


def _add_products(commands: argparse._SubParsersAction[argparse.ArgumentParser],
                  chosen: argparse.ArgumentParser) -> None:
    """report, table and figure, which can choose runs."""
    report = commands.add_parser("report", parents=[chosen], help="write one HTML page: figures, tables, warnings")
    report.add_argument("source", type=Path, metavar="FILE|DIR", help="a result file, or a folder of runs")
    report.add_argument("--output", type=Path, metavar="FILE", help="default: DIR/report.html, or FILE with .html")
    report.set_defaults(command=report_command)

    table = commands.add_parser("table", parents=[chosen],
                                help="mean and 95 %% interval by a parameter (the Sybil fraction) and policy")
    table.add_argument("folder", type=Path, metavar="DIR", help="folder of a sweep, or of result files")
    table.add_argument("--metric", default="success_rate",
                       help="summary value to print (default: %(default)s)")
    table.add_argument("--rows", default="adversary.fraction", metavar="section.key",
                       help="the parameter whose values are the rows (default: %(default)s)")
    table.add_argument("--csv", type=Path, metavar="FILE", help="write every summary value, a row a point")
    table.set_defaults(command=table_command)

    figure = commands.add_parser("figure", parents=[chosen], help="draw a figure: PNG and PDF")
    figure.add_argument("name", choices=[*OF_MANY_RUNS, *OF_ONE_RUN], metavar="NAME", help="%(choices)s")
    figure.add_argument("source", type=Path, metavar="FILE|DIR", help="a result file, or a folder of runs")
    figure.add_argument("--parameter", metavar="section.key", help="success-vs-parameter: what goes along the x axis; "
                        "phase-map: upwards; pareto: what joins the marks of a policy")
    figure.add_argument("--output", type=Path, metavar="STEM", help="file name without ending (default: DIR/NAME)")
    figure.set_defaults(command=figure_command)


if __name__ == "__main__":
    sys.exit(main())
