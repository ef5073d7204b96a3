"""Floor 3. What may stand in a place of a document.

A *shape* takes a value: it says what is wrong with it, or how it will stand there (an int in a place for
floats is a float). Each tracked container bears its own, so that whatever changes in it is judged by itself,
at that line, and costs what changed:

```
    list[Row]    a ListShape     rows            bears it
    Row          a RecordShape   rows[3]         bears that
    float        a Scalar        rows[3]["price"] is looked at by this one alone
```

`None` in the place of a shape says that anything may stand there. What shapes there are is said above:
`leaf_shapes`, `container_shapes`, `unions`. `annotations` reads them from types, `fields` from the traits of
traitlets; whoever brings another kind of value subclasses `Shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_
from typing import Any, Protocol

from syncstate.document import SCALARS, show
from syncstate.errors import NotValid
from syncstate.pointer import join

ABSENT: Any = object()
"""Stands for a value that needs a closer look, and for a default that there is none of."""


class Refusal(Exception):
    """A value that may not stand in a place; the tokens that lead to it are added on the way out."""

    def __init__(self, value: object, why: str, verb: str = "put") -> None:
        self.value, self.why, self.verb = value, why, verb
        self.tokens: list[Any] = []

    def at(self, above: str, *tokens: Any) -> NotValid:
        """Return the error for a value that was to come below a pointer."""
        pointer = above + join(*tokens, *reversed(self.tokens))
        what = f"put {show(self.value)} at" if self.verb == "put" else self.verb
        return NotValid(f"Cannot {what} {pointer!r}: {self.why}", pointer=pointer, value=self.value)


class Shape:
    """What may stand in a place.

    Attributes:
        passes: The exact types of which every value may stand there as it is, if it can travel at all.
        holds: `list` or `dict` if it is a container's, else None.
        is_free: Code of a person's decides too: `asked` asks it, where no lock is held; `admit` does not.
        makes: Objects of a person's own classes stand there. `made` makes them of plain ones, where no lock
            is held; `admit` does not.
        notes: What `synced()` says of it for the person at the page.
    """

    passes: frozenset[type] = frozenset()
    notes: Mapping[str, Any] = {}  # nobody writes into it
    holds: type | None = None
    is_free = False
    makes = False

    def say(self) -> str:
        """Name what is expected, in a sentence: `'a number'`."""
        raise NotImplementedError

    def admit(self, value: Any) -> tuple[Any, Frame | None]:
        """Return a value as it will stand there, without a look at what is in it, and what judges that.

        Raises:
            Refusal: It may not stand there.
        """
        raise NotImplementedError

    def look(self, value: Any) -> Any:
        """Return a scalar as it will stand there, or `ABSENT` if that takes a closer look."""
        if self.is_free:
            return ABSENT
        try:
            taken = self.admit(value)[0]
        except Refusal:
            return ABSENT  # what is wrong is said at leisure
        return taken if type(taken) in SCALARS else ABSENT

    def pass_all(self, values: Iterable[Any]) -> bool:
        """Whether values surely may all stand there as they are."""
        return self.passes.issuperset(map(type, values))

    def ask(self, owner: Any, value: Any) -> Any:
        """Return what a person's code makes of a value, if the shape is free."""
        return value

    def make(self, value: Any, *, is_from_page: bool) -> Any:
        """Return the object that a plain one stands for, if the shape makes such.

        Args:
            value: Whatever came.
            is_from_page: A page sent it, and may not say all that Python may.
        """
        return value

    def factory(self) -> Callable[[], Any] | None:
        """Return what makes the default of each instance, if the shape makes objects."""
        return None

    def default(self) -> Any:
        """Return what stands there before anybody says more, or `ABSENT` if nothing can be meant."""
        return ABSENT

    def refuse(self, value: object) -> Refusal:
        """Return the refusal of a value that is something else."""
        return Refusal(value, f"{self.say()} is expected")


class Alternatives(Protocol):
    """The shapes among which the one of a container was chosen: a union."""

    def frame_for(self, value: Any, former: Frame) -> Frame:
        """Return what judges a container whose whole content is another one by now."""


