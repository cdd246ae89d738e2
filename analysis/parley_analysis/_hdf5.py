"""Reads what a sweep needs of one result file, with one opening and few calls.

h5py's own objects take some 50 us each; a run has 60 summary values and 70 parameters, and a sweep has a
thousand runs. The low-level calls below are ten times as fast.
"""
from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5s, h5t

from .schema import FormatError, check_version
from .seal import CHANGED, SEAL_BYTES, damage

Value = str | int | float


@dataclass
class Scalars:
    """The part of a run that a row of a frame shows."""

    config: dict[str, str]
    summary: dict[str, int | float]
    provenance: dict[str, Value]


def open_result(file: str | Path) -> h5py.File:
    """Opens a result for reading; FormatError when it is none, damaged, or of another version."""
    try:
        _check_seal(file)
        result = h5py.File(file, "r")
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {file}") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{file} is a folder; name a result file in it") from None
    except OSError as error:
        if "unable to lock file" in str(error):
            raise OSError(f"{file} is being written; wait for the run, or follow it with "
                          "`python3 -m parley_analysis watch`") from None
        raise FormatError(f"{file} is not an HDF5 file, or is damaged ({error})") from None
    try:
        with _damage_named(file):
            check_version(result.attrs, file)
    except FormatError:
        result.close()
        raise
    return result


def _check_seal(file: str | Path) -> None:
    """FormatError when a complete result is not, byte for byte, what the run wrote."""
    found = damage(file)
    if found:
        remedy = ("; copy it again or make the run again, or, if the change was meant, take it from "
                  f"`tail -c +{SEAL_BYTES + 1} {file} > COPY`")
        raise FormatError(f"{file} is {found}" + (remedy if found == CHANGED else ""))


@contextmanager
def _damage_named(file: str | Path) -> Iterator[None]:
    """Makes a FormatError that names the file of what HDF5 says when it cannot read a part of it."""
    try:
        yield
    except FormatError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, SystemError,
            TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise FormatError(f"{file} is damaged ({type(error).__name__}: {reason}); make the run again") from error


@contextmanager
def whole_result(file: str | Path) -> Iterator[h5py.File]:
    """A result to be read as a whole: what HDF5 cannot read of it is a FormatError that names the file."""
    with open_result(file) as result, _damage_named(file):
        yield result


def read_scalars(file: str | Path, provenance: Collection[str] | None = None) -> Scalars:
    """Parameters, scalars of /summary and attributes of /provenance (all, or those named) of one result."""
    with whole_result(file) as result:
        return Scalars(read_config(result), read_summary(result), read_attributes(result, "provenance", provenance))


def read_provenance(file: str | Path) -> dict[str, Value]:
    """The attributes of /provenance of one result."""
    with whole_result(file) as result:
        return read_attributes(result, "provenance")


def read_config(result: h5py.File) -> dict[str, str]:
    """Every parameter that changes results: "section.key" -> its value as text.

    The attributes hold them one by one; the attribute `text` is read at once and holds all but empty values.
    """
    if "config" not in result:
        return {}
    group = h5g.open(result.id, b"config")
    names: list[str] = []
    h5a.iterate(group, lambda name: names.append(name.decode()))
    keys = [name for name in names if "." in name]
    listed = ini_values(_text(group, b"text")) if "text" in names else {}
    attributes = result["config"].attrs
    return {key: listed[key] if key in listed else str(attributes[key]) for key in keys}


def ini_values(text: str) -> dict[str, str]:
    """The values of a resolved configuration: "section.key" -> text."""
    values: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif " = " in line:
            key, _, value = line.partition(" = ")
            values[f"{section}.{key.strip()}"] = value.strip()
    return values


def read_summary(result: h5py.File) -> dict[str, int | float]:
    """The scalar numbers of /summary."""
    values: dict[str, int | float] = {}
    if "summary" not in result:
        return values
    group = h5g.open(result.id, b"summary")
    for index in range(group.get_num_objs()):
        name = group.get_objname_by_idx(index)
        dataset = h5d.open(group, name)
        if dataset.get_space().get_simple_extent_ndims() != 0:
            continue
        number = {h5t.INTEGER: np.int64, h5t.FLOAT: np.float64}.get(dataset.get_type().get_class())
        if number is None:
            continue
        if number is np.int64 and dataset.get_type().get_sign() == h5t.SGN_NONE:
            number = np.uint64
        value = np.empty((), dtype=number)
        dataset.read(h5s.ALL, h5s.ALL, value)
        values[name.decode()] = value.item()
    return values


def read_attributes(result: h5py.File, group: str, names: Collection[str] | None = None) -> dict[str, Value]:
    """The attributes of a group as Python values (all, or those of `names` it has); empty without the group."""
    if group not in result:
        return {}
    attributes = result[group].attrs
    wanted = attributes if names is None else [name for name in names if name in attributes]
    return {name: plain(attributes[name]) for name in wanted}


def plain(value: object) -> Value:
    """A Python number or text instead of NumPy's."""
    python = value.item() if isinstance(value, np.generic) else value
    return python if isinstance(python, (int, float)) else str(python)


def _text(group: h5g.GroupID, name: bytes) -> str:
    attribute = h5a.open(group, name)
    value = np.empty((), dtype=attribute.dtype)
    attribute.read(value)
    text = value.item()
    return text.decode() if isinstance(text, bytes) else str(text)
