"""Floor 7. What the types of a model say, as a JSON Schema (draft 2020-12).

Whoever builds a form from it knows what a person may enter where, and what to call it: pages do, for a model
that brings no view. Own keywords say what JSON Schema has no word for:

```
    actions         of a model: what pages may call, by name
    leaf            what stands there is no JSON but a leaf beside it: bytes, an array, a registered type
    step            by how much a control goes up and down; other values stay allowed
    formatMinimum   the least date or time, as text; formatMaximum the greatest
    widget          with which control a person wants to see it
```
"""

from __future__ import annotations

import enum
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from math import isfinite
from types import NoneType
from typing import Any, TypeAlias

import traitlets

from syncstate.actions import Action
from syncstate.annotations import shape_of
from syncstate.computed import Computed
from syncstate.container_shapes import DictShape, ListShape, RecordShape, TupleShape
from syncstate.fields import TraitShape, shape_of_trait
from syncstate.forms import registration_of
from syncstate.leaf_shapes import (
    ArrayShape,
    Choice,
    Flags,
    Limits,
    Registered,
    Scalar,
    TableShape,
)
from syncstate.objects import DataclassShape, ModelShape, is_needed, is_read_only
from syncstate.seams import synced_traits
from syncstate.shapes import ABSENT, Shape
from syncstate.unions import AnyOf

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(model: type) -> Schema:
    """Return the JSON Schema of a model's document, with what pages may call.

    Args:
        model: The class, a `SyncedModel`.

    Examples:
        >>> from syncstate import SyncedModel, synced
        >>> class Board(SyncedModel):
        ...     max_delay: float = synced(0.5, min=0, max=1, help="In hours")
        >>> schema_of(Board)["properties"]["max_delay"]
        {'type': 'number', 'minimum': 0, 'maximum': 1, 'title': 'Max delay', 'description': 'In hours'}
    """
    return _Writing(model).write()


