"""Bad command lines and configurations: exit code 2, one line that says what to do, and no file is touched."""
from __future__ import annotations

import pytest

from parley_runs import CONFIGS, execute

GOOD = CONFIGS / "paper-sybil.ini"
SHORT = ["--run.duration=20s", "--run.warmup=5s"]


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check_refused(done, folder, before, *words):
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    assert files(folder) == before
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("parley: "), done.stderr
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert done.stdout == ""


# What is wrong, and words that the message must have.
COMMANDS = {
    "no command": ([], ["--help"]),
    "an unknown command": (["simulate"], ["simulate"]),
    "an unknown option": (["run", GOOD, "--fast"], ["--fast"]),
    "two configurations": (["run", GOOD, GOOD], ["paper-sybil.ini"]),
    "no configuration": (["run"], ["CONFIG"]),
    "a configuration that is not there": (["run", "nowhere.ini"], ["nowhere.ini"]),
    "a folder as configuration": (["run", CONFIGS], ["configs"]),
    "no output file name": (["run", GOOD, "--output"], ["--output"]),
    "an unknown section to describe": (["describe", "nosuch"], ["nosuch"]),
    "an option of run given to validate": (["validate", GOOD, "--force"], ["--force"]),
}
OVERRIDES = {
    "an unknown key": ("--adversary.fracton=0.3", ["adversary.fracton", "adversary.fraction"]),
    "an unknown section": ("--adversaries.fraction=0.3", ["adversaries.fraction"]),
    "a duration without a unit": ("--run.duration=600", ["run.duration", "600"]),
    "a wrong unit": ("--descriptor.ttl=15m/s", ["descriptor.ttl"]),
    "a value above its range": ("--adversary.fraction=1.5", ["adversary.fraction", "1.5"]),
    "a negative count": ("--peers.count=-100", ["peers.count"]),
    "a fraction of a peer": ("--peers.count=100.5", ["peers.count"]),
    "a number that is none": ("--policy.threshold=nan", ["policy.threshold"]),
    "a word that is no number": ("--policy.threshold=high", ["policy.threshold", "high"]),
    "trailing characters": ("--peers.count=100x", ["peers.count"]),
    "a choice that is none": ("--policy.name=tier4", ["policy.name", "tier4", "risk_aware"]),
    "no value": ("--peers.count=", ["peers.count"]),
    "a share in percent": ("--adversary.fraction=30%", ["adversary.fraction", "write 0.3"]),
    "a section for a name": ("--capability.drift=0.3", ["capability.drift", "parley describe drift"]),
    "an unknown class in a step": ("--workflow.steps=image/medium", ["workflow.steps", "image"]),
    "an unknown risk in a step": ("--workflow.steps=publishing/grave", ["grave"]),
    "a cycle of steps": ("--workflow.steps=a: any/low after b; b: any/low after a", ["workflow.steps", "cycle", "`a`"]),
    "an unknown step": ("--workflow.steps=a: any/low; b: any/low after c", ["workflow.steps", "`c`"]),
    "a bad constraint of a step": ("--workflow.steps=a: any/low with min_quality 2",
                                   ["workflow.steps", "`min_quality`"]),
    "a class twice": ("--capability.classes=a:1s, a:2s", ["capability.classes"]),
    "a warm-up that is too long": ("--run.warmup=600s", ["run.warmup"]),
    "more candidates than peers": ("--peers.count=5", ["registry.candidates"]),
    "more shards asked than there are": ("--registry.fanout=2", ["registry.fanout"]),
    "targets without cells": ("--adversary.targeting=cells", ["adversary.targeting", "adversary.cells"]),
    "cells without targets": ("--adversary.cells=publishing", ["adversary.cells", "adversary.targeting"]),
    "an unknown cell": ("--adversary.cells=surgery", ["adversary.cells", "surgery", "capability.classes"]),
    "a budget without a cost": ("--adversary.budget=100", ["adversary.budget", "identity.cost"]),
    "a cost without a budget": ("--identity.cost=2", ["identity.cost", "adversary.budget"]),
    "nobody honest": ("--adversary.fraction=0.999", ["adversary.fraction"]),
    "a histogram interval off the grid": ("--output.histogram_interval=1500ms", ["output.histogram_interval"]),
    "an overflowing integer": ("--run.seed=99999999999999999999", ["run.seed"]),
    "an overflowing duration": ("--run.duration=9e30h", ["run.duration"]),
}
CONFIGURATIONS = {
    "an unknown key": ("[run]\nseeds = 1\n", ["bad.ini:2", "run.seeds", "run.seed"]),
    "a duration without a unit": ("# comment\n[run]\n\nduration = 600\n", ["bad.ini:4", "run.duration"]),
    "a key twice": ("[run]\nseed = 1\nseed = 2\n", ["bad.ini:3", "run.seed"]),
    "a line that is no entry": ("[run]\nseed 1\n", ["bad.ini:2", "seed 1"]),
    "a value out of range": ("[adversary]\nfraction = 2\n", ["bad.ini:2", "adversary.fraction"]),
    "an empty value": ("[peers]\ncount =\n", ["bad.ini:2", "peers.count"]),
    "a binary file": ("\x7fELF\0\0\0", ["bad.ini:1"]),
    "an HDF5 file": ("\x89HDF\r\n\x1a\n\0\0\0", ["bad.ini", "is no configuration but an HDF5 file"]),
    "a result": ("Parley result, complete".ljust(512, "\0") + "\x89HDF\r\n\x1a\n",
                 ["bad.ini", "is no configuration but an HDF5 file", "/config"]),
    "a checkpoint": ("parley checkpoint".ljust(512, "\0") + "\x89HDF\r\n\x1a\n", ["parley resume bad.ini"]),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_bad_command_line_is_refused(tmp_path, case):
    arguments, words = COMMANDS[case]
    check_refused(execute(arguments, cwd=tmp_path), tmp_path, {}, *words)


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("case", OVERRIDES)
def test_a_bad_parameter_is_refused(tmp_path, case, command):
    override, words = OVERRIDES[case]
    output = ["--output", "result.h5"] if command == "run" else []
    check_refused(execute([command, GOOD, override, *output], cwd=tmp_path), tmp_path, {}, *words)


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_bad_configuration_is_refused_and_its_line_named(tmp_path, case):
    text, words = CONFIGURATIONS[case]
    (tmp_path / "bad.ini").write_bytes(text.encode("latin-1"))
    check_refused(execute(["run", "bad.ini"], cwd=tmp_path), tmp_path, files(tmp_path), *words)


@pytest.mark.parametrize("arguments, words", [
    (["run", GOOD, "--adversary.fraction=1.5"], ["adversary.fraction"]),
    (["run", GOOD, "--output", "nosuch/result.h5"], ["nosuch"]),
    (["simulate"], ["simulate"])], ids=["parameter", "output", "command"])
def test_three_ranks_say_it_once_and_all_end_with_code_2(tmp_path, arguments, words):
    done = execute(arguments, ranks=3, seconds=30, cwd=tmp_path)
    assert done.returncode == 2
    assert files(tmp_path) == {}
    said = [line for line in done.stderr.splitlines() if line.startswith("parley: ")]
    assert len(said) == 1 and all(word in said[0] for word in words), done.stderr


def test_an_existing_result_is_kept_unless_forced(tmp_path):
    (tmp_path / "result.h5").write_text("precious")
    run = ["run", GOOD, *SHORT, "--output", "result.h5", "--quiet"]
    check_refused(execute(run, cwd=tmp_path), tmp_path, files(tmp_path), "result.h5", "--force")
    done = execute(run, ranks=3, seconds=30, cwd=tmp_path)
    assert done.returncode == 2 and (tmp_path / "result.h5").read_text() == "precious"
    assert execute([*run, "--force"], cwd=tmp_path).returncode == 0
    assert (tmp_path / "result.h5").read_bytes().startswith(b"Parley result, complete")
    assert list(files(tmp_path)) == [(tmp_path / "result.h5").relative_to(tmp_path)]


def test_a_missing_output_folder_is_refused_before_the_run(tmp_path):
    run = ["run", GOOD, "--run.duration=100h", "--output", "nosuch/result.h5"]
    check_refused(execute(run, seconds=20, cwd=tmp_path), tmp_path, {}, "nosuch", "does not exist")


def test_a_folder_is_no_output_file(tmp_path):
    (tmp_path / "results").mkdir()
    check_refused(execute(["run", GOOD, "--output", "results"], cwd=tmp_path), tmp_path, {}, "results", "folder")
