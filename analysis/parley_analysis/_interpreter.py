"""Says which interpreter is needed when started with one that lacks the packages."""
from __future__ import annotations

import importlib.util
import sys

PACKAGES = ("h5netcdf", "h5py", "matplotlib", "numpy", "pandas", "scipy", "xarray")


def require_packages() -> None:
    """ImportError of one line when this Python lacks a package."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"parley_analysis needs {', '.join(missing)}, which {sys.executable} lacks; use "
                          "Debian's /usr/bin/python3 with the packages of tools/setup.sh analysis")
