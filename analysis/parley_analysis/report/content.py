"""What the page says, without how it looks."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from .._hdf5 import Value, open_result, read_provenance
from ..choice import read_chosen
from ..manifest import planned_files
from ..policies import FRACTION, POLICY, policy_order
from ..run import Run
from ..comparable import least_seeds
from ..statistics import paired_differences, summarise
from ..sweep import FILE, RATE, SEED, metric_columns, varied_parameters
from .drawings import Drawing, drawings_of_run, drawings_of_sweep

METRICS = ("success_rate", "compromised_rate", "failed_rate", "control_bytes_per_peer_second",
           "discovery_latency_p50", "end_to_end_latency_p99", "trust_auc")
BY_TIER = ("steps_accepted_good", "steps_accepted_bad", "steps_failed", "steps_dropped", "canaries_sent")
ENOUGH_SEEDS = 10
MOST_NAMED = 6      # points that a warning names
MOST_RUNS = 2000    # rows of the table of runs
PROVENANCE = ("version", "compiler", "host", "ranks", "threads_per_rank", "partitions_per_rank")


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, and the number or text it sorts by."""

    text: str
    key: float | str


@dataclass(frozen=True)
class Table:
    """A table with a heading.

    folded: closed until it is asked for. keys: how many of its first columns say what a row is of; they stay in sight.
    """

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    folded: bool = False
    keys: int = 0


@dataclass
class Content:
    """The whole page."""

    title: str
    facts: list[tuple[str, str]]
    warnings: list[str]
    drawings: list[Drawing]
    tables: list[Table] = field(default_factory=list)


def gather(source: Path, where: Sequence[str] = ()) -> Content:
    """Reads a result file or a folder; `where`: as for read_chosen."""
    frame = read_chosen(source, where, keep=(FRACTION, POLICY))
    origins = [read_provenance(file) for file in frame[FILE]]
    points = [key for key in varied_parameters(frame) if key != SEED]
    drawings = drawings_of_run(Run(frame[FILE].iloc[0])) if len(frame) == 1 else drawings_of_sweep(frame)
    warnings = [*run_warnings(frame, origins, source), *effect_warnings(frame, points), *seed_warnings(frame),
                *overlap_warnings(frame, points), *([] if drawings else _no_drawing(points))]
    content = Content(f"{source.name}: {len(frame)} runs" if len(frame) > 1 else source.name,
                      _facts(frame, origins, where), warnings, drawings)
    content.tables = _run_tables(frame) if len(frame) == 1 else _sweep_tables(frame, points)
    content.tables += [_configuration(frame), _provenance(origins)]
    return content


def run_warnings(frame: pd.DataFrame, origins: Sequence[dict[str, Value]], source: Path) -> list[str]:
    """What makes the runs doubtful one by one."""
    found = []
    missing = _missing(source)
    if missing:
        found.append(f"{missing} planned runs have no result; `jobs/sweep status` says why.")
    versions = sorted({str(origin.get("version")) for origin in origins})
    if len(versions) > 1:
        found.append(f"The runs come from several versions of the program ({', '.join(versions)}).")
    if not set(metric_columns(frame)) - {RATE}:
        found.append("The run has not ended, or was killed: it has no summary yet.")
    if "success_rate" in frame.columns and frame["success_rate"].isna().any():
        found.append(f"In {int(frame['success_rate'].isna().sum())} runs no workflow ended in the measured time; "
                     "their shares are missing. Make run.duration longer.")
    return found


def effect_warnings(frame: pd.DataFrame, points: Sequence[str]) -> list[str]:
    """Parameters that change no summary value, wherever two runs differ in them alone."""
    measured = [name for name in metric_columns(frame) if name != RATE]
    found = []
    for key in points:
        others = [other for other in varied_parameters(frame) if other != key]
        places = len(frame.drop_duplicates(others)) if others else 1
        compared = len(frame.drop_duplicates([*others, key])) > places
        if compared and len(frame.drop_duplicates([*others, *measured])) == places:
            found.append(f"{key} changes no value: runs that differ in it alone have the same summary. Has it an effect "
                         "with the other parameters? `parley validate` notes those that cannot act.")
    return found


def _no_drawing(points: Sequence[str]) -> list[str]:
    """Why there is no figure."""
    if not points:
        return []
    return [f"No figure shows runs that differ in {', '.join(points)}: choose some of them with "
            f"--where {points[0]}=VALUE."]


def seed_warnings(frame: pd.DataFrame) -> list[str]:
    """Too few repetitions."""
    if len(frame) == 1:
        return ["One run says nothing about chance: repeat it with other seeds (jobs/sweep)."]
    least = least_seeds(frame)
    if least >= ENOUGH_SEEDS:
        return []
    return [f"Less than {ENOUGH_SEEDS} seeds: a point has {least}. Intervals over few seeds are wide and lean on "
            "the assumption of normal means."]


