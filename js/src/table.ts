/**
 * Floor 2. Tables of pandas, polars or pyarrow, as a page has them: objects of columns
 * (`docs/protocol.md`, section 10).
 *
 * ```js
 * import { at, rowCount } from "syncstate/table";
 *
 * const { flights } = model.state;
 * for (let row = 0; row < rowCount(flights); row += 1) draw(at(flights.carrier, row), at(flights.delay, row));
 * ```
 *
 * @module
 */

import { isArray, type NumberArray } from "./arrays.ts";
import { isList, isObject, type Json, type JsonList, type JsonObject } from "./document.ts";

/** One value of a table; null is missing. */
export type Cell = null | boolean | number | bigint | string | Date;

/** Texts or other values of which most occur often. */
export interface Categories {
  readonly kind: "category";
  /** The place of each row's value among the categories, or -1 where it is missing. */
  readonly codes: NumberArray;
  readonly categories: JsonList;
}

/** Dates, times or durations. */
export interface Moments {
  readonly kind: "datetime" | "date" | "time" | "duration";
  /** Milliseconds: since 1970 in UTC, since midnight, or long; NaN where one is missing. */
  readonly values: NumberArray;
  /** The time zone, where the moments are in one: without, they are what stood on the clock. */
  readonly zone?: string;
}

/** One column; numbers and booleans are an array, in which NaN is missing. */
export type Column = NumberArray | Categories | Moments;

/** A table: its columns by name. */
export type Table = Readonly<Record<string, Column>>;

/** Tell whether a value is an object of columns that are equally long. */
export function isTable(value: unknown): value is Table {
  const columns = isObject(value) ? Object.values(value) : [];
  const length = packed(columns[0])?.length;
  return length !== undefined && columns.every((column) => packed(column)?.length === length);
}

/** Return how many rows a table has. */
export function rowCount(table: Table): number {
  const [column] = Object.values(table);
  return packed(column)?.length ?? 0;
}

/** Return the value of a column in a row; null where there is none. */
export function at(column: Column | Json | undefined, row: number): Cell {
  const value = packed(column)?.[row] ?? Number.NaN;
  const { kind, categories } = (isObject(column) ? column : {}) as Partial<JsonObject>;
  if (isList(categories)) return (categories[Number(value)] as Cell | undefined) ?? null;
  if (Number.isNaN(value)) return null;
  if (kind === "date" || kind === "datetime") return new Date(Number(value));
  return isArray(column) && column.dtype === "bool" ? value === 1 : value;
}

function packed(column: unknown): NumberArray | undefined {
  const { codes, values } = (isObject(column) ? column : {}) as JsonObject;
  const found = codes ?? values ?? column;
  return isArray(found) && found.shape.length === 1 ? found : undefined;
}
