"""Where peers are, and what their messages meet on the way."""
from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bounds import check_binomial, check_histogram, check_mean, check_normal
from parley_runs import CONFIGS, execute, overrides, read, run, run_seeds
from static_network import INSTANT_REGISTRY, STATIC

# Medians in ms from row to column; the sum of the two ways between each pair of regions is another one.
SHARES = [0.5, 0.3, 0.2]
MEDIANS = np.array([[10.0, 100.0, 300.0], [140.0, 20.0, 700.0], [450.0, 900.0, 50.0]])
ROWS = ";".join(f"{name},{share}," + ",".join(map(str, row)) for name, share, row in zip("ABC", SHARES, MEDIANS))
THREE_REGIONS = {"network.regions": "region,share,A,B,C;" + ROWS, "network.sigma": 0, "network.min_latency": "5ms"}
# Queries that find nothing: a workflow is one query and its answer.
ASKING = {**STATIC, **INSTANT_REGISTRY, "registry.candidates": 2, "query.min_quality": 1}


def bins_of(edges: np.ndarray, counts: np.ndarray, seconds: float) -> int:
    """The count in the bin of a latency."""
    return int(counts[np.searchsorted(edges, seconds * (1 + 1e-9), side="right") - 1])


def test_discovery_takes_the_medians_there_and_back_between_the_regions(tmp_path):
    """One shard, in one region: latencies are those of the regions of the peers, in the shares of the regions."""
    peers = 2000
    settings = {**ASKING, **THREE_REGIONS, "peers.count": peers, "peers.workflow_rate": 0.2,
                "run.duration": "70s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    counts = result.histograms["discovery_latency"]
    fits = []
    for shard in range(3):
        latencies = 0.010 + (MEDIANS[:, shard] + MEDIANS[shard, :]) * 1e-3
        found = [bins_of(result.edges, counts, latency) for latency in latencies]
        if sum(found) == counts.sum():
            fits.append(found)
    assert len(fits) == 1, "latencies are not those of one region of the shard"
    total = counts.sum()
    for share, found in zip(SHARES, fits[0]):
        # A share of the peers, then of the queries of each: Poisson counts of equal mean.
        variance = share * (1 - share) * (1 / peers + 1 / total)
        check_normal(found / total, share, variance, "queries from a region")


def test_a_query_hands_out_candidates_of_the_allowed_regions_only(tmp_path):
    """Every entry of the regions is handed out: their number is binomial."""
    peers = 60
    settings = {**STATIC, **THREE_REGIONS, "peers.count": peers, "registry.candidates": 59, "query.regions": "B, C",
                "peers.workflow_rate": 0.1, "run.duration": "60s", "run.warmup": "20s"}
    handed_out, queries = 0, 0
    for result in run_seeds(tmp_path, settings, range(1, 21)):
        handed_out += result.series["candidates_handed_out"].sum()
        queries += result.messages["candidates"]
    # The peers of a run are one draw of places: 20 draws of 59 others on average.
    share = handed_out / (queries * (peers - 1))
    check_normal(share, 0.5, 0.25 / (20 * peers) * (1 + 2 / peers) * 1.1, "candidates in the allowed regions")


def test_the_result_is_reproduced_from_what_it_stores(tmp_path):
    """The file of regions goes into the stored configuration; the run from there needs no other file."""
    import h5py
    first = tmp_path / "configs" / "run.ini"
    first.parent.mkdir()
    (first.parent / "regions.csv").write_text((CONFIGS / "regions/simblock-2019.csv").read_text())
    settings = {"run.duration": "20s", "run.warmup": "5s", "peers.count": 50}
    first.write_text("[network]\nregions = regions.csv\n")
    one = run(first, tmp_path / "one.h5", settings)
    with h5py.File(one) as file:
        text = file["config"].attrs["text"]
        text = text.decode() if isinstance(text, bytes) else str(text)
        stored = file["config"].attrs["network.regions"]
    assert str(stored).startswith("region,share,NA,EU,SA,AP,JP,AU;NA,0.3316,32,124,") and "regions.csv" not in text
    again = tmp_path / "again.ini"
    again.write_text(text)
    other = run(again, tmp_path / "other.h5", {})
    with h5py.File(one) as a, h5py.File(other) as b:
        for group in ("summary", "timeseries"):
            for name, values in a[group].items():
                np.testing.assert_array_equal(values[()], b[group][name][()], err_msg=name)
    # And regions matter: without them the run is another one.
    first.write_text("# one region\n")
    plain = run(first, tmp_path / "plain.h5", settings)
    assert read(plain)["discovery_latency_p99"] != read(one)["discovery_latency_p99"]


def test_a_bad_file_of_regions_is_refused_with_its_line(tmp_path):
    (tmp_path / "run.ini").write_text("[network]\nregions = bad.csv\n")
    (tmp_path / "bad.csv").write_text("# two regions\nregion,share,A,B\nA,0.5,1,2\nB,0.5,1,x\n")
    done = execute(["validate", tmp_path / "run.ini"])
    assert done.returncode == 2 and "bad.csv:4, column 4" in done.stderr and '"x"' in done.stderr, done.stderr
    (tmp_path / "bad.csv").unlink()
    done = execute(["validate", tmp_path / "run.ini"])
    assert done.returncode == 2 and "cannot read" in done.stderr and "bad.csv" in done.stderr, done.stderr
    done = execute(["validate", CONFIGS / "paper-sybil.ini", *overrides({"query.regions": "EU"})])
    assert done.returncode == 2 and "set network.regions" in done.stderr, done.stderr


def test_every_kind_of_message_is_lost_with_the_same_probability(tmp_path):
    loss = 0.07
    settings = {"network.loss": loss, "peers.count": 200, "peers.workflow_rate": 0.2, "adversary.fraction": 0.2,
                "policy.name": "tier3", "evidence.commit_gate": "true", "execution.queue_capacity": 0, "run.duration": "220s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    for kind, sent in result.messages.items():
        assert sent > 1000, f"{kind}: only {sent} sent"
        check_binomial(result.lost[kind], sent, loss, f"{kind} lost")
    # What is not lost arrives, but for what is on its way at the ends of the measured time.
    for kind, received in (("register", result["registrations"]), ("feedback", result["reports_counted"])):
        assert received == pytest.approx(result.messages[kind] - result.lost[kind], abs=40), kind
    assert result.reasons["timeout"] > 0


def test_a_message_is_never_lost_unless_asked_for(tmp_path):
    [result] = run_seeds(tmp_path, {"run.duration": "30s", "run.warmup": "0s"}, [1])
    assert sum(result.lost.values()) == 0


@pytest.mark.parametrize("loss, retries", [(0.1, 0), (0.3, 2), (0.5, 5)])
def test_discovery_fails_when_every_try_loses_its_query_or_its_answer(tmp_path, loss, retries):
    """Each try needs two messages; tries are independent."""
    settings = {**ASKING, "network.loss": loss, "query.retries": retries, "query.timeout": "2s", "peers.count": 200,
                "peers.workflow_rate": 0.5, "run.duration": "240s", "run.warmup": "40s"}
    [result] = run_seeds(tmp_path, settings, [1])
    failed, found = result.reasons["discovery_failed"], result.reasons["no_candidate"]
    assert failed + found > 10_000
    check_binomial(failed, failed + found, (1 - (1 - loss) ** 2) ** (retries + 1), "discoveries failed")
    # Tries: a truncated geometric number, of mean (1 - u^(r+1)) / (1 - u), u the chance of a try to fail.
    u = 1 - (1 - loss) ** 2
    tries = (1 - u ** (retries + 1)) / (1 - u)
    assert result.messages["query"] / (failed + found) == pytest.approx(tries, rel=0.02)


@pytest.mark.parametrize("drift, loss, expected", [(15, 0, 0.367879), (60, 0, 0.115203),
                                                   (15, 0.1, 0.409363), (60, 0.1, 0.136428)])
def test_lost_refreshes_make_claims_staler(tmp_path, drift, loss, expected):
    """An entry is a refresh period T = 15 s old at most, and a period older with probability loss, and so on.

    The state of an instance has changed since with probability 1/2 (1 - exp(-age / D)), both rates being 1 / (2 D).
    So twice the stale share is 1 - (1 - e^-x) / x (1 - loss) / (1 - loss e^-x), x = T / D. Ages begin at the delay.
    """
    period, delay, x = 15.0, 0.010, 15.0 / drift
    law = 1 - (1 - math.exp(-x)) / x * (1 - loss) / (1 - loss * math.exp(-x))
    assert law == pytest.approx(expected, abs=5e-7)
    # The TTL is twenty periods, so that hardly an entry expires (loss^20).
    settings = {**STATIC, "registry.candidates": 2, "peers.workflow_rate": 0, "peers.count": 400, "network.loss": loss,
                "network.min_latency": "10ms", "network.median_latency": "0s", "network.sigma": 0,
                "identity.sign_time": "0s", "descriptor.ttl": "300s", "descriptor.refresh_fraction": period / 300,
                "drift.kind": "two_state", "drift.mean_nominal": f"{2 * drift}s", "drift.mean_degraded": f"{2 * drift}s",
                "run.duration": "400s", "run.warmup": "100s"}
    results = run_seeds(tmp_path, settings, range(1, 31))
    shares = [2 * r["stale_entry_share"] for r in results]
    check_mean(shares, 1 - (1 - law) * math.exp(-delay / drift), f"stale entries, twice, loss {loss}")


@pytest.mark.parametrize("direct", [0, 1])
def test_a_relay_adds_its_penalty_on_the_way_to_a_peer(tmp_path, direct):
    """With all sigmas 0 discovery takes 2 (5 + 30) ms, and 40 ms more if the answer goes over a relay."""
    settings = {**ASKING, "peers.count": 100, "peers.workflow_rate": 1, "nat.share": 1, "nat.direct": direct,
                "network.sigma": 0, "nat.relay_sigma": 0, "run.duration": "40s", "run.warmup": "10s"}
    [result] = run_seeds(tmp_path, settings, [1])
    counts = result.histograms["discovery_latency"]
    assert bins_of(result.edges, counts, 0.070 if direct else 0.110) == counts.sum() > 2000


def test_relayed_messages_follow_the_sum_of_three_log_normals(tmp_path):
    settings = {**ASKING, "peers.count": 100, "peers.workflow_rate": 2, "nat.share": 1, "nat.direct": 0,
                "run.duration": "220s", "run.warmup": "20s"}
    [result] = run_seeds(tmp_path, settings, [1])
    counts = result.histograms["discovery_latency"]
    step, cells = 1 / 16000, 1 << 17
    size = 1 << 19
    grid = step * np.arange(cells + 1)
    transform = np.fft.rfft(np.diff(stats.lognorm.cdf(grid, 0.5, scale=0.030)), size) ** 2
    transform *= np.fft.rfft(np.diff(stats.lognorm.cdf(grid, 0.5, scale=0.040)), size)
    law = np.cumsum(np.fft.irfft(transform, size)[:cells])
    at = 0.010 + step * (np.arange(cells) + 2)  # cell k stands for times about (k + 3/2) steps
    check_histogram(counts, result.edges, lambda x: np.interp(x, at, law, left=0.0, right=1.0), "discovery latency")
    assert counts.sum() > 30_000
