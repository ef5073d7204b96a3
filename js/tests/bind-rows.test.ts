// @vitest-environment jsdom
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Json, JsonObject } from "../src/document.ts";
import { exactDate } from "../src/forms.ts";
import type { Model } from "../src/model.ts";
import type { Operation } from "../src/patch.ts";
import { bound, person } from "./support/bound.ts";
import { turn } from "./support/kernel.ts";

const replace = (path: string, value: Json): Operation => ({ op: "replace", path, value });
const row = (id: number, name: string = `row ${id}`): JsonObject => ({ id, name });

afterEach(() => {
  document.body.replaceChildren();
});

const LIST = `<ul><template data-sync-each="/rows">
  <li><b data-sync-text="./name"></b> <input data-sync-value="./name"></li></template></ul>`;
const KEYED = LIST.replace('each="/rows"', 'each="/rows" data-sync-key="./id"');

const items = (root: Element): Element[] => [...root.querySelectorAll("li")];
const names = (root: Element): string[] =>
  items(root).map((item) => item.querySelector("b")?.textContent ?? "");
const inputAt = (root: Element, at: number): HTMLInputElement =>
  items(root)[at]?.querySelector("input") as HTMLInputElement;

describe("data-sync-each", () => {
  test.each([LIST, KEYED])(
    "keeps the nodes of what is inserted beside, moved and sorted: %#",
    async (markup) => {
      const { root, kernel } = await bound(markup, { rows: [row(1), row(2), row(3)] });
      const [one, two, three] = items(root);

      kernel.commit("board", { op: "add", path: "/rows/0", value: row(0) });
      expect(items(root).slice(1)).toEqual([one, two, three]);
      kernel.commit("board", { op: "move", from: "/rows/3", path: "/rows/0" });
      expect(names(root)).toEqual(["row 3", "row 0", "row 1", "row 2"]);
      expect(items(root)[0]).toBe(three);
      kernel.commit("board", { op: "remove", path: "/rows/2" });

      expect(names(root)).toEqual(["row 3", "row 0", "row 2"]);
      expect(items(root)[2]).toBe(two);
      expect(one?.isConnected).toBe(false);
    },
  );

  test("keeps the nodes of an element that has changed where it stands", async () => {
    const { root, kernel } = await bound(LIST, { rows: [row(1), row(2)] });
    const before = items(root);

    kernel.commit("board", replace("/rows/1/name", "other"), { op: "add", path: "/rows/-", value: row(3) });

    expect(names(root)).toEqual(["row 1", "other", "row 3"]);
    expect(items(root).slice(0, 2)).toEqual(before);
  });

  test("knows an element that has changed and moved at once by its key", async () => {
    const { root, kernel } = await bound(KEYED, { rows: [row(1), row(2), row(3)] });
    const [one, two, three] = items(root);

    kernel.commit("board", replace("/rows", [row(3, "c"), row(1, "a"), row(2, "b")]));

    expect(names(root)).toEqual(["c", "a", "b"]);
    expect(items(root)).toEqual([three, one, two]);
  });

  test("does not take another element for one that is gone", async () => {
    const { root, kernel } = await bound(KEYED, { rows: [row(1)] });
    const [one] = items(root);

    kernel.commit("board", replace("/rows/0", row(2)));

    expect(names(root)).toEqual(["row 2"]);
    expect(items(root)[0]).not.toBe(one);
  });

  test("moves no more nodes than it must, and never the one that somebody is in", async () => {
    const rows = Array.from({ length: 9 }, (_, id) => row(id));
    const { root, kernel } = await bound(LIST, { rows });
    inputAt(root, 8).focus();
    const moved = new Set<Node>();
    const observer = new MutationObserver(() => {});
    observer.observe(root.querySelector("ul") as Element, { childList: true });

    kernel.commit("board", { op: "move", from: "/rows/8", path: "/rows/0" });
    for (const { addedNodes } of observer.takeRecords()) for (const node of addedNodes) moved.add(node);
    expect(moved.size).toBe(8);
    expect(document.activeElement).toBe(inputAt(root, 0));
    inputAt(root, 0).blur();
    moved.clear();
    kernel.commit("board", { op: "move", from: "/rows/8", path: "/rows/0" });
    for (const { addedNodes } of observer.takeRecords()) for (const node of addedNodes) moved.add(node);

    expect([...moved]).toEqual([items(root)[0]]);
  });

  test("shows members of an object, whose names are their keys, and where each stands", async () => {
    const { root, kernel } = await bound(
      `<template data-sync-each="/prices"><p><i data-sync-text="@index"></i>
         <b data-sync-text="@key"></b> <u data-sync-text="."></u></p></template>`,
      { prices: { tea: 3, "a/b": 4 } },
    );
    const lines = (): string[] =>
      [...root.querySelectorAll("p")].map(({ textContent }) => (textContent ?? "").replace(/\s+/g, " "));
    const [tea] = root.querySelectorAll("p");
    expect(lines()).toEqual(["0 tea 3", "1 a/b 4"]);

    kernel.commit("board", replace("/prices/tea", 5), { op: "add", path: "/prices/__proto__", value: 1 });
    expect(lines()).toEqual(["0 tea 5", "1 a/b 4", "2 __proto__ 1"]);
    expect(root.querySelector("p")).toBe(tea);
    kernel.commit("board", { op: "remove", path: "/prices/tea" });

    expect(lines()).toEqual(["0 a/b 4", "1 __proto__ 1"]);
  });

  test.each<[string, Json]>([
    ["nothing", null],
    ["a text", "abc"],
    ["a number", 3],
  ])("of %s is empty", async (_, rows) => {
    const { root } = await bound(LIST, { rows });

    expect(items(root)).toEqual([]);
  });

  test("nests, and reads the row around it and the model", async () => {
    const { root, kernel } = await bound(
      `<template data-sync-each="/groups"><template data-sync-each="./items">
         <p><i data-sync-text="/title"></i>-<b data-sync-text="../name"></b>-<u data-sync-text="."></u></p>
       </template></template>`,
      {
        title: "T",
        groups: [
          { name: "a", items: [1, 2] },
          { name: "b", items: [3] },
        ],
      },
    );
    const lines = (): (string | null)[] =>
      [...root.querySelectorAll("p")].map(({ textContent }) => textContent);
    expect(lines()).toEqual(["T-a-1", "T-a-2", "T-b-3"]);
    const last = [...root.querySelectorAll("p")].at(-1);

    kernel.commit("board", { op: "move", from: "/groups/1", path: "/groups/0" });
    expect(lines()).toEqual(["T-b-3", "T-a-1", "T-a-2"]);
    expect(root.querySelector("p")).toBe(last);
    kernel.commit("board", replace("/groups/0/name", "c"), replace("/title", "U"), {
      op: "add",
      path: "/groups/1/items/0",
      value: 0,
    });
    expect(lines()).toEqual(["U-c-3", "U-a-0", "U-a-1", "U-a-2"]);
    kernel.commit("board", { op: "remove", path: "/groups/1" });

    expect(lines()).toEqual(["U-c-3"]);
  });

  test("stands in tables, in selects and in drawings", async () => {
    const { root, kernel } = await bound(
      `<table><tbody><template data-sync-each="/n"><tr><td data-sync-text="."></td></tr></template></tbody></table>
       <select data-sync-value="/chosen"><template data-sync-each="/n"><option data-sync-text="."></option></template></select>
       <svg><template data-sync-each="/n"><circle data-sync-attr="r:."></circle></template></svg>`,
      { n: [1, 2], chosen: 2 },
    );
    const select = root.querySelector("select") as HTMLSelectElement;
    expect([...root.querySelectorAll("td")].map(({ textContent }) => textContent)).toEqual(["1", "2"]);
    expect(select.value).toBe("2");
    const circles = [...root.querySelectorAll("svg > circle")];
    expect(circles.map((circle) => circle.getAttribute("r"))).toEqual(["1", "2"]);
    expect(circles[0]?.namespaceURI).toBe("http://www.w3.org/2000/svg");

    kernel.commit("board", replace("/chosen", 3));
    kernel.commit("board", { op: "add", path: "/n/0", value: 3 });

    expect(select.value).toBe("3");
  });
});

