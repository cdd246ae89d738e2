"""Runs the commands of docs/cluster.md, word for word and in order, on a Slurm of two nodes."""
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import h5py
import pytest
from comparison import first_difference
from parley_runs import binary, run

from .conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "cluster.md"


def blocks(language: str) -> list[str]:
    """The code blocks of a language, those in lists without their indent."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", GUIDE.read_text(encoding="utf-8"),
                       re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@pytest.fixture
def checkout(tmp_path):
    """A folder of Parley: scripts copied, the rest linked; the editor makes the site file that the cluster needs."""
    shutil.copytree(ROOT / "jobs", tmp_path / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("configs", "analysis"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "parley").symlink_to(binary())
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "PARLEY_BIND=none PARLEY_LAYOUT=node\n'
                      'PARLEY_SBATCH=(--partition=batch)" >>"$1"\n')
    editor.chmod(0o755)
    return tmp_path


@pytest.mark.skipif("PARLEY_TEST_FULL" not in os.environ, reason="a minute; set PARLEY_TEST_FULL=1")
def test_the_commands_of_the_guide(cluster, checkout):
    commands = blocks("sh")
    assert len(commands) >= 12 and "cmake" in commands[0]
    said = ""
    kept = ""  # what the shell of the user would remember
    for block in commands[1:]:
        answer = cluster.call("bash", "-euc", kept + block, cwd=checkout, EDITOR=str(checkout / "editor"),
                              PARLEY_SITE="")
        assert answer.returncode == 0, f"{block}\n{answer.stdout}\n{answer.stderr}"
        said += answer.stdout
        kept += "".join(f"{line}\n" for line in block.splitlines() if line.startswith(("export ", ". ")))
        wait_until(lambda: not cluster.tell("squeue", "--noheader", "--states=PD,R,CG"), 120)
    assert "70 runs, 70 done" in said and "index.h5: 70 runs" in said
    results = checkout / "results"
    names = {file.name for file in results.glob("*.h5")}
    assert names == {"one.h5", "threads.h5", "nodes.h5", "whole-nodes.h5", "long.h5"}
    assert (results / "sybil" / "success.pdf").exists()
    assert first_difference(results / "nodes.h5", results / "whole-nodes.h5") is None
    alone = run(ROOT / "configs" / "paper-sybil.ini", results / "alone.h5", {"policy.name": "tier2"})
    assert first_difference(alone, results / "one.h5") is None
    ranks = {name: h5py.File(results / name)["provenance"].attrs["ranks"]
             for name in ("threads.h5", "nodes.h5", "whole-nodes.h5")}
    assert ranks == {"threads.h5": 1, "nodes.h5": 4, "whole-nodes.h5": 2}
    (python,) = blocks("python")
    answer = cluster.call("/usr/bin/python3", "-c", python, cwd=checkout)
    assert answer.returncode == 0 and answer.stdout.count("risk_aware") >= 14, answer.stderr
