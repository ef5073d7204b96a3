"""Tracked lists and dicts: they behave as the builtins do, and their patches tell what happened."""

from __future__ import annotations

import copy
import decimal
import json
import pickle
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncstate import NotSyncable, TrackedDict, TrackedList, diff, track
from syncstate.diff import Change, invert_changes
from syncstate.document import MAX_DEPTH, plain, same
from syncstate.patch import Operation, Step, apply
from syncstate.pointer import resolve
from syncstate.roots import Root

NAMES = ["", "a", "b", "a/b", "~", "0", "-", "é"]


class Recording(Root):
    """A document that keeps what its containers reported, and what would take it back."""

    def __init__(self, document: Any) -> None:
        super().__init__()
        self.patches: list[list[Operation]] = []
        self.inverses: list[list[Operation]] = []
        self.replaced: list[list[str]] = []
        self.document = TrackedList(document) if isinstance(document, list) else TrackedDict(document)
        self.document._parent = self

    def report(self, keys: Any, changes: list[Change], replaced: list[Step]) -> None:
        if changes:
            self.patches.append([step.operation for step, _ in changes])
            self.inverses.append(invert_changes(changes))
            self.replaced.append([step.operation["path"] for step in replaced])

    @property
    def operations(self) -> list[Operation]:
        return [operation for patch in self.patches for operation in patch]


def recorded(document: Any) -> tuple[Any, Recording]:
    recording = Recording(document)
    return recording.document, recording


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, dict)):
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from containers(child)


# -- as the builtin: random scripts of every mutator

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, 1.0, -0.5, 2**53 - 1, 1e300, "", "a", "é", "𝄞", b"", b"\x00\xff"]),
    st.text("ab/~", max_size=2),
)
names = st.sampled_from(NAMES)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
roots = st.lists(values, max_size=4) | st.dictionaries(names, values, max_size=4)
deep_roots = roots.map(lambda value: {"a": [{"b": [value]}, value], "b": value})

places = st.integers(-5, 5) | st.sampled_from([-(2**40), 2**40])
slices = st.builds(
    slice,
    st.none() | places,
    st.none() | places,
    st.none() | st.sampled_from([-3, -2, -1, 1, 2, 3]),
)
several = st.lists(values, max_size=4)
members = st.dictionaries(names, values, max_size=3)


def own(container: Any) -> Any:
    """A value that stands in the document already: Python would alias it, a document holds a copy."""
    return container if isinstance(container, (TrackedList, TrackedDict)) else plain(container)


def element(target: list[Any], place: int) -> Any:
    found = target[place]
    return own(found) if isinstance(found, (list, dict)) else found


def sort(target: list[Any], key: Callable[[Any], Any] | None, reverse: bool) -> None:
    sorted(target, key=key)  # what cannot be sorted leaves the builtin half sorted
    target.sort(key=key, reverse=reverse)


def swap(target: list[Any], one: int, other: int) -> None:
    target[one], target[other] = target[other], target[one]


def multiply(target: list[Any], count: int) -> None:
    if not isinstance(target, TrackedList) and count > 1:
        target.extend(plain(target * (count - 1)))
    else:
        target *= count


def iadd(target: list[Any], values: Any) -> None:
    before = target
    target += values
    assert target is before


def ior(target: dict[str, Any], members: Any) -> None:
    before = target
    target |= members
    assert target is before


