"""Lets the program check a sweep before anything starts.

Every value of every axis is checked once, the other axes at their first; of the seeds those at the ends, and what is
no whole number. The program also notes parameters that are set but have no effect. Such a note is for the user when it
holds at every point. To know that, points of the product are asked as well, at most LOOKED_AT for a parameter.
"""
from __future__ import annotations

import configparser
import math
import os
import re
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import SweepError
from .sweep_file import Point, Sweep

WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]*")
LOOKED_AT = 64  # at about 20 ms a point and core
IDLE_NOTE = re.compile(r"parley: note: (.+) ha(?:s|ve) no effect \((.+)\)")


class CannotStart(SweepError):
    """The program is not there, or cannot be executed."""


@dataclass(frozen=True)
class Checked:
    """`parameters`: all of the first point, also those it does not set. `notes`: what the user should know."""

    parameters: dict[str, str]
    notes: list[str]


@dataclass(frozen=True)
class _Answer:
    """What the program says of a point. `idle`: parameters that have no effect there, and why."""

    good: bool
    configuration: str
    message: str
    idle: dict[str, str]


def check_sweep(binary: Path, sweep: Sweep, planned: list[Point]) -> Checked:
    """SweepError with the program's message when it refuses a value; CannotStart."""
    asked = _Asked(binary, sweep.base)
    first = asked.answers(planned[:1])[0]
    if not first.good:
        raise SweepError(f"{binary.name} refuses the first point: {first.message}")
    chosen = one_for_each_value(sweep, planned)
    refused = [(point, answer) for point, answer in zip(chosen, asked.answers(chosen)) if not answer.good]
    if refused:
        point, answer = refused[0]
        others = len(refused) - 1
        more = f" (and {others} other value{'s' if others > 1 else ''})" if others else ""
        raise SweepError(f"{binary.name} refuses point {point.number}: {answer.message}{more}")
    return Checked(parameters_of(first.configuration), _idle_notes(asked, sweep, planned, chosen))


def one_for_each_value(sweep: Sweep, planned: list[Point]) -> list[Point]:
    """The first point, and of every further step of an axis and every seed to check the first point that has it."""
    groups = _groups(sweep)
    seen = {((sweep.seed_key, seed),) for seed in _seeds_between(sweep, planned)}
    found: list[Point] = []
    for point in planned:
        steps = _steps(groups, point)
        if not found or not seen.issuperset(steps):
            found.append(point)
            seen.update(steps)
    return found


def _seeds_between(sweep: Sweep, planned: list[Point]) -> set[str]:
    """Whole numbers that are neither the smallest nor the largest: the program takes them if it takes those."""
    seeds = {dict(point.parameters)[sweep.seed_key] for point in planned} if sweep.seed_key else set()
    whole = sorted((seed for seed in seeds if WHOLE_NUMBER.fullmatch(seed)), key=int)
    return set(whole[1:-1])


def parameters_of(configuration: str) -> dict[str, str]:
    """`section.key` -> value of a configuration as the program prints it; empty when it is none."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(configuration)
    except configparser.Error:
        return {}
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser[section].items()}


class _Asked:
    """Points and the program's answers to them; each is asked once, several at a time."""

    def __init__(self, binary: Path, base: Path) -> None:
        self._binary = binary
        self._base = base
        self._known: dict[int, _Answer] = {}
        self.at_a_time = len(os.sched_getaffinity(0))

    def knows(self, point: Point) -> bool:
        return point.number in self._known

    def answers(self, wanted: list[Point]) -> list[_Answer]:
        unknown = [point for point in wanted if point.number not in self._known]
        with ThreadPoolExecutor(self.at_a_time) as threads:
            for point, answer in zip(unknown, threads.map(self._ask, unknown)):
                self._known[point.number] = answer
        return [self._known[point.number] for point in wanted]

    def _ask(self, point: Point) -> _Answer:
        command = [str(self._binary), "validate", str(self._base), *point.overrides()]
        try:
            told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except OSError as error:
            raise CannotStart(f"cannot start {self._binary} ({error.strerror}); build it (cmake --preset release; "
                              "cmake --build build/release) or name it with --binary") from None
        lines = (told.stderr.strip() or told.stdout.strip() or "no message").splitlines()
        idle = {key: note[2] for note in map(IDLE_NOTE.fullmatch, lines) if note for key in note[1].split(", ")}
        message = lines[-1].removeprefix("parley: ").removeprefix("command line: ")
        return _Answer(told.returncode == 0, told.stdout, message, idle)


