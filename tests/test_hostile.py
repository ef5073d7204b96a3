"""What nobody means well with: each is a clear reject or a logged ignore, and a kernel that goes on."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import start_new_kernel

from syncstate import SyncedModel, batch, limits, synced
from syncstate.document import same
from syncstate.errors import SyncStateError
from syncstate.link import Link
from syncstate.messages import PROTOCOL
from syncstate.patch import apply
from tests.support import Hub, Kernel, Page, frame, patched

CASES = json.loads((Path(__file__).parent / "conformance" / "hostile.json").read_text(encoding="utf-8"))
SECRET = "correct horse battery staple"


class Board(SyncedModel):
    n: int = synced(1, min=0, max=100)
    title: str = "Sales"
    rows: list[dict] = [{"name": "tea"}]
    any: Any = None
    classic = traitlets.Unicode("x").tag(sync=True)
    status: str = synced("idle", read_only=True)
    log: list[str] = synced(["started"], read_only=True)

    _private: str = SECRET
    unsynced = traitlets.Unicode(SECRET)
    unsynced_list = traitlets.List([SECRET])
    constant = SECRET

    @property
    def computed(self) -> str:
        return SECRET

    def act(self) -> str:
        return SECRET


def hidden(model: Board) -> Any:
    """What no page may see or change."""
    return (
        model._private,
        model.unsynced,
        list(model.unsynced_list),
        model.computed,
        model.act(),
        {name: value for name, value in vars(Board).items() if name != "_synced_traits"},
        set(vars(model)),
        model.status,
        list(model.log),
    )


@contextmanager
def unharmed(model: Board, kernel: Kernel, page: Page) -> Iterator[None]:
    """What happens in the block changes nothing, and the next edit of an honest page is accepted."""
    state, rest = model.sync.snapshot(), hidden(model)
    yield
    assert same(model.sync.snapshot(), state)
    assert hidden(model) == rest
    assert is_alive(model, kernel, page)


def is_alive(model: Board, kernel: Kernel, page: Page) -> bool:
    """Whether an honest page's edit is accepted, and everybody has what the kernel has."""
    page.put("/n", 42 if model.n == 41 else 41)
    return same(page.document, model.sync.snapshot()) and not page.pending and model.n in (41, 42)


def board(**values: Any) -> tuple[Board, Kernel, Page, Page]:
    """A model, its kernel, an honest page that shows it, and another page."""
    model = Board(**values)
    kernel = Kernel(model)
    return model, kernel, kernel.page("honest"), kernel.page("evil")


def edit(model: Board, operations: Any, **members: Any) -> Any:
    """An edit that is well-formed but for what is told."""
    authority = model._document.authority
    return {
        "type": "edit",
        "model": model.sync.key,
        "epoch": authority.epoch,
        "base": authority.version,
        "number": 1,
        "operations": operations,
        **members,
    }


def answers(page: Page) -> list[Any]:
    """What the kernel answered to the edits of a page."""
    return [message for message in page.heard if message.get("replica") == page.name and "to" not in message]


def put(path: str, value: Any) -> Any:
    return {"op": "replace", "path": path, "value": value}


# -- names and indices


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_a_hostile_patch_does_what_the_cases_say(case):
    document = copy.deepcopy(case["document"])

    if "error" in case:
        with pytest.raises(SyncStateError) as caught:
            apply(document, case["patch"])
        assert type(caught.value).__name__ == case["error"]
    else:
        assert same(apply(document, case["patch"]), case["result"])

    assert document == case["document"]


def below(part: Any) -> Any:
    """A pointer, or what is none, below the member `any`."""
    return f"/any{part}" if isinstance(part, str) and part[:1] == "/" else part


@pytest.mark.parametrize("case", CASES, ids=[case["comment"] for case in CASES])
def test_a_hostile_edit_does_what_the_cases_say(case):
    model, kernel, honest, evil = board(any=case["document"])
    patch = [
        {name: below(part) if name in ("path", "from") else part for name, part in operation.items()}
        if isinstance(operation, dict)
        else operation
        for operation in case["patch"]
    ]
    rest = hidden(model)

    evil.send([edit(model, patch)])

    (answer,) = answers(evil)
    assert answer["type"] == ("reject" if "error" in case else "patch")
    assert same(model.sync.snapshot()["any"], case.get("result", case["document"]))
    assert hidden(model) == rest
    assert is_alive(model, kernel, honest)


