"""The policies of the paper's study: order, readable names, and how they are drawn everywhere."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FRACTION = "adversary.fraction"
POLICY = "policy.name"


@dataclass(frozen=True)
class PolicyStyle:
    """A policy's look, the same in every figure."""

    label: str
    colour: str
    marker: str


# Colours: Okabe and Ito, told apart with any colour vision; markers tell the lines apart in grey.
STYLES = {
    "optimistic": PolicyStyle("Optimistic (tier 0)", "#D55E00", "s"),
    "tier1": PolicyStyle("Reputation (tier 1)", "#E69F00", "^"),
    "tier2": PolicyStyle("Canary (tier 2)", "#56B4E9", "v"),
    "tier3": PolicyStyle("Evidence (tier 3)", "#0072B2", "D"),
    "risk_aware": PolicyStyle("Risk-aware tiering", "#009E73", "o"),
    "cost_aware": PolicyStyle("Least expected cost", "#CC79A7", "P"),
}
# Of those that are not known: no two of 21 have both in common.
_SPARE_COLOURS = ("#000000", "#F0E442", "#8C564B")
_SPARE_MARKERS = "X*hp<>d"


def policy_order(names: Iterable[str]) -> list[str]:
    """Known policies in the order of the paper, then others by name."""
    known = list(STYLES)
    return sorted(names, key=lambda name: (known.index(name) if name in STYLES else len(known), name))


def policy_style(name: str, unknown_before: int = 0) -> PolicyStyle:
    """The style of a policy; one that is not known gets a spare one, the `unknown_before`-th."""
    return STYLES[name] if name in STYLES else spare_style(name, unknown_before)


def spare_style(name: str, place: int) -> PolicyStyle:
    """The `place`-th of the styles for what has none of its own; ValueError for more than can be told apart."""
    if place >= len(_SPARE_COLOURS) * len(_SPARE_MARKERS):
        raise ValueError(f"there are too many names without a style of their own (up to {name}); draw fewer at a time")
    return PolicyStyle(name.replace("_", " "), _SPARE_COLOURS[place % len(_SPARE_COLOURS)],
                       _SPARE_MARKERS[place % len(_SPARE_MARKERS)])
