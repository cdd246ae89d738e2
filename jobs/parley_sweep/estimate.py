"""How long a point takes and what memory it needs, before it has run.

The model is that of docs/performance.md, for the model `agentic` on one core:

    events  = EVENTS * peers.count * run.duration            (EVENTS at the default workflow rate)
    seconds = START + events / RATE
    bytes   = PROGRAM + CACHES * min(peers.count, CACHED_PEERS) + PEER * peers.count

It is right within a factor of two for the presets. Runs of the same sweep that are done correct it: a point
whose parameters other than the seed were run takes the median of those; any other is multiplied by the median
of measured over modelled.
"""
from __future__ import annotations

import importlib.util
import statistics
from dataclasses import dataclass, replace

from .manifest import Manifest, PlannedRun

EVENTS = 1.18              # of a peer in a simulated second
RATE = 1.25e6              # events a second of one core
START = 0.02               # s: loading libraries, creating the file
PROGRAM = 28e6             # bytes without peers
CACHES = 1000.0            # bytes a peer up to CACHED_PEERS: tables that large runs share out
CACHED_PEERS = 100_000
PEER = 1300.0              # bytes
PEERS_A_THREAD = 4096      # smaller partitions get no thread of their own
SECONDS_IN = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "min": 60.0, "h": 3600.0, "s": 1.0}


@dataclass(frozen=True)
class Estimate:
    """Seconds on one core, bytes in all, and how many cores it can use."""

    seconds: float
    memory: float
    cores: int = 1
    measured: bool = False  # corrected by runs that are done

    def wall_seconds(self, cores: int) -> float:
        """With so many cores: in proportion, up to those it can use."""
        return self.seconds / max(1, min(cores, self.cores))


@dataclass(frozen=True)
class _Ratio:
    """Measured over modelled of a run that is done, and what was measured."""

    seconds: float
    memory: float
    measured: Estimate


def modelled(parameters: dict[str, str]) -> Estimate | None:
    """The model above; None for another model or when a parameter is not known."""
    try:
        if parameters["run.model"] != "agentic":
            return None
        peers = float(parameters["peers.count"])
        duration = seconds_of(parameters["run.duration"])
    except (KeyError, ValueError):
        return None
    seconds = START + EVENTS * peers * duration / RATE
    memory = PROGRAM + CACHES * min(peers, CACHED_PEERS) + PEER * peers
    return Estimate(seconds, memory, max(1, int(peers // PEERS_A_THREAD)))


def estimates(manifest: Manifest, defaults: dict[str, str]) -> list[Estimate | None]:
    """One for each run of the manifest; `defaults`: what a run does not set."""
    models = [modelled({**defaults, **run.parameters}) for run in manifest.runs]
    ratios: dict[tuple[tuple[str, str], ...], list[_Ratio]] = {}
    for run, model in zip(manifest.runs, models):
        measured = _measured(run) if run.done else None
        if measured is not None:
            base = model or measured
            ratio = _Ratio(measured.seconds / base.seconds, measured.memory / base.memory, measured)
            ratios.setdefault(_without_seed(manifest, run), []).append(ratio)
    every = [ratio for group in ratios.values() for ratio in group]
    return [_corrected(model, ratios.get(_without_seed(manifest, run), []), every)
            for run, model in zip(manifest.runs, models)]


def seconds_of(duration: str) -> float:
    """`75s`, `5ms`, `2min` in seconds; ValueError for anything else."""
    for unit, factor in SECONDS_IN.items():
        if duration.endswith(unit):
            return float(duration[:-len(unit)]) * factor
    raise ValueError(duration)


def _corrected(model: Estimate | None, same: list[_Ratio], every: list[_Ratio]) -> Estimate | None:
    """The median of runs with the same parameters, else the model times the median ratio of all."""
    if same:
        return Estimate(statistics.median(ratio.measured.seconds for ratio in same),
                        max(ratio.measured.memory for ratio in same), same[0].measured.cores
                        if model is None else model.cores, True)
    if model is None or not every:
        return model
    return replace(model, seconds=model.seconds * statistics.median(ratio.seconds for ratio in every),
                   memory=model.memory * statistics.median(ratio.memory for ratio in every), measured=True)


def _measured(run: PlannedRun) -> Estimate | None:
    """Core seconds and bytes of a run that is done; None when its file does not tell, or is damaged."""
    if importlib.util.find_spec("h5py") is None:
        return None
    import h5py

    try:
        if run.damage:
            return None
        with h5py.File(run.file, "r") as result:
            told = result["provenance"].attrs
            cores = float(told["ranks"]) * float(told["threads_per_rank"])
            return Estimate(START + float(told["wall_seconds"]) * cores,
                            float(told["peak_memory_bytes"]), int(cores), True)
    except (OSError, KeyError):
        return None


def _without_seed(manifest: Manifest, run: PlannedRun) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in run.parameters.items() if key != manifest.seed))
