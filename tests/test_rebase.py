"""Edits carried over commits, judged by who is who: an oracle that knows elements by name and no index.

Documents are trees of nodes: `{"id": 7, "v": 0, "list": [nodes], "map": {name: node}}`. The oracle does not
look at pointers of the carried edit: it looks at which node changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate.errors import Conflict
from syncstate.patch import Operation, Step, apply, trace
from syncstate.pointer import join, parse, resolve
from syncstate.rebase import rebase, rebase_operations

NAMES = ["0", "1", "a", "-", "~/"]
Node = dict[str, Any]
Tokens = tuple[str, ...]


class Author:
    """Makes random documents, and random operations that apply to them."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.ids = itertools.count(1)

    def node(self, depth: int = 0) -> Node:
        size = 4 if depth < 2 else 1
        return {
            "id": next(self.ids),
            "v": 0,
            "list": [self.node(depth + 1) for _ in range(self.chance.randrange(size))],
            "map": {
                name: self.node(depth + 1)
                for name in self.chance.sample(NAMES, self.chance.randrange(min(size, 3)))
            },
        }

    def operation(self, document: Node) -> Operation:
        verb = self.chance.choice(["set", "set", "add", "add", "remove", "replace", "move", "move"])
        holder, place = self.chance.choice(list(nodes(document)))
        if verb == "set":
            return {"op": "replace", "path": join(*place, "v"), "value": next(self.ids)}
        if verb == "add":
            return {"op": "add", "path": self.room(holder, place), "value": self.node(2)}
        others = [place for _, place in nodes(document) if place]
        if not others:
            return self.operation(document)
        path = join(*self.chance.choice(others))
        if verb == "remove":
            return {"op": "remove", "path": path}
        if verb == "replace":
            return {"op": "replace", "path": path, "value": self.node(2)}
        without = apply(document, [{"op": "remove", "path": path}])
        target = self.room(*self.chance.choice(list(nodes(without))))
        # what RFC 6902, section 4.4 forbids
        return (
            self.operation(document)
            if target.startswith(f"{path}/")
            else {"op": "move", "from": path, "path": target}
        )

    def room(self, holder: Node, place: Tokens) -> str:
        if self.chance.random() < 0.3:
            return join(*place, "map", self.chance.choice(NAMES))
        return join(*place, "list", self.chance.randrange(len(holder["list"]) + 1))

    def patch(self, document: Node, length: int) -> tuple[list[Step], Node]:
        steps: list[Step] = []
        for _ in range(length):
            document, step = trace(document, [self.operation(document)])
            steps += step
        return steps, document


def nodes(node: Node, *place: str) -> Iterator[tuple[Node, Tokens]]:
    yield node, place
    for index, child in enumerate(node["list"]):
        yield from nodes(child, *place, "list", str(index))
    for name, child in node["map"].items():
        yield from nodes(child, *place, "map", name)


def ids(document: Node) -> dict[int, Node]:
    return {node["id"]: node for node, _ in nodes(document)}


def home(document: Node, id: int) -> tuple[int, str] | None:
    """The node, and which part of it, that holds another one."""
    places = {node["id"]: place for node, place in nodes(document)}
    if id not in places or not places[id]:
        return None
    *above, part, _ = places[id]
    return resolve(document, join(*above))["id"], part


def own(node: Node) -> Any:
    """What a node is without its children's insides."""
    names = {name: child["id"] for name, child in node["map"].items()}
    return node["v"], [child["id"] for child in node["list"]], names


def meant(document: Node, pointer: str) -> int:
    return resolve(document, pointer)["id"]


