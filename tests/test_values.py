"""Values that JSON lacks."""

from __future__ import annotations

import copy
import enum
import gc
import json
import math
import pickle
import re
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate import NotSyncable, NotValid, SyncedModel, limits, register
from syncstate.buffers import attach, detach
from syncstate.display import MIME_TYPE
from syncstate.document import Failure, plain, same
from syncstate.errors import MessageError
from syncstate.forms import form_of, known
from syncstate.pointer import resolve
from tests.support import Kernel, frame

FOLDER = Path(__file__).parent / "conformance"


def test_a_failure_never_changes():
    failure = Failure("ValueError", "no")

    with pytest.raises(AttributeError, match=r"^Cannot set 'text': "):
        failure.text = "yes"
    with pytest.raises(AttributeError, match=r"^Cannot delete 'text': "):
        del failure.text

    assert (failure.type, failure.text) == ("ValueError", "no")


def test_failures_are_equal_by_what_they_say_and_survive_a_copy():
    failure = Failure("ValueError", "no")

    assert failure == Failure("ValueError", "no") != Failure("TypeError", "no")
    assert copy.deepcopy(failure) == pickle.loads(pickle.dumps(failure)) == failure
    assert len({failure, Failure("ValueError", "no")}) == 1


# -- what a model holds


class Color(enum.Enum):
    """A type that some tests register."""

    RED = (1, 0, 0)
    BLUE = (0, 0, 1)


class Permission(enum.Flag):
    """Another one."""

    READ = 1
    WRITE = 2


class Point:
    """One with slots, to which nothing can refer weakly."""

    __slots__ = ("x", "y")

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y


class Track:
    """One whose form holds values of another one, bytes, and an array."""

    def __init__(self, *points: Point) -> None:
        self.points = points


class Board(SyncedModel):
    """A model in which anything may stand."""

    any: object = None
    rows: list = []  # noqa: RUF012
    members: dict = {}  # noqa: RUF012


register(Color)
register(Permission)
register(Point, lambda point: [point.x, point.y], lambda form: Point(*form), name="test.Point")
register(
    Track,
    lambda track: {"points": track.points, "raw": b"raw", "lengths": np.arange(len(track.points))},
    lambda form: Track(*form["points"]),
)


def same_python(one: Any, other: Any) -> bool:
    """Whether two leaves are the same to Python, of one type and with all that can be told apart."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Point):
        return same_python(one.x, other.x) and same_python(one.y, other.y)
    if isinstance(one, Track):
        return all(map(same_python, one.points, other.points))
    if isinstance(one, (datetime, time)):
        return one.isoformat() == other.isoformat()
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_python, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_python(one[name], other[name]) for name in one)
    return one == other or (one != one and other != other)


class Exotic(tzinfo):
    """A time zone of a kind of its own."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=5, minutes=53, seconds=28)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, moment: datetime | None) -> str:
        return "exotic"