LIST_STEPS: dict[str, tuple[Callable[..., Any], tuple[st.SearchStrategy[Any], ...]]] = {
    "append": (lambda target, value: target.append(value), (values,)),
    "extend": (lambda target, values: target.extend(values), (several,)),
    "extend by an iterator": (lambda target, values: target.extend(iter(values)), (several,)),
    "extend by itself": (lambda target: target.extend(own(target)), ()),
    "insert": (lambda target, place, value: target.insert(place, value), (places, values)),
    "pop": (lambda target: target.pop(), ()),
    "pop at": (lambda target, place: target.pop(place), (places,)),
    "remove": (lambda target, value: target.remove(value), (values,)),
    "remove one that is there": (lambda target, place: target.remove(target[place]), (places,)),
    "clear": (lambda target: target.clear(), ()),
    "sort": (sort, (st.sampled_from([None, repr, str, lambda value: 0]), st.booleans())),
    "reverse": (lambda target: target.reverse(), ()),
    "set": (lambda target, place, value: target.__setitem__(place, value), (places, values)),
    "set a slice": (lambda target, where, values: target.__setitem__(where, values), (slices, several)),
    "set an equally long slice": (
        lambda target, where, value: target.__setitem__(where, [plain(value) for _ in target[where]]),
        (slices, values),
    ),
    "set a slice to itself": (lambda target, where: target.__setitem__(where, own(target[where])), (slices,)),
    "reverse a slice": (
        lambda target, start, stop: target.__setitem__(slice(start, stop), target[start:stop][::-1]),
        (places, places),
    ),
    "delete": (lambda target, place: target.__delitem__(place), (places,)),
    "delete a slice": (lambda target, where: target.__delitem__(where), (slices,)),
    "+=": (iadd, (several,)),
    "*=": (multiply, (st.integers(-1, 3),)),
    "swap": (swap, (places, places)),
    "append what is there": (lambda target, place: target.append(element(target, place)), (places,)),
    "move to the end": (lambda target, place: target.append(target.pop(place)), (places,)),
    "wrap": (lambda target, place: target.__setitem__(place, {"a": [target[place]]}), (places,)),
    "insert a wrapped one": (
        lambda target, place, name: target.insert(0, {name: element(target, place)}),
        (places, names),
    ),
}
DICT_STEPS: dict[str, tuple[Callable[..., Any], tuple[st.SearchStrategy[Any], ...]]] = {
    "set": (lambda target, name, value: target.__setitem__(name, value), (names, values)),
    "delete": (lambda target, name: target.__delitem__(name), (names,)),
    "pop": (lambda target, name: target.pop(name), (names,)),
    "pop with a default": (lambda target, name, value: target.pop(name, value), (names, values)),
    "popitem": (lambda target: target.popitem(), ()),
    "clear": (lambda target: target.clear(), ()),
    "setdefault": (lambda target, name, value: target.setdefault(name, value), (names, values)),
    "setdefault to nothing": (lambda target, name: target.setdefault(name), (names,)),
    "update": (lambda target, members: target.update(members), (members,)),
    "update by pairs": (lambda target, members: target.update(list(members.items())), (members,)),
    "update by keywords": (lambda target, value, more: target.update({"a": value}, b=more), (values, values)),
    "update by itself": (lambda target: target.update(own(target)), ()),
    "|=": (ior, (members,)),
    "|= pairs": (lambda target, members: ior(target, list(members.items())), (members,)),
    "copy a member": (
        lambda target, name, other: target.__setitem__(other, own(target[name])),
        (names, names),
    ),
    "rename": (lambda target, name, other: target.__setitem__(other, target.pop(name)), (names, names)),
    "wrap": (lambda target, name: target.__setitem__(name, [{"a": target[name]}]), (names,)),
}

Move = tuple[type, str, int, tuple[Any, ...]]


def steps_of(
    kind: type, table: dict[str, tuple[Any, tuple[st.SearchStrategy[Any], ...]]]
) -> st.SearchStrategy[Move]:
    return st.one_of(
        *(
            st.tuples(st.just(kind), st.just(name), st.integers(0, 50), st.tuples(*arguments))
            for name, (_, arguments) in table.items()
        )
    )


scripts = st.lists(steps_of(list, LIST_STEPS) | steps_of(dict, DICT_STEPS), max_size=12)


def fresh(argument: Any) -> Any:
    """Nothing that is given may have two places, in Python's document either."""
    return plain(argument) if isinstance(argument, (list, dict)) else argument


def run(step: Move, document: Any) -> tuple[type[BaseException] | None, str]:
    """Do one step to a document, plain or tracked, and say what it returned or raised."""
    kind, name, where, arguments = step
    targets = [container for container in containers(document) if isinstance(container, kind)]
    if not targets or len(list(containers(document))) > 200:
        return None, ""
    target = targets[where % len(targets)]
    function = (LIST_STEPS if kind is list else DICT_STEPS)[name][0]
    try:
        return None, repr(function(target, *map(fresh, arguments)))
    except (IndexError, KeyError, ValueError, TypeError) as error:
        return type(error), ""


@given(start=deep_roots, script=scripts)
@example(start={"a": [1]}, script=[(list, "set", 0, (0, True))])
@example(start={"a": [True]}, script=[(list, "set", 0, (0, 1.0))])
@example(start={"a": [1, [2]]}, script=[(list, "reverse", 0, ())])
def test_a_tracked_document_does_what_the_builtins_do(start, script):
    expected = plain(start)
    document, _ = recorded(start)

    for step in script:
        assert run(step, document) == run(step, expected)

        assert repr(document) == repr(expected)


@given(start=deep_roots, script=scripts)
@example(start={"a": [[1], [True]]}, script=[(list, "reverse", 0, ())])
def test_the_patches_of_a_script_replay_to_the_same_document_and_back(start, script):
    document, recording = recorded(start)

    for step in script:
        before = plain(document)
        first = len(recording.patches)
        run(step, document)
        replayed = before
        for patch in recording.patches[first:]:
            replayed = apply(replayed, patch)

        assert same(replayed, document)
    for inverse in reversed(recording.inverses):
        replayed = apply(replayed, inverse) if script else start
    assert not recording.patches or same(replayed, start)


@given(start=deep_roots, script=scripts)
def test_every_container_of_a_script_knows_its_place_or_that_it_has_none(start, script):
    document, recording = recorded(start)
    seen = {id(container): container for container in containers(document)}

    for step in script:
        run(step, document)

        here = {id(container): container for container in containers(document)}
        seen |= here
        for container in seen.values():
            assert container.is_attached == (id(container) in here)
            if container.is_attached:
                assert resolve(document, container.location) is container
            else:
                assert container.location is None
    known = len(recording.patches)
    for container in seen.values():
        if not container.is_attached:
            container.clear()
    assert len(recording.patches) == known


