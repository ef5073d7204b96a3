"""Floor 7. What a model puts into a notebook: a mimebundle.

Beside the MIME type that the extension draws stand two static forms, `text/html` and `text/plain`, for
every place that knows nothing of syncstate: a code host, an export, an untrusted notebook. All text in
them is escaped.
"""

from __future__ import annotations

import sys
from datetime import date, time, timedelta
from html import escape
from pathlib import Path
from typing import Any

from syncstate.arrays import describe, is_array
from syncstate.buffers import detach
from syncstate.document import Failure, Json, JsonObject, weigh
from syncstate.messages import PROTOCOL, Snapshot

MIME_TYPE = "application/vnd.syncstate.view+json"
"""What the JupyterLab extension draws (docs/protocol.md, section 8)."""

EMBED_LIMIT = 2**20
"""Bytes of JSON above which the state is not stored in the output: a notebook is no database."""

_SHOWN = 5
_NAME_WIDTH = 24


def mimebundle(
    name: str, snapshot: Snapshot, *, is_settled: bool = True, esm: str | None = None, css: str | None = None
) -> dict[str, Any]:
    """Return the mimebundle of a model.

    Args:
        name: The name of the model's class.
        snapshot: Its state.
        is_settled: Whether the document is that of its version; inside a batch it is ahead of it.
        esm: The text of its view's ES module, if it has one.
        css: The text of its view's style sheet, if it has one.
    """
    view: dict[str, Any] = {
        "protocol": PROTOCOL,
        "class": name,
        "model": snapshot["model"],
        "epoch": snapshot["epoch"],
        "version": snapshot["version"],
        "read_only": snapshot["read_only"],
    }
    if is_settled and weigh(snapshot["document"], EMBED_LIMIT) <= EMBED_LIMIT:
        state, buffers = detach({"document": snapshot["document"]})
        # an output has no place for bytes; the page asks the kernel
        if not buffers and not _has_proto(state):
            view.update(state)
    if esm is not None:
        view["esm"] = esm
    if css is not None:
        view["css"] = css
    return {
        MIME_TYPE: view,
        "text/html": as_html(name, snapshot["document"]),
        "text/plain": as_text(name, snapshot["document"]),
    }


def as_text(name: str, document: JsonObject) -> str:
    """Return a model's one-line form: `Board(title='Sales', rows=[1461 elements])`."""
    return f"{name}({', '.join(f'{member}={_brief(value)}' for member, value in document.items())})"


def as_html(name: str, document: JsonObject) -> str:
    """Return a model's static form: its members in two columns, everything in it escaped.

    It is text that is laid out, for that is read the same everywhere: a table would need styles, against
    those of Jupyter, which an export or a code host takes away, and would have five times the bytes. And no
    MathJax looks into `pre`: what a page wrote is no formula, some of which are links.
    """
    width = min(max(map(len, document), default=0), _NAME_WIDTH)
    indent = "\n" + " " * (width + 4)
    rows = "".join(
        f"\n  {escape(member.ljust(width))}  {escape(indent.join(_lines(value)))}"
        for member, value in document.items()
    )
    return f"<pre>{escape(name)}{rows}</pre>"


def _has_proto(value: Json) -> bool:
    """Whether JupyterLab would lose a member: its copy of an output makes a prototype of `__proto__`."""
    if isinstance(value, dict):
        return "__proto__" in value or any(map(_has_proto, value.values()))
    return isinstance(value, list) and any(map(_has_proto, value))


def _lines(value: Json) -> list[str]:
    if isinstance(value, (list, dict)) and len(value) > 0:
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        more = [f"… {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
        return [f"{key}: {_brief(member, 100)}" for key, member in items[:_SHOWN]] + more
    return [_brief(value, 1000)]


def _brief(value: Json, width: int = 60) -> str:
    if isinstance(value, (list, dict)) and weigh(value, width) > width:
        noun, brackets = ("element", "[]") if isinstance(value, list) else ("member", "{}")
        return f"{brackets[0]}{len(value)} {noun}{'' if len(value) == 1 else 's'}{brackets[1]}"
    text = f"[{describe(value)}]" if is_array(value) else _text(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _text(leaf: Any) -> str:
    if isinstance(leaf, Failure):
        return f"{leaf.type}: {leaf.text}"
    if isinstance(leaf, (date, time, timedelta)):
        return str(leaf)
    try:
        return repr(leaf)
    except Exception:  # a person's own
        return f"<{type(leaf).__name__}>"


def read_source(source: str | Path | None, suffixes: tuple[str, ...], module: str) -> str | None:
    """Return the text of a view's source, which is text or the path of a file.

    A text of one line that ends like a file's name is a path; a relative one is looked for beside the
    module that defines the class, then in the current directory.

    Raises:
        FileNotFoundError: It is a path, and there is no such file.
    """
    if source is None or (isinstance(source, str) and not _is_path(source, suffixes)):
        return source
    here = getattr(sys.modules.get(module), "__file__", None)
    places = [Path(here).parent / source] if here else []
    places.append(Path(source))
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    looked = " or ".join(repr(str(place.absolute())) for place in places)
    raise FileNotFoundError(f"Cannot read the view {str(source)!r}: there is no file {looked}")


def _is_path(source: str, suffixes: tuple[str, ...]) -> bool:
    return "\n" not in source and "{" not in source and source.strip().endswith(suffixes)
