"""A synced model: a HasTraits on one side, a document on the other."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import contextlib
import copy
import enum
import json
import pickle
import random
import sys
import threading
from typing import Any, ClassVar, Final, Literal, Optional, Union

import pytest
import traitlets
from hypothesis import example, given
from hypothesis import strategies as st
from jsonpatch import JsonPatch

from syncstate import (
    NotSyncable,
    NotValid,
    PatchError,
    SyncedModel,
    TargetNotFound,
    TestFailed,
    TrackedDict,
    TrackedList,
    batch,
    synced,
)
from syncstate.document import plain, same
from syncstate.patch import apply
from tests.support import Committed, TellingLock, locations, running


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Board(SyncedModel):
    n: int = 0
    title: str = "Sales"
    rows: list[dict] = []
    tags: list[str] = []
    row: dict[str, Any] = {}
    any: Any = None
    maybe: list[int] | None = None


class Recorded:
    """A model and every patch that it told; what they make of its first snapshot is what it is."""

    def __init__(self, model: SyncedModel) -> None:
        self.model = model
        self.start = model.sync.snapshot()
        self.patches: list[list[Any]] = []
        self.stop = model.sync.on_patch(lambda patch: self.patches.append(patch.patch))

    @property
    def operations(self) -> list[Any]:
        return [operation for patch in self.patches for operation in patch]

    def replayed(self) -> Any:
        document: Any = self.start
        for patch in self.patches:
            document = apply(document, patch)
        return document

    def agrees(self) -> bool:
        """Whether the patches, the snapshot and what Python reads are the same."""
        snapshot = self.model.sync.snapshot()
        read = {name: getattr(self.model, name) for name in snapshot}
        return same(self.replayed(), snapshot) and same(plain(read), snapshot)


# -- annotations


class Everything(SyncedModel):
    an_int: int = 1
    a_float: float = 0.5
    a_str: str = "x"
    a_bool: bool = True
    some_bytes: bytes = b"\x00"
    a_list: list = [1, "a"]
    ints: list[int] = [1]
    lists: list[list[int]] = [[1], []]
    rows: list[dict[str, float]] = [{"a": 0.5}]
    a_dict: dict = {"a": [1]}
    counts: dict[str, int] = {"a": 1}
    a_pair: tuple[int, str] = (1, "a")
    a_tuple: tuple[int, ...] = (1, 2)
    one_of: Literal["a", "b", 3] = "b"
    color: Color = Color.RED
    level: Level = Level.HIGH
    maybe: int | None = None
    optional: Optional[str] = "x"  # noqa: UP045 # the old spelling is an annotation too
    either: Union[int, str] = "x"  # noqa: UP007 # the old spelling is an annotation too
    anything: Any = {"a": 1}
    of_object: object = None


ON_THE_WIRE = {
    "an_int": 1,
    "a_float": 0.5,
    "a_str": "x",
    "a_bool": True,
    "some_bytes": b"\x00",
    "a_list": [1, "a"],
    "ints": [1],
    "lists": [[1], []],
    "rows": [{"a": 0.5}],
    "a_dict": {"a": [1]},
    "counts": {"a": 1},
    "a_pair": [1, "a"],
    "a_tuple": [1, 2],
    "one_of": "b",
    "color": "red",
    "level": 2,
    "maybe": None,
    "optional": "x",
    "either": "x",
    "anything": {"a": 1},
    "of_object": None,
}


def test_every_kind_of_annotation_is_synced_in_the_order_of_the_class():
    model = Everything()

    assert same(model.sync.snapshot(), ON_THE_WIRE)
    assert list(model.sync.snapshot()) == list(ON_THE_WIRE)
    assert model.a_pair == (1, "a")
    assert model.color is Color.RED
    assert model.level is Level.HIGH


@pytest.mark.parametrize(
    ("name", "value", "wire"),
    [
        ("an_int", 5, 5),
        ("a_float", 2, 2.0),
        ("a_str", "é", "é"),
        ("a_bool", False, False),
        ("some_bytes", b"ab", b"ab"),
        ("a_list", [None, {}], [None, {}]),
        ("ints", [], []),
        ("lists", [[2]], [[2]]),
        ("rows", [{"b": 1.5}], [{"b": 1.5}]),
        ("a_dict", {"x": {"y": 1}}, {"x": {"y": 1}}),
        ("counts", {}, {}),
        ("a_pair", (2, "b"), [2, "b"]),
        ("a_tuple", (), []),
        ("one_of", 3, 3),
        ("color", Color.BLUE, "blue"),
        ("level", Level.LOW, 1),
        ("maybe", 5, 5),
        ("optional", None, None),
        ("either", 5, 5),
        ("anything", [1], [1]),
        ("of_object", "x", "x"),
    ],
)
def test_every_kind_is_assigned_by_python_and_by_a_patch(name, value, wire):
    ours, theirs = Everything(), Everything()
    recorded, other = Recorded(ours), Recorded(theirs)

    setattr(ours, name, value)
    theirs.sync.apply([{"op": "replace", "path": f"/{name}", "value": wire}])

    assert getattr(ours, name) == getattr(theirs, name) == value
    assert type(getattr(theirs, name)) is type(getattr(ours, name))
    assert same(ours.sync.snapshot(), {**ON_THE_WIRE, name: wire})
    assert same(recorded.replayed(), ours.sync.snapshot())
    assert same(other.replayed(), ours.sync.snapshot())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("an_int", 1.5),
        ("an_int", "1"),
        ("a_float", "x"),
        ("a_str", 1),
        ("a_bool", 5),
        ("some_bytes", "x"),
        ("a_list", {}),
        ("ints", ["a"]),
        ("lists", [1]),
        ("rows", [{"a": "x"}]),
        ("a_dict", []),
        ("counts", {"a": "x"}),
        ("a_pair", [1, 2]),
        ("a_pair", [1]),
        ("one_of", "c"),
        ("color", "green"),
        ("level", 3),
        ("maybe", "x"),
        ("optional", 5),
        ("either", 1.5),
    ],
)
def test_what_an_annotation_does_not_allow_is_refused_from_python_and_from_a_patch(name, value):
    model = Everything()
    recorded = Recorded(model)

    with pytest.raises(NotValid) as ours:
        setattr(model, name, value)
    with pytest.raises(NotValid) as refused:
        model.sync.apply([{"op": "replace", "path": f"/{name}", "value": value}])

    assert refused.value.pointer.startswith(f"/{name}")
    assert str(refused.value) == str(ours.value)
    assert same(model.sync.snapshot(), ON_THE_WIRE)
    assert recorded.patches == []


@pytest.mark.parametrize(
    ("statement", "operations"),
    [
        ("m.a_list.append(2)", [{"op": "add", "path": "/a_list/2", "value": 2}]),
        ("m.lists[0].append(2)", [{"op": "add", "path": "/lists/0/1", "value": 2}]),
        ("m.rows[0]['a'] = 1.5", [{"op": "replace", "path": "/rows/0/a", "value": 1.5}]),
        ("m.a_dict['a'].append(2)", [{"op": "add", "path": "/a_dict/a/1", "value": 2}]),
        ("m.counts['b'] = 2", [{"op": "add", "path": "/counts/b", "value": 2}]),
        ("m.anything['a'] = 2", [{"op": "replace", "path": "/anything/a", "value": 2}]),
    ],
)
def test_containers_of_every_kind_are_live(statement, operations):
    model = Everything()
    recorded = Recorded(model)

    exec(statement, {"m": model})

    assert recorded.operations == operations
    assert same(recorded.replayed(), model.sync.snapshot())


def test_an_annotation_without_a_default_has_that_of_its_trait():
    class Bare(SyncedModel):
        n: int
        x: float
        s: str
        b: bool
        data: bytes
        rows: list[int]
        row: dict[str, int]
        pair: tuple[int, ...]
        maybe: int | None
        one_of: Literal["a", "b"]
        color: Color
        anything: Any

    assert Bare().sync.snapshot() == {
        "n": 0,
        "x": 0.0,
        "s": "",
        "b": False,
        "data": b"",
        "rows": [],
        "row": {},
        "pair": [],
        "maybe": None,
        "one_of": "a",
        "color": "red",
        "anything": None,
    }


def test_mutable_defaults_are_each_instance_s_own():
    one, two = Board(), Board()

    one.rows.append({"a": 1})
    one.row["x"] = 1

    assert (two.rows, two.row) == ([], {})
    assert Board().rows == []


def test_a_factory_makes_a_default_for_each_instance_that_needs_one():
    made = []

    class Made(SyncedModel):
        rows: list[int] = synced(factory=lambda: made.append(1) or [len(made)])

    one, two, three = Made(), Made(), Made(rows=[9])

    assert (two.rows, one.rows, three.rows) == ([1], [2], [9])
    assert len(made) == 2
    assert type(one.rows) is TrackedList


def test_a_field_may_have_bounds_a_help_and_more_tags():
    class Bounded(SyncedModel):
        x: float = synced(0.5, min=0, max=1, help="how much", unit="m")
        n: int = synced(0, min=0)

    model = Bounded()

    for name, value in (("x", -1), ("x", 2), ("n", -1)):
        with pytest.raises(traitlets.TraitError):
            setattr(model, name, value)
    assert model.traits()["x"].help == "how much"
    assert model.traits()["x"].metadata["unit"] == "m"
    assert model.trait_metadata("x", "min") == 0
    model.x = 0
    assert model.x == 0.0


def test_a_field_has_a_default_or_a_factory():
    with pytest.raises(TypeError, match=r"both a default and a factory"):
        synced(1, factory=list)


def test_what_is_private_a_class_variable_or_final_stays_local():
    class Local(SyncedModel):
        n: int = 0
        _hidden: int = 1
        count: ClassVar[int] = 2
        bare: ClassVar = 3
        done: Final = 4
        method_like = 5

        def method(self) -> int:
            return self._hidden

    model = Local()
    model._hidden = object()
    model.other = object()

    assert model.sync.snapshot() == {"n": 0}
    assert model.trait_names() == ["n"]
    assert (model.count, model.bare, model.done, model.method_like) == (2, 3, 4, 5)


@pytest.mark.parametrize(
    "body",
    [
        "sync: int = 1",
        "sync = 1",
        "sync = traitlets.Int().tag(sync=True)",
        "def sync(self): pass",
        "observe: int = 1",
        "traits: dict = {}",
        "add_traits: list = []",
        "notify_change: int = 1",
        "x: set[int] = set()",
        "x: complex = 1j",
        "x: dict[int, str] = {}",
        "x: Board = None",
        "x: unknown_name = 1",
        "x: list[set] = []",
        "s: str = synced('a', min=1)",
    ],
)
def test_a_class_that_cannot_be_synced_is_refused_where_it_is_defined(body):
    with pytest.raises(TypeError, match=r"^Cannot ") as refused:
        exec(f"class Bad(SyncedModel):\n    {body}", {**globals(), "__name__": __name__})

    assert "Bad" in str(refused.value)


def test_a_class_may_be_defined_inside_a_function_with_local_names():
    class Kind(enum.Enum):
        A = "a"

    namespace: dict[str, Any] = {"SyncedModel": SyncedModel, "Kind": Kind, "__name__": "nowhere"}
    source = "class Inner(SyncedModel):\n    kind: Kind = Kind.A"
    exec(compile(source, "a cell", "exec", dont_inherit=True), namespace)

    assert namespace["Inner"]().sync.snapshot() == {"kind": "a"}


def test_an_unknown_argument_of_the_constructor_is_refused_by_name():
    with pytest.raises(
        TypeError, match=r"^Cannot make a Board: it has no member 'nn'; it has 'any', 'maybe', 'n'"
    ):
        Board(nn=1)


# -- inheritance


class Named(SyncedModel):
    name: str = "x"
    n: int = 1

    @traitlets.validate("n")
    def _positive(self, proposal: Any) -> int:
        return max(0, proposal["value"])


class Counted:
    count: int = 0


class Mixin(traitlets.HasTraits):
    mixed = traitlets.List().tag(sync=True)
    local = traitlets.Int(5)


def test_a_subclass_inherits_adds_and_overrides():
    class Sub(Named):
        n: int = 5
        rows: list[int] = [1]

    model = Sub(name="y")
    recorded = Recorded(model)
    model.rows.append(2)
    model.n = -3

    assert model.sync.snapshot() == {"name": "y", "n": 0, "rows": [1, 2]}
    assert recorded.agrees()
    assert Named().sync.snapshot() == {"name": "x", "n": 1}


def test_a_subclass_may_make_a_member_local_again():
    class Sub(Named):
        n = traitlets.Int(3)

    class Plain(Named):
        n = 3

    assert Sub().sync.snapshot() == {"name": "x"}
    assert Plain().sync.snapshot() == {"name": "x"}


def test_a_mixin_of_traits_is_synced_and_a_plain_one_stays_local():
    class Mixed(Mixin, Counted, Named):
        pass

    model = Mixed()
    recorded = Recorded(model)
    model.mixed.append(1)
    model.count = 5
    model.local = 6

    assert model.sync.snapshot() == {"name": "x", "n": 1, "mixed": [1]}
    assert recorded.operations == [{"op": "add", "path": "/mixed/0", "value": 1}]


def test_two_subclasses_do_not_share_what_one_overrides():
    class One(Named):
        n: int = 10

    class Two(Named):
        extra: int = 2

    assert (One().n, Two().n, Named().n) == (10, 1, 1)
    assert "extra" not in One().sync.snapshot()


# -- the traits of traitlets


class Classic(traitlets.HasTraits):
    pass


class Traits(SyncedModel):
    ints = traitlets.List(traitlets.Int()).tag(sync=True)
    dicts = traitlets.List(traitlets.Dict()).tag(sync=True)
    a_dict = traitlets.Dict().tag(sync=True)
    anything = traitlets.Any().tag(sync=True)
    either = traitlets.Union([traitlets.List(), traitlets.Int()]).tag(sync=True)
    one_of = traitlets.Enum(["a", "b"], default_value="a").tag(sync=True)
    color = traitlets.UseEnum(Color, default_value=Color.RED).tag(sync=True)
    pair = traitlets.Tuple((1, 2)).tag(sync=True)
    maybe = traitlets.List(allow_none=True, default_value=None).tag(sync=True)
    text = traitlets.Unicode("x").tag(sync=True)
    fixed = traitlets.Int(5, read_only=True).tag(sync=True)
    a_list = traitlets.Instance(list, ()).tag(sync=True)
    cast = traitlets.CInt(0).tag(sync=True)
    local = traitlets.List()


def test_traits_that_are_tagged_are_synced():
    model = Traits()

    assert model.sync.snapshot() == {
        "ints": [],
        "dicts": [],
        "a_dict": {},
        "anything": None,
        "either": [],
        "one_of": "a",
        "color": "red",
        "pair": [1, 2],
        "maybe": None,
        "text": "x",
        "fixed": 5,
        "a_list": [],
        "cast": 0,
    }
    assert type(model.local) is list


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("m.ints.append(1)", "/ints/0"),
        ("m.dicts = [{}]; m.dicts[0]['a'] = 1", "/dicts/0/a"),
        ("m.dicts.append({'a': {}}); m.dicts[0]['a']['b'] = 1", "/dicts/0/a/b"),
        ("m.a_dict['x'] = []; m.a_dict['x'].append(1)", "/a_dict/x/0"),
        ("m.anything = {'a': []}; m.anything['a'].append(1)", "/anything/a/0"),
        ("m.either.append(1)", "/either/0"),
        ("m.either = 5; m.either = [1]; m.either.append(2)", "/either/1"),
        ("m.maybe = []; m.maybe.append(1)", "/maybe/0"),
        ("m.a_list.append(1)", "/a_list/0"),
    ],
)
def test_containers_in_traits_are_live(statement, path):
    model = Traits()
    recorded = Recorded(model)

    exec(statement, {"m": model})

    assert recorded.operations[-1]["path"] == path
    assert same(recorded.replayed(), model.sync.snapshot())


def test_casting_traits_store_what_they_cast_to():
    model = Traits()
    recorded = Recorded(model)

    model.cast = "5"
    model.sync.apply([{"op": "replace", "path": "/cast", "value": "7"}])

    assert model.cast == 7
    assert [operation["value"] for operation in recorded.operations] == [5, 7]


def test_a_trait_without_a_json_form_is_refused_where_it_is_assigned():
    model = Board()
    recorded = Recorded(model)

    for value in ({1}, object(), {"a": [1j]}, 10**4000, {1: 2}):
        with pytest.raises(NotSyncable) as refused:
            model.any = value
        assert refused.value.pointer.startswith("/any")

    assert model.any is None
    assert recorded.patches == []


def test_a_default_without_a_json_form_is_refused_where_it_is_first_read():
    class Bad(SyncedModel):
        any: Any = synced(factory=object)

    with pytest.raises(NotSyncable, match=r"^Cannot sync '/any'"):
        _ = Bad().any


# -- nine ways of setting a trait; after each the containers are live


class Ways(SyncedModel):
    rows: list[dict] = [{"x": 0}]
    made = traitlets.List().tag(sync=True)
    checked: list[dict] = [{"x": 0}]

    @traitlets.default("made")
    def _make(self) -> list[Any]:
        return [{"x": 0}]

    @traitlets.validate("checked")
    def _check(self, proposal: Any) -> Any:
        return [{**row, "seen": True} for row in proposal["value"]]


class SubWays(Ways):
    rows: list[dict] = [{"x": 0}, {"x": 0}]


def by_set_trait(model: Ways) -> None:
    model.set_trait("rows", [{"x": 3}])


def by_assignment(model: Ways) -> None:
    model.rows = [{"x": 1}, {"x": 2}]


def by_equal_assignment(model: Ways) -> None:
    model.rows = [{"x": 0}]


def by_equal_assignment_of_another_type(model: Ways) -> None:
    model.rows = [{"x": False}]


def by_validator(model: Ways) -> None:
    model.checked = [{"x": 5}]


def in_a_hold(model: Ways) -> None:
    with model.hold_trait_notifications():
        model.rows = [{"x": 5}]
        model.checked = [{"x": 6}]
        model.rows = [{"x": 7}]


def in_a_hold_that_rolls_back(model: Ways) -> None:
    with contextlib.suppress(traitlets.TraitError), model.hold_trait_notifications():
        model.rows = [{"x": 5}]
        model.made = [{"x": 5}]
        raise traitlets.TraitError


def by_add_traits(model: Ways) -> None:
    model.add_traits(added=traitlets.List([{"x": 0}]).tag(sync=True), local=traitlets.List())


def by_apply(model: Ways) -> None:
    model.sync.apply([{"op": "replace", "path": "/rows", "value": [{"x": 8}, {"x": 9}]}])


@pytest.mark.parametrize("is_watched", [True, False], ids=["watched", "watched later"])
@pytest.mark.parametrize(
    "way",
    [
        None,
        by_assignment,
        by_equal_assignment,
        by_equal_assignment_of_another_type,
        by_validator,
        by_set_trait,
        in_a_hold,
        in_a_hold_that_rolls_back,
        by_add_traits,
        by_apply,
    ],
)
@pytest.mark.parametrize(
    "make",
    [Ways, SubWays, lambda: Ways(rows=[{"x": 0}], checked=[{"x": 1}])],
    ids=["plain", "subclass", "arguments"],
)
def test_whatever_way_a_trait_was_set_a_nested_mutation_is_reported_at_its_place(make, way, is_watched):
    model = make()
    recorded = Recorded(model) if is_watched else None
    held = {name: getattr(model, name) for name in ("rows", "made", "checked")}

    if way is not None:
        way(model)
    recorded = recorded or Recorded(model)

    names = [name for name in ("rows", "made", "checked", "added") if model.has_trait(name)]
    for name in names:
        for place, row in enumerate(getattr(model, name)):
            row["new"] = [place]
            assert recorded.operations[-1] == {"op": "add", "path": f"/{name}/{place}/new", "value": [place]}
            row["new"].append(1)
            assert recorded.operations[-1]["path"] == f"/{name}/{place}/new/1"
    known = len(recorded.patches)
    for name, value in held.items():
        if value is not getattr(model, name):
            value.append({})  # it is nobody's now
    assert len(recorded.patches) == known
    assert recorded.agrees()


def test_an_equal_assignment_is_silent_and_what_python_holds_stays_attached():
    model = Board(rows=[{"a": 1}])
    recorded = Recorded(model)
    changes = []
    model.observe(changes.append, "rows")
    held = model.rows

    model.rows = [{"a": 1}]
    held[0]["a"] = 2

    assert model.rows is held
    assert recorded.operations == [{"op": "replace", "path": "/rows/0/a", "value": 2}]
    assert len(changes) == 1


def test_a_true_for_a_one_is_a_change_on_the_wire_though_traitlets_tells_nobody():
    model = Board(any=1)
    recorded = Recorded(model)

    model.any = True
    model.any = 1.0
    model.any = [1]
    model.any = [True]

    assert [operation["value"] for operation in recorded.operations] == [True, 1.0, [1], True]
    assert model.any[0] is True
    assert recorded.agrees()


@pytest.mark.parametrize("value", [None, 5, "text", {"a": 1}, [1], (1, 2), float("nan")])
def test_what_a_member_held_before_reports_no_longer(value):
    model = Board(any=[[1], 2])
    recorded = Recorded(model)
    held, inner = model.any, model.any[0]

    model.any = value
    known = len(recorded.patches)
    held.append(3)
    inner.append(3)

    assert len(recorded.patches) == known
    assert not held.is_attached
    assert same(recorded.replayed(), model.sync.snapshot())


def test_none_takes_the_place_of_a_list_and_gives_it_back():
    model = Board(maybe=[1])
    recorded = Recorded(model)
    held = model.maybe

    model.maybe = None
    held.append(2)
    model.maybe = held
    held.append(3)

    assert model.maybe is held
    assert model.maybe == [1, 2, 3]
    assert recorded.agrees()


def test_a_member_of_one_model_that_is_given_to_another_is_copied():
    one, two = Board(rows=[{"a": 1}]), Board()
    recorded = Recorded(two)

    two.rows = one.rows
    two.rows[0]["a"] = 2

    assert one.rows == [{"a": 1}]
    assert two.rows == [{"a": 2}]
    assert recorded.agrees()


def test_a_value_that_is_refused_leaves_member_and_containers_as_they_were():
    model = Board(rows=[{"a": 1}], tags=["x"])
    recorded = Recorded(model)
    held = model.rows[0]

    with pytest.raises(traitlets.TraitError):
        model.rows = [held, 5]
    with pytest.raises(NotSyncable):
        model.rows = [held, {"a": {1}}]
    held["a"] = 2

    assert recorded.operations == [{"op": "replace", "path": "/rows/0/a", "value": 2}]
    assert recorded.agrees()


# -- reassigning


def test_a_reassigned_list_sends_only_what_differs_and_keeps_the_rows_that_are_used_again():
    model = Board(rows=[{"id": place, "text": "x" * 50} for place in range(5)])
    recorded = Recorded(model)
    first, second, *_ = model.rows

    model.rows = [row for row in model.rows if row["id"] != 2]
    second["id"] = 9

    assert model.rows[0] is first
    assert model.rows[1] is second
    assert recorded.operations == [
        {"op": "remove", "path": "/rows/2"},
        {"op": "replace", "path": "/rows/1/id", "value": 9},
    ]


def test_a_reassigned_list_of_copies_sends_only_the_members_that_differ():
    model = Board(rows=[{"id": place, "text": "x" * 50} for place in range(5)])
    recorded = Recorded(model)

    rows = plain(model.rows)
    rows[3]["id"] = 30
    model.rows = rows

    assert recorded.patches == [[{"op": "replace", "path": "/rows/3/id", "value": 30}]]


def test_a_reassigned_value_is_one_replace_where_that_is_smaller():
    model = Board(rows=[{"id": 1}, {"id": 2}], tags=["a", "b"])
    recorded = Recorded(model)

    model.rows = [{"no": 1}]
    model.tags = ["c", "d"]
    model.row = {"x": 1, "y": 2}

    assert recorded.patches == [
        [{"op": "replace", "path": "/rows", "value": [{"no": 1}]}],
        [{"op": "replace", "path": "/tags", "value": ["c", "d"]}],
        [{"op": "replace", "path": "/row", "value": {"x": 1, "y": 2}}],
    ]


@given(st.lists(st.integers(0, 4), max_size=9), st.lists(st.integers(0, 4), max_size=9), st.booleans())
@example([0, 1, 2, 3, 4, 1], [0, 1], True)
@example([0, 1], [0, 4, 4, 4, 1], False)
def test_a_list_of_long_rows_may_be_assigned_over_any_other(before, after, is_same):
    rows = [{"id": place, "text": "x" * 200} for place in range(5)]
    model = Board(rows=[rows[place] for place in before])
    recorded = Recorded(model)

    model.rows = [*model.rows[: len(after)]] if is_same else [rows[place] for place in after]

    assert recorded.agrees()
    if model.rows and not is_same:
        assert [row["id"] for row in model.rows] == after


def test_a_list_that_was_filtered_sorted_or_mapped_keeps_the_rows_that_it_shares():
    model = Board(rows=[{"id": 1}, {"id": 2}, {"id": 3}])
    recorded = Recorded(model)
    first, second, third = model.rows

    model.rows = sorted(model.rows, key=lambda row: -row["id"])
    third["x"] = 1
    model.rows = [second, {"id": 5}, {"wrapped": first}]
    second["x"] = 2
    first["x"] = 3

    assert model.rows == [{"id": 2, "x": 2}, {"id": 5}, {"wrapped": {"id": 1, "x": 3}}]
    assert not third.is_attached
    assert recorded.agrees()


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from([1.0, "", "ab", "x" * 60, b"x"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c/d"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(documents, min_size=1, max_size=4))
def test_any_value_may_be_assigned_over_any_other_and_the_patches_say_so(values):
    model = Board(any=values[0])
    recorded = Recorded(model)

    for value in values:
        model.any = value
        assert same(model.sync.snapshot()["any"], value)
        assert recorded.agrees()


@given(documents, documents)
def test_any_value_may_be_applied_over_any_other(before, after):
    model = Board(any=before)
    recorded = Recorded(model)

    model.sync.apply([{"op": "replace", "path": "/any", "value": after}])

    assert same(model.sync.snapshot()["any"], after)
    assert recorded.agrees()


def test_a_list_that_was_replaced_takes_nothing_back_from_the_one_that_has_its_rows_now():
    model = Board(rows=[{"x": 1}, {"x": 2}])
    recorded = Recorded(model)
    former = model.rows
    model.rows = [{"x": 0}, *former]

    former.reverse()
    model.rows[1]["x"] = 5

    assert recorded.agrees()
    assert model.rows == [{"x": 0}, {"x": 5}, {"x": 2}]


class Keeper:
    """Somebody who keeps the lists and rows of a model, and goes on with those that were replaced."""

    def __init__(self, model: Board) -> None:
        self.model = model
        self.lists: list[Any] = []
        self.rows: list[Any] = []
        self.look()

    def look(self) -> None:
        self.lists.append(self.model.rows)
        self.rows += self.model.rows

    def do(self, what: str, which: int, x: int) -> None:
        held, row = self.lists[-1 - which % min(len(self.lists), 5)], self.rows[-1 - which % len(self.rows)]
        at = x % max(len(held), 1)
        match what:
            case "assign anew":
                self.model.rows = [{"x": x, "in": [x]}, *held[:4]]
            case "assign again":
                self.model.rows = held
            case "assign alike":
                self.model.rows = list(held)
            case "reverse":
                held.reverse()
            case "sort":
                held.sort(key=lambda row: row["x"])
            case "insert":
                held.insert(at, row)
            case "pop":
                del held[at : at + 1]
            case "splice":
                held[at : at + 1] = [row, {"x": x, "in": []}]
            case "set":
                row["x"] = x
            case "append":
                row["in"].append(x)
            case "number":
                row["in"][:1] = [x]
                row["in"][-1] = x + 1
            case "new name":
                row[str(x)] = row.pop("new", 0) + 1
            case "trait":
                self.model.n = x
            case "share":
                row["in"] = self.rows[x % len(self.rows)]["in"]
        self.look()


DEEDS = ["assign anew", "assign again", "assign alike", "reverse", "sort", "insert", "pop", "splice"]
DEEDS += ["set", "append", "number", "new name", "trait", "share"]
NUMBERS = st.integers(0, 9)


@given(st.lists(st.tuples(st.sampled_from(DEEDS), NUMBERS, NUMBERS), max_size=30))
def test_whoever_keeps_what_was_replaced_changes_nothing_that_the_patches_do_not_say(deeds):
    model = Board(rows=[{"x": 0, "in": []}, {"x": 1, "in": [1]}])
    recorded = Recorded(model)
    keeper = Keeper(model)

    for deed in deeds:
        keeper.do(*deed)

        assert recorded.agrees()


@given(st.lists(st.tuples(st.sampled_from([*DEEDS, "look"]), NUMBERS, NUMBERS), max_size=30))
def test_the_commits_say_all_that_was_done_whenever_somebody_looks(deeds):
    model = Board(rows=[{"x": 0, "in": []}, {"x": 1, "in": [1]}])
    committed = Committed(model)
    keeper = Keeper(model)

    for what, which, x in deeds:
        if what == "look":
            assert same(committed.document, model.sync.snapshot())
        else:
            keeper.do(what, which, x)

    assert same(committed.document, model.sync.snapshot())


# -- what was set to a scalar is told once, with its newest value


def told(model: Board, since: int) -> list[Any]:
    """The operations that links are told after a version, without those of a batch that is open."""
    authority = model._document.watch()
    authority.commit()
    messages = authority.patches(since)
    assert messages is not None
    return [operation for message in messages for operation in message["operations"]]


@pytest.fixture
def seen() -> Board:
    """A model that links see, whose rows were changed before."""
    model = Board(rows=[{"x": 0, "in": [0, 1]}, {"x": 1, "in": []}])
    model._document.watch()
    for row in model.rows:
        row["x"] = -1
        row["in"].append(-1)
        row["in"].pop()
    return model


def test_the_newest_value_of_each_scalar_is_told_once(seen):
    since, first, second = seen.sync.version, *seen.rows
    for count in range(1000):
        seen.n = first["x"] = second["x"] = first["in"][0] = first["in"][-1] = count

    assert sorted(told(seen, since), key=lambda operation: operation["path"]) == [
        {"op": "replace", "path": path, "value": 999}
        for path in ("/n", "/rows/0/in/0", "/rows/0/in/1", "/rows/0/x", "/rows/1/x")
    ]


def test_appended_scalars_are_told_one_by_one_with_what_became_of_them(seen):
    since, numbers = seen.sync.version, seen.rows[1]["in"]
    numbers.append(1)
    numbers.append(2)
    numbers[0] = 3
    numbers[-1] = 4

    assert told(seen, since) == [
        {"op": "add", "path": "/rows/1/in/0", "value": 3},
        {"op": "add", "path": "/rows/1/in/1", "value": 4},
    ]


def test_what_was_set_before_rows_moved_is_told_before_it_and_where_it_was(seen):
    since, row = seen.sync.version, seen.rows[0]
    row["x"] = 5
    seen.rows.insert(0, {"x": 7})
    row["x"] = 6

    assert told(seen, since) == [
        {"op": "replace", "path": "/rows/0/x", "value": 5},
        {"op": "add", "path": "/rows/0", "value": {"x": 7}},
        {"op": "replace", "path": "/rows/1/x", "value": 6},
    ]


def test_what_was_set_is_told_though_rows_that_hold_it_are_assigned_anew(seen):
    since = seen.sync.version
    seen.rows[0]["x"] = 5
    seen.rows = [{"x": 5, "in": [0, 1]}, {"x": 6, "in": []}]

    assert told(seen, since) == [
        {"op": "replace", "path": "/rows/0/x", "value": 5},
        {"op": "replace", "path": "/rows/1/x", "value": 6},
    ]


def test_what_was_set_before_a_patch_is_told_before_it(seen):
    since, row = seen.sync.version, seen.rows[0]
    row["x"] = 5
    seen.sync.apply([{"op": "move", "from": "/rows/0", "path": "/rows/1"}])
    row["x"] = 6

    assert [operation["path"] for operation in told(seen, since)] == ["/rows/0/x", "/rows/1", "/rows/1/x"]


def test_what_was_set_before_a_trait_falls_back_to_its_default_is_told_before_it(seen):
    committed = Committed(seen)
    seen.rows[0]["x"] = 5
    seen._trait_values.pop("rows")  # as a rollback of traitlets does
    assert seen.rows == []

    assert committed.document == seen.sync.snapshot()


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.__setitem__("x", 2),
        lambda row: row["in"].__setitem__(0, 2),
        lambda row: row["in"].append(2),
    ],
    ids=["a member", "an element", "one more element"],
)
def test_what_is_set_just_after_another_thread_took_it_out_is_told_no_more(seen, change):
    since, row = seen.sync.version, seen.rows[0]
    lock = seen._document.lock = TellingLock(seen._document.lock)
    thread = threading.Thread(target=change, args=(row,))
    with lock:
        lock.is_asked.clear()
        thread.start()
        assert lock.is_asked.wait(30)
        seen.rows.pop(0)
    thread.join(30)

    assert 2 in (row["x"], row["in"][0], row["in"][-1])
    assert told(seen, since) == [{"op": "remove", "path": "/rows/0"}]


def test_what_was_set_and_then_taken_out_is_told_no_more(seen):
    since, row = seen.sync.version, seen.rows.pop()
    row["x"] = 5
    row["in"].append(5)

    assert told(seen, since) == [{"op": "remove", "path": "/rows/1"}]


@pytest.mark.parametrize(
    ("value", "is_told"), [(1, False), (1.0, False), (True, True), (2, True), ("1", True)]
)
def test_a_scalar_that_is_what_it_was_is_not_told(seen, value, is_told):
    seen.rows[0]["x"] = 1
    since = seen.sync.version
    seen.rows[0]["x"] = value

    assert seen.rows[0]["x"] is value
    assert bool(told(seen, since)) is is_told


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1j, "complex"),
        (10**4000, "digits"),
        ("\ud800", "surrogate"),
        ({1}, "set"),
    ],
)
def test_what_has_no_json_form_is_refused_wherever_a_scalar_was_set_before(seen, value, why):
    with pytest.raises(NotSyncable, match=why):
        seen.rows[0]["x"] = value
    with pytest.raises(NotSyncable, match=why):
        seen.rows[0]["in"][0] = value
    with pytest.raises(NotSyncable, match=why):
        seen.rows[0]["in"].append(value)

    assert seen.rows[0] == {"x": -1, "in": [0, 1]}


def test_an_index_that_is_not_there_is_refused_wherever_a_scalar_was_set_before(seen):
    for index in (2, -3):
        with pytest.raises(IndexError, match="list assignment index out of range"):
            seen.rows[0]["in"][index] = 0


def test_a_batch_keeps_what_was_set_in_it_for_itself(seen):
    since = seen.sync.version
    with batch():
        seen.rows[0]["x"] = 5
        seen.n = 5
        assert not seen._document.authority.commit()
    assert len(told(seen, since)) == 2
    assert seen.sync.version == since + 1


def test_who_observes_or_listens_from_now_on_hears_of_each_change(seen):
    heard: list[Any] = []
    seen.rows[0]["x"] = 1
    seen.observe(lambda change: heard.append(change.patch[0]["value"]), "rows")
    seen.rows[0]["x"] = 2
    seen.rows[0]["x"] = 3
    assert heard == [2, 3]

    stop = seen.sync.on_patch(lambda patch: heard.append(patch.patch[0]["path"]))
    seen.n += 1
    seen.rows[1]["in"].append(1)
    assert heard[2:] == ["/n", "/rows/1/in/0", 1]
    stop()
    seen.n += 1
    assert len(heard) == 5


def test_links_are_told_again_by_the_next_set_when_an_interrupt_kept_the_first_from_it(seen):
    told_links: list[int] = []

    def watcher() -> None:
        told_links.append(seen.rows[0]["x"])
        if len(told_links) == 1:
            raise KeyboardInterrupt

    seen._document.authority.commit()
    seen._document.authority.watchers.append(watcher)
    with pytest.raises(KeyboardInterrupt):
        seen.rows[0]["x"] = 1
    for x in (2, 3, 4):
        seen.rows[0]["x"] = x
    assert told_links == [1, 2]

    seen._document.authority.commit()
    seen.rows[0]["x"] = 5
    assert told_links == [1, 2, 5]


def test_a_class_that_takes_all_notifications_hears_of_each_change():
    heard: list[str] = []

    class Nosy(Board):
        def notify_change(self, change):
            heard.append(change["name"])
            super().notify_change(change)

    model = Nosy(rows=[{"x": 0}])
    model._document.watch()
    heard.clear()
    model.rows[0]["x"] = 1
    model.rows[0]["x"] = 2

    assert heard == ["rows", "rows"]


# -- observing


def test_a_nested_change_is_observed_with_its_patch():
    model = Board(rows=[{"a": 1}])
    changes = []
    model.observe(changes.append, "rows")

    model.rows[0]["a"] = 2
    model.rows.append({})

    assert [change.patch for change in changes] == [
        [{"op": "replace", "path": "/rows/0/a", "value": 2}],
        [{"op": "add", "path": "/rows/1", "value": {}}],
    ]
    assert {(change.type, change.name, change.owner is model) for change in changes} == {
        ("change", "rows", True)
    }
    assert all(change.new is model.rows and change.old is model.rows for change in changes)


def test_observers_of_a_class_and_of_all_names_hear_of_nested_changes():
    heard = []

    class Observed(Board):
        @traitlets.observe("rows")
        def _on_rows(self, change: Any) -> None:
            heard.append(("rows", change.patch))

    model = Observed()
    model.observe(lambda change: heard.append(("all", change.name)))

    model.rows.append({})

    assert heard == [("rows", [{"op": "add", "path": "/rows/0", "value": {}}]), ("all", "rows")]


def test_an_assignment_is_observed_as_in_traitlets():
    model = Board(rows=[{"a": 1}])
    changes = []
    model.observe(changes.append, ["n", "rows"])
    old = model.rows

    model.n = 5
    model.n = 5
    model.rows = [{"a": 2}]

    assert [(change.name, change.old, change.new) for change in changes] == [
        ("n", 0, 5),
        ("rows", [{"a": 1}], [{"a": 2}]),
    ]
    assert changes[1].old is old
    assert changes[1].new is model.rows
    model.rows[0]["a"] = 3
    assert changes[2].patch == [{"op": "replace", "path": "/rows/0/a", "value": 3}]


def test_unobserve_ends_it():
    model = Board()
    changes = []
    model.observe(changes.append, "rows")

    model.unobserve(changes.append, "rows")
    model.rows.append({})

    assert changes == []


def test_a_refused_assignment_to_a_trait_of_traitlets_has_its_sentence():
    class Ours(SyncedModel):
        n = traitlets.Int().tag(sync=True)
        rows = traitlets.List(traitlets.Dict()).tag(sync=True)

    class Plain(traitlets.HasTraits):
        n = traitlets.Int()
        rows = traitlets.List(traitlets.Dict())

    Plain.__name__ = "Ours"

    for name, value in (("n", "x"), ("rows", 5), ("rows", [5])):
        with pytest.raises(traitlets.TraitError) as ours:
            setattr(Ours(), name, value)
        with pytest.raises(traitlets.TraitError) as theirs:
            setattr(Plain(), name, value)
        assert str(ours.value) == str(theirs.value)


def test_changes_in_a_hold_are_observed_once_with_all_their_operations():
    model = Board()
    recorded = Recorded(model)
    changes = []
    model.observe(changes.append, "rows")

    with model.hold_trait_notifications():
        model.rows.append({"a": 1})
        model.rows[0]["a"] = 2
        assert changes == []

    (change,) = changes
    assert change.new is model.rows
    assert same(apply({"rows": []}, change.patch), {"rows": [{"a": 2}]})
    assert recorded.agrees()


def test_an_observer_that_changes_the_model_further_is_told_of_that_too():
    model = Board()
    recorded = Recorded(model)

    def grow(change: Any) -> None:
        if len(model.rows) < 4:
            model.rows.append({})
            model.n = len(model.rows)

    model.observe(grow, "rows")
    model.rows.append({})

    assert (len(model.rows), model.n) == (4, 4)
    assert recorded.agrees()


def test_an_observer_that_fails_raises_where_the_change_was_made_and_everybody_else_is_told():
    model = Board()
    recorded = Recorded(model)
    woken = []
    model._document.watch().watchers.append(lambda: woken.append(1))

    def fail(change: Any) -> None:
        raise ZeroDivisionError

    model.observe(fail, "rows")
    with pytest.raises(ZeroDivisionError):
        model.rows.append({"a": 1})

    assert recorded.agrees()
    assert woken


def test_links_of_traitlets_carry_members_and_give_each_model_its_own_containers():
    one, two, three = Board(), Board(), Board()
    recorded = [Recorded(model) for model in (one, two, three)]
    with_link = traitlets.link((one, "rows"), (two, "rows"))
    with_dlink = traitlets.dlink((one, "n"), (three, "n"))

    one.rows = [{"a": 1}]
    two.rows = [{"a": 2}]
    one.n = 5
    three.n = 6

    assert one.rows == two.rows == [{"a": 2}]
    assert (one.n, three.n) == (5, 6)
    assert one.rows is not two.rows
    assert all(each.agrees() for each in recorded)
    with_link.unlink()
    with_dlink.unlink()


def test_a_link_carries_nested_changes_too():
    one, two = Board(rows=[{"a": 1}]), Board()
    recorded = Recorded(two)
    traitlets.link((one, "rows"), (two, "rows"))

    one.rows[0]["a"] = 2
    two.rows.append({"b": 1})

    assert one.rows == two.rows == [{"a": 2}, {"b": 1}]
    assert recorded.agrees()


# -- on_patch, batch


def test_on_patch_hands_out_a_json_patch_for_each_statement_until_it_is_ended():
    model = Board()
    patches: list[JsonPatch] = []
    stop = model.sync.on_patch(patches.append)

    model.rows.extend([{}, {}])
    model.n = 5
    stop()
    stop()
    model.n = 6

    assert all(isinstance(patch, JsonPatch) for patch in patches)
    assert [len(patch.patch) for patch in patches] == [2, 1]
    assert json.loads(patches[1].to_string()) == [{"op": "replace", "path": "/n", "value": 5}]


def test_a_listener_that_changes_the_model_does_not_mix_up_the_order_for_the_others():
    model = Board()
    start = model.sync.snapshot()
    heard: list[Any] = []

    def grow(patch: JsonPatch) -> None:
        if len(model.tags) < 3:
            model.tags.insert(0, str(len(model.tags)))

    model.sync.on_patch(grow)
    model.sync.on_patch(lambda patch: heard.extend(patch.patch))
    model.tags.append("first")

    assert model.tags == ["2", "1", "first"]
    assert same(apply(start, heard), model.sync.snapshot())


def test_a_listener_may_change_the_operations_that_it_was_given():
    model = Board()
    patches: list[JsonPatch] = []
    model.sync.on_patch(lambda patch: patch.patch.clear())
    model.sync.on_patch(patches.append)
    version = model.sync.version

    model.n = 5

    assert patches[0].patch == [{"op": "replace", "path": "/n", "value": 5}]
    assert model._document.authority.version == version
    assert model.sync.version == version + 1


def test_a_batch_is_one_patch_and_observers_are_told_at_once():
    model = Board()
    recorded = Recorded(model)
    seen: list[Any] = []
    model.observe(lambda change: seen.append(change.new), "n")
    version = model.sync.version

    with batch():
        model.n = 1
        model.rows.append({})
        with batch():
            model.n = 2
        assert recorded.patches == []
        assert seen == [1, 2]

    assert [len(patch) for patch in recorded.patches] == [3]
    assert model.sync.version == version + 1
    assert recorded.agrees()


def test_a_batch_that_changes_nothing_tells_nothing():
    model = Board()
    recorded = Recorded(model)
    version = model.sync.version

    with batch():
        model.n = 0

    assert recorded.patches == []
    assert model.sync.version == version


def test_the_version_counts_what_was_changed_between_two_looks():
    model = Board()
    assert model.sync.version == 0

    model.n = 1
    model.n = 2
    assert model.sync.version == 1
    assert model.sync.version == 1

    model.rows.append({})
    assert model.sync.version == 2


def test_two_threads_that_change_one_model_lose_nothing():
    model = Board()
    patches: list[Any] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))
    start = model.sync.snapshot()
    barrier = threading.Barrier(4)

    def work(name: int) -> None:
        barrier.wait(30)
        for count in range(50):
            model.rows.append({"by": name, "n": count})
            model.tags.insert(0, f"{name}")
            model.row[f"{name}"] = count

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(model.rows) == len(model.tags) == 200
    document = start
    for patch in patches:
        document = apply(document, patch)
    assert same(document, model.sync.snapshot())


# -- apply


@pytest.mark.parametrize(
    "form", [list, tuple, JsonPatch, json.dumps, lambda patch: JsonPatch(patch).to_string()]
)
def test_a_patch_is_applied_in_any_of_its_forms(form):
    model = Board(rows=[{"a": 1}])
    recorded = Recorded(model)

    model.sync.apply(
        form([{"op": "replace", "path": "/n", "value": 5}, {"op": "add", "path": "/rows/-", "value": {}}])
    )

    assert (model.n, model.rows) == (5, [{"a": 1}, {}])
    assert len(recorded.patches) == 1
    assert recorded.agrees()


@pytest.mark.parametrize(
    ("last", "error"),
    [
        ({"op": "replace", "path": "/rows/7", "value": {}}, TargetNotFound),
        ({"op": "test", "path": "/n", "value": 1}, TestFailed),
        ({"op": "replace", "path": "/n", "value": "x"}, traitlets.TraitError),
        ({"op": "add", "path": "/rows/-", "value": 5}, traitlets.TraitError),
        ({"op": "add", "path": "/rows/-", "value": {"a": {1}}}, NotSyncable),
        ({"op": "replace", "path": "/any", "value": 1j}, NotSyncable),
        ({"op": "add", "path": "/row/x", "value": 10**4000}, NotSyncable),
        ({"op": "add", "path": "/unknown", "value": 1}, PatchError),
        ({"op": "remove", "path": "/n"}, PatchError),
        ({"op": "replace", "path": "", "value": {}}, PatchError),
        ({"op": "replace", "path": "", "value": 5}, PatchError),
        ({"op": "nonsense", "path": ""}, PatchError),
    ],
)
def test_a_patch_is_applied_whole_or_not_at_all(last, error):
    model = Board(n=5, rows=[{"a": 1}])
    recorded = Recorded(model)
    changes: list[Any] = []
    model.observe(changes.append)
    held = model.rows[0]

    with pytest.raises(error):
        model.sync.apply(
            [
                {"op": "replace", "path": "/rows/0/a", "value": 2},
                {"op": "replace", "path": "/title", "value": "x"},
                last,
            ]
        )

    assert (model.n, model.title, model.rows) == (5, "Sales", [{"a": 1}])
    assert model.rows[0] is held
    assert (recorded.patches, changes) == ([], [])


@pytest.mark.parametrize("text", ["", "{", "nonsense", "5", '"x"', "{}", "null"])
def test_a_text_that_is_no_patch_is_refused(text):
    with pytest.raises(PatchError, match=r"^Cannot read the patch"):
        Board().sync.apply(text)


def test_a_refused_value_is_named_by_its_whole_pointer():
    with pytest.raises(NotSyncable) as refused:
        Board(row={"a": []}).sync.apply([{"op": "add", "path": "/row/a/-", "value": [0, {1}]}])

    assert refused.value.pointer == "/row/a/-/1"


def test_the_whole_document_may_be_replaced_by_one_of_the_same_members():
    model = Board(rows=[{"a": 1}])
    recorded = Recorded(model)
    rows = model.rows

    model.sync.apply(
        [{"op": "replace", "path": "", "value": {**model.sync.snapshot(), "n": 5, "rows": [{"a": 2}]}}]
    )

    assert (model.n, model.rows) == (5, [{"a": 2}])
    assert model.rows is rows
    assert recorded.agrees()


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ([("replace", "/any", 5), ("replace", "/any", [1]), ("add", "/any/-", 2)], [1, 2]),
        ([("replace", "/any", [1]), ("add", "/any/-", 2), ("replace", "/any", 5)], 5),
        ([("replace", "/any", {"a": []}), ("add", "/any/a/-", 2)], {"a": [2]}),
        ([("add", "/any/-", 9), ("replace", "/any", {"a": 1}), ("add", "/any/b", 2)], {"a": 1, "b": 2}),
        ([("replace", "/any", None), ("replace", "/any", {"x": 1})], {"x": 1}),
    ],
    ids=str,
)
def test_a_member_that_a_patch_touches_several_times_ends_as_the_patch_says(patch, expected):
    model = Board(any=[[0]])
    recorded = Recorded(model)

    model.sync.apply([{"op": op, "path": path, "value": value} for op, path, value in patch])

    assert same(model.sync.snapshot()["any"], expected)
    assert recorded.agrees()


@pytest.mark.parametrize(
    ("rows", "any", "patch"),
    [
        (
            [{"b": None}],
            None,
            [
                {"op": "move", "from": "/rows/0", "path": "/any"},
                {"op": "add", "path": "/rows/-", "value": {}},
            ],
        ),
        ([], [None], [{"op": "copy", "from": "/any", "path": "/any/-"}]),
        (
            [{"b": 1}],
            {"x": 1},
            [
                {"op": "copy", "from": "/any", "path": "/rows/-"},
                {"op": "copy", "from": "/rows/0", "path": "/any"},
            ],
        ),
        ([], {"a": {"b": {}}}, [{"op": "move", "from": "/any/a", "path": "/any"}]),
        ([], [[None], {"b": []}], [{"op": "copy", "from": "/any/1/b", "path": "/any/1/b/-"}]),
    ],
)
def test_a_patch_that_moves_and_copies_between_members_does_so_before_anything_changes(rows, any, patch):
    model = Board(rows=rows, any=any)
    recorded = Recorded(model)
    expected = apply(model.sync.snapshot(), patch)

    model.sync.apply(patch)

    assert same(model.sync.snapshot(), expected)
    assert recorded.agrees()


class Elements(SyncedModel):
    rows: list[dict[str, int]] = []
    few = traitlets.List(traitlets.Int(), minlen=1, maxlen=3).tag(sync=True)
    cast = traitlets.List(traitlets.CFloat()).tag(sync=True)
    named = traitlets.Dict(per_key_traits={"n": traitlets.Int()}, value_trait=traitlets.Unicode()).tag(
        sync=True
    )
    keyed = traitlets.Dict(key_trait=traitlets.Enum(["a", "b"])).tag(sync=True)

    @traitlets.default("few")
    def _few(self) -> list[int]:
        return [1]


@pytest.mark.parametrize(
    "patch",
    [
        [("replace", "/rows/1/a", 5)],
        [("replace", "/rows/1/a", 5), ("replace", "/rows/2/a", 5)],
        [("replace", "/rows/1", {"a": 5})],
        [("remove", "/rows/1", None)],
        [("add", "/rows/1", {"a": 5}), ("remove", "/rows/3", None)],
    ],
    ids=str,
)
def test_a_patch_is_judged_by_the_elements_that_it_touches_and_not_by_their_neighbours(patch):
    model = Elements(rows=[{"a": 1}, {"a": 2}, {"a": 3}])
    dict.__setitem__(model.rows[0], "a", "what is put there behind all backs is not judged")
    recorded = Recorded(model)
    operations = [{"op": op, "path": path, "value": value} for op, path, value in patch]
    expected = apply(model.sync.snapshot(), operations)

    model.sync.apply(operations)

    assert model.sync.snapshot() == expected
    assert recorded.agrees()


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/rows/0/a", "value": "x"},
        {"op": "add", "path": "/rows/0/b", "value": None},
        {"op": "add", "path": "/rows/-", "value": {"a": "x"}},
        {"op": "add", "path": "/rows/-", "value": 5},
        {"op": "remove", "path": "/few/0"},
        {"op": "replace", "path": "/few/0", "value": "x"},
        {"op": "copy", "from": "/rows/0", "path": "/few/-"},
        {"op": "copy", "from": "/named/s", "path": "/named/n"},
        {"op": "replace", "path": "/named/n", "value": "x"},
        {"op": "replace", "path": "/named/s", "value": 1},
        {"op": "add", "path": "/keyed/c", "value": 1},
        {"op": "replace", "path": "/cast/0", "value": "no number"},
    ],
    ids=str,
)
def test_element_traits_and_lengths_are_minded_wherever_a_patch_touches_them(operation):
    model = Elements(rows=[{"a": 1}], cast=[1.0], named={"n": 1, "s": "x"}, keyed={"a": 1})
    recorded = Recorded(model)
    before = model.sync.snapshot()

    for patch in ([operation], [{"op": "test", "path": "/few/0", "value": 1}, operation]):
        with pytest.raises(traitlets.TraitError):
            model.sync.apply(patch)

    assert model.sync.snapshot() == before
    assert recorded.patches == []


@pytest.mark.parametrize("last", ["/rows/7", "/any/7"])
def test_the_operation_that_does_not_apply_is_counted_among_all_of_the_patch(last):
    model = Board(rows=[{"a": 1}], any=[1])
    patch = [
        {"op": "add", "path": "/rows/-", "value": {}},
        {"op": "replace", "path": "/any", "value": [2]},
        {"op": "test", "path": "/rows/1", "value": {}},
        {"op": "test", "path": "/any/0", "value": 2},
        {"op": "remove", "path": last},
    ]

    with pytest.raises(TargetNotFound) as refused:
        model.sync.apply(patch)

    assert refused.value.index == 4
    assert refused.value.operation == patch[4]
    assert model.sync.snapshot()["rows"] == [{"a": 1}]


def test_what_an_element_trait_makes_of_a_value_is_what_has_happened():
    model = Elements(cast=[1.0, 2.0])
    recorded = Recorded(model)

    model.sync.apply([{"op": "replace", "path": "/cast/1", "value": "3"}])

    assert model.cast == [1.0, 3.0]
    assert recorded.operations == [{"op": "replace", "path": "/cast/1", "value": 3.0}]


def test_a_patch_of_scalars_is_told_in_its_order_and_to_the_observers_of_each_member():
    model = Elements(rows=[{"a": 1}, {"a": 2}], few=[1, 2])
    recorded = Recorded(model)
    changes: list[Any] = []
    model.observe(changes.append)
    patch = [
        {"op": "replace", "path": "/rows/0/a", "value": 5},
        {"op": "replace", "path": "/few/1", "value": 6},
        {"op": "replace", "path": "/rows/1/a", "value": 2},
        {"op": "replace", "path": "/rows/1/a", "value": 7},
    ]

    model.sync.apply(patch)

    told = [patch[0], patch[1], patch[3]]  # in between nothing was another
    assert recorded.patches == [told]
    assert [(change.name, change.patch) for change in changes] == [
        ("rows", [told[0], told[2]]),
        ("few", [told[1]]),
    ]
    assert changes[0].patch[0] is not patch[0]


def test_a_trait_whose_validation_was_replaced_is_asked_about_the_whole():
    class Odd(SyncedModel):
        rows = traitlets.List().tag(sync=True)

    asked: list[Any] = []

    def look(obj: Any, value: Any) -> Any:
        asked.append(list(value))
        return value

    Odd.rows.validate = look
    model = Odd(rows=[1, 2])
    del asked[:]

    model.sync.apply([{"op": "replace", "path": "/rows/0", "value": 3}])

    assert asked[-1:] == [[3, 2]]


class Sorted(SyncedModel):
    rows: list[dict] = []

    @traitlets.validate("rows")
    def _sort(self, proposal: Any) -> Any:
        return sorted(proposal["value"], key=lambda row: row["id"])


def test_a_validator_that_reorders_a_patched_list_keeps_the_rows_that_the_patch_did_not_touch():
    model = Sorted(rows=[{"id": 2, "x": "b"}, {"id": 4, "x": "d"}, {"id": 6, "x": "f"}])
    recorded = Recorded(model)
    rows, (two, four, six) = model.rows, model.rows

    model.sync.apply([{"op": "replace", "path": "/rows/0/id", "value": 5}])
    four["x"] = "D"
    six["x"] = "F"
    two["x"] = "nobody sees this, or row 5 has it"

    assert model.rows is rows
    assert model.rows[0] is four
    assert model.rows[2] is six
    assert [row["id"] for row in rows] == [4, 5, 6]
    assert recorded.agrees()


@given(st.data())
def test_a_random_patch_does_to_a_model_what_it_does_to_its_document(data):
    model = Board(
        any=data.draw(documents), row={"a": data.draw(documents)}, rows=[{"b": data.draw(documents)}]
    )
    recorded = Recorded(model)
    document: Any = model.sync.snapshot()
    patch: list[Any] = []
    for _ in range(data.draw(st.integers(1, 5))):
        places = st.sampled_from(
            [place for place in locations(document) if place.startswith(("/any", "/row/", "/rows/"))]
        )
        operation = data.draw(
            st.one_of(
                st.fixed_dictionaries(
                    {"op": st.sampled_from(["add", "replace"]), "path": places, "value": documents}
                ),
                st.fixed_dictionaries({"op": st.just("remove"), "path": places}),
                st.fixed_dictionaries(
                    {"op": st.sampled_from(["move", "copy"]), "from": places, "path": places}
                ),
            )
        )
        try:
            document = apply(document, [operation])
        except PatchError:
            continue
        patch.append(operation)

    try:
        model.sync.apply(patch)
    except (traitlets.TraitError, PatchError):
        assert recorded.patches == []
    else:
        assert same(model.sync.snapshot(), document)
    assert recorded.agrees()


def test_observers_are_told_of_an_applied_patch_once_a_member_when_all_of_it_has_happened():
    model = Board(rows=[{"a": 1}], n=1)
    seen: list[Any] = []
    model.observe(lambda change: seen.append((change.name, change.old, change.new, model.sync.snapshot())))
    rows = model.rows

    model.sync.apply(
        [
            {"op": "replace", "path": "/n", "value": 2},
            {"op": "replace", "path": "/rows/0/a", "value": 2},
            {"op": "add", "path": "/rows/-", "value": {}},
            {"op": "replace", "path": "/title", "value": "x"},
        ]
    )

    after = model.sync.snapshot()
    assert seen == [("n", 1, 2, after), ("rows", rows, rows, after), ("title", "Sales", "x", after)]


def test_a_patch_is_validated_even_while_notifications_are_held():
    class Checked(Board):
        @traitlets.validate("n")
        def _clip(self, proposal: Any) -> int:
            return min(9, proposal["value"])

    model = Checked()

    with model.hold_trait_notifications():
        model.sync.apply([{"op": "replace", "path": "/n", "value": 50}])
        assert model.n == 9

    assert model.n == 9


def test_a_read_only_member_is_written_by_python():
    class Status(SyncedModel):
        status: str = synced("idle", read_only=True)
        log: list[str] = synced([], read_only=True)

    model = Status()

    model.status = "busy"
    model.log.append("x")
    model.sync.apply([{"op": "replace", "path": "/status", "value": "done"}])

    assert model.sync.snapshot() == {"status": "done", "log": ["x"]}
    assert model._document.read_only == ["status", "log"]


def test_a_read_only_trait_of_traitlets_is_read_only_for_pages_too():
    model = Traits()

    with pytest.raises(traitlets.TraitError):
        model.fixed = 6
    model.set_trait("fixed", 7)

    assert model._document.read_only == ["fixed"]
    assert model.sync.snapshot()["fixed"] == 7


# -- copies, snapshots, closing


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_of_a_model_is_a_model_of_its_own(clone):
    model = Board(rows=[{"a": 1}], n=5)
    recorded = Recorded(model)

    other = clone(model)
    second = Recorded(other)
    other.rows[0]["a"] = 2
    other.rows.append({})
    other.n = 6

    assert type(other) is Board
    assert model.sync.snapshot() == recorded.start
    assert recorded.patches == []
    assert other.sync.key != model.sync.key
    assert other.sync.snapshot() == {**recorded.start, "rows": [{"a": 2}, {}], "n": 6}
    assert len(second.patches) == 3
    assert second.agrees()


def test_a_snapshot_is_plain_and_later_changes_do_not_touch_it():
    model = Board(rows=[{"a": [1]}])

    snapshot = model.sync.snapshot()
    model.rows[0]["a"].append(2)
    snapshot["rows"].append(5)

    assert snapshot["rows"] == [{"a": [1]}, 5]
    assert model.rows == [{"a": [1, 2]}]
    assert type(snapshot["rows"]) is list
    assert type(snapshot["rows"][0]) is dict


def test_containers_read_as_the_builtins_and_are_tracked():
    model = Board(rows=[{"a": 1}], row={"x": {"y": 1}})

    assert type(model.rows) is TrackedList
    assert type(model.rows[0]) is TrackedDict
    assert model.rows[0].location == "/rows/0"
    assert model.row["x"].location == "/row/x"
    assert json.dumps(model.rows) == '[{"a": 1}]'


def test_a_closed_model_is_a_python_object_that_nobody_sees():
    model = Board()
    recorded = Recorded(model)

    model.sync.close()
    model.sync.close()
    model.rows.append({})

    assert model.sync.is_closed
    assert recorded.agrees()
    with pytest.raises(Exception, match="this model was closed; make another one"):
        model.sync.open("target")


def test_a_model_that_nobody_watches_records_nothing():
    model = Board()

    model.rows.append({"a": 1})
    model.n = 5

    authority = model._document.authority
    assert authority._open == []
    assert not model._document.teller.acts
    assert model.sync.version == 0


def test_each_model_has_a_key_of_its_own_unless_its_class_names_one():
    class Kept(SyncedModel):
        _key = "board"
        n: int = 0

    assert Board().sync.key != Board().sync.key
    assert Kept().sync.key == "board"
    assert Kept()._document.authority.epoch != Kept()._document.authority.epoch
    assert Kept().sync is not None


def test_a_model_is_shown_in_text_as_a_call_of_its_class():
    assert repr(Board(n=1, tags=["a"])) == (
        "Board(n=1, title='Sales', rows=[], tags=['a'], row={}, any=None, maybe=None)"
    )


def test_the_containers_in_a_tuple_are_live():
    model = Board(any=({"a": 1}, ([1], Color.RED)))
    recorded = Recorded(model)
    held = model.any[0]

    model.any[0]["a"] = 2
    model.any[1][0].append(2)
    model.any = (5, model.any[0])
    model.any[1]["a"] = 3
    model.any = None
    held["a"] = 4

    assert [operation["path"] for operation in recorded.operations] == [
        "/any/0/a",
        "/any/1/0/1",
        "/any",
        "/any/1/a",
        "/any",
    ]
    assert recorded.agrees()


# -- threads


def test_threads_that_shrink_and_grow_one_model_at_once_report_what_happened():
    model = Board(rows=[{"n": 0}], row={"a": 0})
    start = model.sync.snapshot()
    patches: list[Any] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))
    barrier = threading.Barrier(3)
    switch = sys.getswitchinterval()

    def work(name: int) -> None:
        draw = random.Random(name)
        rows, row = model.rows, model.row
        barrier.wait(30)
        for count in range(300):
            with contextlib.suppress(IndexError, KeyError, ValueError):
                match draw.randrange(10):
                    case 0:
                        rows.clear()
                    case 1:
                        rows.pop()
                    case 2:
                        del rows[draw.randrange(4)]
                    case 3:
                        rows[draw.randrange(4)] = {"by": name}
                    case 4:
                        rows[-1]["n"] = count
                    case 5:
                        row.clear()
                    case 6:
                        row.popitem()
                    case 7:
                        row.setdefault(str(draw.randrange(4)), []).append(count)
                    case 8:
                        rows *= 2 if len(rows) < 20 else 0
                    case _:
                        rows.extend([{"by": name}, {"n": count}])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(3)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(switch)

    document: Any = start
    for patch in patches:
        document = apply(document, patch)
    assert same(document, model.sync.snapshot())


def test_a_container_that_another_thread_removes_just_before_it_changes_reports_nothing():
    model = Board(rows=[{"a": 1}])
    recorded = Recorded(model)
    row = model.rows[0]
    lock = model._document.lock = TellingLock(model._document.lock)

    def change() -> None:
        row["a"] = 2

    with lock:
        lock.is_asked.clear()
        thread = threading.Thread(target=change)
        thread.start()
        assert lock.is_asked.wait(30)
        model.rows.pop()
    thread.join(30)

    assert row == {"a": 2}
    assert recorded.operations == [{"op": "remove", "path": "/rows/0"}]


# -- a table that is assigned anew


class Table(SyncedModel):
    """A table whose rows may hold anything."""

    rows: list = []


def table(count: int) -> list[Any]:
    return [{"id": number, "name": f"row {number}", "is_new": False} for number in range(count)]


@pytest.mark.parametrize("count", [5, 8, 12])
def test_a_row_that_is_the_same_in_a_new_table_is_the_one_that_was_there(count):
    model = Table(rows=table(8))
    committed = Committed(model)
    held, changed = model.rows[3], model.rows[4]
    given = table(count)
    given[4]["name"] = "changed"

    model.rows = given
    held["name"] = "still heard"

    assert model.rows[3] is held
    assert model.rows[4] is not changed
    assert not changed.is_attached
    assert given[3]["name"] == "row 3"
    assert model.rows == [*given[:3], {**given[3], "name": "still heard"}, *given[4:]]
    assert [row.location for row in model.rows] == [f"/rows/{place}" for place in range(count)]
    assert same(committed.document, model.sync.snapshot())


def test_a_row_that_was_given_twice_is_two_rows():
    model = Table(rows=[{"n": 1}, {"n": 1}, {"n": 2}])
    row = {"n": 1}

    model.rows = [row, row, row]
    model.rows[0]["n"] = 3
    model.rows[2]["n"] = 4

    assert model.rows == [{"n": 3}, {"n": 1}, {"n": 4}]
    assert row == {"n": 1}


class Text(str):
    """Text, but for its type."""

    __slots__ = ()


class Quarrelsome:
    """What cannot be compared."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not me")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"x": 1}, {"x": True}),
        ({"x": False}, {"x": 0}),
        ({"x": True, "y": 1}, {"y": True, "x": 1}),
        ({"x": 0.0}, {"x": -0.0}),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1.0}),
        ({"x": "a"}, {"x": Text("a")}),
        ({"x": [1]}, {"x": (True,)}),
        ({"x": [{"y": 1}]}, {"x": [{"y": True}]}),
    ],
)
def test_a_new_table_is_the_same_to_json_as_what_was_given(old, new):
    model = Table(rows=[{"n": 1}, old, old])
    committed = Committed(model)

    model.rows = [{"n": 1}, new, {"n": 2}]

    wanted = [{"n": 1}, json.loads(json.dumps(new)), {"n": 2}]
    assert same(plain(model.rows), wanted)
    assert same(committed.document, model.sync.snapshot())
    assert {type(value) for value in model.rows[1].values()} <= {
        int,
        bool,
        float,
        str,
        bytes,
        type(model.rows),
    }


