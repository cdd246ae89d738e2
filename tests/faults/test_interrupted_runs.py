"""Runs that cannot finish: what they leave is right, and they say why."""
from __future__ import annotations

import os
import resource
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest

from comparison import content, first_difference
from parley_runs import CONFIGS, binary, environment, execute, run
from processes import ranks_of

CONFIG = CONFIGS / "paper-sybil.ini"
# Long enough to be killed in the middle; committed often.
LONG = {"peers.count": 300, "run.duration": "6000s", "output.flush_interval": "20s", "output.histogram_interval": "5s"}
GROUPS = ("timeseries", "histograms")


def command(output, settings):
    return [str(binary()), "run", str(CONFIG), *[f"--{key}={value}" for key, value in settings.items()],
            "--output", str(output), "--quiet"]


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    return run(CONFIG, tmp_path_factory.mktemp("complete") / "result.h5", LONG)


def check_beginning(part, complete):
    """The rows that a file says to have are those of the complete run; returns how many."""
    counted = {}
    with h5py.File(part) as left, h5py.File(complete) as whole:
        for group in GROUPS:
            rows = counted[group] = int(left[group].attrs["rows"])
            assert rows <= whole[group].attrs["rows"]
            for name, data in left[group].items():
                if data.maxshape[0] is None:
                    assert data.shape[0] >= rows, name
                    same = np.array_equal(data[:rows], whole[group][name][:rows], equal_nan=data.dtype.kind == "f")
                    assert same, name
                else:
                    assert content(data) == content(whole[group][name]), name
        assert dict(left["config"].attrs) == dict(whole["config"].attrs)
    return counted


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.8])
def test_after_kill_9_the_committed_rows_are_right(tmp_path, complete, share):
    """Killed when FILE.part has grown to a share of what it would become."""
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.part"
    size = max(1, share * complete.stat().st_size)
    process = subprocess.Popen(command(output, LONG), env=environment())
    while process.poll() is None and not (part.exists() and part.stat().st_size >= size):
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run was over too early to be killed"
    assert not output.exists()
    if share > 0:  # else killed before the first flush: nothing is promised
        assert 0 < check_beginning(part, complete)["timeseries"] < 6000
    # A new run takes the place of what was left.
    again = execute(["run", CONFIG, "--run.duration=70s", "--output", output, "--quiet"])
    assert again.returncode == 0 and output.exists() and not part.exists()


def test_after_an_interrupt_the_committed_rows_are_right(tmp_path, complete):
    """Ctrl-C; a shell starts what it puts in the background, such as these tests, with interrupts ignored."""
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.part"
    process = subprocess.Popen(command(output, LONG), env=environment(),
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    while process.poll() is None and not (part.exists() and part.stat().st_size >= 0.3 * complete.stat().st_size):
        time.sleep(0.0005)
    process.send_signal(signal.SIGINT)
    assert process.wait() == -signal.SIGINT, "the run was over too early to be interrupted"
    assert not output.exists()
    assert 0 < check_beginning(part, complete)["timeseries"] < 6000


def test_ranks_killed_in_the_middle_leave_the_committed_rows(tmp_path, complete):
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.part"
    process = subprocess.Popen(["timeout", "-k", "2", "60", "mpirun", "-n", "2", "--bind-to", "none",
                                *command(output, LONG)], env=environment(), start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (part.exists() and part.stat().st_size >= 1_000_000):
        time.sleep(0.001)
    assert process.poll() is None, "the run was over too early to be killed"
    for child in ranks_of(process.pid):
        os.kill(child, signal.SIGKILL)
    assert process.wait(timeout=60) != 0
    assert not output.exists()
    assert check_beginning(part, complete)["timeseries"] > 0


@pytest.mark.parametrize("limit", [1_000, 100_000, 300_000])
def test_a_failing_write_ends_the_run_with_code_4_and_says_why(tmp_path, complete, limit):
    """The file system refuses to let a file grow beyond `limit` bytes."""
    output = tmp_path / "result.h5"

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = execute(["run", CONFIG, *[f"--{key}={value}" for key, value in LONG.items()], "--output", output, "--quiet"],
                   preexec=limited, seconds=60)
    assert done.returncode == 4, f"exit code {done.returncode}: {done.stderr}"
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("parley: cannot write") and "File too large" in lines[0], done.stderr
    assert not output.exists()


def test_a_failing_write_of_the_root_ends_all_ranks_with_code_4(tmp_path):
    """The limit is set when all is under way: Open MPI has files of its own, in shared memory."""
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.part"
    process = subprocess.Popen(["timeout", "-k", "2", "60", "mpirun", "-n", "2", "--bind-to", "none", "sh", "-c",
                                'trap "" XFSZ; exec "$@"', "sh", *command(output, LONG)], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (part.exists() and part.stat().st_size >= 50_000):
        time.sleep(0.0005)
    for rank in ranks_of(process.pid):
        resource.prlimit(rank, resource.RLIMIT_FSIZE, (150_000, 150_000))
    _, said = process.communicate(timeout=70)
    assert process.returncode == 4, f"exit code {process.returncode}: {said}"
    assert said.count("parley: cannot write") == 1 and "File too large" in said, said
    assert not output.exists()


def test_a_long_run_gives_the_same_however_often_it_is_committed(tmp_path, complete):
    once = run(CONFIG, tmp_path / "once.h5", {**LONG, "output.flush_interval": "6000s"})
    assert first_difference(complete, once) is None


def test_two_runs_do_not_write_one_file(tmp_path):
    """The second is refused while the first is under way, and touches nothing of it."""
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.part"
    first = subprocess.Popen(command(output, {**LONG, "peers.count": 1000, "run.duration": "100000s"}),
                             env=environment())
    try:
        while first.poll() is None and not (part.exists() and part.stat().st_size >= 100_000):
            time.sleep(0.005)
        assert first.poll() is None
        second = execute(["run", CONFIG, "--run.duration=70s", "--output", output, "--quiet", "--force"])
        assert second.returncode == 2 and "another run" in second.stderr, second.stderr
        assert first.poll() is None and part.exists() and not output.exists()
    finally:
        first.kill()
        first.wait()
