"""Floor 4. The shapes of leaves: scalars within limits, choices, registered types, arrays, tables."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from itertools import repeat
from operator import ge, le
from typing import Any

from syncstate.arrays import Array, is_array, is_scalar_of_numpy
from syncstate.document import MAX_INTEGER, SCALARS, same_scalar
from syncstate.shapes import ABSENT, Refusal, Shape
from syncstate.tables import Columns, empty, is_table, spell
from syncstate.values import Unfit, leaf


class Limits:
    """What `synced()` says of values beyond their type.

    Attributes:
        min: The least one.
        max: The greatest one.
        choices: All that there are.
        max_length: How long texts, bytes and lists may be.
        metadata: What else is said of them.
    """

    metadata: Mapping[str, Any] = {}
    __slots__ = ("choices", "max", "max_length", "min")

    def __init__(
        self,
        min: Any = None,
        max: Any = None,
        choices: Sequence[Any] | None = None,
        max_length: int | None = None,
    ) -> None:
        self.min = min
        self.max = max
        self.choices = choices
        self.max_length = max_length

    @property
    def are_none(self) -> bool:
        """Whether nothing is limited."""
        return all(limit is None for limit in (self.min, self.max, self.choices, self.max_length))

    def leave_all(self, values: Sequence[Any]) -> bool:
        """Whether values are surely all within the limits."""
        if self.choices is not None or self.max_length is not None:
            return False
        try:
            is_small = self.max is None or all(map(le, values, repeat(self.max)))
            return is_small and (self.min is None or all(map(ge, values, repeat(self.min))))
        except TypeError:
            return False

    def why_not(self, value: Any) -> str | None:
        """Say why a value is beyond the limits, if it is."""
        try:
            if self.min is not None and not value >= self.min:
                return f"at least {_shown(self.min)} is expected"
            if self.max is not None and not value <= self.max:
                return f"at most {_shown(self.max)} is expected"
        except TypeError as error:  # one has a time zone, the other one has none
            return f"it cannot be compared with its limits: {error}"
        if self.choices is not None and not any(same_scalar(value, choice) for choice in self.choices):
            return f"one of {_listed(self.choices)} is expected"
        if self.max_length is not None and len(value) > self.max_length:
            return f"it is {len(value)} long, and at most {self.max_length} is expected"
        return None


class Scalar(Shape):
    """Values of one type of Python's.

    Args:
        type_: The type.
        words: What to call one in a sentence.
        convert: Makes one of something that means the same; what it gives back untouched is refused.
        default: What stands there at first.
        heirs: Whether values of a subclass are taken: the intake makes the type's own of them.
    """

    def __init__(
        self,
        type_: type,
        words: str,
        convert: Callable[[Any], Any] | None = None,
        default: Any = ABSENT,
        *,
        heirs: bool = False,
    ) -> None:
        self.type = type_
        self.passes = frozenset({type_})
        self._heirs = heirs
        self._words = words
        self._convert = convert
        self._default = default
        self.limits: Limits | None = None

    def within(self, limits: Limits) -> Scalar:
        """Return the shape of those values that keep to limits."""
        shape = copy(self)
        shape.limits = limits
        shape.passes = frozenset()  # each is looked at
        return shape

    def say(self) -> str:
        return self._words

    def admit(self, value: Any) -> tuple[Any, None]:
        taken = value if type(value) is self.type else self._converted(value)
        if self.limits is not None and (why := self.limits.why_not(taken)) is not None:
            raise Refusal(value, why)
        return taken, None

    def look(self, value: Any) -> Any:
        # what is done most: 0.2 us less
        if type(value) is self.type:
            return value if self.limits is None or self.limits.why_not(value) is None else ABSENT
        if type(value) is int and self.type is float and self.limits is None:
            return float(value) if -MAX_INTEGER <= value <= MAX_INTEGER else ABSENT
        return super().look(value)

    def _converted(self, value: Any) -> Any:
        taken = value if self._convert is None else self._convert(value)
        if type(taken) is self.type or (self._heirs and isinstance(taken, self.type)):
            return taken
        if is_scalar_of_numpy(value) and (item := _of_python(value)) is not value:
            return self._converted(item)
        raise self.refuse(value)

    def pass_all(self, values: Iterable[Any]) -> bool:
        if self.limits is None:
            return self.passes.issuperset(map(type, values))
        values = [*values]
        return {*map(type, values)} <= {self.type} and self.limits.leave_all(values)

    def default(self) -> Any:
        return self._default


def _of_python(value: Any) -> Any:
    """Return a number or a date of numpy as Python's own."""
    if isinstance(value, (str, bytes)) or not is_scalar_of_numpy(value):
        return value
    try:
        return leaf(value)
    except Unfit as unfit:
        raise Refusal(value, unfit.why) from None


def _to_integer(value: Any) -> Any:
    # to JSON a boolean is none, and no page would take it for one
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _to_number(value: Any) -> Any:
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    try:
        number = float(value)
    except OverflowError:
        return value
    return number if number == value or number != number else value  # never a lost digit


