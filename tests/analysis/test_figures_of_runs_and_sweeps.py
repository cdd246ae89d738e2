"""What the figures draw, from real runs and made-up ones: the data, labels with units, files for a paper."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import parley_runs
import pytest
from fake_parley import write_result
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from parley_analysis import figures
from parley_analysis.__main__ import main
from parley_analysis.attack import cost_of_attack
from parley_analysis.figures.canvas import CATEGORIES, looks
from parley_analysis.figures.runs import smoothed, trust_quantile
from parley_analysis.named_figures import OF_ONE_RUN
from parley_analysis.policies import STYLES, policy_style
from parley_analysis.report.content import gather
from parley_analysis.run import Run
from parley_analysis.schema import entries
from parley_analysis.seal import SEAL_BYTES
from parley_analysis.sweep import read_runs


@pytest.fixture(scope="module")
def run(small_sweep: Path) -> Run:
    return Run(sorted((small_sweep / "runs").glob("fraction0.3-tier1*.h5"))[0])


def drawn(draw: Callable[..., Axes], *arguments: object) -> Axes:
    _, ax = figures.new_figure()
    draw(arguments[0], ax, *arguments[1:])
    return ax


def made_up(folder: Path, points: list[tuple[dict[str, str], dict[str, float]]]) -> pd.DataFrame:
    """A frame of made-up runs: parameters and summary values."""
    for number, (config, summary) in enumerate(points):
        write_result(folder / f"{number:03}.h5", config, **summary)
    return read_runs(folder, keep=("adversary.fraction", "policy.name"))


def test_time_series_are_rates_and_the_warm_up_is_shaded(run):
    ax = drawn(figures.time_series, run)
    assert ax.get_xlabel() == "Simulated time [s]" and ax.get_ylabel() == "Workflows [1/s]"
    times, rates = ax.get_lines()[0].get_data(orig=False)
    counts = run.series("workflows_success")
    assert rates[39] == pytest.approx(counts.loc[21:40].mean())  # 20 rows of 1 s up to second 40
    shade = ax.patches[0].get_xy()
    assert (shade[:, 0].min(), shade[:, 0].max()) == (0.0, 20.0)
    assert ax.texts[0].get_text() == "warm-up"
    phases = drawn(lambda run, ax: figures.time_series(run, ax, phases=[figures.Phase("attack", 40, 60)]), run)
    assert [text.get_text() for text in phases.texts] == ["warm-up", "attack"]
    assert drawn(figures.time_series, run, ["control_bytes_per_peer_second"]).get_ylabel().endswith("[bytes/s]")
    assert smoothed(run, "live_entries", 1.0).tolist() == run.series("live_entries").tolist()  # a level is no rate
    with pytest.raises(ValueError, match="different units"):
        drawn(figures.time_series, run, ["events", "trust_auc"])


def test_levels_are_drawn_as_they_are_and_counts_as_rates(tmp_path):
    """Every time series, from rows of 10 s: sums of 10 s over 10, all else as stored, with the unit of the axis."""
    settings = {"run.duration": "60s", "run.warmup": "20s", "output.interval": "10s", "churn.kind": "weibull",
                "reputation.kind": "eigentrust", "identity.verify": "false", "adversary.forge_rate": 1}
    run = Run(parley_runs.run(parley_runs.CONFIGS / "churn-kad.ini", tmp_path / "a.h5", settings))
    levels = {"peers_online", "dead_entries", "forged_entries", "attack_edges", "live_entries", "live_honest_entries",
              "nominal_claims", "stale_entries", "stale_nominal_claims", "poisoned_entries", "open_workflows",
              "longest_queue", "mean_trust_honest", "mean_trust_sybil", "trust_auc", "success_rate",
              "control_bytes_per_peer_second", "data_bytes_per_peer_second"}
    assert run.series("peers_online").iloc[-1] > 10 and run.series("forged_entries").iloc[-1] > 0
    over_time = [entry for entry in entries() if (entry.model, entry.group, entry.axes) == ("agentic", "timeseries",
                                                                                            ("time",))]
    for entry in over_time:
        if entry.name == "time":
            continue
        stored, level = run.series(entry.name).astype(float), entry.name in levels
        assert smoothed(run, entry.name, 10.0).equals(stored if level else stored / 10), entry.name
        label = drawn(figures.time_series, run, [entry.name]).get_ylabel()
        assert label.endswith("/s]") != level or entry.units == "bytes/s", (entry.name, label)
    assert drawn(figures.time_series, run, ["peers_online"]).get_ylabel() == "Peers online [peers]"


def test_a_series_of_which_the_format_says_nothing_is_refused(tmp_path):
    file = write_result(tmp_path / "a.h5", {"run.seed": "1"})
    with h5py.File(file, "r+") as result:
        result["timeseries/mine"] = [3, 4]
        result["timeseries/mine"].attrs.update({"units": "1", "long_name": "mine"})
    with pytest.raises(KeyError, match="does not say whether rows of timeseries/mine"):
        drawn(figures.time_series, Run(file), ["mine"])


def test_failure_reasons_are_stacked_to_the_total(run):
    ax = drawn(figures.failure_reasons, run, 1.0)
    top = max(path.vertices[:, 1].max() for band in ax.collections for path in band.get_paths())
    assert top == pytest.approx(run.series("workflows_failed").max())
    reasons = run.table("workflows_failed_by_reason").sum()
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named == {reason.replace("_", " ") for reason in reasons.index[reasons > 0]}


def test_trust_quantiles_by_hand():
    counts = pd.DataFrame([[0, 4, 4, 0], [0, 0, 0, 0]], columns=[0.0, 0.25, 0.5, 0.75], index=[10.0, 20.0])
    assert trust_quantile(counts, 0.5)[0] == 0.5
    assert trust_quantile(counts, 0.25)[0] == 0.375  # half of the bin [0.25, 0.5)
    assert np.isnan(trust_quantile(counts, 0.5)[1])


def test_trust_of_honest_peers_and_sybils(run):
    ax = drawn(figures.trust_distributions, run)
    honest, sybil = (line.get_ydata(orig=False) for line in ax.get_lines())
    assert honest[-1] > sybil[-1]
    assert ax.get_ylabel() == "Published trust" and len(ax.get_legend().get_texts()) == 6


def test_pareto(tmp_path):
    values = {"tier1": (0.7, 300.0), "tier2": (0.9, 400.0), "tier3": (0.8, 500.0)}
    frame = made_up(tmp_path, [({"policy.name": policy, "run.seed": str(seed)},
                                {"success_rate": level + 0.01 * seed, "control_bytes_per_peer_second": cost + seed})
                               for policy, (level, cost) in values.items() for seed in (-1, 0, 1)])
    ax = drawn(figures.pareto, frame)
    front = ax.get_lines()[0].get_xydata()
    assert np.allclose(front, [[300, 0.7], [400, 0.9]])
    assert ax.get_xlabel() == "Control traffic per peer [bytes/s]"
    # standard deviation 0.01 of three: t(0.975, 2) * 0.01 / sqrt(3)
    upright = ax.containers[0].lines[2][1].get_segments()[0]
    assert np.ptp(upright[:, 1]) / 2 == pytest.approx(4.302653 * 0.01 / np.sqrt(3), rel=1e-6)


def test_phase_map(tmp_path):
    frame = made_up(tmp_path, [({"adversary.fraction": str(f), "canary.guess": str(g), "run.seed": "1",
                                 "policy.name": "tier2"}, {"success_rate": 1 - f * g})
                               for f in (0.0, 0.5, 0.9) for g in (0.0, 0.5, 1.0)])
    ax = drawn(figures.phase_map, frame, "canary.guess")
    cells = ax.collections[0].get_array().reshape(3, 3)
    assert np.allclose(cells, 1 - np.outer([0.0, 0.5, 1.0], [0.0, 0.5, 0.9]))
    assert ax.get_ylabel() == "Probability to guess a canary" and ax.get_xlabel() == "Sybil fraction $f$"
    assert ax.figure.axes[1].get_ylabel() == "Workflow success rate"
    assert ax.collections[0].get_clim() == (0, 1)


def test_the_knee_is_marked_where_it_is(tmp_path):
    # success against traffic 100/TTL: a corner at TTL 10
    points = {2.0: 0.91, 5.0: 0.905, 10.0: 0.9, 50.0: 0.5, 100.0: 0.3}
    frame = made_up(tmp_path, [({"policy.name": "tier1", "descriptor.ttl": f"{ttl:g}s", "run.seed": "1"},
                                {"success_rate": success, "control_bytes_per_peer_second": 100 / ttl})
                               for ttl, success in points.items()])
    ax = drawn(figures.ttl_knee, frame)
    stars = [line for line in ax.get_lines() if line.get_marker() == "*"]
    assert [tuple(star.get_xydata()[0]) for star in stars] == [(10.0, 0.9)]
    assert ax.get_xlabel() == "Descriptor TTL [s]"
    assert any("chord" in text.get_text() for text in ax.get_legend().get_texts())


def test_latency_in_milliseconds(tmp_path):
    frame = made_up(tmp_path, [({"peers.count": str(n), "run.duration": "60s" if n > 50 else "600s", "run.seed": "1"},
                                {f"discovery_latency_p{p}": n * p * 1e-6 for p in (50, 90, 99)})
                               for n in (20, 200, 1000)])
    ax = drawn(figures.latency_vs_peers, frame)
    assert np.allclose(ax.get_lines()[0].get_ydata(orig=False), [1.0, 10.0, 50.0])
    assert ax.get_ylabel() == "Discovery latency [ms]" and ax.get_xscale() == "log"


def test_cost_of_attack_is_the_inverse_of_the_mean_yield(tmp_path):
    frame = made_up(tmp_path, [({"adversary.fraction": "0.2", "policy.name": "tier1", "peers.count": "100",
                                 "run.seed": str(seed), "run.duration": "60s", "run.warmup": "20s"},
                                {"workflows_compromised": harm}) for seed, harm in enumerate((0, 10, 30))])
    assert np.isinf(cost_of_attack(frame)["identities_per_compromised_workflow"][0])
    ax = drawn(figures.cost_of_attack_vs_fraction, frame)
    # 20 identities compromise 40/3 workflows in the mean
    assert ax.get_lines()[0].get_ydata(orig=False).tolist() == pytest.approx([1.5])
    assert "in 40 s" in ax.get_ylabel()


def test_failure_reasons_by_policy_are_shares(small_sweep):
    frame = read_runs(small_sweep)
    frame = frame[frame["adversary.fraction"] == 0.3]
    ax = drawn(figures.failure_reasons_by_policy, frame)
    for place, policy in enumerate(("tier1", "risk_aware")):
        runs = frame[frame["policy.name"] == policy]
        ended = runs[["workflows_success", "workflows_compromised", "workflows_failed"]].to_numpy().sum()
        width = sum(bars.patches[place].get_width() for bars in ax.containers)
        assert width == pytest.approx(runs["workflows_failed"].sum() / ended)


def test_bands_and_bars_of_shares_end_where_shares_do(tmp_path):
    """Two seeds at 0.9 and 1: the mean 0.95 and t(0.975, 1) = 12.7 standard errors of 0.05."""
    frame = made_up(tmp_path, [({"adversary.fraction": f, "policy.name": "tier1", "run.seed": str(seed)},
                                {"success_rate": 0.8 + 0.1 * seed, "control_bytes_per_peer_second": 10.0 * seed})
                               for f in ("0.1", "0.2") for seed in (1, 2)])
    band = drawn(figures.success_vs_fraction, frame).collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(0.95 - 12.7062 * 0.05, rel=1e-5), 1.0)
    bars = drawn(figures.pareto, frame[frame["adversary.fraction"] == 0.1]).containers[0].lines[2]
    assert bars[1].get_segments()[0][:, 1].max() == 1.0
    assert bars[0].get_segments()[0][:, 0].min() < 0, "bytes are no share"
    assert bars[0].get_segments()[0][:, 0].max() == pytest.approx(15 + 12.7062 * 5, rel=1e-5)


def test_an_axis_of_durations_has_its_unit(tmp_path):
    frame = made_up(tmp_path, [({"adversary.fraction": f, "policy.name": "tier1", "run.seed": "1",
                                 "drift.mean_degraded": duration, "canary.rate": "7"}, {})
                               for f in ("0.1", "0.2") for duration in ("500ms", "15s")])
    assert frame.attrs["units"]["drift.mean_degraded"] == "s" and "adversary.fraction" not in frame.attrs["units"]
    alone = frame[frame["adversary.fraction"] == 0.1]
    ax = drawn(figures.success_vs_parameter, alone, "drift.mean_degraded")
    assert ax.get_xlabel() == "drift.mean_degraded [s]" and ax.get_ylabel() == "Workflow success rate"
    assert drawn(figures.phase_map, frame, "drift.mean_degraded").get_ylabel() == "drift.mean_degraded [s]"
    ax = drawn(figures.success_vs_parameter, frame[frame["drift.mean_degraded"] == 15], "adversary.fraction")
    assert ax.get_xlabel() == "Sybil fraction $f$"


def test_the_warm_up_is_shaded_below_the_axes_and_over_the_data(run):
    """On the page: grey with and without data under it; the line of the x axis is black from its left end on."""
    ax = drawn(lambda run, ax: figures.failure_reasons(run, ax), run)
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3].astype(int)
    x, bottom = (round(at) for at in ax.transData.transform((10.0, 0.0)))  # in the warm-up of 20 s
    top = round(ax.transAxes.transform((0, 1))[1])
    assert pixels[bottom - 2:bottom + 3, x].max(axis=1).min() < 100, "the axis is dark"
    without_data = pixels[top - 5, x]
    assert np.ptp(without_data) == 0 and 200 < without_data[0] < 240
    colour = np.array(ax.collections[0].get_facecolor()[0][:3]) * 255
    shown = pixels[bottom + 4, x]
    assert np.abs(shown - colour).max() > 50 and np.ptp(shown) > 20, "shaded, and its colour still to be seen"


REASONS = ("no_candidate", "no_trusted_candidate", "verification_exhausted", "execution_failed", "timeout", "busy",
           "deadline", "discovery_failed", "requester_left")


def with_reasons(file: Path, policy: str, failed: list[int]) -> Path:
    """A made-up result of 1000 ended workflows, of which so many failed for each of REASONS."""
    write_result(file, {"policy.name": policy, "run.seed": "1"}, workflows_success=1000 - sum(failed),
                 workflows_compromised=0, workflows_failed=sum(failed))
    with h5py.File(file, "r+") as result:
        for group in ("summary", "timeseries"):
            result[f"{group}/reason"] = list(REASONS)
            result[f"{group}/reason"].make_scale("reason")
        result["timeseries/time"].make_scale("time")
        del result["summary/workflows_failed_by_reason"]
        result["summary/workflows_failed_by_reason"] = failed
        result["summary/workflows_failed_by_reason"].dims[0].attach_scale(result["summary/reason"])
        result["timeseries/workflows_failed_by_reason"] = np.array([failed, failed])
        for axis, name in enumerate(("time", "reason")):
            result["timeseries/workflows_failed_by_reason"].dims[axis].attach_scale(result[f"timeseries/{name}"])
    return file


def test_no_reason_is_dropped_where_all_occur(tmp_path):
    failed = {"tier1": [100 - i for i in range(9)], "tier3": [90 + i for i in range(9)]}
    for policy, numbers in failed.items():
        with_reasons(tmp_path / f"{policy}.h5", policy, numbers)
    ax = drawn(figures.failure_reasons_by_policy, read_runs(tmp_path))
    assert [text.get_text() for text in ax.texts] == ["0.864", "0.846"]  # sums of the nine, over 1000
    FigureCanvasAgg(ax.figure).draw()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= ax.get_legend().get_window_extent().x0
    assert len(ax.containers) == len(ax.get_legend().get_texts()) == 9
    assert len({(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in ax.containers}) == 9
    ax = drawn(figures.failure_reasons, Run(tmp_path / "tier1.h5"))
    assert len({(tuple(band.get_facecolor()[0]), band.get_hatch()) for band in ax.collections}) == 9


def test_without_failures_there_is_a_figure_without_reasons(tmp_path):
    for policy in ("tier1", "tier3"):
        with_reasons(tmp_path / f"{policy}.h5", policy, [0] * 9)
    ax = drawn(figures.failure_reasons_by_policy, read_runs(tmp_path))
    assert ax.get_legend() is None and ax.get_xlim() == (0.0, 1.0) and ax.get_ylim() == (1.5, -0.5)
    assert [text.get_text() for text in ax.texts] == ["0.000", "0.000"]
    ax = drawn(figures.failure_reasons, Run(tmp_path / "tier1.h5"))
    assert ax.get_legend() is None and ax.get_ylim()[0] == 0 and ax.texts[-1].get_text() == "no workflow failed"
    with_reasons(tmp_path / "tier3.h5", "tier3", [3] + [0] * 8)
    ax = drawn(figures.failure_reasons_by_policy, read_runs(tmp_path))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no candidate"]


def test_where_no_workflow_ended_there_is_no_share_of_failures(tmp_path):
    with_reasons(tmp_path / "tier1.h5", "tier1", [10] * 9)
    with h5py.File(with_reasons(tmp_path / "tier3.h5", "tier3", [0] * 9), "r+") as result:
        result["summary/workflows_success"][()] = 0
    ax = drawn(figures.failure_reasons_by_policy, read_runs(tmp_path))
    assert [text.get_text() for text in ax.texts] == ["0.090", "no workflow ended"]


@pytest.fixture
def without_rows(small_sweep, tmp_path) -> Path:
    """What a run leaves that was killed before it had committed a row."""
    part = tmp_path / "result.h5.part"
    whole = next((small_sweep / "runs").glob("*.h5")).read_bytes()
    line = b"Parley result, not complete: the run has not ended\n"
    part.write_bytes(line.ljust(SEAL_BYTES, b"\0") + whole[SEAL_BYTES:])
    with h5py.File(part, "r+") as result:
        for group in ("timeseries", "histograms"):
            result[group].attrs["rows"] = np.uint64(0)
        del result["summary"], result["provenance"].attrs["finished"]
    return part


@pytest.mark.parametrize("command", [["report"], *(["figure", name] for name in OF_ONE_RUN)])
def test_a_run_that_was_killed_before_its_first_row_is_told(without_rows, command, capsys, recwarn):
    assert main([*command, str(without_rows)]) == 2
    said = capsys.readouterr().err
    assert "has no row in" in said and f"resume it from {str(without_rows).removesuffix('.part')}.checkpoint" in said
    assert len(said.splitlines()) == 1 and not recwarn.list


def test_of_a_run_without_a_row_of_histograms_the_report_shows_the_rest(without_rows):
    with h5py.File(without_rows, "r+") as result:
        result["timeseries"].attrs["rows"] = np.uint64(5)
    content = gather(without_rows)
    assert [drawing.caption for drawing in content.drawings] == ["Workflows by outcome", "Failed workflows by reason"]
    assert any(warning.startswith("The run has not ended") for warning in content.warnings)


def test_every_series_is_drawn_and_looks_its_own_way(run):
    steps = ["steps_accepted_good", "steps_accepted_bad", "steps_failed", "steps_dropped"]
    lines = drawn(figures.time_series, run, 3 * steps).get_lines()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines) == 12
    with pytest.raises(ValueError, match="tells 32 series apart, and these are 33"):
        looks(33)
    assert len({(look.colour, look.dashes) for look in looks(32)}) == len({(look.colour, look.hatch)
                                                                           for look in looks(32)}) == 32


def test_unknown_policies_look_their_own_way():
    styles = [policy_style(f"mine{place}", place) for place in range(21)]
    assert len({(style.colour, style.marker) for style in styles}) == 21
    with pytest.raises(ValueError, match="too many names"):
        policy_style("mine21", 21)


def test_more_ranges_of_ttls_than_marks_are_refused(tmp_path):
    frame = made_up(tmp_path, [({"policy.name": "tier1", "descriptor.ttl": f"{ttl}s", "run.seed": "1"},
                                {"success_rate": 1 / ttl, "control_bytes_per_peer_second": 100 / ttl**2})
                               for ttl in (2, 5, 10)])
    with pytest.raises(ValueError, match="3 ranges of TTLs"):
        drawn(figures.ttl_knee, frame, [(2, 10)] * 3)


def test_figures_refuse_to_mix_points(small_sweep):
    frame = read_runs(small_sweep)
    for draw in (figures.pareto, figures.failure_reasons_by_policy):
        with pytest.raises(ValueError, match="also differ in adversary.fraction"):
            drawn(draw, frame)
    with pytest.raises(ValueError, match="also differ in policy.name"):
        drawn(figures.phase_map, frame.assign(**{"canary.guess": 0.05}), "canary.guess")


def luminance_and_hue(colour: str) -> np.ndarray:
    """Linear RGB of a colour as seen without red-green vision (deuteranopia; Vienot, Brettel, Mollon 1999)."""
    rgb = np.array([int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]) @ linear


@pytest.mark.parametrize("colours", [CATEGORIES, [style.colour for style in STYLES.values()]])
def test_colours_differ_without_red_green_vision(colours):
    seen = [luminance_and_hue(colour) for colour in colours]
    least = min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[i + 1:])
    assert least > 0.08
    # The bound means something: pure red and green of equal brightness fail it.
    assert np.linalg.norm(luminance_and_hue("#c00000") - luminance_and_hue("#007a00")) < 0.08


@pytest.mark.parametrize("name", ["time-series", "failure-reasons", "trust"])
def test_command_draws_figures_of_a_run(run, tmp_path, name, capsys):
    assert main(["figure", name, str(run.file), "--output", str(tmp_path / name)]) == 0
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert main(["figure", name, str(tmp_path)]) == 2 and "name a result file" in capsys.readouterr().err


def test_command_draws_figures_of_a_sweep(small_sweep, tmp_path, capsys):
    assert main(["figure", "cost-of-attack", str(small_sweep), "--output", str(tmp_path / "cost")]) == 0
    assert (tmp_path / "cost.pdf").exists()
    assert main(["figure", "phase-map", str(small_sweep)]) == 2 and "--parameter" in capsys.readouterr().err
    assert main(["figure", "ttl-knee", str(small_sweep), "--parameter", "a.b"]) == 2
    assert "takes no --parameter" in capsys.readouterr().err
