#!/usr/bin/python3
"""How a run scales with ranks: measures counts at 1 to 16 ranks, fits a LogGP-style model, predicts larger machines.

    scaling_model.py measure FILE [--binary PATH]    runs the program and two small benchmarks; writes FILE (JSON)
    scaling_model.py measure FILE --counts-only      the same without times, for a machine that others use
    scaling_model.py report FILE [--figure PNG]      prints the tables of docs/scaling.md, draws its figure

scaling_measurements.py does the measuring; it says what counts and times are.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scaling_measurements import RANKS, ROOT, STRATEGIES, measure
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


# --- reporting


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


def print_counts(measured: dict) -> None:
    print("| workload | ranks | events | messages, alltoallv | messages, sparse | bytes "
          "| most bytes of a rank / mean |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for workload in measured["counts"]:
        plain = rows_of(measured, workload, "alltoallv")
        for ranks, row in rows_of(measured, workload).items():
            if any(row.get(key) != plain[ranks].get(key) for key in ("events", "pairs", "bytes")):
                raise RuntimeError(f"{workload}, {ranks} ranks: the strategies do not carry the same")
            most = f"{row['most_bytes'] * ranks / row['bytes']:.2f}" if ranks > 1 else "-"
            print(f"| {workload} | {ranks} | {row['events']:.1f} | {ranks * (ranks - 1)} | {row.get('pairs', 0):.2f} "
                  f"| {row.get('bytes', 0):.0f} | {most} |")


def print_epochs(measured: dict) -> None:
    print("| workload | ranks | counts, bytes a peer | trust, bytes a peer | messages, sparse | law | most / mean |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for workload in ("2,000 peers", "20,000 peers"):
        peers = int(workload.split()[0].replace(",", ""))
        plain = rows_of(measured, workload, "alltoallv")
        for ranks, row in rows_of(measured, workload).items():
            if ranks == 1:
                continue
            if row["epochs"] != plain[ranks]["epochs"]:
                raise RuntimeError(f"{workload}, {ranks} ranks: the strategies do not carry the same")
            epoch = row["epochs"][-1]
            sizes = epoch_bytes(epoch, peers, ranks)
            messages = [each[0] for each in epoch["exchanges"]]
            law = [ranks * partners_of(ranks, size * peers / ranks / record)
                   for size, record in zip(sizes, (CHANGE_BYTES, TRUST_BYTES))]
            most = [each[2] * ranks / each[1] for each in epoch["exchanges"]]
            print(f"| {workload} | {ranks} | {sizes[0]:.2f} | {sizes[1]:.2f} | {messages[0]} + {messages[1]} "
                  f"| {law[0]:.0f} + {law[1]:.0f} | {most[0]:.2f}, {most[1]:.2f} |")
    print("long run, 2 ranks, bytes a peer:", ", ".join("{:.1f} + {:.1f}".format(*epoch_bytes(epoch, 2000, 2))
                                                        for epoch in measured["epochs"]))
    for kind, epochs in measured["graph"].items():
        print(f"{kind}, 20,000 peers: vectors of all peers an epoch",
              [epoch["gathered"].count(8 * 20000) for epoch in epochs], "bytes a peer gathered",
              [round(sum(epoch["gathered"]) / 20000) for epoch in epochs], "ratings, bytes a peer",
              [round(epoch["exchanges"][-2][1] / 20000 / 0.75, 1) for epoch in epochs])


def print_checks(measured: dict) -> None:
    print("| workload | what | from 2, 4, 8 ranks | seen | error |")
    print("|---|---|---:|---:|---:|")
    for workload in measured["counts"]:
        rows = rows_of(measured, workload)
        traffic = traffic_of(rows)
        last = rows[16]
        unit = float(np.mean([rows[r]["byte_unit"] for r in FITTED]))
        for what, found, seen in (
                ("messages between entities a window", traffic.messages, last["posted"]),
                ("pairs with traffic at 16 ranks", busy_pairs(16, traffic.messages), last["pairs"]),
                ("bytes at 16 ranks", bytes_between_ranks(16, traffic.messages, traffic.size), last["bytes"]),
                ("most bytes / mean at 16 ranks", imbalance(last["bytes"] / 16, unit, 16),
                 last["most_bytes"] * 16 / last["bytes"])):
            print(f"| {workload} | {what} | {found:.4g} | {seen:.4g} | {100 * (found / seen - 1):+.1f} % |")


def print_law(measured: dict, law: Law) -> None:
    print(f"events {law.events:.3f}, messages {law.messages:.3f} a peer and second; {law.size:.1f} bytes a message; "
          f"query share {law.query_share:.4f}, unit {work_unit(law.query_share):.2f}")
    print("event cost, us: " + ", ".join(f"{p:.0f}: {c * 1e6:.2f}" for p, c in law.event_costs))
    for name, costs in (("alltoallv", law.plain), ("sparse", law.synchronous)):
        print(f"{name}: {costs.fixed * 1e6:.2f} us + {costs.each * 1e6:.2f} us n + {costs.crowding * 1e9:.2f} ns n^2 "
              f"+ {costs.long * 1e6:.2f} us n (long) + {costs.byte * 1e12:.0f} ps a byte")
        style = STRATEGIES.index(name)
        errors = [abs(total(costs, n, k) / t - 1) for s, n, k, t in measured.get("benchmark", []) if s == style]
        if errors:
            print(f"  median error {100 * np.median(errors):.0f} %, largest {100 * max(errors):.0f} %")
    print(f"look: {law.look * 1e9:.2f} ns a rank; memory {law.memory_base / 1e6:.0f} MB + {law.memory_peer:.0f} B "
          f"a peer; epoch {law.changes:.1f} + {law.trust:.1f} bytes a peer")


def total(costs: Costs, n: float, k: float) -> float:
    return costs.fixed + n * (costs.each + costs.crowding * n + costs.long * (k > EAGER) + costs.byte * k)


def print_predictions(law: Law) -> None:
    print("| peers | ranks | events a window and rank | partners | work, us | slowest rank, us | alltoallv, us | "
          "sparse, us | scan, us | window, us | wall s a simulated s | efficiency | with epochs | memory a rank |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    sizes = [(peers, ranks) for peers in (1e8, 1e9) for ranks in (64, 1024, 16384)]
    for peers, ranks in sizes:
        p = predict(law, peers, ranks)
        second = p.second(p.best)
        cells = [f"10^{math.log10(peers):.0f}", f"{ranks:,}", f"{p.events:,.0f}", f"{p.partners:,.0f}"]
        cells += [f"{1e6 * t:,.0f}" for t in (p.work, p.slowest, *p.exchange.values(), p.looks, p.window(p.best))]
        cells += [f"{second:.3g} ({p.best})", f"{100 * p.efficiency(p.best):.0f} %",
                  f"{second + p.epoch[p.best] / EPOCH:.3g}", f"{p.memory / 1e6:,.0f} MB"]
        print(f"| {' | '.join(cells)} |")
    print("| peers | ranks | bytes sent by a rank | partners | alltoallv, ms | sparse, ms | of the wall time "
          "| longest message, bytes | eigentrust, s | sybilrank, s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for peers, ranks in sizes:
        p = predict(law, peers, ranks)
        share = p.epoch[p.best] / EPOCH / (p.second(p.best) + p.epoch[p.best] / EPOCH)
        graphs = [predict_graph(law, peers, ranks, kind) for kind in ("eigentrust", "sybilrank")]
        cells = [f"10^{math.log10(peers):.0f}", f"{ranks:,}", f"{p.epoch_bytes:,.0f}",
                 " + ".join(f"{n:,.0f}" for n in p.epoch_partners)]
        cells += [f"{1e3 * t:,.1f}" for t in p.epoch.values()]
        cells += [f"{100 * share:.1f} % ({p.best})", f"{longest_message(law, peers, ranks):,.0f}"]
        cells += [f"{g.seconds:.1f}" if g.fits else f"error ({g.seconds:.0f})" for g in graphs]
        print(f"| {' | '.join(cells)} |")
    ranks = [int(r) for r in 2 ** np.arange(6, 15)]
    for peers in (1e8, 1e9):
        print(f"{peers:.0e} peers: sparse is the faster from {sparse_wins_from(law, peers):,} ranks; 2 GiB a message "
              f"allow from {math.ceil(math.sqrt(max(law.changes, law.trust) * peers / MESSAGE_LIMIT))} ranks")
        predictions = {r: predict(law, peers, r) for r in ranks}
        print("efficiency: " + ", ".join(f"{r}: {100 * p.efficiency(p.best):.0f} %" for r, p in predictions.items()))
        print("epochs / windows: " + ", ".join(f"{r}: {p.epoch[p.best] / EPOCH / p.second(p.best):.3f}"
                                               for r, p in predictions.items()))
        for kind in ("eigentrust", "sybilrank"):
            g = predict_graph(law, peers, ranks[-1], kind)
            print(f"{kind}: {g.received / 1e9:.1f} GB an epoch to every rank, {g.memory / 1e9:.1f} GB a rank; "
                  "over windows: " + ", ".join(
                      f"{r}: {predict_graph(law, peers, r, kind).seconds / EPOCH / p.second(p.best):.2f}"
                      for r, p in predictions.items()))
    print(f"eigentrust, sybilrank: at most {MESSAGE_LIMIT / 8:.3g} peers on many ranks")
    print(f"o / o' = {law.plain.each / law.synchronous.each:.2f}")


def draw(measured: dict, law: Law, file: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import matplotlib
    from matplotlib.figure import Figure
    from parley_analysis.figures import PNG_DPI, STYLE

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        marks = (("o", "tab:blue"), ("s", "tab:orange"), ("^", "tab:green"))
        for workload, (marker, colour) in zip(measured["counts"], marks):
            rows = rows_of(measured, workload)
            messages = traffic_of(rows).messages
            ranks = np.geomspace(2, 64, 60)
            left.plot(ranks, [busy_pairs(r, messages) for r in ranks], color=colour, linewidth=1.2)
            for r in RANKS[1:]:
                left.plot(r, rows[r]["pairs"], marker, color=colour, markersize=5.5,
                          markerfacecolor=colour if r in FITTED else "white",
                          label=workload if r == 2 else None)
        left.plot(ranks, ranks * (ranks - 1), color="0.4", linestyle=":", linewidth=1.2, label="alltoallv: R(R - 1)")
        left.set_xlabel("ranks R (open marks: not in the fit)")
        left.set_ylabel("messages between ranks a window")
        left.set_title("Counted, and the law fitted to 2, 4, 8 ranks", fontsize=9)
        ranks = 2 ** np.arange(6, 15)
        for peers, colour in ((1e8, "tab:blue"), (1e9, "tab:red")):
            predictions = [predict(law, peers, int(r)) for r in ranks]
            name = f"$10^{math.log10(peers):.0f}$ peers"
            for strategy, line in zip(STRATEGIES, ("--", "-")):
                right.plot(ranks, [p.second(strategy) for p in predictions], line, color=colour, linewidth=1.3,
                           label=f"{name}, {strategy}")
            right.plot(ranks, [p.work / WINDOW for p in predictions], ":", color=colour, linewidth=1.1,
                       label=f"{name}, events alone")
            right.plot(ranks, [p.epoch[p.best] / EPOCH for p in predictions], "-.", color=colour, linewidth=0.9,
                       alpha=0.7, label=f"{name}, epochs")
            graphs = [predict_graph(law, peers, int(r), "eigentrust") for r in ranks]
            if all(g.fits for g in graphs):
                right.plot(ranks, [g.seconds / EPOCH for g in graphs], ":", color="tab:green", linewidth=1.3,
                           label=f"{name}, eigentrust")
        right.set_xlabel("ranks R")
        right.set_ylabel("wall s a simulated s")
        right.set_title("Predicted: windows of each strategy; epochs apart", fontsize=9)
        right.legend(fontsize=7, ncols=2, loc="upper right", bbox_to_anchor=(1.0, 1.0))
        left.legend(fontsize=7.5, loc="upper left")
        for ax in (left, right):
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.grid(color="0.92", linewidth=0.6)
        left.set_xticks([2, 4, 8, 16, 32, 64], ["2", "4", "8", "16", "32", "64"])
        right.set_xticks([64, 256, 1024, 4096, 16384], ["64", "256", "1,024", "4,096", "16,384"])
        right.set_ylim(top=5e3)
        figure.savefig(file, dpi=PNG_DPI, metadata={"Software": None})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="run the program and the benchmarks")
    measuring.add_argument("file", type=Path)
    measuring.add_argument("--counts-only", action="store_true",
                           help="no times: `report` then takes those of docs/scaling.md")
    measuring.add_argument("--binary", type=Path, default=ROOT / "build" / "release" / "parley")
    reporting = commands.add_parser("report", help="print tables, draw the figure")
    reporting.add_argument("file", type=Path)
    reporting.add_argument("--figure", type=Path)
    options = parser.parse_args()
    if options.command == "measure":
        options.file.parent.mkdir(parents=True, exist_ok=True)
        measured = measure(options.binary.resolve(), options.counts_only)
        options.file.write_text(json.dumps(measured, indent=1, default=float) + "\n")
        return 0
    measured = json.loads(options.file.read_text())
    law = law_of(measured)
    print_counts(measured)
    print_epochs(measured)
    print_checks(measured)
    print_law(measured, law)
    print_predictions(law)
    if options.figure:
        draw(measured, law, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
