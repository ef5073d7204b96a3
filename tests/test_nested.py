"""Models in models."""

from __future__ import annotations

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance
import copy
import pickle
import random
import threading
from contextlib import suppress
from typing import Any

import pytest
import traitlets
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from syncstate import SyncedModel, batch, leases, synced, transaction
from syncstate.errors import NotSyncable, NotValid, SyncStateError
from syncstate.nodes import root_above
from syncstate.patch import apply
from syncstate.roots import NO_LEASE
from tests.support import PATIENCE, Kernel
from tests.test_records import Point
from tests.test_threads import by_hand, eager_switches, edit, listening, put, together  # noqa: F401 # one is a fixture


class Axis(SyncedModel):
    label: str = ""
    low: float = 0
    ticks: list[float] = []
    unit: str = synced("mm", read_only=True)


class Board(SyncedModel):
    title: str = ""
    axis: Axis
    axes: list[Axis] = []
    by_name: dict[str, Axis] = {}
    anything: list = []


class Group(SyncedModel):
    board: Board
    boards: list[Board] = []


class Tree(SyncedModel):
    name: str = ""
    parent: Tree | None = None
    children: list[Tree] = []


class Mixed(SyncedModel):
    axis: Axis
    axes: list[Axis] = []
    points: list[Point] = []
    anything: Any = None


def patches_of(model: SyncedModel) -> list[list[Any]]:
    patches: list[list[Any]] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))
    return patches


# -- down: what Python does


def test_a_model_stands_in_another_one_as_itself():
    axis = Axis(label="a")
    board = Board(axis=axis)

    board.axes.append(second := Axis())

    assert board.axis is axis
    assert board.axes[0] is second
    assert board.sync.snapshot()["axis"] == {"label": "a", "low": 0, "ticks": [], "unit": "mm"}
    assert "axis=Axis(label='a', " in repr(board)


def test_a_nested_model_is_made_by_its_class_for_each_instance():
    one, other = Board(), Board()

    assert one.axis is not other.axis


def test_what_a_nested_model_does_is_told_by_both():
    board = Board(axes=[Axis()])
    patches, own = patches_of(board), patches_of(board.axes[0])

    board.axes[0].label = "b"
    board.axes[0].ticks.append(1.5)

    assert patches == [
        [{"op": "replace", "path": "/axes/0/label", "value": "b"}],
        [{"op": "add", "path": "/axes/0/ticks/0", "value": 1.5}],
    ]
    assert own == [
        [{"op": "replace", "path": "/label", "value": "b"}],
        [{"op": "add", "path": "/ticks/0", "value": 1.5}],
    ]


def test_observers_above_are_told_with_the_patch_as_it_reads_there():
    group = Group()
    group.board.by_name["x"] = Axis()
    changes: list[Any] = []
    group.observe(changes.append, "board")

    group.board.by_name["x"].low = 3

    (change,) = changes
    assert change.new is group.board
    assert change.patch == [{"op": "replace", "path": "/board/by_name/x/low", "value": 3.0}]


def test_observers_above_are_told_of_what_was_quiet_before():
    board = Board()
    board._document.watch()
    board.axis.low = 1
    board.axis.ticks.append(1)
    changes: list[Any] = []

    board.observe(changes.append, "axis")
    board.axis.low = 2
    board.axis.ticks[0] = 2

    assert [change.patch for change in changes] == [
        [{"op": "replace", "path": "/axis/low", "value": 2.0}],
        [{"op": "replace", "path": "/axis/ticks/0", "value": 2}],
    ]


def test_a_batch_through_nested_models_is_one_patch():
    group = Group()
    patches = patches_of(group)

    with batch():
        group.board.axis.label = "x"
        group.board.axis.ticks.append(1)
        group.board.title = "t"

    assert [[operation["path"] for operation in patch] for patch in patches] == [
        ["/board/axis/label", "/board/axis/ticks/0", "/board/title"]
    ]


def test_what_was_taken_out_reports_no_longer():
    board = Board(axes=[Axis(), Axis()])
    axis = board.axes.pop(0)
    patches = patches_of(board)

    axis.label = "gone"
    axis.ticks.append(1)
    board.axes[0].label = "here"

    assert patches == [[{"op": "replace", "path": "/axes/0/label", "value": "here"}]]


