"""What must hold between members of a model, whatever changes them."""

from __future__ import annotations

import copy
from threading import Thread
from typing import Any

import pytest

from syncstate import SyncedModel, batch, synced, transaction, validate
from tests.test_history import Desk

asked: list[str] = []


class Part(SyncedModel):
    n: int = 0


class Span(SyncedModel):
    low: int = 0
    high: int = 10
    title: str = ""
    rows: list[dict[str, Any]] = synced(factory=list)
    part: Part = Part()

    @validate("low", "high")
    def _in_order(self) -> None:
        asked.append("order")
        if self.low > self.high:
            raise ValueError(f"{self.low} is above {self.high}")

    @validate("rows", "part")
    def _few(self) -> None:
        asked.append("few")
        if sum(row["n"] for row in self.rows) + self.part.n > 5:
            raise OverflowError("too many")


@pytest.fixture
def span() -> Span:
    model = Span()
    asked.clear()
    return model


def test_a_statement_is_refused_at_its_line_and_undone(span):
    told: list[Any] = []
    span.observe(lambda change: told.append((change.old, change.new)), "low")
    version = span.sync.version

    with pytest.raises(ValueError, match=r"^11 is above 10$"):
        span.low = 11

    assert (span.low, span.sync.version) == (0, version)
    span.low = 5
    assert span.sync.snapshot()["low"] == 5
    assert told[-1] == (0, 5)


def test_containers_and_models_inside_count(span):
    span.rows.append({"n": 5})
    row = span.rows[0]

    for change in (
        lambda: span.rows.append({"n": 1}),
        lambda: row.update(n=6),
        lambda: row.__setitem__("n", 7),
        lambda: setattr(span.part, "n", 1),
        lambda: setattr(span, "rows", [{"n": 9}]),
        lambda: span.sync.apply([{"op": "replace", "path": "/rows/0/n", "value": 6}]),
    ):
        with pytest.raises(OverflowError):
            change()
        assert (span.rows, span.part.n) == ([{"n": 5}], 0)
        assert span.rows[0] is row


def test_only_rules_about_what_changed_are_asked_once_a_unit(span):
    span.title = "a"
    assert asked == []
    span.low = 1
    assert asked == ["order"]
    asked.clear()

    with batch():
        span.low, span.high = 20, 30
        span.rows.append({"n": 1})
        with transaction():
            span.low = 25
        assert asked == []

    assert sorted(asked) == ["few", "order"]


def test_a_batch_that_ends_wrong_is_taken_back_whole(span):
    other = Span()

    with pytest.raises(ValueError, match="is above"), batch():  # noqa: PT012 - all of it is the unit
        other.title = "b"
        span.title = "b"
        span.low = 50

    assert (span.title, span.low, other.title) == ("", 0, "")


def test_a_batch_that_fails_otherwise_does_not_keep_what_is_wrong(span):
    with pytest.raises(KeyError), batch():  # noqa: PT012 - all of it is the unit
        span.low = 50
        raise KeyError

    assert span.low == 0


def test_the_constructor_is_asked_at_its_end():
    assert Span(low=20, high=30).low == 20
    with pytest.raises(ValueError, match="is above"):
        Span(low=20)
    twin = copy.copy(Span(low=3))
    with pytest.raises(ValueError, match="is above"):
        twin.low = 11


def test_an_edit_of_a_page_is_rejected_with_the_sentence_and_nothing_happened(span):
    told: list[Any] = []
    desk = Desk(span)
    span.observe(told.append)
    version = span.sync.version

    desk.set(0, "/low", 11)

    (trouble,) = desk.troubles
    assert (trouble.reason, trouble.error) == ("11 is above 10", "ValueError")
    assert (span.low, told, span.sync.version) == (0, [], version)
    desk.set(0, "/low", 9)
    desk.edit(1, {"op": "add", "path": "/rows/0", "value": {"n": 5}})
    desk.set(1, "/rows/0/n", 6)
    desk.check()
    assert (span.low, span.rows) == (9, [{"n": 5}])
    assert [change.name for change in told] == ["low", "rows"]
    assert [trouble.reason for trouble in desk.troubles[1:]] == ["too many"]
    assert span.sync.version == version + 2


def test_what_a_page_takes_back_is_looked_at_too(span):
    desk = Desk(span)
    desk.set(0, "/low", 8)
    desk.undo(0)
    desk.redo(0)
    assert span.low == 8
    desk.set(1, "/high", 20)
    desk.set(0, "/low", 15)

    desk.undo(1)

    assert [trouble.error for trouble in desk.troubles] == ["ValueError"]
    assert (span.low, span.high) == (15, 20)
    desk.check()


def test_a_rule_is_asked_without_a_lock():
    class Slow(SyncedModel):
        n: int = 0
        other: int = 0

        @validate("n")
        def _rule(self) -> None:
            thread = Thread(target=lambda: setattr(self, "other", self.other + 1))
            thread.start()
            thread.join(5)
            if thread.is_alive():
                raise RuntimeError("locked")
            if self.n > 5:
                raise ValueError("too large")

    slow = Slow()
    slow.n = 1
    with pytest.raises(ValueError, match="too large"):
        slow.n = 9
    assert (slow.n, slow.other) == (1, 3)
    desk = Desk(slow)
    desk.set(0, "/n", 2)
    desk.set(0, "/n", 8)
    desk.check()
    assert (slow.n, slow.other) == (2, 5)
    assert [trouble.reason for trouble in desk.troubles] == ["too large"]


def test_statements_of_a_model_with_rules_are_no_steps(span):
    span.low = 1
    assert not span.sync.can_undo
    with batch():
        span.low = 2
    span.sync.undo()
    assert span.low == 1


@pytest.mark.parametrize("names", [("lo",), ("low", "missing")])
def test_a_rule_about_no_member_is_refused_by_the_class(names):
    with pytest.raises(TypeError, match=r"^Cannot validate '\w+' of Wrong: it has no such synced member"):

        class Wrong(SyncedModel):
            low: int = 0

            @validate(*names)
            def _rule(self) -> None:
                pass


def test_who_meant_the_validate_of_traitlets_is_told():
    with pytest.raises(TypeError, match=r"^Cannot validate with '_rule': .* traitlets.validate hands over"):

        @validate("low")
        def _rule(self: Any, proposal: Any) -> None:
            pass

    with pytest.raises(TypeError, match="name the members"):
        validate(lambda self: None)  # type: ignore[arg-type] # as in @validate without names
