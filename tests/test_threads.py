"""Models that several threads use at once: nobody waits for ever, and nothing is lost."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import traitlets

from syncstate import SyncedModel, SyncStateError, batch, exchanges, on_main
from syncstate.document import same
from tests.support import PATIENCE, Kernel, Page, TellingLock, Told, frame, running, stacks


class Board(SyncedModel):
    n: int = 0
    m: int = 0
    title: str = "Sales"
    rows: list[dict] = []


def together(*works: Callable[[], object]) -> None:
    """Run works in threads that begin at the same moment."""
    barrier = threading.Barrier(len(works))

    def beginning(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: (barrier.wait(PATIENCE), work())

    with running(*map(beginning, works)):
        pass


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Let threads take turns as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def edit(model: SyncedModel, *operations: Any, number: int = 1, replica: str = "p1") -> dict[str, Any]:
    """A frame with an edit against the version of now."""
    authority = model._document.watch()
    message = {"type": "edit", "model": authority.key, "epoch": authority.epoch, "base": authority.version}
    return frame({**message, "number": number, "operations": list(operations)}, replica=replica)


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def by_hand(*models: SyncedModel) -> Kernel:
    """A kernel that flushes when it is told to, as one with a pacer does in a thread of its own."""
    return Kernel(*models, wake=lambda: None)


def listening(kernel: Kernel, *models: SyncedModel) -> Page:
    """A page that has the state of now."""
    page = Page(kernel.hub.join(), "listener", *(model.sync.key for model in models))
    page.hello()
    kernel.link.flush()  # which also says that the models are there: the page says hello again
    kernel.link.flush()
    return page


# -- two models that write into each other


def a_pair_that_judges_by_writing_into_each_other() -> tuple[Board, Board]:
    """Two models; the validator of each writes into the other one while both validators run."""
    meeting = threading.Barrier(2)

    class Judged(Board):
        other: Any = traitlets.Any()

        @traitlets.validate("n")
        def check(self, proposal):
            meeting.wait(PATIENCE)
            self.other.title = f"{proposal['value']}"
            meeting.wait(PATIENCE)
            return proposal["value"]

    one, two = Judged(), Judged()
    one.other, two.other = two, one
    return one, two


def test_validators_of_two_models_may_write_into_each_other_at_the_same_time():
    one, two = a_pair_that_judges_by_writing_into_each_other()
    kernel = by_hand(one, two)
    page = listening(kernel, one, two)

    together(
        lambda: kernel.link.receive(edit(one, put("/n", 1), replica="p1")),
        lambda: kernel.link.receive(edit(two, put("/n", 2), replica="p2")),
    )
    kernel.link.flush()

    assert (one.n, one.title, two.n, two.title) == (1, "2", 2, "1")
    assert [same(page.replicas[m.sync.key].document, m.sync.snapshot()) for m in (one, two)] == [True, True]


def test_validators_that_python_s_own_patches_ask_may_write_into_each_other_s_models():
    one, two = a_pair_that_judges_by_writing_into_each_other()

    together(lambda: one.sync.apply([put("/n", 1)]), lambda: two.sync.apply([put("/n", 2)]))

    assert (one.n, one.title, two.n, two.title) == (1, "2", 2, "1")


def test_observers_of_two_models_may_write_into_each_other_at_the_same_time():
    one, two = Board(), Board()
    meeting = threading.Barrier(2)
    kernel = by_hand(one, two)

    def write_to(model: Board) -> Callable[[Any], None]:
        def observer(change: Any) -> None:
            meeting.wait(PATIENCE)
            model.title = f"{change.new}"
            model.rows.append({"n": change.new})
            meeting.wait(PATIENCE)

        return observer

    one.observe(write_to(two), "n")
    two.observe(write_to(one), "n")

    together(
        lambda: kernel.link.receive(edit(one, put("/n", 1), replica="p1")),
        lambda: kernel.link.receive(edit(two, put("/n", 2), replica="p2")),
    )

    assert (one.title, one.rows, two.title, two.rows) == ("2", [{"n": 2}], "1", [{"n": 1}])


def test_a_validator_may_take_a_lock_under_which_others_change_the_model():
    # a log handler that shows records in a model, say: it holds its lock while it appends
    lock = threading.Lock()
    is_judging, is_held = threading.Event(), threading.Event()

    class Judged(Board):
        @traitlets.validate("n")
        def check(self, proposal):
            is_judging.set()
            assert is_held.wait(PATIENCE)
            with lock:
                return proposal["value"]

    model = Judged()
    kernel = by_hand(model)

    def log() -> None:
        assert is_judging.wait(PATIENCE)
        with lock:
            is_held.set()
            model.rows.append({"line": 1})

    together(log, lambda: kernel.link.receive(edit(model, put("/n", 1))))

    assert (model.n, model.rows) == (1, [{"line": 1}])


def test_the_keys_that_two_lists_are_sorted_by_may_change_each_other_s_models():
    one, two = Board(rows=[{"x": 2}, {"x": 1}]), Board(rows=[{"x": 2}, {"x": 1}])
    meeting = threading.Barrier(2)

    def key_in(model: Board) -> Callable[[Any], Any]:
        def key(row: Any) -> Any:
            meeting.wait(PATIENCE)
            model.n += 1
            meeting.wait(PATIENCE)
            return row["x"]

        return key

    together(lambda: one.rows.sort(key=key_in(two)), lambda: two.rows.sort(key=key_in(one)))

    assert one.rows == two.rows == [{"x": 1}, {"x": 2}]
    assert (one.n, two.n) == (2, 2)


def test_a_list_that_its_key_changes_is_not_sorted():
    model = Board(rows=[{"x": 2}, {"x": 1}])

    def key(row: Any) -> Any:
        model.rows.append({"x": 0})
        return row["x"]

    with pytest.raises(ValueError, match=r"^list modified during sort$"):
        model.rows.sort(key=key)

    assert model.rows[:2] == [{"x": 2}, {"x": 1}]


def test_a_list_that_another_thread_changes_while_it_is_sorted_is_sorted_with_the_change():
    model = Board(rows=[{"x": 2}, {"x": 1}])
    told = Told(model)
    is_sorting, may_go_on = threading.Event(), threading.Event()

    def key(row: Any) -> Any:
        is_sorting.set()
        assert may_go_on.wait(PATIENCE)
        return row["x"]

    with running(lambda: model.rows.sort(key=key)):
        assert is_sorting.wait(PATIENCE)
        model.rows.append({"x": 0})
        may_go_on.set()

    assert model.rows == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert told.document["rows"] == model.rows


def test_batches_over_the_same_models_in_different_orders_do_not_wait_for_each_other(eager_switches):
    models = [Board(), Board(), Board()]
    kernel = by_hand(*models)
    page = listening(kernel, *models)
    rounds = 200

    def work(order: list[Board]) -> Callable[[], None]:
        def mutate() -> None:
            for count in range(rounds):
                with batch():
                    for model in order:
                        model.n = count
                        model.rows.append({"n": count})

        return mutate

    def edits() -> None:
        for number in range(1, rounds + 1):
            for model in models:
                kernel.link.receive(edit(model, put("/title", f"{number}"), number=number, replica="p2"))

    together(
        work(models),
        work(models[::-1]),
        work([models[1], models[2], models[0]]),
        edits,
        lambda: [kernel.link.flush() for _ in range(rounds)],
    )
    kernel.link.flush()

    for model in models:
        assert len(model.rows) == 3 * rounds
        assert model.title == f"{rounds}"
        assert same(page.replicas[model.sync.key].document, model.sync.snapshot())


def test_models_that_are_linked_may_be_written_at_both_ends_at_once(eager_switches):
    one, two = Board(), Board()
    traitlets.link((one, "n"), (two, "n"))
    kernel = by_hand(one, two)
    page = listening(kernel, one, two)

    def assign(model: Board) -> Callable[[], None]:
        def work() -> None:
            for count in range(300):
                with contextlib.suppress(
                    traitlets.TraitError
                ):  # traitlets' own link minds what others assign
                    model.n = count

        return work

    def edits() -> None:
        for number in range(1, 300):
            kernel.link.receive(edit(one, put("/n", -number), number=number))
            kernel.link.receive(edit(two, put("/n", -number), number=number))

    together(assign(one), assign(two), edits, lambda: [kernel.link.flush() for _ in range(300)])
    kernel.link.flush()

    assert [same(page.replicas[m.sync.key].document, m.sync.snapshot()) for m in (one, two)] == [True, True]


# -- while validators are asked


class Slow(SyncedModel):
    """A model whose validator takes as long as the test wants, and makes of a value what the test wants."""

    n: int = 0
    title: str = "Sales"
    rows: list[dict] = []

    def __init__(self, **values: Any) -> None:
        self.is_asked, self.may_answer = threading.Event(), threading.Event()
        self.answers: list[Any] = []
        self.asked: list[Any] = []
        super().__init__(**values)
        self.asked.clear()

    @traitlets.validate("n", "rows")
    def check(self, proposal):
        self.asked.append(proposal["value"])
        if threading.current_thread() is not threading.main_thread():
            self.is_asked.set()
            assert self.may_answer.wait(PATIENCE)
        return self.answers.pop(0)(proposal["value"]) if self.answers else proposal["value"]


@contextmanager
def asked(kernel: Kernel, model: Slow, *operations: Any, **named: Any) -> Iterator[None]:
    """Send an edit; in the block its validator is being asked."""
    with running(lambda: kernel.link.receive(edit(model, *operations, **named))):
        assert model.is_asked.wait(PATIENCE), stacks()
        try:
            yield
        finally:
            model.may_answer.set()


def test_while_a_validator_takes_its_time_all_else_goes_on():
    model, other = Slow(), Board()
    kernel = by_hand(model, other)
    page = listening(kernel, model, other)

    with asked(kernel, model, put("/n", 5)):
        kernel.link.receive(edit(other, put("/n", 1), replica="p2"))
        model.title = "Meanwhile"
        kernel.link.flush()
        late = listening(kernel, model)

        assert page.replicas[other.sync.key].document["n"] == 1
        assert page.replicas[model.sync.key].document["title"] == "Meanwhile"
        assert late.document == {"n": 0, "title": "Meanwhile", "rows": []}
    kernel.link.flush()

    assert page.replicas[model.sync.key].document["n"] == late.document["n"] == model.n == 5


def test_an_edit_that_comes_while_another_one_is_judged_waits_for_it():
    model = Slow()
    kernel = by_hand(model)
    page = listening(kernel, model)
    known = len(page.heard)

    with asked(kernel, model, put("/n", 5)):
        kernel.link.receive(edit(model, put("/n", 6), put("/title", "Second"), replica="p2"))
        kernel.link.receive(edit(model, put("/title", "Third"), replica="p3"))
        assert (model.n, model.title) == (0, "Sales")
    kernel.link.flush()

    assert (model.n, model.title) == (6, "Third")
    patches = [(message["replica"], message["number"]) for message in page.heard[known:]]
    assert patches == [("p1", 1), ("p2", 1), ("p3", 1)]


def test_an_edit_that_is_sent_again_while_it_is_judged_happens_once():
    model = Slow()
    kernel = by_hand(model)
    again = edit(model, {"op": "add", "path": "/rows/-", "value": {"id": 1}})

    with asked(kernel, model, {"op": "add", "path": "/rows/-", "value": {"id": 1}}):
        kernel.link.receive(again)

    assert model.rows == [{"id": 1}]
    assert len(model.asked) == 1


def test_an_edit_waits_for_a_batch_that_was_opened_while_it_was_judged():
    model = Slow()
    kernel = by_hand(model)
    page = listening(kernel, model)

    with asked(kernel, model, put("/n", 5)), ExitStack() as stack:
        stack.enter_context(batch())
        model.title = "Inside"
        with running(lambda: None):
            model.may_answer.set()
        kernel.link.flush()
        assert model.n == 0
        assert page.document["title"] == "Sales"
    kernel.link.flush()

    assert model.n == 5
    assert same(page.document, model.sync.snapshot())


def test_what_changed_beside_an_edit_while_it_was_judged_stays():
    model = Slow(rows=[{"id": 1}, {"id": 2}])
    kernel = by_hand(model)
    page = listening(kernel, model)

    with asked(kernel, model, put("/rows/1/id", 22)):
        model.rows.insert(0, {"id": 0})
    kernel.link.flush()

    assert model.rows == [{"id": 0}, {"id": 1}, {"id": 22}]
    assert len(model.asked) == 1
    assert same(page.document, model.sync.snapshot())


def test_an_edit_inside_what_was_replaced_while_it_was_judged_is_refused():
    model = Slow(rows=[{"id": 1}])
    kernel = by_hand(model)
    page = listening(kernel, model)

    with asked(kernel, model, put("/rows/0/id", 11)):
        model.rows[0] = {"id": 2}
    kernel.link.flush()

    assert model.rows == [{"id": 2}]
    assert page.heard[-1]["type"] == "reject"
    assert same(page.document, model.sync.snapshot())


def test_a_validator_that_made_something_else_of_a_list_is_asked_again_when_the_list_has_changed():
    model = Slow(rows=[{"id": 3}, {"id": 1}])
    first = model.rows[0]
    kernel = by_hand(model)
    page = listening(kernel, model)
    model.answers = [lambda rows: sorted(rows, key=lambda row: row["id"])] * 2

    with asked(kernel, model, put("/rows/1/id", 2)):
        model.answers, answers = [], model.answers  # the mutation below asks nobody
        model.rows.append({"id": 0})
        model.answers = answers
    kernel.link.flush()

    assert model.rows == [{"id": 0}, {"id": 2}, {"id": 3}]
    assert model.rows[2] is first
    assert [[row["id"] for row in rows] for rows in model.asked] == [[3, 2], [3, 2, 0]]
    assert same(page.document, model.sync.snapshot())


def test_an_edit_is_refused_when_its_member_is_another_one_after_each_question():
    model = Slow(rows=[{"id": 0}])
    kernel = by_hand(model)
    page = listening(kernel, model)

    def change(rows: Any) -> Any:
        model.rows.append({"id": len(model.rows)})
        return [*rows, {"id": -1}]

    model.answers = [change] * 1000
    model.may_answer.set()
    kernel.link.receive(edit(model, put("/rows/0/id", 5)))
    kernel.link.flush()

    reject: Any = page.heard[-1]
    assert reject["type"] == "reject"
    assert reject["reason"] == (
        "Cannot apply the edit of '/rows': "
        "it changed again and again while its validators were asked; try again"
    )
    assert model.rows[0] == {"id": 0}
    assert same(page.document, model.sync.snapshot())


def test_what_a_validator_does_to_a_proposal_that_it_refuses_has_not_happened():
    class Strict(Board):
        is_strict = False

        @traitlets.validate("rows")
        def check(self, proposal):
            if self.is_strict:
                for row in proposal["value"]:
                    row["seen"] = True
                raise traitlets.TraitError("no")
            return proposal["value"]

    model = Strict(rows=[{"id": 1}, {"id": 2}])
    model.is_strict = True
    kernel = by_hand(model)

    kernel.link.receive(edit(model, put("/rows/0/id", 5)))

    assert model.rows == [{"id": 1}, {"id": 2}]


def test_what_a_validator_puts_right_in_the_proposal_happens():
    class Rounded(Board):
        @traitlets.validate("rows")
        def check(self, proposal):
            for row in proposal["value"]:
                row["x"] = round(row["x"])
            return proposal["value"]

    model = Rounded(rows=[{"x": 1}, {"x": 2}])
    kernel = by_hand(model)
    page = listening(kernel, model)
    kept = model.rows[1]

    kernel.link.receive(edit(model, put("/rows/0/x", 5.4)))
    kernel.link.flush()

    assert model.rows == [{"x": 5}, {"x": 2}]
    assert model.rows[1] is kept
    assert same(page.document, model.sync.snapshot())


def is_free_for_others(model: SyncedModel) -> bool:
    """Whether another thread can change a model right now."""
    changing = threading.Thread(target=lambda: setattr(model, "title", "Changed"), daemon=True)
    changing.start()
    changing.join(2)
    return not changing.is_alive()


class Asking(traitlets.Int):
    """A trait type of the user's own."""

    def validate(self, obj, value):
        if isinstance(obj, SyncedModel) and "seen" in vars(obj):
            vars(obj)["seen"].append(is_free_for_others(obj))
        return super().validate(obj, value)


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        (Asking(), 1),
        (traitlets.List(Asking()), [1]),
        (traitlets.Dict(Asking()), {"a": 1}),
        (traitlets.Dict(per_key_traits={"a": Asking()}), {"a": 1}),
        (traitlets.Tuple(Asking(), default_value=(0,)), [1]),
        (traitlets.Union([traitlets.Unicode(), Asking()]), 1),
        (traitlets.List(traitlets.List(Asking())), [[1]]),
    ],
    ids=["itself", "in a list", "in a dict", "under a key", "in a tuple", "in a union", "deep"],
)
def test_a_trait_type_of_the_user_s_own_is_asked_while_no_lock_is_held(trait, value):
    model = type("Own", (Board,), {"own": trait.tag(sync=True)})()
    kernel = by_hand(model)
    seen = vars(model)["seen"] = []

    kernel.link.receive(edit(model, put("/own", value)))

    assert seen
    assert all(seen)
    assert same(model.sync.snapshot()["own"], value)


