"""The package list and the shell scripts."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL_SCRIPTS = [ROOT / ".ci" / "run", ROOT / "quickstart.sh", ROOT / "test.sh",
                 *sorted((ROOT / "tools").glob("*.sh"))]
PROGRAMS = [*SHELL_SCRIPTS, ROOT / "jobs" / "sweep"]


def package_groups() -> dict[str, list[str]]:
    """Group -> packages in the order of the file."""
    groups: dict[str, list[str]] = {}
    for line in (ROOT / "tools" / "packages.txt").read_text().splitlines():
        heading = re.match(r"# \[([a-z]+)\]", line)
        if heading:
            packages = groups.setdefault(heading[1], [])
        elif line and not line.startswith("#"):
            packages.append(line)
    return groups


def call(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_groups_are_sorted_and_name_each_package_once():
    groups = package_groups()
    assert list(groups) == ["build", "analysis", "notebooks", "tests"]
    for packages in groups.values():
        assert packages == sorted(packages)
    everything = sum(groups.values(), [])
    assert len(everything) == len(set(everything))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", package) for package in everything)


def test_setup_with_everything_installed_changes_nothing():
    result = call("tools/setup.sh", "analysis", "tests")
    assert result.returncode == 0 and "are installed" in result.stdout, result.stderr


def test_setup_refuses_an_unknown_group():
    result = call("tools/setup.sh", "nonsense")
    assert result.returncode == 2 and "build analysis notebooks tests" in result.stderr


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shellcheck(script):
    result = call("shellcheck", str(script))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_programs_can_be_started(program):
    assert program.stat().st_mode & 0o111
    assert program.read_text().startswith("#!")


@pytest.mark.parametrize("script", ["quickstart.sh", "test.sh", "tools/setup.sh"])
def test_help_and_unknown_options(script):
    assert "Usage:" in call(f"./{script}", "--help").stdout
    assert call(f"./{script}", "--nonsense").returncode == 2


def test_python_is_clean():
    files = [path for folder in ("analysis", "jobs", "tests") for path in (ROOT / folder).rglob("*.py")]
    result = call("pyflakes3", str(ROOT / "jobs" / "sweep"), *map(str, files))
    assert result.returncode == 0, result.stdout
