// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import { exactDate } from "../src/forms.ts";
import type { Operation } from "../src/patch.ts";
import { bound, person } from "./support/bound.ts";
import { pair, turn } from "./support/kernel.ts";

const replace = (path: string, value: Json): Operation => ({ op: "replace", path, value });

let refused: string[] = [];

beforeEach(() => {
  refused = [];
  vi.spyOn(console, "error").mockImplementation((text) => void refused.push(String(text)));
});

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

/** Set a value after another in the first element of some markup, and show what became of it. */
async function through<Shown>(
  markup: string,
  values: readonly Json[],
  look: (element: HTMLElement) => Shown,
): Promise<Shown[]> {
  const { root, kernel } = await bound(markup, { v: values[0] as Json });
  const seen = [look(root.firstElementChild as HTMLElement)];
  for (const value of values.slice(1)) {
    kernel.commit("board", replace("/v", value));
    seen.push(look(root.firstElementChild as HTMLElement));
  }
  return seen;
}

describe("data-sync-attr", () => {
  test.each<[string, readonly Json[], readonly (string | null)[]]>([
    ["title", ["a", 3, "", null, "b"], ["a", "3", "", null, "b"]],
    ["open", [true, false, true, null], ["", null, "", null]],
    ["aria-pressed", [true, false, null], ["true", "false", null]],
    ["draggable", [false, true], ["false", "true"]],
    ["data-kind", [["a", 1], "b"], ['["a",1]', "b"]],
    ["disabled", [true, 0, "x", null], ["", null, "", null]],
  ])("of %s follows %j", async (name, values, shown) => {
    expect(await through(`<p data-sync-attr="${name}:/v"></p>`, values, (p) => p.getAttribute(name))).toEqual(
      shown,
    );
  });

  test("names several, and what is not so", async () => {
    const { root } = await bound(
      '<a data-sync-attr=" href : /url ; aria-label:/name;aria-hidden:!/name "></a>',
      { url: "/x", name: "N" },
    );

    expect(root.firstElementChild?.outerHTML).toContain('href="/x" aria-label="N" aria-hidden="false"');
  });

  test.each([
    "https://example.org/a?b#c",
    "http://a",
    "/files/a.csv",
    "a/b",
    "#top",
    "?q=1",
    "mailto:a@b.c",
    "tel:1",
    "",
    "data:image/png;base64,AAAA",
    "data:audio/ogg,x",
    "//example.org",
  ])("leads to %j", async (address) => {
    const { root } = await bound('<a data-sync-attr="href:/v"></a>', { v: address });

    expect(root.querySelector("a")?.getAttribute("href")).toBe(address);
    expect(refused).toEqual([]);
  });

  const BAD = [
    "javascript:hacked()",
    " JaVaScRiPt:hacked()",
    "java\nscript:hacked()",
    "\u0001javascript:hacked()",
    "j\tavascript:x",
    "vbscript:hacked()",
    "data:text/html,<script>hacked()</script>",
    "data:image/svg+xml,<svg onload=hacked()>",
    "data:application/xhtml+xml,x",
    "blob:https://page/1",
    "filesystem:x",
    "view-source:javascript:x",
    "https://[",
  ];
  test.each([
    '<a data-sync-attr="href:/v"></a>',
    '<img data-sync-attr="src:/v">',
    '<form data-sync-attr="action:/v"></form>',
    '<button data-sync-attr="formaction:/v"></button>',
    '<svg><a data-sync-attr="xlink:href:/v"></a></svg>',
    '<svg><use data-sync-attr="HREF:/v"></use></svg>',
  ])("never leads to code: %s", async (markup) => {
    for (const address of BAD) {
      refused = [];
      const { root, kernel } = await bound(markup, { v: address });
      const element = root.querySelector("[data-sync-attr]") as Element;
      const [name] = (element.getAttribute("data-sync-attr") as string).split(":/");

      expect(element.getAttribute(name as string), address).toBeNull();
      expect(element.hasAttribute("data-sync-failed")).toBe(true);
      expect(refused).toEqual([
        `Cannot bind '${name}' of a <${element.localName}> to '${address}': it might run or load code`,
      ]);
      kernel.commit("board", replace("/v", "/good"));
      expect(element.getAttribute(name as string)).toBe("/good");
      expect(element.hasAttribute("data-sync-failed")).toBe(false);
    }
  });

  test.each(["onclick", "ONLOAD", "style", "is", "data-sync-text", "data-commandlinker-command"])(
    "of %s is refused",
    async (name) => {
      const { model } = await pair({ v: "hacked()" });
      const root = document.createElement("div");
      root.setAttribute("data-sync-attr", `title:/v; ${name}:/v`);

      expect(() => model.bind(root)).toThrow(
        `Cannot bind data-sync-attr="title:/v; ${name}:/v" of a <div>: state is shown, never run; '${name}'`,
      );

      expect(root.hasAttribute("title")).toBe(false);
    },
  );

  test.each(["iframe", "object", "embed", "base", "link", "meta"])("of an <%s> is refused", async (tag) => {
    const { model } = await pair({ v: "/x" });
    const root = document.createElement(tag);
    root.setAttribute("data-sync-attr", "width:/v");

    expect(() => model.bind(root)).toThrow(`of a <${tag}>: such an element runs what it loads`);
  });

  test("sets limits before the value that needs them, and the value again when they change", async () => {
    const { control, kernel } = await bound(
      '<input type="range" data-sync-value="/v" data-sync-attr="max:/max">',
      { v: 500, max: 1000 },
    );
    expect(control.value).toBe("500");

    kernel.commit("board", replace("/max", 400));
    expect(control.value).toBe("400");
    kernel.commit("board", replace("/max", 1000));

    expect(control.value).toBe("500");
  });
});

