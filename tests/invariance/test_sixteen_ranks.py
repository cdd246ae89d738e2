"""Both ways of exchanging events give the results of one rank."""
from __future__ import annotations

import pytest

from comparison import first_difference
from parley_runs import CONFIGS, run

RANKS = 16
CASES = {
    "phold": (CONFIGS / "phold.ini", {"phold.entities": 4096, "run.duration": "20s", "run.warmup": "0s"}),
    "2000 peers": (CONFIGS / "sybil-1m.ini", {"peers.count": 2000, "run.duration": "10s", "run.warmup": "5s"}),
}


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    config, settings = CASES[request.param]
    settings = {**settings, "parallel.threads": 1, "parallel.partitions": 1}
    return config, settings, run(config, tmp_path_factory.mktemp("one-rank") / "one.h5", settings)


@pytest.mark.parametrize("exchange", ["alltoallv", "sparse"])
def test_sixteen_ranks_give_the_results_of_one(case, tmp_path, exchange):
    config, settings, reference = case
    result = run(config, tmp_path / "sixteen.h5", {**settings, "parallel.exchange": exchange}, ranks=RANKS)
    assert first_difference(reference, result) is None
