"""What a page does: random edits of what it shows, each with its meaning in identities.

The twin of `client.ts`. An edit is chosen by pairs of a verb and a number. The number's digits, in whatever
base is asked for, are the choices, so that a pair still means something when the document is another one.
The operations that come out speak of pointers; the meaning beside them speaks of what they were meant for:

```
{"do": "set", "at": [holder, name], "value": v}          a member gets a value, be it there or not
{.. "saw": v, "replace": true}                           what is there, wherever it was moved, gets another
{"do": "unset", "at": [holder, name], "saw": v}          what is there goes
{"do": "insert", "in": .., "between": [id, id], "value": v}
{"do": "put", "on": id, "value": v}                      another element takes an element's place
{"do": "remove", "on": id}
{"do": "move", "what": source, "to": target}
{"do": "copy", "what": source, "to": target, "id": id}   the copy of an element gets an id of its own
{.. "tested": true}                                      if there is still what was seen
{"do": "test", "at": [holder, name], "saw": v, "value": v}
```

A holder is the id of an object (the document's is empty); an element is named by its id, or by itself if it
is a text. A source is `{"on": id}` or `{"at": [holder, name], "saw": v}`, where what was seen is a scalar or
the id of an object; a target is `{"in": .., "between": ..}` or `{"at": ..}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from syncstate.patch import apply
from syncstate.pointer import escape

NAMES = ("v", "w", "0", "12", "__proto__", "-", "", "~/")
"""The members of objects; what looks like an index or like something inherited is a name."""

WHOLE = ("n", "mode", "sizes", "ticks")
"""The members of the document that are set as a whole; the others hold what has an identity."""

CROWD = 40
"""Above so many objects and lists nobody inserts any more."""

UNIQUE = 1000
"""The numbers and texts from here on are each made once."""


class Digits:
    """Choices, as the digits of a number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def below(self, count: int) -> int:
        self.number, digit = divmod(self.number, count)
        return digit

    def of(self, options: Any) -> Any:
        return options[self.below(len(options))]


class Author:
    """Who makes values; no two authors make the same id or number.

    Args:
        name: One letter.
        place: Below eight, another one for each author.
    """

    def __init__(self, name: str, place: int) -> None:
        self.name, self.place, self.count = name, place, 0

    def number(self) -> int:
        self.count += 1
        return UNIQUE + 8 * self.count + self.place

    def text(self) -> str:
        self.count += 1
        return f"{self.name}{self.count}"

    def pebble(self) -> Any:
        """An object that never holds a container: what may be copied."""
        return {"id": self.text(), "pebble": True, "v": self.number()}

    def element(self, digits: Digits, depth: int = 2) -> Any:
        match digits.below(4):
            case 0:
                return self.text()
            case 1:
                return self.pebble()
        kids = [self.element(digits, depth - 1) for _ in range(digits.below(3))] if depth else []
        return {"id": self.text(), "kids": kids}

    def member(self, digits: Digits, holder: Any) -> Any:
        kind = digits.below(8)
        if kind == 0:
            return digits.of((None, True, 1.5))
        if kind == 1 and "pebble" not in holder:
            return {"id": self.text(), "kids": [self.text()]}
        return self.number()


class Place(NamedTuple):
    """A list, and how it is named."""

    pointer: str
    holder: str
    name: str
    elements: list[Any]


class Sight:
    """The containers of a document that edits may act in.

    Attributes:
        objects: Each object below the document, with its pointer.
        lists: Each list.
    """

    def __init__(self, document: Any) -> None:
        self.document = document
        self.objects: list[tuple[str, Any]] = []
        self.lists: list[Place] = []
        waiting: list[tuple[str, Any]] = [("", document)]
        while waiting:
            pointer, holder = waiting.pop()
            if pointer:
                self.objects.append((pointer, holder))
            for name, value in holder.items():
                below = f"{pointer}/{escape(name)}"
                if isinstance(value, dict):
                    waiting.append((below, value))
                elif isinstance(value, list) and name != "sizes":
                    self.lists.append(Place(below, holder.get("id", ""), name, value))
                    waiting += [
                        (f"{below}/{index}", element)
                        for index, element in enumerate(value)
                        if isinstance(element, dict)
                    ]

    def without(self, pointer: str) -> Sight:
        """See it as it is when something was taken out: so a move means its target."""
        return Sight(apply(self.document, [{"op": "remove", "path": pointer}]))

    @property
    def is_crowded(self) -> bool:
        return len(self.objects) + len(self.lists) > CROWD

    def element(self, digits: Digits) -> tuple[Place, int] | None:
        full = [place for place in self.lists if place.elements]
        if not full:
            return None
        place = digits.of(full)
        index = digits.below(len(place.elements))
        return (place, index) if identity(place.elements[index]) is not None else None

    def members(self, is_wanted: Callable[[Any], bool]) -> list[tuple[str, Any, str]]:
        return [
            (pointer, holder, name)
            for pointer, holder in self.objects
            for name in NAMES
            if name in holder and is_wanted(holder[name])
        ]


