"""The command that makes docs/results.md: all of its tables and figures, from short runs; and its parts by hand."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from parley_analysis import figures
from parley_analysis.__main__ import main
from parley_analysis.policies import STYLES
from parley_analysis.studies import STUDIES, adversaries, identities, paper
from parley_analysis.studies.markdown import markdown_table, pivoted, with_half_width
from parley_analysis.studies.run import IMAGE, TABLE, check_page, renew_page

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `study --quick` leaves."""
    folder = tmp_path_factory.mktemp("studies")
    assert main(["study", "--quick", "-j", "2", "--output", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_the_command_makes_every_table_and_figure(made: Path, study):
    for name in study.tables:
        lines = (made / "tables" / f"{name}.md").read_text("utf-8").splitlines()
        columns = lines[0].count("|")
        assert len(lines) >= 3 and all(line.count("|") == columns for line in lines), name
        assert "nan" not in "".join(lines).lower(), name
    for name in study.figures:
        assert (made / "figures" / f"{name}.png").stat().st_size > 10_000, name
        assert (made / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF"), name


def test_a_second_start_repeats_no_run_and_renews_a_page(made: Path, tmp_path: Path, capfd):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: knees -->\nold\n<!-- end of the table -->\n![Knee](figures/success-vs-ttl.png)\n")
    runs = {file: file.stat().st_mtime_ns for file in made.rglob("*.h5")}
    assert main(["study", "ttl", "--quick", "--output", str(made), "--page", str(page)]) == 0
    assert {file: file.stat().st_mtime_ns for file in made.rglob("*.h5")} == runs
    said = capfd.readouterr().out
    assert re.search(r"ttl: 30 runs, \d tables, \d figures, \d+ s", said) and " s in all" in said
    text = page.read_text("utf-8")
    assert "old" not in text and (made / "tables" / "knees.md").read_text("utf-8") in text
    assert text.startswith("before\n<!-- table: knees -->") and (tmp_path / "figures" / "success-vs-ttl.png").exists()


def test_bad_input_is_told_before_anything_runs(tmp_path: Path, capsys):
    assert main(["study", "nonesuch", "--output", str(tmp_path / "out")]) == 2
    assert "there is no study nonesuch; choose of success" in capsys.readouterr().err
    page = tmp_path / "page.md"
    page.write_text("<!-- table: nonesuch -->\n<!-- end of the table -->\n")
    assert main(["study", "ttl", "--output", str(tmp_path / "out"), "--page", str(page)]) == 2
    assert "shows the table nonesuch" in capsys.readouterr().err
    assert main(["study", "ttl", "--output", str(tmp_path / "out"), "--jobs", "0"]) != 0
    assert not (tmp_path / "out" / "ttl" / "runs").exists()


def test_the_page_of_results_shows_all_that_the_studies_make():
    check_page(RESULTS, STUDIES)
    text = RESULTS.read_text("utf-8")
    assert {m["name"] for m in TABLE.finditer(text)} == {name for study in STUDIES for name in study.tables}
    shown = {m["name"] for m in IMAGE.finditer(text)}
    assert shown == {name for study in STUDIES for name in study.figures}
    assert all((ROOT / "docs" / "figures" / f"{name}.png").exists() for name in shown)
    assert all(len(match[0].splitlines()) > 5 for match in TABLE.finditer(text)), "an empty table"


def test_a_page_is_renewed_between_the_marks_only(tmp_path: Path):
    (tmp_path / "tables").mkdir()
    study = next(study for study in STUDIES if study.name == "collapse")
    (tmp_path / "tables" / "collapse.md").write_text("| a |\n")
    page = tmp_path / "page.md"
    page.write_text("1\n<!-- table: collapse -->\n<!-- end of the table -->\n2\n")
    for _ in range(2):
        renew_page(page, tmp_path, [study])
    assert page.read_text() == "1\n<!-- table: collapse -->\n\n| a |\n\n<!-- end of the table -->\n2\n"


# --- tables and figures by hand

def seeded(points: list[dict[str, object]], **metrics: float) -> pd.DataFrame:
    """Three runs a point, whose metrics are those given less 0.01, as they are, and more 0.01."""
    rows = [{**point, "run.seed": seed, **{name: value + 0.01 * (seed - 2) for name, value in metrics.items()
                                            if name not in point}} for point in points for seed in (1, 2, 3)]
    return pd.DataFrame(rows)


def test_cells_have_mean_and_half_width():
    frame = seeded([{"adversary.fraction": 0.1, "policy.name": "tier1"}], success_rate=0.5)
    # standard deviation 0.01 of three: t(0.975, 2) * 0.01 / sqrt(3) = 0.0248
    assert "| 0.1 | 0.500 ± 0.025 | - |" in pivoted(frame, "adversary.fraction", "policy.name", "success_rate",
                                                    ["tier1", "tier2"])
    one = pd.Series({"x": 0.5, "x_low": np.nan, "x_high": np.nan})
    assert with_half_width(one, "x") == "0.500"
    assert markdown_table(["a", "b"], [["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |"


def made_up_success(**changes: dict[float, float]) -> pd.DataFrame:
    """Runs of the five policies at f = 0 and 0.3 for which every claim holds, but for the changes."""
    success = {"optimistic": {0.0: 0.85, 0.3: 0.1}, "tier1": {0.0: 0.85, 0.3: 0.7}, "tier2": {0.0: 0.92, 0.3: 0.91},
               "tier3": {0.0: 0.99, 0.3: 0.98}, "risk_aware": {0.0: 0.96, 0.3: 0.95}, **changes}
    cost = {"risk_aware": 70.0, "tier3": 100.0}
    return pd.DataFrame([
        {"adversary.fraction": f, "policy.name": policy, "run.seed": seed, "success_rate": value + 0.001 * seed,
         "control_bytes_per_peer_second": cost.get(policy, 50.0)}
        for policy, values in success.items() for f, value in values.items() for seed in (1, 2, 3)])


@pytest.mark.parametrize("changes, refuted", [
    ({}, []), ({"tier1": {0.0: 0.85, 0.3: 0.09}}, ["optimistic < tier1"]),
    ({"tier1": {0.0: 0.82, 0.3: 0.7}}, ["equal within"]), ({"tier2": {0.0: 0.92, 0.3: 0.985}}, ["tier2 < tier3"]),
    ({"risk_aware": {0.0: 0.96, 0.3: 0.92}}, ["risk_aware within"])])
def test_claims_are_refuted_by_runs_that_contradict_them(changes, refuted):
    rows = paper.claims_on_success(made_up_success(**changes)).splitlines()[2:]
    assert [row for row in rows if "**no**" in row] == [row for row in rows if any(what in row for what in refuted)]
    assert len([row for row in rows if "**no**" in row]) == len(refuted)


def test_bytes_beyond_the_claim_are_told_with_their_fraction():
    frame = made_up_success()
    dear = (frame["policy.name"] == "risk_aware") & (frame["adversary.fraction"] == 0.3)
    frame.loc[dear, "control_bytes_per_peer_second"] = 85.0
    assert "0.700 to 0.850; not at f = 0.3 | **no** |" in paper.claims_on_success(frame)


def test_dominated_policies_are_named():
    values = {"tier1": (0.7, 300.0), "tier2": (0.9, 400.0), "tier3": (0.8, 500.0)}
    frame = pd.concat([seeded([{"adversary.fraction": 0.1, "policy.name": policy, "control_bytes_per_peer_second": cost}],
                              success_rate=success) for policy, (success, cost) in values.items()])
    rows = adversaries.pareto_points(frame).splitlines()[2:]
    assert [row.split(" | ")[1] + ": " + row.split(" | ")[-1].rstrip(" |") for row in rows] == [
        "tier1: nobody", "tier2: nobody", "tier3: tier2"]


def drawn(draw, frame: pd.DataFrame, *arguments: object) -> Axes:
    _, ax = figures.new_figure()
    return draw(frame, ax, *arguments)


def test_blind_and_aware_lines_share_a_colour():
    frame = pd.concat([seeded([{"adversary.fraction": f, "policy.name": "tier2", "adversary.canary_recognition": r}],
                              success_rate=0.9 - f * r) for f in (0.0, 0.5) for r in (0, 1)])
    ax = drawn(figures.success_blind_and_aware, frame)
    blind, aware = ax.get_lines()
    assert blind.get_color() == aware.get_color() == STYLES["tier2"].colour
    assert blind.get_linestyle() == "-" and aware.get_linestyle() == "--"
    assert np.allclose(aware.get_ydata(orig=False), [0.9, 0.4])
    third = pd.concat([frame, frame[frame["adversary.canary_recognition"] == 1].assign(
        **{"adversary.canary_recognition": 0.5})])
    with pytest.raises(ValueError, match="3 values of adversary.canary_recognition"):
        drawn(figures.success_blind_and_aware, third)


def test_attack_edges_are_counted_a_sybil():
    points = [{"execution.outcome_detection": d, "reputation.kind": "beta", "attack_edges": edges}
              for d, edges in ((0.0, 60.0), (1.0, 0.0))]
    frame = seeded(points, trust_auc=0.6)
    frame.attrs["config"] = {"adversary.fraction": "0.3", "peers.count": "100"}
    ax = drawn(figures.metric_vs_attack_edges, frame, "trust_auc", "execution.outcome_detection")
    assert ax.get_lines()[0].get_xdata(orig=False).tolist() == [0.0, 2.0]


def test_additional_cost_has_a_lower_limit_where_nothing_is_proved():
    rows = []
    for policy, harm in (("optimistic", (40, 50, 60)), ("tier3", (-5, 0, 6))):
        for seed, extra in enumerate(harm):
            for fraction, compromised in ((0.0, 10), (0.2, 10 + extra)):
                rows.append({"adversary.fraction": fraction, "policy.name": policy, "run.seed": seed,
                             "workflows_success": 100 - compromised, "workflows_compromised": compromised,
                             "workflows_failed": 0, "compromised_rate": compromised / 100})
    frame = pd.DataFrame(rows)
    frame.attrs["config"] = {"peers.count": "100"}
    ax = drawn(figures.additional_cost_vs_fraction, frame)
    assert [line.get_ydata(orig=False).tolist() for line in ax.get_lines() if line.get_label() ==
            STYLES["optimistic"].label] == [[pytest.approx(20 / 50)]]
    assert [container.has_yerr for container in ax.containers] == [True]
    table = paper.attack_cost_by_policy(frame).splitlines()[-1]
    assert "0.4 (" in table and "over " in table


def test_forging_has_a_line_style_a_case():
    cases = (("true", "now", 0.9), ("false", "now", 0.6), ("false", "max", 0.3))
    frame = pd.concat([seeded([{"policy.name": "tier2", "adversary.forge_rate": rate, "identity.verify": verify,
                                "adversary.forge_sequence": sequence}], success_rate=success)
                       for rate in (0, 0.1) for verify, sequence, success in cases])
    ax = drawn(figures.success_vs_forging, frame)
    assert [(line.get_linestyle(), line.get_ydata(orig=False)[1]) for line in ax.get_lines()] == [
        ("-", pytest.approx(0.9)), ("--", pytest.approx(0.6)), (":", pytest.approx(0.3))]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.1"]
    rows = identities.success_by_forging(frame).splitlines()[2:]
    assert rows[1] == "| tier2 | 0.1 | 0.900 ± 0.025 | 0.600 ± 0.025 | 0.300 ± 0.025 |"


def test_rates_stand_at_the_places_of_all_lines():
    """A line that lacks a rate has no point there, and its others stay at their ticks."""
    points = [("beta", rate) for rate in (0, 0.1, 1)] + [("eigentrust", rate) for rate in (0, 1)]
    frame = seeded([{"reputation.kind": kind, "adversary.praise_rate": rate, "adversary.badmouth": "false"}
                    for kind, rate in points], success_rate=0.5)
    ax = drawn(figures.metric_vs_praise, frame)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.1", "1"]
    assert [line.get_xdata(orig=False).tolist() for line in ax.get_lines()] == [[0, 1, 2], [0, 2]]
    frame = seeded([{"policy.name": policy, "adversary.forge_rate": rate, "identity.verify": "true",
                     "adversary.forge_sequence": "now"}
                    for policy, rate in (("tier1", 0), ("tier1", 0.3), ("tier1", 1), ("tier2", 0.3), ("tier2", 1))],
                   success_rate=0.5)
    ax = drawn(figures.success_vs_forging, frame)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.3", "1"]
    assert [line.get_xdata(orig=False).tolist() for line in ax.get_lines()] == [[0, 1, 2], [1, 2]]


def test_no_line_is_without_its_name():
    """beta is run with badmouthing only, a new kind without: both are drawn, and are in the legend."""
    frame = seeded([{"reputation.kind": kind, "adversary.praise_rate": rate, "adversary.badmouth": badmouth}
                    for kind, badmouth in (("beta", "true"), ("new_kind", "false")) for rate in (0, 1)],
                   success_rate=0.5)
    ax = drawn(figures.metric_vs_praise, frame)
    assert len(ax.get_lines()) == 2
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named == {"Beta (pooled)", "new kind", "with badmouthing"}


def test_a_case_of_forging_without_a_line_is_refused():
    frame = seeded([{"policy.name": "tier2", "adversary.forge_rate": rate, "identity.verify": "true",
                     "adversary.forge_sequence": "max"} for rate in (0, 1)], success_rate=0.5)
    with pytest.raises(ValueError, match="identity.verify = true with adversary.forge_sequence = max"):
        drawn(figures.success_vs_forging, frame)


@pytest.mark.parametrize("draw", [figures.overhead_vs_peers, figures.latency_vs_peers])
def test_numbers_over_the_peers_do_not_mix_policies(draw):
    metrics = {"control_bytes_per_peer_second": 100.0, **{f"discovery_latency_p{p}": 0.1 for p in (50, 90, 99)}}
    points = [{"peers.count": peers, "policy.name": policy, "run.duration": 6000 / peers}
              for peers in (20, 50) for policy in ("optimistic", "tier3")]
    drawn(draw, seeded(points[::2], **metrics))  # what moves together with the number of peers is fine
    with pytest.raises(ValueError, match="also differ in policy.name"):
        drawn(draw, seeded(points, **metrics))


def test_whitewashing_apart_from_the_reserve_is_refused():
    points = [{"identity.cost": cost, "adversary.reserve": 0.5, "adversary.whitewash": whitewash}
              for cost in (1, 2) for whitewash in ("true", "false")]
    with pytest.raises(ValueError, match="adversary.whitewash, which adversary.reserve does not decide"):
        drawn(figures.success_vs_identity_cost, seeded(points, success_rate=0.5))


def test_every_reserve_is_drawn():
    reserves = [0.1 * i for i in range(10)]
    frame = seeded([{"identity.cost": cost, "adversary.reserve": reserve, "adversary.whitewash": "true"}
                    for cost in (1, 2) for reserve in reserves], success_rate=0.5)
    lines = drawn(figures.success_vs_identity_cost, frame).get_lines()
    assert len({line.get_label() for line in lines}) == len(reserves)
    assert len({(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines}) == len(reserves)
    # All of the legend, 21 lines, lies within the figure.
    figure = lines[0].figure
    FigureCanvasAgg(figure).draw()
    legend = lines[0].axes.get_legend().get_window_extent()
    assert 0 <= legend.y0 and legend.y1 <= figure.bbox.height and figure.get_figheight() < 6


def test_a_reserve_has_a_line_of_its_own():
    frame = pd.concat([seeded([{"identity.cost": cost, "adversary.reserve": reserve, "policy.name": "tier1",
                                "adversary.whitewash": "true" if reserve else "false"}],
                              success_rate=0.1 * cost + reserve) for cost in (1, 2, 4) for reserve in (0, 0.5)])
    ax = drawn(figures.success_vs_identity_cost, frame)
    assert [line.get_ydata(orig=False).tolist() for line in ax.get_lines()] == [
        pytest.approx([0.1, 0.2, 0.4]), pytest.approx([0.6, 0.7, 0.9])]
    assert "50%" in ax.get_lines()[1].get_label()
