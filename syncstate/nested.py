"""Floor 7. Models in models: in which document a patch acts, and that none is replaced or copied.

A patch that acts in one document below alone is that document's. What stands for a model that is there
changes it, for those who hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from syncstate.document import ObjectNode
from syncstate.errors import PatchError
from syncstate.members import MemberRoot
from syncstate.nodes import node_of, nodes_in
from syncstate.objects import declared
from syncstate.patch import Opened, Operation
from syncstate.pointer import join, parse
from syncstate.rehearsal import replacements, step_to
from syncstate.roots import Root
from syncstate.shapes import fits

_D = TypeVar("_D", bound=MemberRoot)


def inside(document: _D, operations: list[Operation]) -> tuple[_D, list[Operation], str] | None:
    """Return the document below in which all of a patch acts, if there is one.

    Returns:
        It, the patch as it reads there, and where it stands.
    """
    within: list[Operation] = []
    found: _D | None = None
    for operation in operations:
        for part in ("path", "from"):
            pointer: Any = operation.get(part)
            if pointer is None:
                continue
            other, rest = document_at(document, pointer)
            if other is None or not rest or found not in (None, other):
                return None
            found = other
            operation = {**operation, part: rest}  # type: ignore[misc] # it is one still
        within.append(operation)
    if found is None:
        return None
    path = operations[0]["path"]
    return found, within, path[: len(path) - len(within[0]["path"])]


def document_at(document: _D, pointer: str) -> tuple[_D | None, str]:
    """Return the topmost document below that holds a location, and the pointer there."""
    here: Any = document.values
    tokens = parse(pointer)
    for depth, token in enumerate(tokens):
        root = node_of(here)
        if isinstance(root, type(document)):
            return root, join(*tokens[depth:])
        here = step_to(here, token)
    return None, ""


def are_apart(document: MemberRoot, operation: Operation) -> bool:
    """Whether what an operation takes along comes from one document into another one."""
    source, target = operation["from"], operation["path"]
    return document_at(document, source)[0] is not document_at(document, target)[0]


def spread(document: MemberRoot, operations: list[Operation]) -> list[Operation]:
    """Return operations of which none replaces a model: it is changed instead, for those who hold it."""
    whole: list[Operation] = []
    for position, operation in enumerate(operations):
        if operation["op"] == "copy":
            _demand_no_model(document, operation)
        value = operation.get("value")
        is_as_now = all(other["op"] in ("replace", "test") for other in operations[:position])
        if operation["op"] == "replace" and isinstance(value, dict) and is_as_now:
            model = model_at(document, operation["path"])
            if model is not None:
                whole += replacements(operation["path"], model._synced_members(), value)
                continue
        whole.append(operation)
    return whole


def _demand_no_model(document: MemberRoot, operation: Operation) -> None:
    """Refuse to copy a model, whose class must make another one.

    Raises:
        PatchError: One is there, or below.
    """
    value: Any = document.values
    for token in parse(operation["from"]):
        value = step_to(value, token)
    if any(isinstance(node, Root) for node in nodes_in(value)):
        source = operation["from"]
        raise PatchError(
            f"Cannot copy {source!r}: a model is there; add an object of its members instead",
            operation=operation,
            pointer=source,
        )


def model_at(document: MemberRoot, pointer: str) -> ObjectNode | None:
    """Return the model that stands at a location and is of the class that is declared there."""
    here: Any = document.values
    for token in parse(pointer):
        here = step_to(here, token)
    shape = declared(document.members, pointer) if isinstance(node_of(here), Root) else None
    return here if shape is not None and shape.makes and fits(shape, here) else None


def documents_in(opened: Iterable[Opened]) -> list[tuple[MemberRoot, Opened]]:
    """Return the documents of the models that a patch touched, and what it made of them."""
    return [(root, part) for part in opened if isinstance(root := node_of(part.node), MemberRoot)]


@contextmanager
def named(prefix: str) -> Iterator[None]:
    """Let errors name the places that they speak of as the document above does."""
    try:
        yield
    except Exception as error:
        pointer = getattr(error, "pointer", None)
        if isinstance(pointer, str):
            whole = prefix + pointer
            error.pointer = whole  # type: ignore[attr-defined] # it has one
            if error.args and isinstance(error.args[0], str):
                error.args = (error.args[0].replace(repr(pointer), repr(whole), 1), *error.args[1:])
        raise
