"""Values of parameters as numbers (durations are seconds), and back."""
from __future__ import annotations

import re

SECONDS_PER_UNIT = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9.]+(?:e[-+]?[0-9]+)?)(ns|us|ms|s|min|h)")


def parse_value(text: str) -> str | int | float:
    """A parameter's text as a number (durations in seconds) where it is one."""
    duration = _DURATION.fullmatch(text)
    try:
        if duration:
            return float(duration[1]) * SECONDS_PER_UNIT[duration[2]]
        return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)
    except ValueError:
        return text


def value_text(value: object) -> str:
    """A value as text that parse_value takes; durations are seconds without their unit."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_order(value: object) -> tuple[bool, object]:
    """A key to sort values by: numbers before texts."""
    return isinstance(value, str), value


def is_duration(text: str) -> bool:
    """Whether a parameter's text is a duration with its unit."""
    return _DURATION.fullmatch(text) is not None


def seconds(text: str) -> float:
    """A duration in seconds; ValueError when the text is none."""
    value = parse_value(text)
    if isinstance(value, str) or not is_duration(text):
        raise ValueError(f"{text!r} is not a duration; write it with a unit, such as 15s")
    return float(value)
