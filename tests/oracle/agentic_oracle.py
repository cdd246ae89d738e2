#!/usr/bin/env python3
"""Independent reference implementation of the agentic peer-to-peer model ("the oracle").

A plain sequential event-driven simulation written from the text of the model alone: sections 1-6 and 8,
and of section 7 index poisoning by malicious and silent Sybils. It shares no code and no random stream with
the engine; the two agree statistically, not bit by bit.

Not modelled: churn, loss, NAT, several regions, forging, budget, real signatures, DAGs, drift kinds other than
the two-state chain with truthful claims, the commit gate, adaptive adversaries, eigentrust, sybilrank.

Readings of the text where it leaves a choice
---------------------------------------------
Execution and verification
 1. Evidence comes with the result (tier 3); the workflow waits verify_time, then accepts or rejects. The delegation
    timer stops when the result arrives.
 2. A probe of a candidate has failed as soon as one failing canary answer arrives, or at the time-out; it makes one bad
    outcome, whatever canary.count is. An honest provider's canary is decided by its state at the canary's completion.
 3. A step of tier 2 or 3 that runs out fails for the reason of the last removal of a candidate: canary failed or
    evidence rejected -> verification_exhausted; noticed bad -> execution_failed; time-out -> timeout; busy -> busy.
    Tiers 0 and 1: noticed bad -> execution_failed, time-out -> timeout, busy everywhere -> busy.
 4. An empty answer -> no_trusted_candidate if min_trust removed something, else no_candidate; everything removed by
    the requester's own filter (blended trust >= threshold, besides the registry's on published trust) -> no_trusted_candidate.
 5. canary.parallel = p: the next p candidates are probed together; results not used stay valid for the step, and the
    next p are asked only when all those before them have failed.
 6. queue_capacity tasks wait besides the one in service. A provider is never told that a requester gave up.
 7. A Sybil executes in LogNormal(own median, sigma), own median drawn as for an honest instance; side by side, no
    queue. A silent Sybil executes nothing, so it causes no unsafe action.
 8. Tier 0 sends no feedback and keeps no local entries. One Gumbel draw per candidate and step fixes the order.
Discovery
 9. Signing time (25 us) delays nothing; verifying (100 us) is charged to the registry only.
10. Sybils refresh like honest peers; their claims are drawn once. Their classes are distinct, drawn by popularity (all
    named classes are equally popular). The 10 % quantiles are the exact ones of the honest laws, not sample quantiles.
11. "class mean" = class median * exp(0.25^2/2 + sigma^2/2), the mean of honest executions; price median = 1.
12. Embedding gain g: normalise((1-g)*honest_draw + g*prototype).
13. An answer is computed with state and published trust at the query's arrival; a discovery counts (latency too)
    even if its answer is empty.
14. With named classes the expected entries of a cell are honest*share + Sybils*min(1, descriptors/classes).
15. Steps of class `any` draw independently of each other; a workflow may draw one class twice.
Reputation
16. Global counts decay by whole epochs; the reports of the closing epoch enter undecayed, after the cap. Eviction from a
    ratings account happens when the epoch is folded in.
17. Local counts decay continuously; trust used is computed once per step, when the answer has come.
18. reputation.kind defaults to beta; all Sybils malicious by default.
Metrics
19. run.duration includes the warm-up: everything counts over [warmup, duration], by the time of the event (a message:
    when it is sent). Levels: mean over the samples at whole seconds in (warmup, duration], taken after publication.
20. end_to_end_latency: of workflows with all steps accepted (success or compromised); end_to_end_latency_all_*: of all
    that ended. Percentiles are of the raw values. Queue wait: honest providers, tasks started (zero waits included).
21. stale_entry_share = sum of stale / sum of live over the samples, stale = live honest entry whose claimed state is
    not the present one; stale_nominal_share likewise among live honest entries that claim nominal.
22. evidence_verified counts every package checked, rejected ones too. canaries_failed counts failing answers and
    unanswered canaries; canaries_evaded = passed by a Sybil; both at the requester.
"""

