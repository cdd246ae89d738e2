"""The discovery plane: registry shards."""

import numpy as np

from .parameters import INFINITY
from .plane import Plane


class Registry(Plane):
    """One slot per instance: expiry, sequence number, claims; one server per shard (model section 4)."""

    def __init__(self, simulation):
        super().__init__(simulation)
        total = len(self.pop.peer)
        self.expiry = np.full(total, -INFINITY)
        self.sequence = [-1.0] * total
        self.claim_quality = self.pop.quality.copy()
        self.claim_degraded = np.zeros(total, dtype=bool)
        self.shard_free = [0.0] * (len(self.pop.shard_begin) - 1)

    def register(self, instance, issued, quality, degraded):
        """A registration reaches its shard: upsert unless older (model section 4)."""
        shard = int(self.pop.shard_of[instance])
        self._serve(shard, self.p["registry.register_time"] + self.p["identity.verify_time"])
        if issued > self.sequence[instance]:
            self.sequence[instance] = issued
            self.expiry[instance] = issued + self.p["descriptor.ttl"]
            self.claim_quality[instance] = quality
            self.claim_degraded[instance] = degraded

    def _serve(self, shard, work):
        """FIFO single server of a shard; returns how long from now the request is done."""
        self.shard_free[shard] = max(self.now, self.shard_free[shard]) + work
        return self.shard_free[shard] - self.now

    def query(self, shard, step):
        """A query at a shard: the K best live entries that meet the constraints (model section 4)."""
        p, pop = self.p, self.pop
        begin, end = pop.shard_begin[shard], pop.shard_begin[shard + 1]
        live = self.expiry[begin:end] > self.now
        work = p["registry.base_time"] + p["registry.per_entry"] * int(np.count_nonzero(live))
        fits = live & (pop.peer[begin:end] != step.workflow.requester)
        fits &= ((pop.price[begin:end] <= p["query.max_price"]) & (pop.time[begin:end] <= p["query.max_time"])
                 & (self.claim_quality[begin:end] >= p["query.min_quality"]))
        published, removed = self.simulation.reputation.trust[pop.peer[begin:end]], False
        if step.tier >= 1:
            trusted = fits & (published >= p["policy.threshold"])
            removed = bool((trusted != fits).any())
            fits = trusted
        rows = np.flatnonzero(fits)
        match = np.maximum(0.0, pop.embedding[begin + rows] @ step.intent)
        best = np.argsort(-match, kind="stable")[:int(p["registry.candidates"])]
        chosen = rows[best] + begin
        answer = (chosen, match[best], self.claim_quality[chosen], published[rows[best]], removed)
        self.metrics.control(64 + 96 * len(chosen))
        self.metrics.count("candidates", len(chosen))
        self.metrics.count("poisoned_candidates", int(np.count_nonzero(pop.sybil[chosen])))
        self.send(self.simulation.requesters.answer, step, shard, answer, after=self._serve(shard, work))
