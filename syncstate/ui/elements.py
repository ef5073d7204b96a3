"""Floor 9, elements. The parts of a layout: each is a model, so to change one is to change the page.

An element holds its children, or says which model it shows and where, by key and pointer
(`docs/decisions/0030-layouts-are-models.md`). It can be shown by itself, and has one place in a layout, as
every model in a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from syncstate.display import EMBED_LIMIT, mimebundle, seed
from syncstate.document import weigh
from syncstate.errors import SyncStateError
from syncstate.fields import synced
from syncstate.model import SyncedModel
from syncstate.ui.places import Place


class Element(SyncedModel):
    """A part of a layout. The functions of `syncstate.ui` make them.

    Attributes:
        id: Its key: a page knows it by that, wherever it is moved.
        kind: What draws it in a page.
    """

    id: str = synced("", read_only=True)
    kind: str = synced("", read_only=True)

    _kind: ClassVar[str] = ""
    _shown: SyncedModel | None = None  # the element keeps it alive

    def __init__(self, **members: Any) -> None:
        if not self._kind:
            raise TypeError("Cannot make an element of no kind: the functions of syncstate.ui make them")
        super().__init__(**{"id": self.sync.key, "kind": self._kind, **members})

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.id = self.sync.key  # a copy is another element

    @classmethod
    def _make(cls, **members: Any) -> Self:
        return cls(**members)

    def __repr__(self) -> str:
        return "\n".join(self._lines()) or f"{type(self).__name__}()"

    def _lines(self) -> Iterator[str]:
        """Say in text what is seen, for what draws nothing."""
        raise NotImplementedError

    def _elements(self) -> Iterator[Element]:
        """Go through this element and all that is in it."""
        yield self

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        snapshot, is_settled = self.sync._show()
        return mimebundle(
            type(self).__name__,
            snapshot,
            is_settled=is_settled,
            view="ui",
            seeds=[*self._seeds(EMBED_LIMIT)],
            text=repr(self),
        )

    def _seeds(self, limit: int) -> Iterator[Any]:
        """Give the states of the models that are seen, as far as an output has room for them."""
        shown = {element._shown: None for element in self._elements() if element._shown is not None}
        for model in shown:
            snapshot, is_settled = model.sync._show()
            kept = seed(snapshot, limit if is_settled else 0)
            limit -= weigh(kept.get("document"))
            yield kept


class Bound(Element):
    """An element that shows what is somewhere in a model.

    Attributes:
        model: The key of the model.
        pointer: Where it is.
        label: What a person reads of it.
        help: A sentence more.
    """

    model: str = synced("", read_only=True)
    pointer: str = synced("", read_only=True)
    label: str = synced("", read_only=True)
    help: str = synced("", read_only=True)

    @classmethod
    def _at(cls, place: Place, *, label: str | None = None, help: str | None = None, **more: Any) -> Self:
        """Make one for a place; what is not said of it the model says."""
        place.model.sync._publish()
        element = cls._make(
            model=place.model.sync.key,
            pointer=place.pointer,
            label=place.label() if label is None else label,
            help=place.help() if help is None else help,
            **more,
        )
        element._shown = place.model
        return element

    def _value(self) -> Any:
        """Return what is shown now, or None where nothing is."""
        assert self._shown is not None
        try:
            return Place(self._shown, self.pointer, "a form").value()
        except SyncStateError:
            return None


class Box(Element):
    """An element with others in it.

    Attributes:
        children: They; it is a list like any other.
    """

    children: list[Element] = synced(factory=list, read_only=True)

    @classmethod
    def _of(cls, children: Sequence[Element], **more: Any) -> Self:
        return cls._make(children=cls._checked(children), **more)

    @classmethod
    def _checked(cls, children: Sequence[Element]) -> list[Element]:
        for place, child in enumerate(children, 1):
            _demand_element(child, f"put a {type(child).__name__} into a {cls._kind} as child {place}")
        return [*children]

    def _lines(self) -> Iterator[str]:
        for child in self.children:
            yield from child._lines()

    def _elements(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child._elements()


def _demand_element(child: object, deed: str) -> None:
    if isinstance(child, Element):
        return
    if isinstance(child, SyncedModel):
        way = "ui.view(…) or ui.form(…) shows a model"
    elif isinstance(child, str):
        way = "ui.markdown(…) shows a text"
    elif isinstance(child, (list, tuple)):
        way = "put a * before a list of elements"
    else:
        way = "the functions of syncstate.ui make elements"
    raise TypeError(f"Cannot {deed}: it is no element; {way}")
