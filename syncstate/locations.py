"""Floor 5. Which locations some changes were at, as they are named when all of it is over.

Changes speak of the moment at which each happened: an insertion moves what was changed before it. So they
are put into a tree of reference tokens, whose branches move as the elements of lists do; patterns are
matched with the tree. The document is looked into only below a change, so cost follows the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from syncstate.arrays import is_array
from syncstate.diff import Change
from syncstate.document import opened
from syncstate.pointer import index, parse
from syncstate.tables import Columns

Pattern: TypeAlias = tuple[str | None, ...]
"""The reference tokens of a pointer, None where any token may stand."""

ABSENT: Any = object()
"""In place of a value: there is none."""

UNKNOWN: Any = object()
"""In place of a value: there was one, or there was none."""

SHIFTS = 20_000
"""How often touched elements of one list may be moved by others before the list counts as assigned anew."""

_UNTOUCHED: Any = object()


def parse_pattern(pattern: str) -> Pattern:
    """Return the tokens of a pointer in which `*` stands for any one token, and `~2` for a `*` that is meant.

    Raises:
        PointerError: The text is no pointer.

    Examples:
        >>> parse_pattern("/rows/*/price")
        ('rows', None, 'price')
        >>> parse_pattern("/~2/a~1b")
        ('*', 'a/b')
    """
    if str(pattern).startswith("/"):
        # RFC 6901 leaves "~2" free: no pointer has it, so nothing that is one means something else here
        return tuple(
            None if text == "*" else parse("/" + text.replace("~2", "*"))[0]
            for text in pattern[1:].split("/")
        )
    return parse(pattern)


def look_up(value: Any, tokens: Iterable[str]) -> Any:
    """Return what is at a location, or `ABSENT`."""
    for token in tokens:
        value = _member(value, token)
    return value


class Found(NamedTuple):
    """One location that a pattern matches.

    Attributes:
        tokens: Its reference tokens.
        value: What is there now, or `ABSENT`.
        before: What was there before, `ABSENT` or `UNKNOWN`; of a container that changed inside, the same.
    """

    tokens: tuple[str, ...]
    value: Any
    before: Any


class _Branch:
    """A location that was touched, or one on the way to some.

    Attributes:
        before: What was there; what is touched below does not matter then.
        children: Those below, by token.
        gone: What was taken out of this list, and where.
        highest: No child has a higher index, if this is a list.
        shifts: How often children were moved.
    """

    __slots__ = ("before", "children", "gone", "highest", "shifts")

    def __init__(self, before: Any = _UNTOUCHED) -> None:
        self.before = before
        self.children: dict[str, _Branch] = {}
        self.gone: list[tuple[str, Any]] = []
        self.highest = -1
        self.shifts = 0

    @property
    def is_touched(self) -> bool:
        return self.before is not _UNTOUCHED

    def touch(self, before: Any) -> None:
        if self.before is _UNTOUCHED:
            self.before = before
            self.children, self.gone = {}, []

    def grow(self, token: str, child: _Branch) -> _Branch:
        self.children[token] = child
        if token.isdigit():
            self.highest = max(self.highest, int(token))
        return child

    def shift(self, start: int, by: int) -> None:
        """Move the children from an index on."""
        if self.highest < start:
            return
        self.shifts += len(self.children)
        if self.shifts > SHIFTS:
            self.touch(UNKNOWN)
            return
        self.children = {
            str(int(token) + by) if int(token) >= start else token: child
            for token, child in self.children.items()
        }
        self.highest += by


class Locations:
    """The locations at which changes were made, one after the other."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._top = _Branch()
        for change in changes:
            self._take(*change)

    def _take(self, step: Any, before: Any) -> None:
        operation = step.operation
        tokens = parse(operation["path"])
        if _is_in_table(before):
            self._take_in_table(tokens, *before)
        elif _is_spliced(before):
            self._put(tokens[:-1], before[0])
        elif operation["op"] == "remove":
            self._take_away(tokens, before, in_list=step.in_list)
        elif operation["op"] == "replace":
            self._put(tokens, before)
        else:
            if operation["op"] == "move":
                before = before[0] if before else ABSENT
                source = parse(operation["from"])
                # what only changes places in a list is told where it is now
                was = ABSENT if step.in_list and source[:-1] == tokens[:-1] else UNKNOWN
                self._take_away(source, was, in_list=step.from_list)
            else:
                before = ABSENT
            self._put(tokens, before, is_inserted=step.in_list)

    def _take_in_table(self, tokens: tuple[str, ...], columns: Columns, depth: int) -> None:
        below = tokens[len(tokens) - depth :]
        if below and is_array(look_up(columns, below[:-1])):  # the elements of a column
            tokens, below = tokens[:-1], below[:-1]
        self._put(tokens, look_up(columns, below))

    def _put(self, tokens: tuple[str, ...], before: Any, *, is_inserted: bool = False) -> None:
        parent = self._parent(tokens)
        if parent is None:
            return
        if is_inserted:
            parent.shift(int(tokens[-1]), +1)
            if not parent.is_touched:
                parent.grow(tokens[-1], _Branch(before))
        else:
            child = parent.children.get(tokens[-1])
            if child is None:
                parent.grow(tokens[-1], _Branch(before))
            else:
                child.touch(before)

    def _take_away(self, tokens: tuple[str, ...], before: Any, *, in_list: bool) -> None:
        if not in_list:
            self._put(tokens, before)
            return
        parent = self._parent(tokens)
        if parent is None:
            return
        child = parent.children.pop(tokens[-1], None)
        if child is not None and child.is_touched:
            before = child.before  # if it was not there, it came and went
        parent.shift(int(tokens[-1]) + 1, -1)
        if before is not ABSENT and not parent.is_touched:
            parent.gone.append((tokens[-1], before))

    def _parent(self, tokens: tuple[str, ...]) -> _Branch | None:
        """Return what is above a location, or None if that was touched as a whole."""
        branch = self._top
        for token in tokens[:-1]:
            child = branch.children.get(token)
            if child is None:
                child = branch.grow(token, _Branch())
            branch = child
            if branch.is_touched:
                return None
        return branch

    # -- what matches

    def matching(self, pattern: Pattern, document: Mapping[str, Any]) -> list[Found]:
        """Return each location that a pattern matches, and which is at, above or below a change."""
        found: dict[tuple[str, ...], Found] = {}
        for one in _seek(self._top, pattern, document, ()):
            known = found.get(one.tokens)
            if known is not None:  # an element was taken away, and another one put there
                one = Found(one.tokens, one.value, known.before if one.before is ABSENT else one.before)
            found[one.tokens] = one
        return list(found.values())


