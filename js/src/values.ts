/**
 * Floor 3. What a caller hands in: checked to be JSON, and copied.
 *
 * Values are copied in, so that what the caller does with his afterwards is his own business. What cannot
 * travel is refused at the line that brought it: nothing becomes a silent `null`, as `JSON.stringify` would
 * have it.
 *
 * @module
 */

import { isView, pack } from "./arrays.ts";
import { isBytes, isList, isPlain, type Json, kind, put } from "./document.ts";
import { NotSyncable } from "./errors.ts";
import { codecOf, exactDate, formOf, isDate, keep } from "./forms.ts";
import { join } from "./pointer.ts";

/** How deep containers may nest: below the limits of every encoder on the way to the kernel. */
export const MAX_DEPTH = 200;

/**
 * Return a deep copy of a value, checked to be one of a document. Leaves that never change are shared.
 *
 * @throws {NotSyncable} if it, or something in it, cannot travel: `undefined`, a `Map`, a cycle
 */
export function copy(value: unknown, pointer = "", depth = 0): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (depth > MAX_DEPTH) {
    throw new NotSyncable(pointer, value, `it nests deeper than ${MAX_DEPTH} levels, or contains itself`);
  }
  if (isBytes(value)) return new Uint8Array(value);
  const array = isView(value) && pack(value);
  if (array) return array;
  if (isList(value)) return Array.from(value, (element, at) => copy(element, pointer + join(at), depth + 1));
  if (!isPlain(value)) return leaf(value, pointer, depth);
  const result: Record<string, Json> = {};
  for (const name of Object.keys(value))
    put(result, name, copy(value[name], pointer + join(name), depth + 1));
  return result;
}

// Returns a value that is one leaf, of which the form is known by then.
function leaf(value: unknown, pointer: string, depth: number): Json {
  const form = formOf(value);
  const known = form ? undefined : codecOf(Object(value));
  try {
    if (isDate(value)) {
      const isExact = form && exactDate(form.value as string).getTime() === value.getTime(); // else it was changed
      return exactDate(isExact ? (form.value as string) : value.toISOString().replace("Z", "+00:00"));
    }
    const [name, codec] = known ?? [form?.type];
    const encoded = codec ? codec.encode?.(value as object) : form?.value;
    if (name !== undefined) return keep(value as object, name, copy(encoded, pointer, depth + 1)) as Json;
  } catch (error) {
    if (error instanceof NotSyncable) throw error;
    throw new NotSyncable(pointer, value, `${kind(value)} could not be encoded: ${(error as Error).message}`);
  }
  throw new NotSyncable(pointer, value, `${kind(value)} has no JSON form`);
}
