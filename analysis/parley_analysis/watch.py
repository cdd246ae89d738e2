"""Shows running simulations from their status files; of a result file only the first line is read."""
from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .manifest import MANIFEST, found_files, planned_files
from .seal import is_complete

STATUS_ENDING = ".status.json"
OTHER_ENDINGS = (STATUS_ENDING, ".part", ".checkpoint")  # of files beside the result of a run
FORMAT, VERSION = "parley-status", 1
STALE_AFTER = 30.0  # seconds without an update after which a run on another host counts as stopped
PATIENCE = 30.0  # seconds in which a sweep with a stopped run may begin another one
NAME_WIDTH = 44
CLEAR = "\033[H\033[J"


@dataclass(frozen=True)
class Status:
    """What a status file says.

    state: running, failed, or stopped (by a signal, with a checkpoint, or killed: nobody writes it any more).
    message: why it failed, or how to go on; empty of a running or killed one.
    """

    result: Path
    state: str
    message: str
    share_done: float
    events_per_second: float
    success_rate: float | None
    eta_seconds: float | None
    updated: float  # seconds since 1970


def read_status(file: Path, now: float | None = None) -> Status:
    """One status file; ValueError when it is none."""
    try:
        content = json.loads(file.read_text("utf-8"))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError(f"{file} is a status file of version {content['version']}; this package reads "
                             f"{VERSION}; use the one that came with the program")
        state = content["state"]
        if state == "running" and not _is_alive(content, time.time() if now is None else now):
            state = "stopped"
        return Status(file.with_name(content["result"]), state, content["message"], content["share_done"],
                      content["events_per_second"], content["success_rate"], content["eta_seconds"],
                      content["updated"])
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{file} is not a status file of Parley; name a result file or a folder") from None


def _is_alive(content: dict[str, object], now: float) -> bool:
    """On this host: whether the process exists. On another: whether the file is fresh."""
    if content["host"] != socket.gethostname():
        return now - float(content["updated"]) < STALE_AFTER  # type: ignore[arg-type]
    try:
        os.kill(int(content["pid"]), 0)  # type: ignore[call-overload]
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def result_of(target: Path) -> Path:
    """The result to come, also where a file beside it is named: FILE of FILE.part or FILE.status.json."""
    for ending in OTHER_ENDINGS:
        if target.name.endswith(ending):
            return target.with_name(target.name.removesuffix(ending))
    return target


def find_status(target: Path) -> list[Status]:
    """The runs of a folder, or the run of a result file, that have a status file now.

    Of several attempts at a point of a sweep (DIR/work/POINT/ATTEMPT) the one that was updated last.
    """
    if target.is_dir():
        files = sorted(target.rglob(f"*{STATUS_ENDING}"))
    else:
        files = [Path(f"{result_of(target)}{STATUS_ENDING}")]
    found: dict[Path, Status] = {}
    for file in files:
        try:
            status = read_status(file)
        except FileNotFoundError:
            continue  # the run has just ended
        key = _run_of(status.result)
        if key not in found or status.updated >= found[key].updated:
            found[key] = status
    return list(found.values())


def _run_of(result: Path) -> Path:
    """The same for all attempts at a point of a sweep; else the result itself."""
    point = result.parent.parent
    return point if point.parent.name == "work" and point.name == result.stem else result


def count_done(target: Path) -> tuple[int, int | None]:
    """Finished runs of a folder or file, and how many a sweep plans; None where no manifest says."""
    if not target.is_dir():
        result = result_of(target)
        return int(result.is_file() and is_complete(result)), 1
    planned = planned_files(target) if (target / MANIFEST).is_file() else None
    if planned is not None:
        return sum(file.exists() for file in planned), len(planned)
    return len(found_files(target)), None


def status_text(runs: list[Status], done: int, planned: int | None) -> str:
    """The table that is shown."""
    counts = {state: sum(run.state == state for run in runs) for state in ("running", "stopped", "failed")}
    head = f"{done}{'' if planned is None else f' of {planned}'} done"
    head += "".join(f", {number} {state}" for state, number in counts.items() if number or state == "running")
    if not runs:
        return head
    lines = [head, "", f"{'run':{NAME_WIDTH}}  {'state':>7}  {'done':>6}  {'success':>7}  {'events/s':>9}  {'ETA':>10}"]
    for run in runs:
        success = "-" if run.success_rate is None else f"{run.success_rate:.3f}"
        lines.append(f"{_short(run.result.stem):{NAME_WIDTH}}  {run.state:>7}  {100 * run.share_done:5.1f}%  "
                     f"{success:>7}  {_rate(run.events_per_second):>9}  {_clock(run.eta_seconds):>10}")
        if run.message:
            lines.append(f"    {run.message}")
    return "\n".join(lines)


def watch(target: Path, out: TextIO, interval: float = 1.0, once: bool = False,
          sleep: Callable[[float], None] = time.sleep) -> None:
    """Shows the table until nothing runs; on a terminal it is redrawn, elsewhere it is repeated when it changes.

    FileNotFoundError when there is neither a run nor a result.
    """
    shown = ""
    quiet = 0.0  # seconds since a run was last seen to go on
    while True:
        runs = find_status(target)
        done, planned = count_done(target)
        if not runs and not done and not (planned and target.is_dir()):
            raise FileNotFoundError(f"{target}: no run is going on here, and none has ended; start one with "
                                    "`parley run` or `jobs/sweep run`")
        text = status_text(runs, done, planned)
        if text != shown:
            print((CLEAR if out.isatty() and not once else "") + text, file=out, flush=True)
            shown = text
        if once or _is_over(runs, done, planned, quiet >= PATIENCE or not target.is_dir()):
            return
        sleep(interval)
        quiet = 0.0 if any(run.state == "running" for run in runs) else quiet + interval


def _is_over(runs: list[Status], done: int, planned: int | None, quiet: bool) -> bool:
    """Nothing runs, and nothing is known to come; what was stopped may go on in another attempt, unless it is quiet."""
    running = any(run.state == "running" for run in runs)
    waiting = planned is not None and done + sum(run.state == "failed" for run in runs) < planned
    return not running and (not waiting or (quiet and any(run.state == "stopped" for run in runs)))


def _short(name: str) -> str:
    return name if len(name) <= NAME_WIDTH else name[:NAME_WIDTH - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _rate(value: float) -> str:
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.2f} {unit}"
    return f"{value:.0f}"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
