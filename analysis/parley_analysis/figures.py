"""Figures fit for a paper: one function a figure, each draws on the axes it is given."""
from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from .policies import FRACTION, POLICY, STYLES, policy_order, policy_style
from .statistics import require_only, summarise

WIDTH, HEIGHT = 5.6, 3.5  # inches
PNG_DPI = 200

STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "pdf.fonttype": 42,  # TrueType: text stays text, as publishers ask
}


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """A figure (inches) with one axes in the style of the package; needs no display."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def success_vs_fraction(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Workflow success rate over the Sybil fraction: a line a policy, mean over seeds, 95 % interval as band.

    `frame` comes from read_runs and may differ in fraction, policy and seed only (else ValueError).
    """
    require_only(frame, (FRACTION, POLICY))
    means = summarise(frame, by=(POLICY, FRACTION), metrics=("success_rate",))
    unknown = 0
    for name in policy_order(means[POLICY].unique()):
        style = policy_style(name, unknown)
        unknown += name not in STYLES
        line = means[means[POLICY] == name]
        # Bands, not bars: where two policies are close, bars at the same fractions cannot be told apart.
        ax.fill_between(line[FRACTION], line["success_rate_low"], line["success_rate_high"],
                        color=style.colour, alpha=0.2, linewidth=0)
        ax.plot(line[FRACTION], line["success_rate"], label=style.label, color=style.colour, linewidth=1.4,
                marker=style.marker, markersize=5.5, markeredgecolor="white", markeredgewidth=0.6)
    ax.set_xlabel("Sybil fraction $f$")
    ax.set_ylabel("Workflow success rate")
    ax.set_ylim(0.0, 1.0)
    ax.yaxis.set_major_locator(MultipleLocator(0.2))
    ax.grid(axis="y", color="0.9", linewidth=0.6)
    _legend_outside(ax)
    return ax


def save_figure(figure: Figure, stem: str | Path) -> list[Path]:
    """Writes STEM.png (200 dpi) and STEM.pdf; the same figure gives the same bytes. Returns the files."""
    png, pdf = Path(f"{stem}.png"), Path(f"{stem}.pdf")
    png.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure.savefig(png, dpi=PNG_DPI, metadata={"Software": None})
        figure.savefig(pdf, metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return [png, pdf]


def _legend_outside(ax: Axes) -> None:
    """The legend beside the axes, where it hides no data, in the order of the lines' right ends."""
    lines = sorted(ax.get_lines(), key=lambda line: line.get_ydata(orig=False)[-1], reverse=True)
    with matplotlib.rc_context(STYLE):
        ax.legend(handles=lines, title="Mean with 95 % interval", loc="center left", alignment="left",
                  bbox_to_anchor=(1.01, 0.5), handlelength=2.2, labelspacing=0.9, borderaxespad=0.2,
                  title_fontsize=STYLE["legend.fontsize"])
