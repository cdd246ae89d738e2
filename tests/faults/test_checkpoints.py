"""Runs that are stopped, killed, or cannot write: the last checkpoint and all committed rows are intact, and resuming
gives the results of a run that nothing happened to."""
from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import time

import h5py
import pytest

from comparison import content, first_difference, raw_datasets
from parley_runs import CONFIGS, binary, environment, execute, overrides, run
from processes import ranks_of

CONFIG = CONFIGS / "paper-sybil.ini"
# A second or so; checkpoints take most of it, so that a kill at any moment often falls into one, or into a flush.
RUN = {"peers.count": 200, "run.duration": "2000s", "run.warmup": "10s", "output.flush_interval": "20s",
       "output.histogram_interval": "5s"}
OFTEN = {"checkpoint.every_simulated": "20s", "checkpoint.every_wall": "0s"}
# Of several ranks, which take much longer for a window where cores are few.
SHORT = {"run.duration": "300s"}
STOPPED = 75
MPIRUN = ["timeout", "-k", "2", "60", "mpirun", "-n", "2", "--bind-to", "none"]
# The full set tries 20 moments and every byte of a small checkpoint's header; the short one a sample.
FULL = "PARLEY_TEST_FULL" in os.environ


def command(output, **settings):
    return [str(binary()), "run", str(CONFIG), *overrides({**RUN, **settings}), "--output", str(output), "--quiet"]


def start(arguments, **options):
    return subprocess.Popen(arguments, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            **options)


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    return run(CONFIG, tmp_path_factory.mktemp("complete") / "result.h5", RUN)


@pytest.fixture(scope="module")
def complete_short(tmp_path_factory):
    return run(CONFIG, tmp_path_factory.mktemp("complete") / "result.h5", {**RUN, **SHORT})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """One of a run that is otherwise gone."""
    result = run(CONFIG, tmp_path_factory.mktemp("checkpoint") / "result.h5",
                 {**RUN, "checkpoint.every_simulated": "1200s", "checkpoint.keep": "true"})
    result.unlink()
    return result.parent / "result.h5.checkpoint"


