"""The trust plane: the reputation service and the requesters' own tables."""

from collections import OrderedDict

import numpy as np


class Reputation:
    """The reputation service: pooled beta trust published every epoch (model section 6).

    Counts are stored inflated by 2^(T/half_life) instead of being decayed at each epoch.
    """

    def __init__(self, p, count):
        self.p, self.enabled = p, p["reputation.kind"] == "beta"
        if p["reputation.kind"] not in ("beta", "none"):
            raise ValueError("reputation.kind must be none or beta")
        self.trust = np.full(count, 0.5)
        self.pooled = np.zeros((count, 2))           # good, bad; inflated
        self.accounts = [OrderedDict() for _ in range(count)]
        self.fresh = {}                              # (rater, ratee) -> [good, bad] of the open epoch

    def report(self, rater, ratee, good):
        """A report reaches the ratings account of its rater."""
        self.fresh.setdefault((rater, ratee), [0.0, 0.0])[0 if good else 1] += 1.0

    def publish(self, now):
        """Close the epoch that ends now: cap, fold in, publish."""
        if not self.enabled:
            return
        inflation = 2.0 ** (now / self.p["reputation.half_life"])
        for (rater, ratee), counts in self.fresh.items():
            weight = counts[0] + counts[1]
            factor = inflation * min(1.0, self.p["reputation.rater_cap"] / weight)
            self._add(self.accounts[rater], ratee, np.array(counts) * factor)
        self.fresh = {}
        good, bad = np.maximum(self.pooled, 0.0).T / inflation
        self.trust = (1 + good) / (2 + good + bad)

    def _add(self, account, ratee, counts):
        """Add to one rater's account, the least recently updated ratee leaving when it is full."""
        account[ratee] = account.pop(ratee, 0.0) + counts
        self.pooled[ratee] += counts
        if len(account) > self.p["reputation.ratings_per_rater"]:
            gone, old = account.popitem(last=False)
            self.pooled[gone] -= old


class LocalTable:
    """A requester's own decayed counts about the peers it dealt with (model section 6)."""

    def __init__(self, p):
        self.half_life, self.size = p["reputation.half_life"], p["reputation.table_size"]
        self.prior = p["reputation.prior_weight"]
        self.rows = {}                               # ratee -> (good, bad, time), least recently updated first

    def update(self, ratee, good, now):
        g, b, then = self.rows.pop(ratee, (0.0, 0.0, now))
        decay = 0.5 ** ((now - then) / self.half_life)
        self.rows[ratee] = (g * decay + good, b * decay + (not good), now)
        if len(self.rows) > self.size:
            del self.rows[next(iter(self.rows))]

    def blend(self, ratee, published, now):
        """Trust used: local and published trust weighted by n_local and n0."""
        row = self.rows.get(ratee)
        if row is None:
            return published
        decay = 0.5 ** ((now - row[2]) / self.half_life)
        g, b = row[0] * decay, row[1] * decay
        return ((g + b) * (1 + g) / (2 + g + b) + self.prior * published) / (g + b + self.prior)
