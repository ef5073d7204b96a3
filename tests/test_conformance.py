"""The rules of the standards and of the protocol: the JSON files that Python and TypeScript both run."""

from __future__ import annotations

import copy
import itertools
import json
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncstate import errors
from syncstate import patch as patch_module
from syncstate.buffers import attach
from syncstate.display import as_html, as_text
from syncstate.document import plain, same
from syncstate.errors import (
    Conflict,
    MessageError,
    PatchError,
    PointerError,
    SyncStateError,
    TargetNotFound,
    TestFailed,
)
from syncstate.messages import read_message
from syncstate.patch import FEW, Operation, amend, apply, check, invert, rehearse, trace
from syncstate.pointer import join, parse, resolve
from syncstate.rebase import rebase, rebase_operations
from syncstate.runs import Runs
from tests.support import patched

FOLDER = Path(__file__).parent / "conformance"


def cases(*names: str) -> Any:
    """Every case of some files, for parametrize; one that is switched off is skipped with its reason."""
    return [
        pytest.param(case, id=f"{name}: {case['comment']}", marks=skips(case))
        for name in names
        for case in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    ]


def skips(case: dict[str, Any]) -> list[Any]:
    return [pytest.mark.skip(reason=case["skip"])] if "skip" in case else []


def test_no_file_of_cases_is_forgotten():
    # session: test_session.py, hostile: test_hostile.py, arrays: test_arrays.py, values: test_values.py
    known = {
        "patch",
        "patch-extra",
        "pointer",
        "rebase",
        "session",
        "hostile",
        "arrays",
        "values",
        "views",
        "display",
        "messages",
    }
    few = {"session", "arrays", "values", "views", "display", "messages"}

    assert {path.stem for path in FOLDER.glob("*.json")} <= known
    assert min(len(cases(name)) for name in known - few) > 50


# -- messages beside the state


@pytest.mark.parametrize("case", cases("messages"))
def test_a_message_beside_the_state_is_what_the_protocol_says(case):
    frame = attach(case["frame"], [bytes(numbers) for numbers in case["buffers"]])
    if "error" in case:
        with pytest.raises(MessageError, match=re.escape(case["error"])):
            read_message(frame["messages"][0])
        return

    message: Any = read_message(frame["messages"][0])

    assert message.get("content") == case.get("content")
    assert [list(buffer) for buffer in message.get("buffers", [])] == case["bytes"]


# -- pointers


@pytest.mark.parametrize("case", cases("pointer"))
def test_a_pointer_is_what_rfc_6901_says(case):
    pointer = case["pointer"]

    if "tokens" in case:
        assert list(parse(pointer)) == case["tokens"]
        assert join(*case["tokens"]) == pointer
    if "result" in case:
        assert same(resolve(case["document"], pointer), case["result"])
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])):
            resolve(case.get("document"), pointer)


@given(st.lists(st.text()))
def test_a_pointer_is_parsed_to_the_tokens_that_it_was_joined_from(tokens):
    pointer = join(*tokens)

    assert list(parse(pointer)) == tokens
    assert jsonpointer.JsonPointer(pointer).parts == tokens


@given(st.text("/~01a", max_size=6))
def test_a_text_is_a_pointer_or_is_refused_as_one(text):
    error = failure_of(lambda: parse(text))

    if error is None:
        assert join(*parse(text)) == text
    else:
        assert isinstance(error, PointerError)
        assert error.text == text
        assert str(error).startswith(f"Cannot parse pointer {text!r}: ")


def failure_of(call: Callable[[], Any]) -> SyncStateError | None:
    """The error that a call raises, if it raises one of ours."""
    try:
        call()
    except SyncStateError as error:
        return error
    return None


# -- patches


