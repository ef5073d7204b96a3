"""Jupyter comms: the two lanes and the plain comm, without a kernel and in a real one."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import contextlib
import gc
import json
import queue
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient, KernelManager

import syncstate.link
from syncstate import SessionClosed, SyncedModel, serve, synced
from syncstate.replica import Replica
from syncstate.transports.comm import DOWN_ID, Lanes, PlainComm
from tests.support import Comms, frame


class Board(SyncedModel):
    n: int = synced(1, max=100)
    rows: list[dict] = []
    data: Any = None


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comms]:
    """Comms of this test alone, and a kernel that has no link yet."""
    comms = Comms()
    monkeypatch.setattr("comm.create_comm", comms.create_comm)
    monkeypatch.setattr("comm.get_comm_manager", lambda: comms.manager)
    monkeypatch.setattr(syncstate.link, "_kernel_link", None)
    known = list(syncstate.link._pacer._calls)
    yield comms
    syncstate.link._pacer._calls = known


def of_type(type_: str, count: int = 1, comm: str = DOWN_ID) -> Callable[[list[Any]], Any]:
    """Look for so many messages of a type."""

    def look(published: list[Any]) -> Any:
        found = [
            message
            for frame in published
            if frame["comm"] == comm and frame["data"]
            for message in frame["data"]["messages"]
            if message["type"] == type_
        ]
        return found[:count] if len(found) >= count else None

    return look


def hello(model: SyncedModel) -> dict[str, Any]:
    return {"type": "hello", "model": model.sync.key}


def edit(model: SyncedModel, path: str, value: Any, number: int = 1) -> dict[str, Any]:
    authority = model._document.authority
    return {
        "type": "edit",
        "model": authority.key,
        "epoch": authority.epoch,
        "base": authority.version,
        "number": number,
        "operations": [{"op": "replace", "path": path, "value": value}],
    }


# -- the lanes


def test_the_lane_down_is_never_announced_and_not_registered(comms):
    lanes = Lanes()

    lanes.send(frame(), [b"x"])

    assert [(message["type"], message["comm"]) for message in comms.published] == [("comm_msg", DOWN_ID)]
    assert comms.published[0]["buffers"] == [b"x"]
    assert DOWN_ID not in comms.manager.comms
    assert lanes.down_id == DOWN_ID


def test_the_lane_down_survives_what_would_close_it(comms):
    lanes = Lanes()

    comms.close(DOWN_ID)
    lanes.close()
    lanes._down.close()
    lanes.send(frame(), [])
    del lanes
    gc.collect()

    assert [message["type"] for message in comms.published] == ["comm_msg"]


def test_a_page_that_opens_up_is_answered_on_down_and_never_on_up(comms):
    model = Board()
    bundle = model._repr_mimebundle_()
    comms.wait_for(of_type("ready"))

    comms.open("syncstate", frame(hello(model)), comm="up")
    (snapshot,) = comms.wait_for(of_type("snapshot"))
    comms.send(edit(model, "/n", 5), comm="up")
    (patch,) = comms.wait_for(of_type("patch"))
    comms.send(edit(model, "/n", "x", number=2), comm="up")
    comms.wait_for(of_type("reject"))
    comms.close("up")
    model.n = 7
    comms.wait_for(of_type("patch", 2))

    assert bundle["application/vnd.syncstate.view+json"]["epoch"] == snapshot["epoch"]
    assert snapshot["document"] == {"n": 1, "rows": [], "data": None}
    assert (patch["replica"], patch["number"]) == ("p1", 1)
    assert {(message["type"], message["comm"]) for message in comms.published} == {("comm_msg", DOWN_ID)}


def test_a_page_may_open_up_with_nothing_to_say_and_bytes_travel_on_the_lanes(comms):
    model = Board(data=b"kernel")
    model._repr_mimebundle_()

    comms.open("syncstate", {}, comm="up")
    comms.send(hello(model), comm="up")
    comms.wait_for(of_type("snapshot"))
    data = frame(edit(model, "/data", None))
    data["buffers"] = ["/messages/0/operations/0/value"]
    comms.manager.comm_msg(
        None, None, {"content": {"comm_id": "up", "data": data}, "buffers": [memoryview(b"page")]}
    )
    comms.wait_for(of_type("patch"))

    with_bytes = [message for message in comms.published if message["buffers"]]
    assert [message["buffers"] for message in with_bytes] == [[b"kernel"], [b"page"]]
    assert model.data == b"page"


@pytest.mark.parametrize("data", [None, {}, 5, "x", [1], {"protocol": 9}, {"messages": 1}, {"buffers": [1]}])
def test_nonsense_on_up_is_logged_unless_it_is_nothing_and_the_next_frame_is_heard(comms, caplog, data):
    model = Board()
    model._repr_mimebundle_()

    comms.open("syncstate", data, comm="up")
    comms.manager.comm_msg(None, None, {"content": {"comm_id": "up", "data": data}, "buffers": []})
    comms.manager.comm_msg(None, None, {"content": {"comm_id": "up"}})
    comms.send(hello(model), comm="up")

    comms.wait_for(of_type("snapshot"))
    assert ("Ignored a page's frame" in caplog.text) is bool(data)


def test_what_a_frame_raises_is_logged_and_does_not_reach_the_host(comms, caplog):
    lanes = Lanes()

    def fail(frame: object, buffers: object) -> None:
        raise ZeroDivisionError("on purpose")

    lanes.on_frame = fail
    comms.open("syncstate", frame())

    assert "on purpose" in caplog.text
    assert "page" in comms.manager.comms


def test_a_page_that_closes_up_has_said_goodbye(comms):
    lanes = Lanes()
    left: list[str] = []
    lanes.on_goodbye = left.append

    comms.open("syncstate", {"protocol": 1, "replica": "p1", "seq": 1, "messages": []}, comm="up")
    comms.open("syncstate", {}, comm="nameless")
    for comm in ("up", "nameless"):
        comms.close(comm)

    assert left == ["p1"]


def test_the_kernel_has_one_link_whatever_is_shown(comms):
    one, two = Board(), Board()

    one._repr_mimebundle_()
    one._repr_mimebundle_()
    two._repr_mimebundle_()
    comms.wait_for(of_type("ready", 2))

    assert len([type_ for type_ in comms.messages(DOWN_ID) if type_["type"] == "ready"]) == 2


def test_a_model_that_nobody_shows_sends_nothing_and_makes_no_link(comms):
    model = Board()

    model.n = 5
    model.rows.append({})
    model.sync.close()

    assert comms.published == []
    assert syncstate.link._kernel_link is None


def test_a_shown_model_that_is_closed_says_so_on_the_lane(comms):
    model = Board()
    model._repr_mimebundle_()
    comms.wait_for(of_type("ready"))

    model.sync.close("it was enough")

    (closed,) = comms.wait_for(of_type("closed"))
    assert closed == {
        "type": "closed",
        "model": model.sync.key,
        "epoch": model._document.authority.epoch,
        "reason": "it was enough",
    }
    comms.open("syncstate", frame(hello(model)), comm="up")
    assert comms.wait_for(of_type("closed", 2))[1]["to"] == "p1"


# -- the plain comm


def test_a_plain_comm_that_the_kernel_opens_begins_with_a_snapshot(comms):
    model = Board()

    connection = model.sync.open("my_target")
    (opened,) = comms.published

    assert (opened["type"], opened["target_name"]) == ("comm_open", "my_target")
    assert [message["type"] for message in opened["data"]["messages"]] == ["snapshot"]
    assert connection.is_open


def test_edits_and_patches_pass_a_plain_comm_both_ways(comms):
    model = Board()
    model.sync.open("my_target")
    id = comms.published[0]["comm"]

    comms.send(edit(model, "/n", 5), comm=id)
    comms.wait_for(of_type("patch", 1, id))
    model.rows.append({"a": 1})
    comms.wait_for(of_type("patch", 2, id))

    replica = Replica("p1")
    for message in comms.messages(id):
        replica.receive(message)
    assert replica.document == model.sync.snapshot() == {"n": 5, "rows": [{"a": 1}], "data": None}
    assert {message["comm"] for message in comms.published} == {id}


def test_a_plain_comm_that_the_page_closes_is_forgotten_and_its_owner_told(comms):
    told: list[int] = []
    model = Board()
    connection = model.sync.open("my_target", on_close=lambda: told.append(1))
    id = comms.published[0]["comm"]

    comms.close(id)
    comms.close(id)
    model.n = 5
    connection.close()

    assert told == [1]
    assert not connection.is_open
    assert [message["type"] for message in comms.published] == ["comm_open"]
    assert model._document.authority.watchers == []


def test_a_plain_comm_that_the_kernel_closes_says_why_before_it_goes(comms):
    told: list[int] = []
    model = Board()
    connection = model.sync.open("my_target", on_close=lambda: told.append(1))
    id = comms.published[0]["comm"]

    connection.close("it was enough")
    connection.close("again")

    assert [message["type"] for message in comms.published] == ["comm_open", "comm_msg", "comm_close"]
    assert comms.messages(id)[-1]["reason"] == "it was enough"
    assert told == [1]
    assert id not in comms.manager.comms


def test_a_model_that_is_closed_closes_its_comms_and_opens_no_others(comms):
    model = Board()
    one, two = model.sync.open("one"), model.sync.open("two")

    model.sync.close("it was enough")

    assert not one.is_open
    assert not two.is_open
    assert [message["type"] for message in comms.published[2:]] == ["comm_msg", "comm_close"] * 2
    with pytest.raises(SessionClosed, match=r"^Cannot open 'three': this model was closed"):
        model.sync.open("three")


def test_comms_that_are_closed_are_not_kept(comms):
    model = Board()

    for _ in range(5):
        model.sync.open("my_target").close()
    last = model.sync.open("my_target")

    assert model.sync._connections == (last,)


def test_a_comm_whose_other_end_is_gone_swallows_what_is_sent(comms):
    transport = PlainComm("target")
    transport.send(frame(), [])
    comms.close(comms.published[0]["comm"])

    transport.send(frame(), [])
    transport.close()

    assert len(comms.published) == 1


def test_an_instance_that_is_served_is_one_state_for_all(comms):
    model = Board()
    service = serve("board", model)

    comms.open("board", {}, comm="one")
    comms.open("board", frame({"type": "hello"}, replica="p2"), comm="two")
    comms.send(edit(model, "/n", 5), comm="one")

    comms.wait_for(of_type("patch", 1, "one"))
    comms.wait_for(of_type("patch", 1, "two"))
    assert model.n == 5
    assert service.models == [model, model]
    assert [message["type"] for message in comms.messages("two")[:2]] == ["snapshot", "snapshot"]
    service.close()
    assert service.models == []
    assert {message["comm"] for message in comms.published if message["type"] == "comm_close"} == {
        "one",
        "two",
    }


def test_a_class_that_is_served_is_an_instance_for_each_comm_and_closed_with_it(comms):
    service = serve("board", Board)

    comms.open("board", {}, comm="one")
    comms.open("board", {}, comm="two")
    one, two = service.models
    comms.send(edit(one, "/n", 5), comm="one")
    comms.wait_for(of_type("patch", 1, "one"))
    comms.close("one")

    assert (one.n, two.n) == (5, 1)
    assert one.sync.is_closed
    assert not two.sync.is_closed
    assert service.models == [two]
    service.close()
    assert two.sync.is_closed


def test_a_service_that_was_closed_is_found_no_longer(comms):
    serve("board", Board()).close()

    comms.open("board", {}, comm="one")

    assert [message["type"] for message in comms.published] == ["comm_close"]


@pytest.mark.parametrize("served", [5, "Board", int, None, Board.n])
def test_only_a_model_or_a_class_of_them_is_served(comms, served):
    with pytest.raises(TypeError, match=r"^Cannot serve "):
        serve("board", served)


def test_a_model_that_cannot_be_made_closes_the_comm_that_asked_for_it(comms, caplog):
    class Broken(Board):
        def __init__(self) -> None:
            raise ZeroDivisionError("on purpose")

    service = serve("board", Broken)
    comms.open("board", {}, comm="one")

    assert service.models == []
    assert [message["type"] for message in comms.published] == ["comm_close"]


# -- a real kernel


class RealKernel:
    """A kernel in a process of its own, and what it published on its comms."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.comm: list[dict[str, Any]] = []

    def run(self, code: str, *, fails: bool = False) -> list[Any]:
        """Run a cell and return its outputs, by MIME type; an error fails the test, unless it should come."""
        outputs: list[Any] = []
        sent = self.client.execute(textwrap.dedent(code), store_history=False)
        while True:
            message = self._next()
            if message["parent_header"].get("msg_id") != sent:
                continue
            type_, content = message["msg_type"], message["content"]
            assert type_ != "error" or fails, "\n".join(content["traceback"])
            assert type_ != "stream" or content["name"] != "stderr", content["text"]
            if type_ in ("execute_result", "display_data"):
                outputs.append(content["data"])
            elif type_ == "stream":
                outputs.append({"text/plain": content["text"]})
            if type_ == "status" and content["execution_state"] == "idle":
                return outputs

    def eval(self, expression: str) -> Any:
        printed = self.run(f"import json; print(json.dumps({expression}))")  # in one piece, or in several
        return json.loads("".join(output["text/plain"] for output in printed))

    def send(self, type_: str, comm: str, data: Any = None, *, target: str = "", buffers: Any = None) -> None:
        """Send a comm message, as a page does."""
        content = {"comm_id": comm, "data": data or {}, **({"target_name": target} if target else {})}
        message = self.client.session.msg(type_, content)
        self.client.session.send(self.client.shell_channel.socket, message, buffers=buffers)

    def wait_for(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message of the protocol that is wanted, which came or will come."""
        seen = 0
        while True:
            for published in self.comm[seen:]:
                seen += 1
                for message in (published["content"].get("data") or {}).get("messages", ()):
                    if is_it({**message, "comm": published["content"]["comm_id"]}):
                        return message
            self._next()

    def kinds(self) -> set[tuple[str, str]]:
        return {(message["msg_type"], message["content"]["comm_id"]) for message in self.comm}

    def _next(self) -> dict[str, Any]:
        message = self.client.get_iopub_msg(timeout=60)
        if message["msg_type"].startswith("comm_"):
            self.comm.append(message)
        return message

    def drain(self) -> None:
        """Take what has come already, and forget all of it."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.client.get_iopub_msg(timeout=0)
        self.comm.clear()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKernel]:
    manager = KernelManager()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield RealKernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(process: RealKernel) -> RealKernel:
    process.run(
        """
        import syncstate, syncstate.link
        from syncstate import SyncedModel, serve, synced

        class Board(SyncedModel):
            n: int = synced(1, max=100)
            rows: list[dict] = []
        """
    )
    process.drain()
    return process