import argparse
import heapq
import json
import math
import sys
from collections import Counter, OrderedDict, deque

import numpy as np

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


class Draws:
    """Scalar random draws, taken from numpy in blocks because single calls are slow."""

    BLOCK = 4096

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)
        self._uniform, self._normal, self._exponential = [], [], []

    def uniform(self):
        if not self._uniform:
            self._uniform = self.generator.random(self.BLOCK).tolist()
        return self._uniform.pop()

    def exponential(self, mean):
        if not self._exponential:
            self._exponential = self.generator.standard_exponential(self.BLOCK).tolist()
        return mean * self._exponential.pop()

    def lognormal(self, median, sigma):
        if not self._normal:
            self._normal = self.generator.standard_normal(self.BLOCK).tolist()
        return median * math.exp(sigma * self._normal.pop())


def normalise(vectors):
    """Vectors scaled to length one along their last axis."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def mix64(value):
    """A 64-bit hash of a peer's number (splitmix64), for its shard in a cell."""
    mask = (1 << 64) - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


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


class Metrics:
    """Counts and samples over [warmup, horizon] (model section 8)."""

    def __init__(self, warmup):
        self.warmup, self.now = warmup, 0.0
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


class Workflow:
    """One workflow of an honest peer (model section 5)."""

    __slots__ = ("requester", "started", "classes", "index", "tainted", "ended")

    def __init__(self, requester, started, classes):
        self.requester, self.started, self.classes = requester, started, classes
        self.index, self.tainted, self.ended = 0, False, False


class Step:
    """One step under way: its discovery, its ordered candidates and its attempts."""

    __slots__ = ("workflow", "cls", "tier", "side_effect", "intent", "shards", "answers", "sent", "tries",
                 "discovered", "order", "position", "probes", "delegating", "attempts", "reason")

    def __init__(self, workflow, cls, tier, side_effect):
        self.workflow, self.cls, self.tier, self.side_effect = workflow, cls, tier, side_effect
        self.answers, self.tries, self.discovered = {}, 0, False
        self.order, self.position, self.probes = [], 0, {}
        self.delegating, self.attempts, self.reason = False, 0, None


class Probe:
    """The canaries sent to one candidate; state is pending, passed or failed."""

    __slots__ = ("step", "instance", "waiting", "state", "expired")

    def __init__(self, step, instance, waiting):
        self.step, self.instance, self.waiting = step, instance, waiting
        self.state, self.expired = "pending", False


class Delegation:
    """One task handed to one provider."""

    __slots__ = ("step", "instance", "open", "arrived")

    def __init__(self, step, instance):
        self.step, self.instance, self.open, self.arrived = step, instance, True, 0.0


