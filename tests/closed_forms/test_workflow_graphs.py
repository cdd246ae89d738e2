"""Workflows that are graphs: steps that do not wait for each other are served at the same time.

The execution of a step is nearly never kept waiting here (providers work 0.7 % of the time), so that its latency is
four one-way delays and one log-normal execution; steps of one workflow are independent.
"""
from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bounds import check_binomial, check_histogram, check_mean, check_poisson
from comparison import raw_datasets
from parley_runs import CONFIGS, read, run, run_seeds
from static_network import INDIFFERENT, INSTANT_REGISTRY, STATIC

# Random candidates, each of whom is always good unless a test says otherwise.
SETTINGS = {
    **STATIC, **INDIFFERENT, **INSTANT_REGISTRY, "peers.count": 1000, "peers.workflow_rate": 0.02,
    "capability.classes": "work:100ms", "execution.sigma": 0.5, "capability.quality_alpha": 1e6,
    "capability.quality_beta": 0.01, "capability.spread": 100, "query.spread": 100, "descriptor.ttl": "100s",
    "run.duration": "1060s", "run.warmup": "60s"}
FORK = "; ".join(f"s{i}: work/low" for i in range(3))
DIAMOND = ("fetch: work/low; draw: work/low after fetch; caption: work/low after fetch; "
           "publish: work/low after draw, caption")

STEP = 1 / 2000  # s, of the grid of latencies
CELLS = 1 << 13


def mass_of_step() -> np.ndarray:
    """The law of one step's latency less 20 ms, on the grid."""
    grid = STEP * np.arange(CELLS + 1)
    delay = np.diff(stats.lognorm.cdf(grid, 0.5, scale=0.030))
    execution = np.diff(stats.lognorm.cdf(grid, 0.5, scale=0.100))
    return convolved(delay, delay, delay, delay, execution)


def convolved(*masses: np.ndarray) -> np.ndarray:
    size = CELLS * len(masses)
    product = np.prod([np.fft.rfft(mass, size) for mass in masses], axis=0)
    return np.fft.irfft(product, size)[:CELLS]


def latest(mass: np.ndarray, branches: int) -> np.ndarray:
    """The law of the greatest of independent latencies."""
    return np.diff(np.cumsum(mass) ** branches, prepend=0.0)


def law_of(mass: np.ndarray, steps: int):
    """Distribution function; the grid counts from 20 ms a step, and every mean cell lies 5/2 cells a step higher."""
    at = steps * 0.020 + STEP * (np.arange(CELLS) + 2.5 * steps + 0.5)
    return lambda x: np.interp(x, at, np.cumsum(mass), left=0.0, right=1.0)


@pytest.mark.parametrize("steps, depth", [(FORK, 1), (DIAMOND, 3), ("work/low, work/low", 2)])
def test_a_workflow_takes_as_long_as_its_slowest_way(tmp_path, steps, depth):
    [result] = run_seeds(tmp_path, {**SETTINGS, "workflow.steps": steps}, [1])
    one = mass_of_step()
    law = {FORK: lambda: latest(one, 3), DIAMOND: lambda: convolved(one, latest(one, 2), one),
           "work/low, work/low": lambda: convolved(one, one)}[steps]()
    counts = result.histograms["end_to_end_latency"]
    assert result["failed_rate"] == 0 and counts.sum() > 19_000
    check_histogram(counts, result.edges, law_of(law, depth), "end-to-end latency")


@pytest.mark.parametrize("detection", [0, 0.5])
def test_a_graph_succeeds_when_every_step_is_good(tmp_path, detection):
    """Each step is good with probability E[q], else noticed with `detection`; argmax between equal utilities takes
    the lowest id of random candidates, whose quality has the law of all."""
    settings = {**SETTINGS, "workflow.steps": DIAMOND, "policy.select": "argmax", "capability.quality_alpha": 6,
                "capability.quality_beta": 1, "execution.outcome_detection": detection, "run.duration": "260s",
                "capability.classes": "work:1us", "execution.sigma": 0}
    results = run_seeds(tmp_path, settings, range(1, 21))
    good = 6 / 7
    unnoticed = (1 - good) * (1 - detection)
    check_mean([r["success_rate"] for r in results], good ** 4, "success")
    check_mean([r["compromised_rate"] for r in results], (good + unnoticed) ** 4 - good ** 4, "compromised")
    assert sum(sum(r.reasons.values()) for r in results) == sum(r.reasons["execution_failed"] for r in results)


