"""A run that was interrupted gives the results of one that was not, byte for byte, on any ranks, threads, partitions.

Every case of the invariance tests is stored in the middle and goes on in another shape: a field of the state that
transfer() forgets shows here.
"""
from __future__ import annotations

import shutil

import pytest

from comparison import first_difference, raw_datasets
from invariance_cases import CASES
from parley_runs import execute, overrides, run, seconds_of

# Shapes before and after the checkpoint: (ranks, threads, partitions a rank).
SHAPES = [((None, 1, 1), (3, 1, 2)), ((2, 1, 3), (None, 2, 2))]


def shape_settings(shape):
    _, threads, partitions = shape
    return {"parallel.threads": threads, "parallel.partitions": partitions}


def settings_of(case, share):
    """A checkpoint at a share of the run, and no other."""
    _, _, settings = CASES[case]
    seconds = share * seconds_of(settings["run.duration"])
    return {**settings, "checkpoint.every_wall": "0s", "checkpoint.every_simulated": f"{seconds:.9f}s",
            "checkpoint.keep": "true"}


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """The results of cases that were not interrupted."""
    folder = tmp_path_factory.mktemp("complete")
    known = {}

    def result_of(case):
        if case not in known:
            config, _, settings = CASES[case]
            known[case] = run(config, folder / f"{case.replace(' ', '-')}.h5", settings)
        return known[case]

    return result_of


def stored(case, shape, folder, share=0.6):
    """A checkpoint of a case, and nothing else of the run."""
    config, _, _ = CASES[case]
    result = run(config, folder / "first.h5", {**settings_of(case, share), **shape_settings(shape)}, ranks=shape[0])
    result.unlink()
    return folder / "first.h5.checkpoint"


def resume(checkpoint, output, shape, **settings):
    done = execute(["resume", checkpoint, *overrides({**shape_settings(shape), **settings}), "--output", output,
                    "--quiet"], ranks=shape[0])
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    return output


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("before, after", SHAPES, ids=[f"{a} then {b}" for a, b in SHAPES])
def test_a_resumed_run_gives_the_same_results(complete, tmp_path, case, before, after):
    checkpoint = stored(case, before, tmp_path)
    result = resume(checkpoint, tmp_path / "resumed.h5", after)
    assert first_difference(complete(case), result) is None
    assert raw_datasets(complete(case)) == raw_datasets(result)


@pytest.mark.parametrize("share", [0.02, 0.35, 0.9])
def test_the_moment_of_a_checkpoint_does_not_matter(complete, tmp_path, share):
    result = resume(stored("mixed", (None, 1, 1), tmp_path, share), tmp_path / "resumed.h5", (None, 1, 1))
    assert first_difference(complete("mixed"), result) is None


def test_a_resumed_run_can_be_resumed(complete, tmp_path):
    """Twice, from checkpoints at 40 % and at 80 %, the second of which the resumed run wrote."""
    checkpoint = stored("mixed", (None, 1, 1), tmp_path, 0.4)
    first = tmp_path / "first-kept.checkpoint"
    shutil.copy(f"{checkpoint}.previous", first)
    second = resume(first, tmp_path / "second.h5", (2, 1, 1))
    third = resume(f"{second}.checkpoint", tmp_path / "third.h5", (None, 1, 3))
    for result in (second, third):
        assert first_difference(complete("mixed"), result) is None


def test_the_state_that_is_stored_does_not_depend_on_who_held_it(tmp_path):
    """The entities of PHOLD, byte for byte; sums lie with whoever gathered them."""
    h5py = pytest.importorskip("h5py")
    states = []
    for index, shape in enumerate([(None, 1, 1), (3, 1, 2)]):
        folder = tmp_path / str(index)
        folder.mkdir()
        with h5py.File(stored("phold", shape, folder)) as file:
            states.append(file["state/entities/entities"][:].tobytes())
    assert states[0] == states[1]


def test_parameters_that_change_results_cannot_be_changed(tmp_path):
    checkpoint = stored("phold", (None, 1, 1), tmp_path)
    done = execute(["resume", checkpoint, "--run.seed=2", "--output", tmp_path / "other.h5"])
    assert done.returncode == 2 and "run.seed cannot be changed" in done.stderr, done.stderr
    assert not (tmp_path / "other.h5.part").exists()
