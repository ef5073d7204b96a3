"""What the tests of the session have in common: pages, a lane on which many hear one kernel, and comms."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from comm.base_comm import BaseComm, CommManager
from hypothesis import strategies as st

from syncstate import SyncedModel
from syncstate.buffers import attach, detach
from syncstate.errors import MessageError, PatchError
from syncstate.link import Link
from syncstate.messages import PROTOCOL, Message, read_frame, read_message
from syncstate.parts import Assembly
from syncstate.patch import Operation, apply
from syncstate.pointer import join
from syncstate.replica import Replica, Trouble
from syncstate.transports.memory import MemoryTransport


class Hub:
    """The kernel's end of a lane that many pages hear: what is sent goes to each of them."""

    def __init__(self) -> None:
        self.on_frame: Callable[[object, Sequence[bytes | memoryview]], None] = lambda frame, buffers: None
        self.on_close: Callable[[], None] = lambda: None
        self.ends: list[MemoryTransport] = []

    def join(self) -> MemoryTransport:
        """Return the end of a new page."""
        end, other = MemoryTransport.pair()
        end.on_frame = lambda frame, buffers: self.on_frame(frame, buffers)
        self.ends.append(end)
        return other

    def send(self, frame: Any, buffers: Sequence[bytes] = ()) -> None:
        for end in self.ends:
            end.send(frame, buffers)

    def close(self) -> None:
        for end in self.ends:
            end.close()


class Page:
    """A page that shows models: a replica of each, over one end of a transport.

    Attributes:
        heard: Every message that came, also those for other pages.
        troubles: The edits that were taken back.
    """

    def __init__(self, transport: MemoryTransport, name: str = "p1", *keys: str | None) -> None:
        self.name = name
        self.transport = transport
        self.heard: list[Message] = []
        self.troubles: list[Trouble] = []
        self.replicas = {key: Replica(name, key, on_trouble=self.troubles.append) for key in keys}
        self._seq = 0
        self._last_seq: int | None = None
        self._assembly = Assembly()
        transport.on_frame = self.receive

    @property
    def replica(self) -> Replica:
        """The replica of the only model."""
        (only,) = self.replicas.values()
        return only

    @property
    def document(self) -> Any:
        return self.replica.document

    @property
    def pending(self) -> list[Operation]:
        return self.replica.pending

    def hello(self) -> None:
        """Say hello for every model that is shown."""
        self.send([message for replica in self.replicas.values() for message in replica.hello()])

    def edit(self, *operations: Any) -> None:
        """Edit the only model."""
        self.send(self.replica.edit(list(operations)))

    def put(self, path: str, value: Any) -> None:
        self.edit({"op": "replace", "path": path, "value": value})

    def send(self, messages: Sequence[Any]) -> None:
        """Send messages in a frame, well-formed or not."""
        if messages:
            self._seq += 1
            self.transport.send(
                *detach(
                    {"protocol": PROTOCOL, "replica": self.name, "seq": self._seq, "messages": list(messages)}
                )
            )

    def receive(self, data: Any, buffers: Sequence[bytes | memoryview] = ()) -> None:
        frame = read_frame(attach(data, buffers))
        outgoing: list[Message] = []
        if self._last_seq is not None and frame["seq"] != self._last_seq + 1:  # rule 4.4
            outgoing += [message for replica in self.replicas.values() for message in replica.hello()]
            self._assembly = Assembly()
        self._last_seq = frame["seq"]
        for message in self._whole(frame["messages"]):
            self.heard.append(message)
            for replica in self.replicas.values():
                outgoing += replica.receive(message)
        if frame.get("ack"):
            outgoing.append({"type": "ack", "seq": frame["seq"]})
        self.send(outgoing)

    def _whole(self, messages: list[Any]) -> Iterator[Message]:
        """What can be read of some messages, those in parts with their last one."""
        for message in map(read_message, messages):
            with suppress(MessageError):  # a part of what was lost
                if whole := self._assembly.take(message):
                    yield whole

    def types(self) -> list[str]:
        """The types of the messages that came."""
        return [message["type"] for message in self.heard]