describe("a control in a row", () => {
  test("edits its own element, though rows have moved and the page does not show it yet", async () => {
    const { root, board, kernel } = await bound(LIST, { rows: [row(1), row(2)] });
    const second = inputAt(root, 1);

    vi.stubGlobal("requestAnimationFrame", () => 0); // nothing is told before the next picture
    kernel.commit("board", { op: "add", path: "/rows/0", value: row(0) });
    expect(names(root)).toEqual(["row 1", "row 2"]);
    person.types(second, "mine");
    vi.unstubAllGlobals();
    kernel.commit("board", { op: "remove", path: "/rows/0" }, replace("/rows/0/name", "theirs"));
    await turn();

    expect((board.document as JsonObject).rows).toEqual([row(1, "theirs"), row(2, "mine")]);
    expect(names(root)).toEqual(["theirs", "mine"]);
    expect(inputAt(root, 1)).toBe(second);
  });

  test("whose element is gone edits none", async () => {
    const { root, kernel } = await bound(KEYED, { rows: [row(1), row(2)] });
    const first = inputAt(root, 0);
    first.dataset.syncSend = "release";
    person.types(first, "mine");
    const before = kernel.heard.length;

    kernel.commit("board", { op: "remove", path: "/rows/0" });
    person.leaves(first);
    await turn();

    expect(kernel.heard).toHaveLength(before);
    expect(names(root)).toEqual(["row 2"]);
  });

  test("edits texts that are elements themselves, and numbers, and dates", async () => {
    const { root, board } = await bound(
      `<template data-sync-each="/tags"><input data-sync-value="."></template>
       <template data-sync-each="/days"><input type="date" data-sync-value="."></template>`,
      { tags: ["a", "a", 3], days: [exactDate("2026-01-31")] },
    );
    const [one, two, three, day] = root.querySelectorAll("input");

    person.types(two as HTMLInputElement, "b");
    person.types(three as HTMLInputElement, "4");
    person.types(day as HTMLInputElement, "2026-02-01");
    await turn();

    expect(board.document).toMatchObject({ tags: ["a", "b", 4], days: [{ iso: "2026-02-01" }] });
    expect([...root.querySelectorAll("input")]).toEqual([one, two, three, day]);
  });

  test("hears of the refusal of its own edit, wherever its row is by then", async () => {
    const { root, board, kernel, up } = await bound(
      LIST.replace("</li>", '<i data-sync-error="./name"></i></li>'),
      { rows: [row(1), row(2)] },
    );
    board.validate = () => {
      throw new Error("no");
    };
    up.hold();
    person.types(inputAt(root, 0), "bad");
    await turn();
    expect(inputAt(root, 0).hasAttribute("data-sync-pending")).toBe(true);

    kernel.commit("board", { op: "move", from: "/rows/0", path: "/rows/1" });
    up.release();
    await turn();

    expect(names(root)).toEqual(["row 2", "row 1"]);
    expect([inputAt(root, 0).title, inputAt(root, 1).title]).toEqual(["", "no"]);
    expect([...root.querySelectorAll("i")].map(({ textContent }) => textContent)).toEqual(["", "no"]);
    expect(inputAt(root, 1).hasAttribute("data-sync-pending")).toBe(false);
    expect(inputAt(root, 1).hasAttribute("data-sync-failed")).toBe(true);
  });
});

