"""Floor 7. A link: the messages of many models over one transport.

Down it carries the commits of its models, all of them in one frame a flush. Up it hands each message to
the authority that it names. It holds each model's cursor: the version that was sent last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from threading import Lock, RLock
from typing import Any

from syncstate.authority import Authority
from syncstate.buffers import attach, detach
from syncstate.document import JsonObject
from syncstate.errors import SyncStateError
from syncstate.messages import PROTOCOL, Message, ModelId, read_frame, read_message
from syncstate.pacer import Pacer
from syncstate.transports.comm import Lanes, PlainComm
from syncstate.transports.transport import Transport

KERNEL = token_hex(8)
"""The id of this kernel process; a page that hears another one knows that the kernel was restarted."""

_logger = logging.getLogger(__name__)


class Link:
    """Many authorities over one transport.

    Args:
        transport: What carries the frames.
        wake: Called when there is something to flush, on the thread that changed it; by default the
            flush happens there and then.
        is_plain: The transport joins one page to one model: the model's key may be left out.
    """

    def __init__(
        self, transport: Transport, *, wake: Callable[[], None] | None = None, is_plain: bool = False
    ) -> None:
        self._transport = transport
        self._wake = wake or self.flush
        self._is_plain = is_plain
        self._lock = RLock()  # taken before any authority's lock, never after one
        self._seq = 0
        self._outbox: list[Message] = []
        self._cursors: dict[str, tuple[Authority, int]] = {}
        transport.on_frame = self.receive

    # -- models

    def publish(self, authority: Authority) -> None:
        """Carry a model from now on. One of the same key is replaced; pages are told."""
        with self._lock:
            known = self._cursors.get(authority.key)
            if known is not None and known[0] is authority:
                return
            if known is not None:
                known[0].watchers.remove(self._wake)
            authority.commit()
            self._cursors[authority.key] = (authority, authority.version)
            authority.watchers.append(self._wake)
            # inside a batch the page asks, and is answered at the batch's end
            if not (self._is_plain and authority.is_held):
                self._outbox.append(self._first_word(authority))
        self._wake()

    def withdraw(self, authority: Authority, reason: str) -> None:
        """Carry a model no longer, and tell pages why."""
        with self._lock:
            known = self._cursors.get(authority.key)
            if known is None or known[0] is not authority:
                return
            del self._cursors[authority.key]
            authority.watchers.remove(self._wake)
            self._outbox.append(
                {"type": "closed", "model": authority.key, "epoch": authority.epoch, "reason": reason}
            )
        self._wake()

    def _first_word(self, authority: Authority) -> Message:
        if self._is_plain:
            return authority.snapshot()
        model: ModelId = {"model": authority.key, "epoch": authority.epoch}
        return {"type": "ready", "models": [model]}

    # -- down

    def flush(self) -> None:
        """Send everything that is new, in one frame."""
        with self._lock:
            messages, self._outbox = self._outbox, []
            for key, (authority, cursor) in list(self._cursors.items()):
                messages += self._news(key, authority, cursor)
            if messages:
                self._transport.send(*self._frame(messages))

    def _news(self, key: str, authority: Authority, cursor: int) -> Sequence[Message]:
        with authority.lock:
            if not authority.commit() or authority.version == cursor:
                return ()
            self._cursors[key] = (authority, authority.version)
            patches = authority.patches(cursor)
            return [authority.snapshot()] if patches is None else patches

    def _frame(self, messages: Sequence[Message]) -> tuple[JsonObject, list[bytes]]:
        self._seq += 1
        frame: Any = {"protocol": PROTOCOL, "kernel": KERNEL, "seq": self._seq, "messages": messages}
        return detach(frame)

    # -- up

    def receive(self, data: object, buffers: Sequence[bytes | memoryview] = ()) -> None:
        """Take a page's frame: what is wrong with it is logged, never raised."""
        try:
            frame = read_frame(attach(data, buffers) if isinstance(data, dict) else data)
        except SyncStateError as error:
            _logger.warning("Ignored a page's frame: %s", error)
            return
        for message in frame["messages"]:
            try:
                self._hand_over(read_message(message), frame.get("replica", ""))
            except SyncStateError as error:
                _logger.warning("Ignored a page's message: %s", error)
                self._refuse(message, frame.get("replica", ""), error)
        self._wake()

    def _hand_over(self, message: Message, replica: str) -> None:
        known = self._find(message)
        if known is not None:
            known.receive(message, replica, self._reply)
        elif message["type"] in ("hello", "edit"):
            self._reply([_unknown(str(message.get("model")), replica)])

    def _refuse(self, message: object, replica: str, error: SyncStateError) -> None:
        """Answer an edit that cannot be read, if it can be told which one it is."""
        if not isinstance(message, dict) or message.get("type") != "edit":
            return
        known, number = self._find(message), message.get("number")
        if known is not None and type(number) is int and number >= 0:
            self._reply([known.refuse(number, replica, error)])

    def _find(self, message: Mapping[str, Any]) -> Authority | None:
        if self._is_plain and "model" not in message:
            return next((authority for authority, _ in list(self._cursors.values())), None)
        known = self._cursors.get(str(message.get("model")))
        return known[0] if known else None

    def _reply(self, messages: list[Message]) -> None:
        if not messages:
            return
        with self._lock:
            # What an answer refers to must not come after it: first the news, then the answer.
            for message in messages:
                known = self._cursors.get(str(message.get("model")))
                if known:
                    self._outbox += self._news(known[0].key, *known)
            self._outbox += messages
        self._wake()


def _unknown(key: str, replica: str) -> Message:
    reason = f"this kernel has no model {key!r}; run the cell that shows it again"
    return {"type": "closed", "model": key, "reason": reason, "to": replica}


_pacer = Pacer()
_kernel_link: Link | None = None
_kernel_link_lock = Lock()


def paced(transport: Transport, *, is_plain: bool = False) -> Link:
    """Return a link over a transport that is flushed by the clock of this process."""
    link = Link(transport, wake=_pacer.wake, is_plain=is_plain)
    _pacer.add(link.flush)
    return link


class Connection:
    """One model on one plain comm, until either side closes it.

    Args:
        authority: The model's session.
        comm: A comm that a page opened, or the name of a target that a page registered.
        on_close: Called once, when either side has closed.
    """

    def __init__(self, authority: Authority, comm: Any, on_close: Callable[[], None] = lambda: None) -> None:
        self._authority = authority
        self._on_close = on_close
        self._transport = PlainComm(comm)
        self._transport.on_close = self._ended
        self._link = paced(self._transport, is_plain=True)
        self._is_open = True
        self._link.publish(authority)
        self._link.flush()

    @property
    def is_open(self) -> bool:
        """Whether edits and patches still pass."""
        return self._is_open

    def receive(self, data: object, buffers: Sequence[bytes | memoryview] = ()) -> None:
        """Take a frame that came with the opening of the comm."""
        self._link.receive(data, buffers)

    def close(self, reason: str = "the kernel closed the connection") -> None:
        """Close the comm and tell the page why; a second time does nothing."""
        if self._is_open:
            self._link.withdraw(self._authority, reason)
            self._link.flush()
            self._transport.close()
            self._ended()

    def _ended(self) -> None:
        if self._is_open:
            self._is_open = False
            self._link.withdraw(self._authority, "")
            _pacer.remove(self._link.flush)
            self._on_close()


def kernel_link() -> Link:
    """Return the link over the two lanes that all pages of this kernel share, made when first asked for."""
    global _kernel_link
    with _kernel_link_lock:
        if _kernel_link is None:
            _kernel_link = paced(Lanes())
        return _kernel_link
