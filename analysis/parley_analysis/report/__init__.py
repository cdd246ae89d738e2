"""One self-contained HTML page about a run or a sweep: figures inline, tables that sort, nothing from the network.

content   what the page says: tables, warnings, provenance
drawings  which figures fit the runs
page      how it looks: HTML, style sheet, sorting
"""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .content import gather
from .page import render

__all__ = ["write_report"]


def write_report(source: str | Path, output: str | Path | None = None, where: Sequence[str] = ()) -> Path:
    """Writes the page about a result file or a folder of runs; returns its file.

    where: texts "section.key=value": of the runs, those with these values.
    Default: report.html in the folder, or FILE with the ending .html. The same results give the same page.
    FileNotFoundError, FormatError, ValueError.
    """
    source = Path(source)
    if output is None:
        output = source / "report.html" if source.is_dir() else source.with_suffix(".html")
    file = Path(output)
    text = render(gather(source, where))
    beside = file.with_name(file.name + ".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
    return file
