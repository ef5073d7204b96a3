"""A link: many models over one transport, in few frames; and the clock that flushes it."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate import MessageError, SyncedModel, batch
from syncstate.authority import Authority
from syncstate.buffers import attach, detach
from syncstate.document import same
from syncstate.errors import PatchError, PointerError
from syncstate.link import KERNEL, Link
from syncstate.pacer import Pacer
from syncstate.transports.memory import MemoryTransport
from syncstate.uploads import Uploads
from tests.support import Hub, Kernel, Page, frame, running


class Board(SyncedModel):
    n: int = 0
    rows: list[dict] = []
    data: Any = None


def by_hand(*models: SyncedModel) -> Kernel:
    """A kernel that sends only when it is told to."""
    return Kernel(*models, wake=lambda: None)


def frames_of(kernel: Kernel) -> list[Any]:
    return list(kernel.hub.ends[0].sent)


# -- frames


def test_what_happened_since_the_last_flush_travels_in_one_frame():
    one, two = Board(), Board()
    kernel = by_hand(one, two)
    kernel.hub.join()
    kernel.link.flush()

    one.rows.append({})
    one.rows.append({})
    two.n = 5
    kernel.link.flush()
    kernel.link.flush()

    first, second = frames_of(kernel)
    assert [message["type"] for message in first["messages"]] == ["ready", "ready"]
    assert [(message["model"], len(message["operations"])) for message in second["messages"]] == [
        (one.sync.key, 2),
        (two.sync.key, 1),
    ]


def test_of_values_that_overwrite_each_other_only_the_last_one_travels():
    model = Board(rows=[{"x": 0}])
    kernel = by_hand(model)
    kernel.hub.join()
    kernel.link.flush()

    for n in range(100):
        model.n = n
        model.rows[0]["x"] = n
    kernel.link.flush()

    (message,) = frames_of(kernel)[-1]["messages"]
    assert message["operations"] == [
        {"op": "replace", "path": "/n", "value": 99},
        {"op": "replace", "path": "/rows/0/x", "value": 99},
    ]
    assert (message["base"], message["version"]) == (0, 1)


def test_values_on_both_sides_of_a_shift_are_not_mixed_up():
    model = Board(rows=[{"x": 0}])
    kernel = by_hand(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    kernel.link.flush()

    model.rows[0]["x"] = 1
    model.rows.insert(0, {"x": 5})
    model.rows[0]["x"] = 2
    model.rows[0] = {"y": [1]}
    model.rows[0]["y"][0] = 3
    kernel.link.flush()

    assert page.document["rows"] == [{"y": [3]}, {"x": 1}]
    assert same(page.document, model.sync.snapshot())


def test_a_page_that_the_log_reaches_no_longer_when_it_is_flushed_gets_a_snapshot():
    model = Board(rows=[{"x": 0}])
    kernel = by_hand(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    kernel.link.flush()
    kernel.link.flush()
    model._document.authority.log.limit = 2
    known = len(page.heard)

    for n in range(5):
        model.n = n
        assert model.sync.version == n  # looking makes it a version of its own; the first one changed nothing
    kernel.link.flush()

    assert page.types()[known:] == ["snapshot"]
    assert same(page.document, model.sync.snapshot())


def test_frames_carry_the_protocol_the_kernel_and_a_number():
    model = Board()
    kernel = Kernel(model)
    kernel.hub.join()

    model.n = 1
    model.n = 2
    model.n = 3

    assert [(frame["protocol"], frame["kernel"], frame["seq"]) for frame in frames_of(kernel)] == [
        (1, KERNEL, 2),
        (1, KERNEL, 3),
        (1, KERNEL, 4),
    ]


def test_a_flush_without_news_sends_nothing():
    model = Board()
    kernel = by_hand(model)
    kernel.hub.join()
    kernel.link.flush()

    model.n = 0
    model.rows.extend([])
    kernel.link.flush()

    assert len(frames_of(kernel)) == 1


def test_a_batch_that_is_open_sends_nothing_and_others_do():
    one, two = Board(), Board()
    kernel = by_hand(one, two)
    kernel.hub.join()
    kernel.link.flush()

    with batch():
        one.n = 1
        kernel.link.flush()
        assert len(frames_of(kernel)) == 1
    two.n = 2
    kernel.link.flush()

    assert [message["model"] for message in frames_of(kernel)[-1]["messages"]] == [one.sync.key, two.sync.key]


def test_a_flush_looks_at_the_models_that_changed(monkeypatch):
    models = [Board() for _ in range(20)]
    kernel = by_hand(*models)
    kernel.hub.join()
    kernel.link.flush()
    looked_at: list[str] = []
    commit = Authority.commit

    def seen(authority: Authority, *arguments: Any) -> bool:
        looked_at.append(authority.key)
        return commit(authority, *arguments)

    monkeypatch.setattr(Authority, "commit", seen)
    models[3].n = 1
    models[7].rows.append({})
    kernel.link.flush()

    assert looked_at == [models[3].sync.key, models[7].sync.key]
    looked_at.clear()
    kernel.link.flush()  # nobody said that anything changed, as when an interrupt came before that
    assert set(looked_at) == {model.sync.key for model in models}


def test_an_answer_comes_after_the_news_that_it_refers_to():
    model = Board()
    kernel = by_hand(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    kernel.link.flush()
    kernel.link.flush()
    known = len(page.heard)

    model.n = 5
    page.edit({"op": "replace", "path": "/n", "value": "x"})
    kernel.link.flush()

    assert page.types()[known:] == ["patch", "reject"]
    assert page.heard[-1]["version"] == page.heard[-2]["version"] == 1


def test_publishing_twice_is_publishing_once_and_withdrawing_twice_too():
    model = Board()
    kernel = Kernel(model)
    page = kernel.page()

    kernel.publish(model)
    kernel.link.withdraw(model._document.authority, "done")
    kernel.link.withdraw(model._document.authority, "done")
    model.n = 1

    assert page.types() == ["snapshot", "closed"]
    assert model._document.authority.watchers == []


def test_a_model_that_is_published_again_under_its_key_takes_the_place_of_the_old_one():
    class Kept(Board):
        _key = "kept"

    old, new = Kept(n=1), Kept(n=2)
    kernel = Kernel(old)
    page = kernel.page()

    kernel.publish(new)
    kernel.link.withdraw(old._document.authority, "too late")

    assert page.types() == ["snapshot", "ready", "snapshot"]
    assert page.document["n"] == 2
    assert page.replica.status == "live"


def test_a_transport_that_fails_is_a_gap_that_a_page_heals():
    class Failing(Hub):
        is_failing = False

        def send(self, frame: Any, buffers: Any = ()) -> None:
            if self.is_failing:
                raise OSError("the socket is gone")
            super().send(frame, buffers)

    model, hub = Board(), Failing()
    link = Link(hub, wake=lambda: None)
    link.publish(model._document.watch())
    page = Page(hub.join(), "p1", model.sync.key)
    page.hello()
    link.flush()

    hub.is_failing = True
    model.rows.append({"id": 1})
    with pytest.raises(OSError, match="the socket is gone"):
        link.flush()
    hub.is_failing = False
    model.rows.append({"id": 2})
    for _ in range(3):
        link.flush()

    assert page.document["rows"] == [{"id": 1}, {"id": 2}]


def test_a_plain_link_begins_with_a_snapshot_and_needs_no_key():
    model = Board(n=5)
    ours, theirs = MemoryTransport.pair()
    page = Page(theirs, "p1", None)
    link = Link(ours, is_plain=True)

    link.publish(model._document.watch())
    page.edit({"op": "replace", "path": "/n", "value": 6})
    theirs.send(frame({"type": "hello"}))

    assert page.types() == ["snapshot", "patch", "snapshot"]
    assert page.replica.model == model.sync.key
    assert model.n == 6


def test_many_threads_may_mutate_flush_and_edit_at_once():
    model = Board(rows=[{"by": -1}])
    kernel = by_hand(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    kernel.link.flush()
    done = threading.Event()
    barrier = threading.Barrier(4)

    def mutate(name: int) -> None:
        barrier.wait(30)
        for count in range(60):
            model.rows.append({"by": name, "n": count})
            with batch():
                model.n = count
                model.data = {"at": [count]}

    def flush() -> None:
        barrier.wait(30)
        while not done.is_set():
            kernel.link.flush()

    def edit() -> None:
        barrier.wait(30)
        for number in range(1, 61):
            operations = [{"op": "replace", "path": "/rows/0/by", "value": -number}]
            kernel.link.receive(
                frame(
                    {
                        "type": "edit",
                        "model": model.sync.key,
                        "epoch": model._document.authority.epoch,
                        "base": model._document.authority.version,
                        "number": number,
                        "operations": operations,
                    },
                    replica="p2",
                )
            )

    threads = [
        threading.Thread(target=target, args=arguments)
        for target, arguments in ((mutate, (1,)), (mutate, (2,)), (flush, ()), (edit, ()))
    ]
    for thread in threads:
        thread.start()
    for thread in (*threads[:2], threads[3]):
        thread.join(60)
    done.set()
    threads[2].join(60)
    kernel.link.flush()

    assert not any(thread.is_alive() for thread in threads)
    assert len(model.rows) == 121
    assert same(page.document, model.sync.snapshot())


# -- buffers


def test_bytes_leave_a_frame_as_buffers_and_null_stands_in_their_place():
    model = Board(data={"a/b": [b"x", 1]})
    kernel = by_hand(model)
    page = Page(kernel.hub.join(), "p1", model.sync.key)
    page.hello()
    kernel.link.flush()
    snapshot = frames_of(kernel)[-1]
    kernel.link.flush()
    model.rows.append({"raw": b"y"})
    kernel.link.flush()
    patch = frames_of(kernel)[-1]

    assert snapshot["buffers"] == ["/messages/1/document/data/a~1b/0"]
    assert snapshot["messages"][1]["document"]["data"] == {"a/b": [None, 1]}
    assert patch["buffers"] == ["/messages/0/operations/0/value/raw"]
    assert patch["messages"][0]["operations"][0]["value"] == {"raw": None}
    assert page.document["data"] == {"a/b": [b"x", 1]}
    assert page.document["rows"] == [{"raw": b"y"}]
    assert model.data == {"a/b": [b"x", 1]}


def test_a_frame_without_bytes_is_sent_as_it_is():
    data = frame({"type": "bye", "model": "x"})

    assert detach(data) == (data, [])
    assert detach(data)[0] is data
    assert attach(data, ()) is data


def test_buffers_that_came_are_copied():
    memory = bytearray(b"abc")

    attached = attach({"a": None, "buffers": ["/a"]}, [memoryview(memory)])
    memory[0] = 0

    assert attached == {"a": b"abc"}
    assert type(attached["a"]) is bytes


@pytest.mark.parametrize(
    ("buffers", "data", "error"),
    [
        (["/a"], [], MessageError),
        ([], [b""], MessageError),
        (None, [b""], MessageError),
        ({"0": "/a"}, [b""], MessageError),
        ([""], [b""], MessageError),
        (["/b"], [b""], PatchError),
        (["a"], [b""], (PatchError, PointerError)),
        ([["/a"]], [b""], (PatchError, PointerError)),
    ],
)
def test_buffers_and_their_pointers_must_fit(buffers, data, error):
    with pytest.raises(error):
        attach({"a": None, "buffers": buffers}, data)


documents = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("a/~0", max_size=2), inner, max_size=3)
    ),
)


@given(documents)
def test_what_was_detached_is_attached_again(document):
    whole = {"messages": [document]}

    emptied, buffers = detach(whole)
    text = json.dumps(emptied)

    assert same(attach(json.loads(text), buffers), whole)


# -- the clock


class Calls:
    """Counts calls, and lets a test wait for them."""

    def __init__(self, call: Callable[[], float | None] = lambda: None) -> None:
        self.count = 0
        self._call = call
        self._changed = threading.Condition()

    def __call__(self) -> float | None:
        try:
            return self._call()
        finally:
            with self._changed:
                self.count += 1
                self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        self.wait_until(lambda: self.count >= count)

    def wait_until(self, is_true: Callable[[], bool]) -> None:
        """Wait for a call after which something is true."""
        with self._changed:
            assert self._changed.wait_for(is_true, 60), self.count


@pytest.fixture
def pacer() -> Pacer:
    return Pacer(interval=0.001)


def test_a_pacer_calls_in_a_thread_of_its_own_when_it_is_woken(pacer):
    threads: list[threading.Thread] = []
    calls = Calls(lambda: threads.append(threading.current_thread()))
    pacer.add(calls)

    assert calls.count == 0
    pacer.wake()
    calls.wait_for(1)
    pacer.wake()
    calls.wait_for(2)

    assert threads[0] is threads[1]
    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon


def test_a_pacer_that_is_woken_often_calls_seldom_and_always_once_after_the_last(pacer):
    is_called, may_go_on = threading.Event(), threading.Event()
    state, seen = [0], []

    def call() -> None:
        seen.append(state[0])
        is_called.set()
        may_go_on.wait(60)

    calls = Calls(call)
    pacer.add(calls)
    pacer.wake()
    assert is_called.wait(60)
    for number in range(1, 1001):  # all of this while the first call is under way
        state[0] = number
        pacer.wake()
    may_go_on.set()
    calls.wait_for(2)
    pacer.wake()
    calls.wait_for(3)

    assert seen == [0, 1000, 1000]


def test_a_pacer_calls_who_had_something_to_do_once_more_without_being_asked(pacer):
    is_done = threading.Event()
    answers = iter([True, True, False])

    def call() -> bool:
        answer = next(answers)
        if not answer:
            is_done.set()
        return answer

    pacer.add(call)
    pacer.wake()
    assert is_done.wait(60)


@pytest.mark.parametrize(
    ("took", "rest"), [(0.0, 12.5), (2.5, 10.0), (10.0, 10.0), (1000.0, 12.5)], ids="at {}".format
)
def test_a_pacer_begins_its_rounds_an_interval_apart_and_rests_as_long_as_they_take(monkeypatch, took, rest):
    rests: list[float] = []
    times = itertools.count(0.0, took)
    monkeypatch.setattr("syncstate.pacer.time.sleep", rests.append)
    monkeypatch.setattr("syncstate.pacer.time.monotonic", lambda: next(times))
    pacer = Pacer(interval=12.5)
    calls = Calls()
    pacer.add(calls)

    for count in range(1, 4):
        pacer.wake()
        calls.wait_for(count)

    assert rests.count(rest) >= 2  # the process has a pacer of its own, which may rest meanwhile


def test_a_call_that_names_a_pause_is_made_again_after_it_though_nobody_asks(pacer):
    pauses = iter([0.01, 0.0])
    calls, other = Calls(lambda: next(pauses, None)), Calls()
    pacer.add(calls)
    pacer.add(other)

    pacer.wake()
    calls.wait_for(3)
    time.sleep(0.1)

    assert (calls.count, other.count) == (3, 3)


def test_a_call_that_fails_is_logged_and_the_others_are_made(pacer, caplog):
    def fail() -> None:
        raise ZeroDivisionError("on purpose")

    failing, calls = Calls(fail), Calls()
    pacer.add(failing)
    pacer.add(calls)

    pacer.wake()
    calls.wait_for(1)
    pacer.wake()
    calls.wait_for(2)

    assert failing.count == 2
    assert "on purpose" in caplog.text


def test_a_call_that_was_removed_is_made_no_longer(pacer):
    removed, calls = Calls(), Calls()
    pacer.add(removed)
    pacer.add(calls)

    pacer.remove(removed)
    pacer.wake()
    calls.wait_for(1)

    assert removed.count == 0


def test_a_link_that_a_pacer_flushes_ends_in_the_last_state(pacer):
    model = Board()
    hub = Hub()
    link = Link(hub, wake=pacer.wake)
    flushes = Calls(link.flush)
    pacer.add(flushes)
    link.publish(model._document.watch())
    page = Page(hub.join(), "p1", model.sync.key)
    page.hello()

    for n in range(2000):
        model.n = n
        model.rows.append({"n": n})
    flushes.wait_until(lambda: page.document["n"] == 1999 and len(page.document["rows"]) == 2000)

    assert same(page.document, model.sync.snapshot())
    assert len(hub.ends[0].sent) <= flushes.count


# -- the transport of the tests themselves


def test_a_memory_transport_holds_drops_and_reorders():
    one, other = MemoryTransport.pair()
    heard: list[Any] = []
    other.on_frame = lambda frame, buffers: heard.append((frame["n"], list(buffers)))

    one.send({"n": 1}, [b"x"])
    with one.held() as waiting:
        for n in range(2, 6):
            one.send({"n": n})
        assert heard == [(1, [b"x"])]
        waiting.popleft()
        waiting.rotate(1)

    assert [n for n, _ in heard] == [1, 5, 3, 4]


def test_a_memory_transport_that_is_closed_tells_the_other_end_once():
    one, other = MemoryTransport.pair()
    told: list[str] = []
    one.on_close = lambda: told.append("one")
    other.on_close = lambda: told.append("other")

    one.close()
    one.close()
    other.close()
    one.send({})

    assert told == ["other"]
    assert not other.waiting


# -- key frames


class Stream:
    """A kernel that sends while no page is heard, in a time that a test makes pass."""

    def __init__(self, model: Board, *, is_plain: bool = False) -> None:
        self.now = 100.0
        self.model = model
        self.hub = Hub()
        self.link = Link(self.hub, wake=lambda: None, is_plain=is_plain, clock=lambda: self.now)
        self.link.publish(model._document.watch())
        self.hub.join()
        self.link.flush()

    def send(self, seconds: float, *, of: int = 10) -> list[Any]:
        """Change the model so many times, evenly in so many seconds; return what was said beside patches."""
        known = len(self.hub.ends[0].sent)
        for _ in range(of):
            self.now += seconds / of
            self.model.n += 1
            self.link.flush()
        heard = [message for sent in self.hub.ends[0].sent[known:] for message in sent["messages"]]
        return [message for message in heard if message["type"] != "patch"]


def test_a_kernel_that_sends_and_hears_nothing_tells_the_state_to_all_every_two_seconds():
    model = Board()
    stream = Stream(model)

    assert stream.send(1.0) == []
    (first,) = stream.send(1.0)
    said = stream.send(10.0, of=100)

    assert (first["type"], "to" in first) == ("snapshot", False)
    assert len(said) == 5
    assert said[-1]["document"]["n"] == said[-1]["version"]  # it is what the patches before it lead to


def test_a_page_that_comes_while_nobody_is_heard_is_live_with_the_next_key_frame():
    model = Board()
    stream = Stream(model)
    stream.send(1.0)
    page = Page(stream.hub.join(), "p1", model.sync.key)
    with page.transport.held() as waiting:
        page.hello()
        stream.send(2.5)

        assert (page.replica.status, page.document["n"]) == ("live", model.n)
        waiting.clear()


def test_a_large_document_is_told_by_its_version_alone():
    stream = Stream(Board(rows=[{"text": "x" * 2**16}]))

    stream.send(1.0)
    (said,) = stream.send(1.0)

    authority = stream.model._document.authority
    assert said == {
        "type": "version",
        "model": authority.key,
        "epoch": authority.epoch,
        "version": said["version"],
    }
    assert said["version"] <= authority.version


def test_a_kernel_that_hears_a_page_sends_no_key_frames():
    stream = Stream(Board())

    for _ in range(20):
        assert stream.send(0.9) == []
        stream.link.receive({"protocol": 1, "replica": "p1", "seq": 1, "messages": []})


def test_a_kernel_that_has_nothing_to_send_sends_no_key_frame():
    stream = Stream(Board())
    stream.send(3.0)
    known = len(stream.hub.ends[0].sent)

    for _ in range(10):
        stream.now += 10
        stream.link.flush()

    assert len(stream.hub.ends[0].sent) == known


def test_what_was_just_told_to_all_is_its_own_key_frame():
    model = Board()
    stream = Stream(model)
    stream.send(1.0)
    model._document.authority.log.limit = 1
    stream.now += 1.0
    for n in range(3):
        model.n = -n
        model.sync.version  # noqa: B018 # looking makes each a version of its own

    known = len(stream.hub.ends[0].sent)
    stream.link.flush()

    (frame_,) = stream.hub.ends[0].sent[known:]
    assert [message["type"] for message in frame_["messages"]] == ["snapshot"]
    assert stream.send(1.5) == []


def test_a_plain_comm_has_no_key_frames():
    assert Stream(Board(), is_plain=True).send(10.0) == []


# -- frames in pieces


def pieces(whole: Any, size: int = 100, name: str = "u1", replica: str = "p1") -> list[Any]:
    """Cut a frame as a page does (docs/protocol.md, section 1)."""
    data, buffers = detach(whole)
    parts = [json.dumps(data).encode(), *buffers]
    packed = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    cuts = [packed[place : place + size] for place in range(0, len(packed), size)]
    return [
        {"protocol": 1, "replica": replica, "seq": index + 1, "messages": [], "part": part}
        for index, part in enumerate(
            {"id": name, "index": index, "count": len(cuts), "data": cut} for index, cut in enumerate(cuts)
        )
    ]


def an_edit(model: Board, **values: Any) -> Any:
    authority = model._document.watch()
    operations = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in values.items()]
    edit = {"type": "edit", "model": authority.key, "epoch": authority.epoch, "base": 0, "number": 1}
    return {"protocol": 1, "replica": "p1", "seq": 1, "messages": [{**edit, "operations": operations}]}


def test_a_frame_that_came_in_pieces_is_taken_as_a_whole():
    model = Board()
    kernel = Kernel(model)
    parts = pieces(an_edit(model, data={"é": bytes(range(256))}, n=3))
    assert len(parts) > 4

    for part in parts[:-1]:
        kernel.link.receive(*detach(part))
    assert model.n == 0
    kernel.link.receive(*detach(parts[-1]))

    assert (model.n, model.data) == (3, {"é": bytes(range(256))})


@pytest.mark.parametrize(
    "lose",
    [lambda parts: parts[1:], lambda parts: parts[:1] + parts[2:], lambda parts: parts[:2] + parts[:1]],
    ids=["the first piece", "one in the middle", "the order"],
)
def test_an_upload_with_a_hole_changes_nothing_and_the_next_one_is_taken(lose, caplog):
    model = Board()
    kernel = Kernel(model)
    parts = pieces(an_edit(model, n=3, data="x" * 300))

    for part in lose(parts):
        kernel.link.receive(*detach(part))
    assert model.n == 0
    assert "send the upload again from its beginning" in caplog.text or len(lose(parts)) == 3
    for part in pieces(an_edit(model, n=3, data="x" * 300), name="u2"):
        kernel.link.receive(*detach(part))

    assert model.n == 3
    assert kernel.link._uploads.size == 0


def test_the_uploads_of_two_pages_do_not_mix():
    model = Board()
    kernel = Kernel(model)
    one = pieces(an_edit(model, n=3))
    two = pieces({**an_edit(model, rows=[{}]), "replica": "p2"}, replica="p2", size=70)
    parts = [part for pair in itertools.zip_longest(one, two) for part in pair if part]

    for part in parts:
        kernel.link.receive(*detach(part))

    assert (model.n, model.rows) == (3, [{}])


def test_uploads_hold_no_more_than_their_limit_and_the_oldest_makes_room(monkeypatch, caplog):
    monkeypatch.setattr("syncstate.uploads.LIMIT", 1000)
    uploads = Uploads()

    def piece(index: int, size: int) -> Any:
        return {"id": "u", "index": index, "count": 9, "data": bytes(size)}

    for number in range(20):
        uploads.take(f"p{number}", piece(0, 300))
        assert uploads.size <= 1000
    uploads.take("p19", piece(1, 600))
    assert uploads.size == 900
    with pytest.raises(MessageError, match=r"^Cannot take an upload: it has more than 1000 bytes"):
        uploads.take("p19", piece(2, 200))
    assert uploads.size == 0
    with pytest.raises(MessageError, match=r"it follows on none"):
        uploads.take("p18", piece(1, 1))


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"index": 0, "count": 2**10 + 1}, "follows on none"),
        ({"index": 0, "count": 0}, "follows on none"),
        ({"index": -1}, "'index'"),
        ({"index": True}, "'index'"),
        ({"data": "text"}, "'data'"),
        ({"id": 5}, "'id'"),
        ({"data": b""}, "not the parts"),
        ({"data": b"\x05\x00\x00\x00{}"}, "not the parts"),
        ({"data": b"\x02\x00\x00\x00{]"}, "no JSON text"),
        ({"data": b"\x02\x00\x00\x00\xff\xff"}, "no JSON text"),
        ({"data": (2 * 10**5).to_bytes(4, "little") + b"[" * 2 * 10**5}, "no JSON text"),
        ({"data": bytes(4 * 20_000)}, "not the parts"),
        ({"data": b'\x0e\x00\x00\x00{"part": null}'}, "piece of another"),
    ],
)
def test_what_is_no_piece_is_logged_and_changes_nothing(part, reason, caplog):
    model = Board()
    kernel = Kernel(model)
    whole = {"id": "u1", "index": 0, "count": 1, "data": b"\x02\x00\x00\x00{}", **part}

    kernel.link.receive(*detach({"protocol": 1, "replica": "p1", "seq": 1, "messages": [], "part": whole}))

    assert len(caplog.messages) == 1
    assert re.search(reason, caplog.text), caplog.text
    assert kernel.link._uploads.size == 0


# -- where there are no threads


class NoThread(threading.Thread):
    """One that cannot be started."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


