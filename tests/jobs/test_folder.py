"""Which folder may take the results of a sweep."""
from __future__ import annotations

import pytest
from parley_sweep import cli
from parley_sweep.check import check_sweep
from parley_sweep.manifest import read_manifest


def refused(answer) -> str:
    """The message of a command that refuses its input."""
    assert answer.returncode == 2 and len(answer.stderr.splitlines()) == 1, answer.stderr
    return answer.stderr


def test_another_study_does_not_replace_the_one_that_is_there(study):
    """The manifest stays: status and tables go on showing the first study."""
    assert study.run().returncode == 0
    before = (study.output / "manifest.json").read_bytes()
    study.axes("policy.name = tier1, tier2\nadversary.fraction = 0, 0.1")
    assert "axes policy.name there, policy.name, adversary.fraction here" in refused(study.run())
    study.axes("policy.name = tier1, tier2")
    for command in (study.run, study.submit):
        assert "results of another study, study (run.duration not set there, = 0 here); choose" in refused(
            command("--set", "run.duration=0"))
    text = (study.folder / "study.ini").read_text()
    (study.folder / "study.ini").write_text(text.replace("base.ini", "other.ini"))
    (study.folder / "other.ini").write_text("[run]\nseed = 2\n")
    assert "other.ini here" in refused(study.run())
    (study.folder / "study.ini").write_text(text.replace("run.seed", "other.seed"))
    assert "seeds run.seed there, other.seed here" in refused(study.run())
    assert (study.output / "manifest.json").read_bytes() == before and len(study.results()) == 4


def test_a_study_grows(study):
    """Other values, more seeds, a changed base; and it may be moved with its base."""
    study.axes("policy.name = tier1\nadversary.fraction = 0")
    assert study.run("--seeds", "1").returncode == 0
    study.axes("policy.name = tier1, tier2\nadversary.fraction = 0, 0.1")
    assert study.run().returncode == 0 and len(study.results()) == 8
    (study.folder / "base.ini").write_text("[run]\nseed = 2\n")
    assert study.run("--seeds", "1").returncode == 0 and len(study.results()) == 12
    study.axes("adversary.fraction = 0, 0.1\npolicy.name = tier1, tier2")
    assert "axes policy.name, adversary.fraction there, adversary.fraction, policy.name here" in refused(study.run())
    study.axes("policy.name = tier1, tier2\nadversary.fraction = 0, 0.1")
    moved = study.folder / "moved"
    moved.mkdir()
    for name in ("base.ini", "study.ini"):
        (study.folder / name).rename(moved / name)
    study.folder = moved
    assert "4 of 8 runs to do" in study.run().stdout


def test_a_study_without_any_result_gives_way(study):
    study.axes("policy.name = broken")
    assert study.run().returncode == 1
    study.axes("adversary.fraction = 0, 0.1")
    assert study.run().returncode == 0 and len(study.results()) == 4


def test_a_file_is_no_folder(study):
    file = study.folder / "taken"
    file.write_text("mine")
    for study.output in (file, file / "below"):
        for command in (study.run, study.submit):
            assert f"{file} is a file (results go into a folder); give --output another name" in refused(command())
    assert file.read_text() == "mine"


def test_a_broken_link_is_called_one(study):
    link = study.folder / "link"
    link.symlink_to("nowhere")
    for study.output in (link, link / "below"):
        for command in (study.run, study.submit):
            assert f"{link} is a broken link (to nowhere, which is not there); make that folder" in refused(command())
    (study.folder / "nowhere").mkdir()
    study.output = link
    assert study.run().returncode == 0 and len(study.results()) == 4


@pytest.mark.parametrize("text, why", [
    ('{"format": 2}', "has format 2; this version reads 1; use the jobs/sweep that wrote it; or give --output another"),
    ('{"format": 1, "sweep"', "is damaged; delete it and repeat the command that made"),
])
def test_results_under_a_manifest_that_does_not_tell_their_study_are_left_alone(study, text, why):
    assert study.run().returncode == 0
    manifest = study.output / "manifest.json"
    written, results = manifest.read_bytes(), study.results()
    manifest.write_text(text)
    for command in (study.run, study.submit):
        assert f"{manifest} {why}" in refused(command("--set", "run.duration=0"))
    assert manifest.read_text() == text and study.results() == results
    manifest.unlink()  # as the message says
    assert study.run().returncode == 0 and manifest.read_bytes() == written and study.results() == results


def test_a_manifest_that_cannot_be_read_is_not_a_missing_one(study):
    assert study.run().returncode == 0
    manifest = study.output / "manifest.json"
    manifest.unlink()
    manifest.mkdir()  # which root cannot read either
    assert f"{manifest} cannot be read (Is a directory)" in refused(study.run())


def test_a_damaged_manifest_without_any_result_gives_way(study):
    study.output.mkdir()
    (study.output / "manifest.json").write_text("{")
    assert study.run().returncode == 0 and len(study.results()) == 4


def test_a_study_that_was_begun_meanwhile_is_not_replaced(study, monkeypatch, capsys):
    """Two commands find a new folder empty; the other one has the lock, and is done, while this one still checks."""
    def checked_late(binary, sweep, planned):
        study.axes("adversary.fraction = 0, 0.1")
        assert study.run().returncode == 0
        return check_sweep(binary, sweep, planned)

    monkeypatch.setattr(cli, "check_sweep", checked_late)
    assert cli.main(study.run_command()[2:]) == 2
    assert "another study, study (axes adversary.fraction there, policy.name here)" in capsys.readouterr().err
    assert len(study.results()) == 4
    planned = read_manifest(study.output).runs
    assert [run.parameters["adversary.fraction"] for run in planned] == ["0", "0", "0.1", "0.1"]
