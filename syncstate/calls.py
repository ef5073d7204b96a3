"""Floor 5. Calls of pages: where an action runs, what it tells meanwhile, and how it ends.

```
  a page's call ──► sync    ──► the model's queue ──► a thread of the model's, one at a time
                    sync, on the main thread     ──► on_main
                    async                        ──► a task of the main thread's event loop
                          │
                          └──► progress, progress, result
```

A call is run once at most: its id is remembered. It does no I/O: whoever carries the messages is told.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Protocol

from syncstate import limits
from syncstate.document import Json
from syncstate.errors import CallError, SyncStateError

if TYPE_CHECKING:
    from syncstate.messages import CallFailure, CallMessage, Progress, Result

REMEMBERED = 10_000
"""Of how many calls it is known that they were made; a frame that comes a second time comes soon."""

_logger = logging.getLogger("syncstate.actions")


class Cancelled(BaseException):
    """The page that called an action takes the call back: `progress` raises it where the action is just then.

    It is no `Exception`: what catches those in a loop and goes on does not catch it. Let it pass.
    """


class Callee(Protocol):
    """An action of a model.

    Attributes:
        owner: Whose actions run one at a time.
    """

    owner: Any
    is_async: bool
    is_on_main: bool

    def prepare(self, arguments: list[Json], keywords: dict[str, Json]) -> Callable[[], Any]:
        """Return what calls the method with what a page sent, checked and converted.

        Raises:
            CallError: That does not fit its signature.
        """

    def pack(self, value: Any) -> Json:
        """Return a copy of what the method returned, as it travels.

        Raises:
            SyncStateError: It cannot.
        """


class Call:
    """One call of a page's.

    Attributes:
        message: What the page said.
        replica: Which page.
        is_cancelled: Whether it was taken back.
    """

    def __init__(
        self, message: CallMessage, replica: str, callee: Callee, tell: Callable[[Call, Progress], object]
    ) -> None:
        self.message = message
        self.replica = replica
        self.is_cancelled = False
        self._callee = callee
        self._tell = tell
        self._context = copy_context()  # what the action prints goes where its caller's context says
        self._cancel: Callable[[], object] = lambda: None

    @property
    def id(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.replica, self.message["call"]

    @property
    def name(self) -> str:
        """The action's name."""
        return self.message["name"]

    def report(self, value: float | None, text: str | None) -> None:
        """Tell the page how far it is.

        Raises:
            Cancelled: The page does not want it any more.
        """
        if self.is_cancelled and not self._callee.is_async:  # of a task, the event loop raises it
            raise Cancelled(f"{self.name!r} was cancelled")
        progress: Progress = {
            "type": "progress",
            "model": self.message["model"],
            "epoch": self.message["epoch"],
            "to": self.replica,
            "call": self.message["call"],
            "value": value,
        }
        self._tell(self, progress if text is None else {**progress, "text": limits.speakable(text)})

    def cancel(self) -> None:
        """Take it back: a task is cancelled at once, anything else when it reports."""
        self.is_cancelled = True
        self._cancel()

    def run(self) -> Result:
        """Run the action to its end, in the context of its caller."""
        return self._context.run(self._run)

    def start_task(self, loop: Any, done: Callable[[Result], object]) -> None:
        """Run the action as a task of an event loop, from any thread."""

        def start() -> None:
            task = self._context.run(loop.create_task, self._run_task())
            task.add_done_callback(lambda task: done(self._ended(task)))
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
            if self.is_cancelled:
                task.cancel()

        loop.call_soon_threadsafe(start)

    def result(self, value: Json) -> Result:
        """Return the message that brings what the action returned."""
        return {
            "type": "result",
            "model": self.message["model"],
            "epoch": self.message["epoch"],
            "to": self.replica,
            "call": self.message["call"],
            "value": value,
        }

    def failure(self, error: BaseException) -> Result:
        """Return the message that says why there is no value."""
        return failed(self.message, self.replica, error)

    def _run(self) -> Result:
        current.set(self)
        try:
            self._demand_wanted()
            value = self._prepared()()
            return self.result(self._callee.pack(value))
        except BaseException as error:
            self._log(error)
            if isinstance(error, KeyboardInterrupt):  # of who sits at the main thread
                raise
            return self.failure(error)

    async def _run_task(self) -> Result:
        current.set(self)
        try:
            value = await self._prepared()()
            return self.result(self._callee.pack(value))
        except Exception as error:
            self._log(error)
            return self.failure(error)

    def _ended(self, task: Any) -> Result:
        """Return the result of a task; one that is cancelled early has not run at all."""
        if task.cancelled():
            return self.failure(Cancelled(f"{self.name!r} was cancelled"))
        error = task.exception()
        return task.result() if error is None else self.failure(error)

    def _prepared(self) -> Callable[[], Any]:
        return self._callee.prepare(self.message["arguments"], self.message.get("keywords") or {})

    def _demand_wanted(self) -> None:
        if self.is_cancelled:
            raise Cancelled(f"{self.name!r} was cancelled before it began")

    def _log(self, error: BaseException) -> None:
        if isinstance(error, CallError):  # the page's mistake
            _logger.info("Refused a page's call: %s", error)
        elif isinstance(error, Exception):
            _logger.error("Cannot finish %r, which a page called", self.name, exc_info=error)