# -- as the builtin: the errors


@pytest.mark.parametrize(
    "statement",
    [
        "rows[9] = 1",
        "rows[-9] = 1",
        "del rows[9]",
        "rows.pop(9)",
        "rows.pop(-9)",
        "[rows.pop() for _ in range(9)]",
        "rows.remove(9)",
        "rows[::2] = [1]",
        "rows[::-1] = [1]",
        "rows[::0] = []",
        "del rows[::0]",
        "rows['a'] = 1",
        "rows[1.5] = 1",
        "del rows['a']",
        "rows.pop('a')",
        "rows.insert('a', 1)",
        "rows[:] = 5",
        "rows[::2] = 5",
        "rows.extend(5)",
        "rows.sort(key=5)",
        "rows.sort(key=lambda row: row['a'])",
        "rows.append()",
        "rows.__imul__('a')",
        "rows.__imul__(1.5)",
        "rows.__iadd__(5)",
        "row.pop('z')",
        "row.__delitem__('z')",
        "row.pop('z', 1, 2)",
        "row.pop()",
        "row.update(5)",
        "row.update([1])",
        "row.update([(1, 2, 3)])",
        "row.__ior__(5)",
        "row[[]] = 1",
        "row.update({}, {})",
        "row.popitem() and row.popitem() and row.popitem()",
        "row.setdefault()",
    ],
)
def test_what_the_builtin_refuses_is_refused_with_the_same_error(statement):
    start = {"rows": [1, 2, 3], "row": {"a": 1, "b": 2}}
    document, _ = recorded(start)

    with pytest.raises(Exception) as expected:
        exec(statement, {}, copy.deepcopy(start))
    with pytest.raises(expected.type):
        exec(statement, {}, dict(document))


def test_a_sort_whose_key_fails_leaves_the_list_alone():
    document, recording = recorded([3, "a", 1])

    with pytest.raises(TypeError):
        document.sort()

    assert document == [3, "a", 1]
    assert recording.patches == []


# -- what is reported


