"""Floor 4. What may stand in a place of a document.

A *shape* takes a value: it says what is wrong with it, or how it will stand there (an int in a place for
floats is a float). Each tracked container bears its own, so that whatever changes in it is judged by itself,
at that line, and costs what changed:

```
    list[Row]    a ListShape     rows            bears it
    Row          a RecordShape   rows[3]         bears that
    float        a Scalar        rows[3]["price"] is looked at by this one alone
```

`None` in the place of a shape says that anything may stand there. `annotations` reads shapes from types,
`fields` from the traits of traitlets; whoever brings another kind of value subclasses `Shape`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from itertools import chain, repeat
from operator import ge, is_, itemgetter, le
from typing import Any

from syncstate.arrays import Array, is_array, is_scalar_of_numpy
from syncstate.document import MAX_INTEGER, SCALARS, elements, same_scalar, show
from syncstate.errors import NotValid
from syncstate.pointer import join
from syncstate.tables import Columns, empty, is_table, spell
from syncstate.values import Unfit, leaf

ABSENT: Any = object()
"""Stands for a value that needs a closer look, and for a default that there is none of."""


class Refusal(Exception):
    """A value that may not stand in a place; the tokens that lead to it are added on the way out."""

    def __init__(self, value: object, why: str, verb: str = "put") -> None:
        self.value, self.why, self.verb = value, why, verb
        self.tokens: list[Any] = []

    def at(self, above: str, *tokens: Any) -> NotValid:
        """Return the error for a value that was to come below a pointer."""
        pointer = above + join(*tokens, *reversed(self.tokens))
        what = f"put {show(self.value)} at" if self.verb == "put" else self.verb
        return NotValid(f"Cannot {what} {pointer!r}: {self.why}", pointer=pointer, value=self.value)


class Shape:
    """What may stand in a place.

    Attributes:
        passes: The exact types of which every value may stand there as it is, if it can travel at all.
        holds: `list` or `dict` if it is a container's, else None.
        is_free: Code of a person's decides too: `asked` asks it, where no lock is held; `admit` does not.
        makes: Objects of a person's own classes stand there. `made` makes them of plain ones, where no lock
            is held; `admit` does not.
    """

    passes: frozenset[type] = frozenset()
    holds: type | None = None
    is_free = False
    makes = False

    def say(self) -> str:
        """Name what is expected, in a sentence: `'a number'`."""
        raise NotImplementedError

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        """Return a value as it will stand there, without a look at what is in it, and what judges that.

        Raises:
            Refusal: It may not stand there.
        """
        raise NotImplementedError

    def look(self, value: Any) -> Any:
        """Return a scalar as it will stand there, or `ABSENT` if that takes a closer look."""
        if self.is_free:
            return ABSENT
        try:
            taken = self.admit(value)[0]
        except Refusal:
            return ABSENT  # what is wrong is said at leisure
        return taken if type(taken) in SCALARS else ABSENT

    def pass_all(self, values: Iterable[Any]) -> bool:
        """Whether values surely may all stand there as they are."""
        return self.passes.issuperset(map(type, values))

    def ask(self, owner: Any, value: Any) -> Any:
        """Return what a person's code makes of a value, if the shape is free."""
        return value

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return the object that a plain one stands for, if the shape makes such.

        Args:
            value: Whatever came.
            is_from_page: A page sent it, and may not say all that Python may.
        """
        return value

    def factory(self) -> Callable[[], Any] | None:
        """Return what makes the default of each instance, if the shape makes objects."""
        return None

    def default(self) -> Any:
        """Return what stands there before anybody says more, or `ABSENT` if nothing can be meant."""
        return ABSENT

    def refuse(self, value: object) -> Refusal:
        """Return the refusal of a value that is something else."""
        return Refusal(value, f"{self.say()} is expected")


class Frame(Shape):
    """The shape of a container: it judges what stands in it, key by key.

    Attributes:
        is_tuple: A member of this shape is a tuple to Python.
        is_open: Anything may stand in it: then no container bears it.
        union: The union that it was chosen from, where another branch holds the same kind of container.
    """

    union: AnyOf | None = None
    is_tuple = False
    is_open = False

    def at(self, key: Any) -> Shape | None:
        """Return the shape of what stands under a name or an index.

        Raises:
            Refusal: Nothing may stand there.
        """
        raise NotImplementedError

    def reach(self, token: str, *, is_resized: bool) -> Any:
        """Return the shape of what a reference token leads to, or `ABSENT` if only the whole can tell.

        Args:
            token: A name or an index, as it stands in a pointer.
            is_resized: Whether it is to come or to go.
        """
        raise NotImplementedError

    def glance(self, key: Any, value: Any) -> Any:
        """Return a scalar as it will stand under a key, or `ABSENT` if that takes a closer look.

        Args:
            key: A name that is there, an index, or None for the end of a list.
            value: Any scalar.
        """
        raise NotImplementedError

    def mind_length(self, length: int) -> None:
        """Refuse a number of elements.

        Raises:
            Refusal: So many may not stand there.
        """

    def mind_loss(self, names: Iterable[str]) -> None:
        """Refuse that members are taken away.

        Raises:
            Refusal: One of them has to stay.
        """

    def fit_in(self, value: Any) -> Any:
        """Return a container that was admitted with all in it as it will stand there."""
        raise NotImplementedError

    def widen_rows(self, rows: Sequence[Any]) -> None:
        """Make floats of the integers in containers of this frame, where floats are to stand."""

    def pass_rows(self, rows: Sequence[Any]) -> bool:
        """Whether containers of this frame surely hold nothing but what may stand in them as it is.

        It looks at columns instead of cells: a tenth of the time.
        """
        return False


def fit(shape: Shape | None, value: Any) -> Any:
    """Return a value as it will stand in a place: itself if it may stand there as it is, else a copy.

    Raises:
        Refusal: It, or something in it, may not.

    Examples:
        >>> fit(ListShape(NUMBER), [1, 2.5])
        [1.0, 2.5]
    """
    if shape is None or type(value) in shape.passes:
        return value
    value, frame = shape.admit(value)
    return value if frame is None else frame.fit_in(value)


def fits(shape: Shape | None, value: Any) -> bool:
    """Whether a value may stand in a place as it is."""
    try:
        return fit(shape, value) is value
    except Refusal:
        return False


def asked(shape: Shape | None, owner: Any, value: Any) -> Any:
    """Return what the code of a person's makes of a value, wherever a shape calls for it.

    Args:
        shape: The place's.
        owner: The model.
        value: What is to stand there.

    Raises:
        Exception: Whatever that code raises.
    """
    if shape is None or not shape.is_free:
        return value
    if not isinstance(shape, Frame):
        return shape.ask(owner, value)
    if isinstance(value, dict) and shape.holds is dict:
        return {name: _asked_at(shape, owner, name, member) for name, member in value.items()}
    if isinstance(value, (list, tuple)) and shape.holds is list:
        return [_asked_at(shape, owner, place, element) for place, element in enumerate(value)]
    return value


def made(shape: Shape | None, value: Any, *, is_from_page: bool = False) -> Any:
    """Return a value with the objects that plain ones in it stand for, or itself if there are none.

    Args:
        shape: The place's.
        value: What is to stand there.
        is_from_page: A page sent it.

    Raises:
        Refusal: A plain object does not stand for one of those.
    """
    if shape is None or not shape.makes:
        return value
    if not isinstance(shape, Frame) or shape.holds is None:
        return shape.make(value, is_from_page=is_from_page)
    if isinstance(value, dict) and shape.holds is dict:
        members = {name: _made_at(shape, name, member, is_from_page) for name, member in value.items()}
        return value if all(map(is_, members.values(), value.values())) else members
    if isinstance(value, (list, tuple)) and shape.holds is list:
        elements_ = [_made_at(shape, place, element, is_from_page) for place, element in enumerate(value)]
        return value if all(map(is_, elements_, value)) else elements_
    return value


def made_in(frame: Shape, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return some members of an object with the objects that plain ones in them stand for."""
    if not isinstance(frame, Frame) or not frame.makes:
        return dict(members)
    return {name: _made_at(frame, name, member, False) for name, member in members.items()}


