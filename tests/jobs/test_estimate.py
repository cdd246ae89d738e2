"""Time and memory of points: the model's numbers by hand, and the correction by runs that are done."""
from __future__ import annotations

from pathlib import Path

import h5py
import pytest
from parley_sweep.estimate import estimates, modelled, seconds_of
from parley_sweep.manifest import Manifest, planned_run
from parley_sweep.submit import chunks


def made(folder: Path, settings: list[dict[str, str]]) -> Manifest:
    runs = tuple(planned_run(folder, number, parameters, f"point{number}")
                 for number, parameters in enumerate(settings, 1))
    return Manifest(folder, "study", "base.ini", ("peers.count",), "run.seed", runs)


def finish(file: Path, wall: float, memory: float, threads: int = 1) -> None:
    file.parent.mkdir(exist_ok=True)
    with h5py.File(file, "w") as result:
        result.create_group("provenance").attrs.update(
            {"ranks": 1.0, "threads_per_rank": float(threads), "wall_seconds": wall, "peak_memory_bytes": memory})


DEFAULTS = {"run.model": "agentic", "run.duration": "60s", "peers.count": "100"}


def test_a_million_peers_are_as_measured():
    """As on the slower of the two machines of docs/performance.md: 56 s on one core, 1.25 GB."""
    estimate = modelled({**DEFAULTS, "peers.count": "1000000"})
    assert estimate.seconds == pytest.approx(56.0, rel=0.1)
    assert estimate.memory == pytest.approx(1.25e9, rel=0.2)
    assert estimate.wall_seconds(2) == pytest.approx(27.7, rel=0.1)
    small = modelled(DEFAULTS)
    assert small.wall_seconds(16) == small.seconds  # 100 peers use one core


def test_nothing_is_made_up_for_what_is_not_known():
    assert modelled({**DEFAULTS, "run.model": "phold"}) is None
    assert modelled({"run.model": "agentic"}) is None
    assert seconds_of("2min") == 120.0 and seconds_of("1.5ms") == 0.0015
    with pytest.raises(ValueError):
        seconds_of("15")


def test_finished_runs_correct_the_estimates(tmp_path):
    manifest = made(tmp_path, [{"peers.count": "1000", "run.seed": "1"}, {"peers.count": "1000", "run.seed": "2"},
                               {"peers.count": "4000", "run.seed": "1"}])
    before = estimates(manifest, DEFAULTS)
    finish(manifest.runs[0].file, wall=3.0, memory=5e8, threads=2)
    same, twin, other = estimates(manifest, DEFAULTS)
    assert same == twin and twin.measured
    assert twin.seconds == pytest.approx(6.02) and twin.memory == 5e8  # two cores for 3 s, and the start
    assert other.seconds == pytest.approx(before[2].seconds * 6.02 / before[0].seconds)
    assert other.memory == pytest.approx(before[2].memory * 5e8 / before[0].memory)


@pytest.mark.parametrize("line", [b"Parley result, not complete: the run has not ended\n", b"something else"])
def test_damaged_runs_correct_nothing(tmp_path, line):
    """HDF5 reads both: it does not look at what comes before its own signature."""
    manifest = made(tmp_path, [{"peers.count": "1000", "run.seed": "1"}, {"peers.count": "1000", "run.seed": "2"}])
    before = estimates(manifest, DEFAULTS)
    finish(manifest.runs[0].file, wall=3.0, memory=5e8)
    assert estimates(manifest, DEFAULTS) != before
    content = manifest.runs[0].file.read_bytes()
    manifest.runs[0].file.write_bytes(line.ljust(512, b"\0") + content)
    with h5py.File(manifest.runs[0].file) as result:
        assert result["provenance"].attrs["wall_seconds"] == 3.0
    assert estimates(manifest, DEFAULTS) == before


def test_chunks_fill_up_to_the_time_and_the_size_of_an_array(tmp_path):
    manifest = made(tmp_path, [{"peers.count": "1000000", "run.seed": str(seed)} for seed in range(1, 8)])
    estimated = estimates(manifest, DEFAULTS)  # 56.7 s each
    runs = list(manifest.runs)
    assert chunks(runs, estimated, 1, 120.0, 1000) == [[0, 1], [2, 3], [4, 5], [6]]
    assert chunks(runs, estimated, 2, 120.0, 1000) == [[0, 1, 2, 3], [4, 5, 6]]
    assert len(chunks(runs, estimated, 1, 0.0, 1000)) == 7
    fewer = chunks(runs, estimated, 1, 1.0, 3)
    assert len(fewer) <= 3 and sorted(sum(fewer, [])) == list(range(7))
    assert chunks(runs, [None] * 7, 1, 1200.0, 1000) == [[0, 1], [2, 3], [4, 5], [6]]
