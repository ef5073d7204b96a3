import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DType,
  describe as describeArray,
  isArray,
  type NumberArray,
  pack,
  splice,
} from "../src/arrays.ts";
import { putBuffers, takeBuffers } from "../src/buffers.ts";
import { isBytes, isObject, type Json, kind, same, show } from "../src/document.ts";
import { type Draft, record } from "../src/draft.ts";
import { MessageError, NotWritable } from "../src/errors.ts";
import { apply, invert, type Operation, type Patch } from "../src/patch.ts";
import { copy } from "../src/values.ts";
import { cases, type PatchCase } from "./support/conformance.ts";
import { pair, turn } from "./support/kernel.ts";

const floats = (...values: number[]): NumberArray => pack(new Float64Array(values)) as NumberArray;
const numbers = (array: unknown): unknown[] => [...(array as Float64Array)];

const CLASSES = {
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  float32: Float32Array,
  float64: Float64Array,
};

// Returns a value of a case with its arrays.
function decoded(value: unknown): Json {
  if (Array.isArray(value)) return value.map(decoded);
  if (!isObject(value)) return value as Json;
  const { dtype, shape, values, ...rest } = value as Record<string, Json>;
  if (!values)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decoded(member)]));
  expect(rest).toEqual({});
  const Class = CLASSES[dtype as keyof typeof CLASSES];
  const plain = Class ? new Class(values as number[]) : new BigInt64Array((values as number[]).map(BigInt));
  return pack(Object.assign(plain, { dtype: dtype as DType, shape: shape as number[] })) as NumberArray;
}

describe("an operation on an array", () => {
  test.each(cases<PatchCase>("arrays"))("$comment", ({ document, patch, result, error, reason }) => {
    const [before, operations] = [decoded(document), decoded(patch) as unknown as Patch];

    if (error !== undefined) {
      const expected = expect.objectContaining({
        name: error,
        message: expect.stringContaining(reason as string),
      });
      expect(() => apply(before, operations)).toThrow(expected);
    } else {
      const after = apply(before, operations);
      expect(same(after, decoded(result))).toBe(true);
      expect(same(apply(after, invert(before, operations)), before)).toBe(true);
    }
    expect(same(before, decoded(document))).toBe(true);
  });
});

describe("an array", () => {
  test("is no object, no bytes, and shown by its size", () => {
    const image = pack(Object.assign(new Uint8Array(12), { shape: [2, 3, 2] })) as NumberArray;

    expect([isObject(image), isBytes(image), isArray(image), isArray(new Uint8Array(1))]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([kind(image), show(image), describeArray(image)]).toEqual([
      "an array",
      "an array of 2 x 3 x 2 uint8",
      "2 x 3 x 2 uint8",
    ]);
    expect(Object.keys(image)).toHaveLength(12);
  });

  test("is the same by its type, its shape and its bits", () => {
    expect(same(floats(1, Number.NaN), floats(1, Number.NaN))).toBe(true);
    expect(same(floats(0), floats(-0))).toBe(false);
    expect(same(floats(1), pack(new Float32Array([1])) as NumberArray)).toBe(false);
    expect(same(pack(new Uint8Array([1])) as NumberArray, new Uint8Array([1]))).toBe(false);
    expect(same(floats(1), [1])).toBe(false);
  });

  test("that a caller hands in is copied, and knows its type", () => {
    const own = new Float32Array([1, 2]);

    const { a, b } = copy({ a: own, b: new BigInt64Array([2n ** 60n]) }) as {
      a: NumberArray;
      b: NumberArray;
    };
    own[0] = 9;

    expect([a.dtype, a.shape, numbers(a)]).toEqual(["float32", [2], [1, 2]]);
    expect([b.dtype, numbers(b)]).toEqual(["int64", [2n ** 60n]]);
  });

  test("that was appended to shares its buffer with what it was made of, which never changes", () => {
    const start = splice(floats(1), 1, 1, floats(2));

    const [one, other] = [splice(start, 2, 2, floats(3)), splice(start, 2, 2, floats(4))];

    expect([start, one, other].map(numbers)).toEqual([
      [1, 2],
      [1, 2, 3],
      [1, 2, 4],
    ]);
    expect(one.buffer).toBe(start.buffer);
    expect(other.buffer).not.toBe(start.buffer);
    expect(one).not.toBe(start);
  });

  test("costs what is appended, not what is there: a buffer is made anew only when it has doubled", () => {
    let array = floats();
    const buffers = new Set<ArrayBufferLike>();

    for (let at = 0; at < 10_000; at += 1) {
      array = splice(array, array.length, array.length, floats(at));
      buffers.add(array.buffer);
      if (array.length > 1000) array = splice(array, 0, 1);
    }

    expect([array.length, array[0], array[999]]).toEqual([1000, 9000, 9999]);
    expect(buffers.size).toBeLessThan(30);
  });

  test("becomes by any splices what a list becomes by the same", () => {
    const step = fc.tuple(fc.nat(6), fc.nat(6), fc.array(fc.nat(9), { maxLength: 3 }), fc.nat(9));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const arrays: [NumberArray, number[]][] = [[floats(), []]];
        for (const [from, count, values, which] of steps) {
          const [array, list] = arrays[which % arrays.length] as [NumberArray, number[]];
          const start = Math.min(from, list.length);
          const stop = Math.min(start + count, list.length);
          arrays.push([
            splice(array, start, stop, floats(...values)),
            list.toSpliced(start, stop - start, ...values),
          ]);
        }
        for (const [array, list] of arrays)
          expect([numbers(array), array.shape]).toEqual([list, [list.length]]);
      }),
    );
  });
});