def _to_text(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, str) else value


def _to_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else value


def _from_text(type_: Any) -> Callable[[Any], Any]:
    """Return what makes a date or a time of ISO text, as a page's own fields give it."""

    def convert(value: Any) -> Any:
        if isinstance(value, str):
            try:
                return type_.fromisoformat(value)
            except ValueError:
                return value
        return value

    return convert


INTEGER = Scalar(int, "an integer", _to_integer, 0)
NUMBER = Scalar(float, "a number", _to_number, 0.0)
TEXT = Scalar(str, "a string", _to_text, "")
BOOLEAN = Scalar(bool, "a boolean", None, False)
BYTES = Scalar(bytes, "bytes", _to_bytes, b"")
NULL = Scalar(type(None), "null", None, None)


def moment(type_: type) -> Scalar:
    """Return the shape of dates, of times, or of both together; ISO text is taken for one."""
    words = {"date": "a date", "datetime": "a date with a time", "time": "a time"}
    heirs = type_.__name__ != "date"  # a datetime is one to Python, and says more
    return Scalar(type_, words[type_.__name__], _from_text(type_), heirs=heirs)


class Registered(Shape):
    """Values of a type that a person registered."""

    def __init__(self, type_: type) -> None:
        self.type = type_
        self.passes = frozenset({type_})

    def say(self) -> str:
        name = self.type.__name__
        return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"

    def admit(self, value: Any) -> tuple[Any, None]:
        if not isinstance(value, self.type):
            raise self.refuse(value)
        return value, None


class Choice(Shape):
    """One of some values: a `Literal`, or the members of an Enum, for which their values are taken too."""

    def __init__(self, choices: Sequence[Any]) -> None:
        self.choices = choices

    def say(self) -> str:
        return f"one of {_listed(self.choices)}"

    @property
    def is_text(self) -> bool:
        """Whether all of them are texts."""
        return all(isinstance(choice, str) for choice in self.choices)

    def among(self, choices: Collection[Any]) -> Choice:
        """Return the shape of fewer choices.

        Raises:
            TypeError: One of them is none of these.
        """
        try:
            return Choice([self.admit(choice)[0] for choice in choices])
        except Refusal as refusal:
            raise TypeError(f"{refusal.value!r} is no choice: {refusal.why}") from None

    def admit(self, value: Any) -> tuple[Any, None]:
        for choice in self.choices:
            if choice is value:
                return choice, None
        value = _of_python(value)
        for choice in self.choices:
            form = choice.value if isinstance(choice, enum.Enum) else choice
            if type(value) in SCALARS and same_scalar(form, value):
                return choice, None
        raise Refusal(value, f"{self.say()} is expected")

    def default(self) -> Any:
        return self.choices[0]


def _shown(value: Any) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    return repr(value) if isinstance(value, (str, int, float)) or value is None else str(value)


def _listed(choices: Collection[Any]) -> str:
    shown = [*map(_shown, choices)]
    return ", ".join(shown[:10]) + (", …" if len(shown) > 10 else "")


class Flags(Shape):
    """Any combination of the members of a `Flag`; numbers are taken for them."""

    def __init__(self, flag: type[enum.Flag]) -> None:
        self.flag = flag

    def say(self) -> str:
        return f"a {self.flag.__name__}"

    def admit(self, value: Any) -> tuple[Any, None]:
        if isinstance(value, self.flag):
            return value, None
        if type(value) is int:
            try:
                return self.flag(value), None
            except ValueError:
                pass
        raise self.refuse(value)

    def default(self) -> Any:
        return self.flag(0)


class ArrayShape(Shape):
    """A numpy array, of any type of elements or of one.

    Args:
        dtype: The type to which an array is converted, where that keeps the kind of number.
    """

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def say(self) -> str:
        return "a numpy array" if self.dtype is None else f"an array of {self.dtype}"

    def admit(self, value: Any) -> tuple[Array, None]:
        if not is_array(value):
            raise self.refuse(value)
        if self.dtype is None or value.dtype == self.dtype:
            return value, None
        try:
            return value.astype(self.dtype, casting="same_kind"), None
        except TypeError:
            why = f"its numbers are {value.dtype}, not {self.dtype}; convert them with .astype()"
            raise Refusal(value, why) from None


class TableShape(Shape):
    """A table of one library's.

    Args:
        type_: The type of table.
    """

    def __init__(self, type_: type) -> None:
        self.type = type_

    def say(self) -> str:
        return spell(self.type)

    def admit(self, value: Any) -> tuple[Any, None]:
        if isinstance(value, (self.type, Columns)):
            return value, None
        if is_table(value):
            raise Refusal(value, f"{self.say()} is expected, not {spell(type(value))}; convert it")
        raise self.refuse(value)

    def default(self) -> Any:
        return empty(self.type)
