"""Compares what two result files say: everything outside /provenance, by names, types, shapes, bytes, attributes."""
from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

EXECUTION = "provenance"
# How the run was executed, in the resolved text: not part of what it simulated.
EXECUTION_SECTIONS = ("parallel", "output", "checkpoint")


def items(file: h5py.File) -> dict[str, h5py.Group | h5py.Dataset]:
    found = {"/": file["/"]}

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if name.split("/")[0] != EXECUTION:
            found[name] = item

    file.visititems(note)
    return found


def simulated_text(text: str) -> str:
    """The resolved configuration without the sections that say how to execute it."""
    section, kept = "", []
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        if section not in EXECUTION_SECTIONS:
            kept.append(line)
    return "\n".join(kept)


def plain(item: h5py.Group | h5py.Dataset, value: object) -> object:
    """An attribute's value in a form that can be compared: references become the names they lead to."""
    if isinstance(value, h5py.Reference):
        return item.file[value].name
    if isinstance(value, np.ndarray):
        return (value.shape, str(value.dtype), [plain(item, element) for element in value.ravel()])
    if isinstance(value, (np.void, tuple)):
        return tuple(plain(item, element) for element in value)
    if isinstance(value, np.generic):
        return (str(value.dtype), value.tobytes())
    return value


def difference_of_attributes(name: str, a: h5py.Group | h5py.Dataset, b: h5py.Group | h5py.Dataset) -> str | None:
    if list(a.attrs) != list(b.attrs):
        return f"{name}: attributes {sorted(set(a.attrs) ^ set(b.attrs)) or 'in another order'} differ"
    for key in a.attrs:
        first, second = plain(a, a.attrs[key]), plain(b, b.attrs[key])
        if name == "config" and key == "text":
            first, second = simulated_text(str(first)), simulated_text(str(second))
        if first != second:
            return f"{name}: attribute {key} is {first!r:.80} and {second!r:.80}"
    return None


def content(data: h5py.Dataset) -> bytes:
    values = data[()]
    if data.dtype.hasobject:  # texts
        return b"\0".join(bytes(text) for text in np.ravel(values))
    return np.asarray(values).tobytes()


def difference_of_data(name: str, a: h5py.Dataset, b: h5py.Dataset) -> str | None:
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return f"{name}: {a.dtype} {a.shape} and {b.dtype} {b.shape}"
    if content(a) == content(b):
        return None
    if a.dtype.hasobject or a.shape == ():
        return f"{name}: {a[()]!r:.60} and {b[()]!r:.60}"
    first, second = np.ravel(a[()]), np.ravel(b[()])
    differs = np.flatnonzero(first.view(np.uint64) != second.view(np.uint64))
    where = tuple(int(i) for i in np.unravel_index(differs[0], a.shape))
    return f"{name}: {len(differs)} of {first.size} values, the first at {where}: {a[where]} and {b[where]}"


def first_difference(one: Path, other: Path) -> str | None:
    """What differs first between two result files, in words; None if they say the same."""
    with h5py.File(one) as a, h5py.File(other) as b:
        names_a, names_b = items(a), items(b)
        if list(names_a) != list(names_b):
            return f"only in one of them: {sorted(set(names_a) ^ set(names_b)) or 'nothing, but in another order'}"
        for name, item in names_a.items():
            twin = names_b[name]
            if type(item) is not type(twin):
                return f"{name}: a group in one, a dataset in the other"
            found = difference_of_attributes(name, item, twin)
            if found is None and isinstance(item, h5py.Dataset):
                found = difference_of_data(name, item, twin)
            if found is not None:
                return found
    return None


def raw_datasets(path: Path) -> dict[str, bytes]:
    """The stored bytes of every dataset outside /provenance, as they lie in the file (chunks still compressed)."""
    raw = {}
    with h5py.File(path) as file:
        for name, item in items(file).items():
            if not isinstance(item, h5py.Dataset):
                continue
            if item.chunks is not None:
                chunks = [item.id.read_direct_chunk(item.id.get_chunk_info(i).chunk_offset)[1]
                          for i in range(item.id.get_num_chunks())]
                raw[name] = b"".join(chunks)
            elif item.id.get_offset() is not None and not item.dtype.hasobject:
                with open(path, "rb") as stream:
                    stream.seek(item.id.get_offset())
                    raw[name] = stream.read(item.id.get_storage_size())
            else:  # inside the object's header, or texts
                raw[name] = content(item)
    return raw
