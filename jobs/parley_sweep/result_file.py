"""Whether a result file is whole, as far as its first and last bytes tell.

That takes no longer than looking whether the file is there, so every command can do it for every run. It finds what a
copy that was cut short leaves, and files that are no results. A byte that changed in the middle it does not find: that
takes the SHA-256 of the whole file (docs/file-format.md), which is checked where numbers are read.
"""
from __future__ import annotations

import os
import re
from pathlib import Path

SEAL_BYTES = 512       # docs/file-format.md, "The first line"; files of schema versions 1 to 3 have none
SUPERBLOCK_BYTES = 96  # at most, of any version
COMPLETE = re.compile(rb"Parley result, complete; SHA-256 from byte 513 on: [0-9a-f]{64}\n\0*")
NOT_COMPLETE = b"Parley result, not complete"
HDF5 = b"\x89HDF\r\n\x1a\n"
ADDRESS_BYTES = 8


def damage(file: Path) -> str:
    """Why the file is not the whole result of a run; empty when it seems to be.

    OSError when it cannot be read: that says nothing of what it holds.
    """
    with open(file, "rb") as stream:
        head = stream.read(SEAL_BYTES + SUPERBLOCK_BYTES)
        size = os.fstat(stream.fileno()).st_size
    superblock = head
    if not head.startswith(HDF5):
        if head.startswith(NOT_COMPLETE):
            return "it is of a run that had not ended"
        if not COMPLETE.fullmatch(head[:SEAL_BYTES]):
            return "it is no result: it does not begin as one"
        superblock = head[SEAL_BYTES:]
        if not superblock.startswith(HDF5):
            return f"it ends after {size} bytes" if len(superblock) < len(HDF5) else "HDF5's signature is not in it"
    end = _end_of_file(superblock)
    if end is None:
        return f"it ends after {size} bytes"
    return f"it has {size} of {end} bytes" if size < end else ""


def _end_of_file(superblock: bytes) -> int | None:
    """The end of the file that HDF5 has noted (HDF5 file format specification, II.A); None: cut off before it.

    0 when addresses are not of 8 bytes, as nothing writes them today.
    """
    if len(superblock) < SUPERBLOCK_BYTES:
        return None
    version = superblock[8]
    address_bytes = superblock[13] if version < 2 else superblock[9]
    position = {0: 40, 1: 44}.get(version, 28)
    if address_bytes != ADDRESS_BYTES:
        return 0
    return int.from_bytes(superblock[position:position + ADDRESS_BYTES], "little")
