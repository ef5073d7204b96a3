"""Floor 7. What a model puts into a notebook: a mimebundle.

Beside the MIME type that the extension draws stand two static forms, `text/html` and `text/plain`, for
every place that knows nothing of syncstate: a code host, an export, an untrusted notebook. All text in
them is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from datetime import date, time, timedelta
from html import escape
from itertools import islice
from typing import Any

from syncstate.arrays import describe, is_array
from syncstate.buffers import detach
from syncstate.document import Failure, Json, JsonObject, weigh
from syncstate.messages import PROTOCOL, Snapshot
from syncstate.sources import View

MIME_TYPE = "application/vnd.syncstate.view+json"
"""What the JupyterLab extension draws (docs/protocol.md, section 8)."""

EMBED_LIMIT = 2**20
"""Bytes of JSON above which the state is not stored in the output: a notebook is no database."""

_SHOWN, _MEMBERS = 5, 100
_NAME_WIDTH = 24


def mimebundle(
    name: str,
    snapshot: Snapshot,
    *,
    is_settled: bool = True,
    drawn_by: View | None = None,
    schema: JsonObject | None = None,
    view: str | None = None,
    seeds: Sequence[JsonObject] = (),
    text: str | None = None,
) -> dict[str, Any]:
    """Return the mimebundle of a model.

    Args:
        name: The name of the model's class.
        snapshot: Its state.
        is_settled: Whether the document is that of its version; inside a batch it is ahead of it.
        drawn_by: What draws it, if that is no view of ours.
        schema: What its types say, for the form that is shown where it has no view.
        view: The name of the view of ours that draws it, if it is not the tree.
        seeds: Those of other models that are seen in it.
        text: Its static form, where that is not its members.
    """
    bundle: dict[str, Any] = {
        "protocol": PROTOCOL,
        "class": name,
        **seed(snapshot, EMBED_LIMIT if is_settled else 0),
    }
    told = None if schema is None or _has_proto(schema) else schema
    code = {} if drawn_by is None else drawn_by._asdict()
    more = {**code, "schema": told, "view": view, "models": [*seeds] or None}
    bundle.update({member: value for member, value in more.items() if value is not None})
    if text is None:
        static = as_html(name, snapshot["document"]), as_text(name, snapshot["document"])
    else:
        static = f"<pre>{escape(text)}</pre>", text
    return {MIME_TYPE: bundle, "text/html": static[0], "text/plain": static[1]}


def seed(snapshot: Snapshot, limit: int) -> JsonObject:
    """Return what an output keeps of a model: which one it is, and its state up to a limit of bytes."""
    kept: JsonObject = {
        "model": snapshot["model"],
        "epoch": snapshot["epoch"],
        "version": snapshot["version"],
        "read_only": [*snapshot["read_only"]],
    }
    if limit > 0 and weigh(snapshot["document"], limit) <= limit:
        state, buffers = detach({"document": snapshot["document"]})
        # an output has no place for bytes; the page asks the kernel
        if not buffers and not _has_proto(state):
            kept.update(state)
    return kept


def as_text(name: str, document: JsonObject) -> str:
    """Return a model's one-line form: `Board(title='Sales', rows=[1461 elements])`."""
    texts = [f"{member}={_brief(value)}" for member, value in islice(document.items(), _MEMBERS)]
    return f"{name}({', '.join([*texts, *_more(document, _MEMBERS)])})"


def as_html(name: str, document: JsonObject) -> str:
    """Return a model's static form: its members in two columns, everything in it escaped.

    It is text that is laid out, for that is read the same everywhere: a table would need styles, against
    those of Jupyter, which an export or a code host takes away, and would have five times the bytes. In an
    export `pre` has the font of text, and `code` its own. And no MathJax looks into them: what a page wrote
    is no formula, some of which are links.
    """
    shown = dict(islice(document.items(), _MEMBERS))
    width = min(max(map(len, shown), default=0), _NAME_WIDTH)
    indent = "\n" + " " * (width + 4)
    rows = "".join(
        f"\n  {escape(member.ljust(width))}  {escape(indent.join(_lines(value)))}"
        for member, value in shown.items()
    )
    rest = "".join(f"\n  {text}" for text in _more(document, _MEMBERS))
    return f"<pre><code>{escape(name)}{rows}{rest}</code></pre>"


def _has_proto(value: Json) -> bool:
    """Whether JupyterLab would lose a member: its copy of an output makes a prototype of `__proto__`."""
    if isinstance(value, dict):
        return "__proto__" in value or any(map(_has_proto, value.values()))
    return isinstance(value, list) and any(map(_has_proto, value))


def _lines(value: Json) -> list[str]:
    if isinstance(value, (list, dict)) and len(value) > 0:
        items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        return [f"{key}: {_brief(member, 100)}" for key, member in items[:_SHOWN]] + _more(items, _SHOWN)
    return [_brief(value, 1000)]


def _more(items: Sized, shown: int) -> list[str]:
    return [f"… {len(items) - shown} more"] if len(items) > shown else []


def _brief(value: Json, width: int = 60) -> str:
    if isinstance(value, (list, dict)) and weigh(value, width) > width:
        noun, brackets = ("element", "[]") if isinstance(value, list) else ("member", "{}")
        return f"{brackets[0]}{len(value)} {noun}{'' if len(value) == 1 else 's'}{brackets[1]}"
    text = _text(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _text(leaf: Any) -> str:
    if isinstance(leaf, list):
        return f"[{', '.join(map(_text, leaf))}]"
    if isinstance(leaf, dict):
        return f"{{{', '.join(f'{name!r}: {_text(member)}' for name, member in leaf.items())}}}"
    if is_array(leaf):
        return f"[{describe(leaf)}]"
    if isinstance(leaf, Failure):
        return f"{leaf.type}: {leaf.text}"
    if isinstance(leaf, (date, time, timedelta)):
        return str(leaf)
    try:
        return repr(leaf)
    except Exception:  # a person's own
        return f"<{type(leaf).__name__}>"
