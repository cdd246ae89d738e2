"""Every notebook runs from the first cell to the last, on small runs; in git it has no outputs."""
from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor
from parley_runs import binary

FOLDER = Path(__file__).resolve().parents[2] / "analysis" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS_A_CELL = 120


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by the notebooks, as they share sweeps."""
    return tmp_path_factory.mktemp("results")


def test_there_are_four() -> None:
    assert [file.name[:2] for file in NOTEBOOKS] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_outputs_are_stripped(file: Path) -> None:
    for cell in nbformat.read(file, as_version=4).cells:
        assert not cell.get("outputs") and not cell.get("execution_count"), (
            "strip it: jupyter nbconvert --clear-output --inplace FILE")


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_notebook_runs(file: Path, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_SMALL", "1")
    monkeypatch.setenv("PARLEY_RESULTS", str(results))
    monkeypatch.setenv("PARLEY_BINARY", str(binary().resolve()))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(file, as_version=4)
    executor = ExecutePreprocessor(timeout=SECONDS_A_CELL, kernel_name="python3")
    executor.preprocess(notebook, {"metadata": {"path": str(FOLDER)}})  # raises where a cell fails
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    pictures = [output for cell in code for output in cell.outputs if "image/png" in output.get("data", {})]
    assert pictures, "no figure was shown"
    warnings = [output.text for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    assert not warnings, warnings
