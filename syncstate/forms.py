"""Floor 0. The forms that leaves have on the wire where JSON has none for them (docs/protocol.md, section 1).

A form is a name and a document value: `("float", "NaN")`, `("date", "2026-01-31")`. Those of Python's own
types are made when they are needed. That of a value of a registered type is made by a person's code: once,
when the value comes in and no lock is held, and remembered as long as the value lives (`known`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum, Flag
from sys import getrefcount
from typing import Any, NamedTuple
from weakref import ref

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps (RFC 8259, section 6)."""

MAX_DIGITS = 4_000
"""How many digits an integer may have: Python itself reads no more than 4,300 of a text."""


class Failure:
    """What stands in a document where a value would, had computing it not failed. It never changes.

    Attributes:
        type: The name of the exception's class.
        text: What the exception says.

    Examples:
        >>> Failure("ZeroDivisionError", "division by zero")
        Failure('ZeroDivisionError', 'division by zero')
    """

    __slots__ = ("text", "type")
    type: str
    text: str

    def __init__(self, type: str, text: str) -> None:
        for name, value in (("type", type), ("text", text)):
            # a lone surrogate is no Unicode text, and what an exception says may have one
            value = str(value).encode("utf-8", "backslashreplace").decode()
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Cannot set {name!r}: a Failure never changes")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Cannot delete {name!r}: a Failure never changes")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Failure):
            return NotImplemented
        return (self.type, self.text) == (other.type, other.text)

    def __hash__(self) -> int:
        return hash((self.type, self.text))

    def __repr__(self) -> str:
        return f"Failure({self.type!r}, {self.text!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Failure, (self.type, self.text)


class Form(NamedTuple):
    """What a leaf is on the wire."""

    name: str
    value: Any


class Fault(NamedTuple):
    """Why a value of a registered type has no form."""

    why: str


class Unformed(Exception):
    """Nobody has asked for the form of a value of a registered type: that is done where no lock is held."""

    def __init__(self, value: object) -> None:
        super().__init__(f"{type(value).__name__} has no form yet")
        self.value = value


# -- types of a person's own


class Registration(NamedTuple):
    """How values of a type travel."""

    type: type
    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def register(
    type: type,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    *,
    name: str | None = None,
) -> None:
    """Let values of a type be leaves of documents: they stand there as themselves, and travel.

    Such a value never changes: `encode` is called once, when the value comes into a document, while no lock
    is held. One that has changed is assigned anew as another object. A value of a subclass travels as one of
    the nearest class that is registered.

    To register a type again, as a cell does that is run again, is to say how it travels from now on.

    Args:
        type: The class.
        encode: Returns what a value is made of: any value that a document takes. Of an Enum it need not be
            given: then a member travels as its name, a combination of flags as its number.
        decode: Returns the value that is made of that. Only pages that this kernel serves bring such values.
        name: What the type is called on the wire, and in a page's `register`; by default the class's name.

    Raises:
        TypeError: The class, or what is given for it, is none that can be registered.
        ValueError: Another type has that name.

    Examples:
        >>> from fractions import Fraction
        >>> register(Fraction, str, Fraction)
    """
    _demand_registrable(type)
    if encode is None and decode is None and issubclass(type, Enum):
        encode, decode = _codec_of(type)
    if not callable(encode) or not callable(decode):
        raise TypeError(f"Cannot register {type.__name__}: give a function that encodes and one that decodes")
    name = type.__name__ if name is None else name
    _demand_name(name, type)
    registration = Registration(type, name, encode, decode)
    _by_name[name] = _by_type[type] = registration
    _found.clear()


def _demand_registrable(type_: Any) -> None:
    if not isinstance(type_, type):
        raise TypeError(f"Cannot register {type_!r}: it is no class")
    if type_ in _TRAVELLING or (issubclass(type_, (list, dict, tuple)) and not issubclass(type_, Enum)):
        raise TypeError(f"Cannot register {type_.__name__}: it travels in a way of its own")
    if type_ is object:
        raise TypeError("Cannot register object: every value is one; register its class")


