"""A Slurm cluster of two nodes with four CPUs each on this machine, for the session; a sweep of a stand-in."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from parley_runs import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests" / "support" / "fake_parley.py"
SCRIPTS = ROOT / "tests" / "support" / "slurm"
DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")
TAKE_DOWN_AFTER = "while kill -0 $0 2>/dev/null; do sleep 0.5; done; exec"


class Cluster:
    """A running cluster, and the environment of its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = subprocess.run(["bash", "-c", f". {folder}/env.sh && env -0"], capture_output=True, text=True,
                              check=True)
        self.environment = dict(line.split("=", 1) for line in told.stdout.split("\0") if "=" in line)
        for name, value in ENVIRONMENT.items():
            self.environment.setdefault(name, value)
        site = folder / "site.sh"
        site.write_text("PARLEY_BIND=none  # these nodes share the cores of one machine\n"
                        "PARLEY_SBATCH=(--partition=batch)\n")
        self.environment["PARLEY_SITE"] = str(site)

    def call(self, *command: object, cwd: Path | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(word) for word in command], env={**self.environment, **changes}, cwd=cwd,
                              capture_output=True, text=True, timeout=120, check=False)

    def tell(self, *command: object, **changes: str) -> str:
        """The output of a command that must succeed."""
        answer = self.call(*command, **changes)
        assert answer.returncode == 0, f"{command}: {answer.stderr}"
        return answer.stdout.strip()

    def queue(self, job: str) -> list[str]:
        """Tasks of a job that wait or run: INDEX STATE."""
        lines = self.tell("squeue", "--noheader", "--array", "--format=%F %K %T").splitlines()
        return [line.split(" ", 1)[1] for line in lines if line.split()[0] == job]

    def kill_slurmd(self, node: str) -> None:
        """SIGKILL: Slurm sees that the node is lost after SlurmdTimeout (10 s)."""
        noted = [line.split() for line in (self.folder / "pids").read_text().splitlines()]
        os.kill(next(int(pid) for pid, name in reversed(noted) if name == f"slurmd-{node}"), signal.SIGKILL)

    def revive(self, node: str) -> None:
        """Starts the node's slurmd if it was killed, and makes the node usable."""
        noted = [line.split() for line in (self.folder / "pids").read_text().splitlines()]
        pid = next(pid for pid, name in reversed(noted) if name == f"slurmd-{node}")
        if not Path(f"/proc/{pid}/exe").exists():
            named = "OMPI_MCA_btl" not in self.environment  # up.sh gave each node a hostname of its own
            command = ["slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf")]
            if named:
                command = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', node, *command]
            daemon = subprocess.Popen(command, env=self.environment, start_new_session=True, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(self.folder / "pids", "a", encoding="ascii") as pids:
                pids.write(f"{daemon.pid} slurmd-{node}\n")
        # An already responding node is resumed by Slurm itself: then the command has nothing to do.
        self.call("scontrol", "update", f"nodename={node}", "state=resume")
        wait_until(lambda: self.tell("sinfo", "--noheader", "--Node", f"--nodes={node}", "--partition=batch",
                                     "--format=%t") == "idle", 60)

    def wait_for(self, job: str, seconds: float = 180.0) -> None:
        """Until no task of the job waits or runs."""
        wait_until(lambda: not self.queue(job), seconds, lambda: f"job {job}: {self.queue(job)}")

    def wait_for_job(self, job: str, seconds: float = 180.0) -> None:
        """Until a job that is no array neither waits nor runs."""
        def state() -> str:
            return self.tell("squeue", "--noheader", "--format=%T %r", f"--jobs={job}", "--states=PD,R,CG,RQ,S")
        wait_until(lambda: not state(), seconds, state)


def wait_until(condition: Callable[[], object], seconds: float,
               told: Callable[[], str] = lambda: "it did not happen") -> None:
    """Until the condition holds; an AssertionError with `told` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s: {told()}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def cluster():
    missing = [name for name in DAEMONS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        pytest.skip(f"no Slurm here ({', '.join(missing)}); tools/setup.sh tests installs it")
    up = subprocess.run([SCRIPTS / "up.sh", "", "2", "4"], env={**os.environ, "SLURMD_TIMEOUT": "10"},
                        capture_output=True, text=True, timeout=60, check=False)
    assert up.returncode == 0, up.stderr
    folder = Path(up.stdout.strip())
    # Also when this process is killed.
    subprocess.Popen(["bash", "-c", f"{TAKE_DOWN_AFTER} {SCRIPTS}/down.sh {folder} --rm", str(os.getpid())],
                     start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
    try:
        yield Cluster(folder)
    finally:
        subprocess.run([SCRIPTS / "down.sh", folder, "--rm"], timeout=60, check=False)


class Study:
    """A sweep file in a folder of its own, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        (folder / "base.ini").write_text("[run]\nseed = 1\n")
        self.axes("policy.name = tier1, tier2")

    def axes(self, text: str) -> None:
        sections = f"[sweep]\nbase = base.ini\n[axes]\n{text}\n[seeds]\nrun.seed = 1:2\n"
        (self.folder / "study.ini").write_text(sections)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "jobs" / "sweep"), *arguments]

    def run_command(self, *extra: str) -> list[str]:
        return self.command("run", str(self.folder / "study.ini"), "--output", str(self.output),
                            "--binary", str(FAKE), "-j", "2", *extra)

    def run(self, *extra: str) -> subprocess.CompletedProcess[str]:
        return self.call(*self.run_command(*extra))

    def plan(self, *extra: str) -> subprocess.CompletedProcess[str]:
        return self.call(*self.command("plan", str(self.folder / "study.ini"), "--binary", str(FAKE), *extra))

    def submit(self, *extra: str) -> subprocess.CompletedProcess[str]:
        return self.call(*self.command("submit", str(self.folder / "study.ini"), "--output", str(self.output), *extra))

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def results(self) -> dict[str, int]:
        """Result file -> time of its last change."""
        return {file.name: file.stat().st_mtime_ns for file in (self.output / "runs").glob("*.h5")}


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)