def test_what_was_taken_out_may_be_put_elsewhere():
    board, other = Board(), Board()
    axis = Axis()
    board.axes.append(axis)
    patches = patches_of(other)

    other.by_name["x"] = board.axes.pop()
    axis.label = "b"

    assert other.by_name["x"] is axis
    assert [operation["path"] for (operation,) in patches] == ["/by_name/x", "/by_name/x/label"]


def test_what_is_replaced_may_be_put_elsewhere():
    board = Board()
    former = board.axis

    board.axis = Axis(label="new")
    board.axes.append(former)

    assert board.sync.snapshot()["axes"][0]["label"] == ""


def test_what_was_marked_before_it_moves_is_told_where_it_was():
    board = Board(axes=[Axis(), Axis()])
    kernel = Kernel(board)
    page = kernel.page()

    with kernel.held():
        board.axes[1].ticks = [1]
        board.axes[1].ticks[0] = 2
        board.axes[1].low = 5
        board.axes.reverse()
        board.axes[1].low = 7
        del board.axes[1]
        kernel.link.flush()

    assert page.document == board.sync.snapshot()


PLACES = {
    "any": lambda board, axis: board.anything.append({"deep": [axis]}),
    "list": lambda board, axis: board.axes.append(axis),
    "member": lambda board, axis: setattr(board, "axis", axis),
    "itself": lambda board, axis: board.anything.append([board]),
    "twice": lambda board, axis: board.axes.extend([Axis()] * 2),
    "copied": lambda board, axis: setattr(board, "anything", board.axes),
    "loose": lambda board, axis: Board(anything=[[]]).anything.pop().append(axis),
}


@pytest.mark.parametrize("put", PLACES.values(), ids=PLACES.keys())
def test_a_model_has_one_place(put):
    board = Board(axes=[Axis()])
    axis = board.axes[0]
    before = board.sync.snapshot()

    with pytest.raises(NotSyncable, match=r"; (take it out there first|put in another|a document is a tree)"):
        put(board, axis)

    assert board.sync.snapshot() == before
    assert board.axes[0] is axis


def test_a_cycle_of_models_is_refused():
    class Node(SyncedModel):
        children: list = []

    root, middle, leaf = Node(), Node(), Node()
    root.children.append(middle)
    middle.children.append([leaf])

    with pytest.raises(NotSyncable, match="it would contain itself; a document is a tree"):
        leaf.children.append({"up": root})

    assert leaf.children == []


def test_a_list_that_was_taken_out_keeps_its_models():
    board, other = Board(anything=[[Axis(), Axis()]]), Board()
    group = board.anything.pop()

    group[0].label = "b"
    other.anything.append(group)
    patches = patches_of(other)
    group[1].label = "c"

    assert other.anything[0] is group
    assert patches == [[{"op": "replace", "path": "/anything/0/1/label", "value": "c"}]]


def test_a_nested_model_shares_the_lock_of_the_one_above():
    group, board = Group(), Board(axes=[Axis()])

    group.boards.append(board)

    locks = {id(model._document.lock) for model in (group, group.board.axis, board, board.axes[0])}
    assert locks == {id(group._document.lock)}
    assert board.axes[0]._document.authority.lock is group._document.lock


