#!/usr/bin/python3
"""A stand-in for the binary: checks and writes what the scripts rely on, in milliseconds.

As a program it takes `run CONFIG --section.key=value ... --output FILE [--force]`, `resume CHECKPOINT --output FILE
[--force]` and `validate CONFIG ...`. Without --force a FILE that exists is refused (exit code 2). It sleeps for
run.duration seconds; at SIGUSR1 it stores what is left of them in FILE.checkpoint and ends with 75; a complete run
removes its checkpoints. It fails (exit code 3) when policy.name is `broken`, the first time when it is `flaky`, refuses
`refused` when validating (exit code 2), and stores no checkpoint when it is `stubborn`. Of several ranks only the first
does all this; the others refuse a damaged checkpoint late. Each start adds a line to the file $FAKE_STARTS. As a module
it gives the tests write_result.
"""
from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

RANK = int(os.environ.get("SLURM_PROCID", "0"))
SLOPES = {"optimistic": 1.2, "tier1": 0.9, "tier2": 0.6, "tier3": 0.3, "risk_aware": 0.35}


def success_of(config: dict[str, str]) -> float:
    """A success rate that falls with the fraction, differently for each policy, moved by the seed."""
    fraction = float(config.get("adversary.fraction", "0"))
    level = 0.92 * max(0.0, 1.0 - SLOPES.get(config.get("policy.name", ""), 0.5) * fraction)
    return level + 0.004 * (int(config.get("run.seed", "1")) % 5 - 2)


def write_result(file: Path, config: dict[str, str], **summary: float) -> Path:
    """A result file with the given parameters and summary values (success_rate unless given)."""
    import h5py  # not needed, and slow to load, when a configuration is checked

    values = {"success_rate": success_of(config), "events": 1000, **summary}
    part = Path(f"{file}.part")
    with h5py.File(part, "w") as result:
        result.attrs.update({"format": "parley-result", "schema_version": 1, "model": "agentic", "title": "made up"})
        for key, value in config.items():
            result.require_group("config").attrs[key] = value
        result["config"].attrs["text"] = "".join(f"{key}={value}\n" for key, value in config.items())
        result.create_group("provenance").attrs.update({"version": "0.0", "events_per_second": 1e6})
        for name, value in values.items():
            result[f"summary/{name}"] = value
            result[f"summary/{name}"].attrs.update({"units": "1", "long_name": name.replace("_", " ")})
        result["summary/workflows_failed_by_reason"] = [1, 2, 3]
        result["timeseries/time"] = [1.0, 2.0]
        result["timeseries/workflows_success"] = [3, 4]
    part.rename(file)
    return file


def sleep_or_checkpoint(config: dict[str, str], output: Path) -> bool:
    """Sleeps for run.duration; False when a signal came first and a checkpoint is stored."""
    ends = time.monotonic() + float(config.get("run.duration", "0"))
    came: list[int] = []
    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: came.append(number))
    while time.monotonic() < ends:
        time.sleep(0.05)
        if came:
            if config.get("policy.name") != "stubborn":
                part = Path(f"{output}.checkpoint.part")
                left = {"config": config, "left": str(max(0.0, ends - time.monotonic()))}
                part.write_text(json.dumps(left))
                part.rename(f"{output}.checkpoint")
            return False
    return True


def note_start(command: str, output: Path) -> None:
    if "FAKE_STARTS" in os.environ:
        with open(os.environ["FAKE_STARTS"], "a", encoding="utf-8") as starts:
            starts.write(f"{command} {output.name} {os.environ.get('OMP_NUM_THREADS')}\n")


def fails(config: dict[str, str]) -> bool:
    policy = config.get("policy.name")
    if policy != "flaky":
        return policy == "broken"
    with open(os.environ["FAKE_STARTS"], encoding="utf-8") as starts:
        return sum(f"seed{config['run.seed']}-" in line for line in starts if "flaky" in line) == 1


def main(arguments: list[str]) -> int:
    command, file, *rest = arguments
    config = {"run.seed": "1"}
    output = None
    for position, argument in enumerate(rest):
        if argument == "--output":
            output = Path(rest[position + 1])
        elif "=" in argument:
            key, value = argument.removeprefix("--").split("=", 1)
            config[key] = value
    if config.get("policy.name") == "refused":
        print("policy.name: refused is not a policy", file=sys.stderr)
        return 2
    if command == "validate" or output is None:
        return 0
    if output.exists() and "--force" not in rest:
        print(f"{output} exists", file=sys.stderr)
        return 2
    left = {}
    if command == "resume":
        try:
            stored = json.loads(Path(file).read_text())
        except ValueError:
            if RANK > 0:
                time.sleep(60)  # srun --kill-on-bad-exit kills it first, and tells that
            print("cannot resume (damaged)", file=sys.stderr)
            return 2
        config, left = stored["config"], {"run.duration": stored["left"]}
    if RANK > 0:
        return 0
    note_start(command, output)
    if not sleep_or_checkpoint({**config, **left}, output):
        return 75
    if fails(config):
        print("first line\nthe lookahead is violated", file=sys.stderr)
        return 3
    write_result(output, config)
    for ending in ("checkpoint", "checkpoint.previous"):
        Path(f"{output}.{ending}").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
