"""Starts the program from Python, for notebooks: what is there already is not run again."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCE_TREE = Path(__file__).resolve().parents[2]


def repository() -> Path:
    """The root of the repository: $PARLEY_ROOT, else where this package lies, else above the current folder.

    FileNotFoundError when none of them is one.
    """
    candidates = [Path(os.environ["PARLEY_ROOT"])] if "PARLEY_ROOT" in os.environ else []
    candidates += [SOURCE_TREE, Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "jobs" / "sweep").is_file():
            return folder
    raise FileNotFoundError("the repository of Parley is not found; set PARLEY_ROOT to its folder")


def program() -> Path:
    """The binary: $PARLEY_BINARY, else build/release/parley; FileNotFoundError when it is not built."""
    binary = Path(os.environ.get("PARLEY_BINARY", repository() / "build" / "release" / "parley"))
    if not binary.is_file():
        raise FileNotFoundError(f"there is no program {binary}; build it with ./quickstart.sh, or set PARLEY_BINARY")
    return binary.resolve()


def run(config: str | Path, output: str | Path, settings: Mapping[str, object] | None = None) -> Path:
    """`parley run`: the result file; kept when it exists. RuntimeError with the program's message when it fails.

    `config` is relative to the repository, `output` to the current folder; settings: {"section.key": value}.
    """
    output = Path(output)
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        _execute([program(), "run", repository() / config, *_overrides("--", settings), "--output", output, "--quiet"])
    return output


def run_sweep(sweep: str | Path, output: str | Path, seeds: int | None = None,
              settings: Mapping[str, object] | None = None, jobs: int | None = None, show: bool = False) -> Path:
    """`jobs/sweep run`: the folder; finished runs are kept. RuntimeError when a run fails.

    `jobs`: runs at a time; `show`: its progress goes to the terminal.
    """
    command = ["/usr/bin/python3", repository() / "jobs" / "sweep", "run", repository() / sweep, "--output", output,
               "--binary", program()]
    if seeds is not None:
        command += ["--seeds", seeds]
    if jobs is not None:
        command += ["-j", jobs]
    for override in _overrides("", settings):
        command += ["--set", override]
    _execute(command, show)
    return Path(output)


def _overrides(prefix: str, settings: Mapping[str, object] | None) -> list[str]:
    return [f"{prefix}{key}={value}" for key, value in (settings or {}).items()]


def _execute(command: list[object], show: bool = False) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=not show, text=True, check=False)
    if done.returncode != 0:
        said = "" if show else f": {done.stderr.strip()}"
        raise RuntimeError(f"{Path(str(command[0])).name} ended with {done.returncode}{said}")
