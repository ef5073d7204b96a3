/**
 * Floor 3. What a caller hands in: checked to be JSON, and copied.
 *
 * Values are copied in, so that what the caller does with his afterwards is his own business. What JSON
 * lacks is refused at the line that brought it: nothing becomes a silent `null`, as `JSON.stringify` would
 * have it.
 *
 * @module
 */

import { isView, pack } from "./arrays.ts";
import { isBytes, isList, isPlain, type Json, kind, put } from "./document.ts";
import { NotSyncable } from "./errors.ts";
import { join } from "./pointer.ts";

/** How deep containers may nest: below the limits of every encoder on the way to the kernel. */
export const MAX_DEPTH = 200;

/**
 * Return a deep copy of a value, checked to be JSON.
 *
 * @throws {NotSyncable} if it, or something in it, has no JSON form: `undefined`, NaN, a date, a cycle
 */
export function copy(value: unknown, pointer = "", depth = 0): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (Number.isFinite(value)) return value as number;
  if (depth > MAX_DEPTH) {
    throw new NotSyncable(pointer, value, `it nests deeper than ${MAX_DEPTH} levels, or contains itself`);
  }
  if (isBytes(value)) return new Uint8Array(value);
  const array = isView(value) && pack(value);
  if (array) return array;
  if (isList(value)) return Array.from(value, (element, at) => copy(element, pointer + join(at), depth + 1));
  if (!isPlain(value)) throw new NotSyncable(pointer, value, `${kind(value)} has no JSON form`);
  const result: Record<string, Json> = {};
  for (const name of Object.keys(value))
    put(result, name, copy(value[name], pointer + join(name), depth + 1));
  return result;
}