def _made_at(frame: Frame, key: Any, value: Any, is_from_page: bool) -> Any:
    try:
        return made(frame.at(key), value, is_from_page=is_from_page)
    except Refusal as refusal:
        refusal.tokens.append(key)
        raise


def _asked_at(frame: Frame, owner: Any, key: Any, value: Any) -> Any:
    try:
        return asked(frame.at(key), owner, value)
    except Refusal as refusal:
        refusal.tokens.append(key)
        raise


# -- leaves


class Limits:
    """What `synced()` says of values beyond their type.

    Attributes:
        min: The least one.
        max: The greatest one.
        choices: All that there are.
        max_length: How long texts, bytes and lists may be.
    """

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
        self._limits: Limits | None = None

    def within(self, limits: Limits) -> Scalar:
        """Return the shape of those values that keep to limits."""
        shape = copy(self)
        shape._limits = limits
        shape.passes = frozenset()  # each is looked at
        return shape

    def say(self) -> str:
        return self._words

    def admit(self, value: Any) -> tuple[Any, None]:
        taken = value if type(value) is self.type else self._converted(value)
        if self._limits is not None and (why := self._limits.why_not(taken)) is not None:
            raise Refusal(value, why)
        return taken, None

    def look(self, value: Any) -> Any:
        # what is done most: 0.2 us less
        if type(value) is self.type:
            return value if self._limits is None or self._limits.why_not(value) is None else ABSENT
        if type(value) is int and self.type is float and self._limits is None:
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
        if self._limits is None:
            return self.passes.issuperset(map(type, values))
        values = [*values]
        return {*map(type, values)} <= {self.type} and self._limits.leave_all(values)

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
        self._type = type_
        self.passes = frozenset({type_})

    def say(self) -> str:
        name = self._type.__name__
        return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"

    def admit(self, value: Any) -> tuple[Any, None]:
        if not isinstance(value, self._type):
            raise self.refuse(value)
        return value, None


