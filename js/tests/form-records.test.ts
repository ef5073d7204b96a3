// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Json } from "../src/document.ts";
import type { Schema } from "../src/form.ts";
import { exactDate } from "../src/forms.ts";
import { note, page, press, type Shown, whole } from "./support/form.ts";
import { turn } from "./support/kernel.ts";

const grid = vi.hoisted(() => ({ failure: undefined as Error | undefined }));

vi.mock("../src/view/grid-chunk.ts", () => ({
  loadGrid: async () => {
    if (grid.failure) throw grid.failure;
    return await import("../src/grid.ts");
  },
}));

beforeEach(() => {
  // jsdom lays nothing out
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(2000);
});

afterEach(() => {
  grid.failure = undefined;
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

const Row: Schema = {
  type: "object",
  properties: {
    name: { type: "string", title: "Name" },
    price: { type: "number", title: "Price (EUR)", description: "Without tax", minimum: 1 },
    kind: {
      title: "Kind",
      oneOf: [
        { const: 1, title: "Food" },
        { const: 2, title: "Drink" },
      ],
    },
    note: { title: "Note", anyOf: [{ type: "string" }, { type: "null" }] },
  },
  required: ["name", "price", "kind", "note"],
};
const ROWS = [
  { name: "tea", price: 3, kind: 2, note: null },
  { name: "cake", price: 5, kind: 1, note: "fresh" },
  { name: "bread", price: 4, kind: 1, note: "" },
];

/** A form with a list of records; what is loaded is there. */
async function list(rows: Json = ROWS, more: Schema = {}): Promise<Shown> {
  const member: Schema = { title: "Rows", type: "array", items: { $ref: "#/$defs/Row" }, ...more };
  const shown = await whole({ rows: member }, { rows }, { $defs: { Row } });
  await loaded(shown.el);
  return shown;
}

const loaded = (el: Element): Promise<void> =>
  vi.waitFor(() => {
    if (el.textContent?.includes("Loading…")) throw new Error("it is being loaded");
  });
const rowsOf = ({ board }: Shown): Json => (board.document as { rows: Json }).rows;
const cell = (el: Element, text: string): HTMLElement =>
  [...el.querySelectorAll<HTMLElement>(".syncstate-grid-cell")].find(
    (one) => one.textContent === text,
  ) as HTMLElement;
const column = (el: Element, at: number): (string | null)[] =>
  [...el.querySelectorAll(`.syncstate-grid-cell[aria-colindex="${at}"]`)].map((one) => one.textContent);
const head = (el: Element, name: string): HTMLElement | undefined =>
  [...el.querySelectorAll<HTMLElement>("[role=columnheader]")].find((one) => one.textContent === name);
const selected = (el: Element): (string | null)[] =>
  [...el.querySelectorAll("[aria-selected=true]")].map((row) => row.firstElementChild?.textContent ?? null);
const type = (key: string, options: KeyboardEventInit = {}): void =>
  void document.activeElement?.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }),
  );
const write = (text: string): void => {
  (document.activeElement as HTMLInputElement).value = text;
};

