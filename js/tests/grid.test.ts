// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type NumberArray, pack } from "../src/arrays.ts";
import type { Json } from "../src/document.ts";
import { exactDate } from "../src/forms.ts";
import { type Column, fill } from "../src/grid/columns.ts";
import { parseFilter } from "../src/grid/filter.ts";
import { Order } from "../src/grid/order.ts";
import { follow, shiftBetween } from "../src/grid/shift.ts";
import { type GridOptions, render } from "../src/grid.ts";
import type { Link } from "../src/link.ts";
import { type Rows, rowsOf } from "../src/view/rows.ts";
import { read, textOf } from "../src/view/values.ts";
import { Kernel, type KernelModel, openPage, turn } from "./support/kernel.ts";

const rows = (value: unknown): Rows => rowsOf(value) as Rows;

describe("filters", () => {
  const passing = (text: string, values: unknown[]): unknown[] =>
    values.filter((value) => parseFilter(text)?.(value as Json));

  test.each([
    [">5", [3, 5, 7, null, "x"], [7]],
    [">=5", [3, 5, 7, Number.NaN], [5, 7]],
    ["<0", [-1, 0, 12n], [-1]],
    ["3..7", [2, 3, 7, 8, null], [3, 7]],
    ["3..", [2, 3, 9], [3, 9]],
    ["..3", [2, 3, 9], [2, 3]],
    ["5", [5, 50, 0.5], [5]],
    ["tea", ["Green TEA", "coffee", null], ["Green TEA"]],
    ["=tea", ["tea", "Tea", "green tea"], ["tea", "Tea"]],
    ["!=tea", ["tea", "coffee", null], ["coffee", null]],
    ["=", ["", null, undefined, 0], ["", null, undefined]],
    ["1.2.3", ["version 1.2.3", "1.2"], ["version 1.2.3"]],
    [">9007199254740993", [9007199254740993n, 9007199254740994n], [9007199254740994n]],
    ["(", ["a (b)", "ab"], ["a (b)"]],
  ])("'%s' lets some values pass", (text, values, expected) => {
    expect(passing(text, values)).toEqual(expected);
  });

  test("dates are compared as dates, in the frame of each", () => {
    const [early, late] = [exactDate("2026-03-01"), exactDate("2026-03-02")];
    const ofTable = new Date(Date.UTC(2026, 2, 2));

    expect(passing(">2026-03-01", [early, late, ofTable])).toEqual([late, ofTable]);
    expect(passing("2026-03-02..2026-03-02", [early, late, ofTable])).toEqual([late, ofTable]);
  });

  test("nothing written filters nothing", () => {
    expect(parseFilter("  ")).toBeUndefined();
  });
});

describe("order", () => {
  const shown = (order: Order): number[] => Array.from({ length: order.length }, (_, at) => order.row(at));

  test.each([
    [false, [4, 0, 2, 5, 1, 3]],
    [true, [2, 5, 0, 4, 1, 3]],
  ])(
    "what is missing comes last (descending: %s), and equal rows stand as they come",
    (isDescending, expected) => {
      const order = new Order(rows([{ a: 2 }, { a: null }, { a: 9 }, {}, { a: -1 }, { a: 9 }]));

      order.arrange({ name: "a", isDescending }, new Map());

      expect(shown(order)).toEqual(expected);
    },
  );

  test("texts are sorted as a person does, and behind numbers", () => {
    const order = new Order(rows([{ a: "zoo" }, { a: "Äpfel" }, { a: "banana" }, { a: 3 }]));

    order.arrange({ name: "a", isDescending: false }, new Map());

    expect(shown(order)).toEqual([3, 1, 2, 0]);
  });

  // What is done to the rows in any way, the order is the one that sorting and filtering anew would give.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("what changed is put where it belongs (%i)", (seed) => {
    let state = seed * 2654435761;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    const record = (): Json => ({
      a: random(8) === 0 ? null : random(20),
      b: random(2) === 0 ? "tea" : "cake",
    });
    let list: Json[] = Array.from({ length: 40 }, record);
    const sort = { name: "a", isDescending: seed % 2 === 0 };
    const filters = new Map([["b", parseFilter("tea") as (value: unknown) => boolean]]);
    const order = new Order(rows(list));
    order.arrange(sort, filters);

    for (let round = 0; round < 40; round += 1) {
      const old = rows(list);
      const next = [...list];
      for (let deed = random(3); deed >= 0; deed -= 1) {
        const at = random(next.length);
        const kind = random(4);
        if (kind === 0) next.splice(at, random(3), ...Array.from({ length: random(4) }, record));
        else if (kind === 1) next.push(record(), record());
        else if (kind === 2) next[at] = record();
        else next.reverse();
      }
      list = next;
      order.update(rows(list), shiftBetween(old, rows(list), order.names));

      const anew = new Order(rows(list));
      anew.arrange(sort, filters);
      expect(shown(order)).toEqual(shown(anew));
    }
  });

  test("a table keeps its order while no column on which it depends changes", () => {
    const table = (a: number[], b: number[]): Rows =>
      rows({ a: pack(Float64Array.from(a)) as NumberArray, b: pack(Float64Array.from(b)) as NumberArray });
    const old = table([3, Number.NaN, 1], [0, 0, 0]);
    const order = new Order(old);
    order.arrange({ name: "a", isDescending: false }, new Map());

    expect(shiftBetween(old, table([3, Number.NaN, 1], [1, 2, 3]), order.names).changed).toEqual([]);
    const longer = table([3, Number.NaN, 1, 2], [0, 0, 0, 0]);
    order.update(longer, shiftBetween(old, longer, order.names));

    expect(shown(order)).toEqual([2, 3, 0, 1]);
  });
});

