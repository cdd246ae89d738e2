"""Runs the program for tests and reads what it wrote.

The binary is $PARLEY_BINARY, else build/release/parley; a deliberately wrong one, which orders an entity's
events by time alone, is $PARLEY_TIME_ORDER_BINARY, else build/release/tests/parley_time_order.
"""
from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Mapping

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"

# More ranks than cores, as root in a container; waiting threads must leave the cores to others.
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMP_WAIT_POLICY": "passive",
    "OMP_NUM_THREADS": "1",
}


def binary() -> Path:
    return Path(os.environ.get("PARLEY_BINARY", ROOT / "build/release/parley"))


def time_order_binary() -> Path:
    return Path(os.environ.get("PARLEY_TIME_ORDER_BINARY", ROOT / "build/release/tests/parley_time_order"))


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, **changes}


def execute(arguments: Iterable[object], *, ranks: int | None = None, program: Path | None = None, seconds: int = 120,
            cwd: Path | None = None, preexec: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    """The program with these arguments, under mpirun if `ranks` is given; killed after `seconds`."""
    command = ["timeout", "-k", "2", str(seconds)]
    if ranks is not None:
        command += ["mpirun", "-n", str(ranks), "--bind-to", "none"]
    command += [str(program or binary()), *map(str, arguments)]
    return subprocess.run(command, env=environment(), cwd=cwd, capture_output=True, text=True, errors="replace",
                          preexec_fn=preexec)


def overrides(settings: Mapping[str, object]) -> list[str]:
    return [f"--{key}={value}" for key, value in settings.items()]


def run(config: Path, output: Path, settings: Mapping[str, object] | None = None, *, ranks: int | None = None,
        program: Path | None = None, seconds: int = 120) -> Path:
    """Runs a configuration; returns the result file."""
    done = execute(["run", config, *overrides(settings or {}), "--output", output, "--quiet"], ranks=ranks,
                   program=program, seconds=seconds)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    return output


@dataclass
class Result:
    """What a run measured: /summary and, if asked for, the rows of /timeseries and /histograms after the warm-up."""

    summary: dict[str, float] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)  # messages, by kind
    reasons: dict[str, int] = field(default_factory=dict)
    series: dict[str, np.ndarray] = field(default_factory=dict)
    histograms: dict[str, np.ndarray] = field(default_factory=dict)
    edges: np.ndarray = field(default_factory=lambda: np.empty(0))  # lower edges of the latency bins, s

    def __getitem__(self, name: str) -> float:
        return self.summary[name]


def read(path: Path, warmup: float = 0.0, rows: bool = True) -> Result:
    """`warmup`: that of the run, in seconds; rows that end by then are left out. Without `rows`: only /summary."""
    result = Result()
    with h5py.File(path) as file:
        for name, value in file["summary"].items():
            if value.shape == ():
                result.summary[name] = value[()].item()
        labels = [text.decode() for text in file["kind"][:]]
        result.messages = dict(zip(labels, file["summary/messages"][:].tolist()))
        result.lost = dict(zip(labels, file["summary/messages_lost"][:].tolist()))
        labels = [text.decode() for text in file["reason"][:]]
        result.reasons = dict(zip(labels, file["summary/workflows_failed_by_reason"][:].tolist()))
        if not rows:
            return result
        measured = file["timeseries/time"][:] > warmup
        for name, values in file["timeseries"].items():
            if values.shape[0] == len(measured):
                result.series[name] = values[:][measured]
        measured = file["histograms/time"][:] > warmup
        for name, values in file["histograms"].items():
            if values.ndim == 2:
                result.histograms[name] = values[:][measured].sum(axis=0)
        result.edges = file["bin"][:]
    return result


def seconds_of(duration: object) -> float:
    """`75s`, `5ms`, `2min`, `3h` in seconds."""
    text = str(duration)
    for unit, factor in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("min", 60.0), ("h", 3600.0), ("s", 1.0)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor
    raise ValueError(f"no duration: {text}")


def run_seeds(folder: Path, settings: Mapping[str, object], seeds: Iterable[int], rows: bool = True) -> list[Result]:
    """Runs of the given parameters (all else: the program's defaults), one a seed, as many at once as there are cores
    for this process."""
    folder.mkdir(parents=True, exist_ok=True)
    empty = folder / "defaults.ini"
    empty.write_text("# the program's defaults\n")
    warmup = seconds_of(settings.get("run.warmup", "60s"))

    def one(seed: int) -> Result:
        path = run(empty, folder / f"seed-{seed}.h5", {"run.seed": seed, **settings})
        result = read(path, warmup, rows)
        path.unlink()
        return result

    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // workers)) as pool:
        return list(pool.map(one, seeds))
