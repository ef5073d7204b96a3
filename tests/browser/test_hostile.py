"""Markup, script and names that somebody put into a state: in every place of a page they are text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from syncstate.schema import humanised

from .conftest import ROOT, Open, in_lab, in_notebook
from .notebook import Notebook
from .payloads import PAYLOADS
from .server import Server

MODEL = f"""
import traitlets
from syncstate import SyncedModel, synced

PAYLOADS = {PAYLOADS!r}

def refuse(self, proposal):
    if proposal["value"] in PAYLOADS:
        raise ValueError(f"it is no good: {{proposal['value']}}")
    return proposal["value"]
"""

SHOWN = (
    MODEL
    + """
class Shown(SyncedModel):
    values: list = PAYLOADS
    names: dict = {payload: payload for payload in PAYLOADS}
    rows: list = [{payload: {payload: [payload]}} for payload in PAYLOADS]
    locked: list = synced(PAYLOADS, read_only=True)
    lines: str = "\\n".join(PAYLOADS)
    text: str = PAYLOADS[4]
    picky: str = "good"
    refuse = traitlets.validate("picky")(refuse)

shown = Shown()
shown
"""
)
"""Shown by our own view."""

NAMED = (
    MODEL
    + """
names = [payload for payload in PAYLOADS if payload[0] != "_"]
members = {name: synced(name) for name in names}
Named = type("<img src=nowhere onerror=hacked()>", (SyncedModel,),
             {"__annotations__": {name: str for name in names}, "__module__": "__main__", **members})
named = Named()
named
"""
)
"""A model whose class and members have such names."""

BOUND = (
    MODEL
    + '''
class Bound(SyncedModel):
    values: list = PAYLOADS
    names: dict = {payload: payload for payload in PAYLOADS}
    picky: str = "good"
    refuse = traitlets.validate("picky")(refuse)
    _esm = """
const escape = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");
const TAGS = ["span", "pre", "a", "b", "title", "option", "textarea", "button"];
const MORE = ["iframe", "template", "noscript", "xmp", "object", "svg", "form", "template"];
const KINDS =
  ["search", "url", "number", "range", "hidden", "color", "submit", "image", "checkbox"];
const OTHERS = ["select", "button", "progress", "a", "object", "param", "iframe"];
export default {
  render({ model, el, signal }) {
    const put = (tag, attributes) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      el.append(element);
    };
    model.state.values.forEach((payload, at) => {
      const pointer = at % 2 ? `/values/${at}` : `/names/${escape(payload)}`;
      for (const tag of [...TAGS, MORE[at % MORE.length]])
        put(tag, { "data-sync-text": pointer, "data-at": at });
      put("textarea", { "data-sync-value": pointer });
      put("input", { type: "text", "data-sync-value": pointer });
      put("input", { type: KINDS[at % KINDS.length], "data-sync-value": pointer });
      put(OTHERS[at % OTHERS.length], { "data-sync-value": pointer });
      put("input", { type: "checkbox", "data-sync-checked": pointer });
      put("p", { "data-sync-error": pointer });
    });
    put("input", { id: "picky", "data-sync-value": "/picky" });
    put("p", { id: "reason", "data-sync-error": "/picky" });
    window.before = el.querySelectorAll("*").length;
    model.bind(el, { signal });

    const looks = document.createElement("div");
    looks.className = "looks";
    const line = (place) => `<q class="look" data-sync-text="${place}"
        data-sync-attr="title:${place}; aria-label:${place}; data-x:${place}"
        data-sync-class="${place}; has:${place}"
        data-sync-style="--x:${place}; background:${place}; width:${place}"></q>
      <a data-sync-attr="href:${place}; ping:${place}"></a><form data-sync-attr="action:${place}"></form>
      <button data-sync-attr="formaction:${place}"></button>
      <svg><a data-sync-attr="href:${place}; xlink:href:${place}"></a></svg>`;
    const lines = model.state.values.map((_, at) => `<section>${line(`/values/${at}`)}</section>`);
    looks.innerHTML = lines.join("")
      + `<template data-sync-each="/values"><section>${line(".")}</section></template>
         <template data-sync-each="/names"><section>${line("@key")}</section></template>`;
    el.after(looks);
    model.bind(looks, { signal });
  },
};
"""

bound = Bound()
bound
'''
)
"""Shown by an author's view that binds each of them to everything that can be bound."""