def test_a_default_of_the_user_s_own_is_made_while_no_lock_is_held():
    seen: list[bool] = []

    class Lazy(Board):
        x: int = 0

        @traitlets.default("x")
        def make(self):
            seen.append(is_free_for_others(self))
            return 1

    for look in (
        lambda model: model.sync.snapshot(),
        lambda model: model.sync.apply([]),
        lambda model: model.sync.version,
        lambda model: by_hand(model),
    ):
        look(Lazy(title="Made"))

    assert seen == [True] * 4


def test_an_interrupt_while_a_validator_is_asked_leaves_the_model_open_to_the_next_edit():
    class Interrupted(Board):
        @traitlets.validate("n")
        def check(self, proposal):
            if proposal["value"] == 1:
                raise KeyboardInterrupt
            return proposal["value"]

    model = Interrupted()
    kernel = by_hand(model)

    with pytest.raises(KeyboardInterrupt):
        kernel.link.receive(edit(model, put("/n", 1)))
    kernel.link.receive(edit(model, put("/n", 2), replica="p2"))

    assert model.n == 2


# -- what observers see


def test_an_observer_sees_the_document_after_the_whole_edit():
    model = Board()
    seen: list[Any] = []
    model.observe(
        lambda change: seen.append((change.name, model.n, model.m, model.sync.snapshot())), ["n", "m"]
    )
    kernel = by_hand(model)

    kernel.link.receive(edit(model, put("/n", 1), put("/m", -1), put("/rows", [{"x": 1}])))

    after = {"n": 1, "m": -1, "title": "Sales", "rows": [{"x": 1}]}
    assert seen == [("n", 1, -1, after), ("m", 1, -1, after)]