def _demand_name(name: Any, type_: type) -> None:
    if not isinstance(name, str) or not name or len(name) > _NAME or not name.isprintable():
        raise TypeError(f"Cannot register {type_.__name__} as {name!r}: a name is a line of text")
    known = _by_name.get(name)
    is_again = known is not None and _spelled(known.type) == _spelled(type_)
    if name in _READERS or (known is not None and not is_again):
        whose = f"{known.type.__module__}.{known.type.__qualname__}" if known else "a type of Python's own"
        raise ValueError(
            f"Cannot register {type_.__name__} as {name!r}: that is {whose}; choose another name="
        )


def _spelled(type_: type) -> tuple[str, str]:
    return type_.__module__, type_.__qualname__


def _codec_of(enum: type[Enum]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if issubclass(enum, Flag):
        return lambda member: member.value, enum
    return lambda member: member.name, lambda name: enum[name]


def registration_of(type_: type) -> Registration | None:
    """Return how values of a class travel: as those of the nearest class that is registered, if one is."""
    if type_ not in _found:
        if len(_found) > _FEW:  # classes come and go
            _found.clear()
        _found[type_] = next((_by_type[base] for base in type_.__mro__ if base in _by_type), None)
    return _found[type_]


def registered(name: str) -> Registration | None:
    """Return the registration of a name."""
    return _by_name.get(name)


_NAME = 256
_FEW = 1_000
_by_name: dict[str, Registration] = {}
_by_type: dict[type, Registration] = {}
_found: dict[type, Registration | None] = {}


# -- the forms of their values


class _Held:
    """What keeps a value that cannot be referred to weakly."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __call__(self) -> object:
        return self.value

    @property
    def is_alone(self) -> bool:
        """Whether nobody else has the value."""
        return getrefcount(self.value) <= _ALONE


_probe = _Held(object())
_ALONE = getrefcount(_probe.value)


class Forms:
    """The forms of values, by their identity, as long as somebody has the value. Threads may share it."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Callable[[], object], Form | Fault]] = {}
        self._held: set[int] = set()
        self._room = _FEW

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, value: object) -> Form | Fault | None:
        """Return what is known of a value."""
        entry = self._entries.get(id(value))
        return entry[1] if entry is not None and entry[0]() is value else None

    def put(self, value: object, form: Form | Fault) -> None:
        """Remember the form of a value."""
        key = id(value)
        try:
            self._entries[key] = ref(value, lambda _: self._entries.pop(key, None)), form
        except TypeError:  # it has slots, say
            self._entries[key] = _Held(value), form
            self._held.add(key)
            if len(self._held) > self._room:
                self._sweep()

    def forget(self, value: object) -> None:
        """Remember it no longer."""
        self._entries.pop(id(value), None)
        self._held.discard(id(value))

    def _sweep(self) -> None:
        for key in [*self._held]:
            entry = self._entries.get(key)
            if entry is None or not isinstance(entry[0], _Held) or entry[0].is_alone:
                self._held.discard(key)
                self._entries.pop(key, None)
        self._room = max(_FEW, 2 * len(self._held))


known = Forms()


def form_of(leaf: Any) -> Form | None:
    """Return the form of a leaf, or None if it needs none: JSON has it, it is a buffer, or a container.

    Raises:
        Unformed: It is of a registered type, and has none yet.

    Examples:
        >>> form_of(float("nan")), form_of(2**60), form_of(1.5)
        (Form(name='float', value='NaN'), Form(name='int', value='1152921504606846976'), None)
    """
    type_ = type(leaf)
    write = _WRITERS.get(type_)
    if write is not None:
        return write(leaf)
    if type_ in _TRAVELLING or registration_of(type_) is None:
        return None
    form = known.get(leaf)
    if not isinstance(form, Form):
        raise Unformed(leaf)
    return form


