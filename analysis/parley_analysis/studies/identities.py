"""Studies of identities: fresh ones that Sybils come back as, and stolen ones."""
from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from .. import figures
from ..attack import fresh_identities, sybil_identities
from ..figures.studies import COST, FORGE_RATE, RESERVE, SEQUENCE, VERIFY, WHITEWASH
from ..figures.sweeps import SUCCESS
from ..policies import FRACTION, POLICY, policy_order
from ..statistics import paired_differences, summarise
from .markdown import markdown_table, number, with_half_width
from .study import Study, on_axes


def success_by_identity_cost(frame: pd.DataFrame) -> str:
    """Success of each policy, and the fresh identities of the whole run, by the cost of one and the share kept back."""
    policies = policy_order(frame[POLICY].unique())
    runs = frame.assign(sybils=sybil_identities(frame), fresh=fresh_identities(frame))
    means = summarise(runs, by=(COST, RESERVE, POLICY), metrics=(SUCCESS, "sybils", "fresh"))
    rows = []
    for (cost, reserve), points in means.groupby([COST, RESERVE]):
        points = points.set_index(POLICY)
        rows.append([f"{cost:g}", f"{reserve:g}", number(points["sybils"].iloc[0], 0),
                     *(f"{with_half_width(points.loc[policy], SUCCESS)} "
                       f"({number(points.loc[policy, 'fresh'], 1)})" for policy in policies)])
    return markdown_table(["cost", "reserve", "Sybils", *(f"{policy} (fresh identities)" for policy in policies)], rows)


def success_vs_identity_cost(frame: pd.DataFrame) -> Figure:
    """Under the first of the policies, which rests on reputation alone."""
    figure, ax = figures.new_figure()
    figures.success_vs_identity_cost(frame[frame[POLICY] == policy_order(frame[POLICY].unique())[0]], ax)
    return figure


def loss_to_whitewashing(frame: pd.DataFrame) -> str:
    """Success without whitewashing, and its change when fresh identities cost nothing (paired by seed)."""
    losses = paired_differences(frame, SUCCESS, "false", of=WHITEWASH)
    policies = policy_order(frame[POLICY].unique())
    rows = []
    for fraction, points in losses.groupby(FRACTION):
        points = points.set_index(POLICY)
        cells = [(number(points.loc[policy, "baseline"], 3), with_half_width(points.loc[policy], "difference"))
                 for policy in policies]
        rows.append([f"{fraction:g}", *(text for cell in cells for text in cell)])
    header = [text for policy in policies for text in (policy, "change")]
    return markdown_table(["f", *header], rows)


def success_by_forging(frame: pd.DataFrame) -> str:
    """Success by policy and rate of forging: verified, not verified, not verified and the largest sequence number."""
    means = summarise(frame, by=(POLICY, FORGE_RATE, VERIFY, SEQUENCE), metrics=(SUCCESS,))
    rows = []
    for policy in policy_order(means[POLICY].unique()):
        for rate in sorted(means[FORGE_RATE].unique()):
            points = means[(means[POLICY] == policy) & (means[FORGE_RATE] == rate)].set_index([VERIFY, SEQUENCE])
            rows.append([policy, f"{rate:g}", *_cells(points, [("true", "now"), ("false", "now"), ("false", "max")])])
    return markdown_table(["policy", "forgeries a Sybil and second", "verified", "not verified",
                           "not verified, largest sequence number"], rows)


def _cells(points: pd.DataFrame, cases: Sequence[tuple[str, str]]) -> list[str]:
    return [with_half_width(points.loc[case], SUCCESS) for case in cases]


STUDIES = (
    Study("whitewash-cost", "ablation-whitewash", {"whitewash-cost": success_by_identity_cost},
          {"success-vs-identity-cost": success_vs_identity_cost}),
    Study("whitewash", "whitewash", {"whitewash": loss_to_whitewashing},
          {"success-vs-whitewashing": on_axes(figures.success_with_and_without, WHITEWASH,
                                              ("Sybils keep their name", "fresh identities\ncost nothing"))}),
    Study("signatures", "ablation-signatures", {"signatures": success_by_forging},
          {"success-vs-forging": on_axes(figures.success_vs_forging)}),
)
