/**
 * Floor 9. What a person writes above a column to see only some rows.
 *
 * @module
 */

import { isDate, readDate } from "../forms.ts";
import type { Entry } from "../view/rows.ts";
import { exactText, kindOf } from "../view/values.ts";

/** Tells whether a value is to be seen. */
export type Filter = (value: Entry) => boolean;

/** How filters are written, for whoever writes one. */
export const HINT =
  "Texts that contain it, numbers that are it. >5  >=5  <5  3..7 (also dates: >2026-11-01)  =tea exactly  !=tea not  = missing";

/** Return the filters that are written above columns, by their names. */
export function parseFilters(written: ReadonlyMap<string, string>): Map<string, Filter> {
  const parsed = [...written].map(([name, text]) => [name, parseFilter(text)] as const);
  return new Map(parsed.filter((pair): pair is readonly [string, Filter] => pair[1] !== undefined));
}

type Test = (order: number) => boolean; // of a value against what was written: -1, 0, 1

const TESTS: Readonly<Record<string, Test>> = {
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
};

/** Return the filter of a text, or nothing if it filters nothing. */
export function parseFilter(written: string): Filter | undefined {
  const text = written.trim();
  if (text === "") return undefined;
  const range = /^(.*?)\.\.(.*)$/.exec(text);
  if (range) return between(text, range[1]?.trim() ?? "", range[2]?.trim() ?? "");
  const [, operator = "", operand = ""] = /^(>=|<=|!=|>|<|=)?\s*(.*)$/s.exec(text) ?? [];
  if (operator === "=") return is(operand);
  if (operator === "!=") {
    const matches = is(operand);
    return (value) => !matches(value);
  }
  const test = TESTS[operator];
  return test ? ordered(text, operand, test) : plain(text);
}

// Texts that contain what was written; a number that is written is that number.
function plain(text: string): Filter {
  const contains = containing(text);
  const number = Number(text);
  return (value) => (typeof value === "number" && !Number.isNaN(number) ? value === number : contains(value));
}

function is(operand: string): Filter {
  const [lower, compare] = [operand.toLowerCase(), comparing(operand)];
  if (operand === "") return (value) => kindOf(value) === "missing" || value === "";
  return (value) =>
    kindOf(value) !== "missing" && (exactText(value).toLowerCase() === lower || compare(value) === 0);
}

function ordered(text: string, operand: string, test: Test): Filter {
  const [contains, compare] = [containing(text), comparing(operand)];
  return (value) => {
    if (kindOf(value) === "missing") return false;
    const order = compare(value);
    return order === undefined ? contains(value) : test(order);
  };
}

function between(text: string, low: string, high: string): Filter {
  const [contains, toLow, toHigh] = [containing(text), comparing(low), comparing(high)];
  return (value) => {
    if (kindOf(value) === "missing") return false;
    const [fromLow, fromHigh] = [low === "" ? 1 : toLow(value), high === "" ? -1 : toHigh(value)];
    return fromLow === undefined || fromHigh === undefined ? contains(value) : fromLow >= 0 && fromHigh <= 0;
  };
}

function containing(text: string): Filter {
  const lower = text.toLowerCase();
  return (value) => kindOf(value) !== "missing" && exactText(value).toLowerCase().includes(lower);
}

// Compares numbers and dates with what was written; nothing where the one or the other is none.
function comparing(operand: string): (value: Entry) => number | undefined {
  const number = operand === "" ? Number.NaN : Number(operand);
  const big = /^-?\d+$/.test(operand) ? BigInt(operand) : undefined; // no digit is lost
  const [day, ofTable] = [readDate(operand)?.getTime() ?? Number.NaN, Date.parse(inUtc(operand))];
  return (value) => {
    if (typeof value === "number") return order(value, number);
    if (typeof value === "bigint") return order(value, big ?? number);
    return isDate(value) ? order(value.getTime(), "iso" in value ? day : ofTable) : undefined; // a table's is in UTC
  };
}

function inUtc(text: string): string {
  return text.length > 10 && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text.replace(" ", "T")}Z` : text;
}

function order(one: number | bigint, other: number | bigint): number | undefined {
  return one < other ? -1 : one > other ? 1 : Number.isNaN(other) ? undefined : 0;
}