def test_models_that_are_put_into_each_other_at_once_do_not_wait_for_ever():
    class Node(SyncedModel):
        children: list = []

    for _ in range(200):
        nodes = [Node(children=[]) for _ in range(3)]  # traitlets makes a default twice at once
        gate = threading.Barrier(3)
        refused: list[Exception] = []

        def put(place: int, nodes: list[Any], gate: threading.Barrier, refused: list[Exception]) -> None:
            gate.wait()
            try:
                nodes[place].children.append(nodes[(place + 1) % 3])
            except NotSyncable as error:
                refused.append(error)

        threads = [threading.Thread(target=put, args=(place, nodes, gate, refused)) for place in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

        assert not any(thread.is_alive() for thread in threads)
        assert len(refused) == 1
        assert sum(len(node.children) for node in nodes) == 2


# -- up: what a page does


def test_a_page_edits_a_nested_model_through_either_document():
    board = Board(axes=[Axis()])
    kernel = Kernel(board, board.axes[0])
    page = kernel.page()
    above, own = (page.replicas[model.sync.key] for model in kernel.models)

    page.send(above.edit([{"op": "replace", "path": "/axes/0/label", "value": "b"}]))
    page.send(own.edit([{"op": "add", "path": "/ticks/-", "value": 1.5}]))

    assert board.axes[0].label == "b"
    assert board.axes[0].ticks == [1.5]
    assert above.document == board.sync.snapshot()
    assert own.document == board.axes[0].sync.snapshot()
    assert not page.troubles


def test_observers_of_both_are_told_once_of_an_edit():
    board = Board(axes=[Axis()])
    kernel = Kernel(board)
    page = kernel.page()
    above: list[Any] = []
    own: list[Any] = []
    board.observe(above.append, "axes")
    board.axes[0].observe(own.append, "ticks")

    page.edit(
        {"op": "add", "path": "/axes/0/ticks/-", "value": 1.0},
        {"op": "add", "path": "/axes/0/ticks/-", "value": 2.0},
    )

    assert [len(change.patch) for change in above] == [2]
    assert [change.patch[0]["path"] for change in own] == ["/ticks/0"]


def test_what_a_nested_model_does_not_open_stays_closed():
    board = Board(axes=[Axis()])
    page = Kernel(board).page()

    page.put("/axes/0/unit", "km")

    (trouble,) = page.troubles
    assert board.axes[0].unit == "mm"
    assert "Cannot write '/axes/0/unit': 'unit' is read-only for pages" in str(trouble)
    assert page.document == board.sync.snapshot()


def test_a_page_adds_a_model_as_a_plain_object():
    board = Board()
    page = Kernel(board).page()

    page.edit({"op": "add", "path": "/axes/-", "value": {"label": "new"}})
    page.edit({"op": "add", "path": "/axes/0/ticks/-", "value": 2.5})

    assert isinstance(board.axes[0], Axis)
    assert board.axes[0].ticks == [2.5]
    assert page.document == board.sync.snapshot()
    assert page.document["axes"] == [{"label": "new", "low": 0, "ticks": [2.5], "unit": "mm"}]


@pytest.mark.parametrize(
    ("value", "pointer", "why"),
    [
        (
            {"lable": "x"},
            "/axes/0/lable",
            "an Axis has no such member; it has 'label', 'low', 'ticks', 'unit'",
        ),
        ({"unit": "km"}, "/axes/0/unit", "'unit' of an Axis is read-only for pages; leave it out"),
        ({"low": "deep"}, "/axes/0/low", "a number is expected"),
        ({"ticks": [1, "x"]}, "/axes/0/ticks/1", "a number is expected"),
        (3, "/axes/0", "an Axis is expected"),
    ],
)
def test_a_page_may_not_add_what_is_no_model(value, pointer, why):
    board = Board()
    page = Kernel(board).page()

    page.edit({"op": "add", "path": "/axes/-", "value": value})

    (trouble,) = page.troubles
    assert why in str(trouble)
    assert trouble.pointer == pointer
    assert board.axes == []


def test_a_model_that_a_page_replaces_is_the_same_one_changed():
    board = Board(by_name={"x": Axis(label="a", low=3)})
    axis = board.by_name["x"]
    page = Kernel(board).page()

    page.put("/by_name/x", {"label": "b", "ticks": [1.5], "unit": "mm"})

    assert board.by_name["x"] is axis
    assert (axis.label, axis.low, axis.ticks) == ("b", 3, [1.5])
    assert page.document == board.sync.snapshot()


def test_a_dict_becomes_a_model_where_one_is_declared():
    board = Board(axis={"label": "a"}, axes=[{"label": "b"}])

    board.axes.append({"label": "c"})
    board.by_name["x"] = {"label": "d"}
    board.anything.append({"label": "e"})

    models = [board.axis, *board.axes, board.by_name["x"]]
    assert [type(model) for model in models] == [Axis] * 4
    assert [model.label for model in models] == ["a", "b", "c", "d"]
    assert type(board.anything[0]) is not Axis


def test_a_dict_that_is_no_model_is_refused_where_it_was_put():
    board = Board()

    with pytest.raises(NotValid, match=r"^Cannot put 'x' at '/axes/0/low': a number is expected"):
        board.axes.append({"low": "x"})

    assert board.axes == []


def test_a_class_may_be_in_itself():
    tree = Tree(children=[Tree(name="a"), {"name": "b", "children": [{"name": "c"}]}])

    tree.children[1].children[0].name = "d"

    assert tree.sync.snapshot()["children"][1]["children"][0]["name"] == "d"
    assert isinstance(tree.children[1].children[0], Tree)


# -- patches that act in several models


class Guarded(SyncedModel):
    name: str = ""
    rows: list[int] = []
    inner: Guarded | None = None
    others: list[Guarded] = []
    secret: int = synced(0, read_only=True)

    @traitlets.validate("name")
    def _strip(self, proposal: Any) -> str:
        return proposal["value"].strip()

    @traitlets.validate("rows")
    def _sort(self, proposal: Any) -> Any:
        if any(row < 0 for row in proposal["value"]):
            raise traitlets.TraitError("no row is below zero")
        return sorted(proposal["value"])


def test_an_edit_of_several_models_happens_whole():
    top = Guarded(inner=Guarded(inner=Guarded(rows=[2])), others=[Guarded(), Guarded()])
    held = [top.inner, top.inner.inner, *top.others]
    kernel = Kernel(top, *held)
    page = kernel.page()
    told: list[Any] = []
    for model in (top, *held):
        model.observe(told.append)

    page.send(
        page.replicas[top.sync.key].edit(
            [
                {"op": "replace", "path": "/name", "value": " top "},
                {"op": "replace", "path": "/inner/name", "value": " in "},
                {"op": "add", "path": "/inner/inner/rows/-", "value": 1},
                {"op": "remove", "path": "/others/0"},
                {"op": "replace", "path": "/others/0/name", "value": " o "},
                {"op": "add", "path": "/others/-", "value": {"name": " new ", "rows": [3, 1]}},
            ]
        )
    )

    assert not page.troubles
    assert top.name == "top"
    assert top.inner is held[0]
    assert (held[0].name, held[1].rows, held[3].name) == ("in", [1, 2], "o")
    assert top.others[0] is held[3]
    assert (top.others[1].name, top.others[1].rows) == ("new", [1, 3])
    for model in (top, *held):
        assert page.replicas[model.sync.key].document == model.sync.snapshot()
    assert len([change for change in told if change.owner is top]) == 3
    assert len([change for change in told if change.owner is held[1]]) == 1


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"op": "add", "path": "/inner/inner/rows/-", "value": -1}, "no row is below zero"),
        ({"op": "replace", "path": "/inner/secret", "value": 1}, "'secret' is read-only for pages"),
        ({"op": "add", "path": "/inner/more", "value": 1}, "Cannot add or remove members of Guarded"),
        ({"op": "replace", "path": "/inner/name", "value": 3}, "a string is expected"),
        ({"op": "replace", "path": "/others/0", "value": 3}, "a Guarded is expected"),
    ],
)
def test_an_edit_of_several_models_happens_not_at_all(operation, why):
    top = Guarded(inner=Guarded(inner=Guarded(rows=[2])), others=[Guarded()])
    page = Kernel(top).page()
    before = top.sync.snapshot()

    page.edit({"op": "replace", "path": "/name", "value": "top"}, operation)

    (trouble,) = page.troubles
    assert why in str(trouble)
    assert operation["path"].startswith(trouble.pointer or "")
    assert trouble.pointer is None or len(trouble.pointer) > 6
    assert top.sync.snapshot() == before == page.document


