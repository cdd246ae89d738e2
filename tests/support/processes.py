"""Processes of a run that is under way."""
from __future__ import annotations

import os

from parley_runs import binary


def ranks_of(ancestor: int) -> list[int]:
    """The processes of the program started, directly or not, by `ancestor`."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    name, rest = file.read().rsplit(")", 1)
                parents[int(entry)] = (int(rest.split()[1]), name.split("(", 1)[1])
            except OSError:
                continue
    family = {ancestor}
    while True:
        more = {pid for pid, (parent, _) in parents.items() if parent in family} - family
        if not more:
            return [pid for pid in family if pid in parents and parents[pid][1] == binary().name[:15]]
        family |= more
