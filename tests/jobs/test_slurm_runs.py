"""jobs/run.sbatch against a real Slurm: one node and several, srun and mpirun, signals and requeue."""
from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import pytest
from comparison import first_difference
from parley_runs import binary, run

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "jobs" / "run.sbatch"
FAKE = ROOT / "tests" / "support" / "fake_parley.py"
FULL = pytest.mark.skipif("PARLEY_TEST_FULL" not in os.environ, reason="minutes; set PARLEY_TEST_FULL=1")
SETTINGS = {"peers.count": 1000, "run.duration": "6s", "run.warmup": "2s"}


class Job:
    """One submission of run.sbatch from the folder of Parley."""

    def __init__(self, cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.output, self.log, self.starts_file = folder / "result.h5", folder / "log", folder / "starts"
        (folder / "base.ini").write_text("[run]\nseed = 1\n")
        self.program: Path = FAKE
        self.site = ""

    def submit(self, *options: str, config: Path | None = None, settings: dict[str, object] | None = None) -> str:
        overrides = [f"--{key}={value}" for key, value in (settings or {}).items()]
        site = self.folder / "site.sh"
        site.write_text(f"PARLEY_BIND=none\n{self.site}\n")
        answer = self.cluster.call("sbatch", "--parsable", f"--output={self.log}", "--mem=500M", "--time=5", *options,
                                   SCRIPT, config or self.folder / "base.ini", *overrides, "--output", self.output,
                                   cwd=ROOT, PARLEY_BINARY=str(self.program), PARLEY_SITE=str(site),
                                   FAKE_STARTS=str(self.starts_file))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def starts(self) -> list[str]:
        told = self.starts_file.read_text() if self.starts_file.exists() else ""
        return [line.split()[0] for line in told.splitlines()]

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else "no log"


@pytest.fixture
def job(cluster, tmp_path):
    return Job(cluster, tmp_path)


@pytest.mark.parametrize("launcher", ["srun", "mpirun"])
def test_two_nodes_give_the_results_of_one_process(job, launcher):
    config = ROOT / "configs" / "sybil-1m.ini"
    serial = run(config, job.folder / "serial.h5", SETTINGS)
    job.program, job.site = binary(), f"PARLEY_LAUNCHER={launcher}"
    number = job.submit("--nodes=2", "--ntasks-per-node=2", "--cpus-per-task=1", config=config, settings=SETTINGS)
    job.cluster.wait_for_job(number)
    assert job.output.exists(), job.said()
    assert first_difference(serial, job.output) is None
    assert ranks_of(job.output) == 4 and not job.output.with_name("result.h5.command").exists()


def ranks_of(result: Path) -> int:
    with h5py.File(result) as file:
        return int(file["provenance"].attrs["ranks"])


def test_whole_nodes_are_filled_without_counts(job):
    config = ROOT / "configs" / "sybil-1m.ini"
    job.program, job.site = binary(), "PARLEY_LAYOUT=node"
    number = job.submit("--nodes=2", "--exclusive", config=config, settings=SETTINGS)
    job.cluster.wait_for_job(number)
    assert ranks_of(job.output) == 2, job.said()


def test_the_signal_checkpoints_and_queues_again_until_done(job):
    number = job.submit(settings={"run.duration": 6})
    wait_until(job.starts, 60)
    job.cluster.tell("scancel", "--batch", "--signal=USR1", number)  # as sbatch --signal=B:USR1 does
    job.cluster.wait_for_job(number)
    assert job.starts() == ["run", "resume"] and job.output.exists(), job.said()
    assert "queued again" in job.said()


def test_a_run_that_stores_no_checkpoint_is_not_queued_for_ever(job):
    number = job.submit(settings={"run.duration": 60, "policy.name": "stubborn"})
    wait_until(job.starts, 60)
    job.cluster.tell("scancel", "--batch", "--signal=USR1", number)
    job.cluster.wait_for_job(number)
    assert job.starts() == ["run"] and "give a longer --time" in job.said()


def test_a_checkpoint_of_another_command_is_not_resumed(job):
    (job.folder / "result.h5.checkpoint").write_text("{}")
    job.cluster.wait_for_job(job.submit())
    assert "is of another command" in job.said() and not job.starts()


@pytest.mark.parametrize("layout", [(), ("--nodes=2", "--ntasks-per-node=1")])
def test_a_damaged_checkpoint_falls_back(job, layout):
    """Of two ranks srun kills the one that ends later, and tells that instead of the program's code."""
    number = job.submit(*layout, settings={"run.duration": 30})
    wait_until(job.starts, 60)
    job.cluster.tell("scancel", "--batch", "--signal=TERM", number)  # stop, and stay stopped
    job.cluster.wait_for_job(number)
    checkpoint = job.folder / "result.h5.checkpoint"
    assert checkpoint.exists() and "queued again" not in job.said()
    almost_done = {**json.loads(checkpoint.read_text()), "left": "0.1"}
    checkpoint.with_name("result.h5.checkpoint.previous").write_text(json.dumps(almost_done))
    checkpoint.write_text("not a checkpoint")
    job.cluster.wait_for_job(job.submit(*layout, settings={"run.duration": 30}))
    assert job.starts() == ["run", "resume"] and job.output.exists(), job.said()


def test_without_an_output_the_job_says_so(job):
    number = job.cluster.call("sbatch", "--parsable", f"--output={job.log}", SCRIPT, "x.ini", cwd=ROOT).stdout.strip()
    job.cluster.wait_for_job(number)
    assert "no --output FILE" in job.said()


@FULL
def test_the_time_limit_itself(job):
    """A limit of one minute and 100 s of work: Slurm sends the signal, 30 s early or late of the wish."""
    number = job.submit("--time=1", "--signal=B:USR1@35", settings={"run.duration": 100})
    wait_until(lambda: job.output.exists(), 400, job.said)
    job.cluster.wait_for_job(number)
    assert job.starts()[0] == "run" and set(job.starts()[1:]) == {"resume"}


@FULL
def test_a_node_failure_queues_the_job_again(job):
    number = job.submit(settings={"run.duration": 15})
    wait_until(job.starts, 60)
    node = job.cluster.tell("squeue", "--noheader", "--format=%N", f"--jobs={number}")
    job.cluster.tell("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    wait_until(lambda: job.output.exists(), 120, job.said)
    assert len(job.starts()) == 2
    job.cluster.wait_for_job(number)
    job.cluster.revive(node)


@pytest.mark.parametrize("nodes, launcher", [(1, "srun"), pytest.param(2, "srun", marks=FULL),
                                             pytest.param(2, "mpirun", marks=FULL)])
def test_an_interrupted_run_equals_an_uninterrupted_one(job, nodes, launcher):
    config = ROOT / "configs" / "sybil-1m.ini"
    settings = {**SETTINGS, "peers.count": 30000, "run.duration": "60s"}
    serial = run(config, job.folder / "serial.h5", settings)
    job.program, job.site = binary(), f"PARLEY_LAUNCHER={launcher}"
    number = job.submit(f"--nodes={nodes}", "--ntasks-per-node=1", config=config, settings=settings)
    wait_until(lambda: list(job.folder.glob("result.h5.status.json")), 60, job.said)
    job.cluster.tell("scancel", "--batch", "--signal=USR1", number)
    wait_until(lambda: "queued again" in job.said(), 60, job.said)
    job.cluster.wait_for_job(number, 200)
    assert first_difference(serial, job.output) is None