NO_MEMBERS = [
    *("_private", "unsynced", "unsynced_list", "constant", "computed", "act", "sync", "traits"),
    *("__class__", "__dict__", "__init__", "__globals__", "__proto__", "constructor", "prototype"),
    *("_trait_values", "_document", "_key", "_synced_traits", "_trait_notifiers", "notify_change", "observe"),
    *("set_trait", "hold_trait_notifications", "Status", "STATUS", "\uff53tatus", " n", "n ", "n\x00", ""),
]


@pytest.mark.parametrize("name", NO_MEMBERS)
def test_what_is_no_member_is_neither_read_nor_written(name):
    model, kernel, honest, evil = board(any={})
    place = "/" + name
    patches = [
        [{"op": op, "path": path, "value": SECRET, "from": "/any"}]
        for op in ("add", "remove", "replace", "test", "move", "copy")
        for path in (place, f"{place}/x", f"{place}/0", f"{place}/-", f"/any/..{place}")
        if not (op == "add" and path.startswith("/any"))
        and not (op in ("move", "copy") and path.startswith("/any"))
    ] + [
        [{"op": op, "path": "/any", "from": path}]
        for op in ("move", "copy")
        for path in (place, f"{place}/x", f"{place}/0")
    ]

    with unharmed(model, kernel, honest):
        for number, patch in enumerate(patches, 1):
            evil.send([edit(model, patch, number=number)])

    assert [answer["type"] for answer in answers(evil)] == ["reject"] * len(patches)
    assert SECRET not in json.dumps(kernel.hub.ends[0].sent)


def test_a_test_tells_nothing_of_a_member_that_pages_do_not_see():
    model, _, _, evil = board()
    names = ["unsynced", "_private", "constant", "nothing_"]

    for number, name in enumerate(names, 1):
        for guess in (SECRET, "wrong"):
            evil.send(
                [
                    edit(
                        model,
                        [{"op": "test", "path": f"/{name}", "value": guess}],
                        number=2 * number - (guess == SECRET),
                    )
                ]
            )

    reasons = {answer["reason"].replace(answer["pointer"], "/…") for answer in answers(evil)}
    assert reasons == {"Cannot write '/…': Board has no such member"}


@pytest.mark.parametrize(
    "operations",
    [
        [put("/status", "hacked")],
        [{"op": "add", "path": "/status", "value": "hacked"}],
        [{"op": "remove", "path": "/status"}],
        [{"op": "move", "from": "/status", "path": "/title"}],
        [{"op": "move", "from": "/log/0", "path": "/any"}],
        [{"op": "copy", "from": "/title", "path": "/status"}],
        [{"op": "move", "from": "/title", "path": "/status"}],
        [{"op": "add", "path": "/log/-", "value": "hacked"}],
        [put("/log/0", "hacked")],
        [put("/n", 2), put("/log/0", "hacked")],
        [put("", {"n": 1})],
        [{"op": "move", "from": "", "path": "/any"}],
        [{"op": "copy", "from": "", "path": "/any"}],
        [{"op": "test", "path": "", "value": {}}],
    ],
)
def test_a_read_only_member_is_not_written_however_it_is_reached(operations):
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, operations)])

    assert [answer["error"] for answer in answers(evil)] == ["NotWritable"]


def test_a_copy_of_a_read_only_member_is_no_way_into_it():
    model, _, _, evil = board()

    evil.send([edit(model, [{"op": "copy", "from": "/log", "path": "/any"}, put("/any/0", "hacked")])])

    assert [answer["type"] for answer in answers(evil)] == ["patch"]
    assert (model.any, model.log) == (["hacked"], ["started"])


@pytest.mark.parametrize("name", ["__proto__", "constructor", "prototype", "__class__", "toString"])
def test_any_name_may_stand_in_a_document(name):
    value = {name: {name: [{name: 1}], "x": {}}}
    model, _, honest, evil = board(any=value)

    evil.edit({"op": "add", "path": f"/any/{name}/x/{name}", "value": {name: 2}})

    assert model.any == {name: {name: [{name: 1}], "x": {name: {name: 2}}}}
    assert same(honest.document, model.sync.snapshot())


# -- the shape of messages

