"""Floor 7. A link: the messages of many models over one transport.

Down it carries the commits of its models, all of them in one frame a flush. Up it hands each message to
the authority that it names. It holds each model's cursor: the version that was sent last.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from secrets import token_hex
from threading import Lock, RLock, current_thread, main_thread
from typing import Any, cast
from weakref import ReferenceType, ref

from syncstate import limits
from syncstate.audience import Audience
from syncstate.authority import Authority
from syncstate.buffers import Faults, attach, detach
from syncstate.calls import Call, Calls, failed
from syncstate.document import MAX_INTEGER, JsonObject, weigh
from syncstate.errors import CallError, MessageError, SyncStateError
from syncstate.flow import Flow
from syncstate.limits import Bucket, Throttle
from syncstate.main_thread import cells, event_loop, on_main
from syncstate.messages import (
    PROTOCOL,
    CallMessage,
    Cancel,
    CustomMessage,
    Hello,
    Letter,
    Message,
    ModelId,
    Progress,
    Result,
    Version,
    ViewMessage,
    check_size,
    is_name,
    read_frame,
    read_message,
)
from syncstate.pacer import Pacer
from syncstate.parts import cut, is_slim
from syncstate.sources import View
from syncstate.transports.comm import Lanes, PlainComm
from syncstate.transports.transport import Transport
from syncstate.uploads import Uploads

KERNEL = token_hex(8)
"""The id of this kernel process; a page that hears another one knows that the kernel was restarted."""

DEAF = 1.0
"""Seconds of sending without a word of any page, after which the kernel may be deaf: a cell is running."""

KEY_INTERVAL = 2.0
"""Seconds between two key frames of a model."""

KEY_BYTES = 2**16
"""About how much JSON a document may have to be its own key frame; of a larger one the version is told."""

LOOK_INTERVAL = 1.0
"""Seconds between two looks at all models, those too that did not say that they have changed."""

_TOLD: Hello = {"type": "hello"}

_logger = logging.getLogger(__name__)


class Link:
    """Many authorities over one transport.

    Args:
        transport: What carries the frames.
        wake: Called when there is something to flush, on the thread that changed it; by default the
            flush happens there and then. If it returns False, it is called again with the next change.
        is_plain: The transport joins one page to one model: the model's key may be left out.
        clock: Tells the time in seconds, to bound what pages may ask for in a second (`limits`), and to send
            no more than they can follow (`flow`); `wake` must then flush later, not at once. Without it they
            may ask as often as they like, and must follow.
        is_busy: Tells whether the main thread runs a cell.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        wake: Callable[[], object] | None = None,
        is_plain: bool = False,
        clock: Callable[[], float] | None = None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock or (lambda: 0.0)
        self._throttle = Throttle() if clock else None
        self._flow = Flow() if clock else None
        self._is_busy = is_busy
        self._hears_on_main: bool | None = None  # nothing was heard yet
        self._hello_time = Bucket(limits.HELLO_SHARE, limits.HELLO_BURST)
        self._lines = Bucket(limits.LOG_RATE, limits.LOG_BURST)
        self._asked: dict[tuple[str, str], Hello | None] = {}  # who waits to be told of a model; see _welcome
        self._transport = transport
        self._wake = wake or self.flush
        self._is_plain = is_plain
        self._lock = RLock()  # taken before any authority's lock, never after one
        self._seq = 0
        self._outbox: list[Message] = []
        self._waiting_bytes = 0  # of buffers in the outbox
        self._urgent: set[str] = set()  # models of which somebody waits to hear
        self._cursors: dict[str, tuple[Authority, int]] = {}
        self._watchers: dict[str, Callable[[], object]] = {}  # what each of these calls when it has changed
        self._changed: dict[str, None] = {}  # those that called, in that order
        self._is_unsure = False  # there was news since all models were looked at
        self._looked_at: float | None = None
        self._uploads = Uploads()
        self._calls = Calls(self._answer_call, self._report, on_main, event_loop)
        self._reports: dict[Call, Progress] = {}  # the last of each call that was not sent yet
        self._unheard: float | None = None  # since when news has been sent and no page was heard
        self._views: dict[str, View] = {}  # what draws the models that are shown
        self._redrawn: set[str] = set()  # those that were drawn by something else before
        self._audience = Audience()
        self._resting: dict[str, ReferenceType[Authority]] = {}  # no page shows them; Python may
        self._keyed: dict[str, float] = {}  # when the last key frame of a model was sent
        transport.on_frame = self.receive
        transport.on_goodbye = self._part

    @property
    def hears_on_main(self) -> bool | None:
        """Whether pages' messages are handled on the main thread; None if none has come yet."""
        return self._hears_on_main

    # -- models

    def publish(self, authority: Authority) -> None:
        """Carry a model from now on. One of the same key is replaced; pages are told."""
        authority.refresh()
        with self._lock:
            known = self._cursors.get(authority.key)
            self._audience.keep(authority.key)
            if known is not None and known[0] is authority:
                return
            if known is not None:
                known[0].watchers.remove(self._watchers[authority.key])
            self._carry(authority)
            # inside a batch the page asks, and is answered at the batch's end
            if not (self._is_plain and authority.is_held):
                self._outbox.append(self._first_word(authority))
        self._wake()

    def known(self, key: str) -> Authority | None:
        """Return the model of a key that pages can find, or None."""
        carried = self._cursors.get(key)
        if carried is not None:
            return carried[0]
        resting = self._resting.get(key)
        return resting() if resting is not None else None

    def _carry(self, authority: Authority) -> None:
        """Send what happens to a model from now on; the lock is held."""
        authority.commit()
        self._resting.pop(authority.key, None)
        self._cursors[authority.key] = (authority, authority.version)
        self._watchers[authority.key] = watcher = partial(self._hear_of, authority.key)
        authority.watchers.append(watcher)

    def _let_rest(self, now: float) -> None:
        """Hold the models that no page shows any more only as long as Python does; the lock is held.

        A page that shows one again, and says so, finds it if it is still there.
        """
        for key in self._audience.due(now):
            if key in self._cursors:
                authority, _ = self._cursors.pop(key)
                self._keyed.pop(key, None)
                authority.watchers.remove(self._watchers.pop(key))
                self._resting[key] = ref(authority, partial(self._bury, key))

    def _rest_no_more(self, authority: Authority) -> None:
        resting = self._resting.get(authority.key)
        if resting is not None and resting() is authority:
            self._bury(authority.key, resting)

    def _bury(self, key: str, resting: ReferenceType[Authority]) -> None:
        if self._resting.get(key) is resting:
            del self._resting[key]
            self._views.pop(key, None)
            self._redrawn.discard(key)

    def _wake_up(self, key: str) -> Authority | None:
        """Carry a model again that a page shows again, if Python has it still."""
        with self._lock:
            authority = self.known(key)
            if authority is not None and key not in self._cursors:
                self._carry(authority)
            return authority

    def is_carried(self, key: str) -> bool:
        """Tell whether pages can find a model."""
        return self.known(key) is not None

    def draw(self, keys: Collection[str], view: View) -> None:
        """Have pages draw models by a view from now on; those that have another one of them are told."""
        with self._lock:
            carried = [key for key in keys if self.is_carried(key)]
            others = [key for key in carried if self._views.get(key, view) != view]
            self._views.update(dict.fromkeys(carried, view))
            self._redrawn.update(others)
            if others:
                self._outbox.append(self._drawing(others, view))
        if others:
            self._wake()

    def _drawing(self, keys: Sequence[str], view: View, to: str | None = None) -> ViewMessage:
        carried = [known for known in map(self.known, keys) if known is not None]
        models: list[ModelId] = [{"model": known.key, "epoch": known.epoch} for known in carried]
        message: Any = {"type": "view", "models": models, **view._asdict(), "to": to}
        drawing: Any = {name: value for name, value in message.items() if value is not None}
        return drawing  # type: ignore[no-any-return] # what it lacks is not there

    def withdraw(self, authority: Authority, reason: str) -> None:
        """Carry a model no longer, and tell pages why."""
        with self._lock:
            if self.known(authority.key) is authority:
                self._audience.forget(authority.key)
            known = self._cursors.get(authority.key)
            if known is None or known[0] is not authority:
                self._rest_no_more(authority)
                return
            del self._cursors[authority.key]
            self._keyed.pop(authority.key, None)
            self._views.pop(authority.key, None)
            self._redrawn.discard(authority.key)
            authority.watchers.remove(self._watchers.pop(authority.key))
            self._outbox.append(
                {"type": "closed", "model": authority.key, "epoch": authority.epoch, "reason": reason}
            )
        self._wake()

    def _hear_of(self, key: str) -> object:
        self._changed[key] = None
        return self._wake()

    def _first_word(self, authority: Authority) -> Message:
        if self._is_plain:
            return authority.snapshot()
        model: ModelId = {"model": authority.key, "epoch": authority.epoch}
        return {"type": "ready", "models": [model]}

    # -- down

    def say(self, authority: Authority, letter: Letter) -> None:
        """Send a message beside the state to all pages, after what the model has done until now.

        Who sends more than a frame takes flushes: nothing piles up, and nothing is left out.
        """
        if authority.defer(lambda: self.say(authority, letter)):
            return
        self._refresh(authority.key)
        message: CustomMessage = {
            "type": "message",
            "model": authority.key,
            "epoch": authority.epoch,
            **letter,
        }
        buffers = letter.get("buffers", ())
        with self._lock:
            known = self._cursors.get(authority.key)
            if known is None or known[0] is not authority:
                return
            self._put_out([message])
            self._waiting_bytes += sum(map(len, buffers))
            is_full = len(self._outbox) >= limits.MESSAGES or self._waiting_bytes >= limits.BUFFER_BYTES
        if is_full:
            self.flush()
        else:
            self._wake()

    def flush(self) -> float | None:
        """Send everything that is new, in one frame; while a page cannot follow, only what is asked for.

        Returns:
            The seconds after which to look again though nobody asks, or None.
        """
        if self._asked and self._welcome():
            self._wake()
        with self._lock:
            self._let_rest(self._clock())
            taken = self._take_changed(self._clock())
        for key in taken:  # what changes from here on is taken the next time
            self._refresh(key)
        with self._lock:
            now, is_deaf = self._clock(), self._is_deaf()
            messages, self._outbox = self._outbox, []
            self._waiting_bytes = 0
            urgent, self._urgent = self._urgent, set()
            pause = self._pause(now, is_deaf=is_deaf)
            for key in taken:
                if key not in self._cursors:
                    continue
                authority, cursor = self._cursors[key]
                if pause and key not in urgent:
                    authority.commit()  # into the log, which is bounded
                    self._changed[key] = None
                else:
                    messages += self._news(key, authority, cursor, now)
            if self._reports and not pause:
                messages += self._reports.values()
                self._reports = {}
            if messages:
                self._is_unsure = True
                if all(map(is_slim, messages)):
                    self._transport.send(self._frame(messages, now, is_deaf=is_deaf), [])
                else:
                    for some in _cut(messages):
                        self._transport.send(*detach(self._frame(some, now, is_deaf=is_deaf)))
            again = pause or (LOOK_INTERVAL if self._is_unsure else None)
            rest = self._audience.pause(now)
            return rest if again is None else again if rest is None else min(again, rest)

    def _refresh(self, key: str) -> None:
        """Have computed what is about to be told of a model; no lock is held."""
        known = self._cursors.get(key)
        if known is not None:
            known[0].refresh()

    def _take_changed(self, now: float) -> list[str]:
        """Return the models that said that they have changed.

        If there is none, once a second all: whoever is interrupted after a change cannot say so. To look at a
        thousand that did not change takes a millisecond.
        """
        taken = list(self._changed)
        for key in taken:  # other threads add to it meanwhile
            del self._changed[key]
        if not taken and (self._looked_at is None or not 0 < now - self._looked_at < LOOK_INTERVAL):
            self._looked_at, self._is_unsure = now, False
            taken = list(self._cursors)
        return [key for key in taken if key in self._cursors]

    def _pause(self, now: float, *, is_deaf: bool) -> float:
        """Return how many seconds news must wait for pages."""
        if self._flow is None:
            return 0.0
        if is_deaf:
            self._flow.give_up()
        return self._flow.pause(now)

    def _is_deaf(self) -> bool:
        """Whether no page can be heard before a cell ends."""
        return self._hears_on_main is not False and self._is_busy()

    def _news(self, key: str, authority: Authority, cursor: int, now: float) -> Sequence[Message]:
        with authority.held():
            if not authority.commit() or authority.version == cursor:
                return ()
            self._cursors[key] = (authority, authority.version)
            patches = authority.patches(cursor)
            if patches is not None:
                return [*patches, *self._key_frame(authority, now)]
            self._keyed[key] = now
            return [authority.snapshot()]

    def _key_frame(self, authority: Authority, now: float) -> Sequence[Message]:
        """Return what brings in a page that came while a cell runs: its hello may be heard at the cell's end.

        A kernel need not tell that a cell runs. That news goes out and nobody answers is sign enough: where
        pages are heard, their hello is too. The model's lock is held: this is the state that was just sent.
        """
        since = self._unheard  # read once: another thread may hear a page just now
        self._unheard = since = now if since is None else since
        if self._is_plain or now - since < DEAF:
            return ()
        last = self._keyed.get(authority.key)
        if last is not None and now - last < KEY_INTERVAL:
            return ()
        self._keyed[authority.key] = now
        if weigh(authority.document.view(), KEY_BYTES) <= KEY_BYTES:
            return [authority.snapshot()]
        note: Version = {
            "type": "version",
            "model": authority.key,
            "epoch": authority.epoch,
            "version": authority.version,
        }
        return [note]

    def _frame(self, messages: Sequence[Message], now: float, *, is_deaf: bool) -> JsonObject:
        self._seq += 1
        frame: Any = {"protocol": PROTOCOL, "kernel": KERNEL, "seq": self._seq, "messages": messages}
        if self._flow is not None and not is_deaf and self._flow.leaves(self._seq, now):
            frame["ack"] = True
        return frame  # type: ignore[no-any-return] # an object of messages

    # -- up

    def receive(self, data: object, buffers: Sequence[bytes | memoryview] = ()) -> None:
        """Take a page's frame: what is wrong with it is logged, never raised."""
        self._unheard = None
        self._hears_on_main = current_thread() is main_thread()
        faults: Faults = {}
        try:
            check_size(data, buffers)
            frame = read_frame(attach(data, buffers, faults) if isinstance(data, dict) else data)
            whole = self._uploads.take(frame.get("replica", ""), frame["part"]) if "part" in frame else None
        except SyncStateError as error:
            self._ignore("frame", error)
            self._refuse_all(data, error)
            return
        if whole is not None:
            self.receive(*whole)
            return
        replica = frame.get("replica", "")
        for place, message in enumerate(frame["messages"]):
            try:
                self._demand_patience(replica)
                if place in faults:
                    raise faults[place]
                self._hand_over(read_message(message), replica)
            except SyncStateError as error:
                self._ignore("message", error)
                self._refuse(message, replica, error)
        self._welcome()
        self._wake()

    def _demand_patience(self, replica: str) -> None:
        if self._throttle is not None and not self._throttle.admits(replica, self._clock()):
            raise MessageError(
                f"Cannot take so many messages: a page may send {limits.MESSAGE_RATE} a second; send fewer"
            )

    def _ignore(self, what: str, error: SyncStateError) -> None:
        # a line a message would itself be a flood, into the outputs of the notebook
        if self._lines.take(self._clock()):
            _logger.warning("Ignored a page's %s: %s", what, error)

    def _hand_over(self, message: Message, replica: str) -> None:
        self._pace(message, replica)
        if message["type"] == "ack":
            return
        known = self._find(message)
        if known is not None and message["type"] == "hello":
            self._ask(known.key, replica, message)
        elif message["type"] == "call" or message["type"] == "cancel":
            self._hand_call_over(message, replica, known)
        elif message["type"] == "message":
            self._hear(message, known)
        elif known is not None:
            known.receive(message, replica, partial(self._reply, replica=replica))
            with self._lock:
                self._urgent.add(known.key)
        elif message["type"] in ("hello", "edit"):
            self._reply([_unknown(str(message.get("model")), replica)], replica)

    def _hand_call_over(self, message: CallMessage | Cancel, replica: str, known: Authority | None) -> None:
        if message["type"] == "cancel":
            self._calls.cancel(replica, message["call"])
        elif known is None:
            key = message["model"]
            missing = CallError(message["name"], f"this kernel has no model {key!r}; it was not run")
            self._reply([failed(message, replica, missing), _unknown(key, replica)], replica)
        elif not known.defer(lambda: self._call(message, replica, known)):
            self._call(message, replica, known)

    def _call(self, message: CallMessage, replica: str, known: Authority) -> None:
        """Run an action; nobody but its page hears of what is wrong with the call."""
        name = message["name"]
        try:
            if message["epoch"] != known.epoch:
                raise CallError(name, "the model was created anew; it was not run")
            callee = known.document.action(name)
            if callee is None:
                raise CallError(name, "the model has no such action")
            self._calls.start(message, replica, callee, known)
        except SyncStateError as error:
            self._reply([failed(message, replica, error)], replica)

    def _hear(self, message: CustomMessage, known: Authority | None) -> None:
        """Hand a page's message to who listens, unless it was meant for an object that is no more."""
        if known is None or known.epoch != message["epoch"]:
            return
        if not known.defer(lambda: self._hear(message, known)) and "content" in message:
            known.document.hear(message["content"], message.get("buffers") or [])

    def _report(self, call: Call, progress: Progress) -> None:
        with self._lock:
            self._reports[call] = progress
        self._wake()

    def _answer_call(self, authority: Authority, call: Call, result: Result) -> None:
        """Send what the action did, what it reported last, and its result, in this order."""
        self._refresh(authority.key)
        with self._lock, authority.held():
            if authority.defer(lambda: self._answer_call(authority, call, result)):
                return
            last = self._reports.pop(call, None)
            self._urgent.add(authority.key)
            self._put_out([last, result] if last is not None else [result])
        self._wake()

    def _pace(self, message: Message, replica: str) -> None:
        """Learn from a message who reads, what, and how fast."""
        with self._lock:
            match message["type"]:
                case "hello":
                    if not self._is_plain and self._wake_up(key := message.get("model", "")):
                        self._audience.join(key, replica)
                    if self._flow is not None:
                        self._flow.meet(replica)
                case "bye":
                    if not self._is_plain and message["model"] in self._cursors:
                        self._audience.leave(message["model"], replica, self._clock())
                    if self._flow is not None:
                        self._flow.part(replica)
                case "ack" if self._flow is not None:
                    self._flow.acknowledge(replica, message["seq"], self._clock())

    def _part(self, replica: str) -> None:
        """Take note that a page leaves: it is not waited for."""
        with self._lock:
            self._audience.part(replica)
            if self._flow is not None:
                self._flow.part(replica)

    def _ask(self, key: str, replica: str, hello: Hello | None) -> None:
        """Take note that a replica must hear of a model: however often it asks, it is told once."""
        if len(self._asked) >= limits.NEW_BURST and (key, replica) not in self._asked:
            raise MessageError(f"Cannot answer 'hello': {limits.NEW_BURST} wait for an answer")
        self._asked[key, replica] = hello or self._asked.get((key, replica))

    def _welcome(self) -> bool:
        """Tell those of a model who said hello, or who need a snapshot unasked, as far as there is time.

        No lock is held: observers may run.

        Returns:
            Whether somebody waits for more time; who waits for a batch is remembered at its end.
        """
        for key, replica in list(self._asked):
            known = self._find({"model": key})
            if known is not None and known.is_held:
                continue
            started = self._clock()
            if not self._hello_time.take(started, 0):
                return True
            hello = self._asked.pop((key, replica), _TOLD)
            if known is not None and hello is not _TOLD:  # else another thread was quicker
                self._tell(known, replica, hello)
            now = self._clock()
            self._hello_time.charge(now, now - started)
        return False

    def _tell(self, known: Authority, replica: str, hello: Hello | None) -> None:
        if hello is not None:
            known.receive(hello, replica, partial(self._reply, replica=replica))
            self._show_drawing(known.key, replica)
            return
        known.refresh()
        with known.held():
            is_held, snapshot = known.is_held, known.snapshot(replica)
        if is_held:  # a batch was opened just now
            self._ask(known.key, replica, hello)
        else:
            self._reply([snapshot], replica)

    def _show_drawing(self, key: str, replica: str) -> None:
        """Tell a page what draws a model, if its output may say something older."""
        with self._lock:
            if key in self._redrawn and key in self._cursors:
                self._outbox.append(self._drawing([key], self._views[key], replica))

    def _refuse_all(self, data: object, error: SyncStateError) -> None:
        """Answer the edits of a frame that cannot be read, as far as it can be told which they are."""
        if not isinstance(data, dict) or data.get("protocol") != PROTOCOL:
            return
        replica, messages = data.get("replica"), data.get("messages")
        if is_name(replica) and isinstance(messages, list):
            for message in messages[: limits.MESSAGES]:
                self._refuse(message, replica, error)
        self._wake()

    def _refuse(self, message: object, replica: str, error: SyncStateError) -> None:
        """Answer an edit that cannot be read, if it can be told which one it is."""
        if not isinstance(message, dict):
            return
        if message.get("type") == "call" and _can_be_answered(message):
            self._reply([failed(cast(CallMessage, message), replica, error)], replica)
        if message.get("type") != "edit":
            return
        known, number = self._find(message), message.get("number")
        if known is not None and type(number) is int and 0 <= number <= MAX_INTEGER:
            self._reply([known.refuse(number, replica, error)], replica)

    def _find(self, message: Mapping[str, Any]) -> Authority | None:
        if self._is_plain and "model" not in message:
            return next((authority for authority, _ in list(self._cursors.values())), None)
        known = self._cursors.get(str(message.get("model")))
        return known[0] if known else None

    def _reply(self, answers: list[Message], replica: str) -> None:
        for answer in answers:
            if answer["type"] == "hello":  # said for the page: what it has is of no use
                self._ask(str(answer.get("model")), replica, None)
        messages = [answer for answer in answers if answer["type"] != "hello"]
        if not answers:
            return
        for message in messages:
            self._refresh(str(message.get("model")))
        self._put_out(messages)
        self._wake()

    def _put_out(self, messages: Sequence[Message]) -> None:
        with self._lock:
            # What an answer refers to must not come after it: first the news, then the answer.
            for message in messages:
                known = self._cursors.get(str(message.get("model")))
                if known:
                    self._outbox += self._news(known[0].key, *known, self._clock())
            self._outbox += messages


