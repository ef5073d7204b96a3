/**
 * Floor 4. Binary leaves beside the JSON of a frame (`docs/protocol.md`, section 1).
 *
 * A frame's `buffers` member lists where the comm message's buffers belong; `null` stands there meanwhile.
 *
 * @module
 */

import { isBytes, isContainer, isList, isObject, type Json, type JsonObject, own } from "./document.ts";
import { MessageError } from "./errors.ts";
import { apply, type Operation } from "./patch.ts";
import { join, resolve } from "./pointer.ts";

/** A binary buffer as a comm hands it over. */
export type Buffer = ArrayBuffer | ArrayBufferView;

/** Take the bytes out of a frame: what is left is JSON, and the buffers are copies. */
export function takeBuffers(frame: JsonObject): { frame: JsonObject; buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = [];
  const pointers: string[] = [];
  const waiting: [string, Json][] = [["", frame]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [pointer, value] = next;
    if (isBytes(value)) {
      pointers.push(pointer);
      buffers.push(new Uint8Array(value).buffer); // a comm may send it later, when its owner has changed it
    } else if (isContainer(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (typeof member === "object") waiting.push([pointer + join(name), member]);
      }
    }
  }
  if (pointers.length === 0) return { frame, buffers };
  return { frame: { ...replace(frame, pointers, () => null), buffers: pointers }, buffers };
}

/**
 * Return what came over a comm with its bytes in place.
 *
 * @throws {MessageError} if the frame's `buffers` and the buffers that came do not fit each other
 * @throws {SyncStateError} if one of `buffers` is no pointer to a `null` in the frame
 */
export function putBuffers(frame: unknown, buffers: readonly Buffer[]): unknown {
  const pointers = isObject(frame) ? (own(frame, "buffers") ?? []) : [];
  if (!isList(pointers) || pointers.length !== buffers.length) {
    throw new MessageError(
      `Cannot read the frame: ${buffers.length} buffers came, and its 'buffers' says otherwise`,
    );
  }
  if (pointers.length === 0) return frame;
  const places = new Set(pointers as readonly string[]);
  const taken = [...places].find((place) => resolve(frame as JsonObject, place) !== null);
  if (taken !== undefined || places.size < pointers.length) {
    throw new MessageError(`Cannot read the frame: '${taken ?? pointers}' is no place for one buffer`);
  }
  return replace(frame as JsonObject, pointers as readonly string[], (at) => bytes(buffers[at] as Buffer));
}

function replace(frame: JsonObject, pointers: readonly string[], value: (at: number) => Json): JsonObject {
  const patch = pointers.map((path, at): Operation => ({ op: "replace", path, value: value(at) }));
  return apply(frame, patch) as JsonObject;
}

function bytes(buffer: Buffer): Uint8Array {
  if (!ArrayBuffer.isView(buffer)) return new Uint8Array(buffer);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