def test_a_value_goes_from_one_model_to_another_one():
    class Bag(SyncedModel):
        things: list = []
        inner: Any = None

    bag = Bag(things=[[1]], inner=Bag())
    kernel = Kernel(bag, bag.inner)
    page = kernel.page()
    thing, inner = bag.things[0], bag.inner
    above, own = (page.replicas[model.sync.key] for model in (bag, bag.inner))

    page.send(above.edit([{"op": "move", "from": "/things/0", "path": "/inner/things/0"}]))
    thing.append(2)
    page.send(above.edit([{"op": "copy", "from": "/inner/things/0", "path": "/things/-"}]))

    assert not page.troubles
    assert bag.inner is inner
    assert inner.things[0] is thing
    assert bag.things == [[1, 2]]
    kernel.link.flush()
    assert above.document == bag.sync.snapshot()
    assert own.document == inner.sync.snapshot()


def test_a_model_that_a_page_moves_is_the_same_one():
    board = Board(axes=[Axis(label="a"), Axis(label="b")])
    first = board.axes[0]
    page = Kernel(board).page()

    page.edit({"op": "move", "from": "/axes/0", "path": "/by_name/x"})
    first.label = "c"

    assert board.by_name["x"] is first
    page.edit({"op": "remove", "path": "/by_name/x"})
    assert page.document == board.sync.snapshot()
    assert not first._document.lineage()[1:]