/** How many callbacks a model holds, by what it is asked for. */
function counted(model: Model): { live: () => number } {
  let count = 0;
  for (const name of ["subscribe", "on"] as const) {
    const original = (model[name] as (...given: unknown[]) => unknown).bind(model);
    const counting = (
      pointer: string,
      callback: unknown,
      options: { signal?: AbortSignal } = {},
    ): unknown => {
      count += 1;
      options.signal?.addEventListener("abort", () => {
        count -= 1;
      });
      return original(pointer, callback, options);
    };
    Object.assign(model, { [name]: counting });
  }
  return { live: () => count };
}

test("rows that were removed leave no subscription behind", async () => {
  const page = await bound("", { title: "T", rows: [] });
  const { live } = counted(page.model);
  page.root.insertAdjacentHTML(
    "beforeend",
    `<template data-sync-each="/rows"><p data-sync-class="/title"><b data-sync-text="/title"></b><input data-sync-value="./name">
       <template data-sync-each="./items"><i data-sync-text="../name"></i></template></p></template>`,
  );
  page.model.bind(page.root);
  const atRest = live();

  for (let round = 0; round < 250; round += 1) {
    page.kernel.commit("board", { op: "add", path: "/rows/-", value: { name: "a", items: [1, 2] } });
    if (round === 0) expect(live()).toBe(atRest + 2);
    page.kernel.commit("board", { op: "remove", path: "/rows/0" });
  }

  expect(live()).toBe(atRest);
  expect(page.root.querySelectorAll("p")).toHaveLength(0);
}, 20_000);