describe("a list of records", () => {
  test("is rows and columns, which say what their schema says", async () => {
    const { el } = await list();

    expect(el.querySelector("[role=grid]")?.getAttribute("aria-label")).toBe("Rows");
    expect(el.querySelectorAll("fieldset")).toHaveLength(1);
    expect([...el.querySelectorAll("[role=columnheader]")].map((one) => one.textContent)).toEqual([
      "Name",
      "Price (EUR)",
      "Kind",
      "Note",
    ]);
    expect(head(el, "Price (EUR)")?.getAttribute("aria-description")).toBe("Without tax");
    expect(column(el, 3)).toEqual(["Drink", "Food", "Food"]);
  });

  test("says that it is loaded meanwhile, and nothing of that is left", async () => {
    const { el } = await whole({ rows: { title: "Rows", type: "array", items: Row } }, { rows: ROWS });
    expect(el.querySelector("[role=status]")?.textContent).toBe("Loading…");

    await loaded(el);

    expect(el.querySelectorAll("[role=grid]")).toHaveLength(1);
    expect(el.querySelector(".syncstate-empty")).toBeNull();
  });

  test("is the elements of a list where rows cannot be loaded, and says why", async () => {
    grid.failure = new Error("the network is gone");

    const { el } = await list();

    expect(el.querySelector("[role=status]")?.textContent).toBe(
      "Cannot show '/rows' as rows and columns: the network is gone",
    );
    expect([...el.querySelectorAll("input")].map(({ value }) => value)).toContain("cake");
    press(el, "Remove Rows 1");
  });

  test("is written cell by cell, and what is refused is said at the cell", async () => {
    const shown = await list();
    const { el, board } = shown;
    board.validate = (operations) => {
      if (operations.some((operation) => "value" in operation && operation.value === -1))
        throw new Error("a price is at least 1");
      return operations;
    };

    cell(el, "5").focus();
    type("Enter");
    write("-1");
    type("Enter");
    await turn();
    const refused = el.querySelector(".syncstate-grid-cell[aria-invalid=true]");
    expect(refused?.querySelector("[role=alert]")?.textContent).toContain("a price is at least 1");
    expect(note(el)).toBe(""); // it is told once

    cell(el, "4").focus();
    type("9");
    write("9.5");
    type("Enter");
    await turn();
    expect(rowsOf(shown)).toEqual([ROWS[0], ROWS[1], { ...ROWS[2], price: 9.5 }]);
  });

  test("is chosen from by titles, which also sort and filter", async () => {
    const shown = await list();
    const { el } = shown;

    head(el, "Kind")?.click();
    expect(cell(el, "Drink").parentElement?.getAttribute("aria-rowindex")).toBe("3"); // the first
    const filter = el.querySelector<HTMLInputElement>("[aria-label='Filter Kind']") as HTMLInputElement;
    filter.value = "drink";
    filter.dispatchEvent(new Event("input"));
    filter.focus();
    type("Enter");
    expect(column(el, 1)).toEqual(["tea"]);

    cell(el, "Drink").focus();
    type("f");
    const select = document.activeElement as HTMLSelectElement;
    expect([...select.options].map(({ text }) => text)).toEqual(["Food", "Drink"]);
    expect(select.selectedOptions[0]?.text).toBe("Food");
    type("Enter");
    await turn();

    expect(rowsOf(shown)).toEqual([{ ...ROWS[0], kind: 1 }, ROWS[1], ROWS[2]]);
  });

  test("has nothing in a cell that is emptied where nothing may be", async () => {
    const shown = await list();

    cell(shown.el, "fresh").focus();
    type("Enter");
    write("");
    type("Enter");
    await turn();

    expect(rowsOf(shown)).toEqual([ROWS[0], { ...ROWS[1], note: null }, ROWS[2]]);
  });

  test("grows by what its schema says, and the new row is written at once", async () => {
    const shown = await list([], { maxItems: 1 });
    const { el } = shown;
    press(el, "Add row to Rows");
    await turn();
    expect(rowsOf(shown)).toEqual([{ name: "", price: 1, kind: 1, note: null }]);

    type("m");
    write("milk");
    type("Enter");
    await turn();
    expect(rowsOf(shown)).toEqual([{ name: "milk", price: 1, kind: 1, note: null }]);

    press(el, "Add row to Rows");
    await turn();
    expect(rowsOf(shown)).toHaveLength(1);
    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toBe("There is room for 1");
  });

  test("shows a row that is added though a filter would hide it", async () => {
    const { el } = await list();
    const filter = el.querySelector<HTMLInputElement>("[aria-label='Filter Name']") as HTMLInputElement;
    filter.focus();
    filter.value = "tea";
    filter.dispatchEvent(new Event("input"));
    type("Enter");
    expect(column(el, 1)).toEqual(["tea"]);

    press(el, "Add row to Rows");

    expect(column(el, 1)).toHaveLength(4);
    expect(document.activeElement?.textContent).toBe("");
  });

  test("loses the rows that are selected, and has no fewer than it may have", async () => {
    const shown = await list(ROWS, { minItems: 1 });
    const { el } = shown;
    press(el, "Remove row of Rows");
    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toBe("Select a row first");

    cell(el, "tea").focus();
    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toBe("");
    type("ArrowDown", { shiftKey: true });
    expect(selected(el)).toEqual(["tea", "cake"]);
    press(el, "Remove 2 rows of Rows");
    await turn();
    expect(rowsOf(shown)).toEqual([ROWS[2]]);
    expect(selected(el)).toEqual(["bread"]);

    press(el, "Remove row 1 of Rows");
    await turn();
    expect(rowsOf(shown)).toEqual([ROWS[2]]);
    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toBe("At least 1 row must stay");
  });

  test("loses the row that a person sees, whatever the order", async () => {
    const shown = await list();
    const { el } = shown;
    head(el, "Name")?.click();
    cell(el, "bread").focus();

    press(el, "Remove row 1 of Rows");
    await turn();

    expect(rowsOf(shown)).toEqual([ROWS[0], ROWS[1]]);
    expect(selected(el)).toEqual(["cake"]);
  });

  test("does not lose a row in the place of one that went in the kernel", async () => {
    const shown = await list();
    const { el, kernel } = shown;
    cell(el, "cake").focus();

    kernel.commit("board", { op: "remove", path: "/rows/1" });
    await turn();
    press(el, "Remove row of Rows");
    await turn();

    expect(rowsOf(shown)).toEqual([ROWS[0], ROWS[2]]);
  });

  test("has its rows moved, while they stand as they are", async () => {
    const shown = await list();
    const { el } = shown;
    cell(el, "cake").focus();
    type("ArrowDown", { shiftKey: true });

    press(el, "Move 2 rows up");
    await turn();
    expect(rowsOf(shown)).toEqual([ROWS[1], ROWS[2], ROWS[0]]);
    expect(selected(el).sort()).toEqual(["bread", "cake"]);

    press(el, "Move 2 rows down");
    await turn();
    expect(rowsOf(shown)).toEqual(ROWS);

    head(el, "Name")?.click();
    cell(el, "cake").focus();
    press(el, "Move row 2 up");
    await turn();
    expect(rowsOf(shown)).toEqual(ROWS);
    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toContain("neither sorted nor filtered");
  });

  test("says below the rows why one was not added", async () => {
    const { el, board } = await list();
    board.validate = () => {
      throw new Error("no more today");
    };

    press(el, "Add row to Rows");
    await turn();

    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toContain("no more today");
    expect(note(el)).toBe("");
    expect(column(el, 1)).toHaveLength(3);
  });

  test("that is read-only is neither written nor made longer or shorter", async () => {
    const { el } = await list(ROWS, { readOnly: true });

    cell(el, "5").focus();
    type("Enter");

    expect(el.querySelector(".syncstate-grid-cell input")).toBeNull();
    expect(el.querySelectorAll(".syncstate-grid-tools")).toHaveLength(0);
    expect(el.querySelector("[role=grid]")?.getAttribute("aria-readonly")).toBe("true");
  });

  test("cannot be used when it is stale, and says why", async () => {
    const { el, kernel } = await list();

    kernel.say({ type: "closed", model: "board", reason: "the model was closed" });
    await turn();
    press(el, "Add row to Rows");

    expect(el.querySelector(".syncstate-grid-trouble")?.textContent).toBe("the model was closed");
  });

  test("says how long it is while it is closed", async () => {
    const { el } = await list();
    const toggle = el.querySelector<HTMLElement>(".syncstate-toggle");
    expect(toggle?.textContent).toBe("Rows");

    toggle?.click();

    expect(toggle?.textContent).toBe("Rows3 rows");
  });

  test("among the arguments of an action is one too", async () => {
    const { el, model, end } = await page({});
    const parameters = {
      properties: { rows: { title: "Rows", type: "array", items: Row } },
      required: ["rows"],
    };
    const { render } = await import("../src/form.ts");
    render({ model, el, signal: end.signal, schema: { actions: { buy: { title: "Buy", parameters } } } });
    await loaded(el);

    press(el, "Add row to Rows");

    expect(column(el, 2)).toEqual(["1"]);
  });
});

