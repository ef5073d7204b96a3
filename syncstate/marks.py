"""Floor 5. What stood in a container: by it a change is taken back, and one that was only marked is told.

Nothing here reports: what is told has happened, and what is taken back was never told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from syncstate.diff import Change
from syncstate.nodes import Container, locate
from syncstate.patch import Step
from syncstate.pointer import escape
from syncstate.roots import Marks
from syncstate.shapes import ABSENT

_new_step = tuple.__new__  # half of what Step() takes, where there are a thousand


def described(marks: Iterable[tuple[Any, Marks]]) -> list[Change]:
    """Return what says that scalars were put into containers, which are in their places."""
    changes: list[Change] = []
    last: Container | None = None
    above = ""  # the pointer of the last one's holder: a table's rows all have one
    tokens: dict[str, str] = {}  # and the same names
    for node, keys in marks:
        holder, place = node._parent, node._key
        if not isinstance(holder, Container):
            path = locate(node)
        else:
            if holder is not last:
                last, above = holder, locate(holder)
            siblings: Any = holder
            if type(place) is int and place < len(siblings) and siblings[place] is node:  # without a call
                path = f"{above}/{place}"
            else:
                path = f"{above}/{holder._child_token(node)}"
        if isinstance(node, dict):
            for name, old in keys.items():
                token = tokens.get(name) or tokens.setdefault(name, escape(name))
                operation = {"op": "replace", "path": f"{path}/{token}", "value": node[name]}
                changes.append((_new_step(Step, (operation, False, False, False)), old))
        else:
            for index, old in keys.items():
                if index < len(node):  # else it was marked, and an interrupt came before it was put there
                    is_new = old is ABSENT
                    op = "add" if is_new else "replace"
                    operation = {"op": op, "path": f"{path}/{index}", "value": node[index]}
                    changes.append(
                        (_new_step(Step, (operation, True, False, False)), None if is_new else old)
                    )
    return changes


# -- back to what stood there


def unmark(node: Any, keys: Marks) -> None:
    """Put back what stood in a container before scalars were put there."""
    for key, old in reversed(keys.items()):
        if old is ABSENT:
            put_elements_back(node, key, [], 1, key)
        else:
            (list if isinstance(node, list) else dict).__setitem__(node, key, old)


def put_elements_back(node: list[Any], start: int, old: list[Any], count: int, length: int) -> None:
    """Put elements back that gave way to so many others, in a list that had a length."""
    if len(node) == length - len(old) + count:  # else it did not happen
        list.__setitem__(node, slice(start, start + count), old)


def put_members_back(node: dict[str, Any], before: dict[str, Any], order: list[str] | None) -> None:
    """Put members back that gave way to others, or to none."""
    for name, old in before.items():
        if old is ABSENT:
            dict.pop(node, name, None)
        else:
            dict.__setitem__(node, name, old)
    if order is not None:
        moved = next((place for place, name in enumerate(order) if name in before), len(order))
        for name in order[moved:]:
            dict.__setitem__(node, name, dict.pop(node, name))