@pytest.mark.parametrize(
    ("start", "statement", "operations"),
    [
        ([1], "d.append(2)", [("add", "/1", 2)]),
        ([1], "d.append(None)", [("add", "/1", None)]),
        ([1], "d.extend([2, 3])", [("add", "/1", 2), ("add", "/2", 3)]),
        ([1], "d += [2]", [("add", "/1", 2)]),
        ([1], "d.extend([])", []),
        ([1], "d *= 2", [("add", "/1", 1)]),
        ([1], "d *= 1", []),
        ([1], "d *= 0", [("remove", "/0")]),
        ([1, 2], "d.insert(0, 0)", [("add", "/0", 0)]),
        ([1, 2], "d.insert(-99, 0)", [("add", "/0", 0)]),
        ([1, 2], "d.insert(99, 0)", [("add", "/2", 0)]),
        ([1, 2], "d.pop()", [("remove", "/1")]),
        ([1, 2], "d.pop(0)", [("remove", "/0")]),
        ([1, 2], "d.remove(2)", [("remove", "/1")]),
        ([1, 2], "del d[-1]", [("remove", "/1")]),
        ([1, 2], "d[0] = 5", [("replace", "/0", 5)]),
        ([1, 2], "d[0] = 1", []),
        ([1, 2], "d[0] = True", [("replace", "/0", True)]),
        ([1, 2], "d[0] = 1.0", []),
        ([[1]], "d[0] = [True]", [("replace", "/0/0", True)]),
        ([1, 2, 3], "d[1:2] = [5]", [("replace", "/1", 5)]),
        (["x" * 99, 2, 3], "d[1:] = []", [("remove", "/2"), ("remove", "/1")]),
        ([1, 2, 3], "d[1:] = []", [("replace", "", [1])]),
        ([1, 2, 3], "d[1:1] = [7, 8]", [("add", "/1", 7), ("add", "/2", 8)]),
        ([1, 2, 3], "d[3:1] = [7]", [("add", "/3", 7)]),
        ([1, 2, 3], "d[::2] = [1, 9]", [("replace", "/2", 9)]),
        ([1, 2, 3], "d[::-1] = [9, 2, 1]", [("replace", "/2", 9)]),
        (["x" * 99, 2, [3], 4], "del d[1::2]", [("remove", "/3"), ("remove", "/1")]),
        ([1, 2], "d.reverse()", [("move", "/1", "/0")]),
        ([1, 2], "d.sort()", []),
        ([2, 1], "d.sort()", [("move", "/1", "/0")]),
        ([1, 3, 2], "d.sort(reverse=True)", [("move", "/0", "/2")]),
        ([1, 3, 2], "d.sort(key=lambda n: -n)", [("move", "/0", "/2")]),
        ([1, 1, 2], "d.reverse()", [("move", "/2", "/0")]),
        ([5, 1, 2, 3, 4], "d.sort()", [("move", "/0", "/4")]),
        (list(range(50)), "d.reverse()", [("replace", "", list(range(50))[::-1])]),
        ([{"a": n} for n in range(3)], "d.reverse()", [("move", "/2", "/0"), ("move", "/2", "/1")]),
        ([{"a": n} for n in range(4)], "d[:] = [d[3], *d[:3]]", [("move", "/3", "/0")]),
        (
            [{"a": n} for n in range(4)],
            "d[:] = [row for row in d if row['a'] % 2]",
            [("remove", "/2"), ("remove", "/0")],
        ),
        ([{"a": n} for n in range(3)], "d[1:] = [{'a': 5}, d[1], d[2]]", [("add", "/1", {"a": 5})]),
        (
            [{"a": n} for n in range(3)],
            "d[:] = [d[2], {'a': 5}, d[0]]",
            [("remove", "/1"), ("move", "/1", "/0"), ("add", "/1", {"a": 5})],
        ),
        ([{"a": n} for n in range(3)], "d[:] = [d[0], {'a': 5}, d[2]]", [("replace", "/1/a", 5)]),
        (list(range(50)), "d.clear()", [("replace", "", [])]),
        ([], "d.clear()", []),
        ({"a": 1}, "d['b'] = 2", [("add", "/b", 2)]),
        ({"a": 1}, "d['a'] = 2", [("replace", "/a", 2)]),
        ({"a": 1}, "d['a'] = True", [("replace", "/a", True)]),
        ({"a": 1}, "d['a'] = 1", []),
        ({"a": 1}, "d['a/b~'] = 2", [("add", "/a~1b~0", 2)]),
        ({"a": 1}, "d[''] = 2", [("add", "/", 2)]),
        ({"a": 1}, "del d['a']", [("remove", "/a")]),
        ({"a": 1}, "d.pop('a')", [("remove", "/a")]),
        ({"a": 1}, "d.pop('b', None)", []),
        ({"a": 1}, "d.popitem()", [("remove", "/a")]),
        ({"a": 1}, "d.setdefault('a', 5)", []),
        ({"a": 1}, "d.setdefault('b', [])", [("add", "/b", [])]),
        ({"a": 1}, "d.setdefault('b', []).append(1)", [("add", "/b", []), ("add", "/b/0", 1)]),
        ({"a": 1, "b": 2}, "d.update(a=1, b=3, c=4)", [("replace", "/b", 3), ("add", "/c", 4)]),
        ({"a": 1, "b": 2}, "d |= {'b': 3}", [("replace", "/b", 3)]),
        ({"a": 1}, "d.clear()", [("remove", "/a")]),
        ({"a": 1, "b": 2}, "d.clear()", [("replace", "", {})]),
        ([{"a": 1, "b": 2}], "d[0]['a'] = 5", [("replace", "/0/a", 5)]),
        ([{"a": 1, "b": 2}], "d[0] = {'a': 1, 'b': 3}", [("replace", "/0/b", 3)]),
        ([{"a": 1, "b": 2}], "d[0] = {'a': 1}", [("remove", "/0/b")]),
        ([{"a": 1, "b": 2}], "d[0] = {'a': 1, 'b': 2}", []),
        ([{"a": 1, "b": 2}], "d[0] = {'c': 1}", [("replace", "/0", {"c": 1})]),
        ([{"a": 1}, 2], "d[0] = d.pop()", [("remove", "/1"), ("replace", "/0", 2)]),
        ([[[[1]]]], "d[0][0][0][0] = 2", [("replace", "/0/0/0/0", 2)]),
    ],
    ids=str,
)
def test_a_statement_is_reported_in_as_few_operations_as_it_takes(start, statement, operations):
    document, recording = recorded(start)

    exec(statement, {"d": document})

    assert [tuple(operation.values()) for operation in recording.operations] == operations


def test_an_exchanged_member_counts_as_replaced_though_operations_say_less():
    document, recording = recorded({"rows": [{"id": 2}, {"id": 1}], "row": {"a": 1, "b": 2}})

    document["rows"].sort(key=lambda row: row["id"])
    document["row"] = {"a": 1, "b": 3}
    document["row"]["a"] = 5

    assert recording.replaced == [[], ["/row"], []]
    assert recording.patches[1] == [{"op": "replace", "path": "/row/b", "value": 3}]


def test_a_list_that_is_out_of_order_beyond_all_measure_is_assigned_anew(monkeypatch):
    monkeypatch.setattr(diff, "MOVES_LIMIT", 3)
    document, recording = recorded([{"id": n} for n in range(9)])

    document.reverse()

    assert [operation["op"] for operation in recording.operations] == ["replace"]
    assert [row["id"] for row in document] == list(range(9))[::-1]