describe("a list of anything", () => {
  const anything = (rows: Json, more: Schema = {}): Promise<Shown> => list(rows, { items: {}, ...more });
  const kind = (el: Element): string =>
    el.querySelector("[role=grid]") ? "grid" : el.querySelector(".syncstate-members") ? "tree" : "nothing";

  test.each<[string, Json, string]>([
    ["records", [{ name: "tea", price: 3 }, { name: "cake" }], "grid"],
    ["records with dates and nothing", [{ day: exactDate("2026-01-31"), price: null }], "grid"],
    ["records that hold others", [{ name: "tea" }, { name: "cake", of: ["flour"] }], "tree"],
    ["empty objects", [{}], "tree"],
    ["numbers", [1, 2], "tree"],
    ["records and numbers", [{ name: "tea" }, 1], "tree"],
    ["nothing yet", [], "tree"],
  ])("that holds %s is a grid or a tree", async (_, rows, expected) => {
    expect(kind((await anything(rows)).el)).toBe(expected);
  });

  test("becomes the one or the other as it becomes records or ceases to be", async () => {
    const { el, kernel } = await anything([]);

    for (const [value, expected] of [
      [[{ name: "tea" }], "grid"],
      [[], "grid"], // whoever removed the last row may add one
      [[{ name: ["tea"] }], "tree"],
    ] as const) {
      kernel.commit("board", { op: "replace", path: "/rows", value });
      await loaded(el);
      expect(kind(el)).toBe(expected);
    }
  });

  test("grows by rows that are as the last one was, empty", async () => {
    const shown = await anything([{ name: "tea", price: 3, isOpen: true, note: null }]);
    const empty = { name: "", price: 0, isOpen: false, note: null };
    press(shown.el, "Add row to Rows");
    await turn();
    expect((rowsOf(shown) as Json[]).at(-1)).toEqual(empty);

    shown.kernel.commit("board", { op: "replace", path: "/rows", value: [] });
    press(shown.el, "Add row to Rows");
    await turn();
    expect(rowsOf(shown)).toEqual([empty]);
  });

  test("that is read-only is looked at", async () => {
    const { el } = await anything([{ name: "tea" }], { readOnly: true });

    expect(el.querySelector("[role=grid]")?.getAttribute("aria-readonly")).toBe("true");
    expect(el.querySelector(".syncstate-grid-tools")).toBeNull();
  });
});