class Choice(Shape):
    """One of some values: a `Literal`, or the members of an Enum, for which their values are taken too."""

    def __init__(self, choices: Sequence[Any]) -> None:
        self._choices = choices

    def say(self) -> str:
        return f"one of {_listed(self._choices)}"

    @property
    def is_text(self) -> bool:
        """Whether all of them are texts."""
        return all(isinstance(choice, str) for choice in self._choices)

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
        for choice in self._choices:
            if choice is value:
                return choice, None
        value = _of_python(value)
        for choice in self._choices:
            form = choice.value if isinstance(choice, enum.Enum) else choice
            if type(value) in SCALARS and same_scalar(form, value):
                return choice, None
        raise Refusal(value, f"{self.say()} is expected")

    def default(self) -> Any:
        return self._choices[0]


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
        self._flag = flag

    def say(self) -> str:
        return f"a {self._flag.__name__}"

    def admit(self, value: Any) -> tuple[Any, None]:
        if isinstance(value, self._flag):
            return value, None
        if type(value) is int:
            try:
                return self._flag(value), None
            except ValueError:
                pass
        raise self.refuse(value)

    def default(self) -> Any:
        return self._flag(0)


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


# -- containers


class ListShape(Frame):
    """A list whose elements all have one shape.

    Args:
        element: That shape.
        shortest: How few elements there may be.
        longest: How many, or None.
        is_tuple: A member is a tuple to Python.
    """

    holds = list

    def __init__(
        self,
        element: Shape | None,
        shortest: int = 0,
        longest: int | None = None,
        *,
        is_tuple: bool = False,
    ) -> None:
        self.element = element
        self.is_tuple = is_tuple
        self._shortest = shortest
        self._longest = longest
        self._is_bounded = shortest > 0 or longest is not None
        self.is_open = element is None and not self._is_bounded and not is_tuple
        self.is_free = element is not None and element.is_free
        self.makes = element is not None and element.makes

    def say(self) -> str:
        return "a list"

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        if not isinstance(value, (list, tuple)):
            raise self.refuse(value)
        if self.is_open:
            return value if isinstance(value, list) else [*value], None
        self.mind_length(len(value))
        return value, self

    def at(self, key: Any) -> Shape | None:
        return self.element

    def reach(self, token: str, *, is_resized: bool) -> Any:
        return ABSENT if is_resized and self._is_bounded else self.element

    def glance(self, key: Any, value: Any) -> Any:
        if key is None and self._is_bounded:
            return ABSENT
        element = self.element
        return value if element is None or type(value) in element.passes else element.look(value)

    def mind_length(self, length: int) -> None:
        if length < self._shortest:
            raise Refusal(length, f"at least {elements(self._shortest)} must stay", "resize")
        if self._longest is not None and length > self._longest:
            raise Refusal(length, f"it has room for {elements(self._longest)}, not {length}", "resize")

    def fit_in(self, value: Any) -> Any:
        if not isinstance(value, list):
            value = list(value)
        element = self.element
        if element is None or element.pass_all(value):
            return value
        if isinstance(element, Frame) and {*map(type, value)} == {dict} and element.pass_rows(value):
            return value
        return _fit_elements(value, lambda place: element)

    def default(self) -> Any:
        if self._shortest > 0:
            return ABSENT
        return () if self.is_tuple else []


