"""Floor 9. Widgets that were written for anywidget, run by syncstate.

A widget of ipywidgets talks to its pages through its `comm`, in the protocol of the Jupyter widgets. Here
that comm is a document:

```
  trait set in Python ──► widget ── update ──► WidgetComm ──► twin, a document ══► pages
  edit of a page ══► twin ──► WidgetComm ── update ──► widget.set_state: from_json, validators, observers
```

So nothing of a widget is done anew: its serializers, `send`, `on_msg`, commands and observers are its own. It
need not be anywidget's; nothing here imports anywidget or ipywidgets
(docs/decisions/0029-a-comm-that-is-a-document.md).
"""

from __future__ import annotations

import logging
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from secrets import token_hex
from threading import local
from typing import Any, TypeVar, cast

import traitlets

from syncstate.actions import packed
from syncstate.display import EMBED_LIMIT, MIME_TYPE, mimebundle
from syncstate.document import Json, JsonObject, plain, same
from syncstate.errors import SyncStateError
from syncstate.model import Sync
from syncstate.patch import Operation
from syncstate.rebase import members_of
from syncstate.seams import TraitValues, install, synced_traits
from syncstate.sources import View
from syncstate.state import TraitDocument
from syncstate.verdicts import Verdicts

Widget = TypeVar("Widget")

_HIDDEN = {"layout", "_dom_classes", "_view_count"} | {
    f"_{part}_{what}" for part in ("model", "view") for what in ("name", "module", "module_version")
}
"""What a widget tells a widget manager, and no front-end module."""

_SOURCES = ("_esm", "_css")
_ADAPTED = "_syncstate_adapted"

_logger = logging.getLogger(__name__)


def adapt(widget: Widget) -> Widget:
    """Return a widget class, or a widget, that syncstate shows and syncs.

    Args:
        widget: A class that was written for anywidget: what is returned is a subclass, whose instances
            syncstate shows. Or an instance: it becomes one of that subclass, and is returned itself; pages
            that showed it as a Jupyter widget show it no more.

    Raises:
        TypeError: It is no widget, or has no front-end module.

    Examples:
        ```python
        from drawdata import ScatterWidget
        from syncstate.anywidget import adapt

        Scatter = adapt(ScatterWidget)
        Scatter()
        ```
    """
    cls: Any = widget if isinstance(widget, type) else type(widget)
    is_widget = all(hasattr(cls, name) for name in ("get_state", "set_state", "comm"))
    if not is_widget or not issubclass(cls, traitlets.HasTraits):
        raise TypeError(f"Cannot adapt {widget!r}: it is no widget; give adapt an anywidget.AnyWidget")
    adapted = _adapted(cls)
    if widget is cls:
        return cast(Widget, adapted)
    if not hasattr(widget, "_esm"):
        raise TypeError(f"Cannot adapt a {cls.__name__}: it has no _esm, and syncstate runs no other module")
    if cls is not adapted:
        shown: Any = widget
        shown.close()
        shown.__dict__.pop("_repr_mimebundle_", None)  # which close() has left there
        shown.__class__ = adapted
        shown.open()
    return widget


class _Adapted:
    """What an adapted widget does otherwise than its class."""

    comm: Any

    def open(self) -> None:
        """Open a document in place of a comm, unless one is open."""
        if self.comm is None:
            self.comm = WidgetComm(self)

    @property
    def sync(self) -> Sync:
        """Everything about the widget's document that is not its state."""
        return self._synced_comm.sync

    @property
    def _synced_comm(self) -> WidgetComm:
        if not isinstance(self.comm, WidgetComm):
            raise SyncStateError(f"Cannot show a {type(self).__name__}: it was closed; make another one")
        return self.comm

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._synced_comm.bundle(type(self).__name__)