def test_a_snapshot_never_shows_half_of_an_edit_whatever_other_threads_do(eager_switches):
    model = Board()
    kernel = by_hand(model)
    sums: list[int] = []

    def look(_: Any) -> None:
        document: Any = model.sync.snapshot()
        sums.append(document["n"] + document["m"])

    model.observe(look, ["n", "m"])

    def edits(replica: str) -> Callable[[], None]:
        def work() -> None:
            for number in range(1, 200):
                kernel.link.receive(
                    edit(model, put("/n", number), put("/m", -number), number=number, replica=replica)
                )

        return work

    def patches() -> None:
        for number in range(200):
            model.sync.apply([put("/m", number), put("/n", -number)])

    together(edits("p1"), edits("p2"), patches)

    assert len(sums) > 200
    assert set(sums) == {0}


def test_who_changes_a_model_just_before_a_patch_is_applied_has_told_its_observers_when_the_statement_ends(
    monkeypatch,
):
    model = Board()
    document = model._document
    lock = document.lock = document.authority.lock = TellingLock(document.lock)  # type: ignore[assignment]
    seen: list[Any] = []
    model.observe(lambda change: seen.append(change.name), "rows")
    is_changed, is_applying = threading.Event(), threading.Event()
    rows, settle, exchange = model.rows, document.settle, exchanges._make_exchanges

    def late_settle() -> None:
        if threading.current_thread() is not threading.main_thread():
            is_changed.set()
            assert is_applying.wait(PATIENCE)
        settle()

    def slow_exchange(*arguments: Any) -> None:
        lock.is_asked.clear()
        is_applying.set()
        assert lock.is_asked.wait(PATIENCE)
        exchange(*arguments)

    def change() -> None:
        rows.append({"x": 1})
        assert seen == ["rows"]

    monkeypatch.setattr(type(document), "settle", lambda _: late_settle())
    monkeypatch.setattr(exchanges, "_make_exchanges", slow_exchange)
    with running(change):
        assert is_changed.wait(PATIENCE)
        model.sync.apply([put("/n", 1)])


