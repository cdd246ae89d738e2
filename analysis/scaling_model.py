"""How a run scales with ranks: a LogGP-style model, fitted to what was measured, that predicts larger machines.

scaling.py is the command, scaling_measurements.py does the measuring.
"""
from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, stats

FITTED = (2, 4, 8)  # 16 is for the check; one rank sends nothing
WINDOW = 5e-3  # s of simulated time: network.min_latency
EPOCH = 10.0  # s: reputation.epoch

# A query of a shard of 2,000 entries costs as much as 36 other events (12 + 0.012 an entry, class_catalogue.cpp).
QUERY_COST = 36.0
PEERS_PER_SHARD = 1000.0  # two descriptors a peer, 2,000 a shard

# An epoch's records (models/agentic/trust/): a change of pooled counts, a change of trust at one shard.
CHANGE_BYTES = 24
TRUST_BYTES = 12
MESSAGE_LIMIT = 2**31  # bytes of one message, and of where a part of a gathered array begins (mpi_transport.cpp)
BLOCK_PEERS = 4096  # block_distribution.hpp
# Most seen, see docs/scaling.md; sybilrank makes ceil(log2 N).
EIGENTRUST_ITERATIONS = 18
EIGENTRUST_SEARCHES = 15

# --- the model: traffic


def busy_pairs(ranks: float, messages: float) -> float:
    """Ordered pairs of ranks with something to send, when `messages` a window have uniform senders and receivers.

    A pair gets a Poisson number of mean messages / ranks^2.
    """
    return ranks * (ranks - 1) * -math.expm1(-messages / ranks**2)


def bytes_between_ranks(ranks: float, messages: float, size: float) -> float:
    """Bytes a window that leave their rank: a message stays with probability 1 / ranks."""
    return messages * size * (1 - 1 / ranks)


@dataclass
class Traffic:
    """Messages a window between entities, all ranks together, and bytes of one on the wire."""

    messages: float
    size: float


def fit_traffic(ranks: list[int], pairs: list[float], sent: list[float]) -> Traffic:
    """Least squares of relative errors; first the messages from the pairs, then the size from the bytes."""

    def errors(log_messages: np.ndarray) -> list[float]:
        return [busy_pairs(r, math.exp(log_messages[0])) / p - 1 for r, p in zip(ranks, pairs)]

    start = math.log(max(pairs) + 1)
    messages = math.exp(optimize.least_squares(errors, [start], xtol=1e-14, ftol=1e-14, gtol=1e-14).x[0])
    shares = [messages * (1 - 1 / r) / b for r, b in zip(ranks, sent)]
    return Traffic(messages, sum(shares) / sum(s * s for s in shares))


def expected_maximum(mean: float, count: int) -> float:
    """Expected maximum of `count` independent Poisson numbers: the sum over x of P(some number exceeds x)."""
    if count == 1:
        return mean
    top = int(mean + 12 * math.sqrt(mean * (1 + math.log(count))) + 12 * (1 + math.log(count)))
    x = np.arange(top)
    return float(-np.expm1(count * stats.poisson.logcdf(x, mean)).sum())


def imbalance(mean: float, unit: float, count: int) -> float:
    """Expected maximum over mean of `count` loads that are Poisson numbers of units."""
    return expected_maximum(mean / unit, count) / (mean / unit)


def work_unit(query_share: float, query_cost: float = QUERY_COST) -> float:
    """E[x^2] / E[x]^2 of the cost of an event: how many mean events one unit of chance is."""
    mean = 1 - query_share + query_share * query_cost
    return (1 - query_share + query_share * query_cost**2) / mean**2


# --- the model: time


@dataclass
class Costs:
    """Seconds of n messages of k bytes each way: fixed + each n + crowding n^2 + (k > eager) long n + byte n k."""

    fixed: float
    each: float
    crowding: float
    long: float
    byte: float


EAGER = 4000  # bytes


