"""What an attack costs: Sybil identities for each workflow they compromise."""
from __future__ import annotations

import numpy as np
import pandas as pd

from .policies import FRACTION
from .run import Run
from .comparable import require_no_copies, require_one_point
from .sweep import FILE, parameter_columns

PEERS = "peers.count"
COST_PARAMETER = "identity.cost"
BUDGET = "adversary.budget"
RESERVE = "adversary.reserve"
WHITEWASH = "adversary.whitewash"
IDENTITIES = "identities_per_compromised_workflow"
ADDITIONAL = "additional_compromised_workflows"
COST = "cost_per_compromised_workflow"


def cost_of_attack(frame: pd.DataFrame, identity_cost: float | None = None) -> pd.DataFrame:
    """The frame of read_runs with the columns below; damage is what the measured time shows.

    sybil_identities, fresh_identities: Sybils in the network, and identities they came back under (of the functions of
    these names).
    identities_per_compromised_workflow: their sum over the compromised workflows, infinite when there were none and
    NaN without Sybils.
    cost_per_compromised_workflow: the same times the cost of an identity, in its unit; `identity_cost`, or else
    the parameter identity.cost where it is set; without both the column is left out.
    ValueError when the runs do not say their Sybil fraction or number of peers, or whitewash and have no file.
    """
    identities, fresh = sybil_identities(frame), fresh_identities(frame)
    compromised = frame["workflows_compromised"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(identities > 0, (identities + fresh) / compromised, np.nan)
    table = frame.assign(sybil_identities=identities, fresh_identities=fresh, **{IDENTITIES: ratio})
    if identity_cost is not None:
        table[COST] = ratio * identity_cost
    else:
        cost = _parameter(frame, COST_PARAMETER, 0.0)
        if (cost > 0).any():
            table[COST] = np.where(cost > 0, ratio * cost, np.nan)
    table.attrs = dict(frame.attrs)
    return table


def additional_compromised(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns sybil_identities, fresh_identities and additional_compromised_workflows: those beyond
    what honest peers' own failures do.

    These are the compromised workflows less the share of the ended ones that are compromised without Sybils, in the
    run that is the same in every parameter but the Sybil fraction, the seed among them; NaN where there is no such run.
    ValueError when no run is without Sybils, none of those is the same otherwise, or several are the same.
    """
    identities = sybil_identities(frame)
    table = frame.assign(sybil_identities=identities, fresh_identities=fresh_identities(frame))
    without = table[identities == 0]
    if without.empty:
        raise ValueError("no run is without Sybils; what they add cannot be told")
    keys = [key for key in parameter_columns(frame) if key != FRACTION]
    for _, same in without.groupby(keys, dropna=False):
        require_one_point(same)
        require_no_copies(same)
    expected = table[keys].merge(without[[*keys, "compromised_rate"]], on=keys, how="left")["compromised_rate"]
    if expected[identities > 0].isna().all() and (identities > 0).any():
        raise ValueError(f"no run without Sybils is the same otherwise ({', '.join(keys)}) as one with Sybils; what "
                         "they add cannot be told")
    ended = table[["workflows_success", "workflows_compromised", "workflows_failed"]].sum(axis=1)
    table[ADDITIONAL] = table["workflows_compromised"] - expected.to_numpy() * ended
    table.attrs = dict(frame.attrs)
    return table


def sybil_identities(frame: pd.DataFrame) -> np.ndarray:
    """Sybils in the network of each run: floor(f N + 0.5), or with a budget what the adversary can pay at first.

    ValueError when the runs do not say their Sybil fraction or number of peers.
    """
    by_fraction = np.floor(_parameter(frame, FRACTION) * _parameter(frame, PEERS) + 0.5)
    budget, cost = _parameter(frame, BUDGET, 0.0), _parameter(frame, COST_PARAMETER, 0.0)
    spent = budget * (1 - _parameter(frame, RESERVE, 0.0))
    bought = np.floor(np.divide(spent, cost, out=np.zeros_like(spent), where=cost > 0) * (1 + 1e-12))
    return np.where(budget > 0, bought, by_fraction)


def fresh_identities(frame: pd.DataFrame) -> np.ndarray:
    """Identities under which whitewashing Sybils came back in each run, from its start on; 0 without whitewashing.

    They are of the time series, which is read from the files of the runs that whitewash: /summary leaves out those of
    the warm-up, which are paid for as well. ValueError when the frame does not name the files.
    """
    shared = frame.attrs.get("config", {}).get(WHITEWASH, "false")
    whitewash = (frame[WHITEWASH] if WHITEWASH in frame.columns else pd.Series(shared, frame.index)) == "true"
    if whitewash.any() and FILE not in frame.columns:
        raise ValueError("the runs whitewash, and do not say their files; read them with read_runs")
    fresh = np.zeros(len(frame))
    for row in np.flatnonzero(whitewash):
        fresh[row] = Run(frame[FILE].iloc[row]).series("whitewashes").sum()
    return fresh


def _parameter(frame: pd.DataFrame, key: str, default: float | None = None) -> np.ndarray:
    """A parameter of every run, whether it varies or not; `default` where the program does not have it."""
    if key in frame.columns:
        return frame[key].to_numpy(float)
    if key in frame.attrs.get("config", {}):
        return np.full(len(frame), float(frame.attrs["config"][key]))
    if default is not None:
        return np.full(len(frame), default)
    raise ValueError(f"the runs do not say {key}; read them with read_runs")