zones = st.none() | st.just(UTC) | st.just(Exotic()) | st.just(ZoneInfo("Europe/Berlin"))
offsets = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
numbers = st.floats() | st.integers() | st.integers(-(10**40), 10**40) | st.sampled_from([2**53, -(2**53)])
moments = (
    st.datetimes(timezones=zones | offsets, allow_imaginary=False)
    | st.dates()
    | st.times()
    | st.times(timezones=offsets)
    | st.timedeltas()
)
leaves = (
    st.none()
    | st.booleans()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | numbers
    | moments
    | st.builds(Failure, st.text(max_size=5), st.text(max_size=5))
    | st.sampled_from([*Color, *Permission, Permission(0), Permission.READ | Permission.WRITE])
)
points = st.builds(Point, leaves, leaves | st.builds(Point, leaves, leaves))
names = st.sampled_from(["a", "type", "value", "paths", "$type", "a/b", "~", "", "values", "buffers"])
documents = st.recursive(
    leaves | points | st.builds(Track, points, points),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def by_json(frame: Any) -> Any:
    return json.loads(json.dumps(frame, allow_nan=False))


def by_orjson(frame: Any) -> Any:
    return orjson.loads(orjson.dumps(frame))


PACKERS = [by_json, by_orjson]


@pytest.mark.parametrize("pack", PACKERS)
@given(document=documents)
def test_a_value_is_the_same_after_a_journey(pack, document):
    board = Board(any=document)

    frame, buffers = detach({"messages": [{"value": plain(board.any)}]})
    arrived = attach(pack(frame), [bytes(buffer) for buffer in buffers])

    assert arrived.keys() == {"messages"}
    assert same_python(arrived["messages"][0]["value"], plain(board.any))
    assert same(arrived["messages"][0]["value"], plain(board.any))


@given(st.lists(documents, min_size=2, max_size=4))
def test_a_page_has_what_the_model_has_and_the_model_what_the_page_puts_there(documents):
    board = Board()
    page = Kernel(board).page()

    for document in documents:
        board.any = document
        assert same(page.document["any"], plain(board.any))
        page.put("/any", [page.document["any"]])
        assert page.troubles == []
        assert same(plain(board.any), page.document["any"])
        assert same_python(plain(board.any)[0], page.document["any"][0])


def test_python_has_its_own_objects_in_the_container():
    point, board = Point(1, 2), Board(rows=[{"a": float("nan")}])

    board.rows.append(point)
    board.rows[0]["when"] = when = datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    board.any = (point, [Color.RED])

    assert board.rows[1] is point
    assert board.rows[0]["when"] is when
    assert board.any[0] is point
    assert board.any[1] == [Color.RED]
    assert board.sync.snapshot()["rows"][1] is point


LOOKALIKES = [
    {"type": "float", "value": "NaN", "paths": ["/any"]},
    {"$type": "Color", "value": "RED"},
    [{"type": "float", "value": "NaN", "paths": ["/messages/0/value"]}],
    {"values": [{"type": "float", "value": "NaN", "paths": []}], "buffers": ["/a"]},
]


@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_what_looks_like_a_value_on_the_wire_is_itself(lookalike):
    board = Board()
    page = Kernel(board).page()

    board.any = {"like": lookalike, "nan": float("nan")}
    page.put("/members", {"like": lookalike, "nan": float("nan")})

    assert page.document["any"]["like"] == lookalike == board.members["like"]
    assert page.document["any"]["nan"] != page.document["any"]["nan"]


def spelled(leaf: Any) -> Any:
    """A leaf as a case spells it: its name and its form, in which other leaves are their forms alone."""
    form = form_of(leaf)
    if form is None:
        return leaf
    inner = [form_of(value) for value in form.value] if isinstance(form.value, list) else []
    if any(inner):
        value = [part.value if part else bare for part, bare in zip(inner, form.value, strict=True)]
        return [form.name, value]
    return [*form]


@pytest.mark.parametrize("case", json.loads((FOLDER / "values.json").read_text(encoding="utf-8")))
def test_a_frame_is_read_as_every_language_reads_it(case):
    frame = copy.deepcopy(case["frame"])
    if "error" in case:
        with pytest.raises(MessageError, match=re.escape(case["error"])):
            attach(frame, [])
        return

    read = attach(frame, [])

    assert {pointer: spelled(resolve(read, pointer)) for pointer in case["leaves"]} == case["leaves"]
    again, _ = detach(read)
    assert again == case.get("again", case["frame"])


# -- what changed


SAME = [
    float("nan"),
    float("inf"),
    2**60,
    datetime(2026, 1, 1),
    date(2026, 1, 1),
    time(1),
    timedelta(1),
    Failure("E", "t"),
    Color.RED,
]


@pytest.mark.parametrize("value", SAME, ids=str)
def test_what_is_put_again_is_no_news(value):
    board = Board(any=value, rows=[{"a": value}], members={"a": value})
    page = Kernel(board).page()
    version = board.sync.version

    board.any = copy.copy(value)
    board.rows[0]["a"] = copy.copy(value)
    board.rows = [{"a": copy.copy(value)}]
    board.members["a"] = copy.copy(value)
    page.hello()

    assert board.sync.version == version


@pytest.mark.parametrize("old", SAME, ids=str)
@pytest.mark.parametrize("new", SAME, ids=str)
def test_another_one_is_news_wherever_it_is_put(old, new):
    board = Board(any=old, rows=[{"a": old}])
    page = Kernel(board).page()

    board.any = new
    board.rows[0]["a"] = new

    assert same_python(page.document["any"], new)
    assert same_python(page.document["rows"][0]["a"], new)
    assert same(page.document, board.sync.snapshot())


def test_moments_that_are_one_instant_in_two_zones_are_two_values():
    here, there = datetime(2026, 1, 1, 12, tzinfo=UTC), timezone(timedelta(hours=1))
    board = Board(any=here)
    page = Kernel(board).page()

    board.any = here.astimezone(there)

    assert page.document["any"].isoformat() == "2026-01-01T13:00:00+01:00"


def test_a_table_with_missing_numbers_is_compared_row_by_row():
    rows = [{"a": float("nan"), "b": n} for n in range(100)]
    board = Board(rows=rows)
    page = Kernel(board).page()

    board.rows = [{**row, "a": float("nan")} for row in rows[:99]] + [{"a": 1.0, "b": 0}]

    operations = page.heard[-1]["operations"]
    assert [operation["path"] for operation in operations] == ["/rows/99/a", "/rows/99/b"]


# -- what a person registers


def test_a_form_is_made_once_and_by_nobody_who_holds_a_lock():
    made: list[bool] = []
    board = Board()
    board._document.watch()

    class Watched:
        pass

    def encode(value: Watched) -> int:
        lock = board._document.lock
        made.append(lock._is_owned())  # type: ignore[attr-defined]
        return 1

    register(Watched, encode, lambda form: Watched(), name="test.Watched")
    value = Watched()
    board.any = value
    board.rows.append(value)
    board.rows[:] = [value, [value]]
    board.members.update(a=value)
    board.members["b"] = value
    board.sync.apply([{"op": "add", "path": "/rows/-", "value": value}])
    board.sync.snapshot()
    assert made == [False]

    board.sync.apply([{"op": "add", "path": "/rows/-", "value": {"a": [Watched()]}}])
    board.rows.append([Watched() for _ in range(3)])
    board.rows[0] = Watched()
    board.members.setdefault("c", Watched())

    assert made == [False] * 7


def test_a_form_that_cannot_be_made_is_told_where_the_value_was_put():
    class Bad:
        def __init__(self, form: Any) -> None:
            self.form = form

    def encode(bad: Bad) -> Any:
        return bad.form()

    register(Bad, encode, Bad, name="test.Bad")
    board = Board(rows=[{"a": 1}])
    held, before = board.rows[0], board.sync.snapshot()

    with pytest.raises(NotSyncable) as raised:
        board.rows[0]["a"] = [1, {"b": Bad(lambda: 1 / 0)}]
    assert str(raised.value) == (
        "Cannot sync '/rows/0/a/1/b': a Bad was registered, and its encode raised "
        "ZeroDivisionError: division by zero"
    )
    with pytest.raises(
        NotSyncable, match=r"^Cannot sync '/any/0': a Bad was registered, and what its encode"
    ):
        board.any = [Bad(lambda: {"deep": [{1}]})]
    with pytest.raises(NotSyncable, match=r"^Cannot sync '/rows/1': "):
        board.rows.append(Bad(lambda: Bad(lambda: object())))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotSyncable, match="contains itself"):
        board.members["x"] = Bad(lambda: endless)
    with pytest.raises(NotSyncable, match=r"^Cannot sync '/rows/-/a': "):
        board.sync.apply([{"op": "add", "path": "/rows/-", "value": {"a": Bad(object)}}])

    assert same(board.sync.snapshot(), before)
    assert board.rows[0] is held


