"""Floor 1. The forms that columns of tables have in a document (docs/protocol.md, section 10).

```
    numbers       the array itself; whole numbers of 64 bits in the narrowest type that holds them
    texts         {kind: "category", codes: array, categories: list}, -1 where one is missing
    moments       {kind: "datetime", values: array of milliseconds, zone?: text}, NaN where one is missing
```

A form is made anew from each table. That it is the same again where nothing has changed, and only longer
where something was appended, is what keeps a change small: so types never get narrower, and categories keep
their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy

from syncstate.arrays import Array, Misfit, held, is_array, splice

Form: TypeAlias = "Array | dict[str, Any]"

EXACT = 2**53
"""Up to this whole numbers are exact as floats, and so in every page."""

_WIDTHS = ("int8", "int16", "int32", "float64")
_SPARE = 16
_PER_SECOND = {"D": 1 / 86_400, "s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}


def numbers(values: Array, missing: Array | None, former: Form | None, owner: object) -> Form:
    """Return the form of numbers or booleans.

    Args:
        values: One for each row, whatever it is where it is missing.
        missing: Where that is, or None.
        former: The form of the column whose place this takes.
        owner: The table, as long as which is there nobody writes into the values.

    Raises:
        Misfit: They are of a type that does not travel, or too large.
    """
    kind = values.dtype.kind
    if missing is not None and not missing.any():
        missing = None
    if kind == "b" and missing is not None:
        return category(numpy.where(missing, -1, values), [False, True], former)
    if kind in "iu" and (missing is not None or values.dtype.itemsize == 8):
        values = _narrowed(values, missing, former)
    elif kind == "f" and values.dtype.itemsize != 8:
        if values.dtype.itemsize > 8:
            raise Misfit(f"its numbers are {values.dtype}; convert them to float64")
        values = values.astype("float32", copy=False)
    elif kind not in "biuf":
        raise Misfit(f"its values are {values.dtype}; convert them to numbers or text")
    if missing is not None:
        values = numpy.where(missing, values.dtype.type("nan"), values)
    return held(values, owner, former)


def _narrowed(values: Array, missing: Array | None, former: Form | None) -> Array:
    """Return whole numbers in the narrowest type that holds them, no narrower than the former one.

    As they come, in 64 bits, each would be a BigInt in a page.
    """
    present = values if missing is None else values[~missing]
    low, high = (int(present.min()), int(present.max())) if len(present) else (0, 0)
    widths: tuple[str, ...] = _WIDTHS if missing is None else _WIDTHS[-1:]
    if is_array(former) and former.dtype.name in widths:
        widths = widths[widths.index(former.dtype.name) :]
    for name in widths:
        most = EXACT if name == "float64" else numpy.iinfo(name).max
        if -most <= low and high <= most:
            return values.astype(name)
    if missing is not None:
        raise Misfit(f"{max(-low, high)} is beyond 2**53, and others are missing; fill them, or make it text")
    return values


def category(
    codes: Array, labels: Sequence[Any], former: Form | None = None, *, is_more: bool = False
) -> dict[str, Any]:
    """Return the form of values of which most occur often.

    Args:
        codes: For each row the place of its value among the labels, or -1 where it is missing.
        labels: All values that there are.
        former: The form of the column whose place this takes: its labels keep their places.
        is_more: It comes behind the former one, all of whose labels are needed.

    Raises:
        Misfit: A label is no text that can travel.
    """
    labels = [*map(_label, labels)]
    known = former["categories"] if isinstance(former, dict) and former["kind"] == "category" else []
    width = "int8"
    is_wanted = is_more or len(known) <= 2 * len(labels) + _SPARE
    if known and is_wanted and {*map(type, known), *map(type, labels)} == {str}:
        places = {label: place for place, label in enumerate(known)}
        moves = [places.setdefault(label, len(places)) for label in labels]
        if moves != [*range(len(moves))]:
            codes = numpy.array([*moves, -1])[codes]
        labels = known if len(places) == len(known) else [*places]
        width = former["codes"].dtype.name  # type: ignore[index] # else nothing is known
    width = numpy.promote_types(width, numpy.min_scalar_type(-1 - len(labels))).name
    return {"kind": "category", "codes": held(codes.astype(width)), "categories": labels}


def longer(form: dict[str, Any], more: dict[str, Any]) -> Form | None:
    """Return the form of a column with more rows behind it, at the cost of these; None if it is another one.

    Args:
        form: A form that is no array.
        more: That of the rows.
    """
    if form["kind"] != more.get("kind") or form.get("zone") != more.get("zone"):
        return None
    place = "values"
    if form["kind"] == "category":
        place, known = "codes", form["categories"]
        more = category(more["codes"], more["categories"], form, is_more=True)
        if more["codes"].dtype != form["codes"].dtype or not _begins(more["categories"], known):
            return None
    count = len(form[place])
    return {**more, place: splice(form[place], count, count, more[place])}


def _begins(labels: Sequence[Any], known: Sequence[Any]) -> bool:
    first = labels[: len(known)]
    return labels is known or (first == known and [*map(type, first)] == [*map(type, known)])


def _label(label: Any) -> Any:
    if isinstance(label, str):
        check_text(label)
        return str(label)
    is_number = isinstance(label, (int, float)) and -EXACT <= label <= EXACT
    return label if is_number else str(label)


def check_text(text: str) -> None:
    """Refuse a text that is none.

    Raises:
        Misfit: It has a lone surrogate (RFC 8259, section 8.2).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Misfit(f"{text!r} is no Unicode text: it has a lone surrogate") from None


def nothing(length: int) -> Form:
    """Return the form of a column in which all is missing."""
    return category(numpy.full(length, -1), [])


def moments(kind: str, values: Array, zone: str | None = None) -> Form:
    """Return the form of dates, of times or of durations.

    Args:
        kind: `datetime`, `date`, `time` or `duration`.
        values: numpy's own, since 1970 in UTC or as they stand on the clock; NaT is missing.
        zone: The name of the time zone, if they are in one.
    """
    unit, count = numpy.datetime_data(values.dtype)
    units = values.astype("int64") * count
    if unit == "ns":  # a float has no room for them
        units, unit = units // 1000, "us"
    passed = units * 1000.0 / _PER_SECOND[unit]
    passed[numpy.isnat(values)] = numpy.nan
    form = {"kind": kind, "values": held(passed)}
    return form if zone is None else {**form, "zone": zone}
