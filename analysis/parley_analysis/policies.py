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
_SPARE = (("#000000", "X"), ("#F0E442", "*"), ("#8C564B", "h"))


def policy_order(names: Iterable[str]) -> list[str]:
    """Known policies in the order of the paper, then others by name."""
    known = list(STYLES)
    return sorted(names, key=lambda name: (known.index(name) if name in STYLES else len(known), name))


def policy_style(name: str, unknown_before: int = 0) -> PolicyStyle:
    """The style of a policy; one that is not known gets a spare one, the `unknown_before`-th."""
    if name in STYLES:
        return STYLES[name]
    colour, marker = _SPARE[unknown_before % len(_SPARE)]
    return PolicyStyle(name.replace("_", " "), colour, marker)