def test_the_first_failure_ends_a_workflow_and_drops_what_runs(tmp_path):
    """Two steps at once, each bad and noticed with probability u: the earlier to end fails with u, and the other one
    is dropped then; else the later fails with u. Nobody is blamed: no report of a dropped step."""
    u = 0.25
    settings = {**SETTINGS, "workflow.steps": "a: work/low; b: work/low", "capability.quality_alpha": 1e6 * (1 - u),
                "capability.quality_beta": 1e6 * u, "execution.outcome_detection": 1, "policy.name": "tier1"}
    [result] = run_seeds(tmp_path, settings, [1])
    failed = int(result["workflows_failed"])
    ended = failed + int(result["workflows_success"])
    check_binomial(failed, ended, 1 - (1 - u) ** 2, "failed")
    dropped = int(result.series["steps_dropped"].sum())
    check_binomial(dropped, ended, u, "the earlier step failed")
    assert result.series["steps_failed"].sum() == failed
    decided = result.series["steps_failed"].sum() + result.series["steps_accepted_good"].sum()
    assert result.messages["feedback"] == decided
    # What a dropped step has been delegated to executes all the same; few executions are on their way at the ends.
    executions = result["executions_good"] + result["executions_bad"]
    assert abs(executions - (decided + dropped)) < 40


def test_open_workflows_are_counted_once_however_many_steps_run(tmp_path):
    """Nobody answers: each workflow keeps its three steps until its deadline."""
    settings = {**SETTINGS, "workflow.steps": FORK, "adversary.fraction": 0.5, "adversary.silent": 1,
                "peers.count": 2, "registry.candidates": 1, "peers.workflow_rate": 2, "workflow.deadline": "40s",
                "run.duration": "160s"}
    [result] = run_seeds(tmp_path, settings, [1])
    started, ended, open_ = (result.series[name].astype(np.int64)
                             for name in ("workflows_started", "workflows_failed", "open_workflows"))
    assert (np.diff(open_) == (started - ended)[1:]).all()
    # A Poisson number of them, of mean 2 * 40 s.
    check_poisson(int(open_[-1]), 80, "open workflows")
    assert result.reasons["deadline"] == result["workflows_failed"] > 100
    assert (result.series["steps_dropped"] == 2 * ended).all()


def test_a_chain_of_named_steps_is_the_list(tmp_path):
    lists = "any/low, image_generation/medium, publishing/high/side_effect"
    graph = "a: any/low; b: image_generation/medium after a; c: publishing/high/side_effect after b"
    settings = {"run.duration": "120s", "adversary.fraction": 0.3}
    results = [raw_datasets(run(CONFIGS / "paper-sybil.ini", tmp_path / f"{i}.h5",
                                {**settings, "workflow.steps": steps}))
               for i, steps in enumerate([lists, graph])]
    assert results[0] == results[1]


def test_constraints_of_a_step_take_the_place_of_those_of_queries(tmp_path):
    """Nobody claims a quality of 1."""
    free = {**SETTINGS, "capability.quality_beta": 1e5, "run.duration": "160s"}
    cases = {"a: work/low; b: work/low after a with min_quality 1": ({}, 1.0),
             "a: work/low with min_quality 0; b: work/low after a with min_quality 0": ({"query.min_quality": 1}, 0.0),
             "a: work/low with min_quality 0; b: work/low after a": ({"query.min_quality": 1}, 1.0)}
    for i, (steps, (query, failed)) in enumerate(cases.items()):
        [result] = run_seeds(tmp_path / str(i), {**free, **query, "workflow.steps": steps}, [1])
        ended = result["workflows_success"] + result["workflows_compromised"] + result["workflows_failed"]
        assert result["workflows_failed"] == result.reasons["no_candidate"] == failed * ended and ended > 1000
        # The first step was served in any case.
        accepted = result.series["steps_accepted_good"].sum() + result.series["steps_accepted_bad"].sum()
        assert abs(accepted - (2 - failed) * ended) < 30


def test_a_step_may_be_cheap_and_another_dear(tmp_path):
    """All entries that meet a step's constraint are handed out: half of the prices are below the median of 1."""
    settings = {**SETTINGS, "peers.count": 65, "registry.candidates": 64, "workflow.steps":
                "cheap: work/low with max_price 1; dear: work/low after cheap", "peers.workflow_rate": 0.2,
                "run.duration": "160s"}
    shares = []
    for result in run_seeds(tmp_path, settings, range(1, 31)):
        shares.append(result.series["candidates_handed_out"].sum() / result.messages["candidates"] / 64)
    check_mean(shares, 0.75, "candidates of both steps")


def test_the_preset_serves_its_steps_at_the_tiers_of_their_risk(tmp_path):
    result = read(run(CONFIGS / "workflow-graph.ini", tmp_path / "graph.h5"), warmup=30)
    accepted = sum(result.series[f"steps_accepted_{outcome}_by_tier"].sum(axis=0).astype(int)
                   for outcome in ("good", "bad"))
    ended = result["workflows_success"] + result["workflows_compromised"]
    assert result["success_rate"] > 0.5 and accepted[0] == 0
    # The last step, of high risk, is the only one at tier 3; two are of low risk, one is of medium risk.
    assert accepted[3] == ended > 200
    assert accepted[1] > accepted[2] >= ended - 5