@pytest.fixture
def threadless(monkeypatch: pytest.MonkeyPatch) -> Pacer:
    names = {**vars(threading), "Thread": NoThread}
    monkeypatch.setattr("syncstate.pacer.threading", SimpleNamespace(**names))
    return Pacer(interval=0.05)


def run_apart(cell: Callable[[], Any]) -> None:
    """Run a function, or a coroutine in an event loop of its own: the thread of the tests may have one."""

    def work() -> None:
        if asyncio.iscoroutinefunction(cell):
            asyncio.run(cell())
        else:
            cell()

    with running(work):
        pass


def test_without_threads_the_first_call_is_made_at_once_and_the_last_by_the_event_loop(threadless):
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1

    async def cell() -> None:
        threadless._interval = 2  # a busy machine does not come so far in it
        threadless.add(call)
        taken = [threadless.wake() for _ in range(10)]
        assert calls == 1
        assert taken == [True] + 9 * [False]  # who asks while it is too early is to ask again
        await asyncio.sleep(3)

    run_apart(cell)

    assert calls == 2


def test_without_threads_a_tight_loop_that_asks_again_is_served_as_it_goes(threadless):
    calls: list[int] = []

    async def cell() -> None:
        threadless.add(lambda: calls.append(turn))
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            threadless.wake()

    turn = 0
    run_apart(cell)

    assert 2 <= len(calls) <= 11


