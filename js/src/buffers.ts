/**
 * Floor 4. Binary leaves beside the JSON of a frame (`docs/protocol.md`, section 1).
 *
 * A frame's `buffers` member says where the comm message's buffers belong, and what they are; `null` stands
 * there meanwhile.
 *
 * @module
 */

import { bytesOf, type DType, isArray, isView, misfit, unpack } from "./arrays.ts";
import { isContainer, isList, isObject, type Json, type JsonObject, own } from "./document.ts";
import { MessageError } from "./errors.ts";
import { apply, type Operation } from "./patch.ts";
import { join, resolve } from "./pointer.ts";

/** A binary buffer as a comm hands it over. */
export type Buffer = ArrayBuffer | ArrayBufferView;

/** Take bytes and arrays out of a frame: what is left is JSON, and the buffers are copies. */
export function takeBuffers(frame: JsonObject): { frame: JsonObject; buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = [];
  const pointers: string[] = [];
  const places: Json[] = [];
  const waiting: [string, Json][] = [["", frame]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [pointer, value] = next;
    if (isView(value)) {
      pointers.push(pointer);
      places.push(isArray(value) ? { path: pointer, dtype: value.dtype, shape: value.shape } : pointer);
      buffers.push(new Uint8Array(bytesOf(value)).buffer); // a comm may send it later, when its owner has changed it
    } else if (isContainer(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (typeof member === "object") waiting.push([pointer + join(name), member]);
      }
    }
  }
  if (pointers.length === 0) return { frame, buffers };
  return { frame: { ...replace(frame, pointers, () => null), buffers: places }, buffers };
}

/**
 * Return what came over a comm with its bytes and arrays in place.
 *
 * @throws {MessageError} if the frame's `buffers` and the buffers that came do not fit each other
 * @throws {SyncStateError} if one of `buffers` is at no `null` in the frame
 */
export function putBuffers(frame: unknown, buffers: readonly Buffer[]): unknown {
  const places = isObject(frame) ? (own(frame, "buffers") ?? []) : [];
  if (!isList(places) || places.length !== buffers.length) {
    throw new MessageError(
      `Cannot read the frame: ${buffers.length} buffers came, and its 'buffers' says otherwise`,
    );
  }
  if (places.length === 0) return frame;
  const pointers = places.map((place) => (isObject(place) ? own(place, "path") : place) as string);
  const taken = pointers.find((path) => resolve(frame as JsonObject, path) !== null);
  if (taken !== undefined || new Set(pointers).size < pointers.length) {
    throw new MessageError(`Cannot read the frame: '${taken ?? pointers}' is no place for one buffer`);
  }
  return replace(frame as JsonObject, pointers, (at) => leaf(places[at], bytes(buffers[at] as Buffer)));
}

function replace(frame: JsonObject, pointers: readonly string[], value: (at: number) => Json): JsonObject {
  const patch = pointers.map((path, at): Operation => ({ op: "replace", path, value: value(at) }));
  return apply(frame, patch) as JsonObject;
}

function leaf(place: Json | undefined, data: Uint8Array): Json {
  if (!isObject(place)) return data;
  const { dtype, shape, path } = place;
  const why = misfit(dtype, shape, data.byteLength);
  if (why) throw new MessageError(`Cannot read the array at '${path}': ${why}`);
  return unpack(dtype as DType, shape as number[], data);
}

function bytes(buffer: Buffer): Uint8Array {
  return ArrayBuffer.isView(buffer) ? bytesOf(buffer) : new Uint8Array(buffer);
}