def bare(leaf: Any) -> Any:
    """Return the value of a member of an Enum that is not registered, and any other leaf itself."""
    return leaf.value if isinstance(leaf, Enum) and registration_of(type(leaf)) is None else leaf


def is_exotic(moment: datetime | time) -> bool:
    """Whether a moment is in a time zone of a kind of its own, which a person's code may be asked about."""
    zone = moment.tzinfo
    return not (zone is None or type(zone) is timezone or type(zone).__module__ == "zoneinfo")


def spell_moment(moment: datetime | time) -> Form:
    """Return the form of a moment."""
    return Form("datetime" if isinstance(moment, datetime) else "time", moment.isoformat())


def _form_of_float(number: float) -> Form | None:
    if number - number == 0:
        return None
    return Form("float", "NaN" if number != number else "Infinity" if number > 0 else "-Infinity")


def _form_of_moment(moment: datetime | time) -> Form:
    if not is_exotic(moment):
        return spell_moment(moment)
    form = known.get(moment)
    if not isinstance(form, Form):
        raise Unformed(moment)
    return form


def _form_of_timedelta(span: timedelta) -> Form:
    # ISO 8601, as JavaScript's Temporal reads it
    microseconds = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    seconds, rest = divmod(abs(microseconds), 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return Form("timedelta", f"{'-' if microseconds < 0 else ''}PT{seconds}{fraction}S")


_WRITERS: dict[type, Callable[[Any], Form | None]] = {
    float: _form_of_float,
    int: lambda number: None if -MAX_INTEGER <= number <= MAX_INTEGER else Form("int", str(number)),
    datetime: _form_of_moment,
    date: lambda day: Form("date", day.isoformat()),
    time: _form_of_moment,
    timedelta: _form_of_timedelta,
    Failure: lambda failure: Form("failure", {"type": failure.type, "text": failure.text}),
}
_TRAVELLING = {*_WRITERS, str, bool, bytes, bytearray, memoryview, list, dict, tuple, type(None)}


# -- what a form is made into


def read_form(name: str, value: Any) -> Any:
    """Return the leaf of a type of Python's own.

    Raises:
        ValueError: There is none of that form.

    Examples:
        >>> read_form("timedelta", "PT90.5S")
        datetime.timedelta(seconds=90, microseconds=500000)
    """
    try:
        return _READERS[name](value)
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
        raise ValueError(f"{str(value)[:40]!r} is no {name}") from None


def is_own(name: str) -> bool:
    """Whether a name is that of a type of Python's own."""
    return name in _READERS


def _read_int(text: str) -> int:
    if not _DECIMAL.fullmatch(text) or len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError
    return int(text)


def _read_date(text: str) -> date:
    if len(text) != 10:  # a week or a day of the year is another way to say it
        raise ValueError
    return date.fromisoformat(text)


def _read_timedelta(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError
    sign, seconds, fraction = match.groups()
    microseconds = int(seconds) * 1_000_000 + int((fraction or "").ljust(6, "0"))
    return timedelta(microseconds=-microseconds if sign else microseconds)


def _read_failure(value: dict[str, Any]) -> Failure:
    if value.keys() != {"type", "text"} or not all(type(text) is str for text in value.values()):
        raise ValueError
    return Failure(**value)


_DECIMAL = re.compile("-?[1-9][0-9]*", re.ASCII)
_DURATION = re.compile(r"(-?)PT([0-9]{1,14})(?:\.([0-9]{1,6}))?S", re.ASCII)
_READERS: dict[str, Callable[[Any], Any]] = {
    "float": {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}.__getitem__,
    "int": _read_int,
    "datetime": datetime.fromisoformat,
    "date": _read_date,
    "time": time.fromisoformat,
    "timedelta": _read_timedelta,
    "failure": _read_failure,
}
