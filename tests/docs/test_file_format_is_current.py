"""docs/file-format.md and the validator's list say what result files hold.

Started as a program, this file renews analysis/parley_analysis/format.csv from new results, and from that the
tables of docs/file-format.md. Datasets that are new get the schema version of the program as their first.
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
import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("PARLEY_BINARY", ROOT / "build" / "release" / "parley")).resolve()
LIST = ROOT / "analysis" / "parley_analysis" / "format.csv"
PAGE = ROOT / "docs" / "file-format.md"
COLUMNS = ("model", "group", "name", "axes", "type", "units", "since", "meaning")
MODELS = {
    "agentic": ("paper-sybil.ini", "--run.duration=20s", "--run.warmup=5s"),
    "phold": ("phold.ini", "--phold.entities=64", "--run.duration=5s"),
}
RENEW = "run /usr/bin/python3 tests/docs/test_file_format_is_current.py"


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


def rows_of(file: Path, model: str, since: dict[tuple[str, str, str], int]) -> list[dict[str, str]]:
    """The datasets of a result as rows of the list; `since` has the first versions known already."""
    rows = []
    with h5py.File(file) as result:
        version = int(result.attrs["schema_version"])

        def visit(path: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                group, _, name = path.rpartition("/")
                values = (model, group, name, axes_of(item), "text" if item.dtype.kind == "O" else str(item.dtype),
                          item.attrs["units"], str(since.get((model, group, name), version)), item.attrs["long_name"])
                rows.append(dict(zip(COLUMNS, values)))

        result.visititems(visit)
    return rows


def known_rows() -> list[dict[str, str]]:
    if not LIST.exists():
        return []
    with open(LIST, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def renewed_rows(files: dict[str, Path]) -> list[dict[str, str]]:
    since = {(row["model"], row["group"], row["name"]): int(row["since"]) for row in known_rows()}
    return [row for model, file in files.items() for row in rows_of(file, model, since)]


def table_of(rows: list[dict[str, str]], model: str, group: str) -> str:
    """The Markdown table of one group."""
    lines = ["| dataset | axes | type | unit | since | meaning |", "|---|---|---|---|---|---|"]
    lines += [f"| `{row['name']}` | {', '.join(row['axes'].split()) or 'scalar'} | {row['type']} | {row['units']} | "
              f"{row['since']} | {row['meaning']} |" for row in rows if (row["model"], row["group"]) == (model, group)]
    return "\n".join(lines)


def page_with_tables(text: str, rows: list[dict[str, str]]) -> str:
    """The page with every table after a marker <!-- datasets: MODEL /GROUP --> made anew."""

    def renewed(match: re.Match[str]) -> str:
        return f"{match[1]}\n{table_of(rows, match[2], match[3].strip('/'))}\n"

    return re.sub(r"(<!-- datasets: (\w+) (\S+) -->\n)(?:\n?\|[^\n]*\n)*", renewed, text)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_results(tmp_path_factory.mktemp("format"))


def test_the_list_is_what_results_hold(results: dict[str, Path]) -> None:
    assert known_rows() == renewed_rows(results), f"{LIST.name} is not current; {RENEW}"


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
        rows = renewed_rows(make_results(Path(folder)))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    LIST.write_text(stream.getvalue(), encoding="utf-8")
    PAGE.write_text(page_with_tables(PAGE.read_text("utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    renew()