PICKY = (
    MODEL
    + '''
class Picky(SyncedModel):
    picky: str = "good"
    refuse = traitlets.validate("picky")(refuse)

class Bound(Picky):
    _esm = """
export default {
  render({ model, el, signal }) {
    el.append(document.createElement("input"), document.createElement("p"));
    el.firstChild.dataset.syncValue = el.lastChild.dataset.syncError = "/picky";
    model.bind(el, { signal });
  },
};
"""

from IPython.display import display
display(Picky(), Bound())
'''
)
"""Shown by our own view, and by an author's that shows the reason by itself."""


# What a page does that would be more than text: it is noted, and does not happen.
TRAPS = """() => {
    window.caught = [];
    const note = (what) => (...given) => { window.caught.push(`${what}: ${given.map(String).join()}`); };
    window.hacked = note('hacked');
    for (const name of ['alert', 'confirm', 'prompt', 'open', 'print']) window[name] = note(name);
    for (const name of ['write', 'writeln']) document[name] = note(name);
    const { eval: evaluate, Function: Make } = window;
    const isOurs = (given) => given.some((part) => String(part).includes('hacked'));
    window.eval = (text) => { if (isOurs([text])) note('eval')(text); return evaluate(text); };
    const trap = (target, given) => {
        if (isOurs(given)) note('Function')(...given);
        return Reflect.construct(target, given);
    };
    window.Function = new Proxy(Make, {
        construct: (target, given) => trap(target, given),
        apply: (target, self, given) => trap(target, given),
    });
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        note('policy')(violatedDirective, blockedURI, sample));
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = "script-src 'self' blob: 'report-sample'; object-src 'none'; base-uri 'none'; "
        + "frame-src 'none'; img-src 'self' data:; form-action 'none'; media-src 'none'";
    document.head.append(policy);
    window.inherited = JSON.stringify([Object, Array, String, Element, Node].map(({ prototype }) =>
        Object.getOwnPropertyNames(prototype)));
}"""

OURS = {"div", "ul", "li", "span", "label", "input", "textarea", "details", "summary", "button", "p"}
OURS |= {"fieldset", "legend", "output"}
HARMLESS = re.compile(
    "class|type|spellcheck|autocomplete|step|rows|role|hidden|disabled|title|open|style|id|for|placeholder|"
    "tabindex|aria-.*|data-(syncstate-style|lm-suppress-shortcuts|status|widget|pointer|sync-.*)"
)

READ = """([selector]) => [...document.querySelectorAll(selector)].flatMap((root) =>
    [...root.querySelectorAll('*')]).map((element) =>
        [element.localName, element.getAttributeNames().filter((name) => name !== 'style')])"""


def guard(notebook: Notebook) -> None:
    """Set the traps; the page has loaded what it is made of."""
    notebook.page.evaluate(TRAPS)


def caught(page: Page) -> object:
    """What the traps have caught, and whether what everything inherits has changed."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page.evaluate(
        """() => [window.caught, window.inherited === JSON.stringify(
            [Object, Array, String, Element, Node].map((one) => Object.getOwnPropertyNames(one.prototype))),
            ({}).polluted]"""
    )


NOTHING = [[], True, None]


def strangers(page: Page, selector: str) -> list[object]:
    """Elements, and names of attributes, that are none of our own view's."""
    found = page.evaluate(READ, [selector])
    assert len(found) > 10
    return [
        (tag, names)
        for tag, names in found
        if tag not in OURS or not all(HARMLESS.fullmatch(name) for name in names)
    ]


def test_the_corpus_is_large_and_each_of_it_differs() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) > 60


@in_notebook
def test_the_traps_catch_what_is_more_than_text(open_notebook: Open) -> None:
    notebook = open_notebook("1")
    guard(notebook)

    notebook.page.evaluate(
        """() => {
            const box = document.body.appendChild(document.createElement('div'));
            box.className = 'syncstate-view';
            box.innerHTML = "<img src=/nowhere onerror=hacked()><b onclick=hacked()></b>" + '<li>'.repeat(9);
            alert('hacked');
            try { new Function('hacked()')(); } catch { }
            box.style.cssText = '';
            const script = document.createElement('script');
            script.textContent = 'hacked()';
            box.append(script);
        }"""
    )

    notebook.page.wait_for_function("() => window.caught.length >= 4")
    text = "\n".join(caught(notebook.page)[0])
    assert [tag for tag, _ in strangers(notebook.page, ".syncstate-view")] == ["img", "b", "script"]
    for what in ("alert: hacked", "Function: hacked()", "policy: script-src-attr", "policy: script-src-elem"):
        assert what in text