def humanised(name: str) -> str:
    """Return the name of a member as a person reads it.

    Examples:
        >>> humanised("max_delay"), humanised("maxDelay"), humanised("URL")
        ('Max delay', 'Max delay', 'URL')
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name).replace("_", " ").split()
    told = [word if sum(map(str.isupper, word)) > 1 else word.lower() for word in words]
    text = " ".join(told) or name
    return text[:1].upper() + text[1:]


class _Writing:
    """One schema being written.

    Args:
        root: The class of the model.
    """

    def __init__(self, root: type) -> None:
        self._root = root
        self._names: dict[Any, str] = {}  # of what has a definition of its own, which may be in itself
        self._definitions: dict[str, Schema] = {}

    def write(self) -> Schema:
        written = {"$schema": DIALECT, **self._model(self._root)}
        if self._definitions:
            written["$defs"] = self._definitions
        return written

    def shape(self, shape: Shape | None) -> Schema:
        """Return what is said of a place where a shape is responsible; nothing where anything may stand."""
        write = next((_WRITERS[kind] for kind in type(shape).__mro__ if kind in _WRITERS), None)
        return {} if write is None else write(self, shape)

    def optional(self, name: str, shape: Shape | None, default: Any = ABSENT) -> Schema:
        """Return what is said of a member, of a field or of a parameter."""
        written = self.shape(shape)
        written.setdefault("title", humanised(name))
        if default is not ABSENT and (told := _told(default)) is not ABSENT:
            written["default"] = told
        return written

    # -- models and other objects with a name of their own

    def _model(self, cls: type) -> Schema:
        members = synced_traits(cls)
        written = {
            "title": humanised(cls.__name__),
            "description": _first_sentences(vars(cls).get("__doc__")),
            "type": "object",
            "properties": {name: self._member(cls, name, trait) for name, trait in members.items()},
            "additionalProperties": False,
        }
        known: Mapping[str, Action] = getattr(cls, "_actions", {})
        if known:
            written["actions"] = {name: self._action(action) for name, action in known.items()}
        return {word: said for word, said in written.items() if said != ""}

    def _member(self, cls: type, name: str, trait: traitlets.TraitType[Any, Any]) -> Schema:
        shape = _returned(cls, trait) if isinstance(trait, Computed) else shape_of_trait(trait)
        written = self.shape(shape)
        notes = _notes({**trait.metadata, "help": trait.help})
        written = {**written, "title": humanised(name), **notes}
        if is_read_only(trait):
            written["readOnly"] = True
        return written

    def _action(self, action: Action) -> Schema:
        parameters = action.parameters
        named = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
        rest = [each for each in parameters if each.kind is each.VAR_KEYWORD]
        taken: Schema = {
            "type": "object",
            "properties": {
                each.name: self.optional(
                    each.name,
                    action.shape_of(each.name),
                    ABSENT if each.default is each.empty else each.default,
                )
                for each in named
            },
            "required": [each.name for each in named if each.default is each.empty],
            "additionalProperties": self.shape(action.shape_of(rest[0].name)) if rest else False,
        }
        positional = [each.name for each in named if each.kind is each.POSITIONAL_ONLY]
        if positional:
            taken["positional"] = positional
        help_ = _first_sentences(action.method.__doc__)
        described = {"description": help_} if help_ else {}
        return {"title": humanised(action.name), **described, "parameters": taken}

    def _refer(self, owner: Any, name: str, write: Callable[[], Schema]) -> Schema:
        """Return a reference to the definition of an object, which is written when it is first met."""
        if owner is self._root:
            return {"$ref": "#"}
        if owner not in self._names:
            self._names[owner] = name = self._free(name)
            self._definitions[name] = {}  # first: it may be in itself
            self._definitions[name] = write()
        return {"$ref": f"#/$defs/{self._names[owner]}"}

    def _free(self, name: str) -> str:
        numbered = (f"{name}{number}" for number in range(2, sys.maxsize))
        return (
            name if name not in self._definitions else next(n for n in numbered if n not in self._definitions)
        )

    def _of_model(self, shape: ModelShape) -> Schema:
        return self._refer(shape.cls, shape.cls.__name__, lambda: self._model(shape.cls))

    def _of_dataclass(self, shape: DataclassShape) -> Schema:
        cls: Any = shape.cls
        doc = vars(cls).get("__doc__") or ""
        fields = cls.__dataclass_fields__
        needed = [name for name in shape.required if fields[name].init and is_needed(fields[name])]
        told = "" if doc.startswith(f"{cls.__name__}(") else _first_sentences(doc)  # else it made itself
        defaults = {name: fields[name].default for name in shape.members if not is_needed(fields[name])}
        return self._refer(cls, cls.__name__, lambda: self._record(shape, needed, told, defaults))

    def _of_record(self, shape: RecordShape) -> Schema:
        return self._refer(shape, shape.name, lambda: self._record(shape, [*shape.required]))

    def _record(
        self, shape: RecordShape, needed: list[str], told: str = "", defaults: Mapping[str, Any] | None = None
    ) -> Schema:
        written: Schema = {
            "title": humanised(shape.name),
            "description": told,
            "type": "object",
            "properties": {
                name: self.optional(name, member, (defaults or {}).get(name, ABSENT))
                for name, member in shape.members.items()
            },
            "required": needed,
            "additionalProperties": False,
        }
        return {word: said for word, said in written.items() if said not in ("", [])}

    # -- containers

    def _of_list(self, shape: ListShape) -> Schema:
        bounds = {"minItems": shape.shortest or None, "maxItems": shape.longest}
        items = self.shape(shape.element)
        written = {"type": "array", **_there(bounds), **_notes(shape.notes)}
        return written | {"items": items} if items else written

    def _of_tuple(self, shape: TupleShape) -> Schema:
        items = [*map(self.shape, shape.elements)]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}

    def _of_dict(self, shape: DictShape) -> Schema:
        written: Schema = {"type": "object"}
        if shape.named:
            written["properties"] = {name: self.optional(name, each) for name, each in shape.named.items()}
        if shape.name is not None:
            written["propertyNames"] = self.shape(shape.name)
        members = self.shape(shape.member)
        return written | {"additionalProperties": members} if members else written

    def _of_union(self, shape: AnyOf) -> Schema:
        return {"anyOf": [*map(self.shape, shape.branches)], **_notes(shape.notes)}

    # -- leaves

    def _of_scalar(self, shape: Scalar) -> Schema:
        return {**_SCALARS[shape.type], **_limits(shape.limits), **_notes(shape.notes)}

    def _of_choice(self, shape: Choice) -> Schema:
        members = [choice for choice in shape.choices if isinstance(choice, enum.Enum)]
        if members and len(members) == len(shape.choices):
            told = [(_told(member), _title_of(member)) for member in members]
            if ABSENT in (form for form, _ in told):  # they are registered, and travel as leaves
                return _of_type(type(members[0]))
            return {"oneOf": [{"const": form, "title": title} for form, title in told], **_notes(shape.notes)}
        return {"enum": [*map(_told, shape.choices)], **_notes(shape.notes)}

    def _of_flags(self, shape: Flags) -> Schema:
        if registration_of(shape.flag) is not None:
            return _of_type(shape.flag)
        return {
            "type": "integer",
            "description": f"Of {', '.join(f'{m.value} {_title_of(m)}' for m in shape.flag)}",
        }

    def _of_registered(self, shape: Registered) -> Schema:
        return _of_type(shape.type)

    def _of_array(self, shape: ArrayShape) -> Schema:
        return {"leaf": "array"} | ({} if shape.dtype is None else {"dtype": str(shape.dtype)})

    def _of_table(self, shape: TableShape) -> Schema:
        return {"type": "object", "leaf": "table"}

    def _of_trait(self, shape: TraitShape) -> Schema:
        trait: Any = shape.trait
        if isinstance(trait, traitlets.UseEnum):
            return self._of_choice(Choice([*trait.enum_class]))
        if isinstance(trait, traitlets.Enum):
            told = [*map(_told, trait.values or ())]
            return {"enum": told} if told and ABSENT not in told else {}
        kind = next((_TRAITS[each] for each in type(trait).__mro__ if each in _TRAITS), None)
        if kind is None:
            return {}
        limits = Limits(getattr(trait, "min", None), getattr(trait, "max", None))
        return {**_SCALARS[kind], **_limits(limits)}


_WRITERS: dict[type, Callable[[_Writing, Any], Schema]] = {
    Scalar: _Writing._of_scalar,
    Choice: _Writing._of_choice,
    Flags: _Writing._of_flags,
    Registered: _Writing._of_registered,
    ArrayShape: _Writing._of_array,
    TableShape: _Writing._of_table,
    ListShape: _Writing._of_list,
    TupleShape: _Writing._of_tuple,
    DictShape: _Writing._of_dict,
    RecordShape: _Writing._of_record,
    DataclassShape: _Writing._of_dataclass,
    ModelShape: _Writing._of_model,
    AnyOf: _Writing._of_union,
    TraitShape: _Writing._of_trait,
}

_SCALARS: dict[type, Schema] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    bytes: {"leaf": "bytes"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
}

_TRAITS: dict[type, type] = {
    traitlets.Integer: int,
    traitlets.Float: float,
    traitlets.Unicode: str,
    traitlets.Bool: bool,
    traitlets.Bytes: bytes,
}


def _limits(limits: Limits | None) -> Schema:
    """Return what limits say in the words of JSON Schema."""
    if limits is None:
        return {}
    is_moment = isinstance(limits.min if limits.max is None else limits.max, (date, time, timedelta))
    least, most = ("formatMinimum", "formatMaximum") if is_moment else ("minimum", "maximum")
    choices = None if limits.choices is None else [*map(_told, limits.choices)]
    bounds = {least: _limit(limits.min), most: _limit(limits.max), "maxLength": limits.max_length}
    return _there({**bounds, "enum": None if choices is None or ABSENT in choices else choices})


def _limit(limit: Any) -> Any:
    told = None if limit is None else _told(limit)
    return None if told is ABSENT else told  # that is no limit to JSON, as infinity is none


def _notes(metadata: Mapping[str, Any]) -> Schema:
    """Return what a person said for the person at the page."""
    widget, step = metadata.get("widget"), metadata.get("step")
    return _there(
        {
            "title": metadata.get("label") or None,
            "description": metadata.get("help") or None,
            "step": _step(step),
            "widget": widget if isinstance(widget, str) else None,
        }
    )


def _step(step: Any) -> Any:
    return step.total_seconds() if isinstance(step, timedelta) else _limit(step)


def _there(said: Schema) -> Schema:
    return {word: value for word, value in said.items() if value is not None}


def _told(value: Any) -> Any:
    """Return a scalar, or a list of such, as it stands in a schema; `ABSENT` if JSON has none."""
    if isinstance(value, enum.Enum):
        return ABSENT if registration_of(type(value)) is not None else _told(value.value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():g}S"
    if isinstance(value, (list, tuple)) and len(value) <= _FEW:
        told = [*map(_told, value)]
        return ABSENT if ABSENT in told else told
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return value if isinstance(value, float) and isfinite(value) else ABSENT


_FEW = 16  # so many elements of a default are told


def _title_of(member: enum.Enum) -> str:
    """Return the name of an Enum's member as a person reads it."""
    name, value = member.name or str(member.value), member.value
    if isinstance(value, str) and value.casefold() == name.casefold():
        return value[:1].upper() + value[1:]  # it says how its letters are meant
    return humanised(name.lower() if name.isupper() else name)


def _of_type(type_: type) -> Schema:
    registration = registration_of(type_)
    return {"leaf": type_.__name__ if registration is None else registration.name}


def _returned(cls: type, trait: Computed[Any]) -> Shape | None:
    """Return the shape of what a computed says that it returns, as far as that can be known."""
    annotation = getattr(trait.function, "__annotations__", {}).get("return", ABSENT)
    if annotation is ABSENT:
        return None
    scope = {**getattr(inspect.unwrap(trait.function), "__globals__", {}), cls.__name__: cls}
    try:
        return shape_of(annotation, scope)
    except Exception:  # nobody is held to it, and what it names may never have been defined
        return None


def _first_sentences(doc: str | None) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return " ".join(inspect.cleandoc(doc or "").partition("\n\n")[0].split())
