"""Messages beside the state, both ways: in order with the patches, once, with their buffers."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from syncstate import NotSyncable, SessionClosed, SyncedModel, batch, limits
from syncstate.link import Connection
from tests.support import Kernel, Page


class Board(SyncedModel):
    n: int = 0
    rows: list[dict] = []


def by_hand(*models: SyncedModel) -> Kernel:
    """A kernel that sends only when it is told to."""
    return Kernel(*models, wake=lambda: None)


def told(page: Page) -> list[Any]:
    return [message for message in page.heard if message["type"] == "message"]


def say(kernel: Kernel, board: Board, content: Any, *buffers: bytes) -> None:
    kernel.link.say(board._document.authority, {"content": content, "buffers": list(buffers)})


def from_page(board: Board, content: Any, **others: Any) -> dict[str, Any]:
    authority = board._document.authority
    return {"type": "message", "model": authority.key, "epoch": authority.epoch, "content": content, **others}


# -- to pages


def test_a_message_comes_after_what_was_done_before_it_and_before_what_was_done_after():
    board = Board()
    kernel = by_hand(board)
    page = kernel.page()
    kernel.link.flush()

    board.n = 1
    say(kernel, board, "one")
    board.n = 2
    say(kernel, board, "two", b"\x01\x02")
    kernel.link.flush()

    news = [message for message in page.heard if message["type"] in ("patch", "message")]
    assert [m["operations"][0]["value"] if m["type"] == "patch" else m["content"] for m in news] == [
        1,
        "one",
        2,
        "two",
    ]
    assert news[-1]["buffers"] == [b"\x01\x02"]


def test_a_message_waits_for_the_end_of_a_batch():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()

    with batch():
        board.n = 1
        say(kernel, board, "inside")
        assert told(page) == []

    assert [message["content"] for message in told(page)] == ["inside"]
    assert page.document["n"] == 1


def test_many_messages_leave_before_they_pile_up():
    board = Board()
    kernel = by_hand(board)
    page = kernel.page()
    kernel.link.flush()

    for n in range(limits.MESSAGES + 5):
        say(kernel, board, n)

    assert len(told(page)) > limits.MESSAGES / 2
    kernel.link.flush()
    assert [message["content"] for message in told(page)] == [*range(limits.MESSAGES + 5)]


def test_a_page_that_comes_later_does_not_hear_it():
    board = Board()
    kernel = Kernel(board)
    say(kernel, board, "early")

    page = kernel.page()

    assert told(page) == []


def test_send_reaches_every_connection_and_copies_what_it_is_given(monkeypatch):
    board = Board(rows=[{"a": 1}])
    said: list[Any] = []
    monkeypatch.setattr(Connection, "say", lambda _, letter: said.append(letter))
    board.sync._connections = (Connection.__new__(Connection),)
    buffer = bytearray(b"ab")

    board.sync.send({"rows": board.rows}, buffers=[buffer])
    board.rows[0]["a"] = 2
    buffer[0] = 0

    assert said == [{"content": {"rows": [{"a": 1}]}, "buffers": [b"ab"]}]


def test_what_cannot_travel_is_refused_where_it_is_sent():
    with pytest.raises(NotSyncable, match="a message"):
        Board().sync.send({"x": SimpleNamespace()})


def test_a_closed_model_sends_nothing():
    board = Board()
    board.sync.close()

    with pytest.raises(SessionClosed, match=r"^Cannot send a message: this model was closed; "):
        board.sync.send(1)


# -- from pages


def test_a_page_s_message_is_heard_after_its_edits():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    heard: list[Any] = []
    board.sync.on_msg(lambda content, buffers: heard.append((content, buffers, board.n)))

    page.put("/n", 4)
    page.send([from_page(board, {"go": True}, buffers=[b"\x07"])])

    assert heard == [({"go": True}, [b"\x07"], 4)]


def test_what_one_callback_raises_is_logged_and_the_others_hear(caplog):
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    heard: list[Any] = []
    board.sync.on_msg(lambda content, buffers: 1 / 0)
    board.sync.on_msg(lambda content, buffers: heard.append(content))

    with caplog.at_level(logging.ERROR):
        page.send([from_page(board, 1)])

    assert heard == [1]
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_that_was_ended_hears_nothing():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    heard: list[Any] = []
    end = board.sync.on_msg(lambda content, buffers: heard.append(content))

    end()
    end()
    page.send([from_page(board, 1)])

    assert heard == []


def test_a_message_for_another_object_of_the_same_key_is_dropped():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    heard: list[Any] = []
    board.sync.on_msg(lambda content, buffers: heard.append(content))

    page.send(
        [from_page(board, 1, epoch="another"), from_page(board, 2, model="nobody"), from_page(board, 3)]
    )

    assert heard == [3]


def test_a_message_waits_for_a_batch_that_another_thread_has_open():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    heard: list[Any] = []
    board.sync.on_msg(lambda content, buffers: heard.append((content, board.n)))

    with batch():
        board.n = 1
        page.send([from_page(board, "now")])
        assert heard == []
        board.n = 2

    assert heard == [("now", 2)]