# -- many threads, one model


def test_two_threads_that_assign_one_trait_at_the_same_time_leave_it_live(monkeypatch):
    model = Board()
    told = Told(model)
    document = model._document
    meeting = threading.Barrier(2)
    store = document.store

    def store_together(_: Any, *arguments: Any) -> None:
        meeting.wait(PATIENCE)  # both values were taken, none is stored
        store(*arguments)

    monkeypatch.setattr(type(document), "store", store_together)

    def assign(name: str) -> Callable[[], None]:
        def work() -> None:
            model.rows = [{"by": name}]

        return work

    together(assign("a"), assign("b"))
    monkeypatch.undo()
    model.rows[0]["by"] = "c"
    model.rows.append({"by": "d"})

    assert model.rows == [{"by": "c"}, {"by": "d"}]
    assert told.document == model.sync.snapshot()


def mutate(model: Board, chance: random.Random) -> None:
    """Do one thing to a model, with whatever the other threads have left of it."""
    rows, x = model.rows, chance.randrange(1000)
    try:
        match chance.randrange(10):
            case 0:
                model.n = x
            case 1:
                rows.append({"x": x, "in": [x]})
            case 2:
                rows.insert(chance.randrange(len(rows) + 1), {"x": x, "in": []})
            case 3 if len(rows) > 8:
                rows.pop(chance.randrange(len(rows)))
            case 4:
                model.rows = [{"x": x, "in": [x, {"y": x}]}, *rows[:6]]
            case 5:
                rows.sort(key=lambda row: row["x"])
            case 6:
                model.sync.apply(
                    [put("/n", x), put("/rows/0/x", x), {"op": "add", "path": "/rows/0/in/-", "value": x}]
                )
            case 7:
                with batch():
                    model.m = x
                    rows[chance.randrange(len(rows))]["x"] = x
                    rows.reverse()
            case 8:
                rows[chance.randrange(len(rows))]["in"].append(x)
            case _:
                rows[chance.randrange(len(rows))]["x"] = x
    except (IndexError, LookupError, ValueError):
        pass  # another thread has just taken it away


