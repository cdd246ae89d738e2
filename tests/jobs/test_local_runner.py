"""jobs/sweep run, status and collect, against a stand-in for the binary."""
from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
from parley_sweep import local_runner
from parley_sweep.failures import Failure, grouped
from parley_sweep.manifest import RunHash, planned_run
from parley_sweep.progress import Counts, format_seconds, progress_text

from .conftest import FAKE, ROOT, Study, wait_until


def test_runs_all_points_once_and_continues(study):
    first = study.run("--seeds", "1")
    assert first.returncode == 0, first.stderr
    assert "2 of 2 runs to do" in first.stdout and "2/2 done" in first.stderr
    before = study.results()
    second = study.run()
    assert second.returncode == 0 and "2 of 4 runs to do" in second.stdout
    after = study.results()
    assert len(after) == 4 and before.items() <= after.items()
    assert "all 4 runs are done" in study.run().stdout
    assert not list((study.output / "logs").iterdir())


def test_results_older_than_the_binary_are_told(study):
    assert "older" not in study.run().stderr
    os.utime(next((study.output / "runs").glob("*.h5")), (0, 0))
    assert "note: 1 finished runs are older than fake_parley.py" in study.run().stderr


def test_a_failing_point_is_told_and_the_rest_goes_on(study):
    study.axes("policy.name = tier1, broken, tier3")
    result = study.run()
    assert result.returncode == 1
    assert "exit code 3" in result.stderr and "the lookahead is violated" in result.stderr
    assert len(study.results()) == 4
    status = study.call(*study.command("status", str(study.output)))
    assert "6 runs, 4 done, 2 failed, 0 not finished" in status.stdout
    assert "the lookahead is violated | sweep: exit code 3" in status.stdout


def test_points_that_fail_alike_are_told_once_and_counted_in_the_end(study):
    study.axes("policy.name = broken, tier1\nadversary.fraction = 0:0.6:0.1")
    result = study.run()
    assert result.returncode == 1
    assert result.stderr.count("failed: point") == 1 and result.stderr.count("first line") == 1
    assert "14 runs failed" in result.stderr
    assert result.stderr.splitlines()[-1] == "  14 points (1-14): exit code 3: the lookahead is violated"


def test_different_failures_are_told_apart_whatever_names_they_contain(tmp_path):
    runs = [planned_run(tmp_path, number, {}, f"p{number}") for number in range(1, 5)]
    failures = [Failure(run, "exit code 4", [f"cannot write {run.name}.h5"]) for run in runs[:3]]
    failures.append(Failure(runs[3], "killed by SIGKILL", []))
    assert grouped(failures) == ["  3 points (1-3): exit code 4: cannot write ....h5", "  point 4: killed by SIGKILL"]


