// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type NumberArray, pack } from "../src/arrays.ts";
import type { Json } from "../src/document.ts";
import { exactDate, Failure, Tagged } from "../src/forms.ts";
import type { Link } from "../src/link.ts";
import { render } from "../src/tree.ts";
import { Kernel, type KernelModel, openPage, turn } from "./support/kernel.ts";

let flashed: Element[] = [];

beforeEach(() => {
  flashed = [];
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  // jsdom animates nothing
  Element.prototype.getAnimations = () => [];
  Element.prototype.animate = function (this: Element) {
    flashed.push(this);
    return {} as Animation;
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

interface Shown {
  el: HTMLElement;
  kernel: Kernel;
  board: KernelModel;
  link: Link;
  end: AbortController;
}

async function show(state: Json, readOnly: string[] = []): Promise<Shown> {
  const kernel = new Kernel();
  const board = kernel.publish("board", state);
  board.readOnly = readOnly;
  const { model, link } = await openPage(kernel);
  const el = document.createElement("div");
  document.body.append(el);
  const end = new AbortController();
  render({ model, el, signal: end.signal });
  return { el, kernel, board, link, end };
}

const text = (el: Element): string => el.textContent ?? "";

function summary(el: Element, name: string): HTMLElement {
  const found = [...el.querySelectorAll("summary")].find(
    (candidate) => candidate.querySelector(".syncstate-name")?.textContent === name,
  );
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function open(el: Element, name: string): HTMLElement {
  const details = summary(el, name).parentElement as HTMLDetailsElement;
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  return details;
}

function control(el: Element, name: string): HTMLInputElement {
  const label = [...el.querySelectorAll("label")].find((candidate) => text(candidate) === name);
  return label?.querySelector("input, textarea") as HTMLInputElement;
}

function type(input: HTMLInputElement, value: string, key = "Enter"): void {
  input.focus();
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  if (key) input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

const rows = (count: number): Json[] => Array.from({ length: count }, (_, at) => ({ at, name: `row ${at}` }));

describe("what is drawn", () => {
  test("is the members, and what few things are in them", async () => {
    const { el } = await show({ title: "Sales", options: { bar: "red" }, nothing: null });

    expect(control(el, "title").value).toBe("Sales");
    expect(control(el, "bar").value).toBe("red");
    expect(text(el)).toContain("nothingnull");
  });

  test("tells the beginning of what is closed", async () => {
    const { el } = await show({ rows: rows(20), few: { a: 1, b: [1], c: true, d: 2, e: 3 } });

    expect(text(summary(el, "rows"))).toBe("rows20 elements");
    open(el, "rows");
    expect(text(summary(el, "3"))).toBe("3at: 3, name: row 3");
    expect([...el.querySelectorAll("details[open]")]).toHaveLength(2);
  });

  test("is a page of a long list, and more when it is asked for", async () => {
    const { el } = await show({ rows: rows(250) });
    const list = open(el, "rows").querySelector("ul") as HTMLElement;
    const more = el.querySelectorAll<HTMLButtonElement>(".syncstate-more");

    const counts = [list.children.length];
    for (let turnOver = 0; turnOver < 2; turnOver += 1) {
      [...more].find((button) => !button.hidden)?.click();
      counts.push(list.children.length);
    }

    expect(counts).toEqual([100, 200, 250]);
    expect([...more].every((button) => button.hidden)).toBe(true);
  });

  test("is text, whatever the state says", async () => {
    const { el } = await show({ "<b>name</b>": "<img src=x>", html: { "<i>": ["<script>"] } }, [
      "<b>name</b>",
    ]);

    expect(el.querySelector("b, i, img, script")).toBeNull();
    expect(text(el)).toContain("<b>name</b>");
  });

  test("is the size of an array and its first elements, and nothing to write in", async () => {
    const image = Object.assign(new Uint8Array(24), { shape: [2, 4, 3] });
    const [signal, pixels] = [new Float64Array(1000).fill(0.5), image].map(
      (array) => pack(array) as NumberArray,
    );
    const { el, kernel } = await show({
      signal: signal as Json,
      image: pixels as Json,
      bytes: new Uint8Array(3),
    });
    const rows = (): string[] => [...el.querySelectorAll(".syncstate-row")].map(text);

    expect(rows()).toEqual([
      "signal1,000 float64: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, …",
      "image2 x 4 x 3 uint8: 0, 0, 0, 0, 0, 0, 0, 0, …",
      "bytes3 bytes",
    ]);
    expect(el.querySelector("input, textarea")).toBeNull();

    kernel.commit("board", { op: "remove", path: "/signal/2:1000" });

    expect(rows()[0]).toBe("signal2 float64: 0.5, 0.5");
  });

  test("has a member called like something of JavaScript's", async () => {
    const { el } = await show(JSON.parse('{"constructor": "a car", "__proto__": {"toString": 1}}') as Json);

    expect(control(el, "constructor").value).toBe("a car");
    expect(control(el, "toString").value).toBe("1");
  });
});

describe("a change of the kernel's", () => {
  test("touches the row that it is about, and shows it", async () => {
    const { el, kernel } = await show({ rows: rows(3), title: "Sales" });
    const title = control(el, "title");
    const second = summary(el, "1");

    kernel.commit("board", { op: "replace", path: "/rows/1/name", value: "changed" });

    expect(text(second)).toBe("1at: 1, name: changed");
    expect(flashed).toEqual([second]);
    expect(control(el, "title")).toBe(title);
  });

  test("in one of 10,000 rows looks into no other", async () => {
    const { el, kernel } = await show({ rows: rows(10_000) });
    open(el, "rows");
    const changes: MutationRecord[] = [];
    const observer = new MutationObserver((records) => changes.push(...records));
    observer.observe(el, { subtree: true, childList: true, characterData: true, attributes: true });

    kernel.commit("board", { op: "replace", path: "/rows/7/name", value: "changed" });
    await turn();
    observer.disconnect();

    expect(new Set(changes.map(({ target }) => (target as Element).closest("summary")))).toEqual(
      new Set([summary(el, "rows"), summary(el, "7")]),
    );
  });

  test("flashes no NaN that has stayed", async () => {
    const { kernel, board } = await show({ nan: Number.NaN, n: 1 });

    kernel.say(board.commit([{ op: "replace", path: "/n", value: 2 }]));
    await turn();

    expect(flashed).toHaveLength(1);
  });

  test("that adds and removes keeps what stays, and the focus in it", async () => {
    const { el, kernel } = await show({ few: { a: 1, b: 2, c: 3 } });
    const last = control(el, "c");
    last.focus();

    kernel.commit("board", { op: "remove", path: "/few/a" }, { op: "add", path: "/few/d", value: 4 });

    expect(control(el, "c")).toBe(last);
    expect(document.activeElement).toBe(last);
    expect([...el.querySelectorAll("label")].map(text)).toEqual(["b", "c", "d"]);
    expect(flashed).toEqual([]); // nothing changed: one went and one came
  });

  test("that moves all elements of a list flashes none", async () => {
    const { el, kernel } = await show({ list: ["a", "b"] }, ["list"]);

    kernel.commit("board", { op: "add", path: "/list/0", value: "new" });

    expect([...el.querySelectorAll("details li")].map(text)).toEqual(["0new", "1a", "2b"]);
    expect(flashed).toEqual([]);
  });

  test("to another type draws another row", async () => {
    const { el, kernel } = await show({ value: 1 });

    kernel.commit("board", { op: "replace", path: "/value", value: true });
    expect(control(el, "value").type).toBe("checkbox");
    kernel.commit("board", { op: "replace", path: "/value", value: "two\nlines" });
    expect(control(el, "value").localName).toBe("textarea");
    kernel.commit("board", { op: "replace", path: "/value", value: [1] });
    expect(text(summary(el, "value"))).toContain("1 element");
  });

  test("flashes nothing for those who do not want motion", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    const { kernel } = await show({ count: 1 }, ["count"]);

    kernel.commit("board", { op: "replace", path: "/count", value: 2 });

    expect(flashed).toEqual([]);
  });

  test("reaches nobody after the view is gone", async () => {
    const { el, kernel, end } = await show({ title: "Sales" });

    end.abort();
    kernel.commit("board", { op: "replace", path: "/title", value: "Costs" });

    expect(control(el, "title").value).toBe("Sales");
  });
});

describe("a control", () => {
  test.each([
    ["text", { value: "a" }, "b", "b"],
    ["a number", { value: 1 }, "2.5", 2.5],
    ["text that looks like a number", { value: "1" }, "2", "2"],
    ["NaN", { value: Number.NaN }, "2.5", 2.5],
    ["NaN", { value: 2n ** 60n }, "NaN", Number.NaN],
    ["a large integer", { value: 2n ** 60n }, "-1152921504606846977", -(2n ** 60n) - 1n],
    ["an integer that has become small", { value: 2n ** 60n }, "5", 5],
    ["a day", { value: exactDate("2026-01-31") }, "2026-02-01", exactDate("2026-02-01")],
    [
      "a moment",
      { value: exactDate("2026-01-31T12:00:00") },
      "2026-01-31 13:00",
      exactDate("2026-01-31T13:00"),
    ],
  ])("sends %s in its type", async (_, state, typed, expected) => {
    const { el, board } = await show(state);

    type(control(el, "value"), typed);
    await turn();

    expect(board.document).toEqual({ value: expected });
    expect(flashed).toEqual([]); // one's own edit is no news
  });

  test.each([
    ["NaN", Number.NaN, "NaN", "x"],
    ["a large integer", 2n ** 60n, "1152921504606846976", "1.x"],
    ["a day", exactDate("2026-01-31"), "2026-01-31", "2026-13-01"],
  ])("keeps %s where something else is typed", async (_, value, shown, typed) => {
    const { el, kernel } = await show({ value });
    const before = kernel.heard.length;

    for (const entered of [typed, shown]) type(control(el, "value"), entered);
    await turn();

    expect(control(el, "value").value).toBe(shown);
    expect(kernel.heard).toHaveLength(before);
  });

  test("is none for a failure, and for a value of an unknown type", async () => {
    const { el } = await show({ failed: new Failure("KeyError", "a"), color: new Tagged("Color", "RED") });

    expect(el.querySelector("input")).toBeNull();
    expect(text(el.querySelector(".syncstate-failure") as HTMLElement)).toBe("KeyError: a");
    expect(el.textContent).toContain("RED");
  });

  test("sends what a box says", async () => {
    const { el, board } = await show({ value: false });

    control(el, "value").click();
    await turn();

    expect(board.document).toEqual({ value: true });
  });

  test("sends nothing for what is no number, or for no change", async () => {
    const { el, kernel } = await show({ value: 1 });
    const before = kernel.heard.length;

    type(control(el, "value"), "");
    type(control(el, "value"), "1");
    await turn();

    expect(control(el, "value").value).toBe("1");
    expect(kernel.heard).toHaveLength(before);
  });

  test("goes back with Escape, to what the kernel has by then", async () => {
    const { el, kernel } = await show({ value: "a" });

    type(control(el, "value"), "typing", "");
    kernel.commit("board", { op: "replace", path: "/value", value: "b" });
    expect(control(el, "value").value).toBe("typing");
    control(el, "value").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));

    expect(control(el, "value").value).toBe("b");
  });

  test.each([
    ["all of it", 0, 3, 0, 5],
    ["a part", 1, 2, 1, 2],
    ["nothing, at the end", 3, 3, 5, 5],
  ])("leaves selected what was when a newer text comes: %s", async (_, start, end, newStart, newEnd) => {
    const { el, kernel } = await show({ value: "old" });
    document.body.append(el);
    control(el, "value").focus();
    control(el, "value").setSelectionRange(start, end);

    kernel.commit("board", { op: "replace", path: "/value", value: "newer" });

    expect(control(el, "value")).toMatchObject({
      value: "newer",
      selectionStart: newStart,
      selectionEnd: newEnd,
    });
    el.remove();
  });

  test("shows a newer number where somebody is", async () => {
    const { el, kernel } = await show({ value: 1 });
    document.body.append(el);
    control(el, "value").focus();

    kernel.commit("board", { op: "replace", path: "/value", value: 2 });

    expect(control(el, "value").value).toBe("2");
    el.remove();
  });

  test("says why its edit was refused until the next one, and shows what the kernel has", async () => {
    const { el, board } = await show({ value: 1, list: [{ price: 2 }] });
    board.validate = () => {
      throw new RangeError("not this number");
    };
    open(el, "0");

    type(control(el, "price"), "9");
    await turn();

    const note = (): string =>
      text(control(el, "price").closest("li")?.querySelector(".syncstate-note") as Element);
    expect(note()).toBe("not this number");
    expect(control(el, "price").value).toBe("2");
    expect(control(el, "price").getAttribute("aria-invalid")).toBe("true");

    board.validate = (operations) => operations;
    type(control(el, "price"), "3");
    await turn();

    expect(note()).toBe("");
    expect(board.document).toEqual({ value: 1, list: [{ price: 3 }] });
  });

  test("is not there for what a page may not write", async () => {
    const { el } = await show({ status: "idle", rows: [1] }, ["status", "rows"]);

    expect(el.querySelector("input")).toBeNull();
    expect(text(el)).toContain("statusidle");
  });

  test("cannot be used while the kernel cannot be heard", async () => {
    const { el, link } = await show({ value: 1, rows: rows(20) });

    link.stale("The kernel was restarted");
    open(el, "rows");
    open(el, "3");
    expect([control(el, "value").disabled, control(el, "name").disabled]).toEqual([true, true]);
    link.reopen();
    await turn();

    expect([control(el, "value").disabled, control(el, "name").disabled]).toEqual([false, false]);
  });

  test("breaks lines of text with Enter, and sends them with Ctrl", async () => {
    const { el, board } = await show({ notes: "one\ntwo" });
    const area = control(el, "notes");

    type(area, "one\ntwo\nthree");
    await turn();
    expect(board.document).toEqual({ notes: "one\ntwo" });
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
    await turn();

    expect(board.document).toEqual({ notes: "one\ntwo\nthree" });
  });
});

describe("a table", () => {
  const column = (count: number): NumberArray =>
    pack(Float64Array.from({ length: count }, (_, at) => at / 3)) as NumberArray;
  const names = (count: number): Json => ({
    kind: "category",
    codes: pack(new Int8Array(count)) as NumberArray,
    categories: ["<b>"],
  });

  test("is told by its size and its first rows", async () => {
    const { el } = await show({ flights: { x: column(300_000), name: names(300_000) } }, ["flights"]);

    expect(text(summary(el, "flights"))).toBe("flights300,000 rows, 2 columns");
    const rows = [...el.querySelectorAll("tr")].map((row) => [...row.children].map(text));
    expect(rows.slice(0, 3)).toEqual([
      ["x", "name"],
      ["0", "<b>"],
      ["0.333333", "<b>"],
    ]);
    expect(rows).toHaveLength(9);
  });

  test("is drawn anew when it changes, and not while it is closed", async () => {
    const { el, kernel } = await show({ flights: { x: column(1) } }, ["flights"]);

    kernel.commit("board", { op: "add", path: "/flights/x/-", value: column(2) });
    await turn();
    expect(text(summary(el, "flights"))).toBe("flights3 rows, 1 column");
    expect(el.querySelectorAll("tr")).toHaveLength(4);
    expect(flashed).toHaveLength(1);

    const details = summary(el, "flights").parentElement as HTMLDetailsElement;
    details.open = false;
    details.dispatchEvent(new Event("toggle"));
    expect(el.querySelectorAll("tr")).toHaveLength(0);
  });
});
