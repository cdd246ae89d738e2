"""jobs/run.sbatch life by life, as Slurm would start it: no Slurm is needed, so every order of events can be made."""
from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import h5py
import pytest

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "jobs" / "run.sbatch"
FAKE = ROOT / "tests" / "support" / "fake_parley.py"


class Lives:
    """Jobs that run the same command on the same result."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, folder / "result.h5"
        self.command_file = folder / "result.h5.command"
        self.starts_file = folder / "starts"
        self.program = FAKE
        self.more: dict[str, str] = {}  # variables of the environment
        (folder / "base.ini").write_text("[run]\nseed = 1\n")
        (folder / "site.sh").write_text("")
        scontrol = folder / "bin" / "scontrol"
        scontrol.parent.mkdir()
        scontrol.write_text(f'#!/bin/sh\necho "$*" >>{folder}/scontrol\n')
        scontrol.chmod(0o755)

    def begin(self, *arguments: str, restart: int = 0) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "PARLEY"))}
        return subprocess.Popen(["bash", SCRIPT, "base.ini", *arguments, "--output", self.output], cwd=self.folder,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**clean, "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                                     "PARLEY_ROOT": str(ROOT), "PARLEY_BINARY": str(self.program),
                                     "PARLEY_SITE": str(self.folder / "site.sh"), "SLURM_JOB_ID": "1",
                                     "SLURM_RESTART_COUNT": str(restart), "FAKE_STARTS": str(self.starts_file),
                                     **self.more})

    def program_that_at_the_signal(self, does: str) -> None:
        self.program = self.folder / "program"
        self.program.write_text(f"#!/bin/sh\ntrap '{does}' USR1\necho run >>starts\nwhile :; do sleep 0.05; done\n")
        self.program.chmod(0o755)

    def live(self, *arguments: str, restart: int = 0) -> tuple[int, str]:
        """One life to its end: exit code, and what was said."""
        job = self.begin(*arguments, restart=restart)
        said = job.communicate(timeout=60)[0]
        return job.returncode, said

    def live_until(self, number: signal.Signals, *arguments: str, restart: int = 0) -> tuple[int, str]:
        """One life that gets the signal when its program has begun."""
        before = len(self.starts())
        job = self.begin(*arguments, restart=restart)
        wait_until(lambda: len(self.starts()) > before, 30)
        job.send_signal(number)
        said = job.communicate(timeout=60)[0]
        return job.returncode, said

    def starts(self) -> list[str]:
        told = self.starts_file.read_text() if self.starts_file.exists() else ""
        return [line.split()[0] for line in told.splitlines()]

    def requeues(self) -> int:
        told = self.folder / "scontrol"
        return told.read_text().count("requeue 1") if told.exists() else 0

    def seed(self) -> str:
        """That of the run whose result there is."""
        with h5py.File(self.output) as file:
            return file["config"].attrs["run.seed"]


@pytest.fixture
def lives(tmp_path):
    return Lives(tmp_path)


def with_old_result(lives: Lives) -> None:
    assert lives.live("--run.seed=7") == (0, "") and lives.seed() == "7"
    lives.starts_file.unlink()


def test_an_old_result_is_not_taken_for_that_of_a_job_that_was_queued_again(lives):
    with_old_result(lives)
    command = ("--run.seed=8", "--run.duration=1", "--force")
    code, said = lives.live_until(signal.SIGUSR1, *command)
    assert code == 0 and lives.requeues() == 1, said
    assert lives.seed() == "7"
    code, said = lives.live(*command, restart=1)
    assert code == 0 and lives.seed() == "8", said
    assert lives.starts() == ["run", "resume"] and not lives.command_file.exists()


def test_a_job_that_died_before_it_could_note_the_old_result_replaces_it_all_the_same(lives):
    with_old_result(lives)
    code, said = lives.live("--run.seed=8", "--force", restart=1)
    assert code == 0 and lives.seed() == "8", said


def test_a_second_job_with_force_goes_on_from_the_checkpoint_of_the_first(lives):
    with_old_result(lives)
    command = ("--run.seed=8", "--run.duration=1", "--force")
    code, said = lives.live_until(signal.SIGTERM, *command)
    assert code == 75 and lives.requeues() == 0, said
    code, said = lives.live(*command)
    assert code == 0 and lives.seed() == "8" and lives.starts() == ["run", "resume"], said


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_life_after_the_result_was_written_leaves_it(lives, force):
    """A node can be lost between the two, so that Slurm does not hear of the end."""
    command = ("--run.seed=8", "--run.duration=1", *force)
    lives.live_until(signal.SIGUSR1, *command)
    record = lives.command_file.read_text()
    assert lives.live(*command, restart=1)[0] == 0
    lives.command_file.write_text(record)
    written = lives.output.stat().st_mtime_ns
    assert lives.live(*command, restart=2) == (0, f"run.sbatch: {lives.output} is complete\n")
    assert lives.output.stat().st_mtime_ns == written and lives.starts() == ["run", "resume"]


@pytest.mark.parametrize("named", ["in the configuration", "in an argument"])
def test_a_checkpoint_of_another_table_of_regions_is_refused(lives, named):
    regions = lives.folder / "regions.csv"
    regions.write_text("eu,us\n")
    command = ["--run.duration=1"]
    if named == "in an argument":
        command.append("--network.regions=regions.csv")
    else:
        (lives.folder / "base.ini").write_text("[network]\nregions = regions.csv  # made up\n")
    assert lives.live_until(signal.SIGTERM, *command)[0] == 75
    regions.write_text("eu,asia\n")
    code, said = lives.live(*command)
    assert code == 2 and "is of another command" in said
    regions.write_text("eu,us\n")
    assert lives.live(*command)[0] == 0 and lives.starts() == ["run", "resume"]


def test_a_configuration_that_cannot_be_read_is_told(lives):
    (lives.folder / "base.ini").unlink()
    code, said = lives.live()
    assert code == 2 and said == "run.sbatch: cannot read the configuration 'base.ini'\n"
    assert not lives.command_file.exists()


def test_a_second_job_on_a_result_is_refused_and_harms_nothing(lives):
    command = ("--run.seed=8", "--run.duration=2")
    first = lives.begin(*command)
    wait_until(lives.starts, 30)
    record = lives.command_file.read_text()
    for second in (command, ("--run.seed=9",)):
        code, said = lives.live(*second)
        assert code == 2 and "another job is at work" in said
        assert lives.command_file.read_text() == record
    first.send_signal(signal.SIGUSR1)
    assert "queued again" in first.communicate(timeout=60)[0]
    code, said = lives.live(*command, restart=1)
    assert code == 0 and lives.starts() == ["run", "resume"], said
    assert lives.live("--run.seed=9", "--force")[0] == 0, "a lock ends with its job"


def test_a_life_waits_for_the_one_before_that_still_writes(lives):
    """Of a node that was lost, but works."""
    command = ("--run.seed=8", "--run.duration=2")
    first = lives.begin(*command)
    wait_until(lives.starts, 30)
    assert lives.live(*command, restart=1) == (0, f"run.sbatch: {lives.output} is complete\n")
    assert first.wait(60) == 0 and lives.starts() == ["run"] and not lives.command_file.exists()
    first.stdout.close()


def test_a_refused_checkpoint_leaves_no_record(lives):
    (lives.folder / "result.h5.checkpoint").write_text("{}")
    code, said = lives.live()
    assert code == 2 and "is of another command" in said and not lives.command_file.exists()


def test_a_folder_that_is_not_there_is_told(lives):
    lives.output = lives.folder / "nowhere" / "result.h5"
    code, said = lives.live()
    assert code == 2 and "is its folder there?" in said and len(said.splitlines()) == 1


def test_a_program_that_ends_as_the_signal_comes_is_complete(lives):
    lives.program_that_at_the_signal("touch result.h5; exit 0")
    # The script is held up between passing the signal on and looking whether the program still runs.
    lives.more["BASH_FUNC_kill%%"] = '() { builtin kill "$@"; local code=$?; sleep 0.5; return $code; }'
    code, said = lives.live_until(signal.SIGUSR1)
    assert (code, said, lives.requeues()) == (0, "", 0)


def test_a_checkpoint_is_new_whatever_the_clock_of_the_file_server_says(lives):
    lives.program_that_at_the_signal('touch -d "1 hour ago" part; mv part result.h5.checkpoint; exit 75')
    code, said = lives.live_until(signal.SIGUSR1)
    assert (code, lives.requeues()) == (0, 1), said
    lives.program_that_at_the_signal("exit 75")
    os.utime(lives.folder / "result.h5.checkpoint", (2e9, 2e9))
    code, said = lives.live_until(signal.SIGUSR1, restart=1)
    assert code == 75 and "no checkpoint was stored" in said and lives.requeues() == 1


def test_a_run_that_is_killed_as_it_resumes_keeps_its_checkpoints(lives):
    assert lives.live_until(signal.SIGTERM, "--run.duration=1")[0] == 75
    fake, lives.program = lives.program, lives.folder / "program"
    lives.program.write_text("#!/bin/sh\necho $1 >>starts\nkill -KILL $$\n")
    lives.program.chmod(0o755)
    code, said = lives.live("--run.duration=1")
    assert code == 137 and "killed before a new checkpoint" in said and lives.starts() == ["run", "resume"]
    lives.program = fake
    assert lives.live("--run.duration=1")[0] == 0 and lives.starts() == ["run", "resume", "resume"]