def _seek(branch: _Branch, rest: Pattern, value: Any, tokens: tuple[str, ...]) -> Iterator[Found]:
    if branch.is_touched:
        yield from _below(rest, value, branch.before, tokens)
    elif not rest:
        yield Found(tokens, value, value)
    else:
        wanted = rest[0]
        for token, before in branch.gone:
            if wanted is None or wanted == token:
                yield from _below(rest[1:], ABSENT, before, (*tokens, token))
        for token in branch.children if wanted is None else (wanted,):
            if token in branch.children:
                yield from _seek(branch.children[token], rest[1:], _member(value, token), (*tokens, token))


def _below(rest: Pattern, value: Any, before: Any, tokens: tuple[str, ...]) -> Iterator[Found]:
    if value is ABSENT and before is ABSENT:
        return
    if not rest:
        yield Found(tokens, value, before)
        return
    for token in {**_names(value), **_names(before)} if rest[0] is None else (rest[0],):
        yield from _below(rest[1:], _member(value, token), _member(before, token), (*tokens, token))


def _member(value: Any, token: str) -> Any:
    """Return what a token names in a value, or `ABSENT`."""
    value = opened(value)
    if isinstance(value, dict):
        return value.get(token, ABSENT)
    if isinstance(value, (list, tuple)):
        position = index(token, len(value))
        return ABSENT if position is None else value[position]
    return UNKNOWN if value is UNKNOWN else ABSENT


def _names(value: Any) -> dict[str, None]:
    """Return the tokens that name something in a value, in order."""
    value = opened(value)
    if isinstance(value, dict):
        return dict.fromkeys(value)
    if isinstance(value, (list, tuple)):
        return dict.fromkeys(map(str, range(len(value))))
    return {}


def _is_spliced(before: Any) -> bool:
    """Whether a change was inside an array; see `diff.Change`."""
    return type(before) is tuple and len(before) == 1 and is_array(before[0])


def _is_in_table(before: Any) -> bool:
    """Whether a change was inside a table, or of it; see `diff.Change`."""
    return type(before) is tuple and len(before) == 2 and isinstance(before[0], Columns)
