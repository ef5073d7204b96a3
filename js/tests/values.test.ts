import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type NumberArray, pack } from "../src/arrays.ts";
import { putBuffers, takeBuffers } from "../src/buffers.ts";
import { isObject, type Json, type JsonObject, kind, same, show, spell, toText } from "../src/document.ts";
import { record } from "../src/draft.ts";
import { NotSyncable } from "../src/errors.ts";
import { exactDate, Failure, formOf, register, Tagged } from "../src/forms.ts";
import { seedOf } from "../src/link.ts";
import { resolve } from "../src/pointer.ts";
import { copy } from "../src/values.ts";
import { cases } from "./support/conformance.ts";
import { pair, turn } from "./support/kernel.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([5, 0.5, true, null, "five"])("values of two types with the form %s are two values", (form) => {
  const leaf = (type: string): Json => new Tagged(type, form) as unknown as Json;
  const { frame } = takeBuffers({ value: [leaf("test.A"), leaf("test.B"), leaf("test.A")] });

  const { value } = putBuffers(json(frame), []) as { value: Tagged[] };

  expect(value.map(({ type }) => type)).toEqual(["test.A", "test.B", "test.A"]);
});

test("a type's name and a form that read as one text together are told apart", () => {
  const leaf = (type: string, form: string): Json => new Tagged(type, form) as unknown as Json;
  const { frame } = takeBuffers({ value: [leaf("test.A", "Bc"), leaf("test.AB", "c")] });

  const { value } = putBuffers(json(frame), []) as { value: Tagged[] };

  expect(value.map(({ type, value: form }) => [type, form])).toEqual([
    ["test.A", "Bc"],
    ["test.AB", "c"],
  ]);
});

class Point {
  constructor(
    readonly x: unknown,
    readonly y: unknown,
  ) {}
}

class Near extends Point {}

register<Point>("test.Point", {
  type: Point,
  encode: ({ x, y }) => [x, y],
  decode: ([x, y]: [unknown, unknown]) => new Point(x, y),
});
register("test.Bad", {
  type: class Bad {},
  encode: () => undefined,
  decode: () => {
    throw new Error("no");
  },
});

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

// Returns a value after a journey in a frame.
function sent(value: unknown): Json {
  const { frame, buffers } = takeBuffers({ messages: [{ value: copy(value) }] });
  const read = putBuffers(json(frame), buffers) as JsonObject;
  expect(Object.keys(read)).not.toContain("values");
  return resolve(read, "/messages/0/value");
}