@in_lab
def test_in_our_own_view_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(SHOWN)
    guard(notebook)
    notebook.run()
    output = notebook.output()
    expect(output.get_by_role("textbox", name="Picky")).to_have_value("good")

    page = notebook.page
    page.evaluate(
        """async () => {
            const closed = () => [...document.querySelectorAll(
                '.syncstate-view :is(details:not([open]) > summary, .syncstate-more:not([hidden]), '
                + '.syncstate-toggle[aria-expanded=false], '
                + '.syncstate-content > .syncstate-button:not([hidden]))')];
            for (let list = closed(); list.length > 0; list = closed()) {
                for (const element of list) element.click();
                await new Promise((done) => setTimeout(done));
            }
        }"""
    )

    texts = page.evaluate(
        """() => [...document.querySelectorAll('.syncstate-view :is(.syncstate-name, .syncstate-value, '
                + '.syncstate-output, .syncstate-title, .syncstate-label)')]
            .map((element) => element.textContent)"""
    )
    for payload in PAYLOADS:
        assert texts.count(payload) >= 4  # in locked, twice in rows, and as the name in names
    values = page.evaluate(
        "() => [...document.querySelectorAll('.syncstate-view :is(input, textarea)')].map((one) => one.value)"
    )
    for payload in PAYLOADS:
        assert values.count(payload.replace("\n", "")) + values.count(payload) >= 3
    assert strangers(page, ".jp-OutputArea-output.syncstate-view, .syncstate-view") == []
    assert caught(page) == NOTHING


@in_notebook
def test_in_a_reason_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(PICKY)
    guard(notebook)
    notebook.run()
    output = notebook.output()
    ours, bound = output.get_by_role("textbox", name="Picky"), output.locator("[data-sync-value]")

    for payload in [payload for payload in PAYLOADS if payload.isprintable()][::6]:
        for control, note in (
            (ours, output.locator(".syncstate-field .syncstate-note")),
            (bound, output.locator("[data-sync-error]")),
        ):
            control.fill(payload)
            control.blur()
            expect(note.get_by_text(f"it is no good: {payload}", exact=True).first).to_be_attached()

    assert strangers(notebook.page, ".syncstate-view") == []
    assert caught(notebook.page) == NOTHING


@in_notebook
def test_in_every_binding_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(BOUND)
    guard(notebook)
    notebook.run()
    page = notebook.page
    expect(notebook.output().locator("#picky")).to_have_value("good")

    shown = page.evaluate(
        """() => [...document.querySelectorAll('[data-at]')].map((element) =>
            [Number(element.dataset.at), element.textContent])"""
    )
    assert len(shown) == len(PAYLOADS) * 9
    for at, text in shown:
        assert text == PAYLOADS[at]
    values = page.evaluate(
        "() => [...document.querySelectorAll('textarea[data-sync-value]')].map(({ value }) => value)"
    )
    assert values == PAYLOADS

    # they change, as they would with every patch
    notebook.execute("bound.values = [payload + '!' for payload in PAYLOADS]")
    expect(notebook.output().locator("[data-at='1']").first).to_have_text(f"{PAYLOADS[1]}!")

    assert page.evaluate(
        "() => window.before === document.querySelector('#picky').parentElement.querySelectorAll('*').length"
    )
    assert page.evaluate(
        """() => [...document.querySelector('#picky').parentElement.querySelectorAll('*')]
            .flatMap((element) => element.getAttributeNames())
            .filter((name) => /^on|^href$|^src|^formaction$|^action$/.test(name))"""
    ) == []  # fmt: skip
    assert caught(page) == NOTHING


LOOKS = r"""() => [...document.querySelectorAll('.looks > section')].map((line) => {
    const [text, link, form, button] = line.children;
    const addresses = [link, form, button, line.querySelector('svg a')].flatMap((element) =>
        ['href', 'xlink:href', 'ping', 'action', 'formaction'].map((name) => element.getAttribute(name)))
        .filter((address) => address !== null);
    link.click();
    form.requestSubmit();
    return [text.textContent, text.title, text.style.cssText,
        addresses.map((address) => new URL(address, document.baseURI).protocol),
        [...line.querySelectorAll('*')].map((element) => element.localName).join(' ')];
})"""


