"""What may be said of a run: that each accepted edit did what was meant, and each refused one had a cause.

The causes that a refusal may have, all looked up by identity:

| cause | what it says |
|---|---|
| `epoch` | the edit was made for another object of the same key |
| `forgotten` | its base is older than what the log holds, or a snapshot came to its page meanwhile |
| `validator` | a rule of the model refuses the value, or the member is read-only |
| `removed` | what it acts in or on is not there any more |
| `replaced` | what it acts in or on, or something around that, was made by somebody else since it was seen |
| `renewed` | something around it was assigned as a whole by Python, or coerced as a whole by a validator |
| `moved into itself` | what it moves holds the place it would move to by now |
| `test` | what it tests has changed |
| `unnamed` | it moves something to the end of a list by `-`, does more, and has an older base |
| `unsayable` | what it moves stands in front of what it moves it into now (RFC 6902, section 4.4) |
| `its ground` | it acts on what an edit of the same page did that was refused |

An edit that travelled with others in one message is refused with them. A refusal without any of these is
*needless*. "Since it was seen" means since the version that the page had confirmed when the edit was made;
what the same page made does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.acts import SHORTEST, accepted, is_allowed
from tests.fuzz.edits import WHOLE, identity, marks
from tests.fuzz.identity import Doubled, Meaning, Thing, Tree, difference


class Failure(Exception):
    """A run showed what may not be.

    Attributes:
        kind: Which oracle saw it.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


@dataclass(eq=False)
class Made:
    """An edit that a page made.

    Attributes:
        seen: The version that the page had confirmed.
        fate: Empty while nobody knows.
        successor: The next edit of the page, if it replaces the same value; then this one may never leave.
    """

    serial: int
    page: str
    epoch: str
    seen: int
    operations: list[Any]
    meanings: list[Meaning]
    fate: str = ""
    successor: Made | None = None
    marks: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.marks = marks(self.operations)

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


