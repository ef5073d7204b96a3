"""A document as a tree of things with identities: the second opinion on what an edit did.

A `Tree` follows a document in two ways that share nothing: `commit` applies the operations of a commit, by
their pointers; `mean` applies what the author of an edit meant, by identities, and knows no index. After an
edit the one tree that was given the operations and the one that was given the meanings must be the same.

Each thing knows when it was made, by whom, and when it came to its place: that is what the causes of a
refusal are looked up in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from syncstate.patch import apply
from syncstate.pointer import parse
from tests.fuzz.edits import WHOLE

Meaning: TypeAlias = dict[str, Any]


class Thing:
    """A value with an identity: an object, a list, an element, or a scalar that is a member.

    Attributes:
        value: The scalar, or None for a container.
        members: The members of an object.
        elements: The elements of a list.
        parent, name: Where it is; the name is None for an element.
        made: The version that it came with.
        placed: The version that it came to its place with.
        renewed: The version that last assigned it, or what holds it, as a whole; below it all is new.
        author: The page whose edit made it.
        stand: For an element that others were put in the place of, or that was: who stands there now.
    """

    __slots__ = (
        "author",
        "elements",
        "made",
        "members",
        "name",
        "parent",
        "placed",
        "renewed",
        "stand",
        "value",
    )

    def __init__(self, version: int, author: str | None) -> None:
        self.value: Any = None
        self.members: dict[str, Thing] | None = None
        self.elements: list[Thing] | None = None
        self.parent: Thing | None = None
        self.name: str | None = None
        self.made = self.placed = version
        self.renewed = 0
        self.stand: list[Thing | None] | None = None
        self.author = author

    @property
    def id(self) -> Any:
        """What names an element or an object; None for what has no name."""
        if self.members is not None:
            known = self.members.get("id")
            return "" if known is None else known.value
        return self.value if self.name is None and isinstance(self.value, str) else None

    def above(self) -> Iterator[Thing]:
        """Yield this and everything that holds it."""
        thing: Thing | None = self
        while thing is not None:
            yield thing
            thing = thing.parent

    def below(self) -> Iterator[Thing]:
        """Yield this and everything in it."""
        yield self
        children = self.elements if self.elements is not None else (self.members or {}).values()
        for child in children:
            yield from child.below()

    def plain(self) -> Any:
        """Return the JSON value."""
        if self.members is not None:
            return {name: member.plain() for name, member in self.members.items()}
        return self.value if self.elements is None else [element.plain() for element in self.elements]


class Doubled(Exception):
    """Something is there twice."""


class Tree:
    """A document, by identity.

    Attributes:
        root: The document.
        things: The elements and objects by their ids.
        past: All that ever had an id, the latest last.
        past_members: What ever was a member of a holder, with the version and the author of its coming.
        touched: The containers that were changed since `clear`.
    """

    def __init__(self, document: Any, version: int = 0) -> None:
        self.version = version
        self.author: str | None = None
        self.things: dict[Any, Thing] = {}
        self.past: dict[Any, list[Thing]] = {}
        self._carried: dict[tuple[str | None, Any], Thing] = {}
        self.past_members: dict[tuple[Any, str], list[tuple[int, str | None, Thing]]] = {}
        self.touched: dict[int, Thing] = {}
        self._came: list[Thing] = []
        self._went: list[tuple[Any, Thing]] = []
        self.root = self._grow(document, whole=WHOLE)
        self._came.append(self.root)
        self.settle()

    def clear(self) -> None:
        """Forget what was touched."""
        self.touched.clear()

    def settle(self) -> None:
        """Take note of who is there and who is not, at the end of a commit.

        Raises:
            Doubled: Two things have one id.
        """
        for known, gone in self._went:
            if known is not None and gone.id != known:  # an element became a scalar member
                self._dismiss(known, gone)
            if not self.has(gone):
                for thing in gone.below():
                    self._dismiss(thing.id, thing)
        for new in self._came:
            if self.has(new):
                for thing in new.below():
                    self._remember(thing)
                    if (known := thing.id) is not None:
                        other = self.things.setdefault(known, thing)
                        if other is not thing:
                            if self.has(other):
                                raise Doubled(f"{known!r} is there twice")
                            self.things[known] = thing
                        self.past.setdefault(known, []).append(thing)
        self._came.clear()
        self._went.clear()

    def _remember(self, thing: Thing) -> None:
        if thing.name is not None and thing.parent is not None:
            key = (thing.parent.id, thing.name)
            self.past_members.setdefault(key, []).append((self.version, self.author, thing))

    def _dismiss(self, known: Any, thing: Thing) -> None:
        if known is not None and self.things.get(known) is thing:
            del self.things[known]

    def has(self, thing: Thing) -> bool:
        """Whether a thing is in the document."""
        while thing.parent is not None:
            thing = thing.parent
        return thing is self.root

    # -- what both ways are made of

    def _grow(self, value: Any, *, whole: tuple[str, ...] = ()) -> Thing:
        thing = Thing(self.version, self.author)
        if isinstance(value, dict):
            thing.members = {}
            for name, member in value.items():
                child = Thing(self.version, self.author) if name in whole else self._grow(member)
                if name in whole:
                    child.value = member
                child.parent, child.name = thing, name
                thing.members[name] = child
        elif isinstance(value, list):
            thing.elements = []
            for element in value:
                child = self._grow(element)
                child.parent = thing
                thing.elements.append(child)
        else:
            thing.value = value
        return thing

    def _attach(self, thing: Thing, holder: Thing, name: str | None, index: int | None = None) -> None:
        """Put a thing into a container; what is there under its name leaves."""
        if name is not None:
            assert holder.members is not None
            if (old := holder.members.get(name)) is not None:
                self._succeed(old, thing)
                self._detach(old)
            holder.members[name] = thing
        else:
            assert holder.elements is not None
            holder.elements.insert(len(holder.elements) if index is None else index, thing)
        thing.parent, thing.name, thing.placed = holder, name, self.version
        self.touched[id(holder)] = holder
        self._came.append(thing)
        self._remember(thing)
        if name == "id":  # the object goes by another name from now on
            self._came.append(holder)
            holder.made = self.version
            holder.author = self.author

    def _detach(self, thing: Thing) -> None:
        holder = thing.parent
        assert holder is not None
        self._went.append((thing.id, thing))
        if thing.name is not None:
            assert holder.members is not None
            del holder.members[thing.name]
            if thing.name == "id":
                self._dismiss(thing.value, holder)
        else:
            assert holder.elements is not None
            holder.elements.remove(thing)
        thing.parent = None
        self.touched[id(holder)] = holder

    def _succeed(self, old: Thing, new: Thing) -> None:
        """Let a thing take the place of another one."""
        old.stand = old.stand or [old]
        old.stand[0] = new
        new.stand = new.stand or old.stand

    # -- by pointers

    def commit(self, operations: list[Any]) -> None:
        """Apply the operations of one commit."""
        for operation in operations:
            self._operate(operation)

    def _operate(self, operation: Any) -> None:
        tokens = parse(operation["path"])
        verb = operation["op"]
        if tokens[0] in WHOLE:
            self._operate_whole(operation, tokens)
            return
        if verb == "test":
            return
        if verb in ("move", "copy"):
            source = self._at(parse(operation["from"]))
            thing = source if verb == "move" else self._grow(source.plain())
            if verb == "move":
                self._detach(source)
        elif verb == "remove":
            self._take(self._at(tokens))
            return
        else:
            thing = self._grow(operation["value"])
        holder = self._at(tokens[:-1])
        if holder.members is not None:
            self._attach(thing, holder, tokens[-1])
            return
        assert holder.elements is not None
        index = len(holder.elements) if tokens[-1] == "-" else int(tokens[-1])
        if verb == "replace":
            self._succeed(holder.elements[index], thing)
            self._detach(holder.elements[index])
        self._attach(thing, holder, None, index)

    def _operate_whole(self, operation: Any, tokens: tuple[str, ...]) -> None:
        assert self.root.members is not None
        name = tokens[0]
        known = {name: self.root.members[name].value}
        thing = Thing(self.version, self.author)
        thing.value = apply(known, [operation])[name]
        self._attach(thing, self.root, name)

    def _at(self, tokens: tuple[str, ...]) -> Thing:
        thing = self.root
        for token in tokens:
            if thing.members is not None:
                thing = thing.members[token]
            else:
                assert thing.elements is not None
                thing = thing.elements[int(token)]
        return thing

    def renew(self, holder: str, name: str) -> None:
        """Take note that a member was assigned as a whole, though it may hold what it held."""
        thing = self.member([holder, name])
        if thing is not None:
            thing.renewed = self.version

    # -- by identities

    def find(self, known: Any) -> Thing | None:
        """Return the object or element of an id; the document's id is empty."""
        if known == "":
            return self.root
        thing = self.things.get(known)
        if (
            thing is None
        ):  # a text that was moved to a member is no element any more, but the one that was meant
            thing = next((past for past in reversed(self.past.get(known, ())) if self.has(past)), None)
        return thing

    def member(self, at: list[Any]) -> Thing | None:
        """Return the member of a holder, if it is there."""
        holder = self.find(at[0])
        return None if holder is None or holder.members is None else holder.members.get(at[1])

    def occupant(self, known: Any, seen: int, author: str | None) -> Thing | None:
        """Return who stands now where an element stood that an author saw at a version."""
        for thing in reversed(self.past.get(known, ())):
            if thing.made <= seen or thing.author == author:
                return self._standing(thing)
        return None

    def past_member(self, at: list[Any], seen: int, author: str | None) -> Thing | None:
        """Return the member that an author saw at a version, whatever became of it."""
        for version, by, thing in reversed(self.past_members.get((at[0], at[1]), ())):
            if version <= seen or by == author:
                return thing
        return None

    def seen_member(self, at: list[Any], seen: int, author: str | None) -> Thing | None:
        """Return what stands now where the member stood that an author saw at a version, wherever that is."""
        thing = self.past_member(at, seen, author)
        found = None if thing is None else self._standing(thing)
        if thing is not None and found is not None and found is not thing:
            self._carried[author, thing.id] = found  # its author takes it for the one he saw
        return found

    def _standing(self, thing: Thing) -> Thing | None:
        stands = thing if thing.stand is None else thing.stand[0]
        return stands if stands is not None and self.has(stands) else None

    def mean(self, meaning: Meaning, seen: int) -> None:
        """Do what an author meant who had seen a version; where in a list something goes is not looked at.

        Raises:
            KeyError: What it acts in or on is not there.
        """
        do = meaning["do"]
        if do == "set":
            holder, name = meaning["at"]
            whole = (name,) if holder == "" and name in WHOLE else ()
            thing = self._grow({name: meaning["value"]}, whole=whole).members[name]  # type: ignore[index]
            if "replace" not in meaning:
                self._attach(thing, self._needed(holder), name)
            else:
                self._replace(self._source(meaning, seen), thing)
        elif do == "unset":
            self._take(self._source(meaning, seen))
        elif do == "insert":
            self._put_to(self._grow(meaning["value"]), meaning)
        elif do == "put":
            old = self.occupant(meaning["on"], seen, self.author) or self._needed(meaning["on"])
            self._replace(old, self._grow(meaning["value"]))
        elif do == "remove":
            self._take(self._source(meaning, seen))
        elif do == "move":
            thing = self._source(meaning["what"], seen)
            self._detach(thing)
            self._put_to(thing, meaning["to"])
        elif do == "copy":
            value = self._source(meaning["what"], seen).plain()
            self._put_to(
                self._grow({**value, "id": meaning["id"]} if "id" in meaning else value), meaning["to"]
            )
        elif not _equal(self._source(meaning, seen).value, meaning["value"]):
            raise KeyError(f"a test of {meaning['at']}")

    def _take(self, gone: Thing) -> None:
        if gone.stand is not None:
            gone.stand[0] = None
        self._detach(gone)

    def _replace(self, old: Thing, new: Thing) -> None:
        """Put a new thing where an old one stands."""
        holder, name = old.parent, old.name
        if holder is None:
            raise KeyError(old.id)
        if name is None:
            self._succeed(old, new)
            self._detach(old)
        self._attach(new, holder, name)

    def _source(self, what: Meaning, seen: int) -> Thing:
        if "on" in what:
            carried = self._carried.get((self.author, what["on"]))
            is_here = self.find(what["on"]) is None and carried is not None and self.has(carried)
            if is_here and carried is not None:
                return carried
            return self._namesake(what["on"]) or self._needed(what["on"])
        return self.seen_member(what["at"], seen, self.author) or self._needed_member(what["at"])

    def _namesake(self, known: Any) -> Thing | None:
        """Return who stands now where an element stood last, if it had become a member: that is its name.

        A page means the element itself while its edit waits. What is sent says the name of the member.
        """
        if self.find(known) is not None:
            return None
        gone = [thing for thing in self.past.get(known, ()) if thing.name is not None]
        return self._standing(gone[-1]) if gone else None

    def _put_to(self, thing: Thing, to: Meaning) -> None:
        if "at" in to:
            self._attach(thing, self._needed(to["at"][0]), to["at"][1])
        else:
            target = self._needed_member(to["in"])
            if target.elements is None:
                raise KeyError(f"a list at {to['in']}")
            self._attach(thing, target, None)

    def _needed(self, known: Any) -> Thing:
        thing = self.find(known)
        if thing is None or not self.has(thing):
            # it may have come with an earlier operation of this edit
            thing = next((t for came in self._came for t in came.below() if t.id == known), None)
        if thing is None or not self.has(thing):
            raise KeyError(known)
        return thing

    def _needed_member(self, at: list[Any]) -> Thing:
        holder = self._needed(at[0])
        if holder.members is None or at[1] not in holder.members:
            raise KeyError(tuple(at))
        return holder.members[at[1]]