ODD = [
    *(None, True, False, "", "text", "0", 0, 1, -1, 2**53, 2**63, 2**200, -(2**63), 1.0, 1.5, -0.0, 1e308),
    *(float("nan"), float("inf"), [], {}, [None], [[]], {"": ""}, {"__proto__": 1}, "\ud800", "a" * 100_000),
]
MISSING = object()


def odd_frames(model: Board, page: Page) -> Iterator[Any]:
    """Well-formed frames in which one member, of the frame or of a message, is missing or something else."""
    messages = [
        edit(model, [put("/n", 77)]),
        {"type": "hello", "model": model.sync.key, "epoch": "e", "version": 1},
        {"type": "bye", "model": model.sync.key},
        *(
            {"type": kind, "model": model.sync.key, "seq": 1}
            for kind in ("ack", "call", "result", "__init__")
        ),
        *(dict(message) for message in page.heard[:1]),
        {"type": "ready", "models": []},
        {"type": "closed", "model": model.sync.key, "reason": "because", "epoch": "e", "to": "honest"},
        {"type": "reject", **edit(model, []), "version": 0, "replica": "honest", "reason": "because"},
        {"type": "patch", **edit(model, [put("/n", 77)]), "version": 1, "replica": "honest", "to": "honest"},
    ]
    whole = {"protocol": PROTOCOL, "replica": "evil", "seq": 1, "messages": [], "buffers": [], "kernel": "k"}
    for message in messages:
        for name in [*message, "to", "replica", "kernel", "buffers", "error", "pointer", "__proto__"]:
            for value in (MISSING, *ODD):
                odd = {**message, name: value}
                yield {**whole, "messages": [{key: part for key, part in odd.items() if part is not MISSING}]}
    for name in whole:
        for value in (MISSING, *ODD):
            odd = {**whole, "messages": [edit(model, [put("/n", "no number")])], name: value}
            yield {key: part for key, part in odd.items() if part is not MISSING}
    for value in ODD:
        yield value
        yield {**whole, "messages": [value]}
        yield {**whole, "messages": [edit(model, [value])]}
        for name in ("op", "path", "from", "value"):
            operation = {"op": "move", "path": "/any", "from": "/rows/0", "value": 1, name: value}
            yield {**whole, "messages": [edit(model, [operation], base=10**6)]}
            yield {**whole, "messages": [edit(model, [{**operation, "op": "test", "path": "/status"}])]}


def test_a_member_of_the_wrong_type_is_refused_wherever_it_stands(caplog):
    model, kernel, honest, _ = board()
    count = 0

    with unharmed(model, kernel, honest):
        for odd in odd_frames(model, honest):
            # an edit that stands needs a number of its own, or an earlier answer would be repeated
            is_harmless = isinstance(odd, dict) and accepts(odd)
            if not is_harmless:
                kernel.link.receive(odd)
                count += 1

    assert count > 3_500
    assert not [record for record in caplog.records if record.exc_info]
    kernel.link.flush()
    for sent in kernel.hub.ends[0].sent:
        json.dumps(sent, ensure_ascii=False).encode()  # what every page hears, every encoder takes


def accepts(odd: dict[str, Any]) -> bool:
    """Whether a frame is as good as one of an honest page: what is odd in it is no member of the protocol."""
    try:
        (message,) = odd["messages"]
        known = {"type", "model", "epoch", "base", "number", "operations"}
        return (
            message["type"] == "edit"
            and known <= message.keys()
            and message["operations"] == [put("/n", 77)]
            and message["base"] == 0
            and type(message["base"]) is int
            and type(message["number"]) is int
            and 0 < message["number"] < 2**53
        )
    except (TypeError, KeyError, ValueError):
        return False


@pytest.mark.parametrize(
    "name", ["to", "kernel", "version", "read_only", "replica", "reason", "__proto__", "x"]
)
def test_a_member_that_a_page_does_not_say_means_nothing(name):
    model, kernel, honest, evil = board()

    evil.send(
        [{**edit(model, [put("/n", 7)]), name: {"to": "honest"} if name in ("x", "__proto__") else None}]
    )
    evil.transport.send(
        {**frame(edit(model, [put("/n", 8)], number=2), replica="evil"), "to": "x", "kernel": "k"}
    )

    assert [answer["number"] for answer in answers(evil)] == [1, 2]
    assert is_alive(model, kernel, honest)


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**60, 1.0, True, "1", None])
def test_an_edit_with_a_number_that_is_no_number_of_an_edit_does_not_happen(number):
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/n", 7)], number=number)])
        evil.send([edit(model, [put("/n", 7)], number=number)])


