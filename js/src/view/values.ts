/**
 * Floor 9. What a person reads in a cell, sorts by, and writes into it.
 *
 * @module
 */

import { isContainer, type Json, spell, toText } from "../document.ts";
import { isDate, readDate } from "../forms.ts";
import type { Entry } from "./rows.ts";

/** What a cell is drawn as, and how what is written into it is read. */
export type Kind = "missing" | "number" | "boolean" | "date" | "text" | "other";

/** What rows are sorted by; nothing where the value is missing. */
export type Key = number | bigint | string | undefined;

const DIGITS = 6;
const DECIMALS = 2;

/** Tell what a value is drawn as. */
export function kindOf(value: Entry): Kind {
  if (value === null || value === undefined || Number.isNaN(value)) return "missing";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "text";
  return isDate(value) ? "date" : "other";
}

/** Return what a person reads of a value: of a number that has many decimals, as many as are of use. */
export function textOf(value: Entry): string {
  if (kindOf(value) === "missing") return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : shortened(value);
  return exactText(value);
}

/** Return all that there is to read of a value. */
export function exactText(value: Entry): string {
  if (kindOf(value) === "missing") return "";
  if (typeof value === "string") return value;
  const spelled = spell(value);
  if (spelled !== undefined) return spelled;
  return isDate(value) ? momentText(value) : isContainer(value) ? toText(value) : String(value);
}

/** Return what a value is sorted by. */
export function keyOf(value: Entry): Key {
  if (typeof value === "number") return Number.isNaN(value) ? undefined : value;
  if (typeof value === "string" || typeof value === "bigint") return value;
  if (value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return Number(value);
  return isDate(value) ? value.getTime() : exactText(value);
}

/**
 * Return a text that stands before another one, letter by letter, if a person would put it there: without regard
 * to case and accents. To compare in a person's own language takes thirty times as long, which 100,000 rows show.
 */
export function folded(text: string): string {
  const isPlain = /^[ -~]*$/.test(text);
  const bare = isPlain ? text : text.normalize("NFD").replace(/\p{M}/gu, "");
  return `${bare.toLowerCase()}\0${text}`;
}

/** Compare two keys: numbers and dates before texts. What is missing is not compared. */
export function compareKeys(one: Key, other: Key): number {
  const [isText, isOtherText] = [typeof one === "string", typeof other === "string"];
  if (isText !== isOtherText) return isText ? 1 : -1;
  return isText
    ? ordered(folded(one as string), folded(other as string))
    : ordered(one as number, other as number);
}

function ordered<Value extends number | string>(one: Value, other: Value): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Return the value that a person wrote into a cell of a kind; where nothing is written into one that was no text,
 * it is missing.
 *
 * @throws {RangeError} if the text is no value of that kind
 */
export function read(text: string, kind: Kind): Json {
  const trimmed = text.trim();
  if (kind === "text") return text;
  if (trimmed === "") return null;
  if (kind === "number") return numberOf(trimmed);
  if (kind === "boolean") return booleanOf(trimmed);
  if (kind !== "date") return text;
  const date = readDate(trimmed);
  if (!date)
    throw new RangeError(`Cannot read '${trimmed}' as a date: write it as 2026-11-26 or 2026-11-26 14:30`);
  return date;
}

function numberOf(text: string): number | bigint {
  const number = Number(text);
  if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text); // no digit is lost
  if (Number.isNaN(number)) throw new RangeError(`Cannot read '${text}' as a number`);
  return number;
}

function booleanOf(text: string): boolean {
  if (!/^(true|false)$/i.test(text)) throw new RangeError(`Cannot read '${text}': it is true or false`);
  return text.toLowerCase() === "true";
}

function shortened(value: number): string {
  const whole = Math.abs(value) < 1 ? 0 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return String(Number(value.toPrecision(Math.min(Math.max(DIGITS, whole + DECIMALS), 21))));
}

// A moment of a table is in UTC, be it one or what stood on a clock.
function momentText(date: Date): string {
  const iso = Number.isNaN(date.getTime()) ? "" : date.toISOString();
  return iso.replace("T", " ").replace(/( 00:00:00)?(\.000)?Z$/, "");
}