const iso = fc
  .date({ min: new Date("0100-01-01"), max: new Date("9999-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19));
const leaves = fc.oneof(
  fc.constant(null),
  fc.double(),
  fc.bigInt().map((number) => (number < 0n ? number - 2n ** 53n : number + 2n ** 53n)),
  fc.string(),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Uint8Array.from(bytes)),
  iso.map(exactDate),
  iso.map((text) => exactDate(text.slice(0, 10))),
  iso.map((text) => exactDate(`${text}.123456+05:30`)),
  fc.tuple(fc.string(), fc.string()).map(([type, text]) => new Failure(type, text)),
  fc.jsonValue({ maxDepth: 1 }).map((value) => new Tagged("test.Unknown", value)),
);
const points = fc.tuple(leaves, leaves).map(([x, y]) => new Point(x, new Point(y, x)));
const names = fc.constantFrom("a", "type", "value", "paths", "$type", "a/b", "~", "", "values", "__proto__");
const documents = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaves,
    points,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("a value that JSON lacks", () => {
  test("is the same after a journey", () => {
    fc.assert(
      fc.property(documents, (value) => {
        const before = copy(value);
        const after = sent(before);

        expect(same(after, before)).toBe(true);
        expect(after).toEqual(before);
      }),
    );
  });

  test.each([
    [Number.NaN, Number.NaN],
    [-Infinity, -Infinity],
    [-0, -0],
    [2n ** 60n, 2n ** 60n],
    [5n, 5],
    [new Point(1, 2n ** 60n), new Point(1, 2n ** 60n)],
  ])("%o arrives", (value, expected) => {
    expect(sent([value])).toEqual([expected]);
  });

  test("is what looks like one on the wire, or not", () => {
    const like = { type: "float", value: "NaN", paths: ["/messages/0/value"], $type: "Color" };

    expect(sent({ like: [like], nan: Number.NaN })).toEqual({ like: [like], nan: Number.NaN });
  });
});

interface FrameCase {
  comment: string;
  frame: JsonObject;
  leaves: Record<string, unknown>;
  error?: string;
}

// Returns a leaf as a case spells it.
function spelled(leaf: unknown): unknown {
  const form = formOf(leaf);
  if (!form) return leaf;
  const value = Array.isArray(form.value)
    ? form.value.map((part) => formOf(part)?.value ?? part)
    : form.value;
  return [form.type, value];
}

test.each(cases<FrameCase>("values"))("$comment", ({ frame, leaves, error }) => {
  if (error !== undefined) {
    expect(() => putBuffers(frame, [])).toThrow(error);
    return;
  }

  const read = putBuffers(frame, []) as JsonObject;

  const told = Object.keys(leaves).map((pointer) => [pointer, spelled(resolve(read, pointer))]);
  expect(Object.fromEntries(told)).toEqual(leaves);
  const { values = [], ...again } = json(takeBuffers(read).frame) as { values?: { paths: string[] }[] };
  const { values: before = [], ...rest } = frame;
  expect(again).toEqual(rest);
  expect(values.flatMap(({ paths }) => paths).sort()).toEqual(
    (before as { paths: string[] }[]).flatMap(({ paths }) => paths).sort(),
  );
});

describe("a date", () => {
  test("keeps the text that it came with", () => {
    for (const text of ["2026-01-31", "2026-01-31T12:00:00", "1880-01-31T12:00:00.000001+05:53:28"]) {
      const date = exactDate(text);

      expect(date.iso).toBe(text);
      expect(formOf(resolve(sent([date]), "/0"))?.value).toBe(text);
      expect(JSON.stringify(Object.keys(date))).toBe("[]");
    }
  });

  test("of the page's is a moment of UTC, and a copy", () => {
    const date = new Date("2026-01-31T12:00:00.123Z");
    const taken = copy(date);
    date.setFullYear(1999);

    expect(formOf(taken)).toEqual({ type: "datetime", value: "2026-01-31T12:00:00.123+00:00" });
    expect((taken as Date).getUTCFullYear()).toBe(2026);
  });

  test("that was changed is another one", () => {
    const date = exactDate("2026-01-31T12:00:00.123456+00:00");
    date.setUTCFullYear(2027);

    expect(formOf(copy(date))?.value).toBe("2027-01-31T12:00:00.123+00:00");
  });

  test("is of the page's zone where it has none", () => {
    expect(exactDate("2026-01-31").getDate()).toBe(31);
    expect(exactDate("2026-01-31").getHours()).toBe(0);
    expect(exactDate("2026-01-31T12:00:00").getHours()).toBe(12);
  });

  test("is lent to a recipe as a copy", () => {
    const state = copy({ when: exactDate("2026-01-31") }) as JsonObject;

    const operations = record(state as unknown as { when: Date }, (draft) => {
      draft.when.setFullYear(1999);
    });

    expect(operations).toEqual([]);
    expect((state.when as Date).getFullYear()).toBe(2026);
  });
});

describe("a registered type", () => {
  test("is one leaf", () => {
    const point = new Point(1, 2);
    copy({ point });

    expect(isObject(point)).toBe(false);
    expect(sent(new Near(1, 2))).toEqual(new Point(1, 2));
    expect(same(copy([new Point(1, Number.NaN)]), copy([new Point(1, Number.NaN)]))).toBe(true);
    expect(same(copy(new Point(1, 2)), copy(new Point(1, 3)))).toBe(false);
    expect(same(copy(new Point(1, 2)), [1, 2])).toBe(false);
  });

  test("that cannot be encoded is refused where it is assigned", () => {
    class Wrong {}
    register("test.Wrong", {
      type: Wrong,
      encode: () => {
        throw new Error("broken");
      },
      decode: () => new Wrong(),
    });

    expect(() => copy({ a: [new Wrong()] })).toThrow(
      "Cannot sync '/a/0': a Wrong could not be encoded: broken",
    );
    expect(() => copy({ a: new Point(1, undefined) })).toThrow(
      "Cannot sync '/a/1': undefined has no JSON form",
    );
    expect(() => copy(new Tagged("x", new Map()))).toThrow(NotSyncable);
    expect(() => copy(new (class Unknown {})())).toThrow("a Unknown has no JSON form");
  });

  test("that this page does not know is shown, and goes back as it came", () => {
    const values = [{ type: "Color", value: "RED", paths: ["/a", "/b/0"] }];

    const read = putBuffers({ a: null, b: [null], values }, []) as JsonObject;

    expect(read.a).toBeInstanceOf(Tagged);
    expect(read.a).toMatchObject({ type: "Color", value: "RED" });
    expect(Object.isFrozen(read.a)).toBe(true);
    expect(takeBuffers(read as JsonObject).frame).toEqual({
      a: null,
      b: [null],
      values: [{ ...values[0], paths: expect.arrayContaining(["/a", "/b/0"]) }],
    });
  });

  test.each(["test.Bad", "constructor", "__proto__", "toString"])(
    "%s that cannot be made is shown",
    (type) => {
      vi.spyOn(console, "error").mockReturnValue();

      const read = putBuffers({ a: null, values: [{ type, value: 1, paths: ["/a"] }] }, []) as JsonObject;

      expect(read.a).toEqual(new Tagged(type, 1));
    },
  );

  test("has no name that is taken", () => {
    expect(() => register("float", { decode: () => ({}) })).toThrow("Cannot register 'float'");
    expect(() => register("toString", { decode: () => ({}) })).not.toThrow();
  });
});

describe("a model", () => {
  test("with NaN has not changed with everything that does", async () => {
    const { model, board: kernel, kernel: all } = await pair({ n: Number.NaN, list: [Number.NaN], m: 1 });
    const told: unknown[] = [];
    model.subscribe("/n", (value) => told.push(value));
    const { list } = model.state as JsonObject;

    all.say(kernel.commit([{ op: "replace", path: "/m", value: 2 }]));
    await turn();
    model.set("/n", Number.NaN);
    await turn();

    expect(told).toEqual([Number.NaN]);
    expect(model.pending).toEqual([]);
    expect((model.state as JsonObject).list).toBe(list);
  });

  test("takes all values from a page, and brings them", async () => {
    const { model, board: kernel } = await pair({ any: null });
    const value = {
      a: [Number.NaN, 2n ** 70n, exactDate("2026-01-31")],
      b: new Point(1, new Failure("E", "t")),
    };

    model.set("/any", value);
    await turn();

    expect(same(resolve(kernel.document, "/any"), copy(value))).toBe(true);
    expect(same(resolve(model.state as JsonObject, "/any"), copy(value))).toBe(true);
    expect(model.pending).toEqual([]);
  });
});

test("an output's state has its values", () => {
  const bundle = {
    protocol: 1,
    epoch: "e",
    version: 1,
    read_only: [],
    document: { n: null },
    values: [{ type: "float", value: "NaN", paths: ["/document/n"] }],
  };

  const seed = seedOf(bundle);

  expect(seed?.document).toEqual({ n: Number.NaN });
  expect(seedOf(seed)).toEqual(seed);
  expect(seedOf({ ...bundle, values: [{ type: "float" }] })).toBeUndefined();
});

test("values are shown to people", () => {
  const point = copy(new Point(1, Number.NaN));
  const array = pack(new Float64Array(2)) as NumberArray;
  const rows: [unknown, string][] = [
    [Number.NaN, "NaN"],
    [2n ** 60n, "1152921504606846976"],
    [exactDate("2026-01-31"), "2026-01-31"],
    [exactDate("2026-01-31T12:00:00+01:00"), "2026-01-31 12:00:00+01:00"],
    [new Failure("E", "text"), "E: text"],
    [new Tagged("timedelta", "PT5S"), "PT5S"],
    [point, '[1,"NaN"]'],
  ];

  for (const [value, text] of rows) {
    expect(spell(value)).toBe(text);
    expect(show(value)).toBe(text);
  }
  expect(spell(1.5)).toBeUndefined();
  expect(toText({ a: [exactDate("2026-01-31"), 5n, array] })).toBe('{"a":["2026-01-31","5","2 float64"]}');
  expect(kind(exactDate("2026-01-31"))).toBe("a Date");
});
