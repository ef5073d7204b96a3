import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type Json, type JsonObject, same } from "../src/document.ts";
import * as errors from "../src/errors.ts";
import { apply, Candidate, check, invert, type Operation, type Patch } from "../src/patch.ts";
import { canonical, cases, frozen, type PatchCase } from "./support/conformance.ts";
import { documents, patchesOf } from "./support/documents.ts";

const inherited = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

afterEach(() => {
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(inherited);
  expect(Object.getOwnPropertyNames({})).toEqual([]);
});

const runnable = (name: string): PatchCase[] =>
  cases<PatchCase>(name).filter(({ skip }) => skip === undefined);

describe("the community's corpus", () => {
  test.each(runnable("patch"))("$comment $patch", ({ document, patch, result, error }) => {
    if (error !== undefined) expect(() => apply(frozen(document), patch)).toThrow(errors.SyncStateError);
    else expect(canonical(apply(frozen(document), patch))).toBe(canonical(result));
  });
});

describe("the shared cases", () => {
  test.each(runnable("patch-extra"))("$comment", ({ document, patch, result, error }) => {
    const before = JSON.stringify(document);

    if (error !== undefined) {
      expect(() => apply(frozen(document), patch)).toThrow(expect.objectContaining({ name: error }));
    } else expect(canonical(apply(frozen(document), patch))).toBe(canonical(result));

    expect(JSON.stringify(document)).toBe(before);
  });
});

describe("a patch", () => {
  test("leaves the given document and its own values alone", () => {
    fc.assert(
      fc.property(
        documents().chain((document) => fc.tuple(fc.constant(document), patchesOf(document))),
        ([document, patch]) => {
          apply(frozen(document), frozen(patch));
        },
      ),
    );
  });

  test("is taken back by its inverse", () => {
    fc.assert(
      fc.property(
        documents().chain((document) => fc.tuple(fc.constant(document), patchesOf(document))),
        ([document, patch]) => {
          const inverse = invert(frozen(document), frozen(patch));

          expect(canonical(apply(apply(document, patch), frozen(inverse)))).toBe(canonical(document));
        },
      ),
    );
  });

  test.each<[string, Json, Patch, Patch]>([
    ["a test takes nothing back", { a: 1 }, [{ op: "test", path: "/a", value: 1 }], []],
    ["a move to where it is, too", [1], [{ op: "move", from: "/0", path: "/0" }], []],
    ["a copy to where it is", [1], [{ op: "copy", from: "/0", path: "/0" }], [{ op: "remove", path: "/0" }]],
    ["what was appended", [1], [{ op: "add", path: "/-", value: 2 }], [{ op: "remove", path: "/1" }]],
    ["a member named -", {}, [{ op: "add", path: "/-", value: 2 }], [{ op: "remove", path: "/-" }]],
  ])("is taken back by its inverse: %s", (_, document, patch, inverse) => {
    expect(invert(document, patch)).toEqual(inverse);
  });

  test("that does not apply has no inverse", () => {
    expect(() => invert({}, [{ op: "remove", path: "/a" }])).toThrow(errors.TargetNotFound);
  });

  test("gives what its operations give one by one", () => {
    fc.assert(
      fc.property(
        documents().chain((document) => fc.tuple(fc.constant(document), patchesOf(document))),
        ([document, patch]) => {
          const stepwise = patch.reduce(
            (state: Json, operation) => apply(frozen(state), [operation]),
            document,
          );

          expect(canonical(apply(document, patch))).toBe(canonical(stepwise));
        },
      ),
    );
  });

  test("shares what it did not touch", () => {
    const document = frozen({ a: { b: { c: 1 }, d: { e: 2 } }, rows: [{ n: 1 }, { n: 2 }], other: {} });

    const next = apply(document, [
      { op: "replace", path: "/a/b/c", value: 3 },
      { op: "add", path: "/rows/0", value: {} },
    ]) as typeof document;

    expect(next.other).toBe(document.other);
    expect(next.a.d).toBe(document.a.d);
    expect(next.rows[1]).toBe(document.rows[0]);
    expect(next.rows[2]).toBe(document.rows[1]);
    expect(next.a.b).not.toBe(document.a.b);
  });

  test.each<[string, (n: number) => Operation]>([
    ["cells", (n) => ({ op: "replace", path: `/rows/${n}/n`, value: -n })],
    ["appends", (n) => ({ op: "add", path: "/rows/-", value: n })],
    ["removals", () => ({ op: "remove", path: "/rows/99000" })],
    ["members", (n) => ({ op: "add", path: `/names/${n}`, value: n })],
  ])("copies each container that it touches once: 1,000 %s", (_, operation) => {
    const rows = frozen(Array.from({ length: 100_000 }, (_, n) => ({ n })));
    const names = frozen(Object.fromEntries(rows.slice(0, 10_000).map(({ n }) => [`name ${n}`, n])));
    const patch = Array.from({ length: 1000 }, (_, n) => operation(n));
    const candidate = new Candidate({ rows, names });
    const seen = new Set<Json>();

    for (const one of patch) {
      candidate.run(one);
      for (const container of Object.values(candidate.document as JsonObject)) seen.add(container);
    }

    expect(seen.size).toBe(2); // the copy of one, and the other as it was
  });

  test.each<[string, (n: number) => Operation]>([
    ["cells", (n) => ({ op: "replace", path: `/rows/${n % 20}/0`, value: n })],
    ["appends", (n) => ({ op: "add", path: `/rows/${n % 20}/-`, value: n })],
  ])("copies each container that it touches once, when it touches many by turns: %s", (_, operation) => {
    const candidate = new Candidate(frozen({ rows: Array.from({ length: 20 }, () => [0]) }));
    const elements = () => (candidate.document as { rows: Json[] }).rows.slice();
    for (let n = 0; n < 20; n += 1) candidate.run(operation(n));
    const copies = elements();

    for (let n = 20; n < 100; n += 1) candidate.run(operation(n));

    for (const [at, row] of elements().entries()) expect(row).toBe(copies[at]);
  });
});

