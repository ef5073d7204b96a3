"""Floor 1. What a JSON value is here, when two are the same, and how one is copied.

A document is JSON plus leaves that JSON lacks: `bytes` and arrays, which travel as binary buffers, and those
that have a form of another kind (`forms`). Two values are the same when JSON says so: `1` is `1.0` but not
`true`, and the order of an object's members means nothing; NaN is the same as NaN, and other leaves are if
their forms are. Python's `==` disagrees (`1 == True`), so every "did it change?" of the package asks `same`.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any, TypeAlias

from syncstate.arrays import Array, are_same, describe, is_array
from syncstate.forms import MAX_INTEGER as MAX_INTEGER
from syncstate.forms import Failure as Failure
from syncstate.forms import bare, form_of

Json: TypeAlias = "bool | int | float | str | bytes | Array | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


class ObjectNode:
    """An object of a document that is no dict: a model in a model, or an instance of a dataclass.

    It is a JSON object on the wire. Whoever looks into a value looks into these as well.
    """

    __slots__ = ()

    _synced_is_frozen = False

    @property
    def _synced_node(self) -> Any:
        """What knows its place."""
        raise NotImplementedError

    def _synced_members(self) -> JsonObject:
        """Return its members; they are its own, to be read."""
        raise NotImplementedError

    def _synced_twin(self) -> Any:
        """Return what stands for it in a copy that keeps it an object."""
        raise NotImplementedError

    def _synced_copy(self) -> Any:
        """Return another one like it, which has a place nowhere."""
        raise NotImplementedError


CONTAINERS = (list, dict, ObjectNode)
"""The types of what other values are in."""


def opened(value: Any) -> Any:
    """Return the members of an object node as a dict, and any other value itself."""
    return value._synced_members() if isinstance(value, ObjectNode) else value


MAX_DEPTH = 200
"""How deep containers may nest: below the limits of every encoder on the way (orjson stops at 254)."""

NUMBERS = frozenset({int, float, bool, type(None)})
"""The types of scalars that are a few characters of JSON: numbers, and the three names."""

SCALARS = NUMBERS | {str, bytes}


def same(one: Json, other: Json) -> bool:
    """Tell whether two values are the same JSON value (RFC 6902, section 4.6).

    Examples:
        >>> same({"a": 1, "b": 2}, {"b": 2.0, "a": 1})
        True
        >>> same([1], [True])
        False
    """
    if one is other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    one, other = opened(one), opened(other)
    if isinstance(one, list):
        if not isinstance(other, list) or len(one) != len(other):
            return False
        # copies share their scalars: to look at the identity here saves most calls, and a third of the time
        return all(here is there or same(here, there) for here, there in zip(one, other, strict=False))
    if isinstance(one, dict):
        if not isinstance(other, dict) or len(one) != len(other):
            return False
        for name, member in one.items():
            there = other.get(name, _ABSENT)
            if member is not there and (there is _ABSENT or not same(member, there)):
                return False
        return True
    if type(one) in SCALARS and type(other) in SCALARS:
        return same_scalar(one, other)
    if is_array(one) or is_array(other):
        return is_array(one) and is_array(other) and are_same(one, other)
    return _are_same_leaves(one, other)


_ABSENT: Any = object()


def _are_same_leaves(one: Any, other: Any) -> bool:
    """Tell whether two leaves have one form; nothing is asked of a person's own class."""
    one, other = bare(one), bare(other)
    first, second = form_of(one), form_of(other)
    if first is None and second is None:
        return bool(one == other)
    return first is second or (
        first is not None
        and second is not None
        and first.name == second.name
        and same(first.value, second.value)
    )


def same_scalar(one: Json, other: Json) -> bool:
    """Tell whether two scalars are the same JSON value, as `same` does, in a third of the time."""
    return (
        one is other
        or (one == other and (type(one) is bool) is (type(other) is bool))
        or (one != one and other != other)  # NaN
    )


