"""Floor 6. What an annotation that names a model says: a nested model stands there.

What stands there in Python is the model itself. A plain object that comes from a page, or a dict from Python,
makes one; its class may run a person's code then, so `made` does it where no lock is held.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from syncstate.annotations import register_reader
from syncstate.document import ObjectNode
from syncstate.errors import NotValid
from syncstate.fields import shape_of_trait
from syncstate.pointer import parse
from syncstate.seams import synced_traits
from syncstate.shapes import AnyOf, Frame, Refusal, Shape, made


class ModelShape(Shape):
    """A model of a class.

    Args:
        cls: The class, a `SyncedModel`; it may be in the making still.
    """

    makes = True

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.passes = frozenset({cls})

    def say(self) -> str:
        """Name what is expected."""
        return _named(self.cls)

    def admit(self, value: Any) -> tuple[Any, None]:
        """Return a model of the class; nothing is made here.

        Raises:
            Refusal: It is something else.
        """
        if not isinstance(value, self.cls):
            raise self.refuse(value)
        return value, None

    def factory(self) -> Callable[[], Any]:
        """Return what makes a model when nobody says more: its class.

        Raises:
            TypeError: It needs arguments.
        """
        needed = [
            name
            for name, parameter in inspect.signature(self.cls).parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        if needed:
            way = "give it a default, or a factory"
            raise TypeError(f"to make {self.say()} takes {', '.join(map(repr, needed))}; {way}")
        return self.cls

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return the model of which a plain object names members.

        Raises:
            Refusal: It names others, or values that may not stand there.
            Exception: The class refuses it.
        """
        if not isinstance(value, dict):
            return value
        members = {
            name: self._made_member(name, member, is_from_page=is_from_page) for name, member in value.items()
        }
        try:
            return self.cls(**members)
        except NotValid as error:
            refusal = Refusal(error.value, str(error).partition(": ")[2])
            refusal.tokens += reversed(parse(error.pointer or ""))
            raise refusal from error

    def _made_member(self, name: Any, value: Any, *, is_from_page: bool) -> Any:
        trait = synced_traits(self.cls).get(name)
        try:
            if trait is None:
                known = ", ".join(map(repr, synced_traits(self.cls))) or "none"
                raise Refusal(value, f"{self.say()} has no such member; it has {known}")
            if is_from_page and is_read_only(trait):
                raise Refusal(value, f"{name!r} of {self.say()} is read-only for pages; leave it out")
            return made(shape_of_trait(trait), value, is_from_page=is_from_page)
        except Refusal as refusal:
            refusal.tokens.append(name)
            raise


def is_read_only(trait: traitlets.TraitType[Any, Any]) -> bool:
    """Whether no page may write a member."""
    return bool(trait.read_only or trait.metadata.get("read_only"))


def declared(members: Mapping[str, traitlets.TraitType[Any, Any]], pointer: str) -> Shape | None:
    """Return the shape that classes declare for a location, or None if they say nothing of it.

    Args:
        members: The traits of the model in which the pointer begins.
        pointer: The location.
    """
    tokens = parse(pointer)
    trait = members.get(tokens[0]) if tokens else None
    shape = shape_of_trait(trait) if trait is not None else None
    for token in tokens[1:]:
        shape = _below(shape, token)
    return shape


def _below(shape: Shape | None, token: str) -> Shape | None:
    if isinstance(shape, AnyOf):
        below = [found for branch in shape.branches if (found := _below(branch, token)) is not None]
        return below[0] if len(below) == 1 else None
    if isinstance(shape, ModelShape):
        trait = synced_traits(shape.cls).get(token)
        return shape_of_trait(trait) if trait is not None else None
    found = shape.reach(token, is_resized=False) if isinstance(shape, Frame) else None
    return found if isinstance(found, Shape) else None


@register_reader
def _read_model(annotation: Any) -> Shape | None:
    is_model = isinstance(annotation, type) and issubclass(annotation, ObjectNode)
    return ModelShape(annotation) if is_model and issubclass(annotation, traitlets.HasTraits) else None


def _named(cls: type) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIOUaeiou' else 'a'} {cls.__name__}"
