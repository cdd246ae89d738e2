"""The command: one run, whose summary it prints as JSON."""

import argparse
import json
import sys

from . import DEFAULTS, run


def parse_value(key, text):
    """A value from the command line, in the type of the key's default."""
    if key not in DEFAULTS:
        sys.exit(f"unknown parameter: {key}")
    default = DEFAULTS[key]
    if isinstance(default, bool):
        return text.lower() in ("true", "1", "yes", "on")
    if isinstance(default, (int, float)):
        return type(default)(float(text))
    return text


def main():
    parser = argparse.ArgumentParser(prog="agentic_oracle",
                                     description="Reference implementation of the agentic peer-to-peer model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("settings", nargs="*", metavar="section.key=value")
    options = parser.parse_intermixed_args()
    parameters = {}
    for setting in options.settings:
        key, _, text = setting.partition("=")
        parameters[key] = parse_value(key, text)
    print(json.dumps(run(parameters, options.seed), indent=1))


if __name__ == "__main__":
    main()
