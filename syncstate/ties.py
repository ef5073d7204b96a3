"""Floor 7. Ties: what is at a location of one model is at a location of another one, too.

Each direction is a subscription. What is copied is the value of now, and only where another one stands: so
what comes back of a copy finds nothing to do, and two models that change at once end equal.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from threading import Lock
from typing import Any, Protocol

from syncstate.document import JsonObject, plain, same
from syncstate.errors import SyncStateError, TargetNotFound
from syncstate.pointer import resolve

ROUNDS = 4
"""How often a value may go to and fro, each end making something else of it, before that is an error."""


class Tied(Protocol):
    """A model's document, as far as a location of it is tied."""

    @property
    def model(self) -> object:
        """Whose document it is."""

    def watch(self) -> object:
        """Make the defaults, and record every change from now on."""

    def held(self) -> AbstractContextManager[object]:
        """Hold the lock that guards it."""

    def refresh(self) -> None:
        """Compute what is out of date."""

    def view(self) -> JsonObject:
        """Return the document."""

    def apply(self, operations: list[Any]) -> None:
        """Apply a patch, whole or not at all."""


class End:
    """One location of one model.

    Args:
        document: The model's.
        pointer: The location.
        follow: Calls a function when something changes there, and returns what ends that.
    """

    def __init__(
        self,
        document: Tied,
        pointer: str,
        follow: Callable[[Callable[[object], None]], Callable[[], None]],
    ) -> None:
        self.follow = follow
        self._document = document
        self._pointer = pointer
        document.watch()

    def __str__(self) -> str:
        return f"{self._pointer!r} of {type(self._document.model).__name__}"

    def get(self) -> Any:
        """Return a copy of what is there.

        Raises:
            TargetNotFound: Nothing is.
        """
        self._document.refresh()
        with self._document.held():
            return plain(resolve(self._document.view(), self._pointer))

    def put(self, value: Any) -> Any:
        """Put a value there, and return what the model made of it."""
        self._document.apply([{"op": "replace", "path": self._pointer, "value": value}])
        return self.get()


class Tie:
    """What `link` and `dlink` return: call `unlink`, or leave its `with`, and the locations are free again.

    Attributes:
        is_active: Whether they are still tied.
    """

    def __init__(self, source: End, target: End, transform: Callable[[Any], Any] | None, *, is_mutual: bool):
        self.is_active = True
        self._ends = source, target
        self._transform = transform or (lambda value: value)
        self._is_mutual = is_mutual
        self._wanted: list[int] = []  # the ends from which to copy, the newest last
        self._copying = Lock()
        self._kept: list[Any] = []  # what the ends were when they were equal
        for end in self._ends:
            end.get()  # what is not there is said now
        self._copy(0)
        self._stops = [
            end.follow(partial(self._ask, place))
            for place, end in enumerate(self._ends if is_mutual else [source])
        ]

    def unlink(self) -> None:
        """Part the locations; a second time does nothing."""
        self.is_active = False
        for stop in self._stops:
            stop()

    def __enter__(self) -> Tie:
        return self

    def __exit__(self, *_: object) -> None:
        self.unlink()

    def _ask(self, end: int, change: object = None) -> None:
        """Copy from an end; if another thread does, or one that called this, it goes on with that."""
        self._wanted.append(end)
        raised: Exception | None = None
        while self._wanted and self._copying.acquire(blocking=False):
            try:
                count = len(self._wanted)  # other threads add to it meanwhile
                end = self._wanted[count - 1]
                del self._wanted[:count]
                self._copy(end)
            except Exception as error:
                raised = error
            finally:
                self._copying.release()
        if raised is not None:
            raise raised

    def _copy(self, end: int) -> None:
        try:
            values = [each.get() for each in self._ends]
        except TargetNotFound:  # until both are there again
            return
        kept = self._kept or [*values]
        try:
            self._agree(end, values)
        except Exception as error:
            error.add_note(f"while {self._ends[end]} was copied to {self._ends[1 - end]}")
            if self._is_mutual:
                self._restore(kept)
            raise
        self._kept = values

    def _agree(self, source: int, values: list[Any]) -> None:
        for _ in range(ROUNDS):
            wanted, target = self._transform(values[source]), 1 - source
            if same(values[target], wanted):
                return
            values[target] = self._ends[target].put(wanted)
            if not self._is_mutual or same(values[target], wanted):
                return
            source = target  # its validators made something else of it, which goes back
        raise SyncStateError(
            f"Cannot tie {self._ends[0]} to {self._ends[1]}: each makes another value of what the other has, "
            f"{values[0]!r} and {values[1]!r} by now; let their validators agree, or use dlink"
        )

    def _restore(self, values: list[Any]) -> None:
        for end, value in zip(self._ends, values, strict=True):
            with suppress(Exception):  # what was raised first says more
                if not same(end.get(), value):
                    end.put(value)