describe("data-sync-class", () => {
  test("has names that are there or not, and those that the state brings; the author's stay", async () => {
    const look = ({ className }: HTMLElement): string => className;
    const markup = '<p class="mine" data-sync-class="late:/v; early:!/v; /v"></p>';

    expect(await through(markup, ["", "one  two", "mine", 0, ["a", "b"], null], look)).toEqual([
      "mine early",
      "mine late one two",
      "mine late",
      "mine early 0",
      "mine late a b",
      "mine early",
    ]);
  });
});

describe("data-sync-style", () => {
  test("sets properties, and removes them", async () => {
    const look = ({ style }: HTMLElement): string[] => [style.getPropertyValue("--share"), style.width];

    expect(
      await through('<p data-sync-style="--share:/v; width:/v"></p>', ["50%", 0, null, "10%"], look),
    ).toEqual([
      ["50%", "50%"],
      ["0", "0px"],
      ["", ""],
      ["10%", "10%"],
    ]);
  });

  test.each([
    "url(x)",
    "URL (x)",
    "u\\72l(x)",
    "image-set('x' 1x)",
    "-webkit-image-set('x')",
    "src('x')",
    "expression(hacked())",
    "element(#x)",
    "paint(x)",
    "@import 'x'",
  ])("never holds %j", async (value) => {
    const { root } = await bound('<p style="--a: 1" data-sync-style="--a:/v"></p>', { v: value });

    expect((root.firstElementChild as HTMLElement).style.getPropertyValue("--a")).toBe("");
    expect(refused).toHaveLength(1);
  });
});

describe("data-sync-show", () => {
  test.each<[string, boolean]>([
    ["/v", true],
    ["!/v", false],
  ])("of %s shows what Python takes for true", async (spelled, isShown) => {
    const values = [true, "a", 1, [0], { a: 1 }, exactDate("2026-01-01")];
    const look = ({ hidden }: HTMLElement): boolean => !hidden;
    const markup = `<p data-sync-show="${spelled}"></p>`;

    expect(await through(markup, values, look)).toEqual(values.map(() => isShown));
    expect(await through(markup, [false, 0, "", null, [], {}], look)).toEqual(Array(6).fill(!isShown));
  });
});

describe("what is spelled wrong is refused at once", () => {
  test.each([
    [
      '<p data-sync-text="title"></p>',
      "'title' is no place; write '/title' for a member of the model, or './title' for one of a row",
    ],
    ['<p data-sync-text="/a~2"></p>', "'~' is followed by '0' or '1'"],
    ['<p data-sync-text="./a"></p>', "'./a' is of a row, and none is around it; see data-sync-each"],
    ['<p data-sync-show="@index"></p>', "'@index' is of a row"],
    [
      '<template data-sync-each="/a"><p data-sync-text="../a"></p></template>',
      "'../a' is of a row, and so many are not around it",
    ],
    ['<template data-sync-each="/a"><p data-sync-text="b"></p></template>', "'b' is no place"],
    ['<template data-sync-each="/a"> </template>', "the template is empty"],
    ['<ul data-sync-each="/a"><li></li></ul>', "rows are made of a <template>"],
    [
      '<template data-sync-each="/a" data-sync-key="/id"><p></p></template>',
      "a key is a member of the row; write './id'",
    ],
    ['<p data-sync-attr="/url"></p>', "'/url' names nothing; write 'name:/pointer', with ';' between"],
    ['<p data-sync-attr="a b:/url"></p>', "'a b' is no name of an attribute"],
    ['<p data-sync-class="a b:/url"></p>', "'a b' is no name of a class"],
    ['<p data-sync-style="backgroundColor:/v"></p>', "'backgroundColor' is no property of CSS"],
    ['<p data-sync-on="add"></p>', "'add' is no call"],
    ['<p data-sync-on="click:add(1 + 1)"></p>', "'1 + 1' is neither a place nor"],
    ['<p data-sync-on="click:add(alert())"></p>', "'alert()' is neither a place nor"],
    ['<input data-sync-value="/v" data-sync-send="later">', 'data-sync-send="later" is no time'],
    ['<input data-sync-value="/v" data-sync-type="int">', 'data-sync-type="int" is not known'],
  ])("%s", async (markup, why) => {
    const { model } = await pair({ title: "before" });
    const root = document.createElement("div");
    root.insertAdjacentHTML("beforeend", `<b data-sync-text="/title"></b>${markup}`);

    expect(() => model.bind(root)).toThrow(/^Cannot bind data-sync-/);
    expect(() => model.bind(root)).toThrow(why);

    expect(root.firstElementChild?.textContent).toBe(""); // nothing was tied
  });
});