@given(st.permutations(range(9)), st.sets(st.integers(0, 8)), st.lists(st.integers(0, 8), max_size=4))
def test_whatever_becomes_of_a_list_its_rows_stay_the_same_to_whoever_means_them(order, gone, fresh):
    document, recording = recorded([{"id": n} for n in range(9)])
    rows = list(document)
    after = [rows[n] for n in order if n not in gone]
    for place in fresh:
        after.insert(place, {"id": 100 + place})

    document[:] = after

    replayed = [[n] for n in range(9)]  # rows whose content nobody looks into
    for operation in recording.operations:
        place = int(operation["path"].split("/")[1]) if operation["path"] else None
        match operation["op"]:
            case "move":
                replayed.insert(place, replayed.pop(int(operation["from"][1:])))
            case "remove":
                replayed.pop(place)
            case "add":
                replayed.insert(place, None)
            case "replace":
                replayed[:] = (
                    [None] * len(document)
                    if place is None
                    else [None if here == place else row for here, row in enumerate(replayed)]
                )
    known = {id(row): n for n, row in enumerate(rows)}
    assert [row and row[0] for row in replayed] == [known.get(id(row)) for row in document]


def test_values_in_a_report_are_copies_that_later_changes_do_not_touch():
    document, recording = recorded([])

    document.append({"a": [1]})
    document[0]["a"].append(2)

    assert recording.operations[0] == {"op": "add", "path": "/0", "value": {"a": [1]}}
    assert type(recording.operations[0]["value"]) is dict
    assert type(recording.operations[0]["value"]["a"]) is list


def test_one_statement_is_one_patch():
    patches = []
    todos = track(["write"], on_patch=patches.append)

    todos.extend(["read", "sleep"])
    todos.sort()

    assert len(patches) == 2
    assert apply(["write"], [*patches[0], *patches[1]]) == ["read", "sleep", "write"]


def test_a_callback_that_changes_the_document_is_told_of_its_own_change_too():
    patches = []

    def on_patch(operations: list[Operation]) -> None:
        patches.append(operations)
        if len(document) < 3:
            document.append(len(document))

    document = track([0], on_patch=on_patch)
    document.append(1)

    assert patches == [
        [{"op": "add", "path": "/1", "value": 1}],
        [{"op": "add", "path": "/2", "value": 2}],
    ]


@pytest.mark.parametrize("value", [5, "text", None, (1, 2), {1}])
def test_only_a_list_or_a_dict_can_be_tracked(value):
    with pytest.raises(NotSyncable, match=r"cannot be tracked; a list or a dict can"):
        track(value, on_patch=list)


# -- held references


def test_a_held_row_is_reported_where_it_is_when_indices_have_shifted():
    document, recording = recorded({"rows": [{"id": 1}, {"id": 2}, {"id": 3}]})
    row = document["rows"][1]

    document["rows"].insert(0, {"id": 0})
    row["done"] = True
    del document["rows"][:2]
    row["done"] = False

    assert row.location == "/rows/0"
    assert [
        op["path"] for op in recording.operations if op["value" if "value" in op else "op"] in (True, False)
    ] == [
        "/rows/2/done",
        "/rows/0/done",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "rows.sort(key=lambda row: -row['id'])",
        "rows.reverse()",
        "rows[:] = rows[::-1]",
        "rows[::-1] = list(rows)",
    ],
)
def test_a_reordered_list_keeps_its_rows_attached(statement):
    document, recording = recorded([{"id": 1}, {"id": 2}, {"id": 3}])
    first, _, last = document

    exec(statement, {"rows": document})
    first["x"] = 1

    assert document[2] is first
    assert document[0] is last
    assert recording.operations[-1] == {"op": "add", "path": "/2/x", "value": 1}
    assert same(apply([{"id": 1}, {"id": 2}, {"id": 3}], recording.operations), document)


@pytest.mark.parametrize(
    "statement",
    [
        "d.pop(0)",
        "del d[0]",
        "d.clear()",
        "d[0] = 5",
        "d[0] = {'a': [1]}",
        "d[:] = []",
        "d.remove(row)",
        "d *= 0",
        "d[::2] = [3]",
        "del d[::2]",
    ],
)
def test_what_was_removed_reports_no_longer(statement):
    document, recording = recorded([{"a": [1]}])
    row = document[0]

    exec(statement, {"d": document, "row": row})
    known = len(recording.patches)
    row["b"] = 2
    row["a"].append(2)

    assert len(recording.patches) == known
    assert row == {"a": [1, 2], "b": 2}
    assert not row.is_attached
    assert row.location is None
    assert row["a"].location is None


@pytest.mark.parametrize(
    "statement",
    [
        "d.pop('a')",
        "del d['a']",
        "d.clear()",
        "d.popitem()",
        "d['a'] = 5",
        "d['a'] = [1]",
        "d.update(a=2)",
        "d |= {'a': []}",
    ],
)
def test_what_was_removed_from_a_dict_reports_no_longer(statement):
    document, recording = recorded({"a": [1]})
    inner = document["a"]

    exec(statement, {"d": document})
    known = len(recording.patches)
    inner.append(2)

    assert len(recording.patches) == known
    assert inner == [1, 2]
    assert not inner.is_attached