class TupleShape(Frame):
    """A fixed number of elements, each with a shape of its own."""

    holds = list
    is_tuple = True

    def __init__(self, shapes: Sequence[Shape | None]) -> None:
        self.elements = tuple(shapes)
        self.is_free = any(shape is not None and shape.is_free for shape in shapes)
        self.makes = any(shape is not None and shape.makes for shape in shapes)

    def say(self) -> str:
        return f"a list of {len(self.elements)}"

    def admit(self, value: Any) -> tuple[Any, Frame]:
        if not isinstance(value, (list, tuple)):
            raise self.refuse(value)
        self.mind_length(len(value))
        return value, self

    def at(self, key: Any) -> Shape | None:
        return self.elements[key] if -len(self.elements) <= key < len(self.elements) else None

    def reach(self, token: str, *, is_resized: bool) -> Any:
        if is_resized or not token.isdigit() or int(token) >= len(self.elements):
            return ABSENT
        return self.elements[int(token)]

    def glance(self, key: Any, value: Any) -> Any:
        if key is None or not -len(self.elements) <= key < len(self.elements):
            return ABSENT
        element = self.elements[key]
        return value if element is None or type(value) in element.passes else element.look(value)

    def mind_length(self, length: int) -> None:
        if length != len(self.elements):
            raise Refusal(length, f"it has {elements(len(self.elements))}, not {length}", "resize")

    def fit_in(self, value: Any) -> Any:
        return _fit_elements(value if isinstance(value, list) else list(value), self.at)

    def default(self) -> Any:
        defaults = [default_of(element) for element in self.elements]
        return ABSENT if any(default is ABSENT for default in defaults) else tuple(defaults)


class DictShape(Frame):
    """An object with any names, whose members have one shape, or one by name.

    Args:
        member: The shape of all others.
        named: The shapes of some members.
        name: What names there may be, if not all.
    """

    holds = dict

    def __init__(
        self, member: Shape | None, named: Mapping[str, Shape | None] | None = None, name: Shape | None = None
    ) -> None:
        self.member = member
        self._named = named
        self._name = name
        shapes = [member, name, *(named or {}).values()]
        self.is_open = member is None and name is None and not named
        self.is_free = any(shape is not None and shape.is_free for shape in shapes)
        self.makes = any(shape is not None and shape.makes for shape in shapes)

    def say(self) -> str:
        return "an object"

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        if not isinstance(value, dict):
            raise self.refuse(value)
        return value, None if self.is_open else self

    def at(self, key: Any) -> Shape | None:
        if self._name is not None and fit(self._name, key) != key:
            raise Refusal(key, f"{self._name.say()} is expected as a name", "set")
        return self.member if self._named is None else self._named.get(key, self.member)

    def reach(self, token: str, *, is_resized: bool) -> Any:
        return ABSENT if self._name is not None else self.at(token)

    def glance(self, key: Any, value: Any) -> Any:
        member = self.member if self._named is None else self._named.get(key, self.member)
        return value if member is None or type(value) in member.passes else member.look(value)

    def fit_in(self, value: Any) -> Any:
        return _fit_members(value, self.at)

    def pass_rows(self, rows: Sequence[Any]) -> bool:
        if self._named is not None or self._name is not None:
            return False
        return self.member is None or self.member.pass_all(chain.from_iterable(map(dict.values, rows)))

    def default(self) -> Any:
        return {}