describe("where rows went", () => {
  const [a, b, c, d] = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }];
  const went = (old: Json[], now: Json[], row: number): number | undefined =>
    follow(shiftBetween(rows(old), rows(now), []), rows(old), rows(now), row);

  test.each<[string, Json[], Json[], number, number | undefined]>([
    ["stays when rows are appended", [a, b], [a, b, c], 1, 1],
    ["moves down when rows come before it", [a, b], [c, d, a, b], 1, 3],
    ["moves up when rows before it go", [a, b, c], [c], 2, 0],
    ["is found where it was moved to", [a, b, c], [c, a, b], 0, 1],
    ["keeps its place when it is written", [a, b], [a, { n: 9 }], 1, 1],
    ["keeps its place when it is written while rows are appended", [a, b, c], [{ n: 9 }, b, c, d], 0, 0],
    ["is gone when it is removed", [a, b, c], [a, c], 1, undefined],
  ])("a row %s", (_, old, now, row, expected) => {
    expect(went(old, now, row)).toBe(expected);
  });
});

describe("values", () => {
  test.each<[Json | Date, string]>([
    [null, "–"],
    [Number.NaN, "–"],
    [0.1 + 0.2, "0.3"],
    [1234567.891, "1234567.89"],
    [12345678901234567890n, "12345678901234567890"],
    [exactDate("2026-11-26T14:30:00"), "2026-11-26 14:30:00"],
    [new Date(Date.UTC(2013, 0, 1, 5)), "2013-01-01 05:00:00"],
    [[1, 2], "[1,2]"],
  ])("%s is read as '%s'", (value, text) => {
    expect(textOf(value as Json)).toBe(text);
  });

  test("what is written is a value of the cell's kind, or refused", () => {
    expect(read(" 3.5 ", "number")).toBe(3.5);
    expect(read("12345678901234567890", "number")).toBe(12345678901234567890n);
    expect(read("", "number")).toBeNull();
    expect(read(" tea", "text")).toBe(" tea");
    expect(() => read("tea", "number")).toThrow("Cannot read 'tea' as a number");
    expect(() => read("soon", "date")).toThrow(/^Cannot read 'soon' as a date: write it as /);
  });
});

describe("widths", () => {
  const columns = (...specs: [wanted: number, isFixed?: boolean][]): Column[] =>
    specs.map(([wanted, isFixed = false]) => ({ wanted, isFixed, width: wanted }) as Column);

  test.each<[string, [number, boolean?][], number, number[]]>([
    ["as wide as they should be in a room of that size", [[100], [200]], 300, [100, 200]],
    ["wider, to fill the room", [[100], [200]], 400, [133, 267]],
    ["no more than half as wide again", [[100], [200]], 1000, [150, 300]],
    ["narrower by a little", [[100], [200]], 270, [90, 180]],
    ["as wide as they should be where they must be scrolled anyway", [[100], [200]], 200, [100, 200]],
    ["as wide as somebody said", [[100, true], [200]], 400, [100, 300]],
    ["as wide as they should be before they are laid out", [[100], [200]], 0, [100, 200]],
    [
      "as wide as somebody said, all of them",
      [
        [100, true],
        [200, true],
      ],
      400,
      [100, 200],
    ],
  ])("are %s", (_, wanted, room, expected) => {
    const all = columns(...wanted);
    fill(all, room);

    expect(all.map(({ width }) => width)).toEqual(expected);
  });
});

