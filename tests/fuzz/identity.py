"""A document as a tree of things with identities: the second opinion on what an edit did.

A `Tree` follows what the kernel committed, by its pointers, and remembers all that ever was. A `Draft` is the
tree with an edit on it that was done to the things themselves, and knows no index. What the kernel did and
what the draft says must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from syncstate.patch import apply
from syncstate.pointer import parse
from tests.fuzz.edits import WHOLE

Key: TypeAlias = "str | tuple[str, str]"
"""The id of an element or an object, or a member: its holder's id and its name."""

_Was = TypeVar("_Was")
_History: TypeAlias = list[tuple[int, _Was]]


class Thing:
    """A value with an identity: an object, a list, an element, or a scalar that is a member.

    Attributes:
        value: The scalar, or None for a container.
        members: The members of an object.
        elements: The elements of a list.
        parent, name: Where it is; the name is None for an element.
        past: What its members were, since which version.
        stood: In what it was, since which version.
    """

    __slots__ = ("elements", "members", "name", "parent", "past", "stood", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.members: dict[str, Thing] | None = None
        self.elements: list[Thing] | None = None
        self.parent: Thing | None = None
        self.name: str | None = None
        self.past: dict[str, _History[Thing | None]] = {}
        self.stood: _History[Thing | None] = []

    @property
    def id(self) -> Any:
        """What names it: the id of an object, or a scalar itself; None for a list."""
        if self.members is None:
            return self.value
        known = self.members.get("id")
        return "" if known is None else known.value

    def id_at(self, version: int) -> Any:
        """Return what named it at a version."""
        known = at(self.past.get("id", []), version)
        return self.id if known is None else known.value

    def below(self) -> Iterator[Thing]:
        """Yield this and everything in it."""
        yield self
        for child in self.elements if self.elements is not None else (self.members or {}).values():
            yield from child.below()

    def above(self) -> Iterator[Thing]:
        """Yield this and everything that holds it."""
        thing: Thing | None = self
        while thing is not None:
            yield thing
            thing = thing.parent

    def above_at(self, version: int) -> Iterator[Thing]:
        """Yield this and everything that held it at a version."""
        thing: Thing | None = self
        while thing is not None:
            yield thing
            thing = at(thing.stood, version)

    def plain(self) -> Any:
        """Return the JSON value."""
        if self.members is not None:
            return {name: member.plain() for name, member in self.members.items()}
        return self.value if self.elements is None else [element.plain() for element in self.elements]


def grow(value: Any, *, whole: tuple[str, ...] = ()) -> Thing:
    """Return a value as a tree of new things."""
    thing = Thing()
    if isinstance(value, dict):
        thing.members = {}
        for name, member in value.items():
            child = grow(None) if name in whole else grow(member)
            if name in whole:
                child.value = member
            child.parent, child.name = thing, name
            thing.members[name] = child
    elif isinstance(value, list):
        thing.elements = [grow(element) for element in value]
        for child in thing.elements:
            child.parent = thing
    else:
        thing.value = value
    return thing


def at(history: _History[_Was | None], version: int) -> _Was | None:
    """Return what was at a version."""
    return next((was for since, was in reversed(history) if since <= version), None)


class Doubled(Exception):
    """Something is there twice."""


class Gone(Exception):
    """What was meant is there no longer; the argument says why, in one of the words of `oracle.py`."""


class Left(NamedTuple):
    """Things are not in the document any more."""

    things: set[Thing]
    fate: str


class Succeeded(NamedTuple):
    """A thing stands where another one stood."""

    old: Thing
    new: Thing


class Moved(NamedTuple):
    """A thing went somewhere else."""

    thing: Thing


class Renewed(NamedTuple):
    """Something was assigned as a whole: to who did not do that, nothing in it is what it was."""

    twins: dict[Thing, Thing]
    page: str | None


Event: TypeAlias = "Left | Succeeded | Moved | Renewed"


class Tree:
    """What the kernel committed.

    Attributes:
        root: The document.
        version: The last commit that it followed.
        before: The containers that this commit changed, and what was in them before.
    """

    def __init__(self, document: Any, version: int) -> None:
        self.version = version
        self.before: dict[Thing, Any] = {}
        self._named: dict[Any, _History[Thing | None]] = {}
        self._events: dict[int, list[Event]] = {}
        self._came: list[Thing] = []
        self.root = grow(document, whole=WHOLE)
        self._settle_in(self.root)

    # -- what there is and was

    def named(self, known: str, version: int) -> Thing | None:
        """Return the object or element that had an id at a version; the document's id is empty."""
        return self.root if known == "" else at(self._named.get(known, []), version)

    def look(self, key: Key, version: int) -> Thing | None:
        """Return what was there at a version."""
        if isinstance(key, str):
            return self.named(key, version)
        holder = self.named(key[0], version)
        return None if holder is None else at(holder.past.get(key[1], []), version)

    def has(self, thing: Thing) -> bool:
        """Whether a thing is in the document."""
        return self.root in thing.above()

    def at(self, pointer: str) -> Thing:
        """Return what stands at a pointer."""
        thing = self.root
        for token in parse(pointer):
            below = thing.members if thing.members is not None else thing.elements
            assert below is not None
            thing = below[token] if isinstance(below, dict) else below[int(token)]
        return thing

    def events(self, version: int) -> list[Event]:
        """Return what a commit did."""
        return self._events.get(version, [])

    # -- what is committed

    def commit(self, operations: list[Any], version: int) -> None:
        """Apply the operations of a commit.

        Raises:
            Doubled: Two things have one id.
        """
        self.version = version
        self.before = {}
        self._events[version] = []
        self._came = []
        for operation in operations:
            self._operate(operation)
        self._settle()

    def renew(self, pointer: str, page: str | None) -> dict[Thing, Thing]:
        """Take what stands at a pointer for something else of the same value; return what everything became.

        Args:
            page: Who assigned it as a whole.
        """
        old = self.at(pointer)
        new = grow(old.plain()) if old.name not in WHOLE or old.parent is not self.root else grow(None)
        new.value = old.value
        twins = dict(zip(old.below(), new.below(), strict=True))
        self._events[self.version].append(Renewed(twins, page))
        holder = old.parent
        assert holder is not None
        index = 0 if holder.elements is None else holder.elements.index(old)
        self._detach(old)
        self._attach(new, holder, old.name or "", index)
        self._came = [new]
        self._settle()
        return twins

    def _settle(self) -> None:
        for thing in self._came:
            if self.has(thing):
                self._settle_in(thing)

    def _settle_in(self, new: Thing) -> None:
        for thing in new.below():
            thing.stood.append((self.version, thing.parent))
            for name, member in (thing.members or {}).items():
                thing.past.setdefault(name, []).append((self.version, member))
            if thing.id and isinstance(thing.id, str) and (thing.members is not None or thing.name is None):
                history = self._named.setdefault(thing.id, [])
                other = history[-1][1] if history else None
                if other is not None and other is not thing and self.has(other) and other.id == thing.id:
                    raise Doubled(f"{thing.id!r} is there twice")
                history.append((self.version, thing))

    def _operate(self, operation: Any) -> None:
        verb = operation["op"]
        *above, token = parse(operation["path"])
        if (above or [token])[0] in WHOLE:
            self._operate_whole(operation)
            return
        if verb == "test":
            return
        if verb == "remove":
            gone = self.at(operation["path"])
            self._leave(gone, {*gone.below()}, "removed")
            return
        if verb == "move":
            thing = self.at(operation["from"])
            self._detach(thing)
            self._events[self.version].append(Moved(thing))
        else:
            thing = grow(self.at(operation["from"]).plain() if verb == "copy" else operation["value"])
        holder = self.at(operation["path"].rpartition("/")[0])
        old: Thing | None = None
        index = 0
        if holder.members is not None:
            old = holder.members.get(token)
        else:
            assert holder.elements is not None
            index = len(holder.elements) if token == "-" else int(token)
            old = holder.elements[index] if verb == "replace" else None
        if old is not None:
            self._events[self.version].append(Succeeded(old, thing))
            self._leave(old, {*old.below()} - {old}, "replaced")
        self._attach(thing, holder, token, index)

    def _operate_whole(self, operation: Any) -> None:
        assert self.root.members is not None
        name = parse(operation["path"])[0]
        self._touch(self.root)
        old, thing = self.root.members[name], grow(None)
        thing.value = apply({name: old.value}, [operation])[name]
        self._events[self.version].append(Succeeded(old, thing))
        self._leave(old, set(), "replaced")
        self._attach(thing, self.root, name, 0)

    def _leave(self, thing: Thing, things: set[Thing], fate: str) -> None:
        self._events[self.version].append(Left(things, fate))
        self._detach(thing)

    def _detach(self, thing: Thing) -> None:
        holder = thing.parent
        assert holder is not None
        self._touch(holder)
        if thing.name is not None:
            assert holder.members is not None
            del holder.members[thing.name]
            holder.past.setdefault(thing.name, []).append((self.version, None))
        else:
            assert holder.elements is not None
            holder.elements.remove(thing)
        thing.parent = None
        thing.stood.append((self.version, None))

    def _attach(self, thing: Thing, holder: Thing, token: str, index: int) -> None:
        self._touch(holder)
        thing.parent = holder
        if holder.members is not None:
            thing.name = token
            holder.members[token] = thing
            holder.past.setdefault(token, []).append((self.version, thing))
        else:
            assert holder.elements is not None
            thing.name = None
            holder.elements.insert(index, thing)
        thing.stood.append((self.version, holder))
        self._came.append(holder if token == "id" else thing)

    def _touch(self, holder: Thing) -> None:
        if holder not in self.before:
            self.before[holder] = _children(holder)


def _children(holder: Thing) -> Any:
    return [*holder.elements] if holder.elements is not None else dict(holder.members or {})


class Draft:
    """A tree with changes on it that it does not know of.

    Attributes:
        new: The things that are only here.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._version = tree.version
        self.new: set[Thing] = set()
        self._parents: dict[Thing, Thing | None] = {}
        self._names: dict[Thing, str | None] = {}
        self._children: dict[Thing, Any] = {}
        self._twins: dict[Thing, Thing] = {}

    def parent(self, thing: Thing) -> Thing | None:
        return self._parents.get(thing, thing.parent)

    def children(self, holder: Thing) -> Any:
        """Return what is in a container, as a list or by name, to be changed."""
        if holder not in self._children:
            self._children[holder] = self.expected(holder)
        return self._children[holder]

    def is_in(self, thing: Thing, holder: Thing) -> bool:
        """Whether a thing is another one, or in it."""
        return holder in self.above(thing)

    def has(self, thing: Thing) -> bool:
        return self.is_in(thing, self.tree.root)

    def grow(self, value: Any) -> Thing:
        thing = grow(value)
        self.new.update(thing.below())
        return thing

    def plain(self, thing: Thing) -> Any:
        """Return the JSON value of a thing as it is here."""
        if thing.members is None and thing.elements is None:
            return thing.value
        children = self._children.get(thing)
        if children is None:
            children = _children(thing)
        if isinstance(children, list):
            return [self.plain(child) for child in children]
        return {name: self.plain(child) for name, child in children.items()}

    def remove(self, thing: Thing) -> None:
        holder = self.parent(thing)
        assert holder is not None
        children = self.children(holder)
        if isinstance(children, list):
            children.remove(thing)
        else:
            del children[self._name(thing)]
        self._parents[thing] = None

    def put(self, thing: Thing, holder: Thing, name: str | None = None) -> None:
        """Put a thing into a list, where does not matter, or into a member; what is there leaves."""
        children = self.children(holder)
        if isinstance(children, list) != (name is None):
            raise Gone("replaced")
        if name is None:
            children.append(thing)
        else:
            if name in children:
                self._parents[children[name]] = None
            children[name] = thing
        self._parents[thing], self._names[thing] = holder, name

    def drop(self, holder: Thing, things: list[Thing]) -> None:
        """Leave some elements of a list out."""
        children = self.children(holder)
        for thing in things:
            children.remove(thing)
            self._parents[thing] = None

    def above(self, thing: Thing | None) -> Iterator[Thing]:
        """Yield a thing and everything that holds it."""
        while thing is not None:
            yield thing
            thing = self.parent(thing)

    def id(self, thing: Thing) -> Any:
        """Return what names a thing, as it is here."""
        if thing.members is None:
            return thing.id
        known = self.expected(thing).get("id")
        return "" if known is None else known.value

    def replace(self, old: Thing, new: Thing) -> None:
        holder, name = self.parent(old), self._name(old)
        assert holder is not None
        self.remove(old)
        self.put(new, holder, name)

    def _name(self, thing: Thing) -> str | None:
        return self._names.get(thing, thing.name)

    # -- what was committed in truth

    def twin(self, thing: Thing) -> Thing | None:
        """Return what a new thing is in the tree, once the edit was committed."""
        return self._twins.get(thing)

    def difference(self, cut: Thing | None = None) -> str | None:
        """Tell in what the tree is another one, the order of elements aside.

        Args:
            cut: A list that a validator made anew: in there only values count.
        """
        is_same: set[Thing] = set()
        if cut is not None:
            real = self.tree.at(f"/{cut.name}")
            is_same |= {*real.below()}
            if (found := self._differ(real, cut, is_same)) is not None:
                return found
        changed = {*self._children, *self.tree.before}
        for holder in sorted(changed, key=lambda holder: len([*holder.above()])):  # from outside in
            is_compared = holder in is_same or holder in self._twins.values()
            if self._was_there(holder) and self.tree.has(holder) and not is_compared:
                found = self._differs(holder, self.expected(holder), is_same)
                if found is not None:
                    return found
        return None

    def _was_there(self, thing: Thing) -> bool:
        return thing is self.tree.root or at(thing.stood, self._version) is not None

    def expected(self, holder: Thing) -> Any:
        """Return what should be in a container of the tree."""
        if holder in self._children:
            return self._children[holder]
        is_committed = self.tree.version > self._version
        before = self.tree.before.get(holder) if is_committed else None
        return _children(holder) if before is None else before

    def _differs(self, real: Thing, expected: Any, anew: set[Thing]) -> str | None:
        if (real.elements is None) != isinstance(expected, dict):
            return f"{_name(real)} is another kind of thing"
        pairs: list[tuple[Thing, Thing]] = []
        if real.members is not None:
            if real.members.keys() != expected.keys():
                return f"{_name(real)} has members {sorted(real.members)}, not {sorted(expected)}"
            pairs = [(member, expected[name]) for name, member in real.members.items()]
        else:
            assert real.elements is not None
            mine: dict[Any, list[Thing]] = {}
            for element in expected:
                mine.setdefault(_key(self.id(element)), []).append(element)
            for element in real.elements:
                if not mine.get(key := _key(element.id)):
                    break
                # itself, if it is there
                same = mine[key]
                pairs.append((element, same.pop(same.index(element) if element in same else -1)))
            if not len(pairs) == len(real.elements) == len(expected):
                here = [element.id for element in real.elements]
                return f"{_name(real)} has {here}, not {[self.id(one) for one in expected]}"
        for here, there in pairs:
            if (here is not there or here in anew) and (found := self._differ(here, there, anew)) is not None:
                return found
        return None

    def _differ(self, real: Thing, meant: Thing, anew: set[Thing]) -> str | None:
        if meant not in self.new and not anew:
            return f"{_name(real)} was made anew as {real.plain()}, though it was there"
        self._twins[meant] = real
        if meant.members is not None or meant.elements is not None:
            return self._differs(real, self.expected(meant), anew)
        if real.members is None and real.elements is None and equal(real.value, meant.value):
            return None
        return f"{_name(real)} is {real.plain()!r}, not {meant.value!r}"


def _key(known: Any) -> Any:
    return type(known), known


def equal(one: Any, other: Any) -> bool:
    """Whether two scalars are one and the same in JSON."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _name(thing: Thing) -> str:
    if thing.parent is None or (thing.members is not None and thing.name is None):
        return repr(thing.id)
    return f"{thing.name!r} of {thing.parent.id!r}"
