"""Values of an axis as a sweep file writes them: lists, ranges, and values in quotes."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

from .errors import SweepError

MAXIMUM_VALUES = 100_000  # of one range: more is a slip of the pen
ITEM = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^",]*))\s*(?P<end>,|\Z)')


def canonical(value: str) -> str:
    """One spelling a number ("0.10" and ".1" give "0.1", "1e6" gives "1000000"); other text as it is.

    Equal parameters must give equal file names, whoever wrote them.
    """
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite():
        return value
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text


def parse_values(text: str, where: str) -> tuple[str, ...]:
    """Comma-separated values and ranges, in order: "0, 0.1:0.3:0.1" -> ("0", "0.1", "0.2", "0.3").

    A value in quotes may have commas and colons: '"a:1s, b:2s", "c:3s"' -> ("a:1s, b:2s", "c:3s"). `where` names the
    axis in the SweepError for an empty list, an empty item, a bad range or a quote that does not fit.
    """
    if not text.strip():
        raise SweepError(f"{where}: no value; write a list (a, b, c) or a range (first:last:step)")
    values: list[str] = []
    for item, quoted in _items(text.strip(), where):
        if not item:
            hint = "write a value between the quotes" if quoted else "remove the extra comma"
            raise SweepError(f"{where}: an empty item in '{text.strip()}'; {hint}")
        if "\n" in item:
            raise SweepError(f"{where}: no comma before the line '{item.splitlines()[-1]}'; add it")
        values.extend(_expand_range(item, where) if ":" in item and not quoted else [canonical(item)])
    return tuple(values)


def unquoted(value: str) -> str:
    """The value of one parameter without the quotes around it, if it is in quotes."""
    found = re.fullmatch(r'"([^"]*)"', value)
    return found[1].strip() if found else value


def reject_repetition(steps: Iterable[tuple[str, ...]], where: str) -> None:
    """SweepError when a step of an axis comes twice: the same point would be run twice."""
    seen: set[tuple[str, ...]] = set()
    for step in steps:
        if step in seen:
            raise SweepError(f"{where}: the value {', '.join(step)} comes twice; remove one")
        seen.add(step)


def _items(text: str, where: str) -> Iterator[tuple[str, bool]]:
    """Each item between the commas, and whether it was in quotes."""
    position = 0
    while True:
        found = ITEM.match(text, position)
        if found is None:
            raise SweepError(f"{where}: a quote in '{text[position:].strip()}' does not begin or end an item; write "
                             '"FIRST VALUE", "SECOND VALUE"')
        quoted = found["quoted"] is not None
        yield (found["quoted"] if quoted else found["plain"]).strip(), quoted
        if not found["end"]:
            return
        position = found.end()


def _expand_range(item: str, where: str) -> list[str]:
    """first:last[:step], both ends included. Exact decimal arithmetic: 0:0.6:0.1 ends at 0.6."""
    problem = f"{where}: bad range '{item}'"
    try:
        numbers = [Decimal(part.strip()) for part in item.split(":")]
    except InvalidOperation:
        raise SweepError(f"{problem} (not plain numbers); write first:last:step or a list; the whole of a "
                         'value that has commas or colons stands in quotes: "a:1s, b:2s"') from None
    if len(numbers) > 3 or not all(number.is_finite() for number in numbers):
        raise SweepError(f"{problem}; write first:last or first:last:step")
    first, last = numbers[:2]
    step = numbers[2] if len(numbers) == 3 else Decimal(1)
    if step <= 0 or last < first:
        raise SweepError(f"{problem} (it needs first <= last and step > 0)")
    steps = (last - first) / step
    if steps != steps.to_integral_value():
        raise SweepError(f"{problem} (steps of {step} from {first} do not meet {last})")
    if steps >= MAXIMUM_VALUES:
        raise SweepError(f"{problem} (more than {MAXIMUM_VALUES} values)")
    return [canonical(str(first + index * step)) for index in range(int(steps) + 1)]
