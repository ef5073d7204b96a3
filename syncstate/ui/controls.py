"""Floor 9, controls. The elements by which a person changes a model, or has it do something."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from syncstate.display import as_text
from syncstate.fields import synced
from syncstate.model import SyncedModel
from syncstate.schema import humanised
from syncstate.ui.elements import Bound
from syncstate.ui.formats import PLAIN, write
from syncstate.ui.places import Place, action_of


class Control(Bound):
    """A control that is tied to a place; see `slider`, `select` and the others.

    Attributes:
        widget: Which control it is.
        schema: What may stand at the place, as JSON Schema has it.
    """

    widget: str = synced("", read_only=True)
    schema: dict[str, Any] = synced(factory=dict, read_only=True)
    _kind = "control"

    def _lines(self) -> Iterator[str]:
        yield f"{self.label}: {write(self._value(), PLAIN)}"


class Button(Bound):
    """What calls an action; see `button`.

    Attributes:
        action: Its name.
        arguments: What it is called with.
    """

    action: str = synced("", read_only=True)
    arguments: list[Any] = synced(factory=list, read_only=True)
    _kind = "button"

    def _lines(self) -> Iterator[str]:
        yield f"({self.label})"


class Form(Bound):
    """Controls for all members of a model; see `form`.

    Attributes:
        schema: What may stand in it, and what may be called.
    """

    schema: dict[str, Any] = synced(factory=dict, read_only=True)
    _kind = "form"

    def _lines(self) -> Iterator[str]:
        assert self._shown is not None
        yield as_text(type(self._shown).__name__, self._shown._document.view())


def form(model: SyncedModel) -> Form:
    """Show a model as a form: a control for each of its members, a button for each of its actions.

    Args:
        model: The model.

    Raises:
        TypeError: It is no model.
        SessionClosed: It was closed.
    """
    return Form._at(Place(model, "", "a form"), label="", help="", schema=model.sync.schema())


def slider(
    model: SyncedModel,
    pointer: str,
    *,
    min: float | None = None,
    max: float | None = None,
    step: float | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Change a number by dragging.

    What is not said here is taken from the model: `synced(0.5, min=0, max=1, step=0.1, label=…, help=…)`.

    Args:
        model: The model.
        pointer: Where the number is.
        min: The least.
        max: The greatest.
        step: By how much it goes up and down.
        label: What it is.
        help: A sentence below it.

    Raises:
        TargetNotFound: Nothing is there.
        NotWritable: It is read-only for pages.
        TypeError: It is no number.
        ValueError: Nobody says from where to where it goes.
    """
    place = Place(model, pointer, "a slider")
    schema = _schema(place, (int, float), "a number") | _there(minimum=min, maximum=max, step=step)
    if "minimum" not in schema or "maximum" not in schema:
        raise ValueError(
            f"Cannot make a slider of {pointer!r}: nobody says from where to where it goes; "
            "give min= and max=, here or in synced()"
        )
    return Control._at(place, label=label, help=help, widget="slider", schema=schema)


