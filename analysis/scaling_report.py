"""The tables and the figure of docs/scaling.md, from what was measured and the model. scaling.py is the command."""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from scaling_measurements import RANKS, STRATEGIES
from scaling_model import (CHANGE_BYTES, EPOCH, FITTED, MESSAGE_LIMIT, TRUST_BYTES, WINDOW, Law, busy_pairs,
                           bytes_between_ranks, epoch_bytes, imbalance, law_of, longest_message, partners_of, predict,
                           predict_graph, rows_of, sparse_wins_from, total, traffic_of, work_unit)


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


def report(measured: dict, figure: Path | None) -> None:
    """Prints the tables; draws the figure if one is wanted."""
    law = law_of(measured)
    print_counts(measured)
    print_epochs(measured)
    print_checks(measured)
    print_law(measured, law)
    print_predictions(law)
    if figure:
        draw(measured, law, figure)
