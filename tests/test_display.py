"""What a model puts into a notebook."""

# ruff: noqa: RUF012 # the mutable defaults of a model are copied for each instance

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import syncstate.link
from syncstate import SyncedModel, batch, synced
from syncstate.display import EMBED_LIMIT, MIME_TYPE, as_html, as_text
from syncstate.sources import locate
from tests.support import Comms


class Board(SyncedModel):
    title: str = "Sales"
    rows: list[Any] = []
    any: Any = None
    status: str = synced("idle", read_only=True)


@pytest.fixture(autouse=True)
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comms]:
    comms = Comms()
    monkeypatch.setattr("comm.create_comm", comms.create_comm)
    monkeypatch.setattr("comm.get_comm_manager", lambda: comms.manager)
    monkeypatch.setattr(syncstate.link, "_kernel_link", None)
    known = list(syncstate.link._pacer._calls)
    yield comms
    syncstate.link._pacer._calls = known


def test_a_model_is_shown_as_its_state_and_as_two_static_forms():
    board = Board(rows=[1])
    bundle = board._repr_mimebundle_()

    assert bundle.keys() == {MIME_TYPE, "text/html", "text/plain"}
    assert bundle[MIME_TYPE] == {
        "protocol": 1,
        "model": board.sync.key,
        "epoch": board._document.authority.epoch,
        "version": 0,
        "class": "Board",
        "read_only": ["status"],
        "document": {"title": "Sales", "rows": [1], "any": None, "status": "idle"},
        "schema": board.sync.schema(),
    }
    assert bundle["text/plain"] == repr(board) == "Board(title='Sales', rows=[1], any=None, status='idle')"


def test_what_is_shown_is_of_its_version_and_does_not_change_with_the_model():
    board = Board()
    first = board._repr_mimebundle_()
    board.rows.append({"a": 1})
    second = board._repr_mimebundle_()

    assert (first[MIME_TYPE]["version"], first[MIME_TYPE]["document"]["rows"]) == (0, [])
    assert (second[MIME_TYPE]["version"], second[MIME_TYPE]["document"]["rows"]) == (1, [{"a": 1}])


def test_a_model_that_is_shown_inside_a_batch_has_no_document_since_it_is_ahead_of_its_version():
    board = Board()
    board._repr_mimebundle_()

    with batch():
        board.title = "Mine"
        bundle = board._repr_mimebundle_()

    assert "document" not in bundle[MIME_TYPE]
    assert "Mine" in bundle["text/plain"]


def test_the_state_is_stored_in_the_output_up_to_a_limit():
    small, large = Board(any="x" * (EMBED_LIMIT - 200)), Board(any="x" * EMBED_LIMIT)

    assert len(json.dumps(small._repr_mimebundle_()[MIME_TYPE]["document"])) <= EMBED_LIMIT
    assert "document" not in large._repr_mimebundle_()[MIME_TYPE]
    assert large._repr_mimebundle_()[MIME_TYPE]["model"] == large.sync.key


def test_a_state_with_bytes_is_not_stored_since_json_has_none():
    bundle = Board(any={"raw": b"\x00"})._repr_mimebundle_()

    json.dumps(bundle)
    assert "document" not in bundle[MIME_TYPE]
    assert "b'\\x00'" in bundle["text/plain"]


HOSTILE = "<script>alert('&\"')</script>"