def page_edit(snapshot: dict[str, Any], path: str, value: Any, number: int = 1) -> dict[str, Any]:
    return {
        "type": "edit",
        "model": snapshot["model"],
        "epoch": snapshot["epoch"],
        "base": snapshot["version"],
        "number": number,
        "operations": [{"op": "replace", "path": path, "value": value}],
    }


@pytest.mark.slow
def test_importing_and_mutating_what_nobody_shows_publishes_nothing(process):
    process.run(
        """
        from syncstate import SyncedModel

        class Quiet(SyncedModel):
            n: int = 1
            rows: list[dict] = []

        quiet = Quiet()
        quiet.n = 5
        quiet.rows.append({})
        quiet.sync.close()
        """
    )

    assert process.comm == []
    assert process.eval("__import__('syncstate.link').link._kernel_link is None")


@pytest.mark.slow
def test_a_shown_model_is_live_on_the_two_lanes_of_a_real_kernel(kernel):
    (output,) = kernel.run("board = Board()\nboard")
    view = output["application/vnd.syncstate.view+json"]
    assert kernel.wait_for(lambda message: message["type"] == "ready")["models"] == [
        {"model": view["model"], "epoch": view["epoch"]}
    ]

    hello = {"type": "hello", "model": view["model"]}
    kernel.send("comm_open", "up-1", frame(hello, replica="d2"), target="syncstate")
    snapshot = kernel.wait_for(lambda message: message["type"] == "snapshot")
    kernel.send("comm_msg", "up-1", frame(page_edit(snapshot, "/n", 7), replica="d2", seq=2))
    patch = kernel.wait_for(lambda message: message["type"] == "patch")
    kernel.send("comm_msg", "up-1", frame(page_edit(snapshot, "/n", 700, number=2), replica="d2", seq=3))
    reject = kernel.wait_for(lambda message: message["type"] == "reject")

    assert snapshot["document"] == view["document"] == {"n": 1, "rows": []}
    assert snapshot["to"] == "d2"
    assert patch["operations"] == [{"op": "replace", "path": "/n", "value": 7}]
    assert (patch["replica"], patch["number"]) == ("d2", 1)
    assert "at most 100 is expected" in reject["reason"]
    assert kernel.eval("board.n") == 7
    assert kernel.kinds() == {("comm_msg", "syncstate.down")}


