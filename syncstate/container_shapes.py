"""Floor 4. The shapes of containers: lists and tuples, objects with any names or with known ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import is_, itemgetter
from typing import Any

from syncstate.document import elements
from syncstate.shapes import ABSENT, Frame, Refusal, Shape, default_of, fit


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
        self.shortest = shortest
        self.longest = longest
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
        if length < self.shortest:
            raise Refusal(length, f"at least {elements(self.shortest)} must stay", "resize")
        if self.longest is not None and length > self.longest:
            raise Refusal(length, f"it has room for {elements(self.longest)}, not {length}", "resize")

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
        if self.shortest > 0:
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
        self.named = named
        self.name = name
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
        if self.name is not None and fit(self.name, key) != key:
            raise Refusal(key, f"{self.name.say()} is expected as a name", "set")
        return self.member if self.named is None else self.named.get(key, self.member)

    def reach(self, token: str, *, is_resized: bool) -> Any:
        return ABSENT if self.name is not None else self.at(token)

    def glance(self, key: Any, value: Any) -> Any:
        member = self.member if self.named is None else self.named.get(key, self.member)
        return value if member is None or type(value) in member.passes else member.look(value)

    def fit_in(self, value: Any) -> Any:
        return _fit_members(value, self.at)

    def pass_rows(self, rows: Sequence[Any]) -> bool:
        if self.named is not None or self.name is not None:
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
