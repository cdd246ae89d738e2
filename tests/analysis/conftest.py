"""What several tests here share: a small sweep of real runs."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL_SWEEP = f"""[sweep]
base = {ROOT}/configs/paper-sybil.ini
[set]
run.duration = 80s
run.warmup = 20s
[axes]
adversary.fraction = 0.1, 0.3
policy.name = tier1, risk_aware
[seeds]
run.seed = 1, 2
"""


@pytest.fixture(scope="session")
def small_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight runs: two fractions, two policies, two seeds."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.ini").write_text(SMALL_SWEEP)
    binary = os.environ.get("PARLEY_BINARY", str(ROOT / "build" / "release" / "parley"))
    done = subprocess.run(["/usr/bin/python3", str(ROOT / "jobs" / "sweep"), "run", str(folder / "small.ini"),
                           "-j", "2", "--binary", binary, "--output", str(folder / "sweep")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "sweep"
