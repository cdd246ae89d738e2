#!/usr/bin/env python3
"""Makes presets.json: the main figures of the presets, mean and standard deviation over seeds.

Run it after a change that is meant to change results, and say in the commit what changed and why:

    PYTHONPATH=tests/support /usr/bin/python3 tests/reference/make_reference.py
"""
from __future__ import annotations

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from parley_runs import CONFIGS, Result, read, run

FILE = Path(__file__).with_name("presets.json")
SEEDS = range(1, 101)
# Large presets are made small; everything else is as in the file.
PRESETS: dict[str, dict[str, object]] = {
    "paper-sybil": {},
    "paper-ttl": {},
    "paper-scale": {},
    "sybil-1m": {"peers.count": 2000, "run.duration": "30s", "run.warmup": "10s"},
}
FIGURES = ("success_rate", "compromised_rate", "unsafe_actions", "canaries_sent", "evidence_rejected",
           "control_bytes_per_peer_second", "data_bytes_per_peer_second", "poisoned_candidate_share",
           "stale_entry_share", "mean_trust_honest", "mean_trust_sybil", "trust_auc", "live_entries",
           "shard_utilisation", "discovery_latency_p50", "end_to_end_latency_p50")


def measure(preset: str, seeds: range, folder: Path) -> dict[str, np.ndarray]:
    """figure -> its values, one a seed; figures that a preset does not have (NaN) are left out."""
    def one(seed: int) -> Result:
        path = run(CONFIGS / f"{preset}.ini", folder / f"{preset}-{seed}.h5", {**PRESETS[preset], "run.seed": seed})
        result = read(path, rows=False)
        path.unlink()
        return result

    workers = max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(one, seeds))
    values = {figure: np.array([result[figure] for result in results], dtype=float) for figure in FIGURES}
    return {figure: array for figure, array in values.items() if np.isfinite(array).all()}


def main() -> None:
    reference = {}
    with tempfile.TemporaryDirectory() as folder:
        for preset in PRESETS:
            reference[preset] = {
                figure: {"mean": float(f"{values.mean():.10g}"), "sd": float(f"{values.std(ddof=1):.10g}"),
                         "n": len(values)}
                for figure, values in measure(preset, SEEDS, Path(folder)).items()}
    FILE.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
