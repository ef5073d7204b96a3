"""Floor 3. What comes in: checked to be a leaf, and made the one that a document holds.

What only looks like another type (a `numpy.float64`, a `pandas.Timestamp`) becomes Python's own where that
loses nothing. A value of a registered type stays itself. Its form is made by a person's code, so never under
a lock: whoever meets a value without a form raises `Unformed`, and who holds no lock calls `form_all`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, TypeVar

from syncstate.arrays import Misfit, frozen, is_array, is_scalar_of_numpy
from syncstate.document import MAX_DEPTH, MAX_INTEGER, kind
from syncstate.forms import (
    MAX_DIGITS,
    Failure,
    Fault,
    Form,
    Unformed,
    is_exotic,
    is_own,
    known,
    read_form,
    registered,
    registration_of,
    spell_moment,
)
from syncstate.tables import NO_PLACE, is_table

_Result = TypeVar("_Result")
_LARGEST = 10**MAX_DIGITS


class Unfit(Exception):
    """A value without a form; the tokens that lead to it are added on the way out."""

    def __init__(self, value: object, why: str) -> None:
        self.value, self.why = value, why
        self.tokens: list[Any] = []


def name_of(name: Any) -> str:
    """Return the name of a member.

    Raises:
        Unfit: It is none.
    """
    if not isinstance(name, str):
        raise Unfit(name, f"a member's name is text, not {kind(name)} ({name!r})")
    return str(_text(name))


def leaf(value: Any) -> Any:
    """Return a value as it stands in a document, where it holds no others.

    Raises:
        Unfit: It cannot travel.
        Unformed: It is of a registered type, and its form is not known.
    """
    type_ = type(value)
    take = _TAKERS.get(type_)
    if take is not None:
        return take(value)
    if registration_of(type_) is not None:
        return _formed(value)
    for base, take in _BASES:
        if isinstance(value, base):
            return take(value)
    if is_array(value):
        try:
            return frozen(value)
        except Misfit as misfit:
            raise Unfit(value, str(misfit)) from None
    if is_table(value):
        raise Unfit(value, NO_PLACE)
    if is_scalar_of_numpy(value):
        return _item(value)
    raise Unfit(value, _why_not(value))


def _text(value: str) -> Any:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit(value, "a lone surrogate is no Unicode text (RFC 8259, section 8.2)") from None
    return value if type(value) is str else str.__str__(value)


def _integer(value: int) -> Any:
    number = int(value)
    if not -_LARGEST < number < _LARGEST:
        raise Unfit(value, f"an integer has at most {MAX_DIGITS:,} digits; sync it as text")
    return number


def _moment(value: Any) -> Any:
    """Return a datetime or a time of Python's own; of those of pandas that are no more exact than these."""
    if value != value:
        raise Unfit(value, "NaT is no date; sync None")
    if getattr(value, "nanosecond", 0):
        raise Unfit(value, "Python's datetime has no nanoseconds; round it, say with .floor('us')")
    if not is_exotic(value):
        if isinstance(value, time) and value.tzinfo is not None and value.utcoffset() is None:
            raise Unfit(value, _TIMELESS)
        return _own_moment(value)
    form = known.get(_formed(value))
    moment = _own_moment(value)
    if moment is not value and isinstance(form, Form):
        known.put(moment, form)
    return moment


_TIMELESS = "a time alone has no offset in its zone; sync a datetime, or a time in timezone.utc"


def _own_moment(value: Any) -> Any:
    if type(value) in (datetime, time):
        return value
    clock = value.hour, value.minute, value.second, value.microsecond, value.tzinfo
    if isinstance(value, time):
        return time(*clock, fold=value.fold)
    return datetime(value.year, value.month, value.day, *clock, fold=value.fold)


def _span(value: Any) -> Any:
    if value != value:
        raise Unfit(value, "NaT is no timedelta; sync None")
    if getattr(value, "nanoseconds", 0):
        raise Unfit(value, "Python's timedelta has no nanoseconds; round it, say with .floor('us')")
    return value if type(value) is timedelta else timedelta(value.days, value.seconds, value.microseconds)


def _formed(value: Any) -> Any:
    """Return a value of which the form is known."""
    form = known.get(value)
    if form is None:
        raise Unformed(value)
    if isinstance(form, Fault):
        known.forget(value)
        raise Unfit(value, form.why)
    return value


def _item(value: Any) -> Any:
    """Return a scalar of numpy as one of Python's own."""
    code = value.dtype.str[1:]
    item: Any = None
    if value.dtype.kind in "biuf":
        item = value.item()
    elif value.dtype.kind == "M" or (value.dtype.kind == "m" and code not in _MONTHS):
        if value != value:
            raise Unfit(value, "NaT marks what is missing; sync None")
        item = value.item()
        if type(item) is int:  # in units for which Python has nothing
            rounded = value.astype(f"{code[:2]}[us]")
            item = rounded.item() if rounded == value else None
    if type(item) not in _TAKERS or item is None:
        raise Unfit(value, f"{kind(value)} has no exact form; convert it, say with .item()")
    return leaf(item)


_MONTHS = ("m8", "m8[Y]", "m8[M]")


