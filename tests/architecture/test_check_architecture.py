"""The checker finds every kind of planted violation, and accepts what is allowed."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKER = Path(__file__).with_name("check_architecture.py")

# A tree without violations: each rule's allowed side.
CLEAN = {
    "engine/mpi_transport.cpp": "#include <mpi.h>\n",
    "engine/hdf5_recorder.cpp": "#include <hdf5.h>\n",
    "engine/hdf5_scales.cpp": "#include <hdf5_hl.h>\n",
    "engine/hdf5_checkpoint.cpp": "#include <hdf5.h>\n",
    "engine/population.hpp": "#pragma once\n#include <vector>\n// <mpi.h> is elsewhere\ninline void f() {\n"
    "#pragma omp parallel\n    {}\n}\n",
    "engine/run_options.cpp": "#include <omp.h>\n",
    "engine/transport.hpp": "#pragma once\n#include <cstdint>\nstruct Transport { std::int64_t x; };\n",
    "models/kernels/matching.hpp": '#pragma once\n#include <span>\n#include "engine/transport.hpp"\n',
    "models/kernels/reputation.cpp": '#include <Eigen/Dense>\n#include <omp.h>\n#include "models/kernels/matching.hpp"\n'
    "#pragma omp parallel for\n",
    "models/agentic/identity/ed25519.cpp": "#include <sodium.h>\n",
    "models/agentic/model.cpp": '#include "engine/transport.hpp"\n#include "models/kernels/matching.hpp"\n'
    "/* std::mt19937\n   rand() */ int operand(int brand);\n",
    "models/phold/model.cpp": '#include "engine/transport.hpp"\n',
    "models/main.cpp": '#include "models/agentic/a.hpp"\n#include "models/phold/p.hpp"\n',
}


def write_tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run_checker(root, *options):
    return subprocess.run(
        [sys.executable, str(CHECKER), str(root), *options], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_clean_tree_passes(tmp_path):
    write_tree(tmp_path, CLEAN)
    result = run_checker(tmp_path, "--compiler", "g++")
    assert result.stdout == ""
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("engine/simulation.cpp", "#include <mpi.h>"),
        ("models/agentic/model.cpp", "#include <mpi.h>"),
        ("models/kernels/reputation.cpp", "#include <mpi.h>"),
        ("engine/recorder.hpp", "#include <hdf5.h>"),
        ("models/main.cpp", "#  include <hdf5_hl.h>"),
        ("models/agentic/identity/signatures.cpp", "#include <sodium.h>"),
        ("engine/partition.hpp", "#include <omp.h>"),
        ("models/agentic/model.cpp", "#include <omp.h>"),
        ("models/agentic/model.cpp", "  #pragma omp parallel for"),
        ("models/phold/model.cpp", "# pragma omp simd"),
        ("engine/model.hpp", '#include "models/agentic/model.hpp"'),
        ("engine/model.hpp", '#include "tests/support.hpp"'),
        ("models/kernels/matching.cpp", '#include "engine/error.hpp"'),
        ("models/kernels/matching.cpp", '#include "models/agentic/parameters.hpp"'),
        ("models/kernels/matching.cpp", "#include <boost/program_options.hpp>"),
        ("models/agentic/model.cpp", '#include "models/phold/phold_model.hpp"'),
        ("models/phold/model.cpp", '#include "models/agentic/parameters.hpp"'),
        ("models/agentic/model.cpp", "std::normal_distribution<double> normal;"),
        ("models/agentic/model.cpp", "std::mt19937_64 engine;"),
        ("engine/random_stream.hpp", "std::random_device device;"),
        ("engine/random_stream.hpp", "int x = rand();"),
        ("models/phold/model.cpp", "std::shuffle(a, b, c);"),
    ],
)
def test_a_planted_line_is_found(tmp_path, file, line):
    write_tree(tmp_path, CLEAN)
    write_tree(tmp_path, {file: f"int first;\n\n{line}\n"})
    result = run_checker(tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith(f"{file}:3: ")
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "header",
    ["std::vector<int> values;\n", '#include "engine/missing.hpp"\n', "struct Half {\n"],
)
def test_a_header_that_does_not_compile_alone_is_found(tmp_path, header):
    write_tree(tmp_path, CLEAN)
    write_tree(tmp_path, {"models/agentic/half.hpp": header})
    result = run_checker(tmp_path, "--compiler", "g++")
    assert result.returncode == 1
    assert "models/agentic/half.hpp:1: does not compile alone" in result.stdout


def test_an_empty_tree_is_no_success(tmp_path):
    assert run_checker(tmp_path).returncode == 1
