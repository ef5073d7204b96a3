"""Floor 6. Actions: the methods that a page may call.

`@action` marks a method and leaves it what it is. The class statement reads the marks into a registry, with a
shape for each parameter; a page's call is looked up there and nowhere else.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from math import isfinite
from typing import Any, TypeVar, overload

from syncstate.annotations import WAY, shape_of
from syncstate.calls import current
from syncstate.document import Json, plain, show
from syncstate.errors import CallError, NotSyncable
from syncstate.fields import as_member, encode
from syncstate.pointer import join
from syncstate.shapes import Refusal, Shape, made
from syncstate.tracked import TrackedList

_Method = TypeVar("_Method", bound=Callable[..., Any])
_Item = TypeVar("_Item")
_MARK = "_syncstate_action"


@overload
def action(method: _Method, /) -> _Method: ...
@overload
def action(*, on_main: bool = False) -> Callable[[_Method], _Method]: ...
def action(method: Any = None, /, *, on_main: bool = False) -> Any:
    """Let pages call a method of a `SyncedModel`; to Python it stays the method that it is.

    What a page sends is checked and converted by the annotations of the parameters before the method runs.
    A method runs in a thread of its model's, one at a time, so that a slow one holds nothing up; one that is
    `async` runs as a task of the main thread's event loop.

    Args:
        method: The method.
        on_main: Run it on the kernel's main thread, for what is bound to that one: it waits for a running
            cell, and holds the kernel up while it runs.

    Raises:
        TypeError: From the class statement when a parameter's annotation cannot be mapped, or the name
            is taken.

    Examples:
        >>> from syncstate import SyncedModel
        >>> class Cart(SyncedModel):
        ...     rows: list[dict] = []
        ...
        ...     @action
        ...     def add(self, name: str, price: float) -> int:
        ...         self.rows.append({"name": name, "price": price})
        ...         return len(self.rows)
        >>> Cart().add("tea", 3)
        1
    """

    def mark(method: Any) -> Any:
        if not inspect.isroutine(method) or isinstance(method, (staticmethod, classmethod)):
            raise TypeError(f"Cannot make an action of {method!r}: it is no method; put @action on a def")
        setattr(method, _MARK, {"is_on_main": on_main})
        return method

    return mark if method is None else mark(method)


class Action:
    """A method that a page may call.

    Args:
        name: Its name in the class, and on the wire.
        method: The function.
        scope: The names that text in its annotations may use.

    Attributes:
        is_async: Whether it runs as a task.
        is_on_main: Whether it runs on the main thread.

    Raises:
        TypeError: It has no `self`, or a parameter cannot be mapped.
    """

    def __init__(self, name: str, method: Callable[..., Any], scope: Mapping[str, Any]) -> None:
        self.name = name
        self.method = method
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(method))
        self.is_on_main: bool = getattr(method, _MARK)["is_on_main"]
        self._shapes: dict[str, Shape | None] = {}
        signature = inspect.signature(method)
        parameters = [*signature.parameters.values()]
        if not parameters or parameters[0].kind not in (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        ):
            raise TypeError("it has no self; put @action on a method")
        for place, parameter in enumerate(parameters[1:], 1):
            if parameter.annotation is not parameter.empty:
                parameters[place], self._shapes[parameter.name] = _read(parameter, scope)
        self._signature = signature.replace(parameters=parameters)

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """What it takes, but for the model."""
        return [*self._signature.parameters.values()][1:]

    def shape_of(self, name: str) -> Shape | None:
        """Return what a parameter takes; None if that is anything."""
        return self._shapes.get(name)

    def bind(self, model: Any, arguments: list[Json], keywords: dict[str, Json]) -> Callable[[], Any]:
        """Return what calls the method with what a page sent, checked and converted.

        Raises:
            CallError: That does not fit its signature.
        """
        try:
            bound = self._signature.bind(model, *arguments, **keywords)
        except TypeError as error:
            raise CallError(self.name, f"{error}; it takes {self._spelled()}") from None
        for name, shape in self._shapes.items():
            if name in bound.arguments:
                kind = self._signature.parameters[name].kind
                bound.arguments[name] = self._taken(name, kind, shape, bound.arguments[name])
        return lambda: self.method(*bound.args, **bound.kwargs)

    def _taken(self, name: str, kind: Any, shape: Shape | None, value: Any) -> Any:
        if kind is inspect.Parameter.VAR_POSITIONAL:
            return tuple(self._fitted(shape, each, name, place) for place, each in enumerate(value))
        if kind is inspect.Parameter.VAR_KEYWORD:
            return {key: self._fitted(shape, each, key) for key, each in value.items()}
        return self._fitted(shape, value, name)

    def _fitted(self, shape: Shape | None, value: Any, *place: Any) -> Any:
        if shape is None or type(value) in shape.passes:
            return value
        try:
            taken, frame = shape.admit(made(shape, value, is_from_page=True))
            return taken if frame is None else as_member(frame, frame.fit_in(taken))
        except Refusal as refusal:
            pointer = join(*place, *reversed(refusal.tokens))
            why = f"{show(refusal.value)} cannot be {pointer[1:]!r}: {refusal.why}"
            raise CallError(self.name, why, pointer) from None

    def _spelled(self) -> str:
        return str(
            self._signature.replace(parameters=self.parameters, return_annotation=inspect.Signature.empty)
        )


def _read(parameter: inspect.Parameter, scope: Mapping[str, Any]) -> tuple[inspect.Parameter, Shape | None]:
    """Return a parameter with its annotation itself, where that is text, and its shape."""
    annotation = parameter.annotation
    try:
        if isinstance(annotation, str):
            annotation = eval(annotation, dict(scope))  # as inspect does, for parameters alone
        return parameter.replace(annotation=annotation), shape_of(annotation, scope)
    except NameError as error:
        why = f"its annotation names {error.name!r}, which is not defined there"
        raise TypeError(f"parameter {parameter.name!r}: {why}") from None
    except TypeError as error:
        why = str(error).replace(WAY, "leave the annotation out, and it takes any value")
        raise TypeError(f"parameter {parameter.name!r}: {why}") from None


class Bound:
    """An action of one model."""

    __slots__ = ("_action", "is_async", "is_on_main", "owner")

    def __init__(self, action: Action, model: Any) -> None:
        self._action, self.owner = action, model
        self.is_async, self.is_on_main = action.is_async, action.is_on_main

    def prepare(self, arguments: list[Json], keywords: dict[str, Json]) -> Callable[[], Any]:
        """Return what calls the method with what a page sent, checked and converted.

        Raises:
            CallError: That does not fit its signature.
        """
        return self._action.bind(self.owner, arguments, keywords)

    def pack(self, value: Any) -> Json:
        """Return a copy of what the method returned, as it travels.

        Raises:
            NotSyncable: It cannot.
        """
        return packed(self.owner._document, value, self._what)

    @property
    def _what(self) -> str:
        return f"{self._action.name!r} has run, but its result cannot travel"


def packed(document: Any, value: Any, what: str) -> Json:
    """Return a copy of any value as it travels beside a document.

    Raises:
        NotSyncable: It cannot; `what` says what it is.
    """
    try:
        with document.held():  # it may be a part of the model, which others change
            copy = encode(plain(value), "")
        return plain(TrackedList([copy]))[0]  # type: ignore[index] # it is a list
    except NotSyncable as error:
        raise NotSyncable(error.pointer[2:], error.value, f"{what}: {error.why}") from None  # type: ignore[index] # it has one
    except RecursionError:
        raise NotSyncable("", value, f"{what}: it contains itself") from None


def actions_of(cls: type, base: type) -> dict[str, Action]:
    """Return the methods of a class that pages may call, by name.

    One that is inherited can be called; one that a subclass overrides only if it says `@action` again.

    Args:
        cls: The class.
        base: The class whose names an action may not take.

    Raises:
        TypeError: An annotation cannot be mapped, or a name is taken.
    """
    found: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        known: Mapping[str, Action] = owner.__dict__.get("_actions", {})
        for name, value in owner.__dict__.items():
            found.pop(name, None)
            if name in known:
                found[name] = known[name]
            elif hasattr(getattr(value, "__func__", value), _MARK):
                found[name] = _made(cls, owner, base, name, value)
    return found


def _made(cls: type, owner: type, base: type, name: str, method: Any) -> Action:
    what = f"Cannot make an action of {name!r} in {cls.__name__}"
    if isinstance(method, (staticmethod, classmethod)):
        raise TypeError(f"{what}: it is a {type(method).__name__}; make it a method")
    if name.startswith("_"):
        raise TypeError(f"{what}: a name with _ stays local; choose another name")
    if hasattr(base, name):
        raise TypeError(f"{what}: {base.__name__} uses that name; choose another")
    scope = {**vars(sys.modules.get(owner.__module__, sys)), **_globals(method), cls.__name__: cls}
    try:
        return Action(name, method, scope)
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from None


def _globals(method: Any) -> dict[str, Any]:
    return getattr(inspect.unwrap(method), "__globals__", {})


# -- progress


@overload
def progress(done: float | None, text: str | None = None) -> None: ...
@overload
def progress(done: Iterable[_Item], text: str | None = None) -> Iterator[_Item]: ...
def progress(done: Any, text: str | None = None) -> Any:
    """Tell the page that called the action how far it is; anywhere else it tells nobody.

    A page is told about 60 times a second at most, and always the last. This is also where an action that is
    not `async` ends when its page takes the call back: `Cancelled` is raised.

    Args:
        done: A number from 0 to 1, or None if that is not known; or what is to be gone through: then the
            items of it, and it is told of each.
        text: What is being done.

    Raises:
        Cancelled: The page does not want it any more.
        ValueError: The number is not from 0 to 1.

    Examples:
        >>> progress(0.3, "reading")
        >>> [city.upper() for city in progress(["Rome", "Oslo"])]
        ['ROME', 'OSLO']
    """
    if done is not None and not isinstance(done, (int, float)):
        return _going_through(done, text)
    if done is not None and not (isfinite(done) and 0 <= done <= 1):
        raise ValueError(f"Cannot tell {done!r} as progress: it goes from 0 to 1, or is None")
    call = current.get()
    if call is not None:
        call.report(None if done is None else float(done), text)
    return None


def _going_through(items: Iterable[_Item], text: str | None) -> Iterator[_Item]:
    count = len(items) if isinstance(items, Sized) else None
    for place, item in enumerate(items):
        progress(min(place / count, 1) if count else None, text)
        yield item
    progress(1 if count is not None else None, text)