def test_everything_in_the_html_form_is_escaped():
    hostile = types.new_class("Board<script>", (Board,))

    for value in (
        HOSTILE,
        [HOSTILE],
        {HOSTILE: HOSTILE},
        [[HOSTILE] * 50],
        [{HOSTILE: [HOSTILE]}],
        [HOSTILE * 50] * 9,
    ):
        html = hostile(title=HOSTILE, any=value)._repr_mimebundle_()["text/html"]

        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_the_html_form_has_a_line_for_each_member_and_says_what_it_leaves_out():
    html = as_html("Board", {"a/b": "x", "empty": [], "rows": list(range(9)), "row": {"x": {"y": "é" * 80}}})

    assert html.splitlines() == [
        "<pre><code>Board",
        "  a/b    &#x27;x&#x27;",
        "  empty  []",
        "  rows   0: 0",
        "         1: 1",
        "         2: 2",
        "         3: 3",
        "         4: 4",
        "         … 4 more",
        f"  row    x: {{&#x27;y&#x27;: &#x27;{'é' * 80}&#x27;}}</code></pre>",
    ]
    assert as_html("Empty", {}) == "<pre><code>Empty</code></pre>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (None, "None"),
        ("a", "'a'"),
        ([1, 2], "[1, 2]"),
        ({"a": 1}, "{'a': 1}"),
        (list(range(100)), "[100 elements]"),
        (["x" * 70], "[1 element]"),
        ({str(name): name for name in range(100)}, "{100 members}"),
        ({"a": "x" * 70}, "{1 member}"),
        ("x" * 58, "'" + "x" * 58 + "'"),
        ("x" * 59, "'" + "x" * 58 + "…"),
    ],
)
def test_the_text_form_is_one_line_and_short(value, text):
    assert as_text("Board", {"n": value}) == f"Board(n={text})"


# -- sources


def test_a_view_s_module_and_style_may_be_text():
    class Viewed(Board):
        _esm = "export default { render() {} };"
        _css = ".a { color: red }"

    view = Viewed()._repr_mimebundle_()[MIME_TYPE]

    assert (view["esm"], view["css"]) == (Viewed._esm, Viewed._css)


def test_a_view_s_module_and_style_may_be_files_beside_the_module_or_where_the_notebook_is(
    tmp_path, monkeypatch
):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "view.js").write_text("export default 'beside';")
    (tmp_path / "view.js").write_text("export default 'here';")
    (tmp_path / "view.css").write_text("/* é */", encoding="utf-8")
    module = types.ModuleType("a_package_of_views")
    module.__file__ = str(tmp_path / "package" / "__init__.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)

    class Viewed(Board):
        __module__ = module.__name__
        _esm = "view.js"
        _css = Path("view.css")

    view = Viewed()._repr_mimebundle_()[MIME_TYPE]
    assert (view["esm"], view["css"]) == ("export default 'beside';", "/* é */")
    (tmp_path / "package" / "view.js").write_text("export default 'changed';")
    assert Viewed()._repr_mimebundle_()[MIME_TYPE]["esm"] == "export default 'changed';"
    (tmp_path / "package" / "view.js").unlink()
    assert Viewed()._repr_mimebundle_()[MIME_TYPE]["esm"] == "export default 'here';"


def test_a_view_that_is_not_there_is_an_error_that_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Viewed(Board):
        _esm = "missing.js"

    with pytest.raises(FileNotFoundError) as error:
        Viewed()._repr_mimebundle_()

    assert str(error.value).startswith("Cannot read the view 'missing.js': there is no file ")
    assert repr(str(tmp_path / "missing.js")) in str(error.value)
    assert repr(str(Path(__file__).parent / "missing.js")) in str(error.value)


@pytest.mark.parametrize(
    ("source", "suffixes"),
    [
        (None, (".js",)),
        ("", (".js",)),
        ("export default {}", (".js",)),
        ("// see view.js\nexport default {}", (".js",)),
        ("export default {}\nimport './view.js'", (".js",)),
        ("import {x} from 'https://example.org/view.js", (".js",)),
        (".a { background: url(x.css)", (".css",)),
    ],
)
def test_a_text_that_is_no_path_is_taken_as_it_is(source, suffixes):
    assert locate(source, suffixes, "nowhere") == source


@pytest.mark.parametrize("state", [{"__proto__": 1}, {"rows": [{"a": {"__proto__": {}}}]}])
def test_a_name_that_jupyterlab_would_lose_keeps_the_state_out_of_the_output(state):
    class Board(SyncedModel):
        any: Any = None

    assert "document" not in Board(any=state)._repr_mimebundle_()[MIME_TYPE]
    assert "document" in Board(any={"constructor": 1})._repr_mimebundle_()[MIME_TYPE]
