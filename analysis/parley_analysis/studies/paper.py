"""The paper's three claims: success against Sybils, scale, and the time to live."""
from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from .. import figures
from ..curves import knee
from ..figures.sweeps import OVERHEAD, PEERS, SUCCESS, TTL, additional_cost
from ..policies import FRACTION, POLICY, policy_order
from ..statistics import paired_differences, summarise
from .markdown import markdown_table, number, pivoted, with_half_width, with_interval
from .study import Study, on_axes

KNEE_RANGES = ((5, 60), (2, 120))  # seconds of TTL
KNEE_AT = (10, 20)                 # seconds, the claim: over the first of the ranges
EQUAL = 0.01
NEAR = 0.05
CHEAPER = 0.8


def success_by_policy(frame: pd.DataFrame) -> str:
    """Success rate: fractions as rows, policies as columns."""
    return pivoted(frame, FRACTION, POLICY, SUCCESS, policy_order(frame[POLICY].unique()), label="f")


def overhead_by_policy(frame: pd.DataFrame) -> str:
    """Control bytes a peer and second, means, and the ratio of risk_aware to tier3."""
    means = _means(frame, OVERHEAD)
    header = ["f", *means.columns, "risk_aware / tier3"]
    return markdown_table(header, [[f"{f:g}", *(number(value, 0) for value in row),
                                    number(row["risk_aware"] / row["tier3"], 3)] for f, row in means.iterrows()])


def attack_cost_by_policy(frame: pd.DataFrame) -> str:
    """Sybil identities for each workflow compromised beyond those of honest failures, in the measured time."""
    costs = additional_cost(frame)
    policies = policy_order(costs[POLICY].unique())
    rows = []
    for fraction, points in costs.groupby(FRACTION):
        points = points.set_index(POLICY)
        rows.append([f"{fraction:g}", *(_cost(points.loc[policy]) for policy in policies)])
    return markdown_table(["f", *policies], rows)


def _cost(point: pd.Series) -> str:
    """0.12 (0.11 to 0.14); where what an identity adds may be nothing, only what it costs at least."""
    if not np.isfinite(point["cost_high"]):
        return f"over {_two_digits(point['cost_low'])}" if np.isfinite(point["cost_low"]) else "nothing added"
    mean, low, high = (_two_digits(point[name]) for name in ("cost", "cost_low", "cost_high"))
    return f"{mean} ({low} to {high})"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def compromised_by_policy(frame: pd.DataFrame) -> str:
    """Share of the ended workflows that were compromised: fractions as rows, policies as columns."""
    return pivoted(frame, FRACTION, POLICY, "compromised_rate", policy_order(frame[POLICY].unique()), label="f")


def claims_on_success(frame: pd.DataFrame) -> str:
    """What is claimed of the policies' order and of risk_aware, beside what the runs say."""
    success, overhead = _means(frame, SUCCESS), _means(frame, OVERHEAD)
    rows = []
    for worse, better in (("optimistic", "tier1"), ("tier1", "tier2"), ("tier2", "tier3")):
        pairs = paired_differences(frame[frame[POLICY].isin([worse, better]) & (frame[FRACTION] >= 0.1)], SUCCESS, worse,
                                   by=[FRACTION])
        least = pairs.loc[pairs["difference"].idxmin()]
        rows.append([f"{worse} < {better} for f >= 0.1",
                     "least difference " + with_interval(least["difference"], least["difference_low"],
                                                         least["difference_high"]) + f" at f = {least[FRACTION]:g}",
                     bool((pairs["difference"] > 0).all())])
    gap = abs(success.loc[0.0, "optimistic"] - success.loc[0.0, "tier1"])
    rows.append([f"optimistic and tier1 equal within {EQUAL} at f = 0", f"difference {gap:.3f}", gap <= EQUAL])
    short = success["tier3"] - success["risk_aware"]
    rows.append([f"risk_aware within {NEAR} of tier3",
                 f"at most {short.max():.3f} below it, at f = {short.idxmax():g}", bool((short <= NEAR).all())])
    ratio = overhead["risk_aware"] / overhead["tier3"]
    over = ", ".join(f"{f:g}" for f in ratio.index[ratio >= CHEAPER])
    rows.append([f"... at less than {CHEAPER} of its control bytes",
                 f"{ratio.min():.3f} to {ratio.max():.3f}" + (f"; not at f = {over}" if over else ""), not over])
    return markdown_table(["claim", "measured", "holds"], [[claim, what, "yes" if holds else "**no**"]
                                                           for claim, what, holds in rows])


def collapse_by_closed_form(frame: pd.DataFrame) -> str:
    """Success of the sweep `collapse` beside P(no Sybil among K of the N-1 others) E[max of K qualities]."""
    config = frame.attrs["config"]
    peers, candidates = int(config["peers.count"]), int(config["registry.candidates"])
    law = stats.beta(float(config["capability.quality_alpha"]), float(config["capability.quality_beta"]))
    quality = np.linspace(0, 1, 100001)
    best = np.trapz(1 - law.cdf(quality) ** candidates, quality)
    means = summarise(frame, by=(FRACTION,), metrics=(SUCCESS,))
    rows = []
    for _, point in means.iterrows():
        clean = stats.hypergeom.pmf(0, peers - 1, int(np.floor(point[FRACTION] * peers + 0.5)), candidates)
        rows.append([f"{point[FRACTION]:g}", with_half_width(point, SUCCESS), number(clean * best, 3)])
    return markdown_table(["f", "measured", "closed form"], rows)