class Simulation:
    """The event loop and the behaviour of peers and registry shards."""

    def __init__(self, parameters, seed):
        unknown = set(parameters) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"unknown parameters: {sorted(unknown)}")
        self.p = p = {**DEFAULTS, **parameters}
        self.draws = Draws(seed)
        self.pop = Population(p, self.draws)
        self.metrics = Metrics(p["run.warmup"])
        self.reputation = Reputation(p, self.pop.count)
        self.tables = [LocalTable(p) for _ in range(self.pop.count)]
        self.now, self.events, self.serial = 0.0, [], 0
        self.peer = self.pop.peer.tolist()
        self.sybil = self.pop.sybil.tolist()
        self.quality = self.pop.quality.tolist()
        self.own_median = self.pop.own_median.tolist()
        self.steps = self._step_list()
        self._registry_state()
        self._provider_state()
        self._sizes()

    def _step_list(self):
        """(class or None for `any`, tier, side effect) of each step (model sections 5, 6 and 9)."""
        text = self.p["workflow.steps"]
        if not text:
            first, second = ("any", "any") if self.pop.generated else ("image_generation", "publishing")
            text = f"{first}:medium:0,{second}:high:1"
        steps = []
        for item in text.split(","):
            name, risk, side_effect = item.split(":")
            policy = self.p["policy.name"]
            tier = RISK_TIER[risk] if policy == "risk_aware" else POLICY_TIER[policy]
            cls = None if name == "any" else self.pop.names.index(name)
            steps.append((cls, tier, side_effect == "1"))
        return steps

    def _registry_state(self):
        """One slot per instance: expiry, sequence number, claims; one server per shard (model section 4)."""
        total = len(self.peer)
        self.expiry = np.full(total, -INFINITY)
        self.sequence = [-1.0] * total
        self.claim_quality = self.pop.quality.copy()
        self.claim_degraded = np.zeros(total, dtype=bool)
        self.shard_free = [0.0] * (len(self.pop.shard_begin) - 1)

    def _provider_state(self):
        """Present state of instances and the queues of providers (model section 5)."""
        p, total = self.p, len(self.peer)
        self.degraded = np.zeros(total, dtype=bool)
        if p["drift.enabled"]:
            share = p["drift.mean_degraded"] / (p["drift.mean_nominal"] + p["drift.mean_degraded"])
            self.degraded = (self.draws.generator.random(total) < share) & ~self.pop.sybil
        self.serving = [False] * self.pop.count
        self.queues = [deque() for _ in range(self.pop.count)]

    def _sizes(self):
        """Modelled message sizes (model section 8)."""
        d = int(self.p["capability.dimension"])
        self.register_size, self.query_size = 576 + 4 * d, 96 + 4 * d

    # ---- engine -------------------------------------------------------------------------------------------

    def at(self, time, action, *arguments):
        """Schedule an event."""
        self.serial += 1
        heapq.heappush(self.events, (time, self.serial, action, arguments))

    def send(self, action, *arguments, after=0.0):
        """Schedule a message's arrival: one-way delay of model section 2, leaving `after` from now."""
        p = self.p
        delay = p["network.min_latency"] + self.draws.lognormal(p["network.median"], p["network.sigma"])
        self.at(self.now + after + delay, action, *arguments)

    def run(self):
        """Run to the horizon; publications and samples come before every event at or after their time."""
        self._start()
        horizon, epoch = self.p["run.duration"], self.p["reputation.epoch"]
        published, sampled = 1, 1                    # the next boundary of each kind
        while True:
            upcoming = self.events[0][0] if self.events else INFINITY
            boundary = min(published * epoch, float(sampled))
            if min(upcoming, boundary) > horizon:
                return self.summary()
            if boundary <= upcoming:
                self.now = self.metrics.now = boundary
                if published * epoch <= boundary:
                    self.reputation.publish(boundary)
                    published += 1
                if sampled <= boundary:
                    self.take_levels()
                    sampled += 1
                continue
            time, _, action, arguments = heapq.heappop(self.events)
            self.now = self.metrics.now = time
            action(*arguments)

    def _start(self):
        """First events: refreshes at a random phase, arrivals, drift."""
        period = self.p["descriptor.refresh_fraction"] * self.p["descriptor.ttl"]
        for instance in range(len(self.peer)):
            self.at(period * self.draws.uniform(), self.refresh, instance)
            if self.p["drift.enabled"] and not self.sybil[instance]:
                self.at(self._dwell(instance), self.flip, instance)
        for peer in np.flatnonzero(~self.pop.is_sybil).tolist():
            self.at(self.draws.exponential(1 / self.p["peers.workflow_rate"]), self.arrive, peer)

    # ---- drift and soft state -----------------------------------------------------------------------------

    def _dwell(self, instance):
        """Time left in the present state (model section 5, capability drift)."""
        return self.draws.exponential(self.p["drift.mean_degraded" if self.degraded[instance] else "drift.mean_nominal"])

    def flip(self, instance):
        """An honest instance changes between nominal and degraded."""
        self.degraded[instance] = not self.degraded[instance]
        self.at(self.now + self._dwell(instance), self.flip, instance)

    def refresh(self, instance):
        """Issue the descriptor again; honest claims are true at issue time (model section 4)."""
        degraded = bool(self.degraded[instance])
        quality = self.p["drift.q_degraded"] if degraded else self.quality[instance]
        self.metrics.count("register_messages")
        self.metrics.control(self.register_size)
        self.send(self.register, instance, self.now, quality, degraded)
        self.at(self.now + self.p["descriptor.refresh_fraction"] * self.p["descriptor.ttl"], self.refresh, instance)

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

    # ---- workflows and discovery --------------------------------------------------------------------------

    def arrive(self, peer):
        """Poisson arrival of a workflow at an honest peer (model section 5)."""
        self.at(self.now + self.draws.exponential(1 / self.p["peers.workflow_rate"]), self.arrive, peer)
        classes = [self.pop.draw_class() if cls is None else cls for cls, _, _ in self.steps]
        workflow = Workflow(peer, self.now, classes)
        self.metrics.count("workflows_started")
        self.at(self.now + self.p["workflow.deadline"], self.deadline, workflow)
        self.begin_step(workflow)

    def deadline(self, workflow):
        if not workflow.ended:
            self.fail(workflow, "deadline")

    def begin_step(self, workflow):
        """Draw the intent, choose the shards, send the query (model section 4)."""
        p, rng = self.p, self.draws.generator
        _, tier, side_effect = self.steps[workflow.index]
        step = Step(workflow, workflow.classes[workflow.index], tier, side_effect)
        d = int(p["capability.dimension"])
        noise = p["query.spread"] / math.sqrt(d) * rng.standard_normal(d)
        step.intent = normalise(self.pop.prototype[step.cls] + noise)
        first, available = int(self.pop.first_shard[step.cls]), int(self.pop.shards_per_cell[step.cls])
        if available == 1:
            step.shards = [first]
        else:
            chosen = rng.choice(available, min(int(p["registry.fanout"]), available), replace=False)
            step.shards = [first + int(s) for s in chosen]
        step.sent = self.now
        self.send_query(step)

    def send_query(self, step):
        for shard in step.shards:
            self.metrics.control(self.query_size)
            self.send(self.query, shard, step)
        self.at(self.now + self.p["query.timeout"], self.query_timeout, step)

    def query_timeout(self, step):
        """Merge what has come, or send again, or give up (model section 4)."""
        if step.discovered or step.workflow.ended:
            return
        if step.answers:
            self.discover(step)
        elif step.tries < self.p["query.retries"]:
            step.tries += 1
            self.send_query(step)
        else:
            self.fail(step.workflow, "discovery_failed")

    def query(self, shard, step):
        """A query at a shard: the K best live entries that meet the constraints (model section 4)."""
        p, pop = self.p, self.pop
        begin, end = pop.shard_begin[shard], pop.shard_begin[shard + 1]
        live = self.expiry[begin:end] > self.now
        work = p["registry.base_time"] + p["registry.per_entry"] * int(np.count_nonzero(live))
        fits = live & (pop.peer[begin:end] != step.workflow.requester)
        fits &= ((pop.price[begin:end] <= p["query.max_price"]) & (pop.time[begin:end] <= p["query.max_time"])
                 & (self.claim_quality[begin:end] >= p["query.min_quality"]))
        published, removed = self.reputation.trust[pop.peer[begin:end]], False
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
        self.send(self.answer, step, shard, answer, after=self._serve(shard, work))

    def answer(self, step, shard, answer):
        """An answer reaches the requester; merge when all shards have answered."""
        if step.discovered or step.workflow.ended:
            return
        step.answers.setdefault(shard, answer)
        if len(step.answers) == len(step.shards):
            self.discover(step)

    def discover(self, step):
        """Merge the answers, filter by trust used, put the candidates in order (model sections 4 and 6)."""
        step.discovered = True
        self.metrics.sample("discovery", self.now - step.sent)
        parts = list(step.answers.values())
        chosen, match, quality, published = (np.concatenate([part[i] for part in parts]) for i in range(4))
        removed = any(part[4] for part in parts)
        if len(parts) > 1:
            best = np.lexsort((self.pop.peer[chosen], -match))[:int(self.p["registry.candidates"])]
            chosen, match, quality, published = chosen[best], match[best], quality[best], published[best]
        if not len(chosen):
            self.fail(step.workflow, "no_trusted_candidate" if removed else "no_candidate")
            return
        step.order = self.rank(step, chosen, match, quality, published)
        step.reason = "no_trusted_candidate"         # if the requester's own filter left nobody
        self.advance(step)

    def rank(self, step, chosen, match, quality, published):
        """Candidates that pass the filter, best first: softmax by Gumbel noise, or argmax (model section 6)."""
        p, pop = self.p, self.pop
        price, time = pop.price[chosen], pop.time[chosen]
        utility = (p["policy.weight_match"] * match + p["policy.weight_quality"] * quality
                   + p["policy.weight_price"] * (1 - price / (price + p["capability.price_median"]))
                   + p["policy.weight_time"] * (1 - time / (time + pop.mean_time[step.cls])))
        if step.tier >= 1:
            table, w = self.tables[step.workflow.requester], p["policy.weight_trust"]
            trust = np.array([table.blend(self.peer[i], t, self.now) for i, t in zip(chosen.tolist(), published.tolist())])
            utility = (1 - w) * utility + w * trust
            keep = trust >= p["policy.threshold"]
            chosen, utility = chosen[keep], utility[keep]
        if p["policy.select"] == "softmax":
            utility = utility / p["policy.temperature"] + self.draws.generator.gumbel(size=len(chosen))
        return chosen[np.lexsort((pop.peer[chosen], -utility))].tolist()

    # ---- candidates, canaries, delegation -----------------------------------------------------------------

    def advance(self, step):
        """Go on with the best candidate left: probe it (tiers 2 and 3) or delegate to it (model section 6)."""
        while step.position < len(step.order):
            if step.tier < 2:
                self.delegate(step)
                return
            probe = step.probes.get(step.position)
            if probe is None:
                last = min(step.position + int(self.p["canary.parallel"]), len(step.order))
                for position in range(step.position, last):
                    self.send_canaries(step, position)
                return
            if probe.state == "pending":
                return
            if probe.state == "passed":
                self.delegate(step)
                return
            step.position += 1                       # failed its canary
        self.fail(step.workflow, step.reason)

    def send_canaries(self, step, position):
        """Send `count` canaries at once to one candidate (model section 6)."""
        count = int(self.p["canary.count"])
        probe = step.probes[position] = Probe(step, step.order[position], count)
        self.metrics.count("canaries_sent", count)
        self.metrics.control(512 * count)
        for _ in range(count):
            self.send(self.canary_arrives, probe)
        self.at(self.now + self.p["canary.timeout"], self.canary_timeout, probe)

    def canary_arrives(self, probe):
        self.at(self.now + self.p["canary.exec_time"], self.canary_done, probe)

    def canary_done(self, probe):
        """The provider has done the canary, outside its queue (model section 6)."""
        p = self.p
        if self.sybil[probe.instance]:
            chance = p["canary.guess"]
        else:
            chance = p["drift.q_degraded"] if self.degraded[probe.instance] else p["canary.pass_nominal"]
        self.metrics.control(640)
        self.send(self.canary_answer, probe, self.draws.uniform() < chance)

    def canary_answer(self, probe, passed):
        """A canary's answer at the requester."""
        if probe.expired:
            return
        probe.waiting -= 1
        if passed:
            self.metrics.count("canaries_passed")
            if self.sybil[probe.instance]:
                self.metrics.count("canaries_evaded")
        else:
            self.metrics.count("canaries_failed")
        if probe.state == "pending":
            if not passed:
                self.resolve(probe, "failed")
            elif probe.waiting == 0:
                self.resolve(probe, "passed")

    def canary_timeout(self, probe):
        probe.expired = True
        self.metrics.count("canaries_failed", probe.waiting)
        if probe.state == "pending":
            self.resolve(probe, "failed")

    def resolve(self, probe, state):
        """A probe is decided; a failed one is blamed, a passed one counts for nothing."""
        step, probe.state = probe.step, state
        if step.workflow.ended:
            return
        if state == "failed":
            self.feedback(step, probe.instance, good=False)
            step.reason = "verification_exhausted"
        if not step.delegating:
            self.advance(step)

    def delegate(self, step):
        """Hand the task to the candidate at the present position (model section 5)."""
        step.delegating = True
        delegation = Delegation(step, step.order[step.position])
        self.metrics.data(4096)
        self.send(self.task_arrives, delegation)
        self.at(self.now + self.p["execution.timeout"], self.delegation_timeout, delegation)

    # ---- provider -----------------------------------------------------------------------------------------

    def task_arrives(self, delegation):
        """A provider accepts, queues or refuses a task; Sybils keep no queue (model sections 5 and 7)."""
        provider = self.peer[delegation.instance]
        delegation.arrived = self.now
        if self.pop.is_sybil[provider]:
            if not self.pop.silent[provider]:
                self.at(self.now + self._execution_time(delegation.instance), self.complete, delegation)
        elif not self.serving[provider]:
            self.start_task(provider, delegation)
        elif len(self.queues[provider]) < self.p["execution.queue_capacity"]:
            self.queues[provider].append(delegation)
        else:
            self.metrics.count("busy_answers")
            self.metrics.data(96)
            self.send(self.busy, delegation)

    def _execution_time(self, instance):
        return self.draws.lognormal(self.own_median[instance], self.p["execution.sigma"])

    def start_task(self, provider, delegation):
        self.serving[provider] = True
        self.metrics.sample("queue_wait", self.now - delegation.arrived)
        self.at(self.now + self._execution_time(delegation.instance), self.complete, delegation)

    def complete(self, delegation):
        """An execution ends: good or bad, by the state at completion (model section 5)."""
        instance, step = delegation.instance, delegation.step
        provider = self.peer[instance]
        if self.sybil[instance]:
            good = False
        else:
            chance = self.p["drift.q_degraded"] if self.degraded[instance] else self.quality[instance]
            good = self.draws.uniform() < chance
            if self.queues[provider]:
                self.start_task(provider, self.queues[provider].popleft())
            else:
                self.serving[provider] = False
        if step.side_effect and not good:
            self.metrics.count("unsafe_actions")
        self.metrics.data(16384)
        if step.tier == 3:
            self.metrics.control(4096)
        self.send(self.result, delegation, good)

    # ---- outcomes at the requester ------------------------------------------------------------------------

    def _close(self, delegation):
        """True if the delegation was still being waited for; it is not any more."""
        was_open, delegation.open = delegation.open, False
        return was_open and not delegation.step.workflow.ended

    def busy(self, delegation):
        """Busy: next candidate in every tier, no blame, no attempt used (model section 5)."""
        if self._close(delegation):
            step = delegation.step
            step.delegating, step.reason = False, "busy"
            step.position += 1
            self.advance(step)

    def delegation_timeout(self, delegation):
        if self._close(delegation):
            self.reject(delegation, "timeout")

    def result(self, delegation, good):
        """A result: verify the evidence (tier 3) or check the outcome (model sections 5 and 6)."""
        if not self._close(delegation):
            return
        if delegation.step.tier == 3:
            self.at(self.now + self.p["evidence.verify_time"], self.verified, delegation, good)
        elif not good and self.draws.uniform() < self.p["execution.outcome_detection"]:
            self.reject(delegation, "execution_failed")
        else:
            self.accept(delegation, good)

    def verified(self, delegation, good):
        """The evidence package has been verified (model section 6, tier 3)."""
        if delegation.step.workflow.ended:
            return
        self.metrics.count("evidence_verified")
        chance = self.p["evidence.false_reject"] if good else self.p["evidence.detection"]
        if self.draws.uniform() < chance:
            self.metrics.count("evidence_rejected")
            self.reject(delegation, "verification_exhausted")
        else:
            self.accept(delegation, good)

    def reject(self, delegation, reason):
        """The provider failed: blame it; tiers 2 and 3 go on, up to max_attempts (model section 6)."""
        step = delegation.step
        self.feedback(step, delegation.instance, good=False)
        step.delegating, step.reason = False, reason
        step.attempts += 1
        step.position += 1
        if step.tier < 2 or step.attempts >= self.p["policy.max_attempts"]:
            self.fail(step.workflow, reason)
        else:
            self.advance(step)

    def accept(self, delegation, good):
        """The step is accepted; go on or end the workflow (model section 5)."""
        workflow = delegation.step.workflow
        self.feedback(delegation.step, delegation.instance, good=True)
        workflow.tainted |= not good
        workflow.index += 1
        if workflow.index < len(self.steps):
            self.begin_step(workflow)
            return
        self.metrics.count("workflows_compromised" if workflow.tainted else "workflows_success")
        self.metrics.sample("end_to_end", self.now - workflow.started)
        self._end(workflow)

    def fail(self, workflow, reason):
        self.metrics.count("workflows_failed")
        self.metrics.count("failed:" + reason)
        if workflow.tainted:
            self.metrics.count("workflows_tainted")
        self._end(workflow)

    def _end(self, workflow):
        workflow.ended = True
        self.metrics.sample("end_to_end_all", self.now - workflow.started)

    def feedback(self, step, instance, good):
        """Local table and signed report, for tiers 1 to 3 (model section 6)."""
        if step.tier == 0:
            return
        rater, ratee = step.workflow.requester, self.peer[instance]
        self.tables[rater].update(ratee, good, self.now)
        self.metrics.control(160)
        self.send(self.reputation.report, rater, ratee, good)

    # ---- metrics ------------------------------------------------------------------------------------------

    def take_levels(self):
        """Levels at the end of a one-second interval (model section 8)."""
        if self.now <= self.p["run.warmup"]:
            return
        levels, sybil, trust = self.metrics.levels, self.pop.is_sybil, self.reputation.trust
        live = self.expiry > self.now
        honest_live = live & ~self.pop.sybil
        says_nominal = honest_live & ~self.claim_degraded
        levels["samples"] += 1
        levels["live"] += int(live.sum())
        levels["stale"] += int((honest_live & (self.claim_degraded != self.degraded)).sum())
        levels["says_nominal"] += int(says_nominal.sum())
        levels["stale_nominal"] += int((says_nominal & self.degraded).sum())
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

    def summary(self):
        """The summary values by name (model section 8); a value that is not defined is None."""
        c, levels = self.metrics.counts, self.metrics.levels
        ended = c["workflows_success"] + c["workflows_compromised"] + c["workflows_failed"]
        peer_seconds = self.pop.count * (self.p["run.duration"] - self.p["run.warmup"])
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
        sybil_samples = levels["samples"] if self.pop.sybils else 0
        out["mean_trust_sybil"] = ratio(levels["trust_sybil"], sybil_samples)
        out["trust_auc"] = ratio(levels["auc"], sybil_samples)
        for kind, name in (("discovery", "discovery_latency"), ("end_to_end", "end_to_end_latency"),
                           ("end_to_end_all", "end_to_end_latency_all"), ("queue_wait", "queue_wait")):
            values = self.metrics.samples[kind]
            for q in (50, 90, 99):
                out[f"{name}_p{q}"] = float(np.percentile(values, q)) if values else None
        return out


def ratio(numerator, denominator):
    return numerator / denominator if denominator else None


def run(parameters, seed):
    """Run one simulation: parameters override DEFAULTS; returns the summary values."""
    return Simulation(parameters, seed).run()


def parse_value(key, text):
    """A value from the command line, in the type of the key's default."""
    if key not in DEFAULTS:
        sys.exit(f"unknown parameter: {key}")
    default = DEFAULTS[key]
    if isinstance(default, bool):
        return text.lower() in ("true", "1", "yes", "on")
    if isinstance(default, (int, float)):
        return type(default)(float(text))
    return text


def main():
    parser = argparse.ArgumentParser(description="Reference implementation of the agentic peer-to-peer model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("settings", nargs="*", metavar="section.key=value")
    options = parser.parse_intermixed_args()
    parameters = {}
    for setting in options.settings:
        key, _, text = setting.partition("=")
        parameters[key] = parse_value(key, text)
    print(json.dumps(run(parameters, options.seed), indent=1))


if __name__ == "__main__":
    main()
