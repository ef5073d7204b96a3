import { describe, expect, test } from "vitest";
import type { JsonObject } from "../src/document.ts";
import { cut, LIMIT, type Parcel, PIECE } from "../src/uploads.ts";

const frame = (value: string): JsonObject => ({ protocol: 1, replica: "p1", seq: 7, messages: [], value });

/** Put pieces together again, as a kernel does. */
const join = (parcels: readonly Parcel[]): Buffer[] => {
  const bytes = Buffer.concat(parcels.map(({ buffers }) => new Uint8Array(buffers[0] as ArrayBuffer)));
  const lengths = new DataView(bytes.buffer, bytes.byteOffset);
  const parts: Buffer[] = [];
  for (let place = 0; place < bytes.length; place += 4 + lengths.getUint32(place, true)) {
    parts.push(bytes.subarray(place + 4, place + 4 + lengths.getUint32(place, true)));
  }
  return parts;
};

describe("a frame", () => {
  test("that fits into a message is left as it is", () => {
    const parcel = { frame: frame("é".repeat(PIECE / 2 - 100)), buffers: [new ArrayBuffer(8)] };

    expect(cut(parcel.frame, parcel.buffers, "u1")).toEqual([parcel]);
  });

  test.each([
    ["by its text", frame("é".repeat(PIECE)), []],
    ["by its buffers", frame(""), [new Uint8Array(PIECE + 1).fill(7).buffer, new Uint8Array([1, 2]).buffer]],
  ])("that does not fit is cut, and is whole again: %s", (_, whole, buffers) => {
    const parcels = cut(whole, buffers, "u1");

    expect(parcels.length).toBeGreaterThan(1);
    expect(parcels.map((parcel) => parcel.frame)).toEqual(
      parcels.map((_, index) => ({
        protocol: 1,
        replica: "p1",
        seq: 7 + index,
        messages: [],
        part: { id: "u1", index, count: parcels.length, data: null },
        buffers: ["/part/data"],
      })),
    );
    for (const parcel of parcels) expect(parcel.buffers[0]?.byteLength).toBeLessThanOrEqual(PIECE);
    const [text, ...others] = join(parcels);
    expect(JSON.parse(new TextDecoder().decode(text))).toEqual(whole);
    const originals = buffers.map((buffer) => new Uint8Array(buffer));
    expect(others.map((other, place) => Buffer.compare(other, originals[place] as Uint8Array))).toEqual(
      buffers.map(() => 0),
    );
  });

  test("that no kernel takes has no pieces", () => {
    expect(cut(frame(""), [new ArrayBuffer(LIMIT)], "u1")).toEqual([]);
  });
});
