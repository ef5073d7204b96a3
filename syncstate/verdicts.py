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

from collections.abc import Iterable
from typing import Any, Protocol

from syncstate.document import Json, plain, same
from syncstate.errors import Conflict
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


class Verdicts:
    """What is known of one patch.

    Args:
        judge: Whose validators are asked.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._attempts = 0
        self._wanted: list[_Verdict] = []
        self._known: dict[str, _Verdict] = {}

    @property
    def are_wanted(self) -> bool:
        """Whether somebody has yet to be asked."""
        return bool(self._wanted)

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
        wanted, self._wanted = self._wanted, []
        self._attempts += 1
        for verdict in wanted:
            verdict.reach(self._judge)
            self._known[verdict.name] = verdict


class _Verdict:
    """What the validators of a member said of one value."""

    def __init__(self, name: str, value: Json) -> None:
        self.name = name
        self.is_as_proposed = False
        self.is_untouched = False
        """Whether they gave back the very copy, as it was: then there is nothing to compare."""
        self._value = plain(value)
        self._copy = plain(self._value)  # theirs: whatever they do to it, they do to no document
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
        keys = {
            id(element): key for key, element in _elements(self._copy) if isinstance(element, (list, dict))
        }

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
