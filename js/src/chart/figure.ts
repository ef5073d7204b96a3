/**
 * Floor 9. What a chart's specification comes to: points, bars and their names, ready to be drawn.
 *
 * @module
 */

import { counted } from "../view/sheet.ts";
import { exactText, textOf } from "../view/values.ts";
import { type Columns, type Numbers, numbersOf, type Positions, positionsOf, scaleOf } from "./data.ts";

/** What is drawn, of which columns, and what is written beside it. */
export interface ChartSpec {
  readonly kind: "line" | "bar" | "scatter" | "histogram";
  /** Where the data are. */
  readonly data: { readonly pointer: string };
  /** The column along the horizontal axis; without it rows are counted. */
  readonly x?: string | undefined;
  /** The columns that are drawn; without them all that hold numbers. */
  readonly y?: string | readonly string[] | undefined;
  /** A column, whose values have colours of their own, or a colour of CSS. */
  readonly color?: string | undefined;
  readonly title?: string | undefined;
  readonly xLabel?: string | undefined;
  readonly yLabel?: string | undefined;
  /** How many bars a histogram has, about. */
  readonly bins?: number | undefined;
  /** How high the drawing is, in pixels. */
  readonly height?: number | undefined;
  readonly logY?: boolean | undefined;
}

/** One line, one kind of bars, one cloud of points. */
export interface Series {
  readonly name: string;
  readonly values: Numbers;
}

/** What is to be drawn. */
export interface Figure {
  readonly x: Positions;
  readonly xName: string;
  readonly series: readonly Series[];
  /** How wide a bar is, in units of the horizontal axis. */
  readonly step: number;
  /** How many points there are. */
  readonly count: number;
}

/** How wide a character is beside an axis, in pixels. */
export const CHARACTER = 7;

const GAP = 1.2; // characters between two names
const SHORTEST = 6; // characters of a name on the axis, before names are left out
const SERIES = 12; // no more than can be told apart
const OTHERS = "others";
const NICE = [1, 2, 2.5, 5, 10];

/**
 * Return what is to be drawn.
 *
 * @throws {RangeError} if there is no such column
 */
export function figureOf(spec: ChartSpec, columns: Columns): Figure {
  const asked = [spec.x, ...[spec.y ?? []].flat()].filter((name) => name !== undefined);
  for (const name of asked) {
    if (columns.length > 0 && !columns.names.includes(name as string))
      throw new RangeError(
        `Cannot draw '${name}': the data have ${columns.names.map((one) => `'${one}'`).join(", ")}`,
      );
  }
  if (spec.kind === "histogram") return histogram(spec, columns);
  const names = drawnColumns(spec, columns);
  const x = positionsOf(
    columns,
    spec.x,
    spec.kind === "bar" && spec.x !== undefined && scaleOf(columns, spec.x) !== "time",
  );
  const told = names.map((name) => ({ name, values: visible(numbersOf(columns, name), spec) }));
  const isGrouped = spec.color !== undefined && columns.names.includes(spec.color);
  const series = isGrouped
    ? told.flatMap((one) => grouped(one, columns, spec.color as string, names.length > 1))
    : told;
  const [sorted, order] = ascending(x.values);
  const drawn = order
    ? series.map(({ name, values }) => ({ name, values: order.map((row) => values[row]) }))
    : series;
  const figure = {
    x: { ...x, values: sorted },
    xName: spec.xLabel || spec.x || "row",
    series: drawn,
    step: 1,
    count: columns.length,
  };
  return spec.kind === "bar" ? barsOf(figure) : figure;
}

/** Say in a sentence or two what a person would see. */
export function summaryOf(spec: ChartSpec, { x, xName, series, count }: Figure): string {
  const kind = { line: "Line chart", bar: "Bar chart", scatter: "Scatter chart", histogram: "Histogram" }[
    spec.kind
  ];
  const names = series.map(({ name }) => name).join(", ");
  const across =
    spec.kind === "histogram"
      ? ""
      : ` by ${xName}${x.scale === "category" ? `, ${x.names.length} categories` : ""}`;
  const ranges = series.slice(0, 4).map(({ name, values }) => {
    const [low, high, last] = extent(values);
    return low === undefined
      ? `${name} has no values`
      : `${name} is from ${textOf(low)} to ${textOf(high)}, the last is ${textOf(last)}`;
  });
  return `${kind} of ${names}${across}: ${counted(count, "point")}. ${ranges.join("; ")}.`;
}

function drawnColumns(spec: ChartSpec, columns: Columns): readonly string[] {
  if (spec.y !== undefined) return [spec.y].flat();
  const others = columns.names.filter((name) => name !== spec.x && name !== spec.color);
  return others.filter((name) => scaleOf(columns, name) === "number").slice(0, SERIES);
}

// On a scale of logarithms what is not above zero has no place.
function visible(values: Numbers, { logY }: ChartSpec): Numbers {
  return logY
    ? Array.from(values, (value) => (typeof value === "number" && value <= 0 ? null : value))
    : values;
}

function grouped({ name, values }: Series, columns: Columns, by: string, isOneOfMany: boolean): Series[] {
  const groups = new Map<string, (number | null | undefined)[]>();
  for (let row = 0; row < columns.length; row += 1) {
    const text = exactText(columns.cell(row, by)) || "–";
    const group = groups.has(text) || groups.size < SERIES - 1 ? text : OTHERS;
    const own = groups.get(group) ?? new Array(columns.length).fill(undefined);
    own[row] = values[row];
    groups.set(group, own);
  }
  return [...groups].map(([group, own]) => ({
    name: isOneOfMany ? `${name}, ${group}` : group,
    values: own,
  }));
}

