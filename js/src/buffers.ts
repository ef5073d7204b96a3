/**
 * Floor 4. Leaves of a frame that JSON lacks, beside it (`docs/protocol.md`, section 1).
 *
 * `null` stands in their places. A frame's `buffers` says where the comm message's buffers belong, and what they
 * are; its `values` says what else belongs where.
 *
 * @module
 */

import { bytesOf, type DType, isArray, isView, misfit, unpack } from "./arrays.ts";
import { isContainer, isList, isObject, type Json, type JsonObject, own } from "./document.ts";
import { MessageError } from "./errors.ts";
import { construct, type Form, formOf } from "./forms.ts";
import { apply, Candidate, type Operation } from "./patch.ts";
import { find, join, resolve } from "./pointer.ts";

/** A binary buffer as a comm hands it over. */
export type Buffer = ArrayBuffer | ArrayBufferView;

type Found = readonly [pointer: string, leaf: Json];

/** Take what JSON lacks out of a frame; the buffers are copies. */
export function takeBuffers(frame: JsonObject): { frame: JsonObject; buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = [];
  const places: Json[] = [];
  const values: Record<string, Json>[] = [];
  const known: Record<string, Map<unknown, Json[]>> = Object.create(null); // the places of each value, by its type
  // Returns a part of the frame, which is at a pointer, with what stands for its leaves.
  const empty = (value: Json, leaves: readonly Found[], at: string): Json => {
    for (const [pointer, leaf] of leaves) {
      const path = at + pointer;
      const form = formOf(leaf);
      if (form) placesOf(form).push(path);
      else if (isView(leaf)) {
        places.push(isArray(leaf) ? { path, dtype: leaf.dtype, shape: leaf.shape } : path);
        buffers.push(new Uint8Array(bytesOf(leaf)).buffer); // a comm may send it later, when its owner has changed it
      }
    }
    return apply(
      value,
      leaves.map(([path]) => ({ op: "replace", path, value: null })),
    );
  };
  const placesOf = ({ type, value }: Form): Json[] => {
    known[type] ??= new Map();
    const ofType = known[type];
    let paths = ofType.get(value);
    if (!paths) {
      const inner = leavesIn(value as Json);
      for (const form of inner.map(([, leaf]) => formOf(leaf))) if (form) placesOf(form); // they come before it
      paths = [];
      ofType.set(value, paths);
      const told: Record<string, Json> = { type, value: null, paths };
      told.value = empty(value as Json, inner, `/values/${values.push(told) - 1}/value`);
    }
    return paths;
  };
  const emptied = empty(frame, leavesIn(frame), "") as JsonObject;
  const told = {
    ...(places.length > 0 && { buffers: places }),
    ...(values.length > 0 && { values: values as JsonObject[] }),
  };
  return { frame: emptied === frame ? frame : { ...emptied, ...told }, buffers };
}

function leavesIn(whole: Json): Found[] {
  const found: Found[] = [];
  const waiting: Found[] = [["", whole]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [pointer, value] = next;
    if (isView(value) || formOf(value)) found.push(next);
    else if (isContainer(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (typeof member === "object" || formOf(member)) waiting.push([pointer + join(name), member]);
      }
    }
  }
  return found;
}

/**
 * Return what came over a comm with its leaves in place.
 *
 * @throws {MessageError} if the frame's `buffers` and the buffers that came do not fit each other, or its `values`
 *   are no values
 * @throws {SyncStateError} if one of either is at no `null` in the frame
 */
export function putBuffers(frame: unknown, buffers: readonly Buffer[]): unknown {
  const places = isObject(frame) ? (own(frame, "buffers") ?? []) : [];
  if (!isList(places) || places.length !== buffers.length) {
    throw new MessageError(
      `Cannot read the frame: ${buffers.length} buffers came, and its 'buffers' says otherwise`,
    );
  }
  if (!isObject(frame)) return frame;
  const pointers = places.map((place) => (isObject(place) ? own(place, "path") : place) as string);
  demandRoom(frame, pointers);
  const patch = pointers.map(
    (path, at): Operation => ({
      op: "replace",
      path,
      value: leaf(places[at], bytes(buffers[at] as Buffer)),
    }),
  );
  return putValues(patch.length > 0 ? (apply(frame, patch) as JsonObject) : frame);
}

function putValues(frame: JsonObject): JsonObject {
  const values = own(frame, "values");
  if (values === undefined) return frame;
  const told = (isList(values) ? values.filter(isValue) : []) as unknown as Told[];
  if (told.length !== (values as unknown[] | null)?.length) {
    throw new MessageError(
      "Cannot read the frame: 'values' is no list of values, with their types and paths",
    );
  }
  const isBefore = (path: string, at: number): boolean => Number(/^\/values\/(.*?)\//.exec(path)?.[1]) <= at;
  const early = told.flatMap(({ paths }, at) => paths.filter((path) => isBefore(path, at)));
  demandRoom(
    frame,
    told.flatMap(({ paths }) => paths),
    early,
  );
  const candidate = new Candidate(frame);
  for (const [at, { type, paths }] of told.entries()) {
    const value = construct(type, find(candidate.document, `/values/${at}/value`)) as Json;
    for (const path of paths) candidate.run({ op: "replace", path, value });
  }
  candidate.run({ op: "remove", path: "/values" });
  return candidate.document as JsonObject;
}

interface Told {
  readonly type: string;
  readonly paths: readonly string[];
}

function isValue(told: Json): boolean {
  const { type, value, paths } = told as JsonObject;
  return typeof type === "string" && value !== undefined && isList(paths);
}

// Leaves belong where null stands, one in each place; and one in another only if that is made later.
function demandRoom(frame: JsonObject, pointers: readonly string[], early: readonly string[] = []): void {
  const taken = early[0] ?? pointers.find((path) => resolve(frame, path) !== null);
  if (taken !== undefined || new Set(pointers).size < pointers.length) {
    throw new MessageError(
      `Cannot read the frame: '${taken ?? pointers}' is no place for one buffer or value`,
    );
  }
}

function leaf(place: Json | undefined, data: Uint8Array): Json {
  if (!isObject(place)) return data;
  const { dtype, shape, path } = place;
  const why = misfit(dtype, shape, data.byteLength);
  if (why) throw new MessageError(`Cannot read the array at '${path}': ${why}`);
  return unpack(dtype as DType, shape as number[], data);
}

/** Return what is in a buffer. */
export function bytes(buffer: Buffer): Uint8Array {
  return ArrayBuffer.isView(buffer) ? bytesOf(buffer) : new Uint8Array(buffer);
}