@pytest.mark.parametrize(
    "forged", [{"epoch": "forged"}, {"epoch": ""}, {"base": 10**6}, {"base": 2**53 - 1}, {"base": -1}]
)
def test_an_edit_of_a_forged_epoch_or_base_does_not_happen(forged):
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/n", 7)], **forged)])

    assert [answer["type"] for answer in answers(evil)] == ["reject"]


def test_an_edit_in_another_page_s_name_and_number_gets_the_old_answer():
    model, kernel, honest, _ = board()
    honest.put("/n", 5)

    with unharmed(model, kernel, honest):
        kernel.link.receive(frame(edit(model, [put("/n", 66)], number=1), replica="honest"))


# -- text that no encoder takes


@pytest.mark.parametrize("name", ["model", "epoch"])
def test_a_lone_surrogate_in_a_name_does_not_reach_other_pages(name):
    model, kernel, honest, _ = board()

    with unharmed(model, kernel, honest):
        for message in (edit(model, [put("/n", 7)]), {"type": "hello", "model": model.sync.key}):
            kernel.link.receive(frame({**message, name: "\ud800"}, replica="evil"))
            kernel.link.receive(frame(message, replica="evil\udfff"))

    json.dumps(kernel.hub.ends[0].sent, ensure_ascii=False).encode()


def test_json_that_is_none_everywhere_is_refused():
    model, kernel, honest, evil = board()
    raw = json.dumps(frame(edit(model, [put("/any", "HERE")]), replica="evil"))

    with unharmed(model, kernel, honest):
        for text in ('"\\ud800"', "9" * 4001):
            kernel.link.receive(json.loads(raw.replace('"HERE"', text)))
            raw = raw.replace('r": 1', 'r": 2')

    assert [answer["error"] for answer in answers(evil)] == ["NotSyncable"] * 2


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "123456789012345678901"])
def test_a_number_that_only_some_parsers_read_goes_on_as_json(text):
    model, kernel, honest, _ = board()
    raw = json.dumps(frame(edit(model, [put("/any", "HERE")]), replica="evil"))

    kernel.link.receive(json.loads(raw.replace('"HERE"', f'{{"a": [{text}]}}')))

    assert same(honest.document["any"], {"a": [json.loads(text)]})
    json.dumps(kernel.hub.ends[0].sent[-1], allow_nan=False)
    assert orjson.dumps(kernel.hub.ends[0].sent[-1])


# -- bounds


def refused(page: Page) -> list[str]:
    return [answer["reason"] for answer in answers(page) if answer["type"] == "reject"]


def test_an_edit_of_too_many_operations_is_refused():
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/n", 7)] * (limits.OPERATIONS + 1))])

    assert refused(evil) == ["Cannot read message 'edit': it has more than 10000 operations"]


@pytest.mark.parametrize("part", ["path", "from"])
def test_a_pointer_of_an_edit_is_not_longer_than_a_person_reads(part):
    model, kernel, honest, evil = board()
    operation = {"op": "copy", "path": "/any", "from": "/any"}

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [{**operation, part: "/any" + "/~1" * limits.POINTER}])])

    assert refused(evil) == ["Cannot read operation 0 of the patch: a pointer has more than 4096 characters"]


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("NODES", [0] * 1000, "it has more than 1000 values"),
        ("NODES", {str(n): {} for n in range(1000)}, "it has more than 1000 values"),
        ("TEXT", "x" * 1001, "it has more than 1000 characters of text"),
        ("TEXT", {"x" * 1001: 1}, "it has more than 1000 characters of text"),
        ("TEXT", ["x" * 10] * 100, "it has more than 1000 characters of text"),
        ("BUFFER_BYTES", bytes(1001), "its buffers have more than 1000 bytes"),
        ("BUFFERS", [b"x"] * 1001, "it has more than 1000 buffers"),
    ],
)
def test_a_frame_beyond_a_bound_is_dropped_and_its_edits_are_refused(limit, value, why, monkeypatch):
    model, kernel, honest, evil = board()
    monkeypatch.setattr(limits, limit, 1000)

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/any", value)])])

    assert refused(evil) == [f"Cannot read the frame: {why}; send less at once"]