def _can_be_answered(call: Mapping[str, Any]) -> bool:
    return all(is_name(call.get(name)) for name in ("model", "epoch", "call"))


def _cut(messages: Sequence[Message]) -> list[Sequence[Message]]:
    """Return the messages of each frame: one frame, but for large messages, whose parts have one each."""
    pieces = [cut(message) for message in messages]
    if len(messages) == sum(map(len, pieces)):
        return [messages]
    frames: list[list[Message]] = [[]]
    for message, *parts in pieces:
        frames[-1].append(message)
        if parts:
            frames += [*([part] for part in parts), []]
    return [frame for frame in frames if frame]


def _unknown(key: str, replica: str) -> Message:
    reason = f"this kernel has no model {key!r}; run the cell that shows it again"
    return {"type": "closed", "model": key, "reason": reason, "to": replica}


_pacer = Pacer()
_kernel_link: Link | None = None
_kernel_link_lock = Lock()


def paced(transport: Transport, *, is_plain: bool = False) -> Link:
    """Return a link over a transport that is flushed by the clock of this process."""
    watched = cells()
    link = Link(
        transport,
        wake=_pacer.wake,
        is_plain=is_plain,
        clock=time.monotonic,
        is_busy=lambda: watched.is_running,
    )
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

    @property
    def hears_on_main(self) -> bool | None:
        """Whether the page's messages are handled on the main thread; None if none has come yet."""
        return self._link.hears_on_main

    def receive(self, data: object, buffers: Sequence[bytes | memoryview] = ()) -> None:
        """Take a frame that came with the opening of the comm."""
        self._link.receive(data, buffers)

    def say(self, letter: Letter) -> None:
        """Send a message beside the state to the page."""
        if self._is_open:
            self._link.say(self._authority, letter)

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
