"""Means and intervals against scipy and values worked by hand."""
from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from parley_analysis.comparable import require_decided_by, require_only
from parley_analysis.statistics import mean_interval, paired_differences, summarise, wilson_interval
from parley_analysis.tables import success_table
from scipy import stats


def test_hand_value():
    # 1, 2, 3: standard deviation 1, t(0.975, 2) = 4.30265
    interval = mean_interval([1, 2, 3])
    assert interval.mean == 2.0 and interval.count == 3
    assert interval.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert (interval.low, interval.high) == (2.0 - interval.half_width, 2.0 + interval.half_width)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_against_scipy(confidence):
    values = np.random.default_rng(1).normal(5.0, 2.0, 17)
    low, high = stats.t.interval(confidence, 16, loc=values.mean(), scale=stats.sem(values))
    interval = mean_interval(values, confidence)
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))


def test_coverage_is_near_the_confidence():
    generator = np.random.default_rng(2)
    intervals = [mean_interval(generator.normal(0, 1, 5)) for _ in range(2000)]
    inside = sum(interval.low < 0 < interval.high for interval in intervals)
    assert abs(inside / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_few_and_missing_values():
    assert mean_interval([]).count == 0 and math.isnan(mean_interval([]).mean)
    assert mean_interval([4.0]).mean == 4.0 and math.isnan(mean_interval([4.0]).half_width)
    assert mean_interval([1.0, math.nan, 3.0]).mean == 2.0
    assert mean_interval([0.5, 0.5]).half_width == 0.0


def frame_of_two_points() -> pd.DataFrame:
    return pd.DataFrame({"a.b": ["y", "x", "x"], "run.seed": [1, 1, 2], "rate": [1.0, 2.0, 4.0],
                         "file": ["p", "q", "r"]})


def test_an_infinite_value_has_a_mean_and_no_interval(recwarn):
    interval = mean_interval([1.0, math.inf, 3.0])
    assert interval.mean == math.inf and math.isnan(interval.half_width) and interval.count == 3
    assert math.isnan(mean_interval([math.inf, -math.inf]).mean)
    assert not recwarn.list


def test_pairs_of_infinite_values_have_no_difference(recwarn):
    frame = pd.DataFrame({"policy.name": ["tier1", "tier2"] * 3, "run.seed": [1, 1, 2, 2, 3, 3],
                          "wait": [math.inf, math.inf, 1.0, 3.0, 2.0, 5.0]})
    row = paired_differences(frame, "wait", baseline="tier1").iloc[0]
    assert (row["pairs"], row["baseline"], row["difference"]) == (2, 1.5, 2.5)
    assert not [warning for warning in recwarn.list if issubclass(warning.category, RuntimeWarning)]


def test_summary_has_a_row_a_point():
    table = summarise(frame_of_two_points())
    assert list(table.columns) == ["a.b", "runs", "rate", "rate_low", "rate_high"]
    assert table["a.b"].tolist() == ["x", "y"] and table["runs"].tolist() == [2, 1]
    assert table["rate"].tolist() == [3.0, 1.0]
    # 2, 4: standard error 1, t(0.975, 1) = 12.7062
    assert table["rate_high"][0] == pytest.approx(3.0 + 12.7062, rel=1e-5)
    assert math.isnan(table["rate_low"][1])


def test_summary_of_one_point():
    table = summarise(frame_of_two_points().drop(columns=["a.b", "run.seed"]))
    assert table["runs"].tolist() == [3] and table["rate"][0] == pytest.approx(7 / 3)


def test_summary_of_no_runs_has_its_columns():
    table = summarise(frame_of_two_points().iloc[:0], by=["a.b"], metrics=["rate"])
    assert table.empty and list(table.columns) == ["a.b", "runs", "rate", "rate_low", "rate_high"]


def test_copies_of_a_run_are_no_further_seeds():
    """Three seeds, each twice, would have the interval of six: narrower by more than half."""
    frame = pd.DataFrame({"adversary.fraction": 0.1, "policy.name": "tier1", "run.seed": [1, 2, 3],
                          "rate": [0.94, 0.96, 0.98], "file": ["1.h5", "2.h5", "3.h5"]})
    assert "0.960 \N{PLUS-MINUS SIGN} 0.050" in success_table(frame, "rate")
    copied = pd.concat([frame, frame.assign(file="copy/" + frame["file"])])
    for summary in (lambda: summarise(copied), lambda: summarise(copied, by=["policy.name"], metrics=["rate"]),
                    lambda: success_table(copied, "rate")):
        with pytest.raises(ValueError, match=r"run.seed = 1 \(1.h5, copy/1.h5\); keep one"):
            summary()


def test_a_summary_by_less_than_what_differs_is_refused():
    """Also where each value of what is left out was run with seeds of its own, so that no two runs share one."""
    with pytest.raises(ValueError, match="also differ in a.b"):
        summarise(frame_of_two_points(), by=[], metrics=["rate"])
    own_seeds = pd.DataFrame({"a.b": [1, 1, 2, 2], "c.d": "x", "run.seed": [1, 2, 3, 4], "rate": [0.0, 0.0, 1.0, 1.0]})
    with pytest.raises(ValueError, match="also differ in a.b; choose one value of it first: --where a.b=VALUE"):
        summarise(own_seeds, by=["c.d"], metrics=["rate"])
    with pytest.raises(ValueError, match="not every seed has a run at each value of a.b"):
        summarise(own_seeds, by=["c.d"], metrics=["rate"], pool=True)


def test_pooled_runs_of_a_seed_count_once():
    """Seeds 1 and 2 have the means 2 and 4 over both values of a.b: standard error 1, t(0.975, 1) = 12.7062."""
    frame = pd.DataFrame({"a.b": [1, 2, 1, 2], "c.d": "x", "run.seed": [1, 1, 2, 2], "rate": [0.0, 4.0, 4.0, 4.0]})
    row = summarise(frame, by=["c.d"], metrics=["rate"], pool=True).iloc[0]
    assert (row["runs"], row["rate"], row["rate_high"]) == (4, 3.0, pytest.approx(3 + 12.7062, rel=1e-5))
    missing = summarise(frame.assign(rate=[0.0, 4.0, 4.0, math.nan]), by=["c.d"], metrics=["rate"], pool=True).iloc[0]
    assert missing["rate"] == 2.0 and math.isnan(missing["rate_high"])
    with pytest.raises(ValueError, match="two runs have the same parameters and run.seed = 1; keep one"):
        summarise(pd.concat([frame, frame]), by=["c.d"], metrics=["rate"], pool=True)
    apart = summarise(frame, by=["a.b"], metrics=["rate"])
    assert summarise(frame, by=["a.b"], metrics=["rate"], pool=True).equals(apart)


def test_what_moves_together_with_the_point_is_no_difference():
    frame = pd.DataFrame({"peers.count": [10, 10, 20], "run.duration": [60.0, 60.0, 30.0], "run.seed": [1, 2, 1],
                          "rate": [1.0, 3.0, 5.0]})
    assert summarise(frame, by=["peers.count"], metrics=["rate"])["rate"].tolist() == [2.0, 5.0]


def test_a_parameter_that_moves_together_with_another_one_is_decided_by_it():
    frame = pd.DataFrame({"peers.count": [10, 10, 20], "run.duration": [60.0, 60.0, 30.0],
                          "policy.name": ["a", "b", "a"]})
    require_decided_by(frame, "peers.count", ["run.duration"])
    with pytest.raises(ValueError, match="also differ in policy.name, which peers.count does not decide"):
        require_decided_by(frame, "peers.count", ["run.duration", "policy.name"])
    with pytest.raises(ValueError, match="no parameter c.d"):
        require_decided_by(frame, "c.d", ["policy.name"])


def test_mixing_points_is_refused():
    require_only(frame_of_two_points(), ["a.b"])
    with pytest.raises(ValueError, match="also differ in a.b"):
        require_only(frame_of_two_points(), [])


def test_a_parameter_that_there_is_not_is_named_before_those_that_differ():
    frame = frame_of_two_points()
    with pytest.raises(ValueError, match="no parameter c.d; they differ in a.b"):
        require_only(frame, ["c.d"])
    frame.attrs["config"] = {"c.d": "15s"}
    with pytest.raises(ValueError, match='all runs have c.d = 15s, and then it is no column; .*keep=\\["c.d"\\]'):
        require_only(frame, ["c.d"])


@pytest.mark.parametrize("successes, trials", [(0, 7), (7, 7), (3, 10), (81, 263), (1, 100000)])
def test_wilson_against_scipy(successes, trials):
    found = wilson_interval(successes, trials)
    low, high = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert found.value == successes / trials and found.count == trials
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, rel=1e-12))