@pytest.mark.parametrize("is_judged", [False, True], ids=["plain", "with validators"])
def test_many_threads_that_do_anything_to_one_model_and_its_pages_end_with_the_same(
    eager_switches, is_judged
):
    class Judged(Board):
        @traitlets.validate("n", "rows")
        def check(self, proposal):
            return proposal["value"]

    model = (Judged if is_judged else Board)(rows=[{"x": 0, "in": []}])
    told = Told(model)
    kernel = by_hand(model)
    pages = [Page(kernel.hub.join(), name, model.sync.key) for name in ("p1", "p2")]
    for page in pages:
        page.hello()
    kernel.link.flush()

    def work(seed: int) -> Callable[[], None]:
        chance = random.Random(seed)
        return lambda: [mutate(model, chance) for _ in range(1000)]

    def edits() -> None:
        chance = random.Random(5)
        for count in range(150):
            for page in pages:
                size = len(page.document["rows"])
                choices = [
                    put("/n", count),
                    {"op": "add", "path": "/rows/-", "value": {"x": count, "in": []}},
                ]
                if size:
                    choices.append(put(f"/rows/{chance.randrange(size)}/x", count))
                page.edit(chance.choice(choices))
            kernel.link.flush()

    together(*(work(seed) for seed in range(4)), edits)
    while any(page.pending for page in pages):
        kernel.link.flush()
    kernel.link.flush()

    assert same(told.document, model.sync.snapshot())
    for page in pages:
        assert same(page.document, model.sync.snapshot())
        # else a patch did not apply, and a snapshot covered that up
        assert all(trouble.operations for trouble in page.troubles)