class Oracle:
    """Follows one document, from its making to its end.

    Args:
        document: What it is at version 0.
        log_limit: How many commits the authority remembers.
    """

    def __init__(self, document: Any, version: int, log_limit: int) -> None:
        self.real = Tree(document, version)
        self.meant = Tree(document, version)
        self.version = version
        self.log_limit = log_limit
        self._lost: dict[str, set[Any]] = {}

    # -- what happened

    def commit(self, message: Any) -> None:
        """Follow what the kernel did itself."""
        self._begin(message["version"], None)
        for tree in (self.real, self.meant):
            tree.commit(message["operations"])
            self._settle(tree)

    def renew(self, renewed: list[tuple[str, str]]) -> None:
        """Take note of members that Python assigned as a whole, maybe by what they held."""
        for holder, name in renewed:
            self.real.renew(holder, name)

    def accept(self, message: Any, edits: list[Made]) -> bool:
        """Follow an edit that was accepted, and see that it did what was meant and nothing else.

        Returns:
            Whether a validator made something else of it.

        Raises:
            Failure: It did something else.
        """
        self._begin(message["version"], edits[0].page)
        real, meant = self.real, self.meant
        try:
            for made in edits:
                for meaning in made.meanings:
                    meant.mean(meaning, made.seen)
        except KeyError as error:
            text = f"accepted though {error} is not there: {[made.meanings for made in edits]}"
            raise Failure("identity", f"{text}; the operations are {message['operations']}") from None
        real.commit(message["operations"])
        self._settle(real)
        is_coerced = self._obey_rules()
        self._settle(meant)
        if (found := difference(real, meant)) is not None:
            raise Failure("identity", f"{found}; the operations are {message['operations']}")
        for made in edits:
            self._check_places(made)
        return is_coerced

    def _begin(self, version: int, author: str | None) -> None:
        for tree in (self.real, self.meant):
            tree.version, tree.author = version, author
            tree.clear()
        self.version = version

    def _settle(self, tree: Tree) -> None:
        try:
            tree.settle()
        except Doubled as error:
            raise Failure("doubled", str(error)) from None

    def _obey_rules(self) -> bool:
        """Do to the meant document what the validators of `Board` do."""
        is_coerced = False
        for name in WHOLE:
            thing = self.meant.member(["", name])
            assert thing is not None
            value = accepted(name, thing.value)
            is_coerced = is_coerced or value != thing.value
            thing.value = value
        real, meant = self.real.member(["", "short"]), self.meant.member(["", "short"])
        if real is None or real.elements is None or meant is None or meant.elements is None:
            return is_coerced
        if len(meant.elements) > SHORTEST == len(real.elements):
            kept = {element.id for element in real.elements}
            for element in [element for element in meant.elements if element.id not in kept]:
                self.meant._detach(element)
            self.real.renew("", "short")
            is_coerced = True
        return is_coerced

    def _check_places(self, made: Made) -> None:
        """See that what went between two neighbours is between them, if they stand where they stood."""
        for meaning in made.meanings:
            target = meaning.get("to", meaning)
            if "between" not in target:
                continue
            what = meaning.get("what", {}).get("on") if meaning["do"] == "move" else meaning.get("id")
            value = meaning.get("value")
            thing = self.real.find((value["id"] if isinstance(value, dict) else value) or what)
            holder = self.real.member(target["in"])
            if thing is None or holder is None or thing.parent is not holder or len(made.meanings) > 1:
                continue
            assert holder.elements is not None
            at = holder.elements.index(thing)
            left, right = (self.real.find(known) if known else None for known in target["between"])
            if self._stands(left, holder, made) and holder.elements.index(left) > at:  # type: ignore[arg-type]
                raise Failure("position", f"{thing.id!r} is before {left.id!r}, not after it")  # type: ignore[union-attr]
            if self._stands(right, holder, made) and holder.elements.index(right) < at:  # type: ignore[arg-type]
                raise Failure("position", f"{thing.id!r} is after {right.id!r}, not before it")  # type: ignore[union-attr]

    def _stands(self, thing: Thing | None, holder: Thing, made: Made) -> bool:
        if thing is None or thing.parent is not holder or thing.placed > made.seen:
            return False
        return thing.id not in self._lost.get(made.page, ())  # else its author saw it where it never came to

    # -- what was refused

    def cause(self, edits: list[Made], *, base: int | None = None) -> str | None:
        """Name the cause that an edit was refused or taken back for, or None.

        Args:
            edits: What travelled together.
            base: The version that they were sent against, if they were.
        """
        if base is not None and base < self.version - self.log_limit:
            return "forgotten"
        moves_to_end = [
            op["op"] == "move" and op["path"].endswith("/-") for made in edits for op in made.operations
        ]
        if base is not None and any(moves_to_end[:-1]) and base < self.version:
            return "unnamed"
        for made in edits:
            for meaning in made.meanings:
                if (cause := self._cause(meaning, made)) is not None:
                    return cause
        return None

    def lose(self, edits: list[Made]) -> None:
        """Take note that edits did not happen: what the same page did on top of them has lost its ground."""
        for made in edits:
            self._lost.setdefault(made.page, set()).update(_footprint(made.meanings))

    def rests(self, edits: list[Made], on: list[Made]) -> bool:
        """Whether edits look at what others changed."""
        changed = _footprint([meaning for made in on for meaning in made.meanings])
        seen = _footprint([meaning for made in edits for meaning in made.meanings], is_read=True)
        return not changed.isdisjoint(seen)

    def rest_on(self, edits: list[Made], refused: list[Made]) -> None:
        """Let later edits of a page mean what stands there again where a refused one put something."""
        for undone, by in ((meaning, made) for made in refused for meaning in made.meanings):
            for meaning in (
                meaning for made in edits if made.serial > by.serial for meaning in made.meanings
            ):
                if undone["do"] == "put" and meaning["do"] == "put":
                    if meaning["on"] == identity(undone["value"]):
                        meaning["on"] = undone["on"]
                elif undone["do"] == "move":
                    self._rest_on_move(meaning, undone, by)

    def _rest_on_move(self, meaning: Meaning, undone: Meaning, by: Made) -> None:
        what = meaning.get("what", meaning)
        is_source = meaning["do"] in ("move", "copy", "unset", "test") or "replace" in meaning
        moved_in = undone["what"].get("on", undone["what"].get("saw"))
        if is_source and "at" in what and what["at"] == undone["to"].get("at"):
            if what.get("saw") != moved_in:
                return  # its page did not show the refused one any more
            del what["at"]
            what.update(undone["what"])
            if "on" in what:
                meaning["do"] = {"unset": "remove", "set": "put"}.get(meaning["do"], meaning["do"])
        elif "on" in what and "at" in undone["what"]:
            moved = self.real.past_member(undone["what"]["at"], by.seen, by.page)
            if moved is not None and moved.id == what["on"]:
                del what["on"]
                what["at"] = undone["what"]["at"]
                if meaning["do"] == "put":
                    meaning["replace"] = True
                meaning["do"] = {"remove": "unset", "put": "set"}.get(meaning["do"], meaning["do"])

    def _cause(self, meaning: Meaning, made: Made) -> str | None:
        do = meaning["do"]
        if do == "set" and meaning["at"][0] == "" and not is_allowed(meaning["at"][1], meaning["value"]):
            return "validator"
        if not _footprint([meaning], is_read=True).isdisjoint(self._lost.get(made.page, ())):
            return "its ground"
        for known in _holders(meaning):
            if (cause := self._around(self.real.find(known), made)) is not None:
                return cause
        for at in _lists(meaning):
            thing = self.real.member(at)
            if thing is None or thing.elements is None:
                return "removed"
            if (cause := self._around(thing, made)) is not None:
                return cause
        what = meaning.get("what", meaning)
        if "on" in what:
            thing = self._occupant(what["on"], made) if do == "put" else self.real.find(what["on"])
            if (cause := self._around(thing, made, is_slot=do == "put")) is not None:
                return cause
            if do == "move" and self._holds(thing, meaning["to"]):
                return "moved into itself"
            if do == "move" and self._is_in_front(thing, meaning["to"]):
                return "unsayable"
        elif "at" in what:
            return self._at_member(meaning, what["at"], made)
        return None

    def _occupant(self, known: Any, made: Made) -> Thing | None:
        return self.real.occupant(known, made.seen, made.page)

    def _at_member(self, meaning: Meaning, at: list[Any], made: Made) -> str | None:
        if meaning["do"] == "set" and "replace" not in meaning:
            return None  # it does not matter what was there before
        thing = self.real.seen_member(at, made.seen, made.page)
        if thing is None:
            return "removed"
        if thing.made > made.seen and thing.author != made.page:
            return "test" if meaning["do"] == "test" else "replaced"
        if meaning["do"] == "test" and thing.value != meaning["value"]:
            return "test"
        if meaning["do"] == "move" and self._holds(thing, meaning["to"]):
            return "moved into itself"
        return None

    def _around(self, thing: Thing | None, made: Made, *, is_slot: bool = False) -> str | None:
        """Look for a cause in what something is in, from the inside out."""
        if thing is None:
            return "removed"
        was_moved = False
        for step, place in enumerate(thing.above()):
            is_new = place.made > made.seen and place.author != made.page
            if is_new and not was_moved and not (is_slot and step == 0):
                return "replaced"
            if place.renewed > made.seen:
                return "renewed"
            was_moved = was_moved or place.placed > made.seen
        return None

    def _holds(self, thing: Thing | None, target: Meaning) -> bool:
        """Whether a target is inside a thing."""
        holder = self.real.find((target.get("in") or target["at"])[0])
        return thing is not None and holder is not None and thing in holder.above()

    def _is_in_front(self, thing: Thing | None, target: Meaning) -> bool:
        """Whether a target is in a neighbour of a thing, which may come to stand in its place."""
        holder = self.real.find((target.get("in") or target["at"])[0])
        if thing is None or holder is None or thing.parent is None or thing.parent.elements is None:
            return False
        others = [element for element in thing.parent.elements if element is not thing]
        return any(place in others for place in holder.above())


