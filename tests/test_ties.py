"""Ties: two locations, of two models or of one, that are kept equal."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
import traitlets

from syncstate import SyncedModel, SyncStateError, TargetNotFound, batch, synced
from tests.support import PATIENCE, Kernel, running


class Board(SyncedModel):
    x: int = 0
    y: int = 0
    share: float = synced(0.5, min=0, max=1)
    title: str = "Sales"
    rows: list[dict] = []


class Even(SyncedModel):
    """Makes every number even."""

    x: int = 0

    @traitlets.validate("x")
    def _round(self, proposal: Any) -> int:
        return proposal.value - proposal.value % 2


class Odd(SyncedModel):
    """Makes every number odd."""

    x: int = 1

    @traitlets.validate("x")
    def _round(self, proposal: Any) -> int:
        return proposal.value | 1


def heard(model: SyncedModel, pointer: str) -> list[Any]:
    told: list[Any] = []
    model.sync.subscribe(pointer, lambda change: told.append(change.value))
    return told


def test_the_other_model_gets_the_value_of_this_one_and_each_follows_the_other():
    one, other = Board(x=1), Board(rows=[{"price": 2}])

    one.sync.link("/x", other, "/rows/0/price")
    assert other.rows == [{"price": 1}]

    one.x = 3
    assert other.rows[0]["price"] == 3
    other.rows[0]["price"] = 4
    assert one.x == 4
    other.rows[0] = {"price": 5}
    assert one.x == 5


def test_a_change_goes_over_once_and_does_not_come_back():
    one, other = Board(), Board()
    one.sync.link("/x", other, "/y")
    here, there = heard(one, "/x"), heard(other, "/y")

    one.x = 1
    other.y = 2

    assert here == [1, 2]
    assert there == [1, 2]


def test_without_a_pointer_there_it_is_the_same_one():
    one, other = Board(title="Tea"), Board()

    one.sync.link("/title", other)

    assert other.title == "Tea"


def test_a_directed_link_goes_one_way_and_makes_something_of_the_value():
    one, other = Board(x=1), Board()

    one.sync.dlink("/x", other, "/title", transform="{} pieces".format)
    assert other.title == "1 pieces"

    other.title = "none"
    assert one.x == 1
    one.x = 2
    assert other.title == "2 pieces"


def test_two_locations_of_one_model_are_tied():
    model = Board()
    model.sync.link("/x", model, "/y")

    model.y = 3
    assert model.x == 3
    model.x = 4
    assert model.y == 4


def test_lists_are_tied_and_stay_apart():
    one, other = Board(rows=[{"price": 1}]), Board()
    one.sync.link("/rows", other)

    one.rows[0]["price"] = 2
    other.rows.append({"price": 3})

    assert one.rows == other.rows == [{"price": 2}, {"price": 3}]
    assert one.rows is not other.rows


def test_models_in_a_model_are_tied_by_their_own_pointers():
    one, other = Board(), Holder(boards=[Board()])

    one.sync.link("/x", other, "/boards/0/x")
    other.boards[0].x = 3

    assert one.x == 3


class Holder(SyncedModel):
    boards: list[Board] = []


def test_what_is_parted_stays_as_it_is():
    one, other = Board(), Board()

    with one.sync.link("/x", other) as tie:
        assert tie.is_active
    tie.unlink()
    one.x = 1

    assert other.x == 0
    assert not tie.is_active
    assert one._document.listeners == other._document.listeners == []


def test_what_a_validator_makes_of_the_value_comes_back():
    one, other = Board(x=3), Even()

    one.sync.link("/x", other)
    assert (one.x, other.x) == (2, 2)

    one.x = 5
    assert (one.x, other.x) == (4, 4)


def test_validators_that_never_agree_are_told_so():
    one, other = Even(), Odd()
    sentence = r"^Cannot tie '/x' of Even to '/x' of Odd: each makes another value of what the other has, "

    with pytest.raises(SyncStateError, match=sentence):
        one.sync.link("/x", other)

    assert (one.x, other.x) == (0, 1)


def test_a_refused_value_is_taken_back_where_it_came_from():
    one, other = Board(), Board(share=0.5)
    one.sync.link("/x", other, "/share")
    assert one.x == other.share == 0

    with pytest.raises(traitlets.TraitError) as error:
        one.x = 2

    assert error.value.__notes__ == ["while '/x' of Board was copied to '/share' of Board"]
    assert one.x == other.share == 0
    assert type(one.x) is int


def test_what_a_directed_link_cannot_copy_stays_where_it_is():
    one, other = Board(), Board()
    one.sync.dlink("/x", other, "/share")

    with pytest.raises(traitlets.TraitError):
        one.x = 2

    assert (one.x, other.share) == (2, 0)


def test_a_location_that_is_not_there_is_refused_when_it_is_to_be_tied():
    one, other = Board(), Board()

    with pytest.raises(TargetNotFound, match=r"^Cannot find '/rows/0/price': the list has 0 elements$"):
        one.sync.link("/x", other, "/rows/0/price")
    with pytest.raises(TargetNotFound, match=r"^Cannot find '/z': "):
        one.sync.dlink("/z", other, "/x")
    with pytest.raises(TypeError, match=r"^Cannot tie '/x' to a HasTraits: it is no SyncedModel; traitlets"):
        one.sync.link("/x", traitlets.HasTraits(), "/x")

    assert one._document.listeners == other._document.listeners == []


def test_while_a_location_is_not_there_nothing_is_copied():
    one, other = Board(x=1), Board(rows=[{"price": 0}])
    one.sync.link("/x", other, "/rows/0/price")

    other.rows.clear()
    one.x = 2
    other.rows.append({"price": 9})

    assert one.x == 9


def test_a_batch_is_copied_at_its_end():
    one, other = Board(), Board()
    one.sync.link("/x", other)
    there = heard(other, "/x")

    with batch():
        one.x = 1
        one.x = 2
        assert other.x == 0

    assert there == [2]


def test_an_edit_of_a_page_goes_over():
    one, other = Board(), Board()
    one.sync.link("/x", other)
    page, page_of_other = Kernel(one).page(), Kernel(other).page()

    page.put("/x", 7)

    assert other.x == 7
    assert page_of_other.document["x"] == 7


def test_an_edit_that_cannot_go_over_is_taken_back_and_logged(caplog):
    one, other = Board(), Board(share=0)
    one.sync.link("/x", other, "/share")
    page = Kernel(one).page()

    page.put("/x", 7)

    assert one.x == 0
    assert page.document["x"] == 0
    assert "share" in caplog.text


def test_a_ring_of_ties_settles():
    boards = [Board() for _ in range(3)]
    for one, other in zip(boards, [*boards[1:], boards[0]], strict=True):
        one.sync.link("/x", other)

    boards[1].x = 5

    assert [board.x for board in boards] == [5, 5, 5]


def test_two_threads_that_change_both_ends_leave_them_equal():
    one, other = Board(), Board()
    one.sync.link("/x", other)
    barrier = threading.Barrier(2)

    def write(model: Board, numbers: range) -> None:
        barrier.wait(PATIENCE)
        for number in numbers:
            model.x = number

    with running(lambda: write(one, range(300)), lambda: write(other, range(1000, 1300))):
        pass

    assert one.x == other.x


def test_tied_models_go_when_nobody_has_either():
    one, other = Board(), Board()
    one.sync.link("/x", other)
    gone = [weakref.ref(one), weakref.ref(other)]

    del one, other
    gc.collect()

    assert [model() for model in gone] == [None, None]
