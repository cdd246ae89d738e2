"""Sweep files: which runs a study consists of.

    [sweep]
    base = ../paper-sybil.ini           # configuration of every run, relative to this file

    [set]                               # optional: the same value for every run
    run.duration = 300s

    [axes]                              # every combination is run
    adversary.fraction = 0:0.6:0.1      # first:last:step, both ends included (step 1 if left out)
    policy.name = tier1, tier2
    workflow.steps = "a/low", "a/low, b/high"   # values with commas or colons: in quotes

    [linked scale]                      # optional, any number: these lists move together
    peers.count  = 100, 1000
    run.duration = 600s, 60s
    seeds        = 10, 3                # optional: how many of the seeds a value is run with

    [seeds]                             # optional: repetitions of each combination
    run.seed = 1:20

Keys are the binary's `section.key`; this module does not know which exist: the binary checks them.
"""
from __future__ import annotations

import configparser
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .axis_values import canonical, parse_values, reject_repetition, unquoted
from .errors import SweepError

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
SEED_COUNT_KEY = "seeds"


@dataclass(frozen=True)
class Axis:
    """One dimension of a sweep: the keys that move together, and a tuple of their values a step."""

    keys: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...]
    seed_counts: tuple[int, ...] | None = None  # a step's number of seeds; None: all


@dataclass(frozen=True)
class Sweep:
    """A sweep file, read and checked."""

    file: Path
    base: Path
    fixed: tuple[tuple[str, str], ...]
    axes: tuple[Axis, ...]
    seed_key: str | None
    seeds: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def axis_keys(self) -> tuple[str, ...]:
        """Every key of every axis, in the order of the file, without the seed's."""
        return tuple(key for axis in self.axes for key in axis.keys)


@dataclass(frozen=True)
class Point:
    """One run: its number in the plan (from 1) and what it sets over the base configuration.

    `parameters` are (key, value) pairs: the fixed ones, then the axes, then the seed.
    """

    number: int
    parameters: tuple[tuple[str, str], ...]
    varied: tuple[str, ...]  # keys of axes and seed: what tells this point from the others

    def overrides(self) -> list[str]:
        """The parameters as arguments of the binary."""
        return [f"--{key}={value}" for key, value in self.parameters]


def read_sweep(file: Path) -> Sweep:
    """Reads and checks a sweep file. SweepError: one line that names the file and the place."""
    sections = _read_sections(file)
    if "sweep" not in sections:
        raise SweepError(f"{file}: no section [sweep]; it must name the base configuration: base = FILE")
    base = _base(file, sections["sweep"])
    fixed = tuple((key, canonical(unquoted(value))) for key, value in sections.get("set", {}).items())
    axes = _axes(file, sections)
    seed_key, seeds = _seeds(file, sections)
    sweep = Sweep(file, base, fixed, axes, seed_key, seeds)
    _check_keys(sweep)
    _check_seed_counts(sweep)
    return sweep


def points(sweep: Sweep, seed_limit: int | None = None, overrides: tuple[str, ...] = ()) -> list[Point]:
    """The runs of a sweep in order: the first axis moves slowest, the seed fastest.

    `seed_limit` takes the first so many seeds; `overrides` ("section.key=value") add to or replace [set].
    SweepError: an override of an axis, or more seeds wanted than the file has.
    """
    fixed = _with_overrides(sweep, overrides)
    if seed_limit is not None and not 1 <= seed_limit <= len(sweep.seeds):
        raise SweepError(f"--seeds {seed_limit}: {sweep.file} has {len(sweep.seeds)} seeds; "
                         "choose fewer or extend its section [seeds]")
    varied = sweep.axis_keys + ((sweep.seed_key,) if sweep.seed_key else ())
    found: list[Point] = []
    for steps in itertools.product(*(range(len(axis.steps)) for axis in sweep.axes)):
        chosen = [(axis, step) for axis, step in zip(sweep.axes, steps)]
        setting = [pair for axis, step in chosen for pair in zip(axis.keys, axis.steps[step])]
        for seed in _seeds_of(sweep, chosen, seed_limit):
            found.append(Point(len(found) + 1, tuple(fixed.items()) + tuple(setting) + seed, varied))
    return found