class Kernel:
    """A kernel with models on a link, and the pages that show them."""

    def __init__(self, *models: SyncedModel, wake: Callable[[], None] | None = None) -> None:
        self.hub = Hub()
        self.link = Link(self.hub, wake=wake)
        self.models = models
        for model in models:
            self.publish(model)

    def publish(self, model: SyncedModel) -> None:
        self.link.publish(model._document.watch())

    def page(self, name: str = "p1") -> Page:
        """Return a page that shows the models and has heard of their state."""
        page = Page(self.hub.join(), name, *(model.sync.key for model in self.models))
        page.hello()
        return page

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold what the kernel sends to its pages until the block ends."""
        with ExitStack() as stack:
            for end in self.hub.ends:
                stack.enter_context(end.held())
            yield

    @contextmanager
    def lost(self) -> Iterator[None]:
        """Lose what the kernel sends to its pages in the block."""
        with self.held():
            yield
            for end in self.hub.ends:
                end._other.waiting.clear()


class Comms:
    """Jupyter comms without a kernel: what is published is kept, and a page's messages are handed in.

    The comms and their manager are those of the package `comm`, as in a kernel; only the wire is missing.
    """

    def __init__(self) -> None:
        self.manager = CommManager()
        self.published: list[dict[str, Any]] = []
        self._news = threading.Condition()
        comms = self

        class PublishedComm(BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
            ) -> None:
                comms._publish(
                    {"type": msg_type, "comm": self.comm_id, "data": data, "buffers": buffers or [], **keys}
                )

        self.create_comm = PublishedComm

    def _publish(self, message: dict[str, Any]) -> None:
        json.dumps(message["data"])  # as the kernel's session would
        with self._news:
            self.published.append(message)
            self._news.notify_all()

    def wait_for(self, is_there: Callable[[list[Any]], Any]) -> Any:
        """Wait until what was published says so, and return what was found."""
        with self._news:
            assert self._news.wait_for(lambda: is_there(self.published), 60), self.published
            return is_there(self.published)

    def messages(self, comm: str) -> list[Any]:
        """The messages of the protocol that went out on a comm."""
        return [
            message
            for published in list(self.published)
            if published["comm"] == comm and published["data"]
            for message in published["data"]["messages"]
        ]

    # -- what a page does

    def open(self, target: str, data: Any = None, comm: str = "page", buffers: Any = ()) -> None:
        content = {"comm_id": comm, "target_name": target, "data": data if data is not None else {}}
        self.manager.comm_open(None, None, {"content": content, "buffers": list(buffers)})

    def send(
        self, *messages: Any, comm: str = "page", replica: str = "p1", seq: int = 2, buffers: Any = ()
    ) -> None:
        content = {"comm_id": comm, "data": frame(*messages, replica=replica, seq=seq)}
        self.manager.comm_msg(None, None, {"content": content, "buffers": list(buffers)})

    def close(self, comm: str = "page") -> None:
        self.manager.comm_close(None, None, {"content": {"comm_id": comm, "data": {}}})


def frame(*messages: Any, replica: str = "p1", seq: int = 1) -> dict[str, Any]:
    """A page's frame."""
    return {"protocol": PROTOCOL, "replica": replica, "seq": seq, "messages": list(messages)}


# -- random documents and patches

_names = st.sampled_from(["a", "b", "", "a/b", "~", "0", "-"])
_scalars = st.none() | st.booleans() | st.integers(-1, 1) | st.just(1.0) | st.text("ab", max_size=1)
documents = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


def locations(document: Any, tokens: tuple[str, ...] = ()) -> list[str]:
    """Every location of a document, and where something could be added."""
    found = [join(*tokens)]
    if isinstance(document, dict):
        for name, member in document.items():
            found += locations(member, (*tokens, name))
        found.append(join(*tokens, "new"))
    elif isinstance(document, list):
        for place, element in enumerate(document):
            found += locations(element, (*tokens, str(place)))
        found += [join(*tokens, "-"), join(*tokens, len(document))]
    return found


@st.composite
def patched(draw: Any) -> tuple[Any, list[Any]]:
    """A document, and a patch most of whose operations apply to it."""
    document = before = draw(documents)
    patch: list[Any] = []
    for _ in range(draw(st.integers(0, 6))):
        places = st.sampled_from(locations(document))
        operation = draw(
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
    return before, patch


class TellingLock:
    """A lock that tells when a thread asks for it, before the thread may have to wait."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.is_asked = threading.Event()

    def _is_owned(self) -> bool:
        return bool(self.lock._is_owned())

    def __enter__(self) -> None:
        self.is_asked.set()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


class Committed:
    """What links are told of a model from now on, put together."""

    def __init__(self, model: SyncedModel) -> None:
        self._authority = model._document.watch()
        self._authority.commit()
        self._start, self._since = model.sync.snapshot(), self._authority.version

    @property
    def document(self) -> Any:
        self._authority.commit()
        document: Any = self._start
        for message in self._authority.patches(self._since) or []:
            document = apply(document, message["operations"])
        return document


# -- threads

PATIENCE = 30
"""Seconds after which a thread that has not ended is taken for one that never will."""


def stacks() -> str:
    """What every thread is doing."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"--- {names.get(ident)}\n{''.join(traceback.format_stack(frame_))}"
        for ident, frame_ in sys._current_frames().items()
    )


@contextmanager
def running(*works: Callable[[], object]) -> Iterator[list[threading.Thread]]:
    """Run works in threads of their own; at the end of the block each must end, and none may have raised."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), f"Threads wait for each other:\n{stacks()}"
    for failure in failures:
        raise failure


class Told:
    """What listeners were told of a model, put together."""

    def __init__(self, model: SyncedModel) -> None:
        self.document: Any = model.sync.snapshot()
        model.sync.on_patch(self.hear)

    def hear(self, patch: Any) -> None:
        self.document = apply(self.document, patch.patch)