def test_a_frame_of_too_many_messages_is_dropped_and_its_edits_are_refused():
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/n", 7)], number=n) for n in range(1, limits.MESSAGES + 2)])

    assert len(refused(evil)) == limits.MESSAGES  # no more than that are answered


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "copy", "from": "/any", "path": "/any/-"}] * 40,
        [{"op": "copy", "from": "/any", "path": "/any/0"}] * 40,
        [{"op": "move", "from": "/any/0", "path": "/any/0"}] * 300,
        [
            {"op": "move", "from": "/any/0", "path": "/any/-"},
            {"op": "move", "from": "/any/1", "path": "/any/0"},
        ]
        * 150,
    ],
    ids=["copies of copies", "copies before copies", "moves to where it is", "moves to and fro"],
)
def test_a_patch_that_takes_much_along_is_refused(operations):
    model, kernel, honest, evil = board(any=[[[0] * 10_000], {}])

    with unharmed(model, kernel, honest):
        evil.send([edit(model, operations)])

    assert refused(evil)[0].endswith("the patch copies or moves more than 1000000 values")


def test_a_reason_is_told_to_all_pages_and_so_is_not_longer_than_a_person_reads():
    model, kernel, honest, evil = board()

    with unharmed(model, kernel, honest):
        evil.send([edit(model, [put("/classic", ["x" * 100_000])])])

    (reason,) = refused(evil)
    assert reason.startswith(
        "The 'classic' trait of a Board instance expected a unicode string, not the list"
    )
    assert len(reason) == limits.REASON
    assert reason.endswith("…")


def test_a_name_that_is_sent_back_is_not_long():
    model, kernel, honest, _ = board()

    with unharmed(model, kernel, honest):
        for name in ("model", "epoch"):
            kernel.link.receive(frame({**edit(model, []), name: "x" * 257}, replica="evil"))
        kernel.link.receive(frame({"type": "hello", "model": "x" * 257}, replica="evil"))
        kernel.link.receive(frame({"type": "hello", "model": model.sync.key}, replica="x" * 257))

    assert "x" * 257 not in json.dumps(kernel.hub.ends[0].sent)


@given(patched())
def test_a_patch_does_what_its_operations_do_one_by_one(case):
    document, patch = case

    one_by_one = copy.deepcopy(document)
    for operation in patch:
        one_by_one = copy.deepcopy(apply(one_by_one, [copy.deepcopy(operation)]))

    assert same(apply(document, patch), one_by_one)


# -- buffers


@pytest.mark.parametrize(
    ("pointers", "buffers"),
    [
        (["/messages/0/operations/0/value"], []),
        (["/messages/0/operations/0/value"], [b"a", b"b"]),
        ([], [b"a"]),
        (["/messages/0/operations/0/value"] * 2, [b"a", b"b"]),
        (["/messages/0/operations/0/value", "/messages/0/operations/00/value"], [b"a", b"b"]),
        (["/messages/0/operations/1/value"], [b"a"]),
        (["/messages/0/operations/0/op"], [b"a"]),
        (["/messages/0/operations/0"], [b"a"]),
        (["/messages/0/operations"], [b"a"]),
        (["/messages/0"], [b"a"]),
        (["/messages"], [b"a"]),
        (["/buffers"], [b"a"]),
        (["/buffers/0"], [b"a"]),
        (["/replica"], [b"a"]),
        (["/protocol"], [b"a"]),
        (["/__proto__"], [b"a"]),
        (["/nowhere"], [b"a"]),
        ([""], [b"a"]),
        (["messages"], [b"a"]),
        (["/~2"], [b"a"]),
        ([0], [b"a"]),
        ([None], [b"a"]),
        ([["/messages/0/operations/0/value"]], [b"a"]),
        ("/messages/0/operations/0/value", [b"a"]),
        ({"0": "/messages/0/operations/0/value"}, [b"a"]),
        (None, [b"a"]),
    ],
)
def test_buffers_belong_where_null_stands_for_them(pointers, buffers, caplog):
    model, kernel, honest, evil = board()
    data = {**frame(edit(model, [put("/any", None)]), replica="evil"), "buffers": pointers}

    with unharmed(model, kernel, honest):
        kernel.link.receive(data, buffers)

    assert "Ignored a page's frame: Cannot" in caplog.text
    assert len(refused(evil)) == 1