def total(costs: Costs, n: float, k: float) -> float:
    return costs.fixed + n * (costs.each + costs.crowding * n + costs.long * (k > EAGER) + costs.byte * k)


def fit_costs(rows: list[tuple[float, float, float]], crowding: bool = True) -> Costs:
    """Non-negative least squares of relative errors over rows (n, k, seconds); the term n^2 only if wanted."""
    n, k, seconds = np.array(rows, dtype=float).T
    terms = np.column_stack([np.ones_like(n), n, n * n * crowding, n * (k > EAGER), n * k]) / seconds[:, None]
    scale = np.abs(terms).max(axis=0)
    scale[scale == 0] = 1
    found, _ = optimize.nnls(terms / scale, np.ones_like(n), maxiter=1000)
    return Costs(*map(float, found / scale))


@dataclass
class Machine:
    """A cluster. Typical values, not measured: latency, bandwidth, and what a node has."""

    latency: float = 1.5e-6  # s
    overhead: float = 0.3e-6  # s that a message between nodes costs its sender and receiver more than one within
    message_rate: float = 100e6  # messages/s of a node's interface
    node_bandwidth: float = 12e9  # bytes/s of the interconnect, each way
    ranks_per_node: int = 64
    memory_bandwidth: float = 200e9  # bytes/s of a node


@dataclass
class Law:
    """What was measured of the model and the program."""

    events: float  # a peer and simulated second
    messages: float  # to any other entity, a peer and simulated second
    size: float  # bytes of a message on the wire
    query_share: float  # of the events
    event_costs: list[tuple[float, float]]  # (peers a rank, seconds an event)
    memory_base: float  # bytes a rank
    memory_peer: float  # bytes a peer
    changes: float  # bytes a peer and epoch of changed counts, to the ranks that own the ratees
    trust: float  # bytes a peer and epoch of changed trust, to the ranks that own the shards
    look: float = 0.0  # s that a look for messages from anybody costs more for each rank there is
    plain: Costs = field(default_factory=lambda: Costs(0, 0, 0, 0, 0))
    synchronous: Costs = field(default_factory=lambda: Costs(0, 0, 0, 0, 0))

    def event_cost(self, peers: float) -> float:
        known = sorted(self.event_costs)
        return float(np.interp(math.log(peers), [math.log(p) for p, _ in known], [c for _, c in known]))


def granularity(law: Law, peers: float, ranks: int) -> float:
    """What it costs that a shard is on one rank: its queries are spread over whole shards only."""
    shards = peers / PEERS_PER_SHARD / ranks
    share = law.query_share * QUERY_COST / (1 - law.query_share + law.query_share * QUERY_COST)
    return 1 + share * (math.ceil(shards) / shards - 1)


@dataclass
class Prediction:
    events: float  # a window and rank
    messages: float  # between entities, that leave the rank, a window and rank
    partners: float  # ranks that a rank has something for
    work: float  # s a window, mean rank
    slowest: float  # s a window, the slowest rank
    exchange: dict[str, float]  # s a window, without `looks`
    looks: float  # s a window that the sparse exchange spends on idle ranks in an MPI that scans them all
    epoch: dict[str, float]  # s an epoch
    epoch_bytes: float  # an epoch, sent by a rank to others
    epoch_partners: tuple[float, float]  # ranks that a rank has changed counts for, changed trust for
    memory: float  # bytes a rank

    def window(self, strategy: str) -> float:
        return self.slowest + self.exchange[strategy]

    def second(self, strategy: str) -> float:
        """Wall time of a simulated second, without epochs."""
        return self.window(strategy) / WINDOW

    def efficiency(self, strategy: str) -> float:
        return self.work / self.window(strategy)

    @property
    def best(self) -> str:
        return min(self.exchange, key=self.exchange.__getitem__)


def partners_of(ranks: int, messages: float) -> float:
    """Ranks that a rank has something for, when it has `messages` with uniform receivers."""
    return (ranks - 1) * -math.expm1(-messages / ranks)


