"""Floor 7. Who watches a model from Python: subscriptions, streams of changes, and who waits for a value.

All of it hangs on one listener of the document. It finds what an act changed, once for all subscriptions,
with the lock; it tells without.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractContextManager, ExitStack, suppress
from inspect import isbuiltin, ismethod
from threading import Lock, get_ident
from typing import Any, Protocol
from weakref import WeakMethod, ref

from syncstate.batches import current_batch
from syncstate.diff import Change as Recorded
from syncstate.errors import SessionClosed, SyncStateError, TargetNotFound
from syncstate.locations import ABSENT, UNKNOWN, Found, Locations, Pattern, look_up, parse_pattern
from syncstate.pointer import as_pattern, join, parse
from syncstate.tables import native

UNREAD = 10_000
"""How many locations a stream of changes remembers for who does not read it."""


class Watched(Protocol):
    """A model's document, as far as it is watched."""

    @property
    def model(self) -> Any:
        """Whose document it is."""

    @property
    def members(self) -> Mapping[str, object]:
        """The synced traits by name."""

    def held(self) -> AbstractContextManager[object]:
        """Hold the lock that guards it."""

    def watch(self) -> object:
        """Make the defaults, and record every change from now on."""

    def refresh(self) -> None:
        """Compute what is out of date."""

    def listen(self, listener: Callable[[list[Recorded]], None]) -> None:
        """Tell a function of every act."""

    def ignore(self, listener: Callable[[list[Recorded]], None]) -> None:
        """Tell it no longer."""


class Change:
    """What became of one location: told once for everything that a statement, a batch or an edit did there.

    Attributes:
        pointer: The location, as a JSON Pointer.
        value: What is there now, the live value itself; None if nothing is.
        old: What was there before; None if nothing was, or if that is not known because elements changed
            places. Of a container that changed inside it is the container.
        is_removed: Whether what was there is gone.
        matched: The tokens that stand where the pattern has `*`.
    """

    __slots__ = ("is_removed", "matched", "old", "pointer", "value")

    def __init__(
        self, pointer: str, value: Any, old: Any = None, *, is_removed: bool = False, matched: Any = ()
    ) -> None:
        self.pointer: str = pointer
        self.value: Any = value
        self.old: Any = old
        self.is_removed: bool = is_removed
        self.matched: tuple[str, ...] = matched

    def __repr__(self) -> str:
        what = "removed" if self.is_removed else f"value={self.value!r}"
        return f"Change({self.pointer!r}, {what}, old={self.old!r})"


