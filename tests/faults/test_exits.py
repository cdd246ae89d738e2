"""The ways a run can end, as docs/exits.md lists them: those that no other file of this folder tests, and the list."""
from __future__ import annotations

import itertools
import re
import resource
import subprocess

import pytest

from parley_runs import CONFIGS, ROOT, binary, execute, time_order_binary

GOOD = CONFIGS / "paper-sybil.ini"
TABLE = re.findall(r"^\| (.+?) \| (\S+|by signal) \| (.*) \| `(\S+)` \|$", (ROOT / "docs/exits.md").read_text(), re.M)


def refused(*arguments, cwd, **options) -> str:
    """The one line that a run with bad input says."""
    done = execute(["run", GOOD, *arguments, "--output", "result.h5"], cwd=cwd, **options)
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    assert not (cwd / "result.h5").exists() and not (cwd / "result.h5.part").exists()
    lines = [line for line in done.stderr.splitlines() if line.startswith("parley: ")]
    assert len(lines) == 1 and done.stdout == "", done.stderr
    return lines[0]


def test_the_list_has_every_exit_code_and_its_tests_exist():
    assert {code for _, code, _, _ in TABLE} == {"0", "1", "2", "3", "4", "75", "by signal"}
    assert len(TABLE) >= 20
    for _, _, _, test in TABLE:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text()
        assert f"def {name}(" in text or re.search(rf"^TEST(_F)?\(\w+, {name}\)", text, re.M), test


def parameters() -> dict[str, str]:
    """key -> type of every parameter, as the program describes them."""
    text = execute(["describe", "--markdown"]).stdout
    return dict(re.findall(r"^\| `([a-z0-9_.]+)` \| ([a-z]+)", text, re.M))


def test_values_that_are_no_number_of_the_range_are_refused_for_every_parameter(tmp_path):
    """Whatever parameter is added: a number is checked. Each gets one of the bad values, in turn."""
    bad = itertools.cycle(("nan", "inf", "1e400", "0x10", "1,5", "-", "1e3e3"))
    tried = 0
    for key, kind in parameters().items():
        if not key.startswith("phold.") and kind.startswith(("integer", "real", "duration")):
            said = refused(f"--{key}={next(bad)}{'s' if kind.startswith('duration') else ''}", cwd=tmp_path)
            assert key in said, said
            tried += 1
    assert tried > 50


CONTRADICTIONS = {
    "more candidates than peers": (["--peers.count=5"], ["registry.candidates", "peers.count"]),
    "TTL below the refresh period": (["--descriptor.refresh_fraction=1.5"], ["descriptor.refresh_fraction"]),
    "budget without cost": (["--adversary.budget=100"], ["adversary.budget", "identity.cost"]),
    "a warm-up beyond the end": (["--run.warmup=700s"], ["run.warmup", "ends"]),
    "a key of the other model": (["--phold.remote=0.5"], ["phold.remote", "run.model"]),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_refused(tmp_path, case):
    arguments, words = CONTRADICTIONS[case]
    said = refused(*arguments, cwd=tmp_path)
    assert all(word in said for word in words), said


@pytest.mark.parametrize("content", [None, b"", b"\x89HDF\r\n\x1a\n", b"region,share,A\nA,nan,30\n", b"a,b\n1\n"],
                         ids=["missing", "empty", "HDF5", "NaN", "no table"])
def test_unreadable_files_are_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "regions.csv").write_bytes(content)
    said = refused(f"--network.regions={tmp_path / 'regions.csv'}", cwd=tmp_path)
    assert "regions" in said


@pytest.mark.parametrize("ranks", [None, 3])
def test_a_run_that_does_not_fit_into_memory_is_refused(tmp_path, ranks):
    """10^9 peers of more than 1,000 bytes: a terabyte, more than a machine for tests has."""
    said = refused("--peers.count=1000000000", ranks=ranks, cwd=tmp_path, seconds=30)
    needs = re.search(r"needs about ([\d.]+) GB of memory a rank, and there are ([\d.]+) GB", said)
    assert needs is not None and float(needs[1]) > float(needs[2]) > 0, said
    assert "parallel.check_memory" in said
    if ranks is not None:
        assert f"ranks there: {ranks}" in said


def limited(megabytes: int):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000, megabytes * 1_000_000))


def test_the_address_space_limit_counts(tmp_path):
    said = refused("--peers.count=2000000", cwd=tmp_path, preexec=limited(1000))
    assert "ulimit -v" in said


def test_a_node_that_is_too_small_is_named_by_all_ranks(tmp_path):
    """Three ranks; the last one is on a node of its own, by name, and is allowed less than its share."""
    if subprocess.run(["unshare", "--uts", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("a node's name cannot be changed here")
    node = tmp_path / "node"
    node.write_text(f"""#!/bin/sh
    [ "$OMPI_COMM_WORLD_RANK" = 2 ] || exec {binary()} "$@"
    exec unshare --uts sh -c 'hostname small; ulimit -v 1000000; exec {binary()} "$@"' node "$@"
    """)
    node.chmod(0o755)
    said = refused("--peers.count=3000000", cwd=tmp_path, ranks=3, program=node)
    assert "there are 0." in said and "on small (the process's address space limit" in said, said
    assert "ranks there: 1)" in said, said


def test_memory_that_runs_out_ends_the_run_with_code_1(tmp_path):
    done = execute(["run", GOOD, "--peers.count=2000000", "--parallel.check_memory=false", "--parallel.threads=1",
                    "--output", "result.h5"], cwd=tmp_path, preexec=limited(600))
    assert done.returncode == 1 and "out of memory" in done.stderr, (done.returncode, done.stderr)
    assert not (tmp_path / "result.h5").exists()


def test_overflowing_time_ends_the_run_with_code_3(tmp_path):
    """Executions of a median of 285 years: the second in a queue would end after 2^63 ns, 292 years."""
    done = execute(["run", GOOD, "--capability.classes=a:9000000000s", "--workflow.steps=a/low",
                    "--output", "result.h5"], cwd=tmp_path)
    assert done.returncode == 3 and "overflow" in done.stderr, (done.returncode, done.stderr)
    assert not (tmp_path / "result.h5").exists()


@pytest.mark.parametrize("ranks", [None, 2])
def test_books_that_do_not_balance_end_the_run_with_code_1(tmp_path, ranks):
    """With seed 13 the program with planted faults loses some messages without counting them."""
    settings = ["--run.duration=60s", "--run.warmup=5s", "--quiet"]
    for seed, code in ((12, 0), (13, 1)):
        done = execute(["run", GOOD, *settings, f"--run.seed={seed}", "--output", f"{seed}.h5"], ranks=ranks,
                       cwd=tmp_path, program=time_order_binary())
        assert done.returncode == code, (done.returncode, done.stderr)
        assert (tmp_path / f"{seed}.h5").exists() == (code == 0)
    assert done.stderr.count("the books do not balance") == 1 and "sent, and those delivered" in done.stderr
