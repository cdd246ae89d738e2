"""Whether a result file is whole, seen from its ends."""
from __future__ import annotations

import h5py
import pytest
from parley_runs import ROOT, run
from parley_sweep.result_file import damage


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A result of the program."""
    return run(ROOT / "configs" / "paper-sybil.ini", tmp_path_factory.mktemp("result") / "whole.h5",
               {"run.duration": "70s"})


@pytest.mark.parametrize("kept", [0.0, 1e-4, 512, 516, 530, 0.5, 0.999])
def test_a_copy_that_was_cut_short_is_damaged(result, tmp_path, kept):
    """kept: of the file, or bytes: within the first line, after it, in the superblock, in the data."""
    whole = result.read_bytes()
    assert damage(result) == ""
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole[:int(kept * len(whole)) if kept < 1.0 else int(kept)])
    assert damage(cut)


def test_what_is_no_complete_result_is_told(result, tmp_path):
    file = tmp_path / "other.h5"
    for text, why in ((b"not HDF5" * 100, "no result"), (b"", "no result"),
                      (b"Parley result, not complete: the run has not ended\n", "had not ended"),
                      (result.read_bytes()[:512] + b"x" * 1000, "signature")):
        file.write_bytes(text)
        assert why in damage(file)


def test_what_cannot_be_read_is_not_taken_for_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        damage(tmp_path / "nowhere.h5")


@pytest.mark.parametrize("library", ["earliest", "v108", "v110"])
def test_files_without_the_first_line_are_judged_by_hdf5_alone(tmp_path, library):
    """Of schema versions 1 to 3, and with each version of HDF5's superblock."""
    file = tmp_path / "plain.h5"
    with h5py.File(file, "w", libver=(library, library if library != "earliest" else "v108")) as plain:
        plain["data"] = range(1000)
    assert damage(file) == ""
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert f"{len(whole) - 1} of {len(whole)} bytes" in damage(file)
