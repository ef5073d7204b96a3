// @vitest-environment jsdom
import { afterEach, describe, expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import type { CallMessage } from "../src/messages.ts";
import { type Bound, bound, person } from "./support/bound.ts";
import { said, turn } from "./support/kernel.ts";

afterEach(() => {
  document.body.replaceChildren();
});

const calls = ({ kernel }: Bound): CallMessage[] =>
  said(kernel).filter((message): message is CallMessage => (message as CallMessage).type === "call");

/** Say how a call ended. */
async function answer(page: Bound, at: number, what: object = { value: null }): Promise<void> {
  const { call } = calls(page)[at] as CallMessage;
  page.kernel.say({
    type: "result",
    model: "board",
    epoch: page.board.epoch,
    to: page.link.id,
    call,
    ...what,
  });
  await turn();
}

const find = <Kind extends HTMLElement = HTMLInputElement>({ root }: Bound, selector: string): Kind =>
  root.querySelector(selector) as Kind;
const sends = (element: HTMLElement, name: string): boolean =>
  element.dispatchEvent(new Event(name, { bubbles: true, cancelable: true }));

describe("data-sync-on", () => {
  test.each<[string, Json[], object | undefined]>([
    ["click:add", [], undefined],
    ["click:add()", [], undefined],
    ["click: add (/title, 'a, b; c', \"d\", -1.5, true)", ["Sales", "a, b; c", "d", -1.5, true], undefined],
    [
      "click:add(/rows/0, count=2, name=/title, gone=/none)",
      [{ a: 1 }],
      { count: 2, name: "Sales", gone: null },
    ],
  ])("%s", async (spelled, given, keywords) => {
    const page = await bound("<button></button>", { title: "Sales", rows: [{ a: 1 }] });
    const button = find(page, "button");
    button.setAttribute("data-sync-on", spelled);
    page.model.bind(page.root);

    button.click();
    await turn();

    expect(calls(page)).toMatchObject([{ name: "add", arguments: given, ...(keywords && { keywords }) }]);
    expect("keywords" in (calls(page)[0] as object)).toBe(keywords !== undefined);
  });

  test("is busy while it runs, and is called once however often it is pressed", async () => {
    const page = await bound('<button title="Add one" data-sync-on="click:add">+</button>', { n: 1 });
    const button = find(page, "button");
    button.focus();

    button.click();
    sends(button, "click");
    await turn();
    expect(button).toMatchObject({ disabled: true, ariaBusy: "true" });
    expect(calls(page)).toHaveLength(1);
    button.blur(); // browsers do so to what is disabled
    await answer(page, 0);

    expect(button).toMatchObject({ disabled: false, ariaBusy: null });
    expect(document.activeElement).toBe(button);
    button.click();
    await turn();
    expect(calls(page)).toHaveLength(2);
  });

  test("tells why it failed, on the element and beside it, until it is called again", async () => {
    const page = await bound(
      `<button title="Add one" data-sync-on="click:add"></button><p data-sync-error="add()">?</p><p data-sync-error="other()">?</p>`,
      { n: 1 },
    );
    const button = find(page, "button");
    const said = (): (string | null)[] =>
      [...page.root.querySelectorAll("p")].map(({ textContent }) => textContent);
    expect(said()).toEqual(["", ""]);

    button.click();
    await turn();
    await answer(page, 0, { error: { type: "ValueError", text: "no tea" } });
    expect(said()).toEqual(["no tea", ""]);
    expect(button.title).toBe("no tea");
    expect(button.hasAttribute("data-sync-failed")).toBe(true);
    button.click();

    expect(said()).toEqual(["", ""]);
    expect(button.title).toBe("Add one");
    expect(button.hasAttribute("data-sync-failed")).toBe(false);
  });

  test("passes the fields of a form by name, each as what it is", async () => {
    const page = await bound(
      `<form data-sync-on="submit:add">
         <input name="name" value="tea"><input type="number" name="price" value="3.5"><input type="number" name="count">
         <input type="checkbox" name="hot" checked><input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
         <input type="date" name="day" value="2026-01-31"><select multiple name="tags"><option selected>a<option>b</select>
         <input name="off" value="x" disabled><input value="nameless"><button name="go" value="1">Add</button>
       </form>`,
      { n: 1 },
    );
    const form = find<HTMLFormElement>(page, "form");

    const isKept = sends(form, "submit");
    await turn();

    expect(isKept).toBe(false); // the page is not left
    expect(calls(page)).toMatchObject([{ arguments: [] }]);
    const { keywords } = calls(page)[0] as { keywords?: Record<string, Json> };
    expect(keywords).toEqual({
      name: "tea",
      price: 3.5,
      hot: true,
      size: "l",
      day: expect.objectContaining({ iso: "2026-01-31" }),
      tags: ["a"],
    });
  });

  test("of what is typed takes the place of the call before", async () => {
    const page = await bound(
      '<input data-sync-on="input:search(@value)"><p data-sync-error="search()"></p>',
      { n: 1 },
    );
    const input = find(page, "input");

    person.types(input, "a");
    await turn();
    person.types(input, "ab");
    await turn();

    expect(calls(page).map((call) => call.arguments)).toEqual([["a"], ["ab"]]);
    expect(said(page.kernel).map((message) => (message as { type: string }).type)).toContain("cancel");
    expect(input).toMatchObject({ disabled: false, ariaBusy: "true" });
    expect(find(page, "p").textContent).toBe("");
    await answer(page, 1);
    expect(input.ariaBusy).toBeNull();
  });

  test("in a row speaks of its own element, and goes on when the row is gone", async () => {
    const page = await bound(
      `<template data-sync-each="/rows"><p><button data-sync-on="click:remove(./id, @index)"></button><i data-sync-error="remove()"></i></p></template>
       <b data-sync-error="remove()"></b>`,
      { rows: [{ id: "a" }, { id: "b" }] },
    );
    page.root.querySelectorAll("button")[1]?.click();
    page.kernel.commit("board", { op: "remove", path: "/rows/0" });
    page.root.querySelector("button")?.click(); // still busy
    await turn();
    expect(calls(page)).toMatchObject([{ arguments: ["b", 1] }]);

    await answer(page, 0, { error: { type: "E", text: "no" } });
    expect([find(page, "i").textContent, find(page, "b").textContent]).toEqual(["no", "no"]);
    page.root.querySelector("button")?.click();
    await turn();
    expect(calls(page)[1]).toMatchObject({ arguments: ["b", 0] });
    page.kernel.commit("board", { op: "remove", path: "/rows/0" });
    expect(said(page.kernel).map((message) => (message as { type: string }).type)).not.toContain("cancel");
    await answer(page, 1, { error: { type: "E", text: "late" } });

    expect(find(page, "b").textContent).toBe("late");
  });

  test("of a model in a row is called where that is by then", async () => {
    const page = await bound(
      `<template data-sync-each="/lines"><button data-sync-on="click:./rename('x'); dblclick:/clear"></button>
       <i data-sync-error="./rename()"></i></template>`,
      { lines: [{ name: "a" }, { name: "b" }] },
    );
    const last = page.root.querySelectorAll("button")[1] as HTMLElement;
    page.kernel.commit("board", { op: "move", from: "/lines/1", path: "/lines/0" });

    last.click();
    await turn();
    sends(last, "dblclick");
    await turn();
    await answer(page, 0, { error: { type: "E", text: "no" } });

    expect(calls(page).map(({ name }) => name)).toEqual(["/lines/0/rename", "/clear"]);
    expect([...page.root.querySelectorAll("i")].map(({ textContent }) => textContent)).toEqual(["no", ""]);
  });

  test("ends with the signal", async () => {
    const page = await bound('<button data-sync-on="click:add"></button>', { n: 1 });
    page.end();

    find(page, "button").click();
    await turn();

    expect(calls(page)).toEqual([]);
  });
});
