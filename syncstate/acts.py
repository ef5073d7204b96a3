"""Floor 6. What somebody did, and who is told of it: listeners of the document, observers of its traits.

An act is appended while the lock is held, and told once it is free. Listeners hear of acts in order, of a
batch's at its end and as one; observers hear at once, as traitlets has it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

import traitlets

from syncstate.authority import Authority
from syncstate.diff import Change
from syncstate.patch import Operation
from syncstate.shapes import ABSENT
from syncstate.tables import native

_logger = logging.getLogger(__name__)
Listener = Callable[[list[Change]], None]


class Notice:
    """What observers of one trait are still to be told, because traitlets does not know of it.

    Attributes:
        old: Absent if a container changed inside: it is old and new.
    """

    __slots__ = ("name", "new", "old", "operations")

    def __init__(self, name: str, operations: list[Operation], old: Any = ABSENT, new: Any = ABSENT) -> None:
        self.name = name
        self.operations = operations
        self.old = old
        self.new = new


class Act:
    """One thing that somebody did: listeners hear of it at once."""

    __slots__ = ("changes", "notices")

    def __init__(self, changes: list[Change], notices: list[Notice]) -> None:
        self.changes = changes
        self.notices = notices

    @property
    def operations(self) -> list[Operation]:
        """What was done."""
        return [step.operation for step, _ in self.changes]


class Teller:
    """Tells listeners and observers of one model what was done.

    Args:
        model: Whose traits are observed.
        authority: Its session, which knows of open batches and has the lock.
        computeds: The names of what is computed.

    Attributes:
        listeners: Those who are told of every act.
        acts: What is to be told.
        collected: The acts of the patch that is being applied, while its lock is held: they will be one.
    """

    __slots__ = (
        "_authority",
        "_batched",
        "_computeds",
        "_held",
        "_hold",
        "_model",
        "_postponed",
        "_returns",
        "_telling",
        "_untold",
        "acts",
        "collected",
        "listeners",
    )

    def __init__(self, model: traitlets.HasTraits, authority: Authority, computeds: Collection[str]) -> None:
        self._model = model
        self._authority = authority
        self._computeds = computeds
        self.listeners: list[Listener] = []
        self.acts: list[Act] = []
        self.collected: list[Act] | None = None
        self._batched: list[Change] = []  # what listeners are to hear of at the end of a batch
        self._untold: list[list[Change]] = []  # and what by now, in order
        self._telling = Lock()
        self._returns: list[Notice] = []  # what observers are to be told of a way back
        self._hold: Any = None  # what traitlets holds notifications with
        self._held: dict[str, list[Operation]] = {}  # and what changed inside members meanwhile
        self._postponed: list[Notice] = []  # of computeds, while traitlets does

    def is_awaited(self, name: str) -> bool:
        """Whether somebody wants to be told of each change of a member."""
        notifiers = self._model._trait_notifiers
        return bool(
            self.listeners
            or any(
                callbacks for key in (name, traitlets.All) for callbacks in notifiers.get(key, {}).values()
            )
            or type(self._model).notify_change is not traitlets.HasTraits.notify_change
            or hasattr(self._model, f"_{name}_changed")
        )

    @property
    def is_muted(self) -> bool:
        """Whether traitlets holds notifications: `notify_change` is another one then."""
        return "notify_change" in vars(self._model)

    # -- acts that become one

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Let all that is done meanwhile be one act."""
        if self.collected is not None:
            yield
            return
        self.collected = []
        try:
            yield
        finally:
            acts, self.collected = self.collected, None
            if acts:
                self.acts.append(_merged(acts))

    @contextmanager
    def batching(self) -> Iterator[None]:
        """Let listeners hear of what is done meanwhile at the end of a batch, and observers not at all."""
        self.collected = []
        try:
            yield
        finally:
            acts, self.collected = self.collected, None
            self._batched += [change for act in acts for change in act.changes]

    # -- telling; the lock is not held

    def tell(self) -> None:
        """Tell observers and listeners what happened."""
        while (act := self._next_act()) is not None:
            self.tell_listeners()
            for notice in act.notices:
                self.tell_observers(notice)

    def _next_act(self) -> Act | None:
        with self._authority.held():
            if not self.acts:
                return None
            act = self.acts.pop(0)
            if self._authority.is_held or self._batched:
                self._batched += act.changes
            else:
                self._untold.append(act.changes)
            return act

    def tell_listeners(self) -> None:
        """Tell listeners what they have not heard, in order; what one of them changes comes afterwards."""
        while self._untold and self._telling.acquire(blocking=False):
            try:
                while self._untold:
                    changes = self._untold.pop(0)
                    with ExitStack() as stack:  # each is told, whatever another one raises
                        for listener in reversed(self.listeners):
                            stack.callback(listener, changes)
            finally:
                self._telling.release()

    def tell_observers(self, notice: Notice) -> None:
        """Tell observers of one trait."""
        if notice.name in self._computeds and self.is_muted:
            self._postponed.append(notice)  # traitlets would assign at the end what it held back
            return
        value = self._model._trait_values.get(notice.name)
        change = traitlets.Bunch(
            name=notice.name,
            old=native(value if notice.old is ABSENT else notice.old),
            new=native(value if notice.new is ABSENT else notice.new),
            owner=self._model,
            type="change",
            patch=self._patch_of(notice),
        )
        self._model.notify_change(change)

    def _patch_of(self, notice: Notice) -> list[Operation]:
        hold = vars(self._model).get("notify_change")
        if hold is None:
            return notice.operations
        # traitlets holds back the first change of a name and drops the later ones: their operations join it
        if hold is not self._hold:
            self._hold, self._held = hold, {}
        patch = self._held.setdefault(notice.name, [])
        patch += notice.operations
        return patch

    def tell_postponed(self) -> None:
        """Tell observers of computeds what waited for the end of what traitlets held."""
        postponed, self._postponed = self._postponed, []
        for notice in postponed:
            self.tell_observers(notice)

    # -- batches; the lock is held, but where something is told

    @property
    def heard(self) -> int:
        """How many changes wait for the end of a batch."""
        return len(self._batched)

    def forget_since(self, heard: int) -> None:
        """Forget what was done since so many changes waited, of which nothing is left."""
        self.acts = []
        del self._batched[heard:]

    def end_batch(self) -> None:
        """Let listeners hear of a batch, unless another one is open."""
        if self._batched and not self._authority.is_held:
            self._untold.append(self._batched)
            self._batched = []

    def add_return(self, notice: Notice) -> None:
        """Take note of what observers are to be told of a way back."""
        self._returns.append(notice)

    def tell_returns(self) -> None:
        """Tell observers what they had been told, the other way round."""
        with self._authority.held():
            returns, self._returns = self._returns, []
        for notice in returns:
            try:
                self.tell_observers(notice)
            except Exception:  # the reason for the way back is what counts
                _logger.exception("Cannot tell an observer that %r is what it was", notice.name)


def _merged(acts: list[Act]) -> Act:
    """Return one act for all that a patch did: observers of a trait are told once."""
    notices: dict[str, Notice] = {}
    for notice in (notice for act in acts for notice in act.notices):
        whole = notices.setdefault(notice.name, Notice(notice.name, [], notice.old))
        whole.operations += notice.operations
        whole.new = notice.new if notice.new is not ABSENT else whole.new
    return Act([change for act in acts for change in act.changes], list(notices.values()))
