"""Percentiles, areas, knees and cost of attack against scipy, raw samples and values worked by hand."""
from __future__ import annotations

import math

import h5py
import numpy as np
import pandas as pd
import pytest
from fake_parley import write_result
from parley_analysis.attack import additional_compromised, cost_of_attack
from parley_analysis.curves import area_under_curve, knee
from parley_analysis.figures.sweeps import pareto_front
from parley_analysis.histograms import percentile, roc_auc
from parley_analysis.sweep import read_runs
from scipy import integrate, stats


def test_percentile_by_hand():
    edges, counts = np.array([0.0, 1.0, 10.0, 100.0]), np.array([2, 2, 0, 0])
    # 3 of 4 lie below the middle of [1, 10) on the logarithmic scale
    found = percentile(edges, counts, 0.75)
    assert (found.value, found.low, found.high) == (pytest.approx(math.sqrt(10)), 1.0, 10.0)
    assert found.bin_error == pytest.approx(10 - math.sqrt(10))
    assert percentile(edges, counts, 0.25).value == 0.5  # linear in the first bin
    last = percentile(edges, np.array([0, 0, 0, 5]), 0.5)
    assert (last.value, last.low, last.high, last.bin_error) == (math.inf, 100.0, math.inf, math.inf)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.99])
def test_the_sample_percentile_lies_in_the_bin(share):
    sample = np.random.default_rng(1).lognormal(-3, 1, 20000)
    edges = np.concatenate([[0.0], np.geomspace(1e-5, 1e4, 451)])
    counts = np.histogram(sample, np.append(edges, np.inf))[0]
    found = percentile(edges, counts, share)
    exact = float(np.quantile(sample, share, method="inverted_cdf"))
    assert found.low <= exact <= found.high
    assert abs(found.value - exact) <= found.bin_error <= 0.05 * exact


def test_percentiles_of_nothing_and_of_nonsense():
    assert math.isnan(percentile(np.arange(3.0), np.zeros(3), 0.5).value)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        percentile(np.arange(3.0), np.ones(3), 1.5)
    with pytest.raises(ValueError, match="must be equal"):
        percentile(np.arange(3.0), np.ones(4), 0.5)


def test_roc_auc_against_mann_whitney():
    generator = np.random.default_rng(2)
    low, high = generator.integers(0, 12, 150), generator.integers(3, 16, 90)
    found = roc_auc(np.bincount(low, minlength=16), np.bincount(high, minlength=16))
    u = stats.mannwhitneyu(high, low).statistic
    assert found == pytest.approx(u / (150 * 90), rel=1e-12)
    assert roc_auc([3, 0], [0, 5]) == 1.0 and roc_auc([1, 1], [1, 1]) == 0.5
    assert math.isnan(roc_auc([0, 0], [1, 2]))


def test_area_against_scipy_and_by_hand():
    x, y = np.array([0.0, 0.1, 0.3, 0.6]), np.array([1.0, 0.8, 0.7, 0.1])
    assert area_under_curve(x, y, normalised=False) == pytest.approx(integrate.trapezoid(y, x))
    assert area_under_curve([2, 0], [0, 1]) == 0.5  # unsorted; mean height
    with pytest.raises(ValueError, match="two different values"):
        area_under_curve([1, 1], [0, 1])


def test_knee_by_hand():
    # y = 1 - exp(-5x) on [0, 1]: farthest above the chord where 5 exp(-5x) = 1 - exp(-5)
    x = np.linspace(0, 1, 2001)
    found = knee(x, 1 - np.exp(-5 * x))
    assert found.x == pytest.approx(math.log(5 / (1 - math.exp(-5))) / 5, abs=1 / 2000)
    assert "chord" in found.method and 0.4 < found.height < 0.6
    unsorted = knee([10, 1, 2], [0.9, 0.0, 0.8])
    assert (unsorted.x, unsorted.index) == (2.0, 2)
    for x, y, why in (([1, 2], [1, 2], "three points"), ([1, 1, 1], [1, 2, 3], "does not vary")):
        with pytest.raises(ValueError, match=why):
            knee(x, y)


def test_knee_leaves_out_points_without_a_value():
    for x, y in (([0, 1, 2, math.nan, 10], [0.0, math.nan, 0.8, 5.0, 0.9]),
                 ([0, math.nan, 2, 3, 10], [0.0, 1.0, 0.8, math.nan, 0.9])):
        found = knee(x, y)
        assert (found.x, found.y, found.index) == (2.0, 0.8, 2)
    with pytest.raises(ValueError, match="2 points have an x and a y"):
        knee([0, 1, 2], [0.0, math.nan, 0.8])


def test_pareto_front_by_hand():
    cost, benefit = np.array([3.0, 1.0, 2.0, 2.0, 4.0]), np.array([0.9, 0.5, 0.4, 0.6, 0.8])
    assert pareto_front(cost, benefit) == [1, 3, 0]


def test_pareto_front_leaves_out_points_without_a_value():
    cost, benefit = np.array([0.5, 1.0, math.nan, 2.0]), np.array([math.nan, 0.5, 0.9, 0.8])
    assert pareto_front(cost, benefit) == [1, 3]


