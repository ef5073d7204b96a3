/**
 * Floor 9. The first rows of a table, and how large it is.
 *
 * @module
 */

import { at, type Cell, rowCount, type Table } from "../table.ts";
import { make } from "./element.ts";

const ROWS = 8;
const COLUMNS = 30;
const WIDTH = 40;
const DIGITS = 6;

/** Say how large a table is: `336,776 rows, 19 columns`. */
export function extentOf(table: Table): string {
  return `${counted(rowCount(table), "row")}, ${counted(Object.keys(table).length, "column")}`;
}

/** Say how many of something there are: `1 row`, `336,776 rows`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}

/** Draw the first rows of a table. */
export function sheet(table: Table): HTMLElement {
  const columns = Object.entries(table).slice(0, COLUMNS);
  const head = make("tr");
  head.append(...columns.map(([name]) => make("th", { scope: "col" }, name)));
  const rows = Array.from({ length: Math.min(ROWS, rowCount(table)) }, (_, row) => {
    const line = make("tr");
    line.append(...columns.map(([, column]) => cell(at(column, row))));
    return line;
  });
  const drawn = make("table", { class: "syncstate-sheet" });
  drawn.append(head, ...rows);
  return drawn;
}

function cell(value: Cell): HTMLElement {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const text = textOf(value);
  return make(
    "td",
    isNumber ? { class: "syncstate-number" } : {},
    text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text,
  );
}

function textOf(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number")
    return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
  if (!(value instanceof Date)) return String(value);
  const iso = Number.isNaN(value.getTime()) ? "" : value.toISOString();
  return iso.replace("T", " ").replace(/( 00:00:00)?(\.000)?Z$/, "");
}