Made = tuple[list[Any], Any]


def identity(element: Any) -> str | None:
    """Name an element; a number, which was moved there in an object's stead, has no name."""
    if isinstance(element, dict):
        return str(element["id"])
    return element if isinstance(element, str) else None


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, (dict, list))


def _around(elements: list[Any], index: int) -> list[Any]:
    """Name the neighbours of a gap."""
    left = identity(elements[index - 1]) if index else None
    return [left, identity(elements[index]) if index < len(elements) else None]


def _gap(place: Place, digits: Digits) -> tuple[str, Any]:
    """Choose where in a list something goes: a pointer and a target."""
    index = digits.below(len(place.elements) + 1)
    token = "-" if index == len(place.elements) and digits.below(2) else str(index)
    target = {"in": [place.holder, place.name], "between": _around(place.elements, index)}
    return f"{place.pointer}/{token}", target


def _set(sight: Sight, digits: Digits, author: Author) -> Made:
    pointer, holder = digits.of(sight.objects)
    name = digits.of(NAMES)
    verb = "replace" if name in holder and digits.below(4) else "add"
    value = author.member(digits, holder)
    operation = {"op": verb, "path": f"{pointer}/{escape(name)}", "value": value}
    meaning = {"do": "set", "at": [holder["id"], name], "value": value}
    if verb == "replace":
        meaning = {**meaning, **_named(holder, name), "replace": True}
    return [operation], meaning


def _named(holder: Any, name: str) -> dict[str, Any]:
    """A member, and what its author saw there: a scalar, or the id of an object."""
    value = holder[name]
    return {"at": [holder["id"], name], "saw": value["id"] if isinstance(value, dict) else value}


def _unset(sight: Sight, digits: Digits, author: Author) -> Made | None:
    members = sight.members(lambda value: True)
    if not members:
        return None
    pointer, holder, name = digits.of(members)
    return [{"op": "remove", "path": f"{pointer}/{escape(name)}"}], {
        "do": "unset",
        **_named(holder, name),
    }


def _top(sight: Sight, digits: Digits, author: Author) -> Made:
    name = digits.of(("n", "mode", "sizes", "n", "mode", "ticks"))
    number = author.number()
    values = {
        "n": (number % 150, number, -number),
        "mode": (f"m{number}", f"bad{number}"),
        "sizes": ([number], [number, 2], [number, "text"]),
        "ticks": (number,),
    }
    value = digits.of(values[name])
    meaning = {"do": "set", "at": ["", name], "value": value, "replace": True}
    return [{"op": "replace", "path": f"/{name}", "value": value}], meaning


def _insert(sight: Sight, digits: Digits, author: Author) -> Made | None:
    if sight.is_crowded:
        return _remove(sight, digits, author)
    pointer, target = _gap(digits.of(sight.lists), digits)
    value = author.element(digits)
    return [{"op": "add", "path": pointer, "value": value}], {"do": "insert", **target, "value": value}


def _put(sight: Sight, digits: Digits, author: Author) -> Made | None:
    if (found := sight.element(digits)) is None:
        return None
    place, index = found
    value = author.element(digits, 1)
    operation = {"op": "replace", "path": f"{place.pointer}/{index}", "value": value}
    return [operation], {"do": "put", "on": identity(place.elements[index]), "value": value}


def _remove(sight: Sight, digits: Digits, author: Author) -> Made | None:
    if (found := sight.element(digits)) is None:
        return None
    place, index = found
    operation = {"op": "remove", "path": f"{place.pointer}/{index}"}
    return [operation], {"do": "remove", "on": identity(place.elements[index])}


def _move(sight: Sight, digits: Digits, author: Author) -> Made | None:
    if (found := sight.element(digits)) is None:
        return None
    place, index = found
    source = f"{place.pointer}/{index}"
    rest = sight.without(source)
    pointer, target = _gap(digits.of(rest.lists), digits)
    operation = {"op": "move", "from": source, "path": pointer}
    return [operation], {"do": "move", "what": {"on": identity(place.elements[index])}, "to": target}


def _nest(sight: Sight, digits: Digits, author: Author) -> Made | None:
    """Move an element to a member of another object."""
    if (found := sight.element(digits)) is None:
        return None
    place, index = found
    source = f"{place.pointer}/{index}"
    rest = sight.without(source)
    holders = [(pointer, holder) for pointer, holder in rest.objects if "pebble" not in holder]
    pointer, holder = digits.of(holders)
    name = digits.of(NAMES)
    operation = {"op": "move", "from": source, "path": f"{pointer}/{escape(name)}"}
    what = {"on": identity(place.elements[index])}
    return [operation], {"do": "move", "what": what, "to": {"at": [holder["id"], name]}}


