"""Which models pages show, and what becomes of those that nobody shows any more."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any
from weakref import ref

from syncstate import SyncedModel
from syncstate.audience import GRACE, MANY, REPLICAS, Audience
from syncstate.link import Link
from syncstate.sources import View
from tests.support import Hub, Page


class Board(SyncedModel):
    n: int = 0
    rows: list[dict] = [{}]


class Kernel:
    """A link with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.hub = Hub()
        self.link = Link(self.hub, wake=lambda: None, clock=lambda: self.now)

    def show(self, model: SyncedModel) -> str:
        self.link.publish(model._document.watch())
        return model.sync.key

    def open(self, name: str, *keys: str) -> Page:
        page = Page(self.hub.join(), name, *keys)
        page.hello()
        self.link.flush()
        return page

    def close(self, page: Page, *keys: str) -> None:
        page.send([{"type": "bye", "model": key} for key in keys or page.replicas])
        self.link.flush()

    def wait(self, seconds: float = GRACE) -> float | None:
        self.now += seconds
        return self.link.flush()


def is_collected(make: Callable[[], Any]) -> bool:
    """Whether what a function refers to weakly is gone once nobody holds it."""
    found = make()
    gc.collect()
    return found() is None


def test_a_model_that_was_shown_and_dropped_is_collected():
    kernel = Kernel()

    def shown() -> Any:
        model = Board()
        page = kernel.open("d2", kernel.show(model))
        model.rows[0]["a"] = 1
        kernel.close(page)
        kernel.wait()
        return ref(model)

    assert is_collected(shown)
    link: Any = kernel.link
    assert [link._cursors, link._watchers, link._resting, link._views, link._keyed] == [{}, {}, {}, {}, {}]


def test_a_model_that_a_page_shows_is_kept_though_python_dropped_it():
    kernel = Kernel()
    pages: list[Page] = []

    def shown() -> Any:
        model = Board()
        pages.append(kernel.open("d2", kernel.show(model)))
        kernel.wait()
        return ref(model)

    assert not is_collected(shown)
    pages[0].put("/n", 3)
    kernel.link.flush()
    assert pages[0].document["n"] == 3


def test_a_page_that_leaves_without_a_word_may_come_back():
    kernel = Kernel()

    def shown() -> Any:
        model = Board()
        kernel.open("d2", kernel.show(model))
        kernel.link._part("d2")
        kernel.wait(100 * GRACE)
        return ref(model)

    assert not is_collected(shown)


def test_a_model_that_nobody_shows_is_kept_for_a_while():
    kernel = Kernel()
    board = Board()
    key = kernel.show(board)
    page = kernel.open("d2", key)

    kernel.close(page)
    assert kernel.wait(GRACE - 1) == 1.0  # it is looked at again by itself
    page.hello()
    kernel.wait(GRACE)

    assert key in kernel.link._cursors


def test_a_model_rests_only_when_the_last_page_has_said_bye():
    kernel = Kernel()
    key = kernel.show(Board())
    first, second = kernel.open("d2", key), kernel.open("e7", key)

    kernel.close(first)
    kernel.wait()
    assert key in kernel.link._cursors
    kernel.close(second)
    kernel.wait()
    assert key not in kernel.link._cursors


def test_a_model_that_rests_is_told_of_to_nobody_and_found_by_who_shows_it_again():
    kernel = Kernel()
    board = Board()
    key = kernel.show(board)
    kernel.close(kernel.open("d2", key))
    kernel.wait()
    listener = Page(kernel.hub.join(), "e7")

    board.n = 5
    kernel.link.flush()
    assert listener.heard == []
    page = kernel.open("f0", key)
    assert page.document["n"] == 5
    board.n = 6
    kernel.link.flush()
    assert page.document["n"] == 6


def test_the_view_of_a_model_that_rests_is_the_newest_when_it_is_shown_again():
    kernel = Kernel()
    board = Board()
    key = kernel.show(board)
    kernel.link.draw([key], View("one", None, None))
    kernel.close(kernel.open("d2", key))
    kernel.wait()

    kernel.link.draw([key], View("two", None, None))
    kernel.link.flush()
    page = kernel.open("e7", key)

    assert [message["esm"] for message in page.heard if message["type"] == "view"] == ["two"]


def test_a_model_that_rests_is_closed_for_good():
    kernel = Kernel()
    board = Board()
    key = kernel.show(board)
    kernel.close(kernel.open("d2", key))
    kernel.wait()

    kernel.link.withdraw(board._document.authority, "closed")
    page = kernel.open("e7", key)

    assert page.types() == ["closed"]


def test_of_many_that_nobody_shows_the_oldest_go_first():
    audience = Audience()

    for number in range(MANY + 3):
        audience.join(str(number), "d2")
        audience.leave(str(number), "d2", now=0)

    assert audience.due(now=0) == ["0", "1", "2"]
    assert len(audience.due(now=GRACE)) == MANY
    assert audience.pause(now=GRACE) is None


def test_of_one_model_no_more_than_so_many_replicas_are_remembered():
    audience = Audience()

    for number in range(REPLICAS + 5):
        audience.join("board", str(number))

    assert len(audience._shown["board"]) == REPLICAS
