"""What the kernel does: a model with something of everything, and random plain Python on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from syncstate import SyncedModel, batch, synced
from tests.fuzz.edits import NAMES, Author, Digits, Place, Sight, identity

MOST = 1000
"""The largest `n`; above it the validator clips."""

SHORTEST = 6
"""How many elements of `short` the validator leaves when a page touches it."""


class Board(SyncedModel):
    """What the pages show."""

    _key = "board"

    n: int = 0
    mode: str = "m"
    sizes: list[int] = synced([])
    ticks: int = synced(0, read_only=True)
    rows: list = synced([])
    short: list = synced([])
    map: dict = synced({"id": "map"})

    @traitlets.validate("n")
    def _clip(self, proposal: Any) -> int:
        return max(0, min(MOST, proposal["value"]))

    @traitlets.validate("mode")
    def _refuse(self, proposal: Any) -> str:
        if proposal["value"].startswith("bad"):
            raise traitlets.TraitError(f"{proposal['value']!r} is no mode")
        return str(proposal["value"])

    @traitlets.validate("short")
    def _shorten(self, proposal: Any) -> Any:
        value = proposal["value"]
        return value if len(value) <= SHORTEST else value[:SHORTEST]


def is_allowed(name: str, value: Any) -> bool:
    """Tell whether the rules of `Board` let a page set a member of the document."""
    if name == "mode":
        return not value.startswith("bad")
    if name == "sizes":
        return all(type(size) is int for size in value)
    return name != "ticks"


def accepted(name: str, value: Any) -> Any:
    """Return what the rules of `Board` make of a member's value."""
    return max(0, min(MOST, value)) if name == "n" else value


def new_board(author: Author, saved: Any = None) -> Board:
    """Return a model with a few rows, or with a state that was saved."""
    if saved is not None:
        board = Board(**{name: value for name, value in saved.items() if name != "ticks"})
        board.ticks = saved["ticks"]
        return board
    deep = Digits(0b11_10_11_10_11_10_11_10_11)
    return Board(
        rows=[
            {"id": author.text(), "kids": [author.element(deep, 3), author.pebble()]},
            author.pebble(),
            author.text(),
        ],
        short=[author.text()],
        map={
            "id": "map",
            "0": author.number(),
            "__proto__": {"id": author.text(), "kids": [author.pebble()]},
        },
    )


def sight(board: Board) -> Sight:
    """Return the live containers of a model."""
    return Sight({name: getattr(board, name) for name in ("rows", "short", "map")})