describe("an error", () => {
  const refused = (document: Json, patch: unknown): errors.PatchError => {
    try {
      apply(document, patch as Patch);
    } catch (error) {
      return error as errors.PatchError;
    }
    throw new Error("the patch was applied");
  };

  test.each<[Json, Operation, string]>([
    [
      { todos: [1, 2, 3] },
      { op: "replace", path: "/todos/7", value: 1 },
      "Cannot replace '/todos/7': the list has 3 elements",
    ],
    [{ n: 4 }, { op: "test", path: "/n", value: 3 }, "Cannot pass the test at '/n': expected 3, found 4"],
    [
      { n: "a" },
      { op: "test", path: "/n", value: [3] },
      "Cannot pass the test at '/n': expected a list, found 'a'",
    ],
    [{ n: 4 }, { op: "remove", path: "/m" }, "Cannot remove '/m': the document has no member 'm'"],
    [{ n: 4 }, { op: "add", path: "/n/m", value: 1 }, "Cannot add '/n/m': '/n' is a number"],
    [
      { l: [] },
      { op: "add", path: "/l/x", value: 1 },
      "Cannot add '/l/x': '/l' is a list and 'x' is no index",
    ],
    [{ a: 1 }, { op: "copy", from: "/b", path: "/c" }, "Cannot copy '/b': the document has no member 'b'"],
    [
      { a: {} },
      { op: "move", from: "/a", path: "/a/b" },
      "Cannot move '/a': it cannot be moved into itself, to '/a/b'",
    ],
    [{ a: 1 }, { op: "remove", path: "" }, "Cannot remove '': the whole document cannot be removed"],
  ])("of %j says why %j cannot be", (document, operation, sentence) => {
    expect(refused(document, [operation]).message).toBe(sentence);
  });

  test("carries its facts", () => {
    const operation: Operation = { op: "test", path: "/n", value: 3 };

    const error = refused({ n: 4 }, [{ op: "add", path: "/m", value: 1 }, operation]);

    expect(error).toBeInstanceOf(errors.TestFailed);
    expect(error).toMatchObject({ name: "TestFailed", operation, index: 1, pointer: "/n", found: 4 });
  });

  test("of a malformed patch says which operation it is", () => {
    expect(
      refused({}, [
        { op: "add", path: "/a", value: 1 },
        { op: "add", path: "/b" },
      ]),
    ).toMatchObject({ index: 1 });
    expect(() => check([{ op: "add", path: "/b" }])).toThrow(
      "Cannot read operation 0 of the patch: 'add' needs a 'value'",
    );
    expect(() => check([{ op: "remove", path: 7 }])).toThrow(
      "Cannot read operation 0 of the patch: a pointer is text, not a number",
    );
    expect(() => check([{ op: "remove", path: "b" }])).toThrow(
      "Cannot read operation 0 of the patch: Cannot parse pointer 'b': a pointer is empty or starts with '/'",
    );
    expect(() => check([{ op: "inc", path: "/b" }])).toThrow(
      "Cannot read operation 0 of the patch: 'op' is 'inc', not one of add, remove, replace, move, copy, test",
    );
  });
});

describe("a value that nests 100,000 deep", () => {
  const deep = (bottom: string): Json =>
    JSON.parse(`${'{"a":['.repeat(50_000)}${bottom}${"]}".repeat(50_000)}`);
  const bottom = "/a/0".repeat(50_000);

  test("is compared", () => {
    expect(same(deep("1"), deep("1"))).toBe(true);
    expect(same(deep("1"), deep("2"))).toBe(false);
  });

  test("is written at its bottom, and that is taken back", () => {
    const patch: Patch = [{ op: "replace", path: bottom, value: 2 }];

    expect(same(apply(deep("1"), patch), deep("2"))).toBe(true);
    expect(invert(deep("1"), patch)).toEqual([{ op: "replace", path: bottom, value: 1 }]);
  });

  test("is a value like any other", () => {
    const document = apply({}, [
      { op: "add", path: "/a", value: deep("1") },
      { op: "copy", from: "/a", path: "/b" },
    ]);

    expect(() => apply(document, [{ op: "test", path: "/b", value: deep("2") }])).toThrow(
      "expected an object, found an object",
    );
  });
});
