"""The package installs without network, and its installed copy works from anywhere."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_installs_into_a_venv_without_network(small_sweep, tmp_path):
    source = tmp_path / "analysis"  # so that the build leaves nothing in the repository
    shutil.copytree(ROOT / "analysis", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", str(tmp_path / "venv")], check=True)
    done = subprocess.run([str(tmp_path / "venv/bin/pip"), "install", "--quiet", "--no-index", "--no-build-isolation",
                           "--no-deps", str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = "import parley_analysis, sys; sys.exit('venv' not in parley_analysis.__file__)"
    subprocess.run([str(tmp_path / "venv/bin/python"), "-c", code], cwd=tmp_path, check=True)
    # Data files and subpackages are there, too.
    file = next((small_sweep / "runs").glob("*.h5"))
    for arguments in (["validate", str(file)], ["report", str(file), "--output", str(tmp_path / "page.html")]):
        subprocess.run([str(tmp_path / "venv/bin/parley-analysis"), *arguments], cwd=tmp_path, check=True,
                       stdout=subprocess.DEVNULL)
    assert (tmp_path / "page.html").stat().st_size > 10_000
