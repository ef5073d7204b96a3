"""Floor 4. What validators say of a patch; a person's own are asked while no lock is held.

What a person wrote may take its time, take locks, write into other models. So it is never run under a
model's lock: two models whose validators write into each other could wait for each other for ever, and a
slow one would stop the flushes of all. It is asked about a copy, and what it said is looked at under the
lock, when the document may be another one:

- it accepted the value as it was proposed: the patch happens to the document as it is by then. That is what
  would have come of it had the others done their changes a moment later;
- it made something else of the value: that happens if the value is still the same, else it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from syncstate.document import CONTAINERS, Json, copied, same
from syncstate.errors import Conflict
from syncstate.patch import Operation
from syncstate.pointer import join

ATTEMPTS = 10
"""How often validators are asked about one patch while other threads change what they judge."""


class Judge(Protocol):
    """Who knows the traits: a model's document."""

    def is_free(self, name: str) -> bool:
        """Whether more than traitlets' own code decides about a member."""

    def ask(self, name: str, value: Json) -> tuple[Any, Json]:
        """Return what a member's validators make of a value: for the trait, and as it is on the wire.

        Raises:
            Exception: They refuse it.
        """

    def decode(self, name: str, value: Json) -> Any:
        """Return a value from the wire as a member's trait has it."""

    def makes(self, operation: Operation) -> bool:
        """Whether an operation's value stands for objects of a person's own classes."""

    def make(self, operation: Operation, *, is_from_page: bool) -> Any:
        """Return an operation's value with these objects.

        Raises:
            Exception: It stands for none.
        """


class Trial(Protocol):
    """A patch that was applied, of which nobody is told until the model as it is then was looked at.

    Attributes:
        hold: What holds it back.
        is_wanted: It was applied and is still to be looked at.
    """

    hold: Any
    is_wanted: bool

    def ask(self) -> None:
        """Look at the model, and take the patch back if it is refused; the lock is not held."""

    def end(self) -> None:
        """Hold nothing back any more; the lock is not held."""


