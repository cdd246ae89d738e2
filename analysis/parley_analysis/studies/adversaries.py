"""Studies beyond the paper: verification by expected cost, and adversaries that adapt."""
from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from .. import figures
from ..attack import sybil_identities
from ..figures.studies import BADMOUTH, EDGES, KIND, PRAISE, RECOGNITION, kind_order
from ..figures.sweeps import OVERHEAD, SUCCESS
from ..policies import FRACTION, POLICY, policy_order
from ..statistics import paired_differences, summarise
from .markdown import markdown_table, number, pivoted, with_half_width
from .study import Study, on_axes

DETECTION = "execution.outcome_detection"
DEFAULT_PRAISE = 0.1  # of a colluding adversary, 1/s
SHOWN_TRUST = ("mean_trust_honest", "mean_trust_sybil", "trust_auc")


def pareto_points(frame: pd.DataFrame) -> str:
    """Success and control bytes of each policy by fraction, and who is better in one and not worse in the other."""
    means = summarise(frame, by=(FRACTION, POLICY), metrics=(OVERHEAD, SUCCESS))
    rows = []
    for fraction, points in means.groupby(FRACTION):
        for _, point in points.sort_values(OVERHEAD).iterrows():
            no_worse = points[(points[OVERHEAD] <= point[OVERHEAD]) & (points[SUCCESS] >= point[SUCCESS])]
            better = no_worse[(no_worse[OVERHEAD] < point[OVERHEAD]) | (no_worse[SUCCESS] > point[SUCCESS])]
            rows.append([f"{fraction:g}", point[POLICY], number(point[OVERHEAD], 0), with_half_width(point, SUCCESS),
                         ", ".join(better[POLICY]) or "nobody"])
    return markdown_table(["f", "policy", "control bytes a peer and second", "success", "dominated by"], rows)


def pareto_panels(frame: pd.DataFrame) -> Figure:
    figure, axes = figures.new_panels(frame[FRACTION].nunique())
    figures.pareto_by_fraction(frame, axes)
    return figure


def success_by_recognition(frame: pd.DataFrame) -> str:
    return pivoted(frame, RECOGNITION, POLICY, SUCCESS, policy_order(frame[POLICY].unique()), label="recognised")


def loss_to_awareness(frame: pd.DataFrame) -> str:
    """Success against canary-blind Sybils, and what it loses when all canaries are recognised (paired by seed)."""
    blind, aware = sorted(frame[RECOGNITION].unique())
    losses = paired_differences(frame, SUCCESS, blind, of=RECOGNITION)
    losses = losses[losses[RECOGNITION] == aware]
    policies = policy_order(frame[POLICY].unique())
    rows = []
    for fraction in sorted(losses[FRACTION].unique()):
        row = [f"{fraction:g}"]
        for policy in policies:
            point = losses[(losses[FRACTION] == fraction) & (losses[POLICY] == policy)].iloc[0]
            row += [number(point["baseline"], 3), with_half_width(point, "difference")]
        rows.append(row)
    header = [text for policy in policies for text in (f"{policy}, blind", "change, aware")]
    return markdown_table(["f", *header], rows)


def collusion_by_kind(frame: pd.DataFrame) -> str:
    """What each kind of reputation makes of praise at the default rate, of blame, and of both."""
    policies = policy_order(frame[POLICY].unique())
    means = summarise(frame, by=(KIND, PRAISE, BADMOUTH, POLICY), metrics=(SUCCESS, EDGES, *SHOWN_TRUST))
    names = {(0.0, "false"): "no", (DEFAULT_PRAISE, "false"): "praise", (0.0, "true"): "blame",
             (DEFAULT_PRAISE, "true"): "praise and blame"}
    rows = []
    for kind in kind_order(means[KIND].unique()):
        for (praise, blame), name in names.items():
            points = means[(means[KIND] == kind) & (means[PRAISE] == praise) & (means[BADMOUTH] == blame)]
            points = points.set_index(POLICY)
            first = points.loc[policies[0]]
            rows.append([kind, name, *(with_half_width(points.loc[policy], SUCCESS) for policy in policies),
                         *(number(first[metric], 3) for metric in SHOWN_TRUST), number(first[EDGES], 0)])
    return markdown_table(["reputation", "collusion", *policies, "trust of honest peers", "of Sybils", "AUC",
                           "attack edges"], rows)


def success_vs_praise(frame: pd.DataFrame) -> Figure:
    """Under the first of the policies, which rests on reputation alone."""
    policy = policy_order(frame[POLICY].unique())[0]
    figure, ax = figures.new_figure()
    figures.metric_vs_praise(frame[frame[POLICY] == policy], ax)
    return figure


def numbers_by_detection(frame: pd.DataFrame) -> str:
    """Attack edges a Sybil, how well trust separates, and success, as fewer bad results are noticed."""
    runs = frame.assign(edges=frame[EDGES] / sybil_identities(frame))
    means = summarise(runs, by=(DETECTION, KIND), metrics=("edges", "trust_auc", SUCCESS))
    kinds = kind_order(means[KIND].unique())
    rows = []
    for detection, points in means.groupby(DETECTION):
        points = points.set_index(KIND)
        rows.append([f"{detection:g}", *(with_half_width(points.loc[kind], metric, digits)
                                         for metric, digits in (("edges", 2), ("trust_auc", 3), (SUCCESS, 3))
                                         for kind in kinds)])
    header = [f"{name}, {kind}" for name in ("edges a Sybil", "AUC", "success") for kind in kinds]
    return markdown_table(["bad results noticed", *header], rows)


STUDIES = (
    Study("cost-aware", "cost-aware", {"pareto": pareto_points}, {"pareto": pareto_panels}),
    Study("recognition", "ablation-recognition", {"recognition": success_by_recognition},
          {"success-vs-recognition": on_axes(figures.success_vs_parameter, RECOGNITION)}),
    Study("canary-aware", "canary-aware", {"canary-aware": loss_to_awareness},
          {"success-blind-and-aware": on_axes(figures.success_blind_and_aware)}),
    Study("collusion", "ablation-collusion", {"collusion": collusion_by_kind}, {"success-vs-praise": success_vs_praise}),
    Study("attack-edges", "attack-edges", {"attack-edges": numbers_by_detection},
          {"auc-vs-attack-edges": on_axes(figures.metric_vs_attack_edges, "trust_auc", DETECTION),
           "success-vs-attack-edges": on_axes(figures.metric_vs_attack_edges, SUCCESS, DETECTION)}),
)
