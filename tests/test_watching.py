"""Watching a model from Python: subscriptions, streams of changes, and waiting for a value."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncstate import (
    PointerError,
    SessionClosed,
    SyncedModel,
    SyncStateError,
    TargetNotFound,
    append,
    batch,
    computed,
)
from syncstate.locations import parse_pattern
from tests.support import PATIENCE, Kernel, running


class Board(SyncedModel):
    n: int = 0
    title: str = "Sales"
    rows: list[dict] = []
    table: dict = {}
    pair: tuple[int, list] = (0, [])


class Leaf(SyncedModel):
    price: int = 0


class Tree(SyncedModel):
    leaves: list[Leaf] = []


def board(*prices: Any) -> Board:
    return Board(rows=[{"price": price} for price in prices])


class Seen:
    """What a subscription was told."""

    def __init__(self, model: SyncedModel, pattern: str) -> None:
        self.changes: list[Any] = []
        self.stop = model.sync.subscribe(pattern, self.changes.append)

    @property
    def told(self) -> list[Any]:
        """Where, and what is there: nothing of what is gone."""
        told = [(c.pointer, *(() if c.is_removed else (c.value,))) for c in self.changes]
        self.changes.clear()
        return told


# -- what matches


def test_a_pattern_finds_the_one_cell_that_changed():
    model = board(3, 5)
    seen = Seen(model, "/rows/*/price")

    model.rows[1]["price"] = 4

    (change,) = seen.changes
    assert (change.pointer, change.value, change.old) == ("/rows/1/price", 4, 5)
    assert change.matched == ("1",)
    assert not change.is_removed
    assert repr(change) == "Change('/rows/1/price', value=4, old=5)"


def test_what_does_not_match_is_not_told():
    model = board(3, 5)
    seen = Seen(model, "/rows/*/price")

    model.rows[0]["name"] = "tea"
    model.n = 1
    model.rows[0]["price"] = 3

    assert seen.told == []


def test_a_change_inside_counts_for_what_is_around_it_once_a_statement():
    model = board(3, 5)
    seen = Seen(model, "/rows")

    model.rows[0].update(price=4, name="tea")

    (change,) = seen.changes
    assert change.pointer == "/rows"
    assert change.value is model.rows
    assert change.old is model.rows


def test_the_whole_document_is_the_empty_pattern():
    model = board()
    seen = Seen(model, "")

    model.n = 1

    ((pointer, value),) = seen.told
    assert pointer == ""
    assert value["n"] == 1


def test_a_change_above_counts_for_what_was_there_and_for_what_is():
    model = board(1, 2)
    seen = Seen(model, "/table/*/price")

    model.table = {"a": {"price": 1}, "b": {"name": "no price"}}
    assert seen.told == [("/table/a/price", 1)]

    model.table["b"] = {"price": 2}
    assert seen.told == [("/table/b/price", 2)]

    del model.table["a"]
    assert seen.told == [("/table/a/price",)]

    model.table.clear()
    assert seen.told == [("/table/b/price",)]


def test_what_is_removed_brings_what_it_was():
    model = board(3, 5)
    seen = Seen(model, "/rows/*/price")

    del model.rows[0]

    (change,) = seen.changes
    assert (change.pointer, change.value, change.old, change.is_removed) == ("/rows/0/price", None, 3, True)
    assert repr(change) == "Change('/rows/0/price', removed, old=3)"


def test_an_insertion_is_told_where_it_is_and_not_for_what_it_moved():
    model = board(1, 2, 3)
    seen = Seen(model, "/rows/*")

    model.rows.insert(1, {"price": 9})

    assert seen.told == [("/rows/1", {"price": 9})]


def test_a_change_is_told_where_it_is_when_the_batch_ends():
    model = board(1, 2, 3)
    seen = Seen(model, "/rows/*/price")

    with batch():
        model.rows[2]["price"] = 30
        model.rows.insert(0, {"price": 0})
        del model.rows[1]
        model.rows[2]["price"] = 31

    assert sorted(seen.told) == [("/rows/0/price", 0), ("/rows/1/price",), ("/rows/2/price", 31)]


def test_what_came_and_went_in_one_batch_is_not_told():
    model = board(1)
    seen = Seen(model, "/rows/*/price")

    with batch():
        model.rows.append({"price": 2})
        model.rows.pop()
        model.table["a"] = 1
        del model.table["a"]

    assert seen.told == []


def test_an_element_in_the_place_of_another_one_is_one_change():
    model = board(1, 2)
    seen = Seen(model, "/rows/*")

    with batch():
        model.rows.pop(0)
        model.rows.insert(0, {"price": 3})

    (change,) = seen.changes
    assert (change.pointer, change.value, change.old) == ("/rows/0", {"price": 3}, {"price": 1})


def test_elements_that_change_places_are_told_where_they_are():
    model = board(3, 1, 2)
    seen = Seen(model, "/rows/*/price")

    model.rows.sort(key=lambda row: row["price"])

    assert seen.told == [("/rows/2/price", 3)]


def test_numbers_that_name_members_of_a_dict_are_no_places_in_a_list():
    model = Board(table={"1": {"x": 1}, "2": {"x": 2}})
    seen = Seen(model, "/table/*/x")

    with batch():
        model.table["2"]["x"] = 20
        del model.table["1"]
        model.table["0"] = {"x": 0}

    assert sorted(seen.told) == [("/table/0/x", 0), ("/table/1/x",), ("/table/2/x", 20)]


def test_so_many_insertions_into_one_list_count_as_assigning_it():
    model = board(*range(300))
    seen = Seen(model, "/rows/*/price")

    with batch():
        for row in model.rows:
            row["price"] += 1
        for _ in range(100):
            model.rows.insert(0, {"price": -1})

    assert seen.told == [(f"/rows/{place}/price", row["price"]) for place, row in enumerate(model.rows)]


def test_models_in_a_model_are_watched_from_both():
    tree = Tree(leaves=[Leaf(price=1), Leaf(price=2)])
    leaf = tree.leaves[1]
    above, below, prices = (
        Seen(tree, "/leaves/*"),
        Seen(leaf, "/price"),
        Seen(tree, "/leaves/*/price"),
    )

    leaf.price = 3

    assert above.told == [("/leaves/1", leaf)]
    assert prices.told == [("/leaves/1/price", 3)]
    assert below.told == [("/price", 3)]

    tree.leaves.pop()
    (gone,) = above.changes
    assert gone.is_removed
    assert gone.old is leaf
    assert prices.told == [("/leaves/1/price",)]


def test_what_is_computed_is_told_when_what_it_is_made_of_changes():
    class Sum(SyncedModel):
        rows: list[dict] = []

        @computed
        def total(self) -> int:
            return sum(row["price"] for row in self.rows)

    model = Sum(rows=[{"price": 1}])
    seen = Seen(model, "/total")
    target = board()
    model.sync.dlink("/total", target, "/n")
    waiting = model.sync.wait("/total", lambda total: total > 9)

    model.rows[0]["price"] = 2
    with batch():
        model.rows.append({"price": 3})
        model.rows.append({"price": 4})

    assert seen.told == [("/total", 2), ("/total", 9)]
    assert target.n == 9
    model.rows.pop()
    model.rows[0]["price"] = 20
    assert waiting.result() == 23


def test_containers_in_a_tuple_are_watched_too():
    model = Board(pair=(1, [2]))
    seen = Seen(model, "/pair/1/*")

    model.pair[1].append(3)

    assert seen.told == [("/pair/1/1", 3)]


def test_points_that_are_added_to_an_array_change_the_array():
    np = pytest.importorskip("numpy")
    model = Board(table={"signal": np.zeros(2)})
    seen = Seen(model, "/table/*")

    model.table["signal"] = append(model.table["signal"], [1.0])

    ((pointer, value),) = seen.told
    assert pointer == "/table/signal"
    assert value.tolist() == [0, 0, 1]


def test_a_star_that_is_meant_is_written_as_an_escape():
    model = Board(table={"*": 1, "a": 2, "~2": 3})
    seen = Seen(model, "/table/~2")

    model.table.update({"*": 10, "a": 20, "~2": 30})
    assert seen.told == [("/table/*", 10)]

    assert parse_pattern("/~02/*/a*b/~1~2") == ("~2", None, "a*b", "/*")
    assert parse_pattern("") == ()


def test_a_pattern_that_could_never_match_is_refused():
    model = board()

    with pytest.raises(
        TargetNotFound, match=r"^Cannot watch '/price': Board has no member 'price'; it has 'n'"
    ):
        model.sync.subscribe("/price", print)
    with pytest.raises(PointerError):
        model.sync.subscribe("rows", print)
    with pytest.raises(PointerError):
        model.sync.subscribe("/rows/~3", print)
    assert model._document.listeners == []


rows = st.lists(st.integers(0, 3), max_size=5)


@given(
    rows,
    st.lists(
        st.tuples(st.sampled_from(["set", "insert", "pop", "assign", "sort"]), st.integers(0, 5), rows),
        max_size=6,
    ),
)
def test_every_value_that_is_another_one_is_told_where_it_is_at_the_end(prices, acts):
    model = board(*prices)
    seen = Seen(model, "/rows/*/price")
    held = [*model.rows]
    before = {id(row): row["price"] for row in held}

    with batch():
        for act, place, more in acts:
            here = place % (len(model.rows) or 1)
            if act == "insert":
                model.rows.insert(place, {"price": place})
            elif act == "assign":
                model.rows = [{"price": price} for price in more]
            elif act == "sort":
                model.rows.sort(key=lambda row: row["price"])
            elif model.rows and act == "pop":
                model.rows.pop(here)
            elif model.rows:
                model.rows[here]["price"] = place

    pointers = [change.pointer for change in seen.changes]
    assert len(set(pointers)) == len(pointers)
    for change in seen.changes:
        if not change.is_removed:
            assert change.value == model.rows[int(change.matched[0])]["price"]
    told = {int(change.matched[0]) for change in seen.changes if not change.is_removed}
    for place, row in enumerate(model.rows):
        assert place in told or before[id(row)] == row["price"]


# -- who is told, and when


def test_an_act_is_told_once_it_is_whole():
    model = board(1, 2)
    heard = []
    model.sync.subscribe("/rows", lambda change: heard.append(model.sync.snapshot()["rows"]))

    with batch():
        model.rows[0]["price"] = 10
        model.rows[1]["price"] = 20

    assert heard == [[{"price": 10}, {"price": 20}]]


def test_an_edit_of_a_page_is_told():
    model = board(1, 2)
    seen = Seen(model, "/rows/*/price")
    kernel = Kernel(model)
    page = kernel.page("p1")
    page.hello()

    page.put("/rows/1/price", 7)

    assert seen.told == [("/rows/1/price", 7)]


def test_what_a_callback_changes_is_told_afterwards():
    model = board()
    heard: list[Any] = []

    def follow(change: Any) -> None:
        heard.append(("n", change.value))
        model.title = f"{change.value}"
        heard.append("end")

    model.sync.subscribe("/n", follow)
    model.sync.subscribe("/title", lambda change: heard.append(("title", change.value)))
    model.n = 1

    assert heard == [("n", 1), "end", ("title", "1")]


def test_each_is_told_whatever_another_one_raises():
    model = board()
    heard = []

    def complain(change: Any) -> None:
        raise ValueError("no")

    model.sync.subscribe("/n", lambda change: heard.append("first"))
    model.sync.subscribe("/n", complain)
    model.sync.subscribe("/n", lambda change: heard.append("last"))

    with pytest.raises(ValueError, match="no"):
        model.n = 1
    assert heard == ["first", "last"]
    assert model.n == 1


def test_no_lock_is_held_while_a_callback_runs():
    model = board()

    def change_from_another_thread(change: Any) -> None:
        if change.value == 1:
            with running(lambda: setattr(model, "title", "Tea")):
                pass

    model.sync.subscribe("/n", change_from_another_thread)
    model.n = 1

    assert model.title == "Tea"


def test_a_subscription_ends_when_it_is_called_or_left():
    model = board()
    seen = Seen(model, "/n")
    heard = []

    with model.sync.subscribe("/n", heard.append) as subscription:
        model.n = 1
        assert subscription.is_active
    seen.stop()
    seen.stop()
    model.n = 2

    assert [change.value for change in heard] == [1]
    assert [change.value for change in seen.changes] == [1]
    assert model._document.listeners == []


def test_a_subscription_that_another_callback_ends_is_not_told_any_more():
    model = board()
    heard: list[Any] = []
    model.sync.subscribe("/n", lambda change: later())
    later = model.sync.subscribe("/n", heard.append)

    model.n = 1

    assert heard == []


class Owner:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, change: Any) -> None:
        self.heard.append(change.value)


def test_a_weak_callback_is_called_as_long_as_its_owner_is_there():
    model, owner = board(), Owner()
    heard = owner.heard
    model.sync.subscribe("/n", owner.hear, weak=True)

    model.n = 1
    del owner
    gc.collect()
    model.n = 2

    assert heard == [1]
    assert model._document.listeners == []


def test_a_callback_is_kept_unless_it_is_weak():
    model, owner = board(), Owner()
    heard = owner.heard
    model.sync.subscribe("/n", owner.hear)

    del owner
    gc.collect()
    model.n = 2

    assert heard == [2]


def test_what_nobody_has_cannot_be_held_weakly():
    with pytest.raises(TypeError, match=r"^Cannot hold .* weakly: it is no method of Python code; "):
        board().sync.subscribe("/n", [].append, weak=True)


def test_a_model_that_is_watched_goes_when_nobody_has_it():
    model: Any = board(1)
    model.sync.subscribe("/n", model.set_trait)  # a method of its own: a circle
    stream = model.sync.changes("/n")
    waiting = model.sync.wait("/n")
    gone = weakref.ref(model)

    del model, stream, waiting
    gc.collect()

    assert gone() is None


def test_ten_thousand_rows_cost_nothing_when_one_cell_changes():
    model = board(*range(10_000))
    model.sync.subscribe("/rows/*/price", lambda change: None)

    def best(rows: Any) -> float:
        times = []
        for number in range(200):
            start = time.perf_counter()
            rows[-1]["price"] = -number - 1
            times.append(time.perf_counter() - start)
        return min(times)

    small = board(1)
    small.sync.subscribe("/rows/*/price", lambda change: None)
    assert best(model.rows) < 5 * best(small.rows)


# -- streams


def test_a_stream_gives_changes_of_any_thread_in_order():
    model = board(1, 2)

    async def read() -> list[Any]:
        stream = model.sync.changes("/rows/*/price")
        thread = threading.Thread(target=change)
        thread.start()
        async with aclosing(stream):
            heard = [await anext(stream) for _ in range(2)]
        thread.join()
        return heard

    def change() -> None:
        model.rows[1]["price"] = 20
        time.sleep(0.05)
        model.rows[0]["price"] = 10

    start = time.monotonic()
    heard = asyncio.run(asyncio.wait_for(read(), PATIENCE))
    assert time.monotonic() - start < PATIENCE / 2  # nothing but the change woke the loop
    assert [(c.pointer, c.value) for c in heard] == [("/rows/1/price", 20), ("/rows/0/price", 10)]
    assert model._document.listeners == []


def test_what_is_not_read_and_changes_again_is_one_change():
    model = board()

    async def read() -> list[Any]:
        stream = model.sync.changes("/*")
        model.n = 1
        model.title = "Tea"
        model.n = 2
        return [await anext(stream) for _ in range(2)]

    first, second = asyncio.run(read())
    assert (first.pointer, first.old, first.value) == ("/n", 0, 2)
    assert second.value == "Tea"


def test_a_stream_ends_with_the_model():
    model = board()

    async def read() -> list[Any]:
        asyncio.get_running_loop().call_later(0.01, model.sync.close)
        model_changes = model.sync.changes("/n")
        model.n = 1
        return [change.value async for change in model_changes]

    assert asyncio.run(asyncio.wait_for(read(), PATIENCE)) == [1]
    with pytest.raises(SessionClosed, match=r"^Cannot watch '/n': this model was closed; make another one$"):
        model.sync.changes("/n")


def test_a_stream_whose_task_is_cancelled_is_dropped():
    model = board()

    async def read() -> None:
        async for _ in model.sync.changes("/n"):
            pass

    async def cancel() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    gc.collect()
    model.n = 1
    assert model._document.listeners == []


def test_who_reads_too_slowly_is_told_so(monkeypatch):
    monkeypatch.setattr("syncstate.watching.UNREAD", 3)
    model = board()

    async def read() -> None:
        stream = model.sync.changes("/table/*")
        for name in "abcde":
            model.table[name] = 1
        await anext(stream)

    with pytest.raises(
        SyncStateError, match=r"^Cannot keep up with '/table/\*': changes of 3 locations wait"
    ):
        asyncio.run(read())
    assert model._document.listeners == []


# -- waiting


def test_who_blocks_gets_the_value_that_another_thread_put_there():
    model = board()

    with running(lambda: [setattr(model, "n", n) for n in range(9)]):
        assert model.sync.wait("/n", lambda n: n > 3, timeout=PATIENCE).result() > 3
    assert model._document.listeners == []


def test_who_awaits_gets_the_value_that_another_thread_put_there():
    model = board()

    async def wait() -> Any:
        thread = threading.Timer(0.01, lambda: setattr(model, "n", 4))
        thread.start()
        return await model.sync.wait("/n", lambda n: n > 3, timeout=PATIENCE)

    assert asyncio.run(wait()) == 4
    assert model._document.listeners == []


def test_what_holds_already_is_not_waited_for():
    assert board().sync.wait("/n", lambda n: n == 0).result() == 0


def test_without_a_predicate_the_next_change_ends_it():
    model = board()
    waiting = model.sync.wait("/n")

    model.n = 1
    model.n = 2

    assert waiting.result() == 1


def test_a_location_that_is_not_there_yet_is_waited_for():
    model = board()
    waiting = model.sync.wait("/table/*", lambda value: True)

    model.table["a"] = 1
    model.table["*"] = 2

    assert waiting.result() == 2


def test_what_is_removed_is_not_what_was_waited_for():
    model = Board(table={"a": 1})
    waiting = model.sync.wait("/table/a", lambda value: value != 1)

    del model.table["a"]
    model.table["a"] = 2

    assert waiting.result() == 2


def test_what_is_computed_is_up_to_date_when_it_is_first_looked_at():
    class Double(SyncedModel):
        n: int = 0

        @computed
        def twice(self) -> int:
            return 2 * self.n

    model = Double(n=1)
    model.sync.subscribe("/n", lambda change: None)
    assert model.twice == 2
    with batch():
        model.n = 2
        waiting = model.sync.wait("/twice", lambda value: True)

    assert waiting.result() == 4


def test_a_time_out_says_what_was_waited_for():
    sentence = r"^Cannot wait longer for '/n': 0.01 s are over$"
    model = board()

    with pytest.raises(TimeoutError, match=sentence):
        model.sync.wait("/n", timeout=0.01).result()

    async def wait() -> None:
        await model.sync.wait("/n", timeout=0.01)

    with pytest.raises(TimeoutError, match=sentence):
        asyncio.run(wait())
    assert model._document.listeners == []


def test_what_a_predicate_raises_is_raised_where_it_was_waited():
    model = board()
    waiting = model.sync.wait("/n", lambda n: 1 / (1 - n))
    assert waiting.result() == 0

    waiting = model.sync.wait("/title", lambda title: {}[title] if title == "Tea" else False)
    model.title = "Tea"
    with pytest.raises(KeyError, match="Tea"):
        waiting.result()


def test_a_model_that_is_closed_ends_the_waiting():
    model = board()
    waiting = model.sync.wait("/n")

    model.sync.close()

    with pytest.raises(SessionClosed, match=r"^Cannot wait for '/n': the model was closed meanwhile$"):
        waiting.result()
    with pytest.raises(SessionClosed, match=r"^Cannot wait for '/n': this model was closed; "):
        model.sync.wait("/n")


def test_who_would_block_for_ever_is_told_why():
    model = board()
    raised: list[str] = []

    def block(change: object = None) -> None:
        with pytest.raises(SyncStateError) as error:
            model.sync.wait("/title").result()
        raised.append(str(error.value))

    async def block_the_loop() -> None:
        block()

    with model.sync.subscribe("/n", block):
        model.n = 1
    with batch():
        block()
    asyncio.run(block_the_loop())

    sentence = "Cannot block until '/title' changes: "
    assert raised == [
        sentence + "this is a callback, and until it returns nobody is told of anything else; wait elsewhere",
        sentence + "this is a batch, and until it ends nobody is told of anything; wait after it",
        sentence + "the event loop of this thread would stand still; await it instead; or give a timeout if "
        "another thread makes the change",
    ]


def test_who_would_await_in_a_batch_is_told_why():
    model = board()

    async def wait() -> None:
        with batch():
            await model.sync.wait("/n")

    with pytest.raises(SyncStateError, match=r"^Cannot wait until '/n' changes: this is a batch, "):
        asyncio.run(wait())


def test_a_loop_that_blocks_with_a_timeout_is_served_by_other_threads():
    model = board()

    async def block() -> Any:
        with running(lambda: setattr(model, "n", 1)):
            return model.sync.wait("/n", lambda n: n == 1, timeout=PATIENCE).result()

    assert asyncio.run(block()) == 1