def wait_for(condition, process=None, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        if process is not None and process.poll() is not None:
            return
        time.sleep(0.0005)


def resume(file, output, *more, ranks=None):
    done = execute(["resume", file, "--output", output, "--quiet", "--checkpoint.every_simulated=0s", *more],
                   ranks=ranks)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    return output


def check_resumes(output, complete, *, ranks=None):
    """From what is left of a run: its checkpoints, of which there is one at least, give the complete results."""
    file = output.parent / f"{output.name}.checkpoint"
    copy = output.parent / "copy.checkpoint"
    previous = output.parent / f"{output.name}.checkpoint.previous"
    if previous.exists():
        shutil.copy(previous, copy)
        assert first_difference(complete, resume(copy, output.parent / "from-previous.h5")) is None
    resume(file, output, ranks=ranks)
    assert first_difference(complete, output) is None
    assert raw_datasets(complete) == raw_datasets(output)
    assert not file.exists() and not previous.exists(), "a complete run needs no checkpoints"
    assert not list(output.parent.glob(f"{output.name}.part*"))


def check_committed(output, complete):
    """The rows that FILE.part says to have are those of the complete run; returns how many of the time series."""
    part = output.parent / f"{output.name}.part"
    if not part.exists():
        return 0
    with h5py.File(part) as left, h5py.File(complete) as whole:
        for group in ("timeseries", "histograms"):
            rows = int(left[group].attrs["rows"])
            for name, data in left[group].items():
                if data.maxshape[0] is None:
                    assert content(data)[:rows * 8] == content(whole[group][name])[:rows * 8], name
        return int(left["timeseries"].attrs["rows"])


# --- signals

@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_signal_stops_a_run_with_a_checkpoint(tmp_path, complete, number):
    output = tmp_path / "result.h5"
    process = start(command(output))
    wait_for((tmp_path / "result.h5.part").exists, process)
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == STOPPED, said
    assert said.count("\n") == 1 and "parley resume" in said and "stopped by a signal" in said
    check_resumes(output, complete)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_one_rank_stops_all_at_the_same_window(tmp_path, complete_short, rank):
    output = tmp_path / "result.h5"
    process = start([*MPIRUN, *command(output, **SHORT)])
    wait_for((tmp_path / "result.h5.part").exists, process)
    os.kill(sorted(ranks_of(process.pid))[rank], signal.SIGUSR1)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == STOPPED, said
    assert said.count("parley: stopped by a signal") == 1
    check_resumes(output, complete_short, ranks=3)


def test_mpirun_hands_usr1_on(tmp_path, complete_short):
    output = tmp_path / "result.h5"
    process = start([*MPIRUN[4:], *command(output, **SHORT)])
    wait_for((tmp_path / "result.h5.part").exists, process)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(timeout=60) == STOPPED
    check_resumes(output, complete_short)


# --- kills

@pytest.mark.parametrize("moment", range(20 if FULL else 4))
def test_after_kill_9_the_last_checkpoint_gives_the_complete_results(tmp_path, complete, moment):
    """At a random moment: of computing, of writing a checkpoint, of a flush."""
    output = tmp_path / "result.h5"
    process = start(command(output, **OFTEN))
    wait_for((tmp_path / "result.h5.checkpoint").exists, process)
    time.sleep(random.Random(moment).uniform(0, 0.5))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the run was over too early to be killed"
    check_committed(output, complete)
    check_resumes(output, complete)


@pytest.mark.parametrize("count", range(10 if FULL else 2))
def test_after_kill_9_during_a_checkpoint_the_one_before_is_intact(tmp_path, complete, count):
    output = tmp_path / "result.h5"
    part = tmp_path / "result.h5.checkpoint.part"
    process = start(command(output, **OFTEN))
    wait_for((tmp_path / "result.h5.checkpoint.previous").exists, process)
    for _ in range(count + 1):
        wait_for(lambda: not part.exists(), process)
        wait_for(part.exists, process)
    process.send_signal(signal.SIGSTOP)
    caught = part.exists()
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the run was over too early to be killed"
    if caught:  # else it has just become the last one
        assert part.exists()
    check_resumes(output, complete)


@pytest.mark.parametrize("victims", ["one", "all"])
@pytest.mark.parametrize("moment", range(20 if FULL else 1))
def test_after_kill_9_of_ranks_the_last_checkpoint_gives_the_complete_results(tmp_path, complete, victims, moment):
    """The death of one rank ends the others within seconds."""
    output = tmp_path / "result.h5"
    process = start([*MPIRUN, *command(output, **OFTEN)], start_new_session=True)
    wait_for((tmp_path / "result.h5.checkpoint").exists, process)
    time.sleep(random.Random(moment).uniform(0, 0.3))
    assert process.poll() is None, "the run was over too early to be killed"
    ranks = sorted(ranks_of(process.pid))
    for rank in ranks if victims == "all" else [random.Random(moment).choice(ranks)]:
        os.kill(rank, signal.SIGKILL)
    begin = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - begin < 20
    assert process.returncode not in (0, STOPPED)
    assert not output.exists()
    check_committed(output, complete)
    check_resumes(output, complete)


# --- another run

def test_a_new_run_keeps_the_checkpoints_of_an_interrupted_one(tmp_path, checkpoint, complete):
    left = shutil.copy(checkpoint, tmp_path / "result.h5.checkpoint")
    done = execute(["run", CONFIG, *overrides({"run.duration": "20s", "run.warmup": "5s"}), "--output",
                    tmp_path / "result.h5", "--quiet"])
    assert done.returncode == 0 and "result.h5.checkpoint.old" in done.stderr, done.stderr
    assert not left.exists()
    check = resume(tmp_path / "result.h5.checkpoint.old", tmp_path / "resumed.h5")
    assert first_difference(complete, check) is None


# --- devices that are full

def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, complete):
    """The limit allows the results, not the checkpoints, which it lets grow a little."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        output = tmp_path / "result.h5"
        done = execute([*command(output, **OFTEN, **{"checkpoint.folder": folder})[1:]])
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("warning: cannot write the checkpoint") == 1 and "No space left" in done.stderr
        assert not list(folder.iterdir())
        assert first_difference(complete, output) is None
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_failed_checkpoint_leaves_the_one_before(tmp_path, complete):
    """From some moment on no file may grow beyond 100 kB: checkpoints fail, and then the results do."""
    output = tmp_path / "result.h5"
    process = start(command(output, **OFTEN, **{"output.flush_interval": "300s"}))
    wait_for((tmp_path / "result.h5.checkpoint.previous").exists, process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 4, said
    lines = said.splitlines()
    assert any("cannot write the checkpoint" in line and "File too large" in line for line in lines), said
    assert lines[-1].startswith("parley: cannot write") and not output.exists()
    check_resumes(output, complete)


def test_a_stop_without_a_checkpoint_is_an_error(tmp_path):
    output = tmp_path / "result.h5"
    process = start(command(output, **{"output.flush_interval": "6000s"}))
    wait_for((tmp_path / "result.h5.part").exists, process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 4 and "cannot write" in said, said


# --- checkpoints that are none

def refused(file, tmp_path):
    """The line that refuses it; nothing was written."""
    done = execute(["resume", file, "--output", tmp_path / "refused.h5"])
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    assert done.stderr.count("\n") == 1 and not list(tmp_path.glob("refused*")), done.stderr
    return done.stderr


def test_what_is_no_checkpoint_is_refused(tmp_path, complete):
    text = tmp_path / "text"
    text.write_text("not a checkpoint\n" * 100)
    (tmp_path / "empty").touch()
    for file in (text, tmp_path / "empty", complete):
        assert "is no checkpoint of parley" in refused(file, tmp_path)
    assert "No such file" in refused(tmp_path / "missing", tmp_path)
    assert "is a folder" in refused(tmp_path, tmp_path)


def test_a_damaged_checkpoint_is_refused_wherever_the_damage_is(tmp_path, checkpoint):
    """A flipped bit, and a cut, at positions drawn over the whole file."""
    damaged = tmp_path / "damaged"
    whole = checkpoint.read_bytes()
    drawn = random.Random(1)
    for position in [0, 30, 300, 511, 512, *drawn.sample(range(len(whole)), 200 if FULL else 8), len(whole) - 1]:
        flipped = bytes([whole[position] ^ 1 << drawn.randrange(8)])
        damaged.write_bytes(whole[:position] + flipped + whole[position + 1:])
        assert "damaged" in (said := refused(damaged, tmp_path)) or position < 24 and "no checkpoint" in said, position
    for size in [10, 500, 512, *drawn.sample(range(len(whole)), 100 if FULL else 4), len(whole) - 1]:
        damaged.write_bytes(whole[:size])
        assert any(why in refused(damaged, tmp_path) for why in ("bytes", "cut off", "no checkpoint")), size
    damaged.write_bytes(whole + b"\0")
    assert "bytes" in refused(damaged, tmp_path)


def test_a_refused_checkpoint_names_the_one_before(tmp_path, checkpoint):
    damaged = tmp_path / "x.checkpoint"
    damaged.write_bytes(checkpoint.read_bytes()[:-1])
    shutil.copy(checkpoint, tmp_path / "x.checkpoint.previous")
    assert f"resume from {tmp_path}/x.checkpoint.previous" in refused(damaged, tmp_path)


def test_resuming_overwrites_no_result_unasked(tmp_path, checkpoint, complete):
    output = tmp_path / "result.h5"
    output.write_text("precious")
    done = execute(["resume", checkpoint, "--output", output])
    assert done.returncode == 2 and "--force" in done.stderr and output.read_text() == "precious"
    resume(checkpoint, output, "--force")
    assert first_difference(complete, output) is None


@pytest.mark.parametrize("arguments, message", [
    (["--peers.count=10"], "peers.count cannot be changed"),
    (["--output.interval=2s"], "output.interval cannot be changed"),
    (["--checkpoint.folder=/nowhere"], "checkpoint.folder = /nowhere"),
    (["--checkpoint.every_wall=-1s"], "checkpoint.every_wall"),
    (["other"], "comes after the checkpoint"),
])
def test_what_cannot_be_resumed_is_said(tmp_path, checkpoint, arguments, message):
    done = execute(["resume", checkpoint, "--output", tmp_path / "x.h5", *arguments])
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not list(tmp_path.iterdir())
    assert execute(["resume"]).returncode == 2


def test_execution_may_change_when_a_run_is_resumed(tmp_path, checkpoint, complete):
    result = resume(checkpoint, tmp_path / "x.h5", "--parallel.partitions=3", "--output.flush_interval=1s",
                    "--parallel.exchange=sparse", ranks=2)
    assert first_difference(complete, result) is None
    with h5py.File(result) as file:
        assert file["provenance"].attrs["resumed"] == 1


def test_a_short_run_writes_no_checkpoint(tmp_path):
    run(CONFIG, tmp_path / "result.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["result.h5"]
