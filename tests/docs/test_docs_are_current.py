"""The documentation says what the program does: parameters, datasets, links, examples.

Started as a program, this file renews docs/parameters.md.
"""
from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("PARLEY_BINARY", ROOT / "build" / "release" / "parley")).resolve()
PARAMETERS = ROOT / "docs" / "parameters.md"
GUIDE = ROOT / "docs" / "user-guide.md"
SKIPPED_FOLDERS = {"build", "results", ".git", "node_modules"}
SWEEP_SECTIONS = {"sweep", "set", "axes", "seeds"}


def markdown_files() -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted(file for file in ROOT.rglob("*.md")
                  if not SKIPPED_FOLDERS & {part.lower() for part in file.relative_to(ROOT).parts[:-1]})


def user_documents() -> list[Path]:
    return [file for file in markdown_files() if file.parent in (ROOT, ROOT / "docs")]


def parley(*arguments: str) -> str:
    """What the program prints."""
    answer = subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def parameter_keys() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9_.]+)` \|", parley("describe", "--markdown"), re.MULTILINE))


def code_blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, content) of the fenced blocks."""
    for match in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
        yield match[2], match[3]


def without_code_blocks(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """The name GitHub gives a heading."""
    kept = "".join(c for c in heading.strip().lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def ini_keys(block: str) -> Iterator[str]:
    """The parameters that an INI block sets; sweep files name them in full."""
    section = ""
    for line in block.splitlines():
        content = line.split("#", 1)[0].strip()
        if content.startswith("[") and content.endswith("]"):
            section = content[1:-1]
        elif "=" in content:
            key = content.partition("=")[0].strip()
            in_sweep = section in SWEEP_SECTIONS or section.startswith("linked ")
            if not in_sweep:
                yield f"{section}.{key}"
            elif "." in key:
                yield key


def test_parameters_page_is_what_the_program_describes() -> None:
    text = PARAMETERS.read_text("utf-8")
    described = parley("describe", "--markdown").strip()
    assert text[text.index("\n## ") + 1:].strip() == described, (
        "docs/parameters.md is not current; run /usr/bin/python3 tests/docs/test_docs_are_current.py")


@pytest.mark.parametrize("file", markdown_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_relative_links_resolve(file: Path) -> None:
    text = without_code_blocks(file.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        linked = (file.parent / path).resolve() if path else file
        assert linked.exists(), f"{file.relative_to(ROOT)} links to {target}, which does not exist"
        if fragment and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", without_code_blocks(linked.read_text("utf-8")), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, (
                f"{file.relative_to(ROOT)} links to {target}, but there is no such heading")


@pytest.mark.parametrize("file", user_documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_parameters_named_in_the_documents_exist(file: Path) -> None:
    text = file.read_text("utf-8")
    known = parameter_keys()
    sections = {key.partition(".")[0] for key in known}
    named = set(re.findall(r"--([a-z_]+\.[a-z0-9_]+)", text))
    for language, block in code_blocks(text):
        if language == "ini":
            named |= set(ini_keys(block))
        for inner in re.findall(r"<<'END'\n(\[.*?)^END$", block, re.MULTILINE | re.DOTALL):
            named |= set(ini_keys(inner))
    for code in re.findall(r"`([a-z_]+\.[a-z0-9_]+)`", text):
        if code.partition(".")[0] in sections and code.partition(".")[2] not in ("ini", "h5", "hpp", "cpp"):
            named.add(code)
    named -= {"section.key", "section.name", "descriptor.tll"}
    assert named <= known, f"unknown parameters: {sorted(named - known)}"


def example_messages() -> list[tuple[str, str]]:
    """(arguments, message) of the guide's table of bad input."""
    text = GUIDE.read_text("utf-8")
    table = text[text.index("| arguments | message |"):].split("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (?:``(.+)``|`([^`]+)`) \|$", table, re.MULTILINE)
    return [(arguments, double or single) for arguments, double, single in rows]


def test_bad_input_gives_the_messages_of_the_guide(tmp_path: Path) -> None:
    messages = example_messages()
    assert len(messages) >= 10
    for arguments, message in messages:
        answer = subprocess.run([str(BINARY), "run", str(ROOT / "configs" / "paper-sybil.ini"), *shlex.split(arguments)],
                                capture_output=True, text=True, check=False, cwd=tmp_path)
        assert answer.returncode == 2, arguments
        assert answer.stderr.strip() == f"parley: {message}"
        assert not list(tmp_path.iterdir()), "a run with bad input has written something"


@pytest.mark.parametrize("file", markdown_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_paths_of_one_machine(file: Path) -> None:
    found = re.findall(r"(?<![\w./~<-])/(?:work|root|home|tmp|opt|mnt|srv|var|data|scratch)(?:/[\w.-]*)?",
                       file.read_text("utf-8"))
    assert not found, f"{file.relative_to(ROOT)} names {found}"


@pytest.mark.parametrize("file", sorted((ROOT / "configs" / "sweeps").glob("*.ini")), ids=lambda file: file.name)
def test_preset_sweeps_are_good(file: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    answer = subprocess.run(["/usr/bin/python3", str(ROOT / "jobs" / "sweep"), "plan", str(file)],
                            capture_output=True, text=True, check=False, env=environment)
    assert answer.returncode == 0, answer.stderr
    named = set(re.findall(r"^([a-z_]+\.[a-z0-9_]+)\s*=", file.read_text("utf-8"), re.MULTILINE))
    assert named <= parameter_keys()


def test_example_model_compiles_and_runs(tmp_path: Path) -> None:
    """docs/adding-a-model.md: its command, its output, the same with several partitions."""
    library = BINARY.parent / "engine" / "libparley_engine.a"
    if not library.exists():
        pytest.skip(f"the engine's library is not beside {BINARY}")
    program = tmp_path / "rumour"
    compiled = subprocess.run(["g++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-fopenmp", "-I.",
                               "docs/examples/rumour.cpp", str(library), "-o", str(program)],
                              capture_output=True, text=True, check=False, cwd=ROOT)
    assert compiled.returncode == 0, compiled.stderr
    assert not compiled.stderr, compiled.stderr
    outputs = [subprocess.run([str(program), partitions], capture_output=True, text=True, check=True).stdout
               for partitions in ("1", "2", "4")]
    assert len(set(outputs)) == 1
    assert outputs[0].strip() in (ROOT / "docs" / "adding-a-model.md").read_text("utf-8")


def test_example_strategy_compiles_and_runs(tmp_path: Path) -> None:
    """docs/adding-an-adversary.md: its command and its output."""
    libraries = [BINARY.parent / folder / name for folder, name in (
        ("models", "libparley_agentic.a"), ("models", "libparley_kernels.a"), ("engine", "libparley_engine.a"))]
    if not all(library.exists() for library in libraries):
        pytest.skip(f"the libraries are not beside {BINARY}")
    program = tmp_path / "sleepers"
    compiled = subprocess.run(["g++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-ffp-contract=off", "-fopenmp", "-I.",
                               "docs/examples/sleepers.cpp", *map(str, libraries),
                               "-lboost_program_options", "-lsodium", "-o", str(program)],
                              capture_output=True, text=True, check=False, cwd=ROOT)
    assert compiled.returncode == 0, compiled.stderr
    assert not compiled.stderr, compiled.stderr
    output = subprocess.run([str(program)], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert output.strip() in (ROOT / "docs" / "adding-an-adversary.md").read_text("utf-8")


def renew_parameters_page() -> None:
    text = PARAMETERS.read_text("utf-8")
    head = text[:text.index("\n## ") + 1]
    PARAMETERS.write_text(head + parley("describe", "--markdown").strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    renew_parameters_page()