def _adapted(cls: type) -> type:
    if issubclass(cls, _Adapted):
        return cls
    known: type | None = cls.__dict__.get(_ADAPTED)  # there, it goes with the class
    if known is None:
        # the names too are the class's own: front-end modules are looked for beside it, and styles bear them
        space = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        if hasattr(cls, "sync"):
            space["sync"] = cls.sync
        metaclass: Any = type(cls)
        known = metaclass(cls.__name__, (_Adapted, cls), space)
        setattr(cls, _ADAPTED, known)
    return known


class WidgetComm:
    """A comm to its widget; to pages, a document.

    Args:
        widget: Whose it is.
    """

    def __init__(self, widget: Any) -> None:
        self.comm_id = token_hex(16)
        self._widget = widget
        self._receive: Callable[[dict[str, Any]], object] | None = None
        self._close: Callable[[dict[str, Any]], object] | None = None
        state = widget.get_state()
        self._sources = {name: state.get(name) or getattr(widget, name, None) for name in _SOURCES}
        self._twin = Twin.of(
            type(widget).__name__,
            {name: portable(state[name]) for name in state if self._is_synced(name)},
            self,
        )
        self.sync = Sync(self._twin._document)
        self._twin._document.callbacks += (self._hear,)
        self._embed()

    # -- the widget's side: the comm

    def on_msg(self, callback: Callable[[dict[str, Any]], object]) -> None:
        """Call back with what pages say, as the messages of a comm."""
        self._receive = callback

    def on_close(self, callback: Callable[[dict[str, Any]], object]) -> None:
        """Call back when the comm is closed."""
        self._close = callback

    def send(self, data: Any = None, metadata: Any = None, buffers: Sequence[Any] | None = None) -> None:
        """Take a message of the widget's to its pages."""
        method = data.get("method")
        if method == "custom":
            self.sync.send(portable(data["content"]), [bytes(buffer) for buffer in buffers or ()])
        elif method == "update":
            state = _joined(data["state"], data.get("buffer_paths") or (), buffers or ())
            for name in _SOURCES:
                if name in state:
                    self._sources[name] = state[name]
            told = {name: portable(state[name]) for name in state if self._is_synced(name)}
            if any(bool(value) != bool(self._twin._trait_values.get(name)) for name, value in told.items()):
                # A trait that is filled and emptied again is an event: pages are told of each value.
                self.sync._say({})
            self._twin._document.tell(told)

    def close(self, *_: Any, **__: Any) -> None:
        """Tell pages that the widget is gone."""
        self.sync.close("the widget was closed")
        if self._close is not None:
            self._close({})

    # -- the document's side

    def take(self, state: JsonObject) -> None:
        """Have the widget take what a page has set; where it refuses, the page gets what the widget has."""
        try:
            self._say({"method": "update", "state": _viewed(state), "buffer_paths": []})
        except Exception:
            _logger.exception("The widget has refused a page's edit of %s", ", ".join(map(repr, state)))
        held = {name: portable(value) for name, value in self._widget.get_state([*state]).items()}
        others = {name: value for name, value in held.items() if not same(value, state[name])}
        self._twin._document.tell(others)

    def demand(self, name: str, value: Json) -> None:
        """Raise what the widget's trait says of a value; its validators are asked when all are set.

        Raises:
            TraitError: It is refused.
        """
        trait = self._widget.traits().get(name)
        if trait is None or (value is None and trait.allow_none):
            return
        from_json = self._widget.trait_metadata(name, "from_json")
        try:
            proposed = _viewed(plain(value))
            proposed = proposed if from_json is None else from_json(proposed, self._widget)
            if hasattr(trait, "validate"):
                trait.validate(self._widget, proposed)
        except traitlets.TraitError:
            raise
        except Exception as error:
            raise traitlets.TraitError(f"{type(error).__name__}: {error}") from error

    def command(self, name: str) -> Command | None:
        """Return one of the widget's commands."""
        found = getattr(type(self._widget), "_anywidget_commands", {}).get(name)
        return Command(name, found, self._widget, self._twin._document) if found is not None else None

    def bundle(self, name: str) -> dict[str, Any]:
        """Return the widget's mimebundle."""
        authority = self.sync._publish()
        authority.refresh()
        with authority.held():
            snapshot, is_settled = authority.snapshot(), not authority.is_held
        esm, css = (None if source is None else str(source) for source in self._sources.values())
        is_embedded = "_esm" in snapshot["document"]
        bundle = mimebundle(
            name, snapshot, is_settled=is_settled, drawn_by=View(None if is_embedded else esm, css)
        )
        bundle[MIME_TYPE]["css_for_page"] = True
        if is_embedded:
            bundle[MIME_TYPE]["esm_at"] = "/_esm"
        return bundle

    def _embed(self) -> None:
        """Have pages ask for a module that is too large for the outputs of a notebook."""
        esm = self._sources["_esm"]
        if esm is not None and len(str(esm)) > EMBED_LIMIT:
            self._twin._document.tell({"_esm": str(esm)})

    def _hear(self, content: Json, buffers: list[bytes]) -> None:
        self._say({"method": "custom", "content": content}, [memoryview(buffer) for buffer in buffers])

    def _say(self, data: dict[str, Any], buffers: Sequence[Any] = ()) -> None:
        if self._receive is not None:
            self._receive({"content": {"data": data, "comm_id": self.comm_id}, "buffers": buffers})

    def _is_synced(self, name: str) -> bool:
        return name not in _HIDDEN and name not in _SOURCES


