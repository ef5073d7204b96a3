/**
 * Floor 1. What a JSON value is here, and when two are the same.
 *
 * A document is JSON plus bytes (`Uint8Array`) and arrays, which travel as binary buffers, and leaves that have a
 * form of another kind (`forms`): NaN, `BigInt`s, dates. It is never changed: a new state shares with the old one what did not change, so `===` tells whether a part did.
 *
 * `__proto__`, `constructor` and `prototype` are members like any other (a table of racing data has a
 * column `constructor`): only own members are ever read, and {@link put} is how one is written.
 *
 * @module
 */

import { describe, isArray, isSame, isView, type NumberArray } from "./arrays.ts";
import { type ExactDate, Failure, formOf, isLeaf, type Tagged } from "./forms.ts";

/**
 * A value that can be synced: JSON, and leaves that JSON lacks. Objects of registered types are none to TypeScript.
 */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NumberArray
  | ExactDate
  | Failure
  | Tagged
  | JsonList
  | JsonObject;

/** An array of JSON values. */
export type JsonList = readonly Json[];

/** An object of JSON values, own members only. */
export interface JsonObject {
  readonly [member: string]: Json;
}

/** Tell whether a value is a JSON array. */
export function isList(value: unknown): value is JsonList {
  return Array.isArray(value);
}

/** Tell whether a value is plain bytes, of whatever frame. */
export function isBytes(value: unknown): value is Uint8Array {
  return isView(value) && value[Symbol.toStringTag] === "Uint8Array" && !isArray(value);
}

/** Tell whether a value is a JSON object, neither a list nor a leaf. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value) && !isView(value) && !isLeaf(value);
}

/** Tell whether a value holds others: a JSON array or a JSON object. */
export function isContainer(value: unknown): value is JsonList | JsonObject {
  return isList(value) || isObject(value);
}

/** Return an object's own member, or undefined; what an object inherits is no member. */
export function own<Value = Json>(object: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Write an own member, whatever its name, or an element; the container is changed. */
export function put<Value>(object: Record<string, Value>, name: string | number, value: Value): void {
  if (name === "__proto__") {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else object[name] = value;
}

/**
 * Tell whether two values are the same JSON value (RFC 6902, section 4.6).
 *
 * The order of an object's members means nothing, `1` is not `true`, bytes are the same by content, and other
 * leaves by their forms: NaN is the same as NaN.
 * What is shared is not looked into, so the cost of comparing two states follows what changed between them.
 * Beyond a limit of values that had to be looked at, two count as different.
 */
export function same(one: Json | undefined, other: Json | undefined, limit: number = Infinity): boolean {
  const waiting = [one, other]; // a stack of our own: a value from outside may nest deeper than the machine's
  for (let count = 0; waiting.length > 0; count += 1) {
    if (count > limit || !isAlike(waiting.pop(), waiting.pop(), waiting)) return false;
  }
  return true;
}

// Compares two values but for their members, which are left to be compared unless they are shared.
function isAlike(one: Json | undefined, other: Json | undefined, waiting: (Json | undefined)[]): boolean {
  if (one === other) return true;
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    if (names.length !== Object.keys(other).length) return false;
    for (const name of names) waiting.push(own(one, name), own(other, name));
    return true;
  }
  if (isView(one) && isView(other)) return isSame(one, other);
  if (isList(one) && isList(other)) {
    if (one.length !== other.length) return false;
    for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) waiting.push(one[at], other[at]);
    return true;
  }
  const [form, another] = [formOf(one), formOf(other)];
  if (!form || form.type !== another?.type) return false;
  waiting.push(form.value as Json, another.value as Json);
  return true;
}

/** Tell whether containers nest deeper than a limit, without exhausting the stack. */
export function nestsDeeper(value: Json, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 0; depth < limit && level.length > 0; depth += 1) {
    level = level.flatMap((container) => (Object.values(container) as Json[]).filter(isContainer));
  }
  return level.length > 0;
}

/** Tell whether a value is an object that was written with braces: no Date, no Map, no instance of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Name a value's type for a sentence: `a list`, `a number`, `null`, and what is no JSON by its own name. */
export function kind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (isList(value)) return "a list";
  if (isView(value))
    return isArray(value) ? "an array" : isBytes(value) ? "bytes" : `a ${value.constructor.name}`;
  if (typeof value !== "object") return `a ${typeof value}`;
  return isPlain(value) ? "an object" : `a ${value.constructor?.name}`;
}

/** Say how many elements there are, in a sentence. */
export function elements(count: number): string {
  return `${count} element${count === 1 ? "" : "s"}`;
}

/** Show a value in a sentence: a scalar as it is, a container by its kind. */
export function show(value: unknown): string {
  if (typeof value === "string") return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (isArray(value)) return `an array of ${describe(value)}`;
  return typeof value === "object"
    ? isView(value)
      ? kind(value)
      : (spell(value) ?? kind(value))
    : String(value);
}

/** Return what a person reads of a leaf that JSON lacks; nothing for any other value. */
export function spell(value: unknown): string | undefined {
  if (isView(value)) return describe(value);
  const form = formOf(value);
  if (!form || value instanceof Failure) return form && String(value);
  return typeof form.value === "string" ? form.value.replace(/^(\d+-\d+-\d+)T/, "$1 ") : toText(form.value);
}

/** Return a value as JSON text that a person reads. */
export function toText(value: unknown): string {
  // not what comes in: a date has made itself a text by then
  return JSON.stringify(value, function (this: Record<string, unknown>, name) {
    return spell(this[name]) ?? this[name];
  });
}
