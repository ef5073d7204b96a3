import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../src/document.ts";
import { PointerError, TargetNotFound } from "../src/errors.ts";
import { find, join, parse, resolve } from "../src/pointer.ts";
import { cases } from "./support/conformance.ts";

interface PointerCase {
  comment: string;
  pointer: string;
  tokens?: string[];
  document?: Json;
  result?: Json;
  error?: string;
}

describe("the shared cases", () => {
  test.each(cases<PointerCase>("pointer"))("$comment", ({ pointer, tokens, document, result, error }) => {
    if (error === "PointerError") {
      expect(() => parse(pointer)).toThrow(PointerError);
      return;
    }
    expect(parse(pointer)).toEqual(tokens);
    expect(join(...parse(pointer))).toBe(pointer);
    if (error === "TargetNotFound") {
      expect(() => resolve(document as Json, pointer)).toThrow(TargetNotFound);
      expect(find(document as Json, pointer)).toBeUndefined();
    } else if (document !== undefined) expect(resolve(document, pointer)).toEqual(result);
  });
});

test("tokens survive being joined and parsed", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (tokens) => {
      expect(parse(join(...tokens))).toEqual(tokens);
    }),
  );
});

test("an error says what the pointer lacks", () => {
  expect(() => parse("todos/0")).toThrow(
    "Cannot parse pointer 'todos/0': a pointer is empty or starts with '/'",
  );
  expect(() => parse("/a~2")).toThrow("Cannot parse pointer '/a~2': '~' is followed by '0' or '1'");
});

test("an error says what is not there", () => {
  const document = { todos: ["write"], n: 1 };

  expect(() => resolve(document, "/todos/7")).toThrow("Cannot find '/todos/7': the list has 1 element");
  expect(() => resolve(document, "/todos/x")).toThrow(
    "Cannot find '/todos/x': '/todos' is a list and 'x' is no index",
  );
  expect(() => resolve(document, "/m")).toThrow("Cannot find '/m': the document has no member 'm'");
  expect(() => resolve(document, "/n/m")).toThrow("Cannot find '/n/m': '/n' is a number");
});

test.each([[["/"]], [["/a", "/b"]], [{ 0: "/", slice: 1 }], [null], [undefined], [0], [true]])(
  "%j is no pointer, though it may look like text",
  (what) => {
    expect(() => parse(what as unknown as string)).toThrow(PointerError);
  },
);
