"""Views whose code changes while they are shown: files that are saved, classes that are defined again."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import syncstate.link
from syncstate import SyncedModel, limits
from syncstate.reload import LOOK, Reloads
from syncstate.sources import Sources, View, is_installed
from tests.support import Kernel

ESM = "export default { render() {} }"


def class_of(esm: Any, css: Any = None, **members: Any) -> type[SyncedModel]:
    members = {"_esm": esm, "_css": css, "__module__": __name__, "__qualname__": "Board", **members}
    return type("Board", (SyncedModel,), members)


class Page:
    """A kernel with a model that is shown, and what its pages are told of views."""

    def __init__(self, *classes: type[SyncedModel]) -> None:
        self.models = [class_() for class_ in classes]
        self.kernel = Kernel(*self.models)
        self.end = self.kernel.hub.join()
        self.reloads = Reloads(self.kernel.link)
        self.reloads._start = lambda shown: None  # type: ignore[method-assign] # each look is ours
        for model in self.models:
            self.show(model)

    def show(self, model: SyncedModel) -> None:
        sources = Sources(model._esm, model._css, type(model).__module__)
        self.reloads.show(type(model), model.sync.key, sources.read())

    def look(self) -> None:
        self.reloads.look()

    def told(self) -> list[Any]:
        sent = [message for frame in self.kernel.hub.ends[0].sent for message in frame["messages"]]
        return [message for message in sent if message["type"] == "view"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "board.js"
    file.write_text(ESM)
    return file


def test_a_file_that_is_saved_is_told_once_to_all_models_of_the_class(file):
    class_ = class_of(str(file))
    page = Page(class_, class_)

    page.look()
    file.write_text(f"// new\n{ESM}")
    for _ in range(4):
        page.look()

    [told] = page.told()
    assert {model["model"] for model in told.pop("models")} == {model.sync.key for model in page.models}
    assert told == {"type": "view", "esm": f"// new\n{ESM}", "file": "board.js"}


def test_a_file_that_is_being_written_is_read_when_it_rests(file):
    page = Page(class_of(file))

    for text in ("", "exp", "export"):
        file.write_text(text)
        page.look()
    assert page.told() == []
    page.look()

    assert [told["esm"] for told in page.told()] == ["export"]


def test_a_file_that_an_editor_replaces_or_deletes_for_a_moment_is_read_when_it_is_there(file):
    page = Page(class_of(file))
    other = file.with_suffix(".tmp")

    other.write_text("// replaced")
    os.replace(other, file)
    page.look()
    page.look()
    file.unlink()
    page.look()
    page.look()
    file.write_text("// again")
    page.look()
    page.look()

    assert [told["esm"] for told in page.told()] == ["// replaced", "// again"]


def test_what_is_saved_unchanged_is_not_told(file):
    page = Page(class_of(file))

    os.utime(file, (1, 1))
    page.look()
    page.look()

    assert page.told() == []


def test_a_style_sheet_is_told_with_the_module_that_stays(file):
    sheet = file.with_suffix(".css")
    sheet.write_text("p { color: red }")
    page = Page(class_of(ESM, str(sheet)))

    sheet.write_text("p { color: blue }")
    page.look()
    page.look()

    [told] = page.told()
    assert (told["esm"], told["css"], "file" in told) == (ESM, "p { color: blue }", False)


def test_a_file_that_is_no_text_leaves_the_view_as_it_is_and_says_so(file, caplog):
    page = Page(class_of(file))

    file.write_bytes(b"\xff\xfe\xff")
    page.look()
    page.look()
    assert page.told() == []
    assert "Cannot reload a view" in caplog.text

    file.write_text("// text")
    page.look()
    page.look()
    assert len(page.told()) == 1


def test_a_class_that_is_defined_again_draws_the_models_of_the_one_before(file):
    page = Page(class_of(ESM))

    page.reloads.redefine(class_of(ESM))
    assert page.told() == []
    page.reloads.redefine(class_of(file))
    assert [told["file"] for told in page.told()] == ["board.js"]

    file.write_text("// followed from now on")
    page.look()
    page.look()
    assert page.told()[-1]["esm"] == "// followed from now on"


def test_classes_that_a_function_makes_have_each_a_view_of_its_own():
    local = {"__qualname__": "make.<locals>.Board"}
    page = Page(class_of(ESM, **local))

    page.reloads.redefine(class_of("// another", **local))

    assert page.told() == []


def test_a_page_that_comes_later_is_told_what_is_new_and_another_is_not(file):
    page = Page(class_of(file))
    [model] = page.models
    hello = {"type": "hello", "model": model.sync.key}

    page.kernel.link.receive({"protocol": 1, "replica": "d2", "seq": 1, "messages": [hello]})
    assert page.told() == []
    page.reloads.link.draw([model.sync.key], View("// new", None, None))
    page.kernel.link.receive({"protocol": 1, "replica": "e7", "seq": 1, "messages": [hello]})

    assert [(told["esm"], told.get("to")) for told in page.told()] == [("// new", None), ("// new", "e7")]


def test_a_model_that_is_closed_is_told_nothing_and_its_files_are_looked_at_no_longer(file):
    page = Page(class_of(file))

    page.kernel.link.withdraw(page.models[0]._document.authority, "closed")
    file.write_text("// new")
    page.look()
    page.look()

    assert page.told() == []
    assert page.reloads._shown == {}


def test_files_of_packages_are_not_looked_at_unless_somebody_says_so(tmp_path, monkeypatch):
    file = tmp_path / "site-packages" / "board.js"
    file.parent.mkdir()
    file.write_text(ESM)
    assert is_installed(file)

    def files(**members: Any) -> list[Path]:
        [shown] = Page(class_of(file, **members)).reloads._shown.values()
        return shown.files

    assert files() == []
    assert files(_reload=True) == [file]
    monkeypatch.setenv("SYNCSTATE_RELOAD", "1")
    assert files() == [file]
    assert files(_reload=False) == []
    monkeypatch.setenv("SYNCSTATE_RELOAD", "0")
    assert files(_reload=True) == []


def test_a_view_that_is_too_long_is_refused_where_it_is_shown(monkeypatch):
    monkeypatch.setattr(limits, "VIEW", 10)

    with pytest.raises(ValueError, match=r"^Cannot read the view: it has more than 10 characters; "):
        Sources(ESM, None, "nowhere").read()


@pytest.fixture
def kernel_link(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(syncstate.link, "_kernel_link", kernel.link)
    return kernel


def test_a_thread_looks_while_a_view_of_a_file_is_shown_and_ends_with_it(file, kernel_link):
    model = class_of(file)()
    plain = class_of(ESM, __qualname__="Plain")()
    end = kernel_link.hub.join()

    others = lookers()  # for what other tests have shown

    plain._repr_mimebundle_()
    assert lookers() == others
    model._repr_mimebundle_()
    assert len(lookers()) == len(others) + 1
    file.write_text("// saved")
    wait_until(lambda: any("view" in str(frame) for frame in kernel_link.hub.ends[0].sent))
    model.sync.close()

    wait_until(lambda: not set(lookers()) - set(others))
    assert end is not None


def lookers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "syncstate-reload"]


def wait_until(is_so: Any) -> None:
    end = time.monotonic() + 20 * LOOK
    while not is_so() and time.monotonic() < end:
        time.sleep(LOOK / 10)
    assert is_so()


def test_to_show_one_more_costs_a_look_at_that_one_and_forgets_those_that_are_gone(monkeypatch):
    class_ = class_of(ESM)
    page = Page(class_)
    asked: list[str] = []
    is_carried = page.kernel.link.is_carried
    monkeypatch.setattr(page.kernel.link, "is_carried", lambda key: asked.append(key) or is_carried(key))

    def show(count: int) -> list[SyncedModel]:
        shown = [class_() for _ in range(count)]
        for model in shown:
            page.kernel.publish(model)
            page.show(model)
        return shown

    gone = show(100)
    assert len(asked) < 1000  # each some times, not each each time

    for model in gone:
        page.kernel.link.withdraw(model._document.watch(), "it is closed")
    kept = show(150)

    keys = page.reloads._shown[f"{__name__}.Board"].keys
    assert {model.sync.key for model in kept} < keys
    assert len(keys) < 160