describe("on the wire", () => {
  test("an array is a buffer with its type and shape, wherever the bytes of the message begin", () => {
    const value = {
      a: floats(1, Number.NaN),
      b: new Uint8Array([7]),
      c: [pack(new BigUint64Array([5n])) as NumberArray],
    };

    const { frame, buffers } = takeBuffers(value);
    const text = JSON.parse(JSON.stringify(frame));
    const moved = buffers.map((buffer) => {
      const bytes = new Uint8Array(buffer.byteLength + 3);
      bytes.set(new Uint8Array(buffer), 3);
      return new DataView(bytes.buffer, 3);
    });
    const back = putBuffers(text, moved) as Record<string, Json>;

    expect(text.buffers).toEqual(
      expect.arrayContaining([
        { path: "/a", dtype: "float64", shape: [2] },
        "/b",
        { path: "/c/0", dtype: "uint64", shape: [1] },
      ]),
    );
    expect(same({ a: back.a as Json, b: back.b as Json, c: back.c as Json }, value)).toBe(true);
  });

  test.each<[object, string]>([
    [{ path: "/a", dtype: "object", shape: [1] }, "'object' is no type of elements"],
    [{ path: "/a", dtype: "toString", shape: [1] }, "'toString' is no type of elements"],
    [{ path: "/a", shape: [1] }, "'undefined' is no type of elements"],
    [{ path: "/a", dtype: "float64", shape: [2] }, "8 bytes are not what a shape of [2] needs"],
    [{ path: "/a", dtype: "float64", shape: [] }, "8 bytes are not what a shape of [] needs"],
    [{ path: "/a", dtype: "float64", shape: [-1, -1] }, "8 bytes are not what a shape of [-1,-1] needs"],
    [{ path: "/a", dtype: "float64", shape: ["1"] }, "8 bytes are not what a shape of [1] needs"],
    [{ path: "/a", dtype: "float64", shape: 1 }, "8 bytes are not what a shape of [1] needs"],
    [{ path: "/a", dtype: "float64" }, "8 bytes are not what a shape of [undefined] needs"],
  ])("%o is refused", (place, why) => {
    const put = (): unknown => putBuffers({ a: null, buffers: [place] }, [new ArrayBuffer(8)]);

    expect(put).toThrow(MessageError);
    expect(put).toThrow(`Cannot read the array at '/a': ${why}`);
  });

  test("an array has a place of its own", () => {
    const place = { path: "/a", dtype: "int8", shape: [1] };
    const buffers = [new ArrayBuffer(1), new ArrayBuffer(1)];

    expect(() => putBuffers({ a: null, buffers: [place, "/a"] }, buffers)).toThrow(
      "is no place for one buffer",
    );
    expect(() => putBuffers({ a: 1, buffers: [place] }, buffers.slice(1))).toThrow(
      "'/a' is no place for one buffer",
    );
    expect(() => putBuffers({ a: null, buffers: [{}] }, buffers.slice(1))).toThrow();
  });
});

describe("in a model", () => {
  const signal = (): Json => ({ n: 0, signal: floats(1, 2) });

  test("what the kernel appends is another array for those who look", async () => {
    const { model, kernel } = await pair(signal());
    const seen: unknown[] = [];
    model.subscribe("/signal", (value) => seen.push(value));
    const [before] = seen;

    kernel.commit("board", { op: "add", path: "/signal/-", value: floats(3) });
    await turn();

    expect(seen.map(numbers)).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    expect(seen[1]).not.toBe(before);
  });

  test("a page sets one, and adds to one at its end", async () => {
    const { model, board } = await pair(signal());

    model.set("/signal", new Float64Array([5]));
    model.apply([{ op: "add", path: "/signal/-", value: new Float64Array([6]) as NumberArray }]);
    await turn();

    expect(numbers((board.document as { signal: Json }).signal)).toEqual([5, 6]);
    expect(model.pending).toEqual([]);
  });

  test.each<Operation>([
    { op: "remove", path: "/signal/0:1" },
    { op: "replace", path: "/signal/0:1", value: floats(1) },
  ])("a page acts on no range: %o", async (operation) => {
    const { model } = await pair(signal());

    expect(() => model.apply([operation])).toThrow(NotWritable);
    expect(() => model.apply([operation])).toThrow(
      "Cannot write '/signal/0:1': a page adds to an array at its end ('-'), or replaces it whole",
    );
    expect(numbers((model.state as { signal: Json }).signal)).toEqual([1, 2]);
  });

  test("a draft has a copy of it, which counts when it is assigned", () => {
    const state = { signal: floats(1, 2), bytes: new Uint8Array([1]) };

    const none = record(state, (draft: Draft<typeof state>) => {
      draft.signal[0] = 9;
      draft.bytes[0] = 9;
      expect(draft.signal).toBe(draft.signal);
    });
    const one = record(state, (draft: Draft<typeof state>) => {
      const { signal } = draft;
      signal[0] = 9;
      draft.signal = signal;
    });

    expect([none, one]).toEqual([[], [{ op: "replace", path: "/signal", value: floats(9, 2) }]]);
    expect([numbers(state.signal), numbers(state.bytes)]).toEqual([[1, 2], [1]]);
  });

  test("a draft has it as a value", () => {
    const state = { signal: floats(1, 2) };

    const operations = record(state, (draft: Draft<typeof state>) => {
      draft.signal = floats(...numbers(draft.signal).map((number) => Number(number) * 2));
    });

    expect(operations).toEqual([{ op: "replace", path: "/signal", value: floats(2, 4) }]);
  });
});