def test_bytes_for_a_pointer_or_a_number_make_no_edit():
    model, kernel, honest, _ = board()

    with unharmed(model, kernel, honest):
        for part in ("op", "path"):
            message = edit(model, [{"op": "replace", "path": "/any", "value": 1, part: None}])
            kernel.link.receive(
                {**frame(message, replica="evil"), "buffers": [f"/messages/0/operations/0/{part}"]}, [b"/n"]
            )
        for part in ("type", "model", "epoch", "base", "number", "operations"):
            message = {**edit(model, [put("/any", 1)], number=9), part: None}
            kernel.link.receive(
                {**frame(message, replica="evil"), "buffers": [f"/messages/0/{part}"]}, [b"9"]
            )


# -- rates


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Limited(Kernel):
    """A kernel whose link has a clock, and flushes when it is told to."""

    def __init__(self, *models: SyncedModel) -> None:
        self.hub = Hub()
        self.clock = Clock()
        self.is_awake = False
        self.link = Link(self.hub, wake=self.wake, clock=self.clock)
        self.models = models
        for model in models:
            self.publish(model)

    def wake(self) -> None:
        self.is_awake = True

    def tick(self, seconds: float = 1 / 60) -> None:
        """Let time pass, and flush if somebody wanted it."""
        self.clock.now += seconds
        if self.is_awake:
            self.is_awake = False
            self.link.flush()


def test_a_page_that_floods_is_refused_and_the_others_are_not():
    model = Board()
    kernel = Limited(model)
    evil, honest = kernel.page("evil"), kernel.page("honest")
    kernel.tick()

    for number in range(1, 3_001):
        evil.send([edit(model, [put("/n", number % 7)], number=number)])
    honest.put("/title", "Costs")
    kernel.tick()

    assert len(refused(evil)) > 1_900
    assert refused(evil)[0] == ("Cannot take so many messages: a page may send 2000 a second; send fewer")
    assert model.title == "Costs"
    kernel.tick(1)
    evil.send([edit(model, [put("/n", 50)], number=3_001)])
    assert model.n == 50  # it may go on when it has calmed down


def test_a_person_who_drags_ten_controls_at_once_never_meets_a_bound(monkeypatch):
    monkeypatch.setattr(limits, "MESSAGE_BURST", 50)  # what is saved up at first is used up soon
    models = [Board() for _ in range(10)]
    kernel = Limited(*models)
    pages = [Page(kernel.hub.join(), "honest", model.sync.key) for model in models]
    for page in pages:  # of one replica
        page.hello()
    kernel.tick()

    for step in range(150):
        for page in pages:
            page.put("/n", step % 100)
        kernel.tick()

    assert [page.troubles for page in pages] == [[]] * 10
    assert [model.n for model in models] == [49] * 10


def test_inventing_replicas_silences_nobody_who_was_heard(caplog):
    model = Board()
    kernel = Limited(model)
    honest = kernel.page("honest")
    kernel.tick()

    for n in range(5_000):
        kernel.link.receive(frame(edit(model, [put("/n", n % 7)]), replica=f"forged{n}"))
    kernel.tick()
    honest.put("/title", "Costs")
    kernel.tick()

    accepted = model.sync.version - 1
    assert limits.NEW_BURST - 1 <= accepted < limits.NEW_BURST + 10
    assert model.title == "Costs"
    assert honest.troubles == []
    assert caplog.text.count("Ignored") <= limits.LOG_BURST + 2  # what is ignored is logged, but is no flood


def test_a_page_that_says_hello_without_end_gets_a_share_of_the_time(monkeypatch):
    model = Board()
    kernel = Limited(model)
    evil = kernel.page("evil")
    kernel.tick()
    made: list[str] = []
    authority = model._document.authority
    snapshot = type(authority).snapshot

    def slow(self: Any, to: str = "") -> Any:
        kernel.clock.now += 0.05  # a document of 100,000 rows
        made.append(to)
        return snapshot(self, to)

    monkeypatch.setattr(type(authority), "snapshot", slow)

    def flood() -> None:
        for _ in range(20):
            evil.send([{"type": "hello", "model": model.sync.key}] * 5)
            evil.send([edit(model, [put("/n", 7)], epoch="forged", number=len(evil.heard) + 10**6)])
        kernel.tick()

    started = kernel.clock.now
    for _ in range(300):
        flood()
    allowed = limits.HELLO_BURST + limits.HELLO_SHARE * (kernel.clock.now - started) + 0.05
    used = len(made) * 0.05
    honest = kernel.page("honest")
    for _ in range(120):
        flood()

    assert 0.5 * allowed < used <= allowed
    assert "honest" in made
    assert honest.replica.status == "live"
    assert is_alive_after(kernel, model, honest)


