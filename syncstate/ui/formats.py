"""Floor 9, formats. A format string of Python's, as a page can follow it.

`"{:,.2f} EUR"` and `".1%"` mean in the page what they mean to `str.format`; what has no such meaning there is
refused, at the line that says it.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Any, TypedDict

_SPEC = re.compile(r"(?P<sign>[+])?(?P<comma>[,_])?(?:\.(?P<digits>\d{1,2}))?(?P<type>[dfeg%s])?")


class Format(TypedDict):
    """How a page writes a value.

    Attributes:
        before: What stands before it.
        after: What stands after it.
        type: What the spec ends with, or "" where it says nothing.
        digits: How many digits after the point, or None if as many as are needed.
        comma: What stands between thousands, or "".
        sign: Whether a number above 0 has a `+`.
    """

    before: str
    after: str
    type: str
    digits: int | None
    comma: str
    sign: bool


PLAIN: Format = {"before": "", "after": "", "type": "", "digits": None, "comma": ",", "sign": False}
"""Without a format: thousands are parted, and a float has three digits after the point at most."""


def read_format(text: str) -> Format:
    """Return what a format string says, with or without braces.

    Raises:
        ValueError: A page cannot follow it.

    Examples:
        >>> read_format("{:,.2f} EUR")["after"]
        ' EUR'
        >>> read_format(".1%")["digits"]
        1
    """
    before, spec, after = _split(text) if "{" in text else ("", text, "")
    found = _SPEC.fullmatch(spec)
    if found is None:
        raise ValueError(
            f"Cannot format by {text!r}: {spec!r} is none of what pages know; "
            "say for example ',', '.2f', ',.0f', '.1%', '.3g' or '{:,.2f} EUR'"
        )
    digits = found["digits"]
    return {
        "before": before,
        "after": after,
        "type": found["type"] or "",
        "digits": None if digits is None else int(digits),
        "comma": found["comma"] or "",
        "sign": found["sign"] is not None,
    }


def _split(text: str) -> tuple[str, str, str]:
    try:
        parts = [*Formatter().parse(text)]
    except ValueError as error:
        raise ValueError(f"Cannot format by {text!r}: {error}") from None
    fields = [(name, spec or "", conversion) for _, name, spec, conversion in parts if name is not None]
    if len(fields) != 1 or fields[0][0] not in ("", "0") or fields[0][2] is not None:
        raise ValueError(f"Cannot format by {text!r}: it must have one field, as '{{:,.2f}} EUR' has")
    after = parts[-1][0] if len(parts) > 1 else ""
    return parts[0][0], fields[0][1], after


def write(value: Any, format: Format) -> str:
    """Return a value as a page writes it.

    Examples:
        >>> write(1234.5, read_format("{:,.2f} EUR"))
        '1,234.50 EUR'
        >>> write(336776, PLAIN)
        '336,776'
    """
    return f"{format['before']}{_written(value, format)}{format['after']}"


def _written(value: Any, format: Format) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if format == PLAIN and isinstance(value, float):
        text = f"{value:,.3f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = "" if format["digits"] is None else f".{format['digits']}"
    kind = "" if format["type"] == "s" else format["type"]
    try:
        return f"{value:{'+' if format['sign'] else ''}{format['comma']}{digits}{kind}}"
    except ValueError:  # "d" of a float
        return f"{round(value):{'+' if format['sign'] else ''}{format['comma']}d}"
