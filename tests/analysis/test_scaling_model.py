"""The scaling model: fits find the coefficients that made their data; closed parts against values worked by hand."""
from __future__ import annotations

import math

import numpy as np
import pytest
import scaling_model as sm
from scaling_measurements import epochs_of


def law(**changes) -> sm.Law:
    values = dict(events=1.0, messages=0.8, size=50.0, query_share=0.0, event_costs=[(1e3, 1e-6), (1e9, 1e-6)],
                  memory_base=1e7, memory_peer=1000.0, changes=24.0, trust=12.0, plain=sm.Costs(0, 2e-7, 0, 0, 0),
                  synchronous=sm.Costs(0, 1e-6, 0, 0, 0))
    return sm.Law(**{**values, **changes})


def test_traffic_is_recovered():
    ranks = [2, 4, 8]
    found = sm.fit_traffic(ranks, [sm.busy_pairs(r, 37.5) for r in ranks],
                           [sm.bytes_between_ranks(r, 37.5, 56.0) for r in ranks])
    assert found.messages == pytest.approx(37.5, rel=1e-6)
    assert found.size == pytest.approx(56.0, rel=1e-6)


def test_traffic_is_recovered_from_simulated_windows():
    generator = np.random.default_rng(1)
    ranks, pairs, sent = [2, 4, 8], [], []
    for r in ranks:
        counts = generator.poisson(20.0 / r**2, (4000, r, r))
        counts[:, range(r), range(r)] = 0  # stays on its rank
        pairs.append((counts > 0).sum() / 4000)
        sent.append(48 * counts.sum() / 4000)
    found = sm.fit_traffic(ranks, pairs, sent)
    assert found.messages == pytest.approx(20.0, rel=0.02)
    assert found.size == pytest.approx(48.0, rel=0.02)


def test_costs_are_recovered():
    true = sm.Costs(3e-6, 4e-7, 2e-9, 1.5e-6, 8e-11)
    rows = [(n, k, sm.total(true, n, k)) for n in (1, 4, 16, 64, 256, 1024) for k in (8, 1024, 16384, 65536)]
    found = sm.fit_costs(rows)
    for name in ("fixed", "each", "crowding", "long", "byte"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), rel=1e-6), name


def test_costs_without_crowding():
    rows = [(n, k, 1e-6 + 2e-7 * n + 1e-10 * n * k) for n in (1, 4, 16) for k in (8, 1024, 16384)]
    found = sm.fit_costs(rows, crowding=False)
    assert found.crowding == 0 and found.each == pytest.approx(2e-7, rel=1e-6)


def test_pairs_and_bytes_by_hand():
    assert sm.busy_pairs(1, 5.0) == 0
    assert sm.busy_pairs(2, 4 * math.log(2)) == pytest.approx(1.0)  # each of two pairs with probability 1/2
    assert sm.busy_pairs(4, 1e6) == pytest.approx(12.0)
    assert sm.busy_pairs(1e6, 7.0) == pytest.approx(7.0, rel=1e-4)  # every message alone
    assert sm.bytes_between_ranks(4, 10.0, 50.0) == 375.0


def test_expected_maximum_by_hand():
    assert sm.expected_maximum(3.0, 1) == 3.0
    # The greater of two numbers of mean m is their sum less the smaller; that is 1 if both are, about m^2.
    assert sm.expected_maximum(1e-3, 2) == pytest.approx(2e-3 - 1e-6, rel=1e-6)
    draws = np.random.default_rng(2).poisson(20.0, (20000, 16)).max(axis=1)
    assert sm.expected_maximum(20.0, 16) == pytest.approx(draws.mean(), abs=5 * draws.std() / math.sqrt(20000))
    assert sm.imbalance(1e6, 1.0, 2) == pytest.approx(1 + 1 / math.sqrt(math.pi * 1e6), rel=1e-5)


def test_work_unit_by_hand():
    assert sm.work_unit(0.0) == 1.0 and sm.work_unit(1.0) == 1.0
    # half cost 1, half cost 3: E[x^2] = 5, E[x] = 2
    assert sm.work_unit(0.5, 3.0) == 1.25


def test_prediction_by_hand():
    # 10^6 peers on 1,000 ranks: 5 events and 4 messages a window and rank
    p = sm.predict(law(), 1e6, 1000, sm.Machine(ranks_per_node=1000))
    assert p.events == pytest.approx(5.0)
    assert p.messages == pytest.approx(4.0 * 0.999)
    assert p.partners == pytest.approx(999 * (1 - math.exp(-0.004)))
    assert p.work == pytest.approx(5e-6)
    assert p.slowest == pytest.approx(5e-6 * sm.expected_maximum(5.0, 1000) / 5)
    assert p.exchange["alltoallv"] == pytest.approx(999 * 2e-7 + 1.5e-6)
    assert p.exchange["sparse"] == pytest.approx(p.partners * 1e-6 + 3e-6 + math.log2(1000) * 1.7e-6)
    assert p.best == "sparse"
    assert p.second("sparse") == pytest.approx(200 * (p.slowest + p.exchange["sparse"]))
    assert p.memory == pytest.approx(1e7 + 1e6)


