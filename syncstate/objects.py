"""Floor 6. What an annotation that names a class says: a model stands there, or an instance of a dataclass.

What stands there in Python is that object itself. A plain object from a page, or a dict from Python, makes
one; its class may run a person's code then, so `made` does it where no lock is held.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

import traitlets

from syncstate.annotations import register_reader, shape_of
from syncstate.computed import Computed
from syncstate.container_shapes import RecordShape
from syncstate.document import ObjectNode
from syncstate.errors import NotValid
from syncstate.fields import shape_of_trait
from syncstate.forms import registration_of
from syncstate.pointer import parse
from syncstate.records import members_of, more_of, names_of, placed
from syncstate.seams import synced_traits
from syncstate.shapes import Frame, Refusal, Shape, fit, made
from syncstate.tracked import TrackedDict
from syncstate.unions import AnyOf


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
        return _maker(self.cls, self.say())

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return the model of which a plain object names members.

        Raises:
            Refusal: It names others, or values that may not stand there.
            Exception: The class refuses it.
        """
        if not isinstance(value, dict):
            return value
        members = {
            name: self._made_member(name, member, is_from_page=is_from_page)
            for name, member in value.items()
            if not isinstance(synced_traits(self.cls).get(name), Computed)  # it follows from the others
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


class DataclassShape(RecordShape):
    """An instance of a dataclass.

    Args:
        cls: The dataclass.
    """

    holds: type | None = None  # type: ignore[assignment] # a record holds members, this an object
    makes = True

    def __init__(self, cls: type) -> None:
        super().__init__(cls.__name__)
        self.cls = cls
        self.passes = frozenset()

    def say(self) -> str:
        """Name what is expected."""
        return _named(self.cls)

    def admit(self, value: Any) -> tuple[Any, Frame]:
        """Return an instance, and this: it judges the fields.

        Raises:
            Refusal: It is something else, or lacks a field.
        """
        if not isinstance(value, self.cls):
            raise self.refuse(value)
        if value.__class__ is not self.cls:  # a subclass may have more fields
            return frame_of(value.__class__).admit(value)
        members = members_of(value)
        for name in self.required:
            if name not in members:
                raise Refusal(value, f"{name!r} has no value; {self.say()} has {self._say_members()}")
        return value, self

    def fit_in(self, value: Any) -> Any:
        """Return an instance with all in it as it will stand there."""
        members = members_of(value)
        fitted = super().fit_in(members)
        return value if fitted is members else placed(self.cls, TrackedDict(fitted), more_of(value))

    def factory(self) -> Callable[[], Any]:
        """Return what makes an instance when nobody says more: the dataclass.

        Raises:
            TypeError: It needs arguments.
        """
        return _maker(self.cls, self.say())

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return the instance of which a plain object names the fields.

        Raises:
            Refusal: It names others, or lacks some, or holds values that may not stand there.
            Exception: The dataclass refuses it.
        """
        if not isinstance(value, dict):
            return value
        members = {name: self._made_member(name, member, is_from_page) for name, member in value.items()}
        fields = self.cls.__dataclass_fields__  # type: ignore[attr-defined] # it is a dataclass
        for name in self.required:
            if fields[name].init and name not in members and is_needed(fields[name]):
                raise Refusal(value, f"{name!r} is missing; {self.say()} has {self._say_members()}")
        instance = self.cls(**{name: member for name, member in members.items() if fields[name].init})
        for name, member in members.items():
            if not fields[name].init:
                object.__setattr__(instance, name, member)
        return placed(self.cls, TrackedDict(members_of(instance)), more_of(instance))

    def _made_member(self, name: str, value: Any, is_from_page: bool) -> Any:
        try:
            shape = self.at(name)
            return fit(shape, made(shape, value, is_from_page=is_from_page))
        except Refusal as refusal:
            refusal.tokens.append(name)
            raise


def is_needed(field: Any) -> bool:
    """Whether an instance of a dataclass cannot be made without a value for a field."""
    import dataclasses

    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def frame_of(cls: Any) -> DataclassShape:
    """Return what may stand in an instance of a dataclass.

    Raises:
        TypeError: A field's type has no place in a document.
    """
    known: DataclassShape | None = vars(cls).get("_synced_frame")
    if known is None:
        known = cls._synced_frame = DataclassShape(cls)  # first: it may be in itself
        try:
            known.members = dict(_fields_of(cls))
            known.required = tuple(known.members)
        except BaseException:
            del cls._synced_frame
            raise
    return known


def _fields_of(cls: type) -> Iterator[tuple[str, Shape | None]]:
    scope = {**vars(sys.modules.get(cls.__module__, types)), cls.__name__: cls}
    try:
        hints = get_type_hints(cls, scope, include_extras=True)
    except NameError as error:
        raise TypeError(f"{cls.__name__} names {error.name!r}, which is not defined") from None
    for name in names_of(cls):
        if name.startswith("_synced_") or name == "__dict__":
            raise TypeError(f"{cls.__name__} has a field {name!r}; that name is taken")
        try:
            yield name, shape_of(hints[name], scope)
        except TypeError as error:
            raise TypeError(f"of the field {name!r} of {cls.__name__}: {error}") from None


@register_reader
def _read_dataclass(annotation: Any) -> Shape | None:
    is_one = isinstance(annotation, type) and "__dataclass_fields__" in dir(annotation)
    return frame_of(annotation) if is_one and registration_of(annotation) is None else None


def _maker(cls: type, said: str) -> Callable[[], Any]:
    needed = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        names = ", ".join(map(repr, needed))
        raise TypeError(f"to make {said} takes {names}; give it a default, or a factory")
    return cls


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
