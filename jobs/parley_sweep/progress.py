"""How far a sweep is: a line that is redrawn on a terminal, a plain line now and then elsewhere."""
from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from typing import TextIO

PLAIN_INTERVAL = 10.0    # seconds between lines when the output is no terminal
REDRAW_INTERVAL = 0.1    # seconds between redraws on a terminal
BAR_WIDTH = 24           # characters


@dataclass
class Counts:
    """Points of one `run` command; `earlier` were done before it started."""

    total: int
    earlier: int
    finished: int = 0
    failed: int = 0
    running: int = 0

    @property
    def remaining(self) -> int:
        return self.total - self.earlier - self.finished - self.failed


def format_seconds(seconds: float) -> str:
    """45 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def progress_text(counts: Counts, elapsed: float) -> str:
    """One line: bar, counts and the time left, judged by the mean pace so far (elapsed: seconds)."""
    done = counts.earlier + counts.finished
    filled = BAR_WIDTH * (done + counts.failed) // max(counts.total, 1)
    bar = "#" * filled + "." * (BAR_WIDTH - filled)
    text = f"[{bar}] {done}/{counts.total} done, {counts.running} running"
    if counts.failed:
        text += f", {counts.failed} failed"
    ended = counts.finished + counts.failed
    if ended and counts.remaining:
        text += f", ETA {format_seconds(elapsed / ended * counts.remaining)}"
    return text


class ProgressLine:
    """Writes progress to `stream`; other messages go through `say`, so that they do not collide."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._started = time.monotonic()
        self._last = self._started if not self._terminal else 0.0

    def update(self, counts: Counts) -> None:
        """Shows the counts when the last showing is long enough ago."""
        now = time.monotonic()
        if now - self._last < (REDRAW_INTERVAL if self._terminal else PLAIN_INTERVAL):
            return
        self._last = now
        self._show(progress_text(counts, now - self._started))

    def say(self, message: str) -> None:
        """A message on lines of its own."""
        self._clear()
        print(message, file=self._stream, flush=True)

    def finish(self, counts: Counts) -> float:
        """The closing line; returns the seconds since the start."""
        elapsed = time.monotonic() - self._started
        self.say(progress_text(counts, elapsed) + f", {format_seconds(elapsed)}")
        return elapsed

    def _show(self, text: str) -> None:
        if self._terminal:
            columns = shutil.get_terminal_size().columns
            print(f"\r\033[K{text[:columns - 1]}", end="", file=self._stream, flush=True)
        else:
            print(text, file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._terminal:
            print("\r\033[K", end="", file=self._stream)
