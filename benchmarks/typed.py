"""What a typed, nested value costs to set: ours, pydantic with `validate_assignment`, and psygnal.

`m.rows[3].price = 4.0` and its like, in a list of 1,000 rows, interleaved. pydantic checks the type and tells
nobody, psygnal tells and checks nothing, ours does both, and the plain row neither.

    python benchmarks/typed.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypedDict

import psygnal
import pydantic
from interleaved import Times, spelled, statement

from syncstate import SyncedModel, synced

NUMBER = 5000
ROWS = 1000


class Row(TypedDict):
    """A row whose members have types."""

    name: str
    price: float


@dataclass
class Item:
    """The same with attributes."""

    name: str
    price: float


class Untyped(SyncedModel):
    """Rows that may hold anything."""

    rows: list[dict] = synced(factory=list)


class Typed(SyncedModel):
    """Rows that may not."""

    rows: list[Row] = synced(factory=list)


class Items(SyncedModel):
    """Rows with attributes."""

    rows: list[Item] = synced(factory=list)


class PydanticRow(pydantic.BaseModel):
    """The same row with pydantic."""

    model_config = pydantic.ConfigDict(validate_assignment=True)
    name: str
    price: float


class Pydantic(pydantic.BaseModel):
    """The same rows with pydantic."""

    rows: list[PydanticRow]


@psygnal.evented
@dataclass
class EventedRow:
    """The same row with psygnal."""

    events: ClassVar[psygnal.SignalGroupDescriptor] = psygnal.SignalGroupDescriptor()
    name: str
    price: float


def shown(model: SyncedModel) -> SyncedModel:
    """Return a model whose changes links want to hear of."""
    model._document.watch()
    return model


def main() -> None:
    """Print a row for each case."""
    records = [{"name": f"row {place}", "price": float(place)} for place in range(ROWS)]
    items = [Item(**record) for record in records]
    evented = [EventedRow(**record) for record in records]
    for row in evented:
        row.events.connect(lambda event: None)
    by_key, by_name = "m.rows[3]['price'] = k + 0.5", "m.rows[3].price = k + 0.5"
    times = Times(
        {
            "a plain dict": statement("m[3]['price'] = k + 0.5", {"m": records}),
            "syncstate, list[dict], shown": statement(by_key, {"m": shown(Untyped(rows=records))}),
            "syncstate, list[TypedDict], shown": statement(by_key, {"m": shown(Typed(rows=records))}),
            "syncstate, list[dataclass], shown": statement(by_name, {"m": shown(Items(rows=items))}),
            "pydantic, validate_assignment": statement(by_name, {"m": Pydantic(rows=records)}),
            "psygnal, evented dataclasses, a listener": statement("m[3].price = k + 0.5", {"m": evented}),
        },
        NUMBER,
    )
    base = "syncstate, list[dict], shown"
    print(f"a cell of {ROWS:,} rows{'':27}      time   of {base!r}")
    for name in times.names:
        print(f"{name:45}{spelled(times.seconds(name)):>10}   {times.ratio(name, base):5.2f}x")


if __name__ == "__main__":
    main()
