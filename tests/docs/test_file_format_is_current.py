"""docs/file-format.md and the validator's list say what result files hold.

Started as a program, this file renews analysis/parley_analysis/format.csv from new results, and from that the
tables of docs/file-format.md. Datasets that are new get the schema version of the program as their first. What a row is
of its interval is told from two runs that are the same but for the length of the intervals.
"""
from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("PARLEY_BINARY", ROOT / "build" / "release" / "parley")).resolve()
LIST = ROOT / "analysis" / "parley_analysis" / "format.csv"
PAGE = ROOT / "docs" / "file-format.md"
COLUMNS = ("model", "group", "name", "axes", "type", "units", "row", "since", "meaning")
ROW_KINDS = ("sum", "level", "maximum", "mean")
MODELS = {
    "agentic": ("paper-sybil.ini", "--run.duration=20s", "--run.warmup=5s"),
    "phold": ("phold.ini", "--phold.entities=64", "--run.duration=5s"),
}
RENEW = "run /usr/bin/python3 tests/docs/test_file_format_is_current.py"
Key = tuple[str, str, str]  # model, group, name

# Runs in which every dataset over time varies so that a sum, the last value, a maximum and a mean differ.
VARIED = {
    "run.duration": "300s", "run.warmup": "20s", "churn.kind": "weibull", "churn.on_scale": "100s",
    "churn.off_mean": "50s", "network.loss": "0.02", "drift.kind": "two_state", "drift.mean_nominal": "20s",
    "drift.mean_degraded": "20s", "execution.outcome_detection": "0.3", "evidence.false_reject": "0.2",
    "adversary.whitewash": "true", "adversary.praise_rate": "0.1", "adversary.badmouth": "true",
    "adversary.forge_rate": "0.1",
}
CASES = ({"policy.name": "tier2", "reputation.kind": "eigentrust"},
         {"identity.verify": "false", "workflow.steps": "a: image_generation/high; b: publishing/medium/side_effect"})
FINE = {"output.interval": "1s", "output.histogram_interval": "10s"}
COARSE = {"output.interval": "25s", "output.histogram_interval": "50s"}


def make_results(folder: Path) -> dict[str, Path]:
    """A small result of each model."""
    files = {}
    for model, (config, *settings) in MODELS.items():
        files[model] = folder / f"{model}.h5"
        subprocess.run([str(BINARY), "run", str(ROOT / "configs" / config), *settings, "--output", str(files[model]),
                        "--quiet"], check=True)
    return files


def axes_of(data: h5py.Dataset) -> str:
    if data.ndim == 1 and h5py.h5ds.is_scale(data.id):
        return data.name.rpartition("/")[2]
    return " ".join(scales[0].name.rpartition("/")[2] for scales in data.dims)


def told_rows(folder: Path) -> dict[Key, str]:
    """What a row of each dataset of /timeseries and /histograms is, as the program shows it: sum, level (the state at
    the end), maximum or mean of its interval. AssertionError where the runs do not tell."""
    possible: dict[Key, set[str]] = {}
    for number, case in enumerate(CASES):
        files = []
        for name, intervals in (("fine", FINE), ("coarse", COARSE)):
            files.append(folder / f"{name}{number}.h5")
            settings = [f"--{key}={value}" for key, value in {**VARIED, **case, **intervals}.items()]
            subprocess.run([str(BINARY), "run", str(ROOT / "configs" / "paper-sybil.ini"), *settings, "--output",
                            str(files[-1]), "--quiet"], check=True)
        with h5py.File(files[0]) as fine, h5py.File(files[1]) as coarse:
            for group in ("timeseries", "histograms"):
                for name, item in coarse[group].items():
                    if h5py.h5ds.is_scale(item.id):
                        continue
                    parts = fine[group][name][()].astype(float)
                    parts = parts.reshape(item.shape[0], -1, *item.shape[1:])
                    possible.setdefault(("agentic", group, name), set(ROW_KINDS)).intersection_update(
                        fitting(parts, item[()].astype(float)))
    # A last value or a maximum lies between the least and the greatest value, as a mean does.
    told = {key: kinds - {"mean"} or kinds for key, kinds in possible.items()}
    unclear = {"/".join(key): sorted(kinds) for key, kinds in told.items() if len(kinds) != 1}
    assert not unclear, f"what a row is does not show: {unclear}; let the datasets vary in the runs of this test"
    return {key: kinds.pop() for key, kinds in told.items()}


def fitting(parts: np.ndarray, whole: np.ndarray) -> set[str]:
    """The ways in which rows over long intervals follow from those over their parts (axis 1)."""
    exact = {"sum": parts.sum(axis=1), "level": parts[:, -1], "maximum": parts.max(axis=1)}
    found = {kind for kind, values in exact.items() if np.array_equal(values, whole, equal_nan=True)}
    low, high = np.fmin.reduce(parts, axis=1), np.fmax.reduce(parts, axis=1)
    rounding = 1e-12 * np.abs(high)
    between = (whole >= low - rounding) & (whole <= high + rounding)
    return found | ({"mean"} if np.all(between | np.isnan(whole)) else set())


