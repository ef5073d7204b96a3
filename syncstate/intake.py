"""Floor 5. How values come into a container: all are checked and wrapped before any has its place.

A value has one place. What is put in is copied; a tracked container that has a place elsewhere is copied too;
one that has none any more (it was popped, say) or is about to lose it is taken as it is. A model is never
copied: it is refused where it would stand in two places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import chain, compress, repeat
from operator import attrgetter, is_
from threading import RLock
from typing import Any, ClassVar, TypeAlias

from syncstate.diff import others
from syncstate.document import MAX_DEPTH, MAX_INTEGER, SCALARS, ObjectNode
from syncstate.errors import NotSyncable
from syncstate.forms import registration_of
from syncstate.journal import Journal
from syncstate.nodes import (
    PLACED,
    Container,
    Node,
    are_whole,
    find_root,
    height_of,
    items_of,
    let_go,
    locate,
    node_of,
    nodes_below,
    note_place,
    reshape,
    root_above,
    roots_below,
)
from syncstate.pointer import join
from syncstate.records import Record, is_instance, members_of, more_of, placed
from syncstate.roots import NO_LEASE, NOWHERE, Root
from syncstate.shapes import Frame, Refusal, Shape, fits
from syncstate.values import Unfit, are_plain, is_scalar, leaf, name_of

Splice: TypeAlias = tuple[int, int, Sequence[Any]]
"""A range of a list, and the elements that take its place: start, stop, values."""


class Unready(Exception):
    """A model cannot be placed yet: it must make its defaults, and share a lock, while no lock is held."""

    def __init__(self, roots: list[Root]) -> None:
        super().__init__()
        self.roots = roots

    def get_ready(self, root: Root) -> None:
        """Do that, so that they can be placed below a root."""
        for one in self.roots:
            one.get_ready(root)


class Intake:
    """Values on their way into a container: all are checked and wrapped before any is given its place.

    Args:
        holder: The container, or the root, that takes them in.
        leaving: What stands where they will stand.
        root: The root above the holder; by default nothing is known of it.
        frame: What judges what stands in the holder, if it is a container.

    Attributes:
        list_type: Of which class a list will be. Lists and dicts that report take values in, so they are
            above, and have made themselves known here.
        dict_type: Of which class a dict will be.
        loose: Containers that had no place and are taken as they are. Another thread may change them, or give
            them one, until the lock of those that have none is held: only then `is_current` tells the truth.
        roots: The roots of the models among what comes in.
    """

    __slots__ = (
        "_above",
        "_busy",
        "_free",
        "_holder",
        "_is_judged",
        "_kept",
        "_links",
        "_reused",
        "_shape_of",
        "_shapes",
        "_table",
        "loose",
        "roots",
    )

    list_type: ClassVar[Any]
    dict_type: ClassVar[Any]

    def __init__(
        self,
        holder: Node,
        leaving: Sequence[Any],
        root: Root | None = None,
        frame: Frame | None = None,
    ) -> None:
        self._holder = holder
        self._is_judged = root is not None and root.is_judged
        # what may stand under a key of the holder
        self._shape_of: Callable[[Any], Shape | None] | None = None
        if isinstance(holder, Root):
            self._shape_of = holder.shape_of if root is not None else None
        elif root is not NOWHERE and frame is not None:
            self._shape_of = frame.at
        self._free = self._own(leaving)
        self._above: set[int] | None = None
        self._busy: set[int] = set()  # plain containers being wrapped right now, to find cycles
        self._begin()

    def _begin(self) -> None:
        self._kept: set[int] = set()  # containers that are taken as they are, with all below them
        self._reused: list[Any] = []  # the topmost of them that leave a place
        self.loose: list[Any] = []  # and those that had none
        self.roots: list[Root] = []
        self._table: _Table | None = None
        self._links: list[tuple[Container, Container, Any]] = []  # child, parent, key: set by place()
        self._shapes: list[tuple[Container, Frame | None]] = []  # what gets another shape than it had

    def _own(self, leaving: Sequence[Any]) -> dict[int, Any]:
        # what a list that was replaced still holds may have its place in another one by now
        nodes = [node_of(value) for value in leaving if isinstance(value, PLACED)]
        return {id(node): node for node in nodes if node._parent is self._holder}

    def take(self, value: Any, *tokens: Any) -> Any:
        """Return a value as it will stand in the holder, under a key or an index, or further below.

        Raises:
            NotSyncable: It, or something in it, has no JSON form; the error names the pointer.
            NotValid: It, or something in it, may not stand where it would.
        """
        if self._shape_of is None and is_scalar(value):
            return value
        try:
            if self._shape_of is None:
                return self._wrap(value, None)
            return self._take(value, self._find_shape(self._shape_of, tokens[0]))
        except Unfit as unfit:
            pointer = locate(self._holder) + join(*tokens, *reversed(unfit.tokens))
            raise NotSyncable(pointer, unfit.value, unfit.why) from None
        except Refusal as refusal:
            raise refusal.at(locate(self._holder), *tokens) from None

    def take_splices(self, splices: Iterable[Splice]) -> list[tuple[int, int, list[Any]]]:
        """Return splices of a list with their values as they will stand there, or raise what `take` does."""
        return [
            (start, stop, [self.take(value, place) for place, value in enumerate(values, start)])
            for start, stop, values in splices
        ]

    def take_members(self, members: Mapping[str, object]) -> dict[str, Any]:
        """Return members of a dict as they will stand there, or raise what `take` does."""
        taken: dict[str, Any] = {}
        for name, value in members.items():
            try:
                own_name = name_of(name)
            except Unfit as unfit:
                raise NotSyncable(locate(self._holder), unfit.value, unfit.why) from None
            taken[own_name] = self.take(value, own_name)
        return taken

    def _find_shape(self, shape_of: Callable[[Any], Shape | None], key: Any) -> Shape | None:
        try:
            return shape_of(key)
        except Refusal:
            if self._is_judged:
                return None
            raise

    def _take(self, value: Any, shape: Shape | None) -> Any:
        frame = None
        if isinstance(value, Container) and value._shape is shape and value._parent is self._holder:
            frame = value._shape  # it was looked at when it came
        elif shape is not None and type(value) not in shape.passes:
            value, frame = self._admit(value, shape)
        is_declared = shape is not None and isinstance(value, Enum) and registration_of(type(value)) is None
        return value if is_declared else self._wrap(value, frame)

    def _admit(self, value: Any, shape: Shape) -> tuple[Any, Frame | None]:
        try:
            return shape.admit(value)
        except Refusal:
            if self._is_judged:  # all gets its shape again at the end
                return value, None
            raise

    def take_row(self, value: Any, place: int, table: Container) -> Any:
        """Return a row as it will stand in a table that comes."""
        return self._member(value, table, place, None if table._shape is None else table._shape.at(place))

    def take_table(self, value: Any, former: Any) -> Any:
        """Return a table as it will stand in the place of a former one, or None: then `take` takes it.

        A row that is the same as the one at its place is that one: whoever holds it still does, and to copy
        99 of 100 rows would make an assignment take twice as long.
        """
        if type(value) is not list or id(former) not in self._free or not isinstance(former, self.list_type):
            return None
        before, after = [*former], [*value]
        if {*map(type, before)} != {self.dict_type} or {*map(type, after)} != {dict}:
            return None
        places = others(before, after)
        if places is None:
            return None
        shorter = min(len(before), len(after))
        are_kept = bytearray(b"\1") * shorter
        for place in places:
            are_kept[place] = 0
        kept = [*compress(before, are_kept)]
        places += range(shorter, len(after))
        built = self.list_type.__new__(self.list_type)
        built._shape = frame = former._shape
        if not kept or (places and not self._build_table([after[place] for place in places], built)):
            return None
        if frame is not None and not _has_length(frame, len(after)):
            return None
        node = self.list_type.__new__(self.list_type)
        node._shape = frame
        list.extend(node, before[:shorter])
        list.extend(node, after[shorter:])
        for place, row in zip(places, built, strict=True):
            row._parent, row._key = node, place
            list.__setitem__(node, place, row)
        self._table = _Table(former, node, kept, after)
        return node

    def was_kept(self, value: Any) -> bool:
        """Whether a container that came in is one that was here, or anywhere, before."""
        return id(node_of(value)) in self._kept

    def lock_below(self, root: Root) -> RLock:
        """Return the lock to hold, beside that of a root, while what was taken gets its place below it.

        Raises:
            Unready: A model is not ready for it; nothing has changed.
        """
        self.demand_ready(root)
        return (NOWHERE if self.loose else root).lock

    def demand_ready(self, root: Root) -> None:
        """See that all models that come in share the lock of a root, which is held.

        Raises:
            Unready: One does not; nothing has changed.
        """
        if root is not NOWHERE and not all(one.is_ready and one.lock is root.lock for one in self.roots):
            raise Unready(self.roots)
        self._demand_keys(root)

    def _demand_keys(self, root: Root) -> None:
        """Refuse a model whose class fixes its key, where one of the same key stands in the document."""
        come = [one for top in self.roots for one in (top, *roots_below(top))]
        arriving = [one for one in come if one.fixed_key is not None]
        if not arriving:
            return
        top = root
        while (above := root_above(top)) is not None:
            top = above[0]
        staying = [one for one in (top, *roots_below(top)) if one not in arriving and not self._goes(one)]
        keys = {one.fixed_key for one in staying}
        for one in arriving:
            if one.fixed_key in keys:
                why = f"a model with the key {one.fixed_key!r} is there already; give one another _key"
                raise NotSyncable(locate(self._holder), one.owner, why)
            keys.add(one.fixed_key)

    def _goes(self, node: Any) -> bool:
        """Whether a root leaves with what comes in."""
        while node is not None:
            if id(node) in self._free:
                return True
            node = node._parent
        return False

    def is_current(self) -> bool:
        """Whether what was taken may have its place; else all must be taken again, and this is as new."""
        is_it = all(node._parent is None and are_whole(nodes_below(node)) for node in self.loose)
        if is_it and self.loose:
            self._above = None  # the holder may have been placed in one of them
            is_it = self._ancestors().isdisjoint(map(id, self.loose))
        is_it = is_it and all(frame is None or fits(frame, node) for node, frame in self._shapes)
        if not is_it:
            self._begin()
        return is_it

    def look_again(self, leaving: Sequence[Any]) -> None:
        """Take note of what stands there by now, as the lock was not held before."""
        self._free = self._own(leaving)
        self.loose += [node for node in self._reused if not self._is_leaving(node)]
        if self._table is not None:
            self._table.look_again(self, is_there=id(self._table.former) in self._free)

    def place(self, arriving: Iterable[tuple[Any, Any]], journal: Journal | None = None) -> bool:
        """Give what was taken its place in the holder, and take it from what leaves.

        Args:
            arriving: What comes, with its keys.
            journal: Where to note who stood elsewhere.

        Returns:
            Whether a container has left.
        """
        if self.roots:
            self._settle_roots()
        for key, value in arriving:
            if isinstance(value, PLACED):
                node = node_of(value)
                note_place(node, journal)
                node._parent, node._key = self._holder, key
        for child, parent, key in self._links:
            note_place(child, journal)
            child._parent, child._key = parent, key
        if self.roots:
            root = self._root()
            for one in self.roots:
                one.arrive(root)
        if self._table is not None:
            for row in self._table.kept:  # at its place still, or its hint is as wrong as before
                note_place(row, journal)
                row._parent = self._table.node
        has_left = bool(self._shapes)  # whoever looks at the former shape of one has to look again
        for value, frame in self._shapes:
            reshape(node_of(value), frame)
        for leaver in self._free.values():
            if id(leaver) not in self._kept and leaver._parent is self._holder:
                note_place(leaver, journal)
                let_go(leaver)
                has_left = True
        return has_left

    def _root(self) -> Root:
        return self._holder if isinstance(self._holder, Root) else find_root(self._holder)[0]

    def _settle_roots(self) -> None:
        """Prepare the models that come in: what they have marked is described while it is where it was."""
        root = self._root()
        self.demand_ready(root)
        root.has_roots = True
        for one in self.roots:
            one.catch_up()
            if one._parent is not None:
                one.leave()

    def _wrap(self, value: Any, frame: Frame | None) -> Any:
        if isinstance(value, Container):
            return self._reuse(value, frame)
        if isinstance(value, Record):
            return self._reuse_record(value, frame or self._root().frame_of(value._synced_base))
        if isinstance(value, ObjectNode):
            return self._admit_model(value)
        if isinstance(value, (list, tuple)):
            return self._build(value, self.list_type, enumerate(value), frame)
        if isinstance(value, dict):
            return self._build(value, self.dict_type, value.items(), frame)
        if is_instance(value) and registration_of(type(value)) is None:
            return self._build_record(value, frame or self._root().frame_of(type(value)))
        return leaf(value)

    def _build_record(self, value: Any, frame: Frame | None) -> Record:
        node = self._build(value, self.dict_type, members_of(value).items(), frame)
        return placed(type(value), node, more_of(value))

    def _reuse_record(self, record: Record, frame: Frame | None) -> Record:
        node = record._synced_node
        kept = self._reuse(node, frame, record)
        return record if kept is node else placed(type(record), kept, getattr(record, "_synced_more", None))

    def _build(self, source: Any, type_: Any, items: Iterable[tuple[Any, Any]], frame: Frame | None) -> Any:
        """Wrap a plain container, and all in it, in a container of a class."""
        if id(source) in self._busy:
            raise Unfit(source, "it contains itself; a document is a tree")
        if len(self._busy) + self._depth() >= MAX_DEPTH:
            raise Unfit(source, f"it nests deeper than {MAX_DEPTH} levels")
        self._busy.add(id(source))
        node: Any = type_.__new__(type_)
        node._shape = frame
        key: Any = None
        try:
            if isinstance(node, dict):
                for name, member in items:
                    key = None  # what is wrong with a name is wrong with the object
                    key = name if type(name) is str and name.isascii() else name_of(name)
                    shape = None if frame is None else self._find_shape(frame.at, key)
                    dict.__setitem__(node, key, self._member(member, node, key, shape))
            elif type(source) is not list or not self._build_table(source, node):
                for key, member in items:
                    shape = None if frame is None else self._find_shape(frame.at, key)
                    list.append(node, self._member(member, node, key, shape))
        except (Unfit, Refusal) as unfit:
            if key is not None:
                unfit.tokens.append(key)
            raise
        finally:
            self._busy.discard(id(source))
        return node

    def _build_table(self, source: list[Any], node: Any) -> bool:
        """Wrap a list of objects that hold nothing but the commonest scalars: 0.4 of the time of each alone.

        Returns:
            Whether it is such a list, of what its shape has in it; if not, nothing has happened.
        """
        if {*map(type, source)} != {dict} or len(self._busy) + self._depth() >= MAX_DEPTH:
            return False
        shape = None if node._shape is None else node._shape.at(0)
        if shape is not None and not isinstance(shape, Frame):
            return False
        if shape is not None and shape.holds is not dict:
            return False
        frame = None if shape is None or shape.is_open else shape
        rows: list[Any] = []
        type_ = self.dict_type
        for place, members in enumerate(source):
            row = dict.__new__(type_)
            row._parent, row._key, row._lease, row._shape = node, place, NO_LEASE, frame
            dict.update(row, members)  # first: another thread may change what was only looked at
            rows.append(row)
        if frame is not None:
            frame.widen_rows(rows)
            if not frame.pass_rows(rows):
                return False
        names = {*chain.from_iterable(rows)}
        values = [*chain.from_iterable(map(dict.values, rows))]
        if {*map(type, chain.from_iterable(rows))} - {str} or not all(map(str.isascii, names)):
            return False
        for kind in {*map(type, values)}:
            if not are_plain(values, kind):
                return False
        list.extend(node, rows)
        return True

    def _member(self, value: Any, parent: Any, key: Any, shape: Shape | None) -> Any:
        # the commonest scalars, without a call: this runs once for each value of a big table
        type_ = type(value)
        if shape is not None and type_ not in shape.passes:
            wrapped = self._take(value, shape)
        elif (
            (type_ is str and value.isascii())
            or type_ is float
            or (type_ is int and -MAX_INTEGER <= value <= MAX_INTEGER)
            or type_ is bool
            or value is None
        ):
            return value
        else:
            wrapped = self._wrap(value, None)
        if isinstance(wrapped, PLACED):
            node = node_of(wrapped)
            if id(node) in self._kept:
                self._links.append((node, parent, key))
            else:
                node._parent, node._key = parent, key
        return wrapped

    def _reuse(self, node: Container, frame: Frame | None, value: Any = None) -> Any:
        """Return a tracked container itself if it has no place or is leaving the one it has, else a copy.

        It is copied too if something in it will stand otherwise than it does.

        Args:
            node: The container.
            frame: What may stand in it.
            value: The object whose container it is, if it is one's.
        """
        value = node if value is None else value
        if id(node) in self._ancestors():
            raise Unfit(node, "it would contain itself; a document is a tree")
        is_loose = node._parent is None
        # what has no place, nobody judged
        is_same = node._shape is frame and (not is_loose or frame is None)
        can_stay = is_same or frame is None or fits(frame, value)
        if (is_loose or self._is_leaving(node)) and can_stay and self._keep(node):
            (self.loose if is_loose else self._reused).append(node)
            if not is_same:
                self._shapes.append((value, frame))
            return node
        return self._build(node, type(node), items_of(node), frame)

    def _admit_model(self, model: ObjectNode) -> ObjectNode:
        """Return a model, which is never copied: it has one place."""
        root: Root = model._synced_node
        if id(root) in self._ancestors():
            raise Unfit(model, "it would contain itself; a document is a tree")
        if id(root) in self._kept:
            raise Unfit(
                model, f"it would stand in two places; put in another {type(model).__name__}, or a copy"
            )
        is_loose = root._parent is None
        if not is_loose and not self._is_leaving(root):
            why = f"it has a place already, at {_place_of(root)}; take it out there first, or put in a copy"
            raise Unfit(model, why)
        if self._depth() + len(self._busy) + height_of(root) > MAX_DEPTH:
            raise Unfit(model, f"it nests deeper than {MAX_DEPTH} levels")
        self._kept.add(id(root))
        self.roots.append(root)
        (self.loose if is_loose else self._reused).append(root)
        return model

    def _keep(self, node: Container) -> bool:
        """Take note that a container is taken as it is, with all below it; return whether it can be."""
        levels = self._depth() + len(self._busy)
        if isinstance(node, dict) and SCALARS.issuperset(map(type, [*node.values()])):
            # the fast way for a row of a table: 1 us for 5
            if id(node) in self._kept or levels >= MAX_DEPTH:
                return False
            self._kept.add(id(node))
            return True
        nodes = nodes_below(node)
        ids = {*map(id, nodes)}
        if self._kept.isdisjoint(ids) and are_whole(nodes) and levels + height_of(node) <= MAX_DEPTH:
            self._kept |= ids
            self.roots += [one for one in nodes if isinstance(one, Root)]
            return True
        return False

    def _is_leaving(self, node: Any) -> bool:
        while id(node) not in self._free:
            if not isinstance(parent := node._parent, Container):
                return False
            node = parent
        return True

    def _ancestors(self) -> set[int]:
        if self._above is None:
            self._above = set()
            node: Node | None = self._holder
            while node is not None:
                self._above.add(id(node))
                node = node._parent
        return self._above

    def _depth(self) -> int:
        # each root's document is a level too, also that which a container has not yet
        return len(self._ancestors()) + (self._root() is NOWHERE)


class _Table:
    """A list of rows on its way into the place of another one, of which it keeps those that are the same.

    Args:
        former: The list that is there.
        node: The one that comes.
        kept: The rows that are in both, at the same places.
        source: The rows that were given.
    """

    __slots__ = ("_source", "former", "kept", "node")

    def __init__(self, former: Any, node: Any, kept: list[Any], source: list[Any]) -> None:
        self.former = former
        self.node = node
        self.kept = kept
        self._source = source

    def look_again(self, intake: Intake, *, is_there: bool) -> None:
        """Copy the given rows after all where another thread took one out meanwhile, or all of them."""
        if is_there and all(map(is_, map(_parent_of, self.kept), repeat(self.former))):
            return
        for place, row in enumerate(self.node):
            if row._parent is not self.node and not (is_there and row._parent is self.former):
                copy = intake.take_row(self._source[place], place, self.node)
                copy._parent, copy._key = self.node, place
                list.__setitem__(self.node, place, copy)
        self.kept = [row for row in self.node if row._parent is not self.node]


_parent_of = attrgetter("_parent")


def _has_length(frame: Frame, length: int) -> bool:
    try:
        frame.mind_length(length)
    except Refusal:
        return False
    return True


def _place_of(root: Root) -> str:
    """Return where a root has its place, for a sentence."""
    above = root_above(root)
    return repr(above[2]) if above is not None else "a list or dict that has no place itself"
