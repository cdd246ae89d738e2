"""The scaling model: fits find the coefficients that made their data; closed parts against values worked by hand."""
from __future__ import annotations

import math

import numpy as np
import pytest
import scaling_model as sm


def law(**changes) -> sm.Law:
    values = dict(events=1.0, messages=0.8, size=50.0, query_share=0.0, event_costs=[(1e3, 1e-6), (1e9, 1e-6)],
                  memory_base=1e7, memory_peer=1000.0, epoch_bytes=40.0, plain=sm.Costs(0, 2e-7, 0, 0, 0),
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
    assert p.epoch_gathered == pytest.approx(4e7)


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
