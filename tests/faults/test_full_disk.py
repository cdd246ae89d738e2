"""Runs whose disk is full: a small file system of their own, with no room left for real."""
from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from pathlib import Path

import h5py
import pytest

from parley_runs import CONFIGS, binary, environment, execute, overrides

CONFIG = CONFIGS / "paper-sybil.ini"
COMMITTED_OFTEN = {"peers.count": 300, "run.duration": "6000s", "output.flush_interval": "20s",
                   "output.histogram_interval": "5s"}
# Goes on until it is stopped, and has next to nothing to write meanwhile.
ENDLESS = {"peers.count": 2000, "run.duration": "10000000s", "output.interval": "100000s",
           "output.histogram_interval": "100000s", "output.flush_interval": "1000000000s"}


@pytest.fixture
def disk(tmp_path):
    """Makes file systems of a size in KiB; skips where mounting is not allowed."""
    mounted = []

    def make(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"a small file system cannot be mounted here ({done.stderr.strip()})")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def run_on(folder: Path):
    return execute(["run", CONFIG, *overrides(COMMITTED_OFTEN), "--output", folder / "result.h5", "--quiet"],
                   seconds=60)


def status_of(folder: Path) -> dict | None:
    """What the status file says; None when there is none. It is never half a file."""
    try:
        return json.loads((folder / "result.h5.status.json").read_text())
    except FileNotFoundError:
        return None


def wait_until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("size", [4, 64])
def test_a_disk_too_small_for_the_beginning_ends_the_run_with_code_4(disk, size):
    folder = disk(size)
    done = run_on(folder)
    assert done.returncode == 4, done.stderr
    assert len(done.stderr.splitlines()) == 1 and "cannot write" in done.stderr and "No space left" in done.stderr
    assert status_of(folder) is None or status_of(folder)["state"] == "failed"


def test_a_disk_that_fills_up_ends_the_run_and_the_status_says_why(disk):
    folder = disk(1024)
    done = run_on(folder)
    assert done.returncode == 4, done.stderr
    assert "cannot write" in done.stderr.splitlines()[-1] and "No space left" in done.stderr.splitlines()[-1]
    status = status_of(folder)
    assert status["state"] == "failed" and "No space left" in status["message"]
    assert sorted(path.name for path in folder.iterdir()) == ["result.h5.part", "result.h5.status.json"]
    with h5py.File(folder / "result.h5.part") as part:
        assert part["timeseries"].attrs["rows"] > 0


def fill(folder: Path) -> Path:
    """Takes all the room that is left."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as stream:
        while True:
            try:
                stream.write(b"x" * 512)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                return filler


def test_a_run_goes_on_while_there_is_no_room_for_its_status(disk, tmp_path):
    folder = disk(1024)
    messages = tmp_path / "messages"
    with open(messages, "w") as stream:
        process = subprocess.Popen([str(binary()), "run", str(CONFIG), *overrides(ENDLESS), "--output",
                                    str(folder / "result.h5"), "--quiet"], env=environment(), stderr=stream)
    try:
        wait_until(lambda: (status_of(folder) or {}).get("wall_seconds", 0) > 0)
        filler = fill(folder)
        before = status_of(folder)
        wait_until(lambda: messages.read_text() != "")
        assert process.poll() is None
        assert status_of(folder) == before, "the older status stays"
        assert "result.h5.status.json.part" not in os.listdir(folder)
        filler.unlink()
        wait_until(lambda: status_of(folder)["simulated_seconds"] > before["simulated_seconds"])
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    [line] = messages.read_text().splitlines()
    assert line.startswith(f"parley: cannot write {folder / 'result.h5.status.json'} (No space left on device)")
