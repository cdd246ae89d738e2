"""Runs studies, and writes their tables and figures; what was done before is kept."""
from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..figures import save_figure
from ..launch import run_sweep
from ..policies import FRACTION, POLICY
from ..sweep import read_runs
from .study import Study

SWEEPS = Path("configs") / "sweeps"
TABLE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end of the table -->)", re.DOTALL)
IMAGE = re.compile(r"\]\(figures/(?P<name>[\w-]+)\.png\)")


@dataclass(frozen=True)
class Options:
    """`large`: with the points that cost minutes each. `quick`: one seed, short runs. `jobs`: runs at a time."""

    large: bool = False
    quick: bool = False
    jobs: int | None = None


def run_studies(studies: Sequence[Study], folder: Path, options: Options = Options(),
                page: Path | None = None) -> None:
    """Runs, then writes folder/tables/NAME.md and folder/figures/NAME.png and .pdf; renews `page` with them.

    Finished runs are kept. RuntimeError when a run fails, ValueError when the page wants a table or figure that no
    study makes.
    """
    began = time.monotonic()
    if page is not None:
        check_page(page, studies)
    for study in studies:
        begun = time.monotonic()
        frame = _runs(study, folder, options)
        _write(study, frame, folder)
        print(f"{study.name}: {len(frame)} runs, {len(study.tables)} tables, {len(study.figures)} figures, "
              f"{_seconds(time.monotonic() - begun)}", flush=True)
    if page is not None:
        renew_page(page, folder, studies)
        print(f"{page}: tables and figures renewed", flush=True)
    print(f"{folder}: {_seconds(time.monotonic() - began)} in all", flush=True)


def _runs(study: Study, folder: Path, options: Options) -> pd.DataFrame:
    sweep = study.large if options.large and study.large else study.sweep
    settings = study.quick if options.quick else None
    results = run_sweep(SWEEPS / f"{sweep}.ini", folder / study.name, 1 if options.quick else None, settings,
                        options.jobs, show=True)
    return read_runs(results, keep=(FRACTION, POLICY))


def _write(study: Study, frame: pd.DataFrame, folder: Path) -> None:
    (folder / "tables").mkdir(exist_ok=True)
    for name, table in study.tables.items():
        (folder / "tables" / f"{name}.md").write_text(table(frame) + "\n", encoding="utf-8")
    for name, draw in study.figures.items():
        save_figure(draw(frame), folder / "figures" / name)


def check_page(page: Path, studies: Sequence[Study]) -> None:
    """ValueError when a table or a figure on the page is of no study that there is."""
    text = page.read_text(encoding="utf-8")
    for names, kind, pattern in ((_names(studies, "tables"), "table", TABLE),
                                 (_names(studies, "figures"), "figure", IMAGE)):
        unknown = sorted({match["name"] for match in pattern.finditer(text)} - set(names))
        if unknown:
            raise ValueError(f"{page} shows the {kind} {unknown[0]}, which none of the studies asked for makes; name "
                             "all studies, or none for all of them")


def renew_page(page: Path, folder: Path, studies: Sequence[Study]) -> None:
    """Puts the tables between their marks, and the figures that the page shows into its folder figures/."""
    tables = {name: (folder / "tables" / f"{name}.md").read_text(encoding="utf-8")
              for name in _names(studies, "tables")}
    text = page.read_text(encoding="utf-8")
    renewed = TABLE.sub(lambda match: f"{match[1]}\n{tables[match['name']]}\n{match[3]}", text)
    for match in IMAGE.finditer(text):
        target = page.parent / "figures" / f"{match['name']}.png"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / "figures" / target.name, target)
    page.write_text(renewed, encoding="utf-8")


def _names(studies: Sequence[Study], kind: str) -> Mapping[str, object]:
    return {name: value for study in studies for name, value in getattr(study, kind).items()}


def _seconds(duration: float) -> str:
    whole = round(duration)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
