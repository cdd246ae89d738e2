"""jobs/sweep submit, status and collect against a real Slurm."""
from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from comparison import first_difference
from parley_runs import binary

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
SWEEP = ROOT / "jobs" / "sweep"
FAKE = ROOT / "tests" / "support" / "fake_parley.py"
FULL = pytest.mark.skipif("PARLEY_TEST_FULL" not in os.environ, reason="minutes; set PARLEY_TEST_FULL=1")


class Study:
    """A sweep file in a folder of its own, run by the stand-in for the binary."""

    def __init__(self, cluster, folder: Path) -> None:
        self.cluster, self.folder, self.output = cluster, folder, folder / "out"
        self.starts_file = folder / "starts"
        (folder / "base.ini").write_text("[run]\nseed = 1\n")

    def axes(self, text: str, seeds: str = "1") -> Study:
        sections = f"[sweep]\nbase = base.ini\n[axes]\n{text}\n[seeds]\nrun.seed = {seeds}\n"
        (self.folder / "study.ini").write_text(sections)
        return self

    def submit_command(self, *extra: str) -> list[str]:
        return [sys.executable, str(SWEEP), "submit", str(self.folder / "study.ini"), "--output", str(self.output),
                "--binary", str(FAKE), "--memory=50M", "--time=5", "--chunk=0", *extra]

    def submit(self, *extra: str) -> str:
        """Submits; returns the job's id (of the array itself)."""
        answer = self.cluster.tell(*self.submit_command(*extra), FAKE_STARTS=str(self.starts_file))
        return answer.split("job ")[1].split(";")[0].split(",")[0]

    def status(self) -> str:
        return self.cluster.tell(sys.executable, SWEEP, "status", self.output)

    def results(self) -> list[str]:
        return sorted(file.name for file in (self.output / "runs").glob("*.h5"))

    def starts(self) -> list[str]:
        return sorted(self.starts_file.read_text().splitlines()) if self.starts_file.exists() else []


@pytest.fixture
def study(cluster, tmp_path):
    return Study(cluster, tmp_path)


def test_an_array_gives_the_results_of_a_local_run(cluster, tmp_path):
    sweep = [tmp_path / "ttl.ini", "--seeds", "2", "--set", "run.duration=5s", "--set", "run.warmup=1s"]
    sweep[0].write_text(f"[sweep]\nbase = {ROOT}/configs/paper-ttl.ini\n[axes]\ndescriptor.ttl = 5s, 20s, 60s\n"
                        "[seeds]\nrun.seed = 1:3\n")
    there = ["--binary", binary()]
    cluster.tell(SWEEP, "run", *sweep, "--output", tmp_path / "local", *there, "-j", "2")
    answer = cluster.tell(SWEEP, "submit", *sweep, "--output", tmp_path / "slurm", *there, "--chunk", "0.0008")
    assert "6 runs, 0 done; 6 to submit in 3 tasks" in answer  # 0.02 s + 1.18 * 100 * 5 / 1.25e6 s a point
    cluster.wait_for(answer.split("job ")[1].split(";")[0])
    more = cluster.tell(SWEEP, "submit", *sweep[:1], "--seeds", "1", *sweep[3:], "--output", tmp_path / "nodes", *there,
                        "--nodes=2", "--tasks-per-node=1")
    assert "3 to submit in 1 tasks" in more
    cluster.wait_for(more.split("job ")[1].split(";")[0])
    for file in (tmp_path / "nodes" / "runs").iterdir():
        assert first_difference(tmp_path / "local" / "runs" / file.name, file) is None
        with h5py.File(file) as result:
            assert result["provenance"].attrs["ranks"] == 2
    assert len(list((tmp_path / "nodes" / "runs").iterdir())) == 3
    for folder in ("local", "slurm"):
        cluster.tell(SWEEP, "collect", tmp_path / folder)
    files = sorted(file.name for file in (tmp_path / "local" / "runs").iterdir())
    assert len(files) == 6
    assert files == sorted(file.name for file in (tmp_path / "slurm" / "runs").iterdir())
    for name in files:
        assert first_difference(tmp_path / "local" / "runs" / name, tmp_path / "slurm" / "runs" / name) is None
    local, slurm = (list(csv.DictReader(open(tmp_path / folder / "results.csv", encoding="utf-8")))
                    for folder in ("local", "slurm"))
    for row in (*local, *slurm):
        del row["events_per_second"]
    assert local == slurm
    assert "nothing to submit" in cluster.tell(SWEEP, "submit", *sweep, "--output", tmp_path / "slurm", *there)


