"""Joins sources into few translation units for clang-tidy, which spends most of its time in headers.

Usage: lint_units.py BUILD TARGET     reads BUILD/compile_commands.json, writes TARGET/compile_commands.json and
                                      the joined sources; prints nothing

Sources of one folder and one set of flags come together. Unit tests name their helpers alike: in a copy the unnamed
namespace of each gets a name of its own. Lines stay where they are, and tools/lint.sh cuts TARGET off the paths of
findings. Other sources in tests/ are programs, and stay alone.
"""
from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 12  # sources a unit: two cores get equal work


def flags_of(command: str, source: str) -> tuple[str, ...]:
    """The compiler's arguments without the file, its output and what names the target."""
    words = shlex.split(command)
    kept, skip = [], False
    for word in words[1:]:
        if skip or word in ("-o", "-c", source):
            skip = word == "-o"
            continue
        kept.append(word)
    return tuple(kept)


def text_for(source: Path, target: Path, number: int) -> Path:
    """The file to include for a source: itself, or for a test a copy whose private names are its own."""
    path = source.relative_to(ROOT)
    if not path.name.endswith("_test.cpp"):
        return source
    copy = target / path
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(re.sub(r"^namespace \{$", f"namespace unit_{number} {{", source.read_text(), flags=re.M))
    return copy


def main(build: Path, target: Path) -> None:
    groups: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        if source.is_relative_to(build) or not source.is_relative_to(ROOT):
            continue  # generated
        path = source.relative_to(ROOT)
        flags = flags_of(entry["command"], entry["file"])
        if path.name.endswith("_test.cpp"):
            flags = (*flags, f"-I{source.parent}")  # copies lose the folder that #include "..." searches first
        program = path.parts[0] == "tests" and not path.name.endswith("_test.cpp")
        groups[(str(path if program else Path(*path.parent.parts[:2])), *flags)].append(source)
    target.mkdir(parents=True, exist_ok=True)
    commands = []
    # The configuration is that of the folder the unit lies in.
    for top in ("engine", "models", "tests"):
        (target / top).mkdir()
        if (ROOT / top / ".clang-tidy").exists():
            shutil.copy(ROOT / top / ".clang-tidy", target / top)
    for (folder, *flags), sources in groups.items():
        parts = -(-len(sources) // MOST)
        for part in range(parts):
            unit = target / folder.split("/")[0] / f"unit_{len(commands)}.cpp"
            unit.write_text("".join(f'#include "{text_for(source, target, number)}"\n'
                                    for number, source in enumerate(sorted(sources)[part::parts])))
            commands.append({"directory": str(build), "file": str(unit),
                             "arguments": ["c++", *flags, "-c", str(unit)]})
    (target / "compile_commands.json").write_text(json.dumps(commands, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
