"""Floor 9, displays. The elements that show what is in a model: texts, numbers, tables, charts, images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, overload

from syncstate.display import as_text
from syncstate.fields import synced
from syncstate.model import SyncedModel
from syncstate.sources import Sources
from syncstate.ui.controls import Form, form
from syncstate.ui.elements import Bound, Element
from syncstate.ui.formats import PLAIN, read_format, write
from syncstate.ui.places import Place
from syncstate.ui.rows import demand_column, extent, rows_at


class Text(Element):
    """A text in Markdown; see `markdown`.

    Attributes:
        text: The text.
    """

    text: str = synced("", read_only=True)
    _kind = "markdown"

    def _lines(self) -> Iterator[str]:
        yield from self.text.splitlines()


class LiveText(Bound):
    """A text in Markdown that stands in a model; see `markdown`."""

    _kind = "markdown"

    def _lines(self) -> Iterator[str]:
        yield from str(self._value() or "").splitlines()


class Output(Bound):
    """A value with a label; see `output`."""

    format: dict[str, Any] = synced(factory=dict, read_only=True)
    _kind = "output"

    def _lines(self) -> Iterator[str]:
        yield f"{self.label}: {write(self._value(), self.format)}"  # type: ignore[arg-type] # as read_format made it


class Table(Bound):
    """Rows and columns; see `table`."""

    columns: list[Any] = synced(factory=list, read_only=True)
    height: int | None = synced(None, read_only=True)
    _kind = "table"

    def _lines(self) -> Iterator[str]:
        yield f"{self.label}: {extent(self._value())}"


class Chart(Bound):
    """Rows drawn; see `chart`.

    Attributes:
        spec: What is drawn of them, and how.
    """

    spec: dict[str, Any] = synced(factory=dict, read_only=True)
    _kind = "chart"

    def _lines(self) -> Iterator[str]:
        title = self.spec.get("title") or self.label
        yield f"{title}: a {self.spec['kind']} chart of {extent(self._value())}"


class Progress(Bound):
    """How far something is; see `progress`."""

    _kind = "progress"

    def _lines(self) -> Iterator[str]:
        value = self._value()
        yield f"{self.label}: {f'{value:.0%}' if isinstance(value, (int, float)) else 'at work'}"


class Image(Bound):
    """A picture; see `image`."""

    alt: str = synced("", read_only=True)
    width: int | None = synced(None, read_only=True)
    _kind = "image"

    def _lines(self) -> Iterator[str]:
        yield f"[{self.alt or self.label or 'image'}]"


class View(Bound):
    """A model as its own view shows it; see `view`."""

    esm: str = synced("", read_only=True)
    css: str | None = synced(None, read_only=True)
    _kind = "view"

    def _lines(self) -> Iterator[str]:
        assert self._shown is not None
        yield as_text(type(self._shown).__name__, self._shown._document.view())


@overload
def markdown(text: str, /) -> Text: ...
@overload
def markdown(model: SyncedModel, pointer: str, /) -> LiveText: ...
def markdown(source: Any, pointer: str | None = None, /) -> Text | LiveText:
    """Show a text in Markdown: one that is given, or one that stands in a model, live.

    HTML in it is shown as text, and links lead to http, https, mailto and places of the page alone.

    Args:
        source: The text, or the model.
        pointer: Where in the model the text is.

    Raises:
        TypeError: It is neither.
        TargetNotFound: Nothing is there.
    """
    if pointer is not None:
        return LiveText._at(Place(source, pointer, "a markdown"), label="", help="")
    if not isinstance(source, str):
        way = (
            "; say where the text is: ui.markdown(model, '/text')" if isinstance(source, SyncedModel) else ""
        )
        raise TypeError(f"Cannot make a markdown of a {type(source).__name__}: a text is expected{way}")
    return Text(text=source)


def output(
    model: SyncedModel,
    pointer: str,
    *,
    format: str | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Output:
    """Show a value large, with its label: the figure that a dashboard is about.

    Args:
        model: The model.
        pointer: Where the value is.
        format: As `str.format` has it: `",.2f"`, `".1%"`, `"{:,.0f} EUR"`.
        label: What it is, instead of what the model says.
        help: A sentence below it.

    Raises:
        TargetNotFound: Nothing is there.
        ValueError: A page cannot follow the format.
    """
    read = PLAIN if format is None else read_format(format)
    return Output._at(Place(model, pointer, "an output"), label=label, help=help, format=dict(read))


def table(
    model: SyncedModel,
    pointer: str,
    *,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    height: int | None = None,
    label: str | None = None,
) -> Table:
    """Show rows and columns: a table of pandas, polars or pyarrow, or a list of dicts.

    Args:
        model: The model.
        pointer: Where the rows are.
        columns: The columns that are seen, in order; a dict says what is read above them.
        height: How many pixels high it is; what has more rows scrolls.
        label: What is read above it; by default nothing.

    Raises:
        TargetNotFound: Nothing is there.
        TypeError: What is there has no rows.
    """
    place = Place(model, pointer, "a table")
    value = rows_at(place)
    for name in columns or ():
        demand_column(value, name, place)
    items = columns.items() if isinstance(columns, Mapping) else ((name, None) for name in columns or ())
    shown = [{"name": name, **({} if title is None else {"label": title})} for name, title in items]
    return Table._at(place, label=label or "", help="", columns=shown, height=height)


Kind = Literal["line", "bar", "scatter", "histogram"]


def chart(
    model: SyncedModel,
    pointer: str,
    *,
    kind: Kind = "line",
    x: str | None = None,
    y: str | Sequence[str] | None = None,
    color: str | None = None,
    title: str = "",
    x_label: str | None = None,
    y_label: str | None = None,
    bins: int | None = None,
    height: int | None = None,
    log_y: bool = False,
) -> Chart:
    """Draw rows: a table, a list of dicts, or plain numbers.

    Args:
        model: The model.
        pointer: Where the rows are.
        kind: What is drawn of them.
        x: The column along the horizontal axis.
        y: The column, or the columns, along the vertical one.
        color: The column that tells which rows belong together.
        title: What stands above it.
        x_label: What is read at the horizontal axis, instead of the column's name.
        y_label: What is read at the vertical one.
        bins: How many bars a histogram has.
        height: How many pixels high it is.
        log_y: Whether the vertical axis is logarithmic.

    Raises:
        TargetNotFound: Nothing is there, or there is no such column.
        TypeError: What is there has no rows.
        ValueError: There is no such kind.
    """
    place = Place(model, pointer, "a chart")
    if kind not in ("line", "bar", "scatter", "histogram"):
        raise ValueError(
            f"Cannot make a chart of kind {kind!r}: there are 'line', 'bar', 'scatter' and 'histogram'"
        )
    value = rows_at(place)
    for name in (x, *([y] if isinstance(y, str) else y or ()), color):
        if name is not None:
            demand_column(value, name, place)
    said = {
        "kind": kind,
        "data": {"pointer": pointer},
        "x": x,
        "y": y if y is None or isinstance(y, str) else [*y],
        "color": color,
        "title": title or None,
        "xLabel": x_label,
        "yLabel": y_label,
        "bins": bins,
        "height": height,
        "logY": log_y or None,
    }
    spec = {name: member for name, member in said.items() if member is not None}
    return Chart._at(place, label="", help="", spec=spec)


def line(model: SyncedModel, pointer: str, x: str | None = None, y: Any = None, **more: Any) -> Chart:
    """Draw a line; see `chart`."""
    return chart(model, pointer, kind="line", x=x, y=y, **more)


def bar(model: SyncedModel, pointer: str, x: str | None = None, y: Any = None, **more: Any) -> Chart:
    """Draw bars; see `chart`."""
    return chart(model, pointer, kind="bar", x=x, y=y, **more)


def scatter(model: SyncedModel, pointer: str, x: str | None = None, y: Any = None, **more: Any) -> Chart:
    """Draw points; see `chart`."""
    return chart(model, pointer, kind="scatter", x=x, y=y, **more)


def histogram(model: SyncedModel, pointer: str, x: str | None = None, **more: Any) -> Chart:
    """Draw how often values occur; see `chart`."""
    return chart(model, pointer, kind="histogram", x=x, **more)


def progress(
    model: SyncedModel, pointer: str, *, label: str | None = None, help: str | None = None
) -> Progress:
    """Show a bar that says how far something is: a number from 0 to 1, or None while nobody knows.

    Args:
        model: The model.
        pointer: Where the number is.
        label: What it is, instead of what the model says.
        help: A sentence below it.

    Raises:
        TargetNotFound: Nothing is there.
        TypeError: It is no number.
    """
    place = Place(model, pointer, "a progress bar")
    value = place.value()
    if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        raise TypeError(
            f"Cannot make a progress bar of {pointer!r}: a number from 0 to 1 is expected, "
            f"not a {type(value).__name__}"
        )
    return Progress._at(place, label=label, help=help)


def image(model: SyncedModel, pointer: str, *, alt: str = "", width: int | None = None) -> Image:
    """Show a picture that stands in a model.

    Args:
        model: The model.
        pointer: Where it is: bytes of a PNG, JPEG, GIF, WebP or AVIF, or a URL. Pages load `http:`, `https:`
            and `data:image/…`; any other URL is not loaded.
        alt: What it shows, for who does not see it.
        width: How many pixels wide it is at most.

    Raises:
        TargetNotFound: Nothing is there.
        TypeError: It is neither bytes nor text.
    """
    place = Place(model, pointer, "an image")
    value = place.value()
    if not isinstance(value, (bytes, str, type(None))):
        raise TypeError(
            f"Cannot make an image of {pointer!r}: bytes or a URL are expected, not a {type(value).__name__}"
        )
    return Image._at(place, label="", help="", alt=alt, width=width)


def view(model: SyncedModel) -> View | Form:
    """Show a model by its own view, its `_esm`, inside a layout; a model that has none is shown as a form.

    Args:
        model: The model.

    Raises:
        TypeError: It is no model.
    """
    place = Place(model, "", "a view")
    if isinstance(model, Element):
        raise TypeError("Cannot make a view of an element: put the element itself there")
    drawn_by = Sources(model._esm, model._css, type(model).__module__).read()
    if drawn_by.esm is None:
        return form(model)
    return View._at(
        place,
        label="",
        help="",
        esm=drawn_by.esm,
        css=drawn_by.css,
    )
