"""What each author can undo and redo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st

from syncstate import (
    Conflict,
    NothingToUndo,
    SyncedModel,
    SyncStateError,
    batch,
    computed,
    synced,
    transaction,
)
from syncstate.authority import Authority
from syncstate.messages import Message
from syncstate.replica import Replica, Trouble


class Board(SyncedModel):
    title: str = "a"
    n: int = synced(0, max=100)
    secret: int = synced(0, read_only=True)
    rows: list[dict[str, Any]] = synced(factory=list)
    more: dict[str, Any] = synced(factory=dict)


class Noted(Board):
    _history = "statements"


class Desk:
    """A model and pages that show it; what they say arrives at once, or when it is let through."""

    def __init__(self, model: SyncedModel, count: int = 2) -> None:
        self.model = model
        self.authority: Authority = model.sync._document.watch()
        self.troubles: list[Trouble] = []
        self.pages = [
            Replica(f"page{at}", self.authority.key, on_trouble=self.troubles.append) for at in range(count)
        ]
        self.version = self.authority.version
        self.waiting: list[tuple[Replica, Message]] = []
        self.is_slow = False
        self.time = 0.0
        model.sync._document.history.clock = lambda: self.time
        for page in self.pages:
            self.send(page, page.hello())

    def send(self, page: Replica, messages: list[Message]) -> None:
        self.waiting += [(page, message) for message in messages]
        if not self.is_slow:
            self.deliver()

    def deliver(self) -> None:
        while self.waiting:
            page, message = self.waiting.pop(0)
            answers: list[Message] = []
            self.authority.receive(message, page.id, answers.extend)
            self.tell(answers)

    def tell(self, answers: list[Message] = []) -> None:  # noqa: B006 - it is only read
        self.authority.commit()
        patches = self.authority.patches(self.version) or []
        self.version = self.authority.version
        for message in [*answers, *patches]:
            for page in self.pages:
                self.waiting += [(page, answer) for answer in page.receive(message)]

    def edit(self, at: int, *operations: dict[str, Any]) -> None:
        self.send(self.pages[at], self.pages[at].edit(operations))

    def set(self, at: int, path: str, value: Any) -> None:
        self.edit(at, {"op": "replace", "path": path, "value": value})

    def undo(self, at: int) -> None:
        self.send(self.pages[at], self.pages[at].undo())

    def redo(self, at: int) -> None:
        self.send(self.pages[at], self.pages[at].redo())

    def check(self) -> None:
        self.tell()
        self.deliver()
        for page in self.pages:
            assert page.document == self.model.sync.snapshot()
            assert not page.pending


# -- Python


def test_the_last_batch_is_undone_and_redone():
    board = Board(n=1)
    with batch():
        board.n = 2
        board.rows.append({"x": 1})
        board.rows[0]["x"] = 2
        board.title = "b"

    board.sync.undo()
    assert board.sync.snapshot() == Board(n=1).sync.snapshot()
    assert (board.sync.can_undo, board.sync.can_redo) == (False, True)

    board.sync.redo()
    assert (board.n, board.rows, board.title) == (2, [{"x": 2}], "b")
    assert (board.sync.can_undo, board.sync.can_redo) == (True, False)


def test_steps_are_undone_one_by_one_and_a_new_one_ends_redo():
    board = Board()
    for n in (1, 2, 3):
        with transaction():
            board.n = n

    board.sync.undo()
    board.sync.undo()
    assert board.n == 1
    board.sync.redo()
    assert board.n == 2
    with batch():
        board.title = "b"

    with pytest.raises(NothingToUndo, match=r"^Cannot redo: nothing was undone since the last step$"):
        board.sync.redo()
    board.sync.undo()
    board.sync.undo()
    assert (board.n, board.title) == (1, "a")


def test_an_undo_past_the_start_says_what_to_do():
    board = Board()
    board.n = 5

    with pytest.raises(NothingToUndo, match=r"^Cannot undo: no step is left .* _history = \"statements\"$"):
        board.sync.undo()

    assert board.n == 5


def test_a_statement_is_a_step_where_the_class_says_so():
    board = Noted()
    board.n = 1
    board.more["k"] = 2
    board.more["k"] = 3
    board.sync.apply(
        [{"op": "replace", "path": "/title", "value": "b"}, {"op": "add", "path": "/more/z", "value": 1}]
    )

    board.sync.undo()
    assert (board.title, board.more) == ("a", {"k": 3})
    board.sync.undo()
    assert board.more == {"k": 2}
    board.sync.undo()
    board.sync.undo()
    assert board.sync.snapshot() == Board().sync.snapshot()
    for _ in range(4):
        board.sync.redo()
    assert (board.n, board.title, board.more) == (1, "b", {"k": 3, "z": 1})


def test_undo_inside_a_batch_is_refused():
    board = Board()
    with batch():
        board.n = 1

    with batch(), pytest.raises(SyncStateError, match=r"^Cannot undo inside a batch or a transaction: "):
        board.sync.undo()

    assert board.n == 1


def test_what_a_transaction_took_back_is_no_step_and_does_not_end_redo():
    board = Board()
    with batch():
        board.n = 1
    board.sync.undo()

    with pytest.raises(ValueError, match="no"), transaction():  # noqa: PT012 - all of it is the unit
        board.n = 2
        raise ValueError("no")

    assert not board.sync.can_undo
    board.sync.redo()
    assert board.n == 1


def test_undo_tells_observers_and_listeners_once():
    board, told, patches = Board(), [], []
    with batch():
        board.n = 1
        board.title = "b"
    board.observe(lambda change: told.append((change.name, change.old, change.new)))
    board.sync.on_patch(lambda patch: patches.append(patch.patch))

    board.sync.undo()

    assert sorted(told) == [("n", 1, 0), ("title", "b", "a")]
    assert len(patches) == 1


def test_what_was_removed_comes_back_as_it_was_however_it_was_changed_meanwhile():
    board = Board(rows=[{"x": 1}, {"x": 2}])
    with batch():
        row = board.rows.pop(0)
    row["x"] = 5

    board.sync.undo()

    assert board.rows == [{"x": 1}, {"x": 2}]


def test_later_statements_are_carried_over_and_touched_ones_refused():
    board = Board(rows=[{"x": 1}, {"x": 2}])
    with batch():
        board.rows[1]["x"] = 3
    board.rows.insert(0, {"x": 0})

    board.sync.undo()
    assert board.rows == [{"x": 0}, {"x": 1}, {"x": 2}]
    board.sync.redo()
    board.rows[2]["x"] = 9

    with pytest.raises(Conflict, match=r"^Cannot undo the change of '/rows/2/x': somebody else"):
        board.sync.undo()
    assert board.rows == [{"x": 0}, {"x": 1}, {"x": 9}]


def test_the_oldest_steps_are_forgotten(monkeypatch):
    monkeypatch.setattr("syncstate.history.LIMIT", 3)
    board = Board()
    for n in range(1, 6):
        with batch():
            board.n = n

    for _ in range(3):
        board.sync.undo()

    assert (board.n, board.sync.can_undo) == (2, False)


def test_steps_that_weigh_too_much_are_forgotten(monkeypatch):
    monkeypatch.setattr("syncstate.history.BYTES", 2000)
    board = Board(title="x" * 1000)
    for _ in range(4):
        with batch():
            board.title = board.title[1:] + "y"

    board.sync.undo()

    assert board.title == "x" * 997 + "yyy"
    assert not board.sync.can_undo


def test_a_validator_may_refuse_what_undo_would_bring_back():
    class Picky(Board):
        strict = False

        @traitlets.validate("n")
        def _not_too_small(self, proposal: Any) -> int:
            if self.strict and proposal.value < 5:
                raise ValueError("too small")
            return int(proposal.value)

    board = Picky()
    with batch():
        board.n = 10
    board.strict = True

    with pytest.raises(ValueError, match="too small"):
        board.sync.undo()
    assert (board.n, board.sync.can_undo) == (10, True)
    board.strict = False
    board.sync.undo()
    assert board.n == 0


# -- pages


def test_each_page_and_python_undo_their_own():
    desk = Desk(board := Board(more={"a": 0, "b": 0, "c": 0}))
    desk.set(0, "/more/a", 1)
    desk.set(1, "/more/b", 2)
    with batch():
        board.more["c"] = 3
    desk.tell()

    desk.undo(0)
    assert board.more == {"a": 0, "b": 2, "c": 3}
    desk.undo(1)
    assert board.more == {"a": 0, "b": 0, "c": 3}
    board.sync.undo()
    desk.redo(1)
    assert board.more == {"a": 0, "b": 2, "c": 0}
    desk.check()
    assert desk.troubles == []


def test_an_undo_is_carried_over_what_others_did():
    desk = Desk(board := Board(rows=[{"x": 1}, {"x": 2}]))
    desk.set(0, "/rows/1/x", 5)
    desk.edit(0, {"op": "remove", "path": "/rows/0"})
    desk.edit(1, {"op": "add", "path": "/rows/0", "value": {"x": 7}})

    desk.undo(0)
    desk.undo(0)

    assert board.rows == [{"x": 1}, {"x": 7}, {"x": 2}] or board.rows == [{"x": 7}, {"x": 1}, {"x": 2}]
    desk.check()


def test_an_undo_of_what_another_one_changed_is_refused_with_the_reason():
    desk = Desk(board := Board())
    desk.set(0, "/n", 5)
    desk.set(1, "/n", 6)

    desk.undo(0)

    assert board.n == 6
    (trouble,) = desk.troubles
    assert trouble.reason == "Cannot undo the change of '/n': somebody else has changed it since"
    assert (trouble.error, trouble.pointer) == ("Conflict", "/n")
    desk.undo(1)
    desk.undo(0)
    desk.check()
    assert board.n == 0


def test_a_row_in_which_another_one_works_is_not_taken_away():
    desk = Desk(board := Board())
    desk.edit(0, {"op": "add", "path": "/rows/0", "value": {"x": 1}})
    desk.set(1, "/rows/0/x", 2)

    desk.undo(0)

    assert board.rows == [{"x": 2}]
    assert "'/rows/0'" in desk.troubles[0].reason


def test_an_undo_past_the_start_of_a_page_is_refused():
    desk = Desk(Board())

    desk.undo(0)
    desk.redo(0)

    assert [trouble.reason for trouble in desk.troubles] == [
        "Cannot undo: nothing is left that this page has done",
        "Cannot redo: nothing was undone since the last step",
    ]
    desk.check()


def test_a_drag_is_one_step():
    desk = Desk(board := Board())
    desk.set(0, "/title", "b")
    for n in (1, 2, 3, 4):
        desk.time += 0.5
        desk.set(0, "/n", n)
        with batch():
            board.title = f"python {n}"
        desk.tell()
    desk.time += 1.5
    desk.set(0, "/n", 9)

    desk.undo(0)
    assert board.n == 4
    desk.undo(0)
    assert (board.n, board.title) == (0, "python 4")
    desk.redo(0)
    assert board.n == 4
    desk.check()


@pytest.mark.parametrize("between", ["other place", "undo", "more than a replace"])
def test_what_lies_between_ends_a_drag(between):
    desk = Desk(board := Board())
    desk.set(0, "/n", 1)
    if between == "other place":
        desk.set(0, "/title", "b")
    elif between == "undo":
        desk.set(0, "/title", "b")
        desk.undo(0)
        desk.undo(0)
        desk.redo(0)
    else:
        desk.edit(0, {"op": "add", "path": "/n", "value": 2})
    desk.set(0, "/n", 5)

    desk.undo(0)

    assert board.n == (2 if between == "more than a replace" else 1)


def test_an_undo_waits_behind_the_edits_before_it_and_merges_with_none():
    desk = Desk(board := Board())
    desk.is_slow = True
    desk.set(0, "/n", 1)
    desk.set(0, "/title", "b")
    desk.undo(0)
    desk.set(0, "/title", "c")
    assert desk.pages[0].document["title"] == "c"

    desk.deliver()

    desk.is_slow = False
    assert (board.n, board.title) == (1, "c")
    desk.check()
    desk.undo(0)
    desk.undo(0)
    assert (board.n, board.title) == (0, "a")
    assert desk.troubles == []


def test_an_undo_that_is_sent_again_happens_once():
    desk = Desk(board := Board())
    for n in (1, 2, 3):
        desk.time += 5
        desk.set(0, "/n", n)
    page = desk.pages[0]
    (message,) = page.undo()
    desk.authority.receive(message, page.id, lambda answers: None)

    desk.send(page, page.hello())

    assert board.n == 2
    desk.check()


def test_a_page_may_undo_only_what_pages_may_write():
    desk = Desk(board := Board())
    desk.set(0, "/n", 1)
    type(board).n.metadata["read_only"] = True
    try:
        desk.undo(0)
    finally:
        del type(board).n.metadata["read_only"]

    assert board.n == 1
    assert desk.troubles[0].error == "NotWritable"


def test_undo_during_a_batch_waits_for_its_end():
    desk = Desk(board := Board())
    desk.set(0, "/n", 1)

    with batch():
        board.title = "b"
        desk.undo(0)
        assert board.n == 1

    assert board.n == 0
    desk.check()


# -- for all orders of things


acts = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "cell", "scalar", "member", "move", "undo", "redo", "undo"]),
        st.integers(0, 2),
        st.integers(0, 5),
    ),
    max_size=25,
)


def operation_for(verb: str, place: int, document: Any, fresh: int) -> dict[str, Any] | None:
    rows = document["rows"]
    match verb:
        case "add":
            return {"op": "add", "path": f"/rows/{min(place, len(rows))}", "value": {"x": fresh}}
        case "remove" if rows:
            return {"op": "remove", "path": f"/rows/{place % len(rows)}"}
        case "cell" if rows:
            return {"op": "replace", "path": f"/rows/{place % len(rows)}/x", "value": fresh}
        case "scalar":
            return {"op": "replace", "path": "/title", "value": str(fresh)}
        case "member":
            return {"op": "add", "path": f"/more/{place % 3}", "value": fresh}
        case "move" if rows:
            return {"op": "move", "from": f"/rows/{place % len(rows)}", "path": "/rows/0"}
    return None


@given(acts)
@settings(max_examples=150)
def test_all_replicas_meet_and_undo_hits_no_neighbour(some):
    desk = Desk(board := Board(rows=[{"x": -1}, {"x": -2}]))
    touched: dict[Any, set[int]] = {-1: set(), -2: set()}  # who wrote each value, or took it away
    for fresh, (verb, who, place) in enumerate(some, 1):
        desk.time += 10
        before = board.sync.snapshot()
        if verb in ("undo", "redo"):
            try:
                getattr(board.sync, verb)() if who == 2 else getattr(desk, verb)(who)
            except (Conflict, NothingToUndo):
                assert board.sync.snapshot() == before
            gone = leaves(before) - leaves(board.sync.snapshot())
            assert all(who in touched.get(value, {who}) for value in gone), (verb, who, gone, before)
        elif (operation := operation_for(verb, place, before, fresh)) is not None:
            touched[fresh] = touched[str(fresh)] = {who}
            if who < 2:
                desk.edit(who, operation)
            else:
                with batch():
                    board.sync.apply([operation])
            for value in leaves(before) - leaves(board.sync.snapshot()):
                touched.setdefault(value, set()).add(who)
        desk.tell()
    desk.check()


def leaves(value: Any) -> set[Any]:
    if isinstance(value, dict):
        return {leaf for member in value.values() for leaf in leaves(member)}
    return {leaf for element in value for leaf in leaves(element)} if isinstance(value, list) else {value}


@given(acts)
def test_who_undoes_alone_comes_back_to_the_start(some):
    desk = Desk(board := Board(rows=[{"x": -1}, {"x": -2}]))
    start = board.sync.snapshot()
    states = [start]
    for fresh, (verb, _, place) in enumerate(some, 1):
        desk.time += 10
        operation = operation_for(verb, place, board.sync.snapshot(), fresh)
        if operation is not None and operation.get("from") != operation["path"]:
            desk.edit(0, operation)
            states.append(board.sync.snapshot())

    for state in reversed(states[:-1]):
        desk.undo(0)
        assert board.sync.snapshot() == state
    for state in states[1:]:
        desk.redo(0)
        assert board.sync.snapshot() == state
    desk.check()
    assert desk.troubles == []


# -- with models and objects in the document


class Part(SyncedModel):
    label: str = ""
    made: int = synced(1, read_only=True)

    @computed
    def size(self) -> int:
        return len(self.label)


@dataclass
class Spot:
    x: float = 0


class Works(SyncedModel):
    title: str = ""
    spots: list[Spot] = synced(factory=list)
    parts: list[Part] = synced(factory=list)
    by_name: dict[str, Part] = synced(factory=dict)


def test_a_model_that_was_moved_is_moved_back_also_where_it_is_made_anew():
    works = Works(parts=[Part(label="abc", made=5)])
    before = works.sync.snapshot()
    with batch():
        works.by_name["x"] = works.parts.pop()

    works.sync.undo()

    assert works.sync.snapshot() == before
    works.sync.redo()
    assert works.by_name["x"].size == 3


def test_a_page_undoes_that_it_removed_a_model_whose_members_it_may_not_write():
    desk = Desk(works := Works(parts=[Part(label="abc", made=5)]))
    before = works.sync.snapshot()
    desk.edit(0, {"op": "remove", "path": "/parts/0"})

    desk.undo(0)

    assert not desk.troubles
    assert works.sync.snapshot() == before
    desk.check()


@pytest.mark.parametrize("path", ["/parts/0", "/by_name/x"])
def test_what_goes_through_a_place_where_it_may_not_stay_comes_back_whole(path):
    desk = Desk(works := Works(spots=[Spot(1), Spot(2)]))
    spot, before = works.spots[0], works.sync.snapshot()

    works.sync.apply(
        [{"op": "move", "from": "/spots/0", "path": path}, {"op": "move", "from": path, "path": "/spots/0"}]
    )

    assert works.spots[0] is spot
    assert works.sync.snapshot() == before
    with pytest.raises(SyncStateError):
        spot.x = "far"  # type: ignore[assignment] # refused
    desk.check()