def exchange_times(law: Law, ranks: int, posted: float, sent: float, machine: Machine) -> dict[str, float]:
    """Seconds of an exchange in which a rank has `posted` messages of `sent` bytes together, its own included."""
    node = min(ranks, machine.ranks_per_node)
    off_node = 1 - node / ranks
    partners = partners_of(ranks, posted)
    exchange = {}
    for strategy, n, costs in (("alltoallv", ranks - 1, law.plain), ("sparse", partners, law.synchronous)):
        trailer = 8 * (ranks - 1) if strategy == "alltoallv" else 0
        length = (sent * (1 - 1 / ranks) + trailer) / max(n, 1)
        seconds = costs.each * n + costs.crowding * n * n + costs.long * n * (length > EAGER)
        seconds += costs.byte * n * length + machine.overhead * off_node * n
        seconds += node * off_node * max((sent + trailer) / machine.node_bandwidth, n / machine.message_rate)
        # sparse: the receiver's acknowledgement, then the reduction
        reduction = math.log2(ranks) * (machine.latency + law.plain.each)
        exchange[strategy] = seconds + (machine.latency if strategy == "alltoallv" else 2 * machine.latency + reduction)
    return exchange


def predict(law: Law, peers: float, ranks: int, machine: Machine = Machine()) -> Prediction:
    """One window, one epoch and the memory of a run of `peers` on `ranks` ranks of one thread each."""
    local = peers / ranks
    events = law.events * local * WINDOW
    posted = law.messages * local * WINDOW
    work = law.event_cost(local) * events
    slowest = work * imbalance(events, work_unit(law.query_share), ranks) * granularity(law, peers, ranks)
    exchange = exchange_times(law, ranks, posted, posted * law.size, machine)
    partners = partners_of(ranks, posted)

    # Two exchanges; and, beside MPI, into the buffer to send, out of the one received, into the order of shards.
    lists = [(size * local / record, size * local) for size, record in ((law.changes, CHANGE_BYTES),
                                                                        (law.trust, TRUST_BYTES))]
    times = [exchange_times(law, ranks, records, size, machine) for records, size in lists]
    sent = sum(size for _, size in lists) * (1 - 1 / ranks)
    copies = 3 * min(ranks, machine.ranks_per_node) * sent / machine.memory_bandwidth
    epoch = {strategy: sum(time[strategy] for time in times) + copies for strategy in exchange}
    epoch_partners = tuple(partners_of(ranks, records) for records, _ in lists)
    return Prediction(events, posted * (1 - 1 / ranks), partners, work, slowest, exchange,
                      partners * law.look * ranks, epoch, sent, epoch_partners,
                      law.memory_base + law.memory_peer * local)


def longest_message(law: Law, peers: float, ranks: int) -> float:
    """Bytes of an epoch's longest message from one rank to another: 1 / ranks^2 of the larger list."""
    return max(law.changes, law.trust) * peers / ranks**2


@dataclass
class GraphEpoch:
    """What eigentrust or sybilrank add to an epoch by vectors over all peers that every rank gets."""

    received: float  # bytes an epoch, by every rank
    seconds: float  # of getting them
    memory: float  # bytes a rank, over all peers
    fits: bool  # the vector is below the limit of 2 GiB