# -- what outlives a batch


def test_a_task_that_outlives_the_batch_it_was_begun_in_is_not_held_by_it():
    model = Board()
    kernel = by_hand(model)
    page = listening(kernel, model)
    patches: list[Any] = []
    model.sync.on_patch(lambda patch: patches.append(patch.patch))

    async def later() -> None:
        model.n = 1
        with batch():
            model.n = 2
            model.m = 2

    async def main() -> None:
        with batch():
            task = asyncio.create_task(later())
        await task

    together(lambda: asyncio.run(main()))  # the main thread may have a loop of its own
    kernel.link.flush()

    assert patches == [[put("/n", 1)], [put("/n", 2), put("/m", 2)]]
    assert same(page.document, model.sync.snapshot())


# -- the main thread


def test_on_main_calls_at_once_on_the_main_thread():
    called: list[Any] = []

    future = on_main(lambda *arguments, **named: called.append((arguments, named)) or 7, 1, two=2)

    assert called == [((1,), {"two": 2})]
    assert future.result(0) == 7


def test_what_a_function_raises_on_the_main_thread_is_logged_and_is_the_future_s(caplog):
    failure = ZeroDivisionError("no")

    def fail() -> None:
        raise failure

    future = on_main(fail)

    assert future.exception(0) is failure
    (record,) = caplog.records
    assert record.getMessage().startswith("Cannot finish <function ")
    assert record.exc_info[1] is failure


