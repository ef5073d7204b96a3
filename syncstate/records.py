"""Floor 2. Instances of dataclasses as objects of a document.

What stands in a document is an instance of a class that is made once for each dataclass, and derived from it.
Its `__dict__` is the container that reports: so reading an attribute costs what it costs in Python, and
writing one is an item of that container. To everybody who asks (`__class__`, `==`, `repr`, `match`,
`dataclasses.replace`) it is an instance of the dataclass itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from syncstate.document import JsonObject, ObjectNode, copied, fresh

_NOWHERE: Any = object()


class Record(ObjectNode):
    """An instance of a dataclass in a document.

    Attributes:
        _synced_base: The dataclass.
        _synced_names: The names of its fields.
    """

    __slots__ = ()

    _synced_base: ClassVar[type]
    _synced_names: ClassVar[frozenset[str]]

    @property
    def _synced_node(self) -> Any:
        return self.__dict__

    def _synced_members(self) -> JsonObject:
        return self.__dict__

    def _synced_twin(self) -> Any:
        members = {name: copied(value) for name, value in self.__dict__.items()}
        return placed(self._synced_base, type(self.__dict__)(members), more_of(self))

    def _synced_copy(self) -> Any:
        members = {name: fresh(value) for name, value in self.__dict__.items()}
        return restored(self._synced_base, {**more_of(self), **members})

    def __reduce_ex__(self, protocol: Any) -> Any:
        return restored, (self._synced_base, {**more_of(self), **self.__dict__})

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Cannot delete {name!r} of a {self._synced_base.__name__}: a page shows it")


def is_instance(value: object) -> bool:
    """Whether a value is an instance of a dataclass that stands in no document."""
    return hasattr(type(value), "__dataclass_fields__") and not isinstance(value, Record)


def is_frozen(cls: type) -> bool:
    """Whether a dataclass's instances do not change."""
    return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined] # it is a dataclass


def names_of(cls: Any) -> list[str]:
    """Return the names of a dataclass's fields, in order."""
    import dataclasses

    return [field.name for field in dataclasses.fields(cls)]


def members_of(value: Any) -> dict[str, Any]:
    """Return the fields of an instance of a dataclass, as far as they have values; it may stand somewhere."""
    if isinstance(value, Record):
        return dict(value.__dict__)
    names = record_class(type(value))._synced_names
    held = getattr(value, "__dict__", None)
    if held is not None and held.keys() == names:  # as of most
        return dict(held)
    found = {name: getattr(value, name, _NOWHERE) for name in names_of(type(value))}
    return {name: member for name, member in found.items() if member is not _NOWHERE}


def restored(cls: type, members: Mapping[str, Any]) -> Any:
    """Return an instance of a dataclass with some values, of which its own code hears nothing."""
    maker: Any = cls
    instance = maker.__new__(cls)
    for name, value in members.items():
        object.__setattr__(instance, name, value)
    return instance


def placed(cls: type, node: dict[str, Any], more: Mapping[str, Any] | None = None) -> Record:
    """Return the object of which a container holds the fields.

    Args:
        cls: The dataclass, or the class that was made for it.
        node: The container.
        more: What else its instance held; that stays in Python.
    """
    made: Any = cls if issubclass(cls, Record) else record_class(cls)
    instance: Record = made.__new__(made)
    object.__setattr__(instance, "__dict__", node)
    if more:
        object.__setattr__(instance, "_synced_more", dict(more))
    return instance


def more_of(value: Any) -> dict[str, Any]:
    """Return what an instance of a dataclass holds beside its fields."""
    if isinstance(value, Record):
        return dict(getattr(value, "_synced_more", None) or {})
    names = record_class(type(value))._synced_names
    held = getattr(value, "__dict__", None)
    if held is None or held.keys() == names:  # as of most
        return {}
    return {name: member for name, member in held.items() if name not in names}


def record_class(cls: Any) -> type[Record]:
    """Return the class of a dataclass's instances in documents."""
    known: type[Record] | None = vars(cls).get("_synced_record")
    if known is None:
        known = cls._synced_record = _made_class(cls)
    return known


def _made_class(cls: type) -> type[Record]:
    names = names_of(cls)
    body: dict[str, Any] = {
        "__slots__": ("__dict__", "_synced_more") if cls.__dictoffset__ == 0 else ("_synced_more",),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__class__": property(lambda self: cls),
        "__hash__": cls.__hash__,
        "__getattr__": _getattr_of(cls),
        "_synced_base": cls,
        "_synced_names": frozenset(names),
    }
    if is_frozen(cls):
        body["_synced_is_frozen"] = True
    else:
        body["__setattr__"] = _setattr_of(frozenset(names), is_open=cls.__dictoffset__ != 0)
    if any({*names} & {*vars(base).get("__slots__", ())} for base in cls.__mro__):
        body |= {name: property(_reader(name)) for name in names}  # else the slot, which is empty, is read
    for base in reversed(cls.__mro__):  # what is cached in __dict__ would be in the document
        for name, member in vars(base).items():
            if isinstance(member, cached_property) and getattr(cls, name, None) is member:
                body[name] = property(member.__dict__["func"])
    meta: Any = type(cls)  # an ABC's, say
    made: Any = meta(cls.__name__, (Record, cls), body)
    return made  # type: ignore[no-any-return] # it is what was just made


def _setattr_of(names: frozenset[str], *, is_open: bool) -> Any:
    def write(self: Any, name: str, value: Any) -> None:
        if name in names:
            self.__dict__[name] = value
        elif hasattr(getattr(type(self), name, None), "__set__"):
            object.__setattr__(self, name, value)
        elif not is_open:
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")
        else:
            _hold(self)[name] = value

    return write


def _hold(record: Any) -> dict[str, Any]:
    """Return what a record holds in Python alone."""
    try:
        return record._synced_more  # type: ignore[no-any-return] # a dict, or it is not there
    except AttributeError:
        more: dict[str, Any] = {}
        object.__setattr__(record, "_synced_more", more)
        return more


def _getattr_of(cls: Any) -> Any:
    def find(self: Any, name: str) -> Any:
        if name != "_synced_more":
            try:
                return self._synced_more[name]
            except (AttributeError, KeyError):
                pass
        theirs = getattr(cls, "__getattr__", None)
        if theirs is not None:
            return theirs(self, name)
        raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}", name=name, obj=self)

    return find


def _reader(name: str) -> Any:
    def read(self: Any) -> Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    return read
