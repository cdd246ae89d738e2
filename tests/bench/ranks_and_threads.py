#!/usr/bin/python3
"""What a second core gives: two ranks, and two threads, against one core, in turn; medians of the ratios.

    tests/bench/ranks_and_threads.py [--rounds N] [--binary build/release/parley] [CASE...]

Cases: phold-20 and phold-16 (2^20, 2^16 entities), sybil-100k, sybil-1m (configs/sybil-1m.ini with so many peers).
A run's events per second are those of its loop, without start-up (/provenance of its result).
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import h5py

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    "phold-20": ["configs/phold.ini", "--phold.entities=1048576", "--run.duration=24s"],
    "phold-16": ["configs/phold.ini", "--phold.entities=65536", "--run.duration=300s"],
    "sybil-100k": ["configs/sybil-1m.ini", "--peers.count=100000"],
    "sybil-1m": ["configs/sybil-1m.ini"],
}
# Ranks and threads of each side.
SIDES = {"one core": (1, 1), "two threads": (1, 2), "two ranks": (2, 1)}


def events_per_second(binary: Path, arguments: list[str], ranks: int, threads: int, output: Path) -> float:
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [*launcher, str(binary), "run", *arguments, "--output", str(output), "--force", "--quiet"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    with h5py.File(output) as file:
        return float(file["provenance"].attrs["events_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], default=[], help="default: the two of PHOLD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/parley")
    options = parser.parse_args()
    print(f"{'case':12} {'side':12} {'M events/s':>10} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.h5"
        for case in options.cases or ["phold-20", "phold-16"]:
            rates: dict[str, list[float]] = {side: [] for side in SIDES}
            for _ in range(options.rounds):
                for side, (ranks, threads) in SIDES.items():
                    rates[side].append(events_per_second(options.binary.resolve(), CASES[case], ranks, threads, output))
            for side, values in rates.items():
                ratio = statistics.median(v / one for v, one in zip(values, rates["one core"], strict=True))
                print(f"{case:12} {side:12} {statistics.median(values) / 1e6:10.2f} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
