"""Whether a result file still holds what the run wrote: its first line gives the SHA-256 of all bytes behind it."""
from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

from .schema import FormatError

SEAL_BYTES = 512
FIRST_SEALED = 4  # schema version
_HDF5 = b"\x89HDF\r\n\x1a\n"  # files without the line: of schema versions 1 to 3, or made by other tools
_OPEN = b"Parley result, not complete: the run has not ended\n"
_COMPLETE = re.compile(rb"Parley result, complete; SHA-256 from byte 513 on: ([0-9a-f]{64})\n\0*\Z")


def check_seal(file: str | Path) -> None:
    """FormatError when a complete result is not, byte for byte, what the run wrote. A file is read once, until it
    changes. OSError as of open()."""
    status = os.stat(file)
    _check_content(os.path.abspath(file), status.st_ino, status.st_size, status.st_mtime_ns)


def is_sealed(file: str | Path) -> bool:
    """Whether the file says what its bytes must be: complete results do, from schema version 4 on."""
    with open(file, "rb") as stream:
        return _COMPLETE.match(stream.read(SEAL_BYTES)) is not None


@lru_cache(maxsize=65536)
def _check_content(file: str, _inode: int, _size: int, _changed: int) -> None:
    with open(file, "rb") as stream:
        head = stream.read(SEAL_BYTES)
        if head.startswith(_HDF5) or head.rstrip(b"\0") == _OPEN:
            return
        seal = _COMPLETE.match(head)
        if seal is None:
            raise FormatError(f"{file} is not an HDF5 file, or is damaged (it begins with neither HDF5's signature nor "
                              "the line of a Parley result)")
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != seal[1].decode():
        raise FormatError(f"{file} is damaged, or was changed (it does not hold what the run wrote: its SHA-256 is "
                          "another); copy it again or make the run again, or, if the change was meant, take it from "
                          f"`tail -c +{SEAL_BYTES + 1} {file} > COPY`")