current: ContextVar[Call | None] = ContextVar("syncstate_call", default=None)
"""The call that runs here, if one does."""


class Calls:
    """The calls that one link carries.

    Args:
        answer: Called with each result, on the thread that has it.
        tell: Called with each report of progress.
        on_main: Calls a function on the main thread.
        event_loop: Returns the event loop for tasks.
    """

    def __init__(
        self,
        answer: Callable[[Any, Call, Result], object],
        tell: Callable[[Call, Progress], object],
        on_main: Callable[[Callable[[], None]], object],
        event_loop: Callable[[], Any],
    ) -> None:
        self._answer = answer
        self._tell = tell
        self._on_main = on_main
        self._event_loop = event_loop
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], Call] = {}
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def start(self, message: CallMessage, replica: str, callee: Callee, model: Any) -> None:
        """Run an action, if this call of it is news.

        Args:
            message: The call.
            replica: Whose it is.
            callee: The action.
            model: What the answer is about.

        Raises:
            CallError: Too many run already.
        """
        call = Call(message, replica, callee, self._tell)
        if not self._admit(call):
            return

        def done(result: Result) -> None:
            with self._lock:
                self._running.pop(call.id, None)
            self._answer(model, call, result)

        try:
            if callee.is_async:
                call.start_task(self._event_loop(), done)
            elif callee.is_on_main:
                self._on_main(lambda: done(call.run()))
            else:
                _enqueue(callee.owner, lambda: done(call.run()))
        except (SyncStateError, RuntimeError) as error:  # no loop, or one that is closed
            done(call.failure(error))

    def cancel(self, replica: str, id_: str) -> None:
        """Take a call back, if it still runs."""
        with self._lock:
            call = self._running.get((replica, id_))
        if call is not None:
            call.cancel()

    def _admit(self, call: Call) -> bool:
        with self._lock:
            if call.id in self._seen:
                return False
            own = sum(replica == call.replica for replica, _ in self._running)
            if own >= limits.CALLS or len(self._running) >= limits.ALL_CALLS:
                raise CallError(call.name, f"{min(own, limits.CALLS) or limits.ALL_CALLS} calls run already")
            self._seen[call.id] = None
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            self._running[call.id] = call
            return True


def failed(message: CallMessage, replica: str, error: BaseException) -> Result:
    """Return the message that says why a call has no value."""
    failure: CallFailure = {"type": type(error).__name__, "text": limits.speakable(str(error))}
    pointer = getattr(error, "pointer", None)
    if isinstance(pointer, str):
        failure["pointer"] = pointer
    return {
        "type": "result",
        "model": message["model"],
        "epoch": message["epoch"],
        "to": replica,
        "call": message["call"],
        "error": failure,
    }


# -- one thread a model, while there is something to run

_queues: dict[int, deque[Callable[[], object]]] = {}
_queues_lock = threading.Lock()


def _enqueue(owner: Any, job: Callable[[], object]) -> None:
    """Run a job after those that wait for the same owner, in a thread of the owner's."""
    with _queues_lock:
        queue = _queues.get(id(owner))
        if queue is not None:
            queue.append(job)
            return
        queue = _queues[id(owner)] = deque([job])
    drain = threading.Thread(target=_drain, args=(owner, queue), name="syncstate-actions", daemon=True)
    # nothing of the caller's context: each job brings its own
    try:
        Context().run(drain.start)
    except RuntimeError:  # there are no threads, as in WebAssembly
        _drain(owner, queue)


def _drain(owner: Any, queue: deque[Callable[[], object]]) -> None:
    while True:
        with _queues_lock:
            if not queue:
                del _queues[id(owner)]
                return
            job = queue.popleft()
        try:
            job()
        except BaseException:  # the next one does not pay for it
            _logger.exception("Cannot answer a page's call")