@pytest.mark.slow
def test_the_lane_down_of_a_real_kernel_survives_a_foreign_close(kernel):
    kernel.run("board = Board()\nboard")
    kernel.wait_for(lambda message: message["type"] == "ready")

    kernel.send("comm_close", "syncstate.down")
    kernel.run("board.n = 9")

    assert kernel.wait_for(lambda message: message["type"] == "patch")["operations"][0]["value"] == 9
    assert ("comm_open", "syncstate.down") not in kernel.kinds()
    assert ("comm_close", "syncstate.down") not in kernel.kinds()


@pytest.mark.slow
def test_a_page_s_comm_is_not_pinned_to_a_shell_since_nothing_is_published_on_it(kernel):
    (output,) = kernel.run("board = Board()\nboard")
    key = output["application/vnd.syncstate.view+json"]["model"]

    kernel.send("comm_open", "up-2", frame({"type": "hello", "model": key}, replica="d3"), target="syncstate")
    kernel.wait_for(lambda message: message["type"] == "snapshot")

    pinned = "hasattr(__import__('comm').get_comm_manager().comms['up-2'], '_reply_subshell_id')"
    assert kernel.eval(pinned) is False


@pytest.mark.slow
def test_a_kernel_knows_while_a_cell_runs_and_after_one_that_failed(kernel):
    def is_seen(count: int) -> Callable[[dict[str, Any]], bool]:
        return lambda message: (
            message["type"] == "patch" and message["operations"][-1].get("value") == 10 + count
        )

    kernel.run(
        """
        import threading, time
        from syncstate.main_thread import cells

        def watch():
            for count, is_running in enumerate((True, False, True, False)):
                while cells().is_running != is_running:
                    time.sleep(0.001)
                board.n = 10 + count

        board = Board(n=0)
        board._repr_mimebundle_()
        threading.Thread(target=watch, daemon=True).start()
        while board.n < 10: time.sleep(0.001)
        """
    )
    kernel.wait_for(is_seen(1))
    kernel.run("while board.n < 12: time.sleep(0.001)\n1 / 0", fails=True)
    kernel.wait_for(is_seen(3))


