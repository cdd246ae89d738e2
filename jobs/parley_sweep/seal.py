# This file is in analysis/parley_analysis and in jobs/parley_sweep, the same byte for byte: change both. It imports
# the standard library only: jobs/sweep runs without the package.
"""Whether a result file still holds what the run wrote: its first line gives the SHA-256 of all bytes behind it."""
from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

SEAL_BYTES = 512
FIRST_SEALED = 4  # schema version
CHANGED = "damaged, or was changed (it does not hold what the run wrote: its SHA-256 is another)"
FOREIGN = "not an HDF5 file, or is damaged (it begins with neither HDF5's signature nor the line of a Parley result)"
_HDF5 = b"\x89HDF\r\n\x1a\n"  # files without the line: of schema versions 1 to 3, or made by other tools
_OPEN = b"Parley result, not complete: the run has not ended\n"
_COMPLETE = re.compile(rb"Parley result, complete; SHA-256 from byte 513 on: ([0-9a-f]{64})\n\0*\Z")


def damage(file: str | Path) -> str:
    """What a file is that is not, byte for byte, what the run wrote: CHANGED or FOREIGN; "" for all others.

    A file is read once, until it changes. OSError as of open().
    """
    status = os.stat(file)
    return _damage_of_content(os.path.abspath(file), status.st_ino, status.st_size, status.st_mtime_ns)


def is_sealed(file: str | Path) -> bool:
    """Whether the file says what its bytes must be: complete results do, from schema version 4 on."""
    with open(file, "rb") as stream:
        return _COMPLETE.match(stream.read(SEAL_BYTES)) is not None


def is_complete(file: str | Path) -> bool:
    """Whether a file is, by its first bytes, the result of a run that has ended; False for a FILE.part, whatever its
    name, and for other files. Results without the first line (see _HDF5) count as complete."""
    with open(file, "rb") as stream:
        head = stream.read(SEAL_BYTES)
    return head.startswith(_HDF5) or _COMPLETE.match(head) is not None


@lru_cache(maxsize=65536)
def _damage_of_content(file: str, _inode: int, _size: int, _changed: int) -> str:
    with open(file, "rb") as stream:
        head = stream.read(SEAL_BYTES)
        if head.startswith(_HDF5) or head.rstrip(b"\0") == _OPEN:
            return ""
        seal = _COMPLETE.match(head)
        if seal is None:
            return FOREIGN
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return "" if digest.hexdigest() == seal[1].decode() else CHANGED
