import { describe, expect, test } from "vitest";
import { type NumberArray, pack, splice } from "../src/arrays.ts";
import { type Columns, columnsOf, numbersOf, positionsOf } from "../src/chart/data.ts";
import { type ChartSpec, type Figure, figureOf, roomForNames, summaryOf } from "../src/chart/figure.ts";
import { exactDate } from "../src/forms.ts";

const floats = (...values: number[]): NumberArray => pack(Float64Array.from(values)) as NumberArray;
const spec = (given: Partial<ChartSpec>): ChartSpec => ({
  kind: "line",
  data: { pointer: "/data" },
  ...given,
});
const draw = (given: Partial<ChartSpec>, data: unknown): Figure =>
  figureOf(spec(given), columnsOf(data) as Columns);
const drawn = ({ series }: Figure): Record<string, unknown> =>
  Object.fromEntries(series.map(({ name, values }) => [name, Array.from(values)]));

describe("data", () => {
  test.each<[string, unknown]>([
    ["records", [{ a: 1 }, { a: null }, { a: 3 }]],
    ["a table", { a: floats(1, Number.NaN, 3) }],
    ["an object of lists", { a: [1, null, 3] }],
    ["an object of a list and a longer array", { a: [1, null, 3], b: floats(1, 2, 3, 4) }],
  ])("%s have columns, in which what is missing is a gap", (_, data) => {
    const columns = columnsOf(data) as Columns;

    expect(columns.length).toBe(3);
    expect(Array.from(numbersOf(columns, "a"))).toEqual([1, null, 3]);
  });

  test("a list of numbers and an array are one column", () => {
    expect(drawn(draw({}, [1, 2, "x", 4n]))).toEqual({ value: [1, 2, null, 4] });
    expect(drawn(draw({}, floats(1, Infinity)))).toEqual({ value: [1, null] });
    expect(drawn(draw({}, pack(BigInt64Array.of(5n))))).toEqual({ value: [5] });
  });

  test("an array without gaps is drawn as it is, however long it has become", () => {
    const array = floats(1, 2);
    const longer = splice(array, 2, 2, floats(3));

    expect(numbersOf(columnsOf(longer) as Columns, "value")).toBe(longer);
  });

  test("an array of two dimensions has a column for each place in the second", () => {
    const wide = Object.defineProperty(Float64Array.of(1, 10, 2, 20), "dtype", { value: "float64" });
    Object.defineProperty(wide, "shape", { value: [2, 2] });

    expect(drawn(draw({}, wide))).toEqual({ 0: [1, 2], 1: [10, 20] });
  });

  test("moments of a table are told in UTC, dates of the page's as they are", () => {
    const table = { t: { kind: "datetime", values: floats(0, 86_400_000) } };
    expect(positionsOf(columnsOf(table) as Columns, "t", false)).toMatchObject({
      scale: "time",
      values: [0, 86_400],
      zone: "UTC",
    });

    const day = exactDate("2026-03-01");
    const positions = positionsOf(columnsOf([{ t: null }, { t: day }]) as Columns, "t", false);
    expect(positions).toMatchObject({ scale: "time", values: [null, day.getTime() / 1000], zone: undefined });
  });

  test("what has no columns has none", () => {
    expect([5, "text", null, { a: 1 }].map(columnsOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("figures", () => {
  const SALES = [
    { city: "Rome", tea: 3, cake: 5 },
    { city: "Oslo", tea: 4, cake: null },
    { city: "Rome", tea: 2, cake: 1 },
  ];

  test("without names all columns of numbers are drawn, over the rows", () => {
    const figure = draw({}, SALES);

    expect(drawn(figure)).toEqual({ tea: [3, 4, 2], cake: [5, null, 1] });
    expect(Array.from(figure.x.values)).toEqual([0, 1, 2]);
  });

  test("points stand from left to right, and what has no place is left out", () => {
    const data = [
      { x: 3, y: 30 },
      { x: null, y: 0 },
      { x: 1, y: 10 },
    ];
    const figure = draw({ kind: "scatter", x: "x", y: "y" }, data);

    expect(Array.from(figure.x.values)).toEqual([1, 3]);
    expect(drawn(figure)).toEqual({ y: [10, 30] });
  });

  test("a column of categories gives a series for each, and joins no points over another's", () => {
    const figure = draw({ y: "tea", color: "city" }, SALES);

    expect(drawn(figure)).toEqual({ Rome: [3, undefined, 2], Oslo: [undefined, 4, undefined] });
  });

  test("bars at one category are one, and those of several series stand beside each other", () => {
    const figure = draw({ kind: "bar", x: "city", y: ["tea", "cake"] }, SALES);

    expect(figure.x.names).toEqual(["Rome", "Oslo"]);
    expect(Array.from(figure.x.values)).toEqual([-0.2, 0.2, 0.8, 1.2]);
    expect(drawn(figure)).toEqual({
      tea: [5, undefined, 4, undefined],
      cake: [undefined, 6, undefined, undefined],
    });
  });

  test("a histogram counts each number once, in bins that begin at round numbers", () => {
    const values = Array.from({ length: 100 }, (_, at) => at / 10);
    const figure = draw({ kind: "histogram", bins: 10 }, [...values, null]);

    expect(Array.from(figure.x.values)).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]);
    expect(drawn(figure)).toEqual({ count: new Array(10).fill(10) });
  });

  test.each([
    [[5, 5, 5], 3],
    [[], 0],
    [[-1, 1], 2],
    [[0, 10], 2],
    [[1e-9, 3e-9], 2],
  ])("a histogram of %j counts %i", (values, count) => {
    const { series } = draw({ kind: "histogram" }, values);

    expect(Array.from(series[0]?.values ?? []).reduce<number>((sum, one) => sum + (one ?? 0), 0)).toBe(count);
  });

  test("on a scale of logarithms what is not above zero is a gap", () => {
    expect(drawn(draw({ logY: true }, [1, 0, -5, 100]))).toEqual({ value: [1, null, null, 100] });
  });

  test("a column that is not there is named, with those that are", () => {
    expect(() => draw({ x: "town" }, SALES)).toThrow(
      "Cannot draw 'town': the data have 'city', 'tea', 'cake'",
    );
    expect(draw({ x: "town" }, []).count).toBe(0);
  });

  test.each([{}, { xLabel: "" }])("a summary says what a person would see: %s", (more) => {
    const given = { kind: "bar", x: "city", y: "tea", ...more } as const;

    expect(summaryOf(spec(given), draw(given, SALES))).toBe(
      "Bar chart of tea by city, 2 categories: 3 points. tea is from 4 to 5, the last is 4.",
    );
  });
});

describe("names along an axis", () => {
  const names = (count: number, length = 3): string[] =>
    Array.from({ length: count }, () => "x".repeat(length));

  test.each<[string, string[], number, { every: number; length: number }]>([
    ["are all written where there is room", names(12), 700, { every: 1, length: 6 }],
    ["are left out where there is none", names(12), 208, { every: 2, length: 3 }],
    ["are cut before they are left out", names(10, 40), 700, { every: 1, length: 7 }],
    ["are one, at least", names(10, 40), 0, { every: 555, length: 6 }],
    ["are more than can be counted at once", names(200_000), 700, { every: 8401, length: 3 }],
  ])("%s", (_, given, width, expected) => {
    expect(roomForNames(given, width)).toEqual(expected);
  });
});