def _idle_notes(asked: _Asked, sweep: Sweep, planned: list[Point], chosen: list[Point]) -> list[str]:
    """One for each parameter that has no effect, whatever it is set to, at any point (or any of those looked at)."""
    noted: dict[str, tuple[Point, str]] = {}
    for point, answer in zip(chosen, asked.answers(chosen)):
        for key, why in answer.idle.items():
            noted.setdefault(key, (point, why))
    idle: dict[str, _Idle] = {}
    for key, (point, why) in noted.items():
        like = _points_like(sweep, planned, key, point)
        looked_at = [*like[:LOOKED_AT], *filter(asked.knows, like[LOOKED_AT:])]
        if not _acts(asked, key, looked_at):
            idle[key] = _Idle(why, 0 if len(looked_at) == len(like) else len(looked_at))
    notes = []
    for axis in sweep.axes:
        if all(key in idle for key in axis.keys):
            notes.append(_axis_note(axis.keys, [idle.pop(key) for key in axis.keys]))
    return notes + [f"{key} has no effect at {each.where} ({each.why})" for key, each in idle.items()]


@dataclass(frozen=True)
class _Idle:
    """Why a parameter has no effect, and at how many points that was looked at; 0: at all that tell."""

    why: str
    looked_at: int

    @property
    def where(self) -> str:
        return f"the {self.looked_at} points looked at" if self.looked_at else "any point"


def _axis_note(keys: tuple[str, ...], idle: list[_Idle]) -> str:
    whys = ", ".join(dict.fromkeys(each.why for each in idle))
    have = "has" if len(keys) == 1 else "have"
    least = min(idle, key=lambda each: each.looked_at or math.inf)  # what is not known of one is not known of the axis
    seems = "seems to repeat" if least.looked_at else "repeats"
    return f"{', '.join(keys)} {have} no effect at {least.where} ({whys}): the axis {seems} the same runs"


def _points_like(sweep: Sweep, planned: list[Point], key: str, noted: Point) -> list[Point]:
    """The points that set a parameter as `noted` does, one of all seeds.

    The program does not note a parameter at its default. So only points with the value that was noted tell. Those
    that differ least from the first point come first: what switches a parameter on is mostly one other parameter.
    """
    value = dict(noted.parameters).get(key)
    groups = _groups(sweep)
    start = set(_steps(groups, planned[0]))
    like: dict[tuple[tuple[str, str], ...], Point] = {}
    for point in planned:
        setting = tuple(pair for pair in point.parameters if pair[0] != sweep.seed_key)
        if dict(setting).get(key) == value:
            like.setdefault(setting, point)
    return sorted(like.values(), key=lambda point: sum(step not in start for step in _steps(groups, point)))


def _acts(asked: _Asked, key: str, looked_at: list[Point]) -> bool:
    """Whether the parameter has an effect at one of the points; asks no more of them than that takes."""
    for begin in range(0, len(looked_at), asked.at_a_time):
        answers = asked.answers(looked_at[begin:begin + asked.at_a_time])
        if any(answer.good and key not in answer.idle for answer in answers):
            return True
    return False


def _groups(sweep: Sweep) -> list[tuple[str, ...]]:
    """Keys that move together: those of each axis, and the seed's."""
    return [axis.keys for axis in sweep.axes] + ([(sweep.seed_key,)] if sweep.seed_key else [])


def _steps(groups: Iterable[tuple[str, ...]], point: Point) -> list[tuple[tuple[str, str], ...]]:
    """The point's (key, value) pairs, by group."""
    parameters = dict(point.parameters)
    return [tuple((key, parameters[key]) for key in keys) for keys in groups]
