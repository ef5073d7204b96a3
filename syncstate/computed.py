"""Floor 5. `@computed`: a member of a model that is what a method says of the others.

```
  FRESH ──a member that it read changes──────► STALE ─────somebody looks──► it runs again
    └─────a computed that it read is STALE───► DOUBTFUL ──somebody looks──► that one runs again: is it new?
```

It runs when somebody looks, never under a lock, and never for a page while a batch is open. What it returns
is compared with what it returned before: what is the same is no change, and nothing computed from it runs.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable
from threading import get_ident
from types import TracebackType
from typing import Any, Never, Protocol, TypeVar, overload

import traitlets

from syncstate.document import Failure, ObjectNode, plain
from syncstate.errors import NotComputable
from syncstate.readings import (
    FRESH,
    Reader,
    Readers,
    Reading,
    begin,
    computes,
    current_reading,
    distrust,
    open_readings,
    trust,
)
from syncstate.tables import native

_T = TypeVar("_T")

_ATTEMPTS = 10
"""How often a computed runs anew that fails while other threads change what it reads."""

_logger = logging.getLogger(__name__)


class Home(Protocol):
    """The document of which a computed is a member."""

    model: traitlets.HasTraits
    readers: Readers

    def enrol(self, name: str, reading: Reading) -> None:
        """Tell a reading when a member changes."""

    def is_held(self, *, is_look: bool) -> bool:
        """Whether a batch is open here: one of others or, for pages, any."""

    def keep(self, name: str, value: Any, claim: Callable[[], bool]) -> bool:
        """Put what was computed in its place, and say whether that is another value.

        Args:
            name: The member's.
            value: What was computed.
            claim: Asked under the lock whether this is still the one to be put there.

        Raises:
            NotSyncable: It has no JSON form.
        """

    def await_end(self, reader: Reader) -> None:
        """Wake what is computed from here, once no batch is open."""

    def settle(self) -> None:
        """Tell observers; no lock is held."""


class Computed(traitlets.TraitType[_T, Never]):
    """The trait that `@computed` makes of a method.

    Args:
        function: The method.
        help: One sentence for the person at the page.
        label: What the person at the page reads instead of the name.
    """

    def __init__(self, function: Callable[[Any], _T], *, help: str = "", label: str = "") -> None:
        super().__init__(help=help or inspect.getdoc(function))
        self.function = function
        self.__doc__ = function.__doc__
        self.metadata.update(sync=True, read_only=True, **({"label": label} if label else {}))

    def class_init(self, cls: type[Any], name: str | None) -> None:
        """Learn the name, as traitlets asks."""
        if name is not None and name.startswith("_"):
            raise TypeError(
                f"Cannot compute {name!r} of {cls.__name__}: names that begin with _ stay local; "
                "choose another name, or make it a property"
            )
        super().class_init(cls, name)

    def subclass_init(self, cls: type[Any]) -> None:
        """Have no default."""

    def get(self, obj: Any, cls: Any = None) -> _T:
        """Return the value; it is computed first if what it was computed from has changed.

        Raises:
            Exception: What the method raised.
        """
        document = getattr(obj, "_document", None)
        if document is None:
            raise TypeError(f"Cannot compute {type(obj).__name__}.{self.name}: it is no SyncedModel")
        computation = document.computations.get(self.name)
        if computation is None or computation.trait is not self:  # asked for by super()
            return self.function(obj)
        return computation.value()  # type: ignore[no-any-return] # what the function returned, in its place

    def set(self, obj: Any, value: Never) -> None:
        """Refuse; but traitlets puts back all that changed while it held notifications."""
        if "notify_change" not in vars(obj):
            self.__set__(obj, value)

    def __set__(self, obj: Any, value: Never) -> None:
        raise computes(obj, str(self.name))


@overload
def computed(function: Callable[[Any], _T], /) -> Computed[_T]: ...
@overload
def computed(*, help: str = ..., label: str = ...) -> Callable[[Callable[[Any], _T]], Computed[_T]]: ...
def computed(function: Any = None, /, *, help: str = "", label: str = "") -> Any:
    """Make a method of a `SyncedModel` a member that is computed from others.

    It is synced as they are, and nobody can assign it. What it depends on is found by running it: all synced
    attributes that are read meanwhile, of any models. It runs when somebody looks at it after one of them has
    changed, at most once a batch. What it raises is raised where it is read, and shown in the page.

    Args:
        function: The method; it takes the model and nothing else.
        help: One sentence for the person at the page; by default the method's docstring.
        label: What the person at the page reads instead of the name.

    Raises:
        TypeError: It is no method that could be computed.

    Examples:
        >>> from syncstate import SyncedModel, computed
        >>> class Cart(SyncedModel):
        ...     prices: list[float] = []
        ...
        ...     @computed
        ...     def total(self) -> float:
        ...         return sum(self.prices)
        >>> cart = Cart(prices=[1.5])
        >>> cart.prices.append(2)
        >>> cart.total
        3.5
    """
    if function is None:
        return lambda function: _made(function, help, label)
    return _made(function, help, label)


def _made(function: Any, help: str, label: str) -> Computed[Any]:
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function):
        raise TypeError(f"Cannot compute {name}: it is no method; put @computed above a plain 'def'")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"Cannot compute {name}: it is async, and who reads an attribute does not wait")
    if inspect.isgeneratorfunction(function):
        raise TypeError(f"Cannot compute {name}: it is a generator; return a list")
    parameters = [*inspect.signature(function).parameters.values()]
    if len(parameters) != 1 or parameters[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        raise TypeError(f"Cannot compute {name}: it must take self and nothing else; make it a method")
    return Computed(function, help=help, label=label)


def computed_traits(members: dict[str, traitlets.TraitType[Any, Any]]) -> list[Computed[Any]]:
    """Return those of a class's synced traits that are computed; they stand at the end."""
    found: list[Computed[Any]] = []
    for trait in reversed(members.values()):
        if not isinstance(trait, Computed):
            break
        found.append(trait)
    return found[::-1]


