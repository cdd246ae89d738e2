"""The presets' main figures, of other seeds, agree with those of presets.json.

Per preset and figure: Welch's t test between the means over seeds, two-sided. The comparisons share FAMILY_ALARM evenly
(Bonferroni), so a program that still draws from the same law fails any of them with at most that probability, half a
percent, whatever their correlation.
"""
from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

_spec = importlib.util.spec_from_file_location("make_reference", Path(__file__).with_name("make_reference.py"))
make_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_reference)

FAMILY_ALARM = 0.005
SEEDS = range(10_001, 10_025)
REFERENCE = json.loads(make_reference.FILE.read_text())
ALARM = FAMILY_ALARM / sum(len(figures) for figures in REFERENCE.values())


def departure(reference: dict[str, float], values: np.ndarray) -> tuple[float, float]:
    """(difference of the means, the most that it may be)."""
    parts = np.array([reference["sd"] ** 2 / reference["n"], values.var(ddof=1) / len(values)])
    difference = abs(values.mean() - reference["mean"])
    rounding = 1e-9 * abs(reference["mean"])  # ten digits are kept
    if parts.sum() == 0:
        return difference, rounding
    freedom = parts.sum() ** 2 / (parts**2 / np.array([reference["n"] - 1, len(values) - 1])).sum()
    return difference, stats.t.ppf(1 - ALARM / 2, freedom) * math.sqrt(parts.sum()) + rounding


@pytest.mark.parametrize("preset", REFERENCE)
def test_figures_agree_with_the_reference(tmp_path, preset):
    values = make_reference.measure(preset, SEEDS, tmp_path)
    assert set(values) == set(REFERENCE[preset])
    wrong = []
    for figure, reference in REFERENCE[preset].items():
        difference, bound = departure(reference, values[figure])
        if difference > bound:
            wrong.append(f"{figure}: {values[figure].mean():.6g} instead of {reference['mean']:.6g} (at most {bound:.2g} off)")
    assert not wrong, "\n".join(wrong)


def test_a_change_of_two_hundredths_of_success_is_noticed():
    """The smallest change that matters is far beyond what noise may do."""
    for figures in REFERENCE.values():
        reference = figures["success_rate"]
        rng = np.random.default_rng(1)
        sample = rng.normal(reference["mean"] - 0.02, reference["sd"], len(SEEDS))
        difference, bound = departure(reference, sample)
        assert difference > bound
