#!/usr/bin/env python3
"""Checks who includes whom, and that every header compiles alone.

Usage: check_architecture.py ROOT [--compiler CXX --include FOLDER...]

Prints one line a violation, FILE:LINE: what is wrong; exit code 1 when there is one. Without --compiler the
headers are not compiled.
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCES = (".hpp", ".cpp", ".ipp")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
PRAGMA_OMP = re.compile(r"^\s*#\s*pragma\s+omp\b|\b_Pragma\s*\(\s*\"omp\b")

# Headers that only a few files may include: name -> files, or folders with a slash at the end.
RESERVED = {
    "mpi.h": ("engine/mpi_transport.cpp",),
    "hdf5.h": ("engine/hdf5_objects.hpp", "engine/hdf5_file_driver.hpp", "engine/hdf5_scales.hpp",
               "engine/hdf5_table.hpp", "engine/hdf5_result_groups.hpp", "engine/hdf5_recorder.cpp",
               "engine/hdf5_checkpoint.cpp"),
    "hdf5_hl.h": ("engine/hdf5_scales.cpp",),
    "sodium.h": ("engine/result_seal.cpp", "models/agentic/identity/ed25519.cpp"),
    "xxhash.h": ("engine/checkpoint_file.cpp",),
    "omp.h": ("engine/population.hpp", "engine/run_options.cpp", "models/kernels/"),
}
OPENMP_PRAGMAS = RESERVED["omp.h"]

# What the files of a folder must not include.
FORBIDDEN = {
    "engine/": ("models/", "tests/"),
    "models/agentic/": ("models/phold/", "tests/"),
    "models/phold/": ("models/agentic/", "tests/"),
    "models/": ("tests/",),
}
# Kernels include the standard library, the compiler's intrinsics, Eigen, themselves and the transport.
KERNELS = "models/kernels/"
KERNELS_MAY_QUOTE = (KERNELS, "engine/transport.hpp")
KERNELS_MAY_BRACKET = re.compile(r"^(Eigen/.*|[a-z_0-9]+|immintrin\.h|omp\.h)$")

# Results must be the same with every C++ library: its random numbers are not.
RANDOM = re.compile(
    r"\bstd\s*::\s*(\w+_distribution|mt19937(_64)?|minstd_rand0?|ranlux\w+|knuth_b|default_random_engine|random_device"
    r"|shuffle|sample|rand|srand)\b|(?<![\w:.>])s?rand(om)?\s*\("
)


def allowed(path, places):
    """Whether `path` is one of the files, or in one of the folders."""
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def without_comments(text):
    """The text with comments blanked and line numbers kept; strings stay, as includes and _Pragma need them."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)

    def blank(match):
        token = match.group(0)
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else token

    return pattern.sub(blank, text)


def include_problem(path, bracket, name):
    """What is wrong with an include of `name` in `path`, or None."""
    if name in RESERVED and not allowed(path, RESERVED[name]):
        return f"<{name}> belongs to {', '.join(RESERVED[name])} only"
    for folder, forbidden in FORBIDDEN.items():
        if path.startswith(folder) and name.startswith(forbidden):
            return f"{folder} must not include {name}"
    if path.startswith(KERNELS):
        may = KERNELS_MAY_BRACKET.match(name) if bracket == "<" else name.startswith(KERNELS_MAY_QUOTE)
        if not may:
            return f"kernels stand on their own: {name} is neither standard, Eigen, a kernel nor engine/transport.hpp"
    return None


def check_file(root, file):
    """Violations of one file as lines of text."""
    path = file.relative_to(root).as_posix()
    problems = []
    for number, line in enumerate(without_comments(file.read_text()).splitlines(), start=1):
        found = []
        include = INCLUDE.match(line)
        if include:
            found.append(include_problem(path, *include.groups()))
        elif RANDOM.search(line):
            found.append("random numbers come from engine/random_stream.hpp and engine/distributions.hpp only")
        if PRAGMA_OMP.search(line) and not allowed(path, OPENMP_PRAGMAS):
            found.append(f"OpenMP belongs to {', '.join(OPENMP_PRAGMAS)} only")
        problems += [f"{path}:{number}: {problem}" for problem in found if problem]
    return problems


def compile_header(root, header, compiler, includes):
    """Violations of a header that does not compile as the only include of a file."""
    path = header.relative_to(root).as_posix()
    command = [compiler, "-std=c++20", "-fsyntax-only", "-fopenmp", "-I", str(root), '-DPARLEY_VERSION="0"']
    for folder in includes:
        command += ["-idirafter", folder]  # /usr/include may be among them, and has to stay last
    result = subprocess.run(
        [*command, "-x", "c++", "-"], input=f'#include "{path}"\n', capture_output=True, text=True,
        check=False, cwd=root,  # a quoted include looks in the working folder first
    )
    if result.returncode == 0:
        return []
    first = next((line for line in result.stderr.splitlines() if "error" in line), result.stderr.strip())
    return [f"{path}:1: does not compile alone: {first}"]


def check(root, compiler=None, includes=()):
    """All violations under root/engine and root/models."""
    files = sorted(f for folder in ("engine", "models") for f in (root / folder).rglob("*") if f.suffix in SOURCES)
    if not files:
        return [f"{root}: no sources in engine and models"]
    problems = [problem for file in files for problem in check_file(root, file)]
    if compiler:
        headers = [file for file in files if file.suffix == ".hpp"]
        with ThreadPoolExecutor(max_workers=2) as pool:
            for found in pool.map(lambda header: compile_header(root, header, compiler, includes), headers):
                problems += found
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--compiler")
    parser.add_argument("--include", nargs="*", default=[])
    arguments = parser.parse_args()
    problems = check(arguments.root.resolve(), arguments.compiler, arguments.include)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