class Verdicts:
    """What is known of one patch.

    Args:
        judge: Whose validators are asked.

    Attributes:
        is_for_page: A page wants the patch, and may not do all that Python may.
        is_return: The patch brings back what was there before, also what no page may write.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.is_for_page = False
        self.is_return = False
        self._way_back: list[Operation] = []
        self._makings: list[tuple[int, Operation]] = []
        self._made: dict[tuple[int, int], _Making] = {}
        self._attempts = 0
        self._wanted: list[_Verdict] = []
        self._deferred: list[Callable[[], object]] = []
        self._known: dict[str, _Verdict] = {}
        self._others: dict[int, Verdicts] = {}
        self.trial: Trial | None = None

    def of(self, judge: Judge) -> Verdicts:
        """Return what is known of the part of the patch that another judge decides about."""
        if judge is self._judge:
            return self
        other = self._others.setdefault(id(judge), Verdicts(judge))  # it holds it: the id is not used again
        other.is_for_page, other.is_return = self.is_for_page, self.is_return
        return other

    def to_go_back(self, operations: list[Operation]) -> list[Operation]:
        """Return the operations of a way back: those of the last time if they are the same.

        What was made is known by the very values.
        """
        self.is_return = True
        if not same(cast("Json", operations), cast("Json", self._way_back)):
            self._way_back = operations
        return self._way_back

    def made(self, operations: list[Operation]) -> list[Operation]:
        """Return operations with the objects that their values stand for; the lock is held.

        Where they are still to be made they are wanted, and the operation is as it was.

        Raises:
            Exception: A value stands for none.
        """
        return [self._with_made(operation, place) for place, operation in enumerate(operations)]

    def _with_made(self, operation: Operation, place: int) -> Operation:
        value = operation.get("value")
        if operation["op"] == "test" or not isinstance(value, (list, dict)):
            return operation
        making = self._made.get((place, id(value)))  # one value in two operations makes two
        if making is not None:
            return {**operation, "value": making.result()}
        if self._judge.makes(operation):
            self._makings.append((place, operation))
        return operation

    @property
    def are_wanted(self) -> bool:
        """Whether somebody has yet to be asked."""
        if self.trial is not None and self.trial.is_wanted:
            return True
        if self._wanted or self._makings or self._deferred:
            return True
        return bool(self._others) and any(other.are_wanted for other in self._others.values())

    def finish(self) -> None:
        """End what is left of a trial; the lock is not held."""
        if self.trial is not None:
            self.trial.end()

    def defer(self, work: Callable[[], object]) -> None:
        """Have something done first that needs no lock; the lock is held."""
        self._deferred.append(work)

    def on(self, name: str, value: Json) -> Any:
        """Return what becomes of a value that is proposed for a member; the lock is held.

        Returns:
            The trait's value, or None if its verdict is wanted first.

        Raises:
            Exception: The value is refused.
            Conflict: Its validators were asked often enough.
        """
        if not self._judge.is_free(name):
            accepted, _ = self._judge.ask(name, value)
            return accepted
        known = self._known.get(name)
        if known is not None and not known.is_untouched and known.is_about(value):
            return known.accepted_of(value)
        if known is not None and known.is_as_proposed:
            return self._judge.decode(name, value)
        if self._attempts == ATTEMPTS:
            raise Conflict(
                join(name), "it changed again and again while its validators were asked; try again"
            )
        self._wanted.append(_Verdict(name, value))
        return None

    def ask(self) -> None:
        """Ask those whose verdicts are wanted; the lock is not held."""
        if self.trial is not None and self.trial.is_wanted:
            self.trial.ask()
        for other in self._others.values():
            if other.are_wanted:
                other.ask()
        makings, self._makings = self._makings, []
        for place, operation in makings:
            self._made[place, id(operation.get("value"))] = _Making(
                self._judge, operation, self.is_for_page and not self.is_return
            )
        deferred, self._deferred = self._deferred, []
        for work in deferred:
            work()
        wanted, self._wanted = self._wanted, []
        self._attempts += 1
        for verdict in wanted:
            verdict.reach(self._judge)
            self._known[verdict.name] = verdict


class _Making:
    """What an operation's value made, once: it is the same object however often the patch is looked at."""

    def __init__(self, judge: Judge, operation: Operation, is_for_page: bool) -> None:
        self._operation = operation  # held, so that the id of its value is not used again
        self._made: Any = None
        self._refusal: Exception | None = None
        try:
            self._made = judge.make(operation, is_from_page=is_for_page)
        except Exception as refusal:
            self._refusal = refusal

    def result(self) -> Any:
        if self._refusal is not None:
            raise self._refusal
        return self._made


class _Verdict:
    """What the validators of a member said of one value."""

    def __init__(self, name: str, value: Json) -> None:
        self.name = name
        self.is_as_proposed = False
        self.is_untouched = False
        """Whether they gave back the very copy, as it was: then there is nothing to compare."""
        self._value = copied(value)
        self._copy = copied(self._value)  # theirs: whatever they do to it, they do to no document
        self._accepted: Any = None
        self._refusal: Exception | None = None

    def reach(self, judge: Judge) -> None:
        try:
            self._accepted, wire = judge.ask(self.name, self._copy)
            self.is_as_proposed = same(wire, self._value)
            self.is_untouched = self.is_as_proposed and self._accepted is self._copy
        except Exception as refusal:
            self._refusal = refusal

    def is_about(self, value: Json) -> bool:
        return self._refusal is not None or same(value, self._value)

    def accepted_of(self, value: Json) -> Any:
        if self._refusal is not None:
            raise self._refusal
        originals = dict(_elements(value))
        keys = {id(element): key for key, element in _elements(self._copy) if isinstance(element, CONTAINERS)}

        def original(element: Any) -> Any:
            """Return what an element is a copy of: what the user holds stays what it is."""
            found = originals.get(keys.get(id(element)), element)
            return found if same(found, element) else element

        accepted = self._accepted
        if type(accepted) is list:
            return [*map(original, accepted)]
        return {name: original(e) for name, e in accepted.items()} if type(accepted) is dict else accepted


def _elements(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