class Kernel:
    """Does what a script says to a board.

    Attributes:
        renewed: The members `[holder, name]` that the last act assigned as a whole.
    """

    def __init__(self, board: Board, author: Author) -> None:
        self.board, self.author = board, author
        self.renewed: list[tuple[str, str]] = []
        self._look()

    def act(self, verb: str, number: int) -> None:
        """Do one thing."""
        ACTS[verb](self, Digits(number))

    def together(self, acts: list[Any]) -> None:
        """Do some things in a batch."""
        with batch():
            for verb, number in acts:
                self.act(verb, number)

    # -- what there is

    def _look(self) -> Sight:
        self._seen = sight(self.board)
        return self._seen

    def _list(self, digits: Digits) -> Place:
        place: Place = digits.of(self._look().lists)
        return place

    def _object(self, digits: Digits) -> Any:
        return digits.of(self._look().objects)[1]

    def _element(self, digits: Digits) -> tuple[Any, int] | None:
        found = self._look().element(digits)
        return None if found is None else (found[0].elements, found[1])

    def _new(self, digits: Digits, most: int) -> list[Any]:
        if self._seen.is_crowded:
            return []
        return [self.author.element(digits) for _ in range(1 + digits.below(most))]

    # -- what is done

    def set(self, digits: Digits) -> None:
        holder = self._object(digits)
        holder[digits.of(NAMES)] = self.author.member(digits, holder)

    def update(self, digits: Digits) -> None:
        holder = self._object(digits)
        holder.update({digits.of(NAMES): self.author.number(), digits.of(NAMES): self.author.number()})

    def unset(self, digits: Digits) -> None:
        self._object(digits).pop(digits.of(NAMES), None)

    def append(self, digits: Digits) -> None:
        self._list(digits).elements.extend(self._new(digits, 2))

    def insert(self, digits: Digits) -> None:
        elements = self._list(digits).elements
        at = digits.below(len(elements) + 1)
        for new in self._new(digits, 1):
            elements.insert(at, new)

    def pop(self, digits: Digits) -> None:
        if (found := self._element(digits)) is not None:
            found[0].pop(found[1])

    def cut(self, digits: Digits) -> None:
        if (found := self._element(digits)) is not None:
            del found[0][found[1] : found[1] + 1 + digits.below(2)]

    def put(self, digits: Digits) -> None:
        if (found := self._element(digits)) is not None:
            for new in self._new(digits, 1):
                found[0][found[1]] = new

    def splice(self, digits: Digits) -> None:
        if (found := self._element(digits)) is not None:
            elements, at = found
            stop = at + digits.below(3)
            elements[at:stop] = self._new(digits, 3)

    def sort(self, digits: Digits) -> None:
        salt = 1 + digits.below(997)
        self._list(digits).elements.sort(key=lambda element: _hash(element, salt))

    def reverse(self, digits: Digits) -> None:
        self._list(digits).elements.reverse()

    def rotate(self, digits: Digits) -> None:
        elements = self._list(digits).elements
        at = digits.below(len(elements) + 1)
        elements[:] = [*elements[at:], *elements[:at]]

    def swap(self, digits: Digits) -> None:
        if (found := self._element(digits)) is not None:
            elements, at = found
            other = digits.below(len(elements))
            elements[at], elements[other] = elements[other], elements[at]

    def shift(self, digits: Digits) -> None:
        """Take an element out, and put it into some list; to a list that is another element."""
        if (found := self._element(digits)) is not None:
            element = found[0].pop(found[1])
            elements = self._list(digits).elements
            elements.insert(digits.below(len(elements) + 1), element)

    def relist(self, digits: Digits) -> None:
        holder = self._object(digits)
        if "pebble" not in holder:
            holder["kids"] = [self.author.element(digits, 1) for _ in range(digits.below(3))]
            self.renewed.append((holder["id"], "kids"))

    def renew(self, digits: Digits) -> None:
        """Assign a list that holds what the old one held."""
        holder = self._object(digits)
        if kids := holder.get("kids"):
            at = digits.below(len(kids))
            holder["kids"] = [*kids[at:], *kids[:at]]
            self.renewed.append((holder["id"], "kids"))

    def assign(self, digits: Digits) -> None:
        name = digits.of(("rows", "short"))
        elements = getattr(self.board, name)
        at = digits.below(len(elements) + 1)
        kept = elements[at : at + 4] if digits.below(2) else [*elements[at:], *elements[:at]]
        setattr(self.board, name, [*kept, *self._new(digits, 1)])
        self.renewed.append(("", name))

    def scalar(self, digits: Digits) -> None:
        match digits.below(4):
            case 0:
                self.board.n = self.author.number() % (2 * MOST)
            case 1:
                self.board.mode = f"m{self.author.number()}"
            case 2:
                self.board.sizes = [self.author.number() for _ in range(digits.below(3))]
            case _:
                self.board.ticks += 1


ACTS: dict[str, Callable[[Kernel, Digits], None]] = {
    name: getattr(Kernel, name)
    for name in (
        "set", "update", "unset", "append", "insert", "pop", "cut", "put", "splice", "sort", "reverse",
        "rotate", "swap", "shift", "relist", "renew", "assign", "scalar",
    )
}  # fmt: skip


def _hash(element: Any, salt: int) -> int:
    text = str(identity(element))
    return sum((place + salt) * ord(letter) for place, letter in enumerate(text, 1)) % 101