describe("data-sync-value", () => {
  test.each<[string, string, Json, Json]>([
    ["color", "#00ff00", "#ff0000", "#00ff00"],
    ["time", "12:30", "08:00", "12:30"],
    ["month", "2026-02", "2026-01", "2026-02"],
  ])("of a %s is a text", async (type, entered, before, after) => {
    const { control, board } = await bound(`<input type="${type}" data-sync-value="/v">`, { v: before });
    expect(control.value).toBe(before);

    person.types(control, entered);
    await turn();

    expect(board.document).toEqual({ v: after });
  });

  test.each<[string, string, string | null, string, string]>([
    ["date", "2026-01-31", "2026-01-31", "2026-02-01", "2026-02-01"],
    ["date", "", null, "2026-02-01", "2026-02-01"],
    ["datetime-local", "2026-01-31T12:00", "2026-01-31T12:00:00", "2026-01-31T13:00", "2026-01-31T13:00"],
    ["datetime-local", "2026-01-31T12:00:05", "2026-01-31T12:00:05", "2026-01-31T13:00", "2026-01-31T13:00"],
    [
      "datetime-local",
      "2026-01-31T12:00",
      "2026-01-31T12:00:00+02:00",
      "2026-01-31T13:00",
      "2026-01-31T13:00+02:00",
    ],
    ["datetime-local", "2026-01-31T12:00", "2026-01-31T12:00Z", "2026-01-31T13:00", "2026-01-31T13:00Z"],
  ])("of a %s that shows %j is an exact date", async (type, shown, before, entered, after) => {
    const { control, model } = await bound(`<input type="${type}" data-sync-value="/v">`, {
      v: before === null ? null : exactDate(before),
    });
    expect(control.value.replace(/\.000$/, "")).toBe(shown); // jsdom adds it

    person.types(control, entered);

    expect((model.state as { v: unknown }).v).toMatchObject({ iso: after });
  });

  test("of a group of radio buttons is that of the one that is chosen", async () => {
    const radio = (value: number): string =>
      `<input type="radio" name="n" value="${value}" data-sync-value="/v">`;
    const { root, board, kernel } = await bound(`${radio(1)}${radio(2)}${radio(3)}`, { v: 2 });
    const radios = [...root.querySelectorAll("input")];
    const checked = (): boolean[] => radios.map((one) => one.checked);
    expect(checked()).toEqual([false, true, false]);

    person.clicks(radios[2] as HTMLInputElement);
    await turn();
    expect(board.document).toEqual({ v: 3 });
    kernel.commit("board", replace("/v", 1));

    expect(checked()).toEqual([true, false, false]);
  });

  test.each<[string, Json, Json, Json]>([
    ["", ["a", "c"], ["b", "c"], ["b"]],
    ["", [1, 3], [2, 3], [2]],
    ['data-sync-type="number"', [], [2, 3], [2]],
  ])("of a select of several is a list: %j", async (type, before, after, last) => {
    const options = (before as Json[])[0] === "a" ? ["a", "b", "c"] : [1, 2, 3];
    const { root, board } = await bound(
      `<select multiple ${type} data-sync-value="/v">${options.map((option) => `<option>${option}`).join("")}</select>`,
      { v: before },
    );
    const select = root.querySelector("select") as HTMLSelectElement;
    const chosen = (): string[] => [...select.selectedOptions].map(({ value }) => value);
    expect(chosen()).toEqual((before as Json[]).map(String));

    for (const wanted of [after, last] as Json[][]) {
      for (const option of select.options) option.selected = wanted.map(String).includes(option.value);
      select.dispatchEvent(new Event("input", { bubbles: true }));
      await turn();
      expect(board.document).toEqual({ v: wanted });
    }
  });
});