// Points from left to right; nothing to do where they come so, as what streams does.
function ascending(values: Numbers): [Numbers, number[] | undefined] {
  let isSorted = true;
  for (let row = 1; row < values.length && isSorted; row += 1)
    isSorted =
      values[row] != null &&
      values[row - 1] != null &&
      (values[row - 1] as number) <= (values[row] as number);
  if (isSorted && values[0] !== null) return [values, undefined];
  const order = Array.from({ length: values.length }, (_, row) => row).filter((row) => values[row] != null);
  order.sort((one, other) => (values[one] as number) - (values[other] as number) || one - other);
  return [order.map((row) => values[row]), order];
}

// Bars of several series stand side by side: each has places of its own, beside those of the others.
function barsOf(figure: Figure): Figure {
  const merged = oneEach(figure);
  const { x, series } = merged;
  const step = stepOf(x.values);
  if (series.length < 2) return { ...merged, step };
  const width = (0.8 * step) / series.length;
  const places = Array.from(x.values, (value) =>
    series.map((_, at) => (value ?? 0) + (at - (series.length - 1) / 2) * width),
  );
  return {
    ...merged,
    step,
    x: { ...x, values: places.flat() },
    series: series.map(({ name, values }, at) => ({
      name,
      values: Array.from({ length: x.values.length * series.length }, (_, place) =>
        place % series.length === at ? values[Math.floor(place / series.length)] : undefined,
      ),
    })),
  };
}

// Rows at one place are one: their bars are one on top of the other, and as high as all of them.
function oneEach(figure: Figure): Figure {
  const { x, series } = figure;
  const places = [...new Set(Array.from(x.values))];
  if (places.length === x.values.length) return figure;
  const at = new Map(places.map((place, index) => [place, index] as const));
  const summed = series.map(({ name, values }) => {
    const sums: (number | undefined)[] = new Array(places.length).fill(undefined);
    for (let row = 0; row < x.values.length; row += 1) {
      const index = at.get(x.values[row]) ?? 0;
      const value = values[row];
      if (typeof value === "number") sums[index] = (sums[index] ?? 0) + value;
    }
    return { name, values: sums };
  });
  return { ...figure, x: { ...x, values: places }, series: summed };
}

function stepOf(values: Numbers): number {
  let step = Infinity;
  for (let at = 1; at < values.length; at += 1) {
    const distance = (values[at] ?? 0) - (values[at - 1] ?? 0);
    if (distance > 0) step = Math.min(step, distance);
  }
  return Number.isFinite(step) ? step : 1;
}

function histogram(spec: ChartSpec, columns: Columns): Figure {
  const [name = columns.names[0] ?? ""] = spec.x === undefined ? drawnColumns(spec, columns) : [spec.x];
  const values = numbersOf(columns, name);
  const [low, high] = extent(values);
  const { start, step, count } = binsOf(
    low ?? 0,
    high ?? 0,
    spec.bins ?? Math.ceil(Math.log2(values.length + 1)) + 1,
  );
  const counts: number[] = new Array(count).fill(0);
  let total = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== "number") continue;
    const bin = Math.min(Math.floor((value - start) / step), count - 1);
    counts[bin] = (counts[bin] ?? 0) + 1;
    total += 1;
  }
  const centres = Array.from(counts, (_, bin) => start + (bin + 0.5) * step);
  return {
    x: { scale: "number", values: total === 0 ? [] : centres, names: [], zone: undefined },
    xName: spec.xLabel || name,
    series: [{ name: "count", values: total === 0 ? [] : visible(counts, spec) }],
    step,
    count: total,
  };
}

/** Bins that begin and end at numbers which a person likes to read. */
function binsOf(low: number, high: number, wanted: number): { start: number; step: number; count: number } {
  const rough = (high - low || Math.abs(high) || 1) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (NICE.find((nice) => nice * power >= rough) ?? 10);
  const start = Math.floor(low / step) * step;
  return {
    start,
    step,
    count: Math.max(
      1,
      Math.floor((high - start) / step) + (high > start && (high - start) % step === 0 ? 0 : 1),
    ),
  };
}

function extent(values: Numbers): [number | undefined, number | undefined, number | undefined] {
  let [low, high, last]: (number | undefined)[] = [];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== "number") continue;
    if (low === undefined || value < low) low = value;
    if (high === undefined || value > high) high = value;
    last = value;
  }
  return [low, high, last];
}

/** What of the names along an axis is written: that of every so many, and so many characters of it. */
export interface NameRoom {
  readonly every: number;
  readonly length: number;
}

/** Return the room that names have along an axis, in pixels: as many are written as there is room for. */
export function roomForNames(names: readonly string[], width: number): NameRoom {
  const ends = 1; // half of one at each
  const room = Math.max(1, width) / (names.length + ends) / CHARACTER;
  const longest = names.reduce((length, name) => Math.max(length, name.length), 1);
  const least = Math.min(SHORTEST, longest);
  const every = Math.ceil((least + GAP) / room);
  return { every, length: Math.max(least, Math.floor(every * room - GAP)) };
}
