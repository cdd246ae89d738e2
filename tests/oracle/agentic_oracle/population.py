"""Peers, classes and capability instances."""

import math

import numpy as np

from .draws import mix64, normalise
from .parameters import NAMED_CLASSES


class Population:
    """Peers, classes and capability instances (model sections 1, 4 and 7).

    An instance is what one peer registers for one class; instances are numbered so that those of one
    shard are contiguous and in the order of their peers (so a stable sort breaks ties by the lower peer).
    """

    def __init__(self, p, draws):
        self.p, self.draws, self.rng = p, draws, draws.generator
        self.count = int(p["peers.count"])
        self.sybils = int(math.floor(p["adversary.fraction"] * self.count + 0.5))
        self.is_sybil = np.zeros(self.count, dtype=bool)
        self.is_sybil[self.rng.permutation(self.count)[:self.sybils]] = True
        self._behaviours()
        self._classes()
        self._shard_counts()
        self._instances()

    def _behaviours(self):
        """A Sybil's behaviour is drawn once, by the mix probabilities (model section 7)."""
        malicious, silent = self.p["adversary.malicious"], self.p["adversary.silent"]
        self.silent = self.is_sybil & (self.rng.random(self.count) * (malicious + silent) >= malicious)

    def _classes(self):
        """Class medians, popularities and prototypes (model section 4)."""
        p, generated = self.p, int(self.p["capability.classes"])
        if generated:
            weights = np.arange(1, generated + 1, dtype=float) ** -p["capability.zipf"]
            self.names = [f"class_{c}" for c in range(generated)]
            self.median = np.full(generated, float(p["capability.median"]))
        else:
            weights = np.ones(len(NAMED_CLASSES))
            self.names = [name for name, _ in NAMED_CLASSES]
            self.median = np.array([median for _, median in NAMED_CLASSES])
        self.generated = bool(generated)
        self.popularity = weights / weights.sum()
        self.cumulative = np.cumsum(self.popularity)
        self.mean_time = self.median * math.exp((p["capability.time_sigma"] ** 2 + p["execution.sigma"] ** 2) / 2)
        self.prototype = normalise(self.rng.standard_normal((len(weights), int(p["capability.dimension"]))))

    def _shard_counts(self):
        """Shards of each cell: ceil(expected entries / entries_per_shard) (model section 4)."""
        p, honest = self.p, self.count - self.sybils
        if self.generated:
            offered = np.minimum(1.0, p["peers.capabilities"] * self.popularity)
        else:
            offered = np.full(len(self.names), float(p["capability.share"]))
        targeted = np.minimum(1.0, p["adversary.descriptors"] * self._target_law())
        expected = honest * offered + self.sybils * targeted
        self.shards_per_cell = np.maximum(1, np.ceil(expected / p["registry.entries_per_shard"])).astype(int)
        self.first_shard = np.concatenate(([0], np.cumsum(self.shards_per_cell)))

    def _target_law(self):
        """The law Sybils choose their classes by (model section 7, targeting)."""
        if self.p["adversary.targeting"] == "uniform":
            return np.full(len(self.names), 1.0 / len(self.names))
        return self.popularity

    def _draw_distinct(self, number, law):
        """`number` distinct classes drawn by the law, one after the other, repeats redrawn."""
        number, chosen, cumulative = min(int(number), len(law)), [], np.cumsum(law)
        while len(chosen) < number:
            c = min(int(np.searchsorted(cumulative, self.draws.uniform() * cumulative[-1], side="right")), len(law) - 1)
            if c not in chosen:
                chosen.append(c)
        return chosen

    def draw_class(self):
        """A class drawn by popularity, for a step of class `any` (model section 5)."""
        index = int(np.searchsorted(self.cumulative, self.draws.uniform(), side="right"))
        return min(index, len(self.names) - 1)

    def _offers(self, peer):
        """The classes a peer registers in (model sections 4 and 7)."""
        if self.is_sybil[peer]:
            return self._draw_distinct(self.p["adversary.descriptors"], self._target_law())
        if self.generated:
            return self._draw_distinct(self.p["peers.capabilities"], self.popularity)
        return [c for c in range(len(self.names)) if self.draws.uniform() < self.p["capability.share"]]

    def _instances(self):
        """All instances with their true properties and their claims (model sections 4 and 7)."""
        p, rng = self.p, self.rng
        rows = []
        for peer in range(self.count):
            for c in self._offers(peer):
                rows.append((int(self.first_shard[c]) + mix64(peer) % int(self.shards_per_cell[c]), peer, c))
        rows.sort()
        shard, self.peer, self.cls = (np.array(column, dtype=int) for column in zip(*rows))
        total, d = len(rows), int(p["capability.dimension"])
        shards = int(self.first_shard[-1])
        self.shard_of = shard
        self.shard_begin = np.searchsorted(shard, np.arange(shards + 1)).tolist()
        self.sybil = self.is_sybil[self.peer]
        noise = p["capability.spread"] / math.sqrt(d) * rng.standard_normal((total, d))
        self.embedding = normalise(self.prototype[self.cls] + noise)
        self.quality = rng.beta(p["capability.quality_a"], p["capability.quality_b"], total)
        self.price = p["capability.price_median"] * np.exp(p["capability.price_sigma"] * rng.standard_normal(total))
        self.own_median = self.median[self.cls] * np.exp(p["capability.time_sigma"] * rng.standard_normal(total))
        self.time = self.own_median * math.exp(p["execution.sigma"] ** 2 / 2)
        self._poison()

    def _poison(self):
        """What Sybils claim instead of the truth (model section 7, index poisoning)."""
        p, s, z10 = self.p, self.sybil, -1.2815515655446004
        gain = p["adversary.embedding_gain"]
        self.quality[s] = self.rng.uniform(0.97, 1.0, int(s.sum()))
        self.price[s] = p["capability.price_median"] * math.exp(z10 * p["capability.price_sigma"])
        scale = math.exp(p["execution.sigma"] ** 2 / 2 + z10 * p["capability.time_sigma"])
        self.time[s] = self.median[self.cls[s]] * scale
        self.embedding[s] = normalise((1 - gain) * self.embedding[s] + gain * self.prototype[self.cls[s]])
