import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBytes, type Json, kind, put, same, show } from "../src/document.ts";
import { NotSyncable } from "../src/errors.ts";
import { copy, MAX_DEPTH } from "../src/values.ts";
import { canonical, frozen } from "./support/conformance.ts";
import { values } from "./support/documents.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

describe("two values are the same", () => {
  test("if and only if their canonical JSON is", () => {
    fc.assert(
      fc.property(values(), values(), (one, other) => {
        expect(same(one, other)).toBe(canonical(one) === canonical(other));
        expect(same(one, JSON.parse(JSON.stringify(one)) as Json)).toBe(true);
      }),
    );
  });

  test("by their content, if they are bytes", () => {
    expect(same(bytes(1, 2), bytes(1, 2))).toBe(true);
    expect(same(bytes(1, 2), bytes(1, 3))).toBe(false);
    expect(same(bytes(1, 2), bytes(1))).toBe(false);
    expect(same(bytes(1), [1])).toBe(false);
    expect(same({ a: bytes() }, { a: {} })).toBe(false);
    expect(same(new Uint8Array([0, 1, 2]).subarray(1), bytes(1, 2))).toBe(true);
  });
});

test("what only says that it is bytes is none", () => {
  expect(isBytes({ [Symbol.toStringTag]: "Uint8Array" })).toBe(false);
  expect(isBytes(new Uint16Array(1))).toBe(false);
  expect(isBytes(Buffer.from("a"))).toBe(true);
});

describe("a copy", () => {
  test("is the same value, and shares nothing", () => {
    const value = frozen({ a: [1, { b: null }], c: bytes(1, 2), d: "text" });

    const result = copy(value) as typeof value;

    expect(result).toEqual(value);
    expect(result.a).not.toBe(value.a);
    expect(result.c).not.toBe(value.c);
    expect(result.c.buffer).not.toBe(value.c.buffer);
  });

  test("keeps members of any name as own members", () => {
    const value = JSON.parse('{"__proto__":{"x":1},"constructor":2}') as Json;

    expect(JSON.stringify(copy(value))).toBe('{"__proto__":{"x":1},"constructor":2}');
  });

  test("takes objects without a prototype", () => {
    expect(copy(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  test.each<[unknown, string, string]>([
    [undefined, "", "undefined has no JSON form"],
    [{ a: undefined }, "/a", "undefined has no JSON form"],
    [[1, undefined], "/1", "undefined has no JSON form"],
    [new Array(1), "/0", "undefined has no JSON form"],
    [{ "a/b": { "m~n": Symbol("x") } }, "/a~1b/m~0n", "a symbol has no JSON form"],
    [Symbol("x"), "", "a symbol has no JSON form"],
    [() => 1, "", "a function has no JSON form"],
    [new Date(Number.NaN), "", "a Date could not be encoded: Invalid time value"],
    [new Map(), "", "a Map has no JSON form"],
    [{ a: [new Uint8ClampedArray(1)] }, "/a/0", "a Uint8ClampedArray has no JSON form"],
    [new DataView(new ArrayBuffer(1)), "", "a DataView has no JSON form"],
    [new (class Row {})(), "", "a Row has no JSON form"],
  ])("refuses %o", (value, pointer, why) => {
    expect(() => copy(value)).toThrow(NotSyncable);
    expect(() => copy(value, "/at")).toThrow(`Cannot sync '/at${pointer}': ${why}`);
  });

  test("refuses what contains itself", () => {
    const loop: unknown[] = [];
    loop.push(loop);

    expect(() => copy(loop)).toThrow(`it nests deeper than ${MAX_DEPTH} levels, or contains itself`);
  });

  test("refuses what nests too deep, without a stack overflow", () => {
    const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) as Json;

    expect(() => copy(deep)).toThrow(NotSyncable);
    expect(() => copy(JSON.parse("[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH)))).not.toThrow();
  });
});

test("`put` writes an own member of any name", () => {
  const object: Record<string, Json> = {};

  for (const name of ["a", "__proto__", "constructor", "toString"]) put(object, name, { polluted: true });

  expect(Object.keys(object)).toEqual(["a", "__proto__", "constructor", "toString"]);
  expect({}).not.toHaveProperty("polluted");
});

test("values are shown short", () => {
  expect([null, true, 1.5, "a", [1], { a: 1 }, bytes(1)].map(show)).toEqual([
    "null",
    "true",
    "1.5",
    "'a'",
    "a list",
    "an object",
    "bytes",
  ]);
  expect(show("x".repeat(100))).toHaveLength(43);
  expect([undefined, 1, "a", false].map(kind)).toEqual(["undefined", "a number", "a string", "a boolean"]);
});