def test_forms_are_forgotten_with_their_values():
    board = Board()
    before = len(known)

    for n in range(5000):
        board.any = Point(n, n)
        board.rows[:] = [Track()]
    gc.collect()

    assert len(known) - before <= 1010
    kept = [Point(n, n) for n in range(3000)]
    board.rows = kept
    for n in range(5000):
        board.any = Point(n, n)
    assert all(known.get(point) for point in kept)


class Quarrelsome:
    """One that is equal to nothing, says nothing of itself, and has no truth."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


class Other:
    """One whose decode makes something else."""


register(Other, lambda value: None, lambda form: {"no": "other"})
register(Quarrelsome, lambda value: None, lambda form: Quarrelsome())


def test_nothing_is_asked_of_a_value_but_its_form():
    board = Board(any=Quarrelsome(), rows=[{"a": Quarrelsome()}])
    page = Kernel(board).page()

    board.rows = [{"a": Quarrelsome()}, {"a": Quarrelsome()}]
    board.any = [Quarrelsome()]
    page.put("/members", {"a": page.document["any"][0]})

    assert type(board.members["a"]) is Quarrelsome


def test_a_value_of_a_subclass_travels_as_one_of_its_base():
    board = Board()
    page = Kernel(board).page()

    class Near(Point):
        pass

    board.any = near = Near(1, 2)

    assert board.any is near
    assert type(page.document["any"]) is Point


@pytest.mark.parametrize("form", [5, 0.5, True, None, "five"])
def test_values_of_two_types_with_one_form_are_two_values(form):
    class Meters:
        pass

    class Seconds:
        pass

    for type_ in (Meters, Seconds):
        register(type_, lambda value: form, lambda form, type_=type_: type_(), name=f"test.{type_.__name__}")
    board = Board(any=[Meters(), Seconds(), Meters()])

    frame, buffers = detach({"value": board._document.snapshot()["any"]})
    read = attach(by_json(frame), buffers)

    assert [*map(type, read["value"])] == [Meters, Seconds, Meters]


def test_a_cell_may_be_run_again_and_no_name_has_two_meanings():
    def cell() -> type:
        class Shade(enum.Enum):
            DARK = 1

        register(Shade)
        return Shade

    first, second = cell(), cell()
    board = Board(any=[first(1), second(1)])

    page = Kernel(board).page()

    assert [type(shade) for shade in page.document["any"]] == [second, second]
    with pytest.raises(
        ValueError, match=r"^Cannot register Shade as 'Color': that is .*Color; choose another"
    ):
        register(first, name="Color")
    with pytest.raises(
        ValueError, match=r"^Cannot register Shade as 'float': that is a type of Python's own"
    ):
        register(first, name="float")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((1,), "it is no class"),
        ((int, str, int), "it travels in a way of its own"),
        ((dict, str, int), "it travels in a way of its own"),
        ((OrderedDict, str, int), "it travels in a way of its own"),
        ((float, str, float), "it travels in a way of its own"),
        ((datetime, str, int), "it travels in a way of its own"),
        ((object, str, int), "every value is one"),
        ((Decimal,), "give a function that encodes and one that decodes"),
        ((Decimal, str), "give a function that encodes and one that decodes"),
    ],
)
def test_what_cannot_be_registered_is_refused(arguments, why):
    with pytest.raises(TypeError, match=f"^Cannot register .*{why}"):
        register(*arguments)


# -- what only looks like another type


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.float32("nan"), math.nan),
        (np.float16(0.5), 0.5),
        (np.int64(-(2**63)), -(2**63)),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(1), True),
        (np.str_("text"), "text"),
        (np.bytes_(b"raw"), b"raw"),
        (np.datetime64("2026-01-31"), date(2026, 1, 31)),
        (np.datetime64("2026-01-31T12"), datetime(2026, 1, 31, 12)),
        (np.datetime64("2026-01-31T12:00:00.000001000"), datetime(2026, 1, 31, 12, 0, 0, 1)),
        (np.timedelta64(1500, "ms"), timedelta(seconds=1.5)),
        (np.timedelta64(1000, "ns"), timedelta(microseconds=1)),
        (pandas.Timestamp("2026-01-31 12:00:00.000001"), datetime(2026, 1, 31, 12, 0, 0, 1)),
        (
            pandas.Timestamp("2026-01-31 12:00", tz="Europe/Berlin"),
            datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
        (
            pandas.Timestamp("2026-01-31 12:00").tz_localize(Exotic()),
            datetime(2026, 1, 31, 12, tzinfo=Exotic()),
        ),
        (pandas.Timedelta("1.5s"), timedelta(seconds=1.5)),
        (bytearray(b"raw"), b"raw"),
        (enum.IntEnum("Level", "LOW HIGH")(2), 2),
    ],
    ids=repr,
)
def test_what_is_no_less_than_a_value_of_python_becomes_one(value, expected):
    board = Board(any=value, rows=[{"a": value}])
    page = Kernel(board).page()

    for found in (board.any, board.rows[0]["a"], page.document["any"]):
        assert same_python(found, expected)


REFUSED = {
    "a Decimal": (Decimal(1), r"a Decimal has no JSON form; .*syncstate\.register\(Decimal, …\)"),
    "a UUID": (UUID(int=1), r"syncstate\.register\(UUID, …\)"),
    "a Path": (PurePosixPath("/"), r"syncstate\.register\(PurePosixPath, …\)"),
    "a set": ({1}, r"syncstate\.register\(set, …\)"),
    "a complex": (1j, r"syncstate\.register\(complex, …\)"),
    "an Enum": (enum.Enum("Plain", "A")(1), r"annotate it as Plain, or call syncstate\.register\(Plain\)"),
    "NaT": (pandas.NaT, "NaT is no date; sync None"),
    "NA": (pandas.NA, "<NA> marks what is missing; sync None"),
    "NaT of numpy": (np.datetime64("NaT"), "NaT marks what is missing; sync None"),
    "nanoseconds": (pandas.Timestamp(1), "no nanoseconds; round it"),
    "nanoseconds of a span": (pandas.Timedelta(1), "no nanoseconds; round it"),
    "nanoseconds of numpy": (np.datetime64(1, "ns"), "no exact form; convert it"),
    "months": (np.timedelta64(1, "M"), "no exact form; convert it"),
    "a complex of numpy": (np.complex128(1j), "no exact form; convert it|has no JSON form"),
    "digits": (10**4000, "at most 4,000 digits"),
    "a time in a zone": (time(12, tzinfo=ZoneInfo("Europe/Berlin")), "a time alone has no offset"),
    "a series": (pandas.Series([1]), r"convert it with \.to_numpy\(\) or \.tolist\(\)"),
}


@pytest.mark.parametrize(("value", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_travel_is_refused_with_the_way_out(value, why):
    board = Board(rows=[{"a": 1}] * 50)
    before = board.sync.snapshot()

    for statement, pointer in (
        ("board.any = value", "/any"),
        ("board.any = [{'x': (1, value)}]", "/any/0/x/1"),
        ("board.rows[3]['a'] = value", "/rows/3/a"),
        ("board.rows.extend([{'a': 1}] * 30 + [{'a': value}])", "/rows/80/a"),
    ):
        with pytest.raises(NotSyncable, match=f"^Cannot sync '{pointer}': .*(?:{why})") as raised:
            exec(statement, {"board": board, "value": value})
        assert raised.value.pointer == pointer
    assert same(board.sync.snapshot(), before)


class Typed(SyncedModel):
    """A model of whose members the types are declared."""

    number: int = 0
    share: float = 0.0
    flag: bool = False
    when: datetime | None = None
    took: timedelta = timedelta()
    moments: list[datetime] = []  # noqa: RUF012
    point: Point = Point(0, 0)
    points: list[Point] = []  # noqa: RUF012
    color: Color = Color.RED


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("number", np.int64(3), 3),
        ("share", np.float32(0.5), 0.5),
        ("share", np.int8(3), 3.0),
        ("flag", np.bool_(1), True),
        ("when", pandas.Timestamp("2026-01-31"), datetime(2026, 1, 31)),
        ("when", np.datetime64("2026-01-31T12"), datetime(2026, 1, 31, 12)),
        (
            "when",
            pandas.Timestamp("2026-01-31").tz_localize(Exotic()),
            datetime(2026, 1, 31, tzinfo=Exotic()),
        ),
        ("took", pandas.Timedelta("1.5s"), timedelta(seconds=1.5)),
    ],
    ids=repr,
)
def test_a_place_of_a_type_takes_what_is_no_less(name, value, expected):
    typed = Typed()

    setattr(typed, name, value)
    typed.moments.append(pandas.Timestamp("2026-01-31"))

    assert same_python(getattr(typed, name), expected)
    assert same_python(typed.moments[0], datetime(2026, 1, 31))


def test_a_registered_type_may_be_declared():
    typed = Typed()
    page = Kernel(typed).page()

    typed.points.append(point := Point(1, 2))
    typed.point = point
    page.put("/points/0", Point(3, 4))
    page.put("/point", 5)

    assert typed.point is point
    assert typed.points[0].x == 3
    assert [trouble.reason for trouble in page.troubles] == ["Cannot put 5 at '/point': a Point is expected"]
    with pytest.raises(NotValid, match=r"^Cannot put 5 at '/points/1': a Point is expected$"):
        typed.points.append(5)
    with pytest.raises(TypeError, match=r"no trait for UUID; .* say with syncstate\.register\(\) how it"):

        class Unknown(SyncedModel):
            id: UUID = UUID(int=1)


def test_an_enum_that_is_registered_may_be_declared_whatever_its_values():
    typed = Typed()
    page = Kernel(typed).page()

    typed.color = Color.BLUE

    assert page.document["color"] is Color.BLUE


# -- what a page may say


def frame_of(board: Board, value: Any = None, *values: Any, path: str = "/any") -> dict[str, Any]:
    model = {"model": board.sync.key, "epoch": board._document.authority.epoch}
    edit = {"type": "edit", **model, "base": 0, "number": 1}
    edit["operations"] = [{"op": "replace", "path": path, "value": value}]
    return {**frame(edit, replica="p1"), "values": list(values)}


HERE = "/messages/0/operations/0/value"


def one(type_: Any, value: Any, *paths: Any) -> dict[str, Any]:
    return {"type": type_, "value": value, "paths": list(paths)}


HOSTILE = {
    "an unknown name": ([one("Nope", 1, HERE)], "no type 'Nope' is registered here"),
    "a name of a module": ([one("os.system", "ls", HERE)], "no type 'os.system' is registered here"),
    "no float": ([one("float", "nan", HERE)], "'nan' is no float"),
    "a float of another type": ([one("float", ["NaN"], HERE)], "is no float"),
    "no int": ([one("int", "0x10", HERE)], "'0x10' is no int"),
    "an int of other digits": ([one("int", "١٢", HERE)], "is no int"),
    "an int with digits apart": ([one("int", "1_000", HERE)], "is no int"),
    "an int that is one": ([one("int", 10, HERE)], "is no int"),
    "too many digits": ([one("int", "9" * 4001, HERE)], "is no int"),
    "no date": ([one("date", "2026-02-30", HERE)], "'2026-02-30' is no date"),
    "a date that is a week": ([one("date", "2026-W01", HERE)], "is no date"),
    "no datetime": ([one("datetime", "noon", HERE)], "'noon' is no datetime"),
    "no time": ([one("time", "25:00", HERE)], "'25:00' is no time"),
    "no timedelta": ([one("timedelta", "1 day", HERE)], "'1 day' is no timedelta"),
    "too long a timedelta": ([one("timedelta", "PT99999999999999S", HERE)], "is no timedelta"),
    "no failure": ([one("failure", {"type": "E"}, HERE)], "is no failure"),
    "a failure with more": ([one("failure", {"type": "", "text": "", "x": ""}, HERE)], "is no failure"),
    "a member that is none": ([one("Color", "GREEN", HERE)], "Color cannot be made of it: KeyError: 'GREEN'"),
    "a form of another type": ([one("test.Point", 5, HERE)], "test.Point cannot be made of it: TypeError"),
    "one that cannot go on": ([one("test.Point", [1, "\ud800"], HERE)], "lone surrogate"),
    "one that is made something else": ([one("Other", 1, HERE)], "its decode returned an object, no Other"),
    "an inner one that is wrong": (
        [one("Color", "GREEN", "/values/1/value/0"), one("test.Point", [None, 1], HERE)],
        "Color cannot be made of it",
    ),
    "values that are none": (5, "'values' is no list"),
    "a value that is none": ([5], "'values' is no list"),
    "a type that is none": ([one(5, 1, HERE)], "'values' is no list"),
    "no paths": ([{"type": "float", "value": "NaN"}], "'values' is no list"),
    "a path that is none": ([one("float", "NaN", 5)], "'values' is no list"),
    "one place for two": ([one("float", "NaN", HERE), one("float", "Infinity", HERE)], "one place"),
    "one place twice": ([one("float", "NaN", HERE, HERE)], "two values have one place"),
    "no pointer": ([one("float", "NaN", "messages")], "Cannot parse pointer"),
    "no place": ([one("float", "NaN", "/messages/7")], "Cannot "),
    "the frame": ([one("float", "NaN", "")], "no value belongs at ''"),
    "a place that is taken": ([one("float", "NaN", "/messages/0/number")], "null does not stand there"),
    "its own place": ([one("test.Point", None, "/values/0/value")], "no value belongs at '/values/0/value'"),
    "one that is made before": (
        [one("test.Point", [None, 1], HERE), one("Color", "RED", "/values/0/value/0")],
        "no value belongs at '/values/0/value/0'",
    ),
    "the type of another one": (
        [one("float", "NaN", "/values/1/type"), one("float", "NaN", HERE)],
        "no value belongs at '/values/1/type'",
    ),
    "a place of many digits": ([one("float", "NaN", f"/values/{'9' * 5000}/value")], "no value belongs at"),
}


@pytest.mark.parametrize(("values", "why"), HOSTILE.values(), ids=HOSTILE)
def test_what_a_page_says_wrongly_of_values_changes_nothing_and_is_answered(values, why):
    board = Board(rows=[1])
    kernel = Kernel(board)
    page = kernel.page()
    before = board.sync.snapshot()

    kernel.link.receive({**frame_of(board), "values": values})

    assert page.heard[-1]["type"] == "reject"
    assert why in page.heard[-1]["reason"]
    assert same(board.sync.snapshot(), before)


def test_nothing_is_made_before_all_is_checked():
    made: list[Any] = []

    class Made:
        pass

    def decode(form: Any) -> Made:
        made.append(form)
        return Made()

    register(Made, lambda value: 1, decode, name="test.Made")
    board = Board()
    kernel = Kernel(board)
    good = one("test.Made", 1, HERE)

    for bad in (one("float", "NaN", "/nowhere"), one("float", "NaN", HERE), 5, {"type": "x"}):
        kernel.link.receive(frame_of(board, None, good, bad))
    assert made == []
    kernel.link.receive(frame_of(board, None, good))

    assert made == [1]
    assert type(board.any) is Made


def test_only_the_edit_with_a_value_that_cannot_be_made_is_refused():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()
    first, second = (frame_of(board, n, path="/rows/-")["messages"][0] for n in (None, 2))
    for message, number in ((first, 1), (second, 2)):
        message["number"] = number
        message["operations"][0]["op"] = "add"

    kernel.link.receive({**frame(first, second), "values": [one("Color", "GREEN", HERE)]})

    assert board.rows == [2]
    assert [message["type"] for message in page.heard[1:]] == ["reject", "patch"]


def test_no_lock_is_held_while_a_value_is_made():
    board = Board()
    kernel = Kernel(board)
    held: list[bool] = []

    class Late:
        pass

    def decode(form: Any) -> Late:
        held.extend(lock._is_owned() for lock in (board._document.lock, kernel.link._lock))  # type: ignore[attr-defined]
        return Late()

    register(Late, lambda late: 1, decode, name="test.Late")
    kernel.link.receive(frame_of(board, None, one("test.Late", 1, HERE)))

    assert type(board.any) is Late
    assert held == [False, False]


def test_a_frame_places_so_many_values_and_no_more(monkeypatch):
    monkeypatch.setattr(limits, "VALUES", 3)
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()

    for count in (4, 3):
        places = [f"{HERE}/{place}" for place in range(count)]
        kernel.link.receive(frame_of(board, [None] * count, one("float", "NaN", *places)))

    assert page.heard[1]["reason"] == "Cannot read the frame: it places more than 3 values"
    assert len(board.any) == 3


# -- in an output


def test_an_output_has_the_state_with_its_values():
    board = Board(any=float("nan"), rows=[date(2026, 1, 31), Color.RED, Point(2**60, math.inf)])

    view = json.loads(json.dumps(board._repr_mimebundle_()[MIME_TYPE], allow_nan=False))
    read = attach(view, [])

    assert same(read["document"], board.sync.snapshot())
    assert "values" not in read


def test_an_output_spells_values_for_people():
    board = Board(
        any=float("nan"),
        rows=[date(2026, 1, 31), datetime(2026, 1, 31, 12), timedelta(hours=1)],
        members={"failed": Failure("KeyError", "<b>"), "color": Color.RED, "odd": Quarrelsome()},
    )

    text = board._repr_mimebundle_()["text/html"]

    for shown in ("nan", "2026-01-31", "2026-01-31 12:00:00", "1:00:00", "KeyError: &lt;b&gt;", "Color.RED"):
        assert shown in text
    assert "&lt;Quarrelsome&gt;" in text


def test_large_messages_in_parts_have_each_their_values():
    board = Board()
    kernel = Kernel(board)
    page = kernel.page()

    board.rows = [{"a": float("nan"), "b": "x" * 1000, "when": date(2026, 1, 31)} for _ in range(3000)]

    sent = [frame for frame in kernel.hub.ends[0].sent if "values" in frame]
    assert len(sent) > 1
    assert same(page.document, board.sync.snapshot())
