#!/usr/bin/env python3
"""Make reference_of_mechanisms.json: as make_reference.py, for points that use what the presets leave at its default.

One point a mechanism, each small (N = 60, 260 s, warm-up 60 s, 60 seeds). Usage: make_reference_of_mechanisms.py [file]
"""

import os
import sys

import make_reference

SEEDS = 60
COMMON = {"peers.count": 60, "run.duration": 260.0, "run.warmup": 60.0, "adversary.fraction": 0.3}
DESIGN = {
    "canaries of three candidates at once": {
        "policy.name": "tier2", "canary.parallel": 3, "canary.guess": 0.3, "adversary.silent": 0.5,
        "adversary.malicious": 0.5},
    "two of several shards a cell": {
        "policy.name": "risk_aware", "registry.entries_per_shard": 12, "registry.fanout": 2},
    "generated classes": {
        "policy.name": "risk_aware", "capability.classes": 16, "peers.capabilities": 3, "adversary.descriptors": 4},
    "full queues and short deadlines": {
        "policy.name": "tier3", "execution.queue_capacity": 0, "peers.workflow_rate": 0.2, "execution.timeout": 3.0,
        "workflow.deadline": 15.0},
    "slow registry and short time-outs": {
        "policy.name": "tier2", "query.timeout": 0.09, "canary.timeout": 0.2, "registry.base_time": 0.01},
    "silent Sybils and small tables": {
        "policy.name": "tier1", "adversary.silent": 1.0, "adversary.malicious": 0.0, "reputation.table_size": 4,
        "peers.workflow_rate": 0.1},
    "hard constraints and argmax": {
        "policy.name": "tier2", "query.max_price": 2.0, "query.max_time": 2.6, "query.min_quality": 0.7,
        "policy.select": "argmax", "peers.workflow_rate": 0.02},
}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "reference_of_mechanisms.json")
    points = {}
    for name, settings in DESIGN.items():
        parameters = {**COMMON, **settings}
        points[name] = {"parameters": parameters, "seeds": SEEDS, "values": make_reference.point(parameters, SEEDS)}
        make_reference.write(path, points)
        print(f"{name}: success {points[name]['values']['success_rate']['mean']:.4f}", flush=True)


if __name__ == "__main__":
    main()
