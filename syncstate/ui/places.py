"""Floor 9, places. Where something stands that an element shows: a pointer into a model.

What a person may get wrong about it is said here, at the line that makes the element.
"""

from __future__ import annotations

from typing import Any

from syncstate.actions import Action
from syncstate.errors import NotWritable, SessionClosed, TargetNotFound
from syncstate.model import SyncedModel
from syncstate.objects import is_read_only
from syncstate.pointer import join, parse, resolve
from syncstate.schema import Schema, humanised
from syncstate.seams import synced_traits


class Place:
    """A location of a model.

    Args:
        model: The model.
        pointer: The location; the empty one is the whole document.
        what: The element that shows it, for what is said when something is wrong: `a slider`.

    Raises:
        TypeError: It is no model.
        SessionClosed: The model was closed.
        PointerError: It is no pointer.
        TargetNotFound: Nothing is there.
    """

    def __init__(self, model: SyncedModel, pointer: str, what: str) -> None:
        demand_model(model, what)
        self.model, self.pointer, self.what = model, pointer, what
        self.tokens = parse(pointer)
        try:
            self.value()
        except TargetNotFound as error:
            why = str(error).partition(": ")[2]
            raise TargetNotFound(f"Cannot make {what} of {pointer!r}: {why}", pointer=pointer) from None

    def value(self) -> Any:
        """Return what is there now.

        Raises:
            TargetNotFound: Nothing is there any more.
        """
        self.model._document.refresh()
        with self.model._document.held():
            return resolve(self.model._document.view(), self.pointer)

    def schema(self) -> Schema:
        """Return what may stand there, as JSON Schema has it: what is declared, else the type of now."""
        owner, depth = self.model, 0
        for place in range(1, len(self.tokens)):
            if isinstance(found := self._at(place), SyncedModel):
                owner, depth = found, place
        root = owner.sync.schema()
        schema: Schema = root
        for token in self.tokens[depth:]:
            schema = _below(schema, token, root)
        said = _without_null(_resolved(schema, root))
        kind = _KINDS.get(type(self.value()))
        return said if kind is None or _KNOWN & said.keys() else {"type": kind, **said}

    def label(self) -> str:
        """Return what a person reads of it."""
        title = self.schema().get("title")
        return str(title or humanised(self.tokens[-1] if self.tokens else type(self.model).__name__))

    def help(self) -> str:
        """Return the sentence that the model has for the person at the page."""
        return str(self.schema().get("description", "")) if self.tokens else ""

    def demand_right(self) -> None:
        """Refuse what no page may write.

        Raises:
            NotWritable: A member on the way is read-only for pages.
        """
        for depth, token in enumerate(self.tokens):
            owner = self._at(depth)
            trait = synced_traits(type(owner)).get(token) if isinstance(owner, SyncedModel) else None
            if trait is not None and is_read_only(trait):
                way = "ui.output shows it" if depth == len(self.tokens) - 1 else "show it instead"
                raise NotWritable(
                    self.pointer, f"{token!r} of {type(owner).__name__} is read-only for pages; {way}"
                )

    def _at(self, depth: int) -> Any:
        if depth == 0:
            return self.model
        return resolve(self.model._document.view(), join(*self.tokens[:depth]))


_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_KNOWN = {"type", "enum", "oneOf", "anyOf", "leaf"}


def _below(schema: Schema, token: str, root: Schema) -> Schema:
    """Return what is said of a member or an element; nothing where nothing is."""
    schema = _without_null(_resolved(schema, root))
    items, more = schema.get("items"), schema.get("additionalProperties")
    first = schema.get("prefixItems", [])
    found = schema.get("properties", {}).get(token)
    if found is None and token.isdecimal() and int(token) < len(first):
        found = first[int(token)]
    if found is None:
        found = items if isinstance(items, dict) else more
    return found if isinstance(found, dict) else {}


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = resolve(root, str(reference).removeprefix("#"))
    return {**found, **_without(schema, "$ref")}


def _without_null(schema: Schema) -> Schema:
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    return _without(schema, "anyOf") | branches[0] if len(branches) == 1 else schema


def _without(schema: Schema, word: str) -> Schema:
    return {name: said for name, said in schema.items() if name != word}


def demand_model(model: object, what: str) -> None:
    """Refuse what is no model, or none any more.

    Raises:
        TypeError: It is no model.
        SessionClosed: It was closed.
    """
    if not isinstance(model, SyncedModel):
        way = "; make an instance of it" if isinstance(model, type) else ""
        said = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise TypeError(f"Cannot make {what} of {said}: a SyncedModel is expected{way}")
    if model.sync.is_closed:
        raise SessionClosed(
            f"Cannot make {what} of a {type(model).__name__}: this model was closed; make another one"
        )


def action_of(model: SyncedModel, name: str, arguments: list[Any]) -> Action:
    """Return an action that fits what it will be called with.

    Raises:
        TargetNotFound: The model has no such action.
        CallError: The arguments do not fit.
    """
    found = type(model)._actions.get(name)
    if found is None:
        known = ", ".join(map(repr, type(model)._actions))
        is_method = callable(getattr(model, name, None))
        way = (
            "put @action on the method"
            if is_method
            else f"it has {known}"
            if known
            else "write a method and put @action on it"
        )
        raise TargetNotFound(
            f"Cannot make a button of {name!r}: {type(model).__name__} has no such action; {way}"
        )
    found.bind(model, arguments, {})
    return found