def is_alive_after(kernel: Limited, model: Board, page: Page) -> bool:
    kernel.tick()
    page.put("/title", "Costs")
    kernel.tick()
    return model.title == "Costs" and not page.pending


def test_hellos_of_one_frame_are_answered_once():
    model, _, _, evil = board()
    before = evil.types().count("snapshot")

    evil.send([{"type": "hello", "model": model.sync.key}] * limits.MESSAGES)

    assert evil.types().count("snapshot") == before + 1


def test_hellos_during_a_batch_are_answered_once_at_its_end():
    model, _, _, evil = board()
    before = evil.types().count("snapshot")

    with batch():
        model.n = 5
        for _ in range(100):
            evil.send([{"type": "hello", "model": model.sync.key}])
        assert evil.types().count("snapshot") == before

    assert evil.types().count("snapshot") == before + 1
    assert evil.document["n"] == 5


def test_no_more_pages_wait_for_an_answer_than_there_can_be(monkeypatch):
    model, kernel, honest, _ = board()
    monkeypatch.setattr(limits, "NEW_BURST", 3)

    with batch():
        model.n = 5
        for n in range(10):
            kernel.link.receive(frame({"type": "hello", "model": model.sync.key}, replica=f"forged{n}"))
        assert len(kernel.link._asked) == 3

    assert is_alive(model, kernel, honest)


# -- what is remembered of replicas


def lost_answer(model: Board, kernel: Kernel) -> tuple[Page, Any]:
    """A page whose edit happened, though its answer was lost; and the frame that it will send again."""
    page = kernel.page("honest")
    with kernel.lost():
        page.edit({"op": "add", "path": "/rows/-", "value": {"name": "cake"}})
    return page, page.transport.sent[-1]


def flood(kernel: Kernel, model: Board, count: int) -> None:
    for n in range(count):
        kernel.link.receive(frame(edit(model, []), replica=f"forged{n}"))


def test_forged_replicas_cannot_make_the_kernel_forget_and_do_an_edit_twice(monkeypatch):
    monkeypatch.setattr("syncstate.authority.REPLICA_LIMIT", 10)
    model = Board()
    kernel = Kernel(model)
    page, again = lost_answer(model, kernel)

    with kernel.lost():
        flood(kernel, model, 20)
    assert "honest" not in model._document.authority._answers
    page.transport.send(again)

    assert [row["name"] for row in model.rows] == ["tea", "cake"]
    assert {answer["type"] for answer in page.heard if answer.get("replica") == "honest"} == {"patch"}
    assert page.troubles == []
    assert same(page.document, model.sync.snapshot())


def test_nor_can_they_by_filling_the_log(monkeypatch):
    monkeypatch.setattr("syncstate.authority.REPLICA_LIMIT", 10)
    model = Board()
    kernel = Kernel(model)
    model._document.authority.log.limit = 5
    page, again = lost_answer(model, kernel)

    with kernel.lost():
        flood(kernel, model, 20)
    page.transport.send(again)

    assert [row["name"] for row in model.rows] == ["tea", "cake"]
    assert same(page.document, model.sync.snapshot())
    assert not page.pending


# -- frames that were mutated at random


@st.composite
def mutations(draw: Any) -> Any:
    """A JSON value in which something was exchanged, removed or doubled."""
    seed = draw(st.integers(0, 2**32))
    count = draw(st.integers(1, 4))

    def mutate(value: Any) -> Any:
        chance = random.Random(seed)
        value = copy.deepcopy(value)
        for _ in range(count):
            places = list(inside(value))
            holder, key = chance.choice(places)
            match chance.randrange(5):
                case 0 | 1:
                    holder[key] = copy.deepcopy(chance.choice([*ODD, *TRAPS]))
                case 2:
                    del holder[key]
                case 3:
                    other, there = chance.choice(places)
                    with_ = other[there] if there in keys_of(other) else None
                    if key in keys_of(holder):
                        holder[key] = copy.deepcopy(with_)
                case _:
                    if isinstance(holder, list):
                        holder.append(copy.deepcopy(holder[key]))
                    else:
                        holder[chance.choice(TRAPS[:20])] = holder.pop(key)
            if not list(inside(value)):
                break
        return value

    return mutate


