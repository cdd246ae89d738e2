"""No hang: what goes wrong on one rank ends all of them within seconds, with its message and exit code."""
from __future__ import annotations

import resource
import subprocess
import time

import pytest

from parley_runs import CONFIGS, binary, environment
from processes import ranks_of

CONFIG = CONFIGS / "paper-sybil.ini"


def launch(*parts, seconds=30):
    """mpirun of several programs, a rank each; what it printed, and how long it took."""
    words = ["timeout", "-k", "2", str(seconds), "mpirun", "--bind-to", "none"]
    for index, part in enumerate(parts):
        words += [":"] * (index > 0) + ["-n", "1", *map(str, part)]
    begin = time.monotonic()
    done = subprocess.run(words, env=environment(), capture_output=True, text=True)
    assert time.monotonic() - begin < seconds - 5, "it hung"
    return done


def parley_lines(text):
    return [line for line in text.splitlines() if line.startswith("parley:")]


@pytest.mark.parametrize("differs", ["--run.seed=2", "--peers.count=120", "--checkpoint.every_wall=1s"])
def test_ranks_with_different_parameters_are_refused(tmp_path, differs):
    words = [binary(), "run", CONFIG, "--output", tmp_path / "x.h5"]
    done = launch(words, [*words, differs])
    assert done.returncode == 2, done.stderr
    assert len(parley_lines(done.stderr)) == 1 and "rank 1 has another configuration than rank 0" in done.stderr
    assert not list(tmp_path.iterdir())


def test_ranks_with_different_files_are_refused(tmp_path):
    """The same command line in two folders, as where a file system is not shared."""
    for name, seed in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.ini").write_text(f"[run]\nseed = {seed}\n")
    words = ["sh", "-c", f"cd {tmp_path}/$0 && exec {binary()} run run.ini --output x.h5"]
    done = launch([*words, "one"], [*words, "two"])
    assert done.returncode == 2, done.stderr
    assert len(parley_lines(done.stderr)) == 1 and "rank 1 has another configuration" in done.stderr


def test_a_file_that_one_rank_cannot_read_ends_all(tmp_path):
    (tmp_path / "run.ini").write_text("[run]\nseed = 1\n")
    words = ["sh", "-c", f"cd $0 && exec {binary()} run run.ini --output {tmp_path}/x.h5"]
    done = launch([*words, tmp_path], [*words, "/"])
    assert done.returncode == 2, done.stderr
    assert len(parley_lines(done.stderr)) == 1 and "cannot read the configuration" in done.stderr


def test_ranks_with_different_threads_are_refused(tmp_path):
    words = ["sh", "-c", f"OMP_NUM_THREADS=$0 exec {binary()} run {CONFIGS}/sybil-1m.ini --peers.count=20000 "
             f"--output {tmp_path}/x.h5"]
    done = launch([*words, "1"], [*words, "2"])
    assert done.returncode == 2, done.stderr
    assert len(parley_lines(done.stderr)) == 1 and "another number of partitions" in done.stderr


def test_a_rank_without_memory_ends_the_others(tmp_path):
    """A limit of its memory, set while it runs, fails an allocation in the middle of the simulation."""
    part = tmp_path / "x.h5.part"
    process = subprocess.Popen(["timeout", "-k", "2", "60", "mpirun", "-n", "2", "--bind-to", "none", str(binary()),
                                "run", str(CONFIGS / "sybil-1m.ini"), "--peers.count=20000", "--run.duration=6000s",
                                "--quiet", "--output", str(tmp_path / "x.h5")], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not part.exists():
        time.sleep(0.01)
    time.sleep(0.5)
    resource.prlimit(sorted(ranks_of(process.pid))[1], resource.RLIMIT_AS, (1 << 20, 1 << 20))
    begin = time.monotonic()
    said = process.communicate(timeout=70)[1]
    assert time.monotonic() - begin < 40
    assert process.returncode == 1 and "out of memory" in said, said
