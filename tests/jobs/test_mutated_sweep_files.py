"""Sweep files with random damage: a sweep, or a SweepError that fits on one line; nothing else."""
from __future__ import annotations

import random

import pytest
from parley_sweep.errors import SweepError
from parley_sweep.sweep_file import points, read_sweep

GOOD = """# a study
[sweep]
base = base.ini
[set]
run.duration = 80s
[axes]
adversary.fraction = 0:0.2:0.1   # a comment
policy.name = tier1, tier2
[linked size]
peers.count = 100, 200
run.warmup = 10s, 20s
[seeds]
run.seed = 1:3
"""
PIECES = ["[", "]", "=", ",", ":", "#", "\n", "[axes]\n", "1e999", "-1", "nan", "0:1:0", "1:0:0.1", "1:9999999999",
          "\0", "\ufeff", "é", "[linked ]\n", "run.seed = 1\n", " ", "%(x)s", "..", "/", '"']


def mutated(rng: random.Random) -> bytes:
    text = list(GOOD)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        action = rng.randrange(4)
        if action == 0:
            text[at:at + rng.randint(1, 12)] = []
        elif action == 1:
            text.insert(at, rng.choice(PIECES))
        elif action == 2:
            end = at + rng.randint(1, 40)
            text[at:at] = text[at:end]
        else:
            text[at] = chr(rng.randrange(1, 256))
        text = text or ["\n"]
    return "".join(text).encode("latin-1" if rng.random() < 0.1 else "utf-8", "replace")


@pytest.mark.parametrize("seed", range(4))
def test_damage_gives_a_sweep_or_one_clear_line(tmp_path, seed):
    rng = random.Random(seed)
    (tmp_path / "base.ini").write_text("[run]\nseed = 1\n")
    file = tmp_path / "study.ini"
    read = refused = 0
    for _ in range(500):
        data = mutated(rng)
        file.write_bytes(data)
        try:
            for point in points(read_sweep(file), seed_limit=2):
                assert all("\n" not in f"{key}{value}" for key, value in point.parameters), data
            read += 1
        except SweepError as error:
            assert str(error) and "\n" not in str(error), data
            refused += 1
    assert read > 20 and refused > 100
