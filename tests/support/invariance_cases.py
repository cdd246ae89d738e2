"""The cases that results are compared in: between them they reach all of the models."""
from __future__ import annotations

import itertools
import os

from parley_runs import CONFIGS

# (ranks, threads, partitions a rank); ranks None: without a launcher, on the serial transport.
REFERENCE = (None, 1, 1)
FULL_GRID = [(None, 1, 2), (None, 2, 2), (None, 2, 5), *itertools.product((1, 2, 3, 4), (1, 2), (1, 2, 5))]
# Every number of ranks with every number of partitions. One partition a rank has nothing for a second thread to do, so
# the points that differ in that alone are left to the full set.
GRID = FULL_GRID if os.environ.get("PARLEY_TEST_FULL") else [
    (None, 1, 2), (None, 2, 5), *((ranks, threads, partitions) for ranks in (1, 2, 3, 4)
                                  for threads, partitions in ((1, 1), (2, 2), (2 - ranks % 2, 5)))]
RANKS_AND_THREADS = [(None, 2, 5), *((ranks, 1, 1) for ranks in (1, 2, 3, 4)), (3, 2, 2)]
FEW = [(None, 2, 5), (3, 1, 5), (4, 2, 1)]

CASES = {
    "paper-sybil": (CONFIGS / "paper-sybil.ini", GRID, {"run.duration": "75s"}),
    "20000 peers": (CONFIGS / "sybil-1m.ini", GRID, {
        "peers.count": 20000, "run.duration": "10s", "run.warmup": "5s"}),
    # Many simultaneous events: delays are multiples of a quarter of the lookahead.
    "phold": (CONFIGS / "phold.ini", GRID, {
        "phold.entities": 16384, "phold.tick": "250ms", "phold.lookahead": "1s", "run.warmup": "0s",
        "run.duration": "60s"}),
    # Three blocks of ids, which ranks share otherwise than they share peers.
    **{kind: (CONFIGS / "sybil-1m.ini", RANKS_AND_THREADS, {
        "peers.count": 10000, "run.duration": "8s", "run.warmup": "2s", "reputation.kind": kind,
        "reputation.epoch": "2s", "descriptor.ttl": "3s"}) for kind in ("eigentrust", "sybilrank")},
    # What steps and policies can do beyond the presets.
    "execution": (CONFIGS / "paper-ttl.ini", FEW, {
        "peers.count": 300, "run.duration": "40s", "run.warmup": "10s", "adversary.fraction": 0.3,
        "policy.name": "cost_aware", "evidence.commit_gate": "true",
        "drift.kind": "ou", "drift.advertise": "withdraw",
        "workflow.steps": "a: any/low; b: image_generation/medium after a with max_price 2; c: any/high after a; "
                          "d: publishing/high/side_effect after b, c"}),
    # Everything else that is in the model: drift, several shards a cell, canaries in parallel, silent Sybils,
    # full queues, evicted ratings, latencies beyond the time-outs.
    "mixed": (CONFIGS / "paper-ttl.ini", FEW, {
        "peers.count": 500, "peers.workflow_rate": 0.3, "run.duration": "60s", "run.warmup": "10s",
        "registry.entries_per_shard": 60, "registry.fanout": 2, "canary.parallel": 3, "canary.count": 2,
        "adversary.fraction": 0.3, "adversary.silent": 0.5, "execution.queue_capacity": 1, "execution.timeout": "4s",
        "query.timeout": "150ms", "canary.timeout": "250ms", "reputation.ratings_per_rater": 4,
        "reputation.table_size": 3, "workflow.deadline": "20s",
        "workflow.steps": "any/low, image_generation/medium, publishing/high/side_effect"}),
    # What happens to messages on their way.
    "connectivity": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 400, "peers.workflow_rate": 0.2, "run.duration": "40s", "run.warmup": "10s",
        "registry.entries_per_shard": 80, "network.regions": "regions/simblock-2019.csv", "query.regions": "NA, EU, JP",
        "network.loss": 0.05, "nat.share": 0.5}),
    # What Sybils may do besides poisoning the index.
    "adversary": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 300, "peers.workflow_rate": 0.3, "run.duration": "40s", "run.warmup": "5s",
        "adversary.targeting": "uniform", "adversary.silent": 0.2, "adversary.onoff": 0.4, "adversary.on": "3s",
        "adversary.off": "2s", "adversary.canary_recognition": 0.3, "adversary.fraction": 0.4}),
    # Stolen names, several shards a cell, real signatures.
    "forging": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 200, "peers.workflow_rate": 0.1, "run.duration": "30s", "run.warmup": "5s",
        "adversary.fraction": 0.3, "adversary.forge_rate": 0.3, "identity.verify": "false",
        "identity.signature": "ed25519", "policy.name": "tier3", "evidence.commit_gate": "true",
        "registry.entries_per_shard": 50, "registry.fanout": 2}),
    "verifying": (CONFIGS / "paper-sybil.ini", [(2, 2, 2)], {
        "peers.count": 100, "run.duration": "30s", "run.warmup": "5s", "adversary.fraction": 0.3,
        "adversary.forge_rate": 0.3, "identity.signature": "ed25519", "policy.name": "tier2"}),
    # Peers that go off and come back, and Sybils under fresh identities, which trust along ratings must tell apart.
    "presence": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 300, "peers.workflow_rate": 0.3, "run.duration": "40s", "run.warmup": "10s",
        "adversary.fraction": 0.3, "adversary.whitewash": "true", "adversary.rejoin_delay": "3s",
        "adversary.forge_rate": 0.2, "identity.verify": "false", "identity.signature": "ed25519",
        "adversary.praise_rate": 0.2, "adversary.badmouth": "true",
        "reputation.kind": "eigentrust", "reputation.epoch": "2s", "reputation.ratings_per_rater": 6,
        "churn.kind": "weibull", "churn.on_scale": "8s", "churn.off_mean": "6s", "descriptor.ttl": "6s",
        "evidence.commit_gate": "true", "drift.kind": "two_state"}),
    # False reports, and the edges between honest peers and Sybils, some of them evicted.
    "collusion": (CONFIGS / "paper-sybil.ini", FEW, {
        "peers.count": 300, "peers.workflow_rate": 0.3, "run.duration": "40s", "run.warmup": "5s",
        "adversary.fraction": 0.4, "adversary.praise_rate": 0.5, "adversary.badmouth": "true", "policy.name": "tier1",
        "reputation.kind": "eigentrust", "reputation.epoch": "3s", "reputation.ratings_per_rater": 8}),
}