@pytest.mark.parametrize("value", [1j, Quarrelsome(), 10**4000, "\ud800"])
def test_a_new_table_that_is_refused_leaves_the_one_that_was_there(value):
    model = Table(rows=table(3))
    before, held = model.sync.snapshot(), list(model.rows)

    with pytest.raises(NotSyncable) as refusal:
        model.rows = [*table(2), {**table(3)[2], "id": value}]

    assert refusal.value.pointer == "/rows/2/id"
    assert model.sync.snapshot() == before
    assert all(row is known and row.location for row, known in zip(model.rows, held, strict=True))


def test_a_validator_that_changes_and_refuses_a_new_table_changes_no_row_that_is_there():
    class Strict(Table):
        @traitlets.validate("rows")
        def _check(self, proposal: Any) -> Any:
            proposal["value"][0]["name"] = "meddled with"
            raise traitlets.TraitError("no")

    model = Strict()
    model._document.store(model._trait_values, "rows", model._document.take("rows", table(3)))

    with pytest.raises(traitlets.TraitError):
        model.rows = table(3)

    assert model.rows == table(3)


@pytest.mark.parametrize("way", ["popped", "moved", "replaced"])
def test_a_row_that_another_thread_takes_out_meanwhile_stays_out(way):
    model = Table(rows=table(3))
    committed = Committed(model)
    first = model.rows[0]
    taken = model._document.take("rows", [*table(2), {"id": 3}])  # as a trait does, before it stores it

    def take_out() -> None:
        if way == "popped":
            model.rows.pop(0)
        elif way == "moved":
            model.rows = model.rows[::-1]
        else:
            model.rows = []
        first["name"] = "somewhere else"

    with running(take_out):
        pass
    model._document.store(model._trait_values, "rows", taken)

    assert model.rows == [*table(2), {"id": 3}]
    assert [row.location for row in model.rows] == ["/rows/0", "/rows/1", "/rows/2"]
    assert not first.is_attached
    assert same(committed.document, model.sync.snapshot())


@given(
    st.lists(
        st.lists(
            st.dictionaries(st.sampled_from("ab"), st.sampled_from([0, 1, False, True, 1.5, "x", None])),
            max_size=5,
        ),
        max_size=4,
    )
)
def test_whatever_tables_follow_one_another_pages_have_the_last_one(tables):
    model = Table()
    committed = Committed(model)

    for rows in tables:
        model.rows = rows

        assert same(plain(model.rows), rows)
        assert [row.location for row in model.rows] == [f"/rows/{place}" for place in range(len(rows))]
        assert same(committed.document, model.sync.snapshot())


@pytest.mark.parametrize(("every", "count"), [(1, 1), (2, 1), (50, 5)])
def test_a_large_table_travels_whole_where_that_is_less_than_its_rows_one_by_one(every, count):
    model = Table(rows=[{"id": number} for number in range(300)])
    recorded = Recorded(model)

    model.rows = [{"id": -row["id"]} if row["id"] % every == 0 else {**row} for row in model.rows]

    assert recorded.agrees()
    assert len(recorded.operations) == count  # -0 is 0