def test_an_epoch_by_hand():
    # 10^6 peers on 1,000 ranks: 1,000 changes of counts and of trust a rank, 36 bytes together
    p = sm.predict(law(), 1e6, 1000, sm.Machine(ranks_per_node=1000, memory_bandwidth=1e12))
    assert p.epoch_bytes == pytest.approx(36000 * 0.999)
    partners = 999 * (1 - math.exp(-1))
    assert p.epoch_partners == pytest.approx((partners, partners))
    copies = 3 * 1000 * 36000 * 0.999 / 1e12
    assert p.epoch["alltoallv"] == pytest.approx(2 * (999 * 2e-7 + 1.5e-6) + copies)
    assert p.epoch["sparse"] == pytest.approx(2 * (partners * 1e-6 + 3e-6 + math.log2(1000) * 1.7e-6) + copies)


def test_what_an_epoch_sends_falls_with_ranks():
    assert sm.predict(law(), 1e8, 1).epoch_bytes == 0
    few, many = (sm.predict(law(), 1e8, ranks) for ranks in (1000, 10000))
    assert few.epoch_bytes / many.epoch_bytes == pytest.approx(10, rel=1e-3)
    assert sm.longest_message(law(), 1e8, 10) == pytest.approx(24e6)


def test_partners_by_hand():
    assert sm.partners_of(1, 5.0) == 0
    assert sm.partners_of(10, 1e6) == pytest.approx(9.0)  # everybody
    assert sm.partners_of(10**6, 7.0) == pytest.approx(7.0, rel=1e-4)  # one for each message


def test_vectors_of_all_peers_by_hand():
    # sybilrank, 2^20 peers: 20 vectors of 8 bytes a peer, then 4 and 1; two nodes of one rank
    machine = sm.Machine(ranks_per_node=1, node_bandwidth=1e9, memory_bandwidth=1e10)
    g = sm.predict_graph(law(), 2**20, 2, "sybilrank", machine)
    assert g.received == 165 * 2**20
    assert g.seconds == pytest.approx(22 * (2e-7 + 1.5e-6 + 0.3e-6) + g.received * (1e-9 + 2e-10))
    assert g.memory == 13 * 2**20 and g.fits
    e = sm.predict_graph(law(), 2**20, 2, "eigentrust", machine)
    assert e.received == (18 * 8 + 5 + 15 / 8) * 2**20 + 19 * 16 * 256
    assert e.memory == 21 * 2**20


def test_vectors_end_at_two_gibibytes():
    assert sm.predict_graph(law(), 2.6e8, 1024, "eigentrust").fits
    assert not sm.predict_graph(law(), 2.7e8, 1024, "eigentrust").fits
    assert sm.predict_graph(law(), 5.3e8, 2, "eigentrust").fits  # the second part begins in the middle


def test_epochs_are_told_from_windows():
    windows, boundary, gathered = range(3)
    one = [(windows, 1, 50), (boundary, 1, 24), (gathered, 0, 80), (boundary, 0, 0), (windows, 0, 0), (windows, 1, 50)]
    other = [(windows, 0, 0), (boundary, 1, 48), (gathered, 0, 80), (boundary, 1, 12), (windows, 0, 0), (windows, 0, 0)]
    epochs = epochs_of(np.array([one, other]))
    assert epochs == [{"exchanges": [[2, 72, 48], [1, 12, 12]], "gathered": [80]}]
    assert sm.epoch_bytes(epochs[0], 6, 2) == (24.0, 4.0)


def test_counts_alone_take_the_times_of_the_page():
    rows = [{"ranks": r, "strategy": "sparse", "events": 100.0, "pairs": sm.busy_pairs(r, 70.0),
             "bytes": sm.bytes_between_ranks(r, 70.0, 60.0)} for r in (1, 2, 4, 8)]
    epoch = {"exchanges": [[2, 18000, 9000], [2, 22000, 11000]], "gathered": []}
    found = sm.law_of({"counts": {"20,000 peers": rows}, "epochs": [epoch]})
    assert (found.changes, found.trust) == (18.0, 22.0)
    assert (found.events, found.size) == (pytest.approx(1.0), pytest.approx(60.0))
    assert found.plain == sm.TIMES_OF_THE_PAGE["plain"]


def test_between_nodes_by_hand():
    # two nodes of one rank: one message of 8 + 400,000 bytes through an interface of 10^9 bytes/s
    machine = sm.Machine(ranks_per_node=1, node_bandwidth=1e9)
    p = sm.predict(law(), 4e6, 2, machine)
    sent = 0.8 * 2e6 * sm.WINDOW * 50
    assert p.exchange["alltoallv"] == pytest.approx(2e-7 + 0.5 * 0.3e-6 + 0.5 * (sent + 8) / 1e9 + 1.5e-6)


def test_whole_shards():
    always = law(query_share=1.0)
    assert sm.granularity(always, 4000, 4) == pytest.approx(1.0)
    assert sm.granularity(always, 4000, 3) == pytest.approx(1.5)  # 4 shards on 3 ranks: one has two
    assert sm.granularity(law(), 4000, 3) == pytest.approx(1.0)  # no queries


def test_the_sparse_exchange_wins_where_traffic_is_thin():
    cheap = law(plain=sm.Costs(0, 1e-6, 0, 0, 0), synchronous=sm.Costs(0, 2e-6, 0, 0, 0))
    ranks = sm.sparse_wins_from(cheap, 1e8)
    before, there = (sm.predict(cheap, 1e8, r) for r in (ranks // 2, ranks))
    assert before.best == "alltoallv" and there.best == "sparse"
