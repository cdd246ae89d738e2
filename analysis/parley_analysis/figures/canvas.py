"""A figure in the style of the package, its colours, and storing it."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH, HEIGHT = 5.6, 3.5  # inches
PNG_DPI = 200
LINE_HEIGHT, LABEL_SPACING = 1.3, 0.9  # of a legend, in font sizes
POINTS_PER_INCH = 72

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
    "svg.fonttype": "path",  # looks the same everywhere
    "svg.hashsalt": "parley",  # the same figure gives the same bytes
}

# Okabe and Ito: told apart with any colour vision.
HONEST, SYBIL = "#0072B2", "#D55E00"
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
GRID = {"color": "0.9", "linewidth": 0.6}
MARKERS = "osD^vPX*"
LINES: tuple[object, ...] = ("-", (0, (4, 2)), ":", "-.")
HATCHES = ("", "////", "....", "xxxx")


@dataclass(frozen=True)
class Look:
    """What tells one of several series from the others: as line, as marks, as area."""

    colour: str
    marker: str
    dashes: object
    hatch: str


def looks(count: int) -> list[Look]:
    """One for each of `count` series: colours and markers in turn, at each new turn another line and hatch.

    ValueError for more than can be told apart.
    """
    most = len(CATEGORIES) * len(LINES)
    if count > most:
        raise ValueError(f"a figure tells {most} series apart, and these are {count}; draw them in several figures")
    turns = (divmod(place, len(CATEGORIES)) for place in range(count))
    return [Look(CATEGORIES[colour], MARKERS[colour], LINES[turn], HATCHES[turn]) for turn, colour in turns]


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """A figure (inches) with one axes in the style of the package; needs no display."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def new_panels(count: int, width: float = 1.6 * WIDTH, height: float = HEIGHT) -> tuple[Figure, list[Axes]]:
    """The same with axes side by side that share their y axis."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, list(figure.subplots(1, count, sharey=True))


def save_figure(figure: Figure, stem: str | Path) -> list[Path]:
    """Writes STEM.png (200 dpi) and STEM.pdf; the same figure gives the same bytes. Returns the files."""
    png, pdf = Path(f"{stem}.png"), Path(f"{stem}.pdf")
    png.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure.savefig(png, dpi=PNG_DPI, metadata={"Software": None})
        figure.savefig(pdf, metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return [png, pdf]


def legend_beside(ax: Axes, handles: Sequence[Artist] | None = None, title: str | None = None) -> None:
    """The legend right of the axes, where it hides no data; lines in the order of their right ends.

    A figure that is too low for all of its entries becomes higher.
    """
    if handles is None:
        handles = sorted(ax.get_lines(), key=lambda line: line.get_ydata(orig=False)[-1], reverse=True)
    lines = sum(1 + str(handle.get_label()).count("\n") for handle in handles) + (title is not None)
    height = STYLE["legend.fontsize"] * (LINE_HEIGHT * lines + LABEL_SPACING * len(handles) + 1) / POINTS_PER_INCH
    if isinstance(ax.figure, Figure) and height > ax.figure.get_figheight():
        ax.figure.set_figheight(height)
    with matplotlib.rc_context(STYLE):
        ax.legend(handles=handles, title=title, loc="center left", alignment="left", bbox_to_anchor=(1.01, 0.5),
                  handlelength=2.2, labelspacing=LABEL_SPACING, borderaxespad=0.2,
                  title_fontsize=STYLE["legend.fontsize"])