def test_an_interrupt_on_the_main_thread_goes_on():
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_main(interrupt)


def test_on_main_says_what_to_do_where_no_kernel_runs():
    failures: list[Any] = []

    def work() -> None:
        with pytest.raises(
            SyncStateError, match=r"^Cannot call a function on the main thread: no kernel "
        ) as told:
            on_main(print)
        failures.append(told)

    together(work)

    assert len(failures) == 1


class Loop:
    """An event loop's one method that counts here."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def add_callback(self, call: Callable[[], None]) -> None:
        self.calls.append(call)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The event loop of a kernel's main thread."""
    loop = Loop()

    class Kernel:
        io_loop = loop

        @classmethod
        def initialized(cls) -> bool:
            return True

        @classmethod
        def instance(cls) -> Kernel:
            return cls()

    module = types.ModuleType("ipykernel.kernelbase")
    module.Kernel = Kernel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ipykernel.kernelbase", module)
    return loop


def test_on_main_hands_over_to_the_loop_of_the_kernel(loop):
    futures: list[Any] = []
    threads: list[Any] = []

    together(lambda: futures.append(on_main(lambda: threads.append(threading.current_thread()) or 5)))
    assert not futures[0].done()
    for call in loop.calls:
        call()

    assert futures[0].result(0) == 5
    assert threads == [threading.main_thread()]


def test_what_was_cancelled_in_time_is_not_called(loop):
    called: list[Any] = []
    cancelled: list[bool] = []

    together(lambda: cancelled.append(on_main(called.append, 1).cancel()))
    for call in loop.calls:
        call()

    assert cancelled == [True]
    assert called == []