@pytest.mark.parametrize("case", cases("patch", "patch-extra"))
def test_a_patch_does_what_rfc_6902_says(case):
    document = copy.deepcopy(case["document"])
    patch = copy.deepcopy(case["patch"])

    if "error" in case:
        with pytest.raises(getattr(errors, case["error"], PatchError)):
            apply(document, patch)
    else:
        assert same(apply(document, patch), case["result"])

    assert document == case["document"]
    assert patch == case["patch"]


@pytest.mark.parametrize("case", cases("patch", "patch-extra"))
def test_a_patch_that_applies_can_be_taken_back(case):
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"], PatchError)):
            invert(case["document"], case["patch"])
    else:
        inverse = invert(case["document"], case["patch"])

        assert same(apply(case["result"], inverse), case["document"])


@pytest.mark.parametrize("case", cases("patch", "patch-extra"))
def test_jsonpatch_makes_the_same_of_every_case(case):
    if isinstance(case["patch"], str):
        pytest.skip("jsonpatch takes the JSON text of a patch too")
    if "error" in case:
        with pytest.raises((jsonpatch.JsonPatchException, jsonpointer.JsonPointerException)):
            jsonpatch.apply_patch(case["document"], case["patch"])
    else:
        expected = jsonpatch.apply_patch(case["document"], case["patch"])

        assert same(apply(case["document"], case["patch"]), expected)


@given(patched())
@example(
    (
        {"a": {"x": {"n": 1}}, "b": 2},
        [
            {"op": "replace", "path": "/a/x/n", "value": 5},
            {"op": "move", "from": "/a/x", "path": "/b"},
            {"op": "add", "path": "/b/m", "value": 1},
        ],
    )
)
@example(([[None]], [{"op": "move", "from": "/0/0", "path": "/0"}]))
def test_the_inverse_of_a_patch_takes_it_back(case):
    document, patch = case
    before = plain(document)

    after = apply(document, patch)
    inverse = invert(document, patch)

    assert same(document, before)
    assert same(apply(after, inverse), before)


@pytest.mark.parametrize("case", cases("patch", "patch-extra"))
def test_a_patch_does_in_place_what_rfc_6902_says(case):
    document, patch = copy.deepcopy(case["document"]), copy.deepcopy(case["patch"])

    if "error" in case:
        with pytest.raises(getattr(errors, case["error"], PatchError)):
            amend(document, patch)
        assert same(document, case["document"])
    else:
        assert same(amend(document, patch), case["result"])

    assert patch == case["patch"]


@given(patched(), patched())
def test_a_patch_that_is_tried_is_refused_where_it_would_be(case, other):
    for patch in (case[1], other[1], [*case[1], *other[1]]):
        before = plain(case[0])
        error, refusal = (
            failure_of(lambda do=do, patch=patch: do(case[0], patch)) for do in (apply, rehearse)
        )

        assert (type(refusal), str(refusal)) == (type(error), str(error))
        assert same(case[0], before)


@given(st.lists(st.integers(), max_size=9), st.data())
def test_a_list_of_runs_reads_as_the_list(source, data):
    runs, expected = Runs(source), list(source)
    for number in range(data.draw(st.integers(0, 30))):
        place = data.draw(st.integers(0, len(expected)))
        match data.draw(st.sampled_from(["insert", "set", "pop", "nest"])):
            case "insert":
                runs.insert(place, number)
                expected.insert(place, number)
            case "set" if place < len(expected):
                runs[place] = expected[place] = number
            case "pop" if place < len(expected):
                assert runs.pop(place) == expected.pop(place)
            case "nest":
                runs = Runs(runs)

        assert len(runs) == len(expected)
        assert [*runs] == [runs[place] for place in range(len(runs))] == expected


def test_a_patch_of_many_operations_is_tried_on_a_copy():
    many = [{"op": "add", "path": "/0", "value": 1}] * (FEW + 1)

    rehearse([], many)
    with pytest.raises(TargetNotFound):
        rehearse([], [*many, {"op": "remove", "path": "/99"}])