class Command:
    """A command of a widget, as an action: it takes a message and buffers, and returns such.

    It runs on the main thread, as a message to a widget is handled where ipykernel hears pages there.
    """

    is_async = False
    is_on_main = True

    def __init__(self, name: str, method: Callable[..., Any], widget: Any, document: TraitDocument) -> None:
        self._name, self._method, self.owner, self._document = name, method, widget, document

    def prepare(self, arguments: list[Json], keywords: dict[str, Json]) -> Callable[[], Any]:
        """Return what calls the command."""
        message = arguments[0] if arguments else None
        buffers = [memoryview(cast(bytes, each)) for each in cast(list[Json], keywords.get("buffers") or [])]
        return lambda: self._method(self.owner, message, buffers)

    def pack(self, value: Any) -> Json:
        """Return what it returned, as `experimental.invoke` takes it.

        Raises:
            SyncStateError: It cannot travel.
        """
        response, buffers = value
        what = f"{self._name!r} has run, but its response cannot travel"
        return {
            "response": packed(self._document, portable(response), what),
            "buffers": [*map(bytes, buffers)],
        }


class _TwinDocument(TraitDocument):
    """A document that asks a widget about a page's edits, and tells it what they did."""

    def __init__(self, twin: Twin, comm: WidgetComm) -> None:
        super().__init__(twin, token_hex(8))
        self._comm = comm
        self._voice = local()
        self._edited: dict[str, None] = {}

    @property
    def is_voice(self) -> bool:
        """Whether this thread takes in what the widget says."""
        return getattr(self._voice, "is_on", False)

    @contextmanager
    def _tells(self) -> Iterator[None]:
        before, self._voice.is_on = self.is_voice, True
        try:
            yield
        finally:
            self._voice.is_on = before

    def tell(self, state: JsonObject) -> None:
        """Take in what the widget says of its state."""
        with self._tells():
            for name, value in state.items():
                if name in self.members:
                    setattr(self.model, name, value)
                else:
                    cast(Twin, self.model).admit({name: value})

    def action(self, name: str) -> Any:
        """Return a command of the widget."""
        return self._comm.command(name)

    def apply_edit(self, operations: list[Operation], verdicts: Verdicts, author: str) -> None:
        """Apply a page's patch, and take note of what it is about."""
        super().apply_edit(operations, verdicts, author)
        if not verdicts.are_wanted:
            names = [name for each in operations for name in members_of(each) if name is not None]
            self._edited.update(dict.fromkeys(names))

    def edit_back(self, author: str, verdicts: Verdicts, *, is_redo: bool) -> None:
        """Take back a page's patch; it may be about anything."""
        super().edit_back(author, verdicts, is_redo=is_redo)
        if not verdicts.are_wanted:
            self._edited.update(dict.fromkeys(self.members))

    def settle(self) -> None:
        """Tell the widget what pages did; the lock is not held."""
        super().settle()
        with self.held():
            names, self._edited = self._edited, {}
            view = self.view() if names else {}
            state = {name: plain(view[name]) for name in names if name in view and name != "_esm"}
        if state:
            self._comm.take(state)


