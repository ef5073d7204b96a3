"""What a person may get wrong: each is one sentence that says what to do, and changes nothing."""

from __future__ import annotations

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance
from collections.abc import Callable
from typing import Any

import pytest

from syncstate import SyncedModel, SyncStateError, batch, synced, transaction


class Tree(SyncedModel):
    name: str = ""
    parent: Tree | None = None
    children: list[Tree] = []
    anything: Any = None
    many: list = []
    share: float = synced(0.5, min=0, max=1)


class Keyed(Tree):
    _key = "one key"


def started() -> Tree:
    return Tree(name="top", children=[Tree(name="a", children=[Tree(name="b")]), Tree(name="c")])


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


def _put(path: str, value: Callable[[Tree], Any], op: str = "replace") -> Callable[[Tree], Any]:
    return lambda tree: tree.sync.apply([{"op": op, "path": path, "value": value(tree)}])


def _two_keys(tree: Tree) -> None:
    with transaction():
        tree.children.append(Keyed())
        tree.children.append(Keyed())


def _undo_inside(tree: Tree) -> None:
    with batch():
        tree.sync.undo()


MISUSES: dict[str, tuple[Callable[[Tree], Any], str]] = {
    "a model in itself": (lambda tree: tree.children.append(tree), "contain itself; a document is a tree"),
    "a model in its child": (
        lambda tree: setattr(tree.children[0], "parent", tree),
        "contain itself; a document is a tree",
    ),
    "a model deep in its child": (
        lambda tree: setattr(tree.children[0].children[0], "anything", [{"x": tree}]),
        "contain itself; a document is a tree",
    ),
    "a model in its child, by a patch": (
        _put("/children/0/parent", lambda tree: tree),
        "contain itself; a document is a tree",
    ),
    "a list in itself": (lambda tree: tree.many.append(_endless()), "contains itself; a document is a tree"),
    "a list in itself, by a patch": (
        _put("/anything", lambda tree: _endless()),
        "contains itself; a document is a tree",
    ),
    "one model in two places": (
        lambda tree: setattr(tree, "parent", tree.children[0]),
        "has a place already, at '/children/0'; take it out there first",
    ),
    "one model in two places, by a patch": (
        _put("/children/-", lambda tree: tree.children[0], "add"),
        "has a place already, at '/children/0'; take it out there first",
    ),
    "one new model twice": (
        lambda tree: tree.children.extend([Tree()] * 2),
        "put in another Tree, or a copy",
    ),
    "two models with one key": (_two_keys, "one key"),
    "deep in a long list": (
        lambda tree: setattr(tree, "many", [*range(99_999), {"x": [{1}]}]),
        r"Cannot sync '/many/99999/x/0': a set has no JSON form; convert it",
    ),
    "deep in what is added to a list": (
        lambda tree: tree.many.extend([*range(99_999), {"x": [object()]}]),
        r"Cannot sync '/many/99999/x/0': an object has no JSON form; convert it",
    ),
    "deep in a patch": (
        _put("/many", lambda tree: [*range(99_999), {"x": [{1}]}]),
        r"Cannot sync '/many/99999/x/0': a set has no JSON form; convert it",
    ),
    "a name that is no text": (lambda tree: setattr(tree, "anything", {1: 2}), "a member's name is text"),
    "beyond a limit": (lambda tree: setattr(tree, "share", 2), "at most 1 is expected"),
    "another type, by a patch": (_put("/children/0/name", lambda tree: 5), "a string is expected"),
    "an undo past the start": (lambda tree: tree.sync.undo(), "no step is left"),
    "a redo of nothing": (lambda tree: tree.sync.redo(), "nothing was undone"),
    "an undo in a batch": (_undo_inside, "end it first|no step is left"),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_misuse_is_one_sentence_and_changes_nothing(misuse):
    tree, (act, way_out) = started(), MISUSES[misuse]
    before, held = tree.sync.snapshot(), [*tree.children]
    patches: list[Any] = []
    tree.sync.on_patch(patches.append)

    with pytest.raises((SyncStateError, TypeError), match=way_out) as refused:
        act(tree)

    assert str(refused.value).startswith("Cannot ")
    assert "\n" not in str(refused.value)
    assert tree.sync.snapshot() == before
    assert all(one is other for one, other in zip(tree.children, held, strict=True))
    assert patches == []
    tree.children[0].name = "still told"
    assert len(patches) == 1


@pytest.mark.parametrize("annotation", [complex, set[int], dict[int, str], list[set], "Nowhere"])
def test_an_annotation_that_cannot_be_mapped_is_refused_by_the_class_statement(annotation):
    with pytest.raises(TypeError, match=r"^Cannot sync .* of M: "):
        type(SyncedModel)("M", (SyncedModel,), {"__annotations__": {"x": annotation}, "__module__": __name__})


@pytest.mark.parametrize("name", ["sync", "observe", "set_trait", "traits", "hold_trait_notifications"])
def test_a_name_that_is_taken_is_refused_by_the_class_statement(name):
    with pytest.raises(TypeError, match=rf"^Cannot (sync|define) '{name}' .*; choose another"):
        type(SyncedModel)("M", (SyncedModel,), {"__annotations__": {name: int}, "__module__": __name__})
