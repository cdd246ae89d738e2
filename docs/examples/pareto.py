"""Which policies lie on the Pareto front of success against control traffic, for each Sybil fraction.

    PYTHONPATH=analysis /usr/bin/python3 docs/examples/pareto.py RESULTS

A policy is off the front if another one has at least its success for no more bytes. Means over seeds; the success
with the half width of its 95 % interval.
"""
import sys

import parley_analysis as pa

COST, SUCCESS = "control_bytes_per_peer_second", "success_rate"


def dominators(point, points):
    """The policies that are better than `point` in one of the two and not worse in the other."""
    no_worse = points[(points[COST] <= point[COST]) & (points[SUCCESS] >= point[SUCCESS])]
    better = no_worse[(no_worse[COST] < point[COST]) | (no_worse[SUCCESS] > point[SUCCESS])]
    return ", ".join(better["policy.name"])


frame = pa.read_runs(sys.argv[1])
means = pa.summarise(frame, by=["adversary.fraction", "policy.name"], metrics=[COST, SUCCESS])
print("| f | policy | control bytes a peer and second | success | dominated by |")
print("|---|---|---|---|---|")
for fraction, points in means.groupby("adversary.fraction"):
    for _, point in points.sort_values(COST).iterrows():
        half = (point[f"{SUCCESS}_high"] - point[f"{SUCCESS}_low"]) / 2
        print(f"| {fraction:g} | {point['policy.name']} | {point[COST]:.0f} | {point[SUCCESS]:.3f} ± {half:.3f} | "
              f"{dominators(point, points)} |")
