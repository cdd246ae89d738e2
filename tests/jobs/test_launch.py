"""jobs/launch.sh: ranks, threads and binding from what Slurm says, with stand-ins for srun and mpirun."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "jobs" / "launch.sh"


@pytest.fixture
def launch(tmp_path):
    """Starts the program `show` with the given variables; tells the words of the command it would run, and threads."""
    for name in ("srun", "mpirun", "show"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "{name} $*"; echo "threads $OMP_NUM_THREADS"\n')
        script.chmod(0o755)
    # 8 cores of two hardware threads a socket: CPU c and c + 512 share a core.
    (tmp_path / "lscpu").write_text('#!/bin/sh\nprintf "# a comment\\n"\n'
                                    'for c in $(seq 0 1023); do case $1 in\n'
                                    '*CPU,NODE) echo "$c,$((c % ${DOMAINS:-1}))" ;;\n'
                                    '*CPU,SOCKET,CORE) echo "$c,$((c % 512 / 8)),$((c % 512))" ;;\n'
                                    'esac; done\n')
    (tmp_path / "lscpu").chmod(0o755)
    (tmp_path / "taskset").write_text('#!/bin/sh\necho "pid 1\'s current affinity list: ${MINE:-0-15}"\n')
    (tmp_path / "taskset").chmod(0o755)

    def start(site: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "site.sh").write_text(site)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "PARLEY"))}
        return subprocess.run([LAUNCH, "show", "run", "x.ini"], capture_output=True, text=True, check=False,
                              env={**clean, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "1",
                                   "PARLEY_SITE": str(tmp_path / "site.sh"), **variables})
    return start


TWO_NODES = {"SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_ON_NODE": "16", "SLURM_JOB_CPUS_PER_NODE": "16(x2)"}


@pytest.mark.parametrize("site, variables, ranks, a_node, threads", [
    ("", {**TWO_NODES, "SLURM_NTASKS": "8", "SLURM_CPUS_PER_TASK": "4"}, 8, 4, 4),
    ("", {**TWO_NODES, "SLURM_NTASKS": "32"}, 32, 16, 1),
    ("", {**TWO_NODES, "SLURM_CPUS_PER_TASK": "16"}, 2, 1, 16),
    ("", {**TWO_NODES, "DOMAINS": "2"}, 4, 2, 8),
    ("", {**TWO_NODES, "DOMAINS": "2", "MINE": "0,2,4-4"}, 2, 1, 16),
    ("PARLEY_LAYOUT=core", TWO_NODES, 32, 16, 1),
    ("PARLEY_LAYOUT=core", {**TWO_NODES, "SLURM_HINT": "nomultithread", "MINE": "0-7,512-519"}, 16, 8, 1),
    ("PARLEY_LAYOUT=core", {**TWO_NODES, "SLURM_HINT": "multithread", "MINE": "0-7,512-519"}, 32, 16, 1),
    ("", {**TWO_NODES, "DOMAINS": "2", "SLURM_THREADS_PER_CORE": "1", "MINE": "0-7,512-519"}, 4, 2, 4),
    ("PARLEY_LAYOUT=node", TWO_NODES, 2, 1, 16),
])
def test_ranks_and_threads_come_from_the_allocation(launch, site, variables, ranks, a_node, threads):
    words, told = launch(site, **variables).stdout.splitlines()
    assert told == f"threads {threads}"
    assert words == (f"srun --mpi=pmix --kill-on-bad-exit=1 --nodes=2 --ntasks={ranks} --ntasks-per-node={a_node} "
                     f"--cpus-per-task={threads} --cpu-bind=cores show run x.ini")
    words = launch(f"PARLEY_LAUNCHER=mpirun\n{site}", **variables).stdout.splitlines()[0]
    assert words == f"mpirun -n {ranks} --map-by ppr:{a_node}:node:PE={threads} --bind-to core show run x.ini"


def test_without_binding(launch):
    variables = {**TWO_NODES, "SLURM_NTASKS": "4"}
    assert "--cpu-bind=none" in launch("PARLEY_BIND=none", **variables).stdout
    assert "--bind-to none" in launch("PARLEY_BIND=none\nPARLEY_LAUNCHER=mpirun", **variables).stdout


def test_one_rank_needs_no_launcher(launch):
    done = launch(SLURM_JOB_NUM_NODES="1", SLURM_CPUS_PER_TASK="8")
    assert done.stdout.splitlines() == ["show run x.ini", "threads 8"]


@pytest.mark.parametrize("site, variables, message", [
    ("", {"SLURM_JOB_ID": ""}, "no job of Slurm"),
    ("", {"PARLEY_SITE": "/nowhere.sh"}, "cannot read the site file"),
    ("", {"SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_CPUS_PER_NODE": "16,8"}, "different numbers of CPUs"),
    ("PARLEY_LAYOUT=socket", TWO_NODES, "PARLEY_LAYOUT is socket"),
    ("PARLEY_BIND=yes", TWO_NODES, "PARLEY_BIND is yes"),
    ("PARLEY_LAUNCHER=aprun", TWO_NODES, "PARLEY_LAUNCHER is aprun"),
])
def test_bad_settings_are_one_clear_line(launch, site, variables, message):
    done = launch(site or "PARLEY_LAYOUT=core", **variables)
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