def predict_graph(law: Law, peers: float, ranks: int, kind: str, machine: Machine = Machine()) -> GraphEpoch:
    """Parts travel round a ring: every rank gets each byte once, in ranks - 1 steps; a node gets it once, too."""
    node = min(ranks, machine.ranks_per_node)
    vectors = EIGENTRUST_ITERATIONS if kind == "eigentrust" else math.ceil(math.log2(peers))
    # Every gathered array: number, bytes. At the end trust and whether a peer is rated.
    arrays = [(vectors, 8 * peers), (1, 4 * peers), (1, peers)]
    if kind == "eigentrust":  # and sums of blocks, twice before the first iteration; who has trust, a bit a peer
        arrays += [(vectors + 1, 16 * peers / BLOCK_PEERS), (EIGENTRUST_SEARCHES, peers / 8)]
    received = sum(number * size for number, size in arrays)
    step = law.plain.each + machine.latency + machine.overhead * (ranks > node)
    seconds = sum(number for number, _ in arrays) * (ranks - 1) * step
    # Within a node each rank reads and writes all.
    seconds += (received / machine.node_bandwidth if ranks > node else 0.0)
    seconds += 2 * node * received / machine.memory_bandwidth
    memory = (8 * (2 if kind == "eigentrust" else 1) + 4 + 1) * peers
    return GraphEpoch(received, seconds, memory, 8 * peers * (1 - 1 / ranks) < MESSAGE_LIMIT)


def sparse_wins_from(law: Law, peers: float, machine: Machine = Machine()) -> int:
    """The least power of two of ranks from which the sparse exchange is the faster one."""
    ranks = 2
    while predict(law, peers, ranks, machine).best != "sparse":
        ranks *= 2
    return ranks


# --- the model from what was measured


# The times of docs/scaling.md, and what came from the same runs: for a file of counts only.
TIMES_OF_THE_PAGE = {
    "event_costs": [(2e3, 0.60e-6), (6e3, 0.53e-6), (2e4, 0.55e-6), (6e4, 0.67e-6), (2e5, 0.89e-6), (1e6, 1.20e-6)],
    "query_share": 0.057, "memory_base": 38e6, "memory_peer": 1392.0, "look": 0.96e-9,
    "plain": Costs(0.0, 0.12e-6, 0.0, 1.7e-6, 0.11e-9),
    "synchronous": Costs(0.0, 0.85e-6, 2.3e-9, 1.6e-6, 0.11e-9),
}


def times_of(measured: dict) -> dict:
    if "serial" not in measured:
        return TIMES_OF_THE_PAGE
    # Looking through all open sends again and again costs n^2; waiting for one message after the other does not.
    plain, synchronous = (fit_costs([tuple(row[1:]) for row in measured["benchmark"] if row[0] == style], style == 1)
                          for style in (0, 1))
    serial = measured["serial"]
    peers, memory = (np.array([row[key] for row in serial]) for key in ("peers", "memory"))
    slope, base = np.polyfit(peers, memory, 1, w=1 / memory)
    ranks, looks = np.array(measured["look"]).T
    return {"event_costs": [(row["peers"], row["event_cost"]) for row in serial],
            "query_share": serial[-1]["queries"], "memory_base": float(base), "memory_peer": float(slope),
            "look": float(np.polyfit(ranks, looks, 1)[0]), "plain": plain, "synchronous": synchronous}


def law_of(measured: dict) -> Law:
    """Everything the prediction needs."""
    rows = rows_of(measured, "20,000 peers")
    traffic = traffic_of(rows)
    per_peer_second = 1 / (20000 * WINDOW)
    changes, trust = epoch_bytes(measured["epochs"][-1], 2000, 2)
    return Law(events=rows[1]["events"] * per_peer_second, messages=traffic.messages * per_peer_second,
               size=traffic.size, changes=changes, trust=trust, **times_of(measured))


def epoch_bytes(epoch: dict, peers: int, ranks: int) -> tuple[float, float]:
    """Bytes a peer of changed counts and of changed trust, had none stayed on its rank."""
    first, last = (epoch["exchanges"][i][1] / peers / (1 - 1 / ranks) for i in (0, -1))
    return first, last


def rows_of(measured: dict, workload: str, strategy: str = "sparse") -> dict[int, dict]:
    return {row["ranks"]: row for row in measured["counts"][workload] if row["strategy"] == strategy}


def traffic_of(rows: dict[int, dict]) -> Traffic:
    return fit_traffic(list(FITTED), [rows[r]["pairs"] for r in FITTED], [rows[r]["bytes"] for r in FITTED])