@pytest.mark.slow
def test_a_loop_of_many_mutations_costs_few_messages_and_ends_in_the_last_state(kernel):
    (output,) = kernel.run("board = Board()\nboard")
    view = output["application/vnd.syncstate.view+json"]
    hello = {"type": "hello", "model": view["model"]}
    kernel.send("comm_open", "up-3", frame(hello, replica="d4"), target="syncstate")
    snapshot = kernel.wait_for(lambda message: message["type"] == "snapshot")

    kernel.run(
        """
        for count in range(20_000):
            board.n = count % 100
            if count % 100 == 0:
                board.rows.append({"count": count})
        board.n = 42
        board.rows[-1]["last"] = True
        """
    )
    replica = Replica("d4", view["model"])
    replica.receive(snapshot)

    def is_last(message: dict[str, Any]) -> bool:
        replica.receive(message)
        return replica.document["rows"][-1:] == [{"count": 19_900, "last": True}]

    kernel.wait_for(lambda message: message["type"] == "patch" and is_last(message))

    assert replica.document["n"] == 42
    assert len(replica.document["rows"]) == 200
    assert len(kernel.comm) < 2_000
    assert kernel.eval("board.sync.snapshot()") == replica.document


@pytest.mark.slow
def test_a_real_kernel_opens_a_plain_comm_and_either_side_closes_it(kernel):
    kernel.run("board = Board()\nconnections = [board.sync.open('my_target') for _ in range(2)]")
    one, two = (message["content"]["comm_id"] for message in kernel.comm)
    opened = kernel.comm[0]["content"]
    snapshot = opened["data"]["messages"][0]

    kernel.send("comm_msg", one, frame(page_edit(snapshot, "/n", 8), replica="e1"))
    patch = kernel.wait_for(lambda message: message["comm"] == two and message["type"] == "patch")
    kernel.send("comm_close", one)
    is_open = kernel.eval("[connection.is_open for connection in connections]")
    kernel.run("connections[1].close('it was enough')")

    assert (opened["target_name"], snapshot["type"]) == ("my_target", "snapshot")
    assert patch["replica"] == "e1"
    assert is_open == [False, True]
    assert kernel.wait_for(lambda message: message["type"] == "closed")["reason"] == "it was enough"
    assert ("comm_close", two) in kernel.kinds()
    assert ("comm_close", one) not in kernel.kinds()


