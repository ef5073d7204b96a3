"""Floor 8. `SyncedModel`: what a person subclasses in a notebook.

To Python it is a `HasTraits` whose containers are live; to pages it is a document with a session.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, ClassVar, Literal, dataclass_transform

import traitlets

from syncstate.actions import Action, actions_of, packed
from syncstate.authority import PYTHON, Authority
from syncstate.computed import Computed
from syncstate.diff import Change as Recorded
from syncstate.document import JsonObject, ObjectNode, fresh
from syncstate.errors import PatchError, SessionClosed, SyncStateError
from syncstate.fields import annotated_traits
from syncstate.patch import Operation
from syncstate.pointer import as_pattern
from syncstate.rules import rules_of
from syncstate.seams import TraitValues, install, install_reading, synced_traits
from syncstate.state import TraitDocument

if TYPE_CHECKING:
    from jsonpatch import JsonPatch

    from syncstate.link import Connection
    from syncstate.messages import Letter, Snapshot
    from syncstate.sources import View
    from syncstate.ties import End, Tie
    from syncstate.watching import Change, Changes, Subscription, Waiting, Watchers


class Sync:
    """Everything about a model that is not its state; `model.sync` is one.

    It is the only public name that syncstate takes from a user's class. The link is loaded by the first model
    that a page is to see: importing syncstate takes a quarter less.
    """

    __slots__ = ("_connections", "_document", "_is_closed", "_is_published", "_watchers")

    def __init__(self, document: TraitDocument) -> None:
        self._document = document
        self._connections: tuple[Connection, ...] = ()
        self._is_closed = False
        self._is_published = False
        self._watchers: Watchers | None = None

    @property
    def key(self) -> str:
        """The model's name on the wire: pages and saved outputs know it by this."""
        return self._document.authority.key

    @property
    def version(self) -> int:
        """How many states of the document there were since somebody first looked.

        Looking is what makes a state count: everything between two looks is one step.
        """
        authority = self._document.watch()
        self._document.refresh()
        authority.commit()
        return authority.version

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def snapshot(self) -> JsonObject:
        """Return the document as plain `dict`s and `list`s, which later changes do not touch."""
        self._document.refresh()
        return self._document.snapshot()

    def schema(self) -> dict[str, Any]:
        """Return what the types of the model say, as a JSON Schema (draft 2020-12).

        It is of this instance: what `add_traits` gave it is in. Own keywords are `actions`, `step`, `leaf`,
        `formatMinimum`, `formatMaximum` and `widget`; the guide on forms says what they mean.

        Examples:
            >>> from syncstate import SyncedModel, synced
            >>> class Board(SyncedModel):
            ...     title: str = synced("Sales", help="What stands above")
            >>> Board().sync.schema()["properties"]
            {'title': {'type': 'string', 'title': 'Title', 'description': 'What stands above'}}
        """
        from syncstate.schema import schema_of

        return schema_of(type(self._document.model))

    def apply(self, patch: JsonPatch | Iterable[Operation] | str) -> None:
        """Apply a JSON Patch (RFC 6902) whole or not at all; traits validate it as they do assignments.

        Args:
            patch: A `jsonpatch.JsonPatch`, a list of operations, or the JSON text of one.

        Raises:
            PatchError: The patch is malformed or does not apply; nothing has changed.
            traitlets.TraitError: A trait refuses a value; nothing has changed.
            NotSyncable: A value has no JSON form; nothing has changed.
        """
        if isinstance(patch, str):
            try:
                patch = json.loads(patch)
            except ValueError as error:
                raise PatchError(f"Cannot read the patch: it is no JSON text: {error}") from None
        operations: Any = getattr(patch, "patch", patch)
        self._document.apply(operations)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step of Python's to undo."""
        return self._document.history.can(PYTHON, is_redo=False)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step of Python's to redo."""
        return self._document.history.can(PYTHON, is_redo=True)

    def undo(self) -> None:
        """Take back Python's last step: a `batch()` or `transaction()`, carried over what was done since.

        Pages see it as any other change; each page undoes its own steps. A statement by itself is a step
        only if the class says `_history = "statements"`.

        Raises:
            NothingToUndo: No step is left.
            Conflict: Somebody else has changed what it did; nothing has changed.
        """
        self._document.go_back(is_redo=False)

    def redo(self) -> None:
        """Do again what `undo` took back last, unless Python has done a new step since.

        Raises:
            NothingToUndo: Nothing was undone.
            Conflict: Somebody else has changed what it did; nothing has changed.
        """
        self._document.go_back(is_redo=True)

    def on_patch(self, callback: Callable[[JsonPatch], None]) -> Callable[[], None]:
        """Call a function with each change as a `jsonpatch.JsonPatch`: once a statement, once a batch.

        Returns:
            A function that ends it.
        """
        from jsonpatch import JsonPatch

        def listener(changes: list[Recorded]) -> None:
            callback(JsonPatch([dict(step.operation) for step, _ in changes]))

        self._document.listen(listener)
        return lambda: self._document.ignore(listener)

    def subscribe(
        self, pattern: str, callback: Callable[[Change], object], *, weak: bool = False
    ) -> Subscription:
        """Call a function when something changes at, below or above a location.

        It is called once for each location that matches, after each statement, batch, patch and edit of a
        page that did something there, in order, with the document as it is then.

        Args:
            pattern: A JSON Pointer in which `*` stands for any one token; a member that is called `*` is
                written `~2`.
            callback: Gets a `Change`. What it raises is raised where the change was made, after the others
                have been told.
            weak: Do not keep the callback, or the object whose method it is: when it goes, this ends.

        Returns:
            What ends it: call it, or use it in a `with` statement.

        Raises:
            PointerError: The pattern is no pointer.
            TargetNotFound: The model has no such member, so nothing would ever match.

        Examples:
            >>> from syncstate import SyncedModel
            >>> class Board(SyncedModel):
            ...     rows: list[dict] = []
            >>> board = Board(rows=[{"price": 3}, {"price": 5}])
            >>> stop = board.sync.subscribe("/rows/*/price", print)
            >>> board.rows[1]["price"] = 4
            Change('/rows/1/price', value=4, old=5)
            >>> stop()
        """
        return self._watch().subscribe(pattern, callback, weak=weak)

    def changes(self, pattern: str) -> Changes:
        """Return the changes that a pattern matches, to read with `async for` in any event loop.

        It listens from now on and gives them in order. What changes again before it is read is one change:
        who reads slowly gets the newest state, not a backlog.

        Args:
            pattern: As for `subscribe`.

        Raises:
            PointerError: The pattern is no pointer.
            TargetNotFound: The model has no such member.
            SessionClosed: The model was closed; when that happens later, the loop ends.
        """
        from syncstate.watching import Changes

        self._check_open(f"watch {pattern!r}")
        return Changes(self._watch(), pattern)

    def wait(
        self,
        pointer: str,
        predicate: Callable[[Any], object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Waiting:
        """Wait until a value is as a predicate wants it: `await` what this returns, or call its `result()`.

        Both give the value. `result()` blocks the thread: in a cell that works where the kernel hears pages
        meanwhile, as ipykernel 7 does; elsewhere it raises at once, and says why.

        Args:
            pointer: The location of the value.
            predicate: Asked about the value of now and after each change, on the thread that made it;
                without it any change will do.
            timeout: How many seconds to wait, counted from `await` or `result()`.

        Raises:
            PointerError: It is no pointer.
            TargetNotFound: The model has no such member.
            SessionClosed: The model was closed.
        """
        from syncstate.watching import Waiting

        self._check_open(f"wait for {pointer!r}")
        return Waiting(self._watch(), pointer, predicate, timeout, self._what_stands_still)

    def link(self, pointer: str, other: SyncedModel, target: str | None = None) -> Tie:
        """Keep a location and one of another model equal, whichever changes; as `traitlets.link` does.

        The other model gets this one's value first. What the validators of one make of the other's value
        comes back to it. A value that one of them refuses is taken back at the other, and the error is raised
        where the change was made. While one of the locations is not there, nothing is copied.

        Args:
            pointer: The location here.
            other: The other model; this one itself will do.
            target: The location there; by default the same.

        Returns:
            What parts them: `unlink()`, or the end of its `with` statement. It keeps both models.

        Raises:
            TargetNotFound: One of the locations is not there.
            TypeError: The other one is no `SyncedModel`.

        Examples:
            >>> from syncstate import SyncedModel
            >>> class Board(SyncedModel):
            ...     threshold: float = 0.5
            >>> one, other = Board(), Board()
            >>> tie = one.sync.link("/threshold", other)
            >>> other.threshold = 0.7
            >>> one.threshold
            0.7
            >>> tie.unlink()
        """
        return self._tie(pointer, other, target, None, is_mutual=True)

    def dlink(
        self,
        pointer: str,
        other: SyncedModel,
        target: str | None = None,
        *,
        transform: Callable[[Any], Any] | None = None,
    ) -> Tie:
        """Copy what is at a location to one of another model, now and whenever it changes.

        A value that the other model refuses is raised where the change was made; this one keeps it.

        Args:
            pointer: The location here.
            other: The other model; this one itself will do.
            target: The location there; by default the same.
            transform: Makes what goes there of what is here.

        Returns:
            What ends it: `unlink()`, or the end of its `with` statement. It keeps both models.

        Raises:
            TargetNotFound: One of the locations is not there.
            TypeError: The other one is no `SyncedModel`.
        """
        return self._tie(pointer, other, target, transform, is_mutual=False)

    def _tie(
        self,
        pointer: str,
        other: SyncedModel,
        target: str | None,
        transform: Callable[[Any], Any] | None,
        *,
        is_mutual: bool,
    ) -> Tie:
        from syncstate.ties import End, Tie

        if not isinstance(other, SyncedModel):
            raise TypeError(
                f"Cannot tie {pointer!r} to a {type(other).__name__}: it is no SyncedModel; "
                "traitlets.link ties the traits of any HasTraits"
            )
        there = pointer if target is None else target
        return Tie(self._end(End, pointer), other.sync._end(End, there), transform, is_mutual=is_mutual)

    def _end(self, make: type[End], pointer: str) -> End:
        return make(self._document, pointer, lambda callback: self.subscribe(as_pattern(pointer), callback))

    def _watch(self) -> Watchers:
        if self._watchers is None:
            from syncstate.watching import Watchers

            self._watchers = Watchers(self._document)
        return self._watchers

    def _what_stands_still(self) -> tuple[str, str] | None:
        from syncstate.link import kernel_link
        from syncstate.main_thread import what_stands_still

        heard = [connection.hears_on_main for connection in self._connections]
        if self._is_published:
            heard.append(kernel_link().hears_on_main)
        return what_stands_still(is_heard_here=True in heard or None)

    def open(self, target_name: str, *, on_close: Callable[[], None] = lambda: None) -> Connection:
        """Open a plain comm for this model to a target that a page registered.

        Args:
            target_name: The name under which the page registered it.
            on_close: Called once when either side has closed; a page without the target closes at once.

        Returns:
            The connection; `close()` ends it.

        Raises:
            SessionClosed: The model was closed.
        """
        from syncstate.link import Connection

        self._check_open(f"open {target_name!r}")
        connection = Connection(self._document.watch(), target_name, on_close)
        self._connections = (*(known for known in self._connections if known.is_open), connection)
        return connection

    def send(self, content: Any, buffers: Iterable[bytes | bytearray | memoryview] = ()) -> None:
        """Say something to the pages that show the model now, beside its state: an event, not a fact.

        They hear it after what was done to the model before. It is sent once: who opens a page later, or
        reloads one, does not hear it. What must not be lost belongs in the state.

        Args:
            content: Any value that a document may have.
            buffers: Bytes that travel beside it as they are.

        Raises:
            NotSyncable: The content has no JSON form.
            SessionClosed: The model was closed.
        """
        self._check_open("send a message")
        letter: Letter = {"content": packed(self._document, content, "a message")}
        if copies := [bytes(buffer) for buffer in buffers]:
            letter["buffers"] = copies
        self._say(letter)

    def _say(self, letter: Letter) -> None:
        if self._is_published:
            from syncstate.link import kernel_link

            kernel_link().say(self._document.authority, letter)
        for connection in self._connections:
            connection.say(letter)

    def on_msg(self, callback: Callable[[Any, list[bytes]], object]) -> Callable[[], None]:
        """Call a function with what pages say beside the state: its content, and its buffers.

        It is called on the thread that hears pages, after the edits that its page made before. What it raises
        is logged.

        Returns:
            A function that ends it.
        """
        document = self._document
        document.callbacks += (callback,)

        def end() -> None:
            document.callbacks = tuple(each for each in document.callbacks if each != callback)

        return end

    def close(self, reason: str = "the model was closed") -> None:
        """Tell pages that this model is gone, and free what its session holds.

        The model stays a usable Python object that nobody sees; a second time does nothing.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._watchers is not None:
            self._watchers.close()
        for connection in self._connections:
            connection.close(reason)
        if self._is_published:  # closing what nobody saw opens no link
            from syncstate.link import kernel_link

            kernel_link().withdraw(self._document.authority, reason)

    def _publish(self, view: View | None = None) -> Authority:
        """Let every page of this kernel find the model, and draw it by a view if one is shown."""
        from syncstate.link import kernel_link
        from syncstate.reload import reloads

        authority = self._document.watch()
        if not self._is_closed:
            self._demand_key(kernel_link().known(self.key))
            self._is_published = True
            kernel_link().publish(authority)
            if view is not None:
                reloads(kernel_link()).show(type(self._document.model), self.key, view)
        return authority

    def _show(self, view: View | None = None) -> tuple[Snapshot, bool]:
        """Publish the model; return its state, and whether that is its version's: in a batch it is not."""
        authority = self._publish(view)
        authority.refresh()
        with authority.held():
            return authority.snapshot(), not authority.is_held

    def _demand_key(self, known: Authority | None) -> None:
        """Refuse the key of a model of another class; one of the same is that of the cell's last run."""
        other, mine = type(getattr(known and known.document, "model", None)), type(self._document.model)
        is_run_again = (other.__module__, other.__qualname__) == (mine.__module__, mine.__qualname__)
        if known is not None and not is_run_again:
            raise SyncStateError(
                f"Cannot show a {mine.__name__}: {self.key!r} is the key of a {other.__name__} that is "
                "shown; give one of them another _key, or close() that one"
            )

    def _check_open(self, what: str) -> None:
        if self._is_closed:
            raise SessionClosed(f"Cannot {what}: this model was closed; make another one")


# synced() is no field specifier: to type checkers its default is one only if it is named
@dataclass_transform(kw_only_default=True)
class SyncedModel(ObjectNode, traitlets.HasTraits):
    """A model whose state pages show, and may change where it lets them.

    Annotated attributes are synced; so are traits of traitlets that are tagged `sync=True`. Names that
    begin with `_` and `ClassVar`s stay local. Lists and dicts are live at any depth: change them in place.

    Attributes:
        sync: Everything about the model that is not its state.

    Raises:
        TypeError: From the class statement when an annotation has no trait; from the constructor for an
            argument that is no trait.
        NotSyncable: From every assignment of a value without a JSON form; nothing has changed.

    Examples:
        >>> class Board(SyncedModel):
        ...     title: str = "Sales"
        ...     rows: list[dict] = []
        >>> board = Board(rows=[{"price": 3}])
        >>> board.rows[0]["price"] = 4
        >>> board
        Board(title='Sales', rows=[{'price': 4}])
    """

    _esm: ClassVar[str | Path | None] = None
    """The view's ES module: its text, the path of a `.js` file, or a URL."""

    _css: ClassVar[str | Path | None] = None
    """The view's style sheet: its text, the path of a `.css` file, or a URL."""

    _reload: ClassVar[bool | None] = None
    """Whether open views follow the files of `_esm` and `_css`; by default if no package installed these."""

    _key: ClassVar[str | None] = None
    """A name for the model that stays the same when the cell runs again; by default each has its own."""

    _history: ClassVar[Literal["batches", "statements"]] = "batches"
    """What one step of Python's is, to `sync.undo`; statements cost ten times as much if each is one."""

    _actions: ClassVar[dict[str, Action]] = {}
    _synced_rules: ClassVar[dict[str, frozenset[str]]] = {}

    _document: TraitDocument
    _sync: Sync | None = None
    _is_made = False  # observers are told of computeds from then on

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "sync" in cls.__dict__ or "sync" in inspect.get_annotations(cls):
            raise TypeError(
                f"Cannot define 'sync' in {cls.__name__}: every SyncedModel has one; choose another name"
            )
        for name, trait in annotated_traits(cls, SyncedModel).items():
            setattr(cls, name, trait)
            trait.class_init(cls, name)
        for name, trait in synced_traits(cls).items():
            if hasattr(SyncedModel, name):
                verb = "compute" if isinstance(trait, Computed) else "sync"
                raise TypeError(
                    f"Cannot {verb} {name!r} of {cls.__name__}: SyncedModel uses that name; choose another"
                )
            install(trait)
        cls._synced_rules = rules_of(cls, synced_traits(cls))
        for trait in (value for klass in cls.__mro__ for value in vars(klass).values()):
            if isinstance(trait, traitlets.TraitType):
                install_reading(trait)
        cls._actions = actions_of(cls, SyncedModel)
        if (reload := sys.modules.get("syncstate.reload")) is not None:  # a view is shown
            reload.redefine(cls)

    def __init__(self, **values: Any) -> None:
        for name in values:
            if not self.has_trait(name):
                raise TypeError(
                    f"Cannot make a {type(self).__name__}: it has no member {name!r}; "
                    f"it has {', '.join(map(repr, self.trait_names())) or 'none'}"
                )
        super().__init__(**values)
        self._is_made = True
        self._document.begin_rules(self._synced_rules)
        if self._trait_notifiers:
            self._document.wake(self._document.computations)

    def hold_trait_notifications(self) -> Any:
        """Tell observers what changed at the end, as traitlets does."""
        hold = super().hold_trait_notifications()
        return self._document.holding(hold) if self._document.computations else hold

    def setup_instance(self, /, *args: Any, **kwargs: Any) -> None:
        """Prepare an instance before `__init__`, as traitlets asks."""
        document = TraitDocument(self, self._key or token_hex(8))
        document.fixed_key = self._key
        self._document = document
        if self._history == "statements":
            document.keep_statements()
        super().setup_instance(*args, **kwargs)
        self._trait_values = TraitValues(document, self._trait_values)

    @property
    def sync(self) -> Sync:
        """Everything about the model that is not its state."""
        facade = self._sync
        if facade is None:
            facade = self._sync = Sync(self._document)
        return facade

    def add_traits(self, **traits: Any) -> None:
        """Add traits to this instance alone, as traitlets does; pages see the synced ones."""
        before = dict(synced_traits(type(self)))
        super().add_traits(**traits)
        self._document.admit_new(name for name in synced_traits(type(self)) if name not in before)

    def _add_notifiers(self, handler: Any, name: Any, type: Any) -> None:
        # somebody observes: changes inside containers must be described from now on
        super()._add_notifiers(handler, name, type)
        self._document.observe()
        if self._is_made:
            self._document.wake(self._document.computations)

    # -- what stands in another document

    @property
    def _synced_node(self) -> TraitDocument:
        return self._document

    def _synced_members(self) -> JsonObject:
        return self._document.view()

    def _synced_twin(self) -> SyncedModel:
        return self

    def _synced_copy(self) -> SyncedModel:
        return copy(self)

    # -- copies are models of their own

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_document")
        state.pop("_sync", None)
        state["_trait_values"] = {
            name: fresh(value)
            for name, value in self._trait_values.items()
            if name not in self._document.computations
        }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        values = state["_trait_values"]
        own = {"_document": self._document, "_trait_values": self._trait_values}
        super().__setstate__({**state, **own})
        for name, value in values.items():
            if name in synced_traits(type(self)):
                self.set_trait(name, value)
            else:
                self._trait_values[name] = value
        self._document.begin_rules(self._synced_rules)

    # -- display

    def __repr__(self) -> str:
        from syncstate.display import as_text

        self._document.refresh()
        return as_text(type(self).__name__, self._document.view())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from syncstate.display import mimebundle
        from syncstate.sources import Sources

        view = Sources(self._esm, self._css, type(self).__module__).read()
        snapshot, is_settled = self.sync._show(view)
        name, schema = type(self).__name__, self.sync.schema() if view.esm is None else None
        return mimebundle(name, snapshot, is_settled=is_settled, drawn_by=view, schema=schema)
