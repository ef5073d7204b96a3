"""What an edit was meant for: the things that its author saw, wherever they are by now.

A page tells what it means by ids and names (`edits.py`) and sees a version with its own pending edits on it.
`understand` finds out which things these are. A `Reference` to one follows what is committed:

| kind | what it means |
|---|---|
| `SLOT` | whatever stands where a thing stood |
| `SELF` | the very thing |
| `NAME` | what stands in a member, as long as it stands there; when it is moved, that very thing |
| `HOLDER` | the very object or list, into which something is to be put |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple, TypeAlias

from tests.fuzz.edits import WHOLE, identity, marks
from tests.fuzz.identity import Event, Key, Left, Moved, Renewed, Succeeded, Thing, Tree, at, equal

Meaning: TypeAlias = dict[str, Any]

NEIGHBOURS = ("left", "right")
"""What a meaning speaks of only to say where in a list something goes."""

OVERWRITTEN = "overwritten by its author"
WHOLE_MEMBERS = [("", name) for name in WHOLE]
_ANY = "*"
_UNKNOWN = object()


class Unclear(Exception):
    """Nobody knows what is meant: the fault is on this side."""


@dataclass(eq=False)
class Made:
    """An edit that a page made.

    Attributes:
        seen: The version that the page had confirmed.
        deeds: What it does, one by one.
        fate: Empty while nobody knows.
        accepted: The version that it made.
        was_cut: A validator made something else of it.
        is_told: Its page was told that it was taken back.
        successor: The next edit of the page, if it replaces the same value; then this one may never leave.
        marks: What it is known by.
    """

    page: str
    epoch: str
    seen: int
    operations: list[Any]
    meanings: list[Meaning]
    fate: str = ""
    accepted: int | None = None
    was_cut: bool = False
    is_told: bool = False
    successor: Made | None = None
    deeds: list[Deed] = field(init=False)
    marks: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.deeds = [Deed(self, meaning) for meaning in self.meanings]
        self.marks = marks(self.operations)

    @property
    def is_undone(self) -> bool:
        """Whether it is known that it did not happen."""
        return bool(self.fate) and self.accepted is None

    def is_pending(self, version: int) -> bool:
        """Whether a page that has confirmed a version still waits to hear of it."""
        is_heard = self.accepted is not None and self.accepted <= version
        return not (is_heard or self.is_told or self.fate == OVERWRITTEN)

    def overwrites(self, other: Made) -> bool:
        """Whether both do nothing but replace one and the same value."""
        if not all(
            len(made.operations) == 1 and made.operations[0]["op"] == "replace" for made in (self, other)
        ):
            return False
        mine, before = self.meanings[0], other.meanings[0]
        if mine["do"] == "put":
            return before["do"] == "put" and identity(before["value"]) == mine["on"]
        return before["do"] == "set" and mine["at"] == before["at"]


class Deed:
    """One of the things that an edit does.

    Attributes:
        meaning: What it does, as the page told.
        references: What it speaks of, part by part.
        births: The keys of all that it makes, and the id or the value that each has.
        born: What these are, once the edit was accepted.
    """

    def __init__(self, made: Made, meaning: Meaning) -> None:
        self.made, self.meaning = made, meaning
        self.references: dict[str, Reference] = {}
        self.births = _births(meaning)
        self.born: dict[Key, Thing | None] = {}

    @property
    def target(self) -> Meaning:
        """Where it puts something, if it does."""
        target: Meaning = self.meaning.get("to", self.meaning)
        return target

    @property
    def source(self) -> Meaning:
        """What it takes or looks at, if it does."""
        source: Meaning = self.meaning.get("what", self.meaning)
        return source

    @property
    def made_key(self) -> Key | None:
        """The key of what it makes, or of the whole of that."""
        if "value" in self.meaning and self.meaning["do"] != "test":
            return member(self.meaning) or identity(self.meaning["value"])
        return None


class Kind(Enum):
    """What a reference means."""

    SLOT = auto()
    SELF = auto()
    NAME = auto()
    HOLDER = auto()


class Reference:
    """What an author meant who saw a version.

    Attributes:
        page: Who the author is.
        thing: What that is by now; None while it is still to be born.
        version: Up to which version it was followed.
        birth: What makes it, if it was still to be born, and the key that it has there.
        gone: Why it is not there any more, or empty.
        is_in_place: Its author means a slot or the name of a member, where what he sees was put itself.
        is_doubtful: It may be gone to its page, which saw something else come to its place.
        otherwise: What is meant if what makes it was not shown; nobody can tell from an empty list.
    """

    __slots__ = (
        "birth",
        "gone",
        "is_doubtful",
        "is_in_place",
        "kind",
        "otherwise",
        "page",
        "thing",
        "version",
    )

    def __init__(
        self,
        kind: Kind,
        page: str,
        version: int,
        thing: Thing | None = None,
        birth: tuple[Deed, Key] | None = None,
        *,
        is_doubtful: bool = False,
    ) -> None:
        self.kind, self.page, self.version = kind, page, version
        self.thing, self.birth = thing, birth
        self.gone = ""
        self.is_doubtful = is_doubtful
        self.is_in_place = False
        self.otherwise: Reference | None = None
        self.look_again()

    def look_again(self) -> None:
        """Understand it as who knows nothing but where it stands: an element is itself, a member its name."""
        if self.thing is not None and self.kind in (Kind.SELF, Kind.NAME):
            holder = at(self.thing.stood, self.version)
            self.kind = Kind.NAME if holder is None or holder.elements is None else Kind.SELF

    def followed(self, tree: Tree, version: int | None = None) -> Reference:
        """Return what it is at a version, or today."""
        until = tree.version if version is None else version
        other = Reference(
            self.kind, self.page, self.version, self.thing, self.birth, is_doubtful=self.is_doubtful
        )
        other.kind, other.gone, other.otherwise = self.kind, self.gone, self.otherwise
        other.is_in_place = self.is_in_place
        other._be_born(until)
        while other.birth is None and not other.gone and other.version < until:
            other.version += 1
            for event in tree.events(other.version):
                other._follow(event)
        return other

    def _be_born(self, version: int) -> None:
        if self.birth is None:
            return
        deed, key = self.birth
        born_at = deed.made.accepted
        if born_at is not None and born_at <= version:
            self.thing, self.version, self.birth = deed.born.get(key), born_at, None
            self.gone = "" if self.thing is not None else "removed"
            self.is_doubtful = deed.made.was_cut
            self.look_again()

    def _follow(self, event: Event) -> None:
        is_place = self.kind in (Kind.SLOT, Kind.NAME)
        match event:
            case Left(things, fate) if self.thing in things:
                self.gone = self.gone or fate
            case Succeeded(old, new) if self.thing is old and is_place:
                self.thing = new
                self.is_doubtful = self.is_doubtful or self.kind is Kind.NAME
            case Succeeded(old, _) if self.thing is old:
                self.gone = self.gone or "replaced"
            case Renewed(twins, page) if self.thing in twins:
                self.is_doubtful = True
                if page == self.page or (is_place and self.thing is next(iter(twins))):
                    self.thing = twins[self.thing]
                else:
                    self.gone = self.gone or "renewed"
            case Moved(thing) if self.thing is thing and self.kind is Kind.NAME:
                self.kind = Kind.SELF

    @property
    def id(self) -> Any:
        """What its author calls it, or sees there."""
        if self.birth is not None:
            deed, key = self.birth
            return deed.births.get(key, _UNKNOWN)
        return None if self.thing is None else self.thing.id_at(self.version)

    def before(self) -> Reference | None:
        """Return what stands where something else would, had it been born, or None if that is not meant."""
        assert self.birth is not None
        deed, key = self.birth
        slot = deed.references.get("what")
        is_it = key == deed.made_key and self.is_in_place
        if deed.made.is_undone and is_it and slot is not None:
            found = Reference(self.kind, slot.page, slot.version, slot.thing, slot.birth)
            found.is_in_place = slot.is_in_place
            return found
        return self.otherwise


# -- from the words of a page to references


class _Part(NamedTuple):
    """What a meaning speaks of.

    Attributes:
        saw: What its author saw there, if he told.
        between: The neighbours of the gap in a list that he means.
        moved: What he takes away from the list before.
    """

    name: str
    kind: Kind
    key: Key
    saw: tuple[Any, ...] = ()
    between: tuple[Any, ...] = ()
    moved: Any = None

    def is_seen(self, known: Any) -> bool:
        """Whether its author may mean what is called so."""
        return known is _UNKNOWN or all(equal(known, saw) for saw in self.saw)


def _parts(deed: Deed) -> Iterator[_Part]:
    """Yield what a deed speaks of: on what it acts, what it puts something into, and between whom."""
    do, source, target = deed.meaning["do"], deed.source, deed.target
    if do in ("move", "copy", "unset", "remove", "put", "test") or "replace" in deed.meaning:
        kind = Kind.SLOT if do in ("put", "set", "test") else Kind.SELF
        saw = (source["saw"],) if "saw" in source else ()
        yield _Part("what", kind, source["on"] if "on" in source else tuple(source["at"]), saw)
    if "in" in target:
        between = tuple(target["between"])
        moved = source.get("on") if do == "move" else None
        yield _Part("to", Kind.HOLDER, tuple(target["in"]), between=between, moved=moved)
        for name, known in zip(NEIGHBOURS, between, strict=True):
            if known is not None:
                yield _Part(name, Kind.HOLDER, known)
    elif do in ("move", "copy") or (do == "set" and "replace" not in deed.meaning):
        yield _Part("to", Kind.HOLDER, target["at"][0])


def understand(tree: Tree, made: Made, pending: Sequence[Made]) -> None:
    """Find out what an edit means, now that it was made.

    Args:
        tree: What the kernel committed.
        made: The edit.
        pending: What its page had done before, and waits to hear of, in order.

    Raises:
        Unclear: Nothing is known of what it speaks of.
    """
    before = [deed for other in pending if other.epoch == made.epoch for deed in other.deeds]
    for deed in made.deeds:
        reader = _Reader(tree, made, before)
        for part in _parts(deed):
            if part.name not in NEIGHBOURS or not reader.has_moved(part.key):
                deed.references[part.name] = reader.read(part)
        before.append(deed)


def outlive_snapshot(tree: Tree, made: Made, version: int) -> None:
    """Take note that an edit outlived a snapshot: where nothing is another, its page has missed nothing."""
    for deed in made.deeds:
        for part in _parts(deed):
            if part.name in deed.references and deed.references[part.name].followed(tree, version).gone:
                thing = tree.look(part.key, version)
                if thing is not None:
                    reference = Reference(part.kind, made.page, version, thing, is_doubtful=True)
                    deed.references[part.name] = reference


class _Reader:
    """Understands what an author says who sees a version with edits of his own on it.

    Args:
        tree: What the kernel committed.
        made: What he says it in.
        before: What he did before; not all of it may be shown.
    """

    def __init__(self, tree: Tree, made: Made, before: list[Deed]) -> None:
        self._tree, self._made, self._before = tree, made, before

    def read(self, part: _Part) -> Reference:
        """Return what he means."""
        found = self._by_neighbours(part) if part.between else None
        found = found or self._of_his_own(part) or self._of_others(part) or self._elsewhere(part)
        if found is None:
            raise Unclear(f"{self._made.page} speaks of {part.key} in {self._made.meanings}")
        return found

    def has_moved(self, known: Key) -> bool:
        """Whether he took an element somewhere else."""
        return any(known in (deed.source.get("on"), deed.source.get("saw")) for deed in self._before)

    def _of_others(self, part: _Part) -> Reference | None:
        thing = self._tree.look(part.key, self._made.seen)
        return self._to(part, thing) if thing is not None and part.is_seen(self._id(thing)) else None

    def _of_his_own(self, part: _Part) -> Reference | None:
        """Return what he put there himself, if that is what he saw."""
        for place, deed in reversed([*enumerate(self._before)]):
            if isinstance(part.key, tuple) and (part.key[0], _ANY) in deed.births:
                return self._to(part, birth=(deed, part.key))
            if part.key in deed.births and part.is_seen(deed.births[part.key]):
                if not part.between:
                    return self._to(part, birth=(deed, part.key))
                if self._may_be_empty(deed, part, self._before[place + 1 :]):
                    found = self._to(part, birth=(deed, part.key))
                    found.otherwise = self._of_others(part)
                    if found.otherwise is not None:
                        found.otherwise.is_doubtful = True
                    return found
            if deed.meaning["do"] == "move" and member(deed.target) == part.key:
                source = deed.references["what"].followed(self._tree, self._made.seen)
                if not source.gone and part.is_seen(source.id):
                    return self._to(part, source.thing, source.birth, is_moved=True)
        return None

    def _elsewhere(self, part: _Part) -> Reference | None:
        """Return what he made for another place, where something else of his was to be and is not."""
        for deed in reversed(self._before):
            for key, known in deed.births.items():
                if part.saw and known is not _UNKNOWN and part.is_seen(known):
                    return self._to(part, birth=(deed, key))
        return None

    def _by_neighbours(self, part: _Part) -> Reference | None:
        """Return the list that a gap is in: an own one that has its place may not be shown."""
        holder = self._tree.look(part.key, self._made.seen)
        for neighbour in part.between:
            known = neighbour
            for deed in reversed(self._before if known is not None else []):
                if part.key in deed.births and known in deed.births:
                    return self._to(part, birth=(deed, part.key))
                if deed.meaning["do"] == "put" and known == identity(deed.meaning["value"]):
                    known = self._replaced_by(deed)
                elif "in" in deed.target and tuple(deed.target["in"]) == part.key and known == _put_in(deed):
                    there = deed.references["to"].followed(self._tree, self._made.seen)
                    return self._to(part, there.thing, there.birth)
            thing = self._tree.named(known, self._made.seen) if known is not None else None
            if thing is not None and holder is not None and at(thing.stood, self._made.seen) is holder:
                return self._to(part, holder)
        return None

    def _replaced_by(self, deed: Deed) -> Any:
        """Name what a deed replaces, leaving out what its page replaced before but does not show."""
        slot = deed.references["what"].birth
        if slot is None or slot[0] in self._before or slot[0].made.accepted or slot[0].meaning["do"] != "put":
            return deed.meaning["on"]
        return self._replaced_by(slot[0])

    def _may_be_empty(self, deed: Deed, part: _Part, later: list[Deed]) -> bool:
        """Whether nothing is left of the list that a deed makes in a member, if it does."""
        value = deed.meaning.get("value")
        taken = {part.moved, *(other.source.get("on") for other in later)}
        is_it = member(deed.meaning) == part.key and isinstance(value, list)
        return not is_it or all(identity(element) in taken for element in value)

    def _id(self, thing: Thing) -> Any:
        return thing.id_at(self._made.seen)

    def _to(
        self,
        part: _Part,
        thing: Thing | None = None,
        birth: tuple[Deed, Key] | None = None,
        *,
        is_moved: bool = False,
    ) -> Reference:
        found = Reference(part.kind, self._made.page, self._made.seen, thing, birth)
        is_name = isinstance(part.key, tuple) and part.kind is not Kind.HOLDER
        found.is_in_place = (part.kind is Kind.SLOT or is_name) and not is_moved
        return found


def _put_in(deed: Deed) -> Any:
    """Name what a deed puts into a list."""
    if "id" in deed.meaning or "value" in deed.meaning:
        return deed.meaning.get("id") or identity(deed.meaning["value"])
    return deed.source.get("on", deed.source.get("saw"))


def _births(meaning: Meaning) -> dict[Key, Any]:
    do = meaning["do"]
    if do == "copy" and "id" in meaning:
        return {meaning["id"]: meaning["id"], (meaning["id"], _ANY): _UNKNOWN}
    if do == "copy":
        return {tuple(meaning["to"]["at"]): meaning["what"]["saw"]}
    return dict(_keys(meaning["value"], member(meaning))) if do in ("set", "insert", "put") else {}


def _keys(value: Any, key: Key | None) -> Iterator[tuple[Key, Any]]:
    known = value["id"] if isinstance(value, dict) else None if isinstance(value, list) else value
    yield key or known, known
    if isinstance(value, dict):
        yield known, known
        for name, one in value.items():
            yield from _keys(one, (known, name))
    elif isinstance(value, list) and key not in WHOLE_MEMBERS:
        for element in value:
            yield from _keys(element, None)


def member(place: Meaning) -> tuple[str, str] | None:
    """Return the key of the member that is spoken of, if it is one."""
    return (place["at"][0], place["at"][1]) if "at" in place else None