class Subscription:
    """What `subscribe` returns: call it, or leave its `with`, and the callback is called no longer.

    Attributes:
        is_active: Whether the callback is still called.
    """

    def __init__(
        self,
        watchers: Watchers,
        pattern: Pattern,
        callback: Callable[[], Callable[[Change], object] | None],
        on_close: Callable[[], Callable[[], object] | None] = lambda: None,
    ) -> None:
        self.is_active = True
        self._watchers = watchers
        self._pattern = pattern
        self._callback = callback
        self._on_close = on_close

    def __call__(self) -> None:
        """End it; a second time does nothing."""
        if self.is_active:
            self.is_active = False
            self._watchers.drop(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self()

    def _tell(self, change: Change) -> None:
        callback = self._callback() if self.is_active else None
        if callback is not None:
            change.value, change.old = native(change.value), native(change.old)
            callback(change)

    def _find(self, locations: Locations, values: Mapping[str, Any]) -> list[Change]:
        return [_change(found, self._pattern) for found in locations.matching(self._pattern, values)]


def _change(found: Found, pattern: Pattern) -> Change:
    is_removed = found.value is ABSENT
    return Change(
        join(*found.tokens),
        None if is_removed else found.value,
        None if found.before is ABSENT or found.before is UNKNOWN else found.before,
        is_removed=is_removed,
        matched=tuple(token for token, wanted in zip(found.tokens, pattern, strict=True) if wanted is None),
    )


class Watchers:
    """All that watch one model.

    Args:
        document: The model's.
    """

    def __init__(self, document: Watched) -> None:
        self.document = document
        self.is_closed = False
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = Lock()  # taken before the document's, and by nobody who holds that
        self._teller: int | None = None

    @property
    def is_telling(self) -> bool:
        """Whether the thread that asks is in a callback: until it returns nobody is told anything else."""
        return self._teller == get_ident()

    def subscribe(
        self,
        pattern: str,
        callback: Callable[[Change], object],
        *,
        weak: bool = False,
        on_close: Callable[[], object] | None = None,
    ) -> Subscription:
        """Call a function with each change that a pattern matches; `on_close` is always held weakly."""
        tokens = parse_pattern(pattern)
        self._demand_member(pattern, tokens)
        made = Subscription(
            self, tokens, _held(callback, weak=weak), _held(on_close, weak=True) if on_close else lambda: None
        )
        self.document.watch()  # a person's code may make the defaults: before any lock
        with self._lock:
            if not self._subscriptions:
                self.document.listen(self._receive)
            self._subscriptions = (*self._subscriptions, made)
        return made

    def _demand_member(self, pattern: str, tokens: Pattern) -> None:
        members = self.document.members
        if tokens and tokens[0] is not None and tokens[0] not in members:
            name = type(self.document.model).__name__
            raise TargetNotFound(
                f"Cannot watch {pattern!r}: {name} has no member {tokens[0]!r}; "
                f"it has {', '.join(map(repr, members)) or 'none'}",
                pointer=pattern,
            )

    def drop(self, *gone: Subscription) -> None:
        """Forget subscriptions."""
        with self._lock:
            self._subscriptions = tuple(known for known in self._subscriptions if known not in gone)
            if gone and not self._subscriptions:
                self.document.ignore(self._receive)

    def close(self) -> None:
        """End every stream, and the patience of whoever waits; what was subscribed stays."""
        self.is_closed = True
        for subscription in self._subscriptions:
            end = subscription._on_close()
            if end is not None:
                end()

    def value(self, tokens: tuple[str, ...]) -> Any:
        """Return what is at a location, or `ABSENT`."""
        self.document.refresh()
        with self.document.held():
            found = look_up(self._values(), tokens)
        return native(found)

    def _values(self) -> dict[str, Any]:
        values = self.document.model._trait_values
        return {name: values[name] for name in self.document.members if name in values}

    def _receive(self, changes: list[Recorded]) -> None:
        dead = [known for known in self._subscriptions if known._callback() is None]
        if dead:
            self.drop(*dead)
        locations = Locations(changes)
        with self.document.held():
            values = self._values()
            news = [(known, known._find(locations, values)) for known in self._subscriptions]
        self._teller, outer = get_ident(), self._teller
        try:
            with ExitStack() as stack:  # each is told, whatever another one raises
                for subscription, found in reversed(news):
                    for change in reversed(found):
                        stack.callback(subscription._tell, change)
        finally:
            self._teller = outer


def _held(callback: Callable[..., object], *, weak: bool) -> Callable[[], Any]:
    """Return what gives a callback, for as long as it is there."""
    if not weak:
        return lambda: callback
    if isbuiltin(callback):  # such an object is made anew for each look at it, and gone at once
        raise TypeError(f"Cannot hold {callback!r} weakly: it is no method of Python code; leave weak out")
    return WeakMethod(callback) if ismethod(callback) else ref(callback)


class Changes(AsyncIterator[Change]):
    """The changes that a pattern matches, for `async for`.

    What is not read yet and changes again is one change, with the oldest `old` and the newest `value`. It
    begins when it is made and ends with `aclose`, with the model's `close`, or when nobody has it any more.
    """

    def __init__(self, watchers: Watchers, pattern: str) -> None:
        self._pattern = pattern
        self._lock = Lock()
        self._unread: dict[str, Change] = {}
        self._readers: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._is_ended = False
        self._subscription = watchers.subscribe(pattern, self._take, weak=True, on_close=self._end)
        if watchers.is_closed:  # just now, by another thread
            self._end()

    def __aiter__(self) -> Changes:
        return self

    async def __anext__(self) -> Change:
        while True:
            with self._lock:
                self._demand_room()
                if self._unread:
                    return self._unread.pop(next(iter(self._unread)))
                if self._is_ended:
                    raise StopAsyncIteration
                loop = asyncio.get_running_loop()
                reader = loop, loop.create_future()
                self._readers.append(reader)
            try:
                await reader[1]
            finally:
                with self._lock:
                    if reader in self._readers:
                        self._readers.remove(reader)

    async def aclose(self) -> None:
        """End it; what was not read is forgotten."""
        self._unread = {}
        self._end()

    def _demand_room(self) -> None:
        if len(self._unread) > UNREAD:
            self._unread, self._is_ended = {}, True
            self._subscription()
            raise SyncStateError(
                f"Cannot keep up with {self._pattern!r}: changes of {UNREAD:,} locations wait to be read; "
                "read faster, or watch what is above them"
            )

    def _take(self, change: Change) -> None:
        with self._lock:
            former = self._unread.get(change.pointer)
            if former is not None:
                change = Change(
                    change.pointer,
                    change.value,
                    former.old,
                    is_removed=change.is_removed,
                    matched=change.matched,
                )
            if len(self._unread) <= UNREAD:
                self._unread[change.pointer] = change
        self._wake()

    def _end(self) -> None:
        self._subscription()
        self._is_ended = True
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            readers, self._readers = self._readers, []
        for loop, future in readers:
            try:
                loop.call_soon_threadsafe(_finish, future)
            except RuntimeError:  # its loop is closed, and so is its reader's life
                continue


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Waiting:
    """What `wait` returns: `await` it, or block until it is over with `result()`.

    It waits from the moment at which it is made. It ends with the value for which the predicate held.
    """

    def __init__(
        self,
        watchers: Watchers,
        pointer: str,
        predicate: Callable[[Any], object] | None,
        timeout: float | None,
        obstacle: Callable[[], tuple[str, str] | None],
    ) -> None:
        self._watchers = watchers
        self._pointer = pointer
        self._predicate = predicate
        self._timeout = timeout
        self._obstacle = obstacle
        self._future: Future[Any] = Future()
        self._subscription = watchers.subscribe(
            as_pattern(pointer), self._take, weak=True, on_close=self._end
        )
        value = watchers.value(parse(pointer)) if predicate is not None else ABSENT
        if value is not ABSENT:
            self._try(value)

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        try:
            self._demand_end()
            async with asyncio.timeout(self._timeout):
                return await asyncio.wrap_future(self._future)
        except TimeoutError:
            if self._future.done() and not self._future.cancelled():
                raise  # the predicate's own
            raise self._too_late(None) from None
        finally:
            self._subscription()

    def result(self) -> Any:
        """Block this thread until it is over, and return the value.

        Raises:
            SyncStateError: Nothing could end it, or for all that is known nothing but this thread could.
            TimeoutError: The time is up.
            SessionClosed: The model was closed.
            Exception: What the predicate raised.
        """
        try:
            self._demand_end(blocks=True)
            return self._future.result(self._timeout)
        except TimeoutError:
            if self._future.done():
                raise  # the predicate's own
            raise self._too_late(self._obstacle()) from None
        finally:
            self._subscription()

    def _demand_end(self, *, blocks: bool = False) -> None:
        """See that something may end it."""
        if self._future.done():
            return
        batch = current_batch.get()
        if batch is not None and batch.is_open:
            why = "this is a batch, and until it ends nobody is told of anything; wait after it"
        elif blocks and self._watchers.is_telling:
            why = "this is a callback, and until it returns nobody is told of anything else; wait elsewhere"
        elif blocks and self._timeout is None and (obstacle := self._obstacle()) is not None:
            why = "; ".join((*obstacle, "or give a timeout if another thread makes the change"))
        else:
            return
        verb = "block" if blocks else "wait"
        raise SyncStateError(f"Cannot {verb} until {self._pointer!r} changes: {why}")

    def _too_late(self, obstacle: tuple[str, str] | None) -> TimeoutError:
        vain = f"; perhaps in vain, since {obstacle[0]}" if obstacle else ""
        return TimeoutError(f"Cannot wait longer for {self._pointer!r}: {self._timeout:g} s are over{vain}")

    def _take(self, change: Change) -> None:
        if not change.is_removed:
            self._try(change.value)

    def _try(self, value: Any) -> None:
        try:
            if self._predicate is None or self._predicate(value):
                self._settle(lambda: self._future.set_result(value))
        except Exception as error:
            raised = error
            self._settle(lambda: self._future.set_exception(raised))

    def _end(self) -> None:
        sentence = f"Cannot wait for {self._pointer!r}: the model was closed meanwhile"
        self._settle(lambda: self._future.set_exception(SessionClosed(sentence)))

    def _settle(self, settle: Callable[[], None]) -> None:
        with suppress(InvalidStateError):  # it was over already, or nobody waits
            settle()
        self._subscription()