describe("which lists are rows and columns", () => {
  const record = (member: Schema, more: Schema = {}): Schema => ({
    type: "object",
    properties: { it: member },
    ...more,
  });

  test.each<[string, Schema, Json, boolean]>([
    ["texts", record({ type: "string" }), "a", true],
    ["numbers, or nothing", record({ anyOf: [{ type: "number" }, { type: "null" }] }), null, true],
    ["dates", record({ type: "string", format: "date" }), exactDate("2026-01-31"), true],
    ["choices", record({ enum: ["a", "b"] }), "a", true],
    ["lists", record({ type: "array", items: { type: "string" } }), ["a"], false],
    ["objects", record({ type: "object", properties: { a: { type: "string" } } }), { a: "b" }, false],
    ["one of several", record({ anyOf: [{ type: "number" }, { type: "string" }] }), 1, false],
    ["bytes", record({ leaf: "bytes" }), null, false],
    ["durations", record({ type: "string", format: "duration" }), null, false],
    ["what wants a control of its own", record({ type: "string", widget: "password" }), "a", false],
    [
      "models that are called",
      record({ type: "string" }, { actions: { a: { parameters: {} } } }),
      "a",
      false,
    ],
    ["any names", { type: "object", additionalProperties: { type: "string" } }, "a", false],
  ])("records of %s", async (_, items, it, expected) => {
    const { el } = await whole({ rows: { title: "Rows", type: "array", items } }, { rows: [{ it }] });
    await loaded(el);

    expect(el.querySelector("[role=grid]") !== null).toBe(expected);
  });

  test("true, false and nothing are chosen among", async () => {
    const items = record({ anyOf: [{ type: "boolean" }, { type: "null" }] });
    const { el, board } = await whole(
      { rows: { title: "Rows", type: "array", items } },
      { rows: [{ it: true }] },
    );
    await loaded(el);

    cell(el, "true").focus();
    type(" ");
    const select = document.activeElement as HTMLSelectElement;
    expect([...select.options].map(({ text }) => text)).toEqual(["true", "false", "None"]);
    select.selectedIndex = 2;
    type("Enter");
    await turn();

    expect(board.document).toEqual({ rows: [{ it: null }] });
  });
});