def test_wilson_by_hand():
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662
    found = wilson_interval(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert math.isnan(wilson_interval(0, 0).value)
    with pytest.raises(ValueError, match="between 0 and the trials"):
        wilson_interval(3, 2)


def frame_of_pairs(generator: np.random.Generator, seeds: int = 12) -> pd.DataFrame:
    """Two policies that share large noise of the seed and differ by 0.1 with small noise."""
    rows = []
    for seed, common in enumerate(generator.normal(0, 1, seeds)):
        rows.append({"policy.name": "a", "x.y": 1, "run.seed": seed, "rate": common})
        rows.append({"policy.name": "b", "x.y": 1, "run.seed": seed, "rate": common + 0.1 + generator.normal(0, 0.05)})
    return pd.DataFrame(rows).sample(frac=1, random_state=3)


def test_paired_differences_against_scipy():
    frame = frame_of_pairs(np.random.default_rng(4))
    row = paired_differences(frame, "rate", "a").iloc[0]
    wide = frame.pivot(index="run.seed", columns="policy.name", values="rate")
    expected = stats.ttest_rel(wide["b"], wide["a"])
    assert row["pairs"] == 12 and row["policy.name"] == "b" and row["x.y"] == 1
    assert row["difference"] == pytest.approx((wide["b"] - wide["a"]).mean())
    assert row["p_value"] == pytest.approx(expected.pvalue)
    low, high = stats.t.interval(0.95, 11, loc=row["difference"], scale=stats.sem(wide["b"] - wide["a"]))
    assert (row["difference_low"], row["difference_high"]) == (pytest.approx(low), pytest.approx(high))
    # What common random numbers are for: the means alone do not tell the policies apart.
    assert stats.ttest_ind(wide["b"], wide["a"]).pvalue > 0.5 > 0.01 > row["p_value"]


def test_pairs_need_the_same_seed():
    frame = frame_of_pairs(np.random.default_rng(5), 3)
    unmatched = frame.assign(**{"run.seed": frame["run.seed"] + 10 * (frame["policy.name"] == "b")})
    assert paired_differences(unmatched, "rate", "a").empty
    with pytest.raises(ValueError, match="choose one of"):
        paired_differences(frame, "rate", "c")
    with pytest.raises(ValueError, match="two runs have the same"):
        paired_differences(pd.concat([frame, frame]), "rate", "a")
    same = frame.assign(rate=1.0)
    assert paired_differences(same, "rate", "a")["p_value"].tolist() == [1.0]


def test_the_baseline_is_that_of_the_pairs():
    """The third seed has no value under b: the difference and the baseline are of the first two."""
    frame = pd.DataFrame({"policy.name": ["a"] * 3 + ["b"] * 3, "run.seed": [1, 2, 3] * 2,
                          "rate": [1.0, 2.0, 6.0, 2.0, 3.0, math.nan]})
    row = paired_differences(frame, "rate", "a").iloc[0]
    assert (row["pairs"], row["baseline"], row["difference"]) == (2, 1.5, 1.0)