class Judge:
    """Follows an edit in its author's document and in today's, operation by operation."""

    def __init__(self, document: Node, today: Node, base: Node) -> None:
        self.document, self.today = document, today
        self.named: set[int] = set()
        self.name(base)
        self.name(document)

    def name(self, document: Node) -> None:
        """Note who stands in an object: when it is gone, another one of its name may have been meant."""
        self.named |= {id for id in ids(document) if (home(document, id) or ("", ""))[1] == "map"}

    def accept(self, operation: Operation, carried: Operation) -> None:
        before, after = ids(self.today), apply(self.today, [carried])
        now = ids(after)
        changed = {id for id in before.keys() & now.keys() if own(before[id]) != own(now[id])}
        lost, path = before.keys() - now.keys(), parse(operation["path"])
        theirs = apply(self.document, [operation])
        match operation["op"]:
            case "replace" if path[-1] == "v":
                id = meant(self.document, join(*path[:-1]))
                assert now[id]["v"] == operation["value"]
                assert (changed, lost) == ({id}, set())
            case "replace":
                new = operation["value"]["id"]
                id = meant(self.document, operation["path"])
                assert new in now
                assert id not in before or (id in lost and home(after, new) == home(self.today, id))
            case "remove":
                id = meant(self.document, operation["path"])
                assert id in lost or (id not in before and id in self.named)
                assert len(changed) == 1
                assert id not in before or lost == ids(before[id]).keys()
            case "add":
                id = operation["value"]["id"]
                assert home(after, id) == home(theirs, id)
                assert not lost or path[-2] == "map"
            case "move":
                id = meant(self.document, operation["from"])
                assert home(after, id) == home(theirs, id) or (id not in before and id in self.named)
                assert not lost or path[-2] == "map"
        self.document, self.today = theirs, after
        self.name(theirs)

    def refuse(self, operation: Operation) -> None:
        """The edit is refused at this operation: there is a cause for it."""
        today, path = ids(self.today), parse(operation["path"])
        match operation["op"]:
            case "replace" if path[-1] == "v":
                needed = [meant(self.document, join(*path[:-1]))]
            case "add":
                needed = [meant(self.document, join(*path[:-2]))]
            case "move":
                without = apply(self.document, [{"op": "remove", "path": operation["from"]}])
                needed = [meant(self.document, operation["from"]), meant(without, join(*path[:-2]))]
                is_knot = needed[0] in today and needed[1] in ids(today[needed[0]])
                if is_knot or self.is_in_front(*needed):
                    return
            case _:
                needed = [meant(self.document, operation["path"])]
        assert not set(needed) <= today.keys(), "nothing spoke against it"

    def is_in_front(self, id: int, holder: int) -> bool:
        """Whether a node stands, in one list, in front of what it shall be moved into."""
        places = {node["id"]: place for node, place in nodes(self.today)}
        place, other = places.get(id, ()), places.get(holder, ())
        depth = len(place) - 1
        return place[:depth] == other[:depth] and len(other) > depth and place[-2:-1] == ("list",)


@given(st.integers(0, 2**32), st.integers(0, 6), st.integers(1, 4))
def test_an_edit_hits_what_its_author_meant_or_is_refused_with_a_cause(seed, committed, length):
    author = Author(seed)
    document = {"id": 0, "v": 0, "list": [author.node()], "map": {}}
    over, today = author.patch(document, committed)
    edit, _ = author.patch(document, length)
    judge = Judge(document, today, document)

    try:
        carried = rebase(edit, over)
    except Conflict:
        for place, (step, *_) in enumerate(edit):
            try:
                placed = rebase(edit[: place + 1], over)[-1]
            except Conflict:
                judge.refuse(step)
                break
            judge.accept(step, placed.operation)
        with pytest.raises(Conflict):
            rebase_operations([step.operation for step in edit], over, today)
    else:
        for step, placed in zip(edit, carried, strict=True):
            judge.accept(step.operation, placed.operation)
        assert rebase_operations([step.operation for step in edit], over, today) == [
            step.operation for step in carried
        ]


@given(st.integers(0, 2**32), st.integers(0, 4), st.lists(st.booleans(), min_size=1, max_size=4))
def test_an_edit_behind_others_of_which_some_are_taken_back_hits_what_its_author_meant(
    seed, committed, fates
):
    author = Author(seed)
    document = {"id": 0, "v": 0, "list": [author.node()], "map": {}}
    over, today = author.patch(document, committed)
    earlier: list[tuple[Step, Step | None]] = []
    front, now, seen = document, today, [document]
    for is_taken_back in fates:
        (step,), behind = author.patch(front, 1)
        try:
            placed = None if is_taken_back else rebase([step], over, earlier)[0]
        except Conflict:
            placed = None
        now = apply(now, [placed.operation]) if placed else now
        earlier.append((step, placed))
        front = behind
        seen.append(front)
    (last,), _ = author.patch(front, 1)
    judge = Judge(front, now, document)
    for shown in seen:
        judge.name(shown)

    try:
        (carried,) = rebase([last], over, earlier)
    except Conflict as error:
        if "taken back" not in str(error):
            judge.refuse(last.operation)
    else:
        judge.accept(last.operation, carried.operation)
