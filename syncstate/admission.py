"""Floor 7. A patch on its way in: it may be, it would apply, all are asked, and only then is it done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from syncstate.diff import assigned
from syncstate.document import Json, JsonObject, copied, kind, same
from syncstate.errors import NotWritable, PatchError
from syncstate.exchanges import exchange
from syncstate.fields import encode
from syncstate.forms import Unformed
from syncstate.likeness import become, is_alike, untied
from syncstate.members import MemberRoot
from syncstate.nested import are_apart, documents_in, inside, named, spread
from syncstate.nodes import is_tracked
from syncstate.objects import is_read_only
from syncstate.operations import perform
from syncstate.patch import Opened, Operation, demand_no_range
from syncstate.pointer import head, join, parse
from syncstate.readings import computes
from syncstate.recording import Minding
from syncstate.records import members_of
from syncstate.rehearsal import closed, fit_inside, halve, is_that, step_to, take_in, try_out
from syncstate.roots import NOWHERE
from syncstate.values import form_all
from syncstate.verdicts import Verdicts


def demand_rights(document: MemberRoot, operations: list[Operation]) -> None:
    """Refuse what no page may do.

    Raises:
        NotWritable: It touches what pages may not write, or reads what is not theirs to read.
    """
    for operation in operations:
        path = operation["path"]
        trait = document.members.get(head(path) or "")
        if trait is None or is_read_only(trait) or "from" in operation or ":" in path:
            _check_right(document, operation)


def _check_right(document: MemberRoot, operation: Operation) -> None:
    for part in ("path", "from"):
        if part not in operation:
            continue
        pointer = operation[part]
        name = head(pointer)
        if name is None or name not in document.members:
            raise NotWritable(pointer, f"{type(document.model).__name__} has no such member")
        demand_no_range(document.values, pointer)
        is_read = operation["op"] == "test" or (operation["op"] == "copy" and part == "from")
        if is_read_only(document.members[name]) and not is_read:
            raise NotWritable(pointer, f"{name!r} is read-only for pages")


def admit(document: MemberRoot, operations: list[Operation], verdicts: Verdicts) -> None:
    """Let a patch in, whole or not at all; if verdicts are wanted afterwards, nothing has happened yet.

    Raises:
        Exception: It does not apply, or somebody refuses it.
    """
    try:
        _admit_formed(document, operations, verdicts)
    except Unformed as missing:  # nothing has happened yet
        values = [missing.value, *[operation.get("value") for operation in operations]]
        verdicts.defer(lambda: form_all(*values))


def _admit_formed(document: MemberRoot, operations: list[Operation], verdicts: Verdicts) -> None:
    document.catch_up()
    if exchange(document, operations):
        return
    if document.has_roots:
        operations = spread(document, operations)
        if _admit_inside(document, operations, verdicts):
            return
    operations = verdicts.made(operations)
    if verdicts.are_wanted:
        return
    operations = [take_in(operation) for operation in operations]
    operations, settled = _settled(document, operations)
    before = document.view()
    after, opened = try_out(before, operations, settled)
    proposed = _proposed(document, before, after)
    accepted = {name: verdicts.on(name, value) for name, value in proposed.items()}
    below = [
        (one, _judged_below(one, verdicts, part, one.path_below(document)))
        for one, part in documents_in(opened)
    ]
    if verdicts.are_wanted:
        return
    apart = _apart(document, operations, proposed, accepted)
    if apart:
        operations = halve(before, operations, apart)
    _do(document, operations, accepted, apart, below)


def _admit_inside(document: MemberRoot, operations: list[Operation], verdicts: Verdicts) -> bool:
    """Let a document below do a patch that acts in it alone, and return whether that is so."""
    below = inside(document, operations)
    if below is None:
        return not operations
    other, within, prefix = below
    with named(prefix):
        if verdicts.is_for_page:
            demand_rights(other, within)
        admit(other, within, verdicts.of(other))
    document.reached.append(other)
    return True


def _proposed(document: MemberRoot, before: JsonObject, after: Json) -> dict[str, Json]:
    """Return the members that a patch changes, as they are to be, without what it does in models below.

    Raises:
        PatchError: It adds or removes members.
    """
    if not isinstance(after, dict) or after.keys() != before.keys():
        raise PatchError(
            f"Cannot add or remove members of {type(document.model).__name__}: its class says what it has"
        )
    changed = {name: closed(value) for name, value in after.items() if value is not before[name]}
    proposed = {name: value for name, value in changed.items() if not is_that(value, before[name])}
    for name in proposed:
        if name in document.computations:
            raise computes(document.model, name)
    return proposed


def _judged_below(document: MemberRoot, verdicts: Verdicts, part: Opened, place: str) -> dict[str, Any]:
    """Return what validators make of the part of a patch that acts here, below where it began."""
    with named(place):
        proposed = _proposed(document, document.view(), part)
        for name in {*document.read_only} & proposed.keys() if verdicts.is_for_page else ():
            raise NotWritable(join(name), f"{name!r} is read-only for pages")
        mine = verdicts.of(document)
        return {name: mine.on(name, value) for name, value in proposed.items()}


def _settled(document: MemberRoot, operations: list[Operation]) -> tuple[list[Operation], set[str]]:
    """Return operations with their values as they will stand, and the members that need no closer look.

    These are they inside which a patch puts only what may stand at its very locations. The others are
    shown to their traits whole.
    """
    settled: dict[str, bool] = {}
    judged: list[Operation] = []
    for operation in operations:
        path = parse(operation["path"])
        source = parse(operation["from"]) if "from" in operation else path
        if not path or not source:
            return operations, set()  # it is about all members
        if operation["op"] == "test":
            judged.append(operation)
            continue
        is_inside = len(path) > 1 and len(source) > 1 and path[0] == source[0]
        fitting = None
        if is_inside and settled.get(path[0], True) and _is_piecemeal(document, path[0]):
            fitting = fit_inside(document.shape_of(path[0]), operation, path[1:], source[1:])
        for name in {path[0], source[0]}:
            settled[name] = fitting is not None
        judged.append(fitting or operation)
    return judged, {name for name, is_so in settled.items() if is_so}


def _is_piecemeal(document: MemberRoot, name: str) -> bool:
    """Whether what happens inside a member concerns nobody but the element traits there."""
    return (
        name in document.members
        and name not in document.computations
        and is_tracked(document.values.get(name))
        and not document.is_free(name)
    )


def _apart(
    document: MemberRoot, operations: list[Operation], proposed: JsonObject, accepted: dict[str, Any]
) -> set[str]:
    """Return the members on whose containers the operations may not run as they are.

    They may if nothing was coerced on the way, and if all of them act inside the member or replace it.
    """
    apart = {name for name in accepted if not same(encode(accepted[name], join(name)), proposed[name])}
    within: set[str] = set()
    whole: set[str] = set()
    for operation in operations:
        for part in ("path", "from"):
            if operation["op"] == "test" or part not in operation:
                continue
            name, *rest = parse(operation[part]) or ("",)
            if rest and is_tracked(document.values.get(name)):
                within.add(name)
            elif not rest and name and operation["op"] in ("add", "replace"):
                whole.add(name)
            else:
                apart.add(name)
    return set(accepted) if "" in apart else apart | (within & whole)


def _do(
    document: MemberRoot,
    operations: list[Operation],
    accepted: dict[str, Any],
    apart: Collection[str] = (),
    below: Sequence[tuple[MemberRoot, dict[str, Any]]] = (),
) -> None:
    """Do what is known to apply, and make members what was accepted for them whole."""
    with ExitStack() as stack:
        tops = [document, *(other for other, _ in below)]
        for other in dict.fromkeys(one for top in tops for one in top.lineage()):
            stack.enter_context(other.teller.collecting())
        stack.enter_context(Minding(document))
        stack.enter_context(document.judged())
        for other, _ in below:
            stack.enter_context(other.judged())
            document.reached.append(other)
        known = {document: accepted, **dict(below)}
        for operation in operations:
            _run(document, operation, known)
        _finish(document, accepted, apart)
        for other, theirs in below:
            _finish(other, theirs, [name for name in theirs if not other.has(name, theirs[name])])


def _finish(document: MemberRoot, accepted: dict[str, Any], apart: Collection[str]) -> None:
    values = document.values
    rest = {name: untied(accepted[name], values[name]) for name in accepted if name in apart}
    for name, value in rest.items():
        _reconcile(document, name, value)
    for name in accepted:
        document.reshape(name)


def _run(document: MemberRoot, operation: Operation, known: Mapping[MemberRoot, dict[str, Any]]) -> None:
    if document.has_roots and operation["op"] != "test":
        if (below := inside(document, [operation])) is not None:
            other, (within,), _ = below
            _run(other, within, known)
            return
        if "from" in operation and are_apart(document, operation):
            _carry(document, operation, known)
            return
    tokens = parse(operation["path"])
    accepted = known.get(document, {})
    if operation["op"] == "test" or len(tokens) > 1:
        perform(document.values, operation)
    elif tokens[0] in accepted:  # else it is what it was
        document.assign(tokens[0], accepted[tokens[0]])


def _carry(document: MemberRoot, operation: Operation, known: Mapping[MemberRoot, dict[str, Any]]) -> None:
    """Take a value from one document to another one."""
    value: Any = document.values
    for token in parse(operation["from"]):
        value = step_to(value, token)
    with NOWHERE.lock:  # nobody else finds it without a place
        if operation["op"] == "move":
            _run(document, {"op": "remove", "path": operation["from"]}, known)
        else:
            value = copied(value)
        _run(document, {"op": "add", "path": operation["path"], "value": value}, known)


def _reconcile(document: MemberRoot, name: str, value: Any) -> None:
    """Make a member what its trait accepted, by changing what there is where that can be done."""
    current = document.values[name]
    known = len(document.teller.collected or ())
    if is_tracked(current) and isinstance(value, (list, dict)) and kind(current) == kind(value):
        become(current, value)
    elif is_alike(current, value):
        become(current._synced_node, members_of(value))
    else:
        document.assign(name, value)
        return
    if len(document.teller.collected or ()) > known:
        document.note_assigned([assigned(join(name), in_list=False)])