TRAPS = [
    *(
        "__proto__",
        "constructor",
        "__class__",
        "_private",
        "unsynced",
        "sync",
        "to",
        "replica",
        "from",
        "path",
    ),
    *("op", "value", "test", "copy", "move", "add", "remove", "hello", "edit", "bye"),
    *("/status", "/log/-", "/log/0", "/_private", "/unsynced", "/n", "/rows/-", "/rows/0", "/any", "", "/"),
]


def keys_of(holder: Any) -> Any:
    return range(len(holder)) if isinstance(holder, list) else holder


def inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: what holds it, and under which key."""
    if isinstance(value, (list, dict)):
        for key in list(keys_of(value)):
            yield value, key
            yield from inside(value[key])


@given(st.lists(st.tuples(mutations(), st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_mutated_frames_never_raise_and_never_reach_what_is_not_theirs(frames):
    model, kernel, honest, _ = board(any={"a": [1, {"b": None}]})
    rest = hidden(model)

    for mutate, which, has_buffers in frames:
        operations = [
            [put("/title", "x"), {"op": "add", "path": "/rows/-", "value": {"name": "bun"}}],
            [{"op": "move", "from": "/rows/0", "path": "/any/a/0"}, {"op": "test", "path": "/n", "value": 1}],
            [{"op": "copy", "from": "/log", "path": "/any/b"}, {"op": "remove", "path": "/any/a/1"}],
            [put("/any", {"data": None})],
        ][which]
        messages = [{"type": "hello", "model": model.sync.key}, edit(model, operations, number=which + 1)]
        data = frame(*messages, {"type": "bye", "model": model.sync.key}, replica="evil")
        if has_buffers:
            data["buffers"] = ["/messages/1/operations/0/value"]
        kernel.link.receive(mutate(data), [b"bytes"] if has_buffers else [])
        assert hidden(model) == rest
        assert set(model.sync.snapshot()) == {"n", "title", "rows", "any", "classic", "status", "log"}

    honest.hello()
    honest.put("/n", 99)
    assert model.n == 99
    assert same(honest.document, model.sync.snapshot())


# -- a real kernel


@pytest.mark.slow
def test_a_kernel_goes_on_after_a_message_that_no_parser_reads():
    with kernel() as client:
        run = partial(client.execute_interactive, output_hook=lambda message: None, timeout=60)
        run("from syncstate import SyncedModel\nclass Board(SyncedModel):\n    n: int = 1")
        run("board = Board()\nboard")
        header = client.session.msg_header("comm_open")
        deep = b"[" * 100_000 + b"]" * 100_000
        parsed = b"[" * 900 + b"]" * 900
        for data in (
            deep,
            parsed,
            b'{"protocol": 1, "seq": 1, "messages": ' + deep + b"}",
            b"{",
            b"NaN",
            b"\xff",
        ):
            content = b'{"comm_id": "c", "target_name": "syncstate", "data": ' + data + b"}"
            parts = [client.session.pack(header), b"{}", b"{}", content]
            signature = client.session.sign(parts)
            client.shell_channel.socket.send_multipart([b"<IDS|MSG>", signature, *parts])

        reply = run("assert board.n == 1")

    assert reply["content"]["status"] == "ok"


@contextmanager
def kernel() -> Iterator[Any]:
    manager, client = start_new_kernel()
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# -- what is written of it


def test_the_bounds_on_the_page_about_security_are_those_of_the_code():
    text = (Path(__file__).parents[1] / "docs" / "security.md").read_text(encoding="utf-8")

    told = dict(re.findall(r"^\| `limits\.([A-Z_]+)`:[^|]*\| ([\d.,]+) \|", text, re.MULTILINE))

    assert {name: float(number.replace(",", "")) for name, number in told.items()} == {
        name: value for name, value in vars(limits).items() if name.isupper()
    }
