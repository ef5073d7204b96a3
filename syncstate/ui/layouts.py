"""Floor 9, layouts. The elements that arrange others: rows, columns, grids, cards and tabs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import traitlets

from syncstate.fields import synced
from syncstate.model import SyncedModel
from syncstate.ui.elements import Bound, Box, Element
from syncstate.ui.places import Place

Align = Literal["start", "center", "end", "stretch"]
"""Where children stand across the direction in which they follow each other."""

GAP = 16


class Row(Box):
    """Children beside each other; see `row`."""

    gap: int = synced(GAP, min=0, max=200, read_only=True)
    align: Align = synced("stretch", read_only=True)
    wrap: bool = synced(True, read_only=True)
    widths: list[float] = synced(factory=list, read_only=True)
    _kind = "row"


class Column(Box):
    """Children below each other; see `column`."""

    gap: int = synced(GAP, min=0, max=200, read_only=True)
    align: Align = synced("stretch", read_only=True)
    _kind = "column"


class Grid(Box):
    """Children in columns of one width; see `grid`."""

    columns: int | None = synced(None, read_only=True)
    min_width: int = synced(220, min=1, read_only=True)
    gap: int = synced(GAP, min=0, max=200, read_only=True)
    _kind = "grid"


class Card(Box):
    """Children on a surface of their own; see `card`."""

    title: str = synced("", read_only=True)
    subtitle: str = synced("", read_only=True)
    gap: int = synced(GAP, min=0, max=200, read_only=True)
    _kind = "card"

    def _lines(self) -> Iterator[str]:
        if self.title:
            yield self.title
        if self.subtitle:
            yield self.subtitle
        for line in super()._lines():
            yield f"  {line}" if self.title else line


class Tab(Box):
    """What is behind one tab; see `tab`."""

    label: str = synced("", read_only=True)
    gap: int = synced(GAP, min=0, max=200, read_only=True)
    _kind = "tab"

    def _lines(self) -> Iterator[str]:
        yield f"[{self.label}]"
        for line in super()._lines():
            yield f"  {line}"


class Tabs(Element):
    """Children of which one is seen; see `tabs`.

    Attributes:
        children: The tabs, in order.
        active: The label of the one that is seen. A person at a page changes it, and so may Python.
    """

    children: list[Tab] = synced(factory=list, read_only=True)
    active: str = ""
    _kind = "tabs"

    def __init__(self, **members: Any) -> None:
        super().__init__(**members)
        self.sync._publish()  # a page writes `active` here: what stands above is not for it to write

    @traitlets.validate("active")
    def _check_active(self, proposal: Any) -> Any:
        labels = [tab.label for tab in self.children]
        if proposal["value"] not in labels and self._is_made:
            known = ", ".join(map(repr, labels)) or "none"
            raise traitlets.TraitError(
                f"Cannot show the tab {proposal['value']!r}: there is none of that label; there is {known}"
            )
        return proposal["value"]

    def _lines(self) -> Iterator[str]:
        for tab in self.children:
            yield from tab._lines()

    def _elements(self) -> Iterator[Element]:
        yield self
        for tab in self.children:
            yield from tab._elements()


class ShowIf(Bound, Box):
    """Children that are seen while a value is true; see `show_if`."""

    gap: int = synced(GAP, min=0, max=200, read_only=True)
    _kind = "show_if"

    def _lines(self) -> Iterator[str]:
        if self._value():
            yield from super()._lines()


def row(
    *children: Element,
    gap: int = GAP,
    align: Align = "stretch",
    wrap: bool = True,
    widths: Sequence[float] = (),
) -> Row:
    """Put elements beside each other; where there is no room they stand below each other.

    Args:
        *children: The elements.
        gap: Pixels between them.
        align: Where they stand vertically.
        wrap: Whether they may go below each other.
        widths: How wide they are, as shares: with `[1, 2]` the second is twice as wide. 0 is as wide as it
            needs. Those without one share alike.

    Raises:
        TypeError: A child is no element.

    Examples:
        >>> from syncstate import ui
        >>> ui.row(ui.markdown("left"), ui.markdown("right"), widths=[1, 2])
        left
        right
    """
    if len(widths) > len(children) or any(not width >= 0 for width in widths):
        raise ValueError(
            f"Cannot make a row of {len(children)} with widths={list(widths)!r}: "
            "give at most one a child, none below 0"
        )
    return Row._of(children, gap=gap, align=align, wrap=wrap, widths=[*widths])


def column(*children: Element, gap: int = GAP, align: Align = "stretch") -> Column:
    """Put elements below each other.

    Args:
        *children: The elements.
        gap: Pixels between them.
        align: Where they stand horizontally.

    Raises:
        TypeError: A child is no element.
    """
    return Column._of(children, gap=gap, align=align)


def grid(*children: Element, columns: int | None = None, min_width: int = 220, gap: int = GAP) -> Grid:
    """Put elements into columns of one width, as many as there is room for.

    Args:
        *children: The elements, row by row.
        columns: How many columns at most.
        min_width: How many pixels a column needs.
        gap: Pixels between them.

    Raises:
        TypeError: A child is no element.
        ValueError: There is no column.
    """
    if columns is not None and columns < 1:
        raise ValueError(f"Cannot make a grid of {columns!r} columns: give one or more, or leave it out")
    return Grid._of(children, columns=columns, min_width=min_width, gap=gap)


def card(*children: Element, title: str = "", subtitle: str = "", gap: int = GAP) -> Card:
    """Put elements on a surface of their own, below each other.

    Args:
        *children: The elements.
        title: What stands above them.
        subtitle: A smaller line below the title.
        gap: Pixels between them.

    Raises:
        TypeError: A child is no element.
    """
    return Card._of(children, title=title, subtitle=subtitle, gap=gap)


def tab(label: str, *children: Element, gap: int = GAP) -> Tab:
    """Make one tab, to put it into `tabs.children`.

    Args:
        label: What is read on it; no two tabs have the same.
        *children: What is behind it, below each other.
        gap: Pixels between them.

    Raises:
        TypeError: A child is no element.
    """
    return Tab._of(children, label=label, gap=gap)


def tabs(panels: Mapping[str, Element], *, active: str | None = None) -> Tabs:
    """Put elements behind tabs, of which one is seen at a time.

    Args:
        panels: The elements, by what is read on their tabs.
        active: The tab that is seen first; by default the first one.

    Returns:
        The tabs. `tabs.active` tells which one is seen, and changes it.

    Raises:
        TypeError: What is behind a tab is no element.
        traitlets.TraitError: There is no tab called as `active` says.

    Examples:
        >>> from syncstate import ui
        >>> views = ui.tabs({"Chart": ui.markdown("a chart"), "Data": ui.markdown("rows")})
        >>> views.active
        'Chart'
        >>> views.active = "Data"
        >>> views.children.append(ui.tab("Notes", ui.markdown("more")))
    """
    if not isinstance(panels, Mapping):
        raise TypeError(
            f"Cannot make tabs of a {type(panels).__name__}: give a dict, "
            "as ui.tabs({'Chart': …, 'Data': …})"
        )
    children = [tab(label, panel) for label, panel in panels.items()]
    first = next(iter(panels), "")
    made = Tabs(children=children, active=first)
    if active is not None:
        made.active = active
    return made


def show_if(model: SyncedModel, pointer: str, *children: Element, gap: int = GAP) -> ShowIf:
    """Show elements only while a value is true, as Python has it: not 0, not empty, not None.

    Args:
        model: The model.
        pointer: Where the value is.
        *children: What is seen while it is true.
        gap: Pixels between them.

    Raises:
        TargetNotFound: Nothing is there.
        TypeError: A child is no element.
    """
    return ShowIf._at(
        Place(model, pointer, "a show_if"), label="", help="", children=ShowIf._checked(children), gap=gap
    )
