"""Who may run a point, and from which checkpoint it goes on."""
from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from parley_sweep.claim import Owner, claimed, holder
from parley_sweep.errors import SweepError
from parley_sweep.manifest import RunHash, planned_run
from parley_sweep.program import Attempt, Program

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from pathlib import Path
from parley_sweep.claim import Owner, claimed
from parley_sweep.manifest import planned_run
with claimed(planned_run(Path(sys.argv[1]), 1, {}, "x"), Owner("n1", 7, "12_3", 0)) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run(tmp_path):
    return planned_run(tmp_path, 1, {}, "x")


@pytest.fixture
def other(tmp_path):
    """Another process that has claimed the point as job 12_3."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT / "jobs")})
    assert process.stdout.readline().strip() == "True"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_claim_lasts_as_long_as_its_process(run, other):
    mine = Owner("n2", 8, "13_0", 0)
    with claimed(run, mine) as got:
        assert not got
    assert holder(run) == (Owner("n1", 7, "12_3", 0), True)
    other.kill()
    other.wait()
    assert holder(run) == (Owner("n1", 7, "12_3", 0), False)
    with claimed(run, mine) as got:
        assert got and holder(run) == (mine, True)


def test_a_requeued_job_replaces_its_earlier_life_only(run, other):
    for stranger in (Owner("n2", 8, "12_4", 1), Owner("n2", 8, "12_3", 0), Owner("n2", 8)):
        with claimed(run, stranger) as got:
            assert not got
    with claimed(run, Owner("n2", 8, "12_3", 1)) as got:
        assert got and holder(run) == (Owner("n2", 8, "12_3", 1), True)
    assert other.poll() is None


def test_a_claim_goes_when_the_point_has_its_result(run):
    with claimed(run, Owner("n1", 7)) as got:
        assert got
        run.file.parent.mkdir()
        run.file.write_text("")
    assert not run.claim.exists()


@pytest.fixture
def point(tmp_path):
    """A point with a base configuration, and its program."""
    base = tmp_path / "base.ini"
    base.write_text("[run]\nseed = 1\n")
    name = "p-" + RunHash(base).of({"a.b": "1"})
    return planned_run(tmp_path, 1, {"a.b": "1"}, name), Program(("parley",), base)


def test_an_attempt_resumes_the_newest_checkpoint_and_falls_back(point):
    run, program = point
    attempt = Attempt(program, run, "12_3.1")
    attempt.begin()
    assert attempt.command()[:3] == ["parley", "run", str(program.base)] and "--a.b=1" in attempt.command()
    assert not attempt.tries_again(2)  # not of a run from the start
    earlier = run.work / "12_3.0"
    earlier.mkdir()
    now = time.time()
    for age, ending in ((20, "checkpoint.previous"), (10, "checkpoint")):
        file = earlier / f"{run.file.name}.{ending}"
        file.write_text("")
        os.utime(file, (now - age, now - age))
    attempt.begin()
    for ending in ("checkpoint", "checkpoint.previous"):
        assert attempt.command()[1:3] == ["resume", str(earlier / f"{run.file.name}.{ending}")]
        assert attempt.tries_again(2)
    assert attempt.command()[1] == "run"
    assert not attempt.has_new_checkpoint()
    assert str(attempt.output) in attempt.command() and attempt.output.parent != earlier


def test_a_launcher_that_tells_of_killed_ranks_does_not_lead_back_to_the_start(point):
    run, program = point
    attempt = Attempt(program, run, "12_3.1")
    attempt.begin()
    assert not attempt.tries_again(137)  # not of a run from the start
    earlier = run.work / "12_3.0"
    earlier.mkdir()
    newest, before = (earlier / f"{run.file.name}.{ending}" for ending in ("checkpoint", "checkpoint.previous"))
    for file, age in ((newest, 10), (before, 20)):
        file.write_text("")
        os.utime(file, (time.time() - age,) * 2)
    assert attempt.command()[2] == str(newest)
    assert not attempt.tries_again(1) and not attempt.tries_again(75)
    assert attempt.tries_again(137) and attempt.command()[2] == str(before)
    assert not attempt.tries_again(143)
    with_progress = Attempt(program, run, "12_3.2")
    with_progress.begin()
    assert with_progress.command()[2] == str(newest)
    with_progress.output.with_name(newest.name).write_text("")
    assert not with_progress.tries_again(137)


def test_a_new_checkpoint_is_told_from_an_old_one_whatever_the_clocks_say(point):
    run, program = point
    first = Attempt(program, run, "7")
    first.begin()
    checkpoint = first.output.with_name(f"{run.file.name}.checkpoint")
    checkpoint.write_text("")
    again = Attempt(program, run, "7")
    again.begin()
    assert first.has_new_checkpoint() and not again.has_new_checkpoint()
    beside = checkpoint.with_suffix(".part")
    beside.write_text("")
    os.utime(beside, (0, 0))  # a file server whose clock is behind
    checkpoint.rename(f"{first.output}.checkpoint.previous")
    assert not again.has_new_checkpoint()
    beside.rename(checkpoint)
    assert again.has_new_checkpoint()


def test_a_result_is_put_in_place_and_the_attempts_go(point):
    run, program = point
    run.file.parent.mkdir()
    attempt = Attempt(program, run, "a")
    attempt.begin()
    assert not attempt.finish()
    attempt.output.write_text("result")
    assert attempt.finish() and run.file.read_text() == "result" and not run.work.exists()


def test_a_changed_base_configuration_is_refused(point):
    run, program = point
    program.base.write_text("[run]\nseed = 2\n")
    attempt = Attempt(program, run, "a")
    attempt.begin()
    with pytest.raises(SweepError, match="has changed"):
        attempt.command()