def test_no_more_tasks_run_than_max_running(study):
    study.axes("run.duration = 0.7, 0.71, 0.72, 0.73, 0.74")
    job = study.submit("--max-running", "2")
    most = 0
    while queue := study.cluster.queue(job):
        running = sum(line.endswith("RUNNING") for line in queue)
        most = max(most, running)
    assert most == 2
    assert len(study.results()) == 5


def test_two_submits_at_once_run_each_point_once(study):
    study.axes("run.duration = 0.5, 0.51, 0.52", "1:2")
    environment = {**study.cluster.environment, "FAKE_STARTS": str(study.starts_file)}
    both = [subprocess.Popen(study.submit_command(), env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    third = study.cluster.call(*study.submit_command()).stdout
    assert "nothing to submit" in third, third
    jobs = [text.split("job ")[1].split(";")[0] for text in outputs if "job " in text]
    assert jobs
    for job in jobs:
        study.cluster.wait_for(job)
    assert len(study.results()) == 6 and len(study.starts()) == 6


def test_a_point_claimed_by_one_array_is_left_by_another(study):
    study.axes("run.duration = 300")
    first = study.submit()
    wait_until(study.starts, 60, study.status)
    assert "1 running" in study.status()
    (record,) = (study.output / "submissions").iterdir()
    second = study.cluster.tell("sbatch", "--parsable", "--array=0", f"--output={study.folder}/second",
                                ROOT / "jobs" / "sweep.sbatch", ROOT, record, FAKE_STARTS=str(study.starts_file))
    study.cluster.wait_for(second)
    assert "being run elsewhere" in (study.folder / "second").read_text()
    assert len(study.starts()) == 1
    study.cluster.tell("scancel", first)
    study.cluster.wait_for(first)


def test_failed_points_are_told_and_run_by_the_next_submit(study):
    study.axes("policy.name = tier1, flaky, broken")
    study.cluster.wait_for(study.submit())
    status = study.status()
    assert "3 runs, 1 done, 2 failed, 0 not finished" in status
    assert "the lookahead is violated | sweep: exit code 3" in status
    study.cluster.wait_for(study.submit())
    assert "3 runs, 2 done, 1 failed" in study.status()
    assert [sum(policy in line for line in study.starts()) for policy in ("tier1", "flaky", "broken")] == [1, 2, 2]


def test_retries_wait_for_the_failure(study):
    study.axes("policy.name = tier1, flaky")
    job = study.submit("--retries", "2")
    retries = [str(int(name)) for name in study.cluster.tell("squeue", "--noheader", "--format=%F").split()]
    for each in {job, *retries}:
        study.cluster.wait_for(each)
    assert "2 runs, 2 done, 0 failed" in study.status()
    assert [sum(policy in line for line in study.starts()) for policy in ("tier1", "flaky")] == [1, 2]


def test_the_signal_before_the_time_limit_checkpoints_and_queues_again(study):
    study.axes("run.duration = 4")
    job = study.submit()
    wait_until(study.starts, 60)
    study.cluster.tell("scancel", "--batch", "--signal=USR1", f"{job}_0")  # as sbatch --signal=B:USR1 does
    wait_until(lambda: len(study.starts()) == 2, 60, study.status)
    study.cluster.wait_for(job)
    assert [line.split()[0] for line in study.starts()] == ["resume", "run"]
    assert "1 runs, 1 done" in study.status()
    assert not list((study.output / "work").iterdir())


def test_a_point_that_cannot_checkpoint_is_not_queued_for_ever(study):
    study.axes("policy.name = stubborn\nrun.duration = 60")
    job = study.submit()
    wait_until(study.starts, 60)
    study.cluster.tell("scancel", "--batch", "--signal=USR1", f"{job}_0")
    study.cluster.wait_for(job)
    assert "the time limit is too short" in study.status()


def test_a_cancelled_sweep_is_told_and_continued(study):
    study.axes("run.duration = 0.1, 60")
    job = study.submit()
    wait_until(lambda: len(study.starts()) == 2 and study.results(), 60)
    study.cluster.tell("scancel", job)
    study.cluster.wait_for(job)
    wait_until(lambda: "running" not in study.status(), 20, study.status)
    status = study.status()
    assert "2 runs, 1 done, 0 failed, 1 not finished" in status
    assert "ended as CANCELLED" in status
    again = study.cluster.tell(*study.submit_command("--dry-run"))
    assert "1 to submit in 1 tasks" in again and "--array=0-0" in again


def test_dry_run_shows_the_command_and_writes_nothing(study):
    study.axes("run.duration = 1, 2, 3")
    shown = study.cluster.tell(*study.submit_command("--dry-run", "--account=physics", "--max-running=2",
                                                     "--sbatch=--qos=long"))
    command = shown.splitlines()[1]
    for word in ("sbatch", "--array=0-2%2", "--account=physics", "--qos=long", "--time=5", "--mem=50M",
                 "--partition=batch", "jobs/sweep.sbatch"):
        assert word in command
    assert "#SBATCH --signal=B:USR1@" in shown
    assert not study.output.exists() and not study.starts()


@FULL
def test_an_interrupted_sweep_gives_the_results_of_a_local_run(cluster, tmp_path):
    sweep = tmp_path / "scale.ini"
    sweep.write_text(f"[sweep]\nbase = {ROOT}/configs/sybil-1m.ini\n[set]\npeers.count = 30000\n"
                     "[seeds]\nrun.seed = 1:2\n")
    cluster.tell(SWEEP, "run", sweep, "--output", tmp_path / "local", "--binary", binary(), "-j", "1")
    job = cluster.tell(SWEEP, "submit", sweep, "--output", tmp_path / "slurm", "--binary", binary(),
                       "--max-running=1").split("job ")[1].split(";")[0]
    wait_until(lambda: list((tmp_path / "slurm").glob("work/*/*/*.status.json")), 60)
    cluster.tell("scancel", "--batch", "--signal=USR1", f"{job}_0")
    wait_until(lambda: "queued again" in (tmp_path / "slurm" / "logs" / "slurm" / f"{job}_0.log").read_text(), 60)
    cluster.wait_for(job, 200)
    names = sorted(file.name for file in (tmp_path / "local" / "runs").iterdir())
    assert len(names) == 2
    for name in names:
        assert first_difference(tmp_path / "local" / "runs" / name, tmp_path / "slurm" / "runs" / name) is None
    assert not list((tmp_path / "slurm" / "work").iterdir())


@FULL
@pytest.mark.parametrize("how", ["slurmd killed", "set down"])
def test_a_node_failure_queues_the_point_again(study, how):
    study.axes("run.duration = 40")
    job = study.submit()
    wait_until(study.starts, 60)
    node = study.cluster.tell("squeue", "--noheader", "--format=%N", f"--jobs={job}")
    if how == "slurmd killed":
        study.cluster.kill_slurmd(node)  # its job goes on, unseen: the point has two processes from now on
    else:
        study.cluster.tell("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    wait_until(lambda: len(study.starts()) == 2, 120, study.status)
    study.cluster.wait_for(job, 120)
    assert "1 runs, 1 done" in study.status()
    study.cluster.revive(node)
