"""Floor 6. Where traitlets is met: two seams that every value passes.

- `TraitType._validate`, called for defaults, constructor arguments, assignments, `set_trait`, and what
  `@validate` returns: a value comes in, and is taken;
- the instance's `_trait_values`, the dict where traitlets keeps values: one is stored, also when it is
  equal to the old one (which traitlets tells nobody) and when `hold_trait_notifications` rolls back.

Both are private names of traitlets; docs/decisions/0005-two-seams-of-traitlets.md says why these.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any, Protocol

import traitlets

from syncstate.computed import Computed
from syncstate.document import SCALARS, kind
from syncstate.nodes import is_tracked
from syncstate.readings import demand_no_reading, note, open_readings
from syncstate.values import is_scalar

_ABSENT: Any = object()


class Keeper(Protocol):
    """Who is told of an instance's values: its document."""

    model: traitlets.HasTraits

    def take(self, name: str, value: Any) -> Any:
        """Return a value that a trait accepted as it shall be stored."""

    def store_scalar(self, values: dict[str, Any], name: str, value: Any) -> bool:
        """Put a scalar there if it is a synced trait's that holds a scalar, and say whether it was."""

    def store_local(self, name: str) -> None:
        """Take note that a trait was set that pages do not see."""

    def store(self, values: dict[str, Any], name: str, value: Any) -> None:
        """Put a value into the dict where traitlets keeps it."""

    def forget(self, values: dict[str, Any], name: str) -> Any:
        """Take a value out of that dict, and return it."""


class TraitValues(dict[str, Any]):
    """The dict in which traitlets keeps an instance's values, as a seam: storing is noticed."""

    __slots__ = ("_document",)

    def __init__(self, document: Keeper, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._document = document

    def __setitem__(self, name: str, value: Any) -> None:
        document = self._document
        if open_readings and name in self:  # a default may come in while it is read
            demand_no_reading(document.model, name)
        if type(value) in SCALARS and document.store_scalar(self, name, value):
            return
        if name in synced_traits(type(document.model)):
            document.store(self, name, value)
        else:
            dict.__setitem__(self, name, value)
            document.store_local(name)

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a value; a synced one falls back to its default."""
        if name in self and name in synced_traits(type(self._document.model)):
            return self._document.forget(self, name)
        return dict.pop(self, name, *default)


def synced_traits(cls: type) -> dict[str, traitlets.TraitType[Any, Any]]:
    """Return a class's synced traits by name as declared, base classes first, what is computed last."""
    cached = cls.__dict__.get("_synced_traits")
    if cached is not None:
        return cached  # type: ignore[no-any-return] # it is what stands below
    found: dict[str, traitlets.TraitType[Any, Any]] = {}
    for klass in reversed(cls.__mro__):
        for name, value in klass.__dict__.items():
            if isinstance(value, traitlets.TraitType) and value.metadata.get("sync") and name[0] != "_":
                found[name] = value
            elif name in found:
                del found[name]
    last = {name: trait for name, trait in found.items() if isinstance(trait, Computed)}
    found = {name: trait for name, trait in found.items() if name not in last} | last
    cls._synced_traits = found  # type: ignore[attr-defined] # a cache; every class has its own
    return found


def install(trait: traitlets.TraitType[Any, Any]) -> None:
    """Make a trait hand what it accepted to the document of the instance that it is for."""
    if isinstance(trait, Computed) or isinstance(trait.__dict__.get("_validate"), _Taking):
        return
    trait._validate = _Taking(trait)  # type: ignore[method-assign] # the one seam that every value passes


def install_reading(trait: traitlets.TraitType[Any, Any]) -> None:
    """Make a trait tell which computed reads it."""
    if isinstance(trait, Computed) or "get" in trait.__dict__:
        return
    own = trait.get

    def get(obj: Any, cls: Any = None) -> Any:
        if open_readings:
            note(obj, trait.name)  # type: ignore[arg-type] # what is read has a name
        return own(obj, cls)

    def get_quickly(obj: Any, cls: Any = None) -> Any:
        if open_readings:
            note(obj, trait.name)  # type: ignore[arg-type] # what is read has a name
        try:
            return obj._trait_values[trait.name]
        except KeyError:
            return own(obj, cls)  # which makes the default

    is_plain = type(trait).get is traitlets.TraitType.get
    trait.get = get_quickly if is_plain else get  # type: ignore[method-assign] # what every read of an instance's trait passes


def trait_validate(trait: traitlets.TraitType[Any, Any]) -> Callable[[Any, Any], Any]:
    """Return a trait's own validation, which takes nothing in."""
    return trait.__dict__["_validate"].validate  # type: ignore[no-any-return] # a bound method of the trait


class _Taking:
    """A trait's `_validate`, followed by the intake."""

    __slots__ = ("_trait", "validate")

    def __init__(self, trait: traitlets.TraitType[Any, Any]) -> None:
        self._trait = trait
        self.validate = trait._validate

    def __call__(self, obj: Any, value: Any) -> Any:
        accepted = self.validate(obj, value)
        if is_scalar(accepted):
            return accepted
        if is_tracked(value) and is_rebuilt(value, accepted):
            accepted = value  # so that a container that was put back is the one that its owner holds
        document = getattr(obj, "_document", None)  # to look into __dict__ slows all attributes down
        if document is None or self._trait.name is None:
            return accepted
        return document.take(self._trait.name, accepted)


def is_rebuilt(value: Any, accepted: Any) -> bool:
    """Whether a trait made a new container of the very things that were in another one: element traits do."""
    if accepted is value or type(accepted) not in (list, dict):
        return False
    if kind(accepted) != kind(value) or len(accepted) != len(value):
        return False
    if isinstance(value, dict):
        return all(value.get(name, _ABSENT) is member for name, member in accepted.items())
    return all(map(is_, value, accepted))