class _Member(traitlets.Any):
    """One trait of a widget, as pages have it."""

    def validate(self, twin: Any, value: Any) -> Any:
        """Ask the widget, unless it says so itself."""
        document: _TwinDocument = twin._document
        if not document.is_voice:
            document._comm.demand(str(self.name), value)
        return value


class Twin(traitlets.HasTraits):
    """What pages know of a widget: the serialized values of its synced traits.

    It is no `SyncedModel`: a widget's traits may have names that begin with `_`, or that `SyncedModel` uses.
    """

    _document: _TwinDocument

    def __init__(self, comm: WidgetComm) -> None:
        super().__init__()

    def setup_instance(self, comm: WidgetComm) -> None:
        """Prepare an instance before `__init__`, as traitlets asks."""
        self._document = _TwinDocument(self, comm)
        super().setup_instance()
        self._trait_values = TraitValues(self._document, self._trait_values)

    @classmethod
    def of(cls, name: str, state: JsonObject, comm: WidgetComm) -> Twin:
        """Make the twin of a widget: one of a class of its own, which has a trait for each member."""
        traits = {member: _Member(None, allow_none=True).tag(sync=True) for member in state}
        made: type[Twin] = type(name, (cls,), dict(traits))
        _declare(made, traits)
        twin = made(comm)
        twin._document.tell(state)
        return twin

    def admit(self, state: JsonObject) -> None:
        """Take in members that the widget was given after it was made; the document is telling."""
        known = synced_traits(type(self))
        traits = {member: _Member(None, allow_none=True).tag(sync=True) for member in state}
        self.add_traits(**traits)
        _declare(type(self), {**known, **traits})
        for member, value in state.items():
            setattr(self, member, value)
        self._document.admit_new(traits)


def _declare(cls: Any, traits: Mapping[str, Any]) -> None:
    """Say which traits are members: those too whose names begin with `_`."""
    cls._synced_traits = dict(traits)
    for trait in traits.values():
        install(trait)


def portable(value: Any) -> Json:
    """Return a value of a widget's state as a document has it: what Jupyter would make JSON of, and bytes."""
    if value is None or isinstance(value, (str, bytes, bool)):
        return value
    if isinstance(value, (memoryview, bytearray)):
        return bytes(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): portable(member) for name, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [portable(element) for element in value]
    if isinstance(value, (date, time)):
        return value.isoformat()
    return cast(Json, value)  # what is none is refused where it comes in


def _viewed(value: Any) -> Any:
    """Return a value as a widget gets it from a comm: its bytes are views."""
    if isinstance(value, bytes):
        return memoryview(value)
    if isinstance(value, dict):
        return {name: _viewed(member) for name, member in value.items()}
    return [_viewed(element) for element in value] if isinstance(value, list) else value


def _joined(state: Any, paths: Iterable[Sequence[Any]], buffers: Sequence[Any]) -> Any:
    """Return a state with the buffers in it that travel beside it; what has them is copied."""
    joined = _opened(state, paths)
    for path, buffer in zip(paths, buffers, strict=True):
        holder = joined
        for token in path[:-1]:
            holder = holder[token]
        holder[path[-1]] = buffer
    return joined


def _opened(state: Any, paths: Iterable[Sequence[Any]]) -> Any:
    if not any(True for _ in paths):
        return state
    heads: dict[Any, list[Sequence[Any]]] = {}
    for path in paths:
        if len(path) > 1:
            heads.setdefault(path[0], []).append(path[1:])
    opened = dict(state) if isinstance(state, Mapping) else list(state)
    for token, below in heads.items():
        opened[token] = _opened(opened[token], below)
    return opened
