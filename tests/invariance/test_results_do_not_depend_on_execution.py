"""Results are equal byte for byte for any number of ranks, threads and partitions."""
from __future__ import annotations

import itertools
import os

import pytest

from comparison import first_difference, raw_datasets
from parley_runs import CONFIGS, read, run, time_order_binary

# (ranks, threads, partitions a rank); ranks None: without a launcher, on the serial transport.
REFERENCE = (None, 1, 1)
FULL_GRID = [(None, 1, 2), (None, 2, 2), (None, 2, 5), *itertools.product((1, 2, 3, 4), (1, 2), (1, 2, 5))]
# Every number of ranks with every number of partitions. One partition a rank has nothing for a second thread to do, so
# the points that differ in that alone are left to the full set.
GRID = FULL_GRID if os.environ.get("PARLEY_TEST_FULL") else [
    (None, 1, 2), (None, 2, 5), *((ranks, threads, partitions) for ranks in (1, 2, 3, 4)
                                  for threads, partitions in ((1, 1), (2, 2), (2 - ranks % 2, 5)))]
RANKS_AND_THREADS = [(None, 2, 5), *((ranks, 1, 1) for ranks in (1, 2, 3, 4)), (3, 2, 2)]
FEW = [(None, 2, 5), (3, 1, 5), (4, 2, 1)]

CASES = {
    "paper-sybil": (CONFIGS / "paper-sybil.ini", GRID, {"run.duration": "75s"}),
    "20000 peers": (CONFIGS / "sybil-1m.ini", GRID, {
        "peers.count": 20000, "run.duration": "10s", "run.warmup": "5s"}),
    # Many simultaneous events: delays are multiples of a quarter of the lookahead.
    "phold": (CONFIGS / "phold.ini", GRID, {
        "phold.entities": 16384, "phold.tick": "250ms", "phold.lookahead": "1s", "run.warmup": "0s",
        "run.duration": "60s"}),
    # Three blocks of ids, which ranks share otherwise than they share peers.
    **{kind: (CONFIGS / "sybil-1m.ini", RANKS_AND_THREADS, {
        "peers.count": 10000, "run.duration": "8s", "run.warmup": "2s", "reputation.kind": kind,
        "reputation.epoch": "2s", "descriptor.ttl": "3s"}) for kind in ("eigentrust", "sybilrank")},
    # What steps and policies can do beyond the presets.
    "execution": (CONFIGS / "paper-ttl.ini", FEW, {
        "peers.count": 300, "run.duration": "40s", "run.warmup": "10s", "adversary.fraction": 0.3,
        "policy.name": "cost_aware", "evidence.commit_gate": "true",
        "drift.kind": "ou", "drift.advertise": "withdraw"}),
    # Everything else that is in the model: drift, several shards a cell, canaries in parallel, silent Sybils,
    # full queues, evicted ratings, latencies beyond the time-outs.
    "mixed": (CONFIGS / "paper-ttl.ini", FEW, {
        "peers.count": 500, "peers.workflow_rate": 0.3, "run.duration": "60s", "run.warmup": "10s",
        "registry.entries_per_shard": 60, "registry.fanout": 2, "canary.parallel": 3, "canary.count": 2,
        "adversary.fraction": 0.3, "adversary.silent": 0.5, "execution.queue_capacity": 1, "execution.timeout": "4s",
        "query.timeout": "150ms", "canary.timeout": "250ms", "reputation.ratings_per_rater": 4,
        "reputation.table_size": 3, "workflow.deadline": "20s",
        "workflow.steps": "any/low, image_generation/medium, publishing/high/side_effect"}),
    # What happens to messages on their way.
    "connectivity": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 400, "peers.workflow_rate": 0.2, "run.duration": "40s", "run.warmup": "10s",
        "registry.entries_per_shard": 80, "network.regions": "regions/simblock-2019.csv", "query.regions": "NA, EU, JP",
        "network.loss": 0.05, "nat.share": 0.5}),
    # What Sybils may do besides poisoning the index.
    "adversary": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 300, "peers.workflow_rate": 0.3, "run.duration": "40s", "run.warmup": "5s",
        "adversary.targeting": "uniform", "adversary.silent": 0.2, "adversary.onoff": 0.4, "adversary.on": "3s",
        "adversary.off": "2s", "adversary.canary_recognition": 0.3, "adversary.fraction": 0.4}),
}


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
