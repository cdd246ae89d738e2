"""The command line: python3 -m parley_analysis COMMAND ...

    table DIR [--metric NAME] [--csv FILE]       mean and 95 % interval; FILE gets every summary value a point
    figure success-vs-fraction DIR [--output STEM]

Exit codes: 0 all is well; 2 bad input (one line on stderr says what).
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ._interpreter import require_packages


def table_command(options: argparse.Namespace) -> None:
    """Prints the table of a sweep; writes the summary when asked."""
    from .policies import FRACTION, POLICY
    from .results import read_runs
    from .statistics import summarise
    from .tables import success_table

    frame = read_runs(options.folder, keep=(FRACTION, POLICY))
    print(success_table(frame, options.metric))
    if options.csv:
        summarise(frame).to_csv(options.csv, index=False, lineterminator="\n")
        print(f"{options.csv}: mean and 95 % interval of every summary value")


def figure_command(options: argparse.Namespace) -> None:
    """Draws one figure of a sweep into PNG and PDF."""
    from . import figures
    from .policies import FRACTION, POLICY
    from .results import read_runs

    drawings = {"success-vs-fraction": figures.success_vs_fraction}
    frame = read_runs(options.folder, keep=(FRACTION, POLICY))
    figure, ax = figures.new_figure()
    drawings[options.name](frame, ax)
    for file in figures.save_figure(figure, options.output or options.folder / options.name):
        print(file)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        require_packages()
        options.command(options)
    except (ImportError, OSError, ValueError) as error:
        print(f"parley_analysis: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m parley_analysis",
                                     description="Tables and figures of results.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    table = commands.add_parser("table", help="mean and 95 %% interval by Sybil fraction and policy")
    table.add_argument("folder", type=Path, metavar="DIR", help="folder of a sweep, or of result files")
    table.add_argument("--metric", default="success_rate",
                       help="summary value to print (default: %(default)s)")
    table.add_argument("--csv", type=Path, metavar="FILE", help="write every summary value, a row a point")
    table.set_defaults(command=table_command)

    figure = commands.add_parser("figure", help="draw a figure: PNG and PDF")
    figure.add_argument("name", choices=["success-vs-fraction"])
    figure.add_argument("folder", type=Path, metavar="DIR", help="folder of a sweep, or of result files")
    figure.add_argument("--output", type=Path, metavar="STEM",
                        help="file name without ending (default: DIR/NAME)")
    figure.set_defaults(command=figure_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
