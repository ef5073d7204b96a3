"""What the types of a model say, as a JSON Schema."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import datetime
import enum
import json
import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import jsonschema
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st

from syncstate import SyncedModel, action, computed, register, synced
from syncstate.annotations import shape_of
from syncstate.display import MIME_TYPE
from syncstate.schema import _Writing, humanised
from syncstate.shapes import Refusal, fit
from tests.support import Comms


class Color(enum.Enum):
    RED = "red"
    LIGHT_BLUE = 2
    USD = "USD"


class Leaf(TypedDict):
    name: str
    note: NotRequired[Annotated[str, synced(max_length=9, label="Remark", help="Short")]]
    leaves: list[Leaf]


@dataclass
class Point:
    """Where something is.

    More of it nobody reads.
    """

    x: float
    y: float = 0.5
    tags: list[str] = field(default_factory=list)
    next: Point | None = None


class Axis(SyncedModel):
    """One axis."""

    label: str = ""
    unit: str = synced("mm", read_only=True)
    child: Axis | None = None


def written(annotation: Any) -> dict[str, Any]:
    """What is said of a place with a type."""
    return _Writing(object).shape(shape_of(annotation))


def member(default: Any, annotation: Any = Any, **tags: Any) -> dict[str, Any]:
    """What is said of an attribute."""
    body = {"__annotations__": {"it": annotation}, "it": synced(default, **tags)}
    return type("Model", (SyncedModel,), body)().sync.schema()["properties"]["it"]


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (Any, {}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (bytes, {"leaf": "bytes"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (datetime.time, {"type": "string", "format": "time"}),
        (datetime.timedelta, {"type": "string", "format": "duration"}),
        (float | None, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (
            Color,
            {
                "oneOf": [
                    {"const": "red", "title": "Red"},
                    {"const": 2, "title": "Light blue"},
                    {"const": "USD", "title": "USD"},
                ]
            },
        ),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "items": False,
            },
        ),
        (dict, {"type": "object"}),
        (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (
            dict[Literal["a", "b"], int],
            {
                "type": "object",
                "propertyNames": {"enum": ["a", "b"]},
                "additionalProperties": {"type": "integer"},
            },
        ),
        (
            Annotated[float, synced(min=0, max=1, step=0.1, label="Share")],
            {"type": "number", "minimum": 0, "maximum": 1, "step": 0.1, "title": "Share"},
        ),
        (
            list[Annotated[int, synced(help="A year")]],
            {"type": "array", "items": {"type": "integer", "description": "A year"}},
        ),
    ],
    ids=str,
)
def test_each_type_has_its_words(annotation: Any, schema: dict[str, Any]):
    assert written(annotation) == schema


def test_what_synced_says_is_in_the_schema():
    assert member(0.5, float, min=0, max=1, step=0.1, label="Share", help="Of all") == {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "step": 0.1,
        "title": "Share",
        "description": "Of all",
    }
    assert member("a", str, choices=["a", "b"], max_length=5) == {
        "type": "string",
        "enum": ["a", "b"],
        "maxLength": 5,
        "title": "It",
    }
    assert member("idle", str, read_only=True, widget="text") == {
        "type": "string",
        "title": "It",
        "readOnly": True,
        "widget": "text",
    }
    assert member([], list[int], max_length=3)["maxItems"] == 3


def test_limits_that_json_has_none_for_are_said_otherwise_or_not():
    day = datetime.date(2026, 1, 31)

    assert member(0.0, float, min=0, max=math.inf) == {"type": "number", "minimum": 0, "title": "It"}
    assert member(day, datetime.date, min=day)["formatMinimum"] == "2026-01-31"
    json.dumps(member(day, datetime.date, min=day, step=datetime.timedelta(days=7)), allow_nan=False)


def test_traits_of_traitlets_say_what_they_know():
    class Classic(SyncedModel):
        count = traitlets.Int(1, min=0, max=9, help="How many").tag(sync=True, label="Number")
        kind = traitlets.Enum(["a", "b"], "a").tag(sync=True)
        color = traitlets.UseEnum(Color, Color.RED).tag(sync=True)
        names = traitlets.List(traitlets.Unicode(), maxlen=4).tag(sync=True)
        named = traitlets.Dict(per_key_traits={"a": traitlets.Bool()}).tag(sync=True)
        name = traitlets.Unicode(None, allow_none=True).tag(sync=True)
        thing = traitlets.Any().tag(sync=True)

    said = Classic().sync.schema()["properties"]

    assert said["count"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
        "title": "Number",
        "description": "How many",
    }
    assert said["kind"] == {"enum": ["a", "b"], "title": "Kind"}
    assert [choice["title"] for choice in said["color"]["oneOf"]] == ["Red", "Light blue", "USD"]
    assert said["names"] == {"type": "array", "maxItems": 4, "items": {"type": "string"}, "title": "Names"}
    assert said["named"]["properties"] == {"a": {"type": "boolean", "title": "A"}}
    assert said["name"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Name"}
    assert said["thing"] == {"title": "Thing"}


def test_what_may_be_in_itself_is_defined_once():
    class Board(SyncedModel):
        tree: Leaf | None = None
        points: list[Point] = []
        axis: Axis
        boards: list[Board] = []

    schema = Board().sync.schema()
    definitions = schema["$defs"]

    assert schema["properties"]["axis"] == {"$ref": "#/$defs/Axis", "title": "Axis"}
    assert schema["properties"]["boards"]["items"] == {"$ref": "#"}
    assert definitions["Leaf"]["required"] == ["name", "leaves"]
    assert definitions["Leaf"]["properties"]["leaves"]["items"] == {"$ref": "#/$defs/Leaf"}
    assert definitions["Leaf"]["properties"]["note"] == {
        "type": "string",
        "maxLength": 9,
        "title": "Remark",
        "description": "Short",
    }
    assert definitions["Point"]["description"] == "Where something is."
    assert definitions["Point"]["required"] == ["x"]
    assert definitions["Point"]["properties"]["y"]["default"] == 0.5
    assert definitions["Axis"]["properties"]["unit"]["readOnly"] is True
    assert definitions["Axis"]["properties"]["child"]["anyOf"][0] == {"$ref": "#/$defs/Axis"}


def test_two_classes_of_one_name_have_two_definitions():
    def make(kind: type) -> Any:
        return type("Twin", (SyncedModel,), {"__annotations__": {"it": kind}})

    pair = type("Pair", (SyncedModel,), {"__annotations__": {"a": make(int), "b": make(str)}})

    schema = pair().sync.schema()

    assert schema["properties"]["b"]["$ref"] == "#/$defs/Twin2"
    assert schema["$defs"]["Twin2"]["properties"]["it"]["type"] == "string"


def test_actions_say_what_they_take_and_computeds_what_they_are():
    class Cart(SyncedModel):
        """A cart.

        With more to say.
        """

        prices: list[float] = []

        @computed
        def total(self) -> float:
            """What it all costs."""
            return sum(self.prices)

        @computed
        def vague(self):
            return 1

        @action
        def add(
            self, price: Annotated[float, synced(min=0)], /, color: Color = Color.RED, *args: int, **more: int
        ) -> None:
            """Put something in."""

    schema = Cart().sync.schema()

    assert schema["title"] == "Cart"
    assert schema["description"] == "A cart."
    assert schema["properties"]["total"] == {
        "type": "number",
        "title": "Total",
        "description": "What it all costs.",
        "readOnly": True,
    }
    assert schema["properties"]["vague"] == {"title": "Vague", "readOnly": True}
    add = schema["actions"]["add"]
    assert (add["title"], add["description"]) == ("Add", "Put something in.")
    assert add["parameters"]["required"] == add["parameters"]["positional"] == ["price"]
    assert add["parameters"]["properties"]["price"] == {"type": "number", "minimum": 0, "title": "Price"}
    assert add["parameters"]["properties"]["color"]["default"] == "red"
    assert add["parameters"]["additionalProperties"] == {"type": "integer"}


def test_a_registered_type_is_named():
    class Money:
        pass

    register(Money, lambda money: "", lambda text: Money(), name="schema.Money")

    assert written(Money) == {"leaf": "schema.Money"}


def test_what_an_instance_was_given_is_in_its_schema_alone():
    one, other = Axis(), Axis()
    one.add_traits(extra=traitlets.Int(1).tag(sync=True))

    assert one.sync.schema()["properties"]["extra"] == {"type": "integer", "title": "Extra"}
    assert "extra" not in other.sync.schema()["properties"]


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Comms:
    comms = Comms()
    monkeypatch.setattr("comm.create_comm", comms.create_comm)
    monkeypatch.setattr("comm.get_comm_manager", lambda: comms.manager)
    monkeypatch.setattr("syncstate.link._kernel_link", None)
    return comms


def test_it_travels_with_a_model_that_has_no_view(comms: Comms):
    class Viewed(Axis):
        _esm = "export default { render() {} }"

    assert Axis()._repr_mimebundle_()[MIME_TYPE]["schema"] == Axis().sync.schema()
    assert "schema" not in Viewed()._repr_mimebundle_()[MIME_TYPE]


SIMPLE = [int, float, str, bool, None, Color, Literal["a", 3], Point, Leaf]
TYPES = st.recursive(
    st.sampled_from([*SIMPLE, Annotated[float, synced(min=-5, max=5)], Annotated[str, synced(max_length=2)]]),
    lambda inner: st.one_of(
        inner.map(lambda t: list[t]),  # type: ignore[valid-type] # made as the test runs
        inner.map(lambda t: dict[str, t]),  # type: ignore[valid-type]
        inner.map(lambda t: t | None if t is not None else t),
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),  # type: ignore[misc]
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.sampled_from(["a", "red", "xyz"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["x", "name", "leaves"]), inner, max_size=3),
    ),
    max_leaves=5,
)


@given(TYPES, VALUES)
def test_what_a_schema_refuses_no_place_takes(annotation: Any, value: Any):
    writing = _Writing(object)
    schema = {**writing.shape(shape_of(annotation)), "$defs": writing._definitions}
    jsonschema.Draft202012Validator.check_schema(schema)

    try:
        fit(shape_of(annotation), value)
    except Refusal:
        return
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("max_delay", "Max delay"),
        ("maxDelay", "Max delay"),
        ("x", "X"),
        ("HTTPServer_url", "HTTPServer url"),
        ("__", "__"),
    ],
)
def test_names_are_told_as_people_read_them(name: str, told: str):
    assert humanised(name) == told
