/**
 * Floor 5. Frames that are too large for one message of a websocket, in pieces (`docs/protocol.md`, section 1).
 *
 * @module
 */

import type { JsonObject } from "./document.ts";
import { PROTOCOL } from "./messages.ts";

/** How many bytes of a frame travel in one message: Jupyter servers end the websocket above 10 MiB. */
export const PIECE: number = 2 ** 22;
/** How many bytes a frame may have: no kernel takes more. */
export const LIMIT: number = 2 ** 26;

/** A frame and the bytes beside it. */
export interface Parcel {
  readonly frame: JsonObject;
  readonly buffers: ArrayBuffer[];
}

/**
 * Return what carries a frame: the frame itself, or its pieces, numbered from the frame's own `seq` on.
 *
 * The bytes that are cut into pieces are the frame's JSON text in UTF-8 and its buffers, each with its length
 * before it: four bytes, the lowest first. A frame beyond {@link LIMIT} has no pieces, and nothing is returned.
 */
export function cut(frame: JsonObject, buffers: ArrayBuffer[], id: string): Parcel[] {
  const text = new TextEncoder().encode(JSON.stringify(frame));
  const parts = [text, ...buffers.map((buffer) => new Uint8Array(buffer))];
  const size = parts.reduce((total, part) => total + 4 + part.byteLength, 0);
  if (size <= PIECE) return [{ frame, buffers }];
  return size > LIMIT ? [] : slice(joined(parts, size), frame, id);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  const lengths = new DataView(whole.buffer);
  let place = 0;
  for (const part of parts) {
    lengths.setUint32(place, part.byteLength, true);
    whole.set(part, place + 4);
    place += 4 + part.byteLength;
  }
  return whole;
}

function slice(whole: Uint8Array, { replica, seq }: JsonObject, id: string): Parcel[] {
  const count = Math.ceil(whole.byteLength / PIECE);
  return Array.from({ length: count }, (_, index) => ({
    frame: {
      protocol: PROTOCOL,
      replica: replica as string,
      seq: (seq as number) + index,
      messages: [],
      part: { id, index, count, data: null },
      buffers: ["/part/data"],
    },
    buffers: [whole.slice(index * PIECE, (index + 1) * PIECE).buffer as ArrayBuffer],
  }));
}
