import { describe, expect, test } from "vitest";
import { type NumberArray, pack, type TypedArray } from "../src/arrays.ts";
import { at, type Column, isTable, rowCount } from "../src/table.ts";

const array = (values: TypedArray): NumberArray => pack(values) as NumberArray;
const cells = (column: Column): unknown[] =>
  Array.from({ length: rowCount({ column }) }, (_, row) => at(column, row));
const truth = Object.defineProperties(new Uint8Array([1, 0]), {
  dtype: { value: "bool" },
  shape: { value: [2] },
}) as NumberArray;

describe("a column", () => {
  test("of numbers has numbers, and null where one is missing", () => {
    expect(cells(array(new Float64Array([1.5, Number.NaN, -0])))).toEqual([1.5, null, -0]);
    expect(cells(array(new Int8Array([-1, 127])))).toEqual([-1, 127]);
    expect(cells(array(new BigInt64Array([2n ** 60n])))).toEqual([2n ** 60n]);
  });

  test("of booleans has booleans, and one of small numbers has numbers", () => {
    expect(cells(truth)).toEqual([true, false]);
    expect(cells(array(new Uint8Array([1, 0])))).toEqual([1, 0]);
  });

  test("of categories has what its codes stand for, and null where it is missing", () => {
    const codes = array(new Int8Array([1, -1, 0]));

    expect(cells({ kind: "category", codes, categories: ["a", "b"] })).toEqual(["b", null, "a"]);
    expect(cells({ kind: "category", codes, categories: [false, true] })).toEqual([true, null, false]);
  });

  test("of dates has dates, and one of durations has milliseconds", () => {
    const values = array(new Float64Array([86_400_000.5, Number.NaN]));

    expect(cells({ kind: "datetime", values })).toEqual([new Date(86_400_000), null]);
    expect(cells({ kind: "date", values })).toEqual([new Date(86_400_000), null]);
    expect(cells({ kind: "duration", values })).toEqual([86_400_000.5, null]);
    expect(cells({ kind: "time", values })).toEqual([86_400_000.5, null]);
  });

  test("has null where there is no row, and so has what is no column", () => {
    const column = array(new Int8Array(1));

    expect([at(column, 1), at(column, -1), at(undefined, 0), at(null, 0), at({}, 0), at([1], 0)]).toEqual(
      new Array(6).fill(null),
    );
  });
});

describe("a table", () => {
  const x = array(new Int8Array(2));
  const name: Column = { kind: "category", codes: x, categories: ["a"] };

  test("is an object of columns that are equally long", () => {
    expect(isTable({ x, name })).toBe(true);
    expect(rowCount({ name, x })).toBe(2);
  });

  test.each([
    [{}],
    [null],
    [x],
    [[x]],
    [{ x, y: array(new Int8Array(3)) }],
    [{ x, y: [1, 2] }],
    [{ x, title: "a" }],
    [{ x, deep: { kind: "category", codes: [0, 0], categories: [] } }],
  ])("is nothing else: %#", (value) => {
    expect(isTable(value)).toBe(false);
  });

  test("without columns has no rows", () => {
    expect(rowCount({})).toBe(0);
  });
});