describe("a grid", () => {
  beforeEach(() => {
    // jsdom lays nothing out
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  const ROWS = [
    { name: "tea", price: 3 },
    { name: "cake", price: 5 },
    { name: "bread", price: 4 },
  ];

  async function show(
    state: Json,
    options: Partial<GridOptions> = {},
    readOnly: string[] = [],
  ): Promise<{ el: HTMLElement; kernel: Kernel; board: KernelModel; link: Link; end: AbortController }> {
    const kernel = new Kernel();
    const board = kernel.publish("board", state);
    board.readOnly = readOnly;
    const { link, model } = await openPage(kernel);
    const el = document.createElement("div");
    document.body.append(el);
    const end = new AbortController();
    render({ model, pointer: "/rows", el, signal: end.signal, ...options });
    return { el, kernel, board, link, end };
  }

  const lines = (el: HTMLElement): HTMLElement[] =>
    [...el.querySelectorAll<HTMLElement>(".syncstate-grid-row")].sort(
      (one, other) =>
        Number(one.ariaRowIndex ?? one.getAttribute("aria-rowindex")) -
        Number(other.getAttribute("aria-rowindex")),
    );
  const column = (el: HTMLElement, at = 0): string[] =>
    lines(el).map((line) => line.querySelectorAll("[role=gridcell]")[at]?.textContent ?? "");
  const cell = (el: HTMLElement, text: string): HTMLElement =>
    [...el.querySelectorAll<HTMLElement>(".syncstate-grid-cell")].find(
      (one) => one.textContent === text,
    ) as HTMLElement;
  const header = (el: HTMLElement, text: string): HTMLElement =>
    [...el.querySelectorAll<HTMLElement>("[role=columnheader]")].find(
      (one) => one.textContent === text,
    ) as HTMLElement;
  const press = (key: string, options: KeyboardEventInit = {}): boolean =>
    document.activeElement?.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }),
    ) ?? false;
  const write = (text: string): void => {
    (document.activeElement as HTMLInputElement).value = text;
  };

  test("sorts by a header: ascending, descending, as they come", async () => {
    const { el } = await show({ rows: ROWS });

    header(el, "price").click();
    expect(column(el)).toEqual(["tea", "bread", "cake"]);
    expect(header(el, "price").getAttribute("aria-sort")).toBe("ascending");
    header(el, "price").click();
    expect(column(el)).toEqual(["cake", "bread", "tea"]);
    header(el, "price").click();
    expect(column(el)).toEqual(["tea", "cake", "bread"]);
  });

  test("writes to the row that a person sees, wherever it has gone", async () => {
    const { el, kernel, board } = await show({ rows: ROWS });
    header(el, "price").click();
    cell(el, "4").focus();
    press("F2");
    kernel.commit("board", { op: "add", path: "/rows/0", value: { name: "milk", price: 1 } });
    await turn();

    write("9");
    press("Enter");
    await turn();

    expect((board.document as { rows: Json }).rows).toEqual([
      { name: "milk", price: 1 },
      { name: "tea", price: 3 },
      { name: "cake", price: 5 },
      { name: "bread", price: 9 },
    ]);
    expect(column(el)).toEqual(["milk", "tea", "cake", "bread"]);
  });

  test("writes a member whose name is no plain word", async () => {
    const { el, board } = await show({ rows: [{ "a/b~c": 1, __proto__: 0 }] });
    cell(el, "1").focus();
    press("7");
    write("7");
    press("Enter");
    await turn();

    expect((board.document as { rows: Json }).rows).toEqual([{ "a/b~c": 7 }]);
  });

  test("goes on to the next cell with Tab, and leaves the value with Escape", async () => {
    const { el, kernel } = await show({ rows: ROWS });
    const before = kernel.heard.length;
    cell(el, "tea").focus();
    press("Enter");
    press("Tab");
    expect(document.activeElement?.textContent).toBe("3");
    press("Enter");
    write("99");
    press("Escape");

    expect(document.activeElement?.textContent).toBe("3");
    expect(kernel.heard).toHaveLength(before);
  });

  test("says at the cell what is no number, and why the kernel refused a value", async () => {
    const { el, board } = await show({ rows: ROWS });
    board.validate = () => {
      throw new Error("a price is at least 0");
    };
    cell(el, "5").focus();
    press("Enter");
    write("much");
    press("Enter");
    expect(el.querySelector("[role=alert]:not([hidden])")?.textContent).toBe(
      "Cannot read 'much' as a number",
    );

    write("-1");
    press("Enter");
    await turn();

    const refused = el.querySelector(".syncstate-grid-cell[aria-invalid=true]");
    expect(refused?.firstChild?.textContent).toBe("5");
    expect(refused?.querySelector("[role=alert]")?.textContent).toBe("a price is at least 0");
  });

  test("a row that is removed takes what a person writes in it away", async () => {
    const { el, kernel, board } = await show({ rows: ROWS });
    cell(el, "cake").focus();
    press("Enter");
    write("pie");
    kernel.commit("board", { op: "remove", path: "/rows/1" });
    await turn();

    expect(el.querySelector(".syncstate-grid-cell input")).toBeNull();
    expect((board.document as { rows: Json }).rows).toEqual([ROWS[0], ROWS[2]]);
  });

  test.each([
    ["a read-only member", { rows: ROWS }, ["rows"]],
    ["a table", { rows: { price: pack(Float64Array.of(3, 5, 4)) as NumberArray } }, []],
  ])("%s is not written", async (_, state, readOnly) => {
    const { el } = await show(state as Json, {}, readOnly);
    cell(el, "5").focus();
    press("Enter");

    expect(el.querySelector(".syncstate-grid-cell input")).toBeNull();
    expect(el.querySelector("[role=grid]")?.getAttribute("aria-readonly")).toBe("true");
  });

  test("repaints the row that changed, and no other", async () => {
    const { el, kernel } = await show({ rows: ROWS });
    const painted: Node[] = [];
    const observer = new MutationObserver((records) => painted.push(...records.map(({ target }) => target)));
    observer.observe(el.querySelector(".syncstate-grid-body") as Node, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    kernel.commit("board", { op: "replace", path: "/rows/1/price", value: 6 });
    await turn();
    for (const { target } of observer.takeRecords()) painted.push(target);

    expect(painted).toEqual([cell(el, "6")]);
  });

  test("filters, says how many rows there are, and shows all again", async () => {
    const { el } = await show({ rows: ROWS });
    const input = el.querySelector<HTMLInputElement>("[aria-label='Filter price']") as HTMLInputElement;
    input.focus();
    write(">3");
    input.dispatchEvent(new Event("input"));
    press("Enter");
    expect(column(el)).toEqual(["cake", "bread"]);
    expect(el.querySelector("[role=status]")?.textContent).toBe("2 of 3 rows");

    el.querySelector<HTMLButtonElement>(".syncstate-grid-foot button")?.click();
    expect(column(el)).toEqual(["tea", "cake", "bread"]);
    expect(input.value).toBe("");
  });

  test("walks with the arrow keys, from the names over the filters to the rows", async () => {
    const { el } = await show({ rows: ROWS });
    const focused = (): string | null | undefined =>
      document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;
    header(el, "name").focus();
    const way = [
      "ArrowDown",
      "ArrowDown",
      "ArrowRight",
      "ArrowDown",
      "Home",
      "End",
      "ArrowUp",
      "ArrowUp",
      "ArrowUp",
    ].map((key) => {
      press(key);
      return focused();
    });

    expect(way).toEqual(["Filter name", "tea", "3", "5", "cake", "5", "3", "Filter price", "price"]);
    press("Control");
    expect(el.querySelectorAll("[tabindex='0']")).toHaveLength(1);
  });

  test.each<[string, Json, string]>([
    ["no rows", { rows: [] }, "No rows"],
    ["what is no list", { rows: 5 }, "Cannot show '/rows' as rows: it is a number"],
    ["nothing", {}, "There is nothing at '/rows'"],
  ])("says that there is %s, and goes on saying it when the kernel is gone", async (_, state, message) => {
    const { el, link } = await show(state);
    const said = (): string | null | undefined => el.querySelector(".syncstate-grid-message")?.textContent;
    expect(said()).toBe(message);

    link.close();

    expect(said()).toBe(message);
  });

  test("goes without a trace", async () => {
    const { el, end } = await show({ rows: ROWS });
    end.abort();

    expect(el.childElementCount).toBe(0);
  });
});
