"""What an authority makes of the operations between two looks."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from syncstate.compaction import compact
from syncstate.document import Json, same
from syncstate.patch import Operation, Step, apply
from syncstate.pointer import join, resolve


def compacted(operations: list[Operation]) -> list[Operation]:
    return [step.operation for step in compact([Step(operation, in_list=False) for operation in operations])]


START: Json = {"a": {"x": 1, "y": [1, 2, {"z": 1}]}, "b": [1, 2, 3], "n": 0}
VALUES: list[Json] = [1, 2, True, {"x": 1}, [1, 2], {"x": {"y": 1}}, []]


def places(value: Json, *tokens: str | int) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [tokens, *(place for key, member in items for place in places(member, *tokens, key))]


def some_operation(document: Json, chance: random.Random) -> Operation:
    """An operation that applies to a document: mostly replaces, since these are what may go."""
    place, other = chance.choice(places(document)[1:]), chance.choice(places(document)[1:])
    value, verb = chance.choice(VALUES), chance.choice(["replace"] * 4 + ["add", "remove", "copy", "move"])
    holder = resolve(document, join(*place[:-1]))
    if verb == "add" and isinstance(holder, dict):
        return {"op": "add", "path": join(*place[:-1], chance.choice("xyz")), "value": value}
    if verb == "add":
        return {"op": "add", "path": join(*place), "value": value}
    if verb == "remove" and len(place) > 1:
        return {"op": "remove", "path": join(*place)}
    if (
        verb in ("copy", "move")
        and other[: len(place)] != place
        and place[: len(other)] != other
        and len(place) > 1
    ):
        return {"op": "copy", "from": join(*place), "path": join(*other)}
    return {"op": "replace", "path": join(*place), "value": value}


@given(seed=st.integers(0, 2**32), length=st.integers(2, 14))
def test_a_compacted_patch_leads_to_the_same_document(seed, length):
    chance, document, operations = random.Random(seed), START, []
    for _ in range(length):
        operations.append(some_operation(document, chance))
        document = apply(document, operations[-1:])

    shorter = compacted(operations)

    assert same(apply(START, shorter), document)
    assert len(shorter) <= len(operations)


def test_of_two_members_that_change_in_turn_only_the_last_values_are_kept():
    operations = [
        operation
        for n in range(100)
        for operation in (
            {"op": "replace", "path": "/threshold", "value": n},
            {"op": "replace", "path": "/summary", "value": {"above": n}},
        )
    ]

    assert compacted(operations) == operations[-2:]


def test_a_replace_is_kept_when_something_acted_inside_what_it_put_there():
    operations: list[Operation] = [
        {"op": "replace", "path": "/a", "value": {"x": 1}},
        {"op": "replace", "path": "/a/x", "value": 2},
        {"op": "replace", "path": "/a", "value": 3},
    ]

    assert compacted(operations) == operations


def test_a_replace_of_an_element_is_kept_when_the_list_shifted():
    operations: list[Operation] = [
        {"op": "replace", "path": "/b/1", "value": 8},
        {"op": "remove", "path": "/b/0"},
        {"op": "replace", "path": "/b/1", "value": 9},
    ]

    assert compacted(operations) == operations
