"""Actions: what a page may call, how it is checked, where it runs, and what the page hears of it."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import asyncio
import enum
import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any, Literal, TypedDict

import numpy
import pytest

from syncstate import CallError, Cancelled, SyncedModel, action, batch, limits, progress, synced
from syncstate.messages import read_message
from tests.support import Kernel


class Row(TypedDict):
    name: str
    price: float


class Color(enum.Enum):
    RED = "red"


class Shop(SyncedModel):
    rows: list[dict] = []
    done: int = 0

    @action
    def add(self, name: str, price: float = 1, *sizes: int, is_new: bool = False, **tags: str) -> Any:
        """Add a row."""
        self.rows.append({"name": name, "price": price})
        return [name, price, list(sizes), is_new, tags]

    @action
    def take(self, row: Row, color: Color, pair: tuple[int, str], level: Literal[1, 2] | None = None) -> Any:
        return [type(pair).__name__, isinstance(color, Color), row, level]

    @action
    def give(self, what: str) -> Any:
        return {
            "rows": lambda: self.rows,
            "set": lambda: {"a": [{1}]},
            "cycle": lambda: _cycle(),
            "tuple": lambda: (1, (2, Color.RED)),
            "array": lambda: numpy.arange(3.0),
            "bytes": lambda: b"\x00\xff",
        }[what]()

    @action
    def fail(self, text: str) -> None:
        self.done += 1
        raise LookupError(text)

    @action
    async def wait(self, seconds: float) -> float:
        self.done += 1
        await asyncio.sleep(seconds)
        self.done += 1
        return seconds

    @action(on_main=True)
    def draw(self) -> str:
        return threading.current_thread().name

    def secret(self) -> str:
        return "no page hears it"


class Part(SyncedModel):
    name: str = ""
    secret: str = synced("own", read_only=True)


class Whole(SyncedModel):
    parts: list[Part] = []

    @action
    def add(self, part: Part) -> str:
        self.parts.append(part)
        return part.name


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle.append(cycle)
    return cycle


class Caller:
    """A page that calls actions of one model and waits for what the kernel says."""

    def __init__(self, model: SyncedModel, kernel: Kernel | None = None, name: str = "p1") -> None:
        self.kernel = kernel or Kernel(model)
        self.model = model
        self.page = self.kernel.page(name)
        self._news = threading.Condition()
        receive = self.page.receive

        def hear(*frame: Any) -> None:
            with self._news:
                receive(*frame)
                self._news.notify_all()

        self.page.transport.on_frame = hear

    def call(self, name: str, *arguments: Any, id: str = "1", **more: Any) -> None:
        """Call an action, and do not wait."""
        self.page.send([self.message(name, *arguments, id=id, **more)])

    def message(self, name: str, *arguments: Any, id: str = "1", **more: Any) -> dict[str, Any]:
        key, epoch = self.model.sync.key, self.model._document.authority.epoch
        base = {"type": "call", "model": key, "epoch": epoch, "call": id, "name": name}
        return {**base, "arguments": list(arguments), **more}

    def cancel(self, id: str = "1") -> None:
        self.page.send([{"type": "cancel", "model": self.model.sync.key, "call": id}])

    def result(self, id: str = "1") -> dict[str, Any]:
        """Wait for the result of a call."""

        def found() -> Any:
            return next((each for each in self.heard("result") if each["call"] == id), None)

        with self._news:
            assert self._news.wait_for(found, 30), self.page.heard
            return found()

    def wait_for(self, is_there: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(is_there, 30), self.page.heard

    def heard(self, type_: str) -> list[Any]:
        return [message for message in self.page.heard if message["type"] == type_]

    def value(self, name: str, *arguments: Any, id: str = "1", **more: Any) -> Any:
        """Call an action, wait, and return its value."""
        self.call(name, *arguments, id=id, **more)
        return self.result(id)["value"]

    def error(self, name: str, *arguments: Any, id: str = "1", **more: Any) -> Any:
        """Call an action, wait, and return its error."""
        self.call(name, *arguments, id=id, **more)
        return self.result(id)["error"]


def test_to_python_an_action_is_the_method_that_it_is():
    shop = Shop()

    assert shop.add("tea", 3) == ["tea", 3, [], False, {}]
    assert Shop.add.__doc__ == "Add a row."
    assert inspect.iscoroutinefunction(shop.wait)
    assert asyncio.run(shop.wait(0)) == 0


def test_a_page_calls_an_action_and_gets_its_result_after_what_it_did():
    shop = Shop()
    caller = Caller(shop)

    assert caller.value("add", "tea", 3, 4, 5, keywords={"is_new": True, "tag": "x"}) == [
        "tea",
        3.0,
        [4, 5],
        True,
        {"tag": "x"},
    ]

    assert shop.rows == [{"name": "tea", "price": 3.0}]
    assert caller.page.types()[-2:] == ["patch", "result"]
    assert caller.page.document["rows"] == [{"name": "tea", "price": 3.0}]


def test_arguments_are_converted_by_the_signature():
    caller = Caller(Shop())

    value = caller.value("take", {"name": "tea", "price": 3}, "red", [1, "a"])

    assert value == ["tuple", True, {"name": "tea", "price": 3.0}, None]


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "text", "pointer"),
    [
        ("add", ["tea", "x"], {}, "Cannot call 'add': 'x' cannot be 'price': a number is expected", "/price"),
        ("add", ["tea", 1, 2, "x"], {}, "'x' cannot be 'sizes/1': an integer is expected", "/sizes/1"),
        ("add", ["tea"], {"tag": 3}, "3 cannot be 'tag': a string is expected", "/tag"),
        ("add", [], {}, "missing a required argument: 'name'; it takes (name: str, ", None),
        ("add", ["tea"], {"name": "x"}, "multiple values for argument 'name'", None),
        ("add", ["tea"], {"self": "x"}, "multiple values for argument 'self'", None),
        ("draw", [1], {}, "too many positional arguments; it takes ()", None),
        ("draw", [], {"size": 1}, "got an unexpected keyword argument 'size'", None),
        (
            "take",
            [{"name": "a", "price": "b"}, "red", [1, "a"]],
            {},
            "'b' cannot be 'row/price': a number is expected",
            "/row/price",
        ),
        (
            "take",
            [{"name": "a", "price": 1}, "blue", [1, "a"]],
            {},
            "cannot be 'color': one of 'red'",
            "/color",
        ),
    ],
)
def test_what_the_signature_does_not_take_is_an_error_and_nothing_runs(
    name, arguments, keywords, text, pointer
):
    shop = Shop()

    error = Caller(shop).error(name, *arguments, keywords=keywords)

    assert text in error["text"]
    assert (error["type"], error.get("pointer")) == ("CallError", pointer)
    assert shop.rows == []


@pytest.mark.parametrize(
    "name", ["secret", "rows", "sync", "set_trait", "__init__", "observe", "_document", ""]
)
def test_nothing_but_an_action_can_be_called(name):
    error = Caller(Shop()).error(name)

    assert error == {"type": "CallError", "text": f"Cannot call {name!r}: the model has no such action"}


def test_an_exception_comes_back_with_type_and_text_and_is_logged_with_its_traceback(caplog):
    shop = Shop()

    error = Caller(shop).error("fail", "no tea \ud800")

    assert error == {"type": "LookupError", "text": "no tea \ufffd"}
    (record,) = (record for record in caplog.records if record.name == "syncstate.actions")
    assert record.exc_info
    assert "Cannot finish 'fail'" in record.getMessage()


@pytest.mark.parametrize(
    ("what", "value"),
    [("tuple", [1, [2, "red"]]), ("bytes", b"\x00\xff"), ("rows", [{"name": "tea", "price": 3}])],
)
def test_a_result_is_any_value_of_a_document(what, value):
    assert Caller(Shop(rows=[{"name": "tea", "price": 3}])).value("give", what) == value


def test_a_result_may_be_an_array():
    array = Caller(Shop()).value("give", "array")

    assert isinstance(array, numpy.ndarray)
    assert array.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(("what", "pointer"), [("set", "/a/0"), ("cycle", None)])
def test_a_result_that_cannot_travel_is_an_error_that_says_so(what, pointer):
    error = Caller(Shop()).error("give", what)

    assert error["type"] == "NotSyncable"
    assert "'give' has run, but its result cannot travel" in error["text"]
    assert pointer is None or error["pointer"] == pointer


def test_a_call_that_comes_twice_runs_once():
    shop = Shop()
    caller = Caller(shop)

    caller.value("add", "tea")
    caller.call("add", "tea")
    caller.value("add", "cake", id="2")

    assert [row["name"] for row in shop.rows] == ["tea", "cake"]


def test_actions_of_a_model_run_one_at_a_time_in_order_and_hold_up_nobody_else():
    gate = threading.Event()

    class Slow(SyncedModel):
        order: list[str] = []

        @action
        def go(self, name: str) -> None:
            if name == "first":
                assert gate.wait(30)
            self.order.append(name)

    slow, shop = Slow(), Shop()
    kernel = Kernel(slow, shop)
    one, other = Caller(slow, kernel), Caller(shop, kernel, "p2")

    one.call("go", "first")
    one.call("go", "second", id="2")
    assert other.value("add", "tea") is not None
    one.page.send(one.page.replicas[slow.sync.key].edit([{"op": "add", "path": "/order/-", "value": "edit"}]))
    assert slow.order == ["edit"]
    gate.set()
    one.result("2")

    assert slow.order == ["edit", "first", "second"]


class Line(SyncedModel):
    name: str = ""

    @action
    def rename(self, name: str) -> str:
        self.name = name
        return threading.current_thread().name


class Order(SyncedModel):
    lines: list[Line] = []
    by_name: dict[str, Line] = {}
    plain: list[dict] = []

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._local = Line(name="nobody's")


def test_a_pointer_names_an_action_of_a_model_in_the_model():
    order = Order(lines=[Line(name="a"), Line(name="b")], by_name={"x/y": Line(name="c")})
    caller = Caller(order)

    caller.value("/lines/1/rename", "tea")
    caller.value("/by_name/x~1y/rename", "cake", id="2")

    assert (order.lines[0].name, order.lines[1].name, order.by_name["x/y"].name) == ("a", "tea", "cake")
    assert caller.page.types()[-2:] == ["patch", "result"]
    assert caller.page.document["by_name"] == {"x/y": {"name": "cake"}}


@pytest.mark.parametrize(
    "name",
    [
        "/rename",
        "/lines/rename",
        "/lines/1/rename",
        "/lines/-/rename",
        "/plain/0/rename",
        "/plain/0/append",
        "/_local/rename",
        "/lines/0/name/rename",
        "/lines/0/sync",
        "/lines/0/",
        "lines/0/rename",
        "/lines/0/~",
    ],
)
def test_a_pointer_names_nothing_but_an_action_of_a_model_that_stands_there(name):
    order = Order(lines=[Line(name="a")], plain=[{}])

    error = Caller(order).error(name)

    assert error["text"].startswith(f"Cannot call {name!r}: ") or error["type"] == "PointerError"
    assert order.lines[0].name == "a"


def test_actions_of_a_nested_model_run_one_at_a_time_by_either_name():
    gate, entered = threading.Event(), []

    class Leaf(SyncedModel):
        @action
        def go(self, name: str) -> None:
            entered.append(name)
            assert gate.wait(30)

    class Tree(SyncedModel):
        leaf: Leaf

    leaf = Leaf()
    tree = Tree(leaf=leaf)
    kernel = Kernel(tree, leaf)
    above, beside = Caller(tree, kernel), Caller(leaf, kernel, "p2")

    above.call("/leaf/go", "first")
    beside.call("go", "second")
    while not entered:
        threading.Event().wait(0.001)
    assert entered == ["first"]
    gate.set()
    above.result()
    beside.result()

    assert entered == ["first", "second"]


def test_progress_reaches_the_page_while_the_action_runs():
    gate = threading.Event()

    class Study(SyncedModel):
        done: int = 0

        @action
        def fit(self) -> None:
            for place in progress(range(4), "fitting"):
                self.done = place
                if place == 2:
                    assert gate.wait(30)
            progress(None, "writing")

    caller = Caller(Study())
    caller.call("fit")

    caller.wait_for(lambda: any(each["value"] == 0.5 for each in caller.heard("progress")))
    assert caller.heard("result") == []
    gate.set()
    caller.result()

    assert [(each["value"], each.get("text")) for each in caller.heard("progress")] == [
        *((part, "fitting") for part in (0, 0.25, 0.5, 0.75, 1)),
        (None, "writing"),
    ]


def test_what_was_reported_between_two_flushes_is_sent_once_and_the_last_before_the_result():
    class Study(SyncedModel):
        @action
        def fit(self) -> str:
            for _ in progress(range(1000)):
                pass
            return "done"

    study = Study()
    kernel = Kernel(study, wake=lambda: None)
    caller = Caller(study, kernel)
    while kernel.link._outbox:  # the page says hello for what it hears of
        kernel.link.flush()

    caller.call("fit")
    while not kernel.link._outbox:
        pass
    kernel.link.flush()

    assert caller.result()["value"] == "done"
    assert [each["value"] for each in caller.heard("progress")] == [1]
    assert caller.page.types()[-2:] == ["progress", "result"]


def test_a_text_of_progress_that_no_encoder_takes_is_told_all_the_same():
    class Study(SyncedModel):
        @action
        def fit(self) -> None:
            progress(None, "reading \ud800")

    caller = Caller(Study())
    caller.call("fit")
    caller.result()

    assert [each["text"] for each in caller.heard("progress")] == ["reading \ufffd"]


def test_progress_outside_an_action_tells_nobody():
    progress(0.5, "reading")

    assert list(progress(iter("ab"))) == ["a", "b"]


@pytest.mark.parametrize("done", [30, -0.1, float("nan")])
def test_progress_goes_from_0_to_1(done):
    with pytest.raises(ValueError, match="it goes from 0 to 1"):
        progress(done)


def test_a_page_takes_back_a_call_and_progress_raises_there():
    begun, ended, gate = threading.Event(), threading.Event(), threading.Event()

    class Study(SyncedModel):
        @action
        def fit(self) -> None:
            begun.set()
            assert gate.wait(30)
            try:
                for _ in range(100):
                    try:
                        progress(0.5)
                    except Exception:
                        continue
            except Cancelled:
                ended.set()
                raise

    caller = Caller(Study())
    caller.call("fit")
    caller.call("fit", id="2")
    assert begun.wait(30)

    caller.cancel("2")
    caller.cancel()
    gate.set()

    assert caller.result()["error"] == {"type": "Cancelled", "text": "'fit' was cancelled"}
    assert caller.result("2")["error"]["text"] == "'fit' was cancelled before it began"
    assert ended.is_set()


def test_nobody_takes_back_the_call_of_another_page():
    shop = Shop()
    kernel = Kernel(shop)
    caller, other = Caller(shop, kernel), Caller(shop, kernel, "p2")

    async def meanwhile() -> None:
        caller.call("wait", 0.05)
        await asyncio.sleep(0.01)
        other.cancel()
        await asyncio.sleep(0.2)

    asyncio.run(meanwhile())

    assert caller.result()["value"] == 0.05
    assert [each for each in other.heard("result") if each["to"] == "p2"] == []


def test_an_async_action_is_a_task_of_the_loop_and_is_cancelled_as_one():
    shop = Shop()
    caller = Caller(shop)

    async def meanwhile() -> None:
        caller.call("wait", 0.01)
        caller.call("wait", 60, id="2")
        caller.call("wait", 60, id="3")
        caller.cancel("3")
        await asyncio.sleep(0.1)
        caller.cancel("2")
        await asyncio.sleep(0.05)

    asyncio.run(meanwhile())

    assert caller.result()["value"] == 0.01
    assert caller.result("2")["error"] == {"type": "Cancelled", "text": "'wait' was cancelled"}
    assert caller.result("3")["error"] == {"type": "Cancelled", "text": "'wait' was cancelled"}
    assert shop.done == 3


def test_an_async_action_without_a_loop_is_an_error_that_says_so():
    error = Caller(Shop()).error("wait", 1)

    assert error["text"].startswith("Cannot run what is async: no event loop runs here; ")


def test_an_action_for_the_main_thread_runs_there():
    assert Caller(Shop()).value("draw") == threading.main_thread().name


def test_a_call_and_its_result_wait_for_the_end_of_a_batch():
    shop = Shop()
    caller = Caller(shop)
    with batch():
        shop.done = 1
        caller.call("add", "tea")
        assert shop.rows == []

    assert caller.result()["value"]
    assert caller.page.types()[-2:] == ["patch", "result"]
    assert caller.page.document == {"done": 1, "rows": [{"name": "tea", "price": 1}]}


def test_an_action_that_ends_while_a_batch_is_open_is_answered_after_what_it_did():
    gate, opened = threading.Event(), threading.Event()

    class Slow(SyncedModel):
        n: int = 0

        @action
        def go(self) -> None:
            opened.set()
            assert gate.wait(30)
            self.n = 1

    slow = Slow()
    caller = Caller(slow)
    caller.call("go")
    assert opened.wait(30)

    with batch():
        slow.n = 5
        gate.set()
        while slow.n != 1:
            pass
        threading.Event().wait(0.05)
        assert caller.heard("result") == []

    caller.result()
    assert caller.page.types()[-2:] == ["patch", "result"]
    assert caller.page.document == {"n": 1}


def test_a_call_on_another_object_is_not_run():
    shop = Shop()
    caller = Caller(shop)

    caller.page.send([{**caller.message("add", "tea"), "epoch": "other"}])
    error = caller.result()["error"]

    assert error["text"] == "Cannot call 'add': the model was created anew; it was not run"
    assert shop.rows == []


def test_a_call_of_a_model_that_nobody_has_is_answered():
    shop = Shop()
    caller = Caller(shop)
    caller.kernel.link.withdraw(shop._document.authority, "gone")

    error = caller.error("add", "tea")

    assert error["text"].startswith("Cannot call 'add': this kernel has no model ")


def test_a_call_that_cannot_be_read_is_answered_if_it_can_be_told_which_it_is():
    caller = Caller(Shop())
    message = caller.message("add", "tea")

    caller.page.send([{**message, "arguments": "tea"}])
    assert caller.result()["error"]["text"].startswith("Cannot read message 'call': 'arguments' is a string")
    caller.page.send([{**message, "call": "2", "name": "x" * 300}])
    assert "'name' has more than 256 characters" in caller.result("2")["error"]["text"]
    caller.page.send(
        [{**message, "call": 3}, {**message, "call": "y" * 300}, {"type": "cancel", "model": "m"}]
    )
    assert len(caller.heard("result")) == 2


def test_a_page_has_so_many_calls_running_at_most(monkeypatch):
    monkeypatch.setattr(limits, "CALLS", 2)
    gate = threading.Event()

    class Slow(SyncedModel):
        @action
        def go(self) -> int:
            assert gate.wait(30)
            return 1

    caller = Caller(Slow())
    caller.call("go")
    caller.call("go", id="2")

    assert caller.error("go", id="3")["text"] == "Cannot call 'go': 2 calls run already"
    gate.set()
    assert (caller.result()["value"], caller.result("2")["value"]) == (1, 1)
    assert caller.value("go", id="4") == 1


def test_without_threads_an_action_runs_at_once(monkeypatch):
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    caller = Caller(Shop())
    monkeypatch.setattr(threading.Thread, "start", start)

    caller.call("add", "tea")

    assert [each["value"][0] for each in caller.heard("result")] == ["tea"]


def test_system_exit_in_an_action_ends_that_one_alone():
    class Leaving(SyncedModel):
        @action
        def leave(self) -> None:
            raise SystemExit(3)

        @action
        def stay(self) -> int:
            return 1

    caller = Caller(Leaving())
    caller.call("leave")

    assert caller.value("stay", id="2") == 1
    assert caller.result()["error"] == {"type": "SystemExit", "text": "3"}


# -- the class statement


def test_what_cannot_be_answered_is_logged_and_the_next_call_runs(caplog, monkeypatch):
    gate = threading.Event()

    class Slow(SyncedModel):
        @action
        def go(self) -> int:
            assert gate.wait(30)
            return 2

    slow = Slow()
    caller = Caller(slow)
    send, faults = caller.kernel.hub.send, [OSError("the transport broke")]

    def failing(*frame: Any) -> None:
        if faults:
            raise faults.pop()
        send(*frame)

    caller.call("go")
    caller.call("go", id="2")
    monkeypatch.setattr(caller.kernel.hub, "send", failing)
    gate.set()

    assert caller.result("2")["value"] == 2
    assert "Cannot answer a page's call" in caplog.text


def test_an_argument_may_be_a_model_of_which_pages_write_what_they_may():
    whole = Whole()
    caller = Caller(whole)

    assert caller.value("add", {"name": "tea"}) == "tea"
    assert "read-only" in caller.error("add", {"name": "tea", "secret": "theirs"}, id="2")["text"]
    assert [part.secret for part in whole.parts] == ["own"]


def test_an_action_is_inherited_and_overridden_only_as_one():
    class Child(Shop):
        def add(self, *names: str) -> None: ...

        @action
        def secret(self) -> str:
            return "told"

    class Grandchild(Child):
        @action
        def add(self, *names: str) -> int:
            return len(names)

    assert "no such action" in Caller(Child()).error("add")["text"]
    assert Caller(Child()).value("secret") == "told"
    assert Caller(Child()).value("give", "tuple") == [1, [2, "red"]]
    assert Caller(Grandchild()).value("add", "a", "b") == 2
    assert "no such action" in Caller(Shop()).error("secret")["text"]


def test_a_mixin_brings_its_actions():
    class Counting:
        @action
        def count(self, to: int) -> int:
            return to

    class Board(Counting, SyncedModel):
        n: int = 0

    assert "an integer is expected" in Caller(Board()).error("count", "x")["text"]
    assert Caller(Board()).value("count", 3) == 3


def test_what_cannot_be_mapped_is_refused_at_the_class_statement():
    with pytest.raises(
        TypeError,
        match=r"^Cannot make an action of 'f' in Bad: parameter 'x': there is no trait for set; JSON has",
    ):

        class Bad(SyncedModel):
            @action
            def f(self, x: set) -> None: ...

    with pytest.raises(TypeError, match=r"no trait for complex; leave the annotation out"):

        class Odd(SyncedModel):
            @action
            def f(self, x: complex) -> None: ...

    with pytest.raises(
        TypeError, match=r"parameter 'x': its annotation names 'Nothing', which is not defined"
    ):

        class Worse(SyncedModel):
            @action
            def f(self, x: Nothing) -> None: ...  # type: ignore[name-defined] # noqa: F821 # that is the test


@pytest.mark.parametrize("name", ["sync", "observe", "_private"])
def test_a_name_that_is_taken_is_refused(name):
    def method(self: Any) -> None: ...

    with pytest.raises(TypeError, match="choose another"):
        type("Bad", (SyncedModel,), {name: action(method)})


def test_what_is_no_method_is_refused():
    with pytest.raises(TypeError, match="it has no self"):

        class Bad(SyncedModel):
            @action
            def f() -> None: ...  # type: ignore[misc] # that is the test

    with pytest.raises(TypeError, match="it is a staticmethod"):

        class Static(SyncedModel):
            @staticmethod
            @action
            def f() -> None: ...

    with pytest.raises(TypeError, match="it is no method"):
        action(3)  # type: ignore[call-overload] # that is the test


def test_an_error_of_a_call_has_its_facts():
    error = CallError("add", "no", "/price")

    assert (str(error), error.action, error.pointer) == ("Cannot call 'add': no", "add", "/price")


def test_what_the_kernel_says_of_a_call_can_be_read():
    base = {"type": "result", "model": "m", "epoch": "e", "to": "p", "call": "1"}

    assert read_message({**base, "error": {"type": "X", "text": "y"}})
    assert read_message({**base, "type": "progress", "value": 0.5, "text": "t"})


def test_a_plain_comm_carries_calls_too():
    shop = Shop()
    kernel = Kernel()
    kernel.link._is_plain = True
    kernel.models = (shop,)
    kernel.publish(shop)

    assert Caller(shop, kernel).value("add", "tea")[0] == "tea"


def test_logging_is_quiet_about_a_page_s_own_mistake(caplog):
    with caplog.at_level(logging.WARNING):
        Caller(Shop()).error("add")

    assert caplog.records == []