def plain(value: Json) -> Json:
    """Return a deep copy made of plain `list` and `dict`, whatever subclasses the value is made of.

    Scalars and arrays are shared, since they never change. The member of an Enum is its value.
    """
    if type(value) in SCALARS:
        return value
    if isinstance(value, list):
        return [element if type(element) in SCALARS else plain(element) for element in value]
    if isinstance(value, dict):
        return {name: member if type(member) in SCALARS else plain(member) for name, member in value.items()}
    node: Any = value
    form: Json = plain(node._synced_members()) if isinstance(node, ObjectNode) else bare(node)
    return form


def copied(value: Any) -> Any:
    """Return a deep copy made of plain `list` and `dict`; objects that are no dicts stay such."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, list):
        return [element if type(element) in SCALARS else copied(element) for element in value]
    if isinstance(value, dict):
        return {name: member if type(member) in SCALARS else copied(member) for name, member in value.items()}
    return value._synced_twin() if isinstance(value, ObjectNode) else value


def fresh(value: Any) -> Any:
    """Return a deep copy made of plain `list` and `dict`, and of other objects of the same classes."""
    if isinstance(value, list):
        return [*map(fresh, value)]
    if isinstance(value, dict):
        return {name: fresh(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return tuple(map(fresh, value)) if type(value) is tuple else value
    return value._synced_copy() if isinstance(value, ObjectNode) else value


def nests_deeper(value: Json, limit: int) -> bool:
    """Tell whether containers nest deeper than a limit, without exhausting the stack.

    Examples:
        >>> nests_deeper([[1], {}], 2), nests_deeper([[1], {}], 1)
        (False, True)
    """
    level: list[Any] = [value] if isinstance(value, CONTAINERS) else []
    for _ in range(limit):
        level = [
            child
            for container in map(opened, level)
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, CONTAINERS)
        ]
        if not level:
            return False
    return bool(level)


def weigh(value: Json, limit: float = float("inf")) -> int:
    """Estimate the bytes of a value's JSON, and stop counting above a limit."""
    if type(value) in NUMBERS:  # first: nearly all are
        return len(str(value))
    if isinstance(value, str):
        return len(value) + 2
    total = 2
    value = opened(value)
    if isinstance(value, dict):
        for name, member in value.items():
            total += len(name) + 4 + weigh(member, limit)
            if total > limit:
                break
        return total
    if isinstance(value, list):
        for element in value:
            total += 1 + weigh(element, limit)
            if total > limit:
                break
        return total
    if isinstance(value, bytes):
        return len(value)
    return value.nbytes if is_array(value) else _weigh_leaf(value, limit)


def _weigh_leaf(leaf: Any, limit: float) -> int:
    leaf = bare(leaf)
    if type(leaf) in SCALARS:
        return weigh(leaf)
    form = form_of(leaf)
    return len(form.name) + weigh(form.value, limit) if form is not None else 0


def show(value: object) -> str:
    """Show a value in a sentence: a scalar as it is, a container by its kind.

    Examples:
        >>> show(3), show("text"), show([1, 2])
        ('3', "'text'", 'a list')
    """
    if isinstance(value, int) and not -_SHOWN < value < _SHOWN:  # Python refuses to spell some
        return "a number of many digits"
    if isinstance(value, (str, int, float)) or value is None:
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:59]}…"
    if isinstance(value, (date, time)):
        return str(value)
    return f"an array of {describe(value)}" if is_array(value) else kind(value)


_SHOWN = 10**60


def elements(count: int) -> str:
    """Say how many elements there are, in a sentence.

    Examples:
        >>> elements(1), elements(2)
        ('1 element', '2 elements')
    """
    return f"{count} element{'' if count == 1 else 's'}"


def kind(value: object) -> str:
    """Name a value's JSON type for a sentence: `'a list'`, `'a number'`, `'null'`.

    Examples:
        >>> kind([1, 2])
        'a list'
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    for type_, name in _KINDS:
        if isinstance(value, type_):
            return name
    if is_array(value):
        return "an array"
    article = "an" if type(value).__name__[0] in "AEIOUaeiou" else "a"
    return f"{article} {type(value).__name__}"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "a string"),
    ((int, float), "a number"),
    (list, "a list"),
    (dict, "an object"),
    (bytes, "bytes"),
)
