"""Floor 3. RFC 6902: patches, checked before and applied whole; and what acts on elements of arrays.

A patch is a list of operations, and it applies whole or leaves no trace. There are two ways:

- `apply` never changes the document that it is given: it copies the containers on the way to each target
  location, once a patch, and shares everything else;
- `amend` changes a document that is the caller's own, and keeps a note of what stood there until the patch
  has come to its end: it costs what the patch does, however large the document is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict, cast

from syncstate.arrays import Array, Misfit, is_array, splice
from syncstate.document import (
    CONTAINERS,
    MAX_DEPTH,
    SCALARS,
    Json,
    ObjectNode,
    elements,
    kind,
    nests_deeper,
    opened,
    plain,
    same,
    show,
)
from syncstate.errors import NotWritable, PatchError, PointerError, TargetNotFound, TestFailed
from syncstate.pointer import index, join, missing, parse
from syncstate.runs import Runs
from syncstate.tables import Columns

# The functional form, since "from" is a keyword.
Operation = TypedDict(
    "Operation",
    {
        "op": Literal["add", "remove", "replace", "move", "copy", "test"],
        "path": str,
        "from": NotRequired[str],
        "value": NotRequired[Json],
    },
)
Patch: TypeAlias = Sequence[Operation]


class Step(NamedTuple):
    """An operation, and which of its pointers name elements of lists: only the document can tell."""

    operation: Operation
    in_list: bool
    """Whether `path` names an element of a list, or a place between two."""
    from_list: bool = False
    """Whether `from` names an element of a list."""
    is_self: bool = False
    """Whether who takes a value away means that very one, though it stands in an object by now."""


COPY_LIMIT = 1_000_000
"""How many values the `copy` and `move` operations of a patch may take along: a few copies, each of what the
last one made, would fill any memory, and a large list that is moved to and fro would take hours."""

FEW = 50
"""How many operations a list is cut for; to try more, it is copied."""

_VALUED = ("replace", "add", "test")
_SOURCED = ("move", "copy")
_NAMES = ("add", "remove", "replace", "move", "copy", "test")


def check(patch: object) -> list[Operation]:
    """Return a patch that came from outside, with every operation known to be well-formed.

    Nothing is applied; members that RFC 6902 does not name are left alone (section 4).

    Raises:
        PatchError: It is no list of operations; `error.index` says which one is wrong.
    """
    if not isinstance(patch, (list, tuple)):
        raise PatchError(f"Cannot read the patch: it is {kind(patch)}, not a list of operations")
    for position, operation in enumerate(patch):
        try:
            _check_operation(operation)
        except (PatchError, PointerError) as error:
            raise PatchError(
                f"Cannot read operation {position} of the patch: {error}", operation=operation, index=position
            ) from None
    return list(patch)


def _check_operation(operation: Any) -> None:
    if not isinstance(operation, dict):
        raise PatchError(f"it is {kind(operation)}, not an object")
    name = operation.get("op")
    if name not in _NAMES:
        raise PatchError(f"'op' is {show(name)}, not one of {', '.join(_NAMES)}")
    if "path" not in operation:
        raise PatchError(f"{name!r} needs a 'path'")
    path = operation["path"]
    if type(path) is not str or "~" in path or path[:1] not in ("", "/"):  # most are seen to be pointers
        parse(path)
    if name in _VALUED:
        if "value" not in operation:
            raise PatchError(f"{name!r} needs a 'value'")
    elif name in _SOURCED:
        if "from" not in operation:
            raise PatchError(f"{name!r} needs a 'from'")
        parse(operation["from"])


def bare(operation: Operation) -> Operation:
    """Return an operation that was checked, without the members that mean nothing to it (section 4).

    It is the same one if it has none of them.

    Examples:
        >>> bare({"op": "remove", "path": "/n", "from": "/m"})
        {'op': 'remove', 'path': '/n'}
    """
    name = operation["op"]
    last = ("value",) if name in _VALUED else ("from",) if name in _SOURCED else ()
    if len(operation) == 2 + len(last):
        return operation
    whole: Any = operation
    kept: Any = {member: whole[member] for member in ("op", "path", *last)}
    return kept  # type: ignore[no-any-return] # an operation still


def apply(document: Json, patch: Patch) -> Json:
    """Return the document with every operation of a patch applied.

    The given document is not changed; the result shares what the patch did not touch.

    Args:
        document: Any JSON value.
        patch: Operations, applied in order.

    Raises:
        PatchError: An operation is malformed or could not be applied; `error.index` says which.

    Examples:
        >>> apply({"n": 1}, [{"op": "replace", "path": "/n", "value": 2}])
        {'n': 2}
    """
    draft = Draft(document)
    for position, operation in enumerate(check(patch)):
        draft.run(operation, position)
    return draft.document


def amend(document: Json, patch: Patch) -> Json:
    """Apply every operation of a patch to a document, in place, and return the document.

    That is another one only where the patch replaced the whole. Values are copied in. A patch that is
    refused, or interrupted, leaves no trace but for the order of an object's members, which means nothing.

    Args:
        document: Plain containers that nobody else reads or changes meanwhile.
        patch: Operations, applied in order.

    Raises:
        PatchError: As `apply` does.

    Examples:
        >>> rows = [{"n": 1}, {"n": 2}]
        >>> amend(rows, [{"op": "replace", "path": "/1/n", "value": 3}]) is rows, rows
        (True, [{'n': 1}, {'n': 3}])
    """
    draft = _Amendment(document)
    try:
        for position, operation in enumerate(check(patch)):
            if operation["op"] != "replace" or not draft.exchange(operation["path"], operation["value"]):
                draft.run(operation, position)
    except BaseException:  # an interrupt too
        draft.take_back()
        raise
    return draft.document


def rehearse(document: Json, patch: Patch) -> None:
    """See that a patch that was checked applies to a document: nothing is changed, and lists are not copied.

    Raises:
        PatchError: As `apply` does.
    """
    draft = trial(document, patch)
    for position, operation in enumerate(patch):
        draft.run(operation, position)


def trial(document: Json, patch: Patch) -> Draft:
    """Return a draft for a patch of which nobody wants the result: only operations can read lists in it."""
    return _Trial(document) if len(patch) <= FEW else Draft(document)


def invert(document: Json, patch: Patch) -> list[Operation]:
    """Return the patch that takes back what a patch does to a document.

    Raises:
        PatchError: The patch does not apply to the document.

    Examples:
        >>> invert({"n": 1}, [{"op": "replace", "path": "/n", "value": 2}])
        [{'op': 'replace', 'path': '/n', 'value': 1}]
    """
    draft = Draft(document)
    inverse: list[Operation] = []
    for position, operation in enumerate(check(patch)):
        # the later operation is taken back first
        inverse[:0] = draft.run(operation, position)
    for operation in inverse:
        if "value" in operation:
            operation["value"] = plain(operation["value"])
    return inverse


def trace(document: Json, patch: Patch) -> tuple[Json, list[Step]]:
    """Apply a patch, and return the document and what the patch did, step by step.

    What is put at the end of a list (`-`) names its index.

    Raises:
        PatchError: As `apply` does.
    """
    draft = Draft(document)
    steps = [draft.step(operation, position) for position, operation in enumerate(check(patch))]
    return draft.document, steps


def is_part(token: str) -> bool:
    """Tell whether a token names elements, if what holds it is an array: `-` or a range, `2:5`."""
    return token == "-" or ":" in token


def demand_no_range(document: Json, pointer: str) -> None:
    """Refuse a location of a page's operation that is a range in an array: nothing carries it along.

    Raises:
        NotWritable: It is one.
    """
    above, _, token = pointer.rpartition("/")
    if ":" in token and is_array(Draft(document).found(parse(above))):
        raise NotWritable(pointer, "a page adds to an array at its end ('-'), or replaces it whole")


def spliced_range(operation: Operation, token: str, length: int) -> tuple[int, int, Array | None]:
    """Return which elements of an array an operation replaces by which (docs/protocol.md, section 9).

    Raises:
        Misfit: It is no operation on elements, or they are none of this array.
    """
    op, value = operation["op"], operation.get("value")
    start, _, stop = token.partition(":")
    first, last = index(start, length + 1), index(stop, length + 1)
    if op == "add" and token == "-":
        first = last = length
    elif op not in ("replace", "remove") or first is None or last is None:
        way_out = "add at '-', or replace or remove a range such as '2:5'"
        raise Misfit(f"it is an array of {elements(length)}; {way_out}")
    if op == "remove":
        return first, last, None
    if not is_array(value):
        raise Misfit(f"{show(value)} is no array: what comes into one is another one of its type")
    return first, last, value


class Opened(dict[str, Json]):
    """What stands in a draft for an object node that was touched.

    Attributes:
        node: That one.
    """

    __slots__ = ("node",)

    def __init__(self, node: ObjectNode) -> None:
        super().__init__(node._synced_members())
        self.node = node


class Draft:
    """A document while a patch runs over it: a container is copied the first time it is touched."""

    __slots__ = ("_mine", "_shared", "document", "opened")

    def __init__(self, document: Json) -> None:
        self.document = document
        self.opened: list[Opened] = []
        self._mine: dict[int, Json] = {}  # containers made here, by id; held, so that no id is used twice
        self._shared = 0

    def run(self, operation: Operation, position: int) -> list[Operation]:
        """Apply one operation and return what would take it back; its values are shared, not copied."""
        try:
            return self._apply(operation)
        except _Refused as refusal:
            place = operation["from"] if refusal.at_source else operation["path"]
            error = refusal.kind(
                f"Cannot {_VERBS[operation['op']]} {place!r}: {refusal.why}",
                operation=operation,
                index=position,
                pointer=place,
            )
            if isinstance(error, TestFailed):
                error.found = refusal.found
            raise error from None

    def step(self, operation: Operation, position: int) -> Step:
        """Apply one operation, and return it with what its pointers name."""
        from_list = "from" in operation and self.is_in_list(operation["from"])
        self.run(operation, position)
        in_list = self.is_in_list(operation["path"])
        if in_list and operation["path"].endswith("/-"):
            above = operation["path"][:-2]
            last = len(cast(list[Json], self._read(parse(above)))) - 1
            operation = {**operation, "path": f"{above}/{last}"}
        return Step(operation, in_list, from_list)

    def found(self, tokens: Sequence[str]) -> Json:
        """Return what is at a location, or None."""
        try:
            return self._read(tuple(tokens))
        except _Refused:
            return None

    def is_in_list(self, pointer: str) -> bool:
        """Whether a pointer names an element of a list, which need not be there."""
        tokens = parse(pointer)
        try:
            return bool(tokens) and isinstance(self._read(tokens[:-1]), list)
        except _Refused:
            return False

    def _apply(self, operation: Operation) -> list[Operation]:
        path = operation["path"]
        tokens = parse(path)
        if tokens and is_part(tokens[-1]) and is_array(self.found(tokens[:-1])):
            return self._splice(operation, tokens)
        match operation["op"]:
            case "add":
                return self._add(tokens, operation["value"])
            case "remove":
                return [{"op": "add", "path": path, "value": self._remove(tokens)}]
            case "replace":
                return [{"op": "replace", "path": path, "value": self._replace(tokens, operation["value"])}]
            case "test":
                found = self._read(tokens)
                if not same(found, operation["value"]):
                    raise _Refused(
                        f"expected {show(operation['value'])}, found {show(found)}", TestFailed, found=found
                    )
                return []
            case "copy":
                value = self._read(parse(operation["from"]), at_source=True)
                self._share(value)
                return self._add(tokens, value)
            case "move":
                return self._move(parse(operation["from"]), tokens)

    def _splice(self, operation: Operation, tokens: tuple[str, ...]) -> list[Operation]:
        """Do what acts on elements of an array (docs/protocol.md, section 9)."""
        array: Any = self._read(tokens[:-1])
        try:
            spliced = splice(array, *spliced_range(operation, tokens[-1], len(array)))
        except Misfit as misfit:
            raise _Refused(str(misfit), PatchError) from None
        old = self._replace(tokens[:-1], spliced)
        return [{"op": "replace", "path": join(*tokens[:-1]), "value": old}]

    def _move(self, source: tuple[str, ...], target: tuple[str, ...]) -> list[Operation]:
        if source == target:
            self._share(self._read(source, at_source=True))
            return []
        # RFC 6902, section 4.4: the "from" location must not be a proper prefix of the "path" location
        if target[: len(source)] == source:
            why = f"it cannot be moved into itself, to {join(*target)!r}"
            raise _Refused(why, PatchError, at_source=True)
        value = self._remove(source, at_source=True)
        self._share(value)
        undo = self._add(target, value)
        landed = parse(undo[0]["path"])
        if undo[0]["op"] == "remove" and source[: len(landed)] != landed:
            return [{"op": "move", "from": undo[0]["path"], "path": join(*source)}]
        return [*undo, {"op": "add", "path": join(*source), "value": value}]

    def _read(self, tokens: tuple[str, ...], *, at_source: bool = False) -> Json:
        value = self.document
        for depth, token in enumerate(tokens):
            value = _step(value, token, tokens, depth, at_source=at_source)
        return value

    def _add(self, tokens: tuple[str, ...], value: Json) -> list[Operation]:
        if not tokens:
            return [{"op": "replace", "path": "", "value": self._swap(value)}]
        container = self._container(tokens)
        _check_depth(tokens, value)
        last = tokens[-1]
        if isinstance(container, dict):
            path = join(*tokens)
            undo: Operation = (
                {"op": "replace", "path": path, "value": container[last]}
                if last in container
                else {"op": "remove", "path": path}
            )
            self._note(container, last)
            container[last] = self._admit(value)
            return [undo]
        place = len(container) if last == "-" else index(last, len(container) + 1)
        if place is None:
            raise _Refused(missing(container, last, join(*tokens[:-1])))
        self._note(container, place, is_new=True)
        container.insert(place, self._admit(value))
        return [{"op": "remove", "path": join(*tokens[:-1], place)}]

    def _remove(self, tokens: tuple[str, ...], *, at_source: bool = False) -> Json:
        if not tokens:
            raise _Refused("the whole document cannot be removed", PatchError, at_source=at_source)
        container = self._container(tokens, at_source=at_source)
        _step(container, tokens[-1], tokens, len(tokens) - 1, at_source=at_source)
        if isinstance(container, dict):
            self._note(container, tokens[-1])
            return container.pop(tokens[-1])
        self._note(container, int(tokens[-1]))
        return container.pop(int(tokens[-1]))

    def _replace(self, tokens: tuple[str, ...], value: Json) -> Json:
        if not tokens:
            return self._swap(value)
        container = self._container(tokens)
        _check_depth(tokens, value)
        old = _step(container, tokens[-1], tokens, len(tokens) - 1)
        if isinstance(container, dict):
            self._note(container, tokens[-1])
            container[tokens[-1]] = self._admit(value)
        else:
            self._note(container, int(tokens[-1]))
            container[int(tokens[-1])] = self._admit(value)
        return old

    def _swap(self, value: Json) -> Json:
        old, self.document = self.document, self._admit(value)
        return old

    def _container(self, tokens: tuple[str, ...], *, at_source: bool = False) -> list[Json] | dict[str, Json]:
        """Return the container that holds the last token, writable, like all those above it."""
        here = self.document = self._own(self.document)
        for depth, token in enumerate(tokens[:-1]):
            child = self._own(_step(here, token, tokens, depth, at_source=at_source))
            if isinstance(here, dict):
                here[token] = child
            elif isinstance(here, list):
                here[int(token)] = child
            here = child
        if not isinstance(here, (list, dict)):
            raise _Refused(missing(here, tokens[-1], join(*tokens[:-1])), at_source=at_source)
        return here

    def _share(self, value: Json) -> None:
        """Take note that a value stands in two places, one may be in what undoes: write in neither."""
        level = [value]
        self._shared += 1
        while level and self._shared <= COPY_LIMIT:
            holder = opened(level.pop())
            if isinstance(holder, (list, dict)):
                self._mine.pop(id(holder), None)
                self._shared += len(holder)
                level += holder.values() if isinstance(holder, dict) else holder
        if self._shared > COPY_LIMIT:
            why = f"the patch copies or moves more than {COPY_LIMIT} values"
            raise _Refused(why, PatchError, at_source=True)

    def _note(self, container: Any, key: Any, *, is_new: bool = False) -> None:
        """Called before a container changes under a key, or receives a new element there."""

    def _admit(self, value: Json) -> Json:
        """Return what stands in the document for a value that comes in."""
        return value

    def _own(self, value: Json) -> Json:
        """Return a container that may be changed in the place of one that may not."""
        if id(value) in self._mine or not isinstance(value, CONTAINERS):
            return value
        copy = self._open(value) if isinstance(value, ObjectNode) else self._copy(value)
        self._mine[id(copy)] = copy
        return copy

    def _open(self, value: ObjectNode) -> Opened:
        if value._synced_is_frozen:
            raise _Refused(f"it is in {kind(value)}, which is frozen; replace that as a whole", PatchError)
        opened = Opened(value)
        self.opened.append(opened)
        return opened

    def _copy(self, value: list[Json] | dict[str, Json]) -> Json:
        return dict(value) if isinstance(value, dict) else list(value)


class _Amendment(Draft):
    """A document that is changed itself, and how to undo that."""

    __slots__ = ("_notes",)

    def __init__(self, document: Json) -> None:
        super().__init__(document)
        self._notes: list[tuple[Any, Any, int, Any]] = []  # container, key, and the length and value before

    def exchange(self, path: str, value: Json) -> bool:
        """Put a scalar in the place of another value: the fast way, 1.5 us for 4.

        Returns:
            Whether it was put there; if not, `run` knows why.
        """
        if type(value) not in SCALARS or not path or "~" in path:
            return False
        here: Any = self.document
        holder: Any = None
        key: Any = None
        tokens = path.split("/")
        del tokens[0]
        for token in tokens:
            holder, key = here, token
            type_ = type(here)
            if type_ is dict:
                if token not in here:
                    return False
            elif type_ is not list or (key := index(token, len(here))) is None:
                return False
            here = here[key]
        self._notes.append((holder, key, len(holder), here))
        holder[key] = value
        return True

    def take_back(self) -> None:
        """Undo all that was done; what was noted and not done yet is left as it is."""
        while self._notes:
            container, key, length, old = self._notes[-1]
            if isinstance(container, dict):
                if old is _NOTHING:
                    container.pop(key, None)
                else:
                    container[key] = old
            elif len(container) > length:
                del container[key]
            elif len(container) < length:
                container.insert(key, old)
            elif old is not _NOTHING:
                container[key] = old
            self._notes.pop()

    def _note(self, container: Any, key: Any, *, is_new: bool = False) -> None:
        is_there = not is_new and (isinstance(container, list) or key in container)
        self._notes.append((container, key, len(container), container[key] if is_there else _NOTHING))

    def _admit(self, value: Json) -> Json:
        is_kept = type(value) in SCALARS or type(value) is Columns or nests_deeper(value, MAX_DEPTH)
        return value if is_kept else plain(value)

    def _own(self, value: Json) -> Json:
        return value


_NOTHING: Any = object()


class _Trial(Draft):
    """A document on which a short patch is tried."""

    __slots__ = ()

    def _copy(self, value: list[Json] | dict[str, Json]) -> Json:
        return dict(value) if isinstance(value, dict) else Runs(value)


def _step(
    container: Json, token: str, tokens: tuple[str, ...], depth: int, *, at_source: bool = False
) -> Json:
    container = opened(container)
    if isinstance(container, dict):
        if token in container:
            return container[token]
    elif isinstance(container, list) and (place := index(token, len(container))) is not None:
        return container[place]
    raise _Refused(missing(container, token, join(*tokens[:depth])), at_source=at_source)


def _check_depth(tokens: tuple[str, ...], value: Json) -> None:
    if isinstance(value, CONTAINERS) and nests_deeper(value, MAX_DEPTH - len(tokens)):
        raise _Refused(f"it would nest deeper than {MAX_DEPTH} levels", PatchError)


class _Refused(Exception):
    """Why an operation cannot be applied; `Draft.run` makes the public error of it."""

    def __init__(
        self,
        why: str,
        kind: type[PatchError] = TargetNotFound,
        *,
        at_source: bool = False,
        found: Json = None,
    ) -> None:
        self.why, self.kind, self.at_source, self.found = why, kind, at_source, found


_VERBS = {
    "add": "add",
    "remove": "remove",
    "replace": "replace",
    "move": "move",
    "copy": "copy",
    "test": "pass the test at",
}
