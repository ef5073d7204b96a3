"""Large messages: cut by the kernel, put together by a page."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate import SyncedModel, parts
from syncstate.buffers import detach
from syncstate.document import same
from syncstate.errors import MessageError
from syncstate.parts import Assembly, cut, estimate, is_slim
from tests.support import Kernel, documents


class Board(SyncedModel):
    """A model with anything in it."""

    n: int = 0
    rows: list = []  # noqa: RUF012
    more: dict = {}  # noqa: RUF012


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SIZE", 100)


def snapshot(document: Any) -> Any:
    return {
        "type": "snapshot",
        "model": "m",
        "epoch": "e",
        "version": 0,
        "document": document,
        "read_only": [],
        "number": 0,
    }


def patch(*values: Any) -> Any:
    operations = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in enumerate(values)]
    return {"type": "patch", "model": "m", "epoch": "e", "base": 0, "version": 1, "operations": operations}


def joined(messages: list[Any]) -> list[Any]:
    assembly = Assembly()
    return [whole for message in messages if (whole := assembly.take(json.loads(json.dumps(message))))]


def rows(count: int) -> list[Any]:
    return [{"id": number, "name": f"row {number}"} for number in range(count)]


@given(st.dictionaries(st.text(max_size=3), documents, max_size=5))
def test_what_was_cut_is_put_together_the_same(document):
    before, size = copy.deepcopy(document), parts.SIZE
    parts.SIZE = 8
    try:
        (whole,) = joined(cut(snapshot(document)))
    finally:
        parts.SIZE = size

    assert same(whole, snapshot(before))
    assert list(whole["document"]) == list(before)
    assert same(document, before)


@pytest.mark.parametrize(
    "document",
    [
        {"rows": rows(1000)},
        {"rows": [[[rows(100)] * 3]] * 3, "n": 1},
        {"a/b": {"~": {str(number): "x" * 30 for number in range(300)}}},
        {"texts": ["x" * 90] * 50, "one": "y" * 1000},
    ],
    ids=["a table", "tables in lists", "objects", "texts"],
)
def test_no_frame_is_much_larger_than_it_may_be(small, document):
    frames = cut(snapshot(document))

    assert len(frames) > 10
    assert frames[0]["parts"] == len(frames) - 1
    (whole,) = joined(frames)
    assert whole == snapshot(document)
    longest = max(len(json.dumps(part["value"])) for part in frames[1:])
    assert longest < 400 or "one" in document  # a text is not cut


def test_a_small_message_is_left_as_it_is_and_so_are_those_of_other_kinds():
    message, answer = snapshot({"rows": rows(10)}), {"type": "closed", "model": "m", "reason": "x" * 2**21}

    assert cut(message) == [message]
    assert cut(answer) == [answer]


def test_arrays_and_bytes_are_no_reason_to_cut():
    assert estimate({"signal": np.zeros(10**7), "data": b"x" * 10**7}) < 100


def test_a_patch_that_puts_much_in_comes_in_parts(small):
    message = patch(rows(100), 0)

    frames = cut(message)

    assert len(frames) > 10
    assert joined(frames) == [message]


@pytest.mark.parametrize("value", [3, None, "text", {"id": 3, "tags": ["one", True]}, [[1.5]] * 400])
def test_a_patch_of_a_few_values_needs_no_closer_look(value):
    message = patch(value)

    assert is_slim(message)
    assert cut(message) == [message]
    assert detach({"messages": [message]}) == ({"messages": [message]}, [])


@pytest.mark.parametrize(
    "values",
    [
        [b"x"],
        [3, {"rows": [{"data": b"x"}]}],
        [np.zeros(2)],
        [[[np.zeros(2)]]],
        ["x" * 2**20],
        [rows(2000)],
        [[[1] * 100] * 100],
        [0] * 2000,
    ],
    ids=["bytes", "bytes inside", "an array", "an array inside", "a text", "a table", "lists", "operations"],
)
def test_what_is_large_or_has_no_json_is_looked_at_closely(values):
    assert not is_slim(patch(*values))
    assert not is_slim(snapshot({}))


def test_a_page_gets_a_large_state_in_frames_of_their_own_and_follows(small):
    board = Board(rows=rows(500))
    kernel = Kernel(board)
    page = kernel.page()
    board.rows[3]["name"] = "changed"
    board.more = {str(number): rows(3) for number in range(50)}
    board.n = 1

    assert same(page.document, board.sync.snapshot())
    assert max(len(json.dumps(frame["messages"])) for frame in kernel.hub.ends[0].sent) < 1000
    assert page.types()[0] == "snapshot"
    assert "part" not in page.types()


def test_an_edit_that_was_made_before_stands_on_a_state_in_parts(small):
    board = Board(rows=rows(100))
    kernel = Kernel(board)
    page = kernel.page()

    with kernel.held():
        board.more = {str(number): number for number in range(100)}
        page.put("/rows/50/name", "mine")

    assert board.rows[50]["name"] == "mine"
    assert same(page.document, board.sync.snapshot())


@pytest.mark.parametrize("place", [0, 1, 20, -1])
def test_a_part_that_is_lost_is_missed_and_the_state_comes_again(small, place):
    board = Board(rows=rows(100))
    kernel = Kernel(board)
    page = kernel.page()

    with kernel.held():
        board.rows = rows(300)[150:]
        del kernel.hub.ends[0]._other.waiting[place]
        page.put("/more", {"name": "mine"})
    board.n = 1

    assert board.more == {"name": "mine"}
    assert same(page.document, board.sync.snapshot())
    assert page.replica.status == "live"
    assert not page.pending


def test_what_was_begun_ends_with_another_message(small):
    assembly, (first, part, *_) = Assembly(), cut(snapshot({"rows": rows(100)}))
    other = snapshot({})

    assert assembly.take(first) is None
    assert assembly.take(other) is other
    with pytest.raises(MessageError, match="what it belongs to has not come"):
        assembly.take(part)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("/document/none", [1], "has no member 'none'"),
        ("/document/rows", {"a": 1}, "an object does not go into a list"),
        ("/document", [1], "a list does not go into an object"),
        ("/epoch", "x", "a string does not go into a string"),
        ("document", [1], "a pointer is empty or starts with '/'"),
    ],
)
def test_a_part_that_does_not_fit_ends_what_was_begun(path, value, why):
    assembly = Assembly()
    assembly.take({**snapshot({"rows": []}), "parts": 2})

    with pytest.raises(MessageError, match=why):
        assembly.take({"type": "part", "path": path, "value": value})
    with pytest.raises(MessageError, match="has not come"):
        assembly.take({"type": "part", "path": "/document/rows", "value": []})
