"""Batches and transactions: what is told as one, and what is taken back as one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate import SyncedModel, batch, computed, synced, transaction
from syncstate.tracked import TrackedDict, TrackedList


class Stock(SyncedModel):
    title: str = "Tea"
    count: int = 1
    rows: list[dict[str, Any]] = synced(
        factory=lambda: [{"name": "green", "n": 1}, {"name": "black", "n": 2}]
    )
    more: dict[str, Any] = synced(factory=lambda: {"a": {"x": 1}, "b": [1, 2, 3], "c": 5})


class Failure(Exception):
    pass


@contextmanager
def failing() -> Iterator[None]:
    """A transaction out of which an exception comes at its end."""
    with pytest.raises(Failure), transaction():  # noqa: PT012 - all of it is the unit
        yield
        raise Failure


def everything(value: Any, place: Any = "") -> Iterator[tuple[Any, ...]]:
    """What a value is, down to which objects stand where and know it."""
    if isinstance(value, (TrackedList, TrackedDict)):
        keys = [*value] if isinstance(value, dict) else [*range(len(value))]
        yield place, id(value), value.location, keys
        for key in keys:
            yield from everything(value[key], (place, key))
    else:
        yield place, type(value), value


def state(*models: SyncedModel) -> list[tuple[Any, ...]]:
    return [
        entry
        for model in models
        for name in ("title", "count", "rows", "more")
        for entry in everything(getattr(model, name), name)
    ]


@pytest.fixture(params=["alone", "watched", "observed", "listened to"])
def stock(request: pytest.FixtureRequest) -> Stock:
    model = Stock()
    if request.param == "watched":
        assert model.sync.version == 0
    if request.param == "observed":
        model.observe(lambda change: None)
    if request.param == "listened to":
        model.sync.on_patch(lambda patch: None)
    return model


def test_a_transaction_that_fails_restores_every_value_object_and_order(stock):
    row, inner, numbers = stock.rows[0], stock.more["a"], stock.more["b"]
    before = state(stock)

    with failing():
        stock.count = 5
        row["n"], row["new"] = 7, True
        del row["name"]
        taken = stock.rows.pop(0)
        taken["lost"] = 1
        stock.more["c"] = taken
        del stock.more["a"]
        stock.more["a"] = {"x": 2}
        stock.more["z"] = inner
        inner["x"] = 9
        numbers.sort(reverse=True)
        numbers[:2] = [8]
        stock.rows = [{"name": "white", "n": 0}]
        stock.rows[0]["n"] = 1
        stock.sync.apply([{"op": "replace", "path": "/rows/0/n", "value": 2}])
        stock.set_trait("title", "Coffee")

    assert state(stock) == before
    assert row.location == "/rows/0"
    row["n"] = 3
    assert stock.sync.snapshot()["rows"][0] == {"name": "green", "n": 3}


@pytest.mark.parametrize("values", [[1.0], [1.0, 2], [2, 1.0, 1], [True, 1.0]])
def test_a_number_is_of_the_type_that_it_was(values, stock):
    stock.more = {"n": 1, "list": [1]}
    before = state(stock)

    with failing():
        for value in values:
            stock.more["n"] = stock.more["list"][0] = value

    assert state(stock) == before


def test_what_went_to_another_model_is_back_in_its_own():
    here, there = Stock(), Stock()
    row = here.rows[1]
    before = state(here, there)

    with failing():
        there.rows.append(here.rows.pop())
        assert row.location == "/rows/2"
        row["n"] = 5

    assert state(here, there) == before
    assert (row["n"], row.location) == (2, "/rows/1")


def test_a_transaction_that_ends_well_is_a_batch():
    stock, patches = Stock(), []
    stock.sync.on_patch(lambda patch: patches.append(patch.patch))
    version = stock.sync.version

    with transaction():
        stock.count = 2
        stock.rows[0]["n"] = 3

    assert [len(patch) for patch in patches] == [2]
    assert stock.sync.version == version + 1


def test_nobody_is_told_of_a_transaction_that_failed():
    stock, patches = Stock(), []
    stock.sync.on_patch(lambda patch: patches.append(patch.patch))
    version = stock.sync.version

    with failing():
        stock.count = 2
        stock.rows.append({})

    assert (patches, stock.sync.version) == ([], version)
    stock.count = 3
    assert patches == [[{"op": "replace", "path": "/count", "value": 3}]]
    assert stock.sync.version == version + 1


def test_what_was_done_before_a_transaction_is_told_though_it_failed():
    stock = Stock()
    version = stock.sync.version
    stock.count = 2

    with failing():
        stock.count = 3

    assert stock.sync.version == version + 1
    assert stock.sync.snapshot()["count"] == 2


def test_observers_are_told_at_once_and_of_the_way_back():
    stock, told = Stock(), []
    stock.observe(lambda change: told.append((change.old, change.new)), "count")
    stock.observe(lambda change: told.append(change.patch), "rows")

    with failing():
        stock.count = 2
        stock.count = 3
        stock.rows.append({"n": 1})

    assert told[:2] == [(1, 2), (2, 3)]
    assert told[2] == [{"op": "add", "path": "/rows/2", "value": {"n": 1}}]
    assert sorted(told[3:], key=str) == [(3, 1), [{"op": "remove", "path": "/rows/2"}]]


def test_an_observer_that_fails_on_the_way_back_does_not_hide_why(caplog):
    stock = Stock()

    def observer(change: Any) -> None:
        if change.new == 1:
            raise RuntimeError("no way back")

    stock.observe(observer, "count")
    with caplog.at_level(logging.ERROR), failing():
        stock.count = 2

    assert stock.count == 1
    assert "no way back" in caplog.text


def test_what_an_observer_did_inside_is_taken_back_too():
    stock, other = Stock(), Stock()
    stock.observe(lambda change: other.set_trait("count", change.new * 10), "count")

    with failing():
        stock.count = 2
        assert other.count == 20

    assert stock.count == 1
    assert other.count == 10  # by the way back, as ever


@pytest.mark.parametrize("opened", [batch, transaction])
def test_an_inner_transaction_is_taken_back_alone(opened, stock):
    version = stock.sync.version

    with opened():
        stock.count = 2
        stock.rows[0]["n"] = 5
        with failing():
            stock.count = 3
            stock.rows[0]["n"] = 6
            stock.rows.append({})
        assert (stock.count, stock.rows[0]["n"], len(stock.rows)) == (2, 5, 2)

    assert (stock.count, stock.rows[0]["n"], len(stock.rows)) == (2, 5, 2)
    assert stock.sync.version == version + 1


def test_an_outer_transaction_takes_back_what_an_inner_one_kept(stock):
    before = state(stock)

    with failing():
        stock.count = 2
        with transaction():
            stock.count = 3
            stock.rows.pop(0)["n"] = 3
        with batch():
            stock.count = 4
        stock.rows.clear()

    assert state(stock) == before


def test_an_exception_keeps_what_a_batch_did_but_not_a_transaction_in_it():
    stock = Stock()

    with pytest.raises(Failure), batch():  # noqa: PT012 - both are looked at
        stock.count = 2
        with transaction():
            stock.title = "Coffee"
            raise Failure

    assert (stock.count, stock.title) == (2, "Tea")


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_takes_a_transaction_back(interrupt, stock):
    before = state(stock)

    with pytest.raises(interrupt), transaction():  # noqa: PT012 - all of it is the unit
        stock.rows[0]["n"] = 5
        stock.count = 2
        raise interrupt

    assert state(stock) == before


def test_a_transaction_belongs_to_its_task():
    stock = Stock()

    async def failing() -> None:
        with transaction():
            stock.count = 2
            await asyncio.sleep(0)
            stock.rows[0]["n"] = 9
            raise Failure

    async def other() -> None:
        stock.title = "Coffee"
        await asyncio.sleep(0)
        stock.rows.append({"name": "mate"})

    async def both() -> list[Any]:
        return await asyncio.gather(failing(), other(), return_exceptions=True)

    assert isinstance(asyncio.run(both())[0], Failure)
    assert (stock.count, stock.rows[0]["n"]) == (1, 1)
    assert (stock.title, stock.rows[2:]) == ("Coffee", [{"name": "mate"}])


def elsewhere(work: Any) -> None:
    thread = Thread(target=work)
    thread.start()
    thread.join()


def test_what_another_thread_did_meanwhile_stays_where_it_is_meant():
    stock = Stock()
    last, version = stock.rows[1], stock.sync.version

    with failing():
        stock.rows.insert(0, {"name": "mine"})
        stock.count = 5
        elsewhere(lambda: last.update(n=20))
        elsewhere(lambda: stock.rows.insert(1, {"name": "theirs"}))
        elsewhere(lambda: stock.more.update(c=6))
        stock.rows[3]["name"] = "white"

    assert [row["name"] for row in stock.rows] == ["theirs", "green", "black"]
    assert (stock.rows[2]["n"], stock.count, stock.more["c"]) == (20, 1, 6)
    assert stock.sync.version == version + 1


def test_what_another_thread_put_over_a_change_is_not_taken_back():
    stock = Stock()

    with failing():
        stock.count = 5
        stock.rows[0]["n"] = 5
        elsewhere(lambda: stock.set_trait("count", 7))

    assert (stock.count, stock.rows[0]["n"]) == (7, 1)


def test_two_transactions_over_one_model_are_taken_back_each_by_itself():
    stock = Stock()

    async def failing(name: str, start: int) -> None:
        with transaction():
            for _ in range(3):
                stock.rows.insert(start, {"name": name})
                stock.more[name] = 1
                await asyncio.sleep(0)
            raise Failure

    async def both() -> None:
        await asyncio.gather(failing("a", 0), failing("b", 1), return_exceptions=True)

    asyncio.run(both())

    assert [row["name"] for row in stock.rows] == ["green", "black"]
    assert [*stock.more] == ["a", "b", "c"]


# -- models in models


class Part(SyncedModel):
    n: int = 0
    tags: list[str] = synced(factory=list)


class Whole(SyncedModel):
    first: Part = Part()
    parts: list[Part] = synced(factory=list)


def test_a_model_in_a_model_is_back_in_its_place_as_it_was():
    whole = Whole(parts=[Part(n=1), Part(n=2)])
    first, second, version = whole.first, whole.parts[1], whole.sync.version
    tags, told = second.tags, []
    second.observe(lambda change: told.append((change.old, change.new)), "n")

    with failing():
        first.n = 5
        second.n = 7
        tags.append("new")
        whole.first = Part(n=9)
        whole.parts.pop(1)
        second.n = 8
        whole.parts[0].tags.append("x")

    assert whole.first is first
    assert whole.parts[1] is second
    assert (first.n, second.n, second.tags is tags, tags) == (0, 2, True, [])
    assert told == [(2, 7), (7, 8), (8, 2)]
    assert whole.sync.version == version
    second.n, first.n = 3, 4
    assert whole.sync.snapshot() == {
        "first": {"n": 4, "tags": []},
        "parts": [{"n": 1, "tags": []}, {"n": 3, "tags": []}],
    }
    assert whole.sync.version == version + 1


def test_a_model_in_a_model_is_taken_back_beside_what_another_thread_did():
    whole = Whole(parts=[Part(n=1), Part(n=2)])

    with failing():
        whole.parts[0].n = 5
        whole.parts[0].tags.append("mine")
        elsewhere(lambda: whole.parts[0].tags.insert(0, "theirs"))
        elsewhere(lambda: whole.parts.insert(0, Part(n=3)))

    assert [part.n for part in whole.parts] == [3, 1, 2]
    assert whole.parts[1].tags == ["theirs"]


# -- computed members


class Sum(SyncedModel):
    numbers: list[int] = synced(factory=lambda: [1, 2])

    @computed
    def total(self) -> int:
        return sum(self.numbers)


@pytest.mark.parametrize("is_computed_before", [True, False])
def test_what_was_computed_inside_is_computed_anew(is_computed_before):
    model, told = Sum(), []
    if is_computed_before:
        assert model.total == 3
        version = model.sync.version

    with failing():
        model.numbers.append(4)
        assert model.total == 7

    assert model.total == 3
    if is_computed_before:
        assert model.sync.version == version
    model.observe(lambda change: told.append(change.new), "total")
    model.numbers[0] = 5
    assert (model.total, told) == (7, [7])


# -- for all mutations


VERBS = ["set", "del", "pop", "put", "insert", "slice", "sort", "member", "swap", "move", "nest"]
names = st.sampled_from("abcd")
leaves = st.integers(0, 9) | st.builds(dict) | st.builds(lambda: [1, {"k": 2}]) | st.just("held")
acts = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        names,
        st.integers(0, 3),
        leaves,
    ),
    max_size=12,
)


def perform(models: list[Stock], held: list[Any], act: tuple[str, str, int, Any]) -> None:
    verb, name, place, leaf = act
    model = models[place % 2]
    value = held.pop() if leaf == "held" and held else leaf
    rows, more = model.rows, model.more
    try:
        match verb:
            case "set":
                more[name] = value
            case "del":
                del more[name]
            case "pop":
                held.append(rows.pop(place))
            case "put":
                rows[place] = value if isinstance(value, dict) else {"v": value}
            case "insert":
                rows.insert(place, value if isinstance(value, dict) else {"v": value})
            case "slice":
                rows[place : place + 2] = [{"v": value}, *rows[:1]]
            case "sort":
                rows.sort(key=lambda row: len(row))
            case "member":
                rows[place][name] = value
            case "swap":
                rows[0], rows[1] = rows[1], rows[0]
            case "move":
                model.more = {name: model.more, "k": 1}
            case "nest":
                for thing in held:
                    thing[name] = place
    except (LookupError, ValueError, TypeError):
        pass


@given(acts, acts, st.booleans(), st.booleans())
def test_whatever_was_done_is_taken_back(before_acts, inside, is_watched, is_nested):
    models, held = [Stock(), Stock()], []
    if is_watched:
        for model in models:
            model.observe(lambda change: None, "more")
    versions = [model.sync.version for model in models] if is_watched else []
    for act in before_acts:
        perform(models, held, act)
    kept = list(held)
    before, loose = state(*models), [[*everything(thing)] for thing in kept]
    if is_watched:
        versions = [model.sync.version for model in models]

    with failing():
        for act in inside:
            perform(models, held, act)
            if is_nested:
                with transaction():
                    perform(models, held, act)

    assert state(*models) == before
    assert [[*everything(thing)] for thing in kept] == loose
    if is_watched:
        assert [model.sync.version for model in models] == versions
    for model in models:
        for row in model.rows:
            row["seen"] = 1
        assert model.sync.snapshot()["rows"] == model.rows
