"""jobs/sweep submit and status without Slurm: what its answers mean, and what is asked of it."""
from __future__ import annotations

from pathlib import Path

import pytest
from fake_parley import write_result
from parley_sweep import slurm
from parley_sweep.claim import Owner, claimed
from parley_sweep.errors import SweepError
from parley_sweep.estimate import Estimate
from parley_sweep.manifest import Manifest, planned_run
from parley_sweep.status import SHOWN, status_lines
from parley_sweep.submission import Submission, next_file, read_submissions, write_submission
from parley_sweep.submit import SlurmOptions, make_submission, points_to_submit, site_options

QUEUE = "25|0|RUNNING|None\n25|1|PENDING|JobArrayTaskLimit\n7|N/A|RUNNING|None\n"


@pytest.fixture
def manifest(tmp_path):
    """Six points: the first is done, the next three are in the two tasks of job 25, of which task 0 has 2 and 3."""
    runs = tuple(planned_run(tmp_path, number, {"a.b": str(number)}, f"p{number}") for number in range(1, 7))
    (tmp_path / "runs").mkdir()
    write_result(runs[0].file, {"a.b": "1"})
    write_submission(Submission(next_file(tmp_path), "study", Path("/base.ini"), Path("/parley"),
                                [[runs[1], runs[2]], [runs[3]]], ["24", "25"]))
    return Manifest(tmp_path, "study", "base.ini", ("a.b",), None, runs)


@pytest.fixture
def answers(monkeypatch):
    """Command of Slurm -> its output; a command without one is not there."""
    known: dict[str, str] = {}
    monkeypatch.setattr(slurm, "_ask", lambda command: known.get(command[0]))
    return known


def test_what_is_done_queued_or_at_work_is_not_submitted(manifest, answers):
    answers["squeue"] = QUEUE
    with claimed(manifest.runs[4], Owner("n1", 1)) as mine:
        assert mine
        assert points_to_submit(manifest) == ([5], 4)
    answers["squeue"] = "7|N/A|RUNNING|None\n"
    assert points_to_submit(manifest) == ([1, 2, 3, 4, 5], 0)


def test_nothing_is_submitted_while_squeue_does_not_answer(manifest, answers):
    with pytest.raises(SweepError, match="squeue is not there or does not answer"):
        points_to_submit(manifest)
    (manifest.folder / "submissions" / "1.json").unlink()
    assert points_to_submit(manifest) == ([1, 2, 3, 4, 5], 0)


def test_status_tells_each_state_with_and_without_slurm(manifest, answers):
    answers["squeue"] = QUEUE
    logs = manifest.folder / "logs"
    logs.mkdir()
    manifest.runs[4].log.write_text("no space left\nsweep: exit code 4\n")
    with claimed(manifest.runs[5], Owner("n9", 1, "26_4")):
        pass  # it ended, without a result
    with claimed(manifest.runs[1], Owner("n1", 1, "25_0")):
        lines = status_lines(manifest)
        assert lines[0] == "study: 6 runs, 1 done, 1 running, 2 pending, 1 failed, 1 not finished"
        assert "  running: point 2 (p2): job 25_0 on n1" in lines
        assert "  failed: point 5 (p5): no space left | sweep: exit code 4" in lines
    answers.clear()
    answers["scontrol"] = "JobId=30 ArrayJobId=26 JobState=NODE_FAIL Reason=NodeDown"
    lines = status_lines(manifest)
    assert lines[0] == "study: 6 runs, 1 done, 1 failed, 4 not finished"
    assert "  not finished: point 6 (p6): cut short: job 26_4 on n9 ended as NODE_FAIL" in lines


def test_a_damaged_result_is_no_result(manifest, answers):
    """It is told apart from what is done, and given to Slurm again."""
    answers["squeue"] = QUEUE
    whole = manifest.runs[0].file.read_bytes()
    manifest.runs[0].file.write_bytes(whole[:len(whole) // 2])
    lines = status_lines(manifest)
    assert lines[0] == "study: 6 runs, 0 done, 1 damaged, 3 pending, 0 failed, 2 not finished"
    assert lines[1] == (f"  damaged: point 1 (p1): it has {len(whole) // 2} of {len(whole)} bytes; "
                        "`jobs/sweep run` makes it again")
    assert points_to_submit(manifest) == ([0, 4, 5], 3)


def test_slurm_is_asked_only_for_the_points_that_are_shown(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    runs = tuple(planned_run(tmp_path, number, {"a.b": str(number)}, f"p{number}") for number in range(1, SHOWN + 31))
    for run in runs:
        with claimed(run, Owner("n1", 1, f"8_{run.number}")):
            pass
    asked: list[list[str]] = []
    monkeypatch.setattr(slurm, "_ask", asked.append)
    lines = status_lines(Manifest(tmp_path, "study", "base.ini", ("a.b",), None, runs))
    assert "  not finished: point 1 (p1): cut short: job 8_1 on n1 ended" in lines
    assert "  not finished: and 30 more" in lines
    assert [command[-1] for command in asked if command[0] == "scontrol"] == [f"8_{n}" for n in range(1, SHOWN + 1)]
    assert len(asked) == 2 * SHOWN  # and sacct, as scontrol knows nothing


def test_slurms_answers(answers):
    answers["squeue"] = QUEUE
    assert slurm.live_tasks() == {("25", 0): slurm.TaskState("RUNNING", "None"),
                                  ("25", 1): slurm.TaskState("PENDING", "JobArrayTaskLimit")}
    answers["scontrol"] = "MailProg = /bin/mail\nMaxArraySize            = 501\nMaxJobCount = 10000\n"
    assert slurm.array_size() == 500  # the largest index is one less than MaxArraySize
    answers["scontrol"] = ""
    answers["sacct"] = "TIMEOUT\n"
    assert slurm.ended_as("12_3") == "TIMEOUT"


def test_time_and_memory_are_asked_for_the_longest_task_and_the_largest_point(manifest, answers, tmp_path):
    site = tmp_path / "site.sh"
    site.write_text('PARLEY_SBATCH=(--partition=batch "--comment=two words")\n')
    assert site_options(site) == ["--partition=batch", "--comment=two words"]
    estimated = [Estimate(100.0, 1e9 * index) for index in range(6)]
    options = SlurmOptions(site, max_running=3, chunk_seconds=250.0)
    submission, command = make_submission(manifest, [1, 2, 3, 4, 5], estimated, Path("b.ini"), Path("/p"), options)
    assert [[run.number for run in task] for task in submission.tasks] == [[2, 3], [4, 5], [6]]
    assert "--array=0-2%3" in command and "--comment=two words" in command
    assert "--time=15" in command      # (3 * 200 s + 300 s) / 60
    assert "--mem=7700M" in command    # 1.5 * 5000 MB + 200 MB
    with pytest.raises(SweepError, match="give --memory"):
        make_submission(manifest, [1], [None] * 6, Path("b.ini"), Path("/p"), options)


def test_submissions_read_back(manifest):
    (submission,) = read_submissions(manifest.folder)
    assert submission.jobs == ["24", "25"] and submission.task_of() == {"p2": 0, "p3": 0, "p4": 1}
    assert submission.tasks[0][0] == manifest.runs[1]
    assert next_file(manifest.folder).name == "2.json"
    submission.file.write_text("{}")
    with pytest.raises(SweepError, match="damaged"):
        read_submissions(manifest.folder)
