"""What a study is: a sweep, and the tables and figures made of its runs."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures import new_figure

Table = Callable[[pd.DataFrame], str]      # Markdown
Drawing = Callable[[pd.DataFrame], Figure]


@dataclass(frozen=True)
class Study:
    """`sweep` is the name of a file of configs/sweeps; results go to a folder of the study's name.

    `large`: a sweep with the same points and more that cost minutes each. `quick`: what makes the runs short for a
    first look; empty where the sweep varies their duration itself.
    """

    name: str
    sweep: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Drawing] = field(default_factory=dict)
    large: str | None = None
    quick: Mapping[str, str] = field(default_factory=lambda: {"run.duration": "90s", "run.warmup": "30s"})


def on_axes(draw: Callable[..., Axes], *arguments: object) -> Drawing:
    """A drawing of one axes as one figure of its own."""
    def drawing(frame: pd.DataFrame) -> Figure:
        figure, ax = new_figure()
        draw(frame, ax, *arguments)
        return figure
    return drawing
