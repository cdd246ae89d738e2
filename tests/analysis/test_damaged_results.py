"""Result files with flipped bits, cut short, or of another kind: an error that names the file.

Files without the line that has their SHA-256 (older ones, copies of other tools) may be read all the same. They are
read in another process, since libhdf5 itself crashes on some: texts of attributes lie in a heap whose addresses it
trusts. No number comes out of that; such files are counted, and may not be many.
"""
from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from parley_analysis.seal import SEAL_BYTES

ROOT = Path(__file__).resolve().parents[2]
# Reads the files named on standard input, one after the other; tells how each went.
READER = """
import json, sys, warnings
warnings.simplefilter("ignore")
from parley_analysis._hdf5 import read_scalars
from parley_analysis.schema import FormatError
from parley_analysis.validate import check_file
for line in sys.stdin:
    file = line.strip()
    try:
        scalars = read_scalars(file)
        problems = check_file(file).problems
        told = ["read", scalars.summary, len(problems)]
    except (FormatError, OSError) as error:
        told = ["refused", str(error), 0]
    except BaseException as error:
        told = ["traceback", f"{type(error).__name__}: {error}", 0]
    print(json.dumps(told), flush=True)
"""


def read_all(files: list[Path]) -> list[list]:
    """How reading went; a crash of the process is ["crash", ...], and the next file goes to a new one."""
    told: list[list] = []
    while len(told) < len(files):
        rest = files[len(told):]
        done = subprocess.run([sys.executable, "-c", READER], input="\n".join(map(str, rest)), text=True,
                              capture_output=True, check=False, env={"PYTHONPATH": str(ROOT / "analysis")}, timeout=120)
        told += [json.loads(line) for line in done.stdout.splitlines()]
        if len(told) < len(files):
            told.append(["crash", done.stderr[-300:], 0])
    return told


@pytest.fixture(scope="module")
def good(small_sweep) -> Path:
    return sorted(small_sweep.rglob("*.h5"))[0]


def check(told: list[list], files: list[Path]) -> None:
    assert [entry for entry in told if entry[0] == "traceback"] == []
    for (how, text, _), file in zip(told, files):
        if how == "refused":
            assert file.name in text and "\n" not in text, text
    assert sum(entry[0] == "crash" for entry in told) <= len(files) // 5


def flipped_files(content: bytes, folder: Path) -> list[Path]:
    rng, files = random.Random(1), []
    for i in range(100):
        data = bytearray(content)
        # Most of the file is data; names, types and addresses are at its head.
        limit = len(data) if i % 2 else min(len(data), 20_000)
        for _ in range(rng.choice((1, 1, 4, 64))):
            data[rng.randrange(limit)] ^= 1 << rng.randrange(8)
        files.append(folder / f"flipped-{i}.h5")
        files[-1].write_bytes(data)
    return files


def cut_files(content: bytes, folder: Path) -> list[Path]:
    rng, files = random.Random(2), []
    for i in range(40):
        files.append(folder / f"cut-{i}.h5")
        files[-1].write_bytes(content[:rng.randrange(len(content) - 1)])
    return files


@pytest.mark.parametrize("damaged", [flipped_files, cut_files])
def test_no_number_comes_out_of_a_damaged_file(good, tmp_path, damaged):
    files = damaged(good.read_bytes(), tmp_path)
    told = read_all(files)
    check(told, files)
    assert {entry[0] for entry in told} == {"refused"}
    assert read_all([good])[0][0] == "read"


def test_without_their_line_flipped_bits_give_a_clear_error_or_a_result(good, tmp_path):
    files = flipped_files(good.read_bytes()[SEAL_BYTES:], tmp_path)
    check(read_all(files), files)


def test_without_their_line_cut_files_are_refused(good, tmp_path):
    files = cut_files(good.read_bytes()[SEAL_BYTES:], tmp_path)
    told = read_all(files)
    check(told, files)
    assert [entry for entry in told if entry[0] == "read"] == []


def test_foreign_files_are_refused(tmp_path):
    files = [tmp_path / name for name in ("empty.h5", "text.h5", "other.h5", "half.h5")]
    files[0].write_bytes(b"")
    files[1].write_text("seed,success\n1,0.5\n")
    with h5py.File(files[2], "w") as file:
        file["data"] = np.arange(3)
    with h5py.File(files[3], "w") as file:
        file.attrs.update({"format": "parley", "schema_version": "two"})
        file.create_group("summary")
    told = read_all(files)
    check(told, files)
    assert [entry[0] for entry in told] == ["refused"] * 4