def test_cost_of_attack_by_hand():
    frame = pd.DataFrame({"adversary.fraction": [0.0, 0.1, 0.3], "workflows_compromised": [5, 0, 60]})
    with pytest.raises(ValueError, match="peers.count"):
        cost_of_attack(frame)
    frame.attrs["config"] = {"peers.count": "200"}
    found = cost_of_attack(frame, identity_cost=2.5)
    assert found["sybil_identities"].tolist() == [0, 20, 60]
    assert math.isnan(found["identities_per_compromised_workflow"][0])
    assert found["identities_per_compromised_workflow"].tolist()[1:] == [math.inf, 1.0]
    assert found["cost_per_compromised_workflow"].tolist()[2] == 2.5
    assert "cost_per_compromised_workflow" not in cost_of_attack(frame)
    # Bought: floor(120 * (1 - 0.5) / 4) = 15 Sybils, whatever the fraction says.
    frame.attrs["config"].update({"identity.cost": "4", "adversary.budget": "120", "adversary.reserve": "0.5"})
    bought = cost_of_attack(frame)
    assert bought["sybil_identities"].tolist() == [15, 15, 15]
    assert bought["cost_per_compromised_workflow"].tolist() == [12.0, math.inf, 1.0]


def test_fresh_identities_are_paid_for_from_the_start(tmp_path):
    """A budget of 60, half kept back: 30 Sybils, who come back 30 times, 20 of them in the warm-up."""
    for name, whitewash in (("plain", "false"), ("whitewash", "true")):
        write_result(tmp_path / f"{name}.h5", {
            "adversary.fraction": "0", "peers.count": "100", "adversary.budget": "60", "adversary.reserve": "0.5",
            "identity.cost": "2", "adversary.whitewash": whitewash, "run.seed": "1"},
            workflows_compromised=10, whitewashes=10)
        with h5py.File(tmp_path / f"{name}.h5", "r+") as result:
            result["timeseries/whitewashes"] = [20, 10]
    frame = read_runs(tmp_path, keep=["adversary.fraction"])
    found = cost_of_attack(frame)
    assert found["sybil_identities"].tolist() == [15, 15] and found["fresh_identities"].tolist() == [0, 30]
    assert found["identities_per_compromised_workflow"].tolist() == [1.5, 4.5]
    assert found["cost_per_compromised_workflow"].tolist() == [3.0, 9.0]
    with pytest.raises(ValueError, match="do not say their files"):
        cost_of_attack(frame.drop(columns="file"))
    frame.attrs["config"]["adversary.whitewash"] = "true"  # all of them
    assert cost_of_attack(frame.drop(columns="adversary.whitewash"))["fresh_identities"].tolist() == [30, 30]


def test_what_sybils_add_is_told_apart_by_every_other_parameter():
    """Honest failures compromise 10 % before a deadline of 60 s and 30 % before one of 10 s: no Sybil, no addition."""
    rows = [{"adversary.fraction": f, "policy.name": "tier1", "workflow.deadline": deadline, "run.seed": seed,
             "workflows_success": 100 - compromised, "workflows_compromised": compromised, "workflows_failed": 0,
             "compromised_rate": compromised / 100}
            for deadline, honest in ((10.0, 30), (60.0, 10)) for f, compromised in ((0.0, honest), (0.2, 40))
            for seed in (1, 2)]
    frame = pd.DataFrame(rows)
    frame.attrs["config"] = {"peers.count": "100"}
    found = additional_compromised(frame)["additional_compromised_workflows"].tolist()
    assert found == pytest.approx([0, 0, 10, 10, 0, 0, 30, 30])
    with pytest.raises(ValueError, match="keep one of them"):
        additional_compromised(pd.concat([frame, frame]))
    lacking = frame[(frame["adversary.fraction"] > 0) | (frame["run.seed"] == 1)]
    assert np.isnan(additional_compromised(lacking)["additional_compromised_workflows"]).sum() == 2
    apart = frame[(frame["adversary.fraction"] > 0) == (frame["workflow.deadline"] > 10)]
    with pytest.raises(ValueError, match="no run without Sybils is the same otherwise"):
        additional_compromised(apart)


def test_what_sybils_add_is_what_honest_failures_do_not_explain():
    """Without Sybils 10 % of the workflows are compromised in seed 1, 20 % in seed 2."""
    frame = pd.DataFrame({
        "adversary.fraction": [0.0, 0.0, 0.5, 0.5], "run.seed": [1, 2, 1, 2], "policy.name": "tier1",
        "compromised_rate": [0.1, 0.2, 0.4, 0.2], "workflows_success": [90, 80, 30, 40],
        "workflows_compromised": [10, 20, 20, 10], "workflows_failed": [0, 0, 0, 0]})
    frame.attrs["config"] = {"peers.count": "200"}
    assert additional_compromised(frame)["additional_compromised_workflows"].tolist() == [0, 0, 15, 0]
    with pytest.raises(ValueError, match="without Sybils"):
        additional_compromised(frame[frame["adversary.fraction"] > 0])