test("a signal ends the rows, too", async () => {
  const { root, end, kernel, board } = await bound(LIST, { rows: [row(1)] });
  const input = inputAt(root, 0);

  end();
  kernel.commit("board", replace("/rows/0/name", "b"), { op: "add", path: "/rows/-", value: row(2) });
  person.types(input, "c");
  await turn();

  expect(names(root)).toEqual(["row 1"]);
  expect(board.document).toEqual({ rows: [row(1, "b"), row(2)] });
});

// -- whatever is done to a list

type Deed =
  | { do: "splice"; at: number; count: number; added: number }
  | { do: "move"; from: number; to: number }
  | { do: "sort" | "reverse" }
  | { do: "change"; at: number };

const place = fc.nat(30);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ do: fc.constant("splice" as const), at: place, count: fc.nat(3), added: fc.nat(3) }),
  fc.record({ do: fc.constant("move" as const), from: place, to: place }),
  fc.record({ do: fc.constantFrom("sort" as const, "reverse" as const) }),
  fc.record({ do: fc.constant("change" as const), at: place }),
);

let last = 0;
const next = (): number => {
  last += 1;
  return last;
};

function perform(rows: readonly Json[], deed: Deed): Json[] {
  const list = [...rows] as JsonObject[];
  const within = (at: number): number => at % (list.length + 1);
  if (deed.do === "splice") {
    const added = Array.from({ length: deed.added }, () => row(next(), `row ${(last * 7919) % 101}`));
    list.splice(within(deed.at), deed.count, ...added);
  } else if (deed.do === "move") list.splice(within(deed.to), 0, ...list.splice(within(deed.from), 1));
  else if (deed.do === "sort") list.sort((one, other) => String(one.name).localeCompare(String(other.name)));
  else if (deed.do === "reverse") list.reverse();
  else if (deed.do === "change" && list[deed.at])
    list[deed.at] = { ...list[deed.at], name: `changed ${next()}` };
  return list;
}

describe.each([
  ["known by identity", LIST],
  ["known by keys", KEYED],
])("rows %s", (_, markup) => {
  test("are the list's, and those of the same elements are the same nodes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(deed, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (rounds, seed) => {
          const { root, model } = await bound(markup, {
            rows: Array.from({ length: 6 }, () => row(next())),
          });
          for (const deeds of rounds) {
            const before = (model.state as { rows: JsonObject[] }).rows;
            const nodes = new Map(before.map((element, at) => [element, items(root)[at]]));
            const held = before.length > 0 ? inputAt(root, seed % before.length) : undefined;
            const heldRow = before[seed % before.length];
            held?.focus();

            // identity, as a kernel's patches keep it: the page's own replica takes the operations
            (model as unknown as { apply(operations: Operation[]): void }).apply(
              operationsOf(before, deeds.reduce<Json[]>(perform, before as Json[]) as JsonObject[]),
            );

            const after = (model.state as { rows: JsonObject[] }).rows;
            expect(names(root)).toEqual(after.map(({ name }) => name));
            expect(items(root).map((item) => item.querySelector("input")?.value)).toEqual(
              after.map(({ name }) => name),
            );
            for (const [at, element] of after.entries()) {
              if (nodes.has(element)) expect(items(root)[at]).toBe(nodes.get(element));
            }
            if (heldRow && after.includes(heldRow)) expect(document.activeElement).toBe(held);
          }
          root.remove();
        },
      ),
      { numRuns: 40 },
    );
  }, 30_000);
});

// Returns operations that make one list of another, and keep the elements that are in both the objects that they are.
function operationsOf(before: readonly JsonObject[], after: readonly JsonObject[]): Operation[] {
  const operations: Operation[] = [];
  const list = [...before];
  for (let at = list.length - 1; at >= 0; at -= 1) {
    if (after.includes(list[at] as JsonObject) || after.some(({ id }) => id === list[at]?.id)) continue;
    list.splice(at, 1);
    operations.push({ op: "remove", path: `/rows/${at}` });
  }
  for (const [at, element] of after.entries()) {
    const from = list.findIndex(({ id }) => id === element.id);
    if (from < 0) {
      list.splice(at, 0, element);
      operations.push({ op: "add", path: `/rows/${at}`, value: element });
      continue;
    }
    if (from !== at) operations.push({ op: "move", from: `/rows/${from}`, path: `/rows/${at}` });
    list.splice(at, 0, ...list.splice(from, 1));
    if (list[at] !== element) operations.push(replace(`/rows/${at}/name`, element.name as Json));
  }
  return operations;
}