def _holders(meaning: Meaning) -> Iterator[Any]:
    for part in (meaning, meaning.get("what", {}), meaning.get("to", {})):
        if "at" in part:
            yield part["at"][0]


def _lists(meaning: Meaning) -> Iterator[list[Any]]:
    for part in (meaning, meaning.get("to", {})):
        if "in" in part:
            yield part["in"]


def _footprint(meanings: list[Meaning], *, is_read: bool = False) -> set[Any]:
    """Return the members and elements that meanings change, or with `is_read` all that they look at."""
    found: set[Any] = set()
    for meaning in meanings:
        for part in (meaning, meaning.get("what", {}), meaning.get("to", {})):
            found |= {tuple(part[key]) for key in ("at", "in") if key in part and (is_read or key == "at")}
            found |= {part[key] for key in ("on", "id") if key in part}
        if is_read:
            found |= {*_holders(meaning), *(at[0] for at in _lists(meaning))} - {""}
        elif meaning["do"] in ("insert", "put", "set"):
            found |= set(_ids(meaning["value"]))
    return found


def _ids(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "id" in value:
            yield value["id"]
        for member in value.values():
            yield from _ids(member)
    elif isinstance(value, list):
        for element in value:
            yield from _ids(element)
            if isinstance(element, str):
                yield element
    elif isinstance(value, str):
        yield value
