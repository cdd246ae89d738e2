#!/usr/bin/env python3
"""Make reference.json: the oracle's summary values, mean, sd and n over seeds, for each point of a small design.

The design: N = 100, 600 s, warm-up 60 s; Sybil fraction x policy (20 seeds), and high drift without Sybils,
TTL x policy (10 seeds). The file is rewritten after every point; points already there with the same parameters
are kept (remove the file to make everything anew). Usage: make_reference.py [file]
"""

import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")             # small vectors: threads only cost

import numpy as np                                   # noqa: E402  (after the thread limits)

import agentic_oracle                                # noqa: E402

POLICIES = ("optimistic", "tier1", "tier2", "tier3", "risk_aware")
QUANTITIES = ("success_rate", "compromised_rate", "control_bytes_per_peer_second", "discovery_latency_p50",
              "end_to_end_latency_p50", "end_to_end_latency_all_p50", "unsafe_actions", "trust_auc",
              "mean_trust_honest", "mean_trust_sybil", "poisoned_candidate_share", "stale_entry_share",
              "canaries_sent")
COMMON = {"peers.count": 100, "run.duration": 600.0, "run.warmup": 60.0}


def design():
    """(name, parameters, number of seeds) of every point."""
    for fraction in (0.0, 0.1, 0.3, 0.5):
        for policy in POLICIES:
            yield (f"sybil f={fraction} {policy}",
                   {**COMMON, "adversary.fraction": fraction, "policy.name": policy}, 20)
    for ttl in (5.0, 15.0, 60.0):
        for policy in ("optimistic", "tier1", "risk_aware"):
            yield (f"drift ttl={ttl:g} {policy}",
                   {**COMMON, "adversary.fraction": 0.0, "policy.name": policy, "descriptor.ttl": ttl,
                    "drift.enabled": True, "drift.mean_nominal": 60.0, "drift.mean_degraded": 30.0}, 10)


def point(parameters, seeds):
    """Mean, sd (n - 1) and n of each quantity over seeds 1..seeds; a quantity that is never defined has n = 0."""
    runs = [agentic_oracle.run(parameters, seed) for seed in range(1, seeds + 1)]
    out = {}
    for name in QUANTITIES:
        values = np.array([r[name] for r in runs if r[name] is not None], dtype=float)
        if len(values) < 2:
            out[name] = {"mean": None, "sd": None, "n": 0}
        else:
            out[name] = {"mean": float(f"{values.mean():.6g}"), "sd": float(f"{values.std(ddof=1):.4g}"),
                         "n": len(values)}
    return out


def write(path, points):
    """One line per point, replaced at once so that a reader never sees half a file."""
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in points.items()]
    with open(path + ".part", "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    os.replace(path + ".part", path)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "reference.json")
    known = {}
    if os.path.exists(path):
        with open(path) as file:
            known = json.load(file)
    points = {}
    for name, parameters, seeds in design():
        started = time.time()
        entry = known.get(name)
        if not entry or entry["parameters"] != parameters or entry["seeds"] != seeds:
            entry = {"parameters": parameters, "seeds": seeds, "values": point(parameters, seeds)}
        points[name] = entry
        write(path, points)
        print(f"{name}: success {entry['values']['success_rate']['mean']:.4f}, {time.time() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