class RecordShape(Frame):
    """An object with known names: a `TypedDict`.

    Args:
        name: What it is called.

    Attributes:
        members: The shapes of all members; they may come later, so that a record can be in itself.
        required: The names that may not be missing, in order.
    """

    holds = dict

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, Shape | None] = {}
        self.required: tuple[str, ...] = ()
        self._is_asked = False  # for its default: it may be in itself

    @property
    def makes(self) -> bool:  # type: ignore[override] # a record may be in itself: it is known at last
        """Whether objects of a person's own classes stand in it."""
        if self._is_asked:
            return False
        self._is_asked = True
        try:
            return any(member is not None and member.makes for member in self.members.values())
        finally:
            self._is_asked = False

    def say(self) -> str:
        return f"an object ({self.name})"

    def admit(self, value: Any) -> tuple[Any, Frame]:
        if not isinstance(value, dict):
            raise self.refuse(value)
        for name in self.required:
            if name not in value:
                raise Refusal(value, f"{name!r} is missing; a {self.name} has {self._say_members()}")
        return value, self

    def at(self, key: Any) -> Shape | None:
        try:
            return self.members[key]
        except (KeyError, TypeError):
            why = f"a {self.name} has no such member; it has {self._say_members()}"
            raise Refusal(key, why, "set") from None

    def reach(self, token: str, *, is_resized: bool) -> Any:
        return ABSENT if is_resized and token in self.required else self.members.get(token, ABSENT)

    def glance(self, key: Any, value: Any) -> Any:
        member = self.members.get(key, ABSENT)
        if member is None:
            return value
        return ABSENT if member is ABSENT else value if type(value) in member.passes else member.look(value)

    def mind_loss(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.required:
                refusal = Refusal(name, f"a {self.name} must have it", "remove")
                refusal.tokens.append(name)
                raise refusal

    def fit_in(self, value: Any) -> Any:
        return _fit_members(value, self.at)

    def widen_rows(self, rows: Sequence[Any]) -> None:
        for name, member in self.members.items():
            if member is None or float not in member.passes or int in member.passes:
                continue
            for row in rows:
                if type(value := row.get(name)) is int and type(taken := member.look(value)) is float:
                    dict.__setitem__(row, name, taken)

    def pass_rows(self, rows: Sequence[Any]) -> bool:
        for names in {*map(tuple, rows)}:
            if not {*self.required} <= {*names} <= self.members.keys():
                return False
        for name, member in self.members.items():
            if member is None:
                continue
            column: Iterable[Any] = map(itemgetter(name), rows)
            if name not in self.required:
                column = (row[name] for row in rows if name in row)
            if not member.pass_all(column):
                return False
        return True

    def default(self) -> Any:
        if self._is_asked:
            return ABSENT
        self._is_asked = True
        try:
            found = {name: default_of(self.members[name]) for name in self.required}
        finally:
            self._is_asked = False
        return ABSENT if any(default is ABSENT for default in found.values()) else found

    def _say_members(self) -> str:
        return ", ".join(map(repr, self.members)) or "none"


class AnyOf(Shape):
    """What one of several shapes admits: a union.

    The first one that takes a value as it is; else the first one that takes it.
    """

    def __init__(self, branches: Sequence[Shape]) -> None:
        kinds = [branch.holds for branch in branches]
        self.branches = [
            self._own(branch) if kinds.count(branch.holds) > 1 else branch for branch in branches
        ]
        self.passes = frozenset(chain.from_iterable(branch.passes for branch in branches))
        self.is_free = any(branch.is_free for branch in branches)
        self.makes = any(branch.makes for branch in branches)

    def say(self) -> str:
        return " or ".join(dict.fromkeys(branch.say() for branch in self.branches))

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        if type(value) in self.passes:
            return value, None
        return self._branch_for(value).admit(value)

    def _branch_for(self, value: Any) -> Shape:
        holds = dict if isinstance(value, dict) else list if isinstance(value, (list, tuple)) else None
        framed = [branch for branch in self.branches if holds is not None and branch.holds is holds]
        # where only one can hold it, that one says what is wrong inside, with the place
        found = framed[0] if len(framed) == 1 else None
        refused = self.refuse(value)
        for branch in self.branches:
            if branch is found or branch.holds not in (None, holds):
                continue
            try:
                fitted = fit(branch, value)
            except Refusal as refusal:
                if branch.holds is None and refusal.why != branch.refuse(value).why:
                    refused = refusal  # it is what it should be, but beyond a limit
                continue
            if fitted is value:
                return branch
            found = found or branch
        if found is None:
            raise refused
        return found

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return what the first branch that can makes of a value, unless one takes it as it is."""
        if not isinstance(value, (list, tuple, dict)) or any(fits(branch, value) for branch in self.branches):
            return value
        refusals: list[Refusal] = []
        for branch in self.branches:
            if branch.makes:
                try:
                    found = made(branch, value, is_from_page=is_from_page)
                except Refusal as refusal:
                    refusals.append(refusal)
                    continue
                if found is not value:
                    return found
        if len(refusals) == 1:
            raise refusals[0]
        return value

    def _own(self, branch: Shape) -> Shape:
        if not isinstance(branch, (ListShape, DictShape)):
            return branch
        branch = copy(branch)
        branch.union = self
        return branch

    def frame_for(self, value: Any, former: Frame) -> Frame:
        """Return what judges a container whose whole content is another one by now."""
        try:
            frame = self._branch_for(value)
        except Refusal:
            return former
        return frame if value and isinstance(frame, Frame) else former

    def only(self) -> Shape | None:
        """Return the one branch that holds something, or None."""
        holding = [branch for branch in self.branches if branch.holds is not None]
        return holding[0] if len(holding) == 1 else None

    def default(self) -> Any:
        if any(branch is NULL for branch in self.branches):
            return None
        return self.branches[0].default()


def default_of(shape: Shape | None) -> Any:
    """Return what stands in a place before anybody says more."""
    return None if shape is None else shape.default()


def _fit_elements(value: list[Any], at: Callable[[int], Shape | None]) -> list[Any]:
    fitted: list[Any] = []
    for place, element in enumerate(value):
        try:
            fitted.append(fit(at(place), element))
        except Refusal as refusal:
            refusal.tokens.append(place)
            raise
    return value if all(map(is_, fitted, value)) else fitted


def _fit_members(value: dict[str, Any], at: Callable[[str], Shape | None]) -> dict[str, Any]:
    fitted: dict[str, Any] = {}
    is_as_it_was = True
    for name, member in value.items():
        try:
            fitted[name] = fit(at(name), member)
        except Refusal as refusal:
            refusal.tokens.append(name)
            raise
        is_as_it_was &= fitted[name] is member
    return value if is_as_it_was else fitted


def reach(shape: Shape | None, tokens: Sequence[str], *, is_resized: bool) -> Any:
    """Return the shape of what stands at a location below a place, or `ABSENT` if only the whole can tell.

    Args:
        shape: The place's.
        tokens: The way from there.
        is_resized: Whether what holds the location gets longer or shorter.
    """
    last = len(tokens) - 1
    for place, token in enumerate(tokens):
        if isinstance(shape, AnyOf):
            shape = shape.only() or shape
        if shape is None:
            return None
        if not isinstance(shape, Frame):
            return ABSENT
        shape = shape.reach(token, is_resized=is_resized and place == last)
        if shape is ABSENT:
            return ABSENT
    return shape