def _why_not(value: object) -> str:
    type_ = type(value)
    if type_.__name__ in ("NAType", "NaTType"):
        return f"{value!r} marks what is missing; sync None"
    if isinstance(value, Enum):
        return (
            f"a member of an Enum needs a type where it stands: annotate it as {type_.__name__}, "
            f"or call syncstate.register({type_.__name__})"
        )
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return f"{kind(value)} has no JSON form; convert it with .to_numpy() or .tolist()"
    return (
        f"{kind(value)} has no JSON form; convert it, keep it in an attribute that is not synced, "
        f"or say with syncstate.register({type_.__name__}, …) how it travels"
    )


def _itself(value: Any) -> Any:
    return value


_TAKERS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    datetime: _moment,
    time: _moment,
    **dict.fromkeys((bool, type(None), bytes, float, date, timedelta, Failure), _itself),
}
_BASES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (str, _text),
    (int, _integer),
    (float, float),
    ((bytes, bytearray, memoryview), bytes),
    ((datetime, time), _moment),
    (date, lambda day: date(day.year, day.month, day.day)),
    (timedelta, _span),
)


# -- the commonest values, at a glance


def is_scalar(value: Any) -> bool:
    """Whether a value is one of the commonest scalars, which stand for themselves in JSON."""
    type_ = type(value)
    if type_ is str:
        return value.isascii()  # type: ignore[no-any-return] # it is text
    if type_ is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[no-any-return] # it is a number
    if type_ is float:
        return value - value == 0  # type: ignore[no-any-return] # neither infinite nor NaN
    return type_ is bool or value is None


def are_plain(values: list[Any], type_: type) -> bool:
    """Whether all values of a type are their own JSON form, and none needs a closer look."""
    of_type: list[Any] = [value for value in values if type(value) is type_]
    if type_ is str:
        return all(map(str.isascii, of_type))
    if type_ is int:
        return bool(min(of_type) >= -MAX_INTEGER and max(of_type) <= MAX_INTEGER)
    return type_ in (float, bool, type(None))


# -- forms, made by a person's code


def settled(do: Callable[[], _Result], *values: object) -> _Result:
    """Return what a function does, once all forms are there that it needs; no lock is held.

    Args:
        do: It raises `Unformed` before it has done anything.
        values: What it is about: all that need a form in there get one at once.
    """
    while True:
        try:
            return do()
        except Unformed as missing:
            form_all(missing.value, *values)


def form_all(*values: object) -> None:
    """Make the forms of all values of registered types in some values that have none yet; no lock is held."""
    waiting = [*values]
    seen: set[int] = set()  # what contains itself is refused elsewhere
    while waiting:
        value: Any = waiting.pop()
        if isinstance(value, (list, tuple, dict)) and not isinstance(value, Enum):
            if id(value) not in seen:
                seen.add(id(value))
                waiting += [*value.values()] if isinstance(value, dict) else value
        elif known.get(value) is None:
            _form(value)


def _form(value: Any) -> None:
    registration = registration_of(type(value))
    if registration is None:
        if isinstance(value, (datetime, time)) and value == value and is_exotic(value):
            known.put(value, _spelled(value))
    else:
        encode, name = registration.encode, registration.name
        known.put(value, _guarded(value, lambda: Form(name, _copied(encode(value)))))


def _spelled(moment: Any) -> Form | Fault:
    try:
        is_timeless = isinstance(moment, time) and moment.utcoffset() is None
        return Fault(_TIMELESS) if is_timeless else spell_moment(moment)
    except Exception as error:
        return Fault(f"its time zone raised {type(error).__name__}: {error}")


def _guarded(value: object, make: Callable[[], Form]) -> Form | Fault:
    try:
        return make()
    except Unfit as unfit:
        where = "".join(f"[{token!r}]" for token in reversed(unfit.tokens))
        what = f"what its encode returned{where and f', at {where},'} cannot travel"
        return Fault(f"{kind(value)} was registered, and {what}: {unfit.why}")
    except Exception as error:
        return Fault(f"{kind(value)} was registered, and its encode raised {type(error).__name__}: {error}")


def _copied(value: Any, depth: int = 1) -> Any:
    """Return a copy of what was encoded, made of plain lists and dicts; the forms that it needs are made."""
    if isinstance(value, (list, tuple, dict)) and not isinstance(value, Enum):
        if depth > MAX_DEPTH:
            raise Unfit(value, f"it nests deeper than {MAX_DEPTH} levels, or contains itself")
        if not isinstance(value, dict):
            return [_copied_at(place, element, depth) for place, element in enumerate(value)]
        return {name_of(name): _copied_at(name, member, depth) for name, member in value.items()}
    if known.get(value) is None:
        _form(value)
    return leaf(value)


def _copied_at(key: Any, value: Any, depth: int) -> Any:
    try:
        return _copied(value, depth + 1)
    except Unfit as unfit:
        unfit.tokens.append(key)
        raise


# -- and what is made of forms


def construct(name: str, value: Any) -> Any:
    """Return the leaf that came over the wire; of a registered type a person's code makes it: without a lock.

    Raises:
        ValueError: There is no such type here, or none of its values is of that form.
    """
    if is_own(name):
        return read_form(name, value)
    registration = registered(name)
    if registration is None:
        raise ValueError(f"no type {name[:60]!r} is registered here")
    try:
        made = registration.decode(value)
        found = registration_of(type(made))
    except Exception as error:
        raise ValueError(f"{name} cannot be made of it: {type(error).__name__}: {error}") from None
    if found is not registration:
        raise ValueError(f"its decode returned {kind(made)}, no {name}")
    form_all(made)
    form = known.get(made)
    if isinstance(form, Fault):
        known.forget(made)
        raise ValueError(form.why)
    return made