def overlap_warnings(frame: pd.DataFrame, points: Sequence[str], metric: str = "success_rate") -> list[str]:
    """Policies whose confidence intervals overlap at the same point."""
    if POLICY not in points or metric not in frame.columns:
        return []
    others = [key for key in points if key != POLICY]
    means = summarise(frame, by=[*others, POLICY], metrics=(metric,))
    names = [f"{first} and {second}{place}" for place, group in _places(means, others)
             for first, second in _overlapping(group, metric)]
    if not names:
        return []
    rest = f", and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"Confidence intervals of {metric} overlap: {'; '.join(names[:MOST_NAMED])}{rest}. "
            "The paired differences below are sharper: the same seed gives all policies the same random numbers."]


def _places(means: pd.DataFrame, others: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each point apart from the policy, and the point in words."""
    if not others:
        return [("", means)]
    groups = means.groupby(others if len(others) > 1 else others[0], dropna=False)
    return [(" at " + ", ".join(f"{key} = {format_value(group[key].iloc[0])}" for key in others), group)
            for _, group in groups]


def _overlapping(group: pd.DataFrame, metric: str) -> list[tuple[str, str]]:
    rows = [(row[POLICY], row[f"{metric}_low"], row[f"{metric}_high"]) for _, row in group.iterrows()]
    return [(str(a[0]), str(b[0])) for i, a in enumerate(rows) for b in rows[i + 1:]
            if a[1] <= b[2] and b[1] <= a[2]]


def _missing(source: Path) -> int:
    """Runs that the sweep's manifest plans and that have no result."""
    planned = planned_files(source)
    return 0 if planned is None else sum(not file.exists() for file in planned)


def _facts(frame: pd.DataFrame, origins: Sequence[dict[str, Value]], where: Sequence[str]) -> list[tuple[str, str]]:
    """The line of facts under the title."""
    wall = sum(float(origin.get("wall_seconds", 0.0)) for origin in origins)
    finished = [str(origin["finished"]) for origin in origins if "finished" in origin]
    differing = [f"{key}: {frame[key].nunique(dropna=False)} values" for key in varied_parameters(frame)]
    facts = [("Runs", str(len(frame))), ("Events", f"{frame['events'].sum():,.0f}" if "events" in frame else "-"),
             ("Simulation time on the wall clock", f"{wall:,.1f} s")]
    if finished:
        facts.append(("Last result", max(finished)))
    if where:
        facts.append(("Chosen", ", ".join(where)))
    if differing:
        facts.append(("What differs", ", ".join(differing)))
    return facts


def _sweep_tables(frame: pd.DataFrame, points: list[str]) -> list[Table]:
    metrics = [name for name in METRICS if name in frame.columns and frame[name].notna().any()]
    tables = [_means(frame, points, metrics), _differing(frame)]
    if POLICY in points and "success_rate" in metrics:
        tables.insert(1, _differences(frame, [key for key in points if key != POLICY]))
    tables.append(_runs(frame, metrics))
    return tables


def _means(frame: pd.DataFrame, points: list[str], metrics: list[str]) -> Table:
    means = summarise(frame, by=points, metrics=metrics)
    rows = [[*(value_cell(row[key]) for key in points), value_cell(row["runs"]),
             *(interval_cell(row[name], row[f"{name}_high"] - row[name]) for name in metrics)]
            for _, row in means.iterrows()]
    return Table("Means", [*_with_units(frame, points), "runs", *_with_units(frame, metrics)], rows,
                 "Mean over the seeds \N{PLUS-MINUS SIGN} half width of the 95 % interval (Student t).",
                 keys=len(points))


def _differences(frame: pd.DataFrame, others: list[str]) -> Table:
    """Success of every policy less that of the first one."""
    baseline = policy_order(frame[POLICY].unique())[0]
    try:
        pairs = paired_differences(frame, "success_rate", baseline, by=others)
    except ValueError as error:
        return Table("Paired differences", ["problem"], [[Cell(str(error), "")]])
    keys = [key for key in pairs.columns if "." in key]
    rows = [[*(value_cell(row[key]) for key in keys), value_cell(row["pairs"]),
             interval_cell(row["difference"], row["difference_high"] - row["difference"]),
             value_cell(row["p_value"])] for _, row in pairs.iterrows()]
    return Table(f"Paired differences to {baseline}",
                 [*_with_units(frame, keys), "pairs", "difference of success_rate", "p value"], rows,
                 "Runs with the same seed are compared with each other (common random numbers): mean difference "
                 "\N{PLUS-MINUS SIGN} half width of the 95 % interval, two-sided paired t test.", keys=len(keys))


def _differing(frame: pd.DataFrame) -> Table:
    rows = []
    for key in varied_parameters(frame):
        values = sorted(frame[key].unique(), key=lambda value: (isinstance(value, str), value))
        shown = ", ".join(format_value(value) for value in values)
        rows.append([Cell(key, key), value_cell(len(values)), Cell(shown, shown)])
    return Table("Configuration: what differs between the runs", ["parameter", "values", "which"], rows,
                 "Durations are in seconds.")


def _runs(frame: pd.DataFrame, metrics: list[str]) -> Table:
    keys = varied_parameters(frame)
    rows = [[*(value_cell(row[key]) for key in keys), *(value_cell(row[name]) for name in metrics),
             Cell(Path(row[FILE]).name, Path(row[FILE]).name)] for _, row in frame.head(MOST_RUNS).iterrows()]
    note = "" if len(frame) <= MOST_RUNS else f"The first {MOST_RUNS} of {len(frame)} runs."
    return Table("Runs", [*_with_units(frame, keys), *_with_units(frame, metrics), "file"], rows, note, folded=True,
                 keys=len(keys))


def _run_tables(frame: pd.DataFrame) -> list[Table]:
    steps = _steps_by_tier(Run(frame[FILE].iloc[0]))
    return [_summary_of_run(frame), *([] if steps is None else [steps])]


def _steps_by_tier(run: Run) -> Table | None:
    """None when the result does not have them (another model, an older version)."""
    with open_result(run.file) as result:
        if "summary/tier" not in result:
            return None
        tiers = result["summary/tier"].asstr()[()]
        counts = [result[f"summary/{name}_by_tier"][()] for name in BY_TIER]
    rows = [[Cell(f"{i} {tier}", float(i)), *(value_cell(count[i]) for count in counts)]
            for i, tier in enumerate(tiers) if any(count[i] > 0 for count in counts)]
    return Table("Steps by tier", ["tier", *(name.replace("_", " ") for name in BY_TIER)], rows,
                 "Over the time after the warm-up; tiers that no step was served at are left out.")


def _summary_of_run(frame: pd.DataFrame) -> Table:
    names, units = frame.attrs["long_names"], frame.attrs["units"]
    rows = [[Cell(name, name), value_cell(frame[name].iloc[0]), Cell(units.get(name, ""), units.get(name, "")),
             Cell(names.get(name, ""), names.get(name, ""))] for name in metric_columns(frame)]
    return Table("Summary", ["value", "number", "unit", "meaning"], rows, "Over the time after the warm-up.")


def _configuration(frame: pd.DataFrame) -> Table:
    shared = frame.attrs["config"] if len(frame) > 1 else Run(frame[FILE].iloc[0]).config
    rows = [[Cell(key, key), Cell(value, value)] for key, value in shared.items()]
    return Table("Configuration shared by all runs" if len(frame) > 1 else "Configuration", ["parameter", "value"],
                 rows, folded=True)


def _provenance(origins: Sequence[dict[str, Value]]) -> Table:
    """How the runs were made: a row for each way."""
    ways = pd.DataFrame([{key: str(origin.get(key, "-")) for key in PROVENANCE} for origin in origins])
    rows = [[*(Cell(value, value) for value in key), value_cell(len(group))]
            for key, group in ways.groupby(list(PROVENANCE))]
    return Table("Provenance", [*PROVENANCE, "runs"], rows)


def _with_units(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Parameters or summary values as headings of columns."""
    units = [frame.attrs["units"].get(name, "1") for name in names]
    return [name if unit in ("1", "") else f"{name} [{unit}]" for name, unit in zip(names, units)]


def value_cell(value: object) -> Cell:
    return Cell(format_value(value), value if isinstance(value, str) else _sort_key(value))


def interval_cell(mean: float, half_width: float) -> Cell:
    """0.912 +- 0.013; the mean alone for one run."""
    if math.isnan(mean):
        return Cell("-", -math.inf)
    if math.isnan(half_width):
        return Cell(format_value(mean), mean)
    places = max(0, min(6, 2 - math.floor(math.log10(half_width)) - 1)) if half_width > 0 else 3
    return Cell(f"{mean:.{places}f} \N{PLUS-MINUS SIGN} {half_width:.{places}f}", mean)


def _sort_key(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    return -math.inf if math.isnan(number) else number


def format_value(value: object) -> str:
    """A number with four digits at most that matter, text as it is."""
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if math.isnan(number):
        return "-"
    if math.isinf(number):
        return "\N{INFINITY}" if number > 0 else "-\N{INFINITY}"
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}" if abs(number) >= 1e4 else str(int(number))
    return f"{number:.4g}"