def _unnest(sight: Sight, digits: Digits, author: Author) -> Made | None:
    """Move an object that is a member into a list."""
    members = sight.members(lambda value: isinstance(value, dict))
    if not members:
        return None
    source_holder, holder, name = digits.of(members)
    source = f"{source_holder}/{escape(name)}"
    rest = sight.without(source)
    pointer, target = _gap(digits.of(rest.lists), digits)
    operation = {"op": "move", "from": source, "path": pointer}
    return [operation], {"do": "move", "what": _named(holder, name), "to": target}


def _rename(sight: Sight, digits: Digits, author: Author) -> Made | None:
    """Move or copy a scalar member to another one."""
    members = sight.members(_is_scalar)
    if not members:
        return None
    pointer, holder, name = digits.of(members)
    other_pointer, other = digits.of(sight.objects)
    other_name = digits.of(NAMES)
    verb = digits.of(("move", "copy"))
    if holder is other and name == other_name:
        return None
    path = f"{other_pointer}/{escape(other_name)}"
    # what stands in the way goes, and so may what is moved
    if verb == "move" and f"{pointer}/{escape(name)}".startswith(f"{path}/"):
        return None
    source = f"{pointer}/{escape(name)}"
    operation = {"op": verb, "from": source, "path": path}
    meaning = {"do": verb, "what": _named(holder, name), "to": {"at": [other["id"], other_name]}}
    # an object that came there meanwhile would be there twice, or where it may be copied
    if verb == "move" and "pebble" not in other:
        return [operation], meaning
    return [{"op": "test", "path": source, "value": holder[name]}, operation], {**meaning, "tested": True}


def _copy(sight: Sight, digits: Digits, author: Author) -> Made | None:
    pebbles = [
        (place, index)
        for place in sight.lists
        for index, element in enumerate(place.elements)
        if isinstance(element, dict) and "pebble" in element
    ]
    if not pebbles or sight.is_crowded:
        return None
    place, index = digits.of(pebbles)
    source = f"{place.pointer}/{index}"
    target_place = digits.of(sight.lists)
    pointer, target = _gap(target_place, digits)
    name = author.text()
    if pointer.endswith("/-"):
        pointer = f"{target_place.pointer}/{len(target_place.elements)}"
    operations = [
        {"op": "copy", "from": source, "path": pointer},
        {"op": "replace", "path": f"{pointer}/id", "value": name},
    ]
    what = {"on": identity(place.elements[index])}
    return operations, {"do": "copy", "what": what, "to": target, "id": name}


def _test(sight: Sight, digits: Digits, author: Author) -> Made | None:
    members = sight.members(_is_scalar)
    if not members:
        return None
    pointer, holder, name = digits.of(members)
    operation = {"op": "test", "path": f"{pointer}/{escape(name)}", "value": holder[name]}
    return [operation], {"do": "test", **_named(holder, name), "value": holder[name]}


def _relist(sight: Sight, digits: Digits, author: Author) -> Made | None:
    """Give an object another list."""
    holders = [(pointer, holder) for pointer, holder in sight.objects if "pebble" not in holder]
    pointer, holder = digits.of(holders)
    value = [author.element(digits, 0) for _ in range(1 + digits.below(2))]
    operation = {"op": "add", "path": f"{pointer}/kids", "value": value}
    return [operation], {"do": "set", "at": [holder["id"], "kids"], "value": value}


VERBS: dict[str, Callable[[Sight, Digits, Author], Made | None]] = {
    "set": _set,
    "unset": _unset,
    "top": _top,
    "insert": _insert,
    "put": _put,
    "remove": _remove,
    "move": _move,
    "nest": _nest,
    "unnest": _unnest,
    "rename": _rename,
    "copy": _copy,
    "test": _test,
    "relist": _relist,
}


def edit(document: Any, choices: list[Any], author: Author, *, is_alone: bool) -> Made:
    """Return the operations of an edit, and its meanings.

    Args:
        document: What the page shows.
        choices: Pairs of a verb and a number.
        is_alone: Nothing of this page waits for an answer. Else the edit contains a value that is its own,
            by which it is known again.
    """
    operations: list[Any] = []
    meanings: list[Any] = []
    for verb, number in choices:
        made = VERBS[verb](Sight(document), Digits(number), author)
        if made is not None and not _is_forbidden(made[0][0]):
            document = apply(document, made[0])
            operations += made[0]
            meanings.append(made[1])
    if operations and not is_alone and not marks(operations):
        value = author.number()
        operations.append({"op": "add", "path": "/map/v", "value": value})
        meanings.append({"do": "set", "at": ["map", "v"], "value": value})
    return operations, meanings


def _is_forbidden(operation: Any) -> bool:
    """Whether a move to what follows an element reads as one into it (RFC 6902, section 4.4)."""
    return operation["op"] == "move" and operation["path"].startswith(f"{operation['from']}/")


def marks(operations: list[Any]) -> set[str]:
    """Return what an edit is known by: the values in it that are made once."""
    values = [operation["value"] for operation in operations if operation["op"] in ("add", "replace")]
    return {json.dumps(value) for value in values if _is_unique(value)}


def _is_unique(value: Any) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, (dict, list)) or (type(value) is int and abs(value) >= UNIQUE)