def _seeds_of(sweep: Sweep, chosen: list[tuple[Axis, int]],
              limit: int | None) -> list[tuple[tuple[str, str], ...]]:
    """The seed settings of one combination of axis steps; one empty setting when no seed is swept."""
    if sweep.seed_key is None:
        return [()]
    count = len(sweep.seeds) if limit is None else limit
    for axis, step in chosen:
        if axis.seed_counts is not None:
            count = min(count, axis.seed_counts[step])
    return [((sweep.seed_key, seed),) for seed in sweep.seeds[:count]]


def _read_sections(file: Path) -> dict[str, dict[str, str]]:
    """Section -> key -> text. Repeated sections or keys, and lines without '=', are errors."""
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",),
                                       inline_comment_prefixes=("#",), interpolation=None,
                                       default_section="(none)", empty_lines_in_values=False)
    parser.optionxform = str  # type: ignore[assignment]  # keys keep their case
    try:
        parser.read_string(file.read_text(encoding="utf-8"), source=str(file))
    except OSError as error:
        raise SweepError(f"cannot read the sweep file {file} ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SweepError(f"{file} is not a text file; give a sweep file (configs/sweeps/*.ini)") from None
    except configparser.DuplicateOptionError as error:
        raise SweepError(f"{file}, line {error.lineno}: {error.option} comes twice in [{error.section}]; "
                         "put all its values in one line") from None
    except configparser.DuplicateSectionError as error:
        raise SweepError(f"{file}, line {error.lineno}: section [{error.section}] comes twice; "
                         "join them") from None
    except configparser.MissingSectionHeaderError as error:
        raise SweepError(f"{file}, line {error.lineno}: a line before the first [section]") from None
    except configparser.ParsingError as error:
        line, text = error.errors[0]
        raise SweepError(f"{file}, line {line}: {text} is not 'key = value'") from None
    sections = {name: dict(parser[name]) for name in parser.sections()}
    _reject_unprintable(file, sections)
    for name in sections:
        if name not in ("sweep", "set", "axes", "seeds") and not re.fullmatch(r"linked \S.*", name):
            raise SweepError(f"{file}: unknown section [{name}]; the sections are "
                             "[sweep], [set], [axes], [linked NAME] and [seeds]")
    return sections


def _reject_unprintable(file: Path, sections: dict[str, dict[str, str]]) -> None:
    """A line that begins with a space would go on with the value of the line before: an error, not a value."""
    for name, section in sections.items():
        for key, text in section.items():
            if not (name + key + text).replace("\t", " ").isprintable():
                shown = "".join(c if c.isprintable() else "?" for c in f"[{name}] {key}")
                raise SweepError(f"{file}: {shown} goes on in the next line, or has control characters; "
                                 "put all its values in one line that begins without a space")


def _base(file: Path, section: dict[str, str]) -> Path:
    """The base configuration: an existing file, given relative to the sweep file."""
    for key in section:
        if key != "base":
            raise SweepError(f"{file}: unknown key {key} in [sweep]; it has base = FILE alone")
    if not section.get("base"):
        raise SweepError(f"{file}: [sweep] names no base configuration; write base = FILE")
    base = Path(os.path.normpath(file.parent / section["base"]))
    if not base.is_file():
        raise SweepError(f"{file}: the base configuration {base} does not exist "
                         "(it is relative to the sweep file)")
    return base


def _axes(file: Path, sections: dict[str, dict[str, str]]) -> tuple[Axis, ...]:
    """The axes of [axes] and the linked groups, in the order of the file."""
    axes: list[Axis] = []
    for name, section in sections.items():
        if name == "axes":
            axes.extend(_single_axis(file, key, text) for key, text in section.items())
        elif name.startswith("linked "):
            axes.append(_linked_axis(file, name, section))
    return tuple(axes)


def _single_axis(file: Path, key: str, text: str) -> Axis:
    """An axis of one key."""
    where = f"{file}: {key}"
    steps = tuple((value,) for value in parse_values(text, where))
    reject_repetition(steps, where)
    return Axis((key,), steps)


def _linked_axis(file: Path, name: str, section: dict[str, str]) -> Axis:
    """An axis of several keys whose lists move together, with an optional number of seeds a step."""
    lists = {key: parse_values(text, f"{file}: [{name}] {key}") for key, text in section.items()}
    counts = lists.pop(SEED_COUNT_KEY, None)
    if not lists:
        raise SweepError(f"{file}: [{name}] has no key; list the keys that move together")
    lengths = {key: len(values) for key, values in lists.items()}
    if counts is not None:
        lengths[SEED_COUNT_KEY] = len(counts)
    if len(set(lengths.values())) > 1:
        listing = ", ".join(f"{key} has {length}" for key, length in lengths.items())
        raise SweepError(f"{file}: the lists of [{name}] differ in length ({listing}); "
                         "give each the same number of values")
    steps = tuple(zip(*lists.values()))
    reject_repetition(steps, f"{file}: [{name}]")
    return Axis(tuple(lists), steps, _whole_numbers(counts, f"{file}: [{name}] {SEED_COUNT_KEY}"))


def _whole_numbers(values: tuple[str, ...] | None, where: str) -> tuple[int, ...] | None:
    """Numbers of seeds: each at least 1."""
    if values is None:
        return None
    for value in values:
        if not value.isdecimal() or int(value) < 1:
            raise SweepError(f"{where}: {value} is not a number of seeds; write whole numbers from 1")
    return tuple(int(value) for value in values)


def _seeds(file: Path, sections: dict[str, dict[str, str]]) -> tuple[str | None, tuple[str, ...]]:
    """Key and values of [seeds]; (None, ()) without that section."""
    if "seeds" not in sections:
        return None, ()
    section = sections["seeds"]
    if len(section) != 1:
        raise SweepError(f"{file}: [seeds] has {len(section)} keys; it takes one, "
                         "for example run.seed = 1:20")
    key, text = next(iter(section.items()))
    values = parse_values(text, f"{file}: {key}")
    reject_repetition(((value,) for value in values), f"{file}: {key}")
    return key, values


def _check_keys(sweep: Sweep) -> None:
    """Every key is `section.key` and is set in one place only."""
    keys = [key for key, _ in sweep.fixed] + list(sweep.axis_keys)
    keys += [sweep.seed_key] if sweep.seed_key else []
    for position, key in enumerate(keys):
        if not KEY_PATTERN.fullmatch(key):
            raise SweepError(f"{sweep.file}: '{key}' is not a parameter; parameters are section.key, "
                             "for example adversary.fraction")
        if key in keys[:position]:
            raise SweepError(f"{sweep.file}: {key} is set in two places; leave it in one section only")
    for key, value in sweep.fixed:
        if not value:
            raise SweepError(f"{sweep.file}: {key} in [set] has no value")


def _check_seed_counts(sweep: Sweep) -> None:
    """No step asks for more seeds than there are."""
    for axis in sweep.axes:
        most = max(axis.seed_counts or (0,))
        if most > len(sweep.seeds):
            raise SweepError(f"{sweep.file}: {most} seeds wanted in the group of {axis.keys[0]}, "
                             f"but [seeds] lists {len(sweep.seeds)}; extend [seeds]")


def _with_overrides(sweep: Sweep, overrides: tuple[str, ...]) -> dict[str, str]:
    """[set] with the overrides of the command line."""
    fixed = dict(sweep.fixed)
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not value or not KEY_PATTERN.fullmatch(key):
            raise SweepError(f"--set {override}: not section.key=value")
        if key in sweep.axis_keys or key == sweep.seed_key:
            raise SweepError(f"--set {override}: {key} is an axis of {sweep.file}; "
                             "edit the file to change it")
        fixed[key] = canonical(value)
    return fixed