def test_without_threads_and_without_an_event_loop_each_call_is_made_at_once(threadless):
    calls: list[int] = []
    threadless.add(lambda: calls.append(1))
    taken: list[bool] = []

    run_apart(lambda: taken.extend(threadless.wake() for _ in range(3)))

    assert taken == [True] * 3
    assert len(calls) == 3


def test_without_threads_a_call_that_names_a_pause_is_made_again(threadless):
    pauses = iter([0.0, 0.01])
    calls: list[int] = []

    def call() -> float | None:
        calls.append(1)
        return next(pauses, None)

    async def cell() -> None:
        threadless.add(call)
        threadless.wake()
        await asyncio.sleep(0.4)

    run_apart(cell)

    assert len(calls) == 3


def test_without_threads_a_tight_loop_over_a_model_is_seen_as_it_goes_and_to_its_end(threadless):
    class Counter(SyncedModel):
        n: int = 0

    counter, (kernel, page) = Counter(), MemoryTransport.pair()
    link = Link(kernel, wake=threadless.wake, clock=time.monotonic)
    seen: list[int] = []

    def hear(frame: Any, buffers: Any) -> None:
        for message in frame["messages"]:
            seen.extend(operation["value"] for operation in message.get("operations", ()))

    page.on_frame = hear
    threadless.add(link.flush)

    async def cell() -> None:
        link.publish(counter._document.watch())
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            counter.n += 1
        await asyncio.sleep(0.2)

    run_apart(cell)

    assert seen[-1] == counter.n
    assert 3 < len(seen) < 20
