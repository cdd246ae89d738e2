"""Which results are set aside: those that are damaged when the folder's lock is held, and only those."""
from __future__ import annotations

import hashlib
from pathlib import Path

import h5py
import pytest
from parley_sweep import cli
from parley_sweep.check import check_sweep

from .conftest import FAKE, Study

BINARY = ("--binary", str(FAKE))


@pytest.fixture
def result(study) -> Path:
    """One of the four results of a study that has run."""
    assert study.run().returncode == 0
    return sorted((study.output / "runs").glob("*.h5"))[0]


def status(study: Study) -> str:
    return study.call(*study.command("status", str(study.output))).stdout


def files(study: Study) -> dict[str, int]:
    """Everything in runs/ -> its inode."""
    return {file.name: file.stat().st_ino for file in (study.output / "runs").iterdir()}


def test_a_result_that_was_made_again_meanwhile_is_kept(study, result, monkeypatch, capsys):
    """Another `run` has the lock, and is done, while this one still checks: both have seen the damage."""
    result.write_bytes(result.read_bytes()[:1000])

    def checked_late(binary, sweep, planned):
        assert "1 of 4 runs to do" in study.run().stdout
        return check_sweep(binary, sweep, planned)

    monkeypatch.setattr(cli, "check_sweep", checked_late)
    assert cli.main(study.run_command()[2:]) == 0
    told = capsys.readouterr()
    assert "all 4 runs are done" in told.out and "damaged" not in told.err
    assert [name for name in files(study) if "damaged" in name] == [f"{result.name}.damaged"]


def test_what_was_damaged_earlier_is_kept_too(study, result):
    for count, ending in enumerate((".damaged", ".damaged.2", ".damaged.3"), 1):
        result.write_bytes(bytes(count))
        dry = study.submit(*BINARY, "--dry-run")
        assert f"it would be set aside as {result.name}{ending}, and" in dry.stderr
        assert f"it is set aside as {result.name}{ending}, and" in study.run().stderr
    for count, ending in enumerate((".damaged", ".damaged.2", ".damaged.3"), 1):
        assert Path(f"{result}{ending}").read_bytes() == bytes(count)
    assert "4 runs, 4 done" in status(study)


def test_a_result_that_cannot_be_read_stops_the_command(study, result):
    """It may be good: it is neither renamed nor computed again. A folder is what root cannot read either."""
    result.unlink()
    result.mkdir()
    before = files(study)
    for answer in (study.run(), study.submit(*BINARY), study.submit(*BINARY, "--dry-run")):
        assert answer.returncode == 2 and len(answer.stderr.splitlines()) == 1
        assert f"sweep: {result} cannot be read (Is a directory), so it is not known" in answer.stderr
    assert files(study) == before
    assert "4 runs, 3 done, 1 unreadable, 0 failed" in status(study)
    assert f"unreadable: point 1 ({result.stem}): Is a directory; it may be good" in status(study)
    result.rmdir()
    assert study.run().returncode == 0 and "4 runs, 4 done" in status(study)


def test_an_error_while_reading_names_the_file(study, result, monkeypatch, capsys):
    """Of open() Python tells the file, of read() it does not."""
    content = result.read_bytes()
    line = f"Parley result, complete; SHA-256 from byte 513 on: {hashlib.sha256(content).hexdigest()}\n"
    result.write_bytes(line.encode().ljust(512, b"\0") + content)

    def faulty(file):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("parley_sweep.seal.damage", faulty)
    assert cli.main(study.run_command()[2:]) == 2
    assert f"{result} cannot be read (Input/output error)" in capsys.readouterr().err
    assert result.exists()


def test_collect_takes_no_number_from_a_run_that_had_not_ended(study, result):
    """HDF5 reads it, and its summary is there; `status` and `collect` go by the first line."""
    line = b"Parley result, not complete: the run has not ended\n"
    result.write_bytes(line.ljust(512, b"\0") + result.read_bytes())
    with h5py.File(result) as readable:
        assert "success_rate" in readable["summary"]
    answer = study.call(*study.command("collect", str(study.output)))
    assert answer.returncode == 1 and "3 runs" in answer.stdout
    assert f"cannot read {result}: it is of a run that had not ended; `jobs/sweep run`" in answer.stderr
    assert "4 runs, 3 done, 1 damaged" in status(study)