def test_a_model_is_not_copied_by_a_page():
    board = Board(axes=[Axis(label="a")])
    page = Kernel(board).page()

    page.edit({"op": "copy", "from": "/axes", "path": "/anything/-"})

    (trouble,) = page.troubles
    assert "Cannot copy '/axes': a model is there; add an object of its members instead" in str(trouble)


def test_python_applies_patches_to_nested_models():
    board = Board(axes=[Axis()])
    axis = board.axes[0]

    board.sync.apply(
        [
            {"op": "replace", "path": "/axes/0/unit", "value": "km"},
            {"op": "add", "path": "/axes/-", "value": {"label": "new", "unit": "m"}},
            {"op": "replace", "path": "/title", "value": "t"},
        ]
    )

    assert board.axes[0] is axis
    assert [axis.unit for axis in board.axes] == ["km", "m"]


def test_a_page_replaces_a_list_of_models():
    board = Board(axes=[Axis()])
    page = Kernel(board).page()

    page.put("/axes", [{"label": "a"}, {"label": "b"}])
    page.put("/axes/1/label", "c")

    assert [axis.label for axis in board.axes] == ["a", "c"]
    assert page.document == board.sync.snapshot()


# -- batches, transactions, copies

COPIES = [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_has_copies_of_what_is_in_it(copied):
    mixed = Mixed(axes=[Axis(label="a", ticks=[1])], points=[Point(1)], anything=[{"x": Axis(label="z")}])

    other = copied(mixed)
    other.axes[0].ticks.append(5)
    other.points[0].x = 9
    other.anything[0]["x"].label = "q"
    other.axes.append(copied(mixed.axes[0]))

    assert mixed.axes[0].ticks == [1]
    assert mixed.points == [Point(1)]
    assert mixed.anything[0]["x"].label == "z"
    assert [axis.ticks for axis in other.axes] == [[1, 5], [1]]
    assert type(other.anything[0]["x"]) is Axis


def test_a_transaction_takes_back_what_happened_in_nested_models():
    mixed = Mixed(axes=[Axis(label="a", ticks=[1]), Axis(label="b")], points=[Point(1)])
    first, second = mixed.axes
    axis, point = mixed.axis, mixed.points[0]
    kernel = Kernel(mixed, first)
    page = kernel.page()
    patches, own = patches_of(mixed), patches_of(first)
    before = mixed.sync.snapshot()

    with suppress(ZeroDivisionError), transaction():
        first.label = "x"
        first.ticks.append(2)
        first.ticks[0] = 7
        mixed.axes.pop(0)
        first.low = 3
        mixed.axes.append(first)
        mixed.axis = Axis(label="new")
        axis.label = "old"
        mixed.axes.append(Axis(label="c"))
        point.x = 5
        mixed.points.pop()
        point.y = 3
        mixed.axes.reverse()
        raise ZeroDivisionError

    assert mixed.sync.snapshot() == before
    assert (patches, own) == ([], [])
    assert [*mixed.axes, mixed.axis, mixed.points[0]] == [first, second, axis, point]
    first.label = "y"
    axis.label = "z"
    second.ticks.append(1)
    point.x = 4
    assert [operation["path"] for (operation,) in patches] == [
        "/axes/0/label",
        "/axis/label",
        "/axes/1/ticks/0",
        "/points/0/x",
    ]
    kernel.link.flush()
    for model in (mixed, first):
        assert page.replicas[model.sync.key].document == model.sync.snapshot()


def test_held_notifications_of_a_nested_model_are_one():
    mixed = Mixed()
    changes: list[Any] = []
    mixed.observe(changes.append, "axis")

    with mixed.hold_trait_notifications():
        mixed.axis.label = "a"
        mixed.axis.ticks.append(1)

    assert [[operation["path"] for operation in change.patch] for change in changes] == [
        ["/axis/label", "/axis/ticks/0"]
    ]


def test_a_default_of_the_class_is_copied_for_each_instance():
    class Framed(SyncedModel):
        axis: Axis = Axis(label="default")
        axes: list[Axis] = [Axis(label="first")]

    one, other = Framed(), Framed()
    one.axis.label = one.axes[0].label = "mine"

    assert (other.axis.label, other.axes[0].label) == ("default", "first")


# -- bad input


def test_defaults_without_end_are_refused():
    class Endless(SyncedModel):
        inner: Endless

    with pytest.raises(
        TypeError, match="Cannot make a Endless: in each default is another one, without end; let"
    ):
        Endless().sync.snapshot()


def test_a_class_that_needs_arguments_needs_a_default():
    class Sized(SyncedModel):
        def __init__(self, size: int, **values: Any) -> None:
            super().__init__(**values)

    with pytest.raises(
        TypeError, match="Cannot sync 'sized' of Holder: to make a Sized takes 'size'; give it"
    ):

        class Holder(SyncedModel):
            sized: Sized


def test_two_models_with_one_key_have_no_place_in_one_document():
    class Keyed(SyncedModel):
        _key = "fixed"
        children: list = []

    tree = Mixed(anything=[Keyed()])

    tree.anything[0] = Keyed()
    with pytest.raises(
        NotSyncable, match="a model with the key 'fixed' is there already; give one another _key"
    ):
        tree.anything.append([Keyed()])
    with pytest.raises(NotSyncable, match="a model with the key 'fixed' is there already"):
        tree.anything[0].children.append(Keyed())

    assert len(tree.anything) == 1


def test_the_key_of_a_model_of_another_class_is_not_taken(monkeypatch):
    kernel = Kernel()
    monkeypatch.setattr("syncstate.link.kernel_link", lambda: kernel.link)
    one = type("One", (SyncedModel,), {"_key": "fixed"})
    other = type("Other", (SyncedModel,), {"_key": "fixed"})
    first = one()
    first.sync._publish()
    one().sync._publish()

    with pytest.raises(
        SyncStateError, match=r"Cannot show a Other: 'fixed' is the key of a One that is shown; "
    ):
        other().sync._publish()


# -- whatever is done


class Nest(SyncedModel):
    name: str = ""
    number: float = 0
    only: Nest | None = None
    nests: list[Nest] = []
    by_name: dict[str, Nest] = {}
    rows: list[Point] = []
    anything: list = []


class Forest(RuleBasedStateMachine):
    """A tree of models: whatever is done to it, every replica of every model in it is its snapshot."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Nest(nests=[Nest(), Nest(only=Nest())], rows=[Point(1)])
        self.loose: list[Nest] = []
        self.kernel = Kernel(self.top, *self.below(self.top))
        self.page = self.kernel.page()
        self.patches: list[Any] = []
        self.replayed = self.top.sync.snapshot()
        self.top.sync.on_patch(lambda patch: self.patches.extend(patch.patch))

    def below(self, model: Nest) -> list[Nest]:
        children = [model.only, *model.nests, *model.by_name.values(), *model.anything]
        found = [child for child in children if isinstance(child, Nest)]
        return [one for child in found for one in (child, *self.below(child))]

    def pick(self, place: int) -> Nest:
        models = [self.top, *self.below(self.top)]
        return models[place % len(models)]

    def spare(self, name: str) -> Nest:
        return self.loose.pop() if self.loose else Nest(name=name, rows=[Point(2)])

    places = st.integers(0, 10)
    names = st.sampled_from(["a", "b", "c~/"])

    @rule(place=places, name=names)
    def set_scalars(self, place: int, name: str) -> None:
        model = self.pick(place)
        model.name = name
        model.number += 1
        model.anything.append(place)

    @rule(place=places, name=names, where=st.sampled_from(["nests", "first", "by_name", "only", "anything"]))
    def put(self, place: int, name: str, where: str) -> None:
        model, spare = self.pick(place), self.spare(name)
        if where == "only":
            if model.only is not None:
                self.loose.append(model.only)
            model.only = spare
        elif where == "by_name":
            if name in model.by_name:
                self.loose.append(model.by_name[name])
            model.by_name[name] = spare
        elif where == "first":
            model.nests.insert(0, spare)
        elif where == "nests":
            model.nests += [spare]
        else:
            model.anything.insert(0, spare)

    @rule(place=places, other=places)
    def take_out(self, place: int, other: int) -> None:
        model = self.pick(place)
        if model.nests:
            self.loose.append(model.nests.pop(other % len(model.nests)))
        elif model.only is not None:
            only, model.only = model.only, None
            self.loose.append(only)

    @rule(place=places)
    def reorder(self, place: int) -> None:
        model = self.pick(place)
        model.nests.reverse()
        model.rows.sort(key=lambda row: -row.x)

    @rule(place=places, number=st.integers(-3, 3))
    def change_rows(self, place: int, number: int) -> None:
        model = self.pick(place)
        model.rows.append(Point(number))
        model.rows[number % len(model.rows)].y = number

    @rule(place=places, name=names)
    def change_what_is_loose(self, place: int, name: str) -> None:
        if self.loose:
            self.loose[place % len(self.loose)].name = name
            self.loose[place % len(self.loose)].anything.append(name)

    @rule(place=places, other=places, name=names)
    def batch_of_several(self, place: int, other: int, name: str) -> None:
        with batch():
            self.set_scalars(place, name)
            self.take_out(other, place)
            self.put(place, name, "first")

    @rule(place=places, other=places, name=names)
    def take_back(self, place: int, other: int, name: str) -> None:
        loose = [*self.loose]
        with suppress(ZeroDivisionError), transaction():
            self.batch_of_several(place, other, name)
            self.change_rows(other, place)
            raise ZeroDivisionError
        self.loose = loose

    @rule(place=places, name=names, is_own=st.booleans())
    def edit(self, place: int, name: str, is_own: bool) -> None:
        self.kernel.link.flush()
        model = self.pick(place)
        replica = self.page.replicas.get(model.sync.key) if is_own else None
        prefix = "" if replica is not None else self.path_of(model)
        replica = replica or self.page.replicas[self.top.sync.key]
        operations: list[Any] = [
            {"op": "replace", "path": f"{prefix}/name", "value": name},
            {"op": "add", "path": f"{prefix}/nests/-", "value": {"name": name, "rows": [{"x": 1}]}},
            {"op": "add", "path": f"{prefix}/rows/0", "value": {"x": place}},
            {"op": "replace", "path": f"{prefix}/rows/0/x", "value": 2},
        ]
        self.page.send(replica.edit(operations))
        assert not self.page.troubles

    def path_of(self, model: Nest) -> str:
        return model._document.path_below(self.top._document)

    @invariant()
    def all_agree(self) -> None:
        self.kernel.link.flush()
        for key, replica in self.page.replicas.items():
            (model,) = (model for model in self.kernel.models if model.sync.key == key)
            assert replica.document == model.sync.snapshot()
        self.replayed = apply(self.replayed, self.patches)
        self.patches.clear()
        assert self.replayed == self.top.sync.snapshot()
        for model in self.loose:
            assert not model._document.lineage()[1:]


TestForest = Forest.TestCase
TestForest.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


# -- threads


@pytest.mark.usefixtures("eager_switches")
def test_many_threads_that_move_and_change_models_leave_every_page_with_the_same():
    one, two = Nest(nests=[Nest() for _ in range(3)]), Nest(nests=[Nest() for _ in range(3)])
    movers = [*one.nests, *two.nests]
    kernel = by_hand(one, two, *movers)
    page = listening(kernel, one, two, *movers)
    is_done = threading.Event()

    def move(source: Nest, target: Nest) -> None:
        for _ in range(60):
            with suppress(IndexError):
                target.nests.append(source.nests.pop(0))

    def change(seed: int) -> None:
        chance = random.Random(seed)
        for count in range(150):
            model = chance.choice(movers)
            model.number = count
            model.anything.append(count)
            if chance.random() < 0.3:
                model.rows.append(Point(count))
                model.rows[-1].y = count

    def edit_one(number: int) -> None:
        for count in range(1, 40):
            model = one if count % 2 else two
            kernel.link.receive(
                edit(model, put("/nests/0/name", f"{count}"), number=count, replica=f"p{number}")
            )

    def flush() -> None:
        while not is_done.is_set():
            kernel.link.flush()

    flusher = threading.Thread(target=flush)
    flusher.start()
    try:
        together(
            lambda: move(one, two),
            lambda: move(two, one),
            lambda: change(1),
            lambda: change(2),
            lambda: edit_one(1),
            lambda: edit_one(2),
        )
    finally:
        is_done.set()
        flusher.join(PATIENCE)

    kernel.link.flush()
    assert sorted(map(id, [*one.nests, *two.nests])) == sorted(map(id, movers))
    for model in kernel.models:
        assert page.replicas[model.sync.key].document == model.sync.snapshot()
    for model in (one, two):
        assert {id(nest._document.lock) for nest in model.nests} <= {id(model._document.lock)}


def test_who_waits_for_a_lock_that_is_exchanged_meanwhile_looks_at_nothing_above_before(monkeypatch):
    inner = Nest()
    outer = Nest(nests=[inner])
    document, lock = inner._document, outer._document.lock
    looked: list[bool] = []

    class Former:
        """The lock that the model had when somebody began to wait for it."""

        def __enter__(self) -> None:
            document.lock = lock  # it came to another place meanwhile

        def __exit__(self, *_: object) -> None:
            pass

        def _is_owned(self) -> bool:
            return False

    def look(root: Any) -> Any:
        looked.append(lock._is_owned())
        return root_above(root)

    monkeypatch.setattr(leases, "root_above", look)
    document.revoke_all()
    document._lease = NO_LEASE
    document.lock = Former()

    inner.number = 3

    assert all(looked)
    assert outer.sync.snapshot()["nests"][0]["number"] == 3


def test_a_model_is_made_and_asked_for_its_defaults_while_no_lock_is_held():
    held: list[bool] = []

    class Made(SyncedModel):
        name: str = ""
        size: int = 0

        def __init__(self, **values: Any) -> None:
            super().__init__(**values)
            held.append(is_held())

        @traitlets.default("size")
        def _make_size(self) -> int:
            held.append(is_held())
            return 3

    class Maker(SyncedModel):
        made: list[Made] = []
        only: Made | None = None

    maker = Maker()
    page = Kernel(maker).page()

    def is_held() -> bool:
        taken: list[bool] = []

        def take() -> None:
            taken.append(maker._document.lock.acquire(timeout=1))
            if taken[0]:
                maker._document.lock.release()

        thread = threading.Thread(target=take)
        thread.start()
        thread.join(PATIENCE)
        return not taken[0]

    maker.made.append({"name": "a"})
    maker.made.append(Made())
    page.edit({"op": "add", "path": "/made/-", "value": {"name": "b"}})
    page.put("/only", {"name": "c"})
    page.edit(
        {"op": "replace", "path": "/only/name", "value": "d"},
        {"op": "add", "path": "/made/0", "value": {"name": "e"}},
    )

    assert not page.troubles
    assert [made.name for made in maker.made] == ["e", "a", "", "b"]
    assert len(held) == 10
    assert not any(held)


def test_one_value_in_two_operations_makes_two_models():
    board, row = Board(), {"label": "a"}

    board.sync.apply([{"op": "add", "path": "/axes/-", "value": row}] * 2)

    assert [axis.label for axis in board.axes] == ["a", "a"]
    assert board.axes[0] is not board.axes[1]