@pytest.mark.slow
def test_a_real_kernel_serves_an_instance_and_a_class(kernel):
    kernel.run("board = Board(n=5)\nshared, own = serve('shared', board), serve('own', Board)")

    for comm, target in (("s1", "shared"), ("s2", "shared"), ("o1", "own"), ("o2", "own")):
        kernel.send("comm_open", comm, {}, target=target)
    snapshots = {
        comm: kernel.wait_for(lambda message, comm=comm: message["comm"] == comm)
        for comm in ("s1", "s2", "o1", "o2")
    }
    kernel.send("comm_msg", "s1", frame(page_edit(snapshots["s1"], "/n", 6), replica="s1"))
    kernel.send("comm_msg", "o1", frame(page_edit(snapshots["o1"], "/n", 7), replica="o1"))
    for comm in ("s1", "s2", "o1"):
        kernel.wait_for(lambda message, comm=comm: message["comm"] == comm and message["type"] == "patch")
    kernel.send("comm_close", "o1")

    assert len({snapshot["model"] for snapshot in snapshots.values()}) == 3
    assert kernel.eval("(board.n, [model.n for model in own.models])") == [6, [1]]
    kernel.run("shared.close(); own.close()")
    assert {comm for type_, comm in kernel.kinds() if type_ == "comm_close"} == {"s1", "s2", "o2"}


@pytest.mark.slow
def test_bytes_travel_both_ways_through_a_real_kernel(kernel):
    kernel.run(
        """
        from typing import Any

        class Raw(SyncedModel):
            data: Any = {"a": b"kernel"}

        raw = Raw()
        connection = raw.sync.open("raw_target")
        """
    )
    opened = kernel.comm[0]
    data = frame(page_edit(opened["content"]["data"]["messages"][0], "/data", None), replica="r1")
    data["buffers"] = ["/messages/0/operations/0/value"]
    kernel.send("comm_msg", opened["content"]["comm_id"], data, buffers=[b"page\x00"])
    kernel.wait_for(lambda message: message["type"] == "patch")

    assert opened["content"]["data"]["buffers"] == ["/messages/0/document/data/a"]
    assert [bytes(buffer) for buffer in opened["buffers"]] == [b"kernel"]
    assert [bytes(buffer) for buffer in kernel.comm[-1]["buffers"]] == [b"page\x00"]
    assert kernel.eval("list(raw.data)") == list(b"page\x00")
