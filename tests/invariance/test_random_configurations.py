"""Random small configurations, many in one start of MPI: three ranks of two threads give what one rank gives."""
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from parley_runs import binary, execute

PROGRAM = Path(os.environ.get("PARLEY_RANDOM_CONFIGURATIONS", binary().parent / "tests" / "random_configurations"))
FULL = bool(os.environ.get("PARLEY_TEST_FULL"))
SEEDS = range(1, 11) if FULL else range(1, 2)
COUNT = 200


@pytest.mark.parametrize("seed", SEEDS)
def test_three_ranks_give_the_results_of_one_with_balanced_books(seed):
    done = execute([seed, COUNT], ranks=3, program=PROGRAM, seconds=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = re.search(r"(\d+) configurations, (\d+) settings drawn, (\d+) of them refused, (\d+) failed", done.stdout)
    assert told is not None and int(told[1]) == COUNT and int(told[4]) == 0, done.stdout
    # Else the configurations would hardly differ from the defaults.
    assert int(told[2]) > 10 * COUNT and int(told[3]) < int(told[2]) / 4
