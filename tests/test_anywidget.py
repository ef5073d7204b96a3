"""Widgets written for anywidget, run by syncstate: what pages see of them, and what pages do to them."""

from __future__ import annotations

import json
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import pytest
import traitlets
from anywidget.experimental import command

from syncstate import SyncStateError
from syncstate.anywidget import WidgetComm, adapt


def to_json(value: Any, widget: Any) -> Any:
    return {"data": memoryview(value), "shape": list(value.shape)}


def from_json(value: Any, widget: Any) -> Any:
    return np.frombuffer(value["data"], dtype=np.float64).reshape(value["shape"])


class Counter(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    _css = ".counter { color: red }"
    count = traitlets.Int(0).tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    _hidden = traitlets.Dict({"deep": [1]}).tag(sync=True)
    signal = traitlets.Any(np.zeros(2)).tag(sync=True, to_json=to_json, from_json=from_json)
    low = traitlets.Int(0).tag(sync=True)
    local = traitlets.Int(0)

    @traitlets.validate("low")
    def _clip(self, proposal: Any) -> int:
        if proposal.value > 100:
            raise traitlets.TraitError("low is not so high")
        return max(proposal.value, 0)

    @command
    def double(self, message: Any, buffers: list[bytes]) -> tuple[Any, list[bytes]]:
        return {"twice": message["n"] * 2}, [bytes(each)[::-1] for each in buffers]


def document(widget: Any) -> Any:
    return widget.sync.snapshot()


def edit(widget: Any, *operations: Any, number: int = 1) -> list[Any]:
    """Have a page edit a widget; return what it alone is answered."""
    authority = widget.sync._document.watch()  # as a model that is shown
    authority.commit()
    answers: list[Any] = []
    message: Any = {
        "type": "edit",
        "model": authority.key,
        "epoch": authority.epoch,
        "base": authority.version,
        "number": number,
        "operations": list(operations),
    }
    authority.receive(message, "p1", answers.extend)
    return answers


def replace(path: str, value: Any) -> Any:
    return {"op": "replace", "path": path, "value": value}


Adapted = adapt(Counter)


# -- to pages


def test_the_synced_traits_of_a_widget_are_a_document():
    widget = Adapted(count=3, rows=[{"a": 1}])

    assert document(widget) == {
        "_anywidget_id": f"{__name__}.Counter",
        "_hidden": {"deep": [1]},
        "count": 3,
        "low": 0,
        "rows": [{"a": 1}],
        "signal": {"data": bytes(16), "shape": [2]},
        "tabbable": None,
        "tooltip": None,
    }


def test_a_class_that_is_adapted_is_a_subclass_of_the_same_name():
    assert issubclass(Adapted, Counter)
    assert (Adapted.__name__, Adapted.__module__) == ("Counter", Counter.__module__)
    assert adapt(Counter) is Adapted
    assert adapt(Adapted) is Adapted


def test_an_assignment_in_python_is_in_the_document():
    widget = Adapted()

    widget.count = 7
    widget.rows = [{"a": 1}]
    widget.signal = np.ones(1)

    assert document(widget)["count"] == 7
    assert document(widget)["rows"] == [{"a": 1}]
    assert document(widget)["signal"] == {"data": np.ones(1).tobytes(), "shape": [1]}


def test_an_instance_becomes_an_adapted_one_itself():
    widget = Counter(count=2)
    first = widget.comm

    assert adapt(widget) is widget

    assert isinstance(widget, Counter)
    assert isinstance(widget.comm, WidgetComm)
    assert first is not widget.comm
    widget.count = 3
    assert document(widget)["count"] == 3
    assert adapt(widget).comm is widget.comm


def test_a_trait_that_is_added_later_is_a_member():
    widget = Adapted()
    document(widget)

    widget.add_traits(extra=traitlets.Unicode("here").tag(sync=True))
    widget.extra = "there"

    assert document(widget)["extra"] == "there"


def test_the_output_bears_the_module_and_the_style_of_the_widget():
    bundle = Adapted()._repr_mimebundle_()

    view = bundle["application/vnd.syncstate.view+json"]
    assert (view["esm"], view["css"], view["css_for_page"]) == (Counter._esm, Counter._css, True)
    assert "application/vnd.jupyter.widget-view+json" not in bundle


def test_a_module_that_is_too_large_for_outputs_is_a_member():
    class Large(anywidget.AnyWidget):
        _esm = "//" + "x" * 2**20 + "\nexport default {}"

    widget = adapt(Large)()
    view = widget._repr_mimebundle_()["application/vnd.syncstate.view+json"]

    assert "esm" not in view
    assert view["esm_at"] == "/_esm"
    assert document(widget)["_esm"] == Large._esm
    assert len(json.dumps(view)) < 2000


def test_a_module_and_a_style_may_be_elsewhere():
    class Far(anywidget.AnyWidget):
        _esm = "https://example.org/module.js"
        _css = "https://example.org/style.css"

    view = adapt(Far)()._repr_mimebundle_()["application/vnd.syncstate.view+json"]

    assert (view["esm"], view["css"]) == (Far._esm, Far._css)


def test_a_trait_that_is_filled_and_emptied_again_is_told_each_time(monkeypatch):
    widget = Adapted()
    seen: list[Any] = []
    monkeypatch.setattr(
        type(widget.sync), "_say", lambda sync, letter: seen.append((letter, sync.snapshot()["rows"]))
    )

    widget.rows = [{"a": 1}]
    widget.rows = [{"a": 2}]
    widget.rows = []

    assert seen == [({}, []), ({}, [{"a": 2}])]


# -- from pages


def test_a_page_s_edit_is_set_and_observed():
    widget = Adapted(rows=[{"a": 1}])
    seen: list[Any] = []
    widget.observe(lambda change: seen.append((change.name, change.new)), ["count", "rows"])

    answers = edit(widget, replace("/count", 5), replace("/rows/0/a", 2))

    assert answers == []
    assert seen == [("count", 5), ("rows", [{"a": 2}])]
    assert (widget.count, widget.rows) == (5, [{"a": 2}])


def test_a_page_s_edit_passes_the_widget_s_own_deserializer():
    widget = Adapted()

    edit(widget, replace("/signal", {"data": np.array([3.0]).tobytes(), "shape": [1]}))

    assert widget.signal.tolist() == [3.0]


def test_what_a_trait_refuses_is_rejected_and_nothing_has_changed():
    widget = Adapted()

    (answer,) = edit(widget, replace("/count", "five"), replace("/low", 1))

    assert (answer["type"], answer["pointer"]) == ("reject", "/count")
    assert "expected an int" in answer["reason"]
    assert (widget.count, widget.low, document(widget)["low"]) == (0, 0, 0)


def test_what_a_validator_makes_of_an_edit_is_in_the_document():
    widget = Adapted(low=5)

    edit(widget, replace("/low", -3))

    assert (widget.low, document(widget)["low"]) == (0, 0)


def test_what_a_validator_refuses_is_taken_back():
    widget = Adapted(low=5)

    edit(widget, replace("/low", 500))

    assert (widget.low, document(widget)["low"]) == (5, 5)


def test_what_an_observer_sets_is_in_the_document():
    widget = Adapted()
    widget.observe(lambda change: setattr(widget, "low", change.new * 2), "count")

    edit(widget, replace("/count", 4))

    assert document(widget)["low"] == 8


def test_an_edit_is_undone_in_the_widget_too():
    widget = Adapted()
    edit(widget, replace("/count", 4))

    authority = widget.sync._document.authority
    undo: Any = {
        "type": "edit",
        "model": authority.key,
        "epoch": authority.epoch,
        "base": authority.version,
        "number": 2,
        "operations": [],
        "undo": True,
    }
    authority.receive(undo, "p1", lambda answers: None)

    assert (widget.count, document(widget)["count"]) == (0, 0)


# -- messages and commands


def test_a_page_s_message_reaches_on_msg_with_its_buffers():
    widget = Adapted()
    heard: list[Any] = []
    widget.on_msg(lambda _, content, buffers: heard.append((content, buffers[0].tobytes())))

    widget.sync._document.hear({"kind": "tick"}, [b"\x01\x02"])

    assert heard == [({"kind": "tick"}, b"\x01\x02")]


def test_send_reaches_the_pages(monkeypatch):
    widget = Adapted()
    sent: list[Any] = []
    monkeypatch.setattr(
        type(widget.sync), "send", lambda _, content, buffers: sent.append((content, buffers))
    )

    widget.send({"n": np.int64(3)}, buffers=[memoryview(b"ab")])

    assert sent == [({"n": 3}, [b"ab"])]


def test_a_command_is_an_action_that_takes_a_message_and_buffers():
    widget = Adapted()
    callee = widget.sync._document.action("double")

    value = callee.prepare([{"n": 4}], {"buffers": [b"ab"]})()

    assert callee.pack(value) == {"response": {"twice": 8}, "buffers": [b"ba"]}
    assert widget.sync._document.action("_clip") is None


# -- the end, and what cannot be


def test_a_widget_that_is_closed_says_so():
    widget = Adapted()
    sync = widget.sync

    widget.close()

    assert sync.is_closed
    with pytest.raises(SyncStateError, match=r"^Cannot show a Counter: it was closed; "):
        _ = widget.sync


def test_what_is_no_widget_is_refused():
    with pytest.raises(TypeError, match=r"^Cannot adapt 7: it is no widget; "):
        adapt(7)


def test_what_has_no_module_is_refused():
    with pytest.raises(TypeError, match=r"^Cannot adapt a FloatSlider: it has no _esm, "):
        adapt(ipywidgets.FloatSlider())
