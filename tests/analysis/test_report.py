"""The HTML page: what it says, and that a browser shows it."""
from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from fake_parley import write_result
from parley_analysis.__main__ import main
from parley_analysis.report import write_report
from parley_analysis.report.content import format_value, gather, interval_cell
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By


@pytest.fixture(scope="module")
def page(small_sweep: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(small_sweep, tmp_path_factory.mktemp("report") / "sweep.html")


def test_the_page_needs_nothing_else_and_is_the_same_each_time(page, small_sweep, tmp_path):
    text = page.read_text("utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text) and "@import" not in text
    assert "default-src 'none'" in text
    assert write_report(small_sweep, tmp_path / "again.html").read_text("utf-8") == text


def test_what_the_page_says(page, small_sweep):
    content = gather(small_sweep)
    headings = [table.heading for table in content.tables]
    assert headings == ["Means", "Paired differences to tier1", "Configuration: what differs between the runs", "Runs",
                        "Configuration shared by all runs", "Provenance"]
    assert [len(table.rows) for table in content.tables[:4]] == [4, 2, 3, 8]
    assert [drawing.caption for drawing in content.drawings] == ["Success against the Sybil fraction", "Cost of attack"]
    differing = {row[0].text: row[2].text for row in content.tables[2].rows}
    assert differing == {"adversary.fraction": "0.1, 0.3", "policy.name": "risk_aware, tier1", "run.seed": "1, 2"}
    assert any("Less than 10 seeds: a point has 2" in warning for warning in content.warnings)


def test_warnings(tmp_path):
    """Intervals that overlap at one fraction of two, runs that are missing, versions that differ."""
    levels = {("0.1", "tier1"): 0.9, ("0.1", "tier2"): 0.905, ("0.3", "tier1"): 0.2, ("0.3", "tier2"): 0.8}
    for (fraction, policy), level in levels.items():
        for seed in range(12):
            config = {"adversary.fraction": fraction, "policy.name": policy, "run.seed": str(seed),
                      "peers.count": "100", "run.duration": "80s", "run.warmup": "20s"}
            write_result(tmp_path / f"{fraction}{policy}{seed}.h5", config, success_rate=level + 0.02 * (-1) ** seed,
                         workflows_compromised=10)
    warnings = gather(tmp_path).warnings
    assert len(warnings) == 1 and "overlap: tier1 and tier2 at adversary.fraction = 0.1. The" in warnings[0]
    (tmp_path / "0.3tier17.h5").unlink()
    write_result(tmp_path / "0.3tier17.h5", {"adversary.fraction": "0.3", "policy.name": "tier1", "run.seed": "7",
                                             "peers.count": "100", "run.duration": "80s", "run.warmup": "20s"},
                 success_rate=np.nan, workflows_compromised=0)
    assert any("In 1 runs no workflow ended" in warning for warning in gather(tmp_path).warnings)
    files = [f'{{"file": "{file.name}"}}' for file in sorted(tmp_path.glob("*.h5"))]
    (tmp_path / "manifest.json").write_text('{"points": [' + ", ".join([*files, '{"file": "to_come.h5"}']) + "]}")
    assert any(warning.startswith("1 planned runs have no result") for warning in gather(tmp_path).warnings)


def made_up(folder: Path, axes: dict[str, list[str]], **values: Callable[[dict[str, str]], float]) -> Path:
    """Every combination of the axes as a made-up run, with summary values of its parameters."""
    for number, point in enumerate(itertools.product(*axes.values())):
        config = dict(zip(axes, point, strict=True))
        write_result(folder / f"{number:03}.h5", config, **{name: value(config) for name, value in values.items()})
    return folder


def test_a_parameter_without_effect_is_told(tmp_path):
    axes = {"drift.mean_degraded": ["5s", "15s"], "canary.guess": ["0", "1"], "policy.name": ["tier1", "tier2"],
            "run.seed": [str(seed) for seed in range(10)]}
    folder = made_up(tmp_path, axes, success_rate=lambda config: 0.9 - 0.1 * float(config["canary.guess"]))
    said = [warning for warning in gather(folder).warnings if "changes no value" in warning]
    assert [warning.split()[0] for warning in said] == ["drift.mean_degraded", "policy.name"]
    file = next(folder.glob("*.h5"))
    with h5py.File(file, "r+") as result:
        result["summary/events"][()] = 1001  # of one run, in one value
    assert not any("changes no value" in warning for warning in gather(folder).warnings)


def test_parameters_that_move_together_are_not_compared(tmp_path):
    for peers, duration in (("20", "600s"), ("50", "60s")):
        for seed in ("1", "2"):
            write_result(tmp_path / f"{peers}{seed}.h5", {"peers.count": peers, "run.duration": duration,
                                                          "run.seed": seed}, success_rate=0.5)
    assert not any("changes no value" in warning for warning in gather(tmp_path).warnings)


@pytest.mark.parametrize("axes, captions", [
    ({"drift.mean_degraded": ["5s", "15s", "30s"], "canary.guess": ["0", "1"]},
     ["Success against drift.mean_degraded at canary.guess = 0", "Success against drift.mean_degraded at canary.guess = 1"]),
    ({"canary.guess": ["0", "0.5", "1"], "descriptor.ttl": ["500ms", "15s"]},
     ["Success against canary.guess at descriptor.ttl = 0.5 s", "Success against canary.guess at descriptor.ttl = 15 s"]),
    ({"adversary.fraction": ["0", "0.3"], "reputation.kind": ["beta", "none"]},
     ["Success against the Sybil fraction at reputation.kind = beta",
      "Success against the Sybil fraction at reputation.kind = none"]),
    ({"descriptor.ttl": ["5s", "15s"]}, ["Success against descriptor.ttl"]),
    ({"peers.count": ["20", "50"], "canary.guess": ["0"]}, ["Success against peers.count"]),
    ({"canary.guess": ["0"] , "reputation.kind": ["beta", "none"]}, []),
    ({"canary.guess": [f"0.{i}" for i in range(10)], "canary.rate": [str(i) for i in range(9)]}, []),
])
def test_figures_of_studies_over_other_parameters(tmp_path, axes, captions):
    folder = made_up(tmp_path, {**axes, "policy.name": ["tier1", "tier2"], "run.seed": ["1"]})
    content = gather(folder)
    assert [drawing.caption for drawing in content.drawings] == captions
    told = [warning for warning in content.warnings if warning.startswith("No figure shows runs that differ in")]
    assert len(told) == (not captions)


def test_runs_of_a_model_without_policies_have_a_page(tmp_path):
    content = gather(made_up(tmp_path, {"phold.remote": ["0.1", "0.5"], "run.seed": ["1", "2"]}))
    assert content.drawings == [] and len(content.tables) == 5


def test_a_latency_along_peers_needs_that_they_decide_the_rest(tmp_path):
    latencies = {f"discovery_latency_p{p}": lambda config: 0.1 for p in (50, 90, 99)}
    axes = {"peers.count": ["20", "50"], "canary.guess": ["0", "1"], "run.seed": ["1"], "policy.name": ["tier1"]}
    captions = [drawing.caption for drawing in gather(made_up(tmp_path, axes, **latencies)).drawings]
    assert captions == ["Success against canary.guess at peers.count = 20", "Success against canary.guess at peers.count = 50"]


def test_the_page_of_one_run_has_its_steps_by_tier(small_sweep, tmp_path):
    file = next((small_sweep / "runs").glob("*risk_aware*.h5"))
    [table] = [table for table in gather(file).tables if table.heading == "Steps by tier"]
    assert [row[0].text for row in table.rows] == ["2 canary", "3 evidence"]
    column = list(table.columns).index("canaries sent")
    with h5py.File(file) as result:
        whole = int(result["summary/canaries_sent"][()])
    assert sum(row[column].key for row in table.rows) == whole > 0
    assert "<h2>Steps by tier</h2>" in write_report(file, tmp_path / "one.html").read_text("utf-8")
    write_result(tmp_path / "without.h5", {"policy.name": "tier1", "run.seed": "1", "peers.count": "100"},
                 success_rate=0.5, workflows_compromised=0)
    assert all(table.heading != "Steps by tier" for table in gather(tmp_path / "without.h5").tables)


def test_numbers_in_cells():
    assert interval_cell(0.91234, 0.0131).text == "0.912 \N{PLUS-MINUS SIGN} 0.013"
    assert interval_cell(291.145, 1.027).text == "291.1 \N{PLUS-MINUS SIGN} 1.0"
    assert interval_cell(5.0, float("nan")).text == "5" and interval_cell(float("nan"), 1.0).text == "-"
    assert [format_value(value) for value in (3, 70847.0, 0.123456, "x")] == ["3", "70,847", "0.1235", "x"]
    infinite = float("inf")  # a percentile beyond the last bin
    assert [format_value(value) for value in (infinite, -infinite)] == ["\N{INFINITY}", "-\N{INFINITY}"]
    assert interval_cell(infinite, float("nan")).text == "\N{INFINITY}"


def test_command_and_default_names(small_sweep, tmp_path, capsys):
    file = tmp_path / "one.h5"
    file.write_bytes(next((small_sweep / "runs").glob("*.h5")).read_bytes())
    assert main(["report", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "one.html")
    assert (tmp_path / "one.html").read_text("utf-8").count("<figure>") == 3
    assert main(["report", str(tmp_path)]) == 0 and (tmp_path / "report.html").exists()
    assert main(["report", str(tmp_path / "nowhere")]) == 2


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Debian's Chromium without a window and without network."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    yield driver
    driver.quit()


def open_page(browser: webdriver.Chrome, page: Path, width: int) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.get(page.as_uri())


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_the_page(browser, page, width):
    open_page(browser, page, width)
    assert browser.get_log("browser") == []
    figures = browser.find_elements(By.TAG_NAME, "img")
    assert len(figures) == 2
    for figure in figures:
        assert figure.is_displayed() and figure.size["width"] >= 400 and figure.size["height"] > 200
        assert browser.execute_script("return arguments[0].complete && arguments[0].naturalWidth > 0", figure)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


def test_a_table_that_is_too_large_scrolls_and_its_keys_stay_in_sight(browser, tmp_path):
    axes = {"drift.mean_degraded": [f"{i}s" for i in range(1, 31)], "canary.guess": ["0", "1"], "policy.name": ["tier1"],
            "run.seed": ["1", "2"]}
    names = ("success_rate", "compromised_rate", "failed_rate", "control_bytes_per_peer_second", "discovery_latency_p50",
             "end_to_end_latency_p99", "trust_auc")
    made_up(tmp_path, axes, **{name: lambda config: 0.123 * int(config["run.seed"]) for name in names})
    open_page(browser, write_report(tmp_path), 800)
    box = browser.find_element(By.XPATH, "//section[h2='Means']/div")
    assert browser.execute_script("""const box = arguments[0];
        return box.scrollWidth > box.clientWidth && box.scrollHeight > box.clientHeight
            && box.clientHeight <= 0.85 * innerHeight""", box)
    places = """const box = arguments[0], rows = box.querySelector("table").rows, at = element => {
            const rectangle = element.getBoundingClientRect(), outer = box.getBoundingClientRect();
            return [rectangle.left - outer.left, rectangle.top - outer.top];
        };
        return [at(rows[0].cells[1]), at(rows[40].cells[1]), at(rows[40].cells[3])];"""
    head, key, value = browser.execute_script(places, box)
    browser.execute_script("arguments[0].scrollTo(150, 400)", box)
    moved_head, moved_key, moved_value = browser.execute_script(places, box)
    assert moved_head == head, "the head stays where it is"
    assert moved_key == [key[0], key[1] - 400], "the keys move up only"
    assert moved_value == [value[0] - 150, value[1] - 400]
    open_page(browser, tmp_path / "report.html", 390)  # where keys would leave no room
    assert browser.find_elements(By.CSS_SELECTOR, ".key") == []


def test_tables_sort(browser, page):
    open_page(browser, page, 1280)
    table = browser.find_element(By.XPATH, "//section[h2='Means']//table")
    heads = table.find_elements(By.CSS_SELECTOR, "th button")
    column = [head.text for head in heads].index("success_rate")

    def shown() -> list[float]:
        cells = table.find_elements(By.CSS_SELECTOR, f"tbody td:nth-child({column + 1})")
        return [float(cell.text.split()[0]) for cell in cells]

    before = shown()
    assert before != sorted(before)
    heads[column].click()
    assert shown() == sorted(before)
    heads[column].click()
    assert shown() == sorted(before, reverse=True)
    names = [head.text for head in heads].index("policy.name")
    heads[names].click()
    policies = [cell.text for cell in table.find_elements(By.CSS_SELECTOR, f"tbody td:nth-child({names + 1})")]
    assert policies == sorted(policies)
    assert heads[names].find_element(By.XPATH, "..").get_attribute("aria-sort") == "ascending"