def rows_of(file: Path, model: str, since: dict[Key, int], rows_are: dict[Key, str]) -> list[dict[str, str]]:
    """The datasets of a result as rows of the list; `since` has the first versions known already, `rows_are` what a row
    of a dataset is of its interval."""
    rows = []
    with h5py.File(file) as result:
        version = int(result.attrs["schema_version"])

        def visit(path: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                group, _, name = path.rpartition("/")
                values = (model, group, name, axes_of(item), "text" if item.dtype.kind == "O" else str(item.dtype),
                          item.attrs["units"], rows_are.get((model, group, name), ""),
                          str(since.get((model, group, name), version)), item.attrs["long_name"])
                rows.append(dict(zip(COLUMNS, values)))

        result.visititems(visit)
    return rows


def known_rows() -> list[dict[str, str]]:
    if not LIST.exists():
        return []
    with open(LIST, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def renewed_rows(files: dict[str, Path], told: dict[Key, str]) -> list[dict[str, str]]:
    """`told`: what the rows of datasets are; of those under /provenance, which no two runs share, it is kept."""
    known = {(row["model"], row["group"], row["name"]): row for row in known_rows()}
    since = {key: int(row["since"]) for key, row in known.items()}
    kept = {key: row["row"] for key, row in known.items() if key[1].startswith("provenance")}
    return [row for model, file in files.items() for row in rows_of(file, model, since, {**kept, **told})]


def table_of(rows: list[dict[str, str]], model: str, group: str) -> str:
    """The Markdown table of one group; with the column `row` where it is over time."""
    rows = [row for row in rows if (row["model"], row["group"]) == (model, group)]
    columns = ("type", "units", *(("row",) if any(row["row"] for row in rows) else ()), "since", "meaning")
    header = ("dataset", "axes", *("unit" if column == "units" else column for column in columns))
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [f"| `{row['name']}` | {', '.join(row['axes'].split()) or 'scalar'} | "
              f"{' | '.join(row[column] for column in columns)} |" for row in rows]
    return "\n".join(lines)


def page_with_tables(text: str, rows: list[dict[str, str]]) -> str:
    """The page with every table after a marker <!-- datasets: MODEL /GROUP --> made anew."""

    def renewed(match: re.Match[str]) -> str:
        return f"{match[1]}\n{table_of(rows, match[2], match[3].strip('/'))}\n"

    return re.sub(r"(<!-- datasets: (\w+) (\S+) -->\n)(?:\n?\|[^\n]*\n)*", renewed, text)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_results(tmp_path_factory.mktemp("format"))


def test_the_list_is_what_results_hold(results: dict[str, Path], tmp_path: Path) -> None:
    """With what a row of each dataset is: a count that is listed as a level, or the other way round, is found."""
    assert known_rows() == renewed_rows(results, told_rows(tmp_path)), f"{LIST.name} is not current; {RENEW}"


def test_the_list_says_what_a_row_is_of_every_dataset_over_time() -> None:
    for row in known_rows():
        over_time = row["axes"].split()[:1] == ["time"] and row["name"] != "time"
        assert row["row"] in ROW_KINDS if over_time else row["row"] == "", row


def test_what_a_row_is_shows_by_hand() -> None:
    parts = np.array([[1.0, 3.0, 2.0], [0.0, 5.0, 4.0]])
    for whole, kinds in (([6, 9], {"sum"}), ([2, 4], {"level", "mean"}), ([3, 5], {"maximum", "mean"}),
                         ([2.5, np.nan], {"mean"}), ([7, 9], set())):
        assert fitting(parts, np.array(whole, dtype=float)) == kinds


def test_the_page_shows_the_list() -> None:
    text = PAGE.read_text("utf-8")
    assert text == page_with_tables(text, known_rows()), f"docs/file-format.md is not current; {RENEW}"
    shown = re.findall(r"<!-- datasets: (\w+) (\S+) -->", text)
    groups = {(row["model"], row["group"]) for row in known_rows()}
    assert {(model, group.strip("/")) for model, group in shown} == groups


def test_the_page_names_attributes_and_labels(results: dict[str, Path]) -> None:
    text = PAGE.read_text("utf-8")
    with h5py.File(results["agentic"]) as result:
        provenance = re.search(r"^### Attributes of `/provenance`\n(.*?)(?=^#{2,3} )", text, re.MULTILINE | re.DOTALL)
        assert provenance is not None
        assert set(re.findall(r"^\| `([^`]+)` \|", provenance[1], re.MULTILINE)) == set(result["provenance"].attrs)
        assert all(f"`{name}`" in text for name in result.attrs)
        described = subprocess.run([str(BINARY), "describe", "--markdown"], capture_output=True, text=True, check=True)
        assert set(result["config"].attrs) - {"text"} <= set(re.findall(r"^\| `([a-z0-9_.]+)` \|", described.stdout,
                                                                       re.MULTILINE))
        for axis in ("kind", "reason"):
            for label in result[axis].asstr()[()]:
                assert f"`{label}`" in text, f"docs/file-format.md does not name {axis} {label}"


def renew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = renewed_rows(make_results(Path(folder)), told_rows(Path(folder)))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    LIST.write_text(stream.getvalue(), encoding="utf-8")
    PAGE.write_text(page_with_tables(PAGE.read_text("utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    renew()
