"""Parameters by name with their defaults, durations in seconds; and what the text fixes."""

import math

INFINITY = math.inf
NAMED_CLASSES = (("image_generation", 2.0), ("publishing", 1.0))
RISK_TIER = {"low": 1, "medium": 2, "high": 3}
POLICY_TIER = {"optimistic": 0, "tier1": 1, "tier2": 2, "tier3": 3}

DEFAULTS = {
    "run.duration": 600.0, "run.warmup": 60.0,
    "peers.count": 100, "peers.capabilities": 2, "peers.workflow_rate": 0.05,
    "network.min_latency": 0.005, "network.median": 0.030, "network.sigma": 0.5,
    "identity.verify_time": 100e-6,
    "capability.classes": 0,             # 0: the two named classes of the paper preset; otherwise generated
    "capability.zipf": 0.9, "capability.median": 2.0, "capability.share": 1.0,
    "capability.dimension": 32, "capability.spread": 0.5,
    "capability.quality_a": 18.0, "capability.quality_b": 2.0,
    "capability.price_median": 1.0, "capability.price_sigma": 0.5, "capability.time_sigma": 0.25,
    "descriptor.ttl": 15.0, "descriptor.refresh_fraction": 0.5,
    "registry.candidates": 8, "registry.fanout": 1, "registry.entries_per_shard": 2000,
    "registry.base_time": 50e-6, "registry.per_entry": 20e-9, "registry.register_time": 20e-6,
    "query.spread": 1.0, "query.timeout": 2.0, "query.retries": 2,
    "query.max_price": INFINITY, "query.max_time": INFINITY, "query.min_quality": 0.0,
    "workflow.deadline": 60.0,
    "workflow.steps": "",                # class:risk:side_effect,... ; empty: the preset for the classes in use
    "execution.timeout": 20.0, "execution.queue_capacity": 16, "execution.outcome_detection": 0.5,
    "execution.sigma": 0.5,
    "drift.enabled": False, "drift.mean_nominal": 60.0, "drift.mean_degraded": 30.0, "drift.q_degraded": 0.1,
    "policy.name": "risk_aware", "policy.threshold": 0.3, "policy.select": "softmax", "policy.temperature": 0.05,
    "policy.max_attempts": 3, "policy.weight_match": 0.4, "policy.weight_quality": 0.4,
    "policy.weight_price": 0.1, "policy.weight_time": 0.1, "policy.weight_trust": 0.5,
    "reputation.kind": "beta", "reputation.epoch": 10.0, "reputation.half_life": 600.0,
    "reputation.prior_weight": 4.0, "reputation.table_size": 64, "reputation.ratings_per_rater": 256,
    "reputation.rater_cap": 1.0,
    "canary.count": 1, "canary.timeout": 1.0, "canary.guess": 0.05, "canary.exec_time": 0.1, "canary.parallel": 1,
    "canary.pass_nominal": 0.99,
    "evidence.verify_time": 0.05, "evidence.detection": 0.98, "evidence.false_reject": 0.01,
    "adversary.fraction": 0.0, "adversary.descriptors": 2, "adversary.embedding_gain": 0.5,
    "adversary.malicious": 1.0, "adversary.silent": 0.0,
    "adversary.targeting": "popularity",
}
