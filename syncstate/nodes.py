"""Floor 5. Who stands where: a child knows its parent and a hint of its key, never its path.

```
    Root          the model, or what track() was given
     │ _key "rows"
    TrackedList   the path is found by walking up at the moment it is asked for,
     │ _key 3     so it stays right when indices shift
    TrackedDict
```

A *node* is what knows a place: a container, or the root of a model that stands in another one's document. An
object is none: a node stands behind it. What is below another root is that root's; only `roots_below` and
`height_of` look further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from syncstate.document import ObjectNode, copied
from syncstate.journal import Journal
from syncstate.records import Record
from syncstate.roots import NO_LEASE, NOWHERE, Lease, Root
from syncstate.shapes import Frame

Node: TypeAlias = "Container | Root"


class Container:
    """What both kinds of containers have beside their elements: a place, and what may stand in them.

    Its own names begin with an underscore, for to a person a container is a list or a dict.

    Attributes:
        _parent: What it stands in, or None.
        _key: Its name in there; the index of an element is only a hint.
        _lease: The leave to have scalars only marked.
        _shape: What may stand in it, or None for anything.
    """

    if not TYPE_CHECKING:  # each kind has the slots itself: only one base of a class may bring any
        __slots__ = ()

    _parent: Node | None
    _key: Any
    _lease: Lease
    _shape: Frame | None

    def __new__(cls, *_: object, **__: object) -> Self:
        """Return an empty container without a place."""
        self = super().__new__(cls)
        self._parent = None
        self._key = None
        self._lease = NO_LEASE
        self._shape = None
        return self

    @property
    def is_attached(self) -> bool:
        """Whether this container has a place in a document."""
        return find_root(self)[0] is not NOWHERE

    @property
    def location(self) -> str | None:
        """The pointer of this container in its document, or None if it has no place."""
        while True:
            root, _ = find_root(self)
            with root.held():
                if find_root(self)[0] is root:  # else another thread has just moved it
                    return None if root is NOWHERE else locate(self)

    def _child_token(self, child: Node) -> str:
        """Return the reference token of what stands in here."""
        raise NotImplementedError  # each kind knows its own

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copied(self)


PLACED = (Container, ObjectNode)
"""The types of values that have a place: a container itself, an object by the node behind it."""


def node_of(value: Any) -> Any:
    """Return what knows the place of a value: a container itself, what stands behind an object, or None."""
    if isinstance(value, Container):
        return value
    return value._synced_node if isinstance(value, ObjectNode) else None


def is_tracked(value: object) -> bool:
    """Whether a value knows its place: a tracked container, or an object."""
    return isinstance(value, PLACED)


def is_of(value: Any, node: Node) -> bool:
    """Whether a value is that of a node."""
    return value is node or (isinstance(value, ObjectNode) and value._synced_node is node)


# -- up


def find_root(node: Node) -> tuple[Root, Any]:
    """Return the root above a node, and the key of the child of the root that it is in."""
    while isinstance(parent := node._parent, Container):
        node = parent
    return (NOWHERE, None) if parent is None else (parent, node._key)


def locate(node: Node) -> str:
    """Return the pointer of a node in its document: of a container by walking up, of a root the empty one."""
    path = ""
    if isinstance(node, Root):
        return path
    while isinstance(parent := node._parent, Container):
        path = f"/{parent._child_token(node)}{path}"
        node = parent
    return parent.pointer_to(node._key) + path if parent is not None else path


def root_above(root: Root) -> tuple[Root, Any, str] | None:
    """Return the root in whose document another one has its place, the key there, and its pointer."""
    node: Node = root
    path = ""
    while isinstance(parent := node._parent, Container):
        path = f"/{parent._child_token(node)}{path}"
        node = parent
    return None if parent is None else (parent, node._key, parent.pointer_to(node._key) + path)


# -- down


def items_of(node: Any) -> Iterator[tuple[Any, Any]]:
    """Return the keys and elements of a container, to which other threads may add some meanwhile."""
    if isinstance(node, dict):
        return iter(list(node.items()))
    return enumerate(node) if isinstance(node, (list, tuple)) else iter(())  # a root's are its own


def nodes_below(node: Any) -> list[Any]:
    """Return a node and all that are in it."""
    found = [node]
    for one in found:
        found += [node_of(child) for _, child in items_of(one) if isinstance(child, PLACED)]
    return found


def nodes_in(value: Any) -> list[Any]:
    """Return the nodes of a value and of all that is in it."""
    return nodes_below(node_of(value)) if isinstance(value, PLACED) else []


def roots_below(root: Root) -> Iterator[Root]:
    """Yield the roots that have their places below another one, or below those; the lock is held."""
    if not root.has_roots:
        return
    for value in root.hanging():
        for node in nodes_in(value):
            if isinstance(node, Root):
                yield node
                yield from roots_below(node)


def height_of(node: Any) -> int:
    """Return how many levels there are from a node down, through the roots in it too."""
    values = node.hanging() if isinstance(node, Root) else [child for _, child in items_of(node)]
    return 1 + max((height_of(node_of(value)) for value in values if isinstance(value, PLACED)), default=0)


def are_whole(nodes: Iterable[Any]) -> bool:
    """Whether nothing in containers has been given away."""
    return all(
        node_of(child)._parent is node
        for node in nodes
        for _, child in items_of(node)
        if isinstance(child, PLACED)
    )


# -- to another place


def adopt(holder: Node, elements: Iterable[tuple[Any, Any]]) -> None:
    """Give all containers below a root their places, whatever they thought of them."""
    for key, value in elements:
        node = node_of(value)
        if node is not None:
            node._parent, node._key = holder, key
            adopt(node, items_of(node))


def let_go(node: Node) -> None:
    """Take the place of a node away."""
    node._parent = None
    if isinstance(node, Root):
        node.leave()


def reshape(node: Container, frame: Frame | None) -> None:
    """Give a container and all in it the shapes of another place, in which they fit."""
    node._shape = frame
    for key, child in items_of(node):
        if isinstance(child, PLACED) and not isinstance(node_of(child), Root):
            shape = None if frame is None else frame.at(key)
            if shape is not None or not isinstance(child, Record):  # its class says what is in it
                reshape(node_of(child), None if shape is None else shape.admit(child)[1])


def note_place(node: Node, journal: Journal | None) -> None:
    """Take note of where a node stands, before it goes elsewhere."""
    if journal is not None:
        journal.note(_put_back, node, node._parent, node._key, getattr(node, "_shape", None))


def _put_back(node: Node, parent: Node | None, key: Any, shape: Frame | None) -> None:
    if isinstance(node, Root):
        node.leave()
    elif node._shape is not shape:
        reshape(node, shape)
    node._parent, node._key = parent, key