def number(
    model: SyncedModel,
    pointer: str,
    *,
    min: float | None = None,
    max: float | None = None,
    step: float | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Change a number by typing; the arguments are those of `slider`, and no limit is needed."""
    place = Place(model, pointer, "a number field")
    schema = _schema(place, (int, float), "a number") | _there(minimum=min, maximum=max, step=step)
    return Control._at(place, label=label, help=help, widget="number", schema=schema)


def checkbox(
    model: SyncedModel, pointer: str, *, label: str | None = None, help: str | None = None
) -> Control:
    """Say yes or no by a tick."""
    place = Place(model, pointer, "a checkbox")
    schema = _schema(place, (bool,), "a boolean")
    return Control._at(place, label=label, help=help, widget="checkbox", schema=schema)


def switch(model: SyncedModel, pointer: str, *, label: str | None = None, help: str | None = None) -> Control:
    """Turn something on and off."""
    place = Place(model, pointer, "a switch")
    schema = _schema(place, (bool,), "a boolean")
    return Control._at(place, label=label, help=help, widget="switch", schema=schema)


def text(model: SyncedModel, pointer: str, *, label: str | None = None, help: str | None = None) -> Control:
    """Change a text of one line."""
    place = Place(model, pointer, "a text field")
    return Control._at(place, label=label, help=help, widget="text", schema=_schema(place, (str,), "a text"))


def textarea(
    model: SyncedModel, pointer: str, *, label: str | None = None, help: str | None = None
) -> Control:
    """Change a text of several lines."""
    place = Place(model, pointer, "a text area")
    return Control._at(
        place, label=label, help=help, widget="textarea", schema=_schema(place, (str,), "a text")
    )


Options = Sequence[Any] | Mapping[str, Any]
"""What may be chosen: the values, or the values by what a person reads."""


def select(
    model: SyncedModel,
    pointer: str,
    *,
    options: Options | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Choose one of several in a menu.

    Args:
        model: The model.
        pointer: Where the choice is.
        options: What may be chosen: a list of values, or a dict of values by what a person reads. By default
            what the model says: `Literal`, an `Enum`, `synced(choices=…)`.
        label: What it is.
        help: A sentence below it.

    Raises:
        TargetNotFound: Nothing is there.
        NotWritable: It is read-only for pages.
        ValueError: Nobody says what may be chosen.
    """
    return _choice("select", "a select", model, pointer, options, label=label, help=help)


def radio(
    model: SyncedModel,
    pointer: str,
    *,
    options: Options | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Choose one of a few that are all seen; the arguments are those of `select`."""
    return _choice("radio", "a radio group", model, pointer, options, label=label, help=help)


def multiselect(
    model: SyncedModel,
    pointer: str,
    *,
    options: Options | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Choose any of several; the place is a list of them, and the arguments are those of `select`."""
    place = Place(model, pointer, "a multiselect")
    schema = _schema(place, (list,), "a list")
    items = schema.get("items", {}) if options is None else _chosen(options, place)
    if not ("enum" in items or "oneOf" in items):
        raise _nothing_to_choose(place)
    schema = {**schema, "items": items, "uniqueItems": True}
    return Control._at(place, label=label, help=help, widget="multiselect", schema=schema)


def date(
    model: SyncedModel,
    pointer: str,
    *,
    min: datetime.date | None = None,
    max: datetime.date | None = None,
    label: str | None = None,
    help: str | None = None,
) -> Control:
    """Choose a date.

    Args:
        model: The model.
        pointer: Where the date is.
        min: The first.
        max: The last.
        label: What it is.
        help: A sentence below it.

    Raises:
        TargetNotFound: Nothing is there.
        NotWritable: It is read-only for pages.
        TypeError: It is no date.
    """
    place = Place(model, pointer, "a date field")
    least, most = (None if limit is None else limit.isoformat() for limit in (min, max))
    schema = _schema(place, (datetime.date,), "a date") | _there(formatMinimum=least, formatMaximum=most)
    return Control._at(place, label=label, help=help, widget="date", schema=schema)


def button(
    model: SyncedModel, action: str, *arguments: Any, label: str | None = None, help: str | None = None
) -> Button:
    """Call an action of a model, with its progress and what it raises seen beside the button.

    Args:
        model: The model.
        action: The name of a method that says `@action`.
        *arguments: What it is called with.
        label: What is read on the button, instead of the action's name.
        help: A sentence beside it.

    Raises:
        TargetNotFound: The model has no such action.
        CallError: The arguments do not fit it.

    Examples:
        >>> from syncstate import SyncedModel, action, ui
        >>> class Counter(SyncedModel):
        ...     count: int = 0
        ...
        ...     @action
        ...     def add(self, by: int = 1) -> None:
        ...         self.count += by
        >>> ui.button(Counter(), "add", 10, label="+10")
        (+10)
    """
    place = Place(model, "", "a button")
    found = action_of(model, action, [*arguments])
    return Button._at(
        place,
        label=humanised(found.name) if label is None else label,
        help=help or "",
        action=action,
        arguments=[*arguments],
    )


def _choice(
    widget: str, what: str, model: SyncedModel, pointer: str, options: Options | None, **said: Any
) -> Control:
    place = Place(model, pointer, what)
    place.demand_right()
    schema = place.schema()
    if options is not None:
        schema = {word: told for word, told in schema.items() if word not in ("enum", "oneOf")}
        schema |= _chosen(options, place)
    if not ("enum" in schema or "oneOf" in schema):
        raise _nothing_to_choose(place)
    return Control._at(place, widget=widget, schema=schema, **said)


def _chosen(options: Options, place: Place) -> dict[str, Any]:
    if isinstance(options, Mapping):
        return {"oneOf": [{"const": value, "title": title} for title, value in options.items()]}
    if isinstance(options, str) or not isinstance(options, Sequence):
        raise TypeError(
            f"Cannot make {place.what} of {place.pointer!r}: its options are a list, or a dict of values by "
            f"what a person reads, not a {type(options).__name__}"
        )
    return {"enum": [*options]}


def _nothing_to_choose(place: Place) -> ValueError:
    return ValueError(
        f"Cannot make {place.what} of {place.pointer!r}: nobody says what may be chosen; give options=, "
        "or say so in the model by Literal[…], an Enum or synced(choices=…)"
    )


def _schema(place: Place, types: tuple[type, ...], said: str) -> dict[str, Any]:
    """Return the schema of a place that a page may write, and where such a value stands.

    Raises:
        NotWritable: It is read-only for pages.
        TypeError: Another value stands there.
    """
    place.demand_right()
    value = place.value()
    is_truth = isinstance(value, bool) and bool not in types
    if value is not None and (is_truth or not isinstance(value, types)):
        raise TypeError(
            f"Cannot make {place.what} of {place.pointer!r}: {said} is expected there, "
            f"not a {type(value).__name__}"
        )
    return place.schema()


def _there(**said: Any) -> dict[str, Any]:
    return {word: value for word, value in said.items() if value is not None}