@given(patched(), patched())
def test_a_patch_in_place_does_and_refuses_what_it_does_and_refuses_on_a_copy(case, other):
    for patch in (case[1], other[1], [*case[1], *other[1]]):
        document, before = plain(case[0]), copy.deepcopy(patch)
        error = failure_of(lambda patch=patch: apply(case[0], patch))
        is_whole = any(operation["path"] == "" for operation in patch)

        if error is None:
            after = amend(document, patch)
            assert same(after, apply(case[0], patch))
            assert is_whole or after is document
        else:
            failure = failure_of(lambda patch=patch, document=document: amend(document, patch))
            assert (type(failure), str(failure), failure.index) == (type(error), str(error), error.index)
            assert same(document, case[0])
        assert patch == before


def test_a_patch_in_place_leaves_containers_where_they_are_and_takes_none_of_its_own_values():
    row, value = {"n": 1}, {"in": []}
    document = {"rows": [row]}

    amend(
        document,
        [
            {"op": "replace", "path": "/rows/0/n", "value": 2},
            {"op": "add", "path": "/rows/-", "value": value},
            {"op": "add", "path": "/rows/1/in/-", "value": 3},
        ],
    )

    assert document == {"rows": [{"n": 2}, {"in": [3]}]}
    assert document["rows"][0] is row
    assert value == {"in": []}


SEVERAL = [
    {"op": "replace", "path": "/rows/0/n", "value": 2},
    {"op": "add", "path": "/rows/0", "value": {"new": []}},
    {"op": "add", "path": "/rows/0/new/-", "value": 1},
    {"op": "remove", "path": "/rows/2"},
    {"op": "move", "from": "/rows/1", "path": "/row/moved"},
    {"op": "copy", "from": "/row", "path": "/copied"},
    {"op": "add", "path": "/row/n", "value": 5},
    {"op": "remove", "path": "/row/moved"},
]


def test_a_patch_in_place_that_is_interrupted_anywhere_leaves_no_trace():
    for place in itertools.count():
        document = {"rows": [{"n": 1}, {"n": 2}, {"n": 3}], "row": {"n": 4}}
        before = plain(document)

        with interrupted_at_line(place) as is_over:
            try:
                amend(document, SEVERAL)
            except KeyboardInterrupt:
                assert same(document, before), f"at {place}"
        if not is_over:
            assert place > 100
            break


@contextmanager
def interrupted_at_line(place: int) -> Iterator[list[bool]]:
    """Interrupt what is done in here before a line of `patch`; what is yielded says if it has so many."""
    count, reached = itertools.count(), []

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != patch_module.__file__ or frame.f_code.co_name == "take_back":
            return None
        if event == "line" and frame.f_code.co_name != "amend" and next(count) == place:
            reached.append(True)
            raise KeyboardInterrupt
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        yield reached
    finally:
        sys.settrace(former)


@given(patched())
def test_jsonpatch_makes_the_same_of_a_random_patch(case):
    document, patch = case

    try:
        expected = jsonpatch.apply_patch(plain(document), patch)
    except jsonpatch.JsonPatchException:
        return  # it refuses a little of what the standard allows: to move a value to where it is

    assert same(apply(document, patch), expected)


@given(patched(), patched())
def test_a_patch_for_another_document_applies_whole_or_leaves_no_trace(case, other):
    document, before = case[0], plain(case[0])
    _, patch = other

    error = failure_of(lambda: apply(document, patch))

    if error is None:
        assert same(apply(apply(document, patch), invert(document, patch)), before)
    else:
        assert isinstance(error, PatchError)
        assert error.operation == patch[error.index]
        assert str(error).startswith("Cannot ")
    assert same(document, before)