class _Outcome:
    """What a run led to that could not be put in its place."""

    __slots__ = ("error", "is_torn", "value")

    def __init__(self, value: Any, error: Exception | None, *, is_torn: bool) -> None:
        self.value = value
        self.error = error
        self.is_torn = is_torn


class Computation:
    """A computed of one model.

    Attributes:
        reading: What its newest run read.
        version: How many values it had.
        error: What the run raised of which the value is the Failure.
    """

    __slots__ = (
        "__weakref__",
        "_claimed",
        "_traceback",
        "document",
        "error",
        "name",
        "reading",
        "trait",
        "version",
    )

    def __init__(self, document: Home, trait: Computed[Any]) -> None:
        self.document: Home = document
        self.trait = trait
        self.name = str(trait.name)
        self.reading: Reading | None = None
        self.version = 0
        self.error: Exception | None = None
        self._traceback: TracebackType | None = None
        self._claimed = 0  # the number of the run that led to the value

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return f"{type(self.document.model).__name__}.{self.name}"

    def value(self) -> Any:
        """Return the value for who reads it in Python.

        Raises:
            Exception: What the method raised.
            NotComputable: It would need itself.
        """
        reading = current_reading() if open_readings else None
        outcome = self.refresh() if reading is None else self._refresh_for(reading)
        if outcome is not None:
            if outcome.error is not None:
                raise outcome.error
            return outcome.value
        error, stored = self.error, self.document.model._trait_values[self.name]
        if error is None and type(stored) is Failure:  # just now, by another thread
            error = self.error
        if error is not None:
            raise error.with_traceback(self._traceback)
        return native(stored)

    def _refresh_for(self, reading: Reading) -> _Outcome | None:
        """Have the value read by another computed, which is told when it changes from now on."""
        try:
            outcome = self.refresh()
        finally:  # also of the end of a loop; not before, or what is computed first would count as a change
            reading.see(self.document, self.name)
        if outcome is None and self.reading is not None and self.reading.state != FRESH:
            outcome = self.refresh()  # what changed just now is a change
        reading.take(self)
        return outcome

    def refresh(self, *, is_look: bool = False) -> _Outcome | None:
        """Run if what the value was computed from has changed; no lock is held.

        Args:
            is_look: For pages: they see nothing of a batch that is open, and are not in a hurry.

        Returns:
            None if what is in its place is what was wanted.
        """
        outcome = None
        for _ in range(1 if is_look else _ATTEMPTS):
            reading = self.reading
            if reading is not None and reading.is_done and self._is_right(reading, is_look=is_look):
                return None
            outcome = self._run(is_look=is_look)
            if outcome is None or not outcome.is_torn:
                break
        return outcome

    def _is_right(self, reading: Reading, *, is_look: bool) -> bool:
        """Whether nothing that was read has changed."""
        for _ in range(_ATTEMPTS):  # what runs meanwhile raises doubts again
            if not trust(reading):
                break
            self._ask(reading, is_look=is_look)
        return reading.state == FRESH

    def _ask(self, doubtful: Reading, *, is_look: bool) -> None:
        """Have the computeds that were read come out, and see whether they do as they did."""
        outer = current_reading()
        asking = self._open(outer)
        try:
            for input, version in doubtful.inputs:
                reader: Any = input()
                if reader is not None:
                    reader.refresh(is_look=is_look)
                    if reader.version != version:
                        distrust(doubtful)
                        break
        except BaseException:
            distrust(doubtful)
            raise
        finally:
            self._close(asking, outer)
        self._tell(asking, outer)

    def _run(self, *, is_look: bool) -> _Outcome | None:
        outer = current_reading()
        reading = self._open(outer)
        number = begin(reading)
        try:
            value, error = self._call()
            held: list[Any] = [source for source in reading.sources if source.is_held(is_look=is_look)]
        except BaseException:
            distrust(reading)
            raise
        finally:
            self._close(reading, outer)
        outcome = None
        if held:
            distrust(reading)
            self._await(held, outer)
            outcome = _Outcome(value, error, is_torn=False)
        elif error is not None and reading.state != FRESH:
            outcome = _Outcome(value, error, is_torn=True)
        else:
            self._keep(value, error, number)
            reading.pending[self.document] = None
        self._tell(reading, outer)
        return outcome

    def _call(self) -> tuple[Any, Exception | None]:
        try:
            return _copied(self.trait.function(self.document.model)), None
        except Exception as error:
            if error.__traceback__ is not None:
                error.__traceback__ = error.__traceback__.tb_next  # from the method on
            return None, error

    def _await(self, held: list[Any], outer: Reading | None) -> None:
        """Be woken when batches end; until then what needs this is as little for pages."""
        if outer is not None:
            outer.sources.update(held)
        for source in held:
            source.await_end(self)

    def _keep(self, value: Any, error: Exception | None, number: int) -> None:
        try:
            if error is None:
                self._put(value, None, number)
                return
        except Exception as refusal:
            error = refusal.with_traceback(None)
        self._put(Failure(type(error).__name__, str(error)), error, number)

    def _put(self, value: Any, error: Exception | None, number: int) -> None:
        def claim() -> bool:
            if number < self._claimed:
                return False
            self._claimed = number
            if error is not None:  # before the Failure is there to be read
                self.error, self._traceback = error, error.__traceback__
            return True

        if self.document.keep(self.name, value, claim):
            self.version += 1
        if error is None and self._claimed == number:
            self.error = self._traceback = None

    # -- the runs of this thread

    def _demand_no_loop(self, outer: Reading | None) -> None:
        names = [self.name]
        while outer is not None:
            names.append(outer.reader.name)
            if outer.reader is self:
                loop = names[::-1]
                raise NotComputable(
                    self.title,
                    f"it needs itself: {' -> '.join(loop)}; let one of them be computed from something else",
                    loop,
                )
            outer = outer.outer

    def _open(self, outer: Reading | None) -> Reading:
        self._demand_no_loop(outer)
        reading = Reading(self, outer)
        open_readings[get_ident()] = reading
        return reading

    def _close(self, reading: Reading, outer: Reading | None) -> None:
        if outer is None:
            open_readings.pop(get_ident(), None)
        else:
            open_readings[get_ident()] = outer
        reading.close()

    def _tell(self, reading: Reading, outer: Reading | None) -> None:
        """Have observers told of what came out anew, once nothing runs: they are no part of what is read."""
        pending, reading.pending = reading.pending, {}
        if outer is not None:
            outer.pending.update(pending)
            return
        for document in pending:
            try:
                document.settle()
            except Exception:  # who looks has nothing to do with it
                _logger.exception("Cannot tell an observer of %s", type(document.model).__name__)


def _copied(value: Any) -> Any:
    """Return what was computed as a value: of models in it, what they are now; that is read as well."""
    if isinstance(value, ObjectNode):
        return _copy(value)
    if isinstance(value, (list, tuple)) and _has_object(value):
        return [_copied(element) for element in value]
    if isinstance(value, dict) and _has_object(value.values()):
        return {name: _copied(member) for name, member in value.items()}
    return value


def _has_object(values: Iterable[Any]) -> bool:
    return any(issubclass(type_, ObjectNode) for type_ in set(map(type, values)))


def _copy(node: ObjectNode) -> Any:
    if not isinstance(node, traitlets.HasTraits):
        return plain(node)  # type: ignore[arg-type] # an object of the document
    return {name: _copied(getattr(node, name)) for name in node._synced_members()}