def test_a_popped_container_is_put_back_as_the_same_object():
    document, recording = recorded({"todo": [{"id": 1, "tags": ["x"]}], "done": []})
    row = document["todo"].pop()
    row["by"] = "me"

    document["done"].append(row)
    row["tags"].append("y")

    assert document["done"][0] is row
    assert recording.operations[1:] == [
        {"op": "add", "path": "/done/0", "value": {"id": 1, "tags": ["x"], "by": "me"}},
        {"op": "add", "path": "/done/0/tags/1", "value": "y"},
    ]


def test_a_popped_container_is_put_back_inside_a_new_one_as_the_same_object():
    document, recording = recorded([{"id": 1}])
    row = document.pop()

    document.append({"wrapped": [row]})
    row["id"] = 2

    assert document[0]["wrapped"][0] is row
    assert recording.operations[-1] == {"op": "replace", "path": "/0/wrapped/0/id", "value": 2}


def test_a_second_place_gets_a_copy():
    document, recording = recorded({"one": {"n": [1]}})

    document["two"] = document["one"]
    document["two"]["n"].append(2)

    assert document == {"one": {"n": [1]}, "two": {"n": [1, 2]}}
    assert recording.operations[-1] == {"op": "add", "path": "/two/n/1", "value": 2}


def test_a_popped_container_that_is_put_back_twice_at_once_has_one_place_and_one_copy():
    document, recording = recorded([{"id": 1}])
    row = document.pop()

    document.extend([row, row, {"a": row}])
    row["id"] = 2

    assert document == [{"id": 2}, {"id": 1}, {"a": {"id": 1}}]
    assert recording.operations[-1]["path"] == "/0/id"


def test_a_child_of_a_popped_container_is_copied_since_it_still_has_its_place_there():
    document, _ = recorded([{"child": {"n": 1}}])
    row = document.pop()

    document.append(row["child"])
    document[0]["n"] = 2

    assert row["child"] == {"n": 1}
    assert document == [{"n": 2}]


def test_a_container_of_another_document_is_copied():
    document, _ = recorded([{"n": 1}])
    other, recording = recorded([])

    other.append(document[0])
    other[0]["n"] = 2

    assert document == [{"n": 1}]
    assert recording.operations[-1]["path"] == "/0/n"


def test_what_is_given_is_copied_in():
    given_ = {"rows": [1]}
    document, recording = recorded([])

    document.append(given_)
    given_["rows"].append(2)

    assert document == [{"rows": [1]}]
    assert len(recording.patches) == 1


def test_tuples_and_other_kinds_of_list_and_dict_become_lists_and_dicts():
    document, _ = recorded([])

    document.append((1, (2, OrderedDict(a=bytearray(b"x")))))

    assert document == [[1, [2, {"a": b"x"}]]]
    assert type(document[0]) is TrackedList
    assert type(document[0][1][1]) is TrackedDict
    assert type(document[0][1][1]["a"]) is bytes


class Name(str):
    __slots__ = ()


class Count(int):
    pass


def test_scalars_become_those_of_json():
    document, _ = recorded({})

    document["a"] = [Name("x"), Count(5)]
    document[Name("b")] = 1.5

    assert list(map(type, document["a"])) == [str, int]
    assert list(map(type, document)) == [str, str]


# -- what has no JSON form

itself: list[Any] = []
itself.append(itself)
in_itself: dict[str, Any] = {"a": [1]}
in_itself["a"].append(in_itself)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


class _Text(str):
    """Text of a kind of its own."""


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (10**4000, "at most 4,000 digits"),
        (-(10**4000), "at most 4,000 digits"),
        ("\ud800", "lone surrogate"),
        (decimal.Decimal(1), "no JSON form"),
        ({1}, "no JSON form"),
    ],
)
def test_what_cannot_travel_is_named_in_a_table_too(member, why):
    document, _ = recorded({"rows": [{"a": 1, "b": "x"}]})
    rows = [{"a": n, "b": "x"} for n in range(50)]
    rows[31]["b"] = member

    with pytest.raises(NotSyncable, match=why) as refused:
        document["rows"] = rows

    assert refused.value.pointer == "/rows/31/b"
    assert document == {"rows": [{"a": 1, "b": "x"}]}


def test_a_table_is_copied_in_row_by_row():
    row = {"a": 1, "b": None, "c": True, "d": 1.5, "é": "è"}
    document, recording = recorded({"rows": [], "others": []})

    document["rows"] = [row] * 3
    document["others"] = [{_Text("a"): _Text("x")}, OrderedDict(b=2), {"c": [1]}, {"d": b"bytes"}, {}]
    row["a"] = 2
    document["rows"][1]["a"] = 3

    assert plain(document["rows"]) == [{**row, "a": 1}, {**row, "a": 3}, {**row, "a": 1}]
    assert [type(member) for member in document["others"][0].values()] == [str]
    assert [type(name) for name in document["others"][0]] == [str]
    assert all(type(row) is TrackedDict for row in [*document["rows"], *document["others"]])
    assert recording.operations[-1] == {"op": "replace", "path": "/rows/1/a", "value": 3}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1, "b": 0}, {"a": True, "b": 0}, ["/5/a"]),
        ({"a": False, "b": 0}, {"a": 0, "b": 0}, ["/5/a"]),
        ({"a": 1, "b": 0}, {"a": 1.0, "b": -0.0}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1, "b": 2}, {"b": True, "a": 1}, ["/5/b"]),
        ({"a": True, "b": 1}, {"b": True, "a": 1}, ["/5/b", "/5/a"]),
        ({"a": 1, "b": [1]}, {"a": 1, "b": [True]}, ["/5/b/0"]),
        ({"a": 1, "b": 2}, {"a": 1}, ["/5/b"]),
        ({"a": 1, "b": None}, {"a": "1", "b": None}, ["/5/a"]),
    ],
)
def test_tables_are_compared_as_json_is(old, new, expected):
    rows = [{"a": n, "b": n} for n in range(10)]

    changes = diff.diff([*rows[:5], old, *rows[5:]], [*map(dict, rows[:5]), new, *map(dict, rows[5:])])

    assert [step.operation["path"] for step, _ in changes] == expected


