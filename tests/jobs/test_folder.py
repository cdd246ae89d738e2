"""Which folder may take the results of a sweep."""
from __future__ import annotations


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