def numbers_by_peers(frame: pd.DataFrame) -> str:
    """Discovery latency, control bytes and success over the number of peers."""
    latencies = ["discovery_latency_p50", "discovery_latency_p99"]
    means = summarise(frame, by=(PEERS,), metrics=(*latencies, OVERHEAD, SUCCESS))
    for name in latencies:
        for column in (name, f"{name}_low", f"{name}_high"):
            means[column] *= 1e3
    rows = [[f"{int(point[PEERS])}", f"{int(point['runs'])}", *(with_half_width(point, name, 1) for name in latencies),
             with_half_width(point, OVERHEAD, 1), with_half_width(point, SUCCESS)] for _, point in means.iterrows()]
    return markdown_table(["N", "runs", "discovery p50, ms", "discovery p99, ms", "control bytes a peer and second",
                           "success rate"], rows)


def success_by_gain(frame: pd.DataFrame) -> str:
    """Success over the embedding gain, for each policy and number of peers; the gain that hurts most in bold."""
    gain = "adversary.embedding_gain"
    means = summarise(frame, by=(POLICY, PEERS, gain), metrics=(SUCCESS,))
    columns = list(dict.fromkeys(zip(means[POLICY], means[PEERS])))
    worst = means.groupby([POLICY, PEERS])[SUCCESS].min()
    rows = []
    for value in sorted(means[gain].unique()):
        row = [f"{value:g}"]
        for policy, peers in columns:
            point = means[(means[POLICY] == policy) & (means[PEERS] == peers) & (means[gain] == value)].iloc[0]
            text = with_half_width(point, SUCCESS)
            row.append(f"**{text}**" if point[SUCCESS] == worst[policy, peers] else text)
        rows.append(row)
    return markdown_table(["gain", *(f"{policy}, N = {peers}" for policy, peers in columns)], rows)


def numbers_by_ttl(frame: pd.DataFrame) -> str:
    """Success of each policy, control bytes of the first, and stale claims over the TTL."""
    policies = policy_order(frame[POLICY].unique())
    success, overhead, stale = (_means(frame, name, TTL) for name in (SUCCESS, OVERHEAD, "stale_nominal_share"))
    points = summarise(frame, by=(POLICY, TTL), metrics=(SUCCESS,))
    cells = {(point[POLICY], point[TTL]): with_half_width(point, SUCCESS) for _, point in points.iterrows()}
    rows = [[f"{ttl:g}", *(cells[policy, ttl] for policy in policies),
             *(number(overhead.loc[ttl, policy], 0) for policy in policies),
             number(stale.loc[ttl, policies[0]], 3)] for ttl in success.index]
    return markdown_table(["TTL, s", *(f"success, {p}" for p in policies), *(f"bytes, {p}" for p in policies),
                           "stale claims"], rows)


def knees(frame: pd.DataFrame) -> str:
    """Where success against control bytes has its knee, for each policy and range of TTLs."""
    points = summarise(frame, by=(POLICY, TTL), metrics=(SUCCESS, OVERHEAD))
    rows = []
    for policy in policy_order(points[POLICY].unique()):
        for low, high in KNEE_RANGES:
            chosen = points[(points[POLICY] == policy) & points[TTL].between(low, high)]
            bend = knee(chosen[OVERHEAD].to_numpy(), chosen[SUCCESS].to_numpy())
            at = chosen[TTL].iloc[bend.index]
            claim = (low, high) == KNEE_RANGES[0] and policy != "risk_aware"
            holds = ("yes" if KNEE_AT[0] <= at <= KNEE_AT[1] else "**no**") if claim else ""
            rows.append([policy, f"{low} to {high}", ", ".join(f"{ttl:g}" for ttl in chosen[TTL]), f"{at:g}",
                         number(bend.height, 3), holds])
    return markdown_table(["policy", "TTL from, to, s", "grid", "knee at, s", "height above the chord",
                           f"claim: between {KNEE_AT[0]} and {KNEE_AT[1]} s"], rows)


def _means(frame: pd.DataFrame, metric: str, rows: str = FRACTION) -> pd.DataFrame:
    """Means over seeds: a row a value of `rows`, a column a policy."""
    table = frame.groupby([rows, POLICY])[metric].mean().unstack(POLICY)
    return table[policy_order(table.columns)]


STUDIES = (
    Study("success", "paper-sybil",
          {"success": success_by_policy, "overhead": overhead_by_policy, "claims": claims_on_success,
           "compromised": compromised_by_policy, "attack-cost": attack_cost_by_policy},
          {"success-vs-fraction-20": on_axes(figures.success_vs_fraction),
           "cost-of-attack": on_axes(figures.additional_cost_vs_fraction)}),
    Study("collapse", "collapse", {"collapse": collapse_by_closed_form}),
    Study("scale", "paper-scale-100k", {"scale": numbers_by_peers},
          {"discovery-vs-peers": on_axes(figures.latency_vs_peers),
           "overhead-vs-peers": on_axes(figures.overhead_vs_peers)}, large="paper-scale", quick={}),
    Study("embedding-gain", "embedding-gain", {"embedding-gain": success_by_gain},
          quick={"run.duration": "30s"}),
    Study("ttl", "paper-ttl", {"ttl": numbers_by_ttl, "knees": knees},
          {"success-vs-ttl": on_axes(figures.ttl_knee, KNEE_RANGES), "success-vs-overhead": on_axes(figures.pareto, TTL)}),
)
