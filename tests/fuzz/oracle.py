"""What may be said of a run: that each accepted edit did what was meant, and each refused one had a cause.

The causes that a refusal may have, all looked up by identity:

| cause | what it says |
|---|---|
| `epoch` | the edit was made for another object of the same key |
| `forgotten` | its base is older than what the log holds, or a snapshot came to its page meanwhile |
| `validator` | a rule of the model refuses the value, or the member is read-only |
| `removed` | what it acts in or on is not there any more |
| `replaced` | something else stands where that stood, or what it was in, since it was seen |
| `renewed` | it, or something around it, was assigned as a whole since, though it holds what it held |
| `moved into itself` | what it moves holds the place it would move to |
| `test` | what it tests has changed |
| `unnamed` | it moves something to the end of a list by `-`, does more, and has an older base |
| `unsayable` | what it moves stands in front of what it moves it into (RFC 6902, section 4.4) |
| `its ground` | it acts on what an edit of the same page made that was refused |

An edit that travelled with others in one message is refused with them. A refusal without any of these is
*needless*. What was meant and is gone is found exactly. What a page alone may have seen go, for a while or
with what it had done itself, is looked for at each version since, and rather found once too often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from tests.fuzz.acts import SHORTEST, accepted, is_allowed
from tests.fuzz.edits import WHOLE
from tests.fuzz.identity import Doubled, Draft, Gone, Key, Thing, Tree, at, equal
from tests.fuzz.meanings import (
    NEIGHBOURS,
    WHOLE_MEMBERS,
    Deed,
    Made,
    Reference,
    Unclear,
    member,
    outlive_snapshot,
    understand,
)


class Failure(Exception):
    """A run showed what may not be.

    Attributes:
        kind: Which oracle saw it.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Oracle:
    """Follows one document, from its making to its end.

    Args:
        document: What it is at the version.
        log_limit: How many commits the authority remembers.
    """

    def __init__(self, document: Any, version: int, log_limit: int) -> None:
        self.tree = Tree(document, version)
        self._log_limit = log_limit

    # -- what pages do

    def understand(self, made: Made, pending: Sequence[Made]) -> None:
        """Find out what an edit means, now that it was made on top of what its page waits to hear of."""
        try:
            understand(self.tree, made, pending)
        except Unclear as error:
            raise Failure("oracle", f"nobody knows of what {error}") from None

    def leave(self, made: Made, base: int) -> None:
        """Take note that an edit left its page: the kernel knows only what is sent."""
        for deed in made.deeds:
            for part, reference in deed.references.items():
                deed.references[part] = known = reference.followed(self.tree, base)
                known.look_again()

    def outlive_snapshot(self, made: Made, version: int) -> None:
        """Take note that a page was given the state anew, and kept an edit."""
        outlive_snapshot(self.tree, made, version)

    # -- what happened

    def commit(self, message: Any) -> None:
        """Follow what the kernel did itself."""
        self._commit(message)
        self._renew(message, None)

    def accept(self, message: Any, edits: list[Made]) -> bool:
        """Follow an edit that was accepted, and see that it did what was meant and nothing else.

        Returns:
            Whether a validator made something else of it.

        Raises:
            Failure: It did something else.
        """
        what = f"{[made.meanings for made in edits]}; the operations are {message['operations']}"
        act = _Act(self.tree)
        try:
            act.do_all(edits)
        except Gone as error:
            raise Failure("identity", f"accepted, but {error}: {what}") from None
        self._commit(message)
        is_clipped = _clip(act.draft)
        cut = _cut(act.draft)
        if (found := act.draft.difference(cut)) is not None:
            raise Failure("identity", f"{found}: {what}")
        became = self._renew(message, edits[0].page)
        for (deed, key), thing in act.born.items():
            twin = act.draft.twin(thing)
            deed.born[key] = None if twin is None else became.get(twin, twin)
        for made in edits:
            made.accepted, made.was_cut = message["version"], bool(became)
        if len(edits) == len(edits[0].deeds) == 1:
            self._check_place(edits[0].deeds[0], act)
        return is_clipped or cut is not None

    def _commit(self, message: Any) -> None:
        try:
            self.tree.commit(message["operations"], message["version"])
        except Doubled as error:
            raise Failure("doubled", str(error)) from None

    def _renew(self, message: Any, page: str | None) -> dict[Thing, Thing]:
        """Take what was assigned as a whole for something else, though it may hold what it held."""
        became: dict[Thing, Thing] = {}
        for pointer in message.get("replaced", ()):
            became |= self.tree.renew(pointer, page)
        return became

    def _check_place(self, deed: Deed, act: _Act) -> None:
        """See that what went between two neighbours is between them, if they stand where they stood."""
        thing = act.draft.twin(act.put) if act.put in act.draft.new else act.put
        holder = None if thing is None else thing.parent
        if thing is None or holder is None or holder.elements is None:
            return
        here = holder.elements.index(thing)
        for side in NEIGHBOURS:
            other = deed.references[side].thing if side in deed.references else None
            if other is None or other.parent is not holder or other.stood[-1][0] > deed.made.seen:
                continue
            if (holder.elements.index(other) > here) != (side == "right"):
                raise Failure("position", f"{thing.id!r} is wrong of {other.id!r}: {deed.meaning}")

    # -- what was refused

    def cause(
        self, edits: list[Made], *, base: int | None = None, in_front: Sequence[Made] = ()
    ) -> str | None:
        """Name the cause that an edit was refused or taken back for, or None.

        Args:
            edits: What travelled together.
            base: The version that they were sent against, if they were.
            in_front: What its page had done before, and waits to hear of, in order.
        """
        if base is not None and base < self.tree.version - self._log_limit:
            return "forgotten"
        operations = [operation for made in edits for operation in made.operations]
        to_ends = [operation["op"] == "move" and operation["path"].endswith("/-") for operation in operations]
        if base is not None and any(to_ends[:-1]) and base < self.tree.version:
            return "unnamed"
        standing: list[Made] = []
        for made in in_front:
            with suppress(Gone):
                if not made.fate:
                    _Act(self.tree, [*standing, made])
                    standing.append(made)
        act = _Act(self.tree, standing)
        try:
            act.do_all(edits)
        except Gone as error:
            return str(error)
        before = [deed for made in in_front for deed in made.deeds]
        for deed in (deed for made in edits for deed in made.deeds):
            if cause := next(self._weaker_causes(deed, act, before), None):
                return cause
            before.append(deed)
        return None

    def _weaker_causes(self, deed: Deed, act: _Act, before: Sequence[Deed]) -> Iterator[str]:
        """Yield why an edit may be refused though what it means is there: for its page it was not."""
        if any(known.is_doubtful for known in act.known[deed].values()):
            yield "replaced"
        for version in range(deed.made.seen, self.tree.version + 1):
            if self._is_taken_at(version, deed, before):
                yield "removed"
        if deed.meaning["do"] == "move":
            yield from self._in_the_way(deed, act)
        for maker in {known.birth[0].made for known in deed.references.values() if known.birth is not None}:
            if maker is deed.made or maker.fate:
                continue
            for place, one in enumerate(before):
                is_it = one.made is maker and one in act.known
                if is_it and next(self._weaker_causes(one, act, before[:place]), None) is not None:
                    yield "its ground"

    def _is_taken_at(self, version: int, deed: Deed, before: Sequence[Deed]) -> bool:
        """Whether its own page would have taken away what a deed means, with something else, at a version."""
        above = [
            holder
            for part, reference in deed.references.items()
            if part not in NEIGHBOURS
            for holder in self._above(reference, version)
        ]
        earlier: list[Deed] = []
        for other in before:
            what, to = (other.references.get(part) for part in ("what", "to"))
            taken = [self._thing(what, version)] if what is not None else []
            if other.meaning["do"] == "move" and taken[0] in above and to is not None:
                above += self._above(to, version)
            if other.meaning["do"] not in ("unset", "remove", "put", "set"):
                taken = []
            key = member(other.target)
            taken += [(one, key) for one in earlier if key is not None and key in one.births]
            earlier.append(other)
            if to is not None and "at" in other.target:
                holder, name = self._thing(to, version), other.target["at"][1]
                taken.append(at(holder.past.get(name, []), version) if isinstance(holder, Thing) else None)
            if any(one is not None and one in above for one in taken):
                return True
        return False

    def _thing(self, reference: Reference, version: int) -> _Node | None:
        known = reference.followed(self.tree, version)
        return known.thing if known.birth is None else known.birth

    def _above(self, reference: Reference, version: int) -> Iterator[_Node]:
        """Yield what was meant at a version, and all that held it then, or would once it is born."""
        node = self._thing(reference, version)
        if isinstance(node, Thing):
            yield from node.above_at(version)
        elif node is not None:
            deed, _ = node
            yield from ((deed, key) for key in deed.births)  # what it is in may be among them
            maker = deed.references.get("to", deed.references.get("what"))
            if maker is not None:
                yield from self._above(maker, version)

    def _in_the_way(self, deed: Deed, act: _Act) -> Iterator[str]:
        """Yield why a move could not be said at a version since."""
        thing, target = act.known[deed]["what"].thing, act.known[deed]["to"].thing
        assert thing is not None
        assert target is not None
        ways = [act.ways[deed]]
        ways += (
            (at(thing.stood, version), [*target.above_at(version)])
            for version in range(deed.made.seen, self.tree.version + 1)
        )
        for holder, above in ways:
            if thing in above:
                yield "moved into itself"
            if holder is not None and holder.elements is not None and holder in above:
                yield "unsayable"


