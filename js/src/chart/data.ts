/**
 * Floor 9. What a chart is drawn of: the numbers of some columns of whatever stands at its pointer.
 *
 * @module
 */

import { isArray, type NumberArray } from "../arrays.ts";
import { isList, isObject, own } from "../document.ts";
import { isDate } from "../forms.ts";
import { type Entry, rowsOf, VALUE } from "../view/rows.ts";
import { exactText, keyOf, kindOf } from "../view/values.ts";

/** Columns by name, equally long. */
export interface Columns {
  readonly length: number;
  readonly names: readonly string[];
  /** Return what stands in a row of a column. */
  cell(row: number, name: string): Entry;
  /** Return a column as it is, if that is a typed array. */
  packed(name: string): NumberArray | undefined;
}

/** Numbers along an axis; null is a gap, and nothing where no point is. */
export type Numbers = ArrayLike<number | null | undefined>;

/** What an axis measures. */
export type Scale = "number" | "time" | "category";

/** The values along the horizontal axis. */
export interface Positions {
  readonly scale: Scale;
  readonly values: Numbers;
  /** The names of the places 0, 1, 2, …, where the scale is of categories. */
  readonly names: readonly string[];
  /** The time zone in which moments are told: none is the page's. */
  readonly zone: string | undefined;
}

/** Return the columns of a value, or nothing: of records, numbers, a table, an array, or an object of columns. */
export function columnsOf(value: unknown): Columns | undefined {
  if (isArray(value)) return ofArray(value);
  const rows = rowsOf(value);
  if (rows) {
    const table = isObject(value) ? value : undefined;
    const packed = (name: string): NumberArray | undefined => packedOf(table && own(table, name));
    return { length: rows.length, names: rows.names, cell: (row, name) => rows.cell(row, name), packed };
  }
  return isObject(value) ? ofObject(value) : undefined;
}

/** Tell what the values of a column are: that of the first that is not missing. */
export function scaleOf(columns: Columns, name: string): Scale {
  if (columns.packed(name)) return "number";
  for (let row = 0; row < columns.length; row += 1) {
    const kind = kindOf(columns.cell(row, name));
    if (kind === "number" || kind === "boolean") return "number";
    if (kind !== "missing") return kind === "date" ? "time" : "category";
  }
  return "number";
}

/** Return the numbers of a column, in which what is no number is a gap. */
export function numbersOf(columns: Columns, name: string): Numbers {
  const packed = columns.packed(name);
  if (packed && !(packed.dtype.endsWith("64") && packed.dtype !== "float64")) {
    const numbers = packed as ArrayLike<number>;
    return hasGaps(numbers)
      ? Array.from(numbers, (number) => (Number.isFinite(number) ? number : null))
      : numbers;
  }
  return Array.from({ length: columns.length }, (_, row) => numberOf(columns.cell(row, name)));
}

/** Return where the rows stand along the horizontal axis: by a column, or by their number. */
export function positionsOf(columns: Columns, name: string | undefined, isByCategory: boolean): Positions {
  const { length } = columns;
  if (name === undefined)
    return { scale: "number", values: Array.from({ length }, (_, row) => row), names: [], zone: undefined };
  const scale = scaleOf(columns, name);
  if (scale === "category" || isByCategory) {
    const places = new Map<string, number>();
    const values = Array.from({ length }, (_, row) => {
      const text = exactText(columns.cell(row, name));
      if (!places.has(text)) places.set(text, places.size);
      return places.get(text);
    });
    return { scale: "category", values, names: [...places.keys()], zone: undefined };
  }
  if (scale === "number") return { scale, values: numbersOf(columns, name), names: [], zone: undefined };
  const values = Array.from({ length }, (_, row) => {
    const moment = keyOf(columns.cell(row, name));
    return typeof moment === "number" ? moment / 1000 : null;
  });
  const isOfTable = isDate(firstOf(columns, name)) && !("iso" in (firstOf(columns, name) as object));
  return { scale, values, names: [], zone: isOfTable ? "UTC" : undefined };
}

function firstOf(columns: Columns, name: string): Entry {
  for (let row = 0; row < columns.length; row += 1) {
    const value = columns.cell(row, name);
    if (kindOf(value) !== "missing") return value;
  }
  return undefined;
}

// An array of two dimensions has a column for each place in the second.
function ofArray(array: NumberArray): Columns {
  const [length = 0, ...inner] = array.shape;
  const width = inner.reduce((product, count) => product * count, 1);
  const names = inner.length === 0 ? [VALUE] : Array.from({ length: width }, (_, at) => String(at));
  const cell = (row: number, name: string): Entry =>
    array[inner.length === 0 ? row : row * width + Number(name)];
  return {
    length,
    names,
    cell,
    packed: (name) => (name === VALUE && inner.length === 0 ? array : undefined),
  };
}

// An object of lists and arrays, which are cut to the shortest: what streams into them comes one after the other.
function ofObject(object: Readonly<Record<string, unknown>>): Columns | undefined {
  const names = Object.keys(object).filter(
    (name) => isList(own(object, name)) || packedOf(own(object, name)),
  );
  if (names.length === 0) return undefined;
  const column = (name: string): ArrayLike<Entry> => (own(object, name) ?? []) as ArrayLike<Entry>;
  const length = Math.min(...names.map((name) => column(name).length));
  const packed = (name: string): NumberArray | undefined => {
    const found = packedOf(own(object, name));
    return found && found.length === length ? found : undefined;
  };
  return { length, names, cell: (row, name) => column(name)[row], packed };
}

function packedOf(value: unknown): NumberArray | undefined {
  return isArray(value) && value.shape.length === 1 ? value : undefined;
}

function numberOf(value: Entry): number | null {
  const number = typeof value === "bigint" || typeof value === "boolean" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

function hasGaps(numbers: ArrayLike<number>): boolean {
  for (let at = 0; at < numbers.length; at += 1) if (!Number.isFinite(numbers[at])) return true;
  return false;
}