class Frame(Shape):
    """The shape of a container: it judges what stands in it, key by key.

    Attributes:
        is_tuple: A member of this shape is a tuple to Python.
        is_open: Anything may stand in it: then no container bears it.
        union: The union that it was chosen from, where another branch holds the same kind of container.
    """

    union: Alternatives | None = None
    is_tuple = False
    is_open = False

    def at(self, key: Any) -> Shape | None:
        """Return the shape of what stands under a name or an index.

        Raises:
            Refusal: Nothing may stand there.
        """
        raise NotImplementedError

    def reach(self, token: str, *, is_resized: bool) -> Any:
        """Return the shape of what a reference token leads to, or `ABSENT` if only the whole can tell.

        Args:
            token: A name or an index, as it stands in a pointer.
            is_resized: Whether it is to come or to go.
        """
        raise NotImplementedError

    def glance(self, key: Any, value: Any) -> Any:
        """Return a scalar as it will stand under a key, or `ABSENT` if that takes a closer look.

        Args:
            key: A name that is there, an index, or None for the end of a list.
            value: Any scalar.
        """
        raise NotImplementedError

    def mind_length(self, length: int) -> None:
        """Refuse a number of elements.

        Raises:
            Refusal: So many may not stand there.
        """

    def mind_loss(self, names: Iterable[str]) -> None:
        """Refuse that members are taken away.

        Raises:
            Refusal: One of them has to stay.
        """

    def fit_in(self, value: Any) -> Any:
        """Return a container that was admitted with all in it as it will stand there."""
        raise NotImplementedError

    def widen_rows(self, rows: Sequence[Any]) -> None:
        """Make floats of the integers in containers of this frame, where floats are to stand."""

    def pass_rows(self, rows: Sequence[Any]) -> bool:
        """Whether containers of this frame surely hold nothing but what may stand in them as it is.

        It looks at columns instead of cells: a tenth of the time.
        """
        return False


def fit(shape: Shape | None, value: Any) -> Any:
    """Return a value as it will stand in a place: itself if it may stand there as it is, else a copy.

    Raises:
        Refusal: It, or something in it, may not.

    Examples:
        >>> from syncstate.container_shapes import ListShape
        >>> from syncstate.leaf_shapes import NUMBER
        >>> fit(ListShape(NUMBER), [1, 2.5])
        [1.0, 2.5]
    """
    if shape is None or type(value) in shape.passes:
        return value
    value, frame = shape.admit(value)
    return value if frame is None else frame.fit_in(value)


def fits(shape: Shape | None, value: Any) -> bool:
    """Whether a value may stand in a place as it is."""
    try:
        return fit(shape, value) is value
    except Refusal:
        return False


def asked(shape: Shape | None, owner: Any, value: Any) -> Any:
    """Return what the code of a person's makes of a value, wherever a shape calls for it.

    Args:
        shape: The place's.
        owner: The model.
        value: What is to stand there.

    Raises:
        Exception: Whatever that code raises.
    """
    if shape is None or not shape.is_free:
        return value
    if not isinstance(shape, Frame):
        return shape.ask(owner, value)
    if isinstance(value, dict) and shape.holds is dict:
        return {name: _asked_at(shape, owner, name, member) for name, member in value.items()}
    if isinstance(value, (list, tuple)) and shape.holds is list:
        return [_asked_at(shape, owner, place, element) for place, element in enumerate(value)]
    return value


def made(shape: Shape | None, value: Any, *, is_from_page: bool = False) -> Any:
    """Return a value with the objects that plain ones in it stand for, or itself if there are none.

    Args:
        shape: The place's.
        value: What is to stand there.
        is_from_page: A page sent it.

    Raises:
        Refusal: A plain object does not stand for one of those.
    """
    if shape is None or not shape.makes:
        return value
    if not isinstance(shape, Frame) or shape.holds is None:
        return shape.make(value, is_from_page=is_from_page)
    if isinstance(value, dict) and shape.holds is dict:
        members = {name: _made_at(shape, name, member, is_from_page) for name, member in value.items()}
        return value if all(map(is_, members.values(), value.values())) else members
    if isinstance(value, (list, tuple)) and shape.holds is list:
        elements_ = [_made_at(shape, place, element, is_from_page) for place, element in enumerate(value)]
        return value if all(map(is_, elements_, value)) else elements_
    return value


def made_in(frame: Shape, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return some members of an object with the objects that plain ones in them stand for."""
    if not isinstance(frame, Frame) or not frame.makes:
        return dict(members)
    return {name: _made_at(frame, name, member, False) for name, member in members.items()}


def _made_at(frame: Frame, key: Any, value: Any, is_from_page: bool) -> Any:
    try:
        return made(frame.at(key), value, is_from_page=is_from_page)
    except Refusal as refusal:
        refusal.tokens.append(key)
        raise


def _asked_at(frame: Frame, owner: Any, key: Any, value: Any) -> Any:
    try:
        return asked(frame.at(key), owner, value)
    except Refusal as refusal:
        refusal.tokens.append(key)
        raise


def default_of(shape: Shape | None) -> Any:
    """Return what stands in a place before anybody says more."""
    return None if shape is None else shape.default()
