"""What is counted, and the summary of a run."""

import math
from collections import Counter

import numpy as np


class Metrics:
    """Counts and samples over [warmup, horizon] (model section 8)."""

    def __init__(self, p):
        self.p, self.warmup, self.now = p, p["run.warmup"], 0.0
        self.counts = Counter()
        self.samples = {"discovery": [], "end_to_end": [], "end_to_end_all": [], "queue_wait": []}
        self.levels = Counter()                      # sums over the per-second samples

    def count(self, name, amount=1):
        if self.now >= self.warmup:
            self.counts[name] += amount

    def sample(self, name, value):
        if self.now >= self.warmup:
            self.samples[name].append(value)

    def control(self, size):
        self.count("control_bytes", size)

    def data(self, size):
        self.count("data_bytes", size)

    def take_levels(self, pop, registry, degraded, trust):
        """Levels at the end of a one-second interval (model section 8)."""
        if self.now <= self.warmup:
            return
        levels, sybil = self.levels, pop.is_sybil
        live = registry.expiry > self.now
        honest_live = live & ~pop.sybil
        says_nominal = honest_live & ~registry.claim_degraded
        levels["samples"] += 1
        levels["live"] += int(live.sum())
        levels["stale"] += int((honest_live & (registry.claim_degraded != degraded)).sum())
        levels["says_nominal"] += int(says_nominal.sum())
        levels["stale_nominal"] += int((says_nominal & degraded).sum())
        if not sybil.all():
            levels["trust_honest"] += float(trust[~sybil].mean())
        if sybil.any():
            levels["trust_sybil"] += float(trust[sybil].mean())
            levels["auc"] += self._auc(trust[~sybil], trust[sybil])

    @staticmethod
    def _auc(honest, sybil):
        """P(trust of a random honest peer > of a random Sybil), ties one half."""
        ordered = np.sort(sybil)
        below = np.searchsorted(ordered, honest, "left") + np.searchsorted(ordered, honest, "right")
        return float(below.mean() / (2 * len(sybil))) if len(honest) else math.nan

    def summary(self, pop):
        """The summary values by name (model section 8); a value that is not defined is None."""
        c, levels = self.counts, self.levels
        ended = c["workflows_success"] + c["workflows_compromised"] + c["workflows_failed"]
        peer_seconds = pop.count * (self.p["run.duration"] - self.warmup)
        out = {name: c[name] for name in (
            "workflows_started", "workflows_success", "workflows_compromised", "workflows_failed", "workflows_tainted",
            "unsafe_actions", "canaries_sent", "canaries_failed", "canaries_evaded", "evidence_verified",
            "evidence_rejected", "register_messages", "busy_answers")}
        out["workflows_failed_by_reason"] = {k[7:]: n for k, n in sorted(c.items()) if k.startswith("failed:")}
        out["success_rate"] = ratio(c["workflows_success"], ended)
        out["compromised_rate"] = ratio(c["workflows_compromised"], ended)
        for kind in ("control", "data"):
            out[kind + "_bytes_per_peer_second"] = ratio(c[kind + "_bytes"], peer_seconds)
        out["poisoned_candidate_share"] = ratio(c["poisoned_candidates"], c["candidates"])
        out["stale_entry_share"] = ratio(levels["stale"], levels["live"])
        out["stale_nominal_share"] = ratio(levels["stale_nominal"], levels["says_nominal"])
        out["mean_trust_honest"] = ratio(levels["trust_honest"], levels["samples"])
        sybil_samples = levels["samples"] if pop.sybils else 0
        out["mean_trust_sybil"] = ratio(levels["trust_sybil"], sybil_samples)
        out["trust_auc"] = ratio(levels["auc"], sybil_samples)
        for kind, name in (("discovery", "discovery_latency"), ("end_to_end", "end_to_end_latency"),
                           ("end_to_end_all", "end_to_end_latency_all"), ("queue_wait", "queue_wait")):
            values = self.samples[kind]
            for q in (50, 90, 99):
                out[f"{name}_p{q}"] = float(np.percentile(values, q)) if values else None
        return out


def ratio(numerator, denominator):
    return numerator / denominator if denominator else None
