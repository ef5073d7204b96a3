import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Json, JsonObject } from "../src/document.ts";
import { record } from "../src/draft.ts";
import { Link } from "../src/link.ts";
import type { Model } from "../src/model.ts";
import { apply, type Patch } from "../src/patch.ts";
import type { MemoryTransport } from "../src/transports/memory.ts";
import { canonical, cases, frozen, type PatchCase } from "./support/conformance.ts";
import { heedErrors } from "./support/console.ts";
import { Kernel, type KernelModel, pair, turn } from "./support/kernel.ts";

const CASES = cases<PatchCase>("hostile");

// Everything that an object, a list, a text or a function inherits; nothing in here may change it.
const PROTOTYPES = [Object, Array, String, Number, Function, Map, Uint8Array].map(
  ({ prototype }) => prototype,
);
const describeAll = (): string =>
  PROTOTYPES.map((prototype) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .map(([name, { value }]) => `${name} ${typeof value}`)
      .join(),
  ).join("\n");
const inherited = describeAll();

heedErrors();

afterEach(() => {
  expect(describeAll()).toBe(inherited);
  expect(Object.getOwnPropertyNames({})).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

describe("a hostile patch", () => {
  test.each(CASES)("$comment", ({ document, patch, result, error }) => {
    const before = JSON.stringify(document);

    if (error !== undefined) {
      expect(() => apply(frozen(document), patch)).toThrow(expect.objectContaining({ name: error }));
    } else expect(canonical(apply(frozen(document), patch))).toBe(canonical(result));

    expect(JSON.stringify(document)).toBe(before);
  });
});

const below = (part: unknown): unknown =>
  typeof part === "string" && part.startsWith("/") ? `/any${part}` : part;

// The same patch below a member `any`.
function lowered(patch: Patch): unknown[] {
  return (patch as unknown[]).map((operation) => {
    if (typeof operation !== "object" || operation === null || Array.isArray(operation)) return operation;
    const entries = Object.entries(operation).map(([name, part]) => [
      name,
      name === "path" || name === "from" ? below(part) : part,
    ]);
    return Object.fromEntries(entries);
  });
}

// Whether the page joins the kernel that comes next, hears it, and is heard.
async function isAlive(kernel: Kernel, model: Model): Promise<boolean> {
  kernel.restart();
  const board = kernel.publish("board", { n: 1 });
  await turn();
  kernel.commit("board", { op: "add", path: "/heard", value: true });
  model.set("/n", 42);
  await turn();
  return (
    model.status === "live" &&
    canonical(board.document) === canonical({ n: 42, heard: true }) &&
    canonical(model.state) === canonical(board.document)
  );
}

describe("from a kernel", () => {
  test.each(CASES)("$comment", async ({ document, patch, result, error }) => {
    const state = { n: 1, any: document };
    const { kernel, board, model } = await pair(state);
    const before = canonical(model.state);
    const { epoch } = board;

    kernel.say({
      type: "patch",
      model: "board",
      epoch,
      base: 0,
      version: 1,
      operations: lowered(patch),
    });

    const expected = canonical({ n: 1, any: result ?? null });
    expect(canonical(model.state)).toBe(error === undefined ? expected : before);
    expect(await isAlive(kernel, model)).toBe(true);
  });

  test.each(["__proto__", "constructor", "prototype", "toString"])(
    "%s is a member like any other, in a snapshot and wherever a view looks",
    async (name) => {
      const state = JSON.parse(`{ "n": 1, "${name}": { "${name}": [{ "${name}": "deep" }] } }`) as JsonObject;
      const { model, board } = await pair(state);
      const expected = `{ "n": 1, "${name}": { "polluted": 1 } }`;
      const seen = vi.fn();

      model.subscribe(`/${name}/${name}/0/${name}`, seen);
      model.update((draft) => {
        (draft as Record<string, unknown>)[name] = { polluted: 1 };
      });
      await turn();

      expect(seen.mock.calls).toEqual([["deep"], [undefined]]);
      expect(canonical(board.document)).toBe(canonical(JSON.parse(expected)));
      expect(canonical(model.state)).toBe(canonical(board.document));
    },
  );
});

describe("a draft", () => {
  test.each(["__proto__", "constructor", "prototype", "toString", "__defineGetter__"])(
    "has no %s until it is put there",
    (name) => {
      const operations = record({ list: [{}], object: {} } as JsonObject, (draft) => {
        const { list, object } = draft as unknown as {
          list: Record<string, unknown>[];
          object: Record<string, unknown>;
        };
        expect([object[name], list[0]?.[name], name in object]).toEqual([undefined, undefined, false]);
        object[name] = { polluted: 1 };
      });

      expect(operations).toEqual([{ op: "add", path: `/object/${name}`, value: { polluted: 1 } }]);
    },
  );
});

// -- frames of the wrong shape

const nested = (depth: number): Json => {
  let value: Json = [];
  for (let at = 1; at < depth; at += 1) value = at % 2 ? [value] : { a: value };
  return value;
};

const ODD: readonly unknown[] = [
  ...[undefined, null, true, false, "", "text", "0", 0, 1, -1, 1.5, -0, 1e308, 2 ** 53, 2 ** 60],
  ...[Number.NaN, Number.POSITIVE_INFINITY, [], {}, [null], [[]], { "": "" }, "\ud800", "a".repeat(10_000)],
  JSON.parse('{ "__proto__": { "polluted": 1 }, "toString": 1, "constructor": null }'),
  ["__proto__", "/__proto__/polluted"],
  nested(100_000),
];

function messages(board: KernelModel): JsonObject[] {
  const { epoch } = board;
  const operations = [{ op: "replace", path: "/n", value: 77 }];
  const model = "board";
  return [
    { type: "ready", models: [{ model, epoch: "other" }] },
    board.snapshot() as unknown as JsonObject,
    {
      type: "patch",
      model,
      epoch,
      base: 0,
      version: 1,
      operations,
      replaced: ["/rows"],
      replica: "x",
      number: 1,
    },
    {
      type: "reject",
      model,
      epoch,
      version: 0,
      replica: "x",
      number: 1,
      reason: "no",
      error: "E",
      pointer: "/n",
    },
    { type: "closed", model: "other", reason: "gone", epoch, to: "x" },
    { type: "result", model },
    { type: "progress", model },
    { type: "hello", model },
    { type: "edit", model, epoch, base: 0, number: 1, operations },
  ];
}

function* oddFrames(board: KernelModel): Generator<unknown> {
  const whole = { protocol: 1, kernel: "k", seq: 1, messages: messages(board), buffers: [] };
  for (const name of [...Object.keys(whole), "replica", "__proto__"]) {
    for (const value of ODD) yield odd(whole, name, value);
  }
  for (const message of messages(board)) {
    for (const name of [...Object.keys(message), "to", "__proto__"]) {
      for (const value of ODD) yield { ...whole, messages: [odd(message, name, value)] };
    }
  }
  for (const value of ODD) {
    yield value;
    yield { ...whole, messages: [value] };
    const patch = { ...messages(board)[2], operations: [value] };
    yield { ...whole, messages: [patch] };
    for (const name of ["op", "path", "from", "value"]) {
      const operation = odd({ op: "move", from: "/rows/0", path: "/any", value: 1 }, name, value);
      yield { ...whole, messages: [{ ...patch, operations: [operation] }] };
    }
  }
}

function odd(holder: object, name: string, value: unknown): object {
  const copy = Object.fromEntries(Object.entries(holder).filter(([other]) => other !== name));
  if (value === undefined) return copy;
  return Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
}

const START = { n: 1, rows: [{ name: "tea" }], any: null };

describe("a page", () => {
  test("goes on, whatever is wrong with what it is told", async () => {
    const { kernel, board, model, up } = await pair(START);
    let count = 0;

    for (const frame of oddFrames(board)) {
      receive(up, frame);
      count += 1;
    }
    await turn();

    expect(count).toBeGreaterThan(1_500);
    expect(Object.keys(model.state)).toEqual(["n", "rows", "any"]);
    expect(await isAlive(kernel, model)).toBe(true);
  });

  test("goes on after frames that were mutated at random", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 8 }), fc.nat(), fc.nat(), fc.nat())),
        async (steps) => {
          const { kernel, board, model, up } = await pair(START);

          for (const [which, place, kind, from] of steps) {
            const message = messages(board)[which] as JsonObject;
            const frame = structuredClone({ protocol: 1, kernel: kernel.id, seq: 2, messages: [message] });
            receive(up, mutated(frame, place, kind, from));
          }
          await turn();

          expect(await isAlive(kernel, model)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("refuses what nests too deep, and says so", async () => {
    const { kernel, board, model, up } = await pair(START);

    for (const deep of [nested(401), nested(100_000)]) {
      receive(up, {
        protocol: 1,
        kernel: kernel.id,
        seq: 2,
        messages: [{ ...board.snapshot(), document: { deep } }],
      });
      expect(model.reason).toBe("Cannot read the frame: it nests deeper than 400 levels");
    }
    receive(up, {
      protocol: 1,
      kernel: kernel.id,
      seq: 2,
      messages: [{ ...board.snapshot(), version: 5, document: { n: 1, deep: nested(390) } }],
    });

    expect(Object.keys(model.state)).toEqual(["n", "deep"]);
  });

  test("shows nothing of a seed that nests too deep", () => {
    const link = new Link(new Kernel().open().page);

    const model = link.model("board", {
      protocol: 1,
      epoch: "a1",
      version: 1,
      read_only: [],
      document: { deep: nested(100_000) },
    });

    expect(model.state).toEqual({});
  });

  test.each<[unknown, number]>([
    [["/messages/0/document/any"], 0],
    [["/messages/0/document/any"], 2],
    [[], 1],
    [undefined, 1],
    [["/messages/0/document/any", "/messages/0/document/any"], 2],
    [["/messages/0/document/n"], 1],
    [["/messages/0/document"], 1],
    [["/messages/0"], 1],
    [["/messages"], 1],
    [["/kernel"], 1],
    [["/__proto__"], 1],
    [["/constructor/prototype/x"], 1],
    [["/nowhere"], 1],
    [[""], 1],
    [["messages"], 1],
    [[0], 1],
    [[null], 1],
    [[["/messages"]], 1],
    [[{ toString: "/messages" }], 1],
    ["/messages/0/document/any", 1],
  ])("refuses buffers at %j, %i of them", async (pointers, count) => {
    const { kernel, board, model, down } = await pair(START);
    const snapshot = { ...board.snapshot(), version: 7 };
    const frame = { protocol: 1, kernel: kernel.id, seq: 2, messages: [snapshot], buffers: pointers };

    down.send(
      frame as unknown as JsonObject,
      Array.from({ length: count }, () => new Uint8Array([1]).buffer),
    );

    expect(model.version).toBe(0);
    expect(model.status).toBe("stale");
    expect(model.reason).toMatch(/^Cannot /);
  });
});

// Hands a page a frame as a comm would, also what JSON could not carry.
function receive(up: MemoryTransport, frame: unknown): void {
  expect(() => up.onFrame(frame, [])).not.toThrow();
}

function mutated(frame: JsonObject, place: number, kind: number, from: number): unknown {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, name]);
      walk(member);
    }
  };
  walk(frame);
  const [holder, name] = places[place % places.length] as [Record<string, unknown>, string];
  const [other, there] = places[from % places.length] as [Record<string, unknown>, string];
  if (kind % 4 === 0) Reflect.deleteProperty(holder, name);
  else if (kind % 4 === 1) holder[name] = structuredClone(other[there]);
  else holder[name] = ODD[from % (ODD.length - 1)];
  return frame;
}

// -- code

describe("the source", () => {
  const sources = (readdirSync(new URL("../src", import.meta.url), { recursive: true }) as string[]).filter(
    (name) => name.endsWith(".ts"),
  );

  test.each(sources)("%s makes no markup and no code", (name) => {
    const text = readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8");
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

    expect(code).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|\beval\(|new Function|setAttribute\("on|setTimeout\("/,
    );
  });
});