@given(patched())
def test_what_a_patch_did_not_touch_is_shared(case):
    document, patch = case
    if not isinstance(document, dict):
        return

    after = apply(document, patch)

    touched = {parse(op[part])[:1] for op in patch for part in ("path", "from") if part in op}
    if () not in touched:
        assert all(after[name] is member for name, member in document.items() if (name,) not in touched)


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ({}, "Cannot read the patch: it is an object, not a list of operations"),
        ("[]", "Cannot read the patch: it is a string, not a list of operations"),
        (None, "Cannot read the patch: it is null, not a list of operations"),
        ([[]], "Cannot read operation 0 of the patch: it is a list, not an object"),
        ([None], "Cannot read operation 0 of the patch: it is null, not an object"),
        ([{}], "Cannot read operation 0 of the patch: 'op' is None"),
        ([{"op": ["add"], "path": "", "value": 1}], "Cannot read operation 0 of the patch: 'op' is a list"),
        ([{"op": {}, "path": "", "value": 1}], "Cannot read operation 0 of the patch: 'op' is an object"),
        (
            [{"op": "test", "path": "", "value": 1}, {"op": "Add"}],
            "Cannot read operation 1 of the patch: 'op' is 'Add'",
        ),
        ([{"op": "remove"}], "Cannot read operation 0 of the patch: 'remove' needs a 'path'"),
        ([{"op": "remove", "path": 5}], "Cannot read operation 0 of the patch: Cannot parse pointer 5"),
        ([{"op": "remove", "path": None}], "Cannot read operation 0 of the patch: Cannot parse pointer None"),
        (
            [{"op": "remove", "path": ["a"]}],
            "Cannot read operation 0 of the patch: Cannot parse pointer ['a']",
        ),
        ([{"op": "add", "path": ""}], "Cannot read operation 0 of the patch: 'add' needs a 'value'"),
        ([{"op": "move", "path": ""}], "Cannot read operation 0 of the patch: 'move' needs a 'from'"),
        (
            [{"op": "copy", "path": "", "from": 1}],
            "Cannot read operation 0 of the patch: Cannot parse pointer 1",
        ),
    ],
)
def test_what_is_no_patch_is_refused_before_anything_is_applied(patch, why):
    with pytest.raises(PatchError) as refused:
        check(patch)

    assert str(refused.value).startswith(why)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    ("operation", "error", "sentence"),
    [
        (
            {"op": "replace", "path": "/l/7", "value": 0},
            TargetNotFound,
            "Cannot replace '/l/7': the list has 3 elements",
        ),
        ({"op": "remove", "path": "/m/1"}, TargetNotFound, "Cannot remove '/m/1': the list has 1 element"),
        (
            {"op": "add", "path": "/l/01", "value": 0},
            TargetNotFound,
            "Cannot add '/l/01': '/l' is a list and '01' is no index",
        ),
        (
            {"op": "remove", "path": "/x"},
            TargetNotFound,
            "Cannot remove '/x': the document has no member 'x'",
        ),
        ({"op": "remove", "path": "/n/x"}, TargetNotFound, "Cannot remove '/n/x': '/n' is a number"),
        ({"op": "remove", "path": ""}, PatchError, "Cannot remove '': the whole document cannot be removed"),
        (
            {"op": "move", "from": "/l", "path": "/l/0"},
            PatchError,
            "Cannot move '/l': it cannot be moved into itself, to '/l/0'",
        ),
        (
            {"op": "copy", "from": "/x", "path": "/n"},
            TargetNotFound,
            "Cannot copy '/x': the document has no member 'x'",
        ),
        (
            {"op": "test", "path": "/n", "value": 3},
            TestFailed,
            "Cannot pass the test at '/n': expected 3, found 4",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_says_what_where_and_why_and_carries_its_facts(operation, error, sentence):
    document = {"l": [1, 2, 3], "m": [0], "n": 4}

    with pytest.raises(SyncStateError) as refused:
        apply(document, [{"op": "test", "path": "/n", "value": 4}, operation])

    assert type(refused.value) is error
    assert str(refused.value) == sentence
    assert refused.value.index == 1
    assert refused.value.operation == operation
    assert refused.value.pointer in (operation["path"], operation.get("from"))
    assert isinstance(refused.value, LookupError) == (error is TargetNotFound)


# -- an edit carried over commits


@pytest.mark.parametrize("case", cases("rebase"))
def test_an_edit_is_carried_over_commits_or_refused_as_the_protocol_says(case):
    _, over = trace(case["document"], case["over"])
    own = case.get("earlier", [])
    front, then = trace(case["document"], [pair["then"] for pair in own if pair["then"]])
    shown = iter(then)
    earlier = []
    for pair in own:
        step = next(shown) if pair["then"] else None
        typed = step or trace(case["document"], [pair["now"]])[1][0]
        earlier.append((step, typed._replace(operation=pair["now"]) if pair["now"] else None))
    _, edit = trace(front, copy.deepcopy(case["edit"]))

    if case["result"] is None:
        with pytest.raises(Conflict) as refused:
            rebase(edit, over, earlier)
        assert str(refused.value) == case["reason"]
        assert refused.value.pointer == case["pointer"]
    else:
        assert [step.operation for step in rebase(edit, over, earlier)] == case["result"]


@pytest.mark.parametrize("case", [case for case in cases("rebase") if "earlier" not in case.values[0]])
def test_an_authority_reads_an_edit_as_its_author_meant_it(case):
    _, over = trace(case["document"], case["over"])
    _, edit = trace(case["document"], case["edit"])
    operations = [step.operation for step in edit]
    today = apply(case["document"], case["over"])

    if case["result"] is None:
        with pytest.raises(Conflict, match=re.escape(case["reason"])):
            rebase_operations(operations, over, today)
    else:
        assert rebase_operations(operations, over, today) == case["result"]


def test_the_end_of_a_list_is_its_end_whatever_happened_to_it():
    document = {"rows": [{"p": 1}, {"p": 2}], "map": {"-": 1}}
    _, over = trace(
        document, [{"op": "remove", "path": "/rows/0"}, {"op": "move", "from": "/map", "path": "/m"}]
    )
    edit: list[Operation] = [
        {"op": "add", "path": "/rows/-", "value": {"p": 3}},
        {"op": "replace", "path": "/rows/2/p", "value": 4},
        {"op": "replace", "path": "/map/-", "value": 5},
        {"op": "move", "from": "/rows/1", "path": "/rows/-"},
    ]

    carried = rebase_operations(edit, over, {"rows": [{"p": 2}], "m": {"-": 1}})

    places = [(operation.get("from"), operation["path"]) for operation in carried]
    assert places == [(None, "/rows/-"), (None, "/rows/1/p"), (None, "/m/-"), ("/rows/0", "/rows/-")]


def test_what_was_moved_to_an_end_that_nobody_knows_is_not_acted_on():
    document = {"rows": [1, 2, 3]}
    _, over = trace(document, [{"op": "remove", "path": "/rows/1"}])
    edit: list[Operation] = [
        {"op": "move", "from": "/rows/0", "path": "/rows/-"},
        {"op": "remove", "path": "/rows/2"},
    ]

    with pytest.raises(Conflict, match="say to which index"):
        rebase_operations(edit, over, {"rows": [1, 3]})


# -- views


@pytest.mark.parametrize("case", cases("views"))
def test_a_message_about_a_view_is_read_or_refused(case):
    if "error" not in case:
        assert read_message(case["message"]) == case["message"]
        return
    with pytest.raises(MessageError, match=f"^{re.escape(case['error'])}"):
        read_message(case["message"])


# -- static forms


@pytest.mark.parametrize("case", cases("display"))
def test_the_static_forms_of_a_state_are_the_same_in_both_languages(case):
    frame = copy.deepcopy({name: case[name] for name in ("document", "values") if name in case})
    document = attach(frame, [])["document"]

    assert as_html(case["name"], document) == case["html"]
    assert as_text(case["name"], document) == case["text"]