BAD = {
    "a cycle": (itself, "/0", "it contains itself; a document is a tree"),
    "a cycle below": (in_itself, "/a/1", "it contains itself; a document is a tree"),
    "a name that is a number": ({1: 2}, "", "a member's name is text, not a number (1)"),
    "a name that is null": ({None: 2}, "", "a member's name is text, not null (None)"),
    "a name of lone surrogates": ({"\ud800": 2}, "", "a lone surrogate is no Unicode text"),
    "10**4000": (10**4000, "", "an integer has at most 4,000 digits; sync it as text"),
    "-10**4000": (-(10**4000), "", "an integer has at most 4,000 digits; sync it as text"),
    "a lone surrogate": ("a\udfffb", "", "a lone surrogate is no Unicode text"),
    "a set": ({1}, "", "a set has no JSON form"),
    "an object": (object(), "", "an object has no JSON form"),
    "a decimal": (decimal.Decimal(1), "", "a Decimal has no JSON form"),
    "a complex": (1j, "", "a complex has no JSON form"),
    "a range": (range(3), "", "a range has no JSON form"),
    "a generator": ((n for n in ()), "", "a generator has no JSON form"),
    "a class": (int, "", "a type has no JSON form"),
}


@pytest.mark.parametrize(("bad", "below", "why"), BAD.values(), ids=BAD)
@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("rows.append(bad)", "/rows/2"),
        ("rows.extend([1, {'ok': 1}, {'x': [0, bad]}])", "/rows/4/x/1"),
        ("rows.insert(0, [bad])", "/rows/0/0"),
        ("rows[1] = bad", "/rows/1"),
        ("rows[0:1] = [5, [6, bad]]", "/rows/1/1"),
        ("rows[::2] = [[bad]]", "/rows/0/0"),
        ("rows += [7, bad]", "/rows/3"),
        ("row['new'] = bad", "/row/new"),
        ("row['a'] = {'b/c': bad}", "/row/a/b~1c"),
        ("row.update(a=5, c=[[bad]])", "/row/c/0/0"),
        ("row.setdefault('new', (1, bad))", "/row/new/1"),
        ("row |= {'a': 1, 'c': bad}", "/row/c"),
        ("rows[0]['deep'].append(bad)", "/rows/0/deep/1"),
    ],
)
def test_what_has_no_json_form_is_refused_by_name_and_nothing_changes(statement, place, bad, below, why):
    start = {"rows": [{"deep": [1]}, 2], "row": {"a": {"x": 1}, "b": 2}}
    document, recording = recorded(start)
    held = document["row"]["a"]

    with pytest.raises(NotSyncable) as refused:
        exec(statement, {"rows": document["rows"], "row": document["row"], "bad": bad})

    assert refused.value.pointer == place + below
    assert str(refused.value).startswith(f"Cannot sync {place + below!r}: {why}")
    assert repr(document) == repr(start)
    assert recording.patches == []
    assert held.location == "/row/a"


def test_a_float64_of_numpy_is_a_float_of_python_and_comes_in_as_one():
    numpy = pytest.importorskip("numpy")
    document, _ = recorded([])

    document.append(numpy.float64(0.5))

    assert type(document[0]) is float


@pytest.mark.parametrize("name", [1, None, 1.5, True, (1,), b"a", "\ud800"])
@pytest.mark.parametrize(
    "statement", ["d[name] = 1", "d.setdefault(name, 1)", "d.update({'b': 1, name: 2})", "d |= {name: 2}"]
)
def test_a_name_that_is_no_text_is_refused(statement, name):
    document, recording = recorded({"d": {"a": 1}})

    with pytest.raises(NotSyncable) as refused:
        exec(statement, {"d": document["d"], "name": name})

    assert refused.value.pointer == "/d"
    assert document == {"d": {"a": 1}}
    assert recording.patches == []


def test_a_container_cannot_be_put_into_itself():
    document, recording = recorded({"a": {"b": []}})
    inner = document["a"]["b"]

    for value in (inner, document["a"], document, [document]):
        with pytest.raises(NotSyncable, match="a document is a tree"):
            inner.append(value)

    assert document == {"a": {"b": []}}
    assert recording.patches == []


