"""What an attack costs: Sybil identities for each workflow they compromise."""
from __future__ import annotations

import numpy as np
import pandas as pd

from .policies import FRACTION

PEERS = "peers.count"
COST_PARAMETER = "adversary.identity_cost"
IDENTITIES = "identities_per_compromised_workflow"
COST = "cost_per_compromised_workflow"


def cost_of_attack(frame: pd.DataFrame, identity_cost: float | None = None) -> pd.DataFrame:
    """The frame of read_runs with the columns below; damage is what the measured time shows.

    sybil_identities: Sybils in the network, fraction times peers.
    identities_per_compromised_workflow: that over the compromised workflows, infinite when there were none and
    NaN without Sybils.
    cost_per_compromised_workflow: the same times the cost of an identity, in its unit; `identity_cost`, or else
    the parameter adversary.identity_cost of a program that has it; without both the column is left out.
    ValueError when the runs do not say their Sybil fraction or number of peers.
    """
    identities = (_parameter(frame, FRACTION) * _parameter(frame, PEERS)).round()
    compromised = frame["workflows_compromised"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(identities > 0, identities / compromised, np.nan)
    table = frame.assign(sybil_identities=identities, **{IDENTITIES: ratio})
    if identity_cost is not None:
        table[COST] = ratio * identity_cost
    elif COST_PARAMETER in frame.columns or COST_PARAMETER in frame.attrs.get("config", {}):
        table[COST] = ratio * _parameter(frame, COST_PARAMETER)
    table.attrs = dict(frame.attrs)
    return table


def _parameter(frame: pd.DataFrame, key: str) -> np.ndarray:
    """A parameter of every run, whether it varies or not."""
    if key in frame.columns:
        return frame[key].to_numpy(float)
    if key in frame.attrs.get("config", {}):
        return np.full(len(frame), float(frame.attrs["config"][key]))
    raise ValueError(f"the runs do not say {key}; read them with read_runs")