@in_notebook
def test_in_attributes_classes_styles_and_rows_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(BOUND)
    guard(notebook)
    notebook.run()
    page = notebook.page
    expect(notebook.output().locator("#picky")).to_have_value("good")
    page.evaluate("() => addEventListener('click', (event) => event.preventDefault())")  # stay
    page.evaluate("() => addEventListener('submit', (event) => event.preventDefault())")

    shown = page.evaluate(LOOKS)

    assert [text for text, *_ in shown] == PAYLOADS * 3
    assert [title for _, title, *_ in shown] == PAYLOADS * 3
    for _, _, style, protocols, tags in shown:
        assert not re.search(r"url\(|expression\(|@import", style)
        assert {*protocols} <= {"http:", "https:"}
        assert tags == "q a form button svg a"
    assert sum(len(protocols) for *_, protocols, _ in shown) > len(PAYLOADS)
    assert caught(page) == NOTHING


@in_notebook
def test_as_the_name_of_a_member_or_a_class_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(NAMED)
    guard(notebook)
    notebook.run()
    expect(notebook.output().locator(".syncstate-label").first).to_be_visible()

    names = [payload for payload in PAYLOADS if payload[0] != "_"]
    assert sorted(notebook.output().locator(".syncstate-label").evaluate_all(
        "(elements) => elements.map(({ textContent }) => textContent)"
    )) == sorted(map(humanised, names))  # fmt: skip
    notebook.output().locator("input").first.fill("changed")
    notebook.output().locator("input").first.blur()
    notebook.wait_for_value("getattr(named, names[0])", "changed")

    assert strangers(notebook.page, ".syncstate-view") == []
    assert caught(notebook.page) == NOTHING


@in_notebook
@pytest.mark.parametrize(("cell", "name"), [(SHOWN, "shown"), (NAMED, "named")])
def test_in_the_static_form_it_is_text(open_notebook: Open, server: Server, cell: str, name: str) -> None:
    notebook = open_notebook(cell, without="**/extensions/syncstate/**")
    guard(notebook)
    notebook.run()
    expect(notebook.output().locator(".jp-RenderedHTML pre")).to_be_visible()
    notebook.save()

    found = notebook.page.evaluate(READ, [".jp-OutputArea-output"])
    assert {tag for tag, _ in found} <= {"div", "pre", "code"}
    assert caught(notebook.page) == NOTHING

    # as a host shows it that does not sanitize
    html = saved_html(server.folder / notebook.name)
    page = notebook.page
    page.goto("about:blank")
    page.evaluate(TRAPS)
    page.evaluate("(html) => { document.body.innerHTML = html; }", html)
    found = page.evaluate(READ, ["body"])
    assert [(tag, list(names)) for tag, names in found] == [("pre", []), ("code", [])]
    assert page.evaluate("() => document.body.textContent").count("hacked()") > 5
    assert caught(page) == NOTHING


def saved_html(path: Path) -> str:
    """The `text/html` of the first output of a saved notebook."""
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    return str(output.data["text/html"])


@in_lab
def test_in_a_saved_notebook_that_is_opened_again_it_is_text(open_notebook: Open) -> None:
    notebook = open_notebook(SHOWN)
    notebook.run()
    expect(notebook.output().get_by_role("textbox", name="Picky")).to_have_value("good")
    notebook.save()

    copied = open_notebook(name=notebook.copy())
    guard(copied)

    assert "hacked" in copied.output().inner_text()
    assert caught(copied.page) == NOTHING


BUILT = [
    *(ROOT / "js" / "dist").glob("*.min.js"),
    *(ROOT / "syncstate" / "labextension" / "static").glob("*.js"),
]


@pytest.mark.parametrize("path", BUILT, ids=[path.name for path in BUILT])
def test_what_is_built_makes_no_markup_and_no_code_of_state(path: Path) -> None:
    code = path.read_text(encoding="utf-8")

    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|srcdoc|"
        r"document\.write|\beval\(|new Function\b|setAttribute\([\"'`]on",
        code,
    )

    assert found == []


def test_it_is_known_what_is_built() -> None:
    assert any(path.name == "syncstate.min.js" for path in BUILT)
    assert any("model.bind" in path.read_text() or "data-sync" in path.read_text() for path in BUILT)
    assert json.loads((ROOT / "syncstate" / "labextension" / "package.json").read_text())["name"]