_Node: TypeAlias = Thing | tuple[Deed, Key]
"""A thing, or what is still to be born."""


class _Act:
    """Edits, done to a draft by what they mean.

    Attributes:
        draft: What should come of them.
        known: What the references of a deed were found to be.
        born: What they made.
        ways: What a move took a thing from, and all that holds what it is put into.
        put: What the last one put into a list or a member.
    """

    def __init__(self, tree: Tree, edits: Sequence[Made] = ()) -> None:
        self.draft = Draft(tree)
        self.known: dict[Deed, dict[str, Reference]] = {}
        self.born: dict[tuple[Deed, Key], Thing] = {}
        self.ways: dict[Deed, tuple[Thing | None, list[Thing]]] = {}
        self.put: Thing | None = None
        for made in edits:
            self._do_all(made)

    def do_all(self, edits: list[Made]) -> None:
        """Do what travelled together, and ask the validators; where in a list something goes does not matter.

        Raises:
            Gone: What they act in or on is not there, or it may not be done.
        """
        for made in edits:
            self._do_all(made)
        for name, thing in self.draft.expected(self.draft.tree.root).items():
            if thing in self.draft.new and not is_allowed(name, thing.value):
                raise Gone("validator")

    def _do_all(self, made: Made) -> None:
        for deed in made.deeds:
            known = {
                part: self._resolve(reference)
                for part, reference in deed.references.items()
                if part not in NEIGHBOURS
            }
            self.known[deed] = known
            self._do(deed, {part: reference.thing for part, reference in known.items()})

    def _do(self, deed: Deed, found: dict[str, Any]) -> None:
        do, meaning, draft = deed.meaning["do"], deed.meaning, self.draft
        if do == "test" or "tested" in meaning:
            _demand(found["what"], deed.source["saw"])
        match do:
            case "move":
                self.ways[deed] = draft.parent(found["what"]), [*draft.above(found["to"])]
                if draft.is_in(found["to"], found["what"]):
                    raise Gone("moved into itself")
                draft.remove(found["what"])
                self._put(found["what"], found["to"], deed)
            case "copy":
                value = draft.plain(found["what"])
                new = {**value, "id": meaning["id"]} if "id" in meaning else value
                self._put(self._grow(deed, new), found["to"], deed)
            case "unset" | "remove":
                draft.remove(found["what"])
            case "set" | "insert" | "put" if "what" in found:
                draft.replace(found["what"], self._grow(deed, meaning["value"]))
            case "set" | "insert":
                self._put(self._grow(deed, meaning["value"]), found["to"], deed)

    def _put(self, thing: Thing, holder: Thing, deed: Deed) -> None:
        self.put = thing
        self.draft.put(thing, holder, deed.target["at"][1] if "at" in deed.target else None)

    def _grow(self, deed: Deed, value: Any) -> Thing:
        is_whole = member(deed.target) in WHOLE_MEMBERS
        thing = self.draft.grow(None if is_whole else value)
        if is_whole:
            thing.value = value
        self._bear(deed, thing, member(deed.target) or thing.id)
        return thing

    def _bear(self, deed: Deed, thing: Thing, key: Key) -> None:
        self.born[deed, key] = thing
        if thing.members is not None:
            self.born[deed, thing.id] = thing
            for name, one in thing.members.items():
                self._bear(deed, one, (thing.id, name))
        for element in thing.elements or ():
            self._bear(deed, element, element.id)

    def _resolve(self, reference: Reference) -> Reference:
        """Return a reference to what is meant by one.

        Raises:
            Gone: It is not there.
        """
        if reference.birth is not None and reference.birth in self.born:
            version, thing = self.draft.tree.version, self.born[reference.birth]
            known = Reference(reference.kind, reference.page, version, thing)
        else:
            known = reference.followed(self.draft.tree)
            if known.birth is not None:
                before = known.before()
                if before is None:
                    raise Gone("its ground")
                return self._resolve(before)
        if known.gone or known.thing is None or not self.draft.has(known.thing):
            raise Gone(known.gone or "removed")
        return known


def _demand(thing: Thing, value: Any) -> None:
    if thing.members is not None or thing.elements is not None or not equal(thing.value, value):
        raise Gone("test")


# -- what the validators of `Board` make of an edit


def _clip(draft: Draft) -> bool:
    """Give the members that are set as a whole the values that are accepted; tell whether any is another."""
    is_clipped = False
    members = draft.expected(draft.tree.root)
    for name in WHOLE:
        value = accepted(name, members[name].value)
        is_clipped = is_clipped or value != members[name].value
        members[name].value = value
    return is_clipped


def _cut(draft: Draft) -> Thing | None:
    """Cut `short` if it was cut; return it then."""
    short, real = draft.expected(draft.tree.root)["short"], draft.tree.at("/short")
    expected = draft.expected(short)
    if real.elements is None or not len(expected) > SHORTEST == len(real.elements):
        return None
    kept = {element.id for element in real.elements}
    draft.drop(short, [element for element in expected if draft.id(element) not in kept])
    found: Thing = short
    return found