def test_a_damaged_result_is_told_set_aside_and_made_again(study):
    assert study.run().returncode == 0
    cut, kept = sorted((study.output / "runs").glob("*.h5"))[:2]
    whole, untouched = cut.read_bytes(), kept.stat().st_mtime_ns
    cut.write_bytes(whole[:len(whole) // 2])
    status = study.call(*study.command("status", str(study.output)))
    assert "4 runs, 3 done, 1 damaged" in status.stdout and cut.stem in status.stdout
    again = study.run()
    assert again.returncode == 0 and "1 of 4 runs to do" in again.stdout
    assert f"note: {cut} is damaged (it has {len(whole) // 2} of {len(whole)} bytes)" in again.stderr
    assert len(cut.read_bytes()) == len(whole) and kept.stat().st_mtime_ns == untouched
    assert cut.with_name(f"{cut.name}.damaged").stat().st_size == len(whole) // 2
    assert "4 runs, 4 done" in study.call(*study.command("status", str(study.output))).stdout


def test_bad_input_is_one_line_and_exit_code_2(study):
    study.axes("policy.name = tier1, refused")
    for result in (study.run(), study.plan(), study.run("--set", "x"), study.run("--binary", "/nowhere/parley"),
                   study.submit("--binary", "/nowhere/parley", "--dry-run"),
                   study.call(*study.command("run", "nowhere.ini", "--output", str(study.output))),
                   study.call(*study.command("status", str(study.folder))),
                   study.call(*study.command("collect", str(study.folder)))):
        assert result.returncode == 2
        assert len(result.stderr.strip().splitlines()) == 1
    assert "refused is not a policy" in study.run().stderr
    for extra in ((), ("--dry-run",)):
        told = study.submit("--binary", "/nowhere/parley", *extra).stderr
        assert "cannot start /nowhere/parley" in told and "--binary" in told


def test_interrupt_ends_the_children_and_keeps_results(study):
    study.axes("run.duration = 0, 30, 31")
    # A shell starts what it puts in the background, such as these tests, with interrupts ignored.
    runner = subprocess.Popen(study.run_command(), stderr=subprocess.PIPE, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + 20
    while len(study.results() if study.output.exists() else {}) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    runner.send_signal(signal.SIGINT)
    _, errors = runner.communicate(timeout=20)
    assert runner.returncode == 130
    assert "2 runs finished and kept" in errors
    assert len(study.results()) == 2 and not list((study.output / "logs").iterdir())
    assert not _processes_naming(str(study.output))


def test_the_children_share_one_time_to_end(tmp_path, monkeypatch):
    """Three that do not hear SIGTERM: when the first has used the time up, the others have none left."""
    deaf = tmp_path / "deaf"
    deaf.write_text(f"#!/bin/sh\ntrap '' TERM\necho >>{tmp_path}/deaf-ones\nwhile :; do sleep 0.1; done\n")
    deaf.chmod(0o755)
    base = tmp_path / "base.ini"
    base.write_text("[run]\nseed = 1\n")
    for folder in ("runs", "logs"):
        (tmp_path / folder).mkdir()
    settings = [{"run.seed": str(seed)} for seed in (1, 2, 3)]
    runs = [planned_run(tmp_path, 1, each, f"p-{RunHash(base).of(each)}") for each in settings]
    monkeypatch.setattr(local_runner, "TERMINATION_GRACE", 0.5)
    workers = local_runner._Workers(deaf, base, runs, 3)
    workers.start()
    begun = tmp_path / "deaf-ones"
    wait_until(lambda: begun.exists() and len(begun.read_text()) == 3, 30)
    waits: list[float | None] = []
    join = threading.Thread.join

    def noted_join(thread: threading.Thread, timeout: float | None = None) -> None:
        waits.append(timeout)
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", noted_join)
    workers.stop()
    assert 0.0 < waits[0] <= 0.5 and waits[1:] == [0.0, 0.0, None, None, None]
    assert workers.running() == 0


def test_one_run_at_a_time_in_a_folder(study):
    study.axes("run.duration = 30, 31")
    first = subprocess.Popen(study.run_command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (study.output / "manifest.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    second = study.run()
    first.terminate()
    assert first.wait(20) == 130
    assert second.returncode == 2 and "another" in second.stderr


def test_collect_gives_one_tidy_row_a_run(study):
    assert study.run().returncode == 0
    result = study.call(*study.command("collect", str(study.output)))
    assert result.returncode == 0, result.stderr
    with open(study.output / "results.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["point", "policy.name", "run.seed", "events", "success_rate",
                             "events_per_second", "file"]
    assert [(row["policy.name"], row["run.seed"]) for row in rows] == [("tier1", "1"), ("tier1", "2"),
                                                                      ("tier2", "1"), ("tier2", "2")]
    assert all((study.output / row["file"]).exists() for row in rows)
    assert float(rows[0]["events_per_second"]) == 1e6


def test_collect_tells_an_unreadable_file(study):
    assert study.run().returncode == 0
    next((study.output / "runs").glob("*.h5")).write_text("not HDF5")
    result = study.call(*study.command("collect", str(study.output)))
    assert result.returncode == 1 and "cannot read" in result.stderr and "3 runs" in result.stdout


def sealed(file: Path) -> None:
    """Gives a made-up result the first line that the program gives its own."""
    content = file.read_bytes()
    line = f"Parley result, complete; SHA-256 from byte 513 on: {hashlib.sha256(content).hexdigest()}\n"
    file.write_bytes(line.encode().ljust(512, b"\0") + content)


def with_a_changed_result(study: Study) -> Path:
    """Runs the study; of its four results, which are sealed, one then says another success rate."""
    assert study.run().returncode == 0
    files = sorted((study.output / "runs").glob("*.h5"))
    for file in files:
        sealed(file)
    with h5py.File(files[1], "r+") as result:
        result["summary/success_rate"][()] = 0.123
    return files[1]


def test_collect_takes_no_number_from_a_changed_result(study):
    changed = with_a_changed_result(study)
    result = study.call(*study.command("collect", str(study.output)))
    assert result.returncode == 1 and "3 runs" in result.stdout
    assert f"cannot read {changed}" in result.stderr and "its SHA-256 is another" in result.stderr
    assert changed.name not in (study.output / "results.csv").read_text()
    with h5py.File(study.output / "index.h5") as index:
        assert len(index["runs"]) == 3 and 0.123 not in index["summary/success_rate"][:]


def test_a_changed_result_is_kept_aside_and_its_point_run_again(study):
    changed = with_a_changed_result(study)
    before, content = study.results(), changed.read_bytes()
    dry = study.submit("--binary", str(FAKE), "--dry-run")
    assert f"note: {changed} is damaged (its SHA-256 is another" in dry.stderr and "it would be set aside" in dry.stderr
    assert study.results() == before
    result = study.run()
    assert result.returncode == 0 and "1 of 4 runs to do" in result.stdout and "it is set aside as" in result.stderr
    assert Path(f"{changed}.damaged").read_bytes() == content
    after = study.results()
    assert {name for name in after if after[name] != before[name]} == {changed.name} and len(after) == 4
    assert study.call(*study.command("collect", str(study.output))).returncode == 0
    again = study.run()
    assert "all 4 runs are done" in again.stdout and "damaged" not in again.stderr


def test_the_rule_of_the_first_line_is_that_of_the_analysis_package():
    """A copy, and no import: jobs/sweep runs without the package, and judges as it does."""
    rule = ROOT / "jobs" / "parley_sweep" / "seal.py"
    assert rule.read_bytes() == (ROOT / "analysis" / "parley_analysis" / "seal.py").read_bytes()
    assert not re.search(r"^(from|import) (\.|parley)", rule.read_text(), re.MULTILINE)


def test_the_folder_jobs_works_elsewhere(study):
    """Copied alone, such as to a cluster, with links as links: they would lead nowhere."""
    assert study.run().returncode == 0
    jobs = shutil.copytree(ROOT / "jobs", study.folder / "copied" / "jobs", symlinks=True)
    status = study.call(sys.executable, str(jobs / "sweep"), "status", str(study.output))
    assert status.returncode == 0 and "4 runs, 4 done" in status.stdout, status.stderr


def test_plan_numbers_the_points(study):
    lines = study.plan("--all").stdout.splitlines()
    assert lines[0].split() == ["point", "policy.name", "run.seed", "time", "memory"]
    assert lines[4].split()[:3] == ["4", "tier2", "2"] and lines[5].startswith("4 runs")


def test_plan_counts_the_seeds_of_a_point(study):
    study.axes("policy.name = tier1, tier2\n[linked a]\na.b = 5, 6\nseeds = 2, 1")
    lines = [line.split() for line in study.plan().stdout.splitlines()]
    assert lines[0] == ["points", "policy.name", "a.b", "seeds", "time", "a", "run", "memory"]
    assert [line[:4] for line in lines[1:5]] == [["1-2", "tier1", "5", "2"], ["3", "tier1", "6", "1"],
                                                 ["4-5", "tier2", "5", "2"], ["6", "tier2", "6", "1"]]
    assert lines[5][:2] == ["6", "runs"]


def test_progress_line():
    counts = Counts(total=20, earlier=5, finished=5, failed=0, running=2)
    assert progress_text(counts, 10.0) == "[############............] 10/20 done, 2 running, ETA 20 s"
    assert [format_seconds(value) for value in (45, 185, 7800)] == ["45 s", "3 min 05 s", "2 h 10 min"]


def _processes_naming(text: str) -> list[str]:
    """Process ids whose command line has the text."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            other = entry.name.isdigit() and int(entry.name) != os.getpid()
            if other and text in (entry / "cmdline").read_text():
                found.append(entry.name)
        except OSError:
            continue  # it has ended meanwhile
    return found
