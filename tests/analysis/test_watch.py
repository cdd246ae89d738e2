"""The status file of a run, and what `watch` makes of it."""
from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from comparison import first_difference
from parley_analysis import watch
from parley_runs import CONFIGS, ROOT, binary, environment, execute, run

CONFIG = CONFIGS / "paper-sybil.ini"
LONG = ["--peers.count=2000", "--run.duration=3000s", "--output.flush_interval=10s"]  # seconds of wall-clock time
FIELDS = {"format", "version", "state", "message", "result", "program", "host", "pid", "ranks", "updated",
          "simulated_seconds", "duration_seconds", "share_done", "events", "events_per_second", "success_rate",
          "wall_seconds", "eta_seconds"}


def start(output: Path, *settings: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([str(binary()), "run", str(CONFIG), *LONG, *settings, "--output", str(output), "--quiet"],
                            env=environment())


def status_of(output: Path) -> Path:
    return Path(f"{output}.status.json")


def wait_until(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A run that goes on, two seconds old, with what its status said meanwhile."""
    output = tmp_path_factory.mktemp("running") / "result.h5"
    process = start(output)
    seen = []

    def far_enough() -> bool:
        if status_of(output).exists():
            seen.append(json.loads(status_of(output).read_text()))  # never half a file
        return bool(seen) and seen[-1]["wall_seconds"] > 1.9

    wait_until(far_enough)
    yield output, process, seen
    process.kill()
    process.wait()


def test_the_status_file_tells_how_far_a_quiet_run_is(running):
    output, process, seen = running
    status = seen[-1]
    assert set(status) == FIELDS and status["state"] == "running" and status["result"] == output.name
    assert status["pid"] == process.pid and status["host"] == socket.gethostname() and status["ranks"] == 1
    assert 0 < status["share_done"] < 1 and 0 < status["success_rate"] <= 1
    assert status["share_done"] == pytest.approx(status["simulated_seconds"] / 3000)
    assert status["events_per_second"] == pytest.approx(status["events"] / status["wall_seconds"], rel=1e-6)
    left = status["wall_seconds"] * (1 - status["share_done"]) / status["share_done"]
    assert status["eta_seconds"] == pytest.approx(left, rel=1e-6)
    walls = sorted({each["wall_seconds"] for each in seen})
    assert 2 <= len(walls) <= 4, "about once a second"


def test_the_guide_to_the_format_names_the_fields():
    page = (ROOT / "docs" / "file-format.md").read_text("utf-8")
    table = page[page.index("## Status file"):]
    assert all(f"`{field}`" in table for field in FIELDS)


def test_watch_shows_running_stopped_and_ended_runs(running, tmp_path):
    output, process, _ = running
    out = io.StringIO()
    watch.watch(output, out, once=True)
    assert "1 running" in out.getvalue() and "events/s" in out.getvalue()
    # -S: watching needs no package
    shown = subprocess.run([sys.executable, "-S", "-m", "parley_analysis", "watch", str(output.parent), "--once"],
                           cwd=ROOT / "analysis", capture_output=True, text=True, check=True).stdout
    assert "running" in shown and "%" in shown
    process.send_signal(signal.SIGKILL)
    process.wait()
    out = io.StringIO()
    watch.watch(output, out)  # ends by itself
    assert "1 stopped" in out.getvalue() and "running  " not in out.getvalue()
    run(CONFIG, output, {"run.duration": "70s"})
    assert sorted(path.name for path in output.parent.iterdir()) == ["result.h5"]
    out = io.StringIO()
    watch.watch(output, out)
    assert out.getvalue() == "1 of 1 done, 0 running\n"
    with pytest.raises(FileNotFoundError, match="no run is going on"):
        watch.watch(tmp_path / "nothing.h5", out)


def test_a_status_that_cannot_be_written_is_left_out(tmp_path):
    """The run goes on, and its results are the same."""
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    Path(f"{status_of(tmp_path / 'without' / 'result.h5')}.part").mkdir()
    (Path(f"{status_of(tmp_path / 'without' / 'result.h5')}.part") / "in-the-way").touch()
    files = [run(CONFIG, tmp_path / name / "result.h5", {"run.duration": "70s"}) for name in ("with", "without")]
    assert not status_of(files[0]).exists() and not status_of(files[1]).exists()
    assert first_difference(*files) is None


def test_a_failed_run_leaves_why(tmp_path):
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    output = tmp_path / "result.h5"
    done = execute(["run", CONFIG, "--run.duration=600s", "--output", output, "--quiet"], preexec=limit_files)
    assert done.returncode == 4
    status = json.loads(status_of(output).read_text())
    assert status["state"] == "failed" and "cannot write" in status["message"]
    out = io.StringIO()
    watch.watch(output, out)
    assert "1 failed" in out.getvalue() and "cannot write" in out.getvalue()


def test_the_status_of_two_ranks_has_the_events_of_both(running, tmp_path):
    output = tmp_path / "result.h5"
    process = subprocess.Popen(["timeout", "-k", "2", "60", "mpirun", "-n", "2", "--bind-to", "none", str(binary()),
                                "run", str(CONFIG), *LONG, "--output", str(output), "--quiet"], env=environment(),
                               stderr=subprocess.DEVNULL)
    try:
        # Events are as of the last row, up to a second before the simulated time: a small part of 20 s.
        def counted() -> bool:
            return status_of(output).exists() and json.loads(status_of(output).read_text())["simulated_seconds"] >= 20

        wait_until(counted)
        status = json.loads(status_of(output).read_text())
        assert status["ranks"] == 2
        alone = running[2][-1]
        pace = alone["events"] / alone["simulated_seconds"]
        assert status["events"] / status["simulated_seconds"] > 0.75 * pace, "one rank alone has half of them"
    finally:
        process.terminate()
        process.wait()


def test_foreign_and_broken_status_files(tmp_path):
    base = {"format": "parley-status", "version": 1, "state": "running", "message": "", "result": "a.h5",
            "host": "another", "pid": 1, "share_done": 0.5, "events_per_second": 2.5e6, "success_rate": None,
            "eta_seconds": 3700, "updated": 1000.0}
    file = tmp_path / "a.h5.status.json"
    file.write_text(json.dumps(base))
    assert watch.read_status(file, now=1010.0).state == "running"
    assert watch.read_status(file, now=1100.0).state == "stopped"
    text = watch.status_text([watch.read_status(file, now=1010.0)], 3, 10)
    assert text.startswith("3 of 10 done, 1 running") and "2.50 M" in text and "1 h 01 min" in text
    file.write_text(json.dumps({**base, "version": 2}))
    with pytest.raises(ValueError, match="version 2"):
        watch.read_status(file)
    file.write_text("{")
    with pytest.raises(ValueError, match="not a status file"):
        watch.read_status(file)


def test_watching_a_sweep_waits_for_what_is_planned(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"points": [{"file": "a.h5"}, {"file": "b.h5"}]}))
    (tmp_path / "a.h5").touch()
    out = io.StringIO()
    watch.watch(tmp_path, out, sleep=lambda _: (tmp_path / "b.h5").touch())
    assert out.getvalue().splitlines() == ["1 of 2 done, 0 running", "2 of 2 done, 0 running"]
    assert os.path.exists(tmp_path / "b.h5")


def write_status(file: Path, **changes: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"format": "parley-status", "version": 1, "state": "running", "message": "", "host": socket.gethostname(),
               "result": file.name.removesuffix(".status.json"), "pid": os.getpid(), "share_done": 0.5,
               "events_per_second": 1e6, "success_rate": 0.5, "eta_seconds": 60, "updated": 1000.0}
    file.write_text(json.dumps({**content, **changes}))


def test_a_point_with_two_attempts_is_shown_once(tmp_path):
    for name, attempt, updated, state in (("p", "8_0.0", 10.0, "stopped"), ("p", "8_0.1", 20.0, "running"),
                                          ("q", "8_1.2", 20.0, "running"), ("q", "8_1.10", 10.0, "stopped")):
        write_status(tmp_path / "work" / name / attempt / f"{name}.h5.status.json", updated=updated, state=state)
    assert [(run.result.parent.name, run.state) for run in watch.find_status(tmp_path)] == [("8_0.1", "running"),
                                                                                            ("8_1.2", "running")]


def test_results_of_one_name_in_several_folders_are_several_runs(tmp_path):
    for folder, updated in (("a", 10.0), ("b", 20.0)):
        write_status(tmp_path / "work" / folder / "x.h5.status.json", updated=updated)
    assert len(watch.find_status(tmp_path)) == 2


def test_how_to_go_on_with_a_stopped_run_is_shown(tmp_path):
    output = tmp_path / "result.h5"
    process = start(output)
    wait_until(status_of(output).exists)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(30) == 75
    out = io.StringIO()
    watch.watch(output, out)
    assert "1 stopped" in out.getvalue() and f"go on with parley resume {output}.checkpoint" in out.getvalue()


def test_watching_a_sweep_goes_on_between_two_points(tmp_path):
    """While another point waits, stopped, for a new attempt; it ends when nothing has begun for long."""
    (tmp_path / "manifest.json").write_text(json.dumps({"points": [{"file": "a.h5"}, {"file": "b.h5"}]}))
    write_status(tmp_path / "work" / "b" / "1" / "b.h5.status.json", state="stopped")
    second = tmp_path / "work" / "b" / "2" / "b.h5.status.json"
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            write_status(second, updated=2000.0)
        elif len(slept) == 6:
            write_status(second, updated=2001.0, state="stopped")

    out = io.StringIO()
    watch.watch(tmp_path, out, sleep=sleep)
    assert [line.split(", ", 1)[1] for line in out.getvalue().splitlines() if "done," in line] == [
        "0 running, 1 stopped", "1 running", "0 running, 1 stopped"]
    assert sum(slept) == pytest.approx(6 + watch.PATIENCE)


@pytest.mark.parametrize("named", ["result.h5.part", "result.h5.status.json", "result.h5.checkpoint", "result.h5"])
def test_a_killed_run_is_not_done(tmp_path, named):
    """Whichever of the files that it left is named."""
    output = tmp_path / "result.h5"
    process = start(output)
    wait_until(lambda: status_of(output).exists() and Path(f"{output}.part").exists())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    out = io.StringIO()
    watch.watch(tmp_path / named, out)
    assert out.getvalue().startswith("0 of 1 done, 0 running, 1 stopped\n")
    status_of(output).unlink()
    with pytest.raises(FileNotFoundError, match="no run is going on here, and none has ended"):
        watch.watch(tmp_path / named, out)


def test_a_file_that_is_no_result_is_not_done(tmp_path):
    (tmp_path / "my.ini").write_text("[run]\n")
    with pytest.raises(FileNotFoundError, match="no run is going on"):
        watch.watch(tmp_path / "my.ini", io.StringIO())


def test_the_index_of_a_sweep_is_no_run(tmp_path):
    """It counts where no manifest says what is a run: in a copy of the folder, or one above several sweeps."""
    for sweep in ("one", "two"):
        (tmp_path / sweep / "runs").mkdir(parents=True)
        for file in ("index.h5", "runs/a.h5"):
            (tmp_path / sweep / file).touch()
    (tmp_path / "index.h5").touch()  # a run of this name, as no folder of runs is beside it
    assert watch.count_done(tmp_path) == (3, None)