def test_a_value_nests_as_deep_as_the_limit_says_and_no_deeper():
    document, recording = recorded({"a": []})  # two levels of its own, below a document that is a third

    document["a"].append(nested(MAX_DEPTH - 3))
    with pytest.raises(NotSyncable, match=f"nests deeper than {MAX_DEPTH} levels"):
        document["a"].append(nested(MAX_DEPTH - 2))
    with pytest.raises(NotSyncable, match=f"nests deeper than {MAX_DEPTH} levels"):
        document["a"].append(nested(100_000))

    assert len(document["a"]) == 1
    assert len(recording.patches) == 1
    assert json.loads(json.dumps(document)) == document


def test_a_popped_container_that_would_nest_too_deep_elsewhere_is_refused():
    document, recording = recorded({"deep": nested(MAX_DEPTH - 10), "tall": nested(20)})
    tall = document.pop("tall")
    leaf = document["deep"]
    while leaf:
        leaf = leaf[0]

    with pytest.raises(NotSyncable, match="nests deeper"):
        leaf.append(tall)

    assert leaf == []
    assert len(recording.patches) == 1


# -- copies are plain, and reading costs what it costs


@pytest.mark.parametrize(
    "expression",
    [
        "copy.copy(d['l'])",
        "copy.deepcopy(d['l'])",
        "pickle.loads(pickle.dumps(d['l']))",
        "d['l'] + []",
        "d['l'][:]",
        "d['l'][::2]",
        "d['l'] * 1",
        "1 * d['l']",
        "d['l'].copy()",
        "sorted(d['l'], key=str)",
        "list(d['l'])",
    ],
)
def test_copies_of_a_tracked_list_are_plain(expression):
    document, recording = recorded({"l": [1, [2], {"a": 3}]})

    made = eval(expression, {"copy": copy, "pickle": pickle, "d": document})
    made.append(1)

    assert type(made) is list
    assert recording.patches == []


@pytest.mark.parametrize(
    "expression",
    [
        "copy.copy(d)",
        "copy.deepcopy(d)",
        "pickle.loads(pickle.dumps(d))",
        "d | {}",
        "{} | d",
        "d.copy()",
        "dict(d)",
        "{**d}",
    ],
)
def test_copies_of_a_tracked_dict_are_plain(expression):
    document, recording = recorded({"l": [1, [2], {"a": 3}]})

    made = eval(expression, {"copy": copy, "pickle": pickle, "d": document})
    made["x"] = 1

    assert type(made) is dict
    assert recording.patches == []


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_deep_copies_are_plain_at_every_depth(clone):
    document, _ = recorded({"l": [1, [2], {"a": [3]}]})

    made = clone(document)

    assert made == document
    assert {type(container) for container in containers(made)} == {list, dict}


def test_a_tracked_document_is_encoded_as_the_plain_one():
    start = {"l": [1, [2.5, True], {"a": None}], "é": "𝄞"}
    document, _ = recorded(start)

    assert json.dumps(document) == json.dumps(start)
    assert json.dumps(document, indent=1, sort_keys=True) == json.dumps(start, indent=1, sort_keys=True)


def test_a_tracked_document_is_encoded_by_orjson_as_the_plain_one():
    orjson = pytest.importorskip("orjson")
    start = {"l": [1, [2.5, True], {"a": None}], "é": "𝄞"}
    document, _ = recorded(start)

    assert orjson.dumps(document) == orjson.dumps(start)


def test_no_read_of_the_builtins_is_overridden():
    reads = {
        "__getitem__",
        "__iter__",
        "__len__",
        "__contains__",
        "__eq__",
        "__repr__",
        "get",
        "items",
        "keys",
        "values",
        "index",
        "count",
    }

    assert not reads & (vars(TrackedList).keys() | vars(TrackedDict).keys())


def test_every_mutator_of_the_builtins_is_overridden():
    reads = set(dir(object)) | {
        "__getitem__",
        "__iter__",
        "__len__",
        "__contains__",
        "__reversed__",
        "__class_getitem__",
    }
    reads |= {
        "__add__",
        "__mul__",
        "__rmul__",
        "__or__",
        "__ror__",
        "copy",
        "count",
        "index",
        "get",
        "items",
        "keys",
        "values",
        "fromkeys",
    }

    assert set(dir(list)) - reads <= vars(TrackedList).keys()
    assert set(dir(dict)) - reads <= vars(TrackedDict).keys()


def test_a_detached_container_is_a_list_or_a_dict_that_reports_to_nobody():
    rows = TrackedList([{"a": 1}])
    rows[0]["a"] = 2
    rows.append(TrackedDict(b=1))

    assert rows == [{"a": 2}, {"b": 1}]
    assert not rows.is_attached
    with pytest.raises(NotSyncable):
        rows.append({1})


def test_shuffle_and_insort_are_seen_since_they_use_methods():
    document, recording = recorded(list(range(20)))

    random.Random(1).shuffle(document)

    assert document != list(range(20))
    assert same(apply(list(range(20)), recording.operations), document)
