#!/usr/bin/python3
"""How a run scales with ranks: measures counts at 1 to 16 ranks, fits a LogGP-style model, predicts larger machines.

    scaling.py measure FILE [--binary PATH]    runs the program and two small benchmarks; writes FILE (JSON)
    scaling.py measure FILE --counts-only      the same without times, for a machine that others use
    scaling.py report FILE [--figure PNG]      prints the tables of docs/scaling.md, draws its figure

scaling_measurements.py does the measuring and says what counts and times are; scaling_model.py is the model,
scaling_report.py the tables and the figure.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scaling_measurements import ROOT, measure
from scaling_report import report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="run the program and the benchmarks")
    measuring.add_argument("file", type=Path)
    measuring.add_argument("--counts-only", action="store_true",
                           help="no times: `report` then takes those of docs/scaling.md")
    measuring.add_argument("--binary", type=Path, default=ROOT / "build" / "release" / "parley")
    reporting = commands.add_parser("report", help="print tables, draw the figure")
    reporting.add_argument("file", type=Path)
    reporting.add_argument("--figure", type=Path)
    options = parser.parse_args()
    if options.command == "measure":
        options.file.parent.mkdir(parents=True, exist_ok=True)
        measured = measure(options.binary.resolve(), options.counts_only)
        options.file.write_text(json.dumps(measured, indent=1, default=float) + "\n")
        return 0
    report(json.loads(options.file.read_text()), options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