def _equal(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def difference(real: Tree, meant: Tree) -> str | None:
    """Tell where two trees differ in what was touched in either, the order of elements aside.

    The order of the second one is made that of the first.
    """
    for thing in [*real.touched.values()]:
        if real.has(thing) and (found := _compare(thing, _twin(thing, meant), real, meant)):
            return found
    for thing in [*meant.touched.values()]:
        if meant.has(thing) and (found := _compare(_twin(thing, real), thing, real, meant)):
            return found
    return None


def _twin(thing: Thing, tree: Tree) -> Thing | None:
    if thing.elements is not None:
        assert thing.parent is not None
        assert thing.name is not None
        return tree.member([thing.parent.id, thing.name])
    return tree.find(thing.id)


def _compare(one: Thing | None, other: Thing | None, real: Tree, meant: Tree) -> str | None:
    if one is None or other is None:
        there = one or other
        assert there is not None
        return f"{_name(there)} is {'gone' if one is None else 'there'}"
    if one.elements is not None and other.elements is not None:
        mine: dict[Any, list[Thing]] = {}
        for element in other.elements:
            mine.setdefault(_key(element), []).append(element)
        ordered = [mine[key].pop() for element in one.elements if mine.get(key := _key(element))]
        if not len(one.elements) == len(other.elements) == len(ordered):
            return f"{_name(one)} has {[e.id for e in one.elements]}, not {[e.id for e in other.elements]}"
        other.elements[:] = ordered
        return None
    if one.members is None or other.members is None:
        return f"{_name(one)} is another kind of thing"
    if one.members.keys() != other.members.keys():
        return f"{_name(one)} has members {sorted(one.members)}, not {sorted(other.members)}"
    for name, member in one.members.items():
        if _shape(member) != _shape(other.members[name]):
            return f"{_name(one)} has {_shape(member)} as {name!r}, not {_shape(other.members[name])}"
    return None


def _key(element: Thing) -> Any:
    return element.id if element.id is not None else (type(element.value), element.value)


def _shape(thing: Thing) -> Any:
    if thing.members is not None:
        return ("object", thing.id)
    return ("list",) if thing.elements is not None else (type(thing.value).__name__, thing.value)


def _name(thing: Thing) -> str:
    if thing.elements is not None or thing.name is not None:
        return f"{thing.name!r} of {thing.parent.id!r}" if thing.parent is not None else "what is gone"
    return repr(thing.id)
