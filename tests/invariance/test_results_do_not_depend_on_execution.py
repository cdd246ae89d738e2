"""Results are equal byte for byte for any number of ranks, threads and partitions."""
from __future__ import annotations

import pytest

from comparison import first_difference, raw_datasets
from invariance_cases import CASES, REFERENCE
from parley_runs import read, run, time_order_binary


def execute(case: str, point: tuple[int | None, int, int], folder, program=None):
    config, _, settings = CASES[case]
    ranks, threads, partitions = point
    name = f"{case.replace(' ', '-')}-{ranks}-{threads}-{partitions}.h5"
    return run(config, folder / name, {**settings, "parallel.threads": threads, "parallel.partitions": partitions},
               ranks=ranks, program=program)


class References(dict):
    """case -> its result on one rank, made when it is first asked for: a test runner may run few of the cases."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def __missing__(self, case: str):
        self[case] = execute(case, REFERENCE, self.folder)
        return self[case]


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    return References(tmp_path_factory.mktemp("references"))


POINTS = [(case, point) for case, (_, grid, _) in CASES.items() for point in grid if point != (2, 2, 2)]


# Two ranks of two threads go through every piece of code that moves events.
@pytest.mark.sanitized
@pytest.mark.parametrize("case", CASES)
def test_two_ranks_of_two_threads_give_the_results_of_one(references, tmp_path, case):
    assert first_difference(references[case], execute(case, (2, 2, 2), tmp_path)) is None


@pytest.mark.parametrize("case, point", POINTS,
                         ids=[f"{case}: {r or 'no'} ranks, {t} threads, {p} partitions" for case, (r, t, p) in POINTS])
def test_results_are_equal_byte_for_byte(references, tmp_path, case, point):
    result = execute(case, point, tmp_path)
    assert first_difference(references[case], result) is None
    assert raw_datasets(references[case]) == raw_datasets(result)


def test_the_same_command_again_gives_the_same_results(references, tmp_path):
    assert first_difference(references["mixed"], execute("mixed", REFERENCE, tmp_path)) is None


def test_another_seed_gives_other_results(references, tmp_path):
    config, _, settings = CASES["paper-sybil"]
    other = run(config, tmp_path / "other.h5", {**settings, "run.seed": 2})
    assert first_difference(references["paper-sybil"], other) is not None


def test_the_mixed_case_reaches_what_it_is_for(references):
    result = read(references["mixed"], warmup=10)
    for name in ("stale_entry_share", "canaries_evaded", "evidence_rejected", "workflows_tainted"):
        assert result[name] > 0, name
    assert result.messages["busy"] > 0
    assert result.reasons["timeout"] > 0


def test_the_forging_case_reaches_what_it_is_for(references):
    result = read(references["forging"], warmup=5)
    assert result["forged_entry_share"] > 0.05
    assert result["executions_bad"] > 0 and result.messages["commit"] > 0
    assert read(references["verifying"], warmup=5)["rejected_forgeries"] > 0
def test_the_collusion_case_reaches_what_it_is_for(references):
    result = read(references["collusion"], warmup=5)
    for name in ("false_praise_sent", "false_blame_sent", "attack_edges"):
        assert result[name] > 0, name


@pytest.mark.parametrize("kind", ["eigentrust", "sybilrank"])
def test_trust_along_ratings_reaches_peers(references, kind):
    result = read(references[kind], warmup=2)
    assert abs(result["mean_trust_honest"] - 0.5) > 1e-3
    assert abs(result["mean_trust_sybil"] - result["mean_trust_honest"]) > 1e-3


def test_an_engine_that_orders_events_by_time_alone_is_caught(references, tmp_path):
    program = time_order_binary()
    assert program.exists(), f"{program} is not built (CMake target parley_time_order)"
    points = [(None, 1, 2), (None, 2, 5), (2, 1, 1), (3, 1, 2)]
    mine = execute("phold", REFERENCE, tmp_path, program)
    differences = [first_difference(mine, execute("phold", point, tmp_path, program)) for point in points]
    assert any(differences), "the comparison does not notice a wrong order of simultaneous events"
